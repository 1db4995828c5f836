"""Data of the EDF plot: how the values of the trials are distributed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skhpo.plots._data._trials import Target, one_objective, trial_table

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["EDFData", "edf_data"]

FloatArray = NDArray[np.float64]


@dataclass
class EDFData:
    """The sorted values of the complete trials of one or more studies.

    Attributes
    ----------
    labels : list of str
        Names of the studies.
    values : list of ndarray of shape (n_complete,)
        For each study, the finite values of its complete trials, in ascending order.
    name : str
        Name of the objective.
    greater_is_better : bool or None
        Whether larger values are better; None if unknown.
    """

    labels: list[str]
    values: list[FloatArray]
    name: str
    greater_is_better: bool | None

    @property
    def fractions(self) -> list[FloatArray]:
        """For each study, the fraction of the trials whose value is at most each value."""
        return [np.arange(1, len(values) + 1) / max(len(values), 1) for values in self.values]


def edf_data(
    studies: Mapping[str, Study],
    *,
    objective: str | None = None,
    target: Target | None = None,
    name: str | None = None,
) -> EDFData:
    """Return the data of an EDF plot.

    Only complete trials count. Infinite values are left out.

    Parameters
    ----------
    studies : mapping of str to Study
        Studies by label.
    objective : str, default=None
        Name of the objective; required if there are several.
    target : callable, default=None
        Function that takes a complete trial and returns the number to show instead of an
        objective.
    name : str, default=None
        Name of the values.

    Returns
    -------
    data : EDFData

    Raises
    ------
    ValueError
        If larger values are better in some studies and worse in others.
    """
    values, names, directions = [], [], []
    for study in studies.values():
        table = trial_table(study, target=target, target_name=name)
        column = one_objective(table, objective)
        found = table.values[:, column]
        values.append(np.sort(found[np.isfinite(found)]))
        names.append(table.names[column])
        directions.append(None if target is not None else table.greater_is_better[column])
    if len(set(directions)) > 1 and target is None:
        raise ValueError(
            "The studies have different directions: larger values are better in "
            f"{[label for label, greater in zip(studies, directions, strict=True) if greater]} "
            "only. To compare them, give a `target`."
        )
    return EDFData(
        labels=list(studies),
        values=values,
        name=names[0] if names else name or "value",
        greater_is_better=directions[0] if directions else None,
    )
