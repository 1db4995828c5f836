"""
A pipeline with XGBoost that stops early
========================================

The number of rounds is not searched. Each fit ends when the model no longer improves on the test
part of its fold, and the refit uses the number of rounds that was found. The example needs XGBoost
(``pip install "skhpo[boosting]"``).
"""

import matplotlib.pyplot as plt
from scipy.stats import loguniform, randint, uniform
from sklearn.datasets import make_classification
from sklearn.feature_selection import SelectKBest
from sklearn.pipeline import Pipeline
from xgboost import XGBClassifier

from skhpo import TPESearchCV

X, y = make_classification(1_500, 20, n_informative=8, flip_y=0.1, random_state=0)

# %%
# A limit instead of a parameter
# ------------------------------
# ``n_estimators`` is only the limit. The steps before the model are fitted on the training part of
# each fold, and then transform the rows on which XGBoost is evaluated after each round.

pipeline = Pipeline(
    [
        ("select", SelectKBest()),
        ("model", XGBClassifier(n_estimators=1_000, n_jobs=1)),
    ]
)
ranges = {
    "select__k": randint(5, 21),
    "model__learning_rate": loguniform(0.03, 0.5),
    "model__max_depth": randint(2, 7),
    "model__subsample": uniform(0.5, 0.5),
}
search = TPESearchCV(
    pipeline,
    ranges,
    n_iter=25,
    scoring="neg_log_loss",
    early_stopping="fold",
    random_state=0,
).fit(X, y)

print(f"log loss {-search.best_score_:.4f}")
for name, value in search.best_params_.items():
    print(f"    {name} = {value:.3g}")

# %%
# The rounds that were found
# --------------------------
# Small learning rates need more rounds. No candidate needs the limit of 1000.

results = search.cv_results_
fig, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
points = ax.scatter(
    results["param_model__learning_rate"].astype(float),
    results["mean_best_iteration"],
    c=-results["predicted_test_score"],
    cmap="viridis_r",
)
best = search.best_index_
ax.scatter(
    results["param_model__learning_rate"][best],
    results["mean_best_iteration"][best],
    s=160,
    facecolors="none",
    edgecolors="tab:orange",
    linewidths=2,
    label="best candidate",
)
ax.set(xscale="log", yscale="log", xlabel="learning rate", ylabel="rounds, mean over the folds")
ax.legend()
fig.colorbar(points, label="log loss (predicted if stopped)")
plt.show()

# %%
# How many fits the race between candidates saved:

n_fits = results["n_splits_evaluated"].sum()
print(f"{n_fits} fits of {25 * search.n_splits_}")
