"""Submodels of a decision tree: the same tree, pruned."""

from __future__ import annotations

import copy
import math
import numbers
from collections.abc import Sequence
from typing import Any

from skhpo.submodels._base import SubmodelFamily
from skhpo.submodels._ensembles import is_seeded

__all__ = ["PrunedTree"]


class PrunedTree(SubmodelFamily):
    """Decision trees: minimal cost-complexity pruning of the whole tree.

    The tree is grown before it is pruned, so all values of `ccp_alpha` prune the same tree.
    """

    parameter = "ccp_alpha"
    grows = False

    def is_exact(self, model: Any, n_samples: int) -> bool:
        """Return whether the same tree grows each time."""
        return is_seeded(model)

    def is_size(self, value: Any) -> bool:
        """Return whether a value is a finite number that is not negative."""
        is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        return is_number and math.isfinite(value) and value >= 0

    def largest_first(self, values: Sequence[Any]) -> list[Any]:
        """Return the values in ascending order."""
        return sorted(values)

    def to_fit(self, largest: Any) -> Any:
        """Return 0.0: the whole tree, which each value prunes as a separate fit does."""
        return 0.0

    def view(self, model: Any, value: Any) -> Any:
        """Return the pruned tree."""
        view = copy.copy(model).set_params(ccp_alpha=value)
        view._prune_tree()
        return view
