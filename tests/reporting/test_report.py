"""A report states what was found, how sure that is, and what to try next; it is one safe file."""

import builtins
import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from scipy import stats
from scipy.stats import loguniform, randint, uniform
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    RepeatedStratifiedKFold,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import skhpo
from skhpo import HyperbandSearchCV, ParetoSearchCV, RandomSearchCV, TPESearchCV, report

pytest.importorskip("jinja2")

X, Y = load_breast_cancer(return_X_y=True)
X_TRAIN, X_TEST, Y_TRAIN, Y_TEST = train_test_split(X, Y, random_state=0, stratify=Y)
PIPELINE = make_pipeline(StandardScaler(), SVC(gamma=0.02))
SPACE = {"svc__C": loguniform(1e-2, 1e3), "svc__gamma": loguniform(1e-5, 1e1)}


class Page(HTMLParser):
    """The parts of an HTML page, with a check that each tag is closed."""

    VOID = {"meta", "img", "br", "link"}

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.attributes, self.ids = [], [], [], []
        self.text, self.titles = [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)
        if self.open and self.open[-1] == "h2":
            self.titles.append(data)

    def all_text(self):
        return " ".join("".join(self.text).split())


def page_of(search, **options):
    return Page(report(search, path=None, **options))


def markdown_of(search, tmp_path, **options):
    path = report(search, tmp_path / "report.md", **options)
    with open(path, encoding="utf-8") as file:
        return file.read()


@pytest.fixture(scope="module")
def search():
    settings = {"n_iter": 30, "scoring": "accuracy", "random_state": 0}
    return TPESearchCV(PIPELINE, SPACE, **settings).fit(X_TRAIN, Y_TRAIN)


@pytest.fixture(scope="module")
def front():
    space = {"n_estimators": randint(3, 30), "max_leaf_nodes": randint(4, 40)}
    settings = {"objectives": ["roc_auc", "model_size"], "n_iter": 12, "cv": 3, "random_state": 0}
    forest = RandomForestClassifier(n_estimators=10, max_leaf_nodes=20, random_state=0)
    settings["n_confirm"] = 2
    return ParetoSearchCV(forest, space, **settings).fit(X_TRAIN, Y_TRAIN)


# ---------------------------------------------------------------------------------- content


def test_the_sections_are_there_in_order(search):
    assert page_of(search).titles == [
        "In short",
        "What was searched",
        "The winner",
        "Candidates",
        "What mattered",
        "What to try next",
        "Plots",
        "How to reproduce it",
    ]


@pytest.mark.parametrize("cls", [TPESearchCV, RandomSearchCV, RandomizedSearchCV])
def test_importances_of_candidates_that_a_sampler_chose_are_marked(cls):
    search = cls(SVC(), {"C": loguniform(0.1, 10), "gamma": loguniform(1e-3, 1)}, n_iter=4, cv=2)
    text = page_of(search.fit(X[:100], Y[:100])).all_text()
    assert "The importance (fANOVA)" in text
    assert ("The sampler tried mostly candidates" in text) == (cls is TPESearchCV)


def test_the_winner_and_its_score_are_stated(search):
    text = page_of(search).all_text()
    assert f"accuracy = {search.best_score_:.4f}" in text
    for value in search.best_params_.values():
        assert f"{value:.5g}" in text


def test_the_gain_over_the_estimator_as_given_is_tested_over_the_folds(search, tmp_path):
    """By hand: the corrected t-test over five folds, with n_test / n_train = 1 / 4."""
    results = search.cv_results_
    folds = np.array([results[f"split{k}_test_score"] for k in range(5)])
    best, default = search.best_index_, int(np.flatnonzero(results["trial_number"] == 0)[0])
    assert results["params"][default] == {"svc__C": 1.0, "svc__gamma": 0.02}
    d = folds[:, best] - folds[:, default]
    error = np.sqrt(d.var(ddof=1) * (1 / 5 + 1 / 4))
    p = 2 * stats.t.sf(abs(d.mean()) / error, 4)
    text = markdown_of(search, tmp_path)
    assert f"| gain | +{d.mean():.2g} (95% interval" in text
    assert f"p = {p:.2g})" in text
    bias = results["optimism_test_score"][best]
    assert f"| luck of the choice (selection bias), estimated | {bias:.2g} |" in text


def test_repeated_folds_are_tested_with_the_sizes_of_a_fold():
    from skhpo.reporting._subject import read_search

    cv = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0)
    search = TPESearchCV(SVC(), {"C": [1.0, 2.0]}, cv=cv, pruner=None).fit(X, Y)
    assert read_search(search).test_per_train == 0.5


def test_a_gain_within_the_luck_is_called_luck():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(200, 5))
    labels = rng.integers(2, size=200)
    space = {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-3, 1e3)}
    search = RandomSearchCV(SVC(gamma=0.1), space, n_iter=40, pruner=None, random_state=0)
    with pytest.warns(skhpo.SearchOverfitWarning):
        search.fit(noise, labels)
    text = page_of(search).all_text()
    assert "The gain is about what the luck of choosing the best of many candidates gives" in text


def test_a_large_gain_is_called_larger_than_luck():
    search = TPESearchCV(
        make_pipeline(StandardScaler(), SVC(C=0.01, gamma=1.0)), SPACE, n_iter=20, random_state=0
    ).fit(X, Y)
    text = page_of(search).all_text()
    assert "The gain is larger than chance and the luck of the choice explain." in text


def test_if_the_estimator_as_given_wins_that_is_stated():
    search = GridSearchCV(PIPELINE, {"svc__C": [1e-4, 1.0]}).fit(X, Y)
    text = page_of(search).all_text()
    assert "The estimator as given is the winner. The search found nothing better." in text


def test_a_default_outside_of_the_space_is_named():
    search = TPESearchCV(SVC(), {"gamma": loguniform(1e-5, 1)}, n_iter=3, random_state=0).fit(X, Y)
    text = page_of(search).all_text()
    assert "It was not a candidate, as gamma = scale is outside of the space." in text


def test_fits_and_candidates_by_status_are_counted(search):
    results = search.cv_results_
    text = page_of(search).all_text()
    n_stopped = int((results["status"] == "pruned").sum())
    fits = int(results["n_splits_evaluated"].sum())
    assert n_stopped > 5
    assert f"{n_stopped} candidates with little chance to win were stopped early" in text
    assert f"That saved {150 - fits} of 150 fits" in text


def test_held_out_rows_are_scored(search):
    score = search.score(X_TEST, Y_TEST)
    text = page_of(search, X_test=X_TEST, y_test=Y_TEST).all_text()
    assert f"On 143 rows that the search has not seen, the score is {score:.4g}" in text


def test_a_regression_with_a_negative_score_reads_well(tmp_path):
    data, target = load_diabetes(return_X_y=True)
    search = TPESearchCV(
        Ridge(), {"alpha": loguniform(1e-4, 1e2)}, n_iter=12, random_state=0,
        scoring="neg_root_mean_squared_error",
    ).fit(data, target)  # fmt: skip
    text = markdown_of(search, tmp_path)
    assert f"`neg_root_mean_squared_error` = −{-search.best_score_:.2f}" in text


def test_a_front_is_listed_with_the_choice_and_the_estimator_as_given(front, tmp_path):
    text = markdown_of(front, tmp_path)
    n_front = len(front.pareto_front_)
    assert f"{n_front} candidates of 12 are on the Pareto front" in text
    assert "The rule `knee` chose candidate" in text
    chosen = front.cv_results_["trial_number"][front.best_index_]
    assert re.search(rf"^\| {chosen} \|.*chosen", text, re.MULTILINE)
    assert re.search(r"^\| 0 \|.*as given", text, re.MULTILINE)
    assert "## The front and the choice" in text


def test_a_resource_is_shown(tmp_path):
    search = HyperbandSearchCV(PIPELINE, SPACE, n_iter=10, cv=3, random_state=0).fit(X, Y)
    text = markdown_of(search, tmp_path)
    assert "| largest amount of the resource | candidates |" in text
    assert "fits (" not in text  # the fits of a rung are no share of all fits


@pytest.mark.parametrize(
    "search",
    [
        GridSearchCV(PIPELINE, {"svc__C": [0.1, 1.0, 10.0], "svc__gamma": [0.02, 0.1]}),
        RandomizedSearchCV(PIPELINE, SPACE, n_iter=8, random_state=0),
        GridSearchCV(PIPELINE, [{"svc__C": [0.1, 1]}, {"svc__kernel": ["linear"], "svc__C": [1]}]),
        GridSearchCV(
            PIPELINE, {"svc__C": [0.1, 1.0]}, scoring=["accuracy", "roc_auc"], refit="roc_auc"
        ),
        GridSearchCV(PIPELINE, {"svc__C": [0.1, 1.0]}, refit=False),
    ],
    ids=["grid", "random", "branches", "metrics", "no refit"],
)
def test_searches_of_scikit_learn_have_reports(search):
    page = page_of(search.fit(X, Y))
    assert "The winner" in page.titles
    assert "img" in page.tags


@pytest.mark.parametrize(
    "settings",
    [
        {"refit": False},
        {"n_confirm": 2},
        {"refit": skhpo.one_standard_error("fit_time")},
        {"scoring": {"acc": "accuracy", "auc": "roc_auc"}, "refit": "auc"},
        {"sampler": skhpo.samplers.RandomSampler(), "pruner": "median"},
        {"enqueue": None},
        {"n_iter": 1},
    ],
)
def test_all_kinds_of_searches_have_reports(settings):
    search = TPESearchCV(PIPELINE, SPACE, **{"n_iter": 6, "cv": 3, "random_state": 0, **settings})
    page = page_of(search.fit(X, Y))
    assert "What to try next" in page.titles
    assert "nan" not in page.all_text().lower().replace("finance", "")


def test_branches_and_estimators_as_choices_have_reports():
    space = [
        {"svc": [SVC()], "svc__C": loguniform(0.1, 10)},
        {"svc": [LogisticRegression(max_iter=500)], "svc__C": loguniform(0.01, 1)},
    ]
    search = TPESearchCV(PIPELINE, space, n_iter=10, cv=3, random_state=0).fit(X, Y)
    text = page_of(search).all_text()
    assert "LogisticRegression(max_iter=500)" in text


# ------------------------------------------------------------------------------------ studies


def test_a_stored_search_has_a_report_that_names_what_is_missing(tmp_path):
    storage = f"sqlite:///{tmp_path / 'search.db'}"
    search = TPESearchCV(PIPELINE, SPACE, n_iter=8, random_state=0, storage=storage).fit(X, Y)
    study = skhpo.load_study(study_name=search.study_.study_name, storage=storage)
    text = markdown_of(study, tmp_path)
    assert "This report was made from a study alone." in text
    assert "SVC(gamma=0.02)" in text
    assert f"= {search.best_score_:.4f}" in text
    fits = int(search.cv_results_["n_splits_evaluated"].sum())
    assert f"That saved {40 - fits} of 40 fits" in text
    assert "luck of the choice" in text


def test_studies_of_any_kind_have_reports(tmp_path):
    def objective(trial):
        x = trial.suggest_float("x", -5, 5)
        kind = trial.suggest_categorical("kind", ["a", "b"])
        if kind == "b" and x > 3:
            raise skhpo.TrialPruned
        return x**2 + (kind == "b")

    study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0), study_name="mine")
    study.optimize(objective, n_trials=40)
    text = markdown_of(study, tmp_path)
    assert "# Study mine" in text
    assert "`value` (smaller is better)" in text
    assert "img" in page_of(study).tags

    study = skhpo.create_study(directions=["minimize", "maximize"])
    study.optimize(lambda t: (t.suggest_float("x", 0, 1), t.suggest_int("n", 1, 9)), n_trials=15)
    assert "are on the Pareto front" in page_of(study).all_text() or "is on" in markdown_of(
        study, tmp_path
    )


def test_a_study_in_which_nothing_is_complete_has_a_report(tmp_path):
    study = skhpo.create_study()
    study.tell(
        study.ask({"x": skhpo.distributions.FloatDistribution(0, 1)}), state=skhpo.TrialState.FAIL
    )
    assert "so there is no winner" in markdown_of(study, tmp_path)


# ------------------------------------------------------------------------------------- safety


def test_the_page_loads_nothing(search, front):
    for one in (search, front):
        html = report(one, path=None)
        page = Page(html)
        assert "script" not in page.tags
        assert "link" not in page.tags
        sources = [value for _, name, value in page.attributes if name in ("src", "href")]
        assert all(source.startswith(("data:", "#")) for source in sources)
        style = html[html.index("<style>") : html.index("</style>")]
        assert "url(" not in style
        assert "@import" not in style


def test_links_lead_to_sections(search):
    page = page_of(search)
    ids = {value for _, name, value in page.attributes if name == "id"}
    links = {
        value.removeprefix("#")
        for tag, name, value in page.attributes
        if (tag, name) == ("a", "href")
    }
    assert links == ids


class Named(ClassifierMixin, BaseEstimator):
    """A classifier whose parameter may be any text."""

    def __init__(self, text="plain"):
        self.text = text

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[len(self.text) % 2])


EVIL = "<script>alert('x')</script> `a` | b\n# c"


def test_names_and_values_are_escaped_in_html():
    search = TPESearchCV(Named(), {"text": [EVIL, "&amp;", "plain"]}, cv=3).fit(X, Y)
    page = page_of(search, title="<b>bold</b> & co")
    assert "script" not in page.tags
    assert "b" not in page.tags
    assert "<b>bold</b> & co" in page.all_text()
    assert "<script>alert('x')</script>" in page.all_text()


def test_names_and_values_do_not_break_markdown_tables(tmp_path):
    search = TPESearchCV(Named(), {"text": [EVIL, "plain"]}, cv=3).fit(X, Y)
    text = markdown_of(search, tmp_path, title="<b> *x*")
    assert text.startswith("# \\<b\\> \\*x\\*\n")
    lines = text.splitlines()
    for start in (k for k, line in enumerate(lines) if line.startswith("|---")):
        n_cells = len(re.findall(r"(?<!\\)\|", lines[start]))
        for line in lines[start - 1 :]:
            if not line.startswith("|"):
                break
            assert len(re.findall(r"(?<!\\)\|", line)) == n_cells


def test_passwords_of_storages_are_masked():
    from skhpo.reporting._environment import code_of_search

    search = TPESearchCV(SVC(), {"C": [1]}, storage="postgresql://me:secret@host/db")
    assert "secret" not in code_of_search(search)
    assert "postgresql://me:***@host/db" in code_of_search(search)


def test_the_code_of_a_search_runs_and_gives_the_same_result(search):
    from skhpo.reporting._environment import code_of_search

    namespace = {"X": X_TRAIN, "y": Y_TRAIN}
    exec(code_of_search(search), namespace)
    assert namespace["search"].best_params_ == search.best_params_


def test_the_code_of_a_search_with_many_parts_runs():
    from skhpo.reporting._environment import code_of_search

    space = {
        "svc__C": uniform(0.1, 5),
        "svc__kernel": ["rbf", "linear"],
        "standardscaler": [StandardScaler(), "passthrough"],
    }
    given = RandomSearchCV(
        make_pipeline(StandardScaler(), SVC()), space, n_iter=3, cv=3, random_state=0,
        sampler=skhpo.samplers.QMCSampler(), pruner=skhpo.pruners.MedianPruner(),
    )  # fmt: skip
    namespace = {"X": X, "y": Y}
    exec(code_of_search(given), namespace)
    again = namespace["search"].cv_results_["mean_test_score"]
    np.testing.assert_array_equal(again, given.fit(X, Y).cv_results_["mean_test_score"])


# -------------------------------------------------------------------------------------- files


def test_the_suffix_decides_about_the_format(search, tmp_path):
    path = report(search, tmp_path / "a.html")
    assert path == str(tmp_path / "a.html")
    with open(path, encoding="utf-8") as file:
        assert file.read().startswith("<!doctype html>")
    assert markdown_of(search, tmp_path).startswith("# TPESearchCV of SVC")
    assert "<img" not in markdown_of(search, tmp_path)
    with pytest.raises(ValueError, match=r"The suffix of `path` must be one of .*report.pdf"):
        report(search, "report.pdf")


def test_what_cannot_be_reported_is_refused(search):
    with pytest.raises(NotFittedError, match="this TPESearchCV has no attribute 'cv_results_'"):
        report(TPESearchCV(SVC(), {"C": [1]}), path=None)
    with pytest.raises(TypeError, match="must be a fitted search or a Study; got int"):
        report(3, path=None)
    with pytest.raises(ValueError, match="no trial that was started"):
        report(skhpo.create_study(), path=None)
    with pytest.raises(ValueError, match="`X_test` needs a search with a refitted estimator"):
        report(search.study_, path=None, X_test=X_TEST, y_test=Y_TEST)


def without(monkeypatch, package):
    """Make a package impossible to import."""
    original = builtins.__import__

    def refusing(name, *args, **kwargs):
        if name.partition(".")[0] == package:
            raise ImportError(name)
        return original(name, *args, **kwargs)

    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", refusing)


def test_without_jinja2_the_extra_is_named(search, monkeypatch):
    without(monkeypatch, "jinja2")
    with pytest.raises(ImportError, match=r"Reports need jinja2: pip install 'skhpo\[report\]'"):
        report(search, path=None)


def test_without_matplotlib_the_report_says_that_plots_are_missing(search, monkeypatch):
    without(monkeypatch, "matplotlib")
    page = page_of(search)
    assert "img" not in page.tags
    assert "Plots need matplotlib" in page.all_text()


def test_a_plot_that_fails_does_not_cost_the_report(monkeypatch):
    from skhpo.reporting import _figures

    def fails(subject, figure):
        raise RuntimeError("no ink")

    n_plots = len(_figures.PLOTS) - 1  # without the front
    plots = (_figures.Plot("Fails.", lambda subject: True, fails), *_figures.PLOTS)
    monkeypatch.setattr(_figures, "PLOTS", plots)
    search = TPESearchCV(SVC(), {"C": [1.0, 2.0]}, cv=3).fit(X, Y)
    with pytest.warns(UserWarning, match="A plot could not be drawn: RuntimeError: no ink"):
        page = page_of(search)
    assert "A plot could not be drawn: no ink." in page.all_text()
    assert page.tags.count("img") == n_plots


def test_names_with_dollars_are_no_mathematics():
    study = skhpo.create_study(study_name="$x_$")
    study.set_metric_names(["costs in $ and $$_"])
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=6)
    assert "img" in page_of(study).tags


def test_drawing_leaves_no_open_figures(search):
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.close("all")
    page_of(search)
    assert plt.get_fignums() == []
