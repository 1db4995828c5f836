"""
Compress a network: accuracy against size
=========================================

A model for a small device must fit into its memory. How much accuracy does each saved weight cost?
A grid, a random search and TPE look for networks that are accurate and have few weights. All have
the same budget, and the hypervolume of their fronts is measured from the same reference point.

As a script, the example writes the picture of the best front to ``front.png`` in a temporary
folder, or in the folder that is given as its argument.
"""

import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from scipy.stats import loguniform, randint, uniform
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from skhpo import Cost, ParetoSearchCV
from skhpo.samplers import GridSampler, RandomSampler, TPESampler

warnings.simplefilter("ignore", ConvergenceWarning)

folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
if not folder.is_dir():
    sys.exit(f"{folder} is no folder: name one that is there, for the picture.")


# %%
# A network with few weights
# --------------------------
# It drops its smallest weights after training. ``share_left`` measures what is left of it.


class PrunedNetwork(MLPClassifier):
    """A network of which a share of the weights, the smallest ones, is set to zero."""

    def __init__(self, sparsity=0.0, learning_rate_init=0.01, max_iter=20, random_state=0):
        super().__init__(
            hidden_layer_sizes=(32,),
            learning_rate_init=learning_rate_init,
            max_iter=max_iter,
            random_state=random_state,
        )
        self.sparsity = sparsity

    def fit(self, X, y):
        super().fit(X, y)
        for weights in self.coefs_:
            weights[np.abs(weights) < np.quantile(np.abs(weights), self.sparsity)] = 0.0
        return self


def share_left(network):
    """Weights that are left, as a share: one by the compression ratio."""
    return np.mean(np.concatenate([weights.ravel() for weights in network.coefs_]) != 0.0)


# %%
# Three searches of 27 candidates
# -------------------------------

digits = load_digits()
X, y = digits.data[:600] / 16.0, digits.target[:600]
X_test, y_test = digits.data[600:] / 16.0, digits.target[600:]
ranges = {
    "sparsity": uniform(0.0, 0.98),
    "learning_rate_init": loguniform(1e-3, 1e-1),
    "max_iter": randint(3, 30),
}
grid = {
    "sparsity": [0.0, 0.5, 0.9],
    "learning_rate_init": [0.001, 0.01, 0.1],
    "max_iter": [5, 15, 30],
}
searches = {
    "grid": (grid, GridSampler(grid)),
    "random": (ranges, RandomSampler()),
    "TPE": (ranges, TPESampler()),
}
found = {}
for name, (space, sampler) in searches.items():
    found[name] = ParetoSearchCV(
        PrunedNetwork(),
        space,
        objectives=["accuracy", Cost(share_left)],
        sampler=sampler,
        n_iter=27,
        cv=3,
        enqueue=None,
        reference_point={"accuracy": 0.0, "share_left": 1.0},
        refit="accuracy with share_left <= 25 %",
        random_state=0,
    ).fit(X, y)

print("search   hypervolume   fits   the best with a quarter of the weights or less")
for name, search in found.items():
    n_fits = search.cv_results_["n_splits_evaluated"].sum()
    accuracy, left = search.best_values_.values()
    print(f"{name:8} {search.hypervolume_:11.3f} {n_fits:6}   {accuracy:.3f} with {left:.0%}")

# %%
# What you give up
# ----------------
# The front of the best search, compared with the network that its rule chose.

best = max(found.values(), key=lambda search: search.hypervolume_)
columns = ["accuracy", "share_left", "change_accuracy", "change_share_left", "is_chosen"]
print(best.pareto_table_[columns].round(3).to_string())

# %%
# The chosen network and the one as given, on digits that no search has seen:

for name, network in {
    "chosen": best.best_estimator_,
    "as given": PrunedNetwork().fit(X, y),
}.items():
    accuracy = network.score(X_test, y_test)
    print(f"{name:8} accuracy {accuracy:.3f} with {share_left(network):.0%} of the weights")

# %%
# The front
# ---------
# Bars are the standard errors of the accuracy over the folds. The number of weights has none.

try:
    import matplotlib

    matplotlib.use("agg")
    from skhpo.plots import ParetoFrontDisplay
except ImportError:
    sys.exit("For the picture: pip install '.[plot]'")

display = ParetoFrontDisplay.from_search(best)
display.ax_.set_title("Accuracy against the weights that are left")
path = folder / "front.png"
display.figure_.savefig(path, dpi=120, bbox_inches="tight")
print(f"\nThe front, {len(best.pareto_front_)} networks, is drawn in {path}.")
