"""Apply priors to a search: find the estimators that are known, and translate their parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from skhpo.distributions import BaseDistribution
from skhpo.priors._prior import LossFunctions, Prior
from skhpo.priors._units import DataTraits
from skhpo.space._defaults import locate

if TYPE_CHECKING:
    from skhpo.space import SearchSpace

__all__ = ["BoundPrior", "Section", "SpacePrior"]

FloatArray = NDArray[np.float64]

N_POOL = 512  # points among which the first configurations are chosen
MAX_CELLS = 1000  # a parameter with more values is translated as a number
RESIDUAL = 0.1  # variance of a standardised loss that the learned covariance leaves open
RESIDUAL_OF_ONE = 1.0  # further variance if the prior was learned from one dataset; 1 / n of n
RESIDUAL_OF_UNKNOWN = 0.6  # the same if other parameters are searched as well
MIDDLE = 0.5  # the coordinate of a value without a meaning in the unit


@dataclass(frozen=True)
class BoundPrior:
    """The learned mean and covariance over a group of parameters of a search.

    Parameters
    ----------
    functions : LossFunctions
        The mean and the covariance in the units of the prior.
    blocks : sequence of callable
        For each unit, returns its coordinates at points of the group's unit cube.
    residual : float
        Variance of the standardised loss that remains open.
    """

    functions: LossFunctions
    blocks: Sequence[Callable[[FloatArray], FloatArray]]
    residual: float

    def __call__(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the mean, (n_points,), and the directions of the covariance, (n_points, rank)."""
        return self.functions(self.coordinates(points))

    def coordinates(self, points: FloatArray) -> FloatArray:
        """Return points of the group's unit cube in the units of the prior."""
        return np.hstack([block(points) for block in self.blocks])


@dataclass(frozen=True)
class Section:
    """One known estimator in a search space.

    Parameters
    ----------
    prior : Prior
        What is known of it.
    metric : str
        The metric of the losses.
    traits : DataTraits
        The data.
    unit_names : dict of str to str
        For each searched parameter of the space that the prior knows, the name of its unit.
    present : dict of str to object
        The estimator's own values.
    branch : int or None
        The branch of the space; None if there is only one.
    """

    prior: Prior
    metric: str
    traits: DataTraits
    unit_names: Mapping[str, str]
    present: Mapping[str, Any]
    branch: int | None = None

    @cached_property
    def functions(self) -> LossFunctions:
        """The mean and the covariance of the losses."""
        return self.prior.functions(self.metric)

    def bind(
        self, names: Sequence[str], distributions: Sequence[BaseDistribution]
    ) -> BoundPrior | None:
        """Return the prior over these parameters; None if it knows none of them."""
        position = {self.unit_names[n]: j for j, n in enumerate(names) if n in self.unit_names}
        if not position:
            return None
        blocks: list[Callable[[FloatArray], FloatArray]] = []
        n_translated = 0
        for unit in self.prior.units:
            if unit.name in position:
                j = position[unit.name]
                block, is_whole = _translation(unit, j, distributions[j], self.traits)
                n_translated += is_whole
            else:
                block = _constant(_known(unit.encode([self.present.get(unit.name)], self.traits)))
            blocks.append(block)
        is_all = n_translated == len(names)
        residual = RESIDUAL if is_all else RESIDUAL_OF_UNKNOWN
        n_datasets = len(self.prior.tables[self.metric])
        return BoundPrior(self.functions, blocks, residual + RESIDUAL_OF_ONE / n_datasets)


@dataclass(frozen=True)
class SpacePrior:
    """What is known of the estimators of a search.

    Parameters
    ----------
    sections : sequence of Section
        The known estimators; several in a space with branches.
    """

    sections: Sequence[Section]

    def describe(self) -> list[dict[str, Any]]:
        """Return for each source its name, the metric and the number of datasets."""
        described = {
            section.prior.name: {
                "name": section.prior.name,
                "metric": section.metric,
                "n_datasets": len(section.prior.tables[section.metric]),
            }
            for section in self.sections
        }
        return list(described.values())

    def bind(
        self, names: Sequence[str], distributions: Sequence[BaseDistribution]
    ) -> list[BoundPrior]:
        """Return what is known of a group of parameters, from each source."""
        found: dict[str, BoundPrior] = {}
        for section in self.sections:
            bound = section.bind(names, distributions)
            if bound is not None:
                found.setdefault(section.prior.name, bound)
        return list(found.values())

    def first_configs(
        self, space: SearchSpace, given: Sequence[Mapping[str, Any]], n_each: int
    ) -> list[dict[str, Any]]:
        """Return promising configurations of each known estimator, which complement each other.

        Parameters
        ----------
        space : SearchSpace
            The space.
        given : sequence of dict
            Configurations that are tried anyway.
        n_each : int
            Number of configurations of each known estimator.

        Returns
        -------
        list of dict of str to object
            Values by the names of the space. Parameters that no prior knows are missing.
        """
        each = [_first_of(section, space, given, n_each) for section in self.sections]
        return [configs[i] for i in range(n_each) for configs in each if i < len(configs)]


def _first_of(
    section: Section, space: SearchSpace, given: Sequence[Mapping[str, Any]], n: int
) -> list[dict[str, Any]]:
    """Choose configurations one by one, to make the best of them good on all datasets.

    In each step the one is chosen that lowers the mean over datasets of the lowest loss most, as
    for the portfolios of Auto-sklearn 2.0 (Feurer et al., JMLR 23, 2022).
    """
    names = list(section.unit_names)
    distributions = [space.distributions[name] for name in names]
    bound = section.bind(names, distributions)
    if bound is None:
        return []
    points = _snapped(qmc.Sobol(len(names), seed=0).random(N_POOL), distributions)
    losses = section.functions.on_datasets(bound.coordinates(points))
    lowest = np.full(losses.shape[1], np.inf)
    for config in given:
        place = _place(config, names, distributions)
        if place is not None and section.branch in (None, space.branch_of(config)):
            at_given = section.functions.on_datasets(bound.coordinates(place))
            lowest = np.minimum(lowest, at_given[0])
    chosen = []
    for _ in range(n):
        best = int(np.minimum(losses, lowest).mean(axis=1).argmin())
        lowest = np.minimum(lowest, losses[best])
        config = {} if section.branch is None else {str(space.branch_name): section.branch}
        for name, distribution, coordinate in zip(names, distributions, points[best], strict=True):
            internal = distribution.from_unit(np.array([coordinate]))[0]
            config[name] = distribution.to_external_repr(float(internal))
        if config not in chosen:
            chosen.append(config)
    return chosen


def _place(
    config: Mapping[str, Any], names: Sequence[str], distributions: Sequence[BaseDistribution]
) -> FloatArray | None:
    """Return a configuration as a point of the unit cube, of shape (1, n_dims)."""
    if any(name not in config for name in names):
        return None
    internal = [locate(d, config[n]) for n, d in zip(names, distributions, strict=True)]
    if any(value is None for value in internal):
        return None
    pairs = zip(internal, distributions, strict=True)
    return np.array([[float(d.to_unit(value)) for value, d in pairs]])  # type: ignore[arg-type]


def _snapped(points: FloatArray, distributions: Sequence[BaseDistribution]) -> FloatArray:
    """Move discrete coordinates to the middle of their cells."""
    return np.column_stack(
        [d.to_unit(d.from_unit(points[:, j])) for j, d in enumerate(distributions)]
    )


def _translation(
    unit: Any, j: int, distribution: BaseDistribution, traits: DataTraits
) -> tuple[Callable[[FloatArray], FloatArray], bool]:
    """Return the coordinates of parameter `j` as a function, and whether all values are known."""
    n_cells = distribution.n_cells
    if n_cells is not None and n_cells <= MAX_CELLS:
        internal = distribution.cell_values(np.arange(n_cells))
        values = [distribution.to_external_repr(float(value)) for value in internal]
        table = unit.encode(values, traits)
        is_whole = bool(np.isfinite(table).all())
        table = _known(table)
        # Ordered cells may have unequal widths; `from_unit` finds the cell of a coordinate.
        order = np.argsort(internal, kind="stable")
        ranks = np.asarray(internal)[order]

        def look_up(points: FloatArray) -> FloatArray:
            position = np.searchsorted(ranks, distribution.from_unit(points[:, j]))
            return table[order[np.minimum(position, n_cells - 1)]]

        return look_up, is_whole

    def encode(points: FloatArray) -> FloatArray:
        return _known(unit.encode(distribution.from_unit(points[:, j]), traits))

    return encode, True


def _constant(row: FloatArray) -> Callable[[FloatArray], FloatArray]:
    return lambda points: np.repeat(row, len(points), axis=0)


def _known(coordinates: FloatArray) -> FloatArray:
    """Replace unknown coordinates: those of a number by the middle, of a choice by none."""
    replacement = MIDDLE if coordinates.shape[1] == 1 else 0.0
    return np.where(np.isnan(coordinates), replacement, coordinates)
