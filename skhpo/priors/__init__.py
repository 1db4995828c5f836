"""What is known of estimators before their first candidate."""

from skhpo.priors._learn import learn
from skhpo.priors._prior import Prior
from skhpo.priors._store import known_prior, load, save

__all__ = ["Prior", "known_prior", "learn", "load", "save"]
