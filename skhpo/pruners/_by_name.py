"""Resolve the argument ``pruner=``."""

from __future__ import annotations

from collections.abc import Callable

from skhpo import pruners
from skhpo._hints import get_by_name
from skhpo.pruners._base import BasePruner
from skhpo.pruners._hyperband import HyperbandPruner
from skhpo.pruners._nop import NopPruner
from skhpo.pruners._percentile import MedianPruner
from skhpo.pruners._racing import RacingPruner
from skhpo.pruners._successive_halving import SuccessiveHalvingPruner
from skhpo.pruners._wilcoxon import WilcoxonPruner

__all__ = ["PRUNERS", "get_pruner"]

PRUNERS: dict[str, Callable[[], BasePruner]] = {
    "halving": SuccessiveHalvingPruner,
    "hyperband": HyperbandPruner,
    "median": MedianPruner,
    "nop": NopPruner,
    "racing": RacingPruner,
    "wilcoxon": WilcoxonPruner,
}
"""Pruners that require no arguments, by name."""


def get_pruner(pruner: str | BasePruner) -> BasePruner:
    """Return a pruner by name, or the given one.

    Parameters
    ----------
    pruner : str or BasePruner
        A name in :data:`PRUNERS`, or a pruner, returned as it is.

    Returns
    -------
    pruner : BasePruner

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If the name is not known.
    """
    return get_by_name("pruner", pruner, BasePruner, PRUNERS, pruners)  # type: ignore[type-abstract]
