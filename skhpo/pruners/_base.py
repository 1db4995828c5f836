"""What a pruner is."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skhpo._parameters import HasParameters
from skhpo.pruners._decision import Decision, StoppingRule
from skhpo.pruners._front_race import FrontRace
from skhpo.trial import FrozenTrial

if TYPE_CHECKING:
    from typing import Self

    from skhpo.study import Study

__all__ = ["BasePruner"]


class BasePruner(HasParameters, ABC):
    """Base class of the pruners, in the dialect of Optuna.

    A subclass implements :meth:`prune`. As ``pruner=`` of a search it is asked after each fold;
    the step is the fold.

    The other attributes and methods are what a search asks of a pruner. Their defaults suit a
    pruner that compares means; :class:`WrappingPruner` passes all of them on.
    """

    can_stop: ClassVar[bool] = True
    """Whether the pruner ever stops a trial."""

    reads_fold_scores: ClassVar[bool] = False
    """In a search: whether the reported values are the scores of single folds (True),
    or the means of the folds so far (False)."""

    @property
    def resource_factor(self) -> int | None:
        """By what a search's resource grows from rung to rung: the pruner's `reduction_factor`.

        None if it has none.
        """
        factor: int | None = getattr(self, "reduction_factor", None)
        return factor

    @abstractmethod
    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Judge whether a trial should stop now.

        Parameters
        ----------
        study : Study
            The study; must not be changed.
        trial : FrozenTrial
            The trial under way; must not be changed.

        Returns
        -------
        prune : bool
        """

    def freeze(self, study: Study) -> StoppingRule:
        """Return the pruner as of now: what happens in the study later does not change it.

        Parameters
        ----------
        study : Study
            The study as it is now.

        Returns
        -------
        rule : callable
            Takes a trial under way, returns a :class:`Decision`.
        """
        snapshot = study.snapshot()
        reason = f"stopped by {type(self).__name__}"

        def decide(trial: FrozenTrial) -> Decision:
            stop = bool(self.prune(snapshot, trial))  # type: ignore[arg-type]
            return Decision(stop, reason if stop else "")

        return decide

    def fit_front(
        self, losses: NDArray[np.float64], n_objectives: int, **settings: Any
    ) -> FrontRace:
        """Return what stops candidates with several objectives, fitted to the complete ones.

        Parameters
        ----------
        losses : ndarray of shape (n_complete, n_folds, n_losses)
            Losses of the complete candidates.
        n_objectives : int
            How many of the losses are objectives.
        **settings : dict
            Bounds and scales of the losses.

        Raises
        ------
        ValueError
            If the pruner is for a single objective.
        """
        raise ValueError(
            f"{type(self).__name__} compares single values: it cannot stop candidates with several "
            "objectives. Use RacingPruner, or pruner=None."
        )

    def fold_order(self, number: int, n_folds: int) -> NDArray[np.int64]:
        """The order in which a search runs the folds of candidate `number`.

        Parameters
        ----------
        number : int
            Number of the candidate, from 0.
        n_folds : int
            Number of folds.

        Returns
        -------
        order : ndarray of shape (n_folds,)
            A permutation of the folds; from first to last unless a pruner knows better.
        """
        return np.arange(n_folds)

    def least_resource(self, number: int) -> int:
        """The step before which a search with a resource need not look at candidate `number`.

        Parameters
        ----------
        number : int
            Number of the candidate, from 0.

        Returns
        -------
        step : int
            0 unless a pruner knows better.
        """
        return 0

    def on_rungs(self, smallest: int, largest: int) -> Self:
        """Return a copy for a search along a resource.

        Parameters
        ----------
        smallest, largest : int
            The amounts of the resource at the first and at the last rung.
        """
        return copy.deepcopy(self)
