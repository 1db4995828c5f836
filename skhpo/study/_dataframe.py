"""Trials as a pandas DataFrame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from skhpo._hints import missing_extra
from skhpo.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["trials_dataframe"]


def trials_dataframe(
    trials: Sequence[FrozenTrial],
    attrs: Sequence[str],
    multi_index: bool,
    metric_names: Sequence[str] | None,
    n_objectives: int,
) -> pd.DataFrame:
    """Return one row per trial; see :meth:`skhpo.Study.trials_dataframe`."""
    try:
        import pandas as pd
    except ImportError as error:
        raise missing_extra("`trials_dataframe` requires pandas", "dataframe") from error
    if not trials:
        return pd.DataFrame()
    metrics = list(metric_names or range(n_objectives))
    records = [_record(trial, attrs, metrics, metric_names is not None) for trial in trials]
    keys = dict.fromkeys(key for record in records for key in record)
    columns: list[tuple[str, Any]] = []
    for attr in attrs:
        of_attr = [key for key in keys if key[0] == _shown(attr)]
        columns.extend(of_attr if attr == "values" else sorted(of_attr, key=_order))
    if not columns:
        return pd.DataFrame(index=range(len(trials)))
    frame = pd.DataFrame(
        {column: [record.get(column) for record in records] for column in columns},
        columns=pd.MultiIndex.from_tuples(columns),
    )
    if not multi_index:
        frame.columns = ["_".join(str(part) for part in column if part != "") for column in columns]
    return frame


def _shown(attr: str) -> str:
    return attr.removeprefix("_")


def _order(column: tuple[str, Any]) -> tuple[bool, Any]:
    """Return a sort key: integer steps by size, names alphabetically."""
    return isinstance(column[1], str), column[1]


def _record(
    trial: FrozenTrial, attrs: Sequence[str], metrics: Sequence[Any], are_named: bool
) -> dict[tuple[str, Any], Any]:
    record: dict[tuple[str, Any], Any] = {}
    for attr in attrs:
        content = getattr(trial, attr)
        if isinstance(content, dict):
            record.update({(_shown(attr), key): value for key, value in content.items()})
        elif attr == "values":
            values = content or [None] * len(metrics)
            record.update({("values", name): v for name, v in zip(metrics, values, strict=False)})
        elif attr == "value" and are_named:
            record[("value", metrics[0])] = content
        else:
            shown = content.name if isinstance(content, TrialState) else content
            record[(_shown(attr), "")] = shown
    return record
