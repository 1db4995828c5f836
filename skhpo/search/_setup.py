"""The setup of a fit before the first fold: data, space, splits and initial candidates."""

from __future__ import annotations

import math
import numbers
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state, indexable

from skhpo._sklearn import check_method_params, num_samples
from skhpo._warnings import warn_user
from skhpo.boosting import Stopping
from skhpo.parallel import Limits
from skhpo.parallel._joblib import eval_expr
from skhpo.search._cloning import check_clones
from skhpo.search._limits import limits_of
from skhpo.search.execution._evaluation import Evaluation
from skhpo.search.fidelity._early_stopping import make_stopping, refuse_evaluation_sets
from skhpo.search.fidelity._resource import Resource, make_resource
from skhpo.search.fidelity._submodels import Submodels, make_submodels
from skhpo.search.objectives._problem import Problem
from skhpo.search.selection._fresh_splits import fresh_splits
from skhpo.search.sharing._kept_rows import RowKeeping
from skhpo.search.sharing._settings import make_sharing
from skhpo.space import SearchSpace
from skhpo.space._suggest import given_space

if TYPE_CHECKING:
    from skhpo.search._base import BaseStudySearchCV

__all__ = ["Setup", "make_setup", "window_size"]

WINDOW = 4  # candidates in flight with a seed; see docs/benchmarks/window.md
VERBOSE_OF_SCIKIT_LEARN = 3  # from this level, each fold also prints scikit-learn's own line
DEFAULT_N_ITER = 50  # candidates without a limit of fits
WORKERS_EACH = 2  # approximate number of workers that a candidate in flight keeps busy

Splits = list[tuple[NDArray[np.int64], NDArray[np.int64]]]


@dataclass
class Setup:
    """Everything that is determined before the first fold runs.

    Attributes
    ----------
    X, y : array-like
        The data.
    space : SearchSpace
        The search space.
    n_candidates : int or float
        Maximal number of candidates; infinite if only fits or the time are limited.
    splits : list of (train, test)
        The folds, the same for all candidates.
    evaluation : Evaluation
        Settings shared by the evaluations of all folds: the scorers, the fit parameters, ...
    refit_metric : str
        The metric that chooses the best candidate.
    problem : Problem
        The objectives and constraints of the search.
    enqueued : list of dict
        The first configurations.
    seed : int or None
        Seed of the search; None if it need not be reproducible.
    metadata : dict or None
        The fit parameters that scikit-learn's callbacks receive.
    stopping : Stopping or None
        Early stopping of boosters.
    resource : Resource or None
        The resource of which good candidates get more.
    submodels : Submodels
        The candidates that are scored on the fits of larger ones.
    fresh_splits : list of (train, test)
        New folds on which the best candidates are evaluated again; empty without `n_confirm`.
    n_jobs : int or None
        Number of workers.
    limits : Limits
        Limits of the time and the memory of a fit.
    deadline : float or None
        ``time.monotonic()`` at which to stop.
    """

    X: Any
    y: Any
    space: SearchSpace
    n_candidates: int | float
    splits: Splits
    evaluation: Evaluation
    refit_metric: str
    problem: Problem
    enqueued: list[dict[str, Any]]
    seed: int | None
    metadata: dict[str, Any] | None
    stopping: Stopping | None
    resource: Resource | None
    submodels: Submodels
    fresh_splits: Splits
    n_jobs: int | None
    limits: Limits
    deadline: float | None

    @property
    def growth(self) -> float:
        """Number of rows of the refit, divided by the mean number of rows of a fold's fit."""
        n_rows = float(np.mean([len(train) for train, _ in self.splits]))
        if self.stopping is not None and self.stopping.settings.on == "inner":
            n_rows *= 1.0 - self.stopping.settings.validation_fraction
        return float(num_samples(self.X)) / n_rows


def make_setup(
    search: BaseStudySearchCV, problem: Problem, X: Any, y: Any, params: dict[str, Any]
) -> Setup:
    """Check the input of a search's ``fit``, and draw the splits."""
    deadline = None if search.timeout is None else time.monotonic() + search.timeout
    scorers, refit_metric = search._get_scorers()
    X, y = indexable(X, y)
    params = check_method_params(X, params=params)
    routed = search._get_routed_params_for_fit(params)
    seed = _seed(search.random_state)
    space = SearchSpace.from_param_distributions(
        given_space(search), estimator=search.estimator, random_state=seed
    )
    check_clones(search.estimator, space)
    sample_weight = params.get("sample_weight")
    enqueued = _enqueued(search, space)
    refuse_evaluation_sets(routed.estimator.fit, X, search.early_stopping is not None)
    splits = _draw_splits(search, X, y, routed.splitter.split)
    n_candidates = _n_candidates(search, space)
    stopping = make_stopping(search, space, routed, seed)
    resource = make_resource(search, space, X, y, len(splits), seed)
    submodels = make_submodels(
        search, space, problem,
        n_candidates=n_candidates,
        fit_params=[name for name, value in routed.estimator.fit.items() if value is not None],
        n_samples=max(len(train) for train, _ in splits),
        stopping=stopping,
        resource=resource,
    )  # fmt: skip
    limits = limits_of(search)
    sharing = make_sharing(
        search.share_steps, search.estimator, space, problem, resource, len(splits), limits.memory
    )
    return Setup(
        X=X,
        y=y,
        space=space,
        n_candidates=n_candidates,
        splits=splits,
        evaluation=Evaluation(
            clone(search.estimator),
            scorers,
            routed.estimator.fit,
            routed.scorer.score,
            return_train_score=search.return_train_score,
            error_score=search.error_score,
            verbose=search.verbose if search.verbose >= VERBOSE_OF_SCIKIT_LEARN else 0,
            costs=problem.costs,
            sharing=sharing,
            keeps_predictions=search.keep_predictions > 0,
            keeping=RowKeeping(),
        ),
        refit_metric=refit_metric,
        problem=problem,
        enqueued=enqueued,
        seed=seed,
        metadata=None if sample_weight is None else {"sample_weight": sample_weight},
        stopping=stopping,
        resource=resource,
        submodels=submodels,
        n_jobs=search.n_jobs,
        limits=limits,
        deadline=deadline,
        fresh_splits=_fresh_splits(search, problem, X, y, routed.splitter.split, seed),
    )


def window_size(
    pre_dispatch: int | str,
    n_workers: int,
    n_candidates: int | float,
    *,
    in_order: bool,
    learns: bool,
) -> int | float:
    """Return the maximal number of candidates in flight.

    Parameters
    ----------
    pre_dispatch : int or str
        The argument of the search. "auto" is the number of workers, or a constant if the result
        with a seed would otherwise depend on this number.
    n_workers : int
        Number of tasks that run in parallel.
    n_candidates : int or float
        Maximal number of candidates.
    in_order : bool
        Whether the result must not depend on timing.
    learns : bool
        Whether the results of candidates affect later proposals or stopping decisions.
    """
    if pre_dispatch == "auto":
        return _constant_window(n_workers) if in_order and learns else n_workers
    if pre_dispatch == "all":
        return n_candidates
    window: Any = pre_dispatch
    if isinstance(pre_dispatch, str):
        try:
            window = int(eval_expr(pre_dispatch.replace("n_jobs", str(n_workers))))
        except (ValueError, TypeError, SyntaxError) as error:
            raise ValueError(
                "`pre_dispatch` must be 'auto', a number, 'all', or an expression such as "
                f"'2*n_jobs'; got {pre_dispatch!r}."
            ) from error
    if window < 1:
        raise ValueError(f"`pre_dispatch` must come to 1 or more; got {pre_dispatch!r}.")
    return int(window)


def _constant_window(n_workers: int) -> int:
    """Return the default window; warn if it leaves workers idle."""
    if n_workers > WORKERS_EACH * WINDOW:
        warn_user(
            f"With an int `random_state`, {WINDOW} candidates are in flight at a time, so that the "
            "result does not depend on the number of workers; that keeps about "
            f"{WORKERS_EACH * WINDOW} workers busy, and there are {n_workers}. Set "
            f"`pre_dispatch={n_workers}` to keep all busy (the result is then another one, the "
            "same for any `n_jobs`), or `random_state=None`.",
            UserWarning,
        )
    return WINDOW


def _seed(random_state: Any) -> int | None:
    if random_state is None:
        return None
    if isinstance(random_state, numbers.Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def _n_candidates(search: BaseStudySearchCV, space: SearchSpace) -> int | float:
    """Return the maximal number of candidates; infinite if only fits or the time are limited."""
    n_iter = search.n_iter
    if n_iter == "auto":
        n_iter = DEFAULT_N_ITER if search.max_fits is None else None
    if n_iter is not None:
        return int(min(n_iter, space.n_candidates))
    if math.isinf(space.n_candidates) and search.max_fits is None and search.timeout is None:
        raise ValueError(
            "With `n_iter=None` an infinite space needs another limit: give `max_fits` or "
            "`timeout`, or a number as `n_iter`."
        )
    return space.n_candidates


def _enqueued(search: BaseStudySearchCV, space: SearchSpace) -> list[dict[str, Any]]:
    """Return the first configurations."""
    if search.enqueue is None:
        return []
    if isinstance(search.enqueue, str):
        defaults = space.defaults(search.estimator)
        return [] if defaults is None else [defaults]
    configs: list[dict[str, Any]] = []
    for params in search.enqueue:
        config = space.to_config(params) if isinstance(params, Mapping) else None
        if config is None:
            raise ValueError(
                f"`enqueue` must hold dicts of parameters that lie in the space; got {params!r}."
            )
        configs.append(config)
    return configs


def _fresh_splits(
    search: BaseStudySearchCV,
    problem: Problem,
    X: Any,
    y: Any,
    split_params: dict[str, Any],
    seed: int | None,
) -> Splits:
    if search.n_confirm == 0:
        return []
    is_single = len(problem.objectives) == 1
    allowed = "True or the name of a metric" if is_single else "True, a text or weights"
    if callable(search.refit) or search.refit is False:
        raise ValueError(
            f"`n_confirm` chooses by the score on fresh folds: `refit` must be {allowed}; got "
            f"{search.refit!r}."
        )
    return fresh_splits(search.cv, search.estimator, X, y, split_params, seed)


def _draw_splits(search: BaseStudySearchCV, X: Any, y: Any, split_params: dict[str, Any]) -> Splits:
    """Draw the splits, once for all candidates."""
    cv = check_cv(search.cv, y, classifier=is_classifier(search.estimator))
    n_splits = cv.get_n_splits(X, y, **split_params)
    splits = list(cv.split(X, y, **split_params))
    if len(splits) != n_splits:
        raise ValueError(
            "cv.split and cv.get_n_splits return inconsistent results. "
            f"Expected {n_splits} splits, got {len(splits)}"
        )
    if not splits:
        raise ValueError(
            "No fits were performed. Was the CV iterator empty? Were there no candidates?"
        )
    return splits
