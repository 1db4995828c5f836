"""Resolve the argument ``sampler=``."""

from __future__ import annotations

from collections.abc import Callable

from skhpo import samplers
from skhpo._hints import get_by_name
from skhpo.samplers._auto import AutoSampler
from skhpo.samplers._base import BaseSampler
from skhpo.samplers._brute_force import BruteForceSampler
from skhpo.samplers._cmaes import CmaEsSampler
from skhpo.samplers._gp import GPSampler
from skhpo.samplers._nsgaii import NSGAIISampler
from skhpo.samplers._nsgaiii import NSGAIIISampler
from skhpo.samplers._qmc import QMCSampler
from skhpo.samplers._random import RandomSampler
from skhpo.samplers._tpe import TPESampler

__all__ = ["SAMPLERS", "get_sampler"]

SAMPLERS: dict[str, Callable[[], BaseSampler]] = {
    "auto": AutoSampler,
    "brute_force": BruteForceSampler,
    "cmaes": CmaEsSampler,
    "gp": GPSampler,
    "nsgaii": NSGAIISampler,
    "nsgaiii": NSGAIIISampler,
    "qmc": QMCSampler,
    "random": RandomSampler,
    "tpe": TPESampler,
}
"""Samplers that require no arguments, by name."""


def get_sampler(sampler: str | BaseSampler) -> BaseSampler:
    """Return a sampler by name, or the given one.

    Parameters
    ----------
    sampler : str or BaseSampler
        A name in :data:`SAMPLERS`, or a sampler, returned as it is.

    Returns
    -------
    sampler : BaseSampler

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If the name is not known.
    """
    return get_by_name("sampler", sampler, BaseSampler, SAMPLERS, samplers)  # type: ignore[type-abstract]
