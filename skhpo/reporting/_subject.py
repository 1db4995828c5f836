"""The subject of a report: a fitted search or a study, read into arrays of its candidates."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
)

from skhpo.distributions import BaseDistribution
from skhpo.multi_objective import is_nondominated
from skhpo.plots._data._trials import TrialTable, trial_table
from skhpo.search.persistence._checkpoint import N_JUDGED, folds_of
from skhpo.search.persistence._open_study import FINGERPRINT
from skhpo.space import SearchSpace
from skhpo.space._defaults import present_values
from skhpo.space._suggest import given_space
from skhpo.study import Study, create_study
from skhpo.submodels import fits_by_row
from skhpo.trial import TrialState, create_trial

__all__ = ["Subject", "read_search", "read_study"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}
_K_FOLDS = (KFold, StratifiedKFold, GroupKFold, StratifiedGroupKFold)


@dataclass
class Subject:
    """A search or a study, as a report needs it: one row per candidate, in their order.

    Attributes
    ----------
    search : estimator or None
        The fitted search; None if only the study is known.
    study : Study or None
        The study; None if the candidates do not lie in a space that is known.
    names : tuple of str
        Names of the objectives.
    greater_is_better : tuple of bool
        For each objective, whether larger values are better.
    numbers : ndarray of int
        Numbers of the candidates.
    status : ndarray of object
        How each candidate ended: "complete", "pruned", "failed", ...
    params : list of dict
        Parameters of each candidate, with the names of the space.
    values : ndarray of shape (n_candidates, n_objectives)
        Measured values; NaN unless complete.
    distributions : dict of str to BaseDistribution
        The space.
    best : int or None
        Row of the chosen candidate.
    folds : ndarray of shape (n_candidates, n_folds), or None
        Values of the first objective on each fold; NaN where a fold was not run.
    n_fits : ndarray of int, or None
        Number of fits of each candidate on folds; None if it is unknown.
    default : int or None
        Row of the estimator as given.
    outside : dict of str to object
        Parameters of the estimator as given that lie outside of the space.
    test_per_train : float or None
        Number of test rows of a fold, divided by its training rows.
    is_feasible : ndarray of bool
        Whether each candidate satisfies all constraints.
    fingerprint : dict of str to str
        Description of the search that is stored with the study.
    """

    search: Any
    study: Study | None
    names: tuple[str, ...]
    greater_is_better: tuple[bool, ...]
    numbers: NDArray[np.int64]
    status: NDArray[np.object_]
    params: list[dict[str, Any]]
    values: FloatArray
    distributions: dict[str, BaseDistribution]
    best: int | None
    folds: FloatArray | None = None
    n_fits: NDArray[np.int64] | None = None
    default: int | None = None
    outside: dict[str, Any] = field(default_factory=dict)
    test_per_train: float | None = None
    is_feasible: BoolArray = field(default_factory=lambda: np.empty(0, dtype=bool))
    fingerprint: dict[str, str] = field(default_factory=dict)

    @property
    def n_candidates(self) -> int:
        """Number of candidates."""
        return len(self.numbers)

    @property
    def has_front(self) -> bool:
        """Whether there are several objectives."""
        return len(self.names) > 1

    @property
    def is_complete(self) -> BoolArray:
        """Which candidates are complete."""
        return np.equal(self.status, "complete") & np.isfinite(self.values).all(axis=1)

    @property
    def losses(self) -> FloatArray:
        """The values as losses: smaller is better; infinite unless complete and feasible."""
        signs = np.where(self.greater_is_better, -1.0, 1.0)
        usable = self.is_complete & self.is_feasible
        return np.where(usable[:, None], signs * self.values, np.inf)

    @property
    def order(self) -> NDArray[np.int64]:
        """Rows of the complete, feasible candidates by the first objective, the best first."""
        losses = self.losses[:, 0]
        rows = np.argsort(losses, kind="stable")
        return rows[np.isfinite(losses[rows])]

    @property
    def front(self) -> NDArray[np.int64]:
        """Rows of the non-dominated candidates, by the first objective."""
        rows = self.order
        return rows[is_nondominated(self.losses[rows])] if len(rows) else rows


def read_search(search: Any) -> Subject:
    """Read a fitted search.

    Parameters
    ----------
    search : estimator
        A fitted search of skhpo or of scikit-learn.

    Returns
    -------
    subject : Subject

    Raises
    ------
    NotFittedError
        If the search is not fitted.
    """
    if not hasattr(search, "cv_results_"):
        raise NotFittedError(
            f"`search` must be fitted; this {type(search).__name__} has no attribute 'cv_results_'."
        )
    results = search.cv_results_
    n_rows = len(results["params"])
    numbers = np.asarray(results.get("trial_number", np.arange(n_rows)))
    order = np.argsort(numbers, kind="stable")
    names, greater, values = _objectives_of(search)
    values = values[order]
    status = _status(results, values, order)
    space = _space_of(search)
    study, params, distributions = _study_of(search, space, numbers[order], order, status, values)
    folds = _folds(results, names[0], _metric(search), search.n_splits_)
    best = getattr(search, "best_index_", None)
    default, outside = _default(space, search.estimator, params)
    is_feasible = np.asarray(getattr(search, "is_feasible_", np.ones(n_rows, bool)))[order]
    return Subject(
        search=search,
        study=study,
        names=names,
        greater_is_better=greater,
        numbers=numbers[order],
        status=status,
        params=params,
        values=values,
        distributions=distributions,
        best=None if best is None else int(np.flatnonzero(order == best)[0]),
        folds=None if folds is None else folds[order],
        n_fits=_n_fits(search, order),
        default=default,
        outside=outside,
        test_per_train=_test_per_train(search),
        is_feasible=is_feasible if getattr(search, "constraints", None) else np.ones(n_rows, bool),
    )


def read_study(study: Study) -> Subject:
    """Read a study, which may belong to a stored search.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    subject : Subject
    """
    table = trial_table(study)
    kept = np.flatnonzero([trial.state != TrialState.WAITING for trial in table.trials])
    trials = [table.trials[row] for row in kept]
    values = table.values[kept]
    fingerprint = study.log.storage.get_study(study.log.study_id).system_attrs.get(FINGERPRINT, {})
    subject = Subject(
        search=None,
        study=study,
        names=table.names,
        greater_is_better=table.greater_is_better,
        numbers=table.numbers[kept],
        status=np.array([_STATES[trial.state] for trial in trials], dtype=object),
        params=[dict(trial.params) for trial in trials],
        values=values,
        distributions=table.distributions,
        best=None,
        folds=_stored_folds(table, kept),
        is_feasible=table.is_feasible[kept],
        fingerprint=dict(fingerprint),
    )
    n_reports = [len(trial.intermediate_values) for trial in trials]
    if subject.folds is not None:
        subject.n_fits = np.isfinite(subject.folds).sum(axis=1)
        subject.test_per_train = None
    elif any(n_reports):
        subject.n_fits = None
    if not subject.has_front and len(subject.order):
        subject.best = int(subject.order[0])
    return subject


# ------------------------------------------------------------------------- parts of a search


def _metric(search: Any) -> str:
    """Return the name of the metric that chooses, as it is in ``cv_results_``."""
    known = [
        name.removeprefix("mean_test_")
        for name in search.cv_results_
        if name.startswith("mean_test_")
    ]
    refit = search.refit
    return refit if isinstance(refit, str) and refit in known else known[0]


def _objectives_of(search: Any) -> tuple[tuple[str, ...], tuple[bool, ...], FloatArray]:
    """Return names, directions and values of the objectives."""
    if hasattr(search, "objectives_"):
        names = tuple(str(one.name) for one in search.objectives_)
        greater = tuple(bool(one.greater_is_better) for one in search.objectives_)
        return names, greater, np.array(search.values_, dtype=float)
    metric = _metric(search)
    values = np.array(search.cv_results_[f"mean_test_{metric}"], dtype=float)[:, None]
    if metric == "score" and isinstance(search.scoring, str):
        metric = search.scoring
    return (metric,), (True,), values


def _status(results: dict[str, Any], values: FloatArray, order: Any) -> NDArray[np.object_]:
    if "status" in results:
        given: NDArray[np.object_] = np.asarray(results["status"], dtype=object)[order]
        return given
    failed = ~np.isfinite(values).all(axis=1)
    return np.where(failed, "failed", "complete").astype(object)


def _space_of(search: Any) -> SearchSpace | None:
    """Return the space of a search; None if it cannot be read."""
    given = given_space(search)
    if given is None:
        return None
    seed = search.random_state if isinstance(getattr(search, "random_state", None), int) else 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the search has already warned
        try:
            return SearchSpace.from_param_distributions(given, search.estimator, seed)
        except (TypeError, ValueError):
            return None


def _study_of(
    search: Any,
    space: SearchSpace | None,
    numbers: Any,
    order: Any,
    status: NDArray[np.object_],
    values: FloatArray,
) -> tuple[Study | None, list[dict[str, Any]], dict[str, BaseDistribution]]:
    """Return the study of a search, with the parameters and distributions in its names.

    A search of scikit-learn has no study: one is made of its table.
    """
    if hasattr(search, "study_"):
        trials = search.study_.get_trials(deepcopy=False)
        found = [trials[number] for number in numbers]
        distributions = {name: d for trial in found for name, d in trial.distributions.items()}
        return search.study_, [dict(trial.params) for trial in found], distributions
    plain = [dict(search.cv_results_["params"][row]) for row in order]
    configs = [None if space is None else space.to_config(params) for params in plain]
    if space is None or any(config is None for config in configs):
        return None, plain, {}
    study = create_study(direction="maximize")
    found_configs = [config for config in configs if config is not None]
    for config, state, value in zip(found_configs, status, values[:, 0], strict=True):
        is_complete = state == "complete"
        study.add_trial(
            create_trial(
                state=TrialState.COMPLETE if is_complete else TrialState.FAIL,
                value=float(value) if is_complete else None,
                params=config,
                distributions={name: space.distributions[name] for name in config},
            )
        )
    return study, found_configs, dict(space.distributions)


def _folds(results: dict[str, Any], name: str, metric: str, n_folds: int) -> FloatArray | None:
    """Return the values of the first objective on each fold."""
    for column in (f"test_{name}", f"test_{metric}", name):
        if f"split0_{column}" in results:
            columns = [np.asarray(results[f"split{k}_{column}"]) for k in range(n_folds)]
            return np.stack(columns, axis=1).astype(float)
    return None


def _n_fits(search: Any, order: Any) -> NDArray[np.int64] | None:
    """Return the number of fits of each candidate; None with a resource, with fits of its parts."""
    results = search.cv_results_
    if "n_resources" in results:
        return None
    if "n_splits_evaluated" in results:
        fits: NDArray[np.int64] = fits_by_row(results)[order]
        return fits
    return np.full(len(order), search.n_splits_)


def _default(
    space: SearchSpace | None, estimator: Any, params: list[dict[str, Any]]
) -> tuple[int | None, dict[str, Any]]:
    """Return the row of the estimator as given, and its parameters outside of the space."""
    if space is None:
        return None, {}
    config = space.defaults(estimator)
    if config is None:
        present = estimator.get_params(deep=True)
        outside = {
            target: present[target]
            for one in space.parameters
            if (target := one.target) is not None
            and target in present
            and present_values({target: one.distribution}, estimator) is None
        }
        return None, outside
    key = space.config_key(config)
    for row, one in enumerate(params):
        if one.keys() == config.keys() and space.config_key(one) == key:
            return row, {}
    return None, {}


def _test_per_train(search: Any) -> float | None:
    """Return the share of test rows to training rows; None if the splitter does not tell."""
    cv, n_splits = search.cv, search.n_splits_
    if isinstance(cv, RepeatedKFold | RepeatedStratifiedKFold):
        n_splits = cv.cvargs["n_splits"]
    elif hasattr(cv, "test_size"):
        size = 0.1 if cv.test_size is None else cv.test_size
        return size / (1.0 - size) if isinstance(size, float) and 0.0 < size < 1.0 else None
    elif hasattr(cv, "split") and not isinstance(cv, _K_FOLDS):
        return None
    return 1.0 / (n_splits - 1) if n_splits > 1 else None


# -------------------------------------------------------------------------- parts of a study


def _stored_folds(table: TrialTable, kept: Any) -> FloatArray | None:
    """Return the fold scores of a stored search with one objective; None for other studies."""
    trials = [table.trials[row] for row in kept]
    if len(table.names) > 1 or not any(N_JUDGED in trial.system_attrs for trial in trials):
        return None
    by_trial = [folds_of(trial) for trial in trials]
    tasks = {task for folds in by_trial for task in folds}
    if not tasks or max(tasks) >= max(map(len, by_trial)):
        return None  # no search, or one with a resource, whose tasks are more than the folds
    scores = np.full((len(by_trial), max(tasks) + 1), np.nan)
    for row, folds in enumerate(by_trial):
        for task, result in folds.items():
            metrics = result.metrics
            first = next(iter(metrics.values()), np.nan)
            scores[row, task] = metrics.get(table.names[0], first)
    return scores
