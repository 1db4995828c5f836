"""Events of a search, for progress bars, trackers and dashboards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["CandidateEvent", "FoldEvent", "RefitEvent", "SearchCallback", "SearchEvent"]


@dataclass(frozen=True, kw_only=True)
class SearchEvent:
    """A search starts or ends.

    Parameters
    ----------
    search : estimator
        The search. When it ends, it has ``cv_results_`` and, if a candidate was chosen,
        ``best_index_`` and ``best_params_``; a search that ends with an error may lack them.
    study : Study
        Its study.
    n_candidates : int
        How many candidates there will be, at most.
    n_folds : int
        Folds of a candidate.
    objectives : tuple of str
        Names of what is optimised.
    reason : str, default=None
        Why the search ended before its budget: "interrupt", "timeout" or "error". None if it did
        not, or has just started.
    """

    search: Any
    study: Study
    n_candidates: int
    n_folds: int
    objectives: tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class CandidateEvent:
    """A candidate starts or ends.

    Parameters
    ----------
    number : int
        Number of its trial in the study.
    params : mapping of str to object
        Its parameters, by the estimator's names.
    status : str, default=None
        "complete", "pruned", "failed", "timed out", "out of memory" or "interrupted"; None when
        it starts.
    reason : str, default=""
        Why it was stopped.
    metrics : mapping of str to float
        Means of all scores and costs over the folds, of a complete candidate; otherwise empty.
    objectives : tuple of float
        The values that the search optimises, of a complete candidate; otherwise empty.
    predicted : tuple of float
        What the objectives are predicted to be over all folds, of a candidate that was stopped;
        otherwise empty.
    n_folds : int, default=0
        Folds that were run.
    fit_time, score_time : float
        Mean seconds a fold.
    progress : str, default=""
        How far it came, for people: "after 3/5 folds", "with n_samples=100 of 900".
    from_storage : bool, default=False
        Whether an earlier fit, or another process, ended it.
    """

    number: int
    params: Mapping[str, Any]
    status: str | None = None
    reason: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    objectives: tuple[float, ...] = ()
    predicted: tuple[float, ...] = ()
    n_folds: int = 0
    fit_time: float = np.nan
    score_time: float = np.nan
    progress: str = ""
    from_storage: bool = False


@dataclass(frozen=True, kw_only=True)
class FoldEvent:
    """A fold of a candidate was evaluated.

    Parameters
    ----------
    number : int
        Number of the candidate's trial in the study.
    params : mapping of str to object
        Parameters of the candidate, by the estimator's names.
    fold : int
        Index of the fold.
    n_resources : int, default=None
        With a `resource`, how much of it the fit had.
    metrics : mapping of str to float
        All scores and costs.
    train_metrics : mapping of str to float
        Scores on the training part; empty if they were not asked for.
    fit_time, score_time : float
        Seconds.
    error : str, default=None
        Traceback of a fit that failed.
    from_storage : bool, default=False
        Whether an earlier fit of the search evaluated it.
    """

    number: int
    params: Mapping[str, Any]
    fold: int
    n_resources: int | None = None
    metrics: Mapping[str, float]
    train_metrics: Mapping[str, float] = field(default_factory=dict)
    fit_time: float = np.nan
    score_time: float = np.nan
    error: str | None = None
    from_storage: bool = False


@dataclass(frozen=True, kw_only=True)
class RefitEvent:
    """The best candidate was fitted on all data.

    Parameters
    ----------
    search : estimator
        The search, with ``best_estimator_``.
    params : mapping of str to object
        Parameters of the refit.
    seconds : float
        How long it took.
    """

    search: Any
    params: Mapping[str, Any]
    seconds: float


class SearchCallback:
    """Base class of what listens to a search: trackers, dashboards, progress displays.

    Give instances in ``callbacks=`` of any search. All methods do nothing by default. They are
    called in the process of the search, one after the other, in the order of the events. An error
    in one becomes a warning that names it, and the search goes on.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import SearchCallback, TPESearchCV
    >>> class PrintsTheBest(SearchCallback):
    ...     best = float("-inf")
    ...     def on_candidate_end(self, candidate):
    ...         if candidate.status == "complete" and candidate.objectives[0] > self.best:
    ...             self.best = candidate.objectives[0]
    ...             print(f"{self.best:.3f}", sorted(candidate.params))
    >>> X, y = load_iris(return_X_y=True)
    >>> search = TPESearchCV(
    ...     SVC(), {"C": loguniform(1e-2, 1e2)}, n_iter=1, random_state=0,
    ...     callbacks=[PrintsTheBest()],
    ... ).fit(X, y)
    0.967 ['C']
    """

    def on_search_start(self, search: SearchEvent) -> None:
        """All input is checked, and no candidate has started.

        Parameters
        ----------
        search : SearchEvent
            The search.
        """

    def on_candidate_start(self, candidate: CandidateEvent) -> None:
        """A candidate was proposed, and its first fold is about to run.

        Parameters
        ----------
        candidate : CandidateEvent
            The candidate, without results.
        """

    def on_fold_end(self, fold: FoldEvent) -> None:
        """A fold of a candidate was evaluated.

        Parameters
        ----------
        fold : FoldEvent
            The fold and its results.
        """

    def on_candidate_end(self, candidate: CandidateEvent) -> None:
        """A candidate has ended.

        Parameters
        ----------
        candidate : CandidateEvent
            The candidate and how it ended.
        """

    def on_search_end(self, search: SearchEvent) -> None:
        """All candidates have ended, and the best was chosen; or an error ends the search.

        Parameters
        ----------
        search : SearchEvent
            The search and, if it was cut short, the reason.
        """

    def on_refit_end(self, refit: RefitEvent) -> None:
        """The best candidate was fitted on all data.

        Parameters
        ----------
        refit : RefitEvent
            The fitted search.
        """

    def should_stop(self) -> bool:
        """Return whether no further candidate is to start; asked after each fold.

        Returns
        -------
        stop : bool
        """
        return False
