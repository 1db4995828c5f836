"""Early stopping of a fit on a fold: the choice of the evaluation rows, and the monitored fit."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, StratifiedShuffleSplit
from sklearn.utils.multiclass import type_of_target

from skhpo._sklearn import check_method_params, safe_indexing
from skhpo.boosting._curves import (
    CurveModel,
    CurveRule,
    FinishedFit,
    rounds_to_keep,
    running_best,
)
from skhpo.boosting._early_stopping import EarlyStopping
from skhpo.boosting.families import (
    Evaluation,
    Family,
    Observer,
    family_of,
    find_model,
)
from skhpo.boosting.families._base import Fit

__all__ = ["Stopping", "Watch", "finished_fit", "learning_curve"]

IntArray = NDArray[np.int64]
LearningCurve: TypeAlias = dict[str, NDArray[Any]]


def _nowhere(rows: IntArray) -> None:
    """Know of no rows that have been transformed elsewhere."""


@dataclass
class Watch:
    """Record of a monitored fit.

    Attributes
    ----------
    best_rounds : int or None
        Number of rounds with which the fitted model predicts; None for a model without rounds, or
        if the fit was stopped.
    curve : dict or None
        Learning curve, used to predict later fits: see :func:`finished_fit`.
    stopped_at : int or None
        The round at which the fit was stopped because it was unlikely to become the best.
    rows : ndarray or None
        The rows that the model learns from, if they are not all training rows; known from the
        beginning of the fit.
    transformed : callable
        ``transformed(rows)`` returns rows as all steps before the model transform them, or None
        if the steps have to transform them here.
    """

    best_rounds: int | None = None
    curve: dict[str, Any] | None = None
    stopped_at: int | None = None
    rows: IntArray | None = None
    transformed: Callable[[IntArray], Any] = _nowhere


@dataclass(frozen=True)
class Stopping:
    """Everything that a task of a search needs for early stopping.

    Attributes
    ----------
    settings : EarlyStopping
        The user's settings.
    groups : ndarray or None
        Group of each row. Rows of a group stay together; for a ranker, groups are queries.
    is_ordered : bool
        Whether the rows are ordered in time, so that the last ones are held out.
    seed : int
        Seed for the choice of the held-out rows, the same for all candidates.
    curves : CurveModel or None
        Model that stops fits whose candidate is unlikely to become the best.
    finished : mapping of int to float
        For this model, the final losses of the candidate on other folds.
    """

    settings: EarlyStopping
    groups: Any = None
    is_ordered: bool = False
    seed: int = 0
    curves: CurveModel | None = None
    finished: Mapping[int, float] = field(default_factory=dict)

    def watch(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        train: IntArray,
        test: IntArray,
        fit_params: Mapping[str, Any],
        fold: int = 0,
    ) -> Watch:
        """Set up early stopping of an estimator's next ``fit`` on the training rows.

        Parameters
        ----------
        estimator : estimator
            A clone, whose `fit` is replaced.
        X, y : array-like
            All data.
        train, test : ndarray
            Rows of the fold.
        fit_params : mapping of str to object
            Parameters of ``fit`` for all rows.
        fold : int, default=0
            Index of the fold.

        Returns
        -------
        watch : Watch
            Record that the fit fills in.
        """
        watch = Watch()
        train, test = _positions(train), _positions(test)

        def fit(X_train: Any, y_train: Any = None, **params: Any) -> Any:
            del estimator.__dict__["fit"]
            prefix, model = find_model(estimator)
            family = family_of(model)
            params = _copy_callbacks(params)
            if family is None or not family.has_rounds(model):  # another choice of the space
                return estimator.fit(X_train, y_train, **params)
            rows, watched = train, test
            if self.settings.on == "inner":
                learn, hold = self._hold_out(estimator, y_train, train)
                rows, watched = train[learn], train[hold]
            watched = _of_learned_classes(estimator, y, rows, watched)
            if not len(watched):  # no rows are left, for example if each class has one member
                model.set_params(**family.unset(model.get_params()))
                return estimator.fit(X_train, y_train, **params)
            if self.settings.on == "inner":
                X_train, y_train = safe_indexing(X_train, learn), safe_indexing(y_train, learn)
                params = _copy_callbacks(check_method_params(X, fit_params, indices=rows))
                watch.rows = rows
            weights = check_method_params(X, fit_params, indices=watched)
            queries = None if self.groups is None else np.asarray(self.groups)
            evaluation = Evaluation(
                safe_indexing(X, watched),
                safe_indexing(y, watched),
                weights.get(f"{prefix}sample_weight", weights.get("sample_weight")),
                None if queries is None else queries[watched],
            )
            n_rounds, log_rate = _rounds_and_rate(model, family)
            observer = Observer(self._rule(family, fold, n_rounds, log_rate))

            def fit_model(own_fit: Fit, X: Any, y: Any, params: Any, seen: Evaluation) -> None:
                params = {k: v for k, v in params.items() if k not in family.by_hand}  # are None
                if queries is not None:
                    params = family.with_queries(model, params, queries[rows], X)
                if params.get("sample_weight") is None:  # only other steps requested weights
                    seen = replace(seen, sample_weight=None)
                family.fit(model, own_fit, X, y, params, seen, self.settings, observer)

            def transform(X_watched: Any) -> Any:
                known = watch.transformed(watched)
                return _transform(estimator, X_watched) if known is None else known

            _fit_watched(
                estimator, model, X_train, y_train, params, evaluation, fit_model, transform
            )
            watch.curve = {"n_rounds": n_rounds, "log_rate": log_rate}
            if observer.stopped_at is not None:
                watch.stopped_at = observer.stopped_at
                watch.curve |= {"predicted": observer.predicted} | observer.so_far()
                return estimator
            watch.best_rounds = family.best_rounds(model)
            if type(family).curve is not Family.curve:
                watch.curve |= _summary(family, model, watch.best_rounds, n_rounds)
            return estimator

        estimator.fit = fit
        return watch

    def _rule(self, family: Family, fold: int, n_rounds: int, log_rate: float) -> CurveRule | None:
        if self.curves is None or not family.can_be_observed or self.curves.n_rounds != n_rounds:
            return None
        return self.curves.rule(fold, log_rate, self.finished)

    def _hold_out(self, estimator: Any, y: Any, train: IntArray) -> tuple[IntArray, IntArray]:
        """Split the training rows, by position, into learning and evaluation rows."""
        n, share = len(train), self.settings.validation_fraction
        positions = np.arange(n)
        if self.is_ordered:
            n_held = max(1, round(share * n))
            return positions[: n - n_held], positions[n - n_held :]
        if self.groups is not None:
            splitter: Any = GroupShuffleSplit(1, test_size=share, random_state=self.seed)
            learn, hold = next(
                splitter.split(positions, groups=np.asarray(safe_indexing(self.groups, train)))
            )
            return np.sort(learn), np.sort(hold)
        if _has_classes(estimator, y):
            return _hold_out_by_class(np.asarray(y).ravel(), share, self.seed)
        splitter = ShuffleSplit(1, test_size=share, random_state=self.seed)
        learn, hold = next(splitter.split(positions))
        return np.sort(learn), np.sort(hold)


def _has_classes(estimator: Any, y: Any) -> bool:
    return is_classifier(estimator) and type_of_target(y) in ("binary", "multiclass")


def _hold_out_by_class(y: NDArray[Any], share: float, seed: int) -> tuple[IntArray, IntArray]:
    """Hold out rows, stratified if the classes are large enough.

    At least one row of each class remains for training.
    """
    _, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    several = np.flatnonzero(counts[codes] > 1)
    n_hold, n_classes = math.ceil(share * len(several)), int((counts > 1).sum())
    if n_classes and n_classes <= min(n_hold, len(several) - n_hold):
        splitter = StratifiedShuffleSplit(1, test_size=share, random_state=seed)
        hold = several[next(splitter.split(several, codes[several]))[1]]
    else:
        hold = np.random.RandomState(seed).permutation(several)[:n_hold]
    learned = np.bincount(codes, minlength=len(counts)) - np.bincount(
        codes[hold], minlength=len(counts)
    )
    for code in np.flatnonzero(learned == 0):  # return one row of the class to training
        hold = np.delete(hold, np.flatnonzero(codes[hold] == code)[0])
    hold = np.sort(hold)
    return np.setdiff1d(np.arange(len(y)), hold), hold


def _of_learned_classes(estimator: Any, y: Any, rows: IntArray, watched: IntArray) -> IntArray:
    """Drop evaluation rows whose class is not among the learning rows."""
    if not _has_classes(estimator, y):
        return watched
    classes = np.asarray(y).ravel()
    return watched[np.isin(classes[watched], classes[rows])]


def _fit_watched(
    estimator: Any,
    model: Any,
    X: Any,
    y: Any,
    params: Mapping[str, Any],
    evaluation: Evaluation,
    fit_model: Callable[[Fit, Any, Any, Any, Evaluation], None],
    transform: Callable[[Any], Any],
) -> None:
    """Fit a model, or the pipeline that ends in it, and monitor it on the evaluation rows.

    When a pipeline fits its model, all earlier steps have been fitted on the training rows only.
    These steps transform the evaluation rows.
    """
    own_fit = model.fit
    if model is estimator:
        fit_model(own_fit, X, y, params, evaluation)
        return

    def fit(X: Any, y: Any = None, **params: Any) -> Any:
        fit_model(own_fit, X, y, params, replace(evaluation, X=transform(evaluation.X)))
        return model

    model.fit = fit
    try:
        estimator.fit(X, y, **params)
    finally:
        del model.__dict__["fit"]


def _rounds_and_rate(model: Any, family: Family) -> tuple[int, float]:
    """Return a model's maximal number of rounds and the logarithm of its learning rate."""
    given = model.get_params()
    rounds = [given[name] for name in family.rounds if given.get(name) is not None]
    rates = [given[name] for name in ("learning_rate", "eta") if given.get(name)]
    return int(rounds[0]) if rounds else 100, math.log(rates[0] if rates else family.default_rate)


def _summary(family: Family, model: Any, best_rounds: int, n_rounds: int) -> dict[str, Any]:
    """Return a finished fit's losses at the stored rounds, and its final loss.

    The final loss is named "final", or "last" if fits of the family cannot be observed, so that
    no model of learning curves is fitted.
    """
    curve = family.curve(model)
    final = curve[best_rounds - 1]
    greater_is_better = family.greater_is_better
    if greater_is_better is None:
        greater_is_better = final == max(curve) and final > min(curve)
    sign = -1.0 if greater_is_better else 1.0
    losses = [sign * value for value in curve]
    end = "final" if family.can_be_observed else "last"
    return {
        "losses": running_best(losses, rounds_to_keep(n_rounds)),
        end: sign * final,
        "sign": sign,
    }


def finished_fit(fold: int, curve: Mapping[str, Any]) -> FinishedFit | None:
    """Convert a learning curve returned by a task; None if it has no final loss."""
    if "final" not in curve or "losses" not in curve:  # stopped, or stored by an older version
        return None
    return FinishedFit(fold=fold, **curve)


def learning_curve(curve: Mapping[str, Any], best_rounds: int | None) -> LearningCurve | None:
    """Convert a learning curve returned by a task for a table; None if it has no values.

    Parameters
    ----------
    curve : mapping
        The curve.
    best_rounds : int or None
        The number of rounds with which the model predicts.

    Returns
    -------
    curve : dict or None
        ``rounds`` (int) and ``values``, the best value of the monitored metric up to each of
        these rounds.
    """
    if "losses" not in curve:
        return None
    kept = zip(rounds_to_keep(curve["n_rounds"]), curve["losses"], strict=True)
    losses = {number: loss for number, loss in kept if loss is not None}
    end = curve.get("final", curve.get("last"))
    if end is not None and best_rounds is not None:
        losses[best_rounds] = end
    rounds = np.array(sorted(losses), dtype=np.int64)
    best = np.minimum.accumulate([losses[number] for number in rounds.tolist()] or np.empty(0))
    return {"rounds": rounds, "values": curve["sign"] * best}


def _transform(estimator: Any, X: Any) -> Any:
    """Transform rows by all fitted steps before the model."""
    from sklearn.pipeline import Pipeline

    while isinstance(estimator, Pipeline):
        for _, step in estimator.steps[:-1]:  # estimator[:-1] would require fitted attributes
            if hasattr(step, "transform"):
                X = step.transform(X)
        estimator = estimator.steps[-1][1]
    return X


def _copy_callbacks(params: Mapping[str, Any]) -> dict[str, Any]:
    """Copy callbacks, because a fit must not use their state from another fit."""
    return {
        name: copy.deepcopy(value) if name.rpartition("__")[2] == "callbacks" else value
        for name, value in params.items()
    }


def _positions(rows: Any) -> IntArray:
    """Return the rows of a fold, given as positions or as a mask, as an array of positions."""
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows
