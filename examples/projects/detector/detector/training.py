"""One training as one run, and the searches that start many of them."""

from pathlib import Path
from time import process_time

import mlflow
import torch

import skhpo
from detector import data
from detector.network import Detector, evaluate, train_epochs
from detector.tracking import log_files, log_training, run_of
from skhpo.pruners import NopPruner
from skhpo.samplers import GridSampler, TPESampler
from skhpo.trial import TrialState

BASELINE = {"epochs": 8, "imgsz": 64, "lr": 3e-3}
GRID = {"epochs": [4, 8, 16], "imgsz": [48, 64, 96], "lr": [1e-3, 3e-3, 1e-2]}
STORAGE = "sqlite:///runs/studies.db"


def train(
    parts: dict[str, data.Part],
    *,
    epochs: int,
    imgsz: int,
    lr: float,
    seed: int = 0,
    name: str = "train",
    kind: str = "train",
    picture: bool = False,
) -> dict[str, float]:
    """Train a detector, record it as a run, and return its metrics."""
    version = data.version(parts)
    with run_of(name, kind, version):
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
    """Return an objective function whose trials are runs."""

    def objective(trial: skhpo.Trial) -> float:
        settings = {
            "epochs": trial.suggest_int("epochs", 2, 16),
            "imgsz": trial.suggest_int("imgsz", 48, 96, step=16),
            "lr": trial.suggest_float("lr", 5e-4, 3e-2, log=True),
        }
        results = train(parts, **settings, name=f"{study_name} {trial.number}", kind=study_name)
        for key, value in results.items():
            trial.set_user_attr(key, value)
        return results["map50"]

    return objective


def search(
    parts: dict[str, data.Part], name: str, sampler: skhpo.samplers.BaseSampler, n_trials: int
) -> skhpo.Study:
    """Run a study up to a number of trials, as a parent run with one nested run per trial.

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
        with run_of(name, "search", data.version(parts)):
            mlflow.log_params({"study": name, "sampler": type(sampler).__name__})
            study.optimize(objective_of(parts, name), n_trials=n_left)
            mlflow.log_metrics({"best_map50": study.best_value})
            mlflow.log_params({f"best_{key}": value for key, value in study.best_params.items()})
    return study


def grid_search(parts: dict[str, data.Part], grid: dict | None = None) -> skhpo.Study:
    sampler = GridSampler(grid or GRID)
    return search(parts, "grid", sampler, sampler.n_combinations)


def tpe_search(parts: dict[str, data.Part], n_trials: int, seed: int = 0) -> skhpo.Study:
    name = f"tpe-{n_trials}" if seed == 0 else f"tpe-{n_trials}-seed-{seed}"
    return search(parts, name, TPESampler(seed=seed), n_trials)
