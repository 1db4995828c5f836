"""The searches of the project: one objective function, five methods, one budget of epochs."""

from collections.abc import Callable
from typing import Any

import numpy as np
from network import (
    N_LAYERS,
    Digits,
    accuracy,
    compressed_copy,
    compression_ratio,
    latency,
    train_epochs,
)
from torch import nn

import skhpo
from skhpo.pruners import NopPruner, SuccessiveHalvingPruner
from skhpo.samplers import GPSampler, GridSampler, RandomSampler, TPESampler

MAX_EPOCHS = 9
POINTS_PER_HALVING = 0.02  # accuracy that a network of half the size may lose
GRID = {  # 40 networks of 6 epochs, evenly spread over the ranges
    "sparsity": [0.2, 0.4, 0.6, 0.8],
    "bits": [2, 3, 4, 6, 8],
    "lr": [5e-3, 2e-2],
    "epochs": [6],
}


def score_of(accuracy: float, ratio: float) -> float:
    """Return one number to maximise: accuracy, and 0.02 for each halving of the size."""
    return float(accuracy + POINTS_PER_HALVING * np.log2(ratio))


class Compression:
    """Objective function: compress a trained network, fine-tune it, and score it.

    Parameters
    ----------
    base : Module
        The trained network. Each trial compresses a copy of it.
    data : Digits
        The images.
    tied : bool, default=False
        Whether one sparsity and one number of bits apply to all layers, as a grid needs.
    n_epochs : int, optional
        Number of fine-tuning epochs. None lets the search choose it.
    several : bool, default=False
        Whether to return accuracy and compression ratio instead of one score.
    """

    def __init__(
        self,
        base: nn.Module,
        data: Digits,
        *,
        tied: bool = False,
        n_epochs: int | None = None,
        several: bool = False,
    ):
        self.base, self.data = base, data
        self.tied, self.n_epochs, self.several = tied, n_epochs, several

    def __call__(self, trial: skhpo.Trial) -> float | tuple[float, float]:
        network = self.compressed(trial)
        ratio = compression_ratio(network)
        lr = trial.suggest_float("lr", 1e-3, 1e-1, log=True)
        n_epochs = self.n_epochs or trial.suggest_int("epochs", 1, MAX_EPOCHS)
        trial.set_user_attr("ratio", ratio)
        epochs = train_epochs(network, self.data, n_epochs, lr)
        for epoch, reached in enumerate(epochs, start=1):
            trial.set_user_attr("n_epochs", epoch)
            if not self.several:
                trial.report(score_of(reached, ratio), epoch)
                if trial.should_prune() and epoch < n_epochs:
                    raise skhpo.TrialPruned()
        trial.set_user_attr("accuracy", reached)
        test = accuracy(network, self.data.X_test, self.data.y_test)
        trial.set_user_attr("test_accuracy", test)
        if self.several:
            trial.set_user_attr("latency", latency(network, self.data.X_test))
            return reached, ratio
        return score_of(reached, ratio)

    def compressed(self, trial: skhpo.Trial) -> nn.Module:
        """Compress a copy of the network as the trial suggests."""
        sparsity, bits = [], []
        for layer in range(1 if self.tied else N_LAYERS):
            suffix = "" if self.tied else f"_{layer + 1}"
            sparsity.append(trial.suggest_float(f"sparsity{suffix}", 0.0, 0.97))
            bits.append(trial.suggest_int(f"bits{suffix}", 2, 8))
        copies = N_LAYERS if self.tied else 1
        return compressed_copy(self.base, sparsity * copies, bits * copies)


# ------------------------------------------------------------------------ methods, budgets


def methods() -> dict[str, dict[str, Any]]:
    """Return what differs between the methods: the sampler, the pruner, the objective."""
    halving = SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
    return {
        "grid": {"sampler": lambda seed: GridSampler(GRID, seed=seed), "tied": True},
        "random": {"sampler": lambda seed: RandomSampler(seed=seed)},
        "Gaussian process": {"sampler": lambda seed: GPSampler(seed=seed)},
        "TPE": {"sampler": lambda seed: TPESampler(seed=seed)},
        "successive halving": {
            "sampler": lambda seed: RandomSampler(seed=seed),
            "pruner": halving,
            "n_epochs": MAX_EPOCHS,
        },
    }


def spent(study: skhpo.Study) -> int:
    """Return the number of fine-tuning epochs of a study."""
    return sum(trial.user_attrs.get("n_epochs", 0) for trial in study.trials)


def run(
    base: nn.Module,
    data: Digits,
    *,
    sampler: Callable[[int], skhpo.samplers.BaseSampler],
    seed: int,
    budget: int | None = None,
    n_trials: int | None = None,
    pruner: skhpo.pruners.BasePruner | None = None,
    **objective: Any,
) -> skhpo.Study:
    """Run one study until its epochs or its trials are used up."""

    def stop_at_budget(study: skhpo.Study, _: skhpo.FrozenTrial) -> None:
        if budget is not None and spent(study) >= budget:
            study.stop()

    study = skhpo.create_study(
        direction="maximize", sampler=sampler(seed), pruner=pruner or NopPruner()
    )
    study.optimize(
        Compression(base, data, **objective), n_trials=n_trials, callbacks=[stop_at_budget]
    )
    return study


def curve(study: skhpo.Study, budget: int) -> np.ndarray:
    """Return the best score so far after each epoch; a trial counts when it is complete."""
    best = np.full(budget + 1, np.nan)
    n_epochs, best_score = 0, np.nan
    for trial in study.trials:
        n_epochs += trial.user_attrs.get("n_epochs", 0)
        if n_epochs > budget:
            break
        if trial.state.name == "COMPLETE":
            best_score = np.fmax(best_score, trial.value)
        best[n_epochs:] = best_score
    return best


def best_within(study: skhpo.Study, budget: int) -> skhpo.FrozenTrial:
    """Return the best trial that was complete before the budget was used up."""
    n_epochs, best = 0, None
    for trial in study.trials:
        n_epochs += trial.user_attrs.get("n_epochs", 0)
        is_complete = trial.state.name == "COMPLETE" and n_epochs <= budget
        if is_complete and (best is None or trial.value > best.value):
            best = trial
    return best
