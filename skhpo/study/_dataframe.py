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
) -> pd.DataFrame:
    """One row a trial; see :meth:`skhpo.Study.trials_dataframe`."""
    try:
        import pandas as pd
    except ImportError as error:
        raise missing_extra("trials_dataframe needs pandas", "dataframe") from error
    if not trials:
        return pd.DataFrame()
    records = [_record(trial, attrs, metric_names) for trial in trials]
    keys = dict.fromkeys(key for record in records for key in record)
    columns: list[tuple[str, Any]] = []
    for attr in attrs:
        of_attr = [key for key in keys if key[0] == attr]
        columns.extend(of_attr if attr == "values" else sorted(of_attr))
    frame = pd.DataFrame(
        {column: [record.get(column) for record in records] for column in columns},
        columns=pd.MultiIndex.from_tuples(columns),
    )
    if not multi_index:
        frame.columns = ["_".join(str(part) for part in column if part != "") for column in columns]
    return frame


def _record(
    trial: FrozenTrial, attrs: Sequence[str], metric_names: Sequence[str] | None
) -> dict[tuple[str, Any], Any]:
    record: dict[tuple[str, Any], Any] = {}
    for attr in attrs:
        content = getattr(trial, attr)
        if isinstance(content, dict):
            record.update({(attr, str(key)): value for key, value in content.items()})
        elif attr == "values":
            names = metric_names or range(len(content or ()))
            record.update(
                {("values", name): v for name, v in zip(names, content or (), strict=False)}
            )
        elif attr == "value" and metric_names is not None:
            record[("value", metric_names[0])] = content
        else:
            record[(attr, "")] = content.name if isinstance(content, TrialState) else content
    return record
