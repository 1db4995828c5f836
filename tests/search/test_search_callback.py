"""Events of a search: what a ``SearchCallback`` is sent, and when."""

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skhpo import HyperbandSearchCV, ParetoSearchCV, SearchCallback, TPESearchCV

X, y = load_iris(return_X_y=True)
PIPE = make_pipeline(StandardScaler(), SVC())
SPACE = {"svc__C": loguniform(1e-3, 1e3), "svc__gamma": loguniform(1e-5, 1e1)}


class Records(SearchCallback):
    """Keeps all events; `stop_after` candidates it asks to stop."""

    def __init__(self, stop_after=None):
        self.events = []
        self.stop_after = stop_after

    def on_search_start(self, search):
        self.events.append(("search start", search))

    def on_candidate_start(self, candidate):
        self.events.append(("candidate start", candidate))

    def on_fold_end(self, fold):
        self.events.append(("fold end", fold))

    def on_candidate_end(self, candidate):
        self.events.append(("candidate end", candidate))

    def on_search_end(self, search):
        self.events.append(("search end", search))

    def on_refit_end(self, refit):
        self.events.append(("refit end", refit))

    def should_stop(self):
        return self.stop_after is not None and len(self.all("candidate end")) >= self.stop_after

    def names(self):
        return [name for name, _ in self.events]

    def all(self, name):
        return [event for kind, event in self.events if kind == name]


def search(cls=TPESearchCV, estimator=PIPE, space=SPACE, **settings):
    return cls(estimator, space, **{"n_iter": 12, "cv": 3, "random_state": 0, **settings})


@pytest.mark.parametrize("random_state", [0, None])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_each_candidate_starts_runs_its_folds_and_ends(random_state, n_jobs):
    seen = Records()
    fitted = search(callbacks=[seen], random_state=random_state, n_jobs=n_jobs).fit(X, y)
    assert seen.names()[0] == "search start"
    assert seen.names()[-2:] == ["search end", "refit end"]
    table = fitted.cv_results_
    assert len(seen.all("candidate end")) == len(seen.all("candidate start")) == 12
    assert len(seen.all("fold end")) == table["n_splits_evaluated"].sum()
    for row, number in enumerate(table["trial_number"]):
        mine = [name for name, event in seen.events if getattr(event, "number", None) == number]
        n_folds = table["n_splits_evaluated"][row]
        assert mine == ["candidate start", *["fold end"] * n_folds, "candidate end"]


def test_events_say_what_the_table_says():
    seen = Records()
    fitted = search(
        callbacks=[seen], scoring=["accuracy", "f1_macro"], refit="accuracy",
        return_train_score=True,
    ).fit(X, y)  # fmt: skip
    table = fitted.cv_results_
    ends = {end.number: end for end in seen.all("candidate end")}
    assert "pruned" in table["status"]
    assert "complete" in table["status"]
    for row, number in enumerate(table["trial_number"]):
        end = ends[number]
        assert end.status == table["status"][row]
        assert dict(end.params) == table["params"][row]
        assert end.n_folds == table["n_splits_evaluated"][row]
        if end.status == "complete":
            assert end.metrics["f1_macro"] == pytest.approx(table["mean_test_f1_macro"][row])
            assert end.objectives == (table["mean_test_accuracy"][row],)
            assert (end.predicted, end.reason) == ((), "")
        else:
            assert (end.metrics, end.objectives) == ({}, ())
            assert end.predicted == (table["predicted_test_accuracy"][row],)
            assert end.reason == "unlikely to beat the best candidate"
    fold = seen.all("fold end")[0]
    row = table["trial_number"].tolist().index(fold.number)
    assert fold.metrics["accuracy"] == table[f"split{fold.fold}_test_accuracy"][row]
    assert fold.train_metrics["f1_macro"] == table[f"split{fold.fold}_train_f1_macro"][row]
    assert fold.fit_time > 0.0


def test_the_start_and_the_end_know_the_search():
    seen = Records()
    fitted = search(callbacks=[seen], n_iter=4).fit(X, y)
    (start,), (end,), (refit,) = map(seen.all, ["search start", "search end", "refit end"])
    assert (start.n_candidates, start.n_folds, start.objectives) == (4, 3, ("score",))
    assert end.search is fitted
    assert end.study is fitted.study_
    assert end.reason is None
    assert refit.params == fitted.best_params_
    assert refit.seconds == fitted.refit_time_


def test_several_objectives_have_names_and_predictions():
    data = load_breast_cancer(return_X_y=True)
    seen = Records()
    fitted = ParetoSearchCV(
        DecisionTreeClassifier(random_state=0),
        {"max_leaf_nodes": range(2, 60), "ccp_alpha": loguniform(1e-5, 1e-1)},
        objectives=["roc_auc", "model_size"], n_iter=25, cv=4, random_state=0, callbacks=[seen],
    ).fit(*data)  # fmt: skip
    assert seen.all("search start")[0].objectives == ("roc_auc", "model_size")
    for end in seen.all("candidate end"):
        row = fitted.cv_results_["trial_number"].tolist().index(end.number)
        if end.status == "complete":
            assert end.objectives == pytest.approx(tuple(fitted.values_[row]))
        else:
            assert end.status == "pruned"
            assert end.reason == "little chance to come to the front"
            assert len(end.predicted) == 2


def test_folds_of_a_resource_say_how_much_they_had():
    seen = Records()
    search(HyperbandSearchCV, callbacks=[seen], n_iter=6).fit(X, y)
    amounts = {fold.n_resources for fold in seen.all("fold end")}
    assert max(amounts) == 150
    assert len(amounts) > 1


def test_failed_folds_carry_their_error():
    seen = Records()
    space = {"max_depth": [1, -1]}
    with pytest.warns(Warning, match="fits failed"):
        search(
            estimator=DecisionTreeClassifier(), space=space, callbacks=[seen], n_iter=2
        ).fit(X, y)  # fmt: skip
    (failed,) = (end for end in seen.all("candidate end") if end.status == "failed")
    (fold,) = (fold for fold in seen.all("fold end") if fold.number == failed.number)
    assert "max_depth" in fold.error
    assert np.isnan(fold.metrics["score"])


class Fails(SearchCallback):
    """Raises in each method."""

    def on_fold_end(self, fold):
        raise RuntimeError("the tracker is away")

    def should_stop(self):
        raise RuntimeError("the tracker is away")


def test_an_error_of_a_callback_is_a_warning_and_the_others_are_still_called():
    seen = Records()
    with pytest.warns(UserWarning, match="Fails.on_fold_end raised RuntimeError: the tracker") as w:
        fitted = search(callbacks=[Fails(), seen], n_iter=5).fit(X, y)
    assert len([one for one in w if "Fails.on_fold_end" in str(one.message)]) == 1
    assert len([one for one in w if "Fails.should_stop" in str(one.message)]) == 1
    assert all(one.filename == __file__ for one in w if "Fails" in str(one.message))
    assert len(seen.all("candidate end")) == len(fitted.cv_results_["params"]) == 5


def test_a_callback_may_stop_the_search():
    seen = Records(stop_after=3)
    fitted = search(callbacks=[seen], n_iter=50).fit(X, y)
    assert 3 <= len(fitted.cv_results_["params"]) <= 8
    assert fitted.best_score_ > 0.5


def test_an_error_ends_with_its_reason():
    seen = Records()
    with pytest.raises(ValueError, match="max_depth"):
        search(
            estimator=DecisionTreeClassifier(), space={"max_depth": [-1, 2]}, callbacks=[seen],
            error_score="raise", enqueue=[{"max_depth": -1}],
        ).fit(X, y)  # fmt: skip
    assert seen.all("search end")[0].reason == "error"
    assert "refit end" not in seen.names()


def test_a_timeout_is_the_reason():
    seen = Records()
    with pytest.warns(Warning, match="timeout"):
        search(callbacks=[seen], n_iter=10_000, timeout=0.5).fit(X, y)
    assert seen.all("search end")[0].reason == "timeout"


def test_functions_of_a_study_work_beside_it():
    seen, numbers = Records(), []
    search(
        callbacks=[seen, lambda study, trial: numbers.append(trial.number)], n_iter=5
    ).fit(X, y)  # fmt: skip
    assert sorted(numbers) == [0, 1, 2, 3, 4]
    assert len(seen.all("candidate end")) == 5


def test_what_a_storage_knows_is_marked(tmp_path):
    first, second = Records(stop_after=3), Records()
    path = tmp_path / "search.db"
    search(callbacks=[first], storage=path, study_name="one").fit(X, y)
    search(callbacks=[second], storage=path, study_name="one").fit(X, y)
    known = [end.number for end in second.all("candidate end") if end.from_storage]
    assert sorted(known) == sorted(end.number for end in first.all("candidate end"))
    assert len(second.all("candidate end")) == 12
    assert {fold.from_storage for fold in second.all("fold end")} == {True, False}
