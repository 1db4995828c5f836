"""JSON lines: each event of a search in a file, as strict JSON."""

import json

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from skhpo import ParetoSearchCV, TPESearchCV
from skhpo.tracking import JSONLinesCallback

X, y = load_iris(return_X_y=True)


def refuse(constant):
    raise AssertionError(f"not strict JSON: {constant}")


def events_of(path):
    return [json.loads(line, parse_constant=refuse) for line in path.read_text().splitlines()]


def search(path, cls=TPESearchCV, estimator=None, space=None, **settings):
    return cls(
        estimator or SVC(),
        space or {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-5, 1e1)},
        callbacks=[JSONLinesCallback(path)],
        **{"n_iter": 8, "cv": 4, "random_state": 0, **settings},
    )


def test_the_file_has_all_events_in_order(tmp_path):
    path = tmp_path / "search.jsonl"
    fitted = search(path).fit(X, y)
    events = events_of(path)
    names = [event["event"] for event in events]
    assert names[0] == "search_start"
    assert names[-2:] == ["search_end", "refit_end"]
    assert names.count("candidate_start") == names.count("candidate_end") == 8
    assert names.count("fold_end") == fitted.cv_results_["n_splits_evaluated"].sum()
    assert {event["study"] for event in events} == {fitted.study_.study_name}
    assert events[-2]["best_params"] == pytest.approx(fitted.best_params_)
    assert events[-2]["best_score"] == fitted.best_score_
    assert events[0]["settings"]["n_iter"] == 8


def test_measured_and_predicted_values_are_kept_apart(tmp_path):
    path = tmp_path / "search.jsonl"
    search(path, n_iter=20).fit(X, y)
    ends = [event for event in events_of(path) if event["event"] == "candidate_end"]
    pruned = [end for end in ends if end["status"] == "pruned"]
    complete = [end for end in ends if end["status"] == "complete"]
    assert pruned
    for end in pruned:
        assert end["objectives"] == {}
        assert end["metrics"] == {}
        assert set(end["predicted"]) == {"score"}
    for end in complete:
        assert set(end["objectives"]) == {"score"}
        assert end["predicted"] == {}


def test_objectives_have_their_names(tmp_path):
    path = tmp_path / "search.jsonl"
    search(path, ParetoSearchCV, objectives=["accuracy", "fit_time"], n_iter=3, pruner=None).fit(
        X, y
    )
    ends = [event for event in events_of(path) if event["event"] == "candidate_end"]
    assert [list(end["objectives"]) for end in ends] == [["accuracy", "fit_time"]] * 3


def test_estimators_functions_and_numpy_values_in_parameters_can_be_written(tmp_path):
    path = tmp_path / "search.jsonl"
    space = {
        "standardscaler": [StandardScaler(), MinMaxScaler(), "passthrough"],
        "logisticregression__C": np.array([0.1, 1.0]),
        "logisticregression__class_weight": [None, {0: 1.0, 1: np.float32(2.0), 2: 1.0}],
    }
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    search(path, estimator=pipeline, space=space, n_iter=12).fit(X, y)
    starts = [event for event in events_of(path) if event["event"] == "candidate_start"]
    written = {event["params"]["standardscaler"] for event in starts}
    assert written == {"StandardScaler()", "MinMaxScaler()", "passthrough"}
    weights = [event["params"]["logisticregression__class_weight"] for event in starts]
    assert {"0": 1.0, "1": 2.0, "2": 1.0} in weights


def test_a_failed_fit_has_its_error_and_no_nan_in_the_file(tmp_path):
    path = tmp_path / "search.jsonl"
    with pytest.warns(match="fits failed"):
        search(path, space={"C": [-1.0, 1.0]}, n_iter=2).fit(X, y)
    errors = [event for event in events_of(path) if event.get("error")]
    assert "InvalidParameterError" in errors[0]["error"]
    assert errors[0]["metrics"] == {"score": None}


def test_a_second_search_is_appended(tmp_path):
    path = tmp_path / "search.jsonl"
    first = search(path, n_iter=2).fit(X, y)
    clone(first).fit(X, y)
    names = [event["event"] for event in events_of(path)]
    assert names.count("search_start") == names.count("refit_end") == 2


def test_folds_of_an_earlier_fit_are_marked(tmp_path):
    path, storage = tmp_path / "search.jsonl", tmp_path / "search.db"
    search(path, n_iter=2, storage=storage, study_name="s").fit(X, y)
    n_events = len(events_of(path))
    search(path, n_iter=3, storage=storage, study_name="s").fit(X, y)
    ends = [event for event in events_of(path)[n_events:] if event["event"] == "candidate_end"]
    assert [end["from_storage"] for end in ends] == [True, True, False]


class Interrupts(SVC):
    """Is interrupted in its first fit."""

    def fit(self, X, y):
        raise KeyboardInterrupt


def test_an_interrupted_search_does_not_report_the_best_of_an_earlier_fit(tmp_path):
    path = tmp_path / "search.jsonl"
    fitted = search(path, n_iter=2).fit(X, y)
    fitted.set_params(estimator=Interrupts())
    with pytest.raises(KeyboardInterrupt):
        fitted.fit(X, y)
    last = events_of(path)[-1]
    assert last["reason"] == "interrupt"
    assert last["best_params"] is None


def test_a_path_is_required():
    with pytest.raises(TypeError, match="`path` must be a path; got 3"):
        JSONLinesCallback(3)
