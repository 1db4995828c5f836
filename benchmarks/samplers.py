"""The samplers' benchmark: ours beside the peers on tuning problems, test functions and fronts.

Runs are kept in ``benchmarks/cache/samplers``, one file a run, and not made twice; so samplers may
be added one by one, each under the interpreter that has it. ``docs/benchmarks/samplers.md``
explains the tables and keeps a full report.

    python benchmarks/samplers.py --samplers "skhpo TPE" "Optuna TPE" --seeds 10
    python benchmarks/samplers.py --samplers SMAC --python ~/smac/bin/python --trials 100 --seeds 3
    python benchmarks/samplers.py --report

A name may carry a label, as in ``"skhpo TPE@wider"``: its runs are kept apart from the others.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _common import CACHE, command_line, quietly, write
from _sampler_peers import SAMPLERS, Remote
from _sampler_problems import FAMILIES, PROBLEMS, SUBSET, Problem
from _sampler_tables import BUDGETS, MODES, Run, report

RUNS = CACHE / "samplers"
QUICK = ("skhpo TPE@quick", "skhpo Random@quick")
QUICK_PROBLEMS = ("branin", "hartmann3")
DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks" / "samplers.md"
MARK = "<!-- report -->"


@dataclass(frozen=True)
class Job:
    """One run to be made."""

    label: str
    problem: Problem
    batch: int
    seed: int
    n_trials: int

    @property
    def path(self) -> Path:
        """Where the run is kept."""
        folder = self.label.replace(" ", "_")
        return RUNS / folder / f"{self.problem.name}-{self.batch}-{self.seed}.json"

    @property
    def is_done(self) -> bool:
        """Whether the run is there, and long enough."""
        return self.path.exists() and len(_read(self.path)["values"]) >= self.n_trials


def _read(path: Path) -> Any:
    return json.loads(path.read_text())


def run(job: Job, sampler: Remote) -> None:
    """Make a run, and keep it.

    The noise of trial ``t`` is the same whatever the sampler.
    """
    problem = job.problem
    noise_seed = (job.seed, *problem.name.encode())
    noise = np.random.default_rng(noise_seed).normal(0.0, problem.noise, job.n_trials)
    sampler.start(
        {name: list(d) for name, d in problem.space.items()}, problem.n_objectives, job.seed
    )
    values: list[list[float]] = []
    observed: list[list[float]] = []
    seconds: dict[int, float] = {}
    while (n := len(values)) < job.n_trials:
        points = sampler.ask(min(job.batch, job.n_trials - n))
        new = problem(points)
        seen = new + noise[n : n + len(points), None]
        sampler.tell(points, seen.tolist())
        values += new.tolist()
        observed += seen.tolist()
        seconds |= {b: sampler.seconds for b in BUDGETS if n < b <= len(values)}
    record = {
        "version": sampler.version,
        "values": [[float(f"{v:.7g}") for v in row] for row in values],
        "observed": [[float(f"{v:.7g}") for v in row] for row in observed],
        "seconds": seconds,
    }
    write(job.path, json.dumps(record))


def run_all(jobs: Sequence[Job], python: str) -> None:
    """Make the runs of one sampler that are missing, in one process of its own."""
    missing = [job for job in jobs if not job.is_done]
    if not missing:
        return
    label, start = missing[0].label, time.perf_counter()
    sampler = Remote(label.split("@")[0], python)
    spent = 0.0
    for job in missing:
        run(job, sampler)
        spent += sampler.seconds
    sampler.close()
    print(
        f"{label}: {len(missing)} runs, {spent:.0f} s of CPU in the sampler, "
        f"{time.perf_counter() - start:.0f} s in all",
        file=sys.stderr,
        flush=True,
    )


def load(labels: Sequence[str], problems: Sequence[Problem]) -> list[Run]:
    """The runs that are kept."""
    by_name = {problem.name: problem for problem in problems}
    runs = []
    for label in labels:
        for path in sorted((RUNS / label.replace(" ", "_")).glob("*.json")):
            name, batch, seed = path.stem.rsplit("-", 2)
            if name in by_name:
                runs.append(Run.judge(label, by_name[name], int(batch), int(seed), _read(path)))
    return runs


def kept_labels() -> list[str]:
    """Samplers that have runs, in the order of ``SAMPLERS``; variants with a label are left out."""
    return [name for name in SAMPLERS if (RUNS / name.replace(" ", "_")).exists()]


def put_into_document(lines: Iterable[str]) -> None:
    """Put a report into the document, in the place of the last one."""
    before, _, after = DOCUMENT.read_text().split(MARK)
    DOCUMENT.write_text(f"{before}{MARK}\n" + "\n".join(lines) + f"\n{MARK}{after}")


def select(names: Sequence[str], split: str) -> list[Problem]:
    """Problems by name or family, and by split; "subset" names the few for dear samplers."""
    names = [name for given in names for name in (SUBSET if given == "subset" else [given])]
    known = {problem.name for problem in PROBLEMS} | set(FAMILIES)
    if unknown := set(names) - known:
        raise SystemExit(f"unknown problems {sorted(unknown)}; known are {sorted(known)}")
    return [
        problem
        for problem in PROBLEMS
        if (not names or problem.name in names or problem.family in names)
        and split in ("all", "held-out" if problem.held_out else "development")
    ]


def main() -> None:
    """Make what is missing, or report."""
    parser = command_line(
        __doc__, quick="two samplers on two test functions, 2 seeds, 30 trials; the tables, printed"
    )
    parser.add_argument("--samplers", nargs="+", default=[], help="names, with @label if you like")
    parser.add_argument("--problems", nargs="+", default=[], help="names, families, or subset")
    parser.add_argument("--split", choices=("all", "development", "held-out"), default="all")
    parser.add_argument("--modes", nargs="+", type=int, choices=MODES, default=list(MODES))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--trials", type=int, default=BUDGETS[-1])
    parser.add_argument("--jobs", type=int, default=1, help="samplers at a time")
    parser.add_argument("--python", default=sys.executable, help="interpreter of these samplers")
    parser.add_argument("--fresh", action="store_true", help="make kept runs anew")
    parser.add_argument(
        "--report",
        nargs="?",
        const=DOCUMENT,
        help="make no runs; write the tables into the document, or print them with '-'",
    )
    args = parser.parse_args()
    if args.quick:
        args.samplers, args.problems = args.samplers or QUICK, args.problems or QUICK_PROBLEMS
        args.seeds, args.trials = 2, BUDGETS[0]
    problems = select(args.problems, args.split)
    if args.report:
        lines = list(report(load(args.samplers or kept_labels(), problems), problems))
        if args.report == "-":
            print("\n".join(lines))
        else:
            put_into_document(lines)
        return
    by_sampler = [
        [
            Job(label, problem, batch, seed, args.trials)
            for seed in range(args.first_seed, args.first_seed + args.seeds)
            for batch in args.modes
            for problem in problems
        ]
        for label in args.samplers
    ]
    if args.fresh:
        for jobs in by_sampler:
            for job in jobs:
                job.path.unlink(missing_ok=True)
    with quietly(), ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(lambda jobs: run_all(jobs, args.python), by_sampler))
    if args.quick:
        print("\n".join(report(load(args.samplers, problems), problems)))


if __name__ == "__main__":
    main()
