"""Worker processes import the estimators of these tests by name: they need the root on the path."""

import sys
from pathlib import Path

import pytest
import sklearn.linear_model  # noqa: F401  (the limit holds for what is loaded)
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[2]))
threadpool_limits(1)  # fits of a few rows gain nothing from threads, and lose beside other tests


@pytest.fixture(autouse=True)
def no_settings_for_the_next_test(monkeypatch):
    """Undo what a test assigns to the settings of `Logged`."""
    from tests.search.estimators import Logged

    monkeypatch.setattr(Logged, "log", None)
    monkeypatch.setattr(Logged, "seconds", 0.0)


def pytest_configure(config):
    config.addinivalue_line("markers", "thread_unsafe: a mark of scikit-learn's own tests")
