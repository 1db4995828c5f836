"""The front of a pipeline on one fold: the leading steps that are found in the store, or fitted."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator, clone

from skhpo.search.sharing._branches import BranchedStep, may_be_branched
from skhpo.search.sharing._fitted import Fitted, keep_fitted
from skhpo.search.sharing._ledger import Ledger
from skhpo.search.sharing._outputs import KeptOutput, keep, share_memory
from skhpo.search.sharing._settings import Sharing
from skhpo.search.sharing._side_effects import (
    random_state,
    restore,
    sum_of_rows,
    transform_with_copy,
)
from skhpo.search.sharing._steps import ends_of_blocks, leading_steps, n_recurring
from skhpo.search.sharing._store import store_of_process
from skhpo.search.sharing._value_keys import NoKeyError, key_of_step

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

__all__ = ["Front", "Rows", "ledger_allows"]


@dataclass(frozen=True)
class Rows:
    """Rows that are only taken out of the data if a step needs them."""

    load: Callable[[], Any]


class _Skipped:
    """The output of a step that no other step needs, because its own output was found."""


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
        unfitted = [clone(one) if is_fitted else one for one in steps.transformers]
        self._branched = self._branched_steps(unfitted)
        self._keys = _keys(unfitted[: self._last + 1])
        self._ends = [end for end in self._ends if end < len(self._keys)]
        self._branched = {i: one for i, one in self._branched.items() if i <= len(self._keys)}
        self._base: tuple[Hashable, ...] = ()
        self._rows: Callable[[], bytes] = bytes
        self._position = 0
        self._found: Fitted | None = None
        self._n_found = 0  # number of steps that were found
        self._steps: list[Any] = []  # the fitted steps so far
        self._fit_seconds = 0.0  # what all of them took when they were fitted
        self._X: Any = None  # the training rows, if a step needed them
        self._checksum: int | None = None
        self._is_shareable = True
        self.n_shared = 0  # number of steps that are in the store
        self._n_ahead = 0  # number of steps through which rows go before they are scored
        self._seconds = perf_counter() - start  # what looking up and copying took

    def __bool__(self) -> bool:
        return self._last >= 0

    @property
    def _last(self) -> int:
        """The last step that is looked up, as a whole or by its branches; -1 if none is."""
        return max([*self._ends, *self._branched], default=-1)

    def _branched_steps(self, steps: list[Any]) -> dict[int, BranchedStep]:
        """Return the steps whose branches are looked up one by one."""
        n_possible = n_recurring(self._paths, self._sharing.searched) + 1
        found = {}
        for i, step in enumerate(steps[:n_possible]):
            if may_be_branched(step):
                branched = BranchedStep(
                    step,
                    self._paths[i],
                    self._sharing.searched,
                    store=self._store,
                    ledger=partial(self._ledger_of, *self._paths[:i]),
                    is_worth_it=partial(ledger_allows, self._sharing),
                )
                if branched:
                    found[i] = branched
        return found

    def _ledger(self, end: int) -> Ledger:
        return self._ledger_of(*self._paths[: end + 1])

    def _ledger_of(self, *paths: str) -> Ledger:
        ledger: Ledger = self._store.note(self._sharing.token, paths, Ledger)
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
                self._X, self._checksum = X, sum_of_rows(X)

            def fit(step: Any, rows: Any) -> tuple[Any, Any]:
                return function(step, rows, y, **arguments)  # type: ignore[no-any-return]

            if not self._is_shareable or position > self._last:
                return fit(transformer, X)
            before, start = random_state(), perf_counter()
            if position in self._branched:
                output, fitted = self._fit_branches(position, fit, transformer, X)
            else:
                output, fitted = fit(transformer, X)
            if any(position <= end for end in self._ends):
                self._fit_seconds += perf_counter() - start
            self._steps.append(fitted)
            if random_state() != before:
                self._is_shareable = False
            elif position in self._ends:
                self._keep(position, output)
            if (
                position in self._branched
                and self._branched[position].may_transform
                and self._is_shareable
            ):
                self._n_ahead = position + 1
            return output, fitted

        return fit_transform

    def _fit_branches(
        self, position: int, fit: Callable[[Any, Any], Any], step: Any, X: Any
    ) -> tuple[Any, Any]:
        return self._branched[position].fit(
            fit,
            step,
            X,
            (*self._base, tuple(self._keys[:position])),
            limit=self._sharing.limit_here,
            is_private=self._is_private,
        )

    def _look_up(self) -> None:
        """Find the most steps that have been fitted on the same rows."""
        start = perf_counter()
        self._base = (self._sharing.token, self._rows(), self._is_private)
        for end in reversed(self._ends):
            found = self._store.get(self._key(end))
            if found is not None:
                self._found, self._n_found = found, end + 1
                self.n_shared = self._n_ahead = end + 1
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
            self._steps = self._found.steps()
        is_last = position == self._n_found - 1
        output = self._found.output.copy() if is_last else _Skipped()
        self._seconds += perf_counter() - start
        return output, self._steps[position]

    def _keep(self, end: int, output: Any) -> None:
        """Keep what has been fitted up to a step; if that is impossible, share no further step."""
        if self._X is not None and (
            sum_of_rows(self._X) != self._checksum or share_memory(self._X, output)
        ):  # the rows are changed in place, or may be, and that shows in scores on them
            self._is_shareable = False
            return
        fitted = keep_fitted(self._steps, output, self._fit_seconds, is_private=self._is_private)
        if fitted is None:
            self._is_shareable = False
            return
        if self._store.put(self._key(end), fitted, fitted.n_bytes, self._sharing.limit_here):
            self._found, self.n_shared, self._n_ahead = fitted, end + 1, end + 1

    # ---------------------------------------------------------------------------- the scoring

    @property
    def transforms(self) -> bool:
        """Whether the shared steps may transform rows once for all candidates."""
        return self._n_ahead > 0 and (self._found is None or self._found.are_common)

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
        self._seconds += perf_counter() - start
        if first == self._n_ahead:
            return kept
        given, checksum = (kept.copy(), None) if kept is not None else _changeable_rows(load())
        X = given
        for position in range(first, self._n_ahead):
            before, start = random_state(), perf_counter()
            try:
                X, is_changed = self._transform(position, X, rows)
                is_kept = position in ends
                kept = keep(X) if is_kept or position == self._n_ahead - 1 else None
            except Exception:  # raised again where the pipeline itself transforms the rows
                restore(before)
                return None
            is_changed = is_changed or (checksum is not None and sum_of_rows(given) != checksum)
            if is_changed or random_state() != before:
                restore(before)
                self._refuse(position)
                return None
            if is_kept and kept is not None:
                key = self._key(position, rows)
                self._store.put(key, kept, kept.n_bytes, self._sharing.limit_here)
            if position < self.n_shared:
                self._fit_seconds += perf_counter() - start
        return kept

    def _transform(self, position: int, X: Any, rows: bytes) -> tuple[Any, bool]:
        """Transform rows by a copy of a step; return them, and whether that has changed it."""
        branched = self._branched.get(position)
        if branched is not None and branched.may_transform:
            return branched.transform(self._steps[position], X, rows, self._sharing.limit_here)
        return transform_with_copy(self._steps[position], X)

    def _refuse(self, position: int) -> None:
        """Share no front any more that has the step at a position."""
        for end in self._ends:
            if end >= position:
                self._ledger(end).is_refused = True
                self._store.drop(self._key(end))
        if position in self._branched:
            self._branched[position].refuse()

    def through_all(self, rows: bytes, load: Callable[[], Any]) -> Any:
        """Return rows after all steps before the model; None if they cannot be shared."""
        kept = self.transformed(rows, load)
        if kept is None:
            return None
        X = self._copy(kept)
        for step in leading_steps(self._estimator).transformers[self._n_ahead :]:
            X = step.transform(X)
        return X

    def model_on(self, rows: KeptOutput) -> Pipeline:
        """Return the fitted steps that are not shared, as a pipeline on transformed rows."""
        from sklearn.pipeline import Pipeline

        steps = leading_steps(self._estimator)
        own = [*steps.transformers[self._n_ahead :], steps.model]
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
        elif self._ends:
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


def _changeable_rows(rows: Any) -> tuple[Any, int | None]:
    """Return a copy of rows, which steps may change in place, and a checksum of it.

    The pipeline itself may need the rows as they are. Texts and the like cannot be changed: they
    are returned themselves, without a checksum.
    """
    checksum = sum_of_rows(rows)
    if not checksum:
        return rows, None
    try:
        return keep(rows).copy(), checksum
    except NoKeyError:
        return rows, checksum


def _keys(steps: list[Any]) -> list[Hashable]:
    """Return the keys of steps, up to the first one that has none."""
    keys = []
    for step in steps:
        try:
            keys.append(key_of_step(step))
        except NoKeyError:
            break
    return keys


def ledger_allows(sharing: Sharing, ledger: Ledger) -> bool:
    """Whether a front should be shared, by what is known of it."""
    if sharing.always:
        return not ledger.is_refused
    return ledger.is_worth_it(sharing.n_folds)
