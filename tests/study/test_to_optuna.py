"""Studies in memory reach databases, Optuna and its plots."""

import math

import pytest
from sklearn.datasets import load_iris
from sklearn.svm import SVC

import skhpo
from tests.storages.records import plain


@pytest.fixture
def study():
    """A study with trials of all states, and all that trials have."""
    study = skhpo.create_study(
        study_name="mine", direction="maximize", sampler=skhpo.samplers.RandomSampler(seed=0)
    )
    study.set_user_attr("owner", "me")
    study.set_metric_names(["accuracy"])

    def objective(trial):
        x = trial.suggest_float("x", -1, 2)
        trial.suggest_int("n", 1, 100, log=True)
        trial.suggest_categorical("kind", ["a", None, 1, True])
        trial.set_constraint("c", x)
        trial.report(x, 0)
        trial.report(math.nan, 3)
        if trial.number % 4 == 1:
            raise skhpo.TrialPruned
        if trial.number % 4 == 2:
            raise ValueError("this trial is to fail")
        return x

    study.optimize(objective, n_trials=12, catch=(ValueError,))
    study.ask()
    study.enqueue_trial({"x": 0.5})
    return study


def test_a_study_in_memory_is_copied_into_a_database(study, tmp_path):
    path = tmp_path / "x.db"
    skhpo.copy_study(from_study=study, to_storage=path)
    copy = skhpo.load_study(study_name="mine", storage=path)
    assert [plain(t) for t in copy.trials] == [plain(t) for t in study.trials]
    assert (copy.direction, copy.user_attrs, copy.metric_names) == (
        study.direction, {"owner": "me"}, ["accuracy"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "given", [{}, {"from_study_name": "mine"}, {"from_study": "mine"}, {"from_storage": "x.db"}]
)
def test_what_is_to_be_copied_must_be_clear(given):
    with pytest.raises(TypeError, match="Give `from_study`"):
        skhpo.copy_study(to_storage=None, **given)


def test_a_study_becomes_one_of_optunas(study):
    pytest.importorskip("optuna", minversion="5.0")
    theirs = study.to_optuna()
    assert type(theirs).__module__.startswith("optuna.")
    assert [plain(t) for t in theirs.trials] == [plain(t) for t in study.trials]
    assert theirs.direction.name == "MAXIMIZE"
    assert theirs.user_attrs == {"owner": "me"}
    assert theirs.metric_names == ["accuracy"]
    assert theirs.best_trial.number == study.best_trial.number


def test_choices_that_are_no_json_are_labels_for_optuna():
    pytest.importorskip("optuna", minversion="5.0")
    study = skhpo.create_study()
    study.optimize(
        lambda trial: len(str(trial.suggest_categorical("c", [(1, 2), SVC()]))), n_trials=4
    )
    assert {t.params["c"] for t in study.to_optuna().trials} <= {"(1, 2)", "SVC()"}


def test_without_optuna_the_error_names_it(study, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(ImportError, match="pip install optuna"):
        study.to_optuna()


PLOTS = [
    "contour", "edf", "intermediate_values", "optimization_history", "parallel_coordinate",
    "param_importances", "rank", "slice", "timeline",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize("plot", PLOTS)
def test_optunas_plots_draw_the_study_of_a_search(plot, fitted):
    pytest.importorskip("plotly")
    optuna = pytest.importorskip("optuna", minversion="5.0")
    figure = getattr(optuna.visualization, f"plot_{plot}")(fitted.study_.to_optuna())
    assert len(figure.data) > 0


@pytest.fixture(scope="module")
def fitted():
    X, y = load_iris(return_X_y=True)
    space = {
        "C": skhpo.distributions.FloatDistribution(0.1, 10, log=True),
        "kernel": ["rbf", "poly"],
    }
    return skhpo.TPESearchCV(SVC(), space, n_iter=12, cv=3, random_state=0).fit(X, y)
