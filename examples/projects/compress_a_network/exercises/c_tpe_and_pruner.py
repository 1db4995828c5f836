"""Solution (c): TPE with a pruner on the network; how much does stopping save, and at what price?

Every pruner gets the same number of trials of up to nine epochs. With random search, the trials of
a seed are the same for each pruner, so the difference is only due to the pruner. With TPE, a
stopped trial also teaches the sampler less.
"""

import numpy as np
from _setup import arguments, base_and_data
from run import count
from search import MAX_EPOCHS, run, spent

from skhpo.pruners import MedianPruner, NopPruner, SuccessiveHalvingPruner
from skhpo.samplers import RandomSampler, TPESampler

args = arguments(__doc__.splitlines()[0])
base, data = base_and_data(args.quick)
n_seeds, n_trials = (1, 8) if args.quick else (6, 30)
pruners = {
    "none": NopPruner(),
    "median": MedianPruner(n_startup_trials=5, n_warmup_steps=1),
    "halving": SuccessiveHalvingPruner(min_resource=1, reduction_factor=3),
}

print(f"{n_trials} trials of up to {MAX_EPOCHS} epochs: median of {n_seeds} seeds")
print(
    f"{'sampler':9}{'pruner':10}{'epochs':>8}{'saved':>8}{'stopped':>9}{'best':>9}  lost, by seed"
)
for sampler in (RandomSampler, TPESampler):
    without = None
    for name, pruner in pruners.items():
        studies = [
            run(
                base, data, n_epochs=MAX_EPOCHS, n_trials=n_trials, seed=seed, pruner=pruner,
                sampler=lambda seed: sampler(seed=seed),  # noqa: B023
            )
            for seed in range(n_seeds)
        ]  # fmt: skip
        best = np.array([study.best_value for study in studies])
        without = best if without is None else without
        epochs = np.median([spent(study) for study in studies])
        saved = 1 - epochs / (n_trials * MAX_EPOCHS)
        stopped = np.median([count(study, "PRUNED") for study in studies])
        lost = " ".join(f"{value:.3f}" for value in without - best)
        label = sampler.__name__.removesuffix("Sampler")
        print(
            f"{label:9}{name:10}{epochs:8.0f}{saved:8.0%}{stopped:9.0f}{np.median(best):9.4f}"
            f"  {lost}"
        )
