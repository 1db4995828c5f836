"""Runs in a tracking store of MLflow, through its client, by explicit run ids."""

from __future__ import annotations

import csv
import io
import math
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import zip_longest
from typing import Any

from skhpo.tracking._values import rows_of, to_text

__all__ = [
    "N_COMPLETE",
    "PARENT",
    "PLOTS",
    "RUN_ID",
    "STATUS",
    "STUDY",
    "TRIAL",
    "MetricValue",
    "Runs",
    "open_experiment",
]

STUDY, TRIAL, STATUS = "skhpo.study", "skhpo.trial", "skhpo.status"  # tags of runs
CONTINUED_BY = "skhpo.continued_by"
RUN_ID = "mlflow_run_id"  # user attribute of a study that has a run
N_COMPLETE = "n_complete"  # a metric of the run of each search and study that has ended
PLOTS = "plots"
PARENT = "mlflow.parentRunId"  # tag that MLflow's user interface reads
MAX_PARAMS = 100  # MLflow's limits for one request
MAX_METRICS = 1000
N_EXAMPLE_ROWS = 5

MetricValue = tuple[str, float, int]  # name, value and step


def open_experiment(tracking_uri: str | None, experiment_name: str | None) -> tuple[Runs, Any]:
    """Return an experiment, and the user's active run if it belongs to it, or None.

    Parameters
    ----------
    tracking_uri : str or None
        The tracking store; None is MLflow's current one.
    experiment_name : str or None
        The experiment; None is that of the active run, or else MLflow's current one.
    """
    import mlflow

    runs = Runs(tracking_uri, experiment_name)
    active: Any = mlflow.active_run() if runs.is_current_store else None
    if active is not None and experiment_name is None:
        runs.experiment_id = active.info.experiment_id
    if active is not None and active.info.experiment_id != runs.experiment_id:
        active = None
    return runs, active


class Runs:
    """The runs of one experiment.

    Nothing here changes MLflow's active run.

    Parameters
    ----------
    tracking_uri : str or None
        The tracking store; None is MLflow's current one.
    experiment_name : str or None
        The experiment, which is created if it does not exist; None is MLflow's current one.
    """

    def __init__(self, tracking_uri: str | None, experiment_name: str | None) -> None:
        import mlflow

        current = mlflow.get_tracking_uri()
        self.tracking_uri = current if tracking_uri is None else tracking_uri
        self.is_current_store = self.tracking_uri == current
        self.client = mlflow.MlflowClient(self.tracking_uri)
        self.experiment_id = self._experiment(experiment_name)

    def _experiment(self, name: str | None) -> str:
        if name is None:
            from mlflow.tracking.fluent import _get_experiment_id

            return str(_get_experiment_id()) if self.is_current_store else "0"
        experiment = self.client.get_experiment_by_name(name)
        if experiment is not None:
            return str(experiment.experiment_id)
        return str(self.client.create_experiment(name))

    @property
    def is_current(self) -> bool:
        """Whether MLflow's functions without a client use this experiment."""
        from mlflow.tracking.fluent import _get_experiment_id

        return self.is_current_store and str(_get_experiment_id()) == self.experiment_id

    def get(self, run_id: str | None) -> Any:
        """Return a run of this experiment that is not deleted, or None."""
        from mlflow.exceptions import MlflowException

        if run_id is None:
            return None
        try:
            run = self.client.get_run(run_id)
        except MlflowException:
            return None
        is_here = run.info.experiment_id == self.experiment_id
        return run if is_here and run.info.lifecycle_stage == "active" else None

    def children(self, parent: str) -> list[Any]:
        """Return the runs nested in a run."""
        found: list[Any] = []
        token = None
        condition = f"tags.`{PARENT}` = '{parent}'"
        while True:
            page = self.client.search_runs([self.experiment_id], condition, page_token=token)
            found.extend(page)
            token = page.token
            if not token:
                return found

    def of_trials(self, parent: str, study_name: str) -> dict[int, Any]:
        """Return the runs of a study's trials that are nested in a run, by number."""
        return {
            int(run.data.tags[TRIAL]): run
            for run in self.children(parent)
            if TRIAL in run.data.tags and run.data.tags.get(STUDY) == study_name
        }

    def move(self, run_ids: Iterable[str], parent: str, new_parent: str) -> None:
        """Nest the runs of trials in the run that continues their study."""
        for run_id in run_ids:
            self.log(run_id, tags={PARENT: new_parent})
        self.log(parent, tags={CONTINUED_BY: new_parent})

    def study_of(self, run_id: str) -> str | None:
        """Return the name of the study that a run belongs to, or None."""
        name: str | None = self.client.get_run(run_id).data.tags.get(STUDY)
        return name

    def create(
        self,
        name: str | None,
        tags: Mapping[str, Any],
        parent: str | None = None,
        start: datetime | None = None,
    ) -> str:
        """Create a run, with MLflow's own tags for the user and the source; return its id."""
        from mlflow.tracking.context.registry import resolve_tags

        nested = {} if parent is None else {PARENT: parent}
        every = resolve_tags({**_texts(tags), **nested})
        run = self.client.create_run(
            self.experiment_id, start_time=_milliseconds(start), tags=every, run_name=name
        )
        return str(run.info.run_id)

    def log(
        self,
        run_id: str,
        *,
        params: Mapping[str, Any] | None = None,
        metrics: Sequence[MetricValue] = (),
        tags: Mapping[str, Any] | None = None,
    ) -> None:
        """Log to a run in as few requests as MLflow allows. NaN metrics are left out."""
        from mlflow.entities import Metric, Param, RunTag

        now = time.time_ns() // 1_000_000
        all_params = [Param(_key(n), v) for n, v in _texts(params or {}).items()]
        all_tags = [RunTag(_key(name), text) for name, text in _texts(tags or {}).items()]
        all_metrics = [
            Metric(_key(name), float(value), now, step)
            for name, value, step in metrics
            if not math.isnan(value)
        ]
        requests = zip_longest(
            _parts(all_metrics, MAX_METRICS - 2 * MAX_PARAMS),
            _parts(all_params, MAX_PARAMS),
            _parts(all_tags, MAX_PARAMS),
            fillvalue=(),
        )
        for some_metrics, some_params, some_tags in requests:
            self.client.log_batch(run_id, some_metrics, some_params, some_tags)

    def log_new_params(self, run_id: str, params: Mapping[str, Any]) -> None:
        """Log the parameters that a run does not have yet: MLflow does not change a parameter."""
        known = self.client.get_run(run_id).data.params
        new = {name: value for name, value in params.items() if _key(name) not in known}
        self.log(run_id, params=new)

    def reopen(self, run_id: str) -> None:
        """Mark a run as running."""
        self.client.update_run(run_id, status="RUNNING")

    def end(self, run_id: str, status: str, end: datetime | None = None) -> None:
        """End a run with a status of MLflow: "FINISHED", "FAILED" or "KILLED"."""
        self.client.set_terminated(run_id, status, _milliseconds(end))

    def log_table(self, run_id: str, columns: Mapping[str, Any], file_name: str) -> None:
        """Log columns of equal length as a CSV file. Masked values are empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows_of(columns))
        self.client.log_text(run_id, text.getvalue(), file_name)

    def log_figures(self, run_id: str, figures: Mapping[str, Any], folder: str) -> None:
        """Log figures of matplotlib by name, as pictures in a folder."""
        for name, figure in figures.items():
            self.client.log_figure(run_id, figure, f"{folder}/{name}.png")

    def log_model(
        self,
        run_id: str,
        model: Any,
        X: Any,
        arguments: Mapping[str, Any],
        *,
        with_signature: bool = True,
        with_example: bool = True,
    ) -> None:
        """Log a fitted model with its signature and an input example.

        Parameters
        ----------
        run_id : str
            The run.
        model : estimator
            The model.
        X : array-like
            Its training data.
        arguments : mapping of str to object
            Further arguments of ``mlflow.sklearn.log_model``.
        with_signature, with_example : bool, default=True
            Whether to log the signature and the example.
        """
        import mlflow.sklearn
        from mlflow.models import Model

        rest = dict(arguments)
        known = _model_example(model, X) if with_signature or with_example else {}
        if not with_signature:
            known.pop("signature", None)
        if not with_example:
            known.pop("input_example", None)
        described = {name: rest.pop(name, None) for name in ("tags", "params", "model_type")}
        if described["params"] is None:
            described["params"] = self.client.get_run(run_id).data.params
        logged = self.client.create_logged_model(
            self.experiment_id, rest.pop("name", "model"), run_id, **described
        )
        with self._as_current_store():
            Model.log(
                artifact_path=None,
                flavor=mlflow.sklearn,
                run_id=run_id,
                model_id=logged.model_id,
                sk_model=model,
                **{**known, **rest},
            )

    @contextmanager
    def _as_current_store(self) -> Iterator[None]:
        """Let MLflow's functions without a client use this store while the block runs."""
        import mlflow

        if self.is_current_store:
            yield
            return
        current = mlflow.get_tracking_uri()
        mlflow.set_tracking_uri(self.tracking_uri)
        try:
            yield
        finally:
            mlflow.set_tracking_uri(current)


def _model_example(model: Any, X: Any) -> dict[str, Any]:
    """Return the signature and the input example of a model, as far as they can be made."""
    from mlflow.models import infer_signature

    if X is None:
        return {}
    rows = X.iloc[:N_EXAMPLE_ROWS] if hasattr(X, "iloc") else X[:N_EXAMPLE_ROWS]
    method = next((name for name in ("predict", "transform") if hasattr(model, name)), None)
    if method is None:
        return {"input_example": rows}
    signature = infer_signature(rows, getattr(model, method)(rows))
    return {"signature": signature, "input_example": rows}


def _milliseconds(time: datetime | None) -> int | None:
    return None if time is None else round(1000 * time.timestamp())


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: to_text(value) for name, value in values.items()}


def _key(name: str) -> str:
    """Return a name with the characters that MLflow allows."""
    return re.sub(r"[^\w\-./ :]", "_", name)


def _parts(items: list[Any], size: int) -> list[list[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
