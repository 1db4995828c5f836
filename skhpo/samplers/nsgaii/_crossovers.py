"""Crossovers: make a child's numeric parameters from those of its parents."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skhpo._parameters import HasParameters

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = [
    "BLXAlphaCrossover",
    "BaseCrossover",
    "SBXCrossover",
    "SPXCrossover",
    "UNDXCrossover",
    "UniformCrossover",
    "VSBXCrossover",
]

FloatArray = NDArray[np.float64]

DEFAULT_ETA = 20.0
TINY = 1e-10  # avoids division by zero for equal parents


class BaseCrossover(HasParameters, ABC):
    """Base class of the crossovers, compatible with Optuna's.

    Attributes
    ----------
    n_parents : int
        Number of parents of a child.

    Examples
    --------
    A custom crossover that takes the mean of the parents:

    >>> import skhpo
    >>> class Middle(skhpo.samplers.nsgaii.BaseCrossover):
    ...     n_parents = 2
    ...     def crossover(self, parents_params, rng, study, search_space_bounds):
    ...         return parents_params.mean(axis=0)
    >>> sampler = skhpo.samplers.NSGAIISampler(crossover=Middle(), seed=0)
    """

    n_parents: int

    @abstractmethod
    def crossover(
        self,
        parents_params: FloatArray,
        rng: np.random.RandomState,
        study: Study | None,
        search_space_bounds: FloatArray,
    ) -> FloatArray:
        """Make a child.

        Parameters
        ----------
        parents_params : ndarray of shape (n_parents, n_params)
            The parents, as points in the unit cube. Categorical parameters are not among the
            columns; they come from the first or the last parent.
        rng : numpy.random.RandomState
            The trial's random stream.
        study : Study or None
            The study; None if a search draws from a space declared beforehand.
        search_space_bounds : ndarray of shape (n_params, 2)
            Bounds of each parameter: 0 and 1.

        Returns
        -------
        child : ndarray of shape (n_params,)
            If it is out of bounds, other parents are tried.
        """


class UniformCrossover(BaseCrossover):
    """Take each parameter from one of two parents.

    Parameters
    ----------
    swapping_prob : float, default=0.5
        Probability that a parameter comes from the first parent.

    References
    ----------
    G. Syswerda, "Uniform crossover in genetic algorithms", ICGA 1989.

    Examples
    --------
    >>> import skhpo
    >>> crossover = skhpo.samplers.nsgaii.UniformCrossover(swapping_prob=0.3)
    >>> sampler = skhpo.samplers.NSGAIISampler(crossover=crossover)
    """

    n_parents = 2

    def __init__(self, swapping_prob: float = 0.5) -> None:
        self.swapping_prob = check_probability("swapping_prob", swapping_prob)

    def crossover(
        self,
        parents_params: FloatArray,
        rng: np.random.RandomState,
        study: Study | None,
        search_space_bounds: FloatArray,
    ) -> FloatArray:
        """Make a child."""
        is_first = rng.rand(len(search_space_bounds)) < self.swapping_prob
        child: FloatArray = np.where(is_first, parents_params[0], parents_params[1])
        return child


class BLXAlphaCrossover(BaseCrossover):
    """Draw uniformly from the box between two parents, extended on each side.

    Parameters
    ----------
    alpha : float, default=0.5
        Extension of the box on each side, relative to its width.

    References
    ----------
    L. Eshelman and J. Schaffer, "Real-coded genetic algorithms and interval-schemata", FOGA 1993.

    Examples
    --------
    >>> import skhpo
    >>> crossover = skhpo.samplers.nsgaii.BLXAlphaCrossover(alpha=0.3)
    >>> sampler = skhpo.samplers.NSGAIISampler(crossover=crossover)
    """

    n_parents = 2

    def __init__(self, alpha: float = 0.5) -> None:
        if alpha < 0.0:
            raise ValueError(f"`alpha` must be 0 or more; got {alpha}.")
        self.alpha = alpha

    def crossover(
        self,
        parents_params: FloatArray,
        rng: np.random.RandomState,
        study: Study | None,
        search_space_bounds: FloatArray,
    ) -> FloatArray:
        """Make a child."""
        low, high = parents_params.min(axis=0), parents_params.max(axis=0)
        margin = self.alpha * (high - low)
        child: FloatArray = low - margin + rng.rand(len(low)) * (high - low + 2.0 * margin)
        return child


class _SimulatedBinaryCrossover(BaseCrossover):
    """Base class of the simulated binary crossovers: it selects the child's genes.

    Parameters
    ----------
    eta : float or None, default=20.0
        The larger, the closer children are to their parents. None is the same as 20.
    uniform_crossover_prob : float, default=0.5
        Probability that the two children swap a parameter.
    use_child_gene_prob : float, default=0.5
        Probability that a parameter is crossed over; otherwise it is copied from a parent.
    """

    n_parents = 2

    def __init__(
        self,
        eta: float | None = DEFAULT_ETA,
        uniform_crossover_prob: float = 0.5,
        use_child_gene_prob: float = 0.5,
    ) -> None:
        if eta is not None and eta < 0.0:
            raise ValueError(f"`eta` must be 0 or more; got {eta}.")
        self.eta = eta
        self.uniform_crossover_prob = check_probability(
            "uniform_crossover_prob", uniform_crossover_prob
        )
        self.use_child_gene_prob = check_probability("use_child_gene_prob", use_child_gene_prob)

    @property
    def _eta(self) -> float:
        return DEFAULT_ETA if self.eta is None else self.eta

    def _mix(
        self, parents: FloatArray, children: FloatArray, rng: np.random.RandomState
    ) -> FloatArray:
        """Make one child of two, copying some parameters from the parents."""
        n_params = parents.shape[1]
        genes = np.where(rng.rand(n_params) < self.use_child_gene_prob, children, parents)
        swaps = rng.rand(n_params) < self.uniform_crossover_prob
        takes_second = swaps ^ (rng.rand() < 0.5)
        mixed: FloatArray = np.where(takes_second, genes[1], genes[0])
        return mixed


class SBXCrossover(_SimulatedBinaryCrossover):
    """Simulated binary crossover within bounds: children near their parents.

    Parameters
    ----------
    eta : float or None, default=20.0
        The larger, the closer children are to their parents. None is the same as 20.
    uniform_crossover_prob : float, default=0.5
        Probability that the two children swap a parameter.
    use_child_gene_prob : float, default=0.5
        Probability that a parameter is crossed over; otherwise it is copied from a parent.

    References
    ----------
    K. Deb and R. Agrawal, "Simulated binary crossover for continuous search space", Complex
    Systems 9 (1995).

    Examples
    --------
    >>> import skhpo
    >>> crossover = skhpo.samplers.nsgaii.SBXCrossover(eta=10.0)
    >>> sampler = skhpo.samplers.NSGAIISampler(crossover=crossover)
    """

    def crossover(
        self,
        parents_params: FloatArray,
        rng: np.random.RandomState,
        study: Study | None,
        search_space_bounds: FloatArray,
    ) -> FloatArray:
        """Make a child."""
        low, high = parents_params.min(axis=0), parents_params.max(axis=0)
        width = np.maximum(high - low, TINY)
        u = rng.rand(len(low))
        # The spread is limited so that no child is out of bounds.
        room_below = 1.0 + 2.0 * (low - search_space_bounds[:, 0]) / width
        room_above = 1.0 + 2.0 * (search_space_bounds[:, 1] - high) / width
        lower = 0.5 * (low + high - self._spread(u, room_below) * width)
        upper = 0.5 * (low + high + self._spread(u, room_above) * width)
        is_first_low = parents_params[0] <= parents_params[1]
        children = np.where(is_first_low, [lower, upper], [upper, lower])
        return self._mix(parents_params, children, rng)

    def _spread(self, u: FloatArray, room: FloatArray) -> FloatArray:
        """Return the children's distance relative to the parents', at most `room`."""
        power = 1.0 / (self._eta + 1.0)
        share = u * (2.0 - room ** -(self._eta + 1.0))
        spread: FloatArray = np.where(share <= 1.0, share, 1.0 / (2.0 - share)) ** power
        return spread


class VSBXCrossover(_SimulatedBinaryCrossover):
    """Variant of simulated binary crossover that covers both sides of each parent.

    Parameters
    ----------
    eta : float or None, default=20.0
        The larger, the closer children are to their parents. None is the same as 20.
    uniform_crossover_prob : float, default=0.5
        Probability that the two children swap a parameter.
    use_child_gene_prob : float, default=0.5
        Probability that a parameter is crossed over; otherwise it is copied from a parent.

    References
    ----------
    P. Ballester and J. Carter, "Real-parameter genetic algorithms for finding multiple optimal
    solutions in multi-modal optimization", GECCO 2003, section 3.2.

    Examples
    --------
    >>> import skhpo
    >>> crossover = skhpo.samplers.nsgaii.VSBXCrossover(eta=10.0)
    >>> sampler = skhpo.samplers.NSGAIISampler(crossover=crossover)
    """

    def crossover(
        self,
        parents_params: FloatArray,
        rng: np.random.RandomState,
        study: Study | None,
        search_space_bounds: FloatArray,
    ) -> FloatArray:
        """Make a child."""
        x1, x2 = parents_params
        u = rng.rand(len(x1))
        beta = (0.5 / np.maximum(u, TINY)) ** (1.0 / (self._eta + 1.0))
        step = 0.5 * (beta - 1.0) * (x1 - x2)
        # The first child lies beyond a parent, as in the original crossover, or between the
        # parents; the second child lies on the other side of a parent.
        first = x1 + step if rng.rand() < 0.5 else x2 - step
        second = x1 - step if rng.rand() < 0.5 else x2 + step
        return self._mix(parents_params, np.stack([first, second]), rng)


class SPXCrossover(BaseCrossover):
    """Simplex crossover: draw uniformly from the enlarged triangle of three parents.

    Parameters
    ----------
    epsilon : float, optional
        Factor by which the triangle is enlarged. Default: the square root of the number of
        parameters plus 2.

    References
    ----------
    S. Tsutsui, M. Yamamura and T. Higuchi, "Multi-parent recombination with simplex crossover
    in real coded genetic algorithms", GECCO 1999.

    Examples
    --------
    >>> import skhpo
    >>> sampler = skhpo.samplers.NSGAIISampler(crossover=skhpo.samplers.nsgaii.SPXCrossover())
    """

    n_parents = 3

    def __init__(self, epsilon: float | None = None) -> None:
        if epsilon is not None and epsilon <= 0.0:
            raise ValueError(f"`epsilon` must be larger than 0; got {epsilon}.")
        self.epsilon = epsilon

    def crossover(
        self,
        parents_params: FloatArray,
        rng: np.random.RandomState,
        study: Study | None,
        search_space_bounds: FloatArray,
    ) -> FloatArray:
        """Make a child."""
        n_params = len(search_space_bounds)
        epsilon = np.sqrt(n_params + 2.0) if self.epsilon is None else self.epsilon
        centre = parents_params.mean(axis=0)
        corners = centre + epsilon * (parents_params - centre)
        offset = np.zeros(n_params)
        for k in range(1, len(corners)):
            r = rng.rand() ** (1.0 / k)
            offset = r * (corners[k - 1] - corners[k] + offset)
        child: FloatArray = corners[-1] + offset
        return child


class UNDXCrossover(BaseCrossover):
    """Unimodal normal distribution crossover: draw around the middle of two of three parents.

    The distance of the first two parents sets the scale along the line through them. The distance
    of the third parent from this line sets the scale across it.

    Parameters
    ----------
    sigma_xi : float, default=0.5
        Standard deviation along the line, in units of the distance.
    sigma_eta : float, optional
        Standard deviation across it. Default: 0.35 over the square root of the number of
        parameters.

    References
    ----------
    H. Kita, I. Ono and S. Kobayashi, "Multi-parental extension of the unimodal normal distribution
    crossover for real-coded genetic algorithms", CEC 1999, section 2.

    Examples
    --------
    >>> import skhpo
    >>> sampler = skhpo.samplers.NSGAIISampler(crossover=skhpo.samplers.nsgaii.UNDXCrossover())
    """

    n_parents = 3

    def __init__(self, sigma_xi: float = 0.5, sigma_eta: float | None = None) -> None:
        for name, sigma in (("sigma_xi", sigma_xi), ("sigma_eta", sigma_eta)):
            if sigma is not None and sigma < 0.0:
                raise ValueError(f"`{name}` must be 0 or more; got {sigma}.")
        self.sigma_xi = sigma_xi
        self.sigma_eta = sigma_eta

    def crossover(
        self,
        parents_params: FloatArray,
        rng: np.random.RandomState,
        study: Study | None,
        search_space_bounds: FloatArray,
    ) -> FloatArray:
        """Make a child."""
        n_params = len(search_space_bounds)
        sigma_eta = 0.35 / np.sqrt(n_params) if self.sigma_eta is None else self.sigma_eta
        first, second, third = parents_params
        line = first - second  # (eq. 3)
        unit = line / max(float(np.linalg.norm(line)), TINY)
        distance = np.linalg.norm(_across(third - first, unit))  # (eq. 4)
        along = rng.normal(0.0, self.sigma_xi) * line
        across = _across(rng.normal(0.0, sigma_eta, n_params), unit) * distance
        child: FloatArray = 0.5 * (first + second) + along + across  # (eq. 5)
        return child


def _across(vector: FloatArray, unit: FloatArray) -> FloatArray:
    """Return the component of a vector that is orthogonal to a unit vector."""
    return vector - (vector @ unit) * unit


def check_probability(name: str, value: float) -> float:
    """Return a probability, or raise an error that names the argument."""
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"`{name}` must lie between 0 and 1; got {value}.")
    return value
