"""A tuning job, read from JSON in the vocabulary of managed tuners."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skhpo.tuning._metrics import make_scorer_of
from skhpo.tuning._ranges import GROUPS, read_ranges, value_of
from skhpo.tuning._section import Section

__all__ = ["DataFiles", "ExperimentsLog", "TuningJob", "WarmStart", "read_job"]

NAME, CONFIG = "HyperParameterTuningJobName", "HyperParameterTuningJobConfig"
CONFIG_KEYS = (
    "Strategy",
    "StrategyConfig",
    "HyperParameterTuningJobObjective",
    "ResourceLimits",
    "ParameterRanges",
    "TrainingJobEarlyStoppingType",
    "TuningJobCompletionCriteria",
    "RandomSeed",
)
SECTIONS = ("TrainingJobDefinition", "WarmStartConfig", "Autotune")
ADDED_KEYS = ("Estimator", "Data", "Folds", "Output", "Storage", "ExperimentsLog")
STRATEGIES = ("Random", "Bayesian", "Hyperband", "Grid")
IDENTICAL, TRANSFER = "IdenticalDataAndAlgorithm", "TransferLearning"
N_PARENTS = 5
# What describes machines, images and rights of a cloud, and has no meaning on one's own machine.
CLOUD_KEYS = ("Tags",)
CLOUD_KEYS_OF_TRAINING = (
    "AlgorithmSpecification", "CheckpointConfig", "DefinitionName",
    "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining", "EnableNetworkIsolation",
    "Environment", "HyperParameterTuningResourceConfig", "InputDataConfig", "OutputDataConfig",
    "ResourceConfig", "RetryStrategy", "RoleArn", "StoppingCondition", "VpcConfig",
)  # fmt: skip


@dataclass(frozen=True)
class DataFiles:
    """The data of a job.

    Parameters
    ----------
    train : str
        Path of the rows of the search: CSV (``.csv``, ``.csv.gz``) or Parquet (``.parquet``).
    target : str
        The column to predict.
    test : str or None
        Path of rows that the search does not see, on which the best model is scored.
    drop : tuple of str
        Columns to leave out, such as identifiers.
    """

    train: str
    target: str
    test: str | None = None
    drop: tuple[str, ...] = ()


@dataclass(frozen=True)
class WarmStart:
    """The earlier jobs from which a job starts.

    Parameters
    ----------
    parents : tuple of str
        Names of jobs in the same storage.
    identical : bool
        Whether data, folds, metric, estimator and ranges are the same. The trials of the parent
        are then results of this job. Otherwise its best candidates are evaluated first.
    """

    parents: tuple[str, ...]
    identical: bool


@dataclass(frozen=True)
class ExperimentsLog:
    """Where the trials are logged.

    Parameters
    ----------
    kind : str
        "JSONLines", "MLflow" or "None".
    path : str or None
        The file of the JSON lines. None is ``experiments.jsonl`` in the output.
    tracking_uri : str or None
        The store or server of MLflow. None is MLflow's own setting.
    experiment_name : str or None
        The experiment in MLflow. None is the name of the job.
    """

    kind: str = "JSONLines"
    path: str | None = None
    tracking_uri: str | None = None
    experiment_name: str | None = None


@dataclass(frozen=True)
class TuningJob:
    """A tuning job, checked.

    Parameters
    ----------
    name : str
        Name of the job, and of its study in the storage.
    estimator : tuple of str
        Names or import paths of the steps; the last one is the model.
    data : DataFiles
        The data.
    space : dict of str to distribution
        The ranges.
    scoring : str or callable
        The metric, as a scorer: larger is better.
    metric : str
        The metric as the job names it.
    strategy : {"Random", "Bayesian", "Hyperband", "Grid"}
        How candidates are proposed.
    max_jobs : int or None
        Number of candidates; None for all points of a grid.
    minimize : bool
        Whether the job minimises the metric.
    static_params : dict of str to object
        Parameters of the model that are not searched.
    resource, min_resource, max_resource : str, int or None, int or None
        The resource of Hyperband, and its bounds.
    max_parallel_jobs : int
        Number of fits that run at the same time.
    max_seconds : float or None
        Time after which no candidate starts.
    stops_early : bool
        Whether a candidate stops after some folds if it has little chance to win.
    target_value : float or None
        Value of the metric at which the job ends.
    patience : int or None
        Number of candidates without improvement after which the job ends.
    seed : int or None
        Seed of the search and of the estimator.
    folds : int
        Number of folds of the cross-validation.
    output : str
        Folder of the results.
    storage : str or None
        The path of an SQLite file or the URL of a database. None is ``tuning.db`` in the output.
    warm_start : WarmStart or None
        The jobs from which it starts.
    log : ExperimentsLog
        Where the trials are logged.
    without_effect : tuple of str
        Keys of the job that describe a cloud and have no meaning here.
    """

    name: str
    estimator: tuple[str, ...]
    data: DataFiles
    space: dict[str, Any]
    scoring: Any
    metric: str
    strategy: str
    max_jobs: int | None
    minimize: bool = False
    static_params: dict[str, Any] = field(default_factory=dict)
    resource: str = "n_samples"
    min_resource: int | None = None
    max_resource: int | None = None
    max_parallel_jobs: int = 1
    max_seconds: float | None = None
    stops_early: bool = False
    target_value: float | None = None
    patience: int | None = None
    seed: int | None = None
    folds: int = 5
    output: str = "tuning"
    storage: str | None = None
    warm_start: WarmStart | None = None
    log: ExperimentsLog = field(default_factory=ExperimentsLog)
    without_effect: tuple[str, ...] = ()


def read_job(job: str | os.PathLike[str] | Mapping[str, Any]) -> TuningJob:
    """Read and check a tuning job.

    The job is a request for a hyperparameter tuning job as Amazon SageMaker has it
    (``HyperParameterTuningJobName``, ``HyperParameterTuningJobConfig``, ``WarmStartConfig``,
    ``TrainingJobDefinition.StaticHyperParameters``), with the keys ``Estimator`` and ``Data``,
    and optionally ``Folds``, ``Output``, ``Storage`` and ``ExperimentsLog``. The keys of
    ``HyperParameterTuningJobConfig`` may also be keys of the job itself.

    Parameters
    ----------
    job : str, path or dict
        A JSON file, or its content.

    Returns
    -------
    job : TuningJob

    Raises
    ------
    ValueError
        If the JSON or a key is invalid. The message names the key, the value and what is allowed.
    FileNotFoundError
        If there is no such file.

    Examples
    --------
    >>> from skhpo.tuning import read_job
    >>> job = read_job({
    ...     "Estimator": "RandomForestClassifier",
    ...     "Data": {"Train": "train.csv", "Target": "fraud"},
    ...     "Strategy": "Random",
    ...     "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "log_loss"},
    ...     "ResourceLimits": {"MaxNumberOfTrainingJobs": 20, "MaxParallelTrainingJobs": 2},
    ...     "ParameterRanges": {"IntegerParameterRanges": [
    ...         {"Name": "max_depth", "MinValue": "2", "MaxValue": "20"}]},
    ... })
    >>> job.scoring, job.max_jobs, job.max_parallel_jobs
    ('neg_log_loss', 20, 2)
    >>> job.space
    {'max_depth': IntDistribution(low=2, high=20, log=False, step=1)}
    """
    given, name = _load(job)
    top = Section(
        given,
        "",
        (NAME, CONFIG, *CONFIG_KEYS, *SECTIONS, *ADDED_KEYS, *CLOUD_KEYS),
    )
    config = _config(top)
    name = top.text(NAME, name)
    strategy = config.choice("Strategy", STRATEGIES)
    autotune = top.section("Autotune", ("Mode",), {}).get("Mode", "Disabled")
    if autotune != "Disabled":
        raise ValueError(f"Autotune.Mode must be Disabled: give ParameterRanges; got {autotune!r}.")
    training, static_params, without_effect = _training(top)
    space = read_ranges(config.section("ParameterRanges", (*GROUPS, "AutoParameters")))
    _check_names(config, space, static_params, training)
    objective = config.section("HyperParameterTuningJobObjective", ("Type", "MetricName"))
    minimize = objective.choice("Type", ("Maximize", "Minimize")) == "Minimize"
    metric = objective.text("MetricName")
    return TuningJob(
        name=name,
        estimator=_steps(top),
        static_params=static_params,
        data=_data(top),
        space=space,
        scoring=make_scorer_of(metric, minimize, objective.path("MetricName")),
        metric=metric,
        minimize=minimize,
        strategy=strategy,
        stops_early=_stops_early(config, strategy),
        seed=config.integer("RandomSeed", None, at_least=0),
        folds=top.integer("Folds", 5, at_least=2),
        output=top.text("Output", name),
        storage=top.text("Storage") if "Storage" in top else None,
        warm_start=_warm_start(top, name),
        log=_log(top),
        without_effect=(*(key for key in CLOUD_KEYS if key in top), *without_effect),
        **_limits(config, strategy),
        **_criteria(config),
        **_resource(config, strategy),
    )


def _load(job: str | os.PathLike[str] | Mapping[str, Any]) -> tuple[Any, str]:
    """Return the content of a job, and its name unless it has one."""
    if isinstance(job, Mapping):
        return job, "tuning"
    path = Path(job)
    try:
        return json.loads(path.read_text(encoding="utf-8")), path.stem
    except ValueError as error:
        raise ValueError(f"{path} is not valid JSON: {error}.") from error


def _config(top: Section) -> Section:
    """Return the configuration, which may be a section of its own or part of the job."""
    if CONFIG not in top:
        return Section({k: top.get(k) for k in CONFIG_KEYS if k in top}, "", CONFIG_KEYS)
    twice = [key for key in CONFIG_KEYS if key in top]
    if twice:
        raise ValueError(f"{twice[0]} must be in {CONFIG} if there is such a section.")
    return top.section(CONFIG, CONFIG_KEYS)


def _training(top: Section) -> tuple[Section, dict[str, Any], list[str]]:
    known = ("StaticHyperParameters", *CLOUD_KEYS_OF_TRAINING)
    training = top.section("TrainingJobDefinition", known, {})
    static = training.get("StaticHyperParameters", {})
    place = training.path("StaticHyperParameters")
    if not isinstance(static, Mapping):
        raise ValueError(f"{place} must be an object; got {static!r}.")
    without_effect = [training.path(key) for key in CLOUD_KEYS_OF_TRAINING if key in training]
    return training, {name: value_of(value) for name, value in static.items()}, without_effect


def _check_names(
    config: Section, space: dict[str, Any], static: dict[str, Any], training: Section
) -> None:
    ranges = config.section("ParameterRanges", (*GROUPS, "AutoParameters"))
    if "AutoParameters" in ranges:
        raise ValueError(f"{ranges.path('AutoParameters')} is not supported: give ranges.")
    both = sorted(set(space) & set(static))
    if both:
        raise ValueError(
            f"{training.path('StaticHyperParameters')}: {both[0]!r} also has a range; give one "
            "of the two."
        )
    infinite = [name for name, one in space.items() if not hasattr(one, "choices")]
    if config.get("Strategy") == "Grid" and infinite:
        raise ValueError(
            f"{config.path('Strategy')}: Grid needs categorical ranges only; {infinite[0]!r} has "
            "another one."
        )


def _steps(top: Section) -> tuple[str, ...]:
    given = top.get("Estimator")
    names = given if isinstance(given, list) else [given]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"Estimator must be a name, or a list of names; got {given!r}.")
    return tuple(names)


def _data(top: Section) -> DataFiles:
    data = top.section("Data", ("Train", "Target", "Test", "Drop"))
    drop = data.items("Drop", [])
    if not all(isinstance(name, str) for name in drop):
        raise ValueError(f"{data.path('Drop')} must be a list of column names; got {drop!r}.")
    test = data.text("Test") if "Test" in data else None
    return DataFiles(data.text("Train"), data.text("Target"), test, tuple(drop))


def _stops_early(config: Section, strategy: str) -> bool:
    key = "TrainingJobEarlyStoppingType"
    stops = config.choice(key, ("Off", "Auto"), "Off") == "Auto"
    if stops and strategy == "Hyperband":
        raise ValueError(
            f"{config.path(key)} must be Off with the strategy Hyperband, which stops candidates "
            "by its own rule; got 'Auto'."
        )
    return stops


def _limits(config: Section, strategy: str) -> dict[str, Any]:
    keys = ("MaxNumberOfTrainingJobs", "MaxParallelTrainingJobs", "MaxRuntimeInSeconds")
    limits = config.section("ResourceLimits", keys)
    default = {"default": None} if strategy == "Grid" else {}
    return {
        "max_jobs": limits.integer(keys[0], at_least=1, **default),
        "max_parallel_jobs": limits.integer(keys[1], 1, at_least=1),
        "max_seconds": limits.integer(keys[2], None, at_least=1),
    }


def _criteria(config: Section) -> dict[str, Any]:
    keys = ("TargetObjectiveMetricValue", "BestObjectiveNotImproving", "ConvergenceDetected")
    criteria = config.section("TuningJobCompletionCriteria", keys, {})
    if keys[2] in criteria:
        raise ValueError(
            f"{criteria.path(keys[2])} is not supported; use BestObjectiveNotImproving."
        )
    inner = "MaxNumberOfTrainingJobsNotImproving"
    return {
        "target_value": criteria.number(keys[0], None),
        "patience": criteria.section(keys[1], (inner,), {}).integer(inner, None, at_least=1),
    }


def _resource(config: Section, strategy: str) -> dict[str, Any]:
    if "StrategyConfig" not in config:
        return {}
    outer = config.section("StrategyConfig", ("HyperbandStrategyConfig",))
    if strategy != "Hyperband":
        raise ValueError(
            f"{config.path('StrategyConfig')} needs the strategy Hyperband; got {strategy!r}."
        )
    keys = ("MinResource", "MaxResource", "Resource")
    bounds = outer.section("HyperbandStrategyConfig", keys)
    return {
        "min_resource": bounds.integer(keys[0], None, at_least=1),
        "max_resource": bounds.integer(keys[1], None, at_least=1),
        "resource": bounds.text(keys[2], "n_samples"),
    }


def _warm_start(top: Section, name: str) -> WarmStart | None:
    if "WarmStartConfig" not in top:
        return None
    key = "ParentHyperParameterTuningJobs"
    config = top.section("WarmStartConfig", (key, "WarmStartType"))
    identical = config.choice("WarmStartType", (IDENTICAL, TRANSFER)) == IDENTICAL
    parents = tuple(one.text(NAME) for one in config.sections(key, (NAME,)))
    most = 1 if identical else N_PARENTS
    if not 1 <= len(parents) <= most:
        number = "one job" if identical else f"1 to {N_PARENTS} jobs"
        kind = IDENTICAL if identical else TRANSFER
        raise ValueError(f"{config.path(key)} must name {number} for {kind}; got {len(parents)}.")
    if name in parents:
        raise ValueError(f"{config.path(key)} must name other jobs; got {name!r} itself.")
    return WarmStart(parents, identical)


def _log(top: Section) -> ExperimentsLog:
    allowed = {
        "JSONLines": ("Path",),
        "MLflow": ("TrackingUri", "ExperimentName"),
        "None": (),
    }
    everything = ("Type", "Path", "TrackingUri", "ExperimentName")
    log = top.section("ExperimentsLog", everything, {"Type": "JSONLines"})
    kind = log.choice("Type", list(allowed))
    log = top.section("ExperimentsLog", ("Type", *allowed[kind]), {"Type": "JSONLines"})
    texts = {key: log.text(key) if key in log else None for key in everything[1:]}
    return ExperimentsLog(kind, texts["Path"], texts["TrackingUri"], texts["ExperimentName"])
