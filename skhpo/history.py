"""Trials as columns: the record that samplers and pruners read.

Row ``i`` is trial number ``i``. Numbers of a row are written once, when the trial
starts, gets a parameter, or ends; algorithms read arrays and never walk over trial objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skhpo.distributions import BaseDistribution
from skhpo.multi_objective import (
    crowding_distance,
    nondomination_rank,
    ranked_where_absurd,
    reference_point,
    select_by_hypervolume,
)
from skhpo.trial import FrozenTrial, TrialState

__all__ = [
    "PREDICTED_VALUE",
    "PREDICTED_VARIANCE",
    "Columns",
    "History",
    "Table",
    "best_by_fronts",
    "first_smallest",
    "total_violation",
]

# System attributes of a trial that was stopped early: what its value would have been.
PREDICTED_VALUE = "skhpo:predicted_value"
PREDICTED_VARIANCE = "skhpo:predicted_variance"

MAX_OBJECTIVES_BY_VOLUME = 3

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class _Growing:
    """An array that grows along its first axis, by doubling."""

    def __init__(self, fill: float, dtype: Any = np.float64, tail: tuple[int, ...] = ()) -> None:
        self._fill = fill
        self._data = np.full((16, *tail), fill, dtype=dtype)

    def ensure(self, n_rows: int) -> NDArray[Any]:
        """Return the data, with room for at least `n_rows` rows."""
        capacity = len(self._data)
        if n_rows > capacity:
            new = np.full(
                (max(n_rows, 2 * capacity), *self._data.shape[1:]), self._fill, self._data.dtype
            )
            new[:capacity] = self._data
            self._data = new
        return self._data


class Table:
    """Rows of numbers, appended one by one.

    Parameters
    ----------
    n_columns : int
        Length of a row.
    """

    def __init__(self, n_columns: int) -> None:
        self._array = _Growing(np.nan, tail=(n_columns,))
        self._n_rows = 0

    def __len__(self) -> int:
        return self._n_rows

    def append(self, row: ArrayLike) -> None:
        """Append a row."""
        self._n_rows += 1
        self._array.ensure(self._n_rows)[self._n_rows - 1] = row

    @property
    def rows(self) -> FloatArray:
        """The rows so far, ndarray of shape (n_rows, n_columns)."""
        return self._array.ensure(0)[: self._n_rows]


class History:
    """A study's trials as columns.

    Parameters
    ----------
    maximize : bool or sequence of bool
        Whether larger values are better, by objective. Losses are values in the sense
        "smaller is better".

    Attributes
    ----------
    signs : ndarray of shape (n_objectives,)
        What turns values into losses: -1 where larger is better, otherwise 1.
    n_trials, n_finished, n_complete : int
        Numbers of trials.
    distributions : dict of str to BaseDistribution
        The latest distribution of each parameter.
    """

    def __init__(self, maximize: bool | Sequence[bool]) -> None:
        self.signs = np.where(np.atleast_1d(maximize), -1.0, 1.0)
        self.sign = float(self.signs[0])
        self.n_objectives = len(self.signs)
        self.n_trials = 0
        self.n_finished = 0
        self.n_complete = 0
        self._n_changes = 0
        self._state = _Growing(TrialState.WAITING, np.int8)
        self._losses = _Growing(np.nan, tail=(self.n_objectives,))
        self._variances = _Growing(0.0, tail=(self.n_objectives,))
        self._violation = _Growing(0.0)
        self._constraints: dict[str, _Growing] = {}
        self._last_step = _Growing(-1, np.int64)
        self._last_loss = _Growing(np.nan)
        self._params: dict[str, _Growing] = {}
        self._touched: list[int] = []  # rows, in the order in which they got parameters
        self._columns: dict[Any, Columns] = {}
        self._curves: dict[tuple[int, ...], Table] = {}
        self._patterns: set[frozenset[str]] = set()
        self._groups: tuple[frozenset[str], ...] = ()
        self.distributions: dict[str, BaseDistribution] = {}

    def __getstate__(self) -> dict[str, Any]:
        # Views of this table are made anew; keys are such as formats other than pickle allow.
        return self.__dict__ | {"_columns": {}, "_curves": list(self._curves.items())}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _curves=dict(state["_curves"]))

    # ------------------------------------------------------------- what is written

    def add(self, trial: FrozenTrial) -> None:
        """Append a trial, in whichever state it is."""
        number = trial.number
        if number != self.n_trials:
            raise ValueError(f"Trial {number} cannot follow {self.n_trials} trials.")
        self.n_trials += 1
        self._n_changes += 1
        self._state.ensure(self.n_trials)[number] = trial.state
        for array in (
            self._losses,
            self._variances,
            self._violation,
            self._last_step,
            self._last_loss,
        ):
            array.ensure(self.n_trials)
        for name, distribution in trial.distributions.items():
            internal = distribution.to_internal_repr(trial.params[name])
            self.set_param(number, name, internal, distribution)
        if trial.state.is_finished():
            self.finish(trial)

    def set_state(self, number: int, state: TrialState) -> None:
        """Move an open trial to another open state."""
        self.state[number] = state
        self._n_changes += 1

    def set_param(
        self, number: int, name: str, internal: float, distribution: BaseDistribution
    ) -> None:
        """Set a parameter of a trial, as the distribution's internal number."""
        if name not in self._params:
            self._params[name] = _Growing(np.nan)
        self._params[name].ensure(self.n_trials)[number] = internal
        self.distributions[name] = distribution
        self._touched.append(number)
        self._n_changes += 1

    def finish(self, trial: FrozenTrial) -> None:
        """Record how a trial ended."""
        number = trial.number
        self.state[number] = trial.state
        self._n_changes += 1
        self.n_finished += 1
        self.n_complete += trial.state == TrialState.COMPLETE
        values = trial.values if trial.state == TrialState.COMPLETE else None
        if PREDICTED_VALUE in trial.system_attrs:
            values = np.atleast_1d(trial.system_attrs[PREDICTED_VALUE]).tolist()
            self.variances[number] = trial.system_attrs.get(PREDICTED_VARIANCE, 0.0)
        if values is not None:
            self.losses[number] = self.signs * values
        if trial.system_attrs:
            self._set_constraints(number, trial.constraints)
        if (last_step := trial.last_step) is not None:
            self._last_step.ensure(self.n_trials)[number] = last_step
            last_value = trial.intermediate_values[last_step]
            self._last_loss.ensure(self.n_trials)[number] = self.sign * last_value
            if trial.state == TrialState.COMPLETE:
                steps = tuple(sorted(trial.intermediate_values))
                curve = [self.sign * trial.intermediate_values[step] for step in steps]
                if steps not in self._curves:
                    self._curves[steps] = Table(len(steps))
                self._curves[steps].append(curve)
        self._note_pattern(frozenset(trial.params))

    def _set_constraints(self, number: int, constraints: Mapping[str, float]) -> None:
        for name, value in constraints.items():
            if name not in self._constraints:
                self._constraints[name] = _Growing(np.nan)
            self._constraints[name].ensure(self.n_trials)[number] = value
        self.violation[number] = total_violation(constraints)

    def _note_pattern(self, names: frozenset[str]) -> None:
        """Split the groups of parameters until each occurs as a whole or not at all."""
        if not names or names in self._patterns:
            return
        self._patterns.add(names)
        parts = [part for group in self._groups for part in (group & names, group - names)]
        parts.append(names.difference(*self._groups))
        self._groups = tuple(part for part in parts if part)

    # ---------------------------------------------------------------- what is read

    @property
    def state(self) -> NDArray[np.int8]:
        """States of the trials, ndarray of shape (n_trials,)."""
        return self._state.ensure(0)[: self.n_trials]

    @property
    def losses(self) -> FloatArray:
        """Losses, ndarray of shape (n_trials, n_objectives); smaller is better.

        That of a trial that was stopped early is the prediction of its full value,
        where there is one. NaN where nothing is known.
        """
        return self._losses.ensure(0)[: self.n_trials]

    @property
    def loss(self) -> FloatArray:
        """Losses of the first objective, ndarray of shape (n_trials,)."""
        return self.losses[:, 0]

    @property
    def variances(self) -> FloatArray:
        """Known variance of each loss, ndarray of shape (n_trials, n_objectives); usually 0.

        Only a trial that was stopped early has one: that of the prediction of its losses.
        """
        return self._variances.ensure(0)[: self.n_trials]

    @property
    def violation(self) -> FloatArray:
        """By how much each trial breaks its constraints in total, ndarray of shape (n_trials,).

        The sum of the constraints above 0; 0 for a trial that breaks, or has, none.
        """
        return self._violation.ensure(0)[: self.n_trials]

    @property
    def constraints(self) -> FloatArray:
        """Constraints, ndarray of shape (n_trials, n_constraints); NaN where not set.

        At most 0 where a constraint is met; in the order in which they were first set.
        """
        columns = [
            column.ensure(self.n_trials)[: self.n_trials] for column in self._constraints.values()
        ]
        return np.column_stack(columns) if columns else np.empty((self.n_trials, 0))

    @property
    def last_loss(self) -> FloatArray:
        """Last reported losses, ndarray of shape (n_trials,); NaN where nothing was reported."""
        return self._last_loss.ensure(0)[: self.n_trials]

    @property
    def largest_step(self) -> int | None:
        """The largest step that a complete trial has reported; None if none has."""
        steps = self._last_step.ensure(0)[: self.n_trials][self.state == TrialState.COMPLETE]
        largest = int(steps.max(initial=-1))
        return None if largest < 0 else largest

    def curves(self) -> tuple[IntArray, FloatArray]:
        """Intermediate losses of the complete trials, over the steps most of them share.

        Returns
        -------
        steps : ndarray of shape (n_steps,)
        losses : ndarray of shape (n_complete, n_steps)
            In the order in which the trials ended.
        """
        if not self._curves:
            return np.empty(0, dtype=np.int64), np.empty((0, 0))
        steps, table = max(self._curves.items(), key=lambda item: len(item[1]))
        return np.array(steps, dtype=np.int64), table.rows

    def group_of(self, name: str) -> frozenset[str]:
        """Names that have so far always occurred together with `name`, itself included."""
        for group in self._groups:
            if name in group:
                return group
        return frozenset((name,))

    def columns(self, distributions: Mapping[str, BaseDistribution]) -> Columns:
        """Return the trials that have all of some parameters, in the unit cube.

        Parameters
        ----------
        distributions : mapping of str to BaseDistribution
            Names and distributions; values outside a distribution count as missing.

        Returns
        -------
        columns : Columns
            Up to date, and kept up to date at little cost by the next call.
        """
        key = tuple(distributions.items())
        if key not in self._columns:
            self._columns[key] = Columns(self, distributions)
        columns = self._columns[key]
        columns.refresh()
        return columns


class Columns:
    """The trials that have all of a group of parameters, as points in the unit cube.

    Attributes
    ----------
    history : History
        The whole record.
    names : tuple of str
        The parameters, one a dimension.
    distributions : tuple of BaseDistribution
        Their distributions.
    """

    def __init__(self, history: History, distributions: Mapping[str, BaseDistribution]) -> None:
        self.history = history
        self.names = tuple(distributions)
        self.distributions = tuple(distributions.values())
        self._points = _Growing(np.nan, tail=(len(self.names),))
        self._present = _Growing(False, dtype=bool)
        self._n_read = 0
        self._rows_as_of = -1  # number of changes when the rows below were found
        self._finished = self._pending = np.empty(0, dtype=np.int64)
        self._known = self._unknown = self._finished
        self.layout: Any = None  # a sampler may keep here what it derives from the distributions

    def refresh(self) -> None:
        """Read what the history was given since the last time."""
        touched = self.history._touched
        if self._n_read == len(touched):
            return
        rows = np.unique(touched[self._n_read :])
        self._n_read, self._rows_as_of = len(touched), -1
        n_trials = self.history.n_trials
        points = self._points.ensure(n_trials)
        for j, (name, distribution) in enumerate(zip(self.names, self.distributions, strict=True)):
            if name in self.history._params:
                internal = self.history._params[name].ensure(n_trials)[rows]
                points[rows, j] = distribution.to_unit(internal)
        self._present.ensure(n_trials)[rows] = ~np.isnan(points[rows]).any(axis=1)

    @property
    def points(self) -> FloatArray:
        """Points in the unit cube, ndarray of shape (n_trials, n_params); NaN where missing."""
        return self._points.ensure(self.history.n_trials)[: self.history.n_trials]

    @property
    def finished(self) -> IntArray:
        """Rows of the finished trials, failed ones included, by number."""
        self._find_rows()
        return self._finished

    @property
    def pending(self) -> IntArray:
        """Rows of the trials under way, by number."""
        self._find_rows()
        return self._pending

    @property
    def known(self) -> IntArray:
        """Rows of the finished trials whose losses are all known, by number."""
        self._find_rows()
        return self._known

    @property
    def unknown(self) -> IntArray:
        """Rows of the finished trials that failed, or stopped early without a prediction."""
        self._find_rows()
        return self._unknown

    @property
    def is_conditional(self) -> bool:
        """Whether some trial that ended without failing does not have these parameters."""
        state = self.history.state
        n_without_failure = np.isin(state, (TrialState.COMPLETE, TrialState.PRUNED)).sum()
        failed = state[self.finished] == TrialState.FAIL
        return bool(np.count_nonzero(~failed) < n_without_failure)

    def _find_rows(self) -> None:
        """Sort out the trials by how they stand, if anything has changed since the last time."""
        history = self.history
        if self._rows_as_of == history._n_changes:
            return
        self._rows_as_of = history._n_changes
        rows = np.flatnonzero(self._present.ensure(history.n_trials)[: history.n_trials])
        state = history.state[rows]
        self._pending = rows[state == TrialState.RUNNING]
        self._finished = rows[(state != TrialState.RUNNING) & (state != TrialState.WAITING)]
        is_unknown = np.isnan(history.losses[self._finished]).any(axis=1)
        self._known, self._unknown = self._finished[~is_unknown], self._finished[is_unknown]

    def split(self, n_best: int) -> tuple[IntArray, IntArray]:
        """Split the finished trials into the best and the others.

        Trials with known losses come first: by loss and number; with several objectives by
        non-domination rank, of the last front those that together dominate most.
        Next come those that were stopped early without a prediction, the furthest first, by
        their last report. Then those that break constraints, by how much. Failed trials
        are never among the best.

        Parameters
        ----------
        n_best : int
            How many, at most.

        Returns
        -------
        best : ndarray of shape (<= n_best,)
            Rows, the best first.
        others : ndarray
            The remaining rows, by number.
        """
        history, rows = self.history, self.finished
        is_feasible = history.violation <= 0.0
        best = self._first(self.known[is_feasible[self.known]], n_best)
        if len(best) < n_best:
            pruned = self._pruned(self.unknown[is_feasible[self.unknown]])
            best = np.concatenate([best, pruned])[:n_best]
        if len(best) < n_best:
            broken = rows[~is_feasible[rows] & (history.state[rows] != TrialState.FAIL)]
            by_violation = broken[np.argsort(history.violation[broken], kind="stable")]
            best = np.concatenate([best, by_violation])[:n_best]
        is_best = np.zeros(history.n_trials, dtype=bool)
        is_best[best] = True
        return best, rows[~is_best[rows]]

    def _first(self, rows: IntArray, n: int) -> IntArray:
        """Return the `n` best of some trials with known losses, the best first."""
        losses = self.history.losses[rows]
        if self.history.n_objectives > 1:
            return rows[best_by_fronts(losses, n)]
        if len(rows) > n:
            rows = rows[first_smallest(losses[:, 0], n)]
        return rows[np.argsort(self.history.loss[rows], kind="stable")]

    def _pruned(self, rows: IntArray) -> IntArray:
        pruned = rows[self.history.state[rows] == TrialState.PRUNED]
        step = self.history._last_step.ensure(0)[pruned]
        last_loss = self.history.last_loss[pruned]
        ordered: IntArray = pruned[np.lexsort((last_loss, -step))]
        return ordered


def total_violation(constraints: Mapping[str, float]) -> float:
    """By how much constraints are broken: the sum of those above 0."""
    return sum(max(value, 0.0) for value in constraints.values())


def first_smallest(values: FloatArray, n: int) -> IntArray:
    """Return the ascending indices of the `n` smallest values; of equal ones, the first.

    ``numpy.argpartition`` picks among equals as the processor's instruction set has it.
    """
    threshold = np.partition(values, n - 1)[n - 1]
    below = np.flatnonzero(values < threshold)
    equal = np.flatnonzero(values == threshold)[: n - len(below)]
    return np.sort(np.concatenate([below, equal]))


def best_by_fronts(losses: FloatArray, n: int) -> IntArray:
    """Return the indices of the `n` best of several objectives, the best first.

    By non-domination rank; of the last front that counts, those that together dominate the
    largest volume (Ozaki et al. 2022, section 4), or with more than three objectives, where
    volumes take long, those that are least crowded.
    """
    rank = nondomination_rank(losses, n_below=n)
    losses = ranked_where_absurd(losses)
    order = np.argsort(rank, kind="stable")
    if len(losses) <= n:
        return order
    last_front = np.flatnonzero(rank == rank[order[n - 1]])
    whole_fronts = order[: np.searchsorted(rank[order], rank[order[n - 1]])]
    front = losses[last_front]
    n_left = n - len(whole_fronts)
    if losses.shape[1] > MAX_OBJECTIVES_BY_VOLUME:
        chosen = np.argsort(-crowding_distance(front), kind="stable")[:n_left]
    else:
        chosen = select_by_hypervolume(front, n_left, reference_point(losses))
    return np.concatenate([whole_fronts, last_front[chosen]])
