"""The tracker for MLflow: a run for the search, nested runs for its candidates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from skhpo._hints import missing_extra
from skhpo.callbacks import (
    CandidateEvent,
    FoldEvent,
    RefitEvent,
    SearchCallback,
    SearchEvent,
)
from skhpo.tracking._mlflow_runs import (
    N_COMPLETE,
    PLOTS,
    RUN_ID,
    STATUS,
    STUDY,
    TRIAL,
    MetricValue,
    Runs,
    open_experiment,
)
from skhpo.tracking._mlflow_study import OpenStudies, StudyTracking, study_tags
from skhpo.tracking._plots import figures_of_search
from skhpo.tracking._values import by_objective, has_results, settings_of, space_of

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = [
    "TABLE",
    "MLflowCallback",
    "best_metrics",
    "best_params",
    "search_params",
    "search_tags",
]

SEARCH = "skhpo.search"
TABLE = "cv_results.csv"

# MLflow's status of a run, by the status of its candidate; FAILED for all others.
_RUN_STATUS = {"complete": "FINISHED", "pruned": "KILLED", "interrupted": "KILLED"}


@dataclass
class _CandidateRun:
    """The run of a candidate: its id, its folds to log, and its status in an earlier fit."""

    run_id: str
    folds: list[FoldEvent] = field(default_factory=list)
    earlier_status: str | None = None

    @property
    def is_settled(self) -> bool:
        """Whether an earlier fit has logged the end of the candidate."""
        return self.earlier_status not in (None, "interrupted")


@dataclass
class _SearchRun:
    """The run of a search while it is recorded."""

    runs: Runs
    run_id: str
    is_ours: bool
    study_name: str
    objectives: tuple[str, ...]
    known: dict[int, _CandidateRun]
    open: dict[int, _CandidateRun] = field(default_factory=dict)
    status: str = "FINISHED"


class MLflowCallback(StudyTracking, SearchCallback):
    """Tracker that records a search or a study in MLflow.

    Give it in ``callbacks=`` of a search, or of :meth:`skhpo.Study.optimize`.

    The run of a search has

    - parameters: the settings of the search, the search space (``space.<name>``), and the best
      parameters (``best_<name>``),
    - metrics: ``best_cv_score``, or for several objectives ``best_<objective>``; the number of
      complete, pruned and failed candidates; ``refit_time``,
    - ``cv_results.csv``, and the refitted model with its signature and an input example,
    - plots: ``plots/history.png`` and ``plots/importances.png``, or with several objectives
      ``plots/pareto_front.png``, if matplotlib is installed.

    Each candidate has a nested run, which starts and ends with it. It has

    - its parameters,
    - the metrics of its folds, ``split<k>_<metric>`` (with a `resource`, the amount is the step),
      and, if it is complete, their means ``mean_<metric>``,
    - ``mean_fit_time``, ``mean_score_time`` and ``n_folds``, the number of evaluated folds,
    - the tags ``skhpo.study``, ``skhpo.trial`` (its number), ``skhpo.status``, ``skhpo.progress``
      and, if it was stopped, ``skhpo.reason``.

    The run of the search has the tags ``skhpo.study``, ``skhpo.search``, ``skhpo.sampler`` and
    ``skhpo.pruner`` (names of classes), and ``skhpo.ended_early`` if it ended before its budget.

    A candidate that was stopped has no means. Its predicted values are the metrics
    ``predicted_<objective>``. Its run has MLflow's status KILLED.

    The run of a study has the parameter ``direction``, the number of complete, pruned and failed
    trials, the same plots, and with one objective the metric ``best_value`` and the tags
    ``best_trial`` and ``best_<name>``. Each trial has a nested run with

    - its parameters, and its user attributes as tags,
    - if it is complete, ``value``, or ``value_<k>`` with several objectives, or the names of
      ``study.set_metric_names``,
    - ``intermediate_value``, with the step of each report,
    - the tags ``skhpo.study``, ``skhpo.trial`` and ``skhpo.status``.

    :meth:`track_in_mlflow` lets an objective function log to the run of its trial.

    If a run is active when the search or the study starts, it is recorded in this run, which
    stays active. If that run already has a search or another study, a nested run is created. The
    active run is not used if `tracking_uri` or `experiment_name` name another store or experiment.

    A stored search that is resumed keeps the runs of its candidates. If its last run was killed
    while running, that run continues. Otherwise a new run is created for the search, and the
    runs of the candidates are nested in it. A study that is optimised again continues its run.

    An error while a candidate or a trial is recorded becomes a warning, and the search or the
    study continues.

    Parameters
    ----------
    tracking_uri : str, default=None
        The tracking server or store, such as ``"sqlite:///mlflow.db"``. None is the current one
        of MLflow.
    experiment_name : str, default=None
        Name of the experiment. It is created if it does not exist. None is the experiment of the
        active run, or the current one of MLflow.
    run_name : str, default=None
        Name of the run that is created for the search or the study. None lets MLflow choose a
        name. A run that is active keeps its name.
    log_model : bool or dict, default=True
        Whether to log the refitted model of a search, as ``"model"``. A dict has further
        arguments for ``mlflow.sklearn.log_model``, such as ``{"registered_model_name": "churn"}``.
    tags : dict of str to str, default=None
        Further tags of all runs.
    log_plots : bool, default=True
        Whether to log the plots.

    Raises
    ------
    ImportError
        If MLflow is not installed.
    TypeError
        If `log_model` or `tags` have a wrong type.

    See Also
    --------
    JSONLinesCallback : A tracker without a server.

    Examples
    --------
    ::

        callback = MLflowCallback("sqlite:///mlflow.db", experiment_name="iris")
        search = TPESearchCV(SVC(), space, callbacks=[callback]).fit(X, y)

        study = skhpo.create_study()
        study.optimize(objective, n_trials=50, callbacks=[MLflowCallback()])
    """

    def __init__(
        self,
        tracking_uri: str | None = None,
        experiment_name: str | None = None,
        run_name: str | None = None,
        log_model: bool | Mapping[str, Any] = True,
        tags: Mapping[str, str] | None = None,
        log_plots: bool = True,
    ) -> None:
        if find_spec("mlflow") is None:
            raise missing_extra("MLflowCallback needs MLflow", "mlflow")
        if not isinstance(log_model, bool | Mapping):
            raise TypeError(f"`log_model` must be a bool or a dict; got {log_model!r}.")
        if not isinstance(tags, Mapping | None):
            raise TypeError(f"`tags` must be a dict or None; got {tags!r}.")
        self.tracking_uri = tracking_uri
        self.experiment_name = experiment_name
        self.run_name = run_name
        self.log_model = log_model
        self.tags = tags
        self.log_plots = log_plots
        self._search: _SearchRun | None = None
        self._studies = OpenStudies()

    def __getstate__(self) -> dict[str, Any]:
        """Return the arguments; what is being recorded is not copied."""
        return {**vars(self), "_search": None}

    # ------------------------------------------------------------------------- the search

    def on_search_start(self, search: SearchEvent) -> None:
        """Create or continue the run of the search, and log its settings."""
        self._search = None
        runs, active = open_experiment(self.tracking_uri, self.experiment_name)
        is_stored = search.search.storage is not None
        previous = runs.get(search.study.user_attrs.get(RUN_ID)) if is_stored else None
        known = {} if previous is None else _known_candidates(runs, previous, search.study)
        run_id, is_ours = self._choose_run(runs, search, active, previous)
        if previous is not None and previous.info.run_id != run_id:
            ids = [candidate.run_id for candidate in known.values()]
            runs.move(ids, previous.info.run_id, run_id)
        if is_stored:
            search.study.set_user_attr(RUN_ID, run_id)
        self._search = _SearchRun(
            runs, run_id, is_ours, search.study.study_name, search.objectives, known
        )
        runs.log(run_id, tags=self._tags(search))
        runs.log_new_params(run_id, search_params(search.search))

    def _choose_run(
        self, runs: Runs, search: SearchEvent, active: Any, previous: Any
    ) -> tuple[str, bool]:
        """Return the id of the search's run, and whether to end it after the search."""
        if active is not None and runs.study_of(active.info.run_id) is None:
            return active.info.run_id, False
        if active is None and previous is not None and _was_cut(previous):
            return previous.info.run_id, True
        parent = None if active is None else active.info.run_id
        return runs.create(self.run_name, self._tags(search), parent), True

    def _tags(self, search: SearchEvent) -> dict[str, Any]:
        return {**(self.tags or {}), **search_tags(search)}

    def on_search_end(self, search: SearchEvent) -> None:
        """Log the best candidate and the table of all candidates, and end the run."""
        current = self._search
        if current is None:
            return
        runs, run_id = current.runs, current.run_id
        for candidate in current.open.values():  # an error ended the search
            runs.log(candidate.run_id, tags={STATUS: "interrupted"})
            runs.end(candidate.run_id, "KILLED")
        current.open.clear()
        if search.reason is not None:
            runs.log(run_id, tags={"skhpo.ended_early": search.reason})
            current.status = {"error": "FAILED", "interrupt": "KILLED"}.get(
                search.reason, "FINISHED"
            )
        if has_results(search):
            runs.log_new_params(run_id, best_params(search.search))
            runs.log(run_id, metrics=best_metrics(search))
            runs.log_table(run_id, search.search.cv_results_, TABLE)
            if self.log_plots:
                runs.log_figures(run_id, figures_of_search(search), PLOTS)
        if current.is_ours:
            runs.end(run_id, current.status)
        if not search.search.refit or search.reason == "error":
            self._search = None

    def on_refit_end(self, refit: RefitEvent) -> None:
        """Log the model and the time of the refit."""
        current = self._search
        if current is None:
            return
        self._search = None
        runs, run_id = current.runs, current.run_id
        runs.log(run_id, metrics=[("refit_time", refit.seconds, 0)])
        try:
            if self.log_model is not False:
                arguments = self.log_model if isinstance(self.log_model, Mapping) else {}
                runs.log_model(run_id, refit.search.best_estimator_, refit.X, arguments)
        finally:
            if current.is_ours:
                runs.end(run_id, current.status)

    # --------------------------------------------------------------------- the candidates

    def on_candidate_start(self, candidate: CandidateEvent) -> None:
        """Create the run of the candidate, or find that of an earlier fit."""
        current = self._search
        if current is None:
            return
        run = current.known.get(candidate.number)
        if run is None:
            tags = {**(self.tags or {}), STUDY: current.study_name, TRIAL: candidate.number}
            name = f"candidate {candidate.number}"
            run = _CandidateRun(current.runs.create(name, tags, current.run_id))
        elif not run.is_settled:
            current.runs.reopen(run.run_id)
        current.open[candidate.number] = run

    def on_fold_end(self, fold: FoldEvent) -> None:
        """Keep the fold until the candidate ends."""
        run = None if self._search is None else self._search.open.get(fold.number)
        if run is not None and not (fold.from_storage and run.earlier_status is not None):
            run.folds.append(fold)

    def on_candidate_end(self, candidate: CandidateEvent) -> None:
        """Log the candidate with its folds, and end its run."""
        current = self._search
        run = None if current is None else current.open.pop(candidate.number, None)
        if current is None or run is None or run.is_settled:
            return
        current.runs.log(
            run.run_id,
            params=candidate.params,
            metrics=[*fold_metrics(run.folds), *candidate_metrics(candidate, current.objectives)],
            tags=candidate_tags(candidate),
        )
        current.runs.end(run.run_id, _RUN_STATUS.get(candidate.status or "", "FAILED"))


def _was_cut(run: Any) -> bool:
    """Whether the process of a search was killed, or still runs: its run has no results."""
    return run.info.status == "RUNNING" and N_COMPLETE not in run.data.metrics


def _known_candidates(runs: Runs, previous: Any, study: Study) -> dict[int, _CandidateRun]:
    """Return the runs of the candidates of an earlier fit, by the numbers of their trials."""
    of_trials = runs.of_trials(previous.info.run_id, study.study_name)
    return {
        number: _CandidateRun(run.info.run_id, earlier_status=run.data.tags.get(STATUS))
        for number, run in of_trials.items()
    }


def search_tags(event: SearchEvent) -> dict[str, Any]:
    """Return the tags of a search's run."""
    return {
        **study_tags(event.study),
        SEARCH: type(event.search).__name__,
        "estimator_name": type(event.search.estimator).__name__,
    }


def search_params(search: Any) -> dict[str, Any]:
    """Return the parameters of a search's run: its settings and its space."""
    space = {f"space.{name}": text for name, text in space_of(search).items()}
    return {**settings_of(search), **space}


def best_params(search: Any) -> dict[str, Any]:
    """Return the best parameters of a search, by their names in its run; empty without any."""
    return {f"best_{name}": value for name, value in getattr(search, "best_params_", {}).items()}


def best_metrics(event: SearchEvent) -> list[MetricValue]:
    """Return the metrics of a search that has ended: those of the best, and the counts."""
    search, metrics = event.search, []
    if hasattr(search, "best_score_"):
        metrics.append(("best_cv_score", float(search.best_score_), 0))
    if len(event.objectives) > 1 and hasattr(search, "best_index_"):
        number = int(search.cv_results_["trial_number"][search.best_index_])
        values = event.study.get_trials(deepcopy=False)[number].values
        named = by_objective(event.objectives, values or ())
        metrics += [(f"best_{name}", value, 0) for name, value in named.items()]
    statuses = list(search.cv_results_["status"])
    n_complete, n_pruned = statuses.count("complete"), statuses.count("pruned")
    n_failed = len(statuses) - n_complete - n_pruned - statuses.count("interrupted")
    counts = {N_COMPLETE: n_complete, "n_pruned": n_pruned, "n_failed": n_failed}
    return metrics + [(name, float(count), 0) for name, count in counts.items()]


def fold_metrics(folds: list[FoldEvent]) -> list[MetricValue]:
    """Return the metrics of folds; the step is the amount of the resource, or 0."""
    return [
        (f"split{fold.fold}_{prefix}{name}", value, fold.n_resources or 0)
        for fold in folds
        for prefix, values in (("", fold.metrics), ("train_", fold.train_metrics))
        for name, value in values.items()
    ]


def candidate_metrics(candidate: CandidateEvent, objectives: tuple[str, ...]) -> list[MetricValue]:
    """Return the metrics of a candidate: the measured means, or the predicted objectives."""
    named = {f"mean_{name}": value for name, value in candidate.metrics.items()}
    predicted = by_objective(objectives, candidate.predicted)
    named |= {f"predicted_{name}": value for name, value in predicted.items()}
    named |= {"mean_fit_time": candidate.fit_time, "mean_score_time": candidate.score_time}
    named["n_folds"] = candidate.n_folds
    return [(name, float(value), 0) for name, value in named.items()]


def candidate_tags(candidate: CandidateEvent) -> dict[str, Any]:
    """Return the tags of a candidate that has ended."""
    tags = {STATUS: candidate.status, "skhpo.progress": candidate.progress}
    return tags | ({"skhpo.reason": candidate.reason} if candidate.reason else {})
