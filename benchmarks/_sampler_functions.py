"""Test functions of the samplers' benchmark, on points in natural coordinates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from _sampler_spaces import Array

__all__ = [
    "Function",
    "ackley",
    "branin",
    "dtlz2",
    "hartmann",
    "levy",
    "rosenbrock",
    "shifted",
    "styblinski_tang",
    "zdt",
]

Function = Callable[[Array], Array]  # points in natural coordinates to values


def branin(x: Array) -> Array:
    """Branin's function."""
    a, b = x[:, 0], x[:, 1]
    valley = b - 5.1 / (4 * np.pi**2) * a**2 + 5 / np.pi * a - 6
    value: Array = valley**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(a) + 10
    return value


HARTMANN_HEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
HARTMANN3 = (
    np.array([[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]]),
    1e-4
    * np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]),
)
HARTMANN6 = (
    np.array(
        [
            [10, 3, 17, 3.5, 1.7, 8],
            [0.05, 10, 17, 0.1, 8, 14],
            [3, 3.5, 1.7, 10, 17, 8],
            [17, 8, 0.05, 10, 0.1, 14],
        ]
    ),
    1e-4
    * np.array(
        [
            [1312, 1696, 5569, 124, 8283, 5886],
            [2329, 4135, 8307, 3736, 1004, 9991],
            [2348, 1451, 3522, 2883, 3047, 6650],
            [4047, 8828, 8732, 5743, 1091, 381],
        ]
    ),
)


def hartmann(x: Array) -> Array:
    """Hartmann's function in three or six dimensions."""
    scales, centres = HARTMANN3 if x.shape[1] == 3 else HARTMANN6
    exponents = (scales * (x[:, None, :] - centres) ** 2).sum(axis=2)
    value: Array = -np.exp(-exponents) @ HARTMANN_HEIGHTS
    return value


def ackley(x: Array) -> Array:
    """Ackley's function."""
    value: Array = (
        20
        + np.e
        - 20 * np.exp(-0.2 * np.sqrt((x**2).mean(axis=1)))
        - np.exp(np.cos(2 * np.pi * x).mean(axis=1))
    )
    return value


def rosenbrock(x: Array) -> Array:
    """Rosenbrock's function."""
    value: Array = (100 * (x[:, 1:] - x[:, :-1] ** 2) ** 2 + (1 - x[:, :-1]) ** 2).sum(axis=1)
    return value


def styblinski_tang(x: Array) -> Array:
    """The function of Styblinski and Tang."""
    value: Array = 0.5 * (x**4 - 16 * x**2 + 5 * x).sum(axis=1)
    return value


def levy(x: Array) -> Array:
    """Levy's function."""
    w = 1 + (x - 1) / 4
    middle = ((w[:, :-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:, :-1] + 1) ** 2)).sum(axis=1)
    last = (w[:, -1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[:, -1]) ** 2)
    value: Array = np.sin(np.pi * w[:, 0]) ** 2 + middle + last
    return value


def zdt(kind: int, x: Array) -> Array:
    """ZDT1, ZDT2 or ZDT3: Zitzler, Deb and Thiele 2000."""
    f = x[:, 0]
    g = 1 + 9 * x[:, 1:].mean(axis=1)
    ratio = f / g
    shape = {
        1: 1 - np.sqrt(ratio),
        2: 1 - ratio**2,
        3: 1 - np.sqrt(ratio) - ratio * np.sin(10 * np.pi * f),
    }[kind]
    return np.column_stack([f, g * shape])


def dtlz2(x: Array) -> Array:
    """DTLZ2 with three objectives: Deb et al. 2002."""
    radius = 1 + ((x[:, 2:] - 0.5) ** 2).sum(axis=1)
    a, b = x[:, 0] * np.pi / 2, x[:, 1] * np.pi / 2
    return np.column_stack(
        [radius * np.cos(a) * np.cos(b), radius * np.cos(a) * np.sin(b), radius * np.sin(a)]
    )


def shifted(function: Function) -> Function:
    """The function with its optimal plane moved from the cube's side, or middle, to the inside."""
    return lambda x: function(np.column_stack([x[:, :1], np.abs(x[:, 1:] - 0.3) / 0.7]))
