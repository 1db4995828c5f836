"""Parzen estimators on the unit cube: mixtures of product kernels over mixed parameters.

Kernels are truncated Gaussians. All kernels of a dimension share one bandwidth, so the exponents
of all points under all kernels are one matrix product. For ordered parameters with few values,
the kernel's mass in each value's cell is used; for unordered ones, Aitchison and Aitken's kernel
(1976). Each mixture includes one broad prior kernel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, ndtri

from skhpo.distributions import BaseDistribution

__all__ = ["Layout", "ParzenEstimator", "relative_spread"]

FloatArray = NDArray[np.float64]

MAX_CELLS = 64  # ordered parameters with more values are treated as continuous
BANDWIDTH_SCALE = 0.2
BANDWIDTH_FLOOR = 0.05
UNIFORM_VARIANCE = 1.0 / 12.0
N_UNIFORM = 1.0  # weight of a uniform spread, in trials, when the spread is estimated
PRIOR_CENTRE = 0.5
PRIOR_WIDTH = 1.0
_LOG_SQRT_2PI = 0.5 * np.log(2.0 * np.pi)


class Layout:
    """The kinds of the dimensions: continuous, ordered cells or categories.

    Parameters
    ----------
    distributions : sequence of BaseDistribution
        One per dimension.
    """

    def __init__(self, distributions: Sequence[BaseDistribution]) -> None:
        cells = {j: d.n_cells for j, d in enumerate(distributions) if d.n_cells is not None}
        is_ordered = [d.is_ordered for d in distributions]
        self.categories = {j: n for j, n in cells.items() if not is_ordered[j]}
        self.edges = {
            j: distributions[j].edges for j, n in cells.items() if is_ordered[j] and n <= MAX_CELLS
        }
        discrete = self.categories.keys() | self.edges.keys()
        self.continuous = np.array(
            [j for j in range(len(distributions)) if j not in discrete], dtype=np.int64
        )
        self.ordered = np.array(
            [j for j in range(len(distributions)) if j not in self.categories], dtype=np.int64
        )
        self.n_dims = len(distributions)
        # Kernels are at least half a step wide.
        self.floor = np.full(self.n_dims, BANDWIDTH_FLOOR)
        for j, n_cells in cells.items():
            self.floor[j] = max(BANDWIDTH_FLOOR, 0.5 / n_cells)

    def bandwidths(self, n_kernels: int, spread: FloatArray | float = 1.0) -> FloatArray:
        """Return the bandwidth of each dimension, ndarray of shape (n_dims,).

        A fifth of the range times the spread times Scott's rate, ``n ** (-1 / (d + 4))``, with
        a lower bound.

        Parameters
        ----------
        n_kernels : int
            Number of kernels.
        spread : ndarray of shape (n_dims,), default=1.0
            Spread of the points of interest; see :func:`relative_spread`.
        """
        rate = max(n_kernels, 1) ** (-1.0 / (len(self.ordered) + 4))
        widths: FloatArray = np.maximum(self.floor, BANDWIDTH_SCALE * rate * spread)
        return widths


def relative_spread(points: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the standard deviation of weighted points in each dimension; 1 is a uniform spread.

    Of few points it is drawn towards 1, as if ``N_UNIFORM`` more were spread uniformly.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_dims)
        Points in the unit cube.
    weights : ndarray of shape (n_points,)
        Their weights.

    Returns
    -------
    spread : ndarray of shape (n_dims,)
    """
    total = weights.sum()
    if total <= 0.0:
        return np.ones(points.shape[1])
    shares = weights / total
    n_effective = 1.0 / (shares**2).sum()
    variance = shares @ (points - shares @ points) ** 2
    expected = (n_effective * variance + N_UNIFORM * UNIFORM_VARIANCE) / (n_effective + N_UNIFORM)
    spread: FloatArray = np.sqrt(expected / UNIFORM_VARIANCE)
    return spread


class ParzenEstimator:
    """A density on the unit cube, estimated from weighted points.

    Parameters
    ----------
    centres : ndarray of shape (n_kernels, n_dims)
        One kernel per point.
    weights : ndarray of shape (n_kernels,)
        Weights of the kernels, relative to `prior`.
    layout : Layout
        The kinds of the dimensions.
    prior : float, default=1.0
        Weight of the prior kernel.
    spread : ndarray of shape (n_dims,), default=1.0
        Factors of the bandwidths; see :func:`relative_spread`.
    """

    def __init__(
        self,
        centres: FloatArray,
        weights: FloatArray,
        layout: Layout,
        prior: float = 1.0,
        spread: FloatArray | float = 1.0,
    ) -> None:
        self.layout = layout
        self.n_kernels = len(centres)
        self.weights = np.append(weights, prior) / (weights.sum() + prior)  # the prior comes last
        self.centres = np.vstack([centres, np.full((1, layout.n_dims), PRIOR_CENTRE)])
        self.widths = layout.bandwidths(self.n_kernels, spread)

    # ------------------------------------------------------------------- density

    def log_density(self, points: FloatArray) -> FloatArray:
        """Return the log density of points (log mass in discrete dimensions).

        Parameters
        ----------
        points : ndarray of shape (n_points, n_dims)

        Returns
        -------
        log_density : ndarray of shape (n_points,)
        """
        log_kernels = self._log_continuous(points)
        for j, edges in self.layout.edges.items():
            table = _cell_table(edges, self.widths[j])
            cell, centre = _cell_of(points[:, j], edges), _cell_of(self.centres[:-1, j], edges)
            log_kernels[:, :-1] += table[cell[:, None], centre]
            log_kernels[:, -1] += _cell_log_masses(edges, PRIOR_CENTRE, PRIOR_WIDTH)[cell]
        for j, n_choices in self.layout.categories.items():
            same, other = self._category_masses(n_choices)
            cell = _category_of(points[:, j], n_choices)
            centre = _category_of(self.centres[:-1, j], n_choices)
            log_kernels[:, :-1] += np.where(cell[:, None] == centre, np.log(same), np.log(other))
            log_kernels[:, -1] -= np.log(n_choices)
        with np.errstate(divide="ignore"):  # a weight may be 0
            log_kernels += np.log(self.weights)
        top = log_kernels.max(axis=1)
        density: FloatArray = top + np.log(np.exp(log_kernels - top[:, None]).sum(axis=1))
        return density

    def _log_continuous(self, points: FloatArray) -> FloatArray:
        """Return log kernels over the continuous dimensions, (n_points, n_kernels + 1)."""
        dims = self.layout.continuous
        log_kernels = np.zeros((len(points), self.n_kernels + 1))
        if len(dims) == 0:
            return log_kernels
        x, centres, widths = points[:, dims], self.centres[:-1, dims], self.widths[dims]
        scaled = centres / widths**2
        normaliser = 0.5 * (centres * scaled) + _log_truncation(centres, widths)
        log_kernels[:, :-1] = x @ scaled.T
        log_kernels[:, :-1] -= 0.5 * (x**2 @ widths**-2.0)[:, None]
        log_kernels[:, :-1] -= normaliser.sum(axis=1)
        log_kernels[:, :-1] -= np.log(widths).sum() + len(dims) * _LOG_SQRT_2PI
        prior = -0.5 * ((x - PRIOR_CENTRE) / PRIOR_WIDTH) ** 2 - np.log(PRIOR_WIDTH) - _LOG_SQRT_2PI
        prior -= _log_truncation(np.full(1, PRIOR_CENTRE), np.full(1, PRIOR_WIDTH))
        log_kernels[:, -1] = prior.sum(axis=1)
        return log_kernels

    def _category_masses(self, n_choices: int) -> tuple[float, float]:
        """Return a kernel's mass on its own category, and on each other one."""
        smoothing = 1.0 / (self.n_kernels + 1)
        total = 1.0 + n_choices * smoothing
        return (1.0 + smoothing) / total, smoothing / total

    # ------------------------------------------------------------------ sampling

    def sample(self, rng: np.random.Generator, n_points: int) -> FloatArray:
        """Draw points from the density.

        Parameters
        ----------
        rng : numpy.random.Generator
        n_points : int

        Returns
        -------
        points : ndarray of shape (n_points, n_dims)
        """
        kernel = np.searchsorted(np.cumsum(self.weights)[:-1], rng.random(n_points), side="right")
        uniform = rng.random((n_points, self.layout.n_dims))
        from_prior = (kernel == self.n_kernels)[:, None]
        points = np.empty_like(uniform)
        dims = self.layout.ordered
        widths = np.where(from_prior, PRIOR_WIDTH, self.widths[dims])
        points[:, dims] = _truncated_normal(uniform[:, dims], self.centres[kernel][:, dims], widths)
        for j, n_choices in self.layout.categories.items():
            points[:, j] = self._sample_category(uniform[:, j], kernel, j, n_choices)
        return points

    def _sample_category(
        self, uniform: FloatArray, kernel: NDArray[np.int64], j: int, n_choices: int
    ) -> FloatArray:
        # A kernel is a mixture of its own category and a uniform draw.
        smoothing = 1.0 / (self.n_kernels + 1)
        p_any = np.where(
            kernel == self.n_kernels, 1.0, n_choices * smoothing / (1.0 + n_choices * smoothing)
        )
        own = _category_of(self.centres[kernel, j], n_choices)
        anything = np.minimum((uniform / p_any * n_choices).astype(np.int64), n_choices - 1)
        category = np.where(uniform < p_any, anything, own)
        middle: FloatArray = (category + 0.5) / n_choices
        return middle


def _truncated_normal(uniform: FloatArray, centre: FloatArray, width: FloatArray) -> FloatArray:
    """Return the inverse distribution function of normals truncated to [0, 1]."""
    low, high = ndtr(-centre / width), ndtr((1.0 - centre) / width)
    points: FloatArray = np.clip(centre + width * ndtri(low + uniform * (high - low)), 0.0, 1.0)
    return points


def _log_truncation(centre: FloatArray, width: FloatArray) -> FloatArray:
    """Return the log of the normal's mass in [0, 1]; centres lie inside, so nothing cancels."""
    inside: FloatArray = np.log(ndtr((1.0 - centre) / width) - ndtr(-centre / width))
    return inside


def _cell_log_masses(edges: FloatArray, centre: float, width: float) -> FloatArray:
    """Return the log mass of a truncated normal in each cell, ndarray of shape (n_cells,)."""
    return _log_masses_between(edges[:, None], np.array([centre]), width)[:, 0]


def _cell_table(edges: FloatArray, width: float) -> FloatArray:
    """Return the log mass in cell i of the kernel centred in cell k, (n_cells, n_cells)."""
    return _log_masses_between(edges[:, None], 0.5 * (edges[1:] + edges[:-1]), width)


def _log_masses_between(edges: FloatArray, centres: FloatArray, width: float) -> FloatArray:
    z = (edges - centres) / width
    # In the upper tail 1 - ndtr cancels: use the mirror image, where log_ndtr is exact.
    mirrored = z[:-1] > 0
    upper = np.where(mirrored, log_ndtr(-z[:-1]), log_ndtr(z[1:]))
    lower = np.where(mirrored, log_ndtr(-z[1:]), log_ndtr(z[:-1]))
    log_mass: FloatArray = upper + np.log1p(-np.exp(lower - upper))
    return log_mass - _log_truncation(centres, np.array(width))


def _cell_of(points: FloatArray, edges: FloatArray) -> NDArray[np.int64]:
    cell = np.searchsorted(edges, points, side="right") - 1
    return np.clip(cell, 0, len(edges) - 2)


def _category_of(points: FloatArray, n_choices: int) -> NDArray[np.int64]:
    return np.minimum((points * n_choices).astype(np.int64), n_choices - 1)
