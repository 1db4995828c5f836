"""Samplers that users write in the dialect: subclasses of ours, and wrappers around them."""

import pytest

import skhpo
from skhpo.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from skhpo.samplers import (
    AutoSampler,
    BaseSampler,
    CmaEsSampler,
    GPSampler,
    NSGAIISampler,
    PartialFixedSampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)

SAMPLERS = [TPESampler, GPSampler, CmaEsSampler, QMCSampler, NSGAIISampler, AutoSampler]
SPACE = {
    "x": FloatDistribution(-1.0, 1.0),
    "k": CategoricalDistribution(["a", "b", "c"]),
    "n": IntDistribution(1, 9, step=2),
}


def objective(trial):
    trial.suggest_int("constant", 3, 3)
    k = trial.suggest_categorical("k", ["a", "b", "c"])
    return trial.suggest_float("x", -1, 1) ** 2 + trial.suggest_int("n", 1, 9, step=2) + ord(k)


class Wrapper(BaseSampler):
    """Leaves all to another sampler, and counts."""

    def __init__(self, base):
        self.base = base
        self.n_relative = 0

    def infer_relative_search_space(self, study, trial):
        return self.base.infer_relative_search_space(study, trial)

    def sample_relative(self, study, trial, search_space):
        self.n_relative += bool(search_space)
        return self.base.sample_relative(study, trial, search_space)

    def sample_independent(self, study, trial, param_name, param_distribution):
        return self.base.sample_independent(study, trial, param_name, param_distribution)


@pytest.mark.parametrize("kind", SAMPLERS)
def test_samplers_draw_a_given_space_together(kind):
    sampler = kind(seed=0)
    study = skhpo.create_study(sampler=sampler)
    study.optimize(objective, n_trials=8)
    trial = study.ask()
    drawn = sampler.sample_relative(study, study.trials[trial.number], SPACE)
    assert list(drawn) == list(SPACE)
    assert type(drawn["n"]) is int
    assert type(drawn["x"]) is float
    for name, distribution in SPACE.items():
        assert distribution._contains(distribution.to_internal_repr(drawn[name]))
    assert sampler.sample_relative(study, study.trials[trial.number], {}) == {}


@pytest.mark.parametrize("kind", SAMPLERS)
def test_samplers_infer_what_all_trials_have_without_constants(kind):
    sampler = kind(seed=0)
    study = skhpo.create_study(sampler=sampler)
    assert sampler.infer_relative_search_space(study, None) == {}
    study.optimize(objective, n_trials=3)
    assert sampler.infer_relative_search_space(study, None) == dict(sorted(SPACE.items()))
    study.optimize(lambda trial: trial.suggest_float("x", -1, 1), n_trials=1)
    assert list(sampler.infer_relative_search_space(study, None)) == ["x"]


def test_samplers_that_draw_each_parameter_alone_infer_nothing():
    study = skhpo.create_study(sampler=RandomSampler(seed=0))
    study.optimize(objective, n_trials=3)
    for sampler in (RandomSampler(), TPESampler(multivariate=False)):
        assert sampler.infer_relative_search_space(study, None) == {}


@pytest.mark.parametrize("kind", SAMPLERS)
def test_a_wrapper_in_the_dialect_draws_what_its_base_draws(kind):
    study = skhpo.create_study(sampler=kind(seed=3))
    study.optimize(objective, n_trials=12)
    wrapper = Wrapper(kind(seed=3))
    wrapped = skhpo.create_study(sampler=wrapper)
    wrapped.optimize(objective, n_trials=12)
    assert wrapper.n_relative == 11
    assert [trial.params for trial in wrapped.trials][1:] == [
        {name: trial.params[name] for name in wrapped.trials[1].params} for trial in study.trials
    ][1:]


class OnTheLeft(TPESampler):
    """Changes what is drawn together."""

    def sample_relative(self, study, trial, search_space):
        drawn = super().sample_relative(study, trial, search_space)
        return drawn | ({"x": -abs(drawn["x"])} if "x" in drawn else {})


def test_a_subclass_that_overrides_sample_relative_is_heeded_by_a_study():
    study = skhpo.create_study(sampler=OnTheLeft(seed=0))
    study.optimize(objective, n_trials=15)
    assert all(trial.params["x"] <= 0 for trial in study.trials[1:])


def test_a_subclass_that_overrides_sample_relative_is_heeded_by_a_search():
    from sklearn.datasets import load_iris
    from sklearn.linear_model import Ridge

    X, y = load_iris(return_X_y=True)

    class Small(RandomSampler):
        def infer_relative_search_space(self, study, trial):
            return {"alpha": FloatDistribution(1.0, 100.0)}

        def sample_relative(self, study, trial, search_space):
            return {"alpha": 1.0 + trial.number}

    space = {"alpha": FloatDistribution(1.0, 100.0)}
    search = skhpo.StudySearchCV(Ridge(), space, n_iter=3, sampler=Small(), pruner=None)
    search.fit(X, y)
    assert [params["alpha"] for params in search.cv_results_["params"]] == [1.0, 2.0, 3.0]


def test_a_subclass_that_overrides_sample_independent_draws_only_what_is_new():
    asked = []

    class Noting(TPESampler):
        def sample_independent(self, study, trial, param_name, param_distribution):
            asked.append((trial.number, param_name))
            return super().sample_independent(study, trial, param_name, param_distribution)

    skhpo.create_study(sampler=Noting(seed=0)).optimize(objective, n_trials=4)
    assert sorted(asked) == [(0, "k"), (0, "n"), (0, "x")]


def test_the_independent_sampler_of_cma_es_may_be_written_in_the_dialect():
    events = []

    class Always(BaseSampler):
        def sample_independent(self, study, trial, param_name, param_distribution):
            events.append(param_name)
            return "b"

        def after_trial(self, study, trial, state, values):
            events.append(state.name)

    study = skhpo.create_study(sampler=CmaEsSampler(seed=0, independent_sampler=Always()))
    study.optimize(objective, n_trials=10)
    assert {trial.params["k"] for trial in study.trials} == {"b"}
    assert events == ["k", "COMPLETE"] * 10
    with pytest.raises(TypeError, match="`independent_sampler` must be a sampler"):
        CmaEsSampler(independent_sampler="random")


def test_cma_es_refuses_several_objectives_whatever_it_is_asked():
    study = skhpo.create_study(directions=["minimize"] * 2, sampler=CmaEsSampler(seed=0))
    with pytest.raises(ValueError, match="supports one objective"):
        study.sampler.sample_relative(study, skhpo.create_trial(values=[0, 0]), {})


def test_partly_fixed_samplers_of_ours_draw_groups_when_they_are_asked_for():
    study = skhpo.create_study(sampler=PartialFixedSampler({"n": 5}, TPESampler(seed=0)))
    study.optimize(objective, n_trials=4)
    assert study.sampler.infer_relative_search_space(study, None) == {}
    assert {trial.params["n"] for trial in study.trials} == {5}
    wrapper = Wrapper(TPESampler(seed=0))
    study.sampler = PartialFixedSampler({"n": 5}, wrapper)
    study.optimize(objective, n_trials=4)
    assert list(study.sampler.infer_relative_search_space(study, None)) == ["k", "x"]
    assert wrapper.n_relative == 4
