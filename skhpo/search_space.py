"""Intersection search spaces: parameters with the same distribution in all trials."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from skhpo.distributions import BaseDistribution
from skhpo.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["IntersectionSearchSpace", "intersection_search_space"]


class IntersectionSearchSpace:
    """The common parameters of a study's trials, updated incrementally.

    Parameters
    ----------
    include_pruned : bool, default=False
        Whether to include pruned trials, in addition to complete ones.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.search_space import IntersectionSearchSpace
    >>> def objective(trial):
    ...     if trial.suggest_categorical("kind", ["a", "b"]) == "a":
    ...         trial.suggest_float("only_of_a", 0, 1)
    ...     return trial.suggest_float("x", 0, 1)
    >>> study = skhpo.create_study()
    >>> study.optimize(objective, n_trials=20)
    >>> list(IntersectionSearchSpace().calculate(study))
    ['kind', 'x']
    """

    def __init__(self, include_pruned: bool = False) -> None:
        self.include_pruned = include_pruned
        self._study_name: str | None = None
        self._n_read = 0  # all trials before this number have ended and are processed
        self._space: dict[str, BaseDistribution] | None = None

    def calculate(self, study: Study) -> dict[str, BaseDistribution]:
        """Return the parameters that all complete trials have, with equal distributions.

        Parameters
        ----------
        study : Study
            The study, the same in each call.

        Returns
        -------
        search_space : dict of str to BaseDistribution
            The distributions, sorted by name.

        Raises
        ------
        ValueError
            If the study is not that of the previous calls.
        """
        if self._study_name not in (None, study.study_name):
            raise ValueError(
                f"`study` must be the same in each call: it was {self._study_name!r}, but got "
                f"{study.study_name!r}."
            )
        self._study_name = study.study_name
        trials = study.get_trials(deepcopy=False)
        self._space = _intersect(self._space, trials[self._n_read :], self.include_pruned)
        while self._n_read < len(trials) and trials[self._n_read].state.is_finished():
            self._n_read += 1
        return dict(sorted((self._space or {}).items()))


def intersection_search_space(
    trials: Iterable[FrozenTrial], include_pruned: bool = False
) -> dict[str, BaseDistribution]:
    """Return the parameters that all complete trials have, with equal distributions.

    Parameters that only some trials have, or whose range differs between trials, are left out.

    Parameters
    ----------
    trials : iterable of FrozenTrial
        Trials in any state.
    include_pruned : bool, default=False
        Whether to include pruned trials, in addition to complete ones.

    Returns
    -------
    search_space : dict of str to BaseDistribution
        The distributions, sorted by name; empty if no trial is complete.

    Examples
    --------
    >>> import skhpo
    >>> study = skhpo.create_study()
    >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    >>> skhpo.search_space.intersection_search_space(study.trials)
    {'x': FloatDistribution(low=0.0, high=1.0, log=False, step=None)}
    """
    return dict(sorted((_intersect(None, trials, include_pruned) or {}).items()))


def _intersect(
    space: dict[str, BaseDistribution] | None, trials: Iterable[FrozenTrial], include_pruned: bool
) -> dict[str, BaseDistribution] | None:
    """Intersect `space` with the spaces of the trials; None means no trial so far."""
    for trial in trials:
        if trial.state == TrialState.COMPLETE or (
            include_pruned and trial.state == TrialState.PRUNED
        ):
            theirs = trial.distributions
            space = {
                name: distribution
                for name, distribution in (theirs if space is None else space).items()
                if theirs.get(name) == distribution
            }
    return space
