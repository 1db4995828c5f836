"""Accident severity: a baseline and a search, tracked in MLflow, and the model loaded again.

Run `python examples/projects/accident_severity/run.py`, then look at the runs:
`mlflow ui --backend-store-uri sqlite:///<output>/mlflow.db`.
"""

import argparse
import logging
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import mlflow
import numpy as np
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

from skhpo import TPESearchCV, report
from skhpo.distributions import IntDistribution
from skhpo.tracking import MLflowCallback

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from accidents import NUMBERS, TARGET, TEXTS, make_accidents

# MLflow's default format, skops, does not trust the trees of a forest, so the model is a pickle.
# With given requirements, MLflow needs no further process to find them, which takes seconds.
MODEL_FORMAT = {
    "serialization_format": "cloudpickle",
    "pip_requirements": [f"{name}=={version(name)}" for name in ("scikit-learn", "pandas")],
}
EXPERIMENT = "accident severity"
METRIC = "average_precision"
SPACE = {
    "forest__n_estimators": IntDistribution(20, 120),
    "forest__max_depth": IntDistribution(3, 24),
    "forest__min_samples_split": IntDistribution(2, 60, log=True),
    "forest__min_samples_leaf": IntDistribution(1, 40, log=True),
    "forest__class_weight": [None, "balanced", "balanced_subsample"],
}


def make_model() -> Pipeline:
    """Return the forest as given, behind a step for missing values and texts."""
    texts = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="unknown"),
        OneHotEncoder(handle_unknown="ignore"),
    )
    numbers = SimpleImputer(strategy="median", add_indicator=True)
    prepare = make_column_transformer((numbers, NUMBERS), (texts, TEXTS))
    forest = RandomForestClassifier(n_estimators=100, random_state=0)
    return Pipeline([("prepare", prepare), ("forest", forest)])


def scores(model, X, y) -> dict[str, float]:
    """Return the scores on rows that neither fits nor searches have seen."""
    probability = model.predict_proba(X)[:, 1]
    return {
        "test_average_precision": float(average_precision_score(y, probability)),
        "test_roc_auc": float(roc_auc_score(y, probability)),
    }


def log_baseline(X, y, X_test, y_test) -> dict[str, float]:
    """Fit the forest as given, and log it by hand: parameters, scores, model."""
    with mlflow.start_run(run_name="baseline"):
        model = make_model().fit(X, y)
        mlflow.log_params(model.named_steps["forest"].get_params())
        found = scores(model, X_test, y_test)
        mlflow.log_metrics(found)
        signature = infer_signature(X, model.predict(X))
        mlflow.sklearn.log_model(
            model, name="model", signature=signature, input_example=X.head(3), **MODEL_FORMAT
        )
    return found


def log_search(X, y, X_test, y_test, n_candidates: int, n_jobs: int, cv: int):
    """Search, with a run for the search and a nested run for each candidate."""
    tags = {"stage": "parameter_optimization"}
    search = TPESearchCV(
        make_model(),
        SPACE,
        n_iter=n_candidates,
        scoring=METRIC,
        cv=cv,
        n_jobs=n_jobs,
        random_state=0,
        callbacks=[MLflowCallback(tags=tags, log_model=MODEL_FORMAT)],
    )
    with mlflow.start_run(run_name="parameter_optimization", tags=tags) as run:
        search.fit(X, y)
        found = scores(search, X_test, y_test)
        mlflow.log_metrics(found)
    return search, found, run.info.run_id


def log_in_one_line(X, y, cv: int) -> None:
    """Do nearly the same with autologging: one line, and no callback. The model is not needed."""
    mlflow.sklearn.autolog(max_tuning_runs=3, log_models=False)
    try:
        TPESearchCV(make_model(), SPACE, n_iter=3, scoring=METRIC, cv=cv, random_state=0).fit(X, y)
    finally:
        mlflow.sklearn.autolog(disable=True)


def main(arguments: list[str] | None = None) -> None:
    """Run the project."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=HERE / "output")
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--candidates", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cv", type=int, default=5)
    given = parser.parse_args(arguments)
    shutil.rmtree(given.output, ignore_errors=True)
    given.output.mkdir(parents=True)
    output = given.output.resolve()
    uri = f"sqlite:///{output / 'mlflow.db'}"
    mlflow.set_tracking_uri(uri)
    logging.getLogger("mlflow.sklearn").setLevel(logging.ERROR)  # its warning of pickles
    if mlflow.get_experiment_by_name(EXPERIMENT) is None:
        mlflow.create_experiment(EXPERIMENT, artifact_location=(output / "artifacts").as_uri())
    mlflow.set_experiment(EXPERIMENT)

    table = make_accidents(given.rows)
    X, y = table.drop(columns=TARGET), table[TARGET]
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.4, stratify=y, random_state=0)
    baseline = log_baseline(X, y, X_test, y_test)
    search, best, run_id = log_search(X, y, X_test, y_test, given.candidates, given.jobs, given.cv)
    log_in_one_line(X, y, given.cv)
    report(search, output / "report.html", title=EXPERIMENT, X_test=X_test, y_test=y_test)

    status = search.cv_results_["status"]
    n_fits = int(search.cv_results_["n_splits_evaluated"].sum())
    print(f"{len(X)} rows for the search, {len(X_test)} held out; severe: {np.mean(y):.1%}")
    print(f"best parameters: {search.best_params_}")
    print(f"{n_fits} fits instead of {len(status) * given.cv}; stopped: {sum(status == 'pruned')}")
    for name in baseline:
        print(f"{name:24} baseline {baseline[name]:.3f}   tuned {best[name]:.3f}")

    # In production: another process, which knows only the store and the run.
    X_test.head(5).to_parquet(output / "new_accidents.parquet")
    command = [sys.executable, str(HERE / "predict.py"), uri, run_id, str(output)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    print(f"predicted by a fresh process: {printed.strip()}")
    assert printed.split() == [str(one) for one in search.predict(X_test.head(5))]


if __name__ == "__main__":
    main()
