"""The search with several objectives: what it measures, finds, stops, chooses and refuses."""

import pickle
import warnings

import joblib
import numpy as np
import pytest
from scipy.stats import loguniform, randint
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_breast_cancer, make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer, make_scorer, recall_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import skhpo
from skhpo import Cost, ParetoSearchCV
from skhpo.exceptions import StudyMismatchError
from skhpo.multi_objective import hypervolume, is_nondominated
from skhpo.pruners import MedianPruner, RacingPruner
from skhpo.samplers import GridSampler, NSGAIISampler, RandomSampler, TPESampler
from skhpo.trial import TrialState

X, y = make_classification(300, 8, n_informative=4, flip_y=0.1, random_state=0)
SPACE = {"max_depth": randint(1, 9), "ccp_alpha": loguniform(1e-4, 1e-1)}


def tree():
    return DecisionTreeClassifier(random_state=0)


def n_leaves(model):
    return model.get_n_leaves()


def depth(model):
    return model.get_depth()


LEAVES = Cost(n_leaves, unit="leaves")


def search(**settings):
    given = {
        "objectives": ["accuracy", LEAVES], "n_iter": 25, "cv": 4, "random_state": 0,
        "sampler": TPESampler(),
    }  # fmt: skip
    return ParetoSearchCV(settings.pop("estimator", tree()), SPACE, **given | settings)


def table(found):
    """All of cv_results_ that does not depend on the clock."""
    return {
        name: str(np.ma.filled(np.ma.asarray(column), -1).tolist() if name != "params" else column)
        for name, column in found.cv_results_.items()
        if "time" not in name
    }


# ----------------------------------------------------------------------------- what is found


def test_the_front_is_what_no_other_complete_candidate_beats():
    found = search(pruner=None).fit(X, y)
    losses = np.column_stack(
        [-found.cv_results_["mean_test_accuracy"], found.cv_results_["mean_n_leaves"]]
    )
    expected = set(np.flatnonzero(is_nondominated(losses)))
    assert set(found.pareto_front_) == expected
    assert {trial.number for trial in found.study_.best_trials} == expected
    assert found.pareto_params_ == [found.cv_results_["params"][i] for i in found.pareto_front_]
    assert (np.diff(found.pareto_values_[:, 0]) <= 0).all()
    reference = losses.max(axis=0)
    assert found.hypervolume_ == pytest.approx(hypervolume(losses, reference))
    assert found.reference_point_ == {"accuracy": -reference[0], "n_leaves": reference[1]}


def test_scores_equal_those_of_grid_search_to_the_last_bit():
    grid = {"max_depth": [1, 2, 4, 8], "min_samples_leaf": [1, 5]}
    theirs = GridSearchCV(
        tree(), grid, scoring=["accuracy", "recall"], refit=False, cv=4, return_train_score=True
    ).fit(X, y)
    ours = ParetoSearchCV(
        tree(), grid, objectives=["accuracy", "recall", "model_size"], cv=4, n_iter=8, pruner=None,
        sampler=GridSampler(grid), return_train_score=True,
    ).fit(X, y)  # fmt: skip
    rows = {str(sorted(p.items())): i for i, p in enumerate(ours.cv_results_["params"])}
    order = [rows[str(sorted(p.items()))] for p in theirs.cv_results_["params"]]
    for name, column in theirs.cv_results_.items():
        if "test" in name or "train" in name:
            assert ours.cv_results_[name][order].tolist() == column.tolist(), name


def test_costs_are_those_of_the_fitted_models_of_the_folds():
    found = search(objectives=["accuracy", "model_size", LEAVES], n_iter=3, pruner=None)
    found.fit(X, y)
    from sklearn.model_selection import StratifiedKFold

    for row, params in enumerate(found.cv_results_["params"]):
        for fold, (train, _) in enumerate(StratifiedKFold(4).split(X, y)):
            model = tree().set_params(**params).fit(X[train], y[train])
            assert found.cv_results_[f"split{fold}_n_leaves"][row] == model.get_n_leaves()
            size = found.cv_results_[f"split{fold}_model_size"][row]
            assert size == len(pickle.dumps(model, protocol=pickle.HIGHEST_PROTOCOL))
    mean = np.mean([found.cv_results_[f"split{k}_n_leaves"] for k in range(4)], axis=0)
    assert found.cv_results_["mean_n_leaves"].tolist() == mean.tolist()


def test_a_cost_without_a_name_gets_that_of_the_dict():
    leaves = Cost(lambda model: model.get_n_leaves())
    found = search(objectives={"accuracy": "accuracy", "leaves": leaves}).fit(X, y)
    assert found.best_values_.keys() == {"accuracy", "leaves"}
    assert found.cv_results_["mean_leaves"].max() >= 2
    with pytest.raises(ValueError, match=r"Give the Cost of .* a `name`"):
        search(objectives=["accuracy", leaves]).fit(X, y)


def test_the_number_of_features_counts_the_columns_in_use():
    lasso = make_pipeline(
        StandardScaler(), LogisticRegression(penalty="l1", solver="liblinear", random_state=0)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        found = ParetoSearchCV(
            lasso, {"logisticregression__C": loguniform(1e-3, 1e1)}, n_iter=12, cv=3,
            objectives=["roc_auc", "n_features"], random_state=0, pruner=None, refit="n_features",
        ).fit(X, y)  # fmt: skip
    counts = found.cv_results_["mean_n_features"]
    assert counts.min() < counts.max() <= 8
    assert found.cv_results_["mean_n_features"][found.best_index_] == counts.min()


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_times_as_objectives_are_the_columns_of_the_table(n_jobs, backend):
    settings = {"objectives": ["accuracy", "fit_time", "score_time"], "n_iter": 4, "pruner": None}
    with joblib.parallel_config(backend=backend):
        found = search(n_jobs=n_jobs, **settings).fit(X, y)
    assert set(found.cv_results_["status"]) == {"complete"}
    for k, name in enumerate(["fit_time", "score_time"], start=1):
        assert found.values_[:, k].tolist() == found.cv_results_[f"mean_{name}"].tolist()
        assert (found.values_[:, k] > 0).all()
    assert [o.unit for o in found.objectives_] == [None, "s", "s"]


class Sleepy(ClassifierMixin, BaseEstimator):
    """Takes its time, in a way that the processor does not feel."""

    def __init__(self, pause=0.0):
        self.pause = pause

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        import time

        calls = getattr(self, "calls", 0)
        self.calls = calls + 1
        if calls == 0:
            time.sleep(self.pause)
        return np.zeros(len(X), dtype=int)


def test_the_time_of_scoring_is_that_of_an_undisturbed_run():
    """A first call that was held up is not what the model costs."""
    found = ParetoSearchCV(
        Sleepy(), {"pause": [0.15]}, objectives=["accuracy", "score_time"], cv=2, enqueue=None
    ).fit(X, y)
    assert found.cv_results_["mean_score_time"][0] < 0.1


def test_scorers_callables_and_names_of_ones_own():
    def agreement(model, X, y):
        return float((model.predict(X) == y).mean())

    specificity = make_scorer(recall_score, pos_label=0)
    found = search(
        objectives={"recall": "recall", "specificity": specificity, "leaves": LEAVES},
        scoring={"agreement": agreement}, n_iter=4,
    ).fit(X, y)  # fmt: skip
    assert [o.name for o in found.objectives_] == ["recall", "specificity", "leaves"]
    assert {"mean_test_agreement", "mean_leaves"} <= found.cv_results_.keys()
    listed = search(objectives=["recall", agreement, specificity], n_iter=2).fit(X, y)
    assert [o.name for o in listed.objectives_] == ["recall", "agreement", "recall_score"]


# --------------------------------------------------------------------------- constraints


def test_candidates_that_break_a_constraint_are_not_on_the_front():
    found = search(constraints={"n_leaves": "<= 6", "recall": ">= 50 %"}, pruner=None).fit(X, y)
    leaves, recall = (found.cv_results_[n] for n in ("mean_n_leaves", "mean_test_recall"))
    feasible = (leaves <= 6) & (recall >= 0.5)
    assert feasible.any()
    assert (~feasible).any()
    assert found.is_feasible_.tolist() == feasible.tolist()
    assert found.cv_results_["is_feasible"].tolist() == feasible.tolist()
    assert feasible[found.pareto_front_].all()
    trial = found.study_.trials[int(np.flatnonzero(~feasible)[0])]
    assert max(trial.constraints.values()) > 0
    assert {t.number for t in found.study_.best_trials} == set(found.pareto_front_)


def test_a_constraint_may_be_a_function_of_the_means():
    found = search(
        constraints={"few": lambda means: means["n_leaves"] - 6 * means["accuracy"]}, pruner=None
    ).fit(X, y)
    expected = found.cv_results_["mean_n_leaves"] <= 6 * found.cv_results_["mean_test_accuracy"]
    assert found.is_feasible_.tolist() == expected.tolist()


def test_if_none_is_feasible_the_nearest_is_chosen_with_a_warning():
    found = search(constraints={"accuracy": ">= 1.5"}, pruner=None, n_iter=6)
    with pytest.warns(UserWarning, match="No candidate satisfies all constraints: accuracy >= 1.5"):
        found.fit(X, y)
    assert len(found.pareto_front_) == 0
    assert found.hypervolume_ == 0.0
    assert found.best_index_ == np.argmax(found.cv_results_["mean_test_accuracy"])


def test_a_stopped_candidate_tells_the_sampler_by_how_much_it_breaks_a_constraint():
    bounds = {"n_leaves": "<= 6", "few": lambda means: means["n_leaves"] - 6}
    found = search(constraints=bounds, n_iter=25).fit(X, y)
    stopped = [t for t in found.study_.trials if t.state == TrialState.PRUNED]
    assert stopped
    broken = [t.constraints for t in stopped if max(t.constraints.values()) > 0]
    assert broken
    for one in broken:
        assert one["n_leaves <= 6"] == pytest.approx(one["few"], rel=0.5)


# ----------------------------------------------------------------------------- preferences

REGION = {"accuracy": ">= 70 %", "n_leaves": "<= 9"}


def in_region(found):
    accuracy, leaves = found.values_.T
    return (accuracy >= 0.7) & (leaves <= 9)


def test_a_preferred_region_gets_more_candidates_and_takes_none_from_the_front():
    plain, steered = (search(preferred=one, n_iter=25).fit(X, y) for one in (None, REGION))
    assert in_region(steered).sum() > in_region(plain).sum()
    assert steered.is_preferred_.tolist() == in_region(steered).tolist()
    assert steered.cv_results_["is_preferred"].tolist() == in_region(steered).tolist()
    assert steered.is_feasible_.tolist() == (steered.cv_results_["status"] == "complete").tolist()
    losses = steered.values_[steered.is_feasible_] * [-1, 1]
    on_front = np.flatnonzero(steered.is_feasible_)[is_nondominated(losses)]
    assert set(steered.pareto_front_) == set(on_front)
    assert not in_region(steered)[on_front].all()  # the others are still on the front
    preferred = {t.number for t in steered.study_.best_trials}
    assert preferred == set(on_front[in_region(steered)[on_front]])


def test_the_rule_chooses_in_the_preferred_region():
    for rule in ("accuracy", "n_leaves", "knee", {"accuracy": 1, "n_leaves": 1}):
        found = search(preferred=REGION, refit=rule, n_iter=25).fit(X, y)
        assert in_region(found)[found.best_index_]
    best = np.where(in_region(found), found.values_[:, 0], -np.inf)
    by_accuracy = search(preferred=REGION, refit="accuracy", n_iter=25).fit(X, y)
    assert by_accuracy.best_score_ == best.max()


def test_a_region_that_no_candidate_reaches_gives_the_nearest_of_the_front():
    found = search(preferred={"accuracy": ">= 2"}, n_iter=6)
    with pytest.warns(UserWarning, match="preferred region: accuracy >= 2. The nearest"):
        found.fit(X, y)
    assert len(found.pareto_front_) > 0
    assert not found.is_preferred_.any()
    assert found.best_score_ == np.nanmax(found.values_[:, 0])


def test_constraints_come_before_preferences():
    found = search(constraints={"n_leaves": "<= 5"}, preferred=REGION, n_iter=25).fit(X, y)
    leaves = found.values_[:, 1]
    assert (leaves[found.pareto_front_] <= 5).all()
    assert (leaves[found.is_preferred_] <= 5).all()
    assert leaves[found.best_index_] <= 5


# -------------------------------------------------------------------------------- the choice


def test_a_rule_chooses_the_best_of_those_that_keep_to_it():
    rule = "best accuracy with n_leaves <= 5 and recall >= 0.1"
    found = search(refit=rule, scoring=["recall"], pruner=None)
    found.fit(X, y)
    accuracy, leaves = found.values_.T
    assert leaves[found.best_index_] <= 5
    assert accuracy[found.best_index_] == accuracy[leaves <= 5].max()


def test_a_metrics_name_weights_and_a_callable_choose():
    by_name = search(refit="n_leaves", pruner=None).fit(X, y)
    assert by_name.best_values_["n_leaves"] == np.nanmin(by_name.values_[:, 1])
    weighted = search(refit={"accuracy": 1.0}, pruner=None).fit(X, y)
    assert weighted.best_score_ == np.nanmax(weighted.values_[:, 0])
    called = search(refit=lambda results: 2, pruner=None).fit(X, y)
    assert called.best_index_ == 2
    assert called.best_score_ == called.cv_results_["mean_test_accuracy"][2]
    knee = search(pruner=None).fit(X, y)
    assert knee.best_index_ in knee.pareto_front_


def test_the_chosen_one_is_fitted_on_all_data_and_scores_by_the_first_score():
    found = search(objectives=[LEAVES, "recall", "accuracy"]).fit(X, y)
    expected = tree().set_params(**found.best_params_).fit(X, y)
    assert found.best_estimator_.get_n_leaves() == expected.get_n_leaves()
    assert (found.predict(X) == expected.predict(X)).all()
    assert found.score(X, y) == get_scorer("recall")(expected, X, y)
    assert found.best_score_ == found.cv_results_["mean_test_recall"][found.best_index_]


def test_all_of_the_front_may_be_fitted():
    found = search(refit="all").fit(X, y)
    assert len(found.pareto_estimators_) == len(found.pareto_front_)
    for params, model in zip(found.pareto_params_, found.pareto_estimators_, strict=True):
        assert model.get_params() | params == model.get_params()
        assert (model.predict(X) == tree().set_params(**params).fit(X, y).predict(X)).all()
    assert found.best_estimator_ in found.pareto_estimators_


def test_the_table_of_the_front_tells_what_another_choice_would_change():
    found = search(refit="accuracy").fit(X, y)
    front = found.pareto_table_
    assert front.index.tolist() == found.pareto_front_.tolist()
    np.testing.assert_array_equal(front[["accuracy", "n_leaves"]], found.pareto_values_)
    assert front.index[front["is_chosen"]].tolist() == [found.best_index_]
    chosen = found.best_values_
    np.testing.assert_allclose(front["change_accuracy"], front["accuracy"] - chosen["accuracy"])
    np.testing.assert_allclose(front["change_n_leaves"], front["n_leaves"] - chosen["n_leaves"])
    row = found.pareto_front_[0]
    assert front["std_accuracy"].iloc[0] == found.cv_results_["std_test_accuracy"][row]
    params = front[["param_max_depth", "param_ccp_alpha"]]
    given = [[one["max_depth"], one["ccp_alpha"]] for one in found.pareto_params_]
    assert params.to_numpy().tolist() == given
    assert not hasattr(search(), "pareto_table_")


def test_without_a_choice_the_table_has_no_changes():
    found = search(n_iter=6).fit(X, y)  # its choice does not outlive the next fit
    columns = found.set_params(refit=False).fit(X, y).pareto_table_.columns
    assert list(columns) == [
        "accuracy", "std_accuracy", "n_leaves", "std_n_leaves", "param_max_depth", "param_ccp_alpha"
    ]  # fmt: skip


def test_an_empty_front_is_an_empty_table():
    with pytest.warns(UserWarning, match="No candidate satisfies all constraints"):
        found = search(constraints={"accuracy": ">= 2"}, n_iter=6).fit(X, y)
    assert found.pareto_table_.shape == (0, 9)


def test_without_refit_there_is_a_front_and_no_best():
    found = search(refit=False).fit(X, y)
    assert len(found.pareto_front_) > 0
    assert not hasattr(found, "best_index_")


# ------------------------------------------------------------------------------ the search


@pytest.mark.parametrize("sampler", [None, TPESampler(), NSGAIISampler(), RandomSampler()])
def test_the_same_seed_gives_the_same_search_on_one_worker_and_two(sampler):
    settings = {"sampler": sampler, "n_iter": 20, "pre_dispatch": 2}
    one, two = (search(n_jobs=n_jobs, **settings).fit(X, y) for n_jobs in (1, 2))
    assert table(one) == table(two)
    assert "pruned" in one.cv_results_["status"] or not isinstance(sampler, RandomSampler)


def test_folds_are_spared_and_no_point_of_the_front_is_lost_by_much():
    spared = search(n_iter=60, sampler=RandomSampler(), cv=8).fit(X, y)
    whole = search(n_iter=60, sampler=RandomSampler(), cv=8, pruner=None).fit(X, y)
    assert spared.cv_results_["n_splits_evaluated"].sum() < 0.8 * 8 * 60
    losses = [np.array([-1, 1]) * f.pareto_values_ for f in (spared, whole)]
    reference = losses[1].max(axis=0) + np.array([0.01, 1])
    volumes = [hypervolume(one, reference) for one in losses]
    assert volumes[0] > 0.97 * volumes[1]


def test_a_stopped_candidate_teaches_the_sampler_what_it_would_have_come_to():
    found = search(n_iter=40, sampler=RandomSampler()).fit(X, y)
    history = found.study_.history
    pruned = np.flatnonzero(found.cv_results_["status"] == "pruned")
    assert len(pruned)
    whole = search(n_iter=40, sampler=RandomSampler(), pruner=None).fit(X, y)
    predicted, true = history.losses[pruned], whole.study_.history.losses[pruned]
    spread = whole.study_.history.losses.std(axis=0)
    assert np.isfinite(predicted).all()
    assert (np.abs(predicted - true).mean(axis=0) < 0.5 * spread).all()


def test_a_stored_search_goes_on_where_it_was_cut(tmp_path):
    url = f"sqlite:///{tmp_path}/search.db"
    settings = {"constraints": {"n_leaves": "<= 9"}, "n_iter": 16}

    def stop_at_7(study, trial):
        if trial.number == 7:
            study.stop()

    search(storage=url, study_name="one", callbacks=[stop_at_7], **settings).fit(X, y)
    gone_on = search(storage=url, study_name="one", **settings).fit(X, y)
    assert table(gone_on) == table(search(**settings).fit(X, y))
    loaded = skhpo.load_study(study_name="one", storage=url)
    assert [d.name for d in loaded.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert loaded.metric_names == ["accuracy", "n_leaves"]
    with pytest.raises(StudyMismatchError, match="objectives"):
        search(storage=url, study_name="one", **settings | {"constraints": None}).fit(X, y)


def test_a_booster_stops_early_with_several_objectives():
    xgboost = pytest.importorskip("xgboost")
    found = ParetoSearchCV(
        xgboost.XGBClassifier(n_estimators=60, n_jobs=1), {"max_depth": randint(1, 6)}, n_iter=4,
        objectives=["roc_auc", "model_size"], early_stopping="fold", cv=3, random_state=0,
    ).fit(X, y)  # fmt: skip
    rounds = found.cv_results_["mean_best_iteration"][found.best_index_]
    assert found.best_estimator_.n_estimators == round(rounds)


# ------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"objectives": ["accuracy"]}, "two or more"),
        ({"objectives": ["fit_time", "model_size"]}, "must be a score"),
        ({"objectives": ["accuracy", "accuracy"]}, "more than once"),
        ({"objectives": ["accuracy", 3]}, "names of scorers"),
        ({"objectives": ["accuracy", "acuracy"]}, "acuracy"),
        ({"constraints": {"n_leaves": "about 5"}}, "must be like"),
        ({"constraints": {"n_leaves": "<= 5 miles"}}, "must be like"),
        ({"constraints": {"n_leavse": "<= 5"}}, "n_leavse"),
        ({"preferred": {"n_leaves": "about 5"}}, "preference for 'n_leaves' must be like"),
        ({"preferred": {"n_leaves": ">= 5"}}, "smaller values of 'n_leaves' are better"),
        ({"preferred": {"accuracy": "<= 0.9"}}, "greater values of 'accuracy' are better"),
        ({"preferred": {"n_leavse": "<= 5"}}, "n_leavse.*Did you mean"),
        ({"preferred": {"n_leaves": len}}, "bounds such as"),
        ({"refit": "elbow"}, "'knee'"),
        ({"refit": "accuracy with leaves <= 5"}, "leaves"),
        ({"refit": {"acuracy": 1}}, "acuracy"),
        ({"refit": {"accuracy": -1}}, "0 or more"),
        ({"reference_point": {"accuracy": 0}}, "must name each objective"),
        ({"pruner": MedianPruner()}, "pruner"),
    ],
)
def test_bad_settings_are_refused_before_the_first_fit(settings, message):
    class Untouchable(DecisionTreeClassifier):
        def fit(self, X, y):
            raise AssertionError("was fitted")

    with pytest.raises((ValueError, TypeError), match=message):
        search(estimator=Untouchable(), error_score="raise", **settings).fit(X, y)


def test_a_rule_that_nothing_keeps_to_says_so_and_keeps_the_results():
    found = search(refit="accuracy with n_leaves <= 0.5", n_iter=4)
    with pytest.raises(ValueError, match=r"no candidate keeps n_leaves <= 0.5; the best values"):
        found.fit(X, y)
    assert len(found.cv_results_["params"]) == 4


def test_a_cost_that_cannot_be_measured_fails_its_candidate_only():
    def picky(model):
        if model.max_depth > 4:
            raise RuntimeError("too deep")
        return model.max_depth

    found = search(objectives=["accuracy", Cost(picky)], n_iter=12)
    with pytest.warns(Warning, match="too deep"):
        found.fit(X, y)
    deep = found.cv_results_["param_max_depth"] > 4
    assert set(found.cv_results_["status"][deep.astype(bool)]) == {"failed"}
    with pytest.raises(RuntimeError, match="too deep"):
        search(objectives=["accuracy", Cost(picky)], n_iter=12, error_score="raise").fit(X, y)


def test_a_misspelt_name_is_met_with_near_ones():
    with pytest.raises(ValueError, match=r"'acuracy' is not the name of a scorer .* 'accuracy'"):
        search(objectives=["acuracy", "model_size"]).fit(X, y)
    with pytest.raises(ValueError, match=r"`constraints`: 'model_sise' .* 'model_size'"):
        search(constraints={"model_sise": "<= 3 kB"}).fit(X, y)


def test_a_line_a_candidate_names_the_objectives(capsys):
    search(n_iter=2, verbose=2).fit(X, y)
    shown = "".join(capsys.readouterr())
    assert "[1/2] accuracy 0." in shown
    assert ", n_leaves " in shown


def test_it_can_be_cloned_pickled_and_nested():
    found = search(n_iter=6)
    assert clone(found).get_params()["objectives"] == found.objectives
    again = pickle.loads(pickle.dumps(found.fit(X, y)))
    assert (again.predict(X) == found.predict(X)).all()
    data, target = load_breast_cancer(return_X_y=True)
    nested = make_pipeline(StandardScaler(), search(n_iter=6)).fit(data, target)
    assert nested.score(data, target) > 0.85


def test_the_level_of_the_race_may_be_chosen():
    spared = [
        search(n_iter=40, sampler=RandomSampler(), cv=8, pruner=RacingPruner(alpha=alpha))
        .fit(X, y)
        .cv_results_["n_splits_evaluated"]
        .sum()
        for alpha in (0.01, 0.3)
    ]
    assert spared[1] < spared[0]


@pytest.mark.parametrize("pruner", ["median", skhpo.pruners.PatientPruner(RacingPruner(), 1)])
def test_a_pruner_for_one_objective_says_why_it_cannot_serve_several(pruner):
    name = "MedianPruner" if pruner == "median" else "PatientPruner"
    with pytest.raises(ValueError, match=f"{name} compares single values.*Use RacingPruner"):
        search(pruner=pruner).fit(X, y)


def test_without_a_pruner_by_its_name_all_folds_run():
    assert (search(pruner="nop").fit(X, y).cv_results_["status"] == "complete").all()
