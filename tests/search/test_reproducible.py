"""The same seed gives the same search, whatever the workers, the backend and the timing."""

import itertools

import joblib
import numpy as np
import pytest
from scipy.stats import randint, uniform
from sklearn.datasets import make_classification

from skhpo import RandomSearchCV, TPESearchCV
from skhpo.parallel import VirtualExecutor
from skhpo.pruners import MedianPruner, RacingPruner
from skhpo.samplers import TPESampler
from skhpo.search._records import Candidate, FoldResult
from skhpo.search.execution._controller import StudyController
from skhpo.search.execution._fit_budget import FitBudget
from skhpo.search.execution._listeners import Listeners
from skhpo.search.execution._run import run
from skhpo.search.execution._scheduler import Scheduler
from skhpo.search.fidelity._evaluation_plan import FoldPlan
from skhpo.search.fidelity._submodels import Submodels
from skhpo.search.objectives._problem import single_score
from skhpo.search.persistence._checkpoint import Checkpoint
from skhpo.space import SearchSpace
from skhpo.study import create_study
from tests.search.estimators import Dawdling

X, y = make_classification(n_samples=60, n_features=4, random_state=0)

FLAT = {"x": uniform(0, 1), "k": randint(1, 9), "kind": ["a", "b"]}
BRANCHES = [
    {"kind": ["a"], "x": uniform(0, 1)},
    {"kind": ["b"], "x": uniform(0, 0.5), "k": randint(1, 9)},
]
SETTINGS = {
    "tpe, racing": (FLAT, {"pruner": RacingPruner(alpha=0.2, n_startup_trials=2)}),
    "tpe, median": (FLAT, {"pruner": MedianPruner(n_startup_trials=2)}),
    "tpe, branches": (BRANCHES, {"sampler": TPESampler(n_startup_trials=3)}),
    "no pruner": (FLAT, {"pruner": None}),
}


def untimed(attrs):
    """Attributes of a trial but for the records of folds, which have times."""
    return {name: value for name, value in attrs.items() if not name.startswith("skhpo:fold:")}


def outcome(search):
    """All that a search has found, but for times."""
    results = {
        name: np.ma.filled(column, np.nan).tolist()
        if isinstance(column, np.ma.MaskedArray) and column.dtype.kind == "f"
        else np.asarray(column).tolist()
        for name, column in search.cv_results_.items()
        if not name.endswith("_time")
    }
    trials = [
        (t.number, t.state, t.params, t.values, t.intermediate_values, untimed(t.system_attrs))
        for t in search.study_.trials
    ]
    return repr(results), repr(trials), search.best_params_  # repr: NaN equals NaN


def fit(space, settings, n_jobs, pre_dispatch, backend="threading", Search=TPESearchCV):
    search = Search(Dawdling(), space, n_iter=14, cv=4, random_state=7, n_jobs=n_jobs,
                    pre_dispatch=pre_dispatch, **settings)  # fmt: skip
    with joblib.parallel_config(backend):
        return search.fit(X, y)


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("pre_dispatch", [1, 2, 3, 4])
def test_the_number_of_workers_changes_nothing(name, pre_dispatch):
    space, settings = SETTINGS[name]
    one, two, four = (outcome(fit(space, settings, n, pre_dispatch)) for n in (1, 2, 4))
    assert one == two == four


def test_the_backend_changes_nothing():
    space, settings = SETTINGS["tpe, racing"]
    threads = outcome(fit(space, settings, 2, 3))
    assert outcome(fit(space, settings, 2, 3, "loky")) == threads
    assert outcome(fit(space, settings, 1, 3)) == threads


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize(("pre_dispatch", "n_jobs"), [(2, 2), (3, 4), (4, 2)])
def test_process_workers_give_what_one_worker_gives(name, pre_dispatch, n_jobs):
    space, settings = SETTINGS[name]
    alone = outcome(fit(space, settings, 1, pre_dispatch))
    for _ in range(2):
        assert outcome(fit(space, settings, n_jobs, pre_dispatch, "loky")) == alone


@pytest.mark.parametrize("Search", [TPESearchCV, RandomSearchCV])
def test_fitting_twice_gives_the_same(Search):
    space, settings = SETTINGS["no pruner"]
    first, second = (outcome(fit(space, settings, 2, 2, Search=Search)) for _ in range(2))
    assert first == second


def test_the_seed_matters():
    searches = [
        RandomSearchCV(Dawdling(), FLAT, n_iter=5, cv=2, random_state=seed).fit(X, y)
        for seed in (0, 1)
    ]
    assert outcome(searches[0]) != outcome(searches[1])


def test_without_a_seed_each_fit_differs():
    search = RandomSearchCV(Dawdling(), FLAT, n_iter=5, cv=2)
    assert outcome(search.fit(X, y)) != outcome(search.fit(X, y))


def test_a_random_state_instance_is_drawn_from_at_each_fit():
    draws = np.random.RandomState(3)
    search = RandomSearchCV(Dawdling(), FLAT, n_iter=5, cv=2, random_state=draws)
    first, second = outcome(search.fit(X, y)), outcome(search.fit(X, y))
    assert first != second
    search.set_params(random_state=np.random.RandomState(3))
    assert outcome(search.fit(X, y)) == first


# ------------------------------------------------------------------- in virtual time


class ChaoticReferee:
    """What it asks and how it judges hangs on all that it was told: any difference spreads."""

    def __init__(self, seed, n_folds, space_size):
        self.seed = seed
        self.n_folds = n_folds
        self.space_size = space_size
        self.story = []  # of asks and tells
        self.verdicts = {}

    def _draw(self, *key):
        return np.random.default_rng(abs(hash((self.seed, *key)))).random()

    def ask(self, number):
        if number >= self.space_size:
            return None
        known = hash(tuple(self.story))
        self.story.append(("ask", number, known))
        order = np.random.default_rng(abs(known)).permutation(self.n_folds).tolist()
        return Candidate(number, order, params=known)

    def judge(self, candidate):
        draw = self._draw(candidate.params, tuple(candidate.results.items()))
        status = "pruned" if draw < 0.25 else "failed" if draw < 0.3 else None
        self.verdicts.setdefault(candidate.number, []).append((*candidate.results, status))
        return status

    def tell(self, candidate):
        end = (candidate.number, candidate.status, tuple(candidate.results.items()))
        self.story.append(("tell", *end))


def chaotic_score(params, fold):
    return hash((params, fold)) % 1000


def wavy_score(params, fold):
    x = params["x"]
    return FoldResult(float(-((x - 0.3) ** 2) + 0.1 * np.sin(fold) + 0.05 * np.sin(99 * x + fold)))


def run_in_virtual_time(
    controller, n_candidates, window, n_workers, in_order, durations, score=chaotic_score, **more
):
    scheduler = Scheduler(
        controller, n_candidates=n_candidates, window=window, in_order=in_order, **more
    )

    def submit(workers, candidate, fold):
        workers.submit((candidate.number, fold), score, candidate.params, fold)

    with VirtualExecutor(n_workers, lambda key: durations.exponential()) as workers:
        run(scheduler, workers, submit, lambda outcome: outcome.result())
    return scheduler


@pytest.mark.parametrize("n_folds", [1, 3, 5])
def test_in_order_no_interleaving_changes_what_is_asked_judged_and_told(n_folds):
    timing = np.random.default_rng()
    for seed, window in itertools.product(range(25), (1, 2, 3, 5, 8)):
        stories = set()
        for n_workers in (1, 1, 2, 2, 3, 5, 8, 13):
            controller = ChaoticReferee(seed, n_folds, space_size=11)
            run_in_virtual_time(controller, 12, window, n_workers, True, timing)
            stories.add(repr((controller.story, sorted(controller.verdicts.items()))))
        assert len(stories) == 1, (seed, window)


@pytest.mark.parametrize("pruner", [RacingPruner(alpha=0.3), MedianPruner(n_startup_trials=2)])
@pytest.mark.parametrize("given", [FLAT, BRANCHES], ids=["flat", "branches"])
@pytest.mark.parametrize("max_fits", [None, 37])
def test_in_order_no_interleaving_changes_the_study(pruner, given, max_fits):
    timing = np.random.default_rng()
    space = SearchSpace.from_param_distributions(given)
    n_folds = 4

    def search(window, n_workers):
        study = create_study(
            direction="maximize", sampler=TPESampler(n_startup_trials=3, seed=5), pruner=pruner
        )
        plan = FoldPlan(pruner, n_folds)
        controller = StudyController(
            study, space, plan=plan, budget=FitBudget(plan, max_fits, 15),
            problem=single_score("score"), submodels=Submodels(None, space, (), 0, is_on=False),
            enqueued=[], n_candidates=15, in_order=True,
            callbacks=(), listeners=Listeners(), checkpoint=Checkpoint(study),
        )  # fmt: skip
        scheduler = run_in_virtual_time(
            controller, 15, window, n_workers, True, timing, wavy_score,
            must_wait=controller.must_wait,
        )  # fmt: skip
        if max_fits is not None:
            n_fits = sum(candidate.n_judged for candidate in scheduler.candidates)
            assert n_fits <= max_fits
            assert n_fits > max_fits - n_folds or len(scheduler.candidates) == 15
        return [
            (t.number, t.state, t.params, t.values, t.intermediate_values) for t in study.trials
        ]

    for window in (1, 2, 4):
        alone = search(window, n_workers=1)
        assert all(search(window, n) == alone for n in (2, 3, 4, 8, 4, 3, 2))
