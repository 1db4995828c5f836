"""The trials of a study that a storage keeps in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from skhpo.distributions import BaseDistribution
from skhpo.trial import FrozenTrial

__all__ = ["TrialCache"]


@dataclass
class TrialCache:
    """The cached trials of a study.

    Attributes
    ----------
    trials : list of FrozenTrial
        By number. Trials that run in this process are always up to date.
    open : set of int
        Ids of the unfinished trials.
    own : set of int
        Ids of the unfinished trials that run in this process.
    by_id : dict of int to FrozenTrial
        The trials by id.
    first : dict of str to BaseDistribution
        The first distribution of each parameter.
    """

    trials: list[FrozenTrial] = field(default_factory=list)
    open: set[int] = field(default_factory=set)
    own: set[int] = field(default_factory=set)
    by_id: dict[int, FrozenTrial] = field(default_factory=dict)
    first: dict[str, BaseDistribution] = field(default_factory=dict)

    def take(self, trial: FrozenTrial) -> None:
        """Add or replace a trial's record."""
        if trial.number == len(self.trials):
            self.trials.append(trial)
        else:
            self.trials[trial.number] = trial
        self.by_id[trial.trial_id] = trial
        for name, distribution in trial.distributions.items():
            self.first.setdefault(name, distribution)
        if trial.state.is_finished():
            self.open.discard(trial.trial_id)
            self.own.discard(trial.trial_id)
        else:
            self.open.add(trial.trial_id)
