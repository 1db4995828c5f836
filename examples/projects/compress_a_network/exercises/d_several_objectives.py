"""Solution (d): accuracy, size and latency together; three samplers, their fronts and a knee.

The hypervolume measures a whole front by one number: the volume that its networks dominate, seen
from a reference point that everybody beats. Latency is measured, so it is noisy.
"""

import numpy as np
from _setup import arguments, base_and_data
from network import latency
from search import Compression

import skhpo
from skhpo.multi_objective import hypervolume, is_nondominated, knee, weighted_choice
from skhpo.samplers import NSGAIISampler, RandomSampler, TPESampler

args = arguments(__doc__.splitlines()[0])
base, data = base_and_data(args.quick)
n_seeds, n_trials = (1, 10) if args.quick else (4, 60)
float_latency = latency(base, data.X_test)


class ThreeObjectives(Compression):
    """Accuracy, compression ratio, and latency as a share of that of the float network."""

    def __call__(self, trial):
        accuracy, ratio = super().__call__(trial)
        return accuracy, ratio, trial.user_attrs["latency"] / float_latency


def losses_of(study):
    """Return losses: the error, the negative number of halvings, the share of the latency."""
    values = np.array([trial.values for trial in study.trials])
    return np.column_stack([1 - values[:, 0], -np.log2(values[:, 1]), values[:, 2]])


print(f"{n_trials} trials, {n_seeds} seeds; hypervolume of accuracy > 0.5, ratio > 1, latency < 1")
for sampler in (RandomSampler, NSGAIISampler, TPESampler):
    volumes = []
    for seed in range(n_seeds):
        study = skhpo.create_study(
            directions=["maximize", "maximize", "minimize"], sampler=sampler(seed=seed)
        )
        study.optimize(ThreeObjectives(base, data, several=True), n_trials=n_trials)
        volumes.append(hypervolume(losses_of(study), [0.5, 0.0, 1.0]))
    print(
        f"{sampler.__name__:16}{np.mean(volumes):8.3f}  ({min(volumes):.3f} - {max(volumes):.3f})"
    )

losses = losses_of(study)
two, three = is_nondominated(losses[:, :2]), is_nondominated(losses)
print(
    f"\nThe last study: {two.sum()} trials on the front of two objectives, {three.sum()} of three"
)
for name, index in {
    "knee of accuracy and size": knee(losses[:, :2]),
    "knee of all three": knee(losses),
    "accuracy counts three times": weighted_choice(losses, [3, 1, 1]),
}.items():
    accuracy, ratio, share = study.trials[index].values
    print(f"{name:28} accuracy {accuracy:.3f}, ratio {ratio:4.1f}, latency {share:.0%}")
