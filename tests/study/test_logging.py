"""Logging: what a user sees on stderr, and how it is turned off."""

import io
import logging
import re
import subprocess
import sys
from contextlib import redirect_stderr

import optuna
import pytest
from scipy.stats import uniform
from sklearn.datasets import make_classification
from sklearn.tree import DecisionTreeClassifier

import skhpo


@pytest.fixture(autouse=True)
def _as_at_the_start():
    skhpo.logging.set_verbosity(skhpo.logging.INFO)
    yield
    skhpo.logging.set_verbosity(skhpo.logging.WARNING)
    skhpo.logging.enable_default_handler()
    skhpo.logging.disable_propagation()


def run_study(n_trials=2):
    study = skhpo.create_study(study_name="shown")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=n_trials)


def shown(capsys, action=run_study):
    capsys.readouterr()
    action()
    out, err = capsys.readouterr()
    assert out == ""
    return err


def test_a_study_writes_a_line_for_each_trial(capsys):
    lines = shown(capsys).splitlines()
    assert len(lines) == 3
    assert all(re.match(r"\[I \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] \S", line) for line in lines)
    assert "shown" in lines[0]
    assert "Trial 1" in lines[2]


def test_a_failure_is_a_warning(capsys):
    def fail():
        skhpo.create_study().optimize(lambda trial: 1 / 0, n_trials=1, catch=ZeroDivisionError)

    skhpo.logging.set_verbosity(skhpo.logging.WARNING)
    err = shown(capsys, fail)
    assert err.startswith("[W ")
    assert "division by zero" in err


def test_the_verbosity_says_what_is_shown(capsys):
    assert skhpo.logging.get_verbosity() == skhpo.logging.INFO
    skhpo.logging.set_verbosity(skhpo.logging.WARNING)
    assert skhpo.logging.get_verbosity() == skhpo.logging.WARNING
    assert shown(capsys) == ""
    skhpo.logging.set_verbosity(skhpo.logging.DEBUG)
    assert "Trial 0" in shown(capsys)


def test_the_handler_can_be_turned_off_and_on(capsys):
    skhpo.logging.disable_default_handler()
    assert shown(capsys) == ""
    skhpo.logging.enable_default_handler()
    skhpo.logging.enable_default_handler()  # twice is once
    assert len(shown(capsys).splitlines()) == 3


def test_a_search_stays_silent(capsys):
    X, y = make_classification(60, random_state=0)

    def fit():
        skhpo.TPESearchCV(
            DecisionTreeClassifier(), {"ccp_alpha": uniform(0.0, 0.1)}, n_iter=8, random_state=0
        ).fit(X, y)

    assert shown(capsys, fit) == ""


def test_redirections_of_stderr_are_followed():
    with redirect_stderr(io.StringIO()) as stream:
        run_study()
    assert len(stream.getvalue().splitlines()) == 3


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_colours_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    with redirect_stderr(Terminal()) as stream:
        run_study()
    assert stream.getvalue().startswith("\x1b[32m[I ")
    monkeypatch.setenv("NO_COLOR", "1")
    with redirect_stderr(Terminal()) as stream:
        run_study()
    assert stream.getvalue().startswith("[I ")


def test_the_trace_of_an_exception_is_written():
    with redirect_stderr(io.StringIO()) as stream:
        try:
            raise ValueError("told")
        except ValueError:
            skhpo.logging.get_logger("skhpo.study").exception("It went wrong.")
    assert "] It went wrong.\nTraceback" in stream.getvalue()
    assert "ValueError: told" in stream.getvalue()


def test_messages_go_to_the_root_logger_only_if_asked():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        run_study()
        assert stream.getvalue() == ""
        skhpo.logging.enable_propagation()
        run_study()
        assert "Trial 0" in stream.getvalue()
    finally:
        root.removeHandler(handler)


def test_other_handlers_get_the_plain_message():
    with redirect_stderr(Terminal()):
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        logger = skhpo.logging.get_logger()
        logger.addHandler(handler)
        try:
            logger.info("told")
        finally:
            logger.removeHandler(handler)
    assert stream.getvalue() == "told\n"


def test_the_names_are_those_of_the_dialect():
    names = {name for name in dir(optuna.logging) if not name.startswith("_")}
    modules = {"annotations", "colorlog", "logging", "sys", "threading"}
    assert names - modules - {"create_default_formatter"} == set(skhpo.logging.__all__)
    for name in optuna.logging.__all__:
        assert getattr(skhpo.logging, name) == getattr(optuna.logging, name)


def test_a_fresh_process_shows_the_trials():
    code = (
        "import skhpo; skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0))"
        ".optimize(lambda trial: 1.0, n_trials=1)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert "Trial 0" in done.stderr
