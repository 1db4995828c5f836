"""
Detect anomalies with few labels
================================

A detector of anomalies learns without labels. But someone has checked 300 of 2,000 rows, and that
is enough to choose a detector and its parameters. The search fits each candidate on all rows, and
its scorer reads the checked rows alone.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform, randint, uniform
from sklearn.ensemble import IsolationForest
from sklearn.metrics import PrecisionRecallDisplay, average_precision_score
from sklearn.model_selection import RepeatedStratifiedKFold, train_test_split
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import RobustScaler, StandardScaler
from sklearn.svm import OneClassSVM

from skhpo import TPESearchCV

# %%
# Data
# ----
# Six sensors of a machine with two modes of operation, each with its own relation of the sensors to
# two loads. Three kinds of faults shift the sensors, and occur again and again: 4 % of the rows.

N_NORMAL, N_FAULTS = 3840, 160
rng = np.random.default_rng(0)
mode = rng.integers(0, 2, N_NORMAL)
loads = rng.uniform(0, 1, (N_NORMAL, 2))
relations, offsets = 2 * rng.normal(size=(2, 2, 6)), rng.normal(size=(2, 6))
normal = np.einsum("nk,nkd->nd", loads, relations[mode]) + offsets[mode]
shifts = rng.choice([-1, 1], (3, 6)) * rng.uniform(0.5, 1.0, (3, 6))
faults = (normal[:3] + shifts)[rng.integers(0, 3, N_FAULTS)]
X = np.vstack([normal, faults])
X = (X + rng.normal(0, 0.2, X.shape)) * [1, 3, 10, 0.1, 30, 1]  # units differ
is_fault = np.arange(len(X)) >= N_NORMAL
X, X_test, is_fault, is_fault_test = train_test_split(
    X, is_fault, test_size=0.5, stratify=is_fault, random_state=0
)

# %%
# Labels of 30 faults and 270 normal rows: 1 is a fault, 0 is normal, and -1 was not checked.

y = np.full(len(X), -1)
y[rng.choice(np.flatnonzero(is_fault), 30, replace=False)] = 1
y[rng.choice(np.flatnonzero(~is_fault), 270, replace=False)] = 0


def average_precision(detector, X, y):
    """Average precision of the checked rows."""
    checked = y >= 0
    return average_precision_score(y[checked], -detector.score_samples(X[checked]))


# %%
# Search
# ------
# Detectors ignore ``y``, but the folds are stratified by it, so that each has its share of labels.
# Scores of few labels are noisy. Ten folds reduce the noise, and racing spares most candidates most
# of them.

scale = {"scale": [StandardScaler(), RobustScaler(), "passthrough"]}
forest, neighbors, svm = (
    IsolationForest(n_estimators=30, random_state=0),
    LocalOutlierFactor(novelty=True),
    OneClassSVM(),
)
space = [
    scale
    | {
        "detector": [forest],
        "detector__max_samples": [64, 256, 1024],
        "detector__max_features": uniform(0.2, 0.8),
    },
    scale
    | {
        "detector": [neighbors],
        "detector__n_neighbors": randint(2, 200),
        "detector__metric": ["euclidean", "manhattan"],
    },
    scale
    | {
        "detector": [svm],
        "detector__nu": loguniform(0.005, 0.5),
        "detector__gamma": loguniform(1e-3, 1e1),
    },
]
search = TPESearchCV(
    Pipeline([("scale", StandardScaler()), ("detector", forest)]),
    space,
    n_iter=30,
    scoring=average_precision,
    cv=RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=0),
    random_state=0,
).fit(X, y)
n_fits = search.cv_results_["n_splits_evaluated"].sum()
print(f"30 candidates took {n_fits} fits instead of {30 * 10}; the best is")
for name, value in search.best_params_.items():
    print(f"    {name} = {value}")

# %%
# Rows that the search has not seen
# ---------------------------------
# Here all labels are known. Among the checked rows 10 % are faults, here 4 %, so the average
# precision is lower than in the search.

fig, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
models = {
    f"{type(detector).__name__}, default": make_pipeline(StandardScaler(), detector).fit(X)
    for detector in (forest, neighbors, svm)
} | {"after the search": search.best_estimator_}
for name, model in models.items():
    PrecisionRecallDisplay.from_predictions(
        is_fault_test, -model.score_samples(X_test), name=name, ax=ax
    )
    print(f"{name:28} average precision {average_precision(model, X_test, is_fault_test):.2f}")
plt.show()
