"""A fold's fit with early stopping: which rows are watched, and what becomes of the fit."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, StratifiedShuffleSplit
from sklearn.utils import _safe_indexing
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _check_method_params

from skhpo.boosting._early_stopping import EarlyStopping
from skhpo.boosting._families import Evaluation, Family, family_of, find_model

__all__ = ["Stopping", "Watch"]

IntArray = NDArray[np.int64]


@dataclass
class Watch:
    """What is learned of a fit while it runs.

    Attributes
    ----------
    best_rounds : int or None
        Rounds with which the fitted model predicts; None for a model without rounds.
    curve : list of float
        The watched metric after each round.
    """

    best_rounds: int | None = None
    curve: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Stopping:
    """Early stopping, as a task of a search needs it.

    Attributes
    ----------
    settings : EarlyStopping
        What the user wants.
    groups : ndarray or None
        Of all rows: rows of a group stay together; to a ranker, they are its queries.
    is_ordered : bool
        Whether the rows are in the order of time, so that the last are held out.
    seed : int
        Seeds the choice of the rows that are held out; the same for all candidates.
    """

    settings: EarlyStopping
    groups: Any = None
    is_ordered: bool = False
    seed: int = 0

    def watch(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        train: IntArray,
        test: IntArray,
        fit_params: Mapping[str, Any],
    ) -> Watch:
        """Let an estimator's next ``fit`` on the training rows be stopped early.

        Parameters
        ----------
        estimator : estimator
            A clone of one's own; its `fit` is replaced.
        X, y : array-like
            All data.
        train, test : ndarray
            Rows of the fold.
        fit_params : mapping of str to object
            Parameters of ``fit`` for all rows.

        Returns
        -------
        watch : Watch
            Is filled in by the fit.
        """
        watch = Watch()

        def fit(X_train: Any, y_train: Any = None, **params: Any) -> Any:
            del estimator.__dict__["fit"]
            prefix, model = find_model(estimator)
            family = family_of(model)
            params = _copy_callbacks(params)
            if family is None:  # one of several models of the space, and it has no rounds
                return estimator.fit(X_train, y_train, **params)
            rows, watched = train, test
            if self.settings.on == "inner":
                learn, hold = self._hold_out(estimator, y_train, train)
                rows, watched = train[learn], train[hold]
                X_train, y_train = _safe_indexing(X_train, learn), _safe_indexing(y_train, learn)
                params = _copy_callbacks(_check_method_params(X, fit_params, indices=rows))
            weights = _check_method_params(X, fit_params, indices=watched)
            evaluation = Evaluation(
                _safe_indexing(X, watched),
                _safe_indexing(y, watched),
                weights.get(f"{prefix}sample_weight", weights.get("sample_weight")),
                None if self.groups is None else np.asarray(self.groups)[watched],
            )
            if self.groups is not None:
                params = family.with_queries(model, prefix, params, np.asarray(self.groups)[rows])
            _fit_watched(estimator, model, family, X_train, y_train, params, evaluation, self)
            watch.best_rounds, watch.curve = family.best_rounds(model), family.curve(model)
            return estimator

        estimator.fit = fit
        return watch

    def _hold_out(self, estimator: Any, y: Any, train: IntArray) -> tuple[IntArray, IntArray]:
        """Split the training rows, by position, into those to learn from and those to watch."""
        n, share = len(train), self.settings.validation_fraction
        positions = np.arange(n)
        if self.is_ordered:
            n_held = max(1, round(share * n))
            return positions[: n - n_held], positions[n - n_held :]
        if self.groups is not None:
            splitter: Any = GroupShuffleSplit(1, test_size=share, random_state=self.seed)
            learn, hold = next(
                splitter.split(positions, groups=np.asarray(_safe_indexing(self.groups, train)))
            )
            return np.sort(learn), np.sort(hold)
        is_stratified = is_classifier(estimator) and type_of_target(y) in ("binary", "multiclass")
        kind = StratifiedShuffleSplit if is_stratified else ShuffleSplit
        splitter = kind(1, test_size=share, random_state=self.seed)
        learn, hold = next(splitter.split(positions, y))
        return np.sort(learn), np.sort(hold)


def _fit_watched(
    estimator: Any,
    model: Any,
    family: Family,
    X: Any,
    y: Any,
    params: Mapping[str, Any],
    evaluation: Evaluation,
    stopping: Stopping,
) -> None:
    """Fit a model, or the pipeline that it ends, watched on the evaluation rows.

    When a pipeline comes to its model, all steps before it are fitted, on the training rows
    alone, and transform the evaluation rows.
    """
    if model is estimator:
        family.fit(model, model.fit, X, y, params, evaluation, stopping.settings)
        return
    own_fit = model.fit

    def fit(X: Any, y: Any = None, **params: Any) -> Any:
        seen = replace(evaluation, X=_transform(estimator, evaluation.X))
        family.fit(model, own_fit, X, y, params, seen, stopping.settings)
        return model

    model.fit = fit
    try:
        estimator.fit(X, y, **params)
    finally:
        del model.__dict__["fit"]


def _transform(estimator: Any, X: Any) -> Any:
    """Transform rows by all fitted steps before the model."""
    from sklearn.pipeline import Pipeline

    while isinstance(estimator, Pipeline):
        if len(estimator.steps) > 1:
            X = estimator[:-1].transform(X)
        estimator = estimator.steps[-1][1]
    return X


def _copy_callbacks(params: Mapping[str, Any]) -> dict[str, Any]:
    """Copy callbacks: they have a state, which one fit must not pass on to the next."""
    return {
        name: copy.deepcopy(value) if name.rpartition("__")[2] == "callbacks" else value
        for name, value in params.items()
    }
