"""NSGA-II: Deb et al. 2002."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skhpo.multi_objective import crowding_distance, nondomination_rank
from skhpo.samplers._genetic import GeneticSampler

__all__ = ["NSGAIISampler"]


class NSGAIISampler(GeneticSampler):
    """Breed new trials from those on the best fronts, and there from the least crowded.

    Parameters
    ----------
    population_size : int, default=20
        How many of the best trials are parents. As many trials are drawn from the prior first.
    mutation : BaseMutation, optional
        Changes one number of a child. Default: :class:`nsgaii.PolynomialMutation` with
        ``eta=5``. Categories are drawn anew.
    mutation_prob : float, optional
        Probability that a parameter is mutated. Default: 1 over the number of parameters.
    crossover : BaseCrossover, optional
        Makes a child's numbers from those of its parents. Default:
        :class:`nsgaii.UniformCrossover`.
    crossover_prob : float, default=0.9
        Probability that a child has several parents; otherwise it is a mutant of one.
    swapping_prob : float, default=0.5
        Probability that a category is the first parent's, and not the last one's; so it is for
        numbers with the default crossover.
    seed : int, optional
        Seed; None draws one from the system.
    constraints_func : callable, optional
        Called with the record of each trial that is complete or pruned; returns its constraints,
        numbers that are met at 0 and below. ``trial.set_constraint`` in the objective does the
        same, and can be read while the trial runs.
    **left_out
        Arguments that Optuna's sampler has: those that say whether to warn have no effect; others
        are refused with the reason.

    Notes
    -----
    - There is no generation to wait for: each trial has its parents among all that are finished
      when it starts, in whichever order they end. So any number of workers is kept busy, and a
      study that is resumed goes on as if it had not stopped.
    - Trials are taken up in blocks of `population_size`, by number: the survivors
      of the earlier blocks compete with the next block by constrained domination, then crowding.
    - Each parent is the fitter of two that are drawn ("binary tournament").
    - A child that has been tried before is bred again, up to ten times.
    - Trials stopped early take part with the prediction of their value, where there is one.

    References
    ----------
    K. Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE
    Transactions on Evolutionary Computation 6 (2002).

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     x = trial.suggest_float("x", 0, 5)
    ...     y = trial.suggest_float("y", 0, 3)
    ...     return 4 * x**2 + 4 * y**2, (x - 5) ** 2 + (y - 5) ** 2
    >>> study = skhpo.create_study(
    ...     directions=["minimize", "minimize"], sampler=skhpo.samplers.NSGAIISampler(seed=0)
    ... )
    >>> study.optimize(objective, n_trials=100)
    >>> len(study.best_trials) > 15
    True
    """

    def _survivors(
        self, losses: NDArray[np.float64], violation: NDArray[np.float64], n: int
    ) -> NDArray[np.int64]:
        """Choose by front, and by crowding distance in each."""
        rank = nondomination_rank(losses, violation, n_below=n)
        last = np.sort(rank)[:n][-1]
        crowding = np.zeros(len(losses))
        for front in range(last + 1):
            crowding[rank == front] = crowding_distance(losses[rank == front])
        chosen: NDArray[np.int64] = np.lexsort((-crowding, rank))[:n]
        return chosen
