"""The tables of a database, in Optuna's relational schema.

This is version 12 of the schema (revision "v3.2.0.a"). Names, types and constraints belong to the
format: changing any of them breaks compatibility with other tools.
"""

from __future__ import annotations

import math

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Enum,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
)

from skhpo.storages._direction import StudyDirection
from skhpo.trial import TrialState

__all__ = [
    "ATTRIBUTE_TABLES",
    "DIRECTIONS",
    "MAX_NAME",
    "REVISION",
    "SCHEMA_VERSION",
    "TRIAL_TABLES",
    "alembic_version",
    "from_stored",
    "metadata",
    "studies",
    "study_directions",
    "study_system_attributes",
    "study_user_attributes",
    "to_stored",
    "trial_heartbeats",
    "trial_intermediate_values",
    "trial_params",
    "trial_system_attributes",
    "trial_user_attributes",
    "trial_values",
    "trials",
    "version_info",
]

SCHEMA_VERSION = 12
REVISION = "v3.2.0.a"
MAX_NAME = 512  # characters of a study name, a parameter name or an attribute key
DIRECTIONS = tuple(direction.name for direction in StudyDirection)  # by number
_STATES = tuple(state.name for state in TrialState)

metadata = MetaData()


def _attributes(owner: str, kind: str, key: str) -> Table:
    """Return a table of attributes of studies or trials, as JSON."""
    name = f"{owner}_{kind}_attribute"
    return Table(
        f"{name}s",
        metadata,
        Column(f"{name}_id", Integer, primary_key=True),
        Column(f"{owner}_id", Integer, ForeignKey(key)),
        Column("key", String(MAX_NAME)),
        Column("value_json", Text()),
        UniqueConstraint(f"{owner}_id", "key"),
    )


studies = Table(
    "studies",
    metadata,
    Column("study_id", Integer, primary_key=True),
    Column("study_name", String(MAX_NAME), index=True, unique=True, nullable=False),
)

study_directions = Table(
    "study_directions",
    metadata,
    Column("study_direction_id", Integer, primary_key=True),
    Column("direction", Enum(*DIRECTIONS, name="studydirection"), nullable=False),
    Column("study_id", Integer, ForeignKey("studies.study_id"), nullable=False),
    Column("objective", Integer, nullable=False),
    UniqueConstraint("study_id", "objective"),
)

study_user_attributes = _attributes("study", "user", "studies.study_id")
study_system_attributes = _attributes("study", "system", "studies.study_id")

trials = Table(
    "trials",
    metadata,
    Column("trial_id", Integer, primary_key=True),
    Column("number", Integer),
    Column("study_id", Integer, ForeignKey("studies.study_id"), index=True),
    Column("state", Enum(*_STATES, name="trialstate"), nullable=False),
    Column("datetime_start", DateTime),  # both in UTC, without a time zone
    Column("datetime_complete", DateTime),
)

trial_user_attributes = _attributes("trial", "user", "trials.trial_id")
trial_system_attributes = _attributes("trial", "system", "trials.trial_id")

trial_params = Table(
    "trial_params",
    metadata,
    Column("param_id", Integer, primary_key=True),
    Column("trial_id", Integer, ForeignKey("trials.trial_id")),
    Column("param_name", String(MAX_NAME)),
    Column("param_value", Float(precision=53)),
    Column("distribution_json", Text()),
    UniqueConstraint("trial_id", "param_name"),
)

trial_values = Table(
    "trial_values",
    metadata,
    Column("trial_value_id", Integer, primary_key=True),
    Column("trial_id", Integer, ForeignKey("trials.trial_id"), nullable=False),
    Column("objective", Integer, nullable=False),
    Column("value", Float(precision=53)),
    Column(
        "value_type", Enum("FINITE", "INF_POS", "INF_NEG", name="trialvaluetype"), nullable=False
    ),
    UniqueConstraint("trial_id", "objective"),
)

trial_intermediate_values = Table(
    "trial_intermediate_values",
    metadata,
    Column("trial_intermediate_value_id", Integer, primary_key=True),
    Column("trial_id", Integer, ForeignKey("trials.trial_id"), nullable=False),
    Column("step", Integer, nullable=False),
    Column("intermediate_value", Float(precision=53)),
    Column(
        "intermediate_value_type",
        Enum("FINITE", "INF_POS", "INF_NEG", "NAN", name="trialintermediatevaluetype"),
        nullable=False,
    ),
    UniqueConstraint("trial_id", "step"),
)

trial_heartbeats = Table(
    "trial_heartbeats",
    metadata,
    Column("trial_heartbeat_id", Integer, primary_key=True),
    Column("trial_id", Integer, ForeignKey("trials.trial_id"), nullable=False),
    Column("heartbeat", DateTime, nullable=False, default=func.current_timestamp()),
    UniqueConstraint("trial_id"),
)

version_info = Table(
    "version_info",
    metadata,
    Column("version_info_id", Integer, primary_key=True, autoincrement=False, default=1),
    Column("schema_version", Integer),
    Column("library_version", String(256)),
    CheckConstraint("version_info_id=1"),
)

alembic_version = Table(
    "alembic_version",
    metadata,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)

TRIAL_TABLES = (
    trial_params,
    trial_values,
    trial_intermediate_values,
    trial_user_attributes,
    trial_system_attributes,
    trial_heartbeats,
)
ATTRIBUTE_TABLES = (study_user_attributes, study_system_attributes)


def to_stored(value: float) -> tuple[float | None, str]:
    """Split a number into its value and its kind, because databases lack infinity and NaN."""
    if math.isfinite(value):
        return float(value), "FINITE"
    if math.isnan(value):
        return None, "NAN"
    return None, "INF_POS" if value > 0 else "INF_NEG"


_NUMBERS = {"NAN": math.nan, "INF_POS": math.inf, "INF_NEG": -math.inf}


def from_stored(value: float | None, kind: str) -> float:
    """Return the number stored in two columns."""
    return _NUMBERS[kind] if value is None else value
