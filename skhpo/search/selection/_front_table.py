"""The front of a search as a table: values, their spread, and what another choice would change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skhpo._hints import missing_extra

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["front_table"]


def front_table(
    rows: NDArray[np.int64],
    results: Mapping[str, Any],
    objectives: Mapping[str, str],
    chosen: int | None,
) -> pd.DataFrame:
    """Return one line per candidate of the front.

    Parameters
    ----------
    rows : ndarray of int of shape (n_front,)
        Rows of the candidates in `results`, in the order of the table.
    results : mapping of str to array
        ``cv_results_``.
    objectives : mapping of str to str
        What the columns of each objective in `results` are named by.
    chosen : int or None
        Row of the chosen candidate; None if none was chosen.

    Returns
    -------
    table : pandas.DataFrame
        See ``ParetoSearchCV.pareto_table_``.

    Raises
    ------
    AttributeError
        If pandas is missing.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise AttributeError(
            str(missing_extra("`pareto_table_` requires pandas", "dataframe"))
        ) from error
    columns: dict[str, Any] = {}
    for name, column in objectives.items():
        mean = np.asarray(results[f"mean_{column}"])
        columns[name] = mean[rows]
        columns[f"std_{name}"] = np.asarray(results[f"std_{column}"])[rows]
        if chosen is not None:
            columns[f"change_{name}"] = mean[rows] - mean[chosen]
        if f"mean_confirmed_{name}" in results:
            columns[f"confirmed_{name}"] = np.asarray(results[f"mean_confirmed_{name}"])[rows]
    if chosen is not None:
        columns["is_chosen"] = rows == chosen
    for name in results:
        if name.startswith("param_"):
            columns[name] = np.ma.filled(np.ma.asarray(results[name], dtype=object)[rows], np.nan)
    table = pd.DataFrame(columns, index=pd.Index(rows, name="candidate"))
    return table.infer_objects()
