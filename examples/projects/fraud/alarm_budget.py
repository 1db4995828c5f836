"""A classifier that flags a given share of the negative rows."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import train_test_split


class AlarmBudget(ClassifierMixin, BaseEstimator):
    """Binary classifier whose threshold keeps a false-positive rate.

    The model is fitted on three quarters of the rows. The threshold is a quantile of its
    probabilities for the negative rows of the last quarter, which the model has not seen.

    Parameters
    ----------
    model : estimator
        A classifier with `predict_proba`.
    false_positive_rate : float
        Share of the negative rows that may be flagged.
    """

    def __init__(self, model, false_positive_rate=0.01):
        self.model = model
        self.false_positive_rate = false_positive_rate

    def fit(self, X, y):
        """Fit the model, and set the threshold."""
        X_fit, X_set, y_fit, y_set = train_test_split(X, y, stratify=y, random_state=0)
        self.model_ = clone(self.model).fit(X_fit, y_fit)
        self.classes_ = self.model_.classes_
        negatives = self.predict_proba(X_set)[np.asarray(y_set) == self.classes_[0], 1]
        self.threshold_ = np.quantile(negatives, 1 - self.false_positive_rate)
        return self

    def predict_proba(self, X):
        """Return the probabilities of the model."""
        return self.model_.predict_proba(X)

    def predict(self, X):
        """Flag the rows above the threshold."""
        return self.classes_[(self.predict_proba(X)[:, 1] > self.threshold_).astype(int)]
