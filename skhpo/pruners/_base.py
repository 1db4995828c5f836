"""What a pruner is."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from skhpo._parameters import HasParameters
from skhpo.trial import FrozenTrial

if TYPE_CHECKING:
    from typing import Self

    from skhpo.study import Study

__all__ = ["BasePruner", "Judge"]

Judge: TypeAlias = Callable[[FrozenTrial], bool]
"""A pruner as of some moment: says of a trial under way whether to stop it."""


class BasePruner(HasParameters, ABC):
    """Base class of the pruners, in the dialect of Optuna.

    A subclass implements :meth:`prune`. As ``pruner=`` of a search it is asked after each fold;
    the step is the fold.
    """

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

    def freeze(self, study: Study) -> Judge:
        """Return the pruner as of now: what happens in the study later does not change it.

        Parameters
        ----------
        study : Study
            The study as it is now.

        Returns
        -------
        judge : callable
            Takes a trial under way, returns whether to stop it.
        """
        snapshot = study._snapshot()
        return lambda trial: self.prune(snapshot, trial)  # type: ignore[arg-type]

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
