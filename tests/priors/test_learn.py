"""A prior learned from one's own searches begins the next one where they ended."""

import numpy as np
import pytest
from scipy.stats import loguniform, randint
from sklearn.base import BaseEstimator
from sklearn.datasets import make_classification
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import skhpo
from skhpo.distributions import FloatDistribution
from skhpo.priors import Prior, learn, load, save
from skhpo.priors._find import find_prior
from skhpo.samplers import GPSampler
from skhpo.space import SearchSpace


def data(seed):
    return make_classification(100, 6, n_informative=4, random_state=seed)


def fitted(seed, **settings):
    space = {"svc__C": loguniform(1e-2, 1e3), "svc__gamma": loguniform(1e-4, 10)}
    search = skhpo.TPESearchCV(
        make_pipeline(StandardScaler(), SVC()),
        space,
        **{"n_iter": 12, "cv": 3, "random_state": seed, **settings},
    )
    return search.fit(*data(seed))


def study_of(objective, n_trials=15, **settings):
    study = skhpo.create_study(sampler=GPSampler(seed=0), **settings)
    study.optimize(objective, n_trials=n_trials)
    return study


def bowl(trial):
    x, rate = trial.suggest_float("x", -1, 1), trial.suggest_float("rate", 1e-4, 1, log=True)
    kind = trial.suggest_categorical("kind", ["a", "b"])
    return (x - 0.5) ** 2 + 0.1 * (np.log10(rate) + 2) ** 2 + (kind == "b")


class Anything(BaseEstimator):
    """An estimator with the parameters of the bowl."""

    def __init__(self, x=0.0, rate=0.1, kind="b"):
        self.x, self.rate, self.kind = x, rate, kind


def test_parameters_of_studies_have_their_units():
    prior = learn(study_of(bowl))
    units = {unit.name: unit for unit in prior.units}
    assert units["rate"].log
    assert not units["x"].log
    assert set(units["kind"].choices) == {"a", "b"}
    assert prior.coordinates.shape[1] == 4


def test_a_study_begins_where_others_ended():
    prior = learn([study_of(bowl, 20), study_of(lambda trial: 5 + 2 * bowl(trial), 20)])
    space = {
        "x": FloatDistribution(-1, 1),
        "rate": FloatDistribution(1e-4, 1, log=True),
        "kind": skhpo.distributions.CategoricalDistribution(["a", "b"]),
    }
    space = SearchSpace([space])
    (first, *_) = find_prior(Anything(), space, [[0]], None, own=[prior]).first_configs(
        space, [], 2
    )
    assert first["kind"] == "a"
    assert abs(first["x"] - 0.5) < 0.35


def test_values_that_cannot_be_measured_are_left_out():
    def objective(trial):
        trial.suggest_categorical("constant", [3])
        return bowl(trial)

    assert "constant" not in {unit.name for unit in learn(study_of(objective)).units}


def test_conditional_parameters_are_used_where_they_are():
    def objective(trial):
        if trial.suggest_categorical("kind", ["a", "b"]) == "a":
            return trial.suggest_float("of_a", 0, 1)
        return 1 + trial.suggest_float("of_b", 0, 1)

    prior = learn(study_of(objective, 25))
    assert {unit.name for unit in prior.units} == {"kind", "of_a", "of_b"}
    assert np.isfinite(prior.coordinates).all()


@pytest.mark.parametrize("n_studies", [1, 2, 5])
def test_the_prior_of_searches_survives_a_file(tmp_path, n_studies):
    prior = learn([fitted(seed) for seed in range(n_studies)])
    assert prior.tables[""].shape[0] == n_studies
    save(prior, tmp_path / "ours.npz")
    again = load(tmp_path / "ours.npz")
    assert isinstance(again, Prior)
    assert again.tables[""] == pytest.approx(prior.tables[""], abs=0.02)


def test_searches_studies_and_storages_are_sources(tmp_path):
    stored = fitted(1, storage=tmp_path / "team.db", study_name="first")
    from_storage = learn(tmp_path / "team.db")
    from_url = learn(f"sqlite:///{tmp_path}/team.db")
    from_study, from_search = learn(stored.study_), learn([stored])
    for prior in (from_url, from_study, from_search):
        assert prior.coordinates == pytest.approx(from_storage.coordinates)
        assert prior.tables[""] == pytest.approx(from_storage.tables[""])


@pytest.mark.parametrize("search_class", [skhpo.GPSearchCV, skhpo.TPESearchCV])
def test_a_search_with_earlier_searches_begins_near_their_best(search_class):
    earlier = [fitted(seed, n_iter=20) for seed in (0, 1)]
    space = {"svc__C": loguniform(1e-2, 1e3), "svc__gamma": loguniform(1e-4, 10)}
    settings = {"n_iter": 6, "cv": 3, "random_state": 0, "enqueue": None}
    pipeline = make_pipeline(StandardScaler(), SVC())
    search = search_class(pipeline, space, prior=earlier, **settings).fit(*data(2))
    without = search_class(pipeline, space, prior=None, **settings).fit(*data(2))
    gammas = search.cv_results_["param_svc__gamma"][:2].astype(float)
    best = [one.best_params_["svc__gamma"] for one in earlier]
    away = np.abs(np.log10(gammas / np.exp(np.mean(np.log(best)))))
    assert away.min() < 1.0
    assert search.cv_results_["params"] != without.cv_results_["params"]


def test_a_space_with_other_parameters_is_searched_as_well():
    earlier = fitted(0)
    space = {"svc__C": loguniform(1e-2, 1e3), "svc__degree": randint(2, 5)}
    pipeline = make_pipeline(StandardScaler(), SVC(kernel="poly"))
    search = skhpo.GPSearchCV(pipeline, space, prior=[earlier, "auto"], n_iter=8, cv=3)
    assert search.fit(*data(2)).best_score_ > 0.5


def test_nothing_to_learn_from_is_an_error():
    with pytest.raises(ValueError, match="at least 5 trials"):
        learn(study_of(bowl, 3))
    with pytest.raises(ValueError, match="at least 5 trials"):
        learn([])
    with pytest.raises(TypeError, match="got 3"):
        learn(3)
