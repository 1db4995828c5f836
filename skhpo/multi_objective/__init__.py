"""Multi-objective tools: fronts, hypervolumes, and the choice of a single point."""

from skhpo.multi_objective._dominance import (
    crowding_distance,
    is_nondominated,
    nondomination_rank,
)
from skhpo.multi_objective._hypervolume import (
    hypervolume,
    hypervolume_contributions,
    reference_point,
    select_by_hypervolume,
)
from skhpo.multi_objective._knee import knee, weighted_choice
from skhpo.multi_objective._shrink import ranked_where_absurd, shrink

__all__ = [
    "crowding_distance",
    "hypervolume",
    "hypervolume_contributions",
    "is_nondominated",
    "knee",
    "nondomination_rank",
    "ranked_where_absurd",
    "reference_point",
    "select_by_hypervolume",
    "shrink",
    "weighted_choice",
]
