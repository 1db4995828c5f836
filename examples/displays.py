"""
Look at a search: the displays
==============================

A display draws a fitted search, as scikit-learn's displays draw a model. ``from_search`` computes
the data and draws them. The numbers stay available as attributes of the display.
"""

import matplotlib.pyplot as plt
from scipy.stats import loguniform, randint
from sklearn.datasets import load_digits, make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.svm import SVC

from skhpo import ParetoSearchCV, TPESearchCV
from skhpo.plots import HistoryDisplay, ParetoFrontDisplay

# %%
# The history of a search
# -----------------------
# Complete candidates are dots. Candidates that were stopped early are open circles at their
# predicted score. The line is the best score so far.

X, y = load_digits(return_X_y=True)
X, y = X[:500], y[:500]
ranges = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-6, 1e-1)}
search = TPESearchCV(SVC(), ranges, n_iter=40, random_state=0).fit(X, y)

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
display = HistoryDisplay.from_search(search, ax=left)
HistoryDisplay.from_search(search, x="fits", ax=right)
left.set_ylim(0.85, 0.98)
plt.show()

# %%
# The values that are drawn are arrays:

print(f"best after 10 candidates: {display.best[9]:.4f}, after 40: {display.best[-1]:.4f}")

# %%
# Several objectives: the front
# -----------------------------
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
