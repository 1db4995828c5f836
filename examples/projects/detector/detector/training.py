"""One training as one run, and the searches that start many of them."""

from pathlib import Path
from time import process_time

import mlflow
import torch

import skhpo
from detector import data
from detector.network import Detector, evaluate, train_epochs
from detector.tracking import log_data, log_files, log_training, tags_of
from skhpo.pruners import NopPruner
from skhpo.samplers import GridSampler, TPESampler
from skhpo.tracking import MLflowCallback
from skhpo.trial import TrialState

BASELINE = {"epochs": 8, "imgsz": 64, "lr": 3e-3}
GRID = {"epochs": [4, 8, 16], "imgsz": [48, 64, 96], "lr": [1e-3, 3e-3, 1e-2]}
STORAGE = "sqlite:///runs/studies.db"


def train(
    parts: dict[str, data.Part], *, name: str = "train", kind: str = "train", **settings
) -> dict[str, float]:
    """Train a detector as a run of its own; see `train_in_run`."""
    tags = tags_of(kind, data.version(parts))
    with mlflow.start_run(run_name=name, nested=mlflow.active_run() is not None, tags=tags):
        return train_in_run(parts, **settings)


def train_in_run(
    parts: dict[str, data.Part],
    *,
    epochs: int,
    imgsz: int,
    lr: float,
    seed: int = 0,
    picture: bool = False,
) -> dict[str, float]:
    """Train a detector, record it in the active run, and return its metrics."""
    version = data.version(parts)
    log_data(version)
    torch.manual_seed(seed)
    network = Detector()
    settings = {"epochs": epochs, "imgsz": imgsz, "lr": lr, "seed": seed}
    start = process_time()
    losses = list(train_epochs(network, parts["train"], **settings))
    seconds = process_time() - start
    results = {
        "map50": evaluate(network, parts["valid"], imgsz),
        "test_map50": evaluate(network, parts["test"], imgsz),
        "train_seconds": seconds,
    }
    log_training(settings, losses, results)
    log_files(network, parts["valid"], imgsz, version, picture)
    return {**results, "run_id": mlflow.active_run().info.run_id}


def objective_of(parts: dict[str, data.Part], study_name: str):
    """Return an objective function that records each trial in the active run."""

    def objective(trial: skhpo.Trial) -> float:
        settings = {
            "epochs": trial.suggest_int("epochs", 2, 16),
            "imgsz": trial.suggest_int("imgsz", 48, 96, step=16),
            "lr": trial.suggest_float("lr", 5e-4, 3e-2, log=True),
        }
        mlflow.set_tag("mlflow.runName", f"{study_name} {trial.number}")
        results = train_in_run(parts, **settings)
        for key, value in results.items():
            trial.set_user_attr(key, value)
        return results["map50"]

    return objective


def search(
    parts: dict[str, data.Part], name: str, sampler: skhpo.samplers.BaseSampler, n_trials: int
) -> skhpo.Study:
    """Run a study up to a number of trials, as a run with one nested run per trial.

    The study is stored. The same command continues it after a crash, and starts nothing if it is
    complete.
    """
    Path("runs").mkdir(exist_ok=True)
    study = skhpo.create_study(
        storage=STORAGE,
        study_name=name,
        direction="maximize",
        sampler=sampler,
        pruner=NopPruner(),
        load_if_exists=True,
    )
    study.set_metric_names(["map50"])
    n_left = n_trials - len(study.get_trials(states=(TrialState.COMPLETE,)))
    if n_left > 0:
        tracker = MLflowCallback(run_name=name, tags=tags_of(name, data.version(parts)))
        objective = tracker.track_in_mlflow()(objective_of(parts, name))
        study.optimize(objective, n_trials=n_left, callbacks=[tracker])
    return study


def grid_search(parts: dict[str, data.Part], grid: dict | None = None) -> skhpo.Study:
    sampler = GridSampler(grid or GRID)
    return search(parts, "grid", sampler, sampler.n_combinations)


def tpe_search(parts: dict[str, data.Part], n_trials: int, seed: int = 0) -> skhpo.Study:
    name = f"tpe-{n_trials}" if seed == 0 else f"tpe-{n_trials}-seed-{seed}"
    return search(parts, name, TPESampler(seed=seed), n_trials)
