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
    """Start or end of a search.

    Parameters
    ----------
    search : estimator
        The search. At the end it has ``cv_results_`` and, if a candidate was chosen,
        ``best_index_`` and ``best_params_``. These may be missing if it ended with an error.
    study : Study
        The study of the search.
    n_candidates : int or None
        Maximal number of candidates; None if only the fits or the time are limited.
    n_folds : int
        Number of folds per candidate.
    objectives : tuple of str
        Names of the objectives.
    max_fits : int, default=None
        Maximal number of fits; None if they are not limited, or not reached by `n_candidates`.
    reason : str, default=None
        Why the search ended before its budget: "interrupt", "timeout" or "error". None at the
        start, and if the budget was used.
    """

    search: Any
    study: Study
    n_candidates: int | None
    n_folds: int
    objectives: tuple[str, ...]
    max_fits: int | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class CandidateEvent:
    """Start or end of a candidate.

    Parameters
    ----------
    number : int
        Number of the candidate's trial in the study.
    params : mapping of str to object
        Parameters by the estimator's names.
    status : str, default=None
        "complete", "pruned", "failed", "timed out", "out of memory" or "interrupted"; None at
        the start.
    reason : str, default=""
        Why the candidate was stopped.
    metrics : mapping of str to float
        Means of all scores and costs over the folds; empty unless the candidate is complete.
    objectives : tuple of float
        Values of the objectives; empty unless the candidate is complete.
    predicted : tuple of float
        Predicted values of the objectives over all folds; empty unless the candidate was
        stopped.
    n_folds : int, default=0
        Number of evaluated folds.
    fit_time, score_time : float
        Mean seconds per fold.
    progress : str, default=""
        Progress as a text, such as "after 3/5 folds" or "with n_samples=100 of 900".
    from_storage : bool, default=False
        Whether the candidate was ended by an earlier fit, an earlier search or another process.
    submodel_of : int, default=None
        For a submodel, the number of the trial on whose fits it was scored. It has no events of
        folds, and it starts when the other has ended.
    is_extra : bool, default=False
        Whether it is a submodel that is scored besides the candidates that the sampler draws, so
        that it does not count towards `n_candidates` of the search.
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
    submodel_of: int | None = None
    is_extra: bool = False


@dataclass(frozen=True, kw_only=True)
class FoldEvent:
    """End of a candidate's evaluation on a fold.

    Parameters
    ----------
    number : int
        Number of the candidate's trial in the study.
    params : mapping of str to object
        Parameters of the candidate, by the estimator's names.
    fold : int
        Index of the fold.
    n_resources : int, default=None
        Amount of the `resource` used by the fit; None without a resource.
    share : float, default=1.0
        This amount as a part of the largest one: the part of a fit that `max_fits` counts.
    metrics : mapping of str to float
        All scores and costs.
    train_metrics : mapping of str to float
        Scores on the training part; empty if they were not requested.
    fit_time, score_time : float
        Seconds.
    started_at : float
        Start of the evaluation, in seconds since the epoch; NaN if unknown.
    seconds : float
        Duration of the evaluation, including what is in neither `fit_time` nor `score_time`;
        NaN if unknown.
    worker : str, default=None
        The worker, as "host:process:thread"; None if unknown.
    error : str, default=None
        Traceback of a failed fit.
    from_storage : bool, default=False
        Whether an earlier fit of the search, or an earlier search, evaluated it.
    taken_over : bool, default=False
        Whether it is a result of an earlier search (see `prior`). It does not count towards
        `max_fits`.
    """

    number: int
    params: Mapping[str, Any]
    fold: int
    n_resources: int | None = None
    share: float = 1.0
    metrics: Mapping[str, float]
    train_metrics: Mapping[str, float] = field(default_factory=dict)
    fit_time: float = np.nan
    score_time: float = np.nan
    started_at: float = np.nan
    seconds: float = np.nan
    worker: str | None = None
    error: str | None = None
    from_storage: bool = False
    taken_over: bool = False


@dataclass(frozen=True, kw_only=True)
class RefitEvent:
    """End of the refit of the best candidate on all data.

    Parameters
    ----------
    search : estimator
        The search, with ``best_estimator_``.
    params : mapping of str to object
        Parameters of the refit.
    seconds : float
        Duration of the refit.
    X, y : array-like, default=None
        The data of the search; `y` is None without targets. Callbacks must not change them.
    """

    search: Any
    params: Mapping[str, Any]
    seconds: float
    X: Any = None
    y: Any = None


class SearchCallback:
    """Base class of callbacks for searches: trackers, dashboards, progress bars.

    Pass instances as ``callbacks=`` to any search. By default, all methods do nothing. They are
    called in the process of the search, one at a time, in the order of the events. An error in a
    callback becomes a warning that names it, and the search continues.

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
        """Called after the input is checked, before any candidate starts.

        Parameters
        ----------
        search : SearchEvent
            The search.
        """

    def on_candidate_start(self, candidate: CandidateEvent) -> None:
        """Called after a candidate is proposed, before its first fold runs.

        Parameters
        ----------
        candidate : CandidateEvent
            The candidate, without results.
        """

    def on_fold_end(self, fold: FoldEvent) -> None:
        """Called after a fold of a candidate is evaluated.

        Parameters
        ----------
        fold : FoldEvent
            The fold with its results.
        """

    def on_candidate_end(self, candidate: CandidateEvent) -> None:
        """Called after a candidate has ended.

        Parameters
        ----------
        candidate : CandidateEvent
            The candidate with its status and results.
        """

    def on_search_end(self, search: SearchEvent) -> None:
        """Called after the best candidate is chosen, or when an error ends the search.

        Parameters
        ----------
        search : SearchEvent
            The search and, if it ended early, the reason.
        """

    def on_refit_end(self, refit: RefitEvent) -> None:
        """Called after the best candidate is fitted on all data.

        Parameters
        ----------
        refit : RefitEvent
            The fitted search.
        """

    def should_stop(self) -> bool:
        """Return whether to start no further candidates; called after each fold.

        Returns
        -------
        stop : bool
        """
        return False
