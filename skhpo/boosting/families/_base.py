"""Base class of families of boosters: names and conventions of early stopping."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhpo.boosting._curves import CurveRule, rounds_to_keep
from skhpo.boosting._early_stopping import EarlyStopping

__all__ = ["Evaluation", "Family", "Fit", "Observer", "is_ranker", "without_callback"]

Fit = Callable[..., Any]


@dataclass(frozen=True)
class Evaluation:
    """The evaluation set on which a model is monitored.

    Attributes
    ----------
    X, y : array-like
        Data for the model, transformed by all earlier steps of a pipeline.
    sample_weight : array-like or None
        Weights of the rows.
    queries : array-like or None
        For a ranker, the query of each row.
    """

    X: Any
    y: Any
    sample_weight: Any = None
    queries: Any = None


class Observer:
    """Observer of a fit, which may stop it after certain rounds.

    Parameters
    ----------
    rule : CurveRule or None
        Rule that decides whether to stop. None means never.

    Attributes
    ----------
    stopped_at : int or None
        The round at which the fit was stopped.
    predicted : float or None
        For a stopped fit, the predicted mean loss of the candidate over all folds.
    """

    def __init__(self, rule: CurveRule | None) -> None:
        self._rule = rule
        self._n_seen = 0
        self._best = math.inf
        self._kept = () if rule is None else rounds_to_keep(rule.model.n_rounds)
        self._losses: list[float] = []  # the best ones up to the kept rounds so far
        self.stopped_at: int | None = None
        self.predicted: float | None = None

    @property
    def is_needed(self) -> bool:
        """Whether there is a rule."""
        return self._rule is not None

    def so_far(self) -> dict[str, Any]:
        """Return the losses at the stored rounds of a fit that the rule has stopped."""
        if self._rule is None:
            return {}
        missing = [None] * (len(self._kept) - len(self._losses))
        return {"losses": [*self._losses, *missing], "sign": self._rule.sign}

    def saw(self, value: float) -> bool:
        """Record the metric after a round; return whether to stop the fit."""
        self._n_seen += 1
        if self._rule is None:
            return False
        self._best = float(np.minimum(self._best, self._rule.sign * value))  # NaN stays
        if self._n_seen != self._kept[len(self._losses)]:
            return False
        self._losses.append(self._best)
        if self._n_seen in self._rule.rounds:
            self.predicted = self._rule.predict_if_hopeless(self._losses)
        if self.predicted is not None:
            self.stopped_at = self._n_seen
        return self.predicted is not None


class Family:
    """Base class of a family of models that learn in rounds.

    A subclass contains everything that is specific to a family. :func:`register_family` makes it
    available to the searches.

    Attributes
    ----------
    name : str
        Name of the family, for messages.
    package, model : str
        The package and the class from which all its models derive.
    rounds : tuple of str
        Names of the parameter that limits the rounds; the first is the usual one.
    threads : tuple of str
        Names of the parameter for the number of threads; the first is the usual one.
    stops : tuple of str
        Names of the parameters of the family's own early stopping.
    default_rate : float
        The learning rate if the model has none among its parameters.
    by_hand : frozenset of str
        Parameters of ``fit`` that pass an evaluation set.
    can_be_observed : bool
        Whether a fit can be observed, and stopped, while it runs.
    greater_is_better : bool or None
        Whether large values of the monitored metric are good. By default, None: they are if the
        best round has the largest value.
    continues_by_fit : bool
        Whether ``fit`` accepts a fitted model and continues its training.
    """

    name: str
    package: str
    model: str
    can_be_observed = True
    greater_is_better: bool | None = None
    continues_by_fit = False
    rounds: tuple[str, ...] = ("n_estimators",)
    threads: tuple[str, ...] = ("n_jobs",)
    stops: tuple[str, ...] = ()
    default_rate = 0.1
    by_hand: frozenset[str] = frozenset()

    def fit(
        self,
        model: Any,
        fit: Fit,
        X: Any,
        y: Any,
        params: Mapping[str, Any],
        evaluation: Evaluation,
        stopping: EarlyStopping,
        observer: Observer,
    ) -> None:
        """Fit a model until it no longer improves on the evaluation set.

        Parameters
        ----------
        model : estimator
            The model.
        fit : callable
            The model's own ``fit``.
        X, y : array-like
            Training data.
        params : mapping of str to object
            Further parameters of `fit`.
        evaluation : Evaluation
            The evaluation set.
        stopping : EarlyStopping
            The settings.
        observer : Observer
            Receives the metric after each round, and may stop the fit.
        """
        raise NotImplementedError

    def has_rounds(self, model: Any) -> bool:
        """Return whether a model, with its parameters, learns in rounds; a forest does not."""
        return True

    def best_rounds(self, model: Any) -> int:
        """Return the number of rounds with which a fitted model predicts, from 1."""
        raise NotImplementedError

    def curve(self, model: Any) -> list[float]:
        """Return the monitored metric after each round."""
        raise NotImplementedError

    def with_queries(
        self, model: Any, params: Mapping[str, Any], queries: NDArray[Any], X: Any
    ) -> dict[str, Any]:
        """Return the parameters of ``fit`` with a ranker's queries, unless the user set them."""
        return dict(params)

    def refit_params(self, n_rounds: int, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters for a fit of exactly `n_rounds` rounds, without early stopping."""
        named = [name for name in self.rounds if given.get(name) is not None]
        return {named[0] if named else self.rounds[0]: n_rounds} | self.unset(given)

    def unset(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters that turn off the user's own early stopping."""
        return {name: None for name in self.stops if given.get(name) is not None}

    def check(self, model: Any) -> None:
        """Raise a ValueError if a model does not accept an evaluation set."""

    def params_to_continue(self, model: Any) -> dict[str, Any]:
        """Return the parameters of ``fit`` that continue the training of a fitted model."""
        return {}


def without_callback(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameter ``callbacks`` without those of a class; {} if it has none of them."""
    callbacks = given.get("callbacks") or []
    others = [one for one in callbacks if type(one).__name__ != kind]
    return {} if len(others) == len(callbacks) else {"callbacks": others or None}


def is_ranker(model: Any) -> bool:
    """Return whether a model is a ranker."""
    return type(model).__name__.endswith("Ranker")
