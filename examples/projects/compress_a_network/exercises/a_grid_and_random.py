"""Solution (a): grid against random search at an equal number of evaluations.

Both get 27 evaluations of three epochs, in the same three parameters: one sparsity and one number
of bits for all layers, and the learning rate. The grid tries three values of each. The random
search tries 27 different ones of the numeric parameters.
"""

import numpy as np
from _setup import arguments, base_and_data
from search import run

import skhpo
from skhpo.samplers import GridSampler, RandomSampler

args = arguments(__doc__.splitlines()[0])
base, data = base_and_data(args.quick)
n_seeds = 2 if args.quick else 10

# Three reasonable grids of three values: the result of a grid depends on who chose it.
grids = {
    "grid, coarse": {"sparsity": [0.0, 0.45, 0.9], "bits": [2, 5, 8], "lr": [1e-3, 5e-3, 3e-2]},
    "grid, high": {"sparsity": [0.5, 0.7, 0.9], "bits": [3, 4, 6], "lr": [3e-3, 1e-2, 3e-2]},
    "grid, low": {"sparsity": [0.2, 0.4, 0.6], "bits": [4, 6, 8], "lr": [1e-3, 3e-3, 1e-2]},
}
settings = {"tied": True, "n_epochs": 3, "n_trials": 27}
studies = {}
for name, grid in grids.items():
    studies[name] = [run(base, data, sampler=lambda seed: GridSampler(grid), seed=0, **settings)]  # noqa: B023
studies["random"] = [
    run(base, data, sampler=lambda seed: RandomSampler(seed=seed), seed=seed, **settings)
    for seed in range(n_seeds)
]

print(f"{'27 evaluations':16}{'best score':>26}{'values tried of lr':>20}")
for name, runs in studies.items():
    best = [study.best_value for study in runs]
    scores = " ".join(f"{value:.4f}" for value in np.unique(np.quantile(best, [0, 0.5, 1])))
    print(f"{name:16}{scores:>26}{len({t.params['lr'] for t in runs[0].trials}):20}")

all_random = [study.best_value for study in studies["random"]]
for name in grids:
    beaten = np.mean([value > studies[name][0].best_value for value in all_random])
    print(f"{beaten:.0%} of {n_seeds} random searches beat '{name}'")

importances = skhpo.importance.get_param_importances(studies["random"][0])
print("Importances in a random search:", {k: round(float(v), 2) for k, v in importances.items()})
