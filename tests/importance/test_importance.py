"""Importances: what mattered comes first, on plain, conditional and odd studies."""

import itertools

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import loguniform, uniform
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestRegressor
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import skhpo
from skhpo.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from skhpo.history import PREDICTED_VALUE
from skhpo.importance import (
    BaseImportanceEvaluator,
    FanovaImportanceEvaluator,
    MeanDecreaseImpurityImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)
from skhpo.importance._forest import _variance_shares
from skhpo.samplers import RandomSampler, TPESampler
from skhpo.trial import TrialState, create_trial

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")

ped_anova = PedAnovaImportanceEvaluator()
fanova = FanovaImportanceEvaluator(seed=0)
impurity = MeanDecreaseImpurityImportanceEvaluator(seed=0)
EVALUATORS = [ped_anova, fanova, impurity]
FORESTS = [fanova, impurity]


def name_of(evaluator):
    return type(evaluator).__name__


def study_of(objective, n_trials, sampler=None, **settings):
    study = skhpo.create_study(sampler=sampler or RandomSampler(seed=0), **settings)
    study.optimize(objective, n_trials=n_trials)
    return study


def mixed(trial):
    x, y = trial.suggest_float("x", -5, 5), trial.suggest_float("y", 1e-3, 1e3, log=True)
    k, s = trial.suggest_int("k", 0, 10), trial.suggest_float("s", 0, 1, step=0.05)
    kind = trial.suggest_categorical("kind", ["a", "b", "c"])
    trial.suggest_float("idle", 0, 1)
    return (x - 2) ** 2 + 2 * np.log10(y) ** 2 + 0.1 * (k - 7) ** 2 + s + 4 * (kind != "b")


def branches(trial):
    if trial.suggest_categorical("kind", ["line", "curve"]) == "line":
        return 1 + abs(trial.suggest_float("slope", -1, 1))
    trial.suggest_float("idle", 0, 1)
    return abs(trial.suggest_float("bend", 0, 1) - 0.3)


def two_objectives(trial):
    x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
    trial.suggest_float("idle", 0, 1)
    return x + 0.01 * y, 1 - x + y


def twin_of(theirs):
    """The same trials in a study of ours."""
    directions = [direction.name.lower() for direction in theirs.directions]
    study = skhpo.create_study(directions=directions)
    for trial in theirs.trials:
        distributions = {
            name: getattr(skhpo.distributions, type(distribution).__name__)(
                **distribution._asdict()
            )
            for name, distribution in trial.distributions.items()
        }
        study.add_trial(
            create_trial(values=trial.values, params=trial.params, distributions=distributions)
        )
    return study


def theirs_of(objective, n_trials, seed=0, **settings):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed), **settings)
    study.optimize(objective, n_trials=n_trials)
    return study


# --------------------------------------------------------------------- what matters is first


@pytest.mark.parametrize("evaluator", EVALUATORS, ids=name_of)
def test_what_matters_is_first_and_what_does_not_comes_late(evaluator):
    importances = get_param_importances(study_of(mixed, 300), evaluator=evaluator)
    assert set(list(importances)[:2]) == {"x", "y"}
    assert importances["idle"] < 0.1
    assert sum(importances.values()) == pytest.approx(1.0)
    assert list(importances.values()) == sorted(importances.values(), reverse=True)


@pytest.mark.parametrize("evaluator", EVALUATORS, ids=name_of)
def test_what_a_sampler_prefers_is_not_taken_for_important(evaluator):
    found = [
        get_param_importances(
            study_of(mixed, 300, TPESampler(seed=seed, n_ei_candidates=8)), evaluator=evaluator
        )
        for seed in range(4)
    ]
    assert np.mean([importances["x"] for importances in found]) > 0.2
    assert np.mean([importances["idle"] for importances in found]) < 0.12


@pytest.mark.parametrize("evaluator", EVALUATORS, ids=name_of)
def test_the_direction_of_the_study_is_heeded(evaluator):
    down = study_of(mixed, 100)
    up = study_of(lambda trial: -mixed(trial), 100, direction="maximize")
    first, second = (get_param_importances(s, evaluator=evaluator) for s in (down, up))
    assert first == pytest.approx(second)


def test_ped_anova_tells_what_makes_the_best_and_not_the_worst():
    """One parameter decides between bad and very bad, another between good and best."""

    def objective(trial):
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        return 100.0 * y if x > 0.5 else x

    study = study_of(objective, 400)
    up = study_of(objective, 400, direction="maximize")
    assert next(iter(get_param_importances(study))) == "x"
    assert next(iter(get_param_importances(up))) == "y"


def test_within_the_better_half_other_things_matter():
    def objective(trial):
        gate, fine = trial.suggest_float("gate", 0, 1), trial.suggest_float("fine", 0, 1)
        return 10 * (gate > 0.5) + fine

    study = study_of(objective, 600)
    whole = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator(target_quantile=0.5))
    inside = get_param_importances(
        study, evaluator=PedAnovaImportanceEvaluator(target_quantile=0.1, region_quantile=0.45)
    )
    assert next(iter(whole)) == "gate"
    assert inside["fine"] > 0.9


def test_conditional_parameters_are_judged_where_they_occur():
    importances = get_param_importances(study_of(branches, 400))
    assert importances.keys() == {"kind", "slope", "idle", "bend"}
    assert importances["bend"] > 5 * importances["idle"]
    assert importances["slope"] == 0.0  # no line is among the best


@pytest.mark.parametrize("evaluator", FORESTS, ids=name_of)
def test_forests_judge_what_all_trials_have(evaluator):
    study = study_of(branches, 100)
    assert get_param_importances(study, evaluator=evaluator) == {"kind": 1.0}
    of_curves = get_param_importances(study, evaluator=evaluator, params=["bend", "idle"])
    assert of_curves["bend"] > 0.8


def test_a_range_that_differs_between_trials_is_judged_range_by_range():
    def objective(trial):
        wide = trial.suggest_categorical("wide", [False, True])
        trial.suggest_float("idle", 0, 1)
        return (trial.suggest_float("x", 0, 2 if wide else 1) - 0.2) ** 2

    study = study_of(objective, 300)
    importances = get_param_importances(study)
    assert next(iter(importances)) == "x"
    for evaluator in FORESTS:
        assert "x" not in get_param_importances(study, evaluator=evaluator)
        with pytest.raises(ValueError, match="distributions of the `params`"):
            get_param_importances(study, evaluator=evaluator, params=["x"])


def test_of_several_objectives_the_front_is_explained_or_a_target():
    study = study_of(two_objectives, 300, directions=["minimize", "minimize"])
    assert next(iter(get_param_importances(study))) == "y"
    of_first = get_param_importances(study, target=lambda trial: trial.values[0])
    assert next(iter(of_first)) == "x"
    for evaluator in FORESTS:
        with pytest.raises(ValueError, match="2 objectives"):
            get_param_importances(study, evaluator=evaluator)
        of_first = get_param_importances(
            study, evaluator=evaluator, target=lambda trial: trial.values[0]
        )
        assert next(iter(of_first)) == "x"


def test_trials_that_break_constraints_are_not_among_the_best():
    def objective(trial):
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        if is_constrained:
            trial.set_constraint("enough", 0.9 - y)
        return x

    is_constrained = False
    assert get_param_importances(study_of(objective, 300))["x"] > 0.9
    is_constrained = True
    assert get_param_importances(study_of(objective, 300))["y"] > 0.9


def test_of_several_objectives_too_feasible_trials_come_first():
    def objective(trial):
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        trial.set_constraint("enough", 0.9 - y)
        return x, 1 - x

    study = study_of(objective, 300, directions=["minimize", "minimize"])
    assert get_param_importances(study)["y"] > 0.9


def test_a_search_is_explained():
    X, y = make_classification(200, random_state=0)
    search = skhpo.RandomSearchCV(
        SVC(),
        {"gamma": loguniform(1e-5, 1e2), "cache_size": uniform(100, 200)},
        n_iter=60,
        random_state=0,
    ).fit(X, y)
    assert any(trial.state == TrialState.PRUNED for trial in search.study_.trials)
    for evaluator in EVALUATORS:
        assert get_param_importances(search.study_, evaluator=evaluator)["gamma"] > 0.7


# ------------------------------------------------------------------------------ against peers


@pytest.mark.parametrize("n_trials", [2, 7, 30, 300])
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"evaluate_on_local": False},
        {"target_quantile": 0.3, "region_quantile": 0.6},
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_ped_anova_agrees_with_optuna(n_trials, direction, settings):
    theirs = theirs_of(mixed, n_trials, direction=direction)
    expected = optuna.importance.get_param_importances(
        theirs,
        evaluator=optuna.importance.PedAnovaImportanceEvaluator(**settings),
        normalize=False,
    )
    got = get_param_importances(
        twin_of(theirs), evaluator=PedAnovaImportanceEvaluator(**settings), normalize=False
    )
    assert got == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_conditional_ped_anova_agrees_with_optuna():
    theirs = theirs_of(branches, 150)
    expected = optuna.importance.get_param_importances(theirs)
    assert get_param_importances(twin_of(theirs)) == pytest.approx(expected, rel=1e-6)


def numbers_only(trial):
    x, y, z = (trial.suggest_float(name, 0, 1) for name in "xyz")
    return x + y**2 + 0.3 * x * z


@pytest.mark.parametrize(
    "name", ["FanovaImportanceEvaluator", "MeanDecreaseImpurityImportanceEvaluator"]
)
@pytest.mark.filterwarnings("ignore")
def test_forests_agree_with_optuna_on_linear_ranges(name):
    theirs = theirs_of(numbers_only, 60)
    expected = optuna.importance.get_param_importances(
        theirs, evaluator=getattr(optuna.importance, name)(n_trees=8, seed=3), normalize=False
    )
    evaluator = getattr(skhpo.importance, name)(n_trees=8, seed=3)
    got = get_param_importances(twin_of(theirs), evaluator=evaluator, normalize=False)
    assert got == pytest.approx(expected, rel=1e-6)


# ------------------------------------------------------------------------------------- fANOVA


def test_fanova_finds_the_shares_of_an_additive_function():
    weights = {"a": 4.0, "b": 2.0, "c": 1.0}
    study = study_of(
        lambda trial: sum(w * trial.suggest_float(k, 0, 1) for k, w in weights.items()), 1500
    )
    importances = get_param_importances(study, evaluator=fanova)
    for name, weight in weights.items():
        assert importances[name] == pytest.approx(weight**2 / 21, abs=0.04)


def test_fanova_weighs_choices_equally():
    def objective(trial):
        kind = trial.suggest_categorical("kind", list("dbcaefghij"))
        return trial.suggest_float("x", 0, 1) + "abcdefghij".index(kind) / 9

    importances = get_param_importances(study_of(objective, 600), evaluator=fanova)
    variance = np.var(np.arange(10) / 9)
    assert importances["kind"] == pytest.approx(variance / (variance + 1 / 12), abs=0.04)


def test_fanova_weighs_a_logarithmic_range_by_its_logarithm():
    def objective(trial):
        return np.log10(trial.suggest_float("l", 1e-4, 1, log=True)) + 4 * trial.suggest_float(
            "x", 0, 1
        )

    importances = get_param_importances(study_of(objective, 600), evaluator=fanova)
    assert importances["l"] == pytest.approx(0.5, abs=0.06)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(2, 40))
def test_the_shares_of_a_tree_are_those_of_brute_force(seed, n):
    rng = np.random.default_rng(seed)
    X, y = rng.random((n, 3)), rng.normal(size=n)
    tree = DecisionTreeRegressor(random_state=seed).fit(X, y)
    borders = [
        np.unique([0.0, *tree.tree_.threshold[tree.tree_.feature == j], 1.0]) for j in range(3)
    ]
    middles = [(b[1:] + b[:-1]) / 2 for b in borders]
    lengths = [np.diff(b) for b in borders]
    cells = tree.predict(np.array(list(itertools.product(*middles))))
    cells = cells.reshape([len(m) for m in middles])
    volume = np.einsum("i,j,k->ijk", *lengths)
    mean = (cells * volume).sum()
    variance = ((cells - mean) ** 2 * volume).sum()
    expected = [
        (((cells * volume).sum(axis=others) / lengths[j] - mean) ** 2 @ lengths[j]) / variance
        for j, others in enumerate([(1, 2), (0, 2), (0, 1)])
    ]
    # The tree keeps its borders as double, but compares single-precision points with them.
    assert _variance_shares(tree.tree_) == pytest.approx(expected, abs=1e-6)


def test_a_tree_without_splits_explains_nothing():
    tree = RandomForestRegressor(n_estimators=1).fit([[0.1], [0.9]], [1.0, 1.0]).estimators_[0]
    assert _variance_shares(tree.tree_) is None


@pytest.mark.parametrize("evaluator_type", [type(e) for e in FORESTS])
def test_the_seed_makes_forests_reproducible(evaluator_type):
    study = study_of(mixed, 50)
    first, again, other = (
        get_param_importances(study, evaluator=evaluator_type(seed=s)) for s in (1, 1, 2)
    )
    assert first == again != other


# --------------------------------------------------------------------------------- odd studies

X = {"x": FloatDistribution(0, 1)}


def told(*trials, **settings):
    study = skhpo.create_study(**settings)
    study.add_trials(trials)
    return study


def at(x, value, **fields):
    return create_trial(value=value, params={"x": x}, distributions=X, **fields)


@pytest.mark.filterwarnings("ignore:Importances need 2 trials")
@pytest.mark.parametrize("evaluator", EVALUATORS, ids=name_of)
class TestOddStudies:
    def test_an_empty_study_has_no_importances(self, evaluator):
        assert get_param_importances(told(), evaluator=evaluator) == {}

    def test_after_one_trial_all_are_equal(self, evaluator):
        study = study_of(mixed, 1)
        importances = get_param_importances(study, evaluator=evaluator)
        assert set(importances.values()) == {1 / 6}

    def test_if_all_values_are_equal_so_are_the_importances(self, evaluator):
        study = study_of(lambda trial: 0 * mixed(trial), 30)
        importances = get_param_importances(study, evaluator=evaluator, normalize=False)
        assert list(importances.values()) == pytest.approx([0.0] * 6, abs=1e-12)

    def test_without_parameters_asked_for_there_is_no_answer(self, evaluator):
        assert get_param_importances(study_of(mixed, 10), evaluator=evaluator, params=[]) == {}

    def test_only_the_parameters_asked_for_are_judged(self, evaluator):
        study = study_of(mixed, 50)
        importances = get_param_importances(study, evaluator=evaluator, params=["idle", "x"])
        assert list(importances) == ["x", "idle"]

    @pytest.mark.parametrize(
        "single",
        [FloatDistribution(1, 1), IntDistribution(3, 3), CategoricalDistribution(["only"])],
    )
    def test_a_parameter_of_one_value_does_not_matter(self, evaluator, single):
        value = single.to_external_repr(float(single.from_unit(0.5)))
        trials = [
            create_trial(value=x, params={"x": x, "s": value}, distributions={**X, "s": single})
            for x in np.linspace(0, 1, 20)
        ]
        assert get_param_importances(told(*trials), evaluator=evaluator) == {"x": 1.0, "s": 0.0}

    @pytest.mark.parametrize("value", [np.inf, -np.inf])
    def test_infinite_values_are_left_out(self, evaluator, value):
        plain = [at(x, x) for x in np.linspace(0, 1, 20)]
        with_infinite = told(*plain, at(0.5, value))
        assert get_param_importances(
            with_infinite, evaluator=evaluator, normalize=False
        ) == get_param_importances(told(*plain), evaluator=evaluator, normalize=False)

    def test_trials_without_a_value_are_left_out(self, evaluator):
        plain = [at(x, x) for x in np.linspace(0, 1, 20)]
        others = [
            create_trial(state=state, params={"x": 0.5}, distributions=X)
            for state in (TrialState.FAIL, TrialState.PRUNED, TrialState.RUNNING)
        ]
        assert get_param_importances(
            told(*plain, *others), evaluator=evaluator, normalize=False
        ) == get_param_importances(told(*plain), evaluator=evaluator, normalize=False)

    def test_a_pruned_trial_counts_by_its_prediction(self, evaluator):
        points = np.linspace(0, 1, 20)
        complete = told(*[at(x, x) for x in points])
        half_pruned = told(
            *[at(x, x) for x in points[:10]],
            *[
                at(x, None, state=TrialState.PRUNED, system_attrs={PREDICTED_VALUE: x})
                for x in points[10:]
            ],
        )
        assert get_param_importances(
            half_pruned, evaluator=evaluator, normalize=False
        ) == get_param_importances(complete, evaluator=evaluator, normalize=False)

    def test_a_target_is_explained_instead_of_the_value(self, evaluator):
        study = study_of(mixed, 200)
        importances = get_param_importances(
            study, evaluator=evaluator, target=lambda trial: trial.params["idle"]
        )
        assert importances["idle"] > 0.8

    def test_an_unknown_parameter_is_named(self, evaluator):
        with pytest.raises(ValueError, match="nowhere"):
            get_param_importances(study_of(mixed, 10), evaluator=evaluator, params=["nowhere"])

    @pytest.mark.parametrize("params", ["x", [1], {"x"}])
    def test_params_must_be_a_list_of_names(self, evaluator, params):
        with pytest.raises(TypeError, match="`params`"):
            get_param_importances(study_of(mixed, 10), evaluator=evaluator, params=params)


def test_too_few_trials_are_warned_about():
    with pytest.warns(UserWarning, match="2 trials or more; got 1"):
        get_param_importances(study_of(mixed, 1))


def test_choices_of_any_kind_are_judged():
    choices = [[1, 2], None, {"a": 1}, DecisionTreeClassifier]

    def objective(trial):
        return choices.index(trial.suggest_categorical("what", choices))

    assert get_param_importances(study_of(objective, 40)) == {"what": 1.0}


def test_an_evaluator_of_ones_own_is_used():
    class ByLength(BaseImportanceEvaluator):
        def evaluate(self, study, params=None, *, target=None):
            return {name: len(name) for name in params}

    study = study_of(mixed, 3)
    got = get_param_importances(study, evaluator=ByLength(), params=["x", "idle"], normalize=False)
    assert list(got.items()) == [("idle", 4), ("x", 1)]


@pytest.mark.parametrize("evaluator", ["fanova", FanovaImportanceEvaluator])
def test_what_is_no_evaluator_is_refused(evaluator):
    with pytest.raises(TypeError, match="`evaluator`"):
        get_param_importances(study_of(mixed, 10), evaluator=evaluator)


@pytest.mark.parametrize(
    "settings",
    [
        {"target_quantile": 0.0},
        {"target_quantile": 1.0},
        {"region_quantile": 0.05},
        {"region_quantile": 1.5},
        {"region_quantile": 0.5, "evaluate_on_local": False},
    ],
)
def test_bad_quantiles_are_named(settings):
    with pytest.raises(ValueError, match="_quantile`"):
        PedAnovaImportanceEvaluator(**settings)


@pytest.mark.parametrize("evaluator_type", [type(e) for e in FORESTS])
@pytest.mark.parametrize("name", ["n_trees", "max_depth"])
def test_bad_sizes_of_forests_are_named(evaluator_type, name):
    with pytest.raises(ValueError, match=f"`{name}` must be 1 or more; got 0"):
        evaluator_type(**{name: 0})
