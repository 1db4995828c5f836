"""The tracker for Weights & Biases, offline: what is in the file of the run."""

import json
import struct

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from skhpo import ParetoSearchCV, TPESearchCV
from skhpo.tracking import WandbCallback
from tests.waiting import eventually

wandb = pytest.importorskip("wandb")

X, y = load_iris(return_X_y=True)
SPACE = {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-5, 1e1)}


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setenv("WANDB_SILENT", "true")
    yield
    wandb.finish()


@pytest.fixture
def search(tmp_path):
    """Makes a search with a tracker that works offline, in a temporary folder."""

    def make(cls=TPESearchCV, estimator=None, space=SPACE, names=(), **settings):
        callback = WandbCallback(*names, init={"mode": "offline", "dir": tmp_path})
        arguments = {"n_iter": 6, "cv": 3, "random_state": 0, **settings}
        return cls(estimator or SVC(), space, callbacks=[callback], **arguments)

    return make


BLOCK, HEADER = 32768, 7  # of the file of a run: LevelDB's log format, after a header of 7 bytes


def records_in(path):
    """The serialized records in the file of a run; a record may be spread over blocks."""
    data, position, parts = path.read_bytes(), HEADER, []
    while position + HEADER <= len(data):
        left = BLOCK - position % BLOCK
        if left < HEADER:
            position += left
            continue
        _, length, kind = struct.unpack_from("<IHB", data, position)
        position += HEADER
        parts.append(data[position : position + length])
        position += length
        if kind in (1, 4):  # whole, or the last part
            yield b"".join(parts)
            parts = []


class Recorded:
    """The records of an offline run: config, history, summary, and how it ended."""

    def __init__(self, path):
        from wandb.proto.wandb_internal_pb2 import Record

        self.config, self.history, self.summary = {}, [], {}
        self.run_id = self.exit_code = None
        for data in records_in(path):
            record = Record()
            record.ParseFromString(data)
            kind = record.WhichOneof("record_type")
            if kind == "run":
                self.run_id, self.name = record.run.run_id, record.run.display_name
                self._update(self.config, record.run.config.update)
            elif kind == "config":
                self._update(self.config, record.config.update)
            elif kind == "history":
                self.history.append(self._update({}, record.history.item))
            elif kind == "summary":
                self._update(self.summary, record.summary.update)
            elif kind == "exit":
                self.exit_code = record.exit.exit_code

    @staticmethod
    def _update(known, items):
        known.update({i.key or ".".join(i.nested_key): json.loads(i.value_json) for i in items})
        return known

    def candidates(self):
        return {entry["candidate"]: entry for entry in self.history if "status" in entry}


def recorded(folder):
    """The runs in the order of their ends, once all are written: wandb's service may be later."""

    def whole():
        paths = folder.glob("wandb/offline-run-*/run-*.wandb")
        runs = [Recorded(path) for path in sorted(paths, key=lambda path: path.stat().st_mtime_ns)]
        return runs if all(run.exit_code is not None for run in runs) else []

    return eventually(whole)


def test_the_run_has_the_settings_the_candidates_and_the_best_one(search, tmp_path):
    fitted = search(names=("iris", "first"), pruner=None).fit(X, y)
    assert wandb.run is None
    (run,) = recorded(tmp_path)
    table = fitted.cv_results_
    assert run.name == "first"
    assert run.exit_code == 0
    assert run.config["n_iter"] == 6
    assert run.config["space"]["C"] == "loguniform(0.001, 1000)"
    candidates = run.candidates()
    assert list(candidates) == list(range(6))
    for row, number in enumerate(table["trial_number"]):
        assert candidates[number]["mean/score"] == table["mean_test_score"][row]
        assert candidates[number]["params/C"] == table["param_C"][row]
    assert run.summary["best_params"] == fitted.best_params_
    assert run.summary["best_score"] == fitted.best_score_
    assert run.summary["refit_time"] == fitted.refit_time_
    assert run.history[-1]["cv_results.nrows"] == 6


def test_the_prediction_for_a_pruned_candidate_is_not_logged_as_a_mean(search, tmp_path):
    search(n_iter=20, cv=5).fit(X, y)
    (run,) = recorded(tmp_path)
    pruned = [e for e in run.candidates().values() if e["status"] == "pruned"]
    assert pruned
    for entry in pruned:
        assert "predicted/score" in entry
        assert "mean/score" not in entry
        assert entry["n_folds"] < 5


def test_estimators_in_parameters_and_failed_fits_can_be_logged(search, tmp_path):
    pipeline = make_pipeline(StandardScaler(), SVC())
    space = {"standardscaler": [StandardScaler(), MinMaxScaler()], "svc__C": [-1.0, 1.0]}
    with pytest.warns(match="fits failed"):
        search(estimator=pipeline, space=space).fit(X, y)
    candidates = recorded(tmp_path)[0].candidates().values()
    scalers = {entry["params/standardscaler"] for entry in candidates}
    assert scalers == {"StandardScaler()", "MinMaxScaler()"}
    assert [entry["status"] for entry in candidates].count("failed") == 2
    assert not any(np.isnan(v) for e in candidates for v in e.values() if isinstance(v, float))


def test_several_objectives_have_their_names(search, tmp_path):
    search(cls=ParetoSearchCV, objectives=["accuracy", "fit_time"], pruner=None, n_iter=3).fit(X, y)
    entries = recorded(tmp_path)[0].candidates().values()
    assert all({"mean/accuracy", "mean/fit_time"} <= entry.keys() for entry in entries)


def test_the_active_run_of_the_user_is_used_and_stays_active(search, tmp_path):
    run = wandb.init(mode="offline", dir=tmp_path)
    search(n_iter=2).fit(X, y)
    assert wandb.run is run
    wandb.finish()
    (written,) = recorded(tmp_path)
    assert list(written.candidates()) == [0, 1]


def test_a_resumed_search_continues_its_run_with_the_new_candidates(search, tmp_path):
    stored = {"storage": tmp_path / "search.db", "study_name": "s"}
    search(n_iter=3, **stored).fit(X, y)
    search(n_iter=5, **stored).fit(X, y)
    first, second = recorded(tmp_path)
    assert first.run_id == second.run_id
    assert list(first.candidates()) == [0, 1, 2]
    assert list(second.candidates()) == [3, 4]


def test_an_error_ends_the_run_as_failed(search, tmp_path):
    with pytest.raises(ValueError, match="C"):
        search(space={"C": [-1.0, -2.0]}, error_score="raise").fit(X, y)
    assert wandb.run is None
    assert recorded(tmp_path)[0].exit_code == 1


def test_a_fitted_search_can_be_cloned_and_fitted_again(search, tmp_path):
    fitted = search(n_iter=2, refit=False).fit(X, y)
    clone(fitted).fit(X, y)
    assert [list(run.candidates()) for run in recorded(tmp_path)] == [[0, 1]] * 2


def test_wrong_arguments_are_named():
    with pytest.raises(TypeError, match="`init` must be"):
        WandbCallback(init=["offline"])
