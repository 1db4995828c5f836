"""The priors that come with the package: small, readable, and in the units of their estimators."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from skhpo.priors import known_prior, load
from skhpo.priors._families import FAMILIES

NAMES = sorted(
    path.name.removesuffix(".npz")
    for path in (files("skhpo.priors") / "data").iterdir()
    if path.name.endswith(".npz")
)


def test_there_are_priors_of_classifiers_and_regressors():
    common = {"SVC", "LogisticRegression", "LGBMClassifier", "XGBRegressor", "SGDClassifier"}
    assert common <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_prior_is_small_and_complete(name):
    assert len((files("skhpo.priors") / "data" / f"{name}.npz").read_bytes()) < 50_000
    prior = known_prior(name)
    assert prior.name == name
    # What the builder would measure now has the same units as what was measured.
    shared = {unit.name for unit in prior.units}
    own = tuple(unit for unit in FAMILIES[name].units if unit.name in shared)
    assert prior.units == own
    assert own == FAMILIES[name].units or prior.about["estimator"] != name  # learned from another
    assert prior.coordinates.shape[1] == sum(unit.width for unit in prior.units)
    assert (prior.lengthscales > 0).all()
    assert set(prior.about) >= {"datasets", "scikit-learn", "date"}
    for losses in prior.tables.values():
        assert losses.shape[0] >= 20  # the slowest have fewer; 24 are worth nearly as much as 47
        assert losses.shape[1] == len(prior.coordinates)
        assert np.isfinite(losses).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_functions_follow_the_measured_losses(name):
    prior = known_prior(name)
    metric = next(iter(prior.tables))
    mean, basis = prior.functions(metric)(prior.coordinates)
    measured = prior.tables[metric].mean(axis=0)
    assert np.corrcoef(mean, measured)[0, 1] > 0.9
    assert basis.shape == (len(prior.coordinates), 6)
    covariance = np.cov(prior.tables[metric].T)
    modelled = basis @ basis.T
    assert 0.4 < np.trace(modelled) / np.trace(covariance) < 1.2


def test_a_prior_is_read_once():
    assert known_prior("SVC") is known_prior("SVC")
    assert known_prior("no such class") is None


def test_a_newer_format_is_refused(tmp_path):
    np.savez(tmp_path / "new.npz", text=np.array('{"format": 99}'))
    with pytest.raises(ValueError, match="has format 99"):
        load(tmp_path / "new.npz")


def test_the_page_lists_what_is_known():
    page = (Path(__file__).parents[2] / "docs" / "priors.md").read_text(encoding="utf-8")
    for name in NAMES:
        units = ", ".join(f"`{unit.name}`" for unit in known_prior(name).units)
        n_datasets, n_configurations = next(iter(known_prior(name).tables.values())).shape
        assert f"| `{name}` | {units} | {n_datasets} | {n_configurations} |" in page
