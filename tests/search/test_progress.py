"""What a search shows while it runs."""

import io
import re
import sys

import numpy as np
import pytest
from scipy.stats import uniform
from sklearn.exceptions import FitFailedWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import HyperbandSearchCV, RandomSearchCV, SearchInterruptedWarning, TPESearchCV
from tests.search.estimators import Failing, Scored

X, y = np.arange(40.0)[:, None], np.arange(40) % 2


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch):
    """The bar shortens itself to the terminal that the tests happen to run in."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("LINES", "50")


def shown(capsys, Search=RandomSearchCV, space=None, **settings):
    space = {"x": uniform(0, 1)} if space is None else space
    settings = {"n_iter": 12, "cv": 4, "random_state": 0} | settings
    search = Search(Scored(), space, **settings).fit(X, y)
    return search, *capsys.readouterr()


def test_by_default_nothing_is_shown(capsys):
    _, out, err = shown(capsys)
    assert out == err == ""


@pytest.mark.parametrize("random_state", [0, None])
def test_the_bar_ends_with_the_counts_and_the_best_score(capsys, random_state):
    search, out, err = shown(capsys, verbose=1, random_state=random_state)
    assert out == ""
    last = err.strip().splitlines()[-1].split("\r")[-1]
    results = search.cv_results_
    assert "12/12" in last
    assert f"fits={results['n_splits_evaluated'].sum()}" in last
    assert f"pruned={(results['status'] == 'pruned').sum()}" in last
    assert f"best={search.best_score_:.5g}" in last


def test_the_bar_of_a_small_space_counts_its_candidates(capsys):
    _, _, err = shown(capsys, space={"k": [1, 2, 3]}, n_iter=500, verbose=1, pruner=None)
    last = err.strip().splitlines()[-1].split("\r")[-1]
    assert "3/3" in last
    assert "fits=12" in last


@pytest.mark.parametrize("limit", [{"n_iter": 5}, {"n_iter": None, "max_fits": 20}])
def test_fits_of_an_earlier_search_are_not_counted(capsys, limit):
    earlier, _, _ = shown(capsys, TPESearchCV, pruner=None)
    search, _, err = shown(capsys, TPESearchCV, prior=[earlier], pruner=None, verbose=1, **limit)
    assert len(search.cv_results_["params"]) == 12 + 5
    last = err.strip().splitlines()[-1].split("\r")[-1]
    assert ("fits=20" if "max_fits" not in limit else "20/20") in last


def test_with_two_each_candidate_gets_a_line(capsys):
    search, out, _ = shown(capsys, TPESearchCV, verbose=2)
    lines = [line for line in out.splitlines() if line.startswith("[")]
    assert [line.split("/")[0] for line in lines] == [f"[{i}" for i in range(1, 13)]
    for line, params, status, score, n_run in zip(
        lines, search.cv_results_["params"], search.cv_results_["status"],
        search.cv_results_["mean_test_score"], search.cv_results_["n_splits_evaluated"],
        strict=True,
    ):  # fmt: skip
        assert line.endswith(f"x={params['x']:.5g}")
        assert (f"score {score:.5g}" if status == "complete" else f"after {n_run}/4") in line
    best = [line for line in lines if "best so far" in line][-1]
    assert f"x={search.best_params_['x']:.5g}" in best


def test_with_three_each_fold_gets_scikit_learns_line(capsys):
    search, out, _ = shown(capsys, verbose=3, n_iter=3, pruner=None)
    folds = re.findall(r"^\[CV (\d)/4\] END .*score=", out, flags=re.MULTILINE)
    assert len(folds) == 12 == search.cv_results_["n_splits_evaluated"].sum()
    _, out, _ = shown(capsys, verbose=10, n_iter=500, pruner=None, space={"k": [1, 2]})
    assert "[CV 4/4; 2/2] END" in out


def lines_of(out):
    return [line for line in out.splitlines() if line.startswith("[")]


def test_values_are_short_and_on_one_line(capsys):
    long_pipe = make_pipeline(StandardScaler(), SVC(C=12.5, gamma=0.25, class_weight="balanced"))
    space = {"kind": [long_pipe, (0.123456789, 100), np.mean, "a" * 500, None, True]}
    assert "\n" in repr(long_pipe)
    _, out, _ = shown(capsys, space=space, n_iter=6, verbose=2, pruner=None, enqueue=None, cv=2)
    settings = [line.split(": ", 1)[1] for line in lines_of(out)]
    assert len(settings) == 6
    assert max(map(len, settings)) <= len("kind=") + 60
    assert {"kind=(0.12346, 100)", "kind=mean", "kind=None", "kind=True"} <= set(settings)
    assert "kind=" + "a" * 57 + "..." in settings


def test_along_a_resource_a_line_says_with_how_much_a_candidate_was_stopped(capsys):
    search, out, _ = shown(capsys, HyperbandSearchCV, verbose=2, cv=3)
    table = search.cv_results_
    pruned = table["status"] == "pruned"
    assert pruned.any()
    for line, is_pruned, amount in zip(lines_of(out), pruned, table["n_resources"], strict=True):
        assert (f"pruned with n_samples={amount} of 40:" in line) == is_pruned


def test_failed_candidates_are_counted(capsys):
    with pytest.warns(FitFailedWarning):
        search = RandomSearchCV(Failing(), {"kind": ["a", "bad"]}, cv=2, verbose=2).fit(X, y)
    out, err = capsys.readouterr()
    assert "failed=1" in err.splitlines()[-1]
    assert "failed after 1/2 folds: kind=bad" in out
    assert list(search.cv_results_["status"]) == ["complete", "failed"]


@pytest.mark.parametrize("verbose", [1, 2, 3])
@pytest.mark.parametrize("missing", ["stdout", "stderr", "both"])
def test_a_search_without_a_console_runs(monkeypatch, missing, verbose):
    if verbose == 3 and missing != "stderr":
        verbose = 2  # from 3 on scikit-learn itself prints
    for name in ("stdout", "stderr") if missing == "both" else (missing,):
        monkeypatch.setattr(sys, name, None)
    search = RandomSearchCV(Scored(), {"x": uniform(0, 1)}, n_iter=4, cv=2, verbose=verbose)
    assert len(search.fit(X, y).cv_results_["params"]) == 4


@pytest.mark.filterwarnings(  # a bar of an old tqdm that could not be made
    "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_a_search_whose_console_goes_away_runs_on(monkeypatch):
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError("the terminal is gone")

    monkeypatch.setattr(sys, "stdout", Gone())
    monkeypatch.setattr(sys, "stderr", Gone())
    search = RandomSearchCV(Scored(), {"x": uniform(0, 1)}, n_iter=4, cv=2, verbose=2)
    assert len(search.fit(X, y).cv_results_["params"]) == 4


def test_in_a_file_the_bar_does_not_take_a_line_a_fold(capsys):
    _, _, err = shown(capsys, verbose=1, n_iter=60)
    assert err.count("\r") <= 5
    assert "60/60" in err


def test_the_bar_does_not_count_what_was_interrupted(capsys):
    n_calls = iter(range(100))

    def scoring(estimator, X, y):
        if next(n_calls) == 5:
            raise KeyboardInterrupt
        return 1.0

    with pytest.warns(SearchInterruptedWarning):
        RandomSearchCV(Scored(), {"x": uniform(0, 1)}, n_iter=9, cv=2, scoring=scoring, verbose=2,
                       pruner=None).fit(X, y)  # fmt: skip
    out, err = capsys.readouterr()
    assert "2/9" in err.splitlines()[-1]
    assert "interrupted after 1/2 folds" in out
