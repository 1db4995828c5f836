"""Generated images of circles, squares and triangles, with boxes; versioned by a hash."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CLASSES = ("circle", "square", "triangle")
SIZE = 96  # pixels of a generated image
MAX_OBJECTS = 4
PARTS = {"train": 400, "valid": 120, "test": 120}
FILE = "shapes.npz"


@dataclass
class Part:
    """Images of shape (n, SIZE, SIZE, 3), and objects of shape (n, MAX_OBJECTS, 5).

    An object is a class and a box: centre x, centre y, width and height as shares of the image.
    The class of an unused row is -1.
    """

    images: np.ndarray
    objects: np.ndarray


def generate(n_images: int, seed: int) -> Part:
    """Draw images with one to four shapes on a noisy background."""
    rng = np.random.default_rng(seed)
    images = np.empty((n_images, SIZE, SIZE, 3), dtype=np.uint8)
    objects = np.full((n_images, MAX_OBJECTS, 5), -1.0, dtype=np.float32)
    for image, rows in zip(images, objects, strict=True):
        canvas = np.full((SIZE, SIZE, 3), rng.uniform(40, 215, 3))
        for row, (centre, radius) in zip(rows, places(rng), strict=False):
            kind = int(rng.integers(len(CLASSES)))
            inside = shape_mask(kind, centre, radius)
            canvas[inside] = contrasting_colour(rng, canvas[0, 0])
            ys, xs = np.nonzero(inside)
            x0, x1, y0, y1 = xs.min(), xs.max() + 1, ys.min(), ys.max() + 1
            row[:] = kind, *(np.array([(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0]) / SIZE)
        noise = rng.normal(0, 12, canvas.shape)
        image[:] = np.clip(canvas + noise, 0, 255)
    return Part(images, objects)


def places(rng: np.random.Generator) -> list[tuple[np.ndarray, float]]:
    """Draw centres and radii of shapes that do not overlap."""
    found: list[tuple[np.ndarray, float]] = []
    n_wanted = int(rng.integers(1, MAX_OBJECTS + 1))
    for _ in range(30):
        radius = float(rng.uniform(6, 18))
        centre = rng.uniform(radius + 1, SIZE - radius - 1, 2)
        if all(np.abs(centre - other).max() > radius + size + 1 for other, size in found):
            found.append((centre, radius))
        if len(found) == n_wanted:
            break
    return found


def shape_mask(kind: int, centre: np.ndarray, radius: float) -> np.ndarray:
    """Return the pixels of a shape."""
    ys, xs = np.mgrid[:SIZE, :SIZE] + 0.5
    dx, dy = (xs - centre[0]) / radius, (ys - centre[1]) / radius
    if CLASSES[kind] == "circle":
        return dx**2 + dy**2 <= 1
    if CLASSES[kind] == "square":
        return np.maximum(np.abs(dx), np.abs(dy)) <= 0.9
    return (dy <= 0.9) & (np.abs(dx) <= (dy + 1) / 2)


def contrasting_colour(rng: np.random.Generator, background: np.ndarray) -> np.ndarray:
    while True:
        colour = rng.uniform(0, 255, 3)
        if np.abs(colour - background).max() > 60:
            return colour


def write(folder: Path) -> Path:
    """Generate all parts and write them to one file."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {}
    for seed, (name, n_images) in enumerate(PARTS.items()):
        part = generate(n_images, seed)
        arrays |= {f"{name}_images": part.images, f"{name}_objects": part.objects}
    np.savez(folder / FILE, **arrays)
    return folder / FILE


def read(folder: Path) -> dict[str, Part]:
    """Read all parts; generate them first if the file is missing."""
    path = folder / FILE
    if not path.exists():
        write(folder)
    with np.load(path) as file:
        return {name: Part(file[f"{name}_images"], file[f"{name}_objects"]) for name in PARTS}


def version(parts: dict[str, Part]) -> dict[str, str]:
    """Return a SHA-256 of the content of each part, and one of all."""
    hashes = {
        name: hashlib.sha256(part.images.tobytes() + part.objects.tobytes()).hexdigest()
        for name, part in parts.items()
    }
    everything = hashlib.sha256("".join(hashes.values()).encode()).hexdigest()
    return {**hashes, "all": everything}
