"""Searches under ``mlflow.sklearn.autolog()``: one run for the search, none for its folds.

MLflow patches the ``fit`` of scikit-learn's estimators, and knows scikit-learn's searches by their
classes. To MLflow, the fits in the folds of another search are fits of the user's. Here a search
switches autologging off while its folds run, and logs to MLflow what MLflow logs of
``RandomizedSearchCV``. Without MLflow, or before the user has imported it, nothing happens.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any, NamedTuple

import numpy as np

from skhpo._warnings import warn_user
from skhpo.callbacks import RefitEvent, SearchCallback, SearchEvent
from skhpo.tracking._mlflow import (
    TABLE,
    MLflowCallback,
    best_metrics,
    best_params,
    search_params,
    search_tags,
)
from skhpo.tracking._mlflow_runs import STATUS, STUDY, TRIAL, MetricValue, Runs
from skhpo.tracking._values import has_results

__all__ = ["SearchLogging", "autologging", "without_autologging"]

FLAVOR = "sklearn"
AUTOLOGGING = "mlflow.autologging"  # MLflow's tag of runs that autologging has created
N_TUNING_RUNS = 5  # MLflow's default of `max_tuning_runs`


# ------------------------------------------------------------------------ switching it off


class _Switch:
    """Switches autologging off while any block needs it off, in any thread.

    MLflow's own switch is global, and its end switches autologging on, whatever was before.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_blocks = 0
        self._off: AbstractContextManager[Any] | None = None

    @contextmanager
    def off(self, utils: Any) -> Iterator[None]:
        with self._lock:
            if self._n_blocks == 0 and not _is_off(utils):
                self._off = utils.disable_autologging()
                self._off.__enter__()
            self._n_blocks += 1
        try:
            yield
        finally:
            with self._lock:
                self._n_blocks -= 1
                if self._n_blocks == 0 and self._off is not None:
                    self._off.__exit__(None, None, None)
                    self._off = None


_switch = _Switch()


def without_autologging(is_off: bool = True) -> AbstractContextManager[None]:
    """Return a context in which MLflow logs no fit by itself.

    Parameters
    ----------
    is_off : bool, default=True
        False changes nothing.
    """
    utils = _autologging_utils()
    return _switch.off(utils) if is_off and utils is not None else nullcontext()


def _autologging_utils() -> Any:
    """Return MLflow's module for autologging; None if the user has not imported MLflow."""
    return sys.modules.get("mlflow.utils.autologging_utils")


def _is_off(utils: Any) -> bool:
    return bool(getattr(utils, "_AUTOLOGGING_GLOBALLY_DISABLED", False))


# ------------------------------------------------------------------------ logging a search


class SearchLogging(NamedTuple):
    """How MLflow records a search.

    Parameters
    ----------
    trackers : list of SearchCallback
        The tracker that autologging adds to those of the user, or nothing.
    is_complete : bool
        Whether the search is recorded with its refit, which MLflow must then not log by itself.
    """

    trackers: list[SearchCallback]
    is_complete: bool


@contextmanager
def autologging(callbacks: Sequence[Any] | None) -> Iterator[SearchLogging]:
    """Let MLflow log a search, if ``mlflow.sklearn.autolog()`` is on.

    Without an active run, a run is active while the block runs.

    Parameters
    ----------
    callbacks : sequence of callable or None
        The callbacks of the search. If an ``MLflowCallback`` is among them, it is used instead.

    Yields
    ------
    logging : SearchLogging
    """
    utils = _autologging_utils()
    if utils is None or any(isinstance(one, MLflowCallback) for one in callbacks or ()):
        yield SearchLogging([], is_complete=utils is not None)
    elif not _logs_this_fit(utils):
        yield SearchLogging([], is_complete=False)
    else:
        trackers: list[SearchCallback] = []
        with ExitStack() as until_the_end:
            with _errors_are_warnings():
                run_id = until_the_end.enter_context(_run_of_search())
                trackers.append(_Autologger(run_id, utils))
            yield SearchLogging(trackers, is_complete=True)


def _logs_this_fit(utils: Any) -> bool:
    if _is_off(utils) or utils.autologging_is_disabled(FLAVOR):
        return False
    import mlflow

    active = mlflow.active_run()
    if active is None:
        return True
    is_in_logged_fit = AUTOLOGGING in active.data.tags  # as the last step of a pipeline
    return not is_in_logged_fit and not utils.get_autologging_config(FLAVOR, "exclusive", False)


@contextmanager
def _run_of_search() -> Iterator[str]:
    """Yield the id of the active run, or of a run that is active while the block runs.

    An active run that has a search already gets a nested run.
    """
    import mlflow

    active = mlflow.active_run()
    if active is not None and STUDY not in mlflow.get_run(active.info.run_id).data.tags:
        yield active.info.run_id
        return
    run = mlflow.start_run(nested=active is not None, tags={AUTOLOGGING: FLAVOR})
    run_id, status = run.info.run_id, "FAILED"
    try:
        yield run_id
        status = "FINISHED"
    finally:
        with _errors_are_warnings():
            mlflow.end_run(status)


@contextmanager
def _errors_are_warnings() -> Iterator[None]:
    """Turn errors into warnings: autologging must not end a search."""
    try:
        yield
    except Exception as error:
        warn_user(
            f"MLflow's autologging of the search raised {type(error).__name__}: {error}. The "
            "search continues."
        )


class _Autologger(SearchCallback):
    """Logs a search to a run as MLflow does for scikit-learn's searches.

    Parameters
    ----------
    run_id : str
        The run of the search.
    utils : module
        MLflow's module for autologging, which has the arguments of ``autolog``.
    """

    def __init__(self, run_id: str, utils: Any) -> None:
        self._run_id = run_id
        self._utils = utils
        self._runs = Runs(None, None)
        self._runs.experiment_id = self._runs.client.get_run(run_id).info.experiment_id

    def _config(self, name: str, default: Any) -> Any:
        """Return an argument that the user gave to ``autolog``."""
        return self._utils.get_autologging_config(FLAVOR, name, default)

    def on_search_start(self, search: SearchEvent) -> None:
        """Log the settings of the search."""
        tags = {**(self._config("extra_tags", None) or {}), **search_tags(search)}
        self._runs.log(self._run_id, params=search_params(search.search), tags=tags)

    def on_search_end(self, search: SearchEvent) -> None:
        """Log the best candidate, the table, and the runs of the best candidates."""
        fitted = search.search
        if not has_results(search):
            return
        self._runs.log(self._run_id, params=best_params(fitted), metrics=best_metrics(search))
        self._runs.log_table(self._run_id, fitted.cv_results_, TABLE)
        for row in _best_rows(fitted.cv_results_, self._config("max_tuning_runs", N_TUNING_RUNS)):
            self._log_candidate(fitted, row)

    def _log_candidate(self, search: Any, row: int) -> None:
        table = search.cv_results_
        tags = {
            AUTOLOGGING: FLAVOR,
            "estimator_name": type(search.estimator).__name__,
            TRIAL: table["trial_number"][row],
            STATUS: table["status"][row],
        }
        run_id = self._runs.create(None, tags, self._run_id)
        params = {**search.estimator.get_params(), **table["params"][row]}
        self._runs.log(run_id, params=params, metrics=_row_metrics(table, row))
        self._runs.end(run_id, "FINISHED")

    def on_refit_end(self, refit: RefitEvent) -> None:
        """Log the refitted model, under both names that MLflow uses, the data and their score."""
        self._runs.log(self._run_id, metrics=[("refit_time", refit.seconds, 0)])
        silent = self._config("silent", False)
        with self._utils.MlflowEventsAndWarningsBehaviorGlobally(
            disable_event_logs=silent, disable_warnings=silent, reroute_warnings=False
        ):
            if self._config("log_datasets", True):
                _log_data(refit.X, refit.y)
            if self._config("log_models", True):
                self._log_models(refit)
        if refit.y is not None:
            score = float(refit.search.score(refit.X, refit.y))
            self._runs.log(self._run_id, metrics=[("training_score", score, 0)])

    def _log_models(self, refit: RefitEvent) -> None:
        model, format = refit.search.best_estimator_, self._config("serialization_format", None)
        registered = self._config("registered_model_name", None)
        for name, registered_name in (("model", registered), ("best_estimator", None)):
            arguments = {
                "name": name,
                "serialization_format": format,
                "registered_model_name": registered_name,
            }
            self._runs.log_model(
                self._run_id,
                model,
                refit.X,
                arguments,
                with_signature=self._config("log_model_signatures", True),
                with_example=self._config("log_input_examples", False),
            )


def _log_data(X: Any, y: Any) -> None:
    """Log a description of the training data to the active run, if MLflow has one for its type."""
    import mlflow

    if hasattr(X, "iloc"):
        from mlflow.data.pandas_dataset import from_pandas

        mlflow.log_input(from_pandas(X), context="train")
    elif isinstance(X, np.ndarray):
        from mlflow.data.numpy_dataset import from_numpy

        data = from_numpy(X) if y is None else from_numpy(X, targets=np.asarray(y))
        mlflow.log_input(data, context="train")


def _best_rows(table: Mapping[str, Any], n_rows: int | None) -> list[int]:
    """Return the rows of the best candidates, or all rows in their order."""
    rank = next((column for name, column in table.items() if name.startswith("rank_test_")), None)
    if n_rows is None or rank is None:
        return list(range(len(table["params"])))[:n_rows]
    best: list[int] = np.argsort(rank, kind="stable")[:n_rows].tolist()
    return best


def _row_metrics(table: Mapping[str, Any], row: int) -> list[MetricValue]:
    """Return the numbers of a row, without those of single folds."""
    values = {
        name: column[row]
        for name, column in table.items()
        if not name.startswith(("param", "split")) and np.asarray(column).dtype.kind in "iuf"
    }
    return [(name, float(value), 0) for name, value in values.items() if value is not np.ma.masked]
