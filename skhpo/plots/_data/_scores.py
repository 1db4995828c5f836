"""The trials with one objective: positions of their parameters, and values for a surrogate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skhpo.history import PREDICTED_VALUE, PREDICTED_VARIANCE
from skhpo.plots._axes import ParamAxis, param_axis
from skhpo.plots._data._surrogate import Surrogate, fit_surrogate
from skhpo.plots._data._trials import Target, TrialTable, one_objective, trial_table

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["Scores", "scores_of"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass
class Scores:
    """The values of one objective, and the trials.

    Attributes
    ----------
    table : TrialTable
        The trials.
    column : int
        The objective.
    value, predicted : ndarray of shape (n_trials,)
        Measured values, and predicted values of stopped trials; NaN if there is none.
    name : str
        Name of the objective.
    greater_is_better : bool or None
        Whether larger values are better; None for a target.
    """

    table: TrialTable
    column: int
    value: FloatArray
    predicted: FloatArray
    name: str
    greater_is_better: bool | None

    @property
    def is_shown(self) -> BoolArray:
        """Which trials have a finite value, measured or predicted."""
        shown: BoolArray = np.isfinite(self.value) | np.isfinite(self.predicted)
        return shown

    def axes(self, params: Sequence[str]) -> list[ParamAxis]:
        """Return the axes of parameters, for the trials that are shown."""
        shown = self.is_shown
        return [
            param_axis(
                name, self.table.distributions[name], self.table.params[name][shown].compressed()
            )
            for name in params
        ]

    def positions(self, axis: ParamAxis) -> FloatArray:
        """Return the position of each trial on an axis; NaN if it does not have the parameter."""
        values = self.table.params[axis.name]
        has_it = ~np.ma.getmaskarray(values)
        positions = np.full(len(values), np.nan)
        positions[has_it] = axis.positions(values.data[has_it])
        return positions

    def surrogate(self) -> tuple[Surrogate | None, list[str]]:
        """Return a model of the objective, and the parameters in the order of its columns.

        It uses measured values, and predictions of a search with their variance. The last reports
        of trials that were stopped without a prediction are not values, and not used.
        """
        predicted = np.array(
            [PREDICTED_VALUE in trial.system_attrs for trial in self.table.trials], dtype=bool
        )
        value = np.where(predicted & np.isnan(self.value), self.predicted, self.value)
        rows = np.flatnonzero(np.isfinite(value))
        names = [
            name
            for name, distribution in self.table.distributions.items()
            if not distribution.single() and not self.table.params[name][rows].mask.all()
        ]
        axes = self.axes(names)
        positions = [self.positions(axis)[rows] for axis in axes]
        variances = np.array([self._variance(int(row)) for row in rows], dtype=np.float64)
        model = fit_surrogate(
            axes,
            np.column_stack(positions) if positions else np.empty((len(rows), 0)),
            value[rows],
            variances,
            greater_is_better=bool(self.greater_is_better),
        )
        return model, names

    def _variance(self, row: int) -> float:
        if np.isfinite(self.value[row]):
            return 0.0
        attrs = self.table.trials[row].system_attrs
        return float(np.atleast_1d(attrs.get(PREDICTED_VARIANCE, 0.0))[self.column])


def scores_of(
    study: Study,
    *,
    objective: str | None = None,
    target: Target | None = None,
    name: str | None = None,
) -> Scores:
    """Return the values of one objective.

    Parameters
    ----------
    study : Study
        The study.
    objective : str, default=None
        Name of the objective; required if there are several.
    target : callable, default=None
        Function that takes a complete trial and returns the number to show instead of an
        objective.
    name : str, default=None
        Name of the values.

    Returns
    -------
    scores : Scores
    """
    table = trial_table(study, target=target, target_name=name)
    column = one_objective(table, objective)
    return Scores(
        table=table,
        column=column,
        value=table.values[:, column],
        predicted=table.predicted[:, column],
        name=table.names[column],
        greater_is_better=None if target is not None else table.greater_is_better[column],
    )
