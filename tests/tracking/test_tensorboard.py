"""The tracker for TensorBoard: what TensorBoard's own reader finds in the files."""

import subprocess
import sys

import pytest
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skhpo import HyperbandSearchCV, TPESearchCV
from skhpo.tracking import TensorBoardCallback

pytest.importorskip("tensorboard")

X, y = load_iris(return_X_y=True)
SPACE = {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-5, 1e1)}


def search(folder, cls=TPESearchCV, estimator=None, space=SPACE, **settings):
    arguments = {"n_iter": 6, "cv": 3, "random_state": 0, **settings}
    callback = TensorBoardCallback(folder / "logs")
    return cls(estimator or SVC(), space, callbacks=[callback], **arguments)


class Written:
    """The scalars and the hyperparameters in the folder of a search."""

    def __init__(self, folder):
        from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
        from tensorboard.plugins.hparams import metadata

        (self.folder,) = (folder / "logs").iterdir()
        self._reader = EventMultiplexer().AddRunsFromDirectory(str(self.folder))
        self._reader.Reload()
        self._metadata = metadata

    def scalars(self, run):
        """Pairs of step and value by tag."""
        from tensorboard.util.tensor_util import make_ndarray

        found = {}
        for tag in self._reader.GetAccumulator(run).Tags()["tensors"]:
            if not tag.startswith("_hparams_"):
                events = self._reader.Tensors(run, tag)
                found[tag] = {e.step: float(make_ndarray(e.tensor_proto)) for e in events}
        return found

    def candidates(self):
        names = [name for name in self._reader.Runs() if name.startswith("candidate_")]
        return {int(name.removeprefix("candidate_")): self.scalars(name) for name in names}

    def _hparams(self, run, tag):
        contents = self._reader.GetAccumulator(run).PluginTagToContent("hparams")
        return contents[tag]

    def params(self, number):
        content = self._hparams(f"candidate_{number}", self._metadata.SESSION_START_INFO_TAG)
        info = self._metadata.parse_session_start_info_plugin_data(content)
        return {n: getattr(v, v.WhichOneof("kind")) for n, v in info.hparams.items()}

    def status(self, number):
        from tensorboard.plugins.hparams.api_pb2 import Status

        content = self._hparams(f"candidate_{number}", self._metadata.SESSION_END_INFO_TAG)
        return Status.Name(self._metadata.parse_session_end_info_plugin_data(content).status)


def test_each_candidate_has_its_parameters_folds_and_means(tmp_path):
    fitted = search(tmp_path, pruner=None).fit(X, y)
    written, table = Written(tmp_path), fitted.cv_results_
    candidates = written.candidates()
    assert sorted(candidates) == list(range(6))
    for row, number in enumerate(table["trial_number"]):
        scalars = candidates[number]
        folds = {k: table[f"split{k}_test_score"][row] for k in range(3)}
        assert scalars["fold/score"] == pytest.approx(folds)
        assert scalars["mean/score"] == pytest.approx({0: table["mean_test_score"][row]})
        assert written.params(number)["C"] == table["param_C"][row]
        assert written.status(number) == "STATUS_SUCCESS"


def test_the_search_has_the_means_by_candidate(tmp_path):
    fitted = search(tmp_path, pruner=None).fit(X, y)
    written, table = Written(tmp_path), fitted.cv_results_
    means = dict(zip(table["trial_number"], table["mean_test_score"], strict=True))
    assert written.scalars(".")["mean/score"] == pytest.approx(means)


def test_the_prediction_for_a_pruned_candidate_is_not_a_mean(tmp_path):
    fitted = search(tmp_path, n_iter=20, cv=5).fit(X, y)
    written, table = Written(tmp_path), fitted.cv_results_
    pruned = table["trial_number"][table["status"] == "pruned"]
    assert len(pruned)
    for number in pruned:
        scalars = written.candidates()[number]
        assert "mean/score" not in scalars
        assert len(scalars["fold/score"]) == scalars["n_folds"][0] < 5
        assert set(scalars["predicted/score"]) == {0}
    assert not set(pruned) & set(written.scalars(".")["mean/score"])


def test_estimators_texts_and_none_are_parameters_and_a_failed_fit_is_a_failure(tmp_path):
    pipeline = make_pipeline(StandardScaler(), SVC())
    space = {
        "standardscaler": [StandardScaler(), MinMaxScaler()],
        "svc__C": [-1, 1],
        "svc__class_weight": [None, "balanced"],
    }
    with pytest.warns(match="fits failed"):
        search(tmp_path, estimator=pipeline, space=space, n_iter=8).fit(X, y)
    written = Written(tmp_path)
    params = {number: written.params(number) for number in written.candidates()}
    assert {p["standardscaler"] for p in params.values()} == {"StandardScaler()", "MinMaxScaler()"}
    assert {p["svc__class_weight"] for p in params.values()} == {"None", "balanced"}
    failed = {number for number, p in params.items() if p["svc__C"] == -1}
    assert failed == {n for n in params if written.status(n) == "STATUS_FAILURE"}


def test_with_a_resource_the_folds_are_drawn_by_its_amount(tmp_path):
    space = {"max_depth": [1, 2, 3, 4], "min_samples_leaf": [1, 5]}
    search(tmp_path, HyperbandSearchCV, DecisionTreeClassifier(random_state=0), space).fit(X, y)
    charts = [
        scalars.get("fold_0/score", {}) for scalars in Written(tmp_path).candidates().values()
    ]
    assert max(map(len, charts)) > 1
    assert max(max(chart) for chart in charts) == len(X)


def test_a_resumed_search_writes_no_candidate_twice(tmp_path):
    stored = {"storage": tmp_path / "search.db", "study_name": "a study/1"}
    search(tmp_path, n_iter=3, **stored).fit(X, y)
    search(tmp_path, n_iter=5, **stored).fit(X, y)
    written = Written(tmp_path)
    assert written.folder.name == "a_study_1"
    assert sorted(written.candidates()) == list(range(5))
    files = [list(written.folder.glob(f"candidate_{n}/events*")) for n in range(5)]
    assert [len(some) for some in files] == [1] * 5


def test_a_fitted_search_can_be_cloned_and_fitted_again(tmp_path):
    fitted = search(tmp_path, n_iter=2).fit(X, y)
    clone(fitted).fit(X, y)
    assert len(list((tmp_path / "logs").iterdir())) == 2


def test_neither_tensorflow_nor_torch_is_imported(tmp_path):
    code = (
        "import sys; from sklearn.svm import SVC; from sklearn.datasets import load_iris;"
        "from skhpo import RandomSearchCV; from skhpo.tracking import TensorBoardCallback;"
        f"callbacks = [TensorBoardCallback({str(tmp_path)!r})];"
        "search = RandomSearchCV(SVC(), {'C': [1, 2]}, callbacks=callbacks);"
        "search.fit(*load_iris(return_X_y=True));"
        "assert not {'tensorflow', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", code], check=True)
    assert len(list(tmp_path.rglob("events*"))) == 3


def test_a_path_is_required():
    with pytest.raises(TypeError, match="`log_dir` must be a path; got None"):
        TensorBoardCallback(None)
