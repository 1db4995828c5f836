"""A strategy of a comparison: its settings for a repetition, and one run of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.model_selection import cross_validate

from skhpo._sklearn import safe_indexing
from skhpo.comparison._budget import budget_params, fits_to_confirm
from skhpo.comparison._curves import Curve, Recorder, curve_of_table
from skhpo.comparison._splits import IntArray, check_cv_of, inner_folds
from skhpo.search._base import BaseStudySearchCV

__all__ = [
    "Prepared",
    "Repetition",
    "Run",
    "check_strategies",
    "estimator_of",
    "metric_of_all",
    "prepare",
    "run",
]


@dataclass(frozen=True)
class Repetition:
    """What all strategies share in one repetition.

    Attributes
    ----------
    number : int
        Its number, from 0.
    X, y, groups : array-like
        All data.
    train, test : ndarray of int
        Rows for the searches, and held-out rows.
    stratify : bool
        Whether folds are stratified.
    fold_seed, search_seed : int
        Seeds of the folds and of the searches.
    """

    number: int
    X: Any
    y: Any
    groups: Any
    train: IntArray
    test: IntArray
    stratify: bool
    fold_seed: int
    search_seed: int

    def data_of(self, rows: IntArray) -> tuple[Any, Any, Any]:
        """Return X, y and groups of some rows; None where there are none."""
        X, y, groups = (
            None if data is None else safe_indexing(data, rows)
            for data in (self.X, self.y, self.groups)
        )
        return X, y, groups


@dataclass(frozen=True)
class Run:
    """One strategy in one repetition; NaN for what is unknown, and if it failed.

    Attributes
    ----------
    strategy : str
        Name of the strategy.
    repeat : int
        Number of the repetition.
    cv_score : float
        Best mean CV score.
    held_out_score : float
        Score on the held-out rows.
    fits : float
        Number of fits on folds.
    seconds : float
        Seconds of the whole ``fit``, with the refit.
    best_params : dict
        Parameters of the best candidate.
    error : str
        The error, if it failed.
    curve : Curve or None
        The best CV score so far; None if it is unknown.
    """

    strategy: str
    repeat: int
    cv_score: float = np.nan
    held_out_score: float = np.nan
    fits: float = np.nan
    seconds: float = np.nan
    best_params: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    curve: Curve | None = None


def estimator_of(strategy: Any) -> Any:
    """Return the estimator that a search tunes; any other estimator is its own."""
    return strategy.estimator if _is_search(strategy) else strategy


def check_strategies(searches: Any) -> None:
    """Raise an error if something is no strategy, or cannot be run in repetitions."""
    if not hasattr(searches, "items") or not searches:
        raise ValueError(
            "`searches` must be a dict with at least one search by its name, such as "
            f"{{'grid': GridSearchCV(...)}}; got {searches!r}."
        )
    for name, strategy in searches.items():
        if isinstance(strategy, type) or not hasattr(strategy, "fit"):
            raise TypeError(f"The strategy {name!r} must be an estimator; got {strategy!r}.")
        given = strategy.get_params(deep=False)
        if _is_search(strategy):
            check_cv_of(name, given.get("cv"))
        if given.get("refit", True) is False:
            raise ValueError(
                f"The search {name!r} has `refit=False`, so it has no model for the held-out rows."
            )
        if given.get("storage") is not None:
            raise ValueError(
                f"The search {name!r} has a `storage`. It might resume an earlier search, and its "
                "fits and seconds would be wrong. Set `storage=None`."
            )


def metric_of_all(searches: dict[str, Any], scoring: Any) -> Any:
    """Return the metric of the held-out rows; an error if the searches differ in theirs."""
    if scoring is not None:
        return scoring
    metrics = {name: _metric(name, one) for name, one in searches.items() if _is_search(one)}
    different = list(dict.fromkeys(map(repr, metrics.values())))
    if len(different) > 1:
        listed = ", ".join(f"{name}: {metric!r}" for name, metric in metrics.items())
        raise ValueError(
            f"The searches use different metrics ({listed}). Give the metric of the held-out rows "
            "as `scoring`."
        )
    return next(iter(metrics.values()), None)


@dataclass(frozen=True)
class Prepared:
    """A strategy that is ready for one repetition.

    Attributes
    ----------
    name : str
        Name of the strategy.
    estimator : estimator
        A clone with the settings of the repetition.
    cv : splitter
        The inner folds.
    n_folds : int
        Their number.
    """

    name: str
    estimator: Any
    cv: Any
    n_folds: int


def prepare(
    name: str,
    strategy: Any,
    repetition: Repetition,
    *,
    scoring: Any,
    n_jobs: int | None,
    budget: int | None,
) -> Prepared:
    """Return a strategy with the settings of a repetition.

    Parameters
    ----------
    name : str
        Name of the strategy.
    strategy : estimator
        The strategy. It is cloned.
    repetition : Repetition
        The data and the seeds.
    scoring : str, callable or None
        The metric for searches that have none of their own.
    n_jobs : int or None
        Number of jobs; None leaves those of the strategy.
    budget : int or None
        Maximal number of fits on folds.

    Returns
    -------
    prepared : Prepared
    """
    given = strategy.get_params(deep=False)
    X, y, groups = repetition.data_of(repetition.train)
    cv = inner_folds(
        given.get("cv") if _is_search(strategy) else None,
        stratify=repetition.stratify,
        grouped=groups is not None,
        seed=repetition.fold_seed,
    )
    n_folds = cv.get_n_splits(X, y, groups)
    settings: dict[str, Any] = {}
    if _is_search(strategy):
        settings["cv"] = cv
        if "random_state" in given:
            settings["random_state"] = repetition.search_seed
        if n_jobs is not None and "n_jobs" in given:
            settings["n_jobs"] = n_jobs
        if given["scoring"] is None and "objectives" not in given:
            settings["scoring"] = scoring
    if budget is not None:
        settings |= budget_params(name, strategy, budget, n_folds)
    return Prepared(name, clone(strategy).set_params(**settings), cv, n_folds)


def run(prepared: Prepared, repetition: Repetition, *, metric: Any, n_jobs: int | None) -> Run:
    """Run one strategy in one repetition.

    Parameters
    ----------
    prepared : Prepared
        The strategy.
    repetition : Repetition
        The data.
    metric : str, callable or None
        Metric of the held-out rows.
    n_jobs : int or None
        Number of jobs of an estimator without a search.

    Returns
    -------
    run : Run

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C has ended the strategy.
    """
    X, y, groups = repetition.data_of(repetition.train)
    estimator = prepared.estimator
    start = time.perf_counter()
    if _is_search(estimator):
        recorder = _record(estimator)
        estimator.fit(X, y, **({} if groups is None else {"groups": groups}))
        seconds = time.perf_counter() - start
        if recorder is not None and recorder.is_interrupted:
            raise KeyboardInterrupt  # the search has kept its results; the comparison ends
        results = _read(estimator, recorder, prepared.n_folds)
    else:
        table = cross_validate(
            estimator, X, y, groups=groups, cv=prepared.cv, scoring=metric, n_jobs=n_jobs,
            error_score="raise",
        )  # fmt: skip
        estimator.fit(X, y)
        seconds = time.perf_counter() - start
        results = _read_folds(table)
    model = getattr(estimator, "best_estimator_", estimator)
    X, y, _ = repetition.data_of(repetition.test)
    score = float(check_scoring(model, scoring=metric)(model, X, y))
    return Run(prepared.name, repetition.number, held_out_score=score, seconds=seconds, **results)


def _is_search(strategy: Any) -> bool:
    given = strategy.get_params(deep=False)
    return "estimator" in given and "cv" in given and "scoring" in given


def _metric(name: str, search: Any) -> Any:
    """Return the metric that a search follows."""
    if hasattr(search, "objectives"):
        raise ValueError(
            f"The search {name!r} has several objectives. Give the metric of the held-out rows as "
            "`scoring`."
        )
    scoring = search.scoring
    if scoring is None or isinstance(scoring, str) or callable(scoring):
        return scoring
    if not isinstance(search.refit, str):
        raise ValueError(
            f"The search {name!r} has several metrics, and `refit` names none of them. Give the "
            "metric of the held-out rows as `scoring`."
        )
    return scoring[search.refit] if hasattr(scoring, "items") else search.refit


def _record(search: Any) -> Recorder | None:
    """Add a recorder to a search of skhpo; None for others."""
    if not isinstance(search, BaseStudySearchCV):
        return None
    recorder = Recorder()
    search.set_params(callbacks=[*(search.callbacks or []), recorder])
    return recorder


def _read(search: Any, recorder: Recorder | None, n_folds: int) -> dict[str, Any]:
    """Return what a fitted search knows of itself."""
    results = getattr(search, "cv_results_", None)
    fits, curve = np.nan, None
    metric = _metric_of_table(search, results)
    if recorder is not None:
        fits, curve = recorder.n_fits, recorder.curve()
        if np.isnan(curve.best).all():
            curve = None
        fits += _n_confirmed(search.cv_results_) * fits_to_confirm(search.cv, n_folds)
    elif results is not None and "mean_fit_time" in results and metric is not None:
        fits = n_folds * len(results["mean_fit_time"])
        curve = curve_of_table(results, n_folds, metric)
    return {
        "cv_score": float(_best_score(search, metric)),
        "fits": float(fits),
        "best_params": dict(getattr(search, "best_params_", {})),
        "curve": curve,
    }


def _n_confirmed(results: Any) -> int:
    """Return the number of candidates that were evaluated again, on new folds."""
    prefix = "mean_confirmed_"
    columns = [np.isfinite(column) for name, column in results.items() if name.startswith(prefix)]
    return int(np.any(columns, axis=0).sum())


def _metric_of_table(search: Any, results: Any) -> str | None:
    """Return the name of the metric that chooses, as it is in ``cv_results_``."""
    refit = getattr(search, "refit", None)
    for name in (refit, "score"):
        if results is not None and isinstance(name, str) and f"mean_test_{name}" in results:
            return name
    return None


def _best_score(search: Any, metric: str | None) -> float:
    if hasattr(search, "best_score_"):
        return float(search.best_score_)
    if metric is None:  # a callable `refit`
        return np.nan
    return float(search.cv_results_[f"mean_test_{metric}"][search.best_index_])


def _read_folds(table: dict[str, Any]) -> dict[str, Any]:
    """Return what is known of an estimator without a search."""
    n_folds, score = len(table["test_score"]), float(table["test_score"].mean())
    seconds = float((table["fit_time"] + table["score_time"]).sum())
    curve = Curve.of([n_folds], [seconds], [score])
    return {"cv_score": score, "fits": float(n_folds), "curve": curve}
