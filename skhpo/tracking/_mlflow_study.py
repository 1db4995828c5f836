"""Studies in MLflow: a run for the study, nested runs for its trials."""

from __future__ import annotations

import functools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from skhpo._warnings import warn_user
from skhpo.study._callbacks import OptimizeCallback
from skhpo.tracking._mlflow_runs import (
    N_COMPLETE,
    PARENT,
    PLOTS,
    RUN_ID,
    STATUS,
    STUDY,
    TRIAL,
    MetricValue,
    Runs,
    open_experiment,
)
from skhpo.tracking._plots import figures_of_study
from skhpo.trial import FrozenTrial, Trial, TrialState

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["OpenStudies", "StudyTracking", "study_tags"]

# The status of a trial, as in the table of a search, and MLflow's status of its run.
_STATUS = {
    TrialState.COMPLETE: ("complete", "FINISHED"),
    TrialState.PRUNED: ("pruned", "KILLED"),
    TrialState.FAIL: ("failed", "FAILED"),
}
INTERMEDIATE = "intermediate_value"

Value = TypeVar("Value")


@dataclass
class _StudyRun:
    """The run of a study while it is recorded.

    ``begun`` has the runs of the trials that have a run and whose results are not logged yet, by
    number.
    """

    runs: Runs
    run_id: str
    is_ours: bool
    begun: dict[int, str]
    n_users: int = 0


@dataclass
class OpenStudies:
    """The runs of the studies that are being recorded, by name. A copy has none."""

    by_name: dict[str, _StudyRun] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    warned: bool = False

    def __reduce__(self) -> tuple[type[OpenStudies], tuple[()]]:
        """Copy nothing."""
        return OpenStudies, ()


class StudyTracking(OptimizeCallback):
    """The part of MLflowCallback that records studies; see there."""

    tracking_uri: str | None
    experiment_name: str | None
    run_name: str | None
    tags: Mapping[str, str] | None
    log_plots: bool
    _studies: OpenStudies

    # -------------------------------------------------------------------------- the study

    @contextmanager
    def optimizing(self, study: Study) -> Iterator[None]:
        """Open the run of a study, and at the end log its best trial and end the run.

        ``Study.optimize`` calls it.

        Parameters
        ----------
        study : Study
            The study.
        """
        name = study.study_name
        with self._studies.lock:
            if name not in self._studies.by_name:
                self._studies.by_name[name] = self._open(study)
            current = self._studies.by_name[name]
            current.n_users += 1
        status = "FAILED"
        try:
            yield
            status = "FINISHED"
        except KeyboardInterrupt:
            status = "KILLED"
            raise
        finally:
            with self._studies.lock:
                current.n_users -= 1
                is_last = current.n_users == 0
                if is_last:
                    del self._studies.by_name[name]
            if is_last:
                with self._errors_are_warnings():
                    self._close(study, current, status)

    def _open(self, study: Study) -> _StudyRun:
        """Create or continue the run of a study, and log its settings."""
        runs, active = open_experiment(self.tracking_uri, self.experiment_name)
        previous = runs.get(study.user_attrs.get(RUN_ID))
        tags = {**(self.tags or {}), **study_tags(study)}
        run_id, is_ours = self._choose_study_run(runs, study, active, previous, tags)
        begun = {}
        if previous is not None:
            of_trials = runs.of_trials(previous.info.run_id, study.study_name)
            begun = {n: r.info.run_id for n, r in of_trials.items() if STATUS not in r.data.tags}
            if previous.info.run_id != run_id:
                ids = [run.info.run_id for run in of_trials.values()]
                runs.move(ids, previous.info.run_id, run_id)
        study.set_user_attr(RUN_ID, run_id)
        runs.log(run_id, tags=tags)
        directions = [direction.name.lower() for direction in study.directions]
        params = {"direction": directions[0] if len(directions) == 1 else directions}
        runs.log_new_params(run_id, params)
        return _StudyRun(runs, run_id, is_ours, begun)

    def _choose_study_run(
        self, runs: Runs, study: Study, active: Any, previous: Any, tags: Mapping[str, Any]
    ) -> tuple[str, bool]:
        """Return the id of the study's run, and whether to end it after the last trial."""
        if active is not None and runs.study_of(active.info.run_id) in (None, study.study_name):
            return active.info.run_id, False
        parent = None if active is None else active.info.run_id
        if previous is not None and parent in (None, previous.data.tags.get(PARENT)):
            runs.reopen(previous.info.run_id)
            return previous.info.run_id, True
        return runs.create(self.run_name, tags, parent), True

    def _close(self, study: Study, current: _StudyRun, status: str) -> None:
        """Log the best trial and the plots, and end the run."""
        runs, run_id = current.runs, current.run_id
        trials = study.get_trials(deepcopy=False)
        for number, of_trial in current.begun.items():  # of processes that died
            is_known = STATUS in runs.client.get_run(of_trial).data.tags
            if not is_known and trials[number].state.is_finished():
                self._log_trial(study, trials[number], current, of_trial)
        runs.log(run_id, metrics=study_metrics(study), tags=best_tags(study))
        if self.log_plots:
            runs.log_figures(run_id, figures_of_study(study), PLOTS)
        if current.is_ours:
            runs.end(run_id, status)

    # ------------------------------------------------------------------------- the trials

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Record a trial that has ended.

        Parameters
        ----------
        study : Study
            The study.
        trial : FrozenTrial
            The record of the trial.
        """
        with self.optimizing(study), self._errors_are_warnings():
            current = self._studies.by_name[study.study_name]
            run_id = current.begun.pop(trial.number, None)
            if run_id is None:
                run_id = self._create_run(study, trial, current)
            self._log_trial(study, trial, current, run_id)

    def _create_run(self, study: Study, trial: FrozenTrial | Trial, current: _StudyRun) -> str:
        tags = {**(self.tags or {}), STUDY: study.study_name, TRIAL: trial.number}
        name, start = f"trial {trial.number}", trial.datetime_start
        return current.runs.create(name, tags, current.run_id, start)

    def _log_trial(self, study: Study, trial: FrozenTrial, current: _StudyRun, run_id: str) -> None:
        status, of_run = _STATUS[trial.state]
        current.runs.log(
            run_id,
            params=trial.params,
            metrics=trial_metrics(study, trial),
            tags={**trial.user_attrs, STATUS: status},
        )
        current.runs.end(run_id, of_run, trial.datetime_complete)

    def track_in_mlflow(self) -> Callable[[Callable[[Trial], Value]], Callable[[Trial], Value]]:
        """Return a decorator of objective functions: the trial's run is MLflow's active run.

        What the objective function logs by ``mlflow.log_metric``, ``mlflow.log_artifact`` and so
        on is logged to the run of the trial. The callback itself must be among the `callbacks` of
        ``Study.optimize``, too.

        Returns
        -------
        decorator : callable
            Takes an objective function, and returns one.

        Raises
        ------
        RuntimeError
            In a trial, if the callback is not among the `callbacks`.
        ValueError
            In a trial, if `tracking_uri` or `experiment_name` are not the current ones of MLflow.

        Examples
        --------
        ::

            callback = MLflowCallback()

            @callback.track_in_mlflow()
            def objective(trial):
                lr = trial.suggest_float("lr", 1e-4, 1e-1, log=True)
                network = train(lr)
                mlflow.log_artifact("weights.pt")
                return evaluate(network)

            study.optimize(objective, n_trials=20, callbacks=[callback])
        """

        def decorator(func: Callable[[Trial], Value]) -> Callable[[Trial], Value]:
            @functools.wraps(func)
            def tracked(trial: Trial) -> Value:
                import mlflow

                run_id = self._begin_trial(trial)
                with mlflow.start_run(run_id=run_id, nested=True):
                    return func(trial)

            return tracked

        return decorator

    def _begin_trial(self, trial: Trial) -> str:
        """Create the run of a trial, and return its id."""
        study = trial.study
        current = self._studies.by_name.get(study.study_name)
        if current is None:
            raise RuntimeError(
                "`track_in_mlflow` needs its MLflowCallback in the `callbacks` of "
                "`Study.optimize`, too."
            )
        if not current.runs.is_current:
            raise ValueError(
                "`track_in_mlflow` needs the store and the experiment of the MLflowCallback to be "
                "the current ones: call `mlflow.set_tracking_uri` and `mlflow.set_experiment`."
            )
        current.begun[trial.number] = self._create_run(study, trial, current)
        return current.begun[trial.number]

    @contextmanager
    def _errors_are_warnings(self) -> Iterator[None]:
        """Turn errors into a warning, the first time: a tracker must not end a study."""
        try:
            yield
        except Exception as error:
            if not self._studies.warned:
                self._studies.warned = True
                warn_user(
                    f"MLflowCallback raised {type(error).__name__}: {error}. The study continues; "
                    "further errors of the callback are not shown."
                )


# ------------------------------------------------------------------------- what is logged


def study_tags(study: Study) -> dict[str, Any]:
    """Return the tags of the run of a study, or of the search that it belongs to."""
    return {
        STUDY: study.study_name,
        "skhpo.sampler": type(study.sampler).__name__,
        "skhpo.pruner": type(study.pruner).__name__,
    }


def _names(study: Study) -> list[str]:
    """Return the names of the objectives: those that were set, or those of Optuna's callback."""
    n_objectives = len(study.directions)
    default = ["value"] if n_objectives == 1 else [f"value_{k}" for k in range(n_objectives)]
    return list(study.metric_names or default)


def study_metrics(study: Study) -> list[MetricValue]:
    """Return the metrics of a study that has ended: the best value, and the counts."""
    count = Counter(trial.state for trial in study.get_trials(deepcopy=False))
    metrics: dict[str, float] = {
        N_COMPLETE: count[TrialState.COMPLETE],
        "n_pruned": count[TrialState.PRUNED],
        "n_failed": count[TrialState.FAIL],
    }
    best = _best(study)
    if best is not None and best.value is not None:
        metrics[f"best_{_names(study)[0]}"] = best.value
    elif len(study.directions) > 1:
        metrics["n_front"] = len(study.best_trials)
    return [(name, float(value), 0) for name, value in metrics.items()]


def best_tags(study: Study) -> dict[str, Any]:
    """Return the best trial as tags, which may change, unlike MLflow's parameters."""
    best = _best(study)
    if best is None:
        return {}
    return {"best_trial": best.number, **{f"best_{n}": one for n, one in best.params.items()}}


def _best(study: Study) -> FrozenTrial | None:
    """Return the best trial; None with several objectives, or if no trial is complete."""
    if len(study.directions) > 1:
        return None
    try:
        return study.best_trial
    except ValueError:
        return None


def trial_metrics(study: Study, trial: FrozenTrial) -> list[MetricValue]:
    """Return the values of a complete trial, and the intermediate values of any trial."""
    values = trial.values if trial.state == TrialState.COMPLETE else None
    named = zip(_names(study), values or (), strict=False)
    reported = trial.intermediate_values.items()
    return [
        *((name, value, 0) for name, value in named),
        *((INTERMEDIATE, value, step) for step, value in reported),
    ]
