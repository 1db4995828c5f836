"""What the benchmarks share: command lines, banners, results kept on disk, tables.

Only the standard library is imported at the top: some benchmarks set the number of threads before
NumPy is loaded, and some samplers run under interpreters of their own.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import platform
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

__all__ = [
    "CACHE",
    "ONE_THREAD",
    "banner",
    "command_line",
    "kept_arrays",
    "load_runs",
    "markdown",
    "print_table",
    "quietly",
    "row",
    "save_runs",
    "silence",
    "span",
    "spread",
    "write",
]

CACHE = Path(__file__).parent / "cache"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


# --------------------------------------------------------------------------- the command line


def command_line(
    doc: str | None,
    *,
    quick: str,
    only: Iterable[str] = (),
    tasks: Iterable[str] = (),
    seeds: str | None = None,
    report: str | None = None,
) -> argparse.ArgumentParser:
    """Return a parser with ``--quick`` and those of the common options that are described.

    Parameters
    ----------
    doc : str
        Docstring of the benchmark; its first line is the description.
    quick : str
        What ``--quick`` does.
    only : iterable of str
        Parts of which ``--only`` takes some; all by default.
    tasks : iterable of str
        Names of which ``--tasks`` takes some.
    seeds, report : str, optional
        What ``--seeds`` and ``--report`` do.
    """
    parser = argparse.ArgumentParser(description=(doc or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help=quick)
    if only := list(only):
        parser.add_argument("--only", nargs="+", choices=only, default=only, help="default all")
    if tasks := list(tasks):
        parser.add_argument("--tasks", nargs="+", choices=tasks, help="default all")
    if seeds is not None:
        parser.add_argument("--seeds", type=int, help=seeds)
    if report is not None:
        parser.add_argument("--report", action="store_true", help=report)
    return parser


MODULES = {
    "CatBoost": "catboost",
    "LightGBM": "lightgbm",
    "Optuna": "optuna",
    "SQLAlchemy": "sqlalchemy",
    "XGBoost": "xgboost",
    "scikit-learn": "sklearn",
}


def banner(*names: str) -> str:
    """Versions of Python, of these packages and of skhpo, and the machine."""
    versions = [f"Python {platform.python_version()}"]
    for name in (*names, "skhpo"):
        module = importlib.import_module(MODULES.get(name, name))
        versions.append(f"{name} {module.__version__}")
    return f"{', '.join(versions)}; {platform.machine()}, {os.cpu_count()} CPUs"


# ------------------------------------------------------------------------------------ silence


def silence() -> None:
    """Have skhpo log errors alone, and Optuna, where it is installed."""
    for name in ("skhpo", "optuna"):
        if importlib.util.find_spec(name) is not None:
            logging = importlib.import_module(name).logging
            logging.set_verbosity(logging.ERROR)


@contextmanager
def quietly() -> Iterator[None]:
    """No warnings, and one thread for linear algebra."""
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        yield


# ------------------------------------------------------------------------------- kept on disk


def write(path: Path, content: str | bytes) -> None:
    """Write a file; a reader sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(content if isinstance(content, bytes) else content.encode())
    partial.replace(path)


def load_runs(path: Path, kind: type[Any]) -> list[Any]:
    """The runs in a file, objects of a dataclass; none if there is no file."""
    return [kind(**run) for run in json.loads(path.read_text())] if path.exists() else []


def save_runs(path: Path, runs: Iterable[Any]) -> None:
    """Write runs into a file."""
    write(path, json.dumps([asdict(run) for run in runs], indent=0))


def kept_arrays(name: str, make: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """Arrays by name, from the cache where they are there; else they are made, and kept."""
    import numpy as np

    path = CACHE / f"{name}.npz"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        start = time.perf_counter()
        with quietly():
            np.savez_compressed(path, **make())
        print(
            f"made {path.name} in {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True
        )
    with np.load(path) as stored:
        return dict(stored)


# -------------------------------------------------------------------------------------- tables


def row(cells: Iterable[object]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def markdown(
    head: Sequence[str],
    rows: Iterable[Iterable[object]],
    columns: str = "l",
) -> Iterator[str]:
    """The lines of a Markdown table, row by row as they come.

    Parameters
    ----------
    head : sequence of str
    rows : iterable of rows
    columns : str
        A letter for each column: "r" is aligned to the right, "l" as it comes. The last letter
        holds for all columns after it.
    """
    yield row(head)
    letters = columns.ljust(len(head), columns[-1])
    yield "|" + "".join("---:|" if letter == "r" else "---|" for letter in letters)
    yield from map(row, rows)


def print_table(
    head: Sequence[str],
    rows: Iterable[Iterable[object]],
    *,
    title: str | None = None,
    columns: str = "l",
) -> None:
    """Print a Markdown table, row by row as they come, under a title if there is one."""
    print("" if title is None else f"\n### {title}\n")
    for line in markdown(head, rows, columns):
        print(line, flush=True)


def spread(
    values: Sequence[float], digits: int | Callable[[float], str] = 2, *, short: bool = False
) -> str:
    """Median and range; `digits` after the point, or what writes a number.

    With `short`, the median alone where the range is nothing.
    """
    shown = digits if callable(digits) else f"{{:.{digits}f}}".format
    middle, low, high = (shown(value) for value in (median(values), min(values), max(values)))
    return middle if short and low == high else f"{middle} ({low} to {high})"


def span(numbers: Sequence[int]) -> str:
    """The least and the largest number, or the one there is."""
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low}–{high}"
