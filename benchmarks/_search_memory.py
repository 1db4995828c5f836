"""Fits that are made once: an estimator that looks scores and costs of folds up on disk.

A :class:`Remembered` estimator stands in for that of a task. It rounds numbers to two significant
digits, and takes the score and the CPU time of a fold from ``benchmarks/cache``; what is not there
is fitted for real, and kept. So all methods of the benchmark meet the same scores at the same cost.
"""

from __future__ import annotations

import hashlib
import pickle
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from _common import CACHE, write
from _search_tasks import N_FOLDS, Task
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import get_scorer

N_REPEATS = 2  # of the folds, for the true quality

__all__ = ["Ledger", "Memory", "Remembered", "ledger", "memory"]


@dataclass
class Ledger:
    """What a run has spent so far.

    Attributes
    ----------
    n_fits : int
        Fold fits.
    seconds : float
        CPU seconds that these fits and their scoring take.
    inside : float
        CPU seconds spent in looking them up or making them, not to be counted as overhead.
    start : float
        CPU clock at the start of the run.
    scores : list of float
        Of each fold, in order.
    completed : list of (event, dict)
        For each candidate, when it has all its folds: ``(n_fits, seconds, overhead, score)``, and
        its parameters.
    by_candidate : dict of str to list of float
        Scores of the folds by candidate.
    """

    n_fits: int = 0
    seconds: float = 0.0
    inside: float = 0.0
    start: float = field(default_factory=time.process_time)
    scores: list[float] = field(default_factory=list)
    completed: list[tuple[tuple[float, ...], dict[str, Any]]] = field(default_factory=list)
    by_candidate: dict[str, list[float]] = field(default_factory=dict)

    def add(self, score: float, seconds: float, entered: float, params: dict[str, Any]) -> None:
        """Book a fold of a candidate; `entered` is the CPU clock when its look-up began."""
        self.n_fits += 1
        self.seconds += seconds
        self.scores.append(score)
        scores = self.by_candidate.setdefault(repr(sorted(params.items())), [])
        scores.append(score)
        if len(scores) == N_FOLDS:
            spent = (self.n_fits, self.seconds, entered - self.start - self.inside)
            self.completed.append(((*spent, float(np.mean(scores))), params))
        self.inside += time.process_time() - entered

    def overhead(self) -> float:
        """CPU seconds of the method itself, so far."""
        return time.process_time() - self.start - self.inside


class Memory:
    """Scores and costs of the folds of one task, on disk."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.X, self.y = task.load()
        self.scorer = get_scorer(task.metric)
        self._path = CACHE / f"search-{task.name}.pickle"
        self._known: dict[bytes, tuple[float, float]] = {}
        self._n_saved = 0
        if self._path.exists():
            self._known = pickle.loads(self._path.read_bytes())
            self._n_saved = len(self._known)

    def fold(
        self, params: Mapping[str, Any], train: np.ndarray, test: np.ndarray
    ) -> tuple[float, float]:
        """Score and CPU seconds of a fold."""
        values = {name: _rounded(value) for name, value in sorted(params.items())}
        key = hashlib.blake2b(repr(values).encode(), digest_size=16)
        key.update(train.tobytes() + b"|" + test.tobytes())
        if key.digest() not in self._known:
            self._known[key.digest()] = self._evaluate(values, train, test)
        return self._known[key.digest()]

    def truth(self, params: Mapping[str, Any]) -> float:
        """Mean score on folds that no search saw, of all rows that there are of the data."""
        values = {name: _rounded(value) for name, value in sorted(params.items())}
        key = hashlib.blake2b(
            repr(values).encode() + b"truth of 1000 rows", digest_size=16
        ).digest()
        if key not in self._known:
            X, y = self.task.load_all()
            splits = [f for seed in range(1, 1 + N_REPEATS) for f in self.task.splits(y, seed)]
            scores = [self._fit(values, X, y, train, test)[0] for train, test in splits]
            self._known[key] = (float(np.mean(scores)), np.nan)
        return self._known[key][0]

    def _evaluate(
        self, params: dict[str, Any], train: np.ndarray, test: np.ndarray
    ) -> tuple[float, float]:
        return self._fit(params, self.X, self.y, train, test)

    def _fit(
        self,
        params: dict[str, Any],
        X: np.ndarray,
        y: np.ndarray,
        train: np.ndarray,
        test: np.ndarray,
    ) -> tuple[float, float]:
        model = clone(self.task.estimator).set_params(**clone(params, safe=False))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            start = time.process_time()
            model.fit(X[train], y[train])
            score = float(self.scorer(model, X[test], y[test]))
            return score, time.process_time() - start

    def save(self) -> None:
        """Write what is new."""
        if len(self._known) == self._n_saved:
            return
        write(self._path, pickle.dumps(self._known))
        self._n_saved = len(self._known)


def _rounded(value: Any) -> Any:
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.2g}")
    return int(value) if isinstance(value, np.integer) else value


_memories: dict[str, Memory] = {}
_ledgers: list[Ledger] = [Ledger()]


def memory(task: Task) -> Memory:
    """The memory of a task, loaded once."""
    if task.name not in _memories:
        _memories[task.name] = Memory(task)
    return _memories[task.name]


def ledger(new: bool = False) -> Ledger:
    """The ledger of the present run; a new one if asked for."""
    if new:
        _ledgers[0] = Ledger()
    return _ledgers[0]


class Remembered(BaseEstimator):  # type: ignore[misc]
    """Looks like the task's estimator; ``X`` is the column of row numbers.

    Parameters
    ----------
    task_name : str
        Name of the task.
    **values : dict
        Parameters that are set, others are those of the task's estimator.
    """

    def __init__(self, task_name: str, **values: Any) -> None:
        self.task_name = task_name
        self._values = values

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters; with `deep`, also those that are not set."""
        own = {"task_name": self.task_name, **self._values}
        return {**_memories[self.task_name].task.estimator.get_params(), **own} if deep else own

    def set_params(self, **params: Any) -> Remembered:
        """Set parameters."""
        self._values = {**self._values, **params}
        return self

    def fit(self, X: np.ndarray, y: np.ndarray) -> Remembered:
        """Note the training rows."""
        self.rows_ = X[:, 0]
        return self

    def score(self, X: np.ndarray, y: np.ndarray) -> float:
        """Score of the fold, booked in the ledger."""
        entered = time.process_time()
        memory = _memories[self.task_name]
        if "branch" in self._values or any("." in name for name in self._values):
            params = memory.task.decode(self._values)
        else:
            params = self._values
        score, seconds = memory.fold(params, self.rows_, X[:, 0])
        ledger().add(score, seconds, entered, params)
        return score
