"""The front of a pipeline on one fold: the leading steps that are found in the store, or fitted."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, clone

from skhpo.search.sharing._ledger import Ledger
from skhpo.search.sharing._outputs import KeptOutput, checksum, keep, share_memory
from skhpo.search.sharing._settings import Sharing
from skhpo.search.sharing._steps import ends_of_blocks, leading_steps
from skhpo.search.sharing._store import store_of_process
from skhpo.search.sharing._value_keys import NoKeyError, dump_state, key_of_step, weigh

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

__all__ = ["Front", "Rows", "ledger_allows"]


@dataclass(frozen=True)
class Rows:
    """Rows that are only taken out of the data if a step needs them."""

    load: Callable[[], Any]


class _Skipped:
    """The output of a step that no other step needs, because its own output was found."""


@dataclass(frozen=True)
class _Fitted:
    """Leading steps that have been fitted on the training rows of a fold.

    Attributes
    ----------
    steps : tuple of estimator, or bytes
        The fitted steps. Bytes, if everyone needs copies of their own.
    output : KeptOutput
        The training rows, transformed.
    seconds : float
        How long the fits took.
    """

    steps: tuple[Any, ...] | bytes
    output: KeptOutput
    seconds: float


class Front:
    """The leading steps of one candidate's pipeline on one fold.

    It is the `memory` of the pipeline during the fit: scikit-learn asks a memory to fit and
    transform each leading step. Steps are looked up by the training rows, and by the values of all
    parameters up to them.

    Parameters
    ----------
    sharing : Sharing
        The settings of the search.
    estimator : estimator
        The estimator with the candidate's parameters.
    is_private : bool
        Whether nobody but scikit-learn sees the fitted steps, so that candidates may have the same
        ones. Otherwise each gets copies.
    is_fitted : bool
        Whether the estimator has been fitted before, so that its steps must be cloned.
    """

    def __init__(
        self, sharing: Sharing, estimator: Any, *, is_private: bool, is_fitted: bool
    ) -> None:
        start = perf_counter()
        self._sharing = sharing
        self._store = store_of_process()
        self._estimator = estimator
        self._is_private = is_private
        self.location = "cloned" if is_fitted else None  # a pipeline clones steps if it is not None
        steps = leading_steps(estimator)
        self._paths = steps.paths
        self._pipelines = steps.pipelines
        ends = ends_of_blocks(steps.paths, steps.model_path, sharing.searched)
        self._ends = [end for end in ends if self._is_worth_it(end)]
        self._keys: list[Hashable] = []
        if self._ends:
            for transformer in steps.transformers[: self._ends[-1] + 1]:
                try:
                    self._keys.append(key_of_step(clone(transformer) if is_fitted else transformer))
                except NoKeyError:
                    break
        self._ends = [end for end in self._ends if end < len(self._keys)]
        self._base: tuple[Hashable, ...] = ()
        self._rows: Callable[[], bytes] = bytes
        self._position = 0
        self._found: _Fitted | None = None
        self._n_found = 0  # number of steps that were found
        self._steps: list[Any] = []  # the fitted steps so far
        self._fit_seconds = 0.0  # what all of them took when they were fitted
        self._X: Any = None  # the training rows, if a step needed them
        self._checksum: int | None = None
        self._is_shareable = True
        self.n_shared = 0  # number of steps that are in the store
        self._seconds = perf_counter() - start  # what looking up and copying took

    def __bool__(self) -> bool:
        return bool(self._ends)

    def _ledger(self, end: int) -> Ledger:
        path = "/".join(self._paths[: end + 1])
        ledger: Ledger = self._store.note(self._sharing.token, path, Ledger)
        return ledger

    def _is_worth_it(self, end: int) -> bool:
        return ledger_allows(self._sharing, self._ledger(end))

    # -------------------------------------------------------------------------------- the fit

    @contextmanager
    def installed(self, rows: Callable[[], bytes]) -> Iterator[None]:
        """Be the memory of the pipeline during its fit.

        Parameters
        ----------
        rows : callable
            Returns a key of the rows that the pipeline is fitted on, at the first step.
        """
        self._rows = rows
        for pipeline in self._pipelines:
            pipeline.memory = self
        try:
            yield
        finally:
            for pipeline in self._pipelines:
                pipeline.memory = None

    def cache(self, function: Callable[..., Any], **_: Any) -> Callable[..., Any]:
        """Return a function that finds what scikit-learn's function would fit and transform."""

        def fit_transform(transformer: Any, X: Any, y: Any, **arguments: Any) -> tuple[Any, Any]:
            position = self._position
            self._position += 1
            if position == 0:
                self._look_up()
            if position < self._n_found:
                return self._take(position)
            X = X.load() if isinstance(X, Rows) else X
            if position == 0:
                self._X, self._checksum = X, _sum(X)
            if not self._is_shareable or position > self._ends[-1]:
                return function(transformer, X, y, **arguments)  # type: ignore[no-any-return]
            before, start = _random_state(), perf_counter()
            output, fitted = function(transformer, X, y, **arguments)
            self._fit_seconds += perf_counter() - start
            self._steps.append(fitted)
            if _random_state() != before:
                self._is_shareable = False
            elif position in self._ends:
                self._keep(position, output)
            return output, fitted

        return fit_transform

    def _look_up(self) -> None:
        """Find the most steps that have been fitted on the same rows."""
        start = perf_counter()
        self._base = (self._sharing.token, self._rows(), self._is_private)
        for end in reversed(self._ends):
            found = self._store.get(self._key(end))
            if found is not None:
                self._found, self._n_found, self.n_shared = found, end + 1, end + 1
                self._fit_seconds = found.seconds
                break
        self._seconds += perf_counter() - start

    def _key(self, end: int, *more: Hashable) -> tuple[Hashable, ...]:
        return (*self._base, tuple(self._keys[: end + 1]), *more)

    def _take(self, position: int) -> tuple[Any, Any]:
        """Return the output and the fitted step of a step that was found."""
        assert self._found is not None
        start = perf_counter()
        if not self._steps:
            steps = self._found.steps
            self._steps = list(pickle.loads(steps) if isinstance(steps, bytes) else steps)
        is_last = position == self._n_found - 1
        output = self._found.output.copy() if is_last else _Skipped()
        self._seconds += perf_counter() - start
        return output, self._steps[position]

    def _keep(self, end: int, output: Any) -> None:
        """Keep what has been fitted up to a step; if that is impossible, share no further step."""
        if self._X is not None and (
            _sum(self._X) != self._checksum or share_memory(self._X, output)
        ):  # the rows are changed in place, or may be, and that shows in scores on them
            self._is_shareable = False
            return
        try:
            n_bytes, has_random_state = weigh(self._steps)
            steps: tuple[Any, ...] | bytes = tuple(self._steps)
            if has_random_state or not self._is_private:
                steps = dump_state(self._steps)
            kept = keep(output)
        except Exception:  # of whatever an estimator or its output does when it is copied
            self._is_shareable = False
            return
        fitted = _Fitted(steps, kept, self._fit_seconds)
        n_bytes += kept.n_bytes
        if self._store.put(self._key(end), fitted, n_bytes, self._sharing.limit_here):
            self._found, self.n_shared = fitted, end + 1

    # ---------------------------------------------------------------------------- the scoring

    @property
    def transforms(self) -> bool:
        """Whether the shared steps may transform rows once for all candidates."""
        return self._found is not None and not isinstance(self._found.steps, bytes)

    def transformed(self, rows: bytes, load: Callable[[], Any]) -> KeptOutput | None:
        """Return rows after the shared steps; None if they cannot be shared.

        Parameters
        ----------
        rows : bytes
            A key of the rows.
        load : callable
            Returns the rows.
        """
        start = perf_counter()
        ends = [end for end in self._ends if end < self.n_shared]
        kept: KeptOutput | None = None
        first = 0
        for end in reversed(ends):
            kept = self._store.get(self._key(end, rows))
            if kept is not None:
                first = end + 1
                break
        if first == self.n_shared:
            self._seconds += perf_counter() - start
            return kept
        X = load() if kept is None else kept.copy()
        for position in range(first, self.n_shared):
            before = _random_state()
            try:
                X, is_changed = _transform_with_copy(self._steps[position], X)
                kept = keep(X) if position in ends else None
            except Exception:  # raised again where the pipeline itself transforms the rows
                _restore(before)
                return None
            if is_changed or _random_state() != before:
                _restore(before)
                self._refuse(position)
                return None
            if kept is not None:
                key = self._key(position, rows)
                self._store.put(key, kept, kept.n_bytes, self._sharing.limit_here)
        self._fit_seconds += perf_counter() - start
        return kept

    def _refuse(self, position: int) -> None:
        """Share no front any more that has the step at a position."""
        for end in self._ends:
            if end >= position:
                self._ledger(end).is_refused = True
                self._store.drop(self._key(end))

    def through_all(self, rows: bytes, load: Callable[[], Any]) -> Any:
        """Return rows after all steps before the model; None if they cannot be shared."""
        kept = self.transformed(rows, load)
        if kept is None:
            return None
        X = self._copy(kept)
        for step in leading_steps(self._estimator).transformers[self.n_shared :]:
            X = step.transform(X)
        return X

    def model_on(self, rows: KeptOutput) -> Pipeline:
        """Return the fitted steps that are not shared, as a pipeline on transformed rows."""
        from sklearn.pipeline import Pipeline

        steps = leading_steps(self._estimator)
        own = [*steps.transformers[self.n_shared :], steps.model]
        all_steps = [_Transformed(partial(self._copy, rows)), *own]
        return Pipeline([(f"step{i}", step) for i, step in enumerate(all_steps)])

    def _copy(self, rows: KeptOutput) -> Any:
        start = perf_counter()
        copy = rows.copy()
        self._seconds += perf_counter() - start
        return copy

    def record(self) -> None:
        """Record the times of this front, for the decision whether it is worth sharing."""
        if self._n_found == self.n_shared > 0:
            self._ledger(self.n_shared - 1).found(self._seconds)
        else:
            self._ledger(max(self.n_shared - 1, self._ends[0])).fitted(self._fit_seconds)


class _Transformed(BaseEstimator):
    """The first step of a pipeline that only scorers of scikit-learn see: transformed rows."""

    def __init__(self, copy: Callable[[], Any]) -> None:
        self.copy = copy

    def fit(self, X: Any, y: Any = None) -> _Transformed:
        """Do nothing."""
        return self

    def transform(self, X: Any) -> Any:
        """Return a new copy of the rows, whatever `X` is."""
        return self.copy()


def ledger_allows(sharing: Sharing, ledger: Ledger) -> bool:
    """Whether a front should be shared, by what is known of it."""
    if sharing.always:
        return not ledger.is_refused
    return ledger.is_worth_it(sharing.n_folds)


def _transform_with_copy(step: Any, X: Any) -> tuple[Any, bool]:
    """Transform rows by a copy of a step; return them, and whether that has changed the copy."""
    copy = pickle.loads(dump_state(step))
    before = dump_state(copy)
    X = copy.transform(X)
    return X, dump_state(copy) != before


def _sum(rows: Any) -> int | None:
    """Return a checksum of rows; None for rows that have none."""
    try:
        return checksum(rows)
    except Exception:  # of data of an unknown kind
        return None


def _random_state() -> bytes:
    """Return the states of the global random number generators."""
    return pickle.dumps((random.getstate(), np.random.get_state(legacy=False)))  # noqa: NPY002


def _restore(state: bytes) -> None:
    of_python, of_numpy = pickle.loads(state)
    random.setstate(of_python)
    np.random.set_state(of_numpy)  # noqa: NPY002
