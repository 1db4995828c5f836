"""Hyperband: successive halving with several early-stopping rates, Li et al. 2018."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING, Literal

from skhpo.pruners._base import BasePruner
from skhpo.pruners._percentile import check_at_least
from skhpo.pruners._successive_halving import Rungs
from skhpo.trial import FrozenTrial

if TYPE_CHECKING:
    from typing import Self

    from skhpo.study import Study

__all__ = ["HyperbandPruner"]


class HyperbandPruner(BasePruner):
    """Run successive halving in brackets that start to stop trials at different steps.

    How early trials can be judged is unknown in advance, so each trial belongs to a bracket, and
    bracket s starts at rung s. Trials are compared within their bracket.

    Parameters
    ----------
    min_resource : int, default=1
        Step of the first rung of the first bracket.
    max_resource : int or "auto", default="auto"
        The largest step plus 1. "auto" takes it from the complete trials; nothing is pruned until
        one is complete.
    reduction_factor : int, default=3
        At each rung, the best ``1 / reduction_factor`` of the trials continue.
    bootstrap_count : int, default=0
        Number of trials of a bracket that must reach a rung before any trial continues beyond it.
        Cannot be combined with ``max_resource="auto"``.

    Notes
    -----
    There are ``floor(log(max_resource / min_resource, reduction_factor)) + 1`` brackets. A trial's
    bracket is a hash of its number. Each bracket gets the same share of trials as in Algorithm 1
    of the paper. The sampler learns from all trials, whatever their bracket.

    References
    ----------
    L. Li et al., "Hyperband: a novel bandit-based approach to hyperparameter optimization",
    JMLR 18 (2018).

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     x = trial.suggest_float("x", 0, 1)
    ...     for step in range(27):
    ...         trial.report(x + 1 / (step + 1), step)
    ...         if trial.should_prune():
    ...             raise skhpo.TrialPruned()
    ...     return x
    >>> study = skhpo.create_study(
    ...     sampler=skhpo.samplers.RandomSampler(seed=0),
    ...     pruner=skhpo.pruners.HyperbandPruner(min_resource=1, max_resource=27),
    ... )
    >>> study.optimize(objective, n_trials=30)
    >>> 5 < sum(trial.state.name == "PRUNED" for trial in study.trials) < 30
    True
    """

    def __init__(
        self,
        min_resource: int = 1,
        max_resource: int | Literal["auto"] = "auto",
        reduction_factor: int = 3,
        bootstrap_count: int = 0,
    ) -> None:
        check_at_least("min_resource", min_resource, 1)
        check_at_least("reduction_factor", reduction_factor, 2)
        check_at_least("bootstrap_count", bootstrap_count, 0)
        if isinstance(max_resource, str):
            if max_resource != "auto":
                raise ValueError(
                    f"`max_resource` must be 'auto' or a number; got {max_resource!r}."
                )
            if bootstrap_count > 0:
                raise ValueError(
                    f"`bootstrap_count` requires a numeric `max_resource`; "
                    f"got {bootstrap_count} and max_resource='auto'."
                )
        else:
            check_at_least("max_resource", max_resource, min_resource)
        self.min_resource = min_resource
        self.max_resource = max_resource
        self.reduction_factor = reduction_factor
        self.bootstrap_count = bootstrap_count

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Compare the trial with those of its bracket that have reached the same rung."""
        if trial.last_step is None:
            return False
        max_resource = self.max_resource
        if isinstance(max_resource, str):
            largest = study.history.largest_step
            if largest is None:
                return False
            max_resource = largest + 1
        n_brackets = self._n_brackets(max_resource)
        bracket = self._bracket_of(trial.number, n_brackets)
        rungs = Rungs(
            self.min_resource * self.reduction_factor**bracket,
            self.reduction_factor,
            self.bootstrap_count,
        )

        def get_peers() -> list[FrozenTrial]:
            trials = study.get_trials(deepcopy=False)
            return [t for t in trials if self._bracket_of(t.number, n_brackets) == bracket]

        return rungs.stop(trial, get_peers, study.history.sign)

    def least_resource(self, number: int) -> int:
        """Return the first rung of the candidate's bracket."""
        if isinstance(self.max_resource, str):
            return 0
        bracket = self._bracket_of(number, self._n_brackets(self.max_resource))
        return int(self.min_resource * self.reduction_factor**bracket)

    def on_rungs(self, smallest: int, largest: int) -> Self:
        """Return a copy whose brackets span the given amounts."""
        pruner = super().on_rungs(smallest, largest)
        pruner.min_resource, pruner.max_resource = smallest, largest
        return pruner

    def _n_brackets(self, max_resource: int) -> int:
        n_brackets, resource = 1, self.min_resource * self.reduction_factor
        while resource <= max_resource:
            n_brackets, resource = n_brackets + 1, resource * self.reduction_factor
        return n_brackets

    def _bracket_of(self, number: int, n_brackets: int) -> int:
        shares = [self._share(bracket, n_brackets) for bracket in range(n_brackets)]
        position = zlib.crc32(str(number).encode()) % sum(shares)
        bracket = 0
        while position >= shares[bracket]:
            position -= shares[bracket]
            bracket += 1
        return bracket

    def _share(self, bracket: int, n_brackets: int) -> int:
        """Return the relative number of trials of a bracket (n in Algorithm 1 of the paper)."""
        s = n_brackets - 1 - bracket
        return math.ceil(n_brackets * int(self.reduction_factor**s) / (s + 1))
