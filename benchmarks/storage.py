"""The storage benchmark: what it costs to keep trials in a database, and to read them again.

Prints markdown tables; ``docs/benchmarks/storage.md`` explains them and keeps a full run. Where
PostgreSQL is not installed, its rows are left out.

    python benchmarks/storage.py [--quick] [--only PART ...]
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path

from _common import ONE_THREAD, banner, command_line, print_table, silence, spread

os.environ |= ONE_THREAD

import numpy as np
from _storage_peers import (
    DATABASES,
    FILES,
    OPTUNA,
    OURS,
    Peer,
    Times,
    add_many,
    add_one,
    apart,
    copy_of,
    run_trial,
    time_to_open,
    watch,
)
from _storage_postgresql import server

N_REPEATS = 3
CLOCKS = ("wall", "cpu")
RATIOS = ("times faster", "by CPU")  # than Optuna's RDBStorage
N_REPORTS = (0, 3)
N_PROCESSES = 4
MAX_JOURNAL = 10_000  # trials that Optuna writes into a journal within a minute or two
PEERS_TO_READ = tuple(peer for peer in FILES if peer.kind != "wal")  # to read it is all the same


def text(value: float) -> str:
    """A number with three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def ratios(times: dict[Peer, list[Times]], peer: Peer) -> tuple[str, str]:
    """How many times faster than Optuna's a peer is, by both clocks."""
    if OPTUNA not in times:
        return "–", "–"
    wall, cpu = (median(times[OPTUNA], clock) / median(times[peer], clock) for clock in CLOCKS)
    return f"{wall:.1f}", f"{cpu:.1f}"


def median(times: Sequence[Times], clock: str) -> float:
    """Median of the seconds by one clock."""
    return float(np.median([getattr(t, clock) for t in times]))


# ---------------------------------------------------------------------------------- writing


def writing(quick: bool, folder: Path) -> None:
    """Trials a second that one process writes, peers in turns."""
    n_trials = 50 if quick else 300
    head = ("storage", "reports", "trials a second", "ms a trial", "CPU ms a trial", *RATIOS)
    numbers = count()
    rows = write_rows(FILES, lambda peer: peer.place_in(folder, f"w{next(numbers)}"), n_trials)
    title = f"{n_trials} trials of 5 parameters"
    print_table(head, rows, title=f"Writing into a file: {title}", columns="lr")
    with server() as new_database:
        if new_database is None:
            print("\nPostgreSQL is not installed here: its rows are left out.")
            return
        rows = write_rows(DATABASES, lambda peer: new_database(f"w{next(numbers)}"), n_trials)
        print_table(head, rows, title=f"Writing into PostgreSQL: {title}", columns="lr")


def write_rows(
    peers: Sequence[Peer], place: Callable[[Peer], str], n_trials: int
) -> Iterator[Sequence[object]]:
    """Rows of the table, all peers for one number of reports."""
    for n_reports in N_REPORTS:
        times: dict[Peer, list[Times]] = {peer: [] for peer in peers}
        for _ in range(N_REPEATS):
            for peer in peers:
                times[peer].append(time_to_write(peer, place(peer), n_trials, n_reports))
        for peer in peers:
            rates = [n_trials / t.wall for t in times[peer]]
            ms = (text(1e3 * median(times[peer], clock) / n_trials) for clock in CLOCKS)
            yield peer.name, n_reports, spread(rates, text), *ms, *ratios(times, peer)


def time_to_write(peer: Peer, place: str, n_trials: int, n_reports: int) -> Times:
    """Write trials into a new study; a few before them warm up."""
    study = peer.create_study(place)
    for _ in range(5):
        run_trial(study, n_reports)
    with watch() as elapsed:
        for _ in range(n_trials):
            run_trial(study, n_reports)
        return elapsed()


# ---------------------------------------------------------------------------------- opening


def opening(quick: bool, folder: Path) -> None:
    """Seconds to load a study, count its trials and take the best value, in a fresh process."""
    sizes = (1_000, 10_000) if quick else (1_000, 10_000, 100_000)
    head = ("storage", "trials", "seconds", "CPU seconds", *RATIOS)
    rows = (row for n in sizes for row in open_rows(n, folder))
    print_table(head, rows, title="Opening", columns="lr")


def open_rows(n_trials: int, folder: Path) -> Iterator[Sequence[object]]:
    """Rows of the table for one size."""
    places = make_files(n_trials, folder)
    times: dict[Peer, list[Times]] = {peer: [] for peer in places}
    for repeat in range(N_REPEATS):
        for peer, place in places.items():
            if repeat == 0 or n_trials <= 10_000 or peer is OURS:
                with apart() as pool:
                    times[peer].append(pool.submit(time_to_open, peer, place, n_trials).result())
    for peer in places:
        walls, cpu = [t.wall for t in times[peer]], text(median(times[peer], "cpu"))
        yield peer.name, f"{n_trials:,}", spread(walls, text), cpu, *ratios(times, peer)


def make_files(n_trials: int, folder: Path) -> dict[Peer, str]:
    """A study for each peer. The SQLite files are copies of one: the tables are the same."""
    places = {}
    for peer in PEERS_TO_READ:
        if peer.kind == "journal" and n_trials > MAX_JOURNAL:
            continue
        places[peer] = peer.place_in(folder, f"r{n_trials}")
        if peer is OPTUNA:
            copy_of(places[OURS], places[OPTUNA])
        elif not Path(places[peer].removeprefix("sqlite:///")).exists():
            peer.make(places[peer], n_trials)
    return places


# ----------------------------------------------------------------------- what others have added


def following(quick: bool, folder: Path) -> None:
    """Milliseconds of an ask, with and without a trial that another process has added."""
    n_trials = 1_000 if quick else 10_000
    head = ("storage", "ask, nothing new: ms", "CPU ms", "ask, one new: ms", "CPU ms")
    places = make_files(n_trials, folder)
    rows = (follow_row(peer, place, 5 if quick else 30) for peer, place in places.items())
    print_table(head, rows, title=f"An ask in a study of {n_trials:,} trials", columns="lr")


def follow_row(peer: Peer, place: str, n_asks: int) -> Sequence[object]:
    """Row of the table of one peer; the two kinds of asks take turns."""
    study = peer.load_study(place)
    times: dict[bool, list[Times]] = {False: [], True: []}
    with apart() as pool:
        for ask in range(2 * (n_asks + 1)):
            is_new = ask % 2 == 1
            if is_new:
                pool.submit(add_one, peer, place).result()
            with watch() as elapsed:
                trial = study.ask()
                times[is_new].append(elapsed())
            study.tell(trial, 1.0)
    cells: list[str] = []
    for is_new in (False, True):
        walls, cpus = zip(*((1e3 * t.wall, 1e3 * t.cpu) for t in times[is_new][1:]), strict=True)
        cells += [spread(walls, text), text(np.median(cpus))]
    return peer.name, *cells


# ------------------------------------------------------------------------------- side by side


def sharing(quick: bool, folder: Path) -> None:
    """Trials a second that several processes write into one file."""
    n_each = 10 if quick else 100
    title = f"{N_PROCESSES} processes x {n_each} trials into one file"
    head = ("storage", "trials a second", "CPU ms a trial", "errors", "complete", *RATIOS)
    print_table(head, share_rows(n_each, folder), title=title, columns="lr")


def share_rows(n_each: int, folder: Path) -> Iterator[Sequence[object]]:
    """Rows of the table."""
    n_all = N_PROCESSES * n_each
    times: dict[Peer, list[Times]] = {peer: [] for peer in FILES}
    errors: dict[Peer, list[list[str]]] = {peer: [] for peer in FILES}
    n_complete: dict[Peer, list[int]] = {peer: [] for peer in FILES}
    for repeat in range(N_REPEATS):
        for peer in FILES:
            each, raised, found = share(peer, peer.place_in(folder, f"s{repeat}"), n_each)
            times[peer].append(each)
            errors[peer].append(raised)
            n_complete[peer].append(found)
    for peer in FILES:
        rates = [n / t.wall for n, t in zip(n_complete[peer], times[peer], strict=True)]
        cpu = text(1e3 * median(times[peer], "cpu") / n_all)
        n_errors = ", ".join(str(len(raised)) for raised in errors[peer])
        complete = ", ".join(map(str, n_complete[peer]))
        yield peer.name, spread(rates, text), cpu, n_errors, complete, *ratios(times, peer)
    for peer in FILES:
        counted = Counter(error for raised in errors[peer] for error in raised)
        for error, n in counted.most_common(3):
            print(f"\n{peer.name}, {n} times: {error}")


def share(peer: Peer, place: str, n_each: int) -> tuple[Times, list[str], int]:
    """Times, errors and the number of complete trials of one run."""
    peer.create_study(place)
    with apart(N_PROCESSES) as pool:
        runs = [pool.submit(add_many, peer, place, n_each) for _ in range(N_PROCESSES)]
        starts, ends, cpus, errors = zip(*(run.result() for run in runs), strict=True)
    trials = peer.load_study(place).trials
    if [trial.number for trial in trials] != list(range(len(trials))):
        raise RuntimeError(f"{peer.name}: numbers are missing, or there twice")
    n_complete = sum(trial.state.name == "COMPLETE" for trial in trials)
    return (
        Times(max(ends) - min(starts), sum(cpus)),
        [e for each in errors for e in each],
        n_complete,
    )


# -------------------------------------------------------------------------------------- all


def milliseconds_to_sync(folder: Path, n: int = 50) -> float:
    """What it takes to have 4 KiB safely on this disk."""
    walls = []
    with (folder / "sync").open("wb") as file:
        for _ in range(n):
            with watch() as elapsed:
                file.write(bytes(4096))
                file.flush()
                os.fsync(file.fileno())
                walls.append(elapsed().wall)
    return 1e3 * float(np.median(walls))


PARTS: dict[str, Callable[[bool, Path], None]] = {
    "writing": writing,
    "opening": opening,
    "following": following,
    "sharing": sharing,
}


def main() -> None:
    """Print the tables."""
    options = command_line(__doc__, quick="small sizes", only=PARTS).parse_args()
    silence()
    versions = f"{banner('SQLAlchemy', 'Optuna')}; SQLite {sqlite3.sqlite_version}"
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        print(f"{versions}; an fsync takes {milliseconds_to_sync(Path(name)):.2f} ms")
        for part in options.only:
            PARTS[part](options.quick, Path(name))


if __name__ == "__main__":
    main()
