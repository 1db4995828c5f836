"""Trials in columnar form, for samplers and pruners.

Row ``i`` is trial number ``i``. Each entry is written once, when the trial starts, gets a
parameter, or ends. Algorithms read arrays and never iterate over trial objects.
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
    "COST",
    "EXTRA",
    "PREDICTED_VALUE",
    "PREDICTED_VARIANCE",
    "PREFERRED",
    "SUBMODELS",
    "SUBMODEL_OF",
    "UNTOLD",
    "Columns",
    "History",
    "Table",
    "best_by_fronts",
    "first_smallest",
    "total_violation",
]

# System attributes of a trial that was stopped early: the prediction of its full value.
PREDICTED_VALUE = "skhpo:predicted_value"
PREDICTED_VARIANCE = "skhpo:predicted_variance"
SUBMODELS = "skhpo:submodels"  # attribute of a trial whose fits are shared: with which sizes
SUBMODEL_OF = "skhpo:submodel_of"  # attribute of a submodel: number of the trial with the fits
EXTRA = "skhpo:extra"  # attribute of a submodel that does not count as one of the candidates
UNTOLD = "skhpo:untold"  # attribute of a trial that samplers and pruners do not see
COST = "skhpo:cost"  # system attribute of a trial: its cost, for samplers that are aware of it
# Samplers treat bounds of a preferred region as constraints; their names begin with this.
PREFERRED = "preferred: "

MAX_OBJECTIVES_BY_VOLUME = 3

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class _Growing:
    """An array that grows along its first axis, by doubling."""

    def __init__(self, fill: float, dtype: Any = np.float64, tail: tuple[int, ...] = ()) -> None:
        self._fill = fill
        self._data = np.full((16, *tail), fill, dtype=dtype)

    def ensure(self, n_rows: int) -> NDArray[Any]:
        """Return the data, with a capacity of at least `n_rows` rows."""
        capacity = len(self._data)
        if n_rows > capacity:
            new = np.full(
                (max(n_rows, 2 * capacity), *self._data.shape[1:]), self._fill, self._data.dtype
            )
            new[:capacity] = self._data
            self._data = new
        return self._data


class Table:
    """A table of numbers, with rows appended one by one.

    Parameters
    ----------
    n_columns : int
        Number of columns.
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
    """A study's trials in columnar form.

    Parameters
    ----------
    maximize : bool or sequence of bool
        Whether larger values are better, for each objective. Losses are values with a sign such
        that smaller is better.

    Attributes
    ----------
    signs : ndarray of shape (n_objectives,)
        Factors that turn values into losses: -1 if larger is better, otherwise 1.
    n_trials, n_submodels : int
        Numbers of trials. Submodels are scored on the fits of other trials.
    n_finished, n_complete : int
        Numbers of trials that samplers and pruners are told of. Of several sizes of a model that
        are scored on the same fits, these may be the best only.
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
        self.n_submodels = 0
        self.n_changes = 0
        self._state = _Growing(TrialState.WAITING, np.int8)
        self._is_untold = _Growing(False, dtype=bool)
        self._losses = _Growing(np.nan, tail=(self.n_objectives,))
        self._variances = _Growing(0.0, tail=(self.n_objectives,))
        self._violation = _Growing(0.0)
        self._constraints: dict[str, _Growing] = {}
        self.last_steps = _Growing(-1, np.int64)
        self._last_loss = _Growing(np.nan)
        self._costs = _Growing(np.nan)
        self.params: dict[str, _Growing] = {}
        self.touched: list[int] = []  # rows, in the order in which they got parameters
        self._columns: dict[Any, Columns] = {}
        self._curves: dict[tuple[int, ...], Table] = {}
        self._patterns: set[frozenset[str]] = set()
        self._groups: tuple[frozenset[str], ...] = ()
        self.distributions: dict[str, BaseDistribution] = {}

    def __getstate__(self) -> dict[str, Any]:
        # Columns are recreated on demand; curves are a list, as not all formats allow tuple keys.
        return self.__dict__ | {"_columns": {}, "_curves": list(self._curves.items())}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.n_submodels = 0  # older pickles have none
        self._is_untold = _Growing(False, dtype=bool)
        self.__dict__.update(state, _curves=dict(state["_curves"]))

    # --------------------------------------------------------------------- writing

    def add(self, trial: FrozenTrial) -> None:
        """Append a trial in any state."""
        number = trial.number
        if number != self.n_trials:
            raise ValueError(f"Trial {number} cannot follow {self.n_trials} trials.")
        self.n_trials += 1
        self.n_changes += 1
        self.n_submodels += SUBMODEL_OF in trial.system_attrs
        self._state.ensure(self.n_trials)[number] = trial.state
        for array in (
            self._is_untold,
            self._losses,
            self._variances,
            self._violation,
            self.last_steps,
            self._last_loss,
            self._costs,
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
        self.n_changes += 1

    def set_param(
        self, number: int, name: str, internal: float, distribution: BaseDistribution
    ) -> None:
        """Set a parameter of a trial to an internal representation."""
        if name not in self.params:
            self.params[name] = _Growing(np.nan)
        self.params[name].ensure(self.n_trials)[number] = internal
        self.distributions[name] = distribution
        self.touched.append(number)
        self.n_changes += 1

    def finish(self, trial: FrozenTrial) -> None:
        """Record the result of a trial."""
        number = trial.number
        self.state[number] = trial.state
        self.n_changes += 1
        is_told = UNTOLD not in trial.system_attrs
        self.is_untold[number] = not is_told
        self.n_finished += is_told
        self.n_complete += is_told and trial.state == TrialState.COMPLETE
        values = trial.values if trial.state == TrialState.COMPLETE else None
        if PREDICTED_VALUE in trial.system_attrs:
            values = np.atleast_1d(trial.system_attrs[PREDICTED_VALUE]).tolist()
            self.variances[number] = trial.system_attrs.get(PREDICTED_VARIANCE, 0.0)
        if values is not None:
            self.losses[number] = self.signs * values
        if trial.system_attrs:
            self._set_constraints(number, trial.constraints)
            self.costs[number] = trial.system_attrs.get(COST, np.nan)
        if (last_step := trial.last_step) is not None:
            self.last_steps.ensure(self.n_trials)[number] = last_step
            last_value = trial.intermediate_values[last_step]
            self._last_loss.ensure(self.n_trials)[number] = self.sign * last_value
            if is_told and trial.state == TrialState.COMPLETE:
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
        """Split groups of parameters so that each trial has all or none of a group."""
        if not names or names in self._patterns:
            return
        self._patterns.add(names)
        parts = [part for group in self._groups for part in (group & names, group - names)]
        parts.append(names.difference(*self._groups))
        self._groups = tuple(part for part in parts if part)

    # --------------------------------------------------------------------- reading

    @property
    def state(self) -> NDArray[np.int8]:
        """States of the trials, ndarray of shape (n_trials,)."""
        return self._state.ensure(0)[: self.n_trials]

    @property
    def is_untold(self) -> NDArray[np.bool_]:
        """Which trials samplers and pruners do not see, ndarray of bool of shape (n_trials,)."""
        return self._is_untold.ensure(self.n_trials)[: self.n_trials]

    @property
    def losses(self) -> FloatArray:
        """Losses, ndarray of shape (n_trials, n_objectives); smaller is better.

        The loss of a trial that was stopped early is the prediction of its full value, if there
        is one. Unknown losses are NaN.
        """
        return self._losses.ensure(0)[: self.n_trials]

    @property
    def loss(self) -> FloatArray:
        """Losses of the first objective, ndarray of shape (n_trials,)."""
        return self.losses[:, 0]

    @property
    def variances(self) -> FloatArray:
        """Known variance of each loss, ndarray of shape (n_trials, n_objectives); usually 0.

        Only trials that were stopped early have one: the variance of the predicted losses.
        """
        return self._variances.ensure(0)[: self.n_trials]

    @property
    def violation(self) -> FloatArray:
        """Total constraint violation of each trial, ndarray of shape (n_trials,).

        This is the sum of the constraint values above 0; it is 0 for a feasible trial.
        """
        return self._violation.ensure(0)[: self.n_trials]

    @property
    def costs(self) -> FloatArray:
        """Recorded costs of the trials, ndarray of shape (n_trials,); NaN if unknown."""
        return self._costs.ensure(0)[: self.n_trials]

    @property
    def constraints(self) -> FloatArray:
        """Constraint values, ndarray of shape (n_trials, n_constraints); NaN if not set.

        A constraint is satisfied at 0 or less. Columns are in the order in which the constraints
        were first set.
        """
        columns = [
            column.ensure(self.n_trials)[: self.n_trials] for column in self._constraints.values()
        ]
        return np.column_stack(columns) if columns else np.empty((self.n_trials, 0))

    @property
    def last_loss(self) -> FloatArray:
        """Last reported losses, ndarray of shape (n_trials,); NaN if nothing was reported."""
        return self._last_loss.ensure(0)[: self.n_trials]

    @property
    def largest_step(self) -> int | None:
        """The largest step reported by a complete trial; None if there are no reports."""
        steps = self.last_steps.ensure(0)[: self.n_trials][self.state == TrialState.COMPLETE]
        largest = int(steps.max(initial=-1))
        return None if largest < 0 else largest

    def curves(self) -> tuple[IntArray, FloatArray]:
        """Return intermediate losses of the complete trials, at the most common set of steps.

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
        """Return the names that so far always occurred together with `name`, including it."""
        for group in self._groups:
            if name in group:
                return group
        return frozenset((name,))

    def columns(self, distributions: Mapping[str, BaseDistribution]) -> Columns:
        """Return the trials that have all given parameters, as points in the unit cube.

        Parameters
        ----------
        distributions : mapping of str to BaseDistribution
            Names and distributions. Values outside a distribution count as missing.

        Returns
        -------
        columns : Columns
            The current trials. A later call updates them incrementally.
        """
        key = tuple(distributions.items())
        if key not in self._columns:
            self._columns[key] = Columns(self, distributions)
        columns = self._columns[key]
        columns.refresh()
        return columns


class Columns:
    """The trials that have all parameters of a group, as points in the unit cube.

    Attributes
    ----------
    history : History
        The history of all trials.
    names : tuple of str
        Names of the parameters, one per dimension.
    distributions : tuple of BaseDistribution
        Distributions of the parameters.
    """

    def __init__(self, history: History, distributions: Mapping[str, BaseDistribution]) -> None:
        self.history = history
        self.names = tuple(distributions)
        self.distributions = tuple(distributions.values())
        self._points = _Growing(np.nan, tail=(len(self.names),))
        self._present = _Growing(False, dtype=bool)
        self._n_read = 0
        self._rows_as_of = -1  # number of changes at which the rows below were computed
        self._finished = self._pending = np.empty(0, dtype=np.int64)
        self._known = self._unknown = self._finished
        self.layout: Any = None  # a sampler may cache here what it derives from the distributions

    def refresh(self) -> None:
        """Read the changes of the history since the last call."""
        touched = self.history.touched
        if self._n_read == len(touched):
            return
        rows = np.unique(touched[self._n_read :])
        self._n_read, self._rows_as_of = len(touched), -1
        n_trials = self.history.n_trials
        points = self._points.ensure(n_trials)
        for j, (name, distribution) in enumerate(zip(self.names, self.distributions, strict=True)):
            if name in self.history.params:
                internal = self.history.params[name].ensure(n_trials)[rows]
                points[rows, j] = distribution.to_unit(internal)
        self._present.ensure(n_trials)[rows] = ~np.isnan(points[rows]).any(axis=1)

    @property
    def points(self) -> FloatArray:
        """Points in the unit cube, ndarray of shape (n_trials, n_params); NaN if missing."""
        return self._points.ensure(self.history.n_trials)[: self.history.n_trials]

    @property
    def finished(self) -> IntArray:
        """Rows of the finished trials, including failed ones, by number."""
        self._find_rows()
        return self._finished

    @property
    def pending(self) -> IntArray:
        """Rows of the running trials, by number."""
        self._find_rows()
        return self._pending

    @property
    def known(self) -> IntArray:
        """Rows of the finished trials whose losses are all known, by number."""
        self._find_rows()
        return self._known

    @property
    def unknown(self) -> IntArray:
        """Rows of the trials that failed, or were stopped early without a prediction."""
        self._find_rows()
        return self._unknown

    @property
    def is_conditional(self) -> bool:
        """Whether a trial that ended without failure lacks these parameters."""
        state = self.history.state
        is_seen = ~self.history.is_untold
        n_without_failure = np.isin(state[is_seen], (TrialState.COMPLETE, TrialState.PRUNED)).sum()
        failed = state[self.finished] == TrialState.FAIL
        return bool(np.count_nonzero(~failed) < n_without_failure)

    def _find_rows(self) -> None:
        """Group the rows by the state of their trials, if anything changed since the last call."""
        history = self.history
        if self._rows_as_of == history.n_changes:
            return
        self._rows_as_of = history.n_changes
        is_present = self._present.ensure(history.n_trials)[: history.n_trials]
        rows = np.flatnonzero(is_present & ~history.is_untold)
        state = history.state[rows]
        self._pending = rows[state == TrialState.RUNNING]
        self._finished = rows[(state != TrialState.RUNNING) & (state != TrialState.WAITING)]
        is_unknown = np.isnan(history.losses[self._finished]).any(axis=1)
        self._known, self._unknown = self._finished[~is_unknown], self._finished[is_unknown]

    def split(self, n_best: int) -> tuple[IntArray, IntArray]:
        """Split the finished trials into the best and the others.

        Trials with known losses come first, ordered by loss and number; with several objectives,
        by non-domination rank, and on the last front by hypervolume. Next come trials that were
        stopped early without a prediction, ordered by their last step (the largest first) and
        last report. Infeasible trials follow, ordered by constraint violation. Failed trials are
        never among the best.

        Parameters
        ----------
        n_best : int
            Maximal number of best trials.

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
        step = self.history.last_steps.ensure(0)[pruned]
        last_loss = self.history.last_loss[pruned]
        ordered: IntArray = pruned[np.lexsort((last_loss, -step))]
        return ordered


def total_violation(constraints: Mapping[str, float]) -> float:
    """Return the total constraint violation: the sum of the values above 0."""
    return sum(max(value, 0.0) for value in constraints.values())


def first_smallest(values: FloatArray, n: int) -> IntArray:
    """Return the ascending indices of the `n` smallest values; ties are broken by index.

    With ``numpy.argpartition``, the choice among ties depends on the processor.
    """
    threshold = np.partition(values, n - 1)[n - 1]
    below = np.flatnonzero(values < threshold)
    equal = np.flatnonzero(values == threshold)[: n - len(below)]
    return np.sort(np.concatenate([below, equal]))


def best_by_fronts(losses: FloatArray, n: int) -> IntArray:
    """Return the indices of the `n` best points with several objectives, the best first.

    Points are ordered by non-domination rank. From the last front that is needed, those that
    together dominate the largest hypervolume are chosen (Ozaki et al. 2022, section 4). With more
    than three objectives, hypervolumes take too long, and the least crowded points are chosen.
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
