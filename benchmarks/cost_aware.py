"""Does it pay to divide the expected improvement by the cost of a candidate?

The Gaussian process searches tables of scores and measured times, with and without a cost. Prints
markdown tables; ``docs/benchmarks/cost_aware.md`` explains them and keeps a full run.

    python benchmarks/cost_aware.py [--quick] [--seeds N] [--tasks NAME ...]
"""

from __future__ import annotations

import os
from typing import Any

from _common import ONE_THREAD, banner, command_line, print_table

os.environ |= ONE_THREAD

import numpy as np
from _cost_tables import TASKS, FloatArray, Table, table

import skhpo
from skhpo.samplers import GPSampler

N_MEAN = 40  # seconds of a run, in mean seconds of a candidate
MAX_TRIALS = 90
LEVELS = (0.1, 0.03, 0.01)  # regret, as a part of (median - best) of the table
CENSORED = 1.5 * N_MEAN  # time of a run that does not reach a level
VARIANTS = ("10 first", "4 first", "4 first, cost")


def sampler_of(variant: str, seed: int, table: Table) -> GPSampler:
    """Return a sampler; its cost is the time that the table knows of the trial."""
    settings: dict[str, Any] = {"n_startup_trials": int(variant.split()[0])}
    if variant.endswith("cost"):
        settings["cost"] = lambda trial: table.seconds[tuple(trial.params[n] for n in table.grid)]
    return GPSampler(seed=seed, **settings)


def run(table: Table, sampler: GPSampler) -> FloatArray:
    """Run a study until its time is over; return the times at which the levels are reached."""
    mean_seconds, best, middle = table.seconds.mean(), table.loss.min(), np.median(table.loss)
    space = {
        name: skhpo.distributions.IntDistribution(0, len(values) - 1)
        for name, values in table.grid.items()
    }
    study = skhpo.create_study(sampler=sampler)
    seconds, reached = 0.0, np.full(len(LEVELS), CENSORED)
    for _ in range(min(MAX_TRIALS, table.loss.size)):
        trial = study.ask(space)
        at = tuple(trial.params[name] for name in table.grid)
        study.tell(trial, table.loss[at])
        seconds += table.seconds[at] / mean_seconds
        if seconds > N_MEAN:
            break
        regret = (table.loss[at] - best) / (middle - best)
        for k, level in enumerate(LEVELS):
            if regret <= level:
                reached[k] = min(reached[k], seconds)
    return reached


def main() -> None:
    """Run the benchmark."""
    parser = command_line(__doc__, quick="3 seeds", tasks=TASKS, seeds="number of runs of each")
    args = parser.parse_args()
    n_seeds = args.seeds or (3 if args.quick else 20)
    skhpo.logging.set_verbosity(skhpo.logging.WARNING)
    print(banner("numpy", "scikit-learn"))
    times = {
        (task, variant): np.array(
            [run(table(task), sampler_of(variant, seed, table(task))) for seed in range(n_seeds)]
        )
        for task in args.tasks or TASKS
        for variant in VARIANTS
    }
    for old, new in ((VARIANTS[1], VARIANTS[2]), (VARIANTS[0], VARIANTS[2])):
        print_ratios(times, old, new)


def print_ratios(times: dict[tuple[str, str], FloatArray], old: str, new: str) -> None:
    """Print the geometric means of the ratios by task, and how many runs won and lost."""
    tasks = list(dict.fromkeys(task for task, _ in times))
    logs = {task: np.log(times[task, new] / times[task, old]) for task in tasks}
    rows = [[task, *(f"{np.exp(x):.2f}" for x in logs[task].mean(axis=0))] for task in tasks]
    means = np.mean([one.mean(axis=0) for one in logs.values()], axis=0)
    everything = np.concatenate(list(logs.values()))
    wins, losses = (everything < -1e-9).sum(axis=0), (everything > 1e-9).sum(axis=0)
    rows.append(["**geometric mean**", *(f"**{np.exp(x):.2f}**" for x in means)])
    rows.append(["runs won / lost", *(f"{w} / {n}" for w, n in zip(wins, losses, strict=True))])
    head = ["task", *(f"regret {level:.0%}" for level in LEVELS)]
    print_table(head, rows, title=f"Time with {new!r}, divided by that with {old!r}")


if __name__ == "__main__":
    main()
