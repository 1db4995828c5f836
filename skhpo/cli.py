"""The command line: what a storage holds, the best of it, an export, and the dashboard."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import math
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

import skhpo
from skhpo.storages import RDBStorage
from skhpo.study import Study, StudyDirection
from skhpo.trial import FrozenTrial, TrialState

__all__ = ["main"]

STATES = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING)
SHOWN = 5  # significant digits in tables


def plain_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Turn what users can do something about into one line and exit code 1."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except (skhpo.exceptions.SkhpoError, ImportError, OSError, RuntimeError) as error:
            raise click.ClickException(str(error)) from error
        except (KeyError, ValueError) as error:
            raise click.ClickException(str(error.args[0])) from error

    return wrapped


def _open_storage(given: str) -> RDBStorage:
    """Open a database that exists: a URL, or the path of an SQLite file."""
    url = given if "://" in given else f"sqlite:///{given}"
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError(f"This is no URL of a database: {given}") from None
    file = parsed.database
    if parsed.get_backend_name() == "sqlite" and not (file and Path(file).is_file()):
        raise ValueError(f"There is no file {file}.")
    return RDBStorage(url, skip_table_creation=True)


def _open_study(storage: RDBStorage, name: str | None) -> Study:
    names = skhpo.get_all_study_names(storage)
    if name is None and len(names) != 1:
        listed = ", ".join(map(repr, names)) or "none"
        raise ValueError(f"Say which study, with --study; there are: {listed}.")
    return skhpo.load_study(study_name=name, storage=storage)


URL: Any = click.argument("url")
STUDY: Any = click.option("--study", help="Name of the study; not needed if there is only one.")


def _format(*choices: str) -> Any:
    return click.option(
        "--format", "layout", type=click.Choice(choices), default=choices[0], show_default=True
    )


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(skhpo.__version__, prog_name="skhpo")
def main() -> None:
    """Look into the databases that searches and studies are kept in.

    URL is that of a database, such as sqlite:///search.db or
    postgresql://user:password@host/name, or the path of an SQLite file.
    """


@main.command()
@URL
@_format("table", "json")
@plain_errors
def studies(url: str, layout: str) -> None:
    """List the studies, how far they have come, and the best value of each.

    Example: skhpo studies sqlite:///search.db
    """
    storage = _open_storage(url)
    names = skhpo.get_all_study_names(storage)
    rows = [_summary(skhpo.load_study(study_name=name, storage=storage)) for name in names]
    _print(rows, layout)


@main.command()
@URL
@STUDY
@_format("table", "json")
@plain_errors
def best(url: str, study: str | None, layout: str) -> None:
    """Show the best trial; with several objectives, the Pareto front.

    Example: skhpo best sqlite:///search.db --study digits
    """
    opened = _open_study(_open_storage(url), study)
    trials = opened.best_trials
    if not trials:
        raise ValueError(f"The study {opened.study_name!r} has no complete trial yet.")
    if len(opened.directions) == 1:
        trials = trials[:1]
    rows = [
        {"number": trial.number} | _values(opened, trial) | _as_columns("", trial.params)
        for trial in trials
    ]
    _print(rows, layout)


@main.command()
@URL
@STUDY
@_format("csv", "json")
@click.option("--output", type=click.Path(dir_okay=False, writable=True), help="Default: stdout.")
@click.option("--folds", is_flag=True, help="Add the intermediate values: of a search, the folds.")
@plain_errors
def export(url: str, study: str | None, layout: str, output: str | None, folds: bool) -> None:
    """Write all trials, one a row: state, values, parameters, notes, times.

    Example: skhpo export sqlite:///search.db --output trials.csv
    """
    opened = _open_study(_open_storage(url), study)
    rows = [_row(opened, trial, folds) for trial in opened.get_trials(deepcopy=False)]
    text = _json(rows) if layout == "json" else _csv(rows)
    if output is None:
        click.echo(text, nl=False)
    else:
        Path(output).write_text(text)


@main.command()
@URL
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True)
@plain_errors
def dashboard(url: str, host: str, port: int) -> None:
    """Open optuna-dashboard on the studies, live. Ctrl-C ends it.

    Example: skhpo dashboard sqlite:///search.db
    """
    storage = _open_storage(url)
    if importlib.util.find_spec("optuna_dashboard") is None:
        raise ImportError("The dashboard is an extra: pip install 'skhpo[dashboard]'")
    from optuna_dashboard import run_server

    click.echo(f"The dashboard of {storage.url} is at http://{host}:{port}/ (Ctrl-C ends it).")
    run_server(storage._database.url.render_as_string(hide_password=False), host=host, port=port)


# ----------------------------------------------------------------------------- rows


def _summary(study: Study) -> dict[str, Any]:
    trials = study.get_trials(deepcopy=False)
    row: dict[str, Any] = {
        "study": study.study_name,
        "direction": ", ".join(StudyDirection(d).name.lower() for d in study.directions),
        "trials": len(trials),
    }
    row |= {s.name.lower(): sum(trial.state == s for trial in trials) for s in STATES}
    best = study.best_trials
    row["best"] = best[0].value if best and len(study.directions) == 1 else None
    row["begun"] = min((t.datetime_start for t in trials if t.datetime_start), default=None)
    return row


def _values(study: Study, trial: FrozenTrial) -> dict[str, Any]:
    """Values of the objectives, by their names."""
    n = len(study.directions)
    names = study.metric_names or (["value"] if n == 1 else [f"value_{k}" for k in range(n)])
    return {name: trial.values[k] if trial.values else None for k, name in enumerate(names)}


def _row(study: Study, trial: FrozenTrial, folds: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"number": trial.number, "state": trial.state.name}
    row |= _values(study, trial)
    row |= _as_columns("params_", trial.params)
    row |= _as_columns("user_attrs_", trial.user_attrs)
    if folds:
        row |= {
            f"step_{k}": trial.intermediate_values[k] for k in sorted(trial.intermediate_values)
        }
    row["datetime_start"], row["datetime_complete"] = trial.datetime_start, trial.datetime_complete
    row["seconds"] = None if trial.duration is None else trial.duration.total_seconds()
    return row


def _as_columns(prefix: str, named: dict[str, Any]) -> dict[str, Any]:
    return {f"{prefix}{name}": value for name, value in named.items()}


# --------------------------------------------------------------------------- layouts


def _print(rows: Sequence[dict[str, Any]], layout: str) -> None:
    click.echo(_json(rows) if layout == "json" else _table(rows), nl=False)


def _columns(rows: Sequence[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, _columns(rows), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _json(rows: Sequence[dict[str, Any]]) -> str:
    plain = [{name: _finite(value) for name, value in row.items()} for row in rows]
    return json.dumps(plain, indent=2, default=str) + "\n"


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _table(rows: Sequence[dict[str, Any]]) -> str:
    if not rows:
        return "No studies.\n"
    names = _columns(rows)
    cells = [names, *([_cell(row.get(name)) for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.{SHOWN}g}"
    return value.strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else str(value)
