"""Mutations: change one numeric parameter of a child."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skhpo._parameters import HasParameters

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["BaseMutation", "PolynomialMutation", "UniformMutation"]


class BaseMutation(HasParameters, ABC):
    """Base class of the mutations, compatible with Optuna's.

    Examples
    --------
    A custom mutation that mirrors a number at the middle of its range:

    >>> import skhpo
    >>> class Mirror(skhpo.samplers.nsgaii.BaseMutation):
    ...     def mutation(self, param, rng, study, search_space_bounds):
    ...         return sum(search_space_bounds) - param
    >>> sampler = skhpo.samplers.NSGAIISampler(mutation=Mirror(), seed=0)
    """

    @abstractmethod
    def mutation(
        self,
        param: float,
        rng: np.random.RandomState,
        study: Study | None,
        search_space_bounds: NDArray[np.float64],
    ) -> float:
        """Change a number.

        Parameters
        ----------
        param : float
            The number, in the unit interval.
        rng : numpy.random.RandomState
            The trial's random stream.
        study : Study or None
            The study; None if a search draws from a space declared beforehand.
        search_space_bounds : ndarray of shape (2,)
            Bounds of the number: 0 and 1.

        Returns
        -------
        mutated : float
            The new number; moved to the nearest bound if it is outside.
        """


class PolynomialMutation(BaseMutation):
    """Move a number by a step that is usually small.

    Parameters
    ----------
    eta : float, default=20.0
        The larger, the smaller the steps. They are of the order of ``1 / eta`` of the range.

    References
    ----------
    K. Deb and M. Goyal, "A combined genetic adaptive search (GeneAS) for engineering design",
    Computer Science and Informatics 26 (1996), in the version that respects bounds.

    Examples
    --------
    >>> import skhpo
    >>> mutation = skhpo.samplers.nsgaii.PolynomialMutation(eta=10.0)
    >>> sampler = skhpo.samplers.NSGAIISampler(mutation=mutation)
    """

    def __init__(self, eta: float = 20.0) -> None:
        if eta < 0.0:
            raise ValueError(f"`eta` must be 0 or more; got {eta}.")
        self.eta = eta

    def mutation(
        self,
        param: float,
        rng: np.random.RandomState,
        study: Study | None,
        search_space_bounds: NDArray[np.float64],
    ) -> float:
        """Change a number."""
        low, high = map(float, search_space_bounds)
        exponent = self.eta + 1.0
        u = rng.rand()
        if u < 0.5:
            room = ((high - param) / (high - low)) ** exponent
            step = (2.0 * u + (1.0 - 2.0 * u) * room) ** (1.0 / exponent) - 1.0
        else:
            room = ((param - low) / (high - low)) ** exponent
            step = 1.0 - (2.0 * (1.0 - u) + (2.0 * u - 1.0) * room) ** (1.0 / exponent)
        return float(param + step * (high - low))


class UniformMutation(BaseMutation):
    """Replace a number by a uniform draw from its range.

    Examples
    --------
    >>> import skhpo
    >>> sampler = skhpo.samplers.NSGAIISampler(mutation=skhpo.samplers.nsgaii.UniformMutation())
    """

    def mutation(
        self,
        param: float,
        rng: np.random.RandomState,
        study: Study | None,
        search_space_bounds: NDArray[np.float64],
    ) -> float:
        """Change a number."""
        return float(rng.uniform(*search_space_bounds))
