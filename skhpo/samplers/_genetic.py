"""Genetic samplers: the best trials so far are the parents of the next ones."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Never
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy.typing import NDArray

from skhpo.history import Columns
from skhpo.samplers._base import ColumnSampler
from skhpo.samplers._dialect import ConstraintsFunction, check_left_out
from skhpo.samplers._failures import has_failures, likely_last
from skhpo.samplers.nsgaii import (
    BaseCrossover,
    BaseMutation,
    PolynomialMutation,
    UniformCrossover,
)
from skhpo.samplers.nsgaii._crossovers import check_probability
from skhpo.trial import FrozenTrial

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["GeneticSampler"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_GENERATIONS = "parents are the best of all trials so far, without separate generations"
LEFT_OUT = {
    "elite_population_selection_strategy": (None, _GENERATIONS),
    "child_generation_strategy": (None, _GENERATIONS),
    "after_trial_strategy": (None, _GENERATIONS),
}
ETA = 5.0  # of the default mutation: steps are of the order of a fifth of the range
MAX_ATTEMPTS = 10  # to make a child within bounds, and to make a new one


class GeneticSampler(ColumnSampler):
    """Base class of the genetic samplers: population, parents, crossover and mutation.

    Trials are processed by number in blocks of `population_size`. The survivors of the earlier
    blocks compete with the trials of the next block, and :meth:`_survivors` selects the new
    population. The last block includes only finished trials, so no worker waits for a generation
    to end. The population depends only on which trials are finished.

    Parameters
    ----------
    population_size, mutation, mutation_prob, crossover, crossover_prob, swapping_prob, seed, \
    constraints_func, **left_out
        As in :class:`NSGAIISampler`.
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
        constraints_func: ConstraintsFunction | None = None,
        **left_out: Never,
    ) -> None:
        check_left_out(type(self), left_out, LEFT_OUT)
        super().__init__(seed=seed)
        self.constraints_func = constraints_func
        self.mutation = mutation
        self.crossover = crossover
        self._mutation = PolynomialMutation(eta=ETA) if mutation is None else mutation
        self._crossover = UniformCrossover(swapping_prob) if crossover is None else crossover
        if not isinstance(self._mutation, BaseMutation):
            raise TypeError(f"`mutation` must be a BaseMutation; got {mutation!r}.")
        if not isinstance(self._crossover, BaseCrossover):
            raise TypeError(f"`crossover` must be a BaseCrossover; got {crossover!r}.")
        if population_size < max(2, self._crossover.n_parents):
            raise ValueError(
                "`population_size` must be 2 or more, and no less than the number of parents "
                f"of the crossover, {self._crossover.n_parents}; got {population_size}."
            )
        if mutation_prob is not None:
            check_probability("mutation_prob", mutation_prob)
        self.population_size = population_size
        self.mutation_prob = mutation_prob
        self.crossover_prob = check_probability("crossover_prob", crossover_prob)
        self.swapping_prob = check_probability("swapping_prob", swapping_prob)
        self._forget_studies()

    def _forget_studies(self) -> None:
        self._study: ref[Study] | None = None
        # For each group of parameters and each full block: how many trials were known at its
        # end, and which of them survived.
        self._blocks: WeakKeyDictionary[Columns, list[tuple[int, IntArray]]] = WeakKeyDictionary()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what belongs to a study and can be computed again."""
        return {k: v for k, v in self.__dict__.items() if k not in ("_study", "_blocks")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget_studies()

    @abstractmethod
    def _survivors(self, losses: FloatArray, violation: FloatArray, n: int) -> IntArray:
        """Select the survivors.

        Parameters
        ----------
        losses : ndarray of shape (n_trials, n_objectives)
            Smaller is better.
        violation : ndarray of shape (n_trials,)
            By how much each trial violates its constraints.
        n : int
            Maximum number of survivors.

        Returns
        -------
        survivors : ndarray of int of shape (<= n,)
            Indices, the fittest first.
        """

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Store the study for crossovers and mutations that read it."""
        self._study = ref(study)

    def propose(self, columns: Columns, rng: np.random.Generator) -> FloatArray:
        """Propose a child of the population; draw uniformly until the population is full."""
        population = self._population(columns)
        if len(population) < self.population_size:
            return likely_last(rng.random((MAX_ATTEMPTS, len(columns.names))), columns)
        parents = columns.points[population]
        if has_failures(columns):
            children = [self._child(parents, columns, rng) for _ in range(MAX_ATTEMPTS)]
            new = [child for child in children if _is_new(child, columns)]
            return likely_last(np.array(new or children), columns)
        for _ in range(MAX_ATTEMPTS):
            child = self._child(parents, columns, rng)
            if _is_new(child, columns):
                break
        return child[None]

    def _population(self, columns: Columns) -> IntArray:
        """Return the rows of the surviving trials, the fittest first."""
        size, known = self.population_size, columns.known
        blocks = self._blocks.setdefault(columns, [])
        n_whole = columns.history.n_trials // size
        ends = np.searchsorted(known, size * np.arange(1, n_whole + 1))
        # A trial that has finished since then invalidates all later blocks.
        while blocks and blocks[-1][0] != ends[len(blocks) - 1]:
            blocks.pop()
        for end in ends[len(blocks) :].tolist():
            blocks.append((end, self._next_population(blocks, known[:end], columns)))
        return self._next_population(blocks, known, columns)

    def _next_population(
        self, blocks: Sequence[tuple[int, IntArray]], known: IntArray, columns: Columns
    ) -> IntArray:
        """Return the survivors among the last survivors and the trials since then."""
        start, survivors = blocks[-1] if blocks else (0, known[:0])
        if start == len(known):
            return survivors
        rows = np.concatenate([survivors, known[start:]])
        history = columns.history
        chosen = self._survivors(
            history.losses[rows], history.violation[rows], self.population_size
        )
        return rows[chosen]

    def _child(
        self, population: FloatArray, columns: Columns, rng: np.random.Generator
    ) -> FloatArray:
        """Cross parents and mutate the child."""
        dialect_rng = np.random.RandomState(rng.bit_generator)  # the same stream
        is_ordered = np.array([d.is_ordered for d in columns.distributions])
        if rng.random() < self.crossover_prob:
            child = self._cross(population, is_ordered, rng, dialect_rng)
        else:
            child = population[_tournament(len(population), 1, rng)[0]].copy()
        n_params = len(child)
        prob = 1.0 / n_params if self.mutation_prob is None else self.mutation_prob
        study = self._study() if self._study else None
        bounds = np.array([0.0, 1.0])
        for j in np.flatnonzero(rng.random(n_params) < prob):
            if is_ordered[j]:
                mutated = self._mutation.mutation(float(child[j]), dialect_rng, study, bounds)
                child[j] = np.clip(mutated, 0.0, 1.0)
            else:
                child[j] = rng.random()
        return child

    def _cross(
        self,
        population: FloatArray,
        is_ordered: NDArray[np.bool_],
        rng: np.random.Generator,
        dialect_rng: np.random.RandomState,
    ) -> FloatArray:
        """Cross parents: numbers with the crossover, categories one by one."""
        study = self._study() if self._study else None
        bounds = np.tile([0.0, 1.0], (int(is_ordered.sum()), 1))
        for _ in range(MAX_ATTEMPTS):
            chosen = _tournament(len(population), self._crossover.n_parents, rng)
            parents = population[chosen]
            is_first = rng.random(len(is_ordered)) < self.swapping_prob
            child = np.where(is_first, parents[0], parents[-1])
            if len(bounds):
                numbers = parents[:, is_ordered]
                child[is_ordered] = self._crossover.crossover(numbers, dialect_rng, study, bounds)
            if ((child >= 0.0) & (child <= 1.0)).all():
                break
        return np.asarray(np.clip(child, 0.0, 1.0))


def _tournament(n: int, n_parents: int, rng: np.random.Generator) -> list[int]:
    """Choose distinct parents by binary tournaments."""
    chosen: list[int] = []
    while len(chosen) < n_parents:
        winner = int(rng.integers(n, size=2).min())
        if winner not in chosen:
            chosen.append(winner)
    return chosen


def _is_new(child: FloatArray, columns: Columns) -> bool:
    """Return whether no trial has the child's values."""
    cell = [d.to_unit(d.from_unit(u)) for u, d in zip(child, columns.distributions, strict=True)]
    return not bool((columns.points == cell).all(axis=1).any())
