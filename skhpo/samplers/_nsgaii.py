"""NSGA-II: Deb et al. 2002."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skhpo.multi_objective import crowding_distance, nondomination_rank
from skhpo.samplers._genetic import GeneticSampler

__all__ = ["NSGAIISampler"]


class NSGAIISampler(GeneticSampler):
    """Breed new trials from the best fronts, preferring the least crowded trials.

    Parameters
    ----------
    population_size : int, default=20
        Number of trials in the population. The first `population_size` trials are drawn from the
        prior.
    mutation : BaseMutation, optional
        Changes one number of a child. Default: :class:`nsgaii.PolynomialMutation` with
        ``eta=5``. Mutated categories are drawn from the prior.
    mutation_prob : float, optional
        Probability that a parameter is mutated. Default: 1 over the number of parameters.
    crossover : BaseCrossover, optional
        Makes a child's numeric parameters from its parents'. Default:
        :class:`nsgaii.UniformCrossover`.
    crossover_prob : float, default=0.9
        Probability that a child has several parents; otherwise it is a mutant of one.
    swapping_prob : float, default=0.5
        Probability that a category comes from the first parent rather than the last one. The
        default crossover uses it for numbers, too.
    seed : int, optional
        Seed; None draws one from the system.
    constraints_func : callable, optional
        Called with the record of each trial that is complete or pruned; returns its constraints,
        numbers that are satisfied at 0 and below. ``trial.set_constraint`` in the objective does
        the same, and can be read while the trial runs.
    **left_out
        Arguments of Optuna's sampler. Those that control warnings have no effect; others
        raise an error that states the reason.

    Notes
    -----
    - Workers never wait for a generation to end. Each trial's parents are chosen among all trials
      that are finished when it starts, in whatever order they finish. Any number of workers stays
      busy, and a resumed study continues as if it had not been interrupted.
    - Trials are processed by number in blocks of `population_size`. The survivors of the earlier
      blocks compete with the next block by constrained domination, then by crowding distance.
    - Each parent is the better of two randomly drawn trials ("binary tournament").
    - A child that has been tried before is replaced by another one, up to ten times.
    - Trials stopped early are used with the prediction of their value if there is one.

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
        """Select by front, and within each front by crowding distance."""
        rank = nondomination_rank(losses, violation, n_below=n)
        last = np.sort(rank)[:n][-1]
        crowding = np.zeros(len(losses))
        for front in range(last + 1):
            crowding[rank == front] = crowding_distance(losses[rank == front])
        chosen: NDArray[np.int64] = np.lexsort((-crowding, rank))[:n]
        return chosen
