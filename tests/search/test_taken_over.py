"""Results of earlier searches of the same data are used as they are: nothing is fitted again."""

import pickle

import joblib
import numpy as np
import pytest
from scipy.stats import loguniform, randint, uniform
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer
from sklearn.model_selection import KFold, ParameterGrid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

import skhpo
from skhpo import (
    CmaEsSearchCV,
    GPSearchCV,
    HyperbandSearchCV,
    QMCSearchCV,
    RandomSearchCV,
    TPESearchCV,
)
from skhpo.search._setup import make_setup
from tests.search.estimators import Failing, Logged, Scored, Slow

X, y = load_iris(return_X_y=True)
SPACE = {"x": uniform(0, 1), "k": randint(1, 9), "kind": ["a", "b"]}
BRANCHES = [{"kind": ["a"], "x": uniform(0, 1)}, {"kind": ["b"], "k": randint(1, 9)}]


@pytest.fixture
def fits(tmp_path, monkeypatch):
    """Returns the fits since its last use, one text each."""
    monkeypatch.setattr(Logged, "log", str(tmp_path / "fits.log"))

    def since():
        with open(Logged.log, "a+") as file:
            file.seek(0)
            lines = file.read().splitlines()
            file.truncate(0)
        return lines

    return since


def fit(search_class=TPESearchCV, space=SPACE, estimator=None, data=(X, y), **settings):
    settings = {"n_iter": 10, "cv": 4, "random_state": 0, "refit": False, **settings}
    estimator = Logged() if estimator is None and Logged.log else estimator or Scored()
    return search_class(estimator, space, **settings).fit(*data)


def table(search):
    """The results but for times, which no two runs have in common."""
    return {
        name: np.ma.filled(np.ma.asarray(column, dtype=object), None).tolist()
        for name, column in search.cv_results_.items()
        if not name.endswith("_time")
    }


def n_taken(search):
    return sum(map(len, search.study_.user_attrs.get("taken_over", {}).values()))


# ------------------------------------------------------------- the same as one search


@pytest.mark.parametrize(
    "search_class",
    [RandomSearchCV, QMCSearchCV, TPESearchCV, GPSearchCV, CmaEsSearchCV, HyperbandSearchCV],
)
@pytest.mark.parametrize("space", [SPACE, BRANCHES], ids=["flat", "branches"])
def test_two_searches_of_one_seed_find_what_one_search_finds(search_class, space, fits):
    whole = fit(search_class, space, n_iter=24)
    of_whole = fits()
    half = fit(search_class, space, n_iter=11)
    of_half = fits()
    rest = fit(search_class, space, n_iter=13, prior=[half])
    assert repr(table(rest)) == repr(table(whole))
    assert of_half + fits() == of_whole
    assert rest.evaluations_["from_storage"].sum() == len(of_half)


def test_a_known_estimator_continues_with_its_prior():
    data = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), SVC())
    space = {"svc__C": loguniform(1e-2, 1e3), "svc__gamma": loguniform(1e-5, 1e1)}
    settings = {"estimator": model, "data": data, "cv": 3}
    whole = fit(GPSearchCV, space, n_iter=7, **settings)
    for n in (2, 5):  # within the first candidates of the prior, and after them
        begun = fit(GPSearchCV, space, n_iter=n, **settings)
        rest = fit(GPSearchCV, space, n_iter=7 - n, prior=[begun], **settings)
        assert repr(table(rest)) == repr(table(whole))
    assert rest.study_.user_attrs["prior"]["trials"] == []


def test_learning_curves_and_rounds_come_along():
    model = HistGradientBoostingClassifier(max_iter=40, random_state=0)
    space = {"learning_rate": loguniform(0.01, 1), "max_leaf_nodes": randint(3, 20)}
    settings = {"estimator": model, "cv": 3, "early_stopping": "fold"}
    whole = fit(RandomSearchCV, space, n_iter=6, **settings)
    half = fit(RandomSearchCV, space, n_iter=3, **settings)
    rest = fit(RandomSearchCV, space, n_iter=3, prior=half, **settings)
    assert repr(table(rest)) == repr(table(whole))
    curves = [one["values"].tolist() for one in rest.evaluations_["curve"]]
    assert curves == [one["values"].tolist() for one in whole.evaluations_["curve"]]


@pytest.mark.filterwarnings("ignore")
def test_rows_are_as_they_were_measured():
    earlier = fit(estimator=Failing(), space={**SPACE, "kind": ["a", "b", "bad"]}, n_iter=20)
    assert set(earlier.cv_results_["status"]) == {"complete", "pruned", "failed"}
    later = fit(space={**SPACE, "kind": ["a", "b", "bad"]}, estimator=Failing(), n_iter=1,
                prior=earlier)  # fmt: skip
    assert n_taken(later) == 20
    for name in ("mean_fit_time", "std_score_time", "split2_test_score", "status"):
        was, found = earlier.cv_results_[name], later.cv_results_[name][:20]
        assert repr(found.tolist()) == repr(was.tolist())
    first = later.study_.trials[0]
    assert first.datetime_complete == earlier.study_.trials[0].datetime_complete


def test_another_pruner_reads_its_own_reports():
    earlier = fit(pruner=None, n_iter=12)
    later = fit(pruner="racing", prior=earlier)
    assert len(earlier.cv_results_["params"]) == n_taken(later) == 12
    trial = later.study_.trials[1]
    result = {fold: later.cv_results_[f"split{fold}_test_score"][1] for fold in range(4)}
    assert trial.intermediate_values == result
    assert (later.cv_results_["status"][12:] == "pruned").any()


# ------------------------------------------------------------------------ what is taken


@pytest.mark.parametrize("search_class", [RandomSearchCV, TPESearchCV])
def test_they_do_not_count_towards_the_limits(search_class, fits):
    earlier = fit(search_class, n_iter=10, pruner=None)
    assert len(fits()) == 40
    later = fit(search_class, n_iter=None, max_fits=12, prior=earlier, pruner=None)
    assert len(fits()) == 12
    assert len(later.cv_results_["params"]) == 13
    later = fit(search_class, n_iter=2, prior=earlier, pruner=None)
    assert len(fits()) == 8
    assert len(later.cv_results_["params"]) == 12


def test_of_a_grid_only_the_other_cells_run(fits):
    small = {"k": [1, 2], "kind": ["a", "b"]}
    earlier = fit(space=small, pruner=None)
    assert len(fits()) == 16
    large = {"k": [1, 2, 3, 4], "kind": ["a", "b"]}
    later = fit(space=large, pruner=None, prior=earlier)
    assert len(fits()) == 16
    assert later.cv_results_["params"] == list(ParameterGrid(large))
    assert fit(space=large, pruner=None, prior=[earlier, later]).n_splits_ == 4
    assert fits() == []


def test_candidates_outside_of_the_space_are_learned_from(fits):
    earlier = fit(n_iter=30, pruner=None)
    inside = [p for p in earlier.cv_results_["params"] if p["x"] <= 0.5]
    fits()
    later = fit(GPSearchCV, {**SPACE, "x": uniform(0, 0.5)}, n_iter=2, prior=earlier, pruner=None)
    assert later.cv_results_["params"][:-2] == inside
    assert len(fits()) == 8
    sources = [one["name"] for one in later.study_.user_attrs["prior"]["sources"]]
    assert sources == ["own searches"]


def test_nothing_is_learned_from_what_was_taken():
    earlier = fit(n_iter=10)
    later = fit(GPSearchCV, n_iter=2, prior=earlier)
    assert "prior" not in later.study_.user_attrs
    assert n_taken(fit(GPSearchCV, n_iter=2, prior=fit(n_iter=2))) == 2  # too few to learn from


def test_a_further_parameter_has_the_value_of_the_estimator():
    earlier = fit(space={"x": uniform(0, 1)}, estimator=Scored(k=5))
    assert n_taken(fit(estimator=Scored(k=5), prior=earlier)) == 10
    assert n_taken(fit(estimator=Scored(k=20), prior=earlier)) == 0
    space = {"x": uniform(0, 1), "k": randint(6, 9)}
    assert n_taken(fit(space=space, estimator=Scored(k=5), prior=earlier)) == 0


def test_a_parameter_that_is_no_longer_searched_must_have_the_value_of_the_estimator():
    earlier = fit(n_iter=20, pruner=None)
    later = fit(space={"x": uniform(0, 1)}, estimator=Scored(k=4, kind="b"), prior=earlier)
    params = [p for p in earlier.cv_results_["params"] if p["k"] == 4 and p["kind"] == "b"]
    assert len(params) > 0
    assert [p["x"] for p in later.cv_results_["params"][:-10]] == [p["x"] for p in params]


def test_branches_and_flat_spaces_share_their_candidates():
    flat = {"kind": ["a", "b"], "x": uniform(0, 1), "k": randint(1, 9)}
    earlier = fit(space=BRANCHES, pruner=None)
    later = fit(space=flat, prior=earlier)
    assert n_taken(later) == 10
    scores = [search.cv_results_["mean_test_score"] for search in (earlier, later)]
    assert scores[0].tolist() == scores[1][:10].tolist()
    again = fit(space=BRANCHES, prior=later)
    assert n_taken(again) == 10


def test_steps_among_the_choices_are_the_same_in_a_storage(tmp_path):
    model = make_pipeline(StandardScaler(), LogisticRegression())
    space = {"standardscaler": [StandardScaler(), MinMaxScaler(), None],
             "logisticregression__C": loguniform(0.01, 10)}  # fmt: skip
    earlier = fit(space=space, estimator=model, n_iter=6, storage=tmp_path / "s.db")
    for source in (earlier, tmp_path / "s.db"):
        later = fit(space=space, estimator=model, n_iter=1, prior=source)
        assert n_taken(later) == 6
        shown = [list(map(repr, s.cv_results_["params"])) for s in (earlier, later)]
        assert shown[0] == shown[1][:6]


def test_the_longest_of_equal_candidates_counts():
    several = fit(n_iter=24, pruner="racing")
    assert (several.cv_results_["status"] == "pruned").any()
    again = [dict(p) for p in several.cv_results_["params"]]
    whole = fit(n_iter=24, pruner=None, enqueue=again)
    later = fit(n_iter=1, pruner=None, prior=[several, whole])
    assert (later.cv_results_["status"] == "complete").all()
    assert later.cv_results_["params"][:-1] == again


# -------------------------------------------------------------------- what must be equal


def right(y_true, y_pred):
    return float(np.mean(y_true == y_pred))


def scorer(level):
    return make_scorer(lambda y_true, y_pred: level)


WEIGHTS = np.linspace(1, 2, len(y))


class Weighted(Scored):
    def fit(self, X, y, sample_weight=None):
        return super().fit(X, y)


@pytest.mark.parametrize(
    "changed",
    [
        {"data": (X + 1, y)},
        {"data": (X, 1 - y)},
        {"data": (X[:-1], y[:-1])},
        {"cv": 3},
        {"cv": KFold(4, shuffle=True)},
        {"scoring": "balanced_accuracy"},
        {"scoring": make_scorer(right)},
        {"return_train_score": True},
        {"error_score": 0.0},
        {"estimator": Slow()},
        {"resource": "n_samples", "min_resources": 10},
        {"scoring": ["accuracy", "balanced_accuracy"], "refit": "accuracy"},
    ],
    ids=str,
)
def test_what_measures_another_thing_is_not_taken(changed):
    earlier = fit()
    assert n_taken(fit(n_iter=1, prior=earlier)) == 10
    assert n_taken(fit(**{"n_iter": 1, **changed, "prior": earlier})) == 0


def test_functions_are_compared_by_their_code():
    earlier = fit(scoring=scorer(0.5), n_iter=6)
    assert n_taken(fit(scoring=scorer(0.5), prior=earlier)) == 6
    assert n_taken(fit(scoring=scorer(0.7), prior=earlier)) == 0
    one, other = (make_scorer(eval(f"lambda t, p: {text}")) for text in ("1.0", "(t == p).mean()"))
    assert n_taken(fit(scoring=other, prior=fit(scoring=one))) == 0


def test_a_set_in_the_code_of_a_function_has_no_order():
    # {0, 8} and {8, 0} are listed in their own order, as texts are in each process.
    one, other = (make_scorer(eval(f"lambda t, p: float(1 in {s})")) for s in ("{0, 8}", "{8, 0}"))
    assert n_taken(fit(scoring=other, n_iter=1, prior=fit(scoring=one, n_iter=6))) == 6


@pytest.mark.filterwarnings("ignore:The scoring")
def test_weights_are_a_part_of_the_data():
    search = TPESearchCV(Weighted(), SPACE, n_iter=6, random_state=0)
    earlier = search.fit(X, y, sample_weight=WEIGHTS)
    later = TPESearchCV(Weighted(), SPACE, n_iter=6, random_state=0, prior=[earlier])
    assert n_taken(later.fit(X, y, sample_weight=WEIGHTS)) == 6
    assert n_taken(later.fit(X, y, sample_weight=WEIGHTS[::-1])) == 0
    assert n_taken(later.fit(X, y)) == 0


def test_a_number_of_another_kind_is_another_candidate():
    model = HistGradientBoostingClassifier(max_iter=3, random_state=0)
    earlier = fit(space={"max_features": [0.5, 1.0]}, estimator=model)
    assert n_taken(fit(space={"max_features": uniform(0.1, 0.9)}, estimator=model, n_iter=1,
                       prior=earlier)) == 2  # fmt: skip
    settings = {"estimator": make_pipeline(Fraction()), "search_class": RandomSearchCV}
    earlier = fit(space={"fraction__size": [0.5, 1.0]}, **settings)
    assert n_taken(fit(space={"fraction__size": [0.5, 0.7]}, prior=earlier, **settings)) == 1
    assert n_taken(fit(space={"fraction__size": randint(1, 3)}, prior=earlier, **settings)) == 0


class Fraction(Scored):
    """Like scikit-learn's, its size is a number of rows or a fraction."""

    _parameter_constraints = HistGradientBoostingClassifier._parameter_constraints | {
        "size": LogisticRegression._parameter_constraints["max_iter"]
        + LogisticRegression._parameter_constraints["C"]
    }

    def __init__(self, size=1.0):
        super().__init__()
        self.size = size


def test_candidates_without_an_end_are_not_taken():
    def interrupt(study, trial):
        if trial.number == 3:
            raise KeyboardInterrupt

    with pytest.warns(skhpo.exceptions.SearchInterruptedWarning):
        earlier = fit(callbacks=[interrupt], n_jobs=1)
    n_ended = int(np.isin(earlier.cv_results_["status"], ["complete", "pruned"]).sum())
    assert n_taken(fit(prior=earlier)) == n_ended


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_candidates_that_failed_at_a_limit_get_another_chance():
    space = {"seconds": [0.0, 5.0]}
    earlier = fit(space=space, estimator=Slow(), fit_timeout=0.5, cv=2)
    assert sorted(earlier.cv_results_["status"]) == ["complete", "timed out"]
    assert n_taken(fit(space={"seconds": [0.0, 0.01]}, estimator=Slow(), cv=2,
                       prior=earlier)) == 1  # fmt: skip


def test_studies_of_other_kinds_are_learned_from():
    def objective(trial):
        return trial.suggest_float("x", 0, 1) + trial.suggest_int("k", 1, 8)

    study = skhpo.create_study(direction="maximize")
    study.optimize(objective, n_trials=8)
    later = fit(GPSearchCV, prior=[study])
    assert n_taken(later) == 0
    assert later.study_.user_attrs["prior"]["sources"][0]["name"] == "own searches"


def test_a_wrong_prior_is_an_error_of_every_search(tmp_path):
    for search_class in (RandomSearchCV, TPESearchCV):
        with pytest.raises(TypeError, match="`prior` must be 'auto', None, a fitted search"):
            fit(search_class, prior=[3])
        with pytest.raises(FileNotFoundError, match="no storage"):
            fit(search_class, prior=str(tmp_path / "nothing.db"))


# ---------------------------------------------------------------- studies and storages


@pytest.mark.parametrize("kind", ["search", "study", "pickle", "path", "url", "copy"])
def test_searches_studies_and_storages_are_sources(kind, tmp_path, fits):
    earlier = fit(storage=tmp_path / "s.db" if kind in ("path", "url") else None)
    fits()
    source = {
        "search": lambda: earlier,
        "study": lambda: earlier.study_,
        "pickle": lambda: pickle.loads(pickle.dumps(earlier)),
        "path": lambda: tmp_path / "s.db",
        "url": lambda: f"sqlite:///{tmp_path}/s.db",
        "copy": lambda: skhpo.copy_study(
            from_study=earlier.study_, to_storage=tmp_path / "copy.db", to_study_name="s"
        ) or tmp_path / "copy.db",
    }[kind]()  # fmt: skip
    later = fit(prior=source)
    assert n_taken(later) == 10
    assert later.cv_results_["params"][:10] == earlier.cv_results_["params"]
    assert len(fits()) == later.cv_results_["n_splits_evaluated"][10:].sum()
    assert n_taken(fit(prior=later)) == 20  # they are a source again


def test_a_stored_search_takes_them_once(tmp_path, fits):
    earlier = fit(n_iter=8)
    settings = {"prior": earlier, "storage": tmp_path / "s.db", "study_name": "later"}
    whole = fit(n_iter=16, prior=earlier)
    fits()
    half = fit(n_iter=5, **settings)
    assert len(half.cv_results_["params"]) == 13
    rest = fit(n_iter=16, **settings)
    assert len(rest.cv_results_["params"]) == 24
    assert repr(table(rest)) == repr(table(whole))
    assert len(set(of_all := fits())) == len(of_all)
    assert fit(n_iter=16, **settings).study_.user_attrs["taken_over"] == {
        earlier.study_.study_name: list(range(8))
    }


def test_what_is_new_in_a_source_is_taken_when_the_search_resumes(tmp_path):
    source = {"storage": tmp_path / "source.db", "study_name": "source"}
    fit(RandomSearchCV, n_iter=4, **source)
    settings = {"prior": tmp_path / "source.db", "storage": tmp_path / "s.db", "random_state": 1}
    fit(n_iter=6, **settings)
    fit(RandomSearchCV, n_iter=7, **source)
    later = fit(n_iter=8, **settings)
    assert later.study_.user_attrs["taken_over"] == {"source": [0, 1, 2, 3, 10, 11, 12]}
    assert len(later.cv_results_["params"]) == 15


def test_the_storage_of_the_search_itself_may_be_a_source(tmp_path, fits):
    settings = {"storage": tmp_path / "s.db", "prior": tmp_path / "s.db"}
    fit(GPSearchCV, n_iter=6, storage=tmp_path / "s.db", study_name="first")
    whole = fit(GPSearchCV, n_iter=8, prior=tmp_path / "s.db")
    fits()
    fit(GPSearchCV, n_iter=3, study_name="second", **settings)
    later = fit(GPSearchCV, n_iter=8, study_name="second", **settings)
    assert n_taken(later) == 6
    assert repr(table(later)) == repr(table(whole))


def fit_shared(folder, source, seed):
    return fit(n_iter=20, cv=3, prior=source, storage=f"{folder}/s.db", study_name="shared",
               random_state=None if seed else 0).study_.study_name  # fmt: skip


@pytest.mark.slow
def test_processes_that_share_a_search_take_each_candidate_once(tmp_path):
    source = fit(RandomSearchCV, n_iter=15, cv=3).study_
    joblib.Parallel(2, backend="loky")(
        joblib.delayed(fit_shared)(tmp_path, source, seed) for seed in (0, 1)
    )
    study = skhpo.load_study(study_name="shared", storage=tmp_path / "s.db")
    params = [tuple(trial.params.values()) for trial in study.trials]
    assert len(set(params)) == len(params) == 35
    assert study.user_attrs["taken_over"] == {source.study_name: list(range(15))}


# --------------------------------------------------------------------- what is told of it


def test_the_report_tells_where_results_come_from(tmp_path):
    earlier = fit(study_name="last week")
    later = fit(prior=earlier, n_iter=1, refit=True)
    for subject in (later, later.study_):
        skhpo.report(subject, tmp_path / "report.md")
        assert "10 candidates from `last week`" in (tmp_path / "report.md").read_text()
    skhpo.report(earlier.study_, tmp_path / "report.md")
    assert "taken over" not in (tmp_path / "report.md").read_text()


def test_a_search_in_memory_knows_what_its_results_depend_on():
    class Unreadable:
        def __reduce__(self):
            raise TypeError("no")

        def __repr__(self):
            raise ValueError("no")

    search = TPESearchCV(Scored(), SPACE, n_iter=2, cv=2)
    setup = make_setup(search, search._make_problem(), X, y, {})
    assert search._describe(setup)[1]["conditions"]
    search.error_score = Unreadable()
    assert search._describe(setup) == ({}, {})
