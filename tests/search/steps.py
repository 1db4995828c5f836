"""Transformers that the tests of sharing use; workers import them from here."""

import os
import threading

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin


class Recorder(TransformerMixin, BaseEstimator):
    """Writes a line into a file at each fit, and adds to its input what it was fitted on."""

    def __init__(self, log=None, factor=1.0, kind="good"):
        self.log = log
        self.factor = factor
        self.kind = kind

    def fit(self, X, y=None):
        if self.kind == "bad":
            raise ValueError("this kind cannot be fitted")
        self.total_ = self.factor * float(np.sum(X))
        self._write("fit")
        return self

    def transform(self, X):
        self._write("transform")
        return X + 1e-3 * np.sin(self.total_)

    def _write(self, what):
        if self.log is not None:
            with open(self.log, "a") as file:
                file.write(f"{what} {os.getpid()} {self.total_!r}\n")


class Deadly(Recorder):
    """Ends the worker process at its first fit with the factor 2, once."""

    def fit(self, X, y=None):
        if self.factor == 2.0 and not os.path.exists(f"{self.log}.dead"):
            open(f"{self.log}.dead", "w").close()
            os._exit(13)
        return super().fit(X, y)


class InPlace(TransformerMixin, BaseEstimator):
    """Changes its input, and returns it."""

    def __init__(self, factor=3.0):
        self.factor = factor

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        X *= self.factor
        X -= X.mean()
        return X


class Noisy(Recorder):
    """Adds noise, from the global generator."""

    def transform(self, X):
        self._write("transform")
        return X + np.random.normal(size=X.shape)  # noqa: NPY002


class FailsLater(Recorder):
    """Cannot transform few rows, such as those of the test part."""

    def transform(self, X):
        if len(X) < 80 and self.factor == 2.0:
            raise ValueError("too few rows")
        return super().transform(X)


class Counting(Recorder):
    """Adds the number of its transforms so far."""

    def fit(self, X, y=None):
        self.n_transforms_ = 0
        return super().fit(X, y)

    def transform(self, X):
        self.n_transforms_ += 1
        return super().transform(X) * self.n_transforms_


class Odd(Recorder):
    """Raises an error of its own when it is copied."""

    def __reduce_ex__(self, protocol):
        raise OSError("not to be copied")


class Locked(Recorder):
    """Cannot be pickled once it is fitted."""

    def fit(self, X, y=None):
        self.lock_ = threading.Lock()
        return super().fit(X, y)


def lines(log, what="fit"):
    """What was written about the fits, or the transforms."""
    if not log.exists():
        return []
    return [line for line in log.read_text().splitlines() if line.startswith(what)]
