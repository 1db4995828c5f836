"""A storage that fails at any of its writes: the next fit ends as if nothing had happened."""

import os
import warnings

import pytest
from scipy.stats import randint, uniform
from sklearn.datasets import make_classification

from skhpo import RandomSearchCV, SearchInterruptedWarning, TPESearchCV
from skhpo.exceptions import StorageInternalError
from skhpo.pruners import RacingPruner
from skhpo.storages import JournalStorage, RDBStorage
from skhpo.storages.journal import JournalFileBackend
from tests.search.estimators import Scored

X, y = make_classification(n_samples=60, n_features=4, random_state=0)
FLAT = {"x": uniform(0, 1), "k": randint(1, 9), "kind": ["a", "b"]}


class Writes:
    """Counts the writes of a storage, and lets some of them fail.

    A write fails before or after its transaction: after a lost connection nobody knows which.
    """

    def __init__(self):
        self.n = 0
        self.fail(at=None)

    def fail(self, at, error=StorageInternalError, is_written=False, forever=False):
        self.at, self.error, self.is_written, self.forever = at, error, is_written, forever

    def __call__(self, write):
        def failing(*arguments):
            self.n += 1
            fails = self.at is not None and (
                self.n >= self.at if self.forever else self.n == self.at
            )
            if fails and not self.is_written:
                raise self.error("not written")
            result = write(*arguments)
            if fails:
                raise self.error("written, but nobody knows")
            return result

        return failing


def database(tmp_path, name, writes):
    storage = RDBStorage(f"sqlite:///{tmp_path}/{name}.db")
    storage._database.write = writes(storage._database.write)
    return storage


def journal(tmp_path, name, writes):
    backend = JournalFileBackend(tmp_path / f"{name}.log")
    backend.append_logs = writes(backend.append_logs)
    return JournalStorage(backend)


def found(search):
    """All that a search has found, but for times."""
    table = {
        name: [repr(value) for value in column]
        for name, column in search.cv_results_.items()
        if "time" not in name
    }
    trials = [
        (t.number, t.state, t.values, t.params, t.intermediate_values) for t in search.study_.trials
    ]
    return table, trials


def fit_is_cut(search):
    """Fit, and return whether an error or Ctrl-C ended it early."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            search.fit(X, y)
        except (StorageInternalError, KeyboardInterrupt):
            return True
    return any(issubclass(one.category, SearchInterruptedWarning) for one in caught)


def check_each_write(make_storage, tmp_path, search, **failure):
    """Let each write of a search fail in turn, and compare what the next fit finds."""
    whole = found(search.fit(X, y))
    assert {"complete", "pruned"} <= set(search.cv_results_["status"])
    writes = Writes()
    search.set_params(storage=make_storage(tmp_path, "all", writes), study_name="s").fit(X, y)
    n_writes = writes.n
    assert n_writes > search.cv_results_["n_splits_evaluated"].sum()
    n_cut = 0
    for at in range(1, n_writes + 1):
        writes = Writes()
        search.set_params(storage=make_storage(tmp_path, f"at {at}", writes))
        writes.fail(at, **failure)
        n_cut += fit_is_cut(search)
        writes.fail(at=None)
        assert found(search.fit(X, y)) == whole, f"write {at} of {n_writes}"
    assert n_cut >= 0.5 * n_writes


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.mark.parametrize("make_storage", [database, journal])
def test_a_write_that_fails_changes_nothing_once_the_search_is_resumed(make_storage, tmp_path):
    search = RandomSearchCV(Scored(), FLAT, n_iter=6, cv=3, random_state=3, refit=False,
                            pruner=RacingPruner(0.4, n_startup_trials=2))  # fmt: skip
    check_each_write(make_storage, tmp_path, search)


FAILURES = {
    "not written": {},
    "written": {"is_written": True},
    "none is written": {"forever": True},
    "all are written": {"is_written": True, "forever": True},
    "Ctrl-C before": {"error": KeyboardInterrupt},
    "Ctrl-C after": {"error": KeyboardInterrupt, "is_written": True},
}


EXTENDED = ("none is written", "all are written", "Ctrl-C before")  # the others are like them


@pytest.mark.slow
@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(name, marks=pytest.mark.extended) if name in EXTENDED else name
        for name in FAILURES
    ],
)
@pytest.mark.parametrize(
    "make_storage", [database, pytest.param(journal, marks=pytest.mark.extended)]
)
def test_any_kind_of_failure_at_any_write_changes_nothing_once_the_search_is_resumed(
    make_storage, failure, tmp_path
):
    search = TPESearchCV(Scored(), FLAT, n_iter=8, cv=2, random_state=0, refit=False,
                         pre_dispatch=2, pruner=RacingPruner(0.4, n_startup_trials=2))  # fmt: skip
    check_each_write(make_storage, tmp_path, search, **FAILURES[failure])
