"""What users give as ``pruner=``, made a pruner."""

from __future__ import annotations

from collections.abc import Callable

from skhpo import pruners
from skhpo._hints import did_you_mean, use_instead
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
"""Those that need no arguments, by the names that stand for them."""


def get_pruner(pruner: str | BasePruner) -> BasePruner:
    """Return the pruner that a user means.

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
    if isinstance(pruner, BasePruner):
        return pruner
    if isinstance(pruner, str) and pruner in PRUNERS:
        return PRUNERS[pruner]()
    hint = did_you_mean(pruner, PRUNERS) or use_instead(pruner, pruners)
    kind = ValueError if isinstance(pruner, str) else TypeError
    raise kind(
        f"`pruner` must be a pruner of skhpo.pruners, or one of the names {list(PRUNERS)}; "
        f"got {pruner!r}.{hint}"
    )
