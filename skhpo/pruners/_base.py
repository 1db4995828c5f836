"""Base class of pruners."""

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
    """Base class of the pruners, compatible with Optuna's.

    A subclass implements :meth:`prune`. A search calls its pruner after each fold. The step of a
    report is the index of the fold; with a `resource` it is the amount of the resource.

    A search also uses the other attributes and methods. Their defaults suit a pruner that
    compares means. :class:`WrappingPruner` delegates all of them.
    """

    can_stop: ClassVar[bool] = True
    """Whether the pruner ever stops a trial."""

    reads_fold_scores: ClassVar[bool] = False
    """In a search: whether the reported values are the scores of single folds (True),
    or the means of the folds so far (False)."""

    @property
    def resource_factor(self) -> int | None:
        """Factor by which a search's resource grows from rung to rung: the `reduction_factor`.

        None if the pruner has none.
        """
        factor: int | None = getattr(self, "reduction_factor", None)
        return factor

    @abstractmethod
    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Decide whether to stop a trial now.

        Parameters
        ----------
        study : Study
            The study; must not be changed.
        trial : FrozenTrial
            The running trial; must not be changed.

        Returns
        -------
        prune : bool
        """

    def freeze(self, study: Study) -> StoppingRule:
        """Return the pruner's current rule, which later changes of the study do not affect.

        Parameters
        ----------
        study : Study
            The study in its current state.

        Returns
        -------
        rule : callable
            Takes a running trial and returns a :class:`Decision`.
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
        """Fit the rule that stops candidates with several objectives to the complete ones.

        Parameters
        ----------
        losses : ndarray of shape (n_complete, n_folds, n_losses)
            Losses of the complete candidates.
        n_objectives : int
            Number of losses that are objectives.
        **settings : dict
            Bounds and scales of the losses.

        Raises
        ------
        ValueError
            If the pruner supports a single objective only.
        """
        raise ValueError(
            f"{type(self).__name__} compares single values, so it cannot stop candidates with "
            "several objectives. Use RacingPruner or pruner=None."
        )

    def fold_order(self, number: int, n_folds: int) -> NDArray[np.int64]:
        """Return the order in which a search runs the folds of candidate `number`.

        Parameters
        ----------
        number : int
            Number of the candidate, from 0.
        n_folds : int
            Number of folds.

        Returns
        -------
        order : ndarray of shape (n_folds,)
            A permutation of the folds. Default: from first to last.
        """
        return np.arange(n_folds)

    def least_resource(self, number: int) -> int:
        """Return the first step at which a search along a resource evaluates candidate `number`.

        Parameters
        ----------
        number : int
            Number of the candidate, from 0.

        Returns
        -------
        step : int
            Default: 0.
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
