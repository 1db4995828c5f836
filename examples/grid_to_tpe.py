"""
From GridSearchCV to TPESearchCV
================================

A grid search of a support vector machine, and the same call with one word changed. Then the lists
of the grid become ranges.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import TPESearchCV

X, y = load_digits(return_X_y=True)
X, y = X[:500], y[:500]
pipeline = make_pipeline(StandardScaler(), SVC())
grid = {"svc__C": np.logspace(-2, 3, 6), "svc__gamma": np.logspace(-5, 0, 6)}

# %%
# The grid search
# ---------------
# 36 candidates and 5 folds are 180 fits.

by_grid = GridSearchCV(pipeline, grid).fit(X, y)
print(f"score {by_grid.best_score_:.4f} from {36 * 5} fits")

# %%
# One word changed
# ----------------
# ``n_iter=36`` allows the whole grid. The search decides itself in which order it tries the
# candidates, and stops those that have little chance to win after some of their folds.

by_tpe = TPESearchCV(pipeline, grid, n_iter=36, random_state=0).fit(X, y)
n_folds = by_tpe.cv_results_["n_splits_evaluated"]
print(f"score {by_tpe.best_score_:.4f} from {n_folds.sum()} fits")
print(by_tpe.best_params_ == by_grid.best_params_)

# %%
# A search of a whole grid has the rows in the order of ``GridSearchCV``, so the table can be drawn
# as a heatmap. A candidate that was stopped has no mean score, but a predicted one.


def draw(ax, values, title):
    ax.imshow(values, cmap="viridis")
    for (row, column), value in np.ndenumerate(values):
        text = f"{value:.2f}" if values.dtype.kind == "f" else str(value)
        is_dark = value < (values.min() + values.max()) / 2
        color = "white" if is_dark else "black"
        ax.text(column, row, text, ha="center", va="center", color=color, fontsize=8)
    ax.set_xticks(range(6), [f"1e{k}" for k in range(-5, 1)])
    ax.set_yticks(range(6), [f"1e{k}" for k in range(-2, 4)])
    ax.set(xlabel="gamma", ylabel="C", title=title)


fig, axes = plt.subplots(1, 3, figsize=(11, 3.9), layout="constrained")
draw(axes[0], by_grid.cv_results_["mean_test_score"].reshape(6, 6), "GridSearchCV: score")
draw(axes[1], by_tpe.cv_results_["predicted_test_score"].reshape(6, 6), "TPESearchCV: score")
draw(axes[2], n_folds.reshape(6, 6), "TPESearchCV: folds that were run")
plt.show()

# %%
# Ranges instead of lists
# -----------------------
# A grid knows only its own values. With ranges, the search can look between them.

ranges = {"svc__C": loguniform(1e-2, 1e3), "svc__gamma": loguniform(1e-5, 1e0)}
in_ranges = TPESearchCV(pipeline, ranges, n_iter=36, random_state=0).fit(X, y)
n_fits = in_ranges.cv_results_["n_splits_evaluated"].sum()
print(f"score {in_ranges.best_score_:.4f} from {n_fits} fits, with")
for name, value in in_ranges.best_params_.items():
    print(f"    {name} = {value:.3g}")
