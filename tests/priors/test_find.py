"""Priors meet searches: known estimators are found, and their values translated."""

import io

import numpy as np
import pandas as pd
import pytest
from scipy.stats import loguniform, randint
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

import skhpo
from skhpo.priors import Prior, load, save
from skhpo.priors import _find as finding
from skhpo.priors._families import FAMILIES
from skhpo.priors._find import find_prior
from skhpo.priors._prior import encode, standardised
from skhpo.priors._units import DataTraits
from skhpo.space import SearchSpace

X, y = make_classification(n_samples=100, n_features=8, random_state=0)
C, GAMMA = loguniform(1e-2, 1e3), loguniform(1e-4, 10)
BEST_C, BEST_GAMMA = 30.0, 0.3  # gamma in units of the scale of the features


def made_up(name, metrics=("accuracy",), n_datasets=12):
    """A prior of a family whose losses have their minima around one configuration."""
    rng = np.random.default_rng(0)
    units = FAMILIES[name].units
    traits = DataTraits(n_features=1)
    draws = rng.random((64, len(units)))
    configs = [
        {u.name: u.decode([d], traits) for u, d in zip(units, row, strict=True)} for row in draws
    ]
    coordinates = encode(units, configs, traits)
    best = {"C": BEST_C, "gamma": BEST_GAMMA, "epsilon": 0.1, "class_weight": None}
    centre = encode(units, [best], traits)
    moved = centre + 0.05 * rng.normal(size=(n_datasets, 1, coordinates.shape[1]))
    losses = ((coordinates - moved) ** 2).sum(axis=2)
    tables = {metric: standardised(losses * (i + 1)) for i, metric in enumerate(metrics)}
    requires = FAMILIES[name].requires
    return Prior(name, units, coordinates, tables, np.full(len(units), 0.5), requires, {"n": 12})


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """Only these priors are known, whatever the package comes with."""
    priors = {"SVC": made_up("SVC", ("accuracy", "roc_auc")), "SVR": made_up("SVR")}
    monkeypatch.setattr(finding, "known_prior", priors.get)
    return priors


def space_of(distributions, estimator):
    return SearchSpace.from_param_distributions(distributions, estimator)


def found(estimator, distributions, metric=None, X=X, y=y):
    return find_prior(estimator, space_of(distributions, estimator), X, y, metric)


def test_a_known_estimator_at_the_end_of_a_pipeline_is_found():
    pipeline = make_pipeline(StandardScaler(), SVC())
    prior = found(pipeline, {"svc__C": C, "svc__gamma": GAMMA})
    (section,) = prior.sections
    assert section.unit_names == {"svc__C": "C", "svc__gamma": "gamma"}
    assert section.traits.variance == 1.0


@pytest.mark.parametrize(
    ("estimator", "space"),
    [
        (RidgeClassifier(), {"alpha": C}),  # unknown
        (make_pipeline(StandardScaler(), SVC()), {"standardscaler__with_mean": [True, False]}),
        (SVC(kernel="poly"), {"C": C}),  # another kernel than the prior's
        (SVC(), {"kernel": ["poly"], "C": C}),
    ],
)
def test_nothing_is_known_of_these(estimator, space):
    assert found(estimator, space) is None


def test_a_regressor_of_a_transformed_target_is_found():
    X, y = load_diabetes(return_X_y=True)
    nested = TransformedTargetRegressor(make_pipeline(StandardScaler(), SVR()))
    prior = found(nested, {"regressor__svr__C": C}, X=X, y=y)
    (section,) = prior.sections
    assert section.traits.target_sd == pytest.approx(y.std())


def test_a_subclass_has_the_prior_of_its_class():
    class Ours(SVC):
        pass

    assert found(Ours(), {"C": C}) is not None


@pytest.mark.parametrize(
    ("metric", "table"),
    [(None, "accuracy"), ("roc_auc", "roc_auc"), ("roc_auc_ovr", "roc_auc"), ("f1", "accuracy")],
)
def test_the_table_of_the_nearest_metric_is_used(metric, table):
    assert found(SVC(), {"C": C}, metric).sections[0].metric == table


def test_a_point_of_the_space_has_the_coordinates_of_its_values():
    space = space_of({"C": C, "gamma": GAMMA, "class_weight": ["balanced", None]}, SVC())
    prior = find_prior(SVC(), space, X, y)
    names = list(space.distributions)
    (bound,) = prior.bind(names, list(space.distributions.values()))
    config = {"C": 3.0, "gamma": 0.02, "class_weight": "balanced"}
    point = [
        float(space.distributions[n].to_unit(space.distributions[n].to_internal_repr(config[n])))
        for n in names
    ]
    section = prior.sections[0]
    expected = encode(section.prior.units, [config], section.traits)
    assert bound.coordinates(np.array([point])) == pytest.approx(expected)
    assert bound.residual == pytest.approx(0.1 + 1 / 12)


def test_parameters_that_are_not_searched_have_the_values_of_the_estimator():
    space = space_of({"gamma": GAMMA}, SVC())
    prior = find_prior(SVC(C=7.0), space, X, y)
    (bound,) = prior.bind(["gamma"], [space.distributions["gamma"]])
    section = prior.sections[0]
    coordinates = bound.coordinates(np.array([[0.3], [0.9]]))
    expected = section.prior.units[0].encode([7.0], section.traits)
    assert coordinates[:, 0] == pytest.approx(np.repeat(expected, 2))
    assert coordinates[0, 1] < coordinates[1, 1]


def test_parameters_that_nobody_knows_leave_more_open():
    space = space_of({"C": C, "shrinking": [True, False]}, SVC())
    prior = find_prior(SVC(), space, X, y)
    (bound,) = prior.bind(list(space.distributions), list(space.distributions.values()))
    assert bound.residual > 0.5
    assert prior.bind(["shrinking"], [space.distributions["shrinking"]]) == []


def test_values_in_lists_are_translated_one_by_one():
    space = space_of({"C": [0.1, 100, 1], "gamma": ["scale", "auto", 0.5]}, SVC())
    prior = find_prior(SVC(), space, X, y)
    names = list(space.distributions)
    (bound,) = prior.bind(names, list(space.distributions.values()))
    section = prior.sections[0]
    for config in space.candidates():
        units = [space.distributions[n] for n in names]
        point = [float(d.to_unit(d.to_internal_repr(config[n]))) for n, d in zip(names, units)]
        expected = encode(section.prior.units, [{**config, "class_weight": None}], section.traits)
        assert bound.coordinates(np.array([point])) == pytest.approx(expected)


def test_the_first_configurations_are_near_the_best_and_new():
    space = space_of({"C": C, "gamma": GAMMA}, SVC())
    given = [{"C": 1.0, "gamma": 0.1}]
    scaled = StandardScaler().fit_transform(X)
    prior = find_prior(SVC(), space, scaled, y)
    first = prior.first_configs(space, given, 3)
    assert 1 <= len(first) <= 3
    assert abs(np.log10(first[0]["C"] / BEST_C)) < 0.8
    assert abs(np.log10(first[0]["gamma"] * 8 / BEST_GAMMA)) < 0.8
    assert len({tuple(config.values()) for config in first}) == len(first)


def test_each_branch_has_its_own_prior():
    branches = [{"kernel": ["rbf"], "C": C, "gamma": GAMMA}, {"kernel": ["linear"], "C": [1, 10]}]
    space = space_of(branches, SVC())
    prior = find_prior(SVC(), space, X, y)
    assert [section.branch for section in prior.sections] == [0]
    first = prior.first_configs(space, [], 2)
    assert all(config["branch"] == 0 for config in first)
    assert "C[0]" in first[0]


def test_estimators_of_branches_are_found():
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    pipeline.steps[-1] = ("clf", LogisticRegression())
    branches = [
        {"clf": [SVC()], "clf__C": C, "clf__gamma": GAMMA},
        {"clf": [LogisticRegression()], "clf__C": loguniform(0.1, 1)},
    ]
    prior = found(pipeline, branches)
    assert [(s.branch, s.prior.name) for s in prior.sections] == [(0, "SVC")]


@pytest.mark.parametrize(
    "data",
    [pd.DataFrame({"a": ["x", "y"] * 50, "b": range(100)}), [["text"]] * 100, X.tolist()],
    ids=["mixed frame", "texts", "lists"],
)
def test_any_data_have_traits(data):
    assert found(SVC(), {"C": C, "gamma": GAMMA}, X=data) is not None


def test_a_prior_survives_a_file(tmp_path, known):
    prior = known["SVC"]
    save(prior, tmp_path / "svc.npz")
    again = load(tmp_path / "svc.npz")
    assert again.units == prior.units
    assert again.requires == prior.requires
    assert again.about == prior.about
    assert again.coordinates == pytest.approx(prior.coordinates, abs=1e-3)
    for metric, losses in prior.tables.items():
        assert again.tables[metric] == pytest.approx(losses, abs=0.02)


def test_other_files_are_refused():
    file = io.BytesIO()
    np.savez(file, numbers=np.arange(3))
    file.seek(0)
    with pytest.raises(ValueError, match="not a file of a prior"):
        load(file)


# ----------------------------------------------------------------------- in a search


def searched(search_class, **settings):
    pipeline = make_pipeline(StandardScaler(), SVC())
    space = {"svc__C": C, "svc__gamma": GAMMA}
    search = search_class(pipeline, space, n_iter=8, cv=3, random_state=0, **settings)
    return search.fit(X, y)


@pytest.mark.parametrize(
    "search_class", [skhpo.TPESearchCV, skhpo.GPSearchCV, skhpo.AutoSearchCV, skhpo.CmaEsSearchCV]
)
def test_a_search_begins_with_what_is_known(search_class):
    rows = searched(search_class).cv_results_
    first = [c for c in rows["param_svc__C"][:4].tolist() if abs(np.log10(c / BEST_C)) < 0.8]
    assert len(first) >= 1
    without = searched(search_class, prior=None).cv_results_
    assert without["param_svc__C"].tolist() != rows["param_svc__C"].tolist()


@pytest.mark.parametrize("search_class", [skhpo.RandomSearchCV, skhpo.QMCSearchCV])
def test_a_search_that_does_not_learn_uses_no_prior(search_class):
    with_prior, without = searched(search_class), searched(search_class, prior=None)
    assert with_prior.cv_results_["params"] == without.cv_results_["params"]


def test_the_result_does_not_depend_on_the_number_of_workers():
    import joblib

    alone = searched(skhpo.GPSearchCV)
    with joblib.parallel_config(backend="threading"):
        together = searched(skhpo.GPSearchCV, n_jobs=3)
    assert alone.cv_results_["params"] == together.cv_results_["params"]


def test_a_stored_search_with_a_prior_resumes(tmp_path):
    def fit(n_iter, storage):
        pipeline = make_pipeline(StandardScaler(), SVC())
        space = {"svc__C": C, "svc__gamma": GAMMA}
        search = skhpo.GPSearchCV(
            pipeline, space, n_iter=n_iter, cv=3, random_state=0, storage=storage
        )
        return search.fit(X, y)

    fit(5, tmp_path / "search.db")
    resumed, whole = fit(9, tmp_path / "search.db"), fit(9, None)
    assert resumed.cv_results_["params"] == whole.cv_results_["params"]


@pytest.mark.parametrize(
    ("prior", "error", "message"),
    [
        ("learned", FileNotFoundError, "no storage 'learned'"),
        (3, ValueError, "'prior' parameter"),
        ([3], TypeError, "a fitted search, a study, a storage"),
        (skhpo.TPESearchCV(SVC(), {"C": C}), TypeError, "fitted searches"),
    ],
)
def test_an_unknown_prior_is_an_error(prior, error, message):
    with pytest.raises(error, match=message):
        searched(skhpo.TPESearchCV, prior=prior)


def test_the_search_is_cloned_with_its_prior():
    assert clone(skhpo.TPESearchCV(SVC(), {"C": C}, prior=None)).prior is None


def test_a_forest_without_a_file_is_searched_as_before():
    space = {"max_depth": randint(2, 10)}
    settings = {"n_iter": 5, "cv": 2, "random_state": 0}
    forest = RandomForestClassifier(n_estimators=5, random_state=0)
    search = skhpo.TPESearchCV(forest, space, **settings).fit(X, y)
    without = skhpo.TPESearchCV(forest, space, prior=None, **settings).fit(X, y)
    assert search.cv_results_["params"] == without.cv_results_["params"]
