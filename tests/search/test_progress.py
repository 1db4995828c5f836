"""What a search shows while it runs."""

import re

import numpy as np
import pytest
from scipy.stats import uniform

from skhpo import RandomSearchCV, TPESearchCV
from tests.search.estimators import Scored

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
    assert f"best={search.best_score_:.4g}" in last


def test_the_bar_of_a_small_space_counts_its_candidates(capsys):
    _, _, err = shown(capsys, space={"k": [1, 2, 3]}, n_iter=500, verbose=1, pruner=None)
    last = err.strip().splitlines()[-1].split("\r")[-1]
    assert "3/3" in last
    assert "fits=12" in last


def test_with_two_each_candidate_gets_a_line(capsys):
    search, out, _ = shown(capsys, TPESearchCV, verbose=2)
    lines = [line for line in out.splitlines() if line.startswith("[")]
    assert [line.split("/")[0] for line in lines] == [f"[{i}" for i in range(1, 13)]
    for line, params, status, score, n_run in zip(
        lines, search.cv_results_["params"], search.cv_results_["status"],
        search.cv_results_["mean_test_score"], search.cv_results_["n_splits_evaluated"],
        strict=True,
    ):  # fmt: skip
        assert f"x={params['x']}" in line
        assert (f"score {score:.4f}" if status == "complete" else f"after {n_run}/4") in line
    best = [line for line in lines if "best so far" in line][-1]
    assert f"x={search.best_params_['x']}" in best


def test_with_three_each_fold_gets_scikit_learns_line(capsys):
    search, out, _ = shown(capsys, verbose=3, n_iter=3, pruner=None)
    folds = re.findall(r"^\[CV (\d)/4\] END .*score=", out, flags=re.MULTILINE)
    assert len(folds) == 12 == search.cv_results_["n_splits_evaluated"].sum()
    _, out, _ = shown(capsys, verbose=10, n_iter=500, pruner=None, space={"k": [1, 2]})
    assert "[CV 4/4; 2/2] END" in out
