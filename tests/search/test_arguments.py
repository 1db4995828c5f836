"""The arguments of a search: `param_grid`, other libraries' words, and errors that help."""

import copy
import inspect
import pickle
import re

import optuna
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.svm import SVC

import skhpo
from skhpo import ParetoSearchCV, TPESearchCV
from tests.search.estimators import Counting

X, y = load_iris(return_X_y=True)
GRID = {"C": [0.1, 1.0, 10.0]}
SEARCHES = [
    skhpo.CmaEsSearchCV,
    skhpo.GPSearchCV,
    skhpo.AutoSearchCV,
    skhpo.HyperbandSearchCV,
    skhpo.ParetoSearchCV,
    skhpo.QMCSearchCV,
    skhpo.RandomSearchCV,
    skhpo.StudySearchCV,
    skhpo.TPESearchCV,
]
by_class = pytest.mark.parametrize("Search", SEARCHES, ids=lambda one: one.__name__)
two_objectives = {"objectives": ["accuracy", "n_features"]}


def make(Search, *args, **kwargs):
    return Search(*args, **(two_objectives if Search is ParetoSearchCV else {}), **kwargs)


def round_trips(search):
    return [
        clone(search),
        copy.copy(search),
        copy.deepcopy(search),
        pickle.loads(pickle.dumps(search)),
    ]


# -------------------------------------------------------------------------------- param_grid


@by_class
def test_param_grid_is_another_name_of_param_distributions(Search):
    settings = {"n_iter": 3, "cv": 2, "random_state": 0}
    by_grid = make(Search, estimator=SVC(), param_grid=GRID, **settings).fit(X, y)
    by_distributions = make(Search, SVC(), GRID, **settings).fit(X, y)
    assert by_grid.cv_results_["params"] == by_distributions.cv_results_["params"]


@pytest.mark.parametrize("name", ["param_grid", "param_distributions"])
def test_copies_and_pickles_keep_the_name_by_which_the_space_was_given(name):
    for twin in round_trips(TPESearchCV(SVC(), **{name: GRID})):
        assert twin.get_params(deep=False)[name] == GRID
        assert repr(twin) == f"TPESearchCV(estimator=SVC(), {name}={GRID})"
        assert name in twin._repr_html_()


def test_the_second_argument_is_param_distributions():
    assert TPESearchCV(SVC(), GRID).param_distributions is GRID


def test_set_params_with_one_name_takes_the_place_of_the_other():
    search = TPESearchCV(SVC(), GRID, n_iter=2, cv=2).set_params(param_grid={"C": [5.0]})
    assert search.fit(X, y).best_params_ == {"C": 5.0}
    search.set_params(param_distributions={"C": [7.0]})
    assert search.fit(X, y).best_params_ == {"C": 7.0}


def test_a_space_given_twice_is_refused_before_the_first_fit():
    with pytest.raises(ValueError, match="`param_grid`: give one of them; got both"):
        TPESearchCV(SVC(), GRID, param_grid=GRID).fit(X, y)


def test_a_space_that_was_taken_away_is_missed_before_the_first_fit():
    with pytest.raises(ValueError, match="give one of them; got neither"):
        TPESearchCV(SVC(), GRID).set_params(param_distributions=None).fit(X, y)


@pytest.mark.parametrize("Search", [one for one in SEARCHES if one is not skhpo.AutoSearchCV])
def test_a_search_without_a_space_is_refused_before_the_first_fit(Search):
    with pytest.raises(TypeError, match=f"space of {Search.__name__} .* got neither"):
        make(Search, SVC()).fit(X, y)


def test_a_pickle_without_an_argument_of_today_gets_its_default():
    search = TPESearchCV(SVC(), GRID, n_iter=2, cv=2, random_state=0)
    state = {name: value for name, value in search.__getstate__().items() if name != "param_grid"}
    old = TPESearchCV.__new__(TPESearchCV)
    old.__setstate__(state)
    assert old.param_grid is None
    assert len(old.fit(X, y).cv_results_["params"]) == 2


# ------------------------------------------------------------------------------------- words


@by_class
def test_the_signature_is_that_of_the_search(Search):
    names = list(inspect.signature(Search).parameters)
    assert names[:3] == ["estimator", "param_distributions", "param_grid"]
    assert "n_iter" in names


@by_class
@pytest.mark.parametrize(
    ("word", "ours"),
    [
        ("n_trials", "`n_iter`"),
        ("max_evals", "`n_iter`"),
        ("n_candidates", "`n_iter`"),
        ("num_samples", "`n_iter`"),
        ("search_spaces", "`param_distributions`"),
        ("param_space", "`param_distributions`"),
        ("factor", "reduction_factor"),
        ("aggressive_elimination", "no counterpart"),
        ("study", "`storage"),
        ("optimizer_kwargs", "`sampler=skhpo.samplers.GPSampler"),
        ("n_points", "`n_jobs`"),
        ("n_initial_points", "n_startup_trials"),
        ("max_iter", "`n_iter`"),
        ("early_stopping_rounds", r"EarlyStopping\(rounds=...\)"),
        ("enable_pruning", "`pruner`"),
        ("direction", "maximised"),
        ("seed", "`random_state`"),
        ("time_budget_s", "`timeout`"),
        ("search_alg", "`sampler`"),
        ("max_concurrent_trials", "`pre_dispatch`"),
        ("storage_path", "`storage`"),
        ("local_dir", "`storage`"),
        ("catch", "`error_score`"),
        ("loss_threshold", r"study.stop\(\)"),
        ("n_itre", "did you mean 'n_iter'"),
        ("nonsense", "there are estimator, param_distributions"),
    ],
)
def test_a_word_that_is_not_ours_is_explained_by_the_name_of_the_class(Search, word, ours):
    with pytest.raises(
        TypeError, match=rf"{Search.__name__}\(\) has no argument '{word}': .*{ours}"
    ):
        make(Search, SVC(), GRID, **{word: 1})


def test_set_params_explains_a_word_that_is_not_ours():
    with pytest.raises(ValueError, match=r"Invalid parameter 'n_trials' .*: it is `n_iter` here"):
        TPESearchCV(SVC(), GRID).set_params(n_trials=3)


def test_an_argument_of_another_search_is_explained():
    with pytest.raises(TypeError, match="objectives are those of ParetoSearchCV"):
        TPESearchCV(SVC(), GRID, objectives=["accuracy", "f1"])
    with pytest.raises(TypeError, match="searches with one objective"):
        ParetoSearchCV(SVC(), GRID, resource="n_samples", **two_objectives)


@by_class
def test_a_missing_estimator_and_one_argument_too_many_name_the_class(Search):
    with pytest.raises(TypeError, match=rf"{Search.__name__}\(\): .*estimator"):
        make(Search, param_grid=GRID)
    with pytest.raises(TypeError, match=rf"{Search.__name__}\(\): too many"):
        make(Search, SVC(), GRID, 50)


def test_a_subclass_may_read_keywords_itself():
    class Mine(TPESearchCV):
        def __init__(self, estimator, **settings):
            super().__init__(estimator, GRID, **settings)

    assert Mine(SVC(), n_iter=3).n_iter == 3


# ------------------------------------------------------------------------------------ values


def refused(match, **settings):
    Counting.n_fits = 0
    given = {"estimator": Counting(), "param_grid": {"max_depth": [1, 2]}} | settings
    with pytest.raises(ValueError, match=match) as caught:
        TPESearchCV(**given).fit(X, y)
    assert Counting.n_fits == 0
    assert not re.search(r"skhpo[\w.]*\._", str(caught.value)), "a private path"


def test_an_estimator_class_is_answered_by_its_instance():
    refused(r"must be an estimator, not a class. Got SVC instead: .* SVC\(\)", estimator=SVC)


@pytest.mark.parametrize(
    ("callbacks", "match"),
    [([1], "Got 1 instead"), ([skhpo.study.MaxTrialsCallback], "It is a class")],
)
def test_callbacks_are_looked_at_before_the_first_fit(callbacks, match):
    refused(
        f"'callbacks' parameter of TPESearchCV must hold callables.*{match}", callbacks=callbacks
    )


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("sampler", optuna.samplers.TPESampler(), r"use skhpo.samplers.TPESampler\."),
        ("sampler", optuna.samplers.CmaEsSampler(), r"use skhpo.samplers.CmaEsSampler\."),
        ("pruner", optuna.pruners.MedianPruner(), r"use skhpo.pruners.MedianPruner\."),
        ("storage", optuna.storages.InMemoryStorage(), r"use skhpo.storages.InMemoryStorage\."),
        ("storage", optuna.storages.RDBStorage("sqlite://"), r"use skhpo.storages.RDBStorage\."),
        ("sampler", skhpo.samplers.TPESampler, r"It is a class: give an instance"),
        ("early_stopping", skhpo.boosting.EarlyStopping, "It is a class"),
        ("early_stopping", "folds", "Did you mean 'fold'"),
        ("early_stopping", 3, "an instance of 'skhpo.boosting.EarlyStopping'"),
        ("enqueue", "default", "Did you mean 'defaults'"),
        ("pruner", 3, "an instance of 'skhpo.pruners.BasePruner'"),
        ("scoring", "acuracy", "Got 'acuracy' instead. Did you mean 'accuracy'"),
        ("scoring", "acc", "Got 'acc' instead. Did you mean 'accuracy'"),
        ("scoring", ["f1_macro", "acuracy"], "Got 'acuracy' instead. Did you mean 'accuracy'"),
        ("scoring", {"a": "acuracy"}, "Got 'acuracy' instead. Did you mean 'accuracy'"),
    ],
)
def test_a_wrong_value_is_answered_by_what_to_use(name, value, match):
    refused(match, **{name: value})


def test_a_misspelt_metric_to_refit_by_is_answered():
    refused("Did you mean 'accuracy'", scoring=["accuracy", "f1_macro"], refit="acuracy")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("objectives", ["acuracy", "model_size"]),
        ("constraints", {"acuracy": ">= 0.9"}),
        ("scoring", ["acuracy"]),
        ("refit", "acuracy"),
        ("refit", {"acuracy": 1.0}),
        ("refit", "acuracy with model_size <= 5 kB"),
        ("refit", "model_size with acuracy >= 0.9"),
    ],
)
def test_a_misspelt_metric_of_several_objectives_is_answered(name, value):
    given = {"objectives": ["accuracy", "model_size"]} | {name: value}
    with pytest.raises(ValueError, match="Did you mean 'accuracy'"):
        ParetoSearchCV(SVC(), GRID, **given).fit(X, y)


@pytest.mark.parametrize(
    "space",
    [{}, {"C": (1, 10)}],
    ids=["empty", "two numbers"],
)
def test_a_warning_about_the_space_points_at_the_line_of_the_user(space):
    with pytest.warns(UserWarning, match="Nothing is searched|two choices") as caught:
        TPESearchCV(SVC(), space, n_iter=1, cv=2).fit(X, y)
    assert {one.filename for one in caught} == {__file__}


def test_a_misspelt_resource_gets_a_hint():
    with pytest.raises(ValueError, match=r"got 'n_sample'\. Did you mean 'n_samples'"):
        TPESearchCV(SVC(), {"C": [1, 2]}, resource="n_sample").fit(X, y)


class GridOnly(TPESearchCV):
    """A subclass of a user, with one of the two names of the space."""

    def __init__(self, estimator, param_grid):
        super().__init__(estimator, param_grid=param_grid)


def test_a_subclass_with_one_name_of_the_space_can_set_it():
    search = GridOnly(SVC(), GRID).set_params(param_grid={"C": [5.0]})
    assert search.fit(X, y).best_params_ == {"C": 5.0}
