"""
Forecast a time series
======================

Daily demand is forecast one day ahead, from the calendar and the demand of past days (lags). How
many lags help is a parameter like any other. ``TimeSeriesSplit`` tests each fold on days that
follow its training days.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform, randint
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_percentage_error
from sklearn.model_selection import TimeSeriesSplit

from skhpo import TPESearchCV
from skhpo.plots import RacingDisplay

# %%
# Data
# ----
# Three years of demand, which grows. It depends on the season, the weekday, promotions (which do
# nothing on weekends), and on what happened the day before.

N_LAGS, N_TEST = 42, 120
rng = np.random.default_rng(0)
day = np.arange(3 * 365)
weekday = day % 7
promotion = rng.random(len(day)) < 0.1
drift = np.zeros(len(day))
for t in range(1, len(day)):
    drift[t] = 0.8 * drift[t - 1] + rng.normal(0, 0.04)
log_demand = 0.0008 * day + 0.15 * np.sin(2 * np.pi * day / 365) + drift
log_demand += np.array([0, 0.05, 0.05, 0.1, 0.2, -0.2, -0.4])[weekday]
log_demand += 0.2 * promotion * (weekday < 5) + rng.normal(0, 0.03, len(day))
demand = 100 * np.exp(log_demand)

# %%
# A row has the promotion, the seven weekdays, and the demand of the 42 days before, latest first.

lags = np.lib.stride_tricks.sliding_window_view(demand, N_LAGS)[:-1, ::-1]
X = np.hstack([np.column_stack([promotion, np.eye(7)[weekday]])[N_LAGS:], lags])
y = demand[N_LAGS:]
X, X_test, y, y_test = X[:-N_TEST], X[-N_TEST:], y[:-N_TEST], y[-N_TEST:]

# %%
# Forecaster
# ----------
# It predicts demand relative to its recent level, because trees cannot predict values that are
# larger than those they have seen. ``n_level=None`` predicts demand itself.


class Forecaster(RegressorMixin, BaseEstimator):
    """Forecast from the last ``n_lags`` days, relative to the mean of the last ``n_level``."""

    def __init__(self, regressor, n_lags=7, n_level=None):
        self.regressor = regressor
        self.n_lags = n_lags
        self.n_level = n_level

    def fit(self, X, y):
        features, level = self._features(X)
        self.regressor_ = clone(self.regressor).fit(features, y / level)
        return self

    def predict(self, X):
        features, level = self._features(X)
        return self.regressor_.predict(features) * level

    def _features(self, X):
        calendar, lags = X[:, :-N_LAGS], X[:, -N_LAGS:]
        level = lags[:, : self.n_level].mean(axis=1) if self.n_level else np.ones(len(X))
        return np.hstack([calendar, lags[:, : self.n_lags] / level[:, None]]), level


# %%
# Search
# ------
# A linear model or a booster: each branch has its own parameters. Racing stops candidates after
# some of the folds, which need not be the earliest ones.

lags_and_level = {"n_lags": randint(1, N_LAGS + 1), "n_level": [None, 7, 14, 28]}
ridge, booster = Ridge(), HistGradientBoostingRegressor(max_iter=40, random_state=0)
space = [
    lags_and_level | {"regressor": [ridge], "regressor__alpha": loguniform(1e-3, 1e3)},
    lags_and_level
    | {
        "regressor": [booster],
        "regressor__learning_rate": loguniform(0.03, 0.5),
        "regressor__max_leaf_nodes": randint(3, 32),
    },
]
search = TPESearchCV(
    Forecaster(ridge),
    space,
    n_iter=25,
    scoring="neg_mean_absolute_percentage_error",
    cv=TimeSeriesSplit(5, test_size=N_TEST // 2),
    random_state=0,
).fit(X, y)
for name, value in search.best_params_.items():
    print(f"{name} = {value}")

RacingDisplay.from_search(search)
plt.show()

# %%
# Days that the search has not seen
# ---------------------------------

forecasts = {
    "as a week ago": X_test[:, -N_LAGS + 6],
    "Ridge, default parameters": Forecaster(ridge).fit(X, y).predict(X_test),
    "booster, default parameters": Forecaster(booster).fit(X, y).predict(X_test),
    "after the search": search.predict(X_test),
}
for name, forecast in forecasts.items():
    print(f"{name:28} error {mean_absolute_percentage_error(y_test, forecast):.1%}")

fig, ax = plt.subplots(figsize=(9, 3.5), layout="constrained")
ax.plot(y_test, color="black", lw=1, label="demand")
ax.plot(forecasts["after the search"], label="after the search")
ax.plot(forecasts["booster, default parameters"], ls="--", label="booster, default parameters")
ax.set(xlabel="day of the test", ylabel="demand")
ax.legend()
plt.show()
