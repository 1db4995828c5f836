"""The data of a job: CSV or Parquet files."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from skhpo._hints import did_you_mean, missing_extra
from skhpo.tuning._job import DataFiles

__all__ = ["read_table"]

CSV, PARQUET = (".csv", ".csv.gz"), (".parquet",)


def read_table(path: Path, data: DataFiles, place: str) -> tuple[Any, Any]:
    """Read features and target from a file.

    Parameters
    ----------
    path : Path
        The file.
    data : DataFiles
        The target and the columns to leave out.
    place : str
        Path of the file in the job, for errors.

    Returns
    -------
    X : DataFrame of shape (n_samples, n_features)
    y : Series of shape (n_samples,)

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the kind of the file is unknown, or a column is missing.
    ImportError
        If pandas is not installed.
    """
    if find_spec("pandas") is None:
        raise missing_extra("Tuning jobs need pandas", "dataframe")
    import pandas as pd

    if not path.name.endswith((*CSV, *PARQUET)):
        raise ValueError(
            f"{place} must be a file that ends in {', '.join((*CSV, *PARQUET))}; got {path.name!r}."
        )
    if not path.is_file():
        raise FileNotFoundError(2, f"{place}: this file does not exist", str(path))
    table = pd.read_parquet(path) if path.name.endswith(PARQUET) else pd.read_csv(path)
    names = list(map(str, table.columns))
    for key, name in [("Data.Target", data.target), *(("Data.Drop", one) for one in data.drop)]:
        if name not in names:
            raise ValueError(
                f"{key}: {path.name} has no column {name!r}; it has {', '.join(names)}."
                f"{did_you_mean(name, names)}"
            )
    if table[data.target].isna().any():
        raise ValueError(f"Data.Target: the column {data.target!r} of {path.name} lacks values.")
    return table.drop(columns=[data.target, *data.drop]), table[data.target]
