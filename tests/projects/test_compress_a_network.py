"""The project that compresses a network: its measures, and its command in a small setting."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[2] / "examples" / "projects" / "compress_a_network"
EXERCISES = sorted(path.name for path in (PROJECT / "exercises").glob("[a-z]_*.py"))


@pytest.fixture
def network(monkeypatch):
    monkeypatch.syspath_prepend(str(PROJECT))
    import network

    yield network
    for name in ("network", "search", "run"):
        sys.modules.pop(name, None)


def command(*arguments, timeout=600):
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=PROJECT, capture_output=True, text=True, check=True, timeout=timeout,
    ).stdout  # fmt: skip


def test_the_size_is_that_of_the_smallest_format(network):
    assert network.weight_bits(100, 100, 8) == 800  # all weights
    assert network.weight_bits(100, 50, 8) == 100 + 50 * 8  # a mask, and the kept weights
    assert network.weight_bits(100, 2, 8) == 2 * (8 + 7)  # kept weights with their positions


def test_a_layer_keeps_its_largest_weights_on_few_levels(network):
    layer = network.CompressedLinear(4, 5)
    full = layer.weight.detach().abs().flatten()
    layer.compress(sparsity=0.75, bits=3)
    left = layer.effective_weight().detach()
    assert int((layer.mask != 0).sum()) == 5
    assert full[layer.mask.flatten() == 0].max() <= full[layer.mask.flatten() == 1].min()
    assert len(np.unique(left.abs().numpy())) <= 4  # 0 and three sizes


def test_removed_weights_stay_removed_during_fine_tuning(network):
    data = network.load_data()
    base = network.make_network()
    small = network.compressed_copy(base, [0.5, 0.6, 0.7], [4, 4, 4])
    list(network.train_epochs(small, data, n_epochs=1, lr=1e-2))
    shares = [
        float((layer.effective_weight() == 0).float().mean()) for layer in network.layers(small)
    ]
    assert all(share >= wanted - 0.01 for share, wanted in zip(shares, (0.5, 0.6, 0.7)))
    assert network.compression_ratio(base) == 1.0 < network.compression_ratio(small)


def test_the_command_compares_five_methods_and_draws_two_pictures(tmp_path):
    output = command("run.py", "--quick", "--folder", tmp_path)
    for method in ("grid", "random", "Gaussian process", "TPE", "successive halving"):
        assert f"\n{method} " in output
    assert "knee of the whole front" in output
    assert {path.name for path in tmp_path.iterdir()} == {"convergence.png", "front.png"}


@pytest.mark.extended
@pytest.mark.parametrize("name", EXERCISES)
def test_each_exercise_has_a_solution_that_runs(name, tmp_path):
    assert command(Path("exercises") / name, "--quick", "--folder", tmp_path)
