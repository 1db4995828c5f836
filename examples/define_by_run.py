"""
Define the space in the objective
=================================

The objective asks for each parameter when it needs it, so loops and conditions define the space.
Here a network has one to three layers, and a width for each of them. The objective reports the mean
score after each fold. The study's pruner stops a trial that is worse than the median of the others.
"""

import warnings

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skhpo

warnings.simplefilter("ignore", ConvergenceWarning)  # 60 epochs are enough to compare
X, y = load_breast_cancer(return_X_y=True)
folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(X, y))


# %%
# Objective
# ---------


def objective(trial):
    n_layers = trial.suggest_int("n_layers", 1, 3)
    widths = [trial.suggest_int(f"width_{k}", 4, 64, log=True) for k in range(n_layers)]
    network = MLPClassifier(
        hidden_layer_sizes=widths,
        alpha=trial.suggest_float("alpha", 1e-6, 1e1, log=True),
        learning_rate_init=trial.suggest_float("learning_rate_init", 1e-4, 1e-1, log=True),
        max_iter=60,
        random_state=0,
    )
    model = make_pipeline(StandardScaler(), network)
    scores = []
    for step, (train, test) in enumerate(folds):
        scores.append(model.fit(X[train], y[train]).score(X[test], y[test]))
        trial.report(np.mean(scores), step)
        if trial.should_prune():
            raise skhpo.TrialPruned()
    return np.mean(scores)


# %%
# Study
# -----

skhpo.logging.set_verbosity(skhpo.logging.WARNING)  # no line for each trial
study = skhpo.create_study(
    direction="maximize",
    sampler=skhpo.samplers.TPESampler(seed=0),
    pruner=skhpo.pruners.MedianPruner(n_startup_trials=5),
)
study.enqueue_trial({"n_layers": 1, "width_0": 32, "alpha": 1e-4, "learning_rate_init": 1e-3})
study.optimize(objective, n_trials=30)

# %%
# Results
# -------

states = [trial.state for trial in study.trials]
print(f"{len(states)} trials: {states.count(skhpo.TrialState.COMPLETE)} complete, ", end="")
print(f"{states.count(skhpo.TrialState.PRUNED)} pruned")
print(f"trial 0, which was enqueued: {study.trials[0].value:.4f}")
print(f"trial {study.best_trial.number}, the best: {study.best_value:.4f} with")
for name, value in study.best_params.items():
    print(f"    {name} = {value:.4g}")
