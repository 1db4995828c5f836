"""The logging tracker: which messages it writes, to which logger, with which level."""

import logging

import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.svm import SVC

from skhpo import TPESearchCV
from skhpo.tracking import LoggingCallback

X, y = load_iris(return_X_y=True)


def search(callback, values, **settings):
    arguments = {"cv": 3, "random_state": 0, "pruner": None, **settings}
    return TPESearchCV(SVC(), {"C": values}, callbacks=[callback], **arguments)


def test_messages_have_the_level_and_folds_are_debug_messages(caplog):
    with caplog.at_level(logging.DEBUG, logger="mine"):
        search(LoggingCallback("mine", level=logging.WARNING), [0.5, 1.0]).fit(X, y)
    levels = [record.levelno for record in caplog.records]
    assert levels.count(logging.WARNING) == 5  # start, two candidates, end, refit
    assert levels.count(logging.DEBUG) == 6
    assert {record.name for record in caplog.records} == {"mine"}


def test_a_failed_fit_is_a_warning_with_the_last_line_of_its_error(caplog):
    with caplog.at_level(logging.INFO, logger="mine"), pytest.warns(match="fits failed"):
        search(LoggingCallback("mine"), [-1.0, 1.0]).fit(X, y)
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert len(warnings) == 3
    assert "fold 0 failed: sklearn.utils._param_validation.InvalidParameterError" in warnings[0]


def test_a_pruned_candidate_is_reported_without_a_score(caplog):
    space = [10.0**k for k in range(-6, 4)]
    with caplog.at_level(logging.INFO, logger="mine"):
        search(LoggingCallback("mine"), space, cv=5, pruner="auto").fit(X, y)
    pruned = [r.getMessage() for r in caplog.records if "is pruned" in r.getMessage()]
    assert pruned
    assert all("score=" not in message and "/5 folds" in message for message in pruned)


def test_the_default_is_the_logger_of_the_library():
    assert LoggingCallback().logger is logging.getLogger("skhpo")


def test_a_search_with_it_can_be_cloned_and_logs_to_the_same_logger():
    copied = clone(search(LoggingCallback("mine"), [1.0]))
    assert copied.callbacks[0].logger is logging.getLogger("mine")


@pytest.mark.parametrize(
    ("arguments", "word"), [({"logger": 3}, "logger"), ({"level": "INFO"}, "level")]
)
def test_wrong_arguments_are_named(arguments, word):
    with pytest.raises(TypeError, match=f"`{word}` must be"):
        LoggingCallback(**arguments)
