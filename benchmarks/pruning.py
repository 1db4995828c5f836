"""Racing between folds: how many fold fits a rule saves, and what it loses.

Run ``python benchmarks/pruning.py``; it prints the tables of ``docs/benchmarks/pruning.md`` as
markdown. ``--quick`` uses few orders; ``--feed`` runs the searches with a sampler instead. The fold
losses are real (``_fold_tables.py``), the searches are replayed on them.

A rule is a function from the history of a search to a model with ``should_stop(folds, values)``,
as :class:`skhpo.pruners._fold_model.FoldModel` has it. Losses: smaller is better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from typing import Any, Protocol

import numpy as np
from _common import command_line, print_table
from _fold_tables import FoldTable, load_tables
from joblib import Parallel, delayed
from scipy import special
from scipy.stats import rankdata

from skhpo.pruners._fold_model import FoldModel

N_CANDIDATES = 60
N_STARTUP = 3
FOLDS = (5, 10)
STREAMS = ("random", "improving")


# The record of a search and what a rule makes of it.


@dataclass
class History:
    """The candidates so far: losses by fold (NaN where unseen) and the order of their folds."""

    losses: np.ndarray
    orders: np.ndarray
    complete: np.ndarray

    @property
    def complete_losses(self) -> np.ndarray:
        return self.losses[self.complete]

    def before(self, number: int) -> History:
        return History(self.losses[:number], self.orders[:number], self.complete[:number])


class Model(Protocol):
    def should_stop(self, folds: np.ndarray, values: np.ndarray) -> bool: ...


Rule = Callable[[History], Model]
Order = Callable[[int, int], np.ndarray]


@dataclass
class Judge:
    """A model given by its verdict alone."""

    verdict: Callable[[np.ndarray, np.ndarray], bool]

    def should_stop(self, folds: np.ndarray, values: np.ndarray) -> bool:
        return self.verdict(folds, values)


def never(history: History) -> Model:
    """No pruning."""
    return Judge(lambda folds, values: False)


def fold_model(history: History, alpha: float) -> Model:
    """The rule that skhpo ships."""
    return FoldModel.fit(history.complete_losses, alpha)


def additive(history: History, alpha: float) -> Model:
    """Fold effects and one residual variance from the better half, Student-t prediction."""
    losses = history.complete_losses
    means = losses.mean(axis=1)
    n, n_folds = losses.shape
    best = np.argsort(means)[: max(min(n, 4), (n + 1) // 2)]
    centred = losses[best] - means[best, None]
    m = len(best)
    effects = centred.mean(axis=0)
    dof = 4 + (m - 1) * (n_folds - 1)
    within = (centred**2).sum() / (m * (n_folds - 1))
    variance = (4 * 0.5 * within + ((centred - effects) ** 2).sum()) / dof
    spread = max(0.0, effects.var(ddof=1) - variance / m)
    shrinkage = spread / (spread + variance / m + 1e-300)
    quantile = special.stdtrit(dof, alpha * 4 / (n_folds - 1))

    def verdict(folds: np.ndarray, values: np.ndarray) -> bool:
        error = variance * (1 + shrinkage / m) * (1 / len(folds) - 1 / n_folds)
        gain = means.min() - (values - shrinkage * effects[folds]).mean()
        return bool(gain < quantile * np.sqrt(error))

    return Judge(verdict)


def paired(history: History, alpha: float) -> Model:
    """Differences to the incumbent, fold by fold, with moderated variance and a prior."""
    losses = history.complete_losses
    n_folds = losses.shape[1]
    incumbent = losses.mean(axis=1).argmin()
    differences = losses[incumbent] - np.delete(losses, incumbent, axis=0)
    prior_variance = np.median(differences.var(axis=1, ddof=1))
    between = np.median(differences.mean(axis=1) ** 2) / 0.4549  # median of chi2 with 1 dof

    def verdict(folds: np.ndarray, values: np.ndarray) -> bool:
        k, left = len(folds), n_folds - len(folds)
        gains = losses[incumbent, folds] - values
        gain = gains.mean()
        variance = (4 * prior_variance + ((gains - gain) ** 2).sum()) / (3 + k) + 1e-300
        weight = between / (between + variance / k)
        mean = (k * gain + left * weight * gain) / n_folds
        spread = (left / n_folds) ** 2 * (weight * variance / k + variance / left)
        return bool(special.ndtr(mean / np.sqrt(spread)) < alpha)

    return Judge(verdict)


def aggressive(history: History) -> Model:
    """Bergman et al. (2024): no worse than the incumbent's mean."""
    best = history.complete_losses.mean(axis=1).min()
    return Judge(lambda folds, values: bool(values.mean() > best))


def forgiving(history: History) -> Model:
    """Bergman et al. (2024): no worse than the incumbent's worst fold."""
    losses = history.complete_losses
    worst = losses[losses.mean(axis=1).argmin()].max()
    return Judge(lambda folds, values: bool(values.mean() > worst))


def median(history: History) -> Model:
    """Optuna's MedianPruner on running means, 5 start-up trials; a trial's best so far counts."""
    losses = history.complete_losses
    if len(losses) < 5:
        return never(history)
    in_order = np.take_along_axis(losses, history.orders[history.complete], axis=1)
    n_seen = np.arange(1, losses.shape[1] + 1)
    medians = np.median(np.cumsum(in_order, axis=1) / n_seen, axis=0)

    def verdict(folds: np.ndarray, values: np.ndarray) -> bool:
        own = np.cumsum(values) / n_seen[: len(values)]
        return bool(own.min() > medians[len(values) - 1])

    return Judge(verdict)


def wilcoxon(history: History, p: float = 0.1) -> Model:
    """Optuna's WilcoxonPruner, with the exact null distribution by enumeration."""
    losses = history.complete_losses
    incumbent = losses[losses.mean(axis=1).argmin()]

    def verdict(folds: np.ndarray, values: np.ndarray) -> bool:
        if len(folds) < 2 or values.mean() <= incumbent.mean():
            return False
        worse = values - incumbent[folds]
        ranks = rankdata(np.abs(worse))
        statistic = ranks @ ((worse > 0) + 0.5 * (worse == 0))
        signs = (np.arange(2 ** len(folds))[:, None] >> np.arange(len(folds))) & 1
        p_value = (signs @ ranks >= statistic - 1e-9).mean()
        return bool(p_value < p)

    return Judge(verdict)


# Streams of candidates, orders of folds, and the race itself.


def draw_stream(table: FoldTable, stream: str, rng: np.random.Generator) -> np.ndarray:
    """Indices of candidates without repetition: at random, or from better and better quantiles.

    In an improving stream, candidate t comes from the best ``0.97 ** t`` (5 % at least) of what
    is left; the first five and one in ten of the others come from all.
    """
    if stream == "random":
        return rng.permutation(len(table.losses))[:N_CANDIDATES]
    left = list(np.argsort(table.losses.mean(axis=1), kind="stable"))
    chosen = []
    for t in range(N_CANDIDATES):
        share = 1.0 if t < 5 or rng.random() < 0.1 else max(0.05, 0.97**t)
        chosen.append(left.pop(rng.integers(int(np.ceil(share * len(left))))))
    return np.array(chosen)


def rotated(number: int, n_folds: int) -> np.ndarray:
    """Start one fold later with each candidate."""
    return (number + np.arange(n_folds)) % n_folds


def fixed(number: int, n_folds: int) -> np.ndarray:
    """Start at the first fold."""
    return np.arange(n_folds)


def shuffled(number: int, n_folds: int) -> np.ndarray:
    """Another random order for each candidate."""
    return np.random.default_rng(number).permutation(n_folds)


def race(rule: Rule, losses: np.ndarray, order: Order = rotated, in_flight: int = 1) -> History:
    """Run the candidates through their folds; the rule sees those told before the last ones."""
    n, n_folds = losses.shape
    orders = np.array([order(number, n_folds) for number in range(n)])
    history = History(np.full((n, n_folds), np.nan), orders, np.zeros(n, dtype=bool))
    known, model = -1, never(history)
    for number in range(n):
        seen = history.before(max(0, number + 1 - in_flight))
        ready = seen.complete.sum() >= N_STARTUP
        if ready and seen.complete.sum() > known:
            known, model = seen.complete.sum(), rule(seen)
        folds = orders[number]
        for k in range(1, n_folds + 1):
            history.losses[number, folds[k - 1]] = losses[number, folds[k - 1]]
            if ready and k < n_folds and model.should_stop(folds[:k], losses[number, folds[:k]]):
                break
        history.complete[number] = not np.isnan(history.losses[number]).any()
    return history


def oracle_race(losses: np.ndarray) -> History:
    """The race of a judge that knows the full means."""
    n, n_folds = losses.shape
    means = losses.mean(axis=1)
    complete = np.array([t < N_STARTUP or means[t] < means[:t].min() for t in range(n)])
    seen = complete[:, None] | (np.arange(n_folds) == 0)
    return History(np.where(seen, losses, np.nan), np.tile(np.arange(n_folds), (n, 1)), complete)


# The measurements.


@dataclass(frozen=True)
class Setting:
    """A rule with the circumstances it runs in."""

    name: str
    rule: Rule | None  # None: the oracle
    order: Order = rotated
    in_flight: int = 1


@dataclass
class Outcome:
    """Results on one table, averaged over the orders."""

    saved: float
    regret: float
    lost: float
    table: FoldTable = field(repr=False)


def measure(setting: Setting, table: FoldTable, stream: str, n_orders: int) -> Outcome:
    """Saved fold fits, regret in % of (median - best), and how often the winner was lost, in %."""
    means = table.losses.mean(axis=1)
    unit = np.median(means) - means.min()
    results = []
    for seed in range(n_orders):
        rng = np.random.default_rng((seed, *table.name.encode()))
        losses = table.losses[draw_stream(table, stream, rng)]
        if setting.rule is None:
            history = oracle_race(losses)
        else:
            history = race(setting.rule, losses, setting.order, setting.in_flight)
        full = losses.mean(axis=1)
        regret = (full[history.complete].min() - full.min()) / unit
        results.append((np.isnan(history.losses).mean(), regret, regret > 1e-9))
    return Outcome(*(100 * np.mean(results, axis=0)), table=table)


def measure_all(
    setting: Setting, tables: dict[int, list[FoldTable]], n_orders: int, n_jobs: int
) -> dict[tuple[int, str], list[Outcome]]:
    """Outcomes by number of folds and stream."""
    cases = list(product(FOLDS, STREAMS))
    tasks = [(case, table) for case in cases for table in tables[case[0]]]
    outcomes = Parallel(n_jobs=n_jobs)(
        delayed(measure)(setting, table, stream, n_orders) for (_, stream), table in tasks
    )
    return {
        case: [o for (c, _), o in zip(tasks, outcomes, strict=True) if c == case] for case in cases
    }


def summary(outcomes: Sequence[Outcome]) -> tuple[str, str]:
    """Two cells: saved, and ``mean regret / worst table's / winner lost``."""
    regrets = [o.regret for o in outcomes]
    lost = np.mean([o.lost for o in outcomes])
    saved = np.mean([o.saved for o in outcomes])
    return f"{saved:.1f}", f"{np.mean(regrets):.2f} / {max(regrets):.1f} / {lost:.1f}"


def print_settings(
    title: str,
    settings: Sequence[Setting],
    tables: dict[int, list[FoldTable]],
    n_orders: int,
    n_jobs: int,
) -> None:
    """Print one markdown table for each half of the tables."""
    results = {s.name: measure_all(s, tables, n_orders, n_jobs) for s in settings}
    for half, held_out in (("chosen on", False), ("held out", True)):
        head, rows = ["rule"], []
        for n, stream in product(FOLDS, STREAMS):
            head += [f"{n} folds, {stream}: saved %", "regret"]
        for name, by_case in results.items():
            cells = [
                cell
                for case in product(FOLDS, STREAMS)
                for cell in summary([o for o in by_case[case] if o.table.held_out == held_out])
            ]
            rows.append((name, *cells))
        columns = "l" + "rl" * (len(head) // 2)
        print_table(head, rows, title=f"{title}: tables {half}", columns=columns)


def print_by_table(
    setting: Setting, tables: dict[int, list[FoldTable]], n_orders: int, n_jobs: int
) -> None:
    """Print saved and regret of one setting, table by table."""
    results = measure_all(setting, tables, n_orders, n_jobs)
    rows = []
    for row in zip(*results.values(), strict=True):
        cells = [f"{o.saved:.0f} ({o.regret:.2f})" for o in row]
        held = " (held out)" if row[0].table.held_out else ""
        rows.append((f"{row[0].table.name}{held}", *cells))
    head = ("table", *(f"{n}, {s}" for n, s in results))
    print_table(head, rows, title=f"{setting.name}, table by table: saved % (regret %)")


# Searches with a sampler, at an equal budget of fold fits.


class Surface:
    """A table made continuous: smoothed losses, and the residuals of the nearest configuration."""

    def __init__(self, table: FoldTable) -> None:
        self.points = table.points
        self.bandwidth = 0.3 * len(table.points) ** (-1 / (table.points.shape[1] + 4))
        self.losses = table.losses
        centred = table.losses - table.losses.mean(axis=1, keepdims=True)
        smooth = np.array([self._smooth(point) for point in self.points])
        self.residuals = centred - (smooth - smooth.mean(axis=1, keepdims=True))
        probes = np.random.default_rng(0).random((2000, self.points.shape[1]))
        means = np.array([self._smooth(point).mean() for point in (*probes, *self.points)])
        self.best, self.unit = means.min(), np.median(means) - means.min()

    def _smooth(self, point: np.ndarray) -> np.ndarray:
        """Nadaraya-Watson estimate of the losses on each fold."""
        distances = ((self.points - point) ** 2).sum(axis=1)
        exponents = -0.5 * (distances - distances.min()) / self.bandwidth**2
        weights = np.exp(exponents)
        return weights @ self.losses / weights.sum()

    def __call__(self, point: np.ndarray) -> np.ndarray:
        """Losses of shape (n_folds,) at a point of the unit cube."""
        nearest = ((self.points - point) ** 2).sum(axis=1).argmin()
        return self._smooth(point) + self.residuals[nearest]


@dataclass(frozen=True)
class Feed:
    """A pruning level, and what the sampler is told of a pruned candidate."""

    name: str
    alpha: float | None
    told: str = "predicted"


def search(surface: Surface, feed: Feed, budget: int, seed: int) -> float:
    """Regret of the best complete candidate after a budget of fold fits, in % of the unit."""
    import skhpo
    from skhpo.distributions import FloatDistribution

    space: dict[str, Any] = {
        f"x{i}": FloatDistribution(0.0, 1.0) for i in range(surface.points.shape[1])
    }
    study = skhpo.create_study(sampler=skhpo.samplers.TPESampler(seed=seed))
    complete: list[np.ndarray] = []
    model: FoldModel | None = None
    spent = 0
    while spent < budget:
        trial = study.ask(space)
        losses = surface(np.array(list(trial.params.values())))
        folds = rotated(trial.number, len(losses))
        for k in range(1, len(losses) + 1):
            spent += 1
            seen = folds[:k]
            if k < len(losses) and model is not None and model.should_stop(seen, losses[seen]):
                break
        if k == len(losses):
            complete.append(losses)
            if feed.alpha is not None and len(complete) >= N_STARTUP:
                model = FoldModel.fit(np.array(complete), feed.alpha)
            study.tell(trial, float(losses.mean()))
        elif feed.told == "failed":
            study.tell(trial, state=skhpo.trial.TrialState.FAIL)
        elif feed.told == "worst":
            study.tell(trial, max(float(row.mean()) for row in complete))
        elif feed.told == "raw mean":
            study.tell(trial, float(losses[seen].mean()))
        else:
            assert model is not None
            study.tell(trial, model.predict(seen, losses[seen])[0])
    best = min(float(row.mean()) for row in complete)
    return 100 * (best - surface.best) / surface.unit


def print_feeds(tables: list[FoldTable], n_seeds: int, n_jobs: int) -> None:
    """Print the regret of searches by TPE with equal budgets of fold fits."""
    levels = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
    feeds = [
        Feed("no pruning", None),
        *(Feed(f"alpha {alpha}, predicted mean", alpha) for alpha in levels),
        *(Feed(f"alpha 0.1, {told}", 0.1, told) for told in ("raw mean", "worst", "failed")),
    ]
    one_a_task = {table.name.rsplit("-", 1)[0]: table for table in tables}
    surfaces = [Surface(table) for table in one_a_task.values()]
    baseline: dict[int, np.ndarray] = {}

    def row(feed: Feed) -> Iterator[str]:
        yield feed.name
        for budget in (100, 250):
            tasks = [(s, seed) for s in surfaces for seed in range(n_seeds)]
            regrets = np.array(
                Parallel(n_jobs=n_jobs)(delayed(search)(s, feed, budget, seed) for s, seed in tasks)
            )
            baseline.setdefault(budget, regrets)
            error = (regrets - baseline[budget]).std() / np.sqrt(len(regrets))
            yield f"{regrets.mean():.2f} ({error:.2f}) / {np.median(regrets):.2f}"

    print_table(
        ("told", "100 fold fits", "250 fold fits"),
        map(row, feeds),
        title="TPE, 5 folds, equal budgets: regret in %: mean (error of the difference) / median",
    )


def main() -> None:
    parser = command_line(__doc__, quick="10 streams, 1 seed")
    parser.add_argument("--orders", type=int, default=100, help="streams drawn from each table")
    parser.add_argument("--feed", action="store_true", help="searches with TPE instead of replays")
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    if args.feed:
        print_feeds(load_tables(5), 1 if args.quick else 10, args.jobs)
        return
    n_orders = 10 if args.quick else args.orders
    tables = {n_folds: load_tables(n_folds) for n_folds in FOLDS}
    report = partial(print_settings, tables=tables, n_jobs=args.jobs)

    shipped = partial(fold_model, alpha=0.05)
    report(
        "Rules",
        [
            Setting("no pruning", never),
            Setting("MedianPruner", median, fixed),
            Setting("WilcoxonPruner, p 0.1", wilcoxon, fixed),
            Setting("Bergman et al., forgiving", forgiving, fixed),
            Setting("Bergman et al., aggressive", aggressive, fixed),
            Setting("paired, alpha 0.05", partial(paired, alpha=0.05)),
            Setting("additive, alpha 0.05 * 4 / (K - 1)", partial(additive, alpha=0.05)),
            Setting("additive, alpha 0.2 * 4 / (K - 1)", partial(additive, alpha=0.2)),
            Setting("FoldModel, alpha 0.05", shipped),
            Setting("FoldModel, alpha 0.15", partial(fold_model, alpha=0.15)),
            Setting("oracle", None),
        ],
        n_orders=n_orders,
    )
    fewer = max(10, n_orders // 2)
    report(
        "Levels of FoldModel",
        [
            Setting(f"alpha {alpha}", partial(fold_model, alpha=alpha))
            for alpha in (0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
        ],
        n_orders=fewer,
    )
    report(
        "Order of the folds, alpha 0.05",
        [Setting(order.__name__, shipped, order) for order in (rotated, fixed, shuffled)],
        n_orders=fewer,
    )
    report(
        "Candidates in flight, alpha 0.05",
        [Setting(str(n), shipped, in_flight=n) for n in (1, 2, 8, 32)],
        n_orders=fewer,
    )
    print_by_table(Setting("FoldModel, alpha 0.05", shipped), tables, fewer, args.jobs)


if __name__ == "__main__":
    main()
