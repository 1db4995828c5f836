"""
Recommend items
===============

All that is known is who bought what: implicit feedback. The recommender factorises the matrix of
purchases, and is an estimator of twenty lines. The score is what the recommender is for: the share
of hidden purchases that are among the ten items it recommends.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform, randint
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split

from skhpo import TPESearchCV
from skhpo.plots import SliceDisplay

# %%
# Purchases
# ---------
# Users have tastes, and some items sell well to everybody. Each user buys twenty items. The rows of
# the data are pairs of a user and an item, so that cross-validation hides a part of the purchases.

N_USERS, N_ITEMS, N_BOUGHT = 300, 200, 20
rng = np.random.default_rng(0)
tastes, traits = rng.normal(size=(N_USERS, 5)), rng.normal(size=(N_ITEMS, 5))
utility = tastes @ traits.T + rng.normal(size=N_ITEMS) + 2 * rng.gumbel(size=(N_USERS, N_ITEMS))
items = np.argsort(-utility, axis=1)[:, :N_BOUGHT]
pairs = np.column_stack([np.repeat(np.arange(N_USERS), N_BOUGHT), items.ravel()])
pairs, pairs_test = train_test_split(pairs, test_size=0.25, random_state=0)

# %%
# Recommender
# -----------


class ImplicitFactors(BaseEstimator):
    """Alternating least squares for implicit feedback (Hu, Koren and Volinsky, 2008)."""

    def __init__(self, n_factors=20, alpha=40.0, regularization=0.1):
        self.n_factors = n_factors
        self.alpha = alpha  # how much more a purchase counts than none; 40 is the paper's value
        self.regularization = regularization

    def fit(self, X, y=None):
        self.bought_ = np.zeros((N_USERS, N_ITEMS))
        self.bought_[X[:, 0], X[:, 1]] = 1
        of_items = np.random.default_rng(0).normal(0, 0.1, (N_ITEMS, self.n_factors))
        for _ in range(10):
            of_users = self._solve(self.bought_, of_items)
            of_items = self._solve(self.bought_.T, of_users)
        self.values_ = of_users @ of_items.T
        return self

    def _solve(self, bought, factors):
        """Return the factors of one side that fit best to those of the other side."""
        gram = factors.T @ factors + self.regularization * np.eye(self.n_factors)
        weighted = (self.alpha * bought[:, None, :] * factors.T) @ factors
        right = (1 + self.alpha) * bought @ factors
        return np.linalg.solve(gram + weighted, right[:, :, None])[:, :, 0]

    def recommend(self, n=10):
        """Return the n best items for each user, without those already bought."""
        return np.argsort(np.where(self.bought_ == 1, np.inf, -self.values_), axis=1)[:, :n]


def recall(model, X, y=None):
    """Share of the pairs whose item is recommended to their user."""
    return (model.recommend()[X[:, 0]] == X[:, [1]]).any(axis=1).mean()


# %%
# Search
# ------
# A scorer is any function of an estimator and data. There is no ``y``.

space = {
    "n_factors": randint(2, 33),
    "alpha": loguniform(1e-1, 1e2),
    "regularization": loguniform(1e-2, 1e2),
}
search = TPESearchCV(ImplicitFactors(), space, n_iter=30, scoring=recall, cv=4, random_state=0)
search.fit(pairs)
n_fits = search.cv_results_["n_splits_evaluated"].sum()
print(f"30 candidates took {n_fits} fits instead of {30 * 4}; the best is")
for name, value in search.best_params_.items():
    print(f"    {name} = {value:.3g}")

SliceDisplay.from_search(search)
plt.show()

# %%
# Purchases that the search has not seen
# --------------------------------------
# The best sellers are the same ten items for everybody, without those that a user has.


class BestSellers(ImplicitFactors):
    def fit(self, X, y=None):
        super().fit(X)
        self.values_ = np.tile(self.bought_.sum(axis=0), (N_USERS, 1))
        return self


models = {
    "best sellers": BestSellers().fit(pairs),
    "factors, default parameters": ImplicitFactors().fit(pairs),
    "factors, after the search": search.best_estimator_,
}
for name, model in models.items():
    print(f"{name:28} recall {recall(model, pairs_test):.3f}")
