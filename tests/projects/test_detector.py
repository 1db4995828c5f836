"""The project that tunes a detector: its metric, its runs, its report, and its servers."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
mlflow = pytest.importorskip("mlflow")

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[2] / "examples" / "projects" / "detector"


@pytest.fixture
def detector(monkeypatch, tmp_path):
    """The package of the project, in an empty folder with a database as its tracking store."""
    monkeypatch.syspath_prepend(str(PROJECT))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    import detector.report
    import detector.tracking

    yield detector
    mlflow.set_tracking_uri(None)
    for name in [name for name in sys.modules if name.split(".")[0] == "detector"]:
        del sys.modules[name]


def small(detector, n_images=24):
    return {name: detector.data.generate(n_images, seed) for seed, name in enumerate("abc")}


def test_average_precision_is_the_area_under_the_envelope(detector):
    is_right = np.array([True, False, True, False])
    assert detector.metrics.average_precision(is_right, 2) == pytest.approx((1 + 2 / 3) / 2)
    assert detector.metrics.average_precision(is_right, 4) == pytest.approx((1 + 2 / 3) / 4)


def test_map50_equals_a_case_computed_by_hand(detector):
    square = np.array([0.0, 0.0, 1.0, 1.0])
    shifted = square + np.array([0.2, 0.0, 0.2, 0.0])  # overlap 0.8 / 1.2
    far = square + 5
    found = [
        # The second detection repeats the first object, so it is wrong.
        detector.metrics.Detections(
            np.array([square, shifted]), np.array([0, 0]), np.array([0.9, 0.8])
        ),
        detector.metrics.Detections(
            np.array([shifted, far]), np.array([0, 1]), np.array([0.7, 0.9])
        ),
    ]
    truths = [(np.array([square]), np.array([0])), (np.array([square] * 2), np.array([0, 1]))]
    # Class 0: right, wrong, right for two objects. Class 1: its object was not found.
    expected = np.mean([(1 + 2 / 3) / 2, 0.0])
    assert detector.metrics.map50(found, truths, 3) == pytest.approx(expected)


def test_perfect_outputs_are_decoded_to_the_objects(detector):
    part = detector.data.generate(6, seed=3)
    classes, boxes = detector.network.targets_of(part.objects, n_cells=12)

    class Oracle(torch.nn.Module):
        def forward(self, x):
            outputs = torch.zeros(*classes.shape, 8)
            outputs[..., 0] = torch.where(classes >= 0, 8.0, -8.0)
            outputs[..., 1:4] = 8 * torch.nn.functional.one_hot(classes.clamp(min=0), 3)
            outputs[..., 4:6] = boxes[..., :2].clamp(1e-4, 1 - 1e-4).logit()
            outputs[..., 6:8] = boxes[..., 2:]
            return outputs

    assert detector.network.evaluate(Oracle(), part, imgsz=96) == 1.0


def test_mirrored_targets_belong_to_mirrored_images(detector):
    part = detector.data.generate(1, seed=0)
    mirrored = part.objects.copy()
    mirrored[..., 1] = np.where(mirrored[..., 0] >= 0, 1 - mirrored[..., 1], mirrored[..., 1])
    images = torch.zeros(1, 3, 96, 96)
    _, classes, boxes = detector.network.flipped(
        images, *detector.network.targets_of(part.objects, 12)
    )
    wanted_classes, wanted_boxes = detector.network.targets_of(mirrored, 12)
    assert torch.equal(classes, wanted_classes)
    torch.testing.assert_close(boxes[classes >= 0], wanted_boxes[classes >= 0], atol=1e-4, rtol=0)


def test_the_version_of_the_data_depends_on_its_content_alone(detector):
    some, same = small(detector), small(detector)
    assert detector.data.version(some) == detector.data.version(same)
    same["a"].images[0, 0, 0, 0] += 1
    assert detector.data.version(some)["a"] != detector.data.version(same)["a"]
    assert detector.data.version(some)["b"] == detector.data.version(same)["b"]
    assert detector.data.version(some)["all"] != detector.data.version(same)["all"]


def test_searches_are_runs_and_the_report_is_made_of_them(detector, tmp_path):
    parts = dict(zip(("train", "valid", "test"), small(detector).values()))
    detector.tracking.connect()
    detector.training.train(parts, epochs=1, imgsz=48, lr=1e-3, name="baseline")
    grid = {"epochs": [2], "imgsz": [48, 64], "lr": [1e-3]}
    detector.training.grid_search(parts, grid)
    detector.training.tpe_search(parts, 2)
    again = detector.training.tpe_search(parts, 2)  # complete, so nothing is run
    assert len(again.trials) == 2
    runs = detector.tracking.finished_runs()
    assert [run.data.tags["kind"] for run in runs] == ["train", "grid", "grid", "tpe-2", "tpe-2"]
    (grid_run,) = mlflow.search_runs(
        experiment_names=[detector.tracking.EXPERIMENT],
        filter_string="run_name = 'grid'",
        output_format="list",
    )
    assert {run.data.tags.get("mlflow.parentRunId") for run in runs[1:3]} == {grid_run.info.run_id}
    assert grid_run.data.metrics["best_map50"] == max(r.data.metrics["map50"] for r in runs[1:3])
    assert {run.data.tags["data.sha256"] for run in runs} == {detector.data.version(parts)["all"]}
    files = {one.path for one in mlflow.MlflowClient().list_artifacts(runs[0].info.run_id)}
    assert files == {"weights.pt", "data.json"}
    assert {path.name for path in tmp_path.iterdir()} == {"runs"}
    text = detector.report.write_report(parts, tmp_path / "report", seeds=(1,)).read_text()
    for expected in ("Promote the candidate", "Keep the baseline"):
        if expected in text:
            break
    else:
        raise AssertionError(text)
    assert "| grid | 2 |" in text
    assert "| tpe-2 | 2 |" in text
    assert text.count("| check |") == 2
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert names == {"decision.md", "grid.html", "tpe-2.html", "progress.png", "effects.png"}


def test_an_impossible_image_size_is_an_error_of_the_command_line(detector, capsys):
    from detector.__main__ import parse

    with pytest.raises(SystemExit):
        parse(["train", "--imgsz", "50"])
    assert "multiple of 8" in capsys.readouterr().err


@pytest.mark.extended
def test_the_stack_stores_the_artifacts_of_a_training_in_s3(tmp_path):
    pytest.importorskip("moto.server")
    ports = [unused_port(), unused_port()]
    look = (
        "import os, boto3, subprocess, sys;"
        "subprocess.run([sys.executable, '-m', 'detector', 'train', '--epochs', '1'], check=True);"
        "s3 = boto3.client('s3', endpoint_url=os.environ['MLFLOW_S3_ENDPOINT_URL']);"
        "print([one['Key'] for one in s3.list_objects_v2(Bucket='artifacts')['Contents']])"
    )
    output = subprocess.run(
        [sys.executable, PROJECT / "stack.py", "--mlflow-port", str(ports[0]),
         "--s3-port", str(ports[1]), "--", sys.executable, "-c", look],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": f"{PROJECT}:{PROJECT.parents[2]}"},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in ("weights.pt", "data.json", "detections.png"):
        assert f"artifacts/{name}'" in output


def unused_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
