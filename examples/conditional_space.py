"""
Choose a model and its settings in a search
===========================================

A list of dicts is a space with branches, and each candidate belongs to one of them. Here the last
step of the pipeline differs between the branches, and so do the parameters to tune. A parameter may
have a different range in each branch: values of ``C`` that suit logistic regression need not suit
the support vector machine.
"""

from collections import Counter

from scipy.stats import loguniform, randint
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import TPESearchCV

X, y = load_wine(return_X_y=True)

pipeline = Pipeline([("scale", StandardScaler()), ("model", LogisticRegression(max_iter=1000))])
space = [
    {
        "model": [LogisticRegression(max_iter=1000)],
        "model__C": loguniform(1e-4, 1e2),
    },
    {
        "model": [SVC()],
        "model__kernel": ["rbf", "sigmoid"],
        "model__C": loguniform(1e-2, 1e3),
        "model__gamma": loguniform(1e-4, 1e0),
    },
    {
        "model": [RandomForestClassifier(n_estimators=50, random_state=0)],
        "scale": [StandardScaler(), "passthrough"],
        "model__max_features": ["sqrt", 0.5, 1.0],
        "model__min_samples_leaf": randint(1, 10),
    },
]

# %%
# Forty candidates
# ----------------

search = TPESearchCV(pipeline, space, n_iter=40, cv=5, random_state=0)
search.fit(X, y)

# %%
# What the search tried
# ---------------------

results = search.cv_results_
tried, complete, best = Counter(), Counter(), {}
for params, status, score in zip(
    results["params"], results["status"], results["mean_test_score"], strict=True
):
    model = type(params["model"]).__name__
    tried[model] += 1
    if status == "complete":
        complete[model] += 1
        best[model] = max(score, best.get(model, 0.0))

print(f"{'model':26}{'tried':>7}{'complete':>10}{'best score':>12}")
for model, n_tried in tried.most_common():
    print(f"{model:26}{n_tried:7}{complete[model]:10}{best.get(model, float('nan')):12.4f}")
print(f"\nBest of all, with a score of {search.best_score_:.4f}:")
for name, value in search.best_params_.items():
    print(f"    {name} = {value}")
