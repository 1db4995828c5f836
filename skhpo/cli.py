"""The command line: list studies, show the best trials, export, report, tune, dashboard."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import math
import re
import sys
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
from skhpo.history import PREDICTED_VALUE
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
SIGNIFICANT_DIGITS = 6  # significant digits in tables
MAX_NAMES = 10  # maximal number of study names in a message


def plain_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Turn errors that users can fix into one line on stderr and exit code 1."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except BrokenPipeError:
            raise  # handled by click: the reader, such as `head`, closed the pipe
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


# --------------------------------------------------------------------------- arguments


def _open_storage(given: str) -> RDBStorage:
    """Open an existing database; never create a new one."""
    url = parse_url(given)
    if url.get_backend_name() == "sqlite":
        if url.database in (None, "", ":memory:"):
            raise ValueError(f"{given} is a new, empty database in memory.")
        if not Path(str(url.database).removeprefix("file:")).is_file():
            raise FileNotFoundError(2, "this file does not exist", url.database)
    return RDBStorage(url.render_as_string(hide_password=False), skip_table_creation=True)


def _open_study(storage: RDBStorage, name: str | None) -> Study:
    names = skhpo.get_all_study_names(storage)
    if not names:
        raise ValueError(f"{storage.url} contains no study yet.")
    if name is None and len(names) > 1:
        listed = ", ".join(map(repr, names[:MAX_NAMES])) + (
            ", ..." if len(names) > MAX_NAMES else ""
        )
        raise ValueError(f"Choose a study with --study; the database contains {listed}.")
    return skhpo.load_study(study_name=name, storage=storage)


URL_ARGUMENT: Any = click.argument("url")
STUDY_OPTION: Any = click.option(
    "--study",
    "--study-name",
    "study",
    metavar="NAME",
    help="Name of the study; not needed if there is only one.",
)


def _format_option(*choices: str) -> Any:
    return click.option(
        "--format", "layout", type=click.Choice(choices), default=choices[0], show_default=True
    )


# ------------------------------------------------------------------------------ commands


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(skhpo.__version__, prog_name="skhpo")
def main() -> None:
    """Run tuning jobs, and inspect the databases of searches and studies.

    URL is the URL of a database, such as sqlite:///search.db or
    postgresql://user:password@host/name, or the path of an SQLite file.

    Example: skhpo studies sqlite:///search.db
    """


@main.command()
@URL_ARGUMENT
@_format_option("table", "json")
@plain_errors
def studies(url: str, layout: str) -> None:
    """List the studies and their progress.

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
        click.echo(_table(rows) if _has_front(opened) else _vertical(rows[0]), nl=False)


@main.command()
@URL_ARGUMENT
@STUDY_OPTION
@_format_option("csv", "json")
@click.option(
    "--output", metavar="FILE", type=click.Path(dir_okay=False), help="Default: standard output."
)
@click.option("--folds", is_flag=True, help="Add intermediate values; in a search, the folds.")
@plain_errors
def export(url: str, study: str | None, layout: str, output: str | None, folds: bool) -> None:
    """Write all trials, one per row or object.

    The output has number, state, values, parameters, user attributes and times, and for the
    candidates that a search stopped their predicted values. NaN and infinities are null in JSON.

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
@STUDY_OPTION
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    default="report.html",
    show_default=True,
    help="File to write: .html, or .md without plots.",
)
@click.option("--title", metavar="TEXT", help="Title of the report.")
@plain_errors
def report(url: str, study: str | None, output: str, title: str | None) -> None:
    """Write a report on a study: the winner, what mattered, what to try next.

    A report of the fitted search, with skhpo.report in Python, has more sections.

    Example: skhpo report sqlite:///search.db -o report.html
    """
    storage = _open_storage(url)
    opened = _open_study(storage, study)
    _refuse_the_database(storage, output)
    click.echo(f"Wrote {skhpo.report(opened, output, title=title)}")


@main.command()
@click.argument("job", type=click.Path(dir_okay=False))
@click.option("--check", is_flag=True, help="Check the job, and run nothing.")
@plain_errors
def tune(job: str, check: bool) -> None:
    """Run a tuning job that a JSON file describes, or resume it.

    The job has the vocabulary of managed tuners: parameter ranges, resource limits, strategy,
    objective, early stopping, warm start. The same command again resumes it, and several
    processes may run it at the same time.

    Example: skhpo tune job.json
    """
    from skhpo.tuning import read_job
    from skhpo.tuning import tune as run_job

    checked = read_job(job)
    if checked.without_effect:
        click.echo(f"Without effect here: {', '.join(checked.without_effect)}.", err=True)
    if check:
        click.echo(f"The job {checked.name!r} is valid: {len(checked.space)} ranges.")
        return
    result = run_job(job, verbose=int(sys.stderr.isatty()))
    click.echo(_vertical(_flat(result.summary)), nl=False)
    click.echo(f"Wrote {result.folder}")


def _flat(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries of a summary and of the objects in it, in one level."""
    flat: dict[str, Any] = {}
    for name, value in summary.items():
        flat |= _prefixed(name, value) if isinstance(value, Mapping) else {name: value}
    return flat


@main.command()
@URL_ARGUMENT
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@plain_errors
def dashboard(url: str, host: str, port: int) -> None:
    """Serve optuna-dashboard for the studies, live. Ctrl-C stops it.

    There is no password: anyone who can reach the address can view and delete the studies.

    Example: skhpo dashboard sqlite:///search.db
    """
    storage = _open_storage(url)
    if importlib.util.find_spec("optuna_dashboard") is None:
        raise missing_extra("The dashboard needs optuna-dashboard", "dashboard")
    from optuna_dashboard import wsgi

    app = wsgi(storage.engine.url.render_as_string(hide_password=False))
    try:
        server = make_server(host, port, app, _Server, _QuietHandler)
    except OSError as error:
        reason = f"Cannot listen on {host}:{port} ({error.strerror})"
        raise OSError(f"{reason}; choose another address with --host and --port.") from error
    address = f"http://{host}:{server.server_port}/"
    with server:
        try:
            click.echo(f"The dashboard of {storage.url} is at {address} (Ctrl-C stops it)")
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo()


class _Server(ThreadingMixIn, WSGIServer):
    """Server with one thread per connection, as browsers open connections before using them."""

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
    """Return the values of the objectives, named as in `Study.trials_dataframe`."""
    names = study.metric_names
    if not _has_front(study):
        return {f"value_{names[0]}" if names else "value": trial.value}
    values: Sequence[float | None] = trial.values or [None] * len(study.directions)
    return _prefixed("values", dict(zip(names or range(len(values)), values, strict=True)))


def _predicted(study: Study, trial: FrozenTrial) -> dict[str, Any]:
    """Return the predicted values of a candidate that a search stopped, None for others."""
    n_objectives = len(study.directions)
    given = trial.system_attrs.get(PREDICTED_VALUE, [None] * n_objectives)
    values = given if isinstance(given, list) else [given]
    names = study.metric_names or (range(n_objectives) if n_objectives > 1 else ["value"])
    return _prefixed("predicted", dict(zip(names, values, strict=True)))


def _prefixed(prefix: str, named: Mapping[Any, Any]) -> dict[str, Any]:
    return {f"{prefix}_{name}": value for name, value in named.items()}


def _export(study: Study, folds: bool) -> list[dict[str, Any]]:
    """Return one row per trial; all rows have the same columns."""
    trials = study.get_trials(deepcopy=False)
    groups = {"params": _names(t.params for t in trials)}
    groups["user_attrs"] = _names(t.user_attrs for t in trials)
    if folds:
        groups["intermediate_values"] = sorted(_names(t.intermediate_values for t in trials))
    are_predicted = any(PREDICTED_VALUE in trial.system_attrs for trial in trials)
    rows = []
    for trial in trials:
        row = {"number": trial.number, "state": trial.state.name} | _values(study, trial)
        if are_predicted:
            row |= _predicted(study, trial)
        for group, names in groups.items():
            row |= _prefixed(group, {name: getattr(trial, group).get(name) for name in names})
        row["datetime_start"] = trial.datetime_start
        row["datetime_complete"] = trial.datetime_complete
        row["seconds"] = None if trial.duration is None else trial.duration.total_seconds()
        rows.append(row)
    return rows


def _names(rows: Iterable[Mapping[Any, Any]]) -> list[Any]:
    """Return all keys, in the order of their first occurrence."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _refuse_the_database(storage: RDBStorage, output: str) -> None:
    file = storage.engine.url.database
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
    """Replace NaN and infinities, which JSON does not have, by None."""
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


def _vertical(row: Mapping[str, Any]) -> str:
    """Format one trial in full, with one line per column."""
    return _aligned([[name, str(_cell(value))] for name, value in row.items()])


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join("  ".join(map(str.ljust, line, widths)).rstrip() + "\n" for line in lines)


def _short(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.{SIGNIFICANT_DIGITS}g}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return ", ".join(value) if isinstance(value, list) else str(value)


def _cell(value: Any) -> Any:
    """Return a value in full, as text or as a type that csv writes as text."""
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value) if isinstance(value, dict | list | tuple) else value
