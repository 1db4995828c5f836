"""
Write your own sampler
======================

Differential evolution in some twenty lines. A ``ColumnSampler`` gets the trials so far as points of
the unit cube, and returns new points. Scales, steps, categories, conditional spaces and the random
stream of each trial are handled by the base class. The sampler works in a study and in a search.

Source: R. Storn and K. Price, "Differential evolution", Journal of Global Optimization 11 (1997).
"""

import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_diabetes
from sklearn.kernel_ridge import KernelRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhpo import StudySearchCV
from skhpo.samplers import ColumnSampler, RandomSampler, TPESampler


class DifferentialEvolutionSampler(ColumnSampler):
    """Move one of the best points by the difference of two others (DE/current-to-best)."""

    def __init__(self, population_size=12, weight=0.7, crossover=0.9, seed=None):
        super().__init__(seed=seed)
        self.population_size = population_size
        self.weight = weight
        self.crossover = crossover

    def propose(self, columns, rng):
        n_params = len(columns.names)
        best, _ = columns.split(self.population_size)
        if len(best) < self.population_size:
            return rng.random((1, n_params))
        population = columns.points[best]
        base, a, b = population[rng.choice(len(population), 3, replace=False)]
        mutant = base + self.weight * (population[0] - base) + self.weight * (a - b)
        keeps_mutant = rng.random(n_params) < self.crossover
        return np.clip(np.where(keeps_mutant, mutant, base), 0.0, 1.0)[None, :]


# %%
# Comparison with two other samplers
# ----------------------------------

X, y = load_diabetes(return_X_y=True)
model = make_pipeline(StandardScaler(), KernelRidge(kernel="rbf"))
space = {
    "kernelridge__alpha": loguniform(1e-4, 1e2),
    "kernelridge__gamma": loguniform(1e-5, 1e1),
}

print(f"{'sampler':32}{'mean of 3 seeds':>16}{'worst':>9}")
for sampler in (RandomSampler(), DifferentialEvolutionSampler(), TPESampler()):
    scores = [
        StudySearchCV(model, space, n_iter=30, sampler=sampler, pruner=None, random_state=seed)
        .fit(X, y)
        .best_score_
        for seed in range(3)
    ]
    print(f"{type(sampler).__name__:32}{np.mean(scores):16.4f}{np.min(scores):9.4f}")
