"""The decision report: trials, grid against TPE, effects, and a recommendation for staging."""

from pathlib import Path

import mlflow
import numpy as np
from mlflow.tracking import MlflowClient

import skhpo
from detector import data
from detector.tracking import MODEL, finished_runs
from detector.training import BASELINE, STORAGE, train

TOLERANCE = 0.01  # of mAP50: settings that are this close to the best are as good
SEEDS = (1, 2, 3)  # of the trainings that the recommendation compares


def write_report(parts: dict[str, data.Part], folder: Path, seeds: tuple[int, ...] = SEEDS) -> Path:
    """Write ``decision.md``, and a report and pictures of each study."""
    folder.mkdir(parents=True, exist_ok=True)
    studies = {
        name: skhpo.load_study(study_name=name, storage=STORAGE)
        for name in skhpo.get_all_study_names(STORAGE)
    }
    for name, study in studies.items():
        skhpo.report(study, folder / f"{name}.html", title=f"Detector: {name}")
    draw_progress(studies, folder / "progress.png")
    biggest = max(studies.values(), key=lambda study: len(study.trials))
    draw_effects(biggest, folder / "effects.png")
    sections = [
        "# Which detector goes to staging?",
        recommendation(parts, seeds),
        "## Grid against TPE",
        table_of_studies(studies),
        "![The best mAP50 so far](progress.png)",
        "## The effect of epochs and image size",
        effects(studies),
        f"![mAP50 by parameter, study {biggest.study_name}](effects.png)",
        "## All runs",
        table_of_runs(),
        "The reports of the studies: "
        + ", ".join(f"[{name}]({name}.html)" for name in studies) + ".",
    ]  # fmt: skip
    path = folder / "decision.md"
    path.write_text("\n\n".join(sections) + "\n", encoding="utf-8")
    return path


def markdown_table(header: list[str], rows: list[list]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


# --------------------------------------------------------------------------------- sections


def table_of_studies(studies: dict[str, skhpo.Study]) -> str:
    target = studies["grid"].best_value if "grid" in studies else None
    rows = []
    for name, study in studies.items():
        done = [trial for trial in study.trials if trial.value is not None]
        seconds = [trial.user_attrs["train_seconds"] for trial in done]
        best = study.best_trial
        row = [name, len(done), f"{sum(seconds):.0f}", f"{best.value:.3f}"]
        row += [f"{best.user_attrs['test_map50']:.3f}", shown(best.params)]
        row.append(first_at(done, target))
        rows.append(row)
    header = ["study", "trials", "CPU seconds", "best mAP50", "its test mAP50", "parameters"]
    return markdown_table([*header, "as good as the whole grid after"], rows)


def first_at(trials: list, target: float | None) -> str:
    """Say after how many trials and seconds a study reached a value."""
    seconds = 0.0
    for number, trial in enumerate(trials, start=1):
        seconds += trial.user_attrs["train_seconds"]
        if target is not None and trial.value >= target:
            return f"{number} trials, {seconds:.0f} s"
    return "not reached"


def shown(params: dict) -> str:
    return f"{params['epochs']} epochs, {params['imgsz']} px, lr {float(params['lr']):.2g}"


def effects(studies: dict[str, skhpo.Study]) -> str:
    """Return means of the grid, and importances in the largest study."""
    blocks = []
    if "grid" in studies:
        trials = [trial for trial in studies["grid"].trials if trial.value is not None]
        for name in ("epochs", "imgsz", "lr"):
            rows = []
            for value in sorted({trial.params[name] for trial in trials}):
                chosen = [trial for trial in trials if trial.params[name] == value]
                map50 = [trial.value for trial in chosen]
                seconds = [trial.user_attrs["train_seconds"] for trial in chosen]
                row = [value, f"{np.mean(map50):.3f}", f"{max(map50):.3f}"]
                rows.append([*row, f"{np.mean(seconds):.1f}"])
            header = [name, "mean mAP50 in the grid", "best", "mean CPU seconds"]
            blocks.append(markdown_table(header, rows))
    biggest = max(studies.values(), key=lambda study: len(study.trials))
    shares = skhpo.importance.get_param_importances(biggest)
    listed = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
    blocks.append(f"Importances in the study {biggest.study_name}: {listed}.")
    return "\n\n".join(blocks)


def table_of_runs() -> str:
    rows = []
    for run in finished_runs():
        metrics, params, tags = run.data.metrics, run.data.params, run.data.tags
        row = [run.info.run_name, tags["kind"], params["epochs"], params["imgsz"]]
        row += [f"{float(params['lr']):.2g}", f"{metrics['map50']:.3f}"]
        rows.append([*row, f"{metrics['train_seconds']:.1f}", tags["data.sha256"][:8]])
    header = ["run", "kind", "epochs", "imgsz", "lr", "mAP50", "CPU seconds", "data"]
    return markdown_table(header, rows)


# --------------------------------------------------------------------------- recommendation


def candidate_settings() -> dict:
    """Choose the cheapest of the settings that are as good as the best one.

    The cost of a setting is its number of trained pixels.
    """
    runs = [run for run in finished_runs() if run.data.tags["kind"] != "check"]
    best = max(run.data.metrics["map50"] for run in runs)
    good = [run for run in runs if run.data.metrics["map50"] >= best - TOLERANCE]
    params = min(
        (run.data.params for run in good),
        key=lambda params: int(params["epochs"]) * int(params["imgsz"]) ** 2,
    )
    kinds = {"epochs": int, "imgsz": int, "lr": float}
    return {name: kind(params[name]) for name, kind in kinds.items()}


def recommendation(parts: dict[str, data.Part], seeds: tuple[int, ...]) -> str:
    """Train the candidate and the baseline with new seeds, and compare them on the test images."""
    settings = {"candidate": candidate_settings(), "baseline": BASELINE}
    runs = {
        name: [
            train(parts, **params, seed=seed, name=f"check {name} {seed}", kind="check",
                  picture=seed == seeds[0])
            for seed in seeds
        ]
        for name, params in settings.items()
    }  # fmt: skip
    scores = {name: np.array([one["test_map50"] for one in runs[name]]) for name in runs}
    is_better = scores["candidate"].min() > scores["baseline"].max()
    rows = []
    for name, values in scores.items():
        seconds = np.mean([one["train_seconds"] for one in runs[name]])
        numbers = [values.mean(), values.min(), values.max()]
        rows.append(
            [name, shown(settings[name]), *(f"{one:.3f}" for one in numbers), f"{seconds:.1f}"]
        )
    table = markdown_table(
        ["", "settings", "mean test mAP50", "lowest", "highest", "CPU seconds"], rows
    )
    if is_better:
        version = register(runs["candidate"][0]["run_id"])
        verdict = (
            f"**Promote the candidate.** It is version {version} of `{MODEL}`, alias `staging`."
        )
    else:
        verdict = "**Keep the baseline.** The candidate is not better in all seeds."
    rule = (
        f"The candidate is the cheapest setting within {TOLERANCE} of the best mAP50 on the "
        f"validation images. Candidate and baseline were trained with {len(seeds)} new seeds, and "
        "are compared on the test images, which no search has used. The candidate is promoted if "
        "its worst seed is better than the best seed of the baseline."
    )
    return f"{verdict}\n\n{table}\n\n{rule}"


def register(run_id: str) -> int:
    """Register the weights of a run as a model version, and give it the alias ``staging``."""
    client = MlflowClient()
    if not client.search_registered_models(f"name = '{MODEL}'"):
        client.create_registered_model(MODEL)
    source = mlflow.get_run(run_id).info.artifact_uri + "/weights.pt"
    version = client.create_model_version(MODEL, source, run_id=run_id)
    client.set_registered_model_alias(MODEL, "staging", version.version)
    return version.version


# ---------------------------------------------------------------------------------- pictures


def draw_progress(studies: dict[str, skhpo.Study], path: Path) -> None:
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True, layout="constrained")
    for rank, (name, study) in enumerate(studies.items()):
        style = {"label": name, "linewidth": max(5 - 1.75 * rank, 1.5)}  # equal lines stay visible
        done = [trial for trial in study.trials if trial.value is not None]
        best = np.maximum.accumulate([trial.value for trial in done])
        seconds = np.cumsum([trial.user_attrs["train_seconds"] for trial in done])
        left.step(np.arange(1, len(best) + 1), best, where="post", **style)
        right.step(seconds, best, where="post", **style)
    left.set(xlabel="Trials", ylabel="Best mAP50 so far (validation)")
    right.set(xlabel="CPU seconds of training")
    right.legend(loc="lower right", frameon=False)
    for ax in (left, right):
        ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def draw_effects(study: skhpo.Study, path: Path) -> None:
    from skhpo.plots import SliceDisplay

    display = SliceDisplay.from_study(study)
    display.figure_.savefig(path, dpi=80)
