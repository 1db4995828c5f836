"""Tuning jobs in JSON: what is read, what is refused, and with which message."""

import copy
import json
import math

import numpy as np
import pytest
from scipy import stats

from skhpo.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from skhpo.tuning import RateScorer, read_job

CONFIG = {
    "Strategy": "Bayesian",
    "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:auc"},
    "ResourceLimits": {"MaxNumberOfTrainingJobs": 20, "MaxParallelTrainingJobs": 2},
    "ParameterRanges": {
        "IntegerParameterRanges": [
            {"Name": "max_depth", "MinValue": "2", "MaxValue": "20", "ScalingType": "Linear"}
        ],
        "ContinuousParameterRanges": [
            {"Name": "ccp_alpha", "MinValue": "1e-6", "MaxValue": "0.1", "ScalingType": "Auto"},
            {
                "Name": "max_samples",
                "MinValue": "0.1",
                "MaxValue": "0.999",
                "ScalingType": "ReverseLogarithmic",
            },
        ],
        "CategoricalParameterRanges": [
            {"Name": "class_weight", "Values": ["None", "balanced"]},
            {"Name": "max_features", "Values": ["0.5", "1", "sqrt"]},
        ],
    },
    "TrainingJobEarlyStoppingType": "Auto",
}
REQUEST = {
    "HyperParameterTuningJobName": "fraud",
    "HyperParameterTuningJobConfig": CONFIG,
    "TrainingJobDefinition": {"StaticHyperParameters": {"n_estimators": "50"}},
    "Estimator": "RandomForestClassifier",
    "Data": {"Train": "train.csv", "Target": "fraud"},
}


def changed(path, value):
    """Return the request with another value at a path of keys; ... removes the key."""
    job = copy.deepcopy(REQUEST)
    *keys, last = path.split("/")
    inner = job
    for key in keys:
        inner = inner[int(key)] if isinstance(inner, list) else inner.setdefault(key, {})
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return job


def test_a_request_of_a_managed_tuner_is_read_with_texts_as_values():
    job = read_job(REQUEST)
    assert (job.name, job.strategy, job.scoring) == ("fraud", "Bayesian", "roc_auc")
    assert (job.max_jobs, job.max_parallel_jobs, job.stops_early) == (20, 2, True)
    assert job.static_params == {"n_estimators": 50}
    assert job.space["max_depth"] == IntDistribution(2, 20)
    assert job.space["ccp_alpha"] == FloatDistribution(1e-6, 0.1, log=True)  # Auto, 5 decades
    assert job.space["class_weight"] == CategoricalDistribution([None, "balanced"])
    assert job.space["max_features"] == CategoricalDistribution([0.5, 1, "sqrt"])


def test_a_reverse_logarithmic_range_is_logarithmic_in_the_distance_from_one():
    range_ = read_job(REQUEST).space["max_samples"]
    low, middle, high = range_.ppf([0.0, 0.5, 1.0])
    assert (low, high) == (pytest.approx(0.1), pytest.approx(0.999))
    assert 1 - middle == pytest.approx(math.sqrt(0.9 * 0.001))
    draws = range_.rvs(size=2000, random_state=0)
    assert stats.kstest(draws, range_.cdf).pvalue > 1e-3


def test_the_configuration_may_be_the_job_itself():
    flat = {**CONFIG, "Estimator": "SVC", "Data": {"Train": "a.csv", "Target": "y"}}
    assert list(read_job(flat).space) == list(read_job(REQUEST).space)
    assert read_job(flat).name == "tuning"


def test_keys_of_a_cloud_are_listed_as_without_effect():
    job = read_job(changed("TrainingJobDefinition/RoleArn", "arn:aws:iam::1:role/tuner"))
    assert job.without_effect == ("TrainingJobDefinition.RoleArn",)


def test_losses_are_minimised_and_reported_as_losses():
    objective = {"Type": "Minimize", "MetricName": "validation:logloss"}
    job = read_job(changed(OBJECTIVE, objective))
    assert (job.scoring, job.minimize) == ("neg_log_loss", True)


C = "HyperParameterTuningJobConfig"
INTEGERS = f"{C}/ParameterRanges/IntegerParameterRanges"
FLOATS = f"{C}/ParameterRanges/ContinuousParameterRanges"
CHOICES = f"{C}/ParameterRanges/CategoricalParameterRanges"
OBJECTIVE = f"{C}/HyperParameterTuningJobObjective"
WRONG = [
    (f"{C}/Strategy", "Bayes", r"Strategy must be one of Random.*'Bayes'.*Did you mean"),
    (f"{C}/Strategy", ..., r"HyperParameterTuningJobConfig\.Strategy is missing"),
    (f"{C}/Strategi", "Random", r"Strategi is not a known key.*Did you mean 'Strategy'"),
    (f"{C}/Strategy", "Grid", "Grid needs categorical ranges only; 'max_depth'"),
    (f"{C}/ResourceLimits/MaxNumberOfTrainingJobs", 0, "TrainingJobs must be an integer of 1"),
    (f"{C}/ResourceLimits/MaxNumberOfTrainingJobs", "many", "integer of 1 or more; got 'many'"),
    (f"{C}/RandomSeed", -1, "RandomSeed must be an integer of 0 or more; got -1"),
    (f"{INTEGERS}/0/MinValue", "30", r"\[0\]\.MinValue must be at most MaxValue; got 30 and 20"),
    (f"{FLOATS}/1/MaxValue", "1", "MaxValue < 1; got 0.1 and 1"),
    (f"{CHOICES}/0/Name", "max_depth", "two ranges for 'max_depth'"),
    (f"{C}/ParameterRanges", {}, "at least one range"),
    (f"{OBJECTIVE}/MetricName", "acuracy", "Did you mean 'accuracy'"),
    (f"{OBJECTIVE}/MetricName", "log_loss", "a loss, so Type must be Minimize"),
    (f"{OBJECTIVE}/Type", "Minimize", "a score, so Type must be Maximize"),
    (f"{C}/StrategyConfig", {"HyperbandStrategyConfig": {}}, "needs the strategy Hyperband"),
    (f"{C}/TuningJobCompletionCriteria/ConvergenceDetected", {}, "BestObjectiveNotImproving"),
    ("TrainingJobDefinition/StaticHyperParameters/max_depth", "3", "'max_depth' also has a range"),
    ("Autotune", {"Mode": "Enabled"}, "Autotune.Mode must be Disabled"),
    ("Data/Target", ..., "Data.Target is missing"),
    ("Estimator", [], "Estimator must be a name, or a list of names"),
    ("WarmStartConfig", {"WarmStartType": "TransferLearning"}, "must name 1 to 5 jobs"),
    ("ExperimentsLog", {"Type": "MLflow", "Path": "log"}, "Path is not a known key"),
    ("Strategy", "Random", "Strategy must be in HyperParameterTuningJobConfig"),
]


@pytest.mark.parametrize(("place", "value", "message"), WRONG)
def test_an_error_names_the_key_the_value_and_what_is_allowed(place, value, message):
    with pytest.raises(ValueError, match=message):
        read_job(changed(place, value))


def test_a_file_that_is_not_json_is_named(tmp_path):
    (tmp_path / "job.json").write_text("{'Strategy': 1}")
    with pytest.raises(ValueError, match=r"job\.json is not valid JSON"):
        read_job(tmp_path / "job.json")


def test_a_job_has_the_name_of_its_file_unless_it_has_one(tmp_path):
    path = tmp_path / "night.json"
    path.write_text(json.dumps(changed("HyperParameterTuningJobName", ...)))
    assert read_job(path).name == "night"


class Scored:
    """A fitted classifier whose outputs are the data."""

    classes_ = np.array(["ok", "fraud"])

    def decision_function(self, X):
        return np.asarray(X)


# The third row: at most half of four honest rows; the lowest such threshold is 3.
@pytest.mark.parametrize(
    ("rate", "recall", "precision"), [(0.0, 0.5, 1.0), (0.25, 1.0, 2 / 3), (0.5, 1.0, 0.5)]
)
def test_a_rate_scorer_takes_the_lowest_threshold_within_the_rate(rate, recall, precision):
    outputs, labels = [6, 5, 4, 3, 2, 1], ["fraud", "ok", "fraud", "ok", "ok", "ok"]
    assert RateScorer("recall", rate)(Scored(), outputs, labels) == recall
    assert RateScorer("precision", rate)(Scored(), outputs, labels) == pytest.approx(precision)
