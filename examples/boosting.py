"""
Early stopping of a booster in a pipeline
=========================================

The booster is the last step of a pipeline. Each fit ends when the booster no longer improves on
rows that it does not learn from: the test part of the fold (``on="fold"``), or a tenth of the
training rows (``on="inner"``). The example uses LightGBM or XGBoost, whichever is installed
(``pip install "skhpo[boosting]"``).
"""

import sys

import numpy as np
import pandas as pd
from scipy.stats import loguniform, randint, uniform
from sklearn.compose import make_column_transformer
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from skhpo import TPESearchCV
from skhpo.boosting import EarlyStopping

try:
    from lightgbm import LGBMClassifier

    booster = LGBMClassifier(n_estimators=1000, subsample_freq=1, verbose=-1)
    size, sizes = "num_leaves", randint(4, 32)
except ImportError:
    try:
        from xgboost import XGBClassifier

        booster = XGBClassifier(n_estimators=1000)
        size, sizes = "max_depth", randint(2, 6)
    except ImportError:
        sys.exit("This example needs LightGBM or XGBoost: pip install '.[boosting]'")

# %%
# Data
# ----
# Who pays back a loan? The data are made up. They have a column of text and missing values.

rng = np.random.default_rng(0)
n = 2_000
X = pd.DataFrame(
    {
        "income": rng.lognormal(3, 0.6, n),
        "loan": rng.lognormal(2.5, 0.8, n),
        "age": rng.integers(18, 80, n),
        "purpose": rng.choice(["car", "house", "kitchen", "debts"], n),
    }
)
odds = 1.5 * np.log(X["income"] / X["loan"]) - 0.03 * abs(X["age"] - 45)
odds = odds + X["purpose"].map({"car": 0.3, "house": 0.8, "kitchen": 0.0, "debts": -1.2})
y = (rng.logistic(size=n) < odds).astype(int)
X.loc[rng.random(n) < 0.1, "income"] = np.nan
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=1 / 3, random_state=0)

# %%
# Pipeline
# --------
# The first step is fitted on the training part of each fold. It also transforms the rows on which
# the booster is evaluated after each round.

columns = make_column_transformer(
    (OneHotEncoder(sparse_output=False), ["purpose"]),
    remainder="passthrough",
    verbose_feature_names_out=False,
).set_output(transform="pandas")
pipeline = Pipeline([("columns", columns), ("booster", booster)])
ranges = {
    "booster__learning_rate": loguniform(0.02, 0.3),
    f"booster__{size}": sizes,
    "booster__subsample": uniform(0.5, 0.5),
    "booster__colsample_bytree": uniform(0.5, 0.5),
}

# %%
# Search
# ------
# ``n_estimators`` is not in the space: each fit finds its own number of rounds.

for on in ("fold", "inner"):
    search = TPESearchCV(
        pipeline,
        ranges,
        n_iter=15,
        scoring="neg_log_loss",
        early_stopping=EarlyStopping(rounds=30, on=on),
        n_jobs=2,
        random_state=0,
    )
    search.fit(X_train, y_train)
    results, best = search.cv_results_, search.best_index_
    n_fits = results["n_splits_evaluated"].sum()
    rounds = [int(results[f"split{fold}_best_iteration"][best]) for fold in range(5)]
    n_rounds = search.best_params_["booster__n_estimators"]
    held_out = log_loss(y_test, search.predict_proba(X_test))
    print(f'Watched on "{on}": {n_fits} fits of at most 1000 rounds, for 15 candidates')
    print(f"    rounds of the best candidate's folds {rounds}")
    print(
        f"    rounds of the refitted model         {search.best_params_['booster__n_estimators']}"
    )
    print(f"    log loss: {-search.best_score_:.4f} in the search, {held_out:.4f} on held-out rows")
    print(f"    learning rate {search.best_params_['booster__learning_rate']:.3f}")
