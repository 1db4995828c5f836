"""A timeout, a callback, Ctrl-C: the search ends and what it has found is kept."""

import itertools
import os
import signal
import subprocess
import sys
import textwrap
import time
import warnings
from pathlib import Path

import joblib
import numpy as np
import pytest
from scipy.stats import uniform
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import cross_val_score

from skhpo import ParetoSearchCV, RandomSearchCV, SearchInterruptedWarning, TPESearchCV
from skhpo.exceptions import WorkerDiedError
from tests.search.estimators import Deadly, Failing, Scored, Slow

X, y = load_iris(return_X_y=True)
SPACE = {"x": uniform(0, 1)}


# ---------------------------------------------------------------------------- timeout


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("random_state", [0, None])
def test_after_the_timeout_what_has_finished_is_ranked_and_refitted(n_jobs, random_state):
    search = TPESearchCV(Slow(), SPACE, n_iter=10**6, cv=2, timeout=1.0, n_jobs=n_jobs,
                         random_state=random_state)  # fmt: skip
    with joblib.parallel_config("threading"), pytest.warns(SearchInterruptedWarning, match="1.0 s"):
        search.fit(X, y)
    status = search.cv_results_["status"]
    assert 1 <= (status == "complete").sum() < 10**6
    assert search.cv_results_["status"][search.best_index_] == "complete"
    assert search.predict(X).shape == y.shape


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_at_least_one_candidate_is_completed_however_short_the_time(n_jobs):
    search = TPESearchCV(Slow(), SPACE, n_iter=50, cv=4, timeout=1e-9, n_jobs=n_jobs,
                         random_state=0)  # fmt: skip
    with joblib.parallel_config("threading"), pytest.warns(SearchInterruptedWarning):
        search.fit(X, y)
    assert (search.cv_results_["status"] == "complete").sum() == 1
    assert search.best_params_ == {"x": 0.5}  # the estimator as it is given


def test_if_the_candidate_that_is_waited_for_fails_so_does_the_search():
    search = TPESearchCV(Failing(kind="bad"), SPACE, n_iter=50, cv=2, timeout=1e-9)
    with (
        pytest.warns(SearchInterruptedWarning, match="0 are complete"),
        pytest.raises(ValueError, match="All the 1 fits failed"),
    ):
        search.fit(X, y)


@pytest.mark.parametrize("random_state", [0, None])
def test_after_the_timeout_one_that_completes_is_waited_for_though_the_first_one_fails(
    random_state,
):
    class FirstFails(Slow):
        def fit(self, X, y):
            if self.k == 1:
                time.sleep(0.1)
                raise ValueError("the first one fails")
            self.seconds = 0.2
            return super().fit(X, y)

    first = [{"k": 1}, {"k": 2}]
    search = TPESearchCV(FirstFails(), {"k": list(range(1, 99))}, n_iter=90, cv=2, timeout=0.05,
                         n_jobs=2, pre_dispatch=2, enqueue=first,
                         random_state=random_state)  # fmt: skip
    with (
        joblib.parallel_config("threading"),
        pytest.warns(SearchInterruptedWarning, match="1 are complete"),
        pytest.warns(FitFailedWarning),
    ):
        search.fit(X, y)
    assert search.best_params_ == {"k": 2}
    assert list(search.cv_results_["status"]) == ["failed", "complete"]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_confirmation_keeps_the_timeout(n_jobs):
    n_calls = itertools.count()

    def scoring(estimator, X, y):
        time.sleep(0.15 if next(n_calls) >= 8 else 0.0)
        return estimator.x

    search = RandomSearchCV(Scored(), SPACE, n_iter=4, cv=2, n_confirm=4, timeout=1.0,
                            scoring=scoring, pruner=None, n_jobs=n_jobs)  # fmt: skip
    with (
        joblib.parallel_config("threading"),
        pytest.warns(SearchInterruptedWarning, match="confirmation .* timeout of 1.0 s: . of 4"),
    ):
        search.fit(X, y)
    time.sleep(0.2)  # a thread that was given up ends, and with it its hold on warnings
    assert (search.cv_results_["status"] == "complete").all()
    assert next(n_calls) < 8 + 4 * 4  # not all folds of the confirmation were scored
    confirmed = search.cv_results_["mean_confirmed_score"]
    assert 1 <= (~np.isnan(confirmed)).sum() < 4
    assert search.best_index_ == np.nanargmax(confirmed)


def test_without_time_for_a_confirmation_the_best_by_the_first_folds_is_used():
    search = RandomSearchCV(Scored(), SPACE, n_iter=1, cv=2, n_confirm=1, timeout=1e-9)
    with pytest.warns(SearchInterruptedWarning, match="0 of 1 .* the best by the first folds"):
        search.fit(X, y)
    assert "mean_confirmed_score" not in search.cv_results_
    assert search.predict(X).shape == y.shape


@pytest.mark.parametrize(("last", "n_confirmed"), [(9, 0), (13, 1), (17, 2)])
def test_ctrl_c_in_the_confirmation_is_told(last, n_confirmed):
    n_calls = iter(range(1000))

    def scoring(estimator, X, y):
        if next(n_calls) == last:
            raise KeyboardInterrupt
        return estimator.x

    search = RandomSearchCV(Scored(), SPACE, n_iter=4, cv=2, n_confirm=3, scoring=scoring,
                            pruner=None)  # fmt: skip
    with pytest.warns(SearchInterruptedWarning, match=f"Ctrl-C: {n_confirmed} of 3"):
        search.fit(X, y)
    confirmed = search.cv_results_.get("mean_confirmed_score", [np.nan])
    assert (~np.isnan(confirmed)).sum() == n_confirmed
    assert search.best_score_ == search.cv_results_["mean_test_score"].max()


def test_a_confirmation_that_nothing_cuts_is_silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RandomSearchCV(Scored(), SPACE, n_iter=4, cv=2, n_confirm=2, timeout=600).fit(X, y)


# ----------------------------------------------------------- where the warnings point


def test_warnings_point_at_the_line_that_called_fit():
    def score_of_some(estimator, X, y):
        return estimator.x if estimator.x < 0.6 else np.nan

    calls = {
        "timeout": RandomSearchCV(Slow(), SPACE, n_iter=9, cv=2, timeout=1e-9),
        "confirmation": RandomSearchCV(Scored(), SPACE, n_iter=1, n_confirm=1, timeout=1e-9),
        "luck": TPESearchCV(Scored(), {"x": uniform(0.45, 0.1)}, n_iter=30, pruner=None,
                            cv=3, random_state=0),
        "non-finite": RandomSearchCV(Scored(), SPACE, n_iter=9, scoring=score_of_some,
                                     random_state=0),
        "constraints": ParetoSearchCV(Scored(), SPACE, objectives=["accuracy", "model_size"],
                                      constraints={"accuracy": ">= 2"}, n_iter=2, cv=2),
    }  # fmt: skip
    for name, search in calls.items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            search.fit(X, y)
        assert caught, name
        assert {one.filename for one in caught} == {__file__}, name


def test_within_a_cross_validation_warnings_point_at_the_line_that_called_it():
    search = RandomSearchCV(Slow(), SPACE, n_iter=9, cv=2, timeout=1e-9)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cross_val_score(search, X, y, cv=2)
    assert {one.filename for one in caught} == {__file__}


@pytest.mark.parametrize(("n_iter", "timeout"), [(4, 600), (1, 1e-9)])
def test_a_search_that_leaves_nothing_out_does_not_warn(n_iter, timeout):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search = TPESearchCV(Scored(), SPACE, n_iter=n_iter, cv=2, timeout=timeout, random_state=0)
        search.fit(X, y)


# -------------------------------------------------------------------------- callbacks


@pytest.mark.parametrize("random_state", [0, None])
def test_callbacks_see_every_candidate_as_it_ends(random_state):
    seen = []

    def callback(study, trial):
        assert trial.state.is_finished()
        assert study.trials[trial.number].state == trial.state
        seen.append(trial.number)

    search = TPESearchCV(Scored(), SPACE, n_iter=12, cv=3, random_state=random_state,
                         callbacks=[callback])  # fmt: skip
    search.fit(X, y)
    assert seen == list(range(12))


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("pre_dispatch", [1, 3])
def test_a_callback_that_stops_the_study_ends_the_search(n_jobs, pre_dispatch):
    def stop_after_four(study, trial):
        if trial.number >= 3:
            study.stop()

    search = TPESearchCV(Scored(), SPACE, n_iter=50, cv=2, random_state=0, n_jobs=n_jobs,
                         pre_dispatch=pre_dispatch, callbacks=[stop_after_four])  # fmt: skip
    with joblib.parallel_config("threading"):
        search.fit(X, y)
    n_tried = len(search.cv_results_["params"])
    assert n_tried == 4 + pre_dispatch - 1  # those in flight are run to their end
    assert "interrupted" not in search.cv_results_["status"]
    assert search.predict(X).shape == y.shape


def test_what_a_callback_raises_ends_the_fit():
    def callback(study, trial):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        TPESearchCV(Scored(), SPACE, n_iter=5, callbacks=[callback], random_state=0).fit(X, y)


def test_after_an_error_the_study_so_far_is_there():
    search = TPESearchCV(Scored(), SPACE | {"kind": ["a"]}, n_iter=5, error_score="raise",
                         enqueue=None, random_state=0, cv=2)  # fmt: skip
    n_calls = iter(range(100))

    def scoring(estimator, X, y):
        if next(n_calls) == 5:
            raise ValueError("the sixth fold")
        return 0.0

    with pytest.raises(ValueError, match="the sixth fold"):
        search.set_params(scoring=scoring, pruner=None).fit(X, y)
    assert [t.state.name for t in search.study_.trials] == ["COMPLETE", "COMPLETE", "FAIL"]


def test_a_study_cannot_be_stopped_when_the_search_is_over():
    search = TPESearchCV(Scored(), SPACE, n_iter=3, cv=2).fit(X, y)
    with pytest.raises(RuntimeError, match="nothing to stop"):
        search.study_.stop()


# ----------------------------------------------------------------------------- Ctrl-C

SCRIPT = """
import sys, time, warnings
import numpy as np
from scipy.stats import uniform
from skhpo import SearchInterruptedWarning, TPESearchCV
from tests.search.estimators import Scored

class Tells(Scored):
    def fit(self, X, y):
        print("refit" if len(X) == 40 else "fit", flush=True)
        if len(X) == 40 and {slow_refit}:
            time.sleep(60)
        time.sleep(0.02)
        return super().fit(X, y)

if __name__ == "__main__":
    search = TPESearchCV(Tells(), {{"x": uniform(0, 1)}}, n_iter=10**6, cv=2, n_jobs={n_jobs},
                         random_state=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            search.fit(np.arange(40.0)[:, None], np.arange(40) % 2)
        except KeyboardInterrupt:
            print("raised", flush=True)
            sys.exit()
    assert any(issubclass(w.category, SearchInterruptedWarning) for w in caught)
    status = search.cv_results_["status"]
    assert (status == "complete").sum() >= 2
    assert status[search.best_index_] == "complete"
    assert search.predict(np.zeros((3, 1))).shape == (3,)
    assert len(search.study_.trials) >= len(status)
    print("kept", flush=True)
"""


class Script:
    """A search in a process of its own that says what it does, line by line."""

    def __init__(self, n_jobs, slow_refit=False):
        root = Path(__file__).parents[2]
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(SCRIPT).format(
                n_jobs=n_jobs, slow_refit=slow_refit)],
            stdout=subprocess.PIPE, text=True, cwd=root,
            env=os.environ | {"PYTHONPATH": str(root)},
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def wait_for(self, word, times=1):
        for line in self.process.stdout:
            times -= line.strip() == word
            if times == 0:
                return
        raise AssertionError(f"The script never said {word!r}.")

    def press_ctrl_c(self):
        self.process.send_signal(signal.SIGINT)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_keeps_what_has_finished_and_refits(n_jobs):
    with Script(n_jobs) as script:
        script.wait_for("fit", times=10)
        script.press_ctrl_c()
        script.wait_for("kept")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_second_ctrl_c_raises(n_jobs):
    with Script(n_jobs, slow_refit=True) as script:
        script.wait_for("fit", times=10)
        script.press_ctrl_c()
        script.wait_for("refit")
        script.press_ctrl_c()
        script.wait_for("raised")


def test_ctrl_c_before_anything_is_complete_raises():
    def scoring(estimator, X, y):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TPESearchCV(Scored(), SPACE, n_iter=5, cv=2, scoring=scoring).fit(X, y)


# ----------------------------------------------------------------------- dying workers


def score_in_two_ways(estimator, X, y):
    return {"one": 1.0, "two": 2.0}


@pytest.mark.slow
def test_a_candidate_that_kills_its_worker_fails_and_the_search_goes_on():
    space = {"kind": ["good", "bad"], "k": [1, 2, 3]}
    search = RandomSearchCV(Deadly(), space, n_iter=6, cv=2, n_jobs=2, random_state=0)
    with pytest.warns(FitFailedWarning, match="WorkerDiedError"):
        search.fit(X, y)
    bad = search.cv_results_["param_kind"] == "bad"
    assert (search.cv_results_["status"][bad] == "failed").all()
    assert "failed" not in search.cv_results_["status"][~bad]
    assert search.best_params_["kind"] == "good"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scoring", "return_train_score"),
    [(["accuracy", "f1_macro"], True), (score_in_two_ways, False)],
)
def test_a_dead_worker_costs_every_metric_its_score(scoring, return_train_score):
    search = RandomSearchCV(Deadly(), {"kind": ["bad", "good"]}, cv=2, n_jobs=2, random_state=1,
                            scoring=scoring, refit=False,
                            return_train_score=return_train_score)  # fmt: skip
    with pytest.warns(FitFailedWarning, match="WorkerDiedError"):
        search.fit(X, y)
    for name in [name for name in search.cv_results_ if name.startswith("mean_test")]:
        lost = np.isnan(search.cv_results_[name])
        assert (lost == (search.cv_results_["param_kind"] == "bad")).all()


@pytest.mark.slow
def test_a_candidate_that_kills_its_worker_raises_if_so_asked():
    search = RandomSearchCV(Deadly(), {"kind": ["bad"]}, cv=2, n_jobs=2, error_score="raise")
    with pytest.raises(WorkerDiedError):
        search.fit(X, y)


@pytest.mark.slow
def test_a_worker_killed_from_outside_costs_nothing(tmp_path):
    class Suicidal(Slow):
        def fit(self, X, y):
            flag = tmp_path / "killed"
            if self.x > 0.9 and not flag.exists():
                flag.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return super().fit(X, y)

    def fit(n_jobs):
        space = {"x": [0.1, 0.2, 0.4, 0.6, 0.95]}
        return RandomSearchCV(Suicidal(seconds=0.01), space, n_iter=5, cv=3, n_jobs=n_jobs,
                              random_state=0, pre_dispatch=2).fit(X, y)  # fmt: skip

    with_a_death = fit(n_jobs=2)
    assert (tmp_path / "killed").exists()
    without = fit(n_jobs=1)
    np.testing.assert_array_equal(
        with_a_death.cv_results_["mean_test_score"], without.cv_results_["mean_test_score"]
    )
