"""Worker processes import the estimators of these tests by name: they need the root on the path."""

import sys
from pathlib import Path

import pytest
import sklearn.linear_model  # noqa: F401  (the limit holds for what is loaded)
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[2]))
threadpool_limits(1)  # fits of a few rows gain nothing from threads, and lose beside other tests


@pytest.fixture
def registry(monkeypatch):
    """No family that another test has registered."""
    from skhpo.submodels import _registry

    monkeypatch.setattr(_registry, "_BY_CLASS", {})


@pytest.fixture
def counting_trees(registry, monkeypatch):
    """Trees that count their fits, whose prunings are submodels."""
    from skhpo.submodels import register_submodels
    from skhpo.submodels._trees import PrunedTree
    from tests.submodels.estimators import CountingTree

    register_submodels(CountingTree, "ccp_alpha", PrunedTree())
    monkeypatch.setattr(CountingTree, "n_fits", 0)
    monkeypatch.setattr(CountingTree, "interrupt_at", None)
