"""
Choose a model and its settings in a study
==========================================

A random forest, a support vector machine or a network? The objective asks for the model first, and
then only for the settings that this model has. For each model, the sampler learns from the trials
that used it. It also learns which model to try.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import skhpo
from skhpo.plots import HistoryDisplay

warnings.simplefilter("ignore", ConvergenceWarning)
X, y = load_wine(return_X_y=True)
X = X + np.random.default_rng(0).normal(0, 0.8 * X.std(axis=0), X.shape)  # not too easy


# %%
# The model of a trial
# --------------------


def make_model(trial):
    match trial.suggest_categorical("model", ["forest", "svm", "network"]):
        case "forest":
            return RandomForestClassifier(
                n_estimators=50,
                max_depth=trial.suggest_int("forest_max_depth", 1, 16, log=True),
                max_features=trial.suggest_float("forest_max_features", 0.1, 1.0),
                random_state=0,
            )
        case "svm":
            kernel = trial.suggest_categorical("svm_kernel", ["linear", "rbf"])
            C = trial.suggest_float("svm_C", 1e-3, 1e3, log=True)
            if kernel == "linear":
                return SVC(kernel="linear", C=C)
            return SVC(C=C, gamma=trial.suggest_float("svm_gamma", 1e-5, 1e1, log=True))
        case "network":
            n_layers = trial.suggest_int("network_n_layers", 1, 2)
            widths = [
                trial.suggest_int(f"network_width_{k}", 4, 64, log=True) for k in range(n_layers)
            ]
            alpha = trial.suggest_float("network_alpha", 1e-5, 1e1, log=True)
            return MLPClassifier(widths, alpha=alpha, max_iter=100, random_state=0)


# %%
# The study
# ---------


def objective(trial):
    model = make_pipeline(StandardScaler(), make_model(trial))
    return cross_val_score(model, X, y, cv=5).mean()


skhpo.logging.set_verbosity(skhpo.logging.WARNING)  # no line for each trial
study = skhpo.create_study(direction="maximize", sampler=skhpo.samplers.TPESampler(seed=0))
study.optimize(objective, n_trials=60)

# %%
# Results
# -------

for model in ("forest", "svm", "network"):
    values = [trial.value for trial in study.trials if trial.params["model"] == model]
    print(f"{model:8} tried {len(values):2} times, best {max(values):.3f}")
print(f"the best of all, trial {study.best_trial.number}: {study.best_value:.3f} with")
for name, value in study.best_params.items():
    print(f"    {name} = {value:.4g}" if isinstance(value, float) else f"    {name} = {value}")

HistoryDisplay.from_study(study)
plt.show()

# %%
# The best trial creates its model again, without a study.

final = make_pipeline(StandardScaler(), make_model(study.best_trial)).fit(X, y)
print(f"ready to use: {final[-1]}")
