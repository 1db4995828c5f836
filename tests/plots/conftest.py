"""What the tests of plots share."""

import pytest
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.svm import SVC

import skhpo


@pytest.fixture(autouse=True)
def _close_figures():
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.fixture(scope="package")
def fitted():
    """A fitted search, some of whose candidates were stopped early."""
    X, y = load_iris(return_X_y=True)
    space = {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-4, 1e2)}
    search = skhpo.TPESearchCV(SVC(), space, n_iter=25, random_state=0).fit(X, y)
    assert (search.cv_results_["status"] == "pruned").any()
    return search


@pytest.fixture(scope="package")
def fitted_branches():
    """A fitted search in a space with two branches."""
    X, y = load_iris(return_X_y=True)
    space = [
        {"kernel": ["rbf"], "C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-4, 1e2)},
        {"kernel": ["poly"], "C": loguniform(1e-3, 1e3), "degree": [2, 3, 4]},
    ]
    return skhpo.TPESearchCV(SVC(), space, n_iter=25, random_state=0).fit(X, y)
