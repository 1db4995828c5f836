"""Warnings of studies and trials: they point at the line of the user's code, and come once."""

import warnings

import pytest

import skhpo
from skhpo.distributions import FloatDistribution, IntDistribution
from skhpo.trial import FixedTrial


def study_with(**enqueued):
    study = skhpo.create_study()
    study.enqueue_trial(enqueued)
    return study


def fails():
    skhpo.create_study().optimize(lambda trial: float("nan"), n_trials=1)


def tells_a_word():
    study = skhpo.create_study()
    study.tell(study.ask(), "x")


def has_no_end_to_show():
    study = skhpo.create_study()
    study.optimize(lambda trial: study.stop() or 0.0, show_progress_bar=True)


def suggests_twice():
    trial = skhpo.create_study().ask()
    trial.suggest_float("x", 0, 1)
    trial.suggest_float("x", 0, 2)


def suggests_what_is_enqueued_elsewhere():
    study_with(x=3).ask().suggest_float("x", 0, 1)


def asks_for_what_is_enqueued_elsewhere():
    study_with(x=3).ask({"x": FloatDistribution(0, 1)})


def suggests_objects():
    skhpo.create_study().ask().suggest_categorical("x", [(1, 2), (3, 4)])


def suggests_steps():
    skhpo.create_study().ask().suggest_int("x", 0, 5, step=2)


def makes_steps():
    IntDistribution(0, 5, step=2)


def uses_an_old_name():
    skhpo.create_study().ask().suggest_uniform("x", 0, 1)


def reports_twice():
    trial = skhpo.create_study().ask()
    trial.report(0.5, 1)
    trial.report(0.5, 1)


def constrains_twice():
    trial = skhpo.create_study().ask()
    trial.set_constraint("weight", 1)
    trial.set_constraint("weight", 2)


def fixes_a_value_outside():
    FixedTrial({"x": 3}).suggest_float("x", 0, 1)


def rereads_a_value_outside():
    trial = skhpo.create_trial(
        value=0, params={"x": 0.5}, distributions={"x": FloatDistribution(0, 1)}
    )
    trial.suggest_float("x", 0, 0.25)


@pytest.mark.parametrize(
    "script",
    [
        fails,
        tells_a_word,
        has_no_end_to_show,
        suggests_twice,
        suggests_what_is_enqueued_elsewhere,
        asks_for_what_is_enqueued_elsewhere,
        suggests_objects,
        suggests_steps,
        makes_steps,
        uses_an_old_name,
        reports_twice,
        constrains_twice,
        fixes_a_value_outside,
        rereads_a_value_outside,
    ],
    ids=lambda script: script.__name__,
)
def test_a_warning_comes_once_and_points_at_the_line_of_the_script(script):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        script()
    (one,) = caught
    begin = script.__code__.co_firstlineno
    assert one.filename == __file__
    assert begin < one.lineno <= max(line for *_, line in script.__code__.co_lines() if line)


def test_each_trial_warns_of_a_step_that_lowers_the_upper_bound():
    study = skhpo.create_study()
    for _ in range(2):
        with pytest.warns(UserWarning, match="high is lowered to 4") as caught:
            study.ask().suggest_int("x", 0, 5, step=2)
        assert len(caught) == 1
