"""Base class of distributions: three representations of a value and the maps between them."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from functools import cache, cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

LARGEST_INT = 2**53  # every smaller integer is exact as a float

MAX_EDGES = 10_000
"""Largest ``n_cells`` for which ``edges`` is available."""


@dataclass(frozen=True, eq=False)
class BaseDistribution(ABC):
    """The domain of one parameter and the prior over it.

    A value has three representations. The *external* one is what the user sees (a float, an int,
    a choice). The *internal* one is a float: the number itself, or the index of the choice. The
    *unit* one lies in [0, 1] and is uniform under the prior; algorithms work on it.

    Distributions are immutable. They are equal if they describe the same domain and prior.

    Attributes
    ----------
    is_ordered : bool
        Whether values that are close in the unit interval are similar.
    n_cells : int or None
        Number of distinct values. None if continuous.
    edges : ndarray of shape (n_cells + 1,)
        Borders of the values' cells in the unit interval, from 0 to 1.
    """

    is_ordered: ClassVar[bool] = True

    @abstractmethod
    def to_internal_repr(self, value: Any) -> float:
        """Convert an external value to its internal representation.

        Raises
        ------
        ValueError
            If the value cannot be represented. Numbers outside the range are not an error.
        """

    @abstractmethod
    def to_external_repr(self, internal: float) -> Any:
        """Convert an internal representation to the external value."""

    @abstractmethod
    def single(self) -> bool:
        """Return whether the domain contains only one value."""

    def contains(self, value: Any) -> bool:
        """Return whether a value lies in the domain.

        Parameters
        ----------
        value : object
            External value.
        """
        try:
            return self._contains(self.to_internal_repr(value))
        except (TypeError, ValueError):
            return False

    @abstractmethod
    def _contains(self, internal: float) -> bool:
        """Return whether an internal representation lies in the domain."""

    def nth(self, position: int) -> Any:
        """Return the value at a position of a finite domain, in the order given by the user."""
        return self.to_external_repr(float(self.cell_values(position)))

    def canonical(self, value: Any) -> Any:
        """Return a value as it would be drawn; for a choice, the object in the list."""
        return self.to_external_repr(self.to_internal_repr(value))

    @abstractmethod
    def to_unit(self, internal: ArrayLike) -> FloatArray:
        """Map internal representations to the unit interval.

        Parameters
        ----------
        internal : array-like of any shape
            Internal representations.

        Returns
        -------
        ndarray of the same shape
            Unit coordinates; the middle of the value's cell if the domain is finite. NaN for NaN
            and for values outside the domain.
        """

    @abstractmethod
    def from_unit(self, u: ArrayLike) -> FloatArray:
        """Map unit coordinates to internal representations; uniform coordinates give the prior.

        Parameters
        ----------
        u : array-like of any shape
            Coordinates in [0, 1]. Others are clipped to it; NaN stays NaN.

        Returns
        -------
        ndarray of the same shape
            Internal representations, always inside the domain.
        """

    @property
    def n_cells(self) -> int | None:
        """Number of distinct values. None if continuous."""
        return None

    @cached_property
    def edges(self) -> FloatArray:
        """Borders of the values' cells in the unit interval (read-only).

        Raises
        ------
        ValueError
            If the distribution is continuous or has more than ``MAX_EDGES`` cells.
        """
        n = self.n_cells
        if n is None or n > MAX_EDGES:
            count = "infinitely many" if n is None else n
            raise ValueError(
                f"edges exist for at most {MAX_EDGES} distinct values, but {self} has {count}."
            )
        edges = self._cell_edges(n)
        edges.setflags(write=False)
        return edges

    def cell_values(self, ranks: ArrayLike) -> FloatArray:
        """Map the ranks 0, ..., ``n_cells - 1`` in a finite domain to internal representations.

        Parameters
        ----------
        ranks : array-like of int, of any shape
            Ranks in the order of the domain.

        Returns
        -------
        ndarray of the same shape
            Internal representations.

        Raises
        ------
        ValueError
            If the distribution is continuous.
        """
        raise ValueError(f"only finite domains have cells, but got {self}.")

    def _cell_edges(self, n: int) -> FloatArray:
        return np.linspace(0.0, 1.0, n + 1)

    def _asdict(self) -> dict[str, Any]:
        """Return the constructor's arguments by name."""
        return {name: getattr(self, name) for name in _field_names(type(self))}

    @cached_property
    def _key(self) -> tuple[Any, ...]:
        return type(self), *self._asdict().values()

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, BaseDistribution):
            return NotImplemented
        return self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __getstate__(self) -> dict[str, Any]:
        return self._asdict()  # without cached properties


@cache
def _field_names(kind: type[BaseDistribution]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def middle_of_cell(index: FloatArray, n: int) -> FloatArray:
    """Return the unit coordinate of the middle of cell ``index`` among ``n`` equal cells."""
    return (index + 0.5) / n


def cell_of(u: ArrayLike, n: int) -> FloatArray:
    """Return the index (as a float) of the cell that contains ``u``, among ``n`` equal cells."""
    cells: FloatArray = np.clip(np.floor(np.asarray(u, dtype=np.float64) * n), 0.0, n - 1.0)
    return cells
