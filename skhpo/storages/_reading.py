"""Read trials from the tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Table, bindparam, or_, select
from sqlalchemy.engine import Connection

from skhpo.distributions import json_to_distribution
from skhpo.storages._json import read_json
from skhpo.storages._tables import (
    from_stored,
    trial_intermediate_values,
    trial_params,
    trial_system_attributes,
    trial_user_attributes,
    trial_values,
    trials,
)
from skhpo.trial import FrozenTrial, TrialState

__all__ = ["from_utc", "read_changed_trials", "to_utc"]

_MAX_LISTED = 200  # trials that a query lists by id; more trials are read as a range

_distribution = lru_cache(maxsize=4096)(json_to_distribution)


_OF_STUDY = select(
    trials.c.trial_id,
    trials.c.number,
    trials.c.state,
    trials.c.datetime_start,
    trials.c.datetime_complete,
).where(trials.c.study_id == bindparam("study_id"))
_NEW = _OF_STUDY.where(trials.c.trial_id >= bindparam("first"))
_NEW_OR_LISTED = _OF_STUDY.where(
    or_(
        trials.c.trial_id >= bindparam("first"),
        trials.c.trial_id.in_(bindparam("listed", expanding=True)),
    )
)


def read_changed_trials(
    connection: Connection,
    study_id: int,
    last: FrozenTrial | None,
    open_trials: Mapping[int, FrozenTrial | None],
) -> list[FrozenTrial] | None:
    """Read the trials of a study that are new or may have changed.

    Parameters
    ----------
    connection : Connection
        A connection in a transaction.
    study_id : int
        The study.
    last : FrozenTrial or None
        The last known trial; trials with a larger id are new.
    open_trials : mapping of int to FrozenTrial or None
        Ids of the known open trials. A trial with a record is read only if its state has
        changed.

    Returns
    -------
    trials : list of FrozenTrial or None
        By number; None if the last trial no longer exists.
    """
    listed = sorted(open_trials)
    after = -1 if last is None else last.trial_id
    last_is_there = last is None
    given: dict[str, Any] = {"study_id": study_id, "first": after}
    if not listed:
        query = _NEW
    elif len(listed) <= _MAX_LISTED:
        query, given["listed"] = _NEW_OR_LISTED, listed
    else:
        query, given["first"] = _NEW, min(after, listed[0])
    records = {}
    for trial_id, number, state, start, complete in connection.execute(query, given):
        if last is not None and trial_id == after:
            last_is_there = number == last.number and _is_near(from_utc(start), last.datetime_start)
        if trial_id <= after:
            if trial_id not in open_trials:
                continue
            known = open_trials[trial_id]
            if known is not None and known.state.name == state:
                continue
        records[trial_id] = FrozenTrial(
            number, TrialState[state], None, from_utc(start), from_utc(complete),
            {}, {}, {}, {}, {}, trial_id,
        )  # fmt: skip
    if not last_is_there:
        return None
    if records:
        _read_parts(connection, study_id, records)
    return sorted(records.values(), key=lambda trial: trial.number)


def _read_parts(connection: Connection, study_id: int, records: Mapping[int, FrozenTrial]) -> None:
    """Add parameters, values, reports and attributes to records."""

    given: dict[str, Any] = {"ids": list(records)}
    if len(records) > _MAX_LISTED:
        given = {"study_id": study_id, "first": min(records), "last": max(records)}

    def rows(table: Table, *names: str) -> Any:
        found = connection.execute(_rows_of(table, names, len(records) <= _MAX_LISTED), given)
        return found if "ids" in given else (row for row in found if row[0] in records)

    for trial_id, name, internal, text in rows(
        trial_params, "param_name", "param_value", "distribution_json"
    ):
        trial = records[trial_id]
        distribution = trial.distributions[name] = read_json(
            text, _distribution, f"parameter {name!r} of trial {trial.number}"
        )
        trial.params[name] = distribution.to_external_repr(internal)

    values: dict[int, dict[int, float]] = {}
    for trial_id, objective, value, kind in rows(trial_values, "objective", "value", "value_type"):
        values.setdefault(trial_id, {})[objective] = from_stored(value, kind)
    for trial_id, by_objective in values.items():
        records[trial_id].values = [by_objective[k] for k in sorted(by_objective)]

    for trial_id, step, value, kind in rows(
        trial_intermediate_values, "step", "intermediate_value", "intermediate_value_type"
    ):
        records[trial_id].intermediate_values[step] = from_stored(value, kind)

    for trial_id, key, text in rows(trial_user_attributes, "key", "value_json"):
        trial = records[trial_id]
        what = f"user attribute {key!r} of trial {trial.number}"
        trial.user_attrs[key] = read_json(text, json.loads, what)
    for trial_id, key, text in rows(trial_system_attributes, "key", "value_json"):
        trial = records[trial_id]
        what = f"system attribute {key!r} of trial {trial.number}"
        trial.system_attrs[key] = read_json(text, json.loads, what)


@cache
def _rows_of(table: Table, names: tuple[str, ...], are_listed: bool) -> Any:
    """Return the query for the rows of some trials, in the order of writing."""
    columns = [table.c[name] for name in ("trial_id", *names)]
    query = select(*columns).order_by(*table.primary_key)
    if are_listed:
        return query.where(table.c.trial_id.in_(bindparam("ids", expanding=True)))
    query = query.join(trials, trials.c.trial_id == table.c.trial_id)
    return query.where(
        trials.c.study_id == bindparam("study_id"),
        table.c.trial_id.between(bindparam("first"), bindparam("last")),
    )


def _is_near(moment: datetime | None, known: datetime | None) -> bool:
    """Return whether two times are equal up to the precision of databases."""
    return known is None or (moment is not None and abs(moment - known) <= timedelta(seconds=1))


def to_utc(moment: datetime | None) -> datetime | None:
    """Convert a local time to the format of the tables: UTC without a time zone."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def from_utc(moment: datetime | None) -> datetime | None:
    """Convert a time of the tables to local time."""
    return None if moment is None else moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
