"""A search prints its ranges readably, and in a notebook shows what it found."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import loguniform, norm, randint
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skhpo import ParetoSearchCV, TPESearchCV
from skhpo.callbacks import LiveView, _live_view

X, y = load_iris(return_X_y=True)
RANGES = {"C": loguniform(0.01, 1000), "degree": randint(1, 9), "coef0": norm(loc=2)}


def fitted(**settings):
    space = {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-4, 1e2)}
    settings = {"n_iter": 20, "random_state": 0} | settings
    return TPESearchCV(SVC(), space, **settings).fit(X, y)


def text_of(html):
    html = re.sub(r"<style.*?</style>", "", html, flags=re.S)
    return " ".join(re.sub("<[^>]*>", " ", html).split())


def test_ranges_print_as_calls():
    text = repr(TPESearchCV(SVC(), RANGES))
    assert "loguniform(0.01, 1000)" in text
    assert "randint(1, 9)" in text
    assert "norm(loc=2)" in text
    branches = repr(TPESearchCV(SVC(), [RANGES, {"kernel": ["linear"]}]))
    assert "frozen" not in text + branches
    assert "'kernel': ['linear']" in branches


def test_long_representations_break_as_those_of_scikit_learn():
    assert max(map(len, repr(TPESearchCV(SVC(), RANGES)).splitlines())) < 100


def test_printing_changes_nothing():
    search = TPESearchCV(SVC(), RANGES)
    before = search.get_params()
    repr(search), search._repr_html_(), search._repr_mimebundle_()
    assert search.get_params() == before
    assert search.param_distributions is RANGES
    assert type(clone(search)) is TPESearchCV


def test_the_diagram_has_readable_ranges_and_no_summary_before_fit():
    html = TPESearchCV(SVC(), RANGES)._repr_html_()
    assert "loguniform(0.01, 1000)" in html
    assert "frozen" not in html
    assert "skhpo-summary" not in html


def test_the_summary_says_what_was_found():
    search = fitted()
    results, best = search.cv_results_, search.best_index_
    text = text_of(search._repr_html_())
    n_fits = results["n_splits_evaluated"].sum()
    assert f"Best score {search.best_score_:.4g} (standard deviation over 5 folds" in text
    assert f"Expected optimism {results['optimism_test_score'][best]:.2g}." in text
    assert f"Fits {n_fits} of 100 ({1 - n_fits / 100:.0%} saved)" in text
    assert f"{(results['status'] == 'pruned').sum()} pruned" in text
    assert f"C={search.best_params_['C']:.5g}" in text
    assert "HistoryDisplay.from_search(search)" in text
    bundle = search._repr_mimebundle_()
    assert text_of(bundle["text/html"]).startswith("TPESearchCV: results")
    assert bundle["text/plain"] == repr(search)


def test_the_summary_names_the_metric_and_the_score_on_new_folds():
    search = fitted(scoring=["f1_macro", "accuracy"], refit="accuracy", n_iter=5)
    assert "Best accuracy" in text_of(search._repr_html_())
    search = fitted(n_iter=5, n_confirm=2)
    confirmed = search.cv_results_["mean_confirmed_score"][search.best_index_]
    assert f"On new folds {confirmed:.4g}" in text_of(search._repr_html_())


def test_the_summary_of_a_front():
    search = ParetoSearchCV(
        DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 3, 4]},
        scoring=["accuracy"], objectives=["accuracy", "fit_time"], random_state=0, n_confirm=1,
    ).fit(X, y)  # fmt: skip
    text = text_of(search._repr_html_())
    confirmed = search.cv_results_["mean_confirmed_accuracy"][search.best_index_]
    assert f"On new folds accuracy {confirmed:.5g}" in text
    assert f"{len(search.pareto_front_)} candidates in accuracy, fit_time" in text
    assert "ParetoFrontDisplay.from_search(search)" in text


def test_names_and_values_are_escaped():
    search = fitted(n_iter=2)
    search.cv_results_["params"][search.best_index_] = {"C": "<script>"}
    html = search._repr_html_().split("sk-top-container")[0]
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("refit", [False, lambda results: int(np.argmax(results["params"] != 0))])
def test_searches_without_a_best_score_have_a_summary(refit):
    assert "Candidates" in text_of(fitted(refit=refit, n_iter=3)._repr_html_())


def test_plain_text_if_the_user_asked_for_it():
    with config_context(display="text"):
        assert not hasattr(fitted(n_iter=2), "_repr_html_")


def test_the_live_view_is_silent_in_scripts(capsys):
    fitted(n_iter=3, callbacks=[LiveView()])
    assert capsys.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "how",
    ["verbose=1", pytest.param("callbacks=[LiveView(interval=0)]", marks=pytest.mark.extended)],
)
def test_a_notebook_shows_the_live_view_and_the_summary(how):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    cell = f"""
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.svm import SVC
from skhpo import TPESearchCV
from skhpo.callbacks import LiveView
X, y = load_iris(return_X_y=True)
TPESearchCV(SVC(), {{"C": loguniform(1e-3, 1e3)}}, n_iter=12, random_state=0, {how}).fit(X, y)
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    nbclient.NotebookClient(notebook, kernel_name="python3").execute()
    view, result = notebook.cells[0].outputs
    assert view.output_type == "display_data"
    text = text_of(view.data["text/html"])
    assert "12 of 12 candidates" in text
    assert "best score" in text
    assert "left" not in text  # it has ended
    assert "TPESearchCV: results" in result.data["text/html"]


@pytest.mark.parametrize(
    ("limits", "shown"),
    [
        (
            {"n_iter": None, "max_fits": 30, "pruner": None},
            ["6 candidates", "30 of 30 fits", 'max="30"'],
        ),
        ({"n_iter": 4, "pruner": None}, ["4 of 4 candidates", "20 fits", 'max="4"']),
        ({"n_iter": None, "timeout": 0.3}, ["candidates: ", " fits"]),
    ],
)
def test_the_live_view_shows_the_limit_that_there_is(limits, shown, monkeypatch):
    pages = []
    page = SimpleNamespace(update=pages.append)
    display = SimpleNamespace(HTML=str, display=lambda html, display_id: page)
    monkeypatch.setattr(_live_view, "is_notebook", lambda: True)
    monkeypatch.setattr(_live_view.importlib, "import_module", lambda name: display)
    view = LiveView(interval=0)
    fitted(**{"cv": 5, "callbacks": [view], **limits})
    assert all(text in pages[-1] for text in shown)
    assert ("<progress" in pages[-1]) == ("timeout" not in limits)
    if "timeout" not in limits:
        assert any("left" in text for text in pages[3:-1])


def test_the_summary_tells_which_fits_are_earlier_results():
    earlier = TPESearchCV(SVC(), RANGES, n_iter=3, pruner=None, random_state=0).fit(X, y)
    search = TPESearchCV(SVC(), RANGES, n_iter=2, pruner=None, random_state=0, prior=[earlier])
    text = text_of(search.fit(X, y)._repr_html_())
    assert "Fits 25; 15 of them are earlier results" in text
    assert "earlier results" not in text_of(earlier._repr_html_())
