"""
Rare events: recall against false alarms
========================================

A detector of rare events has two errors: events that it misses, and false alarms. How many false
alarms are bearable is known only when one sees what they buy. So this example searches the whole
trade-off, and then takes the highest recall at a false-positive rate of 5 %.

A random search runs first. A Bayesian search continues from its trials, through the same storage,
and computes nothing again.
"""

import tempfile

import matplotlib.pyplot as plt
from scipy.stats import loguniform, randint
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import make_scorer, recall_score
from sklearn.model_selection import FixedThresholdClassifier, train_test_split

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
    """Share of honest cases that are taken for frauds: the false-positive rate."""
    return (y_pred[y_true == 0] == 1).mean()


# %%
# The forest as it is finds few frauds, because it needs a probability above one half to say so.

forest = RandomForestClassifier(n_estimators=15, random_state=0)
predicted = forest.fit(X, y).predict(X_test)
print(f"As given: recall {recall_score(y_test, predicted):.2f}", end=", ")
print(f"false alarms {false_alarms(y_test, predicted):.1%}")

# %%
# Objectives and space
# --------------------
# The decision threshold is a parameter like those of the forest. It needs no fit of its own, so
# each fit is scored at up to eight further thresholds. The share of false alarms is a score of
# which less is better, so its sign is reversed.

objectives = {
    "recall": "recall",
    "minus_false_alarms": make_scorer(false_alarms, greater_is_better=False),
}
space = {
    "threshold": loguniform(0.01, 0.6),
    "estimator__max_leaf_nodes": randint(2, 60),
    "estimator__min_samples_leaf": randint(1, 20),
    "estimator__max_features": [0.2, 0.4, 0.7, 1.0],
}


# %%
# Twelve candidates at random, then fifteen that learn from them
# --------------------------------------------------------------


def search(sampler, n_iter, url):
    return ParetoSearchCV(
        FixedThresholdClassifier(forest),
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
    first = search(RandomSampler(), 12, url)
    second = search(None, 27, url)

for name, found in {"12 at random": first, "15 more, Bayesian": second}.items():
    print(f"{name:18} hypervolume {found.hypervolume_:.3f}, front of {len(found.pareto_front_)}")

# %%
# The front
# ---------
# There are only 20 frauds in the test part of a fold, so the recall has a large standard error: the
# horizontal bars. The false-positive rate comes from a thousand honest cases, and is known well.

ParetoFrontDisplay.from_search(second)
plt.show()

# %%
# Operating points
# ----------------
# What another choice would gain and give up, for the points with a bearable share of false alarms.

table = second.pareto_table_
columns = ["recall", "minus_false_alarms", "change_recall", "change_minus_false_alarms"]
table = table.loc[table["minus_false_alarms"].between(-0.15, -0.001), columns]
print(table.round(3).to_string())

# %%
# The chosen detector on cases that no search has seen. The recall is lower there: it is the best of
# many, and with so few frauds some of it was luck. With ``n_confirm``, the search would evaluate
# its best candidates again, on new folds.

predicted = second.predict(X_test)
print("Chosen by the folds: recall {recall:.2f}, ".format(**second.best_values_), end="")
print(f"false alarms {-second.best_values_['minus_false_alarms']:.1%}")
print(f"On new cases: recall {recall_score(y_test, predicted):.2f}, ", end="")
print(f"false alarms {false_alarms(y_test, predicted):.1%}")
