"""Running a job: its search, and the files that it leaves."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
from sklearn.pipeline import Pipeline

from skhpo._hints import did_you_mean
from skhpo.callbacks import CandidateEvent, SearchCallback, SearchEvent
from skhpo.reporting import report
from skhpo.samplers import AutoSampler, RandomSampler
from skhpo.search import HyperbandSearchCV, StudySearchCV
from skhpo.storages import BaseStorage, get_storage
from skhpo.study import NoImprovementCallback
from skhpo.submodels import fits_by_row
from skhpo.tracking import JSONLinesCallback, MLflowCallback
from skhpo.tuning._estimator import MODEL, make_estimator
from skhpo.tuning._job import TuningJob, read_job
from skhpo.tuning._tables import read_table
from skhpo.tuning._warm_start import best_of_parents, inherit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TuningResult", "tune"]


@dataclass(frozen=True)
class TuningResult:
    """The result of a tuning job.

    Parameters
    ----------
    job : TuningJob
        The job.
    search : StudySearchCV
        The fitted search.
    folder : Path
        The folder with the files of the job.
    summary : dict of str to object
        The content of ``summary.json``.
    """

    job: TuningJob
    search: StudySearchCV
    folder: Path
    summary: dict[str, Any]


def tune(
    job: str | os.PathLike[str] | Mapping[str, Any],
    folder: str | os.PathLike[str] | None = None,
    verbose: int = 0,
) -> TuningResult:
    """Run a tuning job that is described in the vocabulary of managed tuners.

    The same call again resumes a job that was interrupted or killed. Several processes may run
    the same job at the same time; they share its trials and its maximum number of jobs.

    The folder ``Output`` of the job gets ``model.joblib`` (the best model, fitted on all rows),
    ``cv_results.csv``, ``summary.json``, ``report.html`` (if jinja2 is installed) and the
    experiments log.

    Parameters
    ----------
    job : str, path or dict
        A JSON file, or its content; see :func:`read_job`.
    folder : str or path, default=None
        The folder to which the paths in the job are relative. None is the folder of the file, or
        for a dict the working folder.
    verbose : int, default=0
        As for a search: 1 shows a progress bar.

    Returns
    -------
    result : TuningResult

    Raises
    ------
    ValueError
        If the job is invalid. The message names the key, the value and what is allowed.
    skhpo.exceptions.StudyMismatchError
        If the storage has a job of this name with other data, ranges, folds or another metric.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn.datasets import load_iris
    >>> from skhpo.tuning import tune
    >>> folder = tempfile.mkdtemp()
    >>> table = load_iris(as_frame=True).frame
    >>> table.to_csv(os.path.join(folder, "iris.csv"), index=False)
    >>> result = tune({
    ...     "Estimator": "DecisionTreeClassifier",
    ...     "Data": {"Train": "iris.csv", "Target": "target"},
    ...     "Strategy": "Random",
    ...     "RandomSeed": 0,
    ...     "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "accuracy"},
    ...     "ResourceLimits": {"MaxNumberOfTrainingJobs": 5},
    ...     "ParameterRanges": {"IntegerParameterRanges": [
    ...         {"Name": "max_depth", "MinValue": "1", "MaxValue": "8"}]},
    ... }, folder=folder)
    >>> bool(result.summary["BestValue"] > 0.9)
    True
    >>> sorted(os.listdir(result.folder))  # doctest: +ELLIPSIS
    ['cv_results.csv', 'experiments.jsonl', 'model.joblib', ..., 'summary.json', 'tuning.db', ...]
    """
    checked = read_job(job)
    base = _base(job, folder)
    X, y = read_table(base / checked.data.train, checked.data, "Data.Train")
    test = None
    if checked.data.test is not None:
        test = read_table(base / checked.data.test, checked.data, "Data.Test")
    output = base / checked.output
    output.mkdir(parents=True, exist_ok=True)
    storage = get_storage(_storage(checked, base, output))
    estimator = make_estimator(list(checked.estimator), X, checked.seed, "Estimator")
    search = _make_search(checked, estimator, storage, output, base, verbose)
    search.fit(X, y)
    summary = _summary(checked, search, test)
    _write_all(output, search, summary, test)
    return TuningResult(checked, search, output, summary)


def _base(job: Any, folder: str | os.PathLike[str] | None) -> Path:
    if folder is not None:
        return Path(folder)
    return Path() if isinstance(job, Mapping) else Path(job).parent


def _storage(job: TuningJob, base: Path, output: Path) -> str:
    """Return the URL of the storage; paths of SQLite files are relative to the job."""
    if job.storage is None:
        return f"sqlite:///{output / 'tuning.db'}"
    if "://" in job.storage:
        return job.storage
    return f"sqlite:///{base / job.storage}"


# ------------------------------------------------------------------------------ the search


def _make_search(
    job: TuningJob, estimator: Any, storage: BaseStorage, output: Path, base: Path, verbose: int
) -> StudySearchCV:
    space = _named(job.space, estimator, "ParameterRanges")
    place = "TrainingJobDefinition.StaticHyperParameters"
    estimator.set_params(**_named(job.static_params, estimator, place))
    n_inherited, first = 0, "defaults"
    if job.warm_start is not None and job.warm_start.identical:
        n_inherited = inherit(storage, job.name, job.warm_start.parents[0])
    elif job.warm_start is not None:
        first = best_of_parents(  # type: ignore[assignment]
            storage, job.warm_start.parents, space, estimator
        )
    n_points = int(np.prod([len(getattr(one, "choices", ())) for one in space.values()]))
    settings: dict[str, Any] = {
        "n_iter": n_inherited + (job.max_jobs or n_points),
        "scoring": job.scoring,
        "n_jobs": job.max_parallel_jobs,
        "cv": job.folds,
        "random_state": job.seed,
        "timeout": job.max_seconds,
        "callbacks": _callbacks(job, output, base),
        "storage": storage,
        "study_name": job.name,
        "enqueue": first,
        "verbose": verbose,
    }
    if job.strategy == "Hyperband":
        resource = job.resource
        if resource != "n_samples":
            (resource,) = _named({resource: None}, estimator, "Resource")
        bounds = {"min_resources": job.min_resource, "max_resources": job.max_resource}
        settings |= {name: value for name, value in bounds.items() if value is not None}
        return HyperbandSearchCV(estimator, space, resource=resource, **settings)
    sampler = AutoSampler() if job.strategy == "Bayesian" else RandomSampler()
    pruner = "auto" if job.stops_early else None
    return StudySearchCV(estimator, space, sampler=sampler, pruner=pruner, **settings)


def _named(values: Mapping[str, Any], estimator: Any, place: str) -> dict[str, Any]:
    """Return values by names of the estimator's parameters; those of the model need no prefix."""
    known = estimator.get_params()
    named = {}
    for name, value in values.items():
        of_model = f"{MODEL}__{name}"
        full = of_model if isinstance(estimator, Pipeline) and of_model in known else name
        if full not in known:
            of_one = {one.removeprefix(f"{MODEL}__") for one in known}
            raise ValueError(
                f"{place}: {_model_name(estimator)} has no parameter {name!r}."
                f"{did_you_mean(name, of_one)}"
            )
        named[full] = value
    return named


def _model_name(estimator: Any) -> str:
    model = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    return type(model).__name__


def _callbacks(
    job: TuningJob, output: Path, base: Path
) -> list[SearchCallback | Callable[..., Any]]:
    callbacks: list[SearchCallback | Callable[..., Any]] = []
    if job.log.kind == "JSONLines":
        path = output / "experiments.jsonl" if job.log.path is None else base / job.log.path
        callbacks.append(JSONLinesCallback(path))
    elif job.log.kind == "MLflow":
        experiment = job.log.experiment_name or job.name
        callbacks.append(
            MLflowCallback(job.log.tracking_uri, experiment_name=experiment, run_name=job.name)
        )
    if job.patience is not None:
        callbacks.append(NoImprovementCallback(job.patience))
    if job.target_value is not None:
        callbacks.append(_StopAtTarget(-job.target_value if job.minimize else job.target_value))
    return callbacks


class _StopAtTarget(SearchCallback):
    """Start no further candidate once one has reached a score."""

    def __init__(self, score: float) -> None:
        self.score = score
        self._is_reached = False

    def on_search_start(self, search: SearchEvent) -> None:
        """Read the candidates of an earlier fit."""
        values = [trial.value for trial in search.study.get_trials(deepcopy=False)]
        self._is_reached = any(value is not None and value >= self.score for value in values)

    def on_candidate_end(self, candidate: CandidateEvent) -> None:
        """Compare the score of a complete candidate."""
        if candidate.objectives and candidate.objectives[0] >= self.score:
            self._is_reached = True

    def should_stop(self) -> bool:
        """Return whether the score is reached."""
        return self._is_reached


# ------------------------------------------------------------------------------ the files


def _summary(job: TuningJob, search: StudySearchCV, test: tuple[Any, Any] | None) -> dict[str, Any]:
    sign = -1.0 if job.minimize else 1.0
    prefix = f"{MODEL}__"
    params = {name.removeprefix(prefix): one for name, one in search.best_params_.items()}
    status: NDArray[Any] = search.cv_results_["status"]
    summary = {
        "HyperParameterTuningJobName": job.name,
        "Strategy": job.strategy,
        "MetricName": job.metric,
        "BestValue": sign * float(search.best_score_),
        "BestHyperParameters": params,
        "TrainingJobs": dict(Counter(map(str, status))),
        "Fits": int(fits_by_row(search.cv_results_).sum()),
    }
    if test is not None:
        summary["TestValue"] = sign * float(search.score(*test))
    return summary


def _write_all(
    output: Path, search: StudySearchCV, summary: Mapping[str, Any], test: tuple[Any, Any] | None
) -> None:
    import pandas as pd

    table = pd.DataFrame(search.cv_results_)
    text = json.dumps(summary, indent=2, default=_plain) + "\n"
    _replace(output / "model.joblib", lambda path: joblib.dump(search.best_estimator_, path))
    _replace(output / "cv_results.csv", lambda path: table.to_csv(path, index=False))
    _replace(output / "summary.json", lambda path: Path(path).write_text(text, encoding="utf-8"))
    if find_spec("jinja2") is not None:
        X_test, y_test = test if test is not None else (None, None)
        title = summary["HyperParameterTuningJobName"]
        _replace(
            output / "report.html",
            lambda path: report(search, path, title=title, X_test=X_test, y_test=y_test),
        )


def _replace(path: Path, write: Callable[[str], Any]) -> None:
    """Write a file under another name first, so that no process reads a part of it."""
    partial = path.with_name(f"{path.stem}.{os.getpid()}{path.suffix}")
    write(str(partial))
    partial.replace(path)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)
