"""What a family of boosters is: evaluation sets, metrics, rounds and threads by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from skhpo.boosting._curves import CurveRule
from skhpo.boosting._early_stopping import EarlyStopping

__all__ = ["Evaluation", "Family", "Fit", "Observer", "is_ranker", "without_callback"]

Fit = Callable[..., Any]


@dataclass(frozen=True)
class Evaluation:
    """The rows on which a model is watched.

    Attributes
    ----------
    X, y : array-like
        As the model takes them, after all that precedes it in a pipeline.
    sample_weight : array-like or None
        Their weights.
    queries : array-like or None
        Of a ranker, the query of each row.
    """

    X: Any
    y: Any
    sample_weight: Any = None
    queries: Any = None


class Observer:
    """Looks at a fit after some of its rounds.

    Parameters
    ----------
    rule : CurveRule or None
        Says whether to stop; None never does.

    Attributes
    ----------
    stopped_at : int or None
        The round at which it has ended the fit.
    predicted : float or None
        The loss that was expected at the end.
    """

    def __init__(self, rule: CurveRule | None) -> None:
        self._rule = rule
        self._values: list[float] = []
        self.stopped_at: int | None = None
        self.predicted: float | None = None

    @property
    def is_needed(self) -> bool:
        """Whether it looks at all."""
        return self._rule is not None

    def saw(self, value: float) -> bool:
        """Take in the metric after a round; say whether the fit ends."""
        self._values.append(value)
        if self._rule is None or len(self._values) not in self._rule.rounds:
            return False
        self.predicted = self._rule.predict_if_hopeless(self._values)
        if self.predicted is not None:
            self.stopped_at = len(self._values)
        return self.predicted is not None


class Family:
    """A family of models that learn in rounds.

    A subclass holds all that is known of a family, in one file, and
    :func:`register_family` makes it known to the searches.

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
        Names of the parameter after how many rounds a fit ends, or whether it does.
    by_hand : frozenset of str
        Parameters of ``fit`` that bring an evaluation set.
    can_be_observed : bool
        Whether a fit can be looked at, and ended, while it runs.
    continues_by_fit : bool
        Whether ``fit`` takes a fitted model and continues its training.
    """

    name: str
    package: str
    model: str
    can_be_observed = True
    continues_by_fit = False
    rounds: tuple[str, ...] = ("n_estimators",)
    threads: tuple[str, ...] = ("n_jobs",)
    stops: tuple[str, ...] = ()
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
        """Fit a model, watched on the evaluation rows, until it improves no more.

        Parameters
        ----------
        model : estimator
            The model.
        fit : callable
            Its own ``fit``.
        X, y : array-like
            What it learns from.
        params : mapping of str to object
            Further parameters of `fit`.
        evaluation : Evaluation
            The rows on which it is watched.
        stopping : EarlyStopping
            The settings.
        observer : Observer
            Looks at the metric after some rounds, and may end the fit.
        """
        raise NotImplementedError

    def has_rounds(self, model: Any) -> bool:
        """Whether a model, as it is set, learns in rounds; a forest does not."""
        return True

    def best_rounds(self, model: Any) -> int:
        """The number of rounds with which a fitted model predicts, from 1."""
        raise NotImplementedError

    def curve(self, model: Any) -> list[float]:
        """The watched metric after each round."""
        raise NotImplementedError

    def with_queries(
        self, model: Any, params: Mapping[str, Any], queries: NDArray[Any], X: Any
    ) -> dict[str, Any]:
        """Parameters of ``fit`` with a ranker's queries, unless the user has given them."""
        return dict(params)

    def refit_params(self, n_rounds: int, given: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters with which a model learns just so many rounds, and nothing ends it early."""
        named = [name for name in self.rounds if given.get(name) is not None]
        return {named[0] if named else self.rounds[0]: n_rounds} | self.unset(given)

    def unset(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What takes back the user's own early stopping."""
        return {name: None for name in self.stops if given.get(name) is not None}

    def check(self, model: Any) -> None:
        """Raise a ValueError if a model cannot be given an evaluation set."""

    def params_to_continue(self, model: Any) -> dict[str, Any]:
        """Return the parameters of ``fit`` that continue the training of a fitted model."""
        return {}


def without_callback(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The callbacks without those of a kind, if there are any of it."""
    callbacks = given.get("callbacks") or []
    others = [one for one in callbacks if type(one).__name__ != kind]
    return {} if len(others) == len(callbacks) else {"callbacks": others or None}


def is_ranker(model: Any) -> bool:
    """Return whether a model ranks."""
    return type(model).__name__.endswith("Ranker")
