"""History: columns say what a walk over the trials would say."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import skhpo
from skhpo.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from skhpo.history import PREDICTED_VALUE, PREDICTED_VARIANCE, History, Table
from skhpo.samplers import RandomSampler
from skhpo.trial import TrialState, create_trial

DISTRIBUTIONS = {
    "x": FloatDistribution(0.0, 2.0),
    "y": FloatDistribution(1e-3, 1.0, log=True),
    "k": IntDistribution(1, 9, step=2),
    "c": CategoricalDistribution(["a", "b", None]),
}
VALUES = {
    "x": st.floats(0.0, 2.0),
    "y": st.floats(1e-3, 1.0),
    "k": st.sampled_from([1, 3, 5, 7, 9]),
    "c": st.sampled_from(["a", "b", None]),
}


@st.composite
def records(draw):
    state = draw(st.sampled_from(list(TrialState)))
    names = draw(st.sets(st.sampled_from(list(DISTRIBUTIONS))))
    reports = draw(st.dictionaries(st.integers(0, 4), st.floats(-5, 5), max_size=4))
    numbers = st.floats(-10, 10) | st.sampled_from([0.0, 0.5, 1.0])  # some are equal
    value = draw(numbers) if state == TrialState.COMPLETE else None
    prediction = {}
    if state == TrialState.PRUNED and draw(st.booleans()):
        prediction = {PREDICTED_VALUE: draw(st.floats(-9, 9)), PREDICTED_VARIANCE: 0.25}
    return create_trial(
        state=state,
        value=value,
        params={name: draw(VALUES[name]) for name in sorted(names)},
        distributions={name: DISTRIBUTIONS[name] for name in sorted(names)},
        system_attrs=prediction,
        intermediate_values=reports,
    )


def history_of(trials, maximize):
    history = History(maximize)
    for number, trial in enumerate(trials):
        trial.number = number
        history.add(trial)
    return history


def known_value(trial):
    if trial.state == TrialState.COMPLETE:
        return trial.value
    if trial.state.is_finished():
        return trial.system_attrs.get(PREDICTED_VALUE)
    return None


@given(st.lists(records(), max_size=40), st.booleans())
@settings(max_examples=60, deadline=None)
def test_columns_say_what_the_trials_say(trials, maximize):
    history = history_of(trials, maximize)
    sign = -1.0 if maximize else 1.0
    values = [known_value(trial) for trial in trials]
    assert history.state.tolist() == [trial.state for trial in trials]
    assert history.n_finished == sum(trial.state.is_finished() for trial in trials)
    assert history.n_complete == sum(trial.state == TrialState.COMPLETE for trial in trials)
    np.testing.assert_array_equal(
        history.loss, [math.nan if value is None else sign * value for value in values]
    )
    np.testing.assert_array_equal(
        history.variances[:, 0],
        [trial.system_attrs.get(PREDICTED_VARIANCE, 0.0) for trial in trials],
    )


@given(st.lists(records(), max_size=40), st.sets(st.sampled_from(list(DISTRIBUTIONS)), min_size=1))
@settings(max_examples=60, deadline=None)
def test_points_are_the_parameters_in_the_unit_cube(trials, names):
    history = history_of(trials[: len(trials) // 2], maximize=False)
    group = {name: DISTRIBUTIONS[name] for name in sorted(names)}
    history.columns(group)  # a first look: the second must see what came later
    for number, trial in enumerate(trials[len(trials) // 2 :], start=len(trials) // 2):
        trial.number = number
        history.add(trial)
    columns = history.columns(group)
    for j, (name, d) in enumerate(group.items()):
        expected = [
            d.to_unit(d.to_internal_repr(t.params[name])) if name in t.params else math.nan
            for t in trials
        ]
        np.testing.assert_array_equal(columns.points[:, j], np.array(expected, dtype=float))
    have_all = [t.number for t in trials if names <= t.params.keys()]
    assert columns.finished.tolist() == [i for i in have_all if trials[i].state.is_finished()]
    assert columns.pending.tolist() == [
        i for i in have_all if trials[i].state == TrialState.RUNNING
    ]


@given(st.lists(records(), max_size=40), st.booleans(), st.integers(1, 12))
@settings(max_examples=80, deadline=None)
def test_the_best_are_known_losses_then_the_furthest_of_the_pruned(trials, maximize, n_best):
    history = history_of(trials, maximize)
    best, others = history.columns({"x": DISTRIBUTIONS["x"]}).split(n_best)
    sign = -1.0 if maximize else 1.0
    finished = [t for t in trials if "x" in t.params and t.state.is_finished()]

    def rank(trial):
        value = known_value(trial)
        if value is not None:
            return (0, sign * value, trial.number)
        step = trial.last_step
        if step is None:
            return (1, math.inf, math.inf, trial.number)
        return (1, -step, sign * trial.intermediate_values[step], trial.number)

    ranked = sorted(
        (t for t in finished if known_value(t) is not None or t.state == TrialState.PRUNED),
        key=rank,
    )
    assert best.tolist() == [t.number for t in ranked[:n_best]]
    assert sorted([*best, *others]) == [t.number for t in finished]


@given(st.lists(records(), max_size=30), st.booleans())
@settings(max_examples=60, deadline=None)
def test_curves_are_those_over_the_steps_that_most_complete_trials_share(trials, maximize):
    steps, losses = history_of(trials, maximize).curves()
    sign = -1.0 if maximize else 1.0
    tables = {}
    for t in trials:
        if t.state == TrialState.COMPLETE and t.intermediate_values:
            key = tuple(sorted(t.intermediate_values))
            tables.setdefault(key, []).append([sign * t.intermediate_values[s] for s in key])
    if not tables:
        assert len(steps) == len(losses) == 0
        return
    assert len(losses) == max(map(len, tables.values()))
    np.testing.assert_array_equal(losses, tables[tuple(steps.tolist())])


@given(st.lists(records(), max_size=30))
@settings(max_examples=60, deadline=None)
def test_groups_are_the_names_that_always_come_together(trials):
    history = history_of(trials, maximize=False)
    patterns = [t.params.keys() for t in trials if t.state.is_finished() and t.params]
    for name in DISTRIBUTIONS:
        seen = any(name in p for p in patterns)
        together = {
            other
            for other in DISTRIBUTIONS
            if other == name or (seen and all((name in p) == (other in p) for p in patterns))
        }
        assert history.group_of(name) == together


def test_values_outside_a_changed_range_count_as_missing():
    study = skhpo.create_study(sampler=RandomSampler(seed=0))
    for high in (1, 10):
        for _ in range(20):
            trial = study.ask()
            study.tell(trial, trial.suggest_float("x", 0, high))
    narrow = study.history.columns({"x": FloatDistribution(0, 1)})
    values = np.array([trial.params["x"] for trial in study.trials])
    assert narrow.finished.tolist() == np.flatnonzero(values <= 1).tolist()
    assert len(study.history.columns({"x": FloatDistribution(0, 10)}).finished) == 40


def test_a_study_keeps_its_history_up_to_date():
    study = skhpo.create_study(direction="maximize", sampler=RandomSampler(seed=0))

    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        if trial.number % 3 == 0:
            trial.suggest_int("k", 1, 5)
        trial.report(x, 0)
        if trial.number % 4 == 0:
            raise skhpo.TrialPruned
        return x

    study.enqueue_trial({"x": 0.5})
    study.optimize(objective, n_trials=30)
    trials = study.trials
    rebuilt = history_of(trials, maximize=True)
    assert study.history.state.tolist() == rebuilt.state.tolist()
    np.testing.assert_array_equal(study.history.loss, rebuilt.loss)
    for names in (["x"], ["k"], ["x", "k"]):
        group = {n: trials[0].distributions.get(n, IntDistribution(1, 5)) for n in names}
        np.testing.assert_array_equal(
            study.history.columns(group).points, rebuilt.columns(group).points
        )


def test_a_trial_must_follow_the_last():
    trial = create_trial(value=1.0)
    trial.number = 3
    with pytest.raises(ValueError, match="Trial 3 cannot follow 0 trials"):
        History(maximize=False).add(trial)


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), max_size=70))
@settings(deadline=None)
def test_a_table_grows_by_rows(rows):
    table = Table(2)
    for row in rows:
        table.append(row)
    assert len(table) == len(rows)
    np.testing.assert_array_equal(table.rows, np.array(rows).reshape(-1, 2))
