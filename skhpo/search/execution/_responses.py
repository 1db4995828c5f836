"""Predictions for the test part of a fold: those of the scorer, or made after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sklearn.base import is_regressor

from skhpo._sklearn import MultimetricScorer, raises_errors, scorers_by_name

__all__ = ["METHODS", "FoldPredictions", "Response", "listening", "methods_of"]

METHODS = ("predict_proba", "decision_function", "predict")


@dataclass(frozen=True)
class FoldPredictions:
    """Predictions for the rows of a test part, in their order.

    Attributes
    ----------
    method : str
        The method that made them; empty if none could.
    values : array-like, list of array-like, or None
        What the method returned; None if it raised an error.
    classes : array-like, list of array-like, or None
        The classes that the model knows, if it has any.
    are_labels : bool
        Whether they are classes or other labels, which have no mean.
    error : str
        The error of the method; empty if there was none.
    """

    method: str = ""
    values: Any = None
    classes: Any = None
    are_labels: bool = False
    error: str = ""


def methods_of(estimator: Any) -> tuple[str, ...]:
    """Return the methods that predict with an estimator, the most informative first."""
    return ("predict",) if is_regressor(estimator) else METHODS


class Response:
    """What a fitted estimator predicts for some rows.

    What a scorer lets the estimator predict is not computed again.

    Parameters
    ----------
    estimator : estimator
        The fitted estimator.
    X : array-like
        The rows.
    """

    def __init__(self, estimator: Any, X: Any) -> None:
        self._estimator = estimator
        self._X = X
        methods = methods_of(estimator)
        self._method = next((name for name in methods if hasattr(estimator, name)), "")
        self._heard: list[Any] = []

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Remember what the estimator predicts for the rows while the block runs."""
        attributes = getattr(self._estimator, "__dict__", None)
        if not self._method or attributes is None or self._method in attributes:
            yield
            return
        predict = getattr(self._estimator, self._method)

        def remember(X: Any, *args: Any, **params: Any) -> Any:
            values = predict(X, *args, **params)
            if X is self._X and not args and not params:
                self._heard = [values]
            return values

        remember.__name__ = self._method  # scorers ask for it
        attributes[self._method] = remember  # hides the method of the class
        try:
            yield
        finally:
            attributes.pop(self._method, None)

    def predictions(self, error_score: Any) -> FoldPredictions:
        """Return the predictions.

        Parameters
        ----------
        error_score : float or "raise"
            "raise" raises the error of a method that fails.
        """
        try:
            if not self._method:
                raise AttributeError(
                    f"{type(self._estimator).__name__} has none of the methods "
                    f"{', '.join(methods_of(self._estimator))}"
                )
            if not self._heard:
                self._heard = [getattr(self._estimator, self._method)(self._X)]
            is_label = self._method == "predict"
            return FoldPredictions(
                self._method,
                self._heard[0],
                classes=None if is_label else getattr(self._estimator, "classes_", None),
                are_labels=is_label and not is_regressor(self._estimator),
            )
        except Exception as error:
            if error_score == "raise":
                raise
            return FoldPredictions(self._method, error=f"{type(error).__name__}: {error}")


class Listener:
    """A scorer that keeps the response of the estimator to the test part.

    Parameters
    ----------
    scorer : callable
        The scorer.
    hears : bool
        Whether to use what the scorer lets the estimator predict.
    """

    def __init__(self, scorer: Callable[..., Any], *, hears: bool) -> None:
        self._score = scorer
        self._hears = hears
        self._response: Response | None = None

    def __call__(self, estimator: Any, X: Any, *y: Any, **params: Any) -> Any:
        """Score; the first call is for the test part."""
        if self._response is not None:
            return self._score(estimator, X, *y, **params)
        self._response = Response(estimator, X)
        if not self._hears:
            return self._score(estimator, X, *y, **params)
        with self._response.heard():
            return self._score(estimator, X, *y, **params)

    def predictions(self, error_score: Any) -> FoldPredictions | None:
        """Return the predictions for the test part; None if the fit has failed."""
        return None if self._response is None else self._response.predictions(error_score)


class ListenerToSeveral(Listener, MultimetricScorer):  # type: ignore[misc]
    """The same for scikit-learn's container of several scorers.

    Parameters
    ----------
    scorers : MultimetricScorer
        The scorers.
    hears : bool
        As for :class:`Listener`.
    """

    def __init__(self, scorers: MultimetricScorer, *, hears: bool) -> None:
        Listener.__init__(self, scorers, hears=hears)
        MultimetricScorer.__init__(
            self, scorers=scorers_by_name(scorers), raise_exc=raises_errors(scorers)
        )


def listening(scorer: Callable[..., Any], *, hears: bool) -> Listener:
    """Return a scorer that keeps the response of the estimator, for one scorer or several."""
    kind = ListenerToSeveral if isinstance(scorer, MultimetricScorer) else Listener
    return kind(scorer, hears=hears)
