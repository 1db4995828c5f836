"""Judging the runs of the samplers' benchmark, and its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from _common import markdown, span
from _sampler_problems import FAMILIES, SUBSET, Problem
from numpy.typing import NDArray
from scipy.stats import rankdata

from skhpo.multi_objective import hypervolume

__all__ = ["BUDGETS", "MODES", "Run", "report"]

BUDGETS = (30, 100, 300)
MODES = (1, 8)
MODE_NAMES = {1: "one at a time", 8: "in batches of 8"}
N_RESAMPLES = 1000
RIVALS = {
    "skhpo TPE": ("Optuna TPE", "hyperopt TPE"),
    "skhpo GP": ("Optuna GP", "scikit-optimize GP", "HEBO"),
    "skhpo CMA-ES": ("Optuna CMA-ES",),
    "skhpo QMC": ("Optuna QMC",),
    "skhpo NSGA-II": ("Optuna NSGA-II",),
    "skhpo NSGA-III": ("Optuna NSGA-III",),
    "skhpo Auto": (
        "skhpo TPE",
        "skhpo GP",
        "Optuna TPE",
        "Optuna GP",
        "hyperopt TPE",
        "scikit-optimize GP",
        "SMAC",
        "HEBO",
    ),
}

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """What a run came to.

    Attributes
    ----------
    regret : dict of int to float
        Normalised regret at each budget that the run reached.
    milliseconds : dict of int to float
        CPU milliseconds of an ask and its tell, on average up to each budget.
    """

    sampler: str
    problem: Problem
    batch: int
    seed: int
    version: str
    regret: dict[int, float]
    milliseconds: dict[int, float]

    @classmethod
    def judge(
        cls, sampler: str, problem: Problem, batch: int, seed: int, record: Mapping[str, Any]
    ) -> Run:
        """Judge a record by the values without noise."""
        values, observed = np.array(record["values"]), np.array(record["observed"])
        judge = incumbent_regret if problem.n_objectives == 1 else hypervolume_regret
        budgets = [budget for budget in BUDGETS if budget <= len(values)]
        return cls(
            sampler,
            problem,
            batch,
            seed,
            record["version"],
            {b: judge(problem, values[:b], observed[:b]) for b in budgets},
            {b: 1e3 * record["seconds"][str(b)] / b for b in budgets},
        )


def incumbent_regret(problem: Problem, values: Array, observed: Array) -> float:
    """What the best value seen is in truth: 0 the best there is, 1 the median of random points."""
    best, median = problem.scale
    return float((values[observed[:, 0].argmin(), 0] - best) / (median - best))


def hypervolume_regret(problem: Problem, values: Array, observed: Array) -> float:
    """The share of the front's hypervolume that is missing."""
    reference, _ = problem.front
    return 1.0 - hypervolume(values, reference) / front_volume(problem)


_VOLUMES: dict[str, float] = {}


def front_volume(problem: Problem) -> float:
    """Hypervolume of a problem's front."""
    if problem.name not in _VOLUMES:
        reference, front = problem.front
        _VOLUMES[problem.name] = hypervolume(front, reference)
    return _VOLUMES[problem.name]


# ------------------------------------------------------------------------------------- statistics

Regrets = dict[str, Array]  # by problem: one regret a seed


def regrets_of(runs: Sequence[Run], sampler: str, batch: int, budget: int) -> Regrets:
    """Regrets of a sampler, by problem and seed."""
    chosen = sorted(
        (
            run
            for run in runs
            if run.sampler == sampler and run.batch == batch and budget in run.regret
        ),
        key=lambda run: (run.problem.name, run.seed),
    )
    return {
        name: np.array([run.regret[budget] for run in group])
        for name, group in groupby(chosen, key=lambda run: run.problem.name)
    }


def interval_within(regrets: Regrets) -> tuple[float, float]:
    """Interval of the mean over these problems: seeds are resampled."""
    rng = np.random.default_rng(0)
    draws = [
        rng.choice(values, (N_RESAMPLES, len(values))).mean(axis=1) for values in regrets.values()
    ]
    low, high = np.quantile(np.mean(draws, axis=0), (0.025, 0.975))
    return float(low), float(high)


def interval_across(differences: Regrets) -> tuple[float, float]:
    """Interval of the mean over problems like these: problems, and then seeds, are resampled."""
    rng = np.random.default_rng(0)
    groups = list(differences.values())
    means = [
        np.mean([rng.choice(groups[i], len(groups[i])).mean() for i in chosen])
        for chosen in rng.integers(len(groups), size=(N_RESAMPLES, len(groups)))
    ]
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


# ----------------------------------------------------------------------------------------- tables


def report(runs: Sequence[Run], problems: Sequence[Problem]) -> Iterator[str]:
    """All tables, as lines of Markdown."""
    yield from inventory(runs)
    for family in FAMILIES:
        chosen = [problem for problem in problems if problem.family == family]
        yield from standing(f"{family.capitalize()}, {len(chosen)} problems", runs, chosen)
    chosen = [problem for problem in problems if problem.n_objectives == 1]
    yield from standing(f"One objective, all {len(chosen)} problems", runs, chosen)
    chosen = [problem for problem in problems if problem.name in SUBSET]
    yield from standing(f"The subset for dear samplers, {len(chosen)} problems", runs, chosen)
    chosen = [problem for problem in problems if problem.held_out and problem.n_objectives == 1]
    yield from standing(f"Held out, one objective, {len(chosen)} problems", runs, chosen)
    yield from duels(runs)
    yield from costs(runs)


def samplers_of(runs: Sequence[Run]) -> list[str]:
    """Names of the samplers, in the order of their first run."""
    return list(dict.fromkeys(run.sampler for run in runs))


def inventory(runs: Sequence[Run]) -> Iterator[str]:
    """What was run."""
    yield "\n### Runs\n"
    rows = []
    for sampler in samplers_of(runs):
        own = [run for run in runs if run.sampler == sampler]
        row = [sampler, ", ".join(sorted({run.version for run in own}))]
        for batch in MODES:
            here = [run for run in own if run.batch == batch]
            seeds = [
                len({r.seed for r in here if r.problem is p}) for p in {r.problem for r in here}
            ]
            lengths = [max(run.regret) for run in here]
            row += [
                f"{len(seeds)} problems, {span(seeds)} seeds, {span(lengths)} trials"
                if here
                else "–"
            ]
        rows.append(row)
    yield from markdown(["sampler", "version", *MODE_NAMES.values()], rows, "lr")


def standing(title: str, runs: Sequence[Run], problems: Sequence[Problem]) -> Iterator[str]:
    """Mean regret, its interval and the mean rank of the samplers that ran on all of `problems`."""
    names = {problem.name for problem in problems}
    runs = [run for run in runs if run.problem.name in names]
    for batch in MODES:
        cells: dict[str, list[str]] = {sampler: [] for sampler in samplers_of(runs)}
        for budget in BUDGETS:
            column = {s: regrets_of(runs, s, batch, budget) for s in cells}
            complete = {s: r for s, r in column.items() if set(r) == names}
            ranks = mean_ranks(complete)
            for sampler, row in cells.items():
                row += (
                    [_cell(complete[sampler]), f"{ranks[sampler]:.1f}"]
                    if sampler in complete
                    else ["–", "–"]
                )
        rows = [[s, *row] for s, row in cells.items() if set(row) != {"–"}]
        rows.sort(key=_order)
        head = [cell for budget in BUDGETS for cell in (f"{budget} trials", "rank")]
        if rows:
            yield f"\n### {title}, {MODE_NAMES[batch]}\n"
            yield from markdown(["sampler", *head], rows, "lr")


def _order(row: Sequence[str]) -> tuple[float, ...]:
    """By the ranks, those of the larger budgets first; what did not get there comes last."""
    return tuple(float(rank) if rank != "–" else np.inf for rank in (row[4], row[2], row[6]))


def _cell(regrets: Regrets) -> str:
    mean = np.mean([values.mean() for values in regrets.values()])
    if min(len(values) for values in regrets.values()) < 2:
        return f"{mean:.3f}"
    low, high = interval_within(regrets)
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def mean_ranks(column: Mapping[str, Regrets]) -> dict[str, float]:
    """Mean rank of each sampler over the problems, by the mean over seeds."""
    if not column:
        return {}
    names = sorted(next(iter(column.values())))
    means = np.array([[regrets[name].mean() for name in names] for regrets in column.values()])
    return dict(zip(column, rankdata(means, axis=0).mean(axis=1).tolist(), strict=True))


def duels(runs: Sequence[Run]) -> Iterator[str]:
    """Differences of regret between ours and its rivals, on the problems and seeds both ran."""
    for title, keep in _halves().items():
        rows = []
        chosen = [run for run in runs if keep(run.problem)]
        present = samplers_of(chosen)
        for own in present:
            rivals = RIVALS.get(own.split("@")[0], ())
            for rival in (name for name in rivals if name in present):
                for batch in MODES:
                    cells = [_duel(chosen, own, rival, batch, budget) for budget in BUDGETS]
                    if set(cells) != {"–"}:
                        rows.append([own, rival, MODE_NAMES[batch], *cells])
        if rows:
            yield f"\n### Ours less the rival, {title}: difference [interval], won : lost\n"
            head = ["ours", "rival", "mode", *(f"{b} trials" for b in BUDGETS)]
            yield from markdown(head, rows, "lr")


def _halves() -> dict[str, Callable[[Problem], bool]]:
    return {
        "tuning problems": lambda problem: problem.family == FAMILIES[0],
        "test functions": lambda problem: problem.family == FAMILIES[1],
        "several objectives": lambda problem: problem.family == FAMILIES[2],
        "one objective, held out": lambda problem: problem.held_out and problem.n_objectives == 1,
    }


def _duel(runs: Sequence[Run], own: str, rival: str, batch: int, budget: int) -> str:
    ours, theirs = (regrets_of(runs, sampler, batch, budget) for sampler in (own, rival))
    differences = {}
    for name in ours.keys() & theirs.keys():
        n = min(len(ours[name]), len(theirs[name]))  # seeds are run in order
        differences[name] = ours[name][:n] - theirs[name][:n]
    if not differences:
        return "–"
    differences = dict(sorted(differences.items()))
    means = np.array([values.mean() for values in differences.values()])
    low, high = interval_across(differences)
    won, lost = int((means < 0).sum()), int((means > 0).sum())
    return f"{means.mean():+.3f} [{low:+.3f}, {high:+.3f}], {won} : {lost}"


def costs(runs: Sequence[Run]) -> Iterator[str]:
    """CPU milliseconds of an ask and its tell."""
    rows = []
    for sampler in samplers_of(runs):
        row = [sampler]
        for batch in MODES:
            for budget in BUDGETS:
                times = [
                    run.milliseconds[budget]
                    for run in runs
                    if run.sampler == sampler and run.batch == batch and budget in run.regret
                ]
                row.append(f"{np.median(times):.2f}" if times else "–")
        rows.append(row)
    yield "\n### CPU milliseconds of an ask and its tell: median of the runs' means\n"
    head = [f"{b} trials, {MODE_NAMES[m]}" for m in MODES for b in BUDGETS]
    yield from markdown(["sampler", *head], rows, "lr")
