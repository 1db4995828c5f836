"""The evaluation of a fold whose pipeline shares its leading steps with other candidates."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator

from skhpo._sklearn import (
    MultimetricScorer,
    PassthroughScorer,
    ResponseScorer,
    num_samples,
    raises_errors,
    routing_enabled,
    safe_indexing,
    safe_split,
    scorers_by_name,
)
from skhpo.search.sharing._front import Front, Rows, ledger_allows
from skhpo.search.sharing._settings import Sharing
from skhpo.search.sharing._store import store_of_process
from skhpo.search.sharing._value_keys import digest

if TYPE_CHECKING:
    from skhpo.boosting._fold import Watch

__all__ = ["FoldOnRows", "is_pure", "may_share"]


def may_share(sharing: Sharing | None) -> bool:
    """Whether any step may still be shared, as far as this process knows."""
    if sharing is None:
        return False
    ledgers = store_of_process().notes(sharing.token)
    return not ledgers or any(ledger_allows(sharing, ledger) for ledger in ledgers)


def is_pure(scorer: Any, score_params: Any) -> bool:
    """Whether a scorer uses nothing but what an estimator predicts, and its own ``score``.

    These are the scorers of scikit-learn and of its ``make_scorer``. Other callables may look into
    a pipeline.
    """
    if routing_enabled() and score_params:  # steps may have requested some
        return False
    scorers = [scorer]
    if type(scorer) is MultimetricScorer:
        scorers = list(scorers_by_name(scorer).values())
    return all(type(one) in (ResponseScorer, PassthroughScorer) for one in scorers)


class FoldOnRows(BaseEstimator):
    """An estimator that is given the numbers of rows, and takes the rows only if it needs them.

    scikit-learn fits and scores a fold with it in place of the estimator itself. So rows are taken
    out of the data, and go through the leading steps, only for the first candidate.

    Parameters
    ----------
    sharing : Sharing
        The settings of the search.
    estimator : estimator
        A clone that may be changed.
    X, y : array-like
        All data.
    train : ndarray
        The training rows.
    is_private : bool
        Whether nobody but scikit-learn sees the fitted estimator.
    is_fitted : bool
        Whether the estimator has been fitted before, and its training continues.
    needs_rows : bool
        Whether the ``fit`` of the estimator needs the rows itself, to hold out some of them.
    """

    def __init__(
        self,
        sharing: Sharing,
        estimator: Any,
        X: Any,
        y: Any,
        train: Any,
        *,
        is_private: bool,
        is_fitted: bool,
        needs_rows: bool,
    ) -> None:
        self.sharing = sharing
        self.estimator = estimator
        self.X = X
        self.y = y
        self.train = train
        self.is_private = is_private
        self.is_fitted = is_fitted
        self.needs_rows = needs_rows
        self._watch: Watch | None = None
        self._front: Front | None = None
        self._rows_of_fit: Any = None
        self._X_of_fit: Any = None

    def watched_by(self, watch: Watch) -> None:
        """Let early stopping know what the shared steps have transformed."""
        self._watch, watch.transformed = watch, self._transformed

    @property
    def all_rows(self) -> Any:
        """The numbers of all rows."""
        return np.arange(num_samples(self.X))

    def set_params(self, **params: Any) -> FoldOnRows:
        """Set parameters of the estimator."""
        self.estimator.set_params(**params)
        return self

    def fit(self, rows: Any, y: None = None, **params: Any) -> FoldOnRows:
        """Fit the estimator on rows of the data."""
        front = Front(
            self.sharing, self.estimator, is_private=self.is_private, is_fitted=self.is_fitted
        )
        self._rows_of_fit = rows
        if not front:
            self._fit(self._load(), rows, params)
            return self
        X = self._load() if self.needs_rows else Rows(self._load)
        self._front = front
        with front.installed(lambda: self._key_of_learned(rows)):
            self._fit(X, rows, params)
        return self

    def _fit(self, X: Any, rows: Any, params: Any) -> None:
        if self.y is None:
            self.estimator.fit(X, **params)
        else:
            self.estimator.fit(X, safe_indexing(self.y, rows), **params)

    def _load(self) -> Any:
        self._X_of_fit = self._take(self._rows_of_fit)
        return self._X_of_fit

    def _take(self, rows: Any) -> Any:
        """Return rows of the data; those that the fit has got, and maybe changed, are the same."""
        if rows is self._rows_of_fit and self._X_of_fit is not None:
            return self._X_of_fit
        return safe_split(self.estimator, self.X, None, rows, self.train)[0]

    def _key_of_learned(self, rows: Any) -> bytes:
        learned = None if self._watch is None else self._watch.rows
        return digest(np.asarray(rows if learned is None else learned))

    def _transformed(self, rows: Any) -> Any:
        """Return rows after all steps before the model, which are fitted; None without sharing."""
        if self._front is None or not self._front.transforms:
            return None
        return self._front.through_all(digest(rows), lambda: self._take(rows))

    def scorer(self, scorer: Callable[..., Any]) -> Callable[..., Any]:
        """Return a scorer of this estimator that calls a scorer of the estimator inside."""
        kind = _ScorersOnRows if isinstance(scorer, MultimetricScorer) else _ScorerOnRows
        return kind(scorer, self)

    def score_with(self, scorer: Callable[..., Any], rows: Any, params: Any) -> Any:
        """Return the score, or the scores, on rows of the data."""
        y = () if self.y is None else (safe_indexing(self.y, rows),)
        front = self._front
        if front is not None and front.transforms:
            kept = front.transformed(digest(np.asarray(rows)), lambda: self._take(rows))
            if kept is not None:
                return scorer(front.model_on(kept), rows, *y, **params)
        return scorer(self.estimator, self._take(rows), *y, **params)

    def close(self) -> None:
        """Record the times of the front."""
        if self._front is not None:
            self._front.record()


class _ScorerOnRows:
    """A scorer that scores a :class:`FoldOnRows`."""

    def __init__(self, scorer: Callable[..., Any], fold: FoldOnRows) -> None:
        self._scorer = scorer
        self._fold = fold

    def __call__(self, estimator: Any, rows: Any, *_: Any, **params: Any) -> Any:
        return self._fold.score_with(self._scorer, rows, params)


class _ScorersOnRows(_ScorerOnRows, MultimetricScorer):  # type: ignore[misc]
    """The same for scikit-learn's container of several scorers."""

    def __init__(self, scorers: MultimetricScorer, fold: FoldOnRows) -> None:
        _ScorerOnRows.__init__(self, scorers, fold)
        MultimetricScorer.__init__(
            self, scorers=scorers_by_name(scorers), raise_exc=raises_errors(scorers)
        )
