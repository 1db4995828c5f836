"""Search spaces of the samplers' benchmark, and their unit cube."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import loguniform, randint, uniform

__all__ = [
    "Array",
    "Domain",
    "Point",
    "Space",
    "box",
    "for_scipy",
    "from_unit",
    "n_cells",
    "natural",
    "snap",
    "to_unit",
]

Array = NDArray[np.float64]
Domain = tuple[Any, ...]  # ("float" | "log" | "int", low, high) or ("choice", *values)
Space = dict[str, Domain]
Point = dict[str, Any]


def to_unit(domain: Domain, value: Any) -> float:
    """Where a value lies in the unit interval."""
    kind, *args = domain
    if kind == "choice":
        return (args.index(value) + 0.5) / len(args)
    low, high = args
    if kind == "log":
        return float(np.log(value / low) / np.log(high / low))
    if kind == "int":
        return float((value - low + 0.5) / (high - low + 1))
    return float((value - low) / (high - low))


def from_unit(domain: Domain, u: float) -> Any:
    """The value at a place in the unit interval."""
    kind, *args = domain
    if kind == "choice":
        return args[min(int(u * len(args)), len(args) - 1)]
    low, high = args
    if kind == "log":
        return float(low * (high / low) ** u)
    if kind == "int":
        return min(int(low + u * (high - low + 1)), high)
    return float(low + u * (high - low))


def for_scipy(domain: Domain) -> Any:
    """A parameter's range, as users of scikit-learn write it."""
    kind, *args = domain
    if kind == "choice":
        return args
    low, high = args
    if kind == "log":
        return loguniform(low, high)
    return randint(low, high + 1) if kind == "int" else uniform(low, high - low)


def n_cells(domain: Domain) -> int | None:
    """Number of values; None for an interval."""
    kind, *args = domain
    if kind == "choice":
        return len(args)
    return int(args[1] - args[0] + 1) if kind == "int" else None


def snap(space: Space, points: Array) -> Array:
    """Move points to the middle of their cells, where a parameter has cells."""
    points = points.copy()
    for j, domain in enumerate(space.values()):
        if (n := n_cells(domain)) is not None:
            points[:, j] = (np.minimum(np.floor(points[:, j] * n), n - 1) + 0.5) / n
    return points


def natural(space: Space, points: Array) -> Array:
    """Numbers of the space at points in the unit cube."""
    columns = [
        [from_unit(domain, u) for u in column]
        if n_cells(domain) is not None
        else domain[1] + column * (domain[2] - domain[1])
        for domain, column in zip(space.values(), points.T, strict=True)
    ]
    return np.column_stack(columns).astype(float)


def box(d: int, low: float, high: float, n_int: int = 0, choices: Sequence[float] = ()) -> Space:
    """A space of d numbers, the last ones integers, and one choice more where there are any."""
    space: Space = {f"x{i}": ("float", low, high) for i in range(d - n_int)}
    space |= {f"i{i}": ("int", int(low), int(high)) for i in range(n_int)}
    return space | ({"c": ("choice", *choices)} if choices else {})
