"""The command line: what a storage holds, the best of it, an export, and the dashboard."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import click

import skhpo
from skhpo._hints import missing_extra
from skhpo.storages import RDBStorage
from skhpo.storages._database import parse_url
from skhpo.study import Study, StudyDirection
from skhpo.trial import FrozenTrial, TrialState

__all__ = ["main"]

STATES = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
    "running": TrialState.RUNNING,
    "waiting": TrialState.WAITING,
}
SHOWN = 6  # significant digits in tables of several rows
LISTED = 10  # names of studies in a message


def plain_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Turn what users can do something about into one line on stderr and exit code 1."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except BrokenPipeError:
            raise  # click's: the reader, such as `head`, has had enough
        except KeyError as error:
            raise _plain(str(error.args[0])) from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise _plain(f"{error.filename}: {reason}" if error.filename else reason) from error
        except (skhpo.exceptions.SkhpoError, ImportError, RuntimeError, ValueError) as error:
            raise _plain(str(error)) from error

    return wrapped


def _plain(message: str) -> click.ClickException:
    one_line = " ".join(message.split())
    return click.ClickException(re.sub(r"(pass\w*)=[^&\s]+", r"\1=***", one_line))


# ------------------------------------------------------------------------- what is given


def _open_storage(given: str) -> RDBStorage:
    """Open a database, and never make a new one."""
    url = parse_url(given)
    if url.get_backend_name() == "sqlite":
        if url.database in (None, "", ":memory:"):
            raise ValueError(f"{given} is a new database in memory, with nothing in it.")
        if not Path(str(url.database).removeprefix("file:")).is_file():
            raise FileNotFoundError(2, "there is no such file", url.database)
    return RDBStorage(url.render_as_string(hide_password=False), skip_table_creation=True)


def _open_study(storage: RDBStorage, name: str | None) -> Study:
    names = skhpo.get_all_study_names(storage)
    if not names:
        raise ValueError(f"{storage.url} holds no study yet.")
    if name is None and len(names) > 1:
        listed = ", ".join(map(repr, names[:LISTED])) + (", ..." if len(names) > LISTED else "")
        raise ValueError(f"Say which study, with --study; there are {listed}.")
    return skhpo.load_study(study_name=name, storage=storage)


URL_ARGUMENT: Any = click.argument("url")
STUDY_OPTION: Any = click.option(
    "--study", metavar="NAME", help="Name of the study; not needed if there is only one."
)


def _format_option(*choices: str) -> Any:
    return click.option(
        "--format", "layout", type=click.Choice(choices), default=choices[0], show_default=True
    )


# ------------------------------------------------------------------------------ commands


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(skhpo.__version__, prog_name="skhpo")
def main() -> None:
    """Look into the databases that searches and studies are kept in.

    URL is that of a database, such as sqlite:///search.db or
    postgresql://user:password@host/name, or the path of an SQLite file.

    Example: skhpo studies sqlite:///search.db
    """


@main.command()
@URL_ARGUMENT
@_format_option("table", "json")
@plain_errors
def studies(url: str, layout: str) -> None:
    """List the studies and how far they have come.

    Example: skhpo studies sqlite:///search.db
    """
    storage = _open_storage(url)
    names = skhpo.get_all_study_names(storage)
    rows = [_summary(skhpo.load_study(study_name=name, storage=storage)) for name in names]
    if layout == "json":
        click.echo(_json(rows), nl=False)
    else:
        click.echo(_table(rows) if rows else "No study yet.\n", nl=False)


@main.command()
@URL_ARGUMENT
@STUDY_OPTION
@_format_option("table", "json")
@plain_errors
def best(url: str, study: str | None, layout: str) -> None:
    """Show the best trial; with several objectives, the Pareto front.

    Example: skhpo best sqlite:///search.db --study digits
    """
    opened = _open_study(_open_storage(url), study)
    rows = [
        {"number": trial.number} | _values(opened, trial) | _prefixed("params", trial.params)
        for trial in _best_trials(opened)
    ]
    if layout == "json":
        click.echo(_json(rows), nl=False)
    else:
        click.echo(_table(rows) if _has_front(opened) else _upright(rows[0]), nl=False)


@main.command()
@URL_ARGUMENT
@STUDY_OPTION
@_format_option("csv", "json")
@click.option(
    "--output", metavar="FILE", type=click.Path(dir_okay=False), help="Default: standard output."
)
@click.option("--folds", is_flag=True, help="Add the intermediate values: of a search, the folds.")
@plain_errors
def export(url: str, study: str | None, layout: str, output: str | None, folds: bool) -> None:
    """Write all trials, one a row or object.

    With number, state, values, parameters, user attributes, times. What is no number (NaN,
    infinities) is null in JSON.

    Example: skhpo export sqlite:///search.db --output trials.csv
    """
    storage = _open_storage(url)
    rows = _export(_open_study(storage, study), folds)
    text = _json(rows) if layout == "json" else _csv(rows)
    if output is None:
        click.echo(text, nl=False)
    else:
        _refuse_the_database(storage, output)
        Path(output).write_text(text, encoding="utf-8", newline="")


@main.command()
@URL_ARGUMENT
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@plain_errors
def dashboard(url: str, host: str, port: int) -> None:
    """Open optuna-dashboard on the studies, live. Ctrl-C ends it.

    It asks for no password: whoever reaches the address sees and may delete the studies.

    Example: skhpo dashboard sqlite:///search.db
    """
    storage = _open_storage(url)
    if importlib.util.find_spec("optuna_dashboard") is None:
        raise missing_extra("The dashboard needs optuna-dashboard", "dashboard")
    from optuna_dashboard import wsgi

    app = wsgi(storage._database.url.render_as_string(hide_password=False))
    try:
        server = make_server(host, port, app, _Server, _QuietHandler)
    except OSError as error:
        reason = f"Cannot listen at {host}:{port} ({error.strerror})"
        raise OSError(f"{reason}; choose others with --host and --port.") from error
    address = f"http://{host}:{server.server_port}/"
    with server:
        try:
            click.echo(f"The dashboard of {storage.url} is at {address} (Ctrl-C ends it)")
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo()


class _Server(ThreadingMixIn, WSGIServer):
    """With a thread a connection: browsers open some that they do not use at once."""

    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


# ---------------------------------------------------------------------------------- rows


def _has_front(study: Study) -> bool:
    return len(study.directions) > 1


def _best_trials(study: Study) -> list[FrozenTrial]:
    try:
        found = study.best_trials if _has_front(study) else [study.best_trial]
    except ValueError as error:
        raise ValueError(f"The study {study.study_name!r} has no best trial: {error}") from error
    if not found:
        raise ValueError(f"The study {study.study_name!r} has no complete, feasible trial yet.")
    return found


def _summary(study: Study) -> dict[str, Any]:
    trials = study.get_trials(deepcopy=False)
    row: dict[str, Any] = {
        "study": study.study_name,
        "directions": [StudyDirection(d).name.lower() for d in study.directions],
        "trials": len(trials),
    }
    row |= {name: sum(trial.state == state for trial in trials) for name, state in STATES.items()}
    try:
        row["best"] = None if _has_front(study) else study.best_value
    except ValueError:  # no trial is complete, or none is feasible
        row["best"] = None
    row["begun"] = min((t.datetime_start for t in trials if t.datetime_start), default=None)
    return row


def _values(study: Study, trial: FrozenTrial) -> dict[str, Any]:
    """Values of the objectives, named as in `Study.trials_dataframe`."""
    names = study.metric_names
    if not _has_front(study):
        return {f"value_{names[0]}" if names else "value": trial.value}
    values: Sequence[float | None] = trial.values or [None] * len(study.directions)
    return _prefixed("values", dict(zip(names or range(len(values)), values, strict=True)))


def _prefixed(prefix: str, named: Mapping[Any, Any]) -> dict[str, Any]:
    return {f"{prefix}_{name}": value for name, value in named.items()}


def _export(study: Study, folds: bool) -> list[dict[str, Any]]:
    """One row a trial; all rows have the same columns."""
    trials = study.get_trials(deepcopy=False)
    groups = {"params": _names(t.params for t in trials)}
    groups["user_attrs"] = _names(t.user_attrs for t in trials)
    if folds:
        groups["intermediate_values"] = sorted(_names(t.intermediate_values for t in trials))
    rows = []
    for trial in trials:
        row = {"number": trial.number, "state": trial.state.name} | _values(study, trial)
        for group, names in groups.items():
            row |= _prefixed(group, {name: getattr(trial, group).get(name) for name in names})
        row["datetime_start"] = trial.datetime_start
        row["datetime_complete"] = trial.datetime_complete
        row["seconds"] = None if trial.duration is None else trial.duration.total_seconds()
        rows.append(row)
    return rows


def _names(rows: Iterable[Mapping[Any, Any]]) -> list[Any]:
    """All keys, in the order in which they come."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _refuse_the_database(storage: RDBStorage, output: str) -> None:
    file = storage._database.url.database
    if file and Path(file).exists() and Path(output).exists() and Path(output).samefile(file):
        raise ValueError(f"{output} is the database itself; choose another file.")


# ------------------------------------------------------------------------------- layouts


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = _names(rows)
    if not names:
        return ""
    writer.writerow(names)
    writer.writerows([_cell(row[name]) for name in names] for row in rows)
    return out.getvalue()


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(_without_nan(rows), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _without_nan(value: Any) -> Any:
    """Make null of what is no number in JSON: NaN and the infinities."""
    if isinstance(value, Mapping):
        return {str(name): _without_nan(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    names = _names(rows)
    lines = [names, *([_short(row.get(name)) for name in names] for row in rows)]
    return _aligned(lines)


def _upright(row: Mapping[str, Any]) -> str:
    """One trial, a line a column, in full."""
    return _aligned([[name, str(_cell(value))] for name, value in row.items()])


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join("  ".join(map(str.ljust, line, widths)).rstrip() + "\n" for line in lines)


def _short(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.{SHOWN}g}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return ", ".join(value) if isinstance(value, list) else str(value)


def _cell(value: Any) -> Any:
    """A value in full, as text or as what csv makes text of."""
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value) if isinstance(value, dict | list | tuple) else value
