"""Compress a network: five search methods at one budget, then the front of accuracy and size.

``python run.py`` takes about two minutes, ``python run.py --quick`` some seconds. Tables are
printed, and pictures are written to ``results/`` or to the folder given by ``--folder``.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from network import (
    Digits,
    accuracy,
    compression_ratio,
    latency,
    load_data,
    train_base,
)
from search import Compression, best_within, curve, methods, run, score_of, spent
from torch import nn

import skhpo
from skhpo.multi_objective import is_nondominated, knee
from skhpo.samplers import TPESampler

HERE = Path(__file__).parent
BUDGET = 240  # fine-tuning epochs of one search
MAX_LOSS = 0.05  # accuracy that the chosen network may lose


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small setting, to try it out")
    parser.add_argument("--folder", type=Path, default=HERE / "results", help="for pictures")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    skhpo.logging.set_verbosity(skhpo.logging.WARNING)
    budget, n_seeds, n_front = (30, 2, 10) if args.quick else (BUDGET, 8, 100)

    start = time.perf_counter()
    data = load_data()
    base = train_base(data, n_epochs=10 if args.quick else 60)
    print(
        f"The float network: {accuracy(base, data.X_valid, data.y_valid):.3f} of the validation "
        f"images, {accuracy(base, data.X_test, data.y_test):.3f} of the test images"
    )
    studies = {
        name: [run(base, data, seed=seed, budget=budget, **method) for seed in range(n_seeds)]
        for name, method in methods().items()
    }
    curves = {
        name: np.array([curve(study, budget) for study in runs]) for name, runs in studies.items()
    }
    print_methods(studies, curves, budget)
    print_speed(curves)
    draw_curves(curves, args.folder / "convergence.png")

    front = pareto_study(base, data, n_trials=n_front)
    print_front(front, base, data)
    draw_front(front, base, data, args.folder / "front.png")
    seconds = time.perf_counter() - start
    print(f"\n{seconds:.0f} s; the pictures are in {args.folder}")


# --------------------------------------------------------------------- methods at one budget


def print_methods(studies, curves, budget):
    n_seeds = len(next(iter(studies.values())))
    print(f"\nBest of {budget} epochs: median of {n_seeds} seeds (quartiles)")
    print(
        f"{'method':20}{'score':>22}{'valid':>7}{'test':>7}{'ratio':>7}{'trials':>8}{'stopped':>9}"
    )
    for name, runs in studies.items():
        low, median, high = np.nanquantile(curves[name][:, -1], [0.25, 0.5, 0.75])
        best = [best_within(study, budget) for study in runs]
        best = [trial.user_attrs for trial in best if trial is not None]
        valid, test, ratio = (
            np.median([attrs[key] for attrs in best])
            for key in ("accuracy", "test_accuracy", "ratio")
        )
        n_trials = np.median([len(study.trials) for study in runs])
        n_stopped = np.median([count(study, "PRUNED") for study in runs])
        score = f"{median:.4f} ({low:.4f}-{high:.4f})"
        print(
            f"{name:20}{score:>22}{valid:7.3f}{test:7.3f}{ratio:7.1f}{n_trials:8.0f}{n_stopped:9.0f}"
        )


def count(study, state):
    return sum(trial.state.name == state for trial in study.trials)


def print_speed(curves):
    """Say after how many epochs each method is as good as the whole grid.

    The grid itself needs its whole budget: nobody knows its best point before.
    """
    target = np.nanmedian(curves["grid"][:, -1])
    budget = curves["grid"].shape[1] - 1
    print(f"\nEpochs until the score of the whole grid ({target:.4f}) is reached")
    print(f"{'method':20}{'median':>8}{'reached by':>12}{'times faster than the grid':>28}")
    for name, lines in curves.items():
        if name == "grid":
            continue
        reached = lines >= target - 1e-9
        epochs = np.where(reached.any(axis=1), reached.argmax(axis=1), np.inf)
        median = np.median(epochs)
        share = f"{np.isfinite(epochs).sum()} of {len(lines)}"
        shown, factor = (
            ("-", "-") if np.isinf(median) else (f"{median:.0f}", f"{budget / median:.1f}")
        )
        print(f"{name:20}{shown:>8}{share:>12}{factor:>28}")


def draw_curves(curves, path):
    plt = pyplot()
    figure, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
    styles = ("-", "--", "-", "-", "-.")
    colours = ("#5f6b76", "#b8860b", "#1b9e77", "#2166ac", "#e66101")
    for (name, lines), style, colour in zip(curves.items(), styles, colours, strict=True):
        low, median, high = quartiles(lines)
        epochs = np.arange(lines.shape[1])
        ax.step(epochs, median, where="post", label=name, linestyle=style, color=colour)
        ax.fill_between(epochs, low, high, step="post", alpha=0.12, color=colour, linewidth=0)
    final = [np.nanmedian(lines[:, -1]) for lines in curves.values()]
    ax.set_ylim(min(final) - 0.07, max(final) + 0.01)
    ax.set(xlabel="Fine-tuning epochs", ylabel="Best score so far (validation)")
    ax.legend(loc="lower right", frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=100)


def quartiles(lines):
    """Return quartiles over seeds where all seeds have a complete trial."""
    known = np.isfinite(lines).all(axis=0)
    result = np.full((3, lines.shape[1]), np.nan)
    result[:, known] = np.quantile(lines[:, known], [0.25, 0.5, 0.75], axis=0)
    return result


# ------------------------------------------------------------------- accuracy against size


def pareto_study(base: nn.Module, data: Digits, n_trials: int, seed: int = 0) -> skhpo.Study:
    """Search for accurate and small networks at the same time."""
    study = skhpo.create_study(directions=["maximize"] * 2, sampler=TPESampler(seed=seed))
    study.set_metric_names(["accuracy", "compression ratio"])
    study.optimize(Compression(base, data, several=True), n_trials=n_trials)
    return study


def front_and_knees(study: skhpo.Study, least: float):
    """Return the values of all trials, the front, and two knees.

    The first knee is that of the networks with an accuracy of `least` or more, the second one
    that of the whole front.
    """
    values = np.array([[*trial.values, trial.user_attrs["latency"]] for trial in study.trials])
    losses = np.column_stack([-values[:, 0], -np.log2(values[:, 1])])
    front = np.flatnonzero(is_nondominated(losses))
    losses_of_good = np.where(values[:, :1] >= least, losses, np.nan)
    if np.isnan(losses_of_good).all():
        losses_of_good = losses
    return values, front[np.argsort(values[front, 1])], knee(losses_of_good), knee(losses)


def print_front(study, base, data):
    least = accuracy(base, data.X_valid, data.y_valid) - MAX_LOSS
    values, front, chosen, whole = front_and_knees(study, least)
    print(f"\nThe front of {len(study.trials)} trials ({spent(study)} epochs)")
    print(f"* knee of the networks with {least:.3f} or more, + knee of the whole front")
    print(
        f"{'':2}{'valid':>6}{'test':>7}{'ratio':>7}{'ms':>8}{'score':>8}  sparsity, bits by layer"
    )
    for index in front:
        trial = study.trials[index]
        layers = ", ".join(
            f"{trial.params[f'sparsity_{k}']:.0%} {trial.params[f'bits_{k}']}" for k in (1, 2, 3)
        )
        valid, ratio, ms = values[index]
        mark = "*" if index == chosen else "+" if index == whole else ""
        test = trial.user_attrs["test_accuracy"]
        print(
            f"{mark:2}{valid:6.3f}{test:7.3f}{ratio:7.1f}{ms:8.3f}{score_of(valid, ratio):8.3f}"
            f"  {layers}"
        )
    valid, test = (
        accuracy(base, *part) for part in ((data.X_valid, data.y_valid), (data.X_test, data.y_test))
    )
    ms = latency(base, data.X_test)
    print(
        f"{'':2}{valid:6.3f}{test:7.3f}{compression_ratio(base):7.1f}{ms:8.3f}{valid:8.3f}  float"
    )


def draw_front(study, base, data, path):
    from skhpo.plots import ParetoFrontDisplay

    plt = pyplot()
    least = accuracy(base, data.X_valid, data.y_valid) - MAX_LOSS
    _, _, chosen, _ = front_and_knees(study, least)
    figure, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
    display = ParetoFrontDisplay.from_study(study, chosen=int(chosen), color="latency", ax=ax)
    display.colorbar_.ax.set_ylabel("latency (ms)")
    ax.set_yscale("log", base=2)
    ax.set_yticks([6, 8, 12, 16, 20], labels=["6", "8", "12", "16", "20"])
    ax.set_xlim(left=max(0.0, least - 0.25))
    figure.savefig(path, dpi=100)


def pyplot():
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    return plt


if __name__ == "__main__":
    main()
