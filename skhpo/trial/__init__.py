"""Trials: a single evaluation of the objective, live or as a record, and its state."""

from skhpo.trial._base import BaseTrial
from skhpo.trial._fixed import FixedTrial
from skhpo.trial._frozen import FrozenTrial, create_trial
from skhpo.trial._state import TrialState
from skhpo.trial._trial import Trial

__all__ = ["BaseTrial", "FixedTrial", "FrozenTrial", "Trial", "TrialState", "create_trial"]
