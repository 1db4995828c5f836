"""Several objectives: what earlier searches and the estimator's prior contribute."""

import joblib
import numpy as np
import pytest
from scipy.stats import loguniform, randint
from sklearn.datasets import load_breast_cancer, make_classification
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import skhpo
from skhpo import Cost, ParetoSearchCV, TPESearchCV
from skhpo.priors import known_prior

X, y = make_classification(300, 8, n_informative=4, flip_y=0.1, random_state=0)
OTHER = make_classification(200, 8, n_informative=4, flip_y=0.1, random_state=1)
SPACE = {"max_depth": randint(1, 9), "ccp_alpha": loguniform(1e-4, 1e-1)}
BOUNDS = {
    "constraints": {"n_leaves": "<= 8", "recall": ">= 0.5"},
    "preferred": {"accuracy": ">= 0.75"},
}


def n_leaves(model):
    return model.get_n_leaves()


def n_nodes(model):
    return model.tree_.node_count


def fit(data=(X, y), **settings):
    given = {
        "objectives": ["accuracy", Cost(n_leaves)], "n_iter": 20, "cv": 4, "random_state": 0,
        "prior": None,
    }  # fmt: skip
    tree = DecisionTreeClassifier(random_state=0)
    return ParetoSearchCV(tree, SPACE, **given | settings).fit(*data)


def table(search):
    """The results but for times, which no two runs have in common."""
    return {
        name: repr(np.ma.filled(np.ma.asarray(column, dtype=object), None).tolist())
        for name, column in search.cv_results_.items()
        if not name.endswith("_time")
    }


def n_taken(search):
    return sum(map(len, search.study_.user_attrs.get("taken_over", {}).values()))


def violations(search):
    return [trial.constraints for trial in search.study_.trials]


# -------------------------------------------------------------------- results of the same data


@pytest.mark.parametrize("settings", [{}, BOUNDS], ids=["free", "bounds"])
def test_two_searches_of_one_seed_find_what_one_search_finds(settings):
    settings = {**settings, "sampler": "tpe"}
    whole, half = (fit(n_iter=n, **settings) for n in (20, 9))
    rest = fit(n_iter=11, prior=[half], **settings)
    assert set(whole.cv_results_["status"]) == {"complete", "pruned"}
    assert table(rest) == table(whole)
    assert violations(rest) == violations(whole)
    assert rest.pareto_front_.tolist() == whole.pareto_front_.tolist()


def test_bounds_may_be_others_and_the_sampler_is_told_the_new_violations():
    earlier = fit(constraints={"n_leaves": "<= 20"}, sampler="tpe")
    later = fit(n_iter=1, prior=[earlier], constraints={"n_leaves": "<= 4"})
    assert n_taken(later) == 20
    complete = later.cv_results_["status"] == "complete"
    leaves = later.cv_results_["mean_n_leaves"]
    assert later.is_feasible_.tolist() == (complete & (leaves <= 4)).tolist()
    assert (leaves[complete] > 4).any()
    for row, trial in enumerate(later.study_.trials):
        assert list(trial.constraints) == ["n_leaves <= 4"]
        if complete[row]:
            assert trial.constraints["n_leaves <= 4"] == pytest.approx(leaves[row] - 4)
        elif trial.number < 20:  # stopped there: by its prediction
            expected = later.cv_results_["predicted_n_leaves"][row] - 4
            assert trial.constraints["n_leaves <= 4"] == pytest.approx(expected)


@pytest.mark.parametrize(
    "changed",
    [
        {"objectives": [Cost(n_leaves), "accuracy"]},
        {"objectives": ["accuracy", Cost(n_nodes, name="n_leaves")]},
        {"objectives": ["accuracy", Cost(n_leaves), "recall"]},
        {"constraints": {"recall": ">= 0.5"}},  # not measured there
        {"constraints": {"model_size": "<= 1 MB"}},
        {"data": OTHER},
        {"cv": 3},
    ],
    ids=["order", "function", "more", "score", "cost", "data", "folds"],
)
def test_what_measures_another_thing_is_not_taken(changed):
    earlier = fit(n_iter=8)
    assert n_taken(fit(n_iter=1, prior=[earlier])) == 8
    assert n_taken(fit(n_iter=1, prior=[earlier], **changed)) == 0


def test_scores_that_only_the_earlier_search_records_are_left_out():
    earlier = fit(n_iter=8, constraints={"recall": ">= 0.1"}, return_train_score=True)
    later = fit(n_iter=1, prior=[earlier], return_train_score=True)
    assert n_taken(later) == 8
    assert not [name for name in later.cv_results_ if "recall" in name]
    scores = earlier.cv_results_["mean_train_accuracy"]
    np.testing.assert_array_equal(later.cv_results_["mean_train_accuracy"][:8], scores)


# ----------------------------------------------------------------------- what is learned


def noted(search):
    return search.study_.user_attrs.get("prior")


def test_what_is_known_of_an_estimator_informs_the_scores():
    data = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), SVC())
    space = {"svc__C": loguniform(1e-2, 1e3), "svc__gamma": loguniform(1e-5, 1e1)}
    settings = {"objectives": ["accuracy", "model_size"], "n_iter": 10, "cv": 3, "random_state": 0}
    plain, informed = (
        ParetoSearchCV(model, space, prior=prior, **settings).fit(*data) for prior in (None, "auto")
    )
    assert noted(plain) is None
    assert noted(informed)["sources"][0]["name"] == "SVC"
    assert noted(informed)["trials"] == []  # the first candidates are the same ...
    tried = [[repr(p) for p in one.cv_results_["params"]] for one in (plain, informed)]
    assert tried[0][:4] == tried[1][:4]
    assert tried[0] != tried[1]  # ... and the process then starts from elsewhere


def test_nothing_is_known_of_recall_and_precision():
    assert noted(fit(n_iter=2, objectives=["recall", "precision"], prior="auto")) is None
    assert noted(fit(n_iter=2, objectives=["recall", "roc_auc"], prior="auto")) is not None


def test_earlier_searches_of_other_data_inform_objectives_of_the_same_name():
    earlier = fit(OTHER)
    later = fit(n_iter=12, prior=[earlier])
    assert n_taken(later) == 0
    assert noted(later)["sources"][0]["name"] == "own searches"
    assert later.cv_results_["params"] != fit(n_iter=12).cv_results_["params"]
    others = ["recall", Cost(n_nodes)]
    with pytest.raises(ValueError, match=r"one of \['recall', 'n_nodes'\]; there is none"):
        fit(n_iter=1, objectives=others, prior=[earlier])


def test_a_search_with_one_objective_informs_the_first_score():
    tree = DecisionTreeClassifier(random_state=0)
    single = TPESearchCV(tree, SPACE, n_iter=8, cv=4, random_state=0).fit(*OTHER)
    later = fit(n_iter=2, prior=single)
    assert "own searches" in [one["name"] for one in noted(later)["sources"]]


def test_the_result_does_not_depend_on_the_number_of_workers():
    prior = [fit(OTHER, n_iter=10)]
    alone = fit(n_iter=12, prior=prior)
    with joblib.parallel_config(backend="threading"):
        together = fit(n_iter=12, prior=prior, n_jobs=3)
    assert alone.cv_results_["params"] == together.cv_results_["params"]


def test_a_stored_search_with_a_prior_resumes(tmp_path):
    settings = {"prior": [known_prior("DecisionTreeClassifier")]}
    fit(n_iter=6, storage=tmp_path / "search.db", **settings)
    resumed = fit(n_iter=12, storage=tmp_path / "search.db", **settings)
    assert resumed.cv_results_["params"] == fit(n_iter=12, **settings).cv_results_["params"]


def test_a_sampler_that_does_not_learn_takes_results_over_and_nothing_else():
    later = fit(n_iter=2, prior=[fit(n_iter=8)], sampler=skhpo.samplers.RandomSampler())
    assert n_taken(later) == 8
    assert noted(later) is None
