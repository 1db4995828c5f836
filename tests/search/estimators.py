"""Estimators that the tests of the searches share; workers import them from here."""

import os
import time

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


class Scored(ClassifierMixin, BaseEstimator):
    """Its score is a function of its parameters and the fold; its fit does nothing."""

    def __init__(self, x=0.5, k=3, kind="a"):
        self.x = x
        self.k = k
        self.kind = kind

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.repeat(self.classes_[0], len(X))

    def score(self, X, y):
        level = -((self.x - 0.3) ** 2) - 0.01 * (self.k - 4) ** 2 - 0.1 * (self.kind == "a")
        fold = float(np.sum(X))
        return level + 0.05 * np.sin(fold) + 0.02 * np.sin(31.0 * fold + 17.0 * self.x + self.k)


class Dawdling(Scored):
    """A fit takes a time that no seed decides."""

    def fit(self, X, y):
        time.sleep(0.004 * os.urandom(1)[0] / 255)
        return super().fit(X, y)


class Failing(Scored):
    """Its fit fails where ``kind`` is "bad"."""

    def fit(self, X, y):
        if self.kind == "bad":
            raise ValueError("this kind cannot be fitted")
        return super().fit(X, y)


class Deadly(Scored):
    """Its fit ends the worker process where ``kind`` is "bad"."""

    def fit(self, X, y):
        if self.kind == "bad":
            os._exit(13)
        return super().fit(X, y)


class Slow(Scored):
    """A fit takes `seconds`."""

    def __init__(self, x=0.5, k=3, kind="a", seconds=0.05):
        super().__init__(x, k, kind)
        self.seconds = seconds

    def fit(self, X, y):
        time.sleep(self.seconds)
        return super().fit(X, y)


class Logged(Scored):
    """Its fit takes `Logged.seconds` and ends with a line in the file `Logged.log`."""

    log = None
    seconds = 0.0

    def fit(self, X, y):
        time.sleep(Logged.seconds)
        with open(Logged.log, "ab", buffering=0) as file:
            file.write(f"{self.x!r} {self.k!r} {self.kind!r} {float(np.sum(X))!r}\n".encode())
        return super().fit(X, y)


class Cut(BaseException):
    """The end of a process, as far as a search can tell: no error of a fit."""


class Cutting(Scored):
    """Counts its fits; ends the search at fit number `Cutting.last`."""

    n_fits = 0
    last = None

    def fit(self, X, y):
        if Cutting.n_fits == Cutting.last:
            raise Cut
        Cutting.n_fits += 1
        return super().fit(X, y)


class Counting(ClassifierMixin, BaseEstimator):
    """Counts the fits in this process."""

    n_fits = 0

    def __init__(self, max_depth=None, min_samples_leaf=1, min_impurity_decrease=0.0):
        self.max_depth = max_depth
        self.min_samples_leaf = min_samples_leaf
        self.min_impurity_decrease = min_impurity_decrease

    def fit(self, X, y):
        Counting.n_fits += 1
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)


class Greedy(Scored):
    """Its fit takes for ever where ``kind`` is "hangs", memory where it is "hoards"."""

    def fit(self, X, y):
        if self.kind == "hoards":
            self.hoard_ = np.ones(250_000_000)
        if self.kind in ("hangs", "hoards"):
            time.sleep(300)
        return super().fit(X, y)


class GreedyInOneFold(Greedy):
    """Its fit takes for ever on one fold of two, where ``kind`` is "hangs"."""

    def fit(self, X, y):
        if self.kind == "hangs" and np.sum(X) > 0:
            return Scored.fit(self, X, y)
        return super().fit(X, y)
