"""
Look at a search: the displays
==============================

A display draws a fitted search, as scikit-learn's displays draw a model. ``from_search`` computes
the data and draws them. The numbers stay available as attributes of the display.
"""

import matplotlib.pyplot as plt
from scipy.stats import loguniform, randint, uniform
from sklearn.datasets import load_breast_cancer, make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from skhpo import ParetoSearchCV, TPESearchCV
from skhpo.plots import (
    FoldScoresDisplay,
    HistoryDisplay,
    ImportancesDisplay,
    ImprovementDisplay,
    ParetoFrontDisplay,
    RacingDisplay,
    SliceDisplay,
)

X, y = load_breast_cancer(return_X_y=True)
ranges = {
    "learning_rate": loguniform(0.01, 1.0),
    "max_leaf_nodes": randint(2, 32),
    "l2_regularization": loguniform(1e-3, 1e2),
    "max_features": uniform(0.2, 0.8),
}
booster = HistGradientBoostingClassifier(max_iter=20, random_state=0)
search = TPESearchCV(booster, ranges, n_iter=40, scoring="neg_log_loss", random_state=3).fit(X, y)

# %%
# How did the search go?
# ----------------------
# Complete candidates are dots. Candidates that were stopped early are open circles at their
# predicted score. The line is the best score so far.

display = HistoryDisplay.from_search(search)
plt.show()

# %%
# The values that are drawn are arrays:

print(f"best after 10 candidates: {display.best[9]:.4f}")
print(f"best after 40 candidates: {display.best[-1]:.4f}")

# %%
# Which parameters matter?
# ------------------------
# Importances come with those that chance alone would give. Slices show how the score depends on
# each parameter.

ImportancesDisplay.from_search(search)
SliceDisplay.from_search(search)
plt.show()

# %%
# Who was stopped, and when?
# --------------------------

RacingDisplay.from_search(search)
plt.show()

# %%
# Is the best candidate clearly better than the next ones?
# --------------------------------------------------------

FoldScoresDisplay.from_search(search, n_best=5)
plt.show()

# %%
# Is it worth continuing?
# -----------------------
# The improvement to expect from further candidates, against the noise of the folds.

ImprovementDisplay.from_search(search)
plt.show()

# %%
# Several objectives: what is the trade-off?
# ------------------------------------------
# The staircase joins the candidates of the front. The shaded region is dominated by them, and a
# ring marks the candidate that was chosen.

X, y = make_classification(600, 12, n_informative=6, flip_y=0.05, random_state=0)
space = {
    "n_estimators": randint(2, 30),
    "max_leaf_nodes": randint(3, 60),
    "max_features": [0.2, 0.5, 1.0],
}
tradeoff = ParetoSearchCV(
    RandomForestClassifier(random_state=0),
    space,
    objectives=["roc_auc", "model_size"],
    n_iter=30,
    cv=3,
    random_state=0,
).fit(X, y)
ParetoFrontDisplay.from_search(tradeoff)
plt.show()
