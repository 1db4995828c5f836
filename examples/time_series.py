"""
Forecast a time series
======================

Hourly demand is forecast one day ahead, from its past values and the calendar. How many past days
help is a parameter like any other. ``TimeSeriesSplit`` keeps the order of time: each fold is tested
on hours that follow those of its training part.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform, randint
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skhpo import TPESearchCV
from skhpo.plots import RacingDisplay

# %%
# Data
# ----
# Daily demand of five years: trend, week, season, an autoregressive part, noise

rng = np.random.default_rng(0)
day = np.arange(3 * 365)
noise = np.zeros(len(day))
for t in range(1, len(day)):
    noise[t] = 0.7 * noise[t - 1] + rng.normal(0, 4)
weekend = np.isin(day % 7, (5, 6))
demand = 100 + 0.02 * day + 15 * np.sin(2 * np.pi * day / 365) - 20 * weekend + noise
promotion = rng.random(len(day)) < 0.08
demand += 25 * promotion * ~weekend

# %%
# Features
# --------
# One row for each day: whether there is a promotion, the weekday, and the demand of the days before
# it, the latest first.

N_LAGS = 28
past = np.lib.stride_tricks.sliding_window_view(demand, N_LAGS)[:-1, ::-1]
X = np.column_stack([promotion, np.eye(7)[day % 7]])[N_LAGS:]
X, y = np.hstack([X, past]), demand[N_LAGS:]


class LagFeatures(TransformerMixin, BaseEstimator):
    """Keep the calendar and the last days, and add means."""

    def __init__(self, n_lags=7, n_calendar=8):
        self.n_lags = n_lags
        self.n_calendar = n_calendar

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X[:, : self.n_calendar + self.n_lags]


n_test = 120
X, X_test, y, y_test = X[:-n_test], X[-n_test:], y[:-n_test], y[-n_test:]

space = [
    {
        "lags__n_lags": randint(1, N_LAGS + 1),
        "model": [Ridge()],
        "model__alpha": loguniform(1e-2, 1e4),
    },
    {
        "lags__n_lags": randint(1, N_LAGS + 1),
        "model": [HistGradientBoostingRegressor(max_iter=60, random_state=0)],
        "model__learning_rate": loguniform(0.02, 0.5),
        "model__max_leaf_nodes": randint(3, 32),
        "model__min_samples_leaf": randint(5, 60),
        "model__l2_regularization": loguniform(1e-2, 1e2),
    },
]
pipeline = Pipeline([("lags", LagFeatures()), ("model", Ridge())])
folds = TimeSeriesSplit(8, test_size=60)
search = TPESearchCV(
    pipeline, space, n_iter=40, cv=folds, scoring="neg_mean_absolute_error", random_state=0
).fit(X, y)
print(search.best_params_, search.best_score_, search.cv_results_["n_splits_evaluated"].sum())
import pandas as pd
d = pd.DataFrame(search.cv_results_)
print(d[["params", "mean_test_score","n_splits_evaluated", "predicted_test_score"]].sort_values("predicted_test_score").to_string())
print([search.cv_results_[f"split{k}_test_score"][0] for k in range(8)])
for name, model in {"ridge": pipeline.fit(X,y), "hgb": HistGradientBoostingRegressor(random_state=0).fit(X, y), "s": search}.items():
    print(name, mean_absolute_error(y_test, model.predict(X_test)))
print("naive", mean_absolute_error(y_test, X_test[:, 8+6]))
RacingDisplay.from_search(search)
plt.show()
