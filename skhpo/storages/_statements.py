"""The SQL statements of :class:`RDBStorage`: functions of an open connection."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Table, UniqueConstraint, bindparam, func, insert, select, update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.engine import Connection, CursorResult

from skhpo.exceptions import UpdateFinishedTrialError
from skhpo.storages._base import StudyRecord
from skhpo.storages._json import DamagedError, attribute_json, distribution_json, read_json
from skhpo.storages._reading import to_utc
from skhpo.storages._tables import (
    DIRECTIONS,
    MAX_NAME,
    studies,
    study_directions,
    study_system_attributes,
    study_user_attributes,
    to_stored,
    trial_intermediate_values,
    trial_params,
    trial_system_attributes,
    trial_user_attributes,
    trial_values,
    trials,
)
from skhpo.trial import FrozenTrial, TrialState

__all__ = [
    "NEWEST_NUMBER",
    "NEW_TRIAL",
    "OPEN_STATES",
    "RowOfTrial",
    "StateOfTrial",
    "Work",
    "attr_row",
    "beat_row",
    "check_open",
    "has_ended",
    "lock_study",
    "new_id",
    "read_clock",
    "read_studies",
    "rows_of",
    "to_json",
    "upsert",
    "write_works",
]

OPEN_STATES = (TrialState.RUNNING.name, TrialState.WAITING.name)


@dataclass(frozen=True)
class RowOfTrial:
    """A row of an open trial to be written."""

    trial_id: int
    table: Table
    row: dict[str, Any]


@dataclass(frozen=True)
class StateOfTrial:
    """A change of an open trial's state to be written."""

    trial_id: int
    number: int
    state: TrialState
    moment: datetime | None
    values: Sequence[float] | None


Work = RowOfTrial | StateOfTrial


_STUDY_LOCKED = (
    select(studies.c.study_id).where(studies.c.study_id == bindparam("id")).with_for_update()
)
NEWEST_NUMBER = (
    select(trials.c.number)
    .where(trials.c.study_id == bindparam("id"))
    .order_by(trials.c.trial_id.desc())
    .limit(1)
)
NEW_TRIAL = insert(trials)
_STATE_LOCKED = (
    select(trials.c.number, trials.c.state)
    .where(trials.c.trial_id == bindparam("id"))
    .with_for_update()
)
_STATE_AND_END = select(trials.c.state, trials.c.datetime_complete).where(
    trials.c.trial_id == bindparam("id")
)
_MOVE = (
    update(trials)
    .where(trials.c.trial_id == bindparam("id"), trials.c.state.in_(OPEN_STATES))
    .values(state=bindparam("to"), datetime_complete=bindparam("moment"))
)


def lock_study(connection: Connection, study_id: int) -> None:
    """Lock a study's row until the transaction ends, so that trial numbers are unique."""
    if connection.execute(_STUDY_LOCKED, {"id": study_id}).first() is None:
        raise KeyError(f"No study has the id {study_id}.")


def new_id(result: CursorResult[Any]) -> int:
    """Return the id of the inserted row."""
    key: Any = result.inserted_primary_key
    return int(key[0])


def write_works(connection: Connection, works: Sequence[Work]) -> None:
    """Write rows of open trials, then change states."""
    checked: set[int] = set()
    rows: dict[Table, list[dict[str, Any]]] = {}
    for work in works:
        if isinstance(work, RowOfTrial):
            if work.trial_id not in checked:
                check_open(connection, work.trial_id)
                checked.add(work.trial_id)
            rows.setdefault(work.table, []).append(work.row)
    for table, new in rows.items():
        upsert(connection, table, new)
    for work in works:
        if isinstance(work, StateOfTrial):
            _end(connection, work)


def check_open(connection: Connection, trial_id: int) -> None:
    """Lock a trial's row until the transaction ends; raise an error if the trial has ended."""
    row = connection.execute(_STATE_LOCKED, {"id": trial_id}).first()
    if row is None:
        raise KeyError(f"No trial has the id {trial_id}.")
    if row.state not in OPEN_STATES:
        raise has_ended(row.number, row.state)


def _end(connection: Connection, ending: StateOfTrial) -> None:
    """Change the state of an open trial; this is idempotent."""
    moment = to_utc(ending.moment)
    new = {"id": ending.trial_id, "to": ending.state.name, "moment": moment}
    if connection.execute(_MOVE, new).rowcount == 0:
        row = connection.execute(_STATE_AND_END, {"id": ending.trial_id}).one()
        if tuple(row) != (ending.state.name, moment):
            raise has_ended(ending.number, row.state)
    if ending.values:
        upsert(connection, trial_values, _value_rows(ending.trial_id, ending.values))


def read_clock(connection: Connection) -> datetime:
    """Return the time of the database's clock, as Optuna reads it."""
    moment: datetime = connection.execute(select(func.now())).scalar_one()
    return moment.replace(tzinfo=None)


def upsert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows, or replace rows with the same unique key."""
    connection.execute(_upsert_statement(connection.dialect.name, table, tuple(rows[0])), rows)


@lru_cache(maxsize=128)
def _upsert_statement(dialect: str, table: Table, columns: tuple[str, ...]) -> Any:
    [constraint] = [c for c in table.constraints if isinstance(c, UniqueConstraint)]
    unique = [column.name for column in constraint.columns]
    others = [name for name in columns if name not in unique]
    if dialect in ("mysql", "mariadb"):
        statement = mysql.insert(table)
        return statement.on_duplicate_key_update({k: statement.inserted[k] for k in others})
    makers: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    if dialect not in makers:
        raise ValueError(
            f"skhpo supports SQLite, PostgreSQL, MySQL and MariaDB; got a {dialect} database."
        )
    insertion = makers[dialect](table)
    return insertion.on_conflict_do_update(
        index_elements=unique, set_={k: insertion.excluded[k] for k in others}
    )


def read_studies(connection: Connection, study_id: int | None = None) -> list[StudyRecord]:
    """Read the record of one study, or the records of all."""

    def rows(table: Table, *columns: Any) -> Any:
        query = select(table.c.study_id, *columns).order_by(*table.primary_key)
        return connection.execute(
            query if study_id is None else query.where(table.c.study_id == study_id)
        )

    records: dict[int, Any] = {
        owner: (owner, name, {}, {}, {}) for owner, name in rows(studies, studies.c.study_name)
    }
    d = study_directions.c
    for owner, objective, direction in rows(study_directions, d.objective, d.direction):
        _owner(records, owner)[2][objective] = DIRECTIONS.index(direction)
    for position, table in enumerate((study_user_attributes, study_system_attributes), start=3):
        for owner, key, text in rows(table, table.c.key, table.c.value_json):
            record = _owner(records, owner)
            what = f"attribute {key!r} of study {record[1]!r}"
            record[position][key] = read_json(text, json.loads, what)
    return [
        StudyRecord(owner, name, tuple(by[k] for k in sorted(by)), user_attrs, system_attrs)
        for owner, name, by, user_attrs, system_attrs in records.values()
    ]


def _owner(records: dict[int, Any], study_id: int) -> Any:
    """Return the record of the study that a row belongs to; raise an error if it is missing."""
    if study_id not in records:
        raise DamagedError(f"the study with the id {study_id} is missing: the database is damaged")
    return records[study_id]


# ------------------------------------------------------------------------------ rows


def rows_of(trial: FrozenTrial, trial_id: int) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """Return the rows of a trial's record in the other tables."""
    yield (
        trial_params,
        [
            {
                "trial_id": trial_id,
                "param_name": name,
                "param_value": distribution.to_internal_repr(trial.params[name]),
                "distribution_json": distribution_json(distribution),
            }
            for name, distribution in trial.distributions.items()
        ],
    )
    yield trial_values, _value_rows(trial_id, trial.values or ())
    reports = [(step, *to_stored(value)) for step, value in trial.intermediate_values.items()]
    yield (
        trial_intermediate_values,
        [
            {
                "trial_id": trial_id,
                "step": step,
                "intermediate_value": number,
                "intermediate_value_type": kind,
            }
            for step, number, kind in reports
        ],
    )
    for table, attrs in (
        (trial_user_attributes, trial.user_attrs),
        (trial_system_attributes, trial.system_attrs),
    ):
        yield table, [attr_row(trial_id, key, value) for key, value in attrs.items()]


def _value_rows(trial_id: int, values: Sequence[float]) -> list[dict[str, Any]]:
    rows = []
    for objective, value in enumerate(values):
        number, kind = to_stored(value)
        rows.append(
            {"trial_id": trial_id, "objective": objective, "value": number, "value_type": kind}
        )
    return rows


def attr_row(trial_id: int, key: str, value: Any) -> dict[str, Any]:
    """Return the row of a trial's attribute."""
    return {"trial_id": trial_id, "key": key, "value_json": to_json(key, value)}


def beat_row(trial_id: int, moment: datetime) -> dict[str, Any]:
    """Return the row of a trial's heartbeat."""
    return {"trial_id": trial_id, "heartbeat": moment}


def to_json(key: str, value: Any) -> str:
    """Return an attribute's value as JSON; raise an error if its key is too long."""
    if len(key) > MAX_NAME:
        raise ValueError(f"Attribute keys must have at most {MAX_NAME} characters; got {key[:50]}…")
    return attribute_json(key, value)


def has_ended(number: int, state: str) -> UpdateFinishedTrialError:
    """Return the error for a change of a trial that has ended."""
    return UpdateFinishedTrialError(f"Trial {number} is {state}, so it can no longer be changed.")
