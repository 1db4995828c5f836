"""Replay searches on the measured tables, with a prior from all other datasets.

``python -m benchmarks.priors.replay SVC LGBMClassifier`` prints the regret by the number of
candidates: 0 is the best configuration of the table, 1 the median one. A wrong prior shows the
harm: `inverted` calls the best the worst, `mirrored` exchanges small and large numbers, `shuffled`
gives each configuration the losses of another one. `12 datasets` and the like learn from fewer.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from benchmarks.priors._evaluate import METRICS, task_of
from benchmarks.priors.learn import TABLES, learn
from skhpo.distributions import FloatDistribution
from skhpo.priors._prior import Prior
from skhpo.priors._units import NumericUnit
from skhpo.samplers._gp_model import Features, GaussianProcess, fit_hyperparameters
from skhpo.samplers._gp_prior import Mixture, _expected, experts_of
from skhpo.samplers._gp_transform import standardise

SHOWN = (3, 5, 10, 15, 20, 30, 40)
N_FIRST = 3  # configurations that the prior recommends
N_STARTUP = 4  # random configurations without a prior
METRIC = {"LGBMClassifier": "log_loss", "LogisticRegression": "log_loss"}
FEWER = {f"{n} datasets": n for n in (6, 12, 24)}
METHODS = ("random", "GP", "prior", *FEWER, "mirrored", "shuffled", "inverted")


class Learned:
    """The learned mean and covariance at configurations that are given by their coordinates."""

    residual = 0.1

    def __init__(self, prior: Prior, metric: str) -> None:
        self.functions = prior.functions(metric)

    def __call__(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.functions(points)


def falsified(prior: Prior, how: str, seed: int) -> Prior:
    """Return a prior that is wrong in one of three ways, or right."""
    if how == "inverted":
        return replace(prior, tables={m: -losses for m, losses in prior.tables.items()})
    if how == "shuffled":
        order = np.random.default_rng(seed).permutation(len(prior.coordinates))
        return replace(prior, tables={m: one[:, order] for m, one in prior.tables.items()})
    if how == "mirrored":
        widths = [unit.width for unit in prior.units]
        is_number = np.repeat([isinstance(u, NumericUnit) for u in prior.units], widths)
        return replace(
            prior,
            coordinates=np.where(is_number, 1 - prior.coordinates, 0)
            + np.where(is_number, 0, prior.coordinates),
        )
    return prior


def run(
    points: np.ndarray, losses: np.ndarray, prior: Prior, metric: str, method: str, seed: int
) -> list[int]:
    """Return the configurations in the order in which a method tries them."""
    rng = np.random.default_rng(seed)
    n = min(max(SHOWN), len(points))
    order = rng.permutation(len(points))
    if method == "random":
        return list(order[:n])
    features = Features([FloatDistribution(0, 1)] * points.shape[1])
    blocks = np.repeat(np.arange(len(prior.units)), [unit.width for unit in prior.units])
    tried = list(order[:N_STARTUP])
    learned = Learned(falsified(prior, method, seed), metric)
    if method != "GP":
        tried = recommended(learned, points)
    while len(tried) < n:
        left = np.setdiff1d(np.arange(len(points)), tried)
        nothing = np.zeros(len(tried))
        targets, variance = standardise(losses[tried], nothing)
        theta = fit_hyperparameters(points[tried], targets, variance, blocks)
        if method == "GP":
            model = GaussianProcess(points[tried], targets, variance, theta, blocks)
            best = model.posterior(points[tried])[0].min() - 0.5 * np.sqrt(model.noise)
            mean, sd = model.posterior(points[left])
            value = sd * _expected((best - mean) / sd)
        else:
            by_coordinate = np.append(theta[:-2][blocks], theta[-2:])
            experts = experts_of([learned], features, by_coordinate)
            nobody = np.empty((0, points.shape[1]))
            value = Mixture(experts, points[tried], losses[tried], nothing, nobody)(points[left])
        tried.append(int(left[value.argmax()]))
    return tried


def recommended(learned: Learned, points: np.ndarray) -> list[int]:
    """Return configurations that complement each other on the datasets of the prior."""
    at = learned.functions.on_datasets(points)
    lowest = np.full(at.shape[1], np.inf)
    chosen: list[int] = []
    for _ in range(N_FIRST):
        values = np.minimum(at, lowest).mean(axis=1)
        values[chosen] = np.inf
        chosen.append(int(values.argmin()))
        lowest = np.minimum(lowest, at[chosen[-1]])
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", help="classes; default: all with a table")
    parser.add_argument("--datasets", type=int, default=20, help="number of held-out datasets")
    parser.add_argument("--seeds", type=int, default=2, help="of the methods that draw at random")
    arguments = parser.parse_args()
    for name in arguments.families or [path.stem for path in sorted(TABLES.glob("*.npz"))]:
        metric = METRIC.get(name, METRICS[task_of(name)][0])
        with np.load(TABLES / f"{name}.npz") as table:
            datasets, losses = table["datasets"], table[metric].astype(float)
        chosen = np.linspace(0, len(datasets) - 1, min(arguments.datasets, len(datasets)))
        regrets: dict[str, list[np.ndarray]] = {method: [] for method in METHODS}
        for d in np.unique(chosen.astype(int)):
            row = np.where(np.isnan(losses[d]), np.nanmax(losses[d]), losses[d])
            best, median = row.min(), np.median(row)
            if not median > best:
                continue
            prior = learn(name, without=str(datasets[d]))
            fewer = {
                method: learn(name, str(datasets[d]), n_datasets)
                for method, n_datasets in FEWER.items()
            }
            for method in METHODS:
                n_seeds = arguments.seeds if method in ("random", "GP", "shuffled") else 1
                each = []
                for seed in range(n_seeds):
                    tried = run(
                        prior.coordinates,
                        row,
                        fewer.get(method, prior),
                        metric,
                        method,
                        100 * d + seed,
                    )
                    reached = np.minimum.accumulate(row[tried])[np.array(SHOWN) - 1]
                    each.append((reached - best) / (median - best))
                regrets[method].append(np.mean(each, axis=0))
        n = len(regrets["GP"])
        print(f"\n{name}, {metric}: {n} held-out datasets\n")
        print("| candidates |", " | ".join(map(str, SHOWN)), "|")
        print("|---" * (len(SHOWN) + 1) + "|")
        for method, values in regrets.items():
            mean = np.mean(values, axis=0)
            error = np.std(values, axis=0, ddof=1) / np.sqrt(n)
            cells = (f"{m:.3f} ± {e:.3f}" for m, e in zip(mean, error, strict=True))
            print(f"| {method} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
