"""
Follow a search, and end it early
=================================

A callback is called after each candidate with the study and the candidate's trial. This one prints
each improvement, and ends the search when fifteen candidates in a row have brought none.

A search that ends early (by ``stop()``, a timeout or Ctrl-C) keeps the candidates that have
finished, and refits the best of them.
"""

import warnings

import matplotlib.pyplot as plt
from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.svm import SVC

from skhpo import SearchInterruptedWarning, TPESearchCV, TrialState
from skhpo.plots import HistoryDisplay

X, y = load_digits(return_X_y=True)
X, y = X[:600], y[:600]
space = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-6, 1e-1)}


class Patience:
    """End the search after some candidates without an improvement."""

    def __init__(self, n_candidates):
        self.n_candidates = n_candidates
        self.best = None

    def __call__(self, study, trial):
        is_complete = trial.state == TrialState.COMPLETE
        if is_complete and (self.best is None or trial.value > self.best.value):
            self.best = trial
            print(f"  candidate {trial.number}: {trial.value:.4f} with {trial.params}")
        elif trial.number - self.best.number >= self.n_candidates:
            study.stop()


# %%
# Stop when nothing improves
# --------------------------

print("Until fifteen candidates in a row bring no improvement, of 200 at most:")
search = TPESearchCV(SVC(), space, n_iter=200, callbacks=[Patience(15)], random_state=0)
search.fit(X, y)
print(f"Ended after {len(search.study_.trials)} candidates, best {search.best_score_:.4f}.\n")
HistoryDisplay.from_search(search)
plt.show()

# %%
# Stop after two seconds
# ----------------------

print("For two seconds at most:")
search = TPESearchCV(SVC(), space, n_iter=10_000, timeout=2, random_state=0)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", SearchInterruptedWarning)
    search.fit(X, y)
for warning in caught:
    print(f"  {warning.category.__name__}: {warning.message}")
print(f"Best {search.best_score_:.4f}; it is refitted and ready: {search.predict(X[:5])}")
