"""Several objectives: fronts, and the volume that they dominate."""

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

__all__ = [
    "crowding_distance",
    "hypervolume",
    "hypervolume_contributions",
    "is_nondominated",
    "nondomination_rank",
    "reference_point",
    "select_by_hypervolume",
]
