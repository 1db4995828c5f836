"""The CMA evolution strategy on arrays: Hansen 2016 (arXiv:1604.00772), with its equation numbers.

A :class:`Strategy` holds the constants, a :class:`State` what each generation updates.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

__all__ = ["State", "Strategy", "default_popsize", "start_at", "start_from", "with_margin"]

FloatArray = NDArray[np.float64]

ALPHA_COV = 2.0
LONGEST_STEP = 3.0  # beyond sqrt(n); longer steps are rare among points that the state draws
MAX_CONDITION = 1e14
MIN_WIDTH = 1e-5  # of the search distribution, as a share of the unit interval
MIN_RANGE = 1e-7  # of the losses in recent generations, relative to their size
ALPHA_WARM_START = 0.1  # width of the kernels around source trials (Nomura et al. 2021)


def default_popsize(n_dims: int) -> int:
    """Return the default population size for `n_dims` dimensions (eq. 48)."""
    return 4 + int(3 * np.log(n_dims))


@dataclass(frozen=True)
class Strategy:
    """Weights and learning rates (Table 1 of the tutorial).

    Parameters
    ----------
    n_dims : int
        Number of dimensions.
    popsize : int
        Number of points in a generation, at least 3.
    separable : bool, default=False
        Learn a diagonal covariance, which is faster (Ros and Hansen 2008).
    """

    n_dims: int
    popsize: int
    separable: bool = False
    weights: FloatArray = field(init=False, repr=False, compare=False)
    mu: int = field(init=False)
    mu_eff: float = field(init=False)
    c_sigma: float = field(init=False)
    d_sigma: float = field(init=False)
    c_c: float = field(init=False)
    c_1: float = field(init=False)
    c_mu: float = field(init=False)
    chi_n: float = field(init=False)

    def __post_init__(self) -> None:
        n = self.n_dims
        raw = np.log((self.popsize + 1) / 2) - np.log(np.arange(1, self.popsize + 1))  # (eq. 49)
        mu = self.popsize // 2
        mu_eff = raw[:mu].sum() ** 2 / (raw[:mu] ** 2).sum()
        mu_eff_minus = raw[mu:].sum() ** 2 / (raw[mu:] ** 2).sum()
        speed = (n + 2) / 3 if self.separable else 1.0  # Ros and Hansen 2008, eq. 4
        c_1 = min(1.0, speed * ALPHA_COV / ((n + 1.3) ** 2 + mu_eff))  # (eq. 57)
        c_mu = min(  # (eq. 58)
            1 - c_1,
            speed
            * ALPHA_COV
            * (0.25 + mu_eff + 1 / mu_eff - 2)
            / ((n + 2) ** 2 + ALPHA_COV * mu_eff / 2),
        )
        negative = min(
            1 + c_1 / c_mu,  # (eq. 50)
            1 + 2 * mu_eff_minus / (mu_eff + 2),  # (eq. 51)
            (1 - c_1 - c_mu) / (n * c_mu),  # (eq. 52)
        )
        weights = np.where(  # (eq. 53)
            raw >= 0, raw / raw[raw > 0].sum(), negative * raw / np.abs(raw[raw < 0]).sum()
        )
        c_sigma = (mu_eff + 2) / (n + mu_eff + 5)  # (eq. 55)
        derived = {
            "weights": weights,
            "mu": mu,
            "mu_eff": float(mu_eff),
            "c_sigma": float(c_sigma),
            "d_sigma": float(1 + 2 * max(0.0, np.sqrt((mu_eff - 1) / (n + 1)) - 1) + c_sigma),
            "c_c": float((4 + mu_eff / n) / (n + 4 + 2 * mu_eff / n)),  # (eq. 56)
            "c_1": float(c_1),
            "c_mu": float(c_mu),
            "chi_n": float(np.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n**2))),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def update(self, state: State, points: FloatArray) -> State:
        """Return the state after a generation.

        Parameters
        ----------
        state : State
            The state before.
        points : ndarray of shape (popsize, n_dims)
            The generation, the best first. Distant points are moved towards the mean, whatever
            their origin (Hansen 2011, "Injecting external solutions").
        """
        n = self.n_dims
        inverse_root = state.inverse_root
        y = (points - state.mean) / state.sigma
        length = np.linalg.norm(y @ inverse_root, axis=1)
        longest = np.sqrt(n) + LONGEST_STEP
        y = y * np.minimum(1.0, longest / np.maximum(length, 1e-300))[:, None]
        y_w = self.weights[: self.mu] @ y[: self.mu]  # (eq. 41)
        mean = state.mean + state.sigma * y_w  # (eq. 42)
        c_s, c_c = self.c_sigma, self.c_c
        p_sigma = (1 - c_s) * state.p_sigma + np.sqrt(c_s * (2 - c_s) * self.mu_eff) * (
            inverse_root @ y_w
        )  # (eq. 43)
        norm = float(np.linalg.norm(p_sigma))
        sigma = state.sigma * np.exp(min(1.0, c_s / self.d_sigma * (norm / self.chi_n - 1)))
        # (eq. 44), with the step bounded as in Hansen 2011
        generation = state.generation + 1
        h_sigma = float(
            norm / np.sqrt(1 - (1 - c_s) ** (2 * generation)) < (1.4 + 2 / (n + 1)) * self.chi_n
        )
        p_c = (1 - c_c) * state.p_c + h_sigma * np.sqrt(c_c * (2 - c_c) * self.mu_eff) * y_w
        # (eq. 45)
        scale = n / np.maximum(np.minimum(length, longest), 1e-8) ** 2
        signed = self.weights * np.where(self.weights >= 0, 1.0, scale)  # (eq. 46)
        delta = (1 - h_sigma) * c_c * (2 - c_c)
        cov = (  # (eq. 47)
            (1 + self.c_1 * delta - self.c_1 - self.c_mu * self.weights.sum()) * state.cov
            + self.c_1 * np.outer(p_c, p_c)
            + self.c_mu * (y.T * signed) @ y
        )
        if self.separable:
            cov = np.diag(np.diag(cov))
        return State(mean, float(sigma), cov, p_sigma, p_c, generation)


@dataclass(frozen=True)
class State:
    """The search distribution: normal with covariance ``sigma ** 2 * cov``.

    Parameters
    ----------
    mean : ndarray of shape (n_dims,)
    sigma : float
        Step size.
    cov : ndarray of shape (n_dims, n_dims)
    p_sigma, p_c : ndarray of shape (n_dims,)
        Evolution paths.
    generation : int, default=0
        Number of updates so far.
    """

    mean: FloatArray
    sigma: float
    cov: FloatArray
    p_sigma: FloatArray
    p_c: FloatArray
    generation: int = 0

    @cached_property
    def _eigen(self) -> tuple[FloatArray, FloatArray]:
        """Return the eigenvectors in columns, and the square roots of the eigenvalues."""
        values, vectors = np.linalg.eigh((self.cov + self.cov.T) / 2)
        return vectors, np.sqrt(np.maximum(values, 1e-20))

    @property
    def inverse_root(self) -> FloatArray:
        """``cov ** (-1/2)``."""
        vectors, roots = self._eigen
        inverse: FloatArray = (vectors / roots) @ vectors.T
        return inverse

    @property
    def widths(self) -> FloatArray:
        """Return the standard deviation of each coordinate, ndarray of shape (n_dims,)."""
        widths: FloatArray = self.sigma * np.sqrt(np.diag(self.cov))
        return widths

    def sample(self, rng: np.random.Generator, n_points: int) -> FloatArray:
        """Draw points from the search distribution (eqs. 38-40)."""
        vectors, roots = self._eigen
        z = rng.standard_normal((n_points, len(self.mean)))
        points: FloatArray = self.mean + self.sigma * (z * roots) @ vectors.T
        return points

    def is_exhausted(self, losses: FloatArray) -> bool:
        """Return whether the run has converged (section B.3 of the tutorial).

        Parameters
        ----------
        losses : ndarray
            Losses of the recent generations.
        """
        roots = self._eigen[1]
        with np.errstate(over="ignore"):
            is_flat = np.ptp(losses) < MIN_RANGE * np.abs(losses).max()
        return bool(
            self.widths.max() < MIN_WIDTH or (roots[-1] / roots[0]) ** 2 > MAX_CONDITION or is_flat
        )


def start_at(mean: FloatArray, sigma: float) -> State:
    """Return the state at the start of a run."""
    n = len(mean)
    return State(mean, sigma, np.eye(n), np.zeros(n), np.zeros(n))


def start_from(points: FloatArray) -> State:
    """Return a state that starts at the good points of a similar task (Nomura et al. 2021).

    Parameters
    ----------
    points : ndarray of shape (n_points, n_dims)
        The good points.
    """
    n = points.shape[1]
    spread = np.cov(points.T, bias=True).reshape(n, n)
    whole = ALPHA_WARM_START**2 * np.eye(n) + spread  # their eq. 12
    sigma = float(np.linalg.det(whole) ** (1 / (2 * n)))
    return replace(start_at(points.mean(axis=0), sigma), cov=whole / sigma**2)


def with_margin(state: State, edges: dict[int, FloatArray], popsize: int) -> State:
    """Bound the probability of leaving a discrete value's cell from below.

    Parameters
    ----------
    state : State
        The state after an update.
    edges : dict of int to ndarray of shape (n_cells + 1,)
        Borders of the cells of the discrete dimensions.
    popsize : int
        Number of points in a generation.

    Notes
    -----
    This is the margin of CMA-ES with margin (Hamano et al. 2022), alpha = 1 / (n * popsize). Of
    the coordinate's marginal distribution, at least alpha lies outside a cell at an end of the
    range, and at least alpha / 2 on either side of an inner cell. To achieve this, the mean is
    moved inside the cell and the coordinate's distribution is widened.
    """
    alpha = 1.0 / (len(state.mean) * popsize)
    mean, stretch = state.mean.copy(), np.ones(len(state.mean))
    for j, borders in edges.items():
        width = state.widths[j]
        cell = int(
            np.clip(np.searchsorted(borders, mean[j], side="right") - 1, 0, len(borders) - 2)
        )
        low, high = borders[cell], borders[cell + 1]
        if cell == 0:
            mean[j] = max(mean[j], high + ndtri(alpha) * width)
        elif cell == len(borders) - 2:
            mean[j] = min(mean[j], low - ndtri(alpha) * width)
        else:
            below, above = ndtr((low - mean[j]) / width), ndtr((mean[j] - high) / width)
            to_low = -ndtri(np.clip(below, alpha / 2, 0.5 - 1e-9))
            to_high = -ndtri(np.clip(above, alpha / 2, 0.5 - 1e-9))
            if below < alpha / 2 or above < alpha / 2:
                stretch[j] = max(1.0, (high - low) / (to_low + to_high) / width)
                mean[j] = (low * to_high + high * to_low) / (to_low + to_high)
    cov = state.cov * stretch * stretch[:, None]
    return replace(state, mean=mean, cov=cov)
