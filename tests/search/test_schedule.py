"""Which fold runs next, when a candidate ends, and what the controller is told."""

import numpy as np
import pytest

from skhpo.parallel import VirtualExecutor
from skhpo.search._records import Candidate
from skhpo.search.execution._run import run
from skhpo.search.execution._scheduler import Scheduler


class ToyReferee:
    """Gives candidates with folds in order; verdicts are given beforehand."""

    def __init__(self, n_folds=3, verdicts=None, space_size=10**6):
        self.n_folds = n_folds
        self.verdicts = verdicts or {}  # (number, folds judged) -> status
        self.space_size = space_size
        self.asked = []
        self.told = []
        self.known_when_asked = []
        self.judged = []

    def ask(self, number):
        if number >= self.space_size:
            return None
        self.asked.append(number)
        self.known_when_asked.append(list(self.told))
        return Candidate(number, range(self.n_folds))

    def judge(self, candidate):
        self.judged.append((candidate.number, *candidate.results))
        return self.verdicts.get((candidate.number, candidate.n_judged))

    def tell(self, candidate):
        assert candidate.status is not None
        self.told.append(candidate.number)


def make(n_candidates=10, window=2, in_order=True, begins_alone=False, **controller):
    controller = ToyReferee(**controller)
    scheduler = Scheduler(
        controller,
        n_candidates=n_candidates,
        window=window,
        in_order=in_order,
        begins_alone=begins_alone,
    )
    return scheduler, controller


def tasks(scheduler, n):
    taken = [scheduler.next_task() for _ in range(n)]
    return [None if task is None else (task[0].number, task[1]) for task in taken]


def record(scheduler, number, fold, result=0.0):
    scheduler.record(scheduler.candidates[number], fold, result)


# --------------------------------------------------------------------- the three rules


@pytest.mark.parametrize("in_order", [True, False])
def test_a_first_candidate_that_begins_alone_is_known_to_all_others(in_order):
    scheduler, controller = make(window=2, in_order=in_order, begins_alone=True)
    assert tasks(scheduler, 4) == [(0, 0), (0, 1), (0, 2), None]
    for fold in range(3):
        record(scheduler, 0, fold)
    assert controller.told == [0]
    assert tasks(scheduler, 2) == [(1, 0), (2, 0)]


def test_no_fold_runs_ahead_of_a_first_fit_that_may_be_stopped():
    scheduler, _ = make(window=2)
    assert tasks(scheduler, 2) == [(0, 0), (1, 0)]
    for candidate in scheduler.candidates:
        candidate.curve_model = object()
    assert tasks(scheduler, 1) == [None]
    record(scheduler, 1, 0)
    assert tasks(scheduler, 3) == [(1, 1), (1, 2), None]


def test_new_candidates_start_until_the_window_is_full_then_folds_run_ahead():
    scheduler, _ = make(window=2)
    assert tasks(scheduler, 8) == [(0, 0), (1, 0), (0, 1), (0, 2), (1, 1), (1, 2), None, None]


def test_the_next_fold_of_a_judged_candidate_comes_before_a_new_candidate():
    scheduler, _ = make(window=3)
    assert tasks(scheduler, 2) == [(0, 0), (1, 0)]
    record(scheduler, 1, 0)
    assert tasks(scheduler, 2) == [(1, 1), (2, 0)]


def test_of_several_judged_candidates_the_oldest_goes_on_first():
    scheduler, _ = make(window=3)
    tasks(scheduler, 3)
    for number in (2, 0, 1):
        record(scheduler, number, 0)
    assert tasks(scheduler, 3) == [(0, 1), (1, 1), (2, 1)]


def test_folds_follow_the_candidates_own_order():
    scheduler, controller = make(window=1)
    controller.ask = lambda number: Candidate(number, [2, 0, 1])
    assert tasks(scheduler, 4) == [(0, 2), (0, 0), (0, 1), None]


def test_never_more_candidates_in_flight_than_the_window():
    for in_order in (True, False):
        scheduler, _ = make(n_candidates=30, window=4, in_order=in_order)
        out = []
        rng = np.random.default_rng(0)
        while True:
            while len(out) < 7 and (task := scheduler.next_task()) is not None:
                out.append(task)
                assert scheduler.n_in_flight <= 4
            if not out:
                break
            scheduler.record(*out.pop(rng.integers(len(out))), 0.0)
        assert [c.status for c in scheduler.candidates] == ["complete"] * 30


# ------------------------------------------------------------------- verdicts and ends


def test_a_candidate_is_complete_after_its_last_fold():
    scheduler, controller = make(n_candidates=1, window=1)
    tasks(scheduler, 3)
    for fold in range(3):
        assert scheduler.candidates[0].status is None
        record(scheduler, 0, fold)
    assert scheduler.candidates[0].status == "complete"
    assert controller.told == [0]
    assert tasks(scheduler, 1) == [None]


def test_folds_are_judged_in_the_candidates_order_whatever_order_they_come_in():
    scheduler, controller = make(n_candidates=1, window=1)
    tasks(scheduler, 3)
    record(scheduler, 0, 2)
    record(scheduler, 0, 1)
    assert controller.judged == []
    record(scheduler, 0, 0)
    assert controller.judged == [(0, 0), (0, 0, 1), (0, 0, 1, 2)]


def test_results_ahead_of_a_verdict_are_thrown_away_when_it_ends_the_candidate():
    scheduler, controller = make(n_candidates=1, window=1, verdicts={(0, 1): "pruned"})
    tasks(scheduler, 3)
    record(scheduler, 0, 1, "early")
    record(scheduler, 0, 0, "due")
    record(scheduler, 0, 2, "late")
    assert scheduler.candidates[0].status == "pruned"
    assert scheduler.candidates[0].results == {0: "due"}
    assert scheduler.candidates[0].n_judged == 1
    assert controller.told == [0]


def test_a_pruned_candidate_makes_room_for_a_new_one():
    scheduler, _ = make(window=1, verdicts={(0, 1): "pruned"})
    assert tasks(scheduler, 1) == [(0, 0)]
    record(scheduler, 0, 0)
    assert tasks(scheduler, 1) == [(1, 0)]


# ---------------------------------------------------------------------- what is told


def test_in_order_a_candidate_is_asked_knowing_of_exactly_those_a_window_before_it():
    rng = np.random.default_rng(0)
    for window in (1, 2, 3, 5):
        verdicts = {(t, 1): "pruned" for t in range(0, 40, 3)}
        scheduler, controller = make(n_candidates=40, window=window, verdicts=verdicts)
        with VirtualExecutor(6, lambda key: rng.exponential()) as workers:
            run(
                scheduler, workers,
                lambda workers, c, fold: workers.submit((c.number, fold), float),
                lambda outcome: outcome.result(),
            )  # fmt: skip
        for t, known in enumerate(controller.known_when_asked):
            assert known == list(range(t - window + 1))
        assert controller.told == list(range(40))


def test_out_of_order_an_end_is_told_at_once():
    scheduler, controller = make(window=3, in_order=False, verdicts={(2, 1): "pruned"})
    tasks(scheduler, 3)
    record(scheduler, 2, 0)
    assert controller.told == [2]
    assert tasks(scheduler, 1) == [(3, 0)]


def test_in_order_an_end_waits_for_those_before_it():
    scheduler, controller = make(
        window=2, in_order=True, verdicts={(0, 1): "pruned", (1, 1): "pruned"}
    )
    tasks(scheduler, 2)
    record(scheduler, 1, 0)
    assert controller.told == []
    assert tasks(scheduler, 3) == [(0, 1), (0, 2), None]  # no candidate 2 before 0 has ended
    record(scheduler, 0, 0)
    assert controller.told == [0]
    assert tasks(scheduler, 1) == [(2, 0)]
    assert controller.known_when_asked[2] == [0]
    assert controller.told == [0, 1]  # what candidate 3 is to know


@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize("n_workers", [1, 3, 16])
def test_every_candidate_is_told_once(in_order, n_workers):
    rng = np.random.default_rng(n_workers)
    for window in (1, 4, 50):
        verdicts = {(t, int(rng.integers(1, 4))): "pruned" for t in range(0, 25, 2)}
        scheduler, controller = make(
            n_candidates=25, window=window, in_order=in_order, verdicts=verdicts
        )
        with VirtualExecutor(n_workers, lambda key: rng.exponential()) as workers:
            reason = run(
                scheduler, workers,
                lambda workers, c, fold: workers.submit((c.number, fold), float),
                lambda outcome: outcome.result(),
            )  # fmt: skip
        assert reason is None
        assert sorted(controller.told) == list(range(25))
        assert len(controller.judged) == len(set(controller.judged))


# --------------------------------------------------------------------------- the end


def test_a_used_up_space_ends_the_search():
    scheduler, controller = make(n_candidates=10, window=4, space_size=2, n_folds=1)
    assert tasks(scheduler, 4) == [(0, 0), (1, 0), None, None]
    record(scheduler, 1, 0)
    record(scheduler, 0, 0)
    assert controller.told == [0, 1]
    assert tasks(scheduler, 1) == [None]


@pytest.mark.parametrize("in_order", [True, False])
def test_an_interrupt_ends_all_in_flight_and_keeps_what_they_have(in_order):
    scheduler, controller = make(window=3, in_order=in_order)
    tasks(scheduler, 3)
    record(scheduler, 1, 0, "kept")
    scheduler.interrupt()
    assert [c.status for c in scheduler.candidates] == ["interrupted"] * 3
    assert scheduler.candidates[1].results == {0: "kept"}
    assert controller.told == [0, 1, 2]
    assert tasks(scheduler, 1) == [None]
    record(scheduler, 0, 0, "late")
    assert scheduler.candidates[0].results == {}


def test_an_interrupt_tells_those_that_ended_but_waited():
    scheduler, controller = make(window=2, in_order=True, verdicts={(1, 1): "pruned"})
    tasks(scheduler, 2)
    record(scheduler, 1, 0)
    scheduler.interrupt()
    assert controller.told == [0, 1]
    assert [c.status for c in scheduler.candidates] == ["interrupted", "pruned"]


def test_when_it_closes_in_only_the_oldest_goes_on():
    scheduler, _ = make(window=3)
    tasks(scheduler, 3)
    record(scheduler, 0, 0)
    record(scheduler, 1, 0)
    assert scheduler.close_in()
    assert tasks(scheduler, 3) == [(0, 1), (0, 2), None]
    record(scheduler, 0, 1)
    record(scheduler, 0, 2)
    assert [c.status for c in scheduler.candidates] == ["complete", None, None]
    assert scheduler.n_complete == 1


def test_when_it_closes_in_the_next_one_takes_the_place_of_one_that_failed():
    scheduler, _ = make(window=2, verdicts={(0, 1): "failed"})
    tasks(scheduler, 2)
    assert scheduler.close_in()
    record(scheduler, 0, 0)
    assert tasks(scheduler, 3) == [(1, 1), (1, 2), None]
