"""An anchor-free detector: each cell of a grid predicts at most one object."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from detector.data import CLASSES, Part
from detector.metrics import Detections, corners_of, iou, map50

torch.set_num_threads(1)

STRIDE = 8  # pixels of a cell of the resized image
BATCH_SIZE = 8
MAX_DETECTIONS = 12
USUAL_SIZE = 0.25  # of a box, as a share of the image: what a raw output of 0 stands for


class Detector(nn.Module):
    """Five convolutions, and eight numbers per cell: an object, its class, its box."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *block(3, 8, 2), *block(8, 16, 2), *block(16, 32, 2), *block(32, 32), *block(32, 32)
        )
        self.head = nn.Conv2d(32, 1 + len(CLASSES) + 4, 1)
        nn.init.constant_(self.head.bias[:1], -2.0)  # most cells are empty

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x)).permute(0, 2, 3, 1)


def block(n_inputs: int, n_outputs: int, stride: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(n_inputs, n_outputs, 3, stride, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(n_outputs), nn.ReLU()]


def resized(images: np.ndarray, imgsz: int) -> torch.Tensor:
    """Return images of ``imgsz`` pixels as floats with mean near 0."""
    pixels = torch.as_tensor(images).permute(0, 3, 1, 2).float() / 128 - 1
    if imgsz == images.shape[1]:
        return pixels
    return functional.interpolate(pixels, size=(imgsz, imgsz), mode="area")


# -------------------------------------------------------------------------------- training


def targets_of(objects: np.ndarray, n_cells: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the class of each cell (-1 is empty), and the box of its object.

    If two objects have their centres in one cell, the later one is lost: small images have few
    cells.
    """
    classes = torch.full((len(objects), n_cells, n_cells), -1)
    boxes = torch.zeros(len(objects), n_cells, n_cells, 4)
    for k, row in zip(*np.nonzero(objects[..., 0] >= 0), strict=True):
        kind, x, y, width, height = objects[k, row].tolist()
        column, line = int(x * n_cells), int(y * n_cells)
        classes[k, line, column] = int(kind)
        size = np.log([width / USUAL_SIZE, height / USUAL_SIZE])
        boxes[k, line, column] = torch.tensor([x * n_cells - column, y * n_cells - line, *size])
    return classes, boxes


def loss_of(outputs: torch.Tensor, classes: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
    """Add the losses of the objects, their classes, and their boxes."""
    has_object = classes >= 0
    found = functional.binary_cross_entropy_with_logits(outputs[..., 0], has_object.float())
    hits = outputs[has_object]
    kind = functional.cross_entropy(hits[:, 1:4], classes[has_object])
    wanted = boxes[has_object]
    place = functional.l1_loss(hits[:, 4:6].sigmoid(), wanted[:, :2])
    size = functional.l1_loss(hits[:, 6:8], wanted[:, 2:])
    return 4 * found + kind + place + 2 * size


def flipped(images: torch.Tensor, classes: torch.Tensor, boxes: torch.Tensor):
    """Mirror images and their targets from left to right."""
    boxes = boxes.flip(2)
    x = 1 - boxes[..., :1]
    return images.flip(3), classes.flip(2), torch.cat([x, boxes[..., 1:]], dim=-1)


def train_epochs(network: Detector, part: Part, *, epochs: int, imgsz: int, lr: float, seed: int):
    """Train, and yield the mean loss after each epoch. The learning rate falls to zero."""
    images = resized(part.images, imgsz)
    classes, boxes = targets_of(part.objects, imgsz // STRIDE)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=lr)
    n_batches = -(-len(images) // BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * n_batches)
    for _ in range(epochs):
        network.train()
        losses = []
        for batch in torch.randperm(len(images), generator=generator).split(BATCH_SIZE):
            optimizer.zero_grad()
            parts = images[batch], classes[batch], boxes[batch]
            if torch.rand((), generator=generator) < 0.5:
                parts = flipped(*parts)
            loss = loss_of(network(parts[0]), *parts[1:])
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        yield float(np.mean(losses))


# ------------------------------------------------------------------------------- detecting


@torch.no_grad()
def detect(network: Detector, images: np.ndarray, imgsz: int) -> list[Detections]:
    """Find objects in images."""
    network.eval()
    outputs = network(resized(images, imgsz))
    n_cells = outputs.shape[1]
    scores = outputs[..., 0].sigmoid().flatten(1).numpy()
    shares, classes = (x.numpy() for x in outputs[..., 1:4].softmax(-1).flatten(1, 2).max(-1))
    lines, columns = torch.meshgrid(torch.arange(n_cells), torch.arange(n_cells), indexing="ij")
    centres = (outputs[..., 4:6].sigmoid() + torch.stack([columns, lines], dim=-1)) / n_cells
    sizes = USUAL_SIZE * outputs[..., 6:8].clamp(-3, 1.4).exp()
    boxes = torch.cat([centres, sizes], dim=-1).flatten(1, 2).numpy()
    return [
        without_repeats(Detections(corners_of(box), kind, score * share))
        for box, kind, score, share in zip(boxes, classes, scores, shares, strict=True)
    ]


def without_repeats(found: Detections, overlap: float = 0.5) -> Detections:
    """Keep the best of detections that overlap (non-maximum suppression)."""
    kept: list[int] = []
    best = np.argsort(-found.scores)[: 3 * MAX_DETECTIONS]
    overlaps = iou(found.corners[best], found.corners[best])
    for k in range(len(best)):
        if all(overlaps[k, other] < overlap for other in kept):
            kept.append(k)
    chosen = best[kept[:MAX_DETECTIONS]]
    return Detections(found.corners[chosen], found.classes[chosen], found.scores[chosen])


def evaluate(network: Detector, part: Part, imgsz: int) -> float:
    """Return the mAP50 on a part of the data."""
    truths = []
    for objects in part.objects:
        there = objects[objects[:, 0] >= 0]
        truths.append((corners_of(there[:, 1:]), there[:, 0].astype(int)))
    return map50(detect(network, part.images, imgsz), truths, len(CLASSES))
