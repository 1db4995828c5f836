"""Floats and integers between two bounds, on a linear or logarithmic scale or on a grid."""

import math
import operator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, SupportsFloat, cast

import numpy as np
from numpy.typing import ArrayLike

from skhpo._warnings import warn_user
from skhpo.distributions._base import (
    LARGEST_INT,
    BaseDistribution,
    FloatArray,
    cell_of,
    middle_of_cell,
)


@dataclass(frozen=True, eq=False)
class FloatDistribution(BaseDistribution):
    """Floats between two bounds.

    Parameters
    ----------
    low : float
        Lower bound, inclusive. Must be positive if ``log=True``.
    high : float
        Upper bound, inclusive. If ``step`` does not divide the range, the bound is lowered to
        the last point of the grid, with a warning.
    log : bool, default=False
        Whether the logarithm of the value is uniform. Cannot be combined with ``step``.
    step : float or None, default=None
        Distance between the grid points ``low``, ``low + step``, ... None means continuous.

    Raises
    ------
    ValueError
        If a bound is NaN or infinite, ``low > high``, ``step <= 0``, or ``log=True`` with
        ``low <= 0`` or with a step.

    Examples
    --------
    >>> from skhpo.distributions import FloatDistribution
    >>> learning_rate = FloatDistribution(0.001, 1.0, log=True)
    >>> learning_rate.from_unit([0, 1 / 3, 1]).round(6).tolist()
    [0.001, 0.01, 1.0]
    >>> FloatDistribution(0.0, 1.0, step=0.25).n_cells
    5
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None

    def __post_init__(self) -> None:
        low, high = _finite("low", self.low), _finite("high", self.high)
        step = None if self.step is None else _finite("step", self.step)
        if self.log and step is not None:
            raise ValueError(f"step must be None if log=True, but got step={step}.")
        _check_order(low, high)
        if self.log and low <= 0.0:
            raise ValueError(f"low must be above 0 if log=True, but got {low=}, {high=}.")
        if not math.isfinite(high - low):
            raise ValueError(f"high - low must be a finite float, but got {low=}, {high=}.")
        if step is not None:
            if step <= 0.0:
                raise ValueError(f"step must be above 0, but got {step=}.")
            last = _last_grid_point(low, high, step)
            if last != high:
                _warn_lowered(low, high, step, last)
            high = last
        _set(self, low=low, high=high, log=bool(self.log), step=step)

    def to_internal_repr(self, value: SupportsFloat) -> float:
        return _number(value, self)

    def to_external_repr(self, internal: float) -> float:
        return float(internal)

    def single(self) -> bool:
        return self.low == self.high

    def _contains(self, internal: float) -> bool:
        if not self.low <= internal <= self.high:
            return False
        if self.step is None:
            return True
        k = (internal - self.low) / self.step
        return abs(k - round(k)) < self._grid_tolerance

    @cached_property
    def n_cells(self) -> int | None:
        if self.step is None:
            return None
        return int((_decimal(self.high) - _decimal(self.low)) // _decimal(self.step)) + 1

    def to_unit(self, internal: ArrayLike) -> FloatArray:
        values = np.asarray(internal, dtype=np.float64)
        inside = (self.low <= values) & (values <= self.high)
        values = np.where(inside, values, self.low)
        if self.step is not None:
            k = (values - self.low) / self.step
            rank = np.rint(k)
            inside &= np.abs(k - rank) < self._grid_tolerance
            unit = middle_of_cell(rank, cast("int", self.n_cells))
        else:
            low, high = self._scale(self.low), self._scale(self.high)
            offset = self._scale(values) - low
            unit = offset / (high - low) if low < high else np.full_like(values, 0.5)
        return np.where(inside, unit, np.nan)

    def from_unit(self, u: ArrayLike) -> FloatArray:
        if self.step is not None:
            return self.cell_values(cell_of(u, cast("int", self.n_cells)))
        u = np.clip(np.asarray(u, dtype=np.float64), 0.0, 1.0)
        # A weighted mean of both ends reaches both exactly, and never overflows.
        scaled = self._scale(self.low) * (1.0 - u) + self._scale(self.high) * u
        values: FloatArray = np.clip(np.exp(scaled) if self.log else scaled, self.low, self.high)
        return values

    def cell_values(self, ranks: ArrayLike) -> FloatArray:
        n = self.n_cells
        if n is None or self.step is None:
            return super().cell_values(ranks)
        ranks = np.asarray(ranks, dtype=np.float64)
        # Rounding makes the third point of (0, 1, step=0.1) 0.3, not 0.30000000000000004.
        points = np.round(self.low + ranks * self.step, self._decimals)
        return np.where(ranks == n - 1, self.high, np.where(ranks == 0.0, self.low, points))

    def _scale(self, values: ArrayLike) -> FloatArray:
        return np.log(values) if self.log else np.asarray(values, dtype=np.float64)

    @property
    def _grid_tolerance(self) -> float:
        """Largest distance of ``(value - low) / step`` from an integer for a grid point."""
        largest = max(abs(self.low), abs(self.high))
        return 1e-8 + 4.0 * np.finfo(np.float64).eps * largest / cast("float", self.step)

    @cached_property
    def _decimals(self) -> int:
        """Number of decimal places that represents every grid point."""
        exponents = [_decimal(x).as_tuple().exponent for x in (self.low, cast("float", self.step))]
        return max(0, *(-cast("int", exponent) for exponent in exponents))


@dataclass(frozen=True, eq=False)
class IntDistribution(BaseDistribution):
    """Integers between two bounds.

    Parameters
    ----------
    low : int
        Lower bound, inclusive. Must be at least 1 if ``log=True``.
    high : int
        Upper bound, inclusive. If ``step`` does not divide the range, the bound is lowered to
        the last point of the grid, with a warning.
    log : bool, default=False
        Whether the logarithm is uniform: the cell of ``v`` is ``[log(v - 1/2), log(v + 1/2)]``.
        Cannot be combined with a step.
    step : int, default=1
        Distance between the integers ``low``, ``low + step``, ...

    Raises
    ------
    ValueError
        If a bound or the step is not an integer, or at least 2**53 in absolute value, or if
        ``low > high``, ``step < 1``, or ``log=True`` with ``low < 1`` or with a step.

    Examples
    --------
    >>> from skhpo.distributions import IntDistribution
    >>> depth = IntDistribution(1, 10, step=3)
    >>> depth.from_unit([0.0, 0.3, 0.6, 1.0]).tolist()
    [1.0, 4.0, 7.0, 10.0]
    """

    low: int
    high: int
    log: bool = False
    step: int = 1

    def __post_init__(self) -> None:
        low, high = _integer("low", self.low), _integer("high", self.high)
        step = _integer("step", self.step)
        if self.log and step != 1:
            raise ValueError(f"step must be 1 if log=True, but got {step=}.")
        _check_order(low, high)
        if self.log and low < 1:
            raise ValueError(f"low must be at least 1 if log=True, but got {low=}, {high=}.")
        if step < 1:
            raise ValueError(f"step must be at least 1, but got {step=}.")
        last = low + (high - low) // step * step
        if last != high:
            _warn_lowered(low, high, step, last)
        _set(self, low=low, high=last, log=bool(self.log), step=step)

    def to_internal_repr(self, value: SupportsFloat) -> float:
        return _number(value, self)

    def to_external_repr(self, internal: float) -> int:
        return int(internal)

    def single(self) -> bool:
        return self.low == self.high

    def _contains(self, internal: float) -> bool:
        return self.low <= internal <= self.high and (internal - self.low) % self.step == 0

    @property
    def n_cells(self) -> int:
        return (self.high - self.low) // self.step + 1

    def to_unit(self, internal: ArrayLike) -> FloatArray:
        values = np.asarray(internal, dtype=np.float64)
        inside = (self.low <= values) & (values <= self.high)
        values = np.where(inside, values, self.low)
        rank = (values - self.low) / self.step
        inside &= rank == np.rint(rank)
        if self.log:
            unit = (self._log_edge(values - 0.5) + self._log_edge(values + 0.5)) / 2.0
        else:
            unit = middle_of_cell(rank, self.n_cells)
        return np.where(inside, unit, np.nan)

    def from_unit(self, u: ArrayLike) -> FloatArray:
        if not self.log:
            return self.cell_values(cell_of(u, self.n_cells))
        start, end = math.log(self.low - 0.5), math.log(self.high + 0.5)
        u = np.clip(np.asarray(u, dtype=np.float64), 0.0, 1.0)
        rounded = np.floor(np.exp(start + u * (end - start)) + 0.5)
        values: FloatArray = np.clip(rounded, self.low, self.high)
        return values

    def cell_values(self, ranks: ArrayLike) -> FloatArray:
        return self.low + np.asarray(ranks, dtype=np.float64) * self.step

    def _cell_edges(self, n: int) -> FloatArray:
        if not self.log:
            return super()._cell_edges(n)
        edges = self._log_edge(np.arange(self.low, self.high + 2) - 0.5)
        edges[[0, -1]] = 0.0, 1.0
        return edges

    def _log_edge(self, border: ArrayLike) -> FloatArray:
        """Return the unit coordinate of a border ``v + 1/2`` on the log scale."""
        start, end = math.log(self.low - 0.5), math.log(self.high + 0.5)
        edge: FloatArray = (np.log(border) - start) / (end - start)
        return edge


def _set(distribution: BaseDistribution, **attributes: Any) -> None:
    for name, value in attributes.items():
        object.__setattr__(distribution, name, value)


def _finite(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} must be a number, but got {value!r}.") from error
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, but got {value!r}.")
    return number


def _integer(name: str, value: Any) -> int:
    try:
        integer = operator.index(value)
    except TypeError:
        number = _finite(name, value)
        if not number.is_integer():
            raise ValueError(f"{name} must be an integer, but got {value!r}.") from None
        integer = int(number)
    if abs(integer) >= LARGEST_INT:
        raise ValueError(f"{name} must be below 2**53 in absolute value, but got {value!r}.")
    return integer


def _check_order(low: float, high: float) -> None:
    if low > high:
        raise ValueError(f"low must not be above high, but got {low=}, {high=}.")


def _number(value: Any, distribution: FloatDistribution | IntDistribution) -> float:
    try:
        internal = float(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{value!r} is not a number, as {distribution} requires.") from error
    if math.isnan(internal) or (distribution.log and internal <= 0.0):
        raise ValueError(f"{value!r} is not a valid value for {distribution}.")
    return internal


def _decimal(value: float) -> Decimal:
    return Decimal(str(value))


def _last_grid_point(low: float, high: float, step: float) -> float:
    n_steps = (_decimal(high) - _decimal(low)) // _decimal(step)
    return float(n_steps * _decimal(step) + _decimal(low))


def _warn_lowered(low: float, high: float, step: float, last: float) -> None:
    warn_user(
        f"step={step} does not divide the range from {low} to {high}: high is lowered to {last}."
    )
