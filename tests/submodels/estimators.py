"""Estimators of these tests, which workers import."""

import copy
import threading

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier


class CountingTree(DecisionTreeClassifier):
    """A tree that counts its fits in this process, and may be interrupted at one of them."""

    n_fits = 0
    interrupt_at = None
    lock = threading.Lock()

    def fit(self, X, y, **params):
        with self.lock:
            CountingTree.n_fits += 1
        if CountingTree.n_fits == CountingTree.interrupt_at:
            raise KeyboardInterrupt
        return super().fit(X, y, **params)


class Fragile(KNeighborsClassifier):
    """Nearest neighbors whose fit fails with many neighbors."""

    def fit(self, X, y):
        if self.n_neighbors > 10:
            raise ValueError("too many")
        return super().fit(X, y)


class LastClass(ClassifierMixin, BaseEstimator):
    """Predicts the most frequent class of the last rows; more rows contain fewer."""

    def __init__(self, n_rows=5):
        self.n_rows = n_rows

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.last_ = np.asarray(y)[-self.n_rows :]
        return self

    def predict(self, X):
        values, counts = np.unique(self.last_, return_counts=True)
        return np.full(len(X), values[counts.argmax()])


def fewer_rows(model, n_rows):
    """The view of a LastClass."""
    view = copy.copy(model).set_params(n_rows=n_rows)
    view.last_ = model.last_[-n_rows:]
    return view
