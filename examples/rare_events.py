"""
Rare events: recall against false alarms
========================================

A random search runs first. A Bayesian search continues from its trials, through the same storage,
and computes nothing again.
"""

import tempfile

import matplotlib.pyplot as plt
from scipy.stats import loguniform, randint
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import make_scorer, recall_score
from sklearn.model_selection import train_test_split

from skhpo import ParetoSearchCV
from skhpo.plots import ParetoFrontDisplay
from skhpo.samplers import RandomSampler

# %%
# Data
# ----
# Three in a hundred cases are frauds, and some labels are wrong.

X, y = make_classification(
    4_000, 12, n_informative=6, weights=[0.97], class_sep=0.9, flip_y=0.01, random_state=0
)
X, X_test, y, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)


def false_alarms(y_true, y_pred):
    """Share of honest cases that are taken for frauds."""
    return (y_pred[y_true == 0] == 1).mean()


# %%
# Objectives and space
# --------------------
# The share of false alarms is a score of which less is better, so its sign is reversed.

objectives = {
    "recall": "recall",
    "minus_false_alarms": make_scorer(false_alarms, greater_is_better=False),
}
space = {
    "max_leaf_nodes": randint(2, 40),
    "min_samples_leaf": randint(1, 30),
    "max_features": [0.2, 0.4, 0.7, 1.0],
    "class_weight": [{0: 1, 1: weight} for weight in (1, 2, 5, 10, 20, 50, 100)],
    "ccp_alpha": loguniform(1e-5, 1e-2),
}


# %%
# Twenty candidates at random, then thirty that learn from them
# -------------------------------------------------------------


def search(sampler, n_iter, url):
    return ParetoSearchCV(
        RandomForestClassifier(n_estimators=15, random_state=0),
        space,
        objectives=objectives,
        refit="recall with minus_false_alarms >= -5 %",
        reference_point={"recall": 0.0, "minus_false_alarms": -0.5},
        sampler=sampler,
        n_iter=n_iter,
        cv=3,
        storage=url,
        study_name="frauds",
        random_state=0,
    ).fit(X, y)


with tempfile.TemporaryDirectory() as folder:
    url = f"sqlite:///{folder}/frauds.db"
    first = search(RandomSampler(), 20, url)
    second = search(None, 50, url)

for name, found in {"20 at random": first, "30 more, Bayesian": second}.items():
    print(f"{name:18} hypervolume {found.hypervolume_:.4f}, front of {len(found.pareto_front_)}")

ParetoFrontDisplay.from_search(second)
plt.show()

# %%
# Operating points
# ----------------
# The last line has the scores of the chosen model on data that no search has seen.

print("\nrecall  false alarms")
for recall, minus_alarms in second.pareto_values_[:: max(1, len(second.pareto_front_) // 8)]:
    print(f"{recall:6.2f} {-minus_alarms:13.3f}")
predicted = second.predict(X_test)
print(
    f"\nChosen: at most 5 % false alarms. On fresh data: recall "
    f"{recall_score(y_test, predicted):.2f}, false alarms {false_alarms(y_test, predicted):.3f}"
)
