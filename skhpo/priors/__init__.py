"""What is known of estimators before their first candidate."""

from skhpo.priors._bind import SpacePrior
from skhpo.priors._find import find_prior
from skhpo.priors._prior import Prior
from skhpo.priors._store import load, save

__all__ = ["Prior", "SpacePrior", "find_prior", "load", "save"]
