"""Ending hopeless fits of boosters: the model of learning curves, and searches that use it."""

import warnings

import joblib
import numpy as np
import pytest
from scipy.stats import loguniform, randint
from sklearn.datasets import make_classification
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import skhpo
from skhpo import TPESearchCV
from skhpo.boosting import CurveModel, EarlyStopping, FinishedFit
from skhpo.boosting._curves import rounds_to_keep, running_best
from skhpo.boosting.families import Observer
from skhpo.callbacks import SearchCallback
from skhpo.search._records import Candidate, FoldResult
from skhpo.search.stopping import _inside_fits
from skhpo.search.stopping._inside_fits import finished_before

N_ROUNDS = 300
KEPT = rounds_to_keep(N_ROUNDS)


def curve(level, rate, rng, noise=0.002):
    """A loss that falls towards `level`, the faster the larger the rate."""
    rounds = np.arange(1, N_ROUNDS + 1)
    return (
        level + 0.7 * np.exp(-2.4 * np.sqrt(rate * rounds)) + noise * rng.standard_normal(N_ROUNDS)
    )


def fit_of(fold, rate, losses, sign=1.0):
    best = running_best(losses, KEPT)
    return FinishedFit(fold, float(np.log(rate)), N_ROUNDS, best, float(losses.min()), sign)


def candidate(level, rate, rng, effects=(0.0, 0.0, 0.0), sign=1.0):
    """The fits of a complete candidate."""
    folds = enumerate(effects)
    return [fit_of(k, rate, effect + curve(level, rate, rng), sign) for k, effect in folds]


def candidates(n, rng, **settings):
    levels, rates = rng.uniform(0.2, 0.5, n), np.exp(rng.uniform(np.log(0.03), np.log(0.3), n))
    return [
        candidate(level, rate, rng, **settings) for level, rate in zip(levels, rates, strict=True)
    ]


def stop_of(rule, losses):
    return rule.first_stop(running_best(losses, KEPT))


def test_without_complete_candidates_there_is_no_model():
    assert CurveModel.fit([], target=0.2) is None


@pytest.mark.parametrize("n_complete", [1, 2, 12])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_hopeless_fits_are_stopped_early_and_good_ones_are_not(sign, n_complete):
    rng = np.random.default_rng(1)
    complete = [candidate(0.22, 0.1, rng, sign=sign)]
    complete += candidates(n_complete - 1, rng, sign=sign)
    model = CurveModel.fit(complete, target=0.22)
    stops = {"good": [], "bad": []}
    for _ in range(40):
        rate = np.exp(rng.uniform(np.log(0.05), np.log(0.3)))
        for kind, level in (("good", 0.2), ("bad", 0.48)):
            stop = stop_of(model.rule(0, float(np.log(rate))), curve(level, rate, rng))
            stops[kind] += [] if stop is None else [stop[0]]
    assert len(stops["bad"]) >= 38
    assert np.median(stops["bad"]) <= N_ROUNDS / 6
    assert len(stops["good"]) <= 4


def test_a_fit_is_checked_after_a_few_rounds_only():
    model = CurveModel.fit(candidates(6, np.random.default_rng(2)), target=0.0)
    assert model.rule(0, 0.0).rounds == {8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256}


def test_a_stop_is_found_afterwards_where_the_observer_stops():
    rng = np.random.default_rng(6)
    rule = CurveModel.fit(candidates(8, rng), target=0.25).rule(0, float(np.log(0.1)))
    n_stopped = 0
    for level in (0.2, 0.3, 0.35, 0.5):
        losses, observer = curve(level, 0.1, rng), Observer(rule)
        at = next((n for n, loss in enumerate(losses, 1) if observer.saw(loss)), None)
        stop = stop_of(rule, losses)
        assert (observer.stopped_at, observer.predicted) == ((None, None) if at is None else stop)
        assert observer.stopped_at == at
        n_stopped += at is not None
    assert 1 <= n_stopped <= 3


def test_the_effect_of_a_fold_is_taken_into_account():
    rng = np.random.default_rng(3)
    effects = (0.0, 1.0, 0.0)
    model = CurveModel.fit(candidates(10, rng, effects=effects), target=0.55)
    losses = curve(0.2, 0.1, rng)
    assert stop_of(model.rule(1, float(np.log(0.1))), 1.0 + losses) is None
    assert stop_of(model.rule(0, float(np.log(0.1))), 1.0 + losses) is not None


def test_curves_are_compared_at_the_same_rate_times_rounds():
    """After the same number of rounds, the candidate with the small rate is far behind."""
    rng = np.random.default_rng(4)
    fast = [candidate(level, 0.3, rng) for level in (0.22, 0.24, 0.26, 0.28, 0.3)]
    model = CurveModel.fit(fast, target=0.22)
    slow = curve(0.19, 0.05, rng)
    assert slow[7] > fast[-1][0].losses[KEPT.index(8)]
    assert stop_of(model.rule(0, float(np.log(0.05))), slow) is None


def test_a_rate_that_cannot_come_to_its_end_in_time_is_stopped():
    rng = np.random.default_rng(5)
    model = CurveModel.fit(candidates(5, rng), target=0.25)
    stop = stop_of(model.rule(0, float(np.log(1e-4))), curve(0.2, 1e-4, rng))
    assert stop is not None
    assert stop[0] <= 16


def test_the_other_folds_of_a_candidate_are_judged_together_with_the_fit():
    rng = np.random.default_rng(7)
    model = CurveModel.fit(candidates(10, rng), target=0.25)
    losses, rate = curve(0.27, 0.1, rng), float(np.log(0.1))
    assert stop_of(model.rule(2, rate, {0: 0.2, 1: 0.2}), losses) is None
    bad = stop_of(model.rule(2, rate, {0: 0.4, 1: 0.4}), losses)
    assert bad is not None
    assert bad[1] > 0.3  # the mean over all folds, not the end of this fit


def test_losses_that_are_no_numbers_stop_nothing():
    model = CurveModel.fit(candidates(5, np.random.default_rng(8)), target=0.0)
    assert stop_of(model.rule(0, 0.0), np.full(N_ROUNDS, np.nan)) is None


def test_folds_that_have_not_ended_or_failed_leave_the_others_unjudged():
    done = FoldResult(-0.3, curve={"n_rounds": 9, "log_rate": 0.0, "final": 0.3})
    failed = FoldResult(np.nan, fit_error="...")
    assert finished_before(Candidate(0, [2, 0, 1]), 2) == {}
    assert finished_before(Candidate(0, [2, 0, 1]), 0) is None
    assert finished_before(Candidate(0, [2, 0, 1], results={2: done}), 0) == {2: 0.3}
    assert finished_before(Candidate(0, [2, 0, 1], results={2: done, 0: failed}), 1) is None


X, y = make_classification(150, 8, n_informative=4, flip_y=0.15, random_state=0)


def make(package, **settings):
    module = pytest.importorskip(package)
    if package == "xgboost":
        model = module.XGBClassifier(n_estimators=60, n_jobs=1, random_state=0)
    else:
        model = module.LGBMClassifier(n_estimators=60, n_jobs=1, verbose=-1, random_state=0)
    depth = "max_depth" if package == "xgboost" else "num_leaves"
    space = {"learning_rate": loguniform(0.01, 0.5), depth: randint(2, 5)}
    settings = {
        "n_iter": 14, "cv": 3, "random_state": 0, "refit": False, "pre_dispatch": 2,
        "scoring": "neg_log_loss", "early_stopping": EarlyStopping(15),
    } | settings  # fmt: skip
    return TPESearchCV(model, space, **settings)


def outcome(search):
    return {
        name: [repr(value) for value in column]
        for name, column in search.cv_results_.items()
        if "time" not in name
    }


@pytest.mark.parametrize("package", ["xgboost", "lightgbm"])
def test_searches_stop_fits_and_find_what_they_find_without(package):
    settings = {"n_iter": 16}
    with_pruning = make(package, **settings).fit(X, y)
    without = make(package, early_stopping=EarlyStopping(15, prune=False), **settings).fit(X, y)
    stopped = ~np.isnan(with_pruning.evaluations_["stopped_at"])
    assert stopped.sum() >= 6
    assert np.isnan(with_pruning.evaluations_["test_score"][stopped]).all()
    assert np.isnan(without.evaluations_["stopped_at"]).all()
    assert with_pruning.best_score_ > without.best_score_ - 0.03


def test_fits_that_are_not_stopped_are_not_changed():
    drawn = {"sampler": skhpo.samplers.RandomSampler()}
    some = make("lightgbm", **drawn).fit(X, y)
    whole = make("lightgbm", pruner=None, **drawn).fit(X, y)
    assert some.cv_results_["params"] == whole.cv_results_["params"]
    ran = ~np.isnan([some.cv_results_[f"split{k}_test_score"] for k in range(3)])
    assert not ran.all()
    for k in range(3):
        for name in (f"split{k}_test_score", f"split{k}_best_iteration"):
            np.testing.assert_array_equal(
                some.cv_results_[name][ran[k]], whole.cv_results_[name][ran[k]]
            )


KINDS = {
    "alone": {},
    "in a pipeline": {"share_steps": True},
    "inner": {"early_stopping": EarlyStopping(15, on="inner", validation_fraction=0.3)},
}


@pytest.mark.parametrize(
    ("package", "kind"),
    [
        ("xgboost", "alone"),
        ("lightgbm", "alone"),
        ("lightgbm", "in a pipeline"),
        ("xgboost", "inner"),
    ],
)
def test_the_number_of_workers_changes_nothing(package, kind, monkeypatch):
    """Folds that began before the earlier ones had ended are stopped afterwards."""
    n_cut, cut = [], _inside_fits._cut
    monkeypatch.setattr(_inside_fits, "_cut", lambda *given: n_cut.append(1) or cut(*given))
    outcomes = []
    for n_jobs in (1, 3):
        search = make(package, n_jobs=n_jobs, pre_dispatch=1, cv=5, **KINDS[kind])
        if kind == "in a pipeline":
            space = {f"model__{name}": over for name, over in search.param_distributions.items()}
            steps = [("scale", StandardScaler()), ("model", search.estimator)]
            search.set_params(estimator=Pipeline(steps), param_distributions=space)
        with joblib.parallel_config("threading"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            outcomes.append(outcome(search.fit(X, y)) | curves(search))
        assert bool(n_cut) == (n_jobs > 1)
    assert outcomes[0] == outcomes[1]


def curves(search):
    """What is known of each fit, but the times and whether it ran in vain."""
    table = search.evaluations_
    order = np.lexsort([table["fold"], table["candidate"]])
    names = ("candidate", "fold", "test_score", "best_iteration", "stopped_at", "curve")
    return {name: [repr(value) for value in table[name][order]] for name in names}


class Cut(BaseException):
    """The end of a process, as far as a search can tell."""


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_a_stored_search_that_was_cut_goes_on_to_the_same_end(n_jobs, tmp_path):
    def cut_at_7(study, trial):
        if trial.number == 7:
            raise Cut

    whole = make("xgboost").fit(X, y)
    stored = {"storage": f"sqlite:///{tmp_path}/s.db", "study_name": "s"}
    with joblib.parallel_config("threading"):
        with pytest.raises(Cut):
            make("xgboost", callbacks=[cut_at_7], n_jobs=n_jobs, **stored).fit(X, y)
        search = make("xgboost", n_jobs=n_jobs, **stored).fit(X, y)
    assert outcome(search) == outcome(whole)
    assert curves(search) == curves(whole)


def test_callbacks_learn_why_a_fit_was_stopped():
    class Reasons(SearchCallback):
        ends, folds = [], []

        def on_candidate_end(self, event):
            self.ends.append((event.status, event.reason))

        def on_fold_end(self, event):
            self.folds.append(event.metrics["score"])

    seen = Reasons()
    search = make("lightgbm", callbacks=[seen]).fit(X, y)
    stopped = search.evaluations_["stopped_at"]
    n_stopped = np.sum(~np.isnan(stopped))
    assert sum("its fit had little chance after" in reason for _, reason in seen.ends) == n_stopped
    assert np.isnan(seen.folds).sum() == n_stopped


def test_without_a_pruner_no_fit_is_stopped():
    search = make("lightgbm", pruner=None, n_iter=8).fit(X, y)
    assert (search.cv_results_["status"] == "complete").all()
    assert np.isnan(search.evaluations_["stopped_at"]).all()
