"""Runs in MLflow: parameters, metrics by epoch, artifacts, and the version of the data."""

import hashlib
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
import torch
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.entities import Metric, Param
from mlflow.tracking import MlflowClient

from detector.data import CLASSES, Part
from detector.metrics import corners_of
from detector.network import Detector, detect

EXPERIMENT = "shapes"
MODEL = "shape-detector"


def connect() -> None:
    """Use the server of ``MLFLOW_TRACKING_URI``, or a database in ``runs/`` without a server."""
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # a line per run
    if "MLFLOW_TRACKING_URI" not in os.environ:
        Path("runs").mkdir(exist_ok=True)
        mlflow.set_tracking_uri("sqlite:///runs/mlflow.db")
        if mlflow.get_experiment_by_name(EXPERIMENT) is None:
            folder = Path("runs", "artifacts").absolute()
            mlflow.create_experiment(EXPERIMENT, artifact_location=folder.as_uri())
    mlflow.set_experiment(EXPERIMENT)


def code_version() -> str:
    """Return a hash of the sources of the package."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def tags_of(kind: str, version: dict[str, str]) -> dict[str, str]:
    """Return the tags of a run: its kind, and the versions of data and code."""
    return {"kind": kind, "data.sha256": version["all"], "code.sha256": code_version()}


def log_data(version: dict[str, str]) -> None:
    """Log the version of the data as the input of the active run."""
    source = CodeDatasetSource(tags={"function": "detector.data.write"})
    mlflow.log_input(MetaDataset(source, name="shapes", digest=version["all"][:8]))


def log_training(params: dict, losses: list[float], results: dict[str, float]) -> None:
    """Log a training with one request."""
    run_id = mlflow.active_run().info.run_id
    metrics = [Metric("train_loss", loss, 0, epoch) for epoch, loss in enumerate(losses, start=1)]
    metrics += [Metric(name, value, 0, len(losses)) for name, value in results.items()]
    MlflowClient().log_batch(
        run_id, metrics=metrics, params=[Param(name, str(value)) for name, value in params.items()]
    )


def log_files(network: Detector, part: Part, imgsz: int, version: dict, picture: bool) -> None:
    """Store the weights and the version of the data, and a picture of detections if wanted."""
    with TemporaryDirectory() as folder:
        path = Path(folder)
        torch.save(network.state_dict(), path / "weights.pt")
        (path / "data.json").write_text(json.dumps({"sha256": version}, indent=2))
        if picture:
            draw_detections(network, part, imgsz, path / "detections.png")
        mlflow.log_artifacts(folder)


def draw_detections(network: Detector, part: Part, imgsz: int, path: Path, least: float = 0.3):
    """Draw the first eight images with their objects (white) and detections (by class)."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    from matplotlib.patches import Rectangle

    figure, axes = plt.subplots(2, 4, figsize=(8, 4.4), layout="constrained")
    colours = ("#ffd92f", "#00e5ff", "#ff5fd2")
    found = detect(network, part.images[:8], imgsz)
    for ax, image, objects, one in zip(axes.flat, part.images, part.objects, found, strict=False):
        size = len(image)
        ax.imshow(image)
        ax.axis("off")
        for corners in corners_of(objects[objects[:, 0] >= 0, 1:]) * size:
            ax.add_patch(box_patch(Rectangle, corners, "white", 1.0, ":"))
        for corners, kind, score in zip(one.corners * size, one.classes, one.scores, strict=True):
            if score >= least:
                ax.add_patch(box_patch(Rectangle, corners, colours[kind], 1.5, "-"))
                label = f"{CLASSES[kind]} {score:.0%}"
                box = {"facecolor": "black", "alpha": 0.6, "pad": 1, "edgecolor": "none"}
                ax.text(*corners[:2], label, color=colours[kind], fontsize=7, bbox=box)
        ax.set(xlim=(0, size), ylim=(size, 0))
    figure.savefig(path, dpi=70)
    plt.close(figure)


def box_patch(patch, corners, colour, width, style):
    x0, y0, x1, y1 = corners
    return patch(
        (x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=colour, linewidth=width, linestyle=style
    )


def finished_runs(kind: str | None = None) -> list:
    """Return the finished trainings of the experiment, the oldest first."""
    filters = ["attributes.status = 'FINISHED'", "metrics.map50 >= 0"]
    if kind is not None:
        filters.append(f"tags.kind = '{kind}'")
    return mlflow.search_runs(
        experiment_names=[EXPERIMENT],
        filter_string=" and ".join(filters),
        order_by=["attributes.start_time ASC"],
        output_format="list",
    )
