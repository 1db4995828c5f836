"""NSGA-III: Deb and Jain 2014."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Never

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skhpo.multi_objective import nondomination_rank, ranked_where_absurd
from skhpo.samplers._dialect import ConstraintsFunction
from skhpo.samplers._genetic import GeneticSampler
from skhpo.samplers.nsgaii import BaseCrossover, BaseMutation

__all__ = ["NSGAIIISampler"]

FloatArray = NDArray[np.float64]

OFF_AXIS = 1e-6  # weight of the other objectives when finding extreme points


class NSGAIIISampler(GeneticSampler):
    """Breed new trials from the best fronts, spread along reference directions.

    NSGA-III suits three or more objectives, for which nearly all trials may be on the first front.

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
    reference_points : array-like of shape (n_points, n_objectives), optional
        Directions along which to spread the trials, in the space of the objectives scaled to
        [0, 1]. Default: a lattice on the simplex.
    dividing_parameter : int, default=3
        Divisions of the lattice along each side (Das and Dennis 1998).
    constraints_func : callable, optional
        Called with the record of each trial that is complete or pruned; returns its constraints,
        numbers that are satisfied at 0 and below. ``trial.set_constraint`` in the objective does
        the same, and can be read while the trial runs.
    **left_out
        Arguments of Optuna's sampler. Those that control warnings have no effect; others
        raise an error that states the reason.

    Notes
    -----
    - The notes on blocks, parents and children of :class:`NSGAIISampler` apply here, too.
    - Among the directions with the fewest trials, the trial nearest to its direction is selected
      next; the original algorithm draws one at random. The ideal point and the extreme points are
      computed from the competing trials.

    References
    ----------
    K. Deb and H. Jain, "An evolutionary many-objective optimization algorithm using
    reference-point-based nondominated sorting approach, part I", IEEE Transactions on Evolutionary
    Computation 18 (2014).

    I. Das and J. Dennis, "Normal-boundary intersection", SIAM Journal on Optimization 8 (1998).

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     x = [trial.suggest_float(name, 0, 1) for name in ("x", "y", "z")]
    ...     return [sum((a - (i == j)) ** 2 for i, a in enumerate(x)) for j in range(3)]
    >>> study = skhpo.create_study(
    ...     directions=["minimize"] * 3, sampler=skhpo.samplers.NSGAIIISampler(seed=0)
    ... )
    >>> study.optimize(objective, n_trials=100)
    >>> len(study.best_trials) > 30
    True
    """

    def __init__(
        self,
        *,
        population_size: int = 20,
        mutation: BaseMutation | None = None,
        mutation_prob: float | None = None,
        crossover: BaseCrossover | None = None,
        crossover_prob: float = 0.9,
        swapping_prob: float = 0.5,
        seed: int | None = None,
        reference_points: ArrayLike | None = None,
        dividing_parameter: int = 3,
        constraints_func: ConstraintsFunction | None = None,
        **left_out: Never,
    ) -> None:
        super().__init__(
            population_size=population_size,
            mutation=mutation,
            mutation_prob=mutation_prob,
            crossover=crossover,
            crossover_prob=crossover_prob,
            swapping_prob=swapping_prob,
            seed=seed,
            constraints_func=constraints_func,
            **left_out,
        )
        if dividing_parameter < 1:
            raise ValueError(f"`dividing_parameter` must be 1 or more; got {dividing_parameter}.")
        self.reference_points = reference_points
        self._points_given: FloatArray | None = None
        if reference_points is not None:
            points = np.asarray(reference_points, dtype=float)
            if points.ndim != 2 or not (np.isfinite(points).all() and points.any(axis=1).all()):
                raise ValueError(
                    "`reference_points` must have shape (n_points, n_objectives), be finite, and "
                    f"contain no row of zeros; got {reference_points!r}."
                )
            self._points_given = points
        self.dividing_parameter = dividing_parameter

    def _survivors(
        self, losses: FloatArray, violation: NDArray[np.float64], n: int
    ) -> NDArray[np.int64]:
        """Select by front, and within each front by niche."""
        directions = self._directions(losses.shape[1])
        rank = nondomination_rank(losses, violation, n_below=n)
        last = np.sort(rank)[:n][-1]
        niche, distance = associate(normalize(losses, rank <= last), directions)
        n_members = np.zeros(len(directions), dtype=np.int64)
        chosen: list[int] = []
        for front in range(last + 1):  # Algorithm 4
            left = np.flatnonzero(rank == front)
            while len(left) and len(chosen) < n:
                best = np.lexsort((distance[left], n_members[niche[left]]))[0]
                chosen.append(int(left[best]))
                n_members[niche[left[best]]] += 1
                left = np.delete(left, best)
        return np.array(chosen, dtype=np.int64)

    def _directions(self, n_objectives: int) -> FloatArray:
        """Return the reference directions, ndarray of shape (n_directions, n_objectives)."""
        if self._points_given is None:
            return simplex_lattice(n_objectives, self.dividing_parameter)
        if self._points_given.shape[1] != n_objectives:
            raise ValueError(
                f"`reference_points` must have {n_objectives} columns, one per objective; "
                f"got {self._points_given.shape[1]} columns."
            )
        return self._points_given


def simplex_lattice(n_objectives: int, n_divisions: int) -> FloatArray:
    """Return all points whose coordinates are multiples of ``1 / n_divisions`` and sum to 1."""
    picks = combinations_with_replacement(range(n_objectives), n_divisions)
    counts = [np.bincount(pick, minlength=n_objectives) for pick in picks]
    return np.array(counts) / n_divisions


def normalize(losses: FloatArray, competes: NDArray[np.bool_]) -> FloatArray:
    """Scale losses so that the ideal point is 0 and the intercepts of the front are 1.

    Parameters
    ----------
    losses : ndarray of shape (n_points, n_objectives)
        Smaller is better.
    competes : ndarray of bool of shape (n_points,)
        The points that define the scale.

    Returns
    -------
    normalized : ndarray of shape (n_points, n_objectives)
    """
    losses = ranked_where_absurd(losses)
    finite = np.isfinite(losses) & competes[:, None]
    ideal = np.where(finite, losses, np.inf).min(axis=0)
    worst = np.where(finite, losses, -np.inf).max(axis=0)
    is_known = np.isfinite(ideal)
    ideal, worst = np.where(is_known, ideal, 0.0), np.where(is_known, worst, 0.0)
    shifted = np.clip(losses, ideal, worst) - ideal  # (Algorithm 2, line 3)
    n_objectives = losses.shape[1]
    weights = np.where(np.eye(n_objectives, dtype=bool), 1.0, OFF_AXIS)
    reach = (shifted[competes][:, None, :] / weights).max(axis=2)  # (eq. 4)
    extremes = shifted[competes][reach.argmin(axis=0)]
    intercepts = worst - ideal
    if np.linalg.matrix_rank(extremes) == n_objectives:
        with np.errstate(divide="ignore"):
            found = 1.0 / np.linalg.solve(extremes, np.ones(n_objectives))
        if (found > 0.0).all() and np.isfinite(found).all():
            intercepts = found
    return shifted / np.where(intercepts > 0.0, intercepts, 1.0)  # (eq. 5)


def associate(
    points: FloatArray, directions: FloatArray
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the nearest direction of each point.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_objectives)
    directions : ndarray of shape (n_directions, n_objectives)

    Returns
    -------
    niche : ndarray of int of shape (n_points,)
        Index of the nearest direction (Algorithm 3).
    distance : ndarray of shape (n_points,)
        Distance from the line through the origin along this direction.
    """
    units = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    along = points @ units.T
    squared = (points**2).sum(axis=1, keepdims=True) - along**2
    niche = squared.argmin(axis=1)
    return niche, np.sqrt(np.maximum(squared[np.arange(len(points)), niche], 0.0))
