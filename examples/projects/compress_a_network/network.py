"""A small network for digits, and its compression: pruning, quantisation, fine-tuning, size."""

import copy
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter

import numpy as np
import torch
from scipy.sparse import csr_array
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn import functional

torch.set_num_threads(1)

WIDTHS = (64, 64, 32, 10)  # 8 x 8 pixels, two hidden layers, ten digits
N_LAYERS = len(WIDTHS) - 1
FLOAT_BITS = 32
BATCH_SIZE = 128


# ------------------------------------------------------------------------------------ data


@dataclass
class Digits:
    """Images and labels of three parts: to train, to choose by, and to test the choice."""

    X_train: torch.Tensor
    y_train: torch.Tensor
    X_valid: torch.Tensor
    y_valid: torch.Tensor
    X_test: torch.Tensor
    y_test: torch.Tensor


def load_data() -> Digits:
    """Split the digits of scikit-learn: 897 images to train, 450 to choose by, 450 to test."""
    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype("float32")
    X_train, X_rest, y_train, y_rest = train_test_split(
        X, y, test_size=900, stratify=y, random_state=0
    )
    X_valid, X_test, y_valid, y_test = train_test_split(
        X_rest, y_rest, test_size=450, stratify=y_rest, random_state=0
    )
    parts = (X_train, y_train, X_valid, y_valid, X_test, y_test)
    return Digits(*map(torch.as_tensor, parts))


# --------------------------------------------------------------------------------- network


class CompressedLinear(nn.Linear):
    """A dense layer whose weights are masked and rounded in each forward pass.

    The optimiser changes the full weights. The gradient passes through the rounding as if it were
    not there (a straight-through estimator).
    """

    def __init__(self, n_inputs: int, n_outputs: int):
        super().__init__(n_inputs, n_outputs)
        self.register_buffer("mask", torch.ones_like(self.weight))
        self.bits = FLOAT_BITS

    def compress(self, sparsity: float, bits: int) -> None:
        """Remove the given share of the weights, the smallest ones, and round the others."""
        n_removed = round(sparsity * self.weight.numel())
        order = self.weight.detach().abs().flatten().argsort()
        mask = torch.ones(self.weight.numel())
        mask[order[:n_removed]] = 0
        self.mask = mask.reshape(self.weight.shape)
        self.bits = bits

    def effective_weight(self) -> torch.Tensor:
        kept = self.weight * self.mask
        rounded = quantise(kept.detach(), self.bits)
        return kept + (rounded - kept.detach())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.linear(x, self.effective_weight(), self.bias)

    def size_in_bits(self) -> float:
        return weight_bits(self.weight.numel(), int(self.mask.sum()), self.bits) + (
            FLOAT_BITS * self.bias.numel()
        )


def quantise(weights: torch.Tensor, bits: int) -> torch.Tensor:
    """Round weights to ``2**bits - 1`` levels that are symmetric about zero."""
    if bits >= FLOAT_BITS:
        return weights
    n_positive = 2 ** (bits - 1) - 1
    step = weights.abs().max().clamp(min=1e-8) / n_positive
    return (weights / step).round() * step


def weight_bits(n_weights: int, n_kept: int, bits: int) -> float:
    """Return the size of a layer's weights in the smallest of three formats.

    All weights; a bit per weight that says whether it is kept, and the kept ones; or the kept
    ones with their positions.
    """
    position = np.ceil(np.log2(max(n_weights, 2)))
    return float(
        min(n_weights * bits, n_weights + n_kept * bits, n_kept * (bits + position)),
    )


def make_network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    modules: list[nn.Module] = []
    for n_inputs, n_outputs in pairwise(WIDTHS):
        modules += [CompressedLinear(n_inputs, n_outputs), nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def layers(network: nn.Module) -> list[CompressedLinear]:
    return [module for module in network.modules() if isinstance(module, CompressedLinear)]


# -------------------------------------------------------------------------------- training


def train_epochs(network: nn.Module, data: Digits, n_epochs: int, lr: float, seed: int = 0):
    """Train, and yield the validation accuracy after each epoch."""
    optimizer = torch.optim.Adam(network.parameters(), lr=lr)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(n_epochs):
        for batch in torch.randperm(len(data.X_train), generator=generator).split(BATCH_SIZE):
            optimizer.zero_grad()
            loss = functional.cross_entropy(network(data.X_train[batch]), data.y_train[batch])
            loss.backward()
            optimizer.step()
        yield accuracy(network, data.X_valid, data.y_valid)


@torch.no_grad()
def accuracy(network: nn.Module, X: torch.Tensor, y: torch.Tensor) -> float:
    return (network(X).argmax(dim=1) == y).float().mean().item()


def train_base(data: Digits, n_epochs: int = 60) -> nn.Sequential:
    """Train the uncompressed network once; all trials start from it."""
    network = make_network()
    for _ in train_epochs(network, data, n_epochs, lr=3e-3):
        pass
    return network


def compressed_copy(network: nn.Module, sparsity: list[float], bits: list[int]) -> nn.Module:
    """Copy a network and compress each layer by its own sparsity and bits."""
    small = copy.deepcopy(network)
    for layer, share, n_bits in zip(layers(small), sparsity, bits, strict=True):
        layer.compress(share, n_bits)
    return small


# ------------------------------------------------------------------------------- measuring


def compression_ratio(network: nn.Module) -> float:
    """Return the size of the float network divided by the size of this one."""
    full = sum(
        FLOAT_BITS * (layer.weight.numel() + layer.bias.numel()) for layer in layers(network)
    )
    return full / sum(layer.size_in_bits() for layer in layers(network))


@torch.no_grad()
def latency(network: nn.Module, X: torch.Tensor, n_repeats: int = 30) -> float:
    """Return the median milliseconds to classify 256 images with sparse matrices."""
    weights = [csr_array(layer.effective_weight().numpy()) for layer in layers(network)]
    biases = [layer.bias.numpy()[:, None] for layer in layers(network)]
    inputs = np.ascontiguousarray(X[:256].numpy().T)
    seconds = []
    for _ in range(n_repeats):
        start = perf_counter()
        hidden = inputs
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            hidden = np.maximum(weight @ hidden + bias, 0)
        weights[-1] @ hidden + biases[-1]
        seconds.append(perf_counter() - start)
    return 1000 * float(np.median(seconds))
