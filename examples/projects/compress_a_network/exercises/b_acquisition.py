"""Solution (b): an acquisition function of your own, with exploration and exploitation.

A Gaussian process of scikit-learn predicts a mean and a standard deviation of the loss everywhere.
The acquisition function is a lower confidence bound, mean - kappa * sd. With kappa = 0, the sampler
only exploits: it goes where the mean is best. With a large kappa, it explores: it goes where the
least is known.
"""

import warnings

import numpy as np
from _setup import arguments, base_and_data
from run import pyplot
from search import run
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern, WhiteKernel

from skhpo.history import Columns
from skhpo.samplers import ColumnSampler

warnings.simplefilter("ignore", ConvergenceWarning)  # length scales at the end of their range


class ConfidenceBoundSampler(ColumnSampler):
    """Try the point with the smallest mean - kappa * sd of a Gaussian process."""

    def __init__(self, kappa: float, n_startup_trials: int = 6, seed: int | None = None):
        super().__init__(seed=seed)
        self.kappa = kappa
        self.n_startup_trials = n_startup_trials

    def propose(self, columns: Columns, rng: np.random.Generator) -> np.ndarray:
        points = rng.random((500, len(columns.names)))
        known = np.concatenate(columns.split(len(columns.known)))
        if len(known) < self.n_startup_trials:
            return points[:1]
        X, loss = columns.points[known], columns.history.loss[known]
        loss = (loss - loss.mean()) / max(loss.std(), 1e-9)
        near_best = X[loss.argmin()] + rng.normal(0, 0.05, (200, X.shape[1]))
        points = np.clip(np.vstack([points, near_best]), 0, 1)
        model = GaussianProcessRegressor(
            Matern(np.full(X.shape[1], 0.5), (0.1, 10), nu=2.5) + WhiteKernel(0.01, (1e-4, 1))
        )
        mean, sd = model.fit(X, loss).predict(points, return_std=True)
        return points[np.argsort(mean - self.kappa * sd)]


args = arguments(__doc__.splitlines()[0])
base, data = base_and_data(args.quick)
n_seeds, n_trials = (1, 10) if args.quick else (6, 30)
kappas = {"exploit (kappa = 0)": 0.0, "balance (kappa = 0.5)": 0.5, "explore (kappa = 100)": 100.0}

pyplot()
import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), sharey=True, layout="constrained")
print(f"{'':24}{'best score: median (worst - best)':>36}{'distance between neighbours':>30}")
for ax, (name, kappa) in zip(axes, kappas.items(), strict=True):
    studies = [
        run(
            base, data, tied=True, n_epochs=3, n_trials=n_trials, seed=seed,
            sampler=lambda seed: ConfidenceBoundSampler(kappa, seed=seed),  # noqa: B023
        )
        for seed in range(n_seeds)
    ]  # fmt: skip
    best = [study.best_value for study in studies]
    # How far apart are proposals? The distance of each one to its nearest predecessor.
    gaps = []
    for study in studies:
        columns = study.history.columns(study.trials[0].distributions)
        gaps += [
            np.linalg.norm(columns.points[:k] - columns.points[k], axis=1).min()
            for k in range(6, n_trials)
        ]
    scores = f"{np.median(best):.4f} ({min(best):.4f} - {max(best):.4f})"
    print(f"{name:24}{scores:>36}{np.median(gaps):30.3f}")
    params = [trial.params for trial in studies[0].trials]
    dots = ax.scatter(
        [one["sparsity"] for one in params], [one["lr"] for one in params],
        c=range(n_trials), cmap="viridis", s=28,
    )  # fmt: skip
    ax.set(title=name, xlabel="sparsity", yscale="log", xlim=(-0.03, 1))
axes[0].set_ylabel("learning rate")
figure.colorbar(dots, label="trial")
figure.savefig(args.folder / "exploration.png", dpi=90)
