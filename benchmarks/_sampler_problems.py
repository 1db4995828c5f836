"""Problems of the samplers' benchmark: real tuning problems, test functions, several objectives.

A real problem is a table of cross-validation losses of some hundred random configurations, made
continuous by radial basis functions, with the noise that its folds show. Every second problem is
held out: settings are chosen on the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from _fold_tables import TASKS as FOLD_TASKS
from _fold_tables import fold_arrays
from _sampler_functions import (
    Function,
    ackley,
    branin,
    dtlz2,
    hartmann,
    levy,
    rosenbrock,
    shifted,
    styblinski_tang,
    zdt,
)
from _sampler_spaces import Array, Point, Space, box, natural, snap, to_unit
from _sampler_tasks import TASKS, Surrogate, table
from numpy.typing import NDArray

from skhpo.multi_objective import is_nondominated

__all__ = ["FAMILIES", "PROBLEMS", "SUBSET", "Problem"]

FAMILIES = ("tuning", "synthetic", "several objectives")


@dataclass(frozen=True, eq=False)
class Problem:
    """Something to minimise.

    Attributes
    ----------
    name : str
        Unique.
    family : str
        One of ``FAMILIES``.
    held_out : bool
        Whether settings must not be chosen on it.
    space : dict
        Parameters.
    load : callable
        Returns the function: points in the unit cube, of shape (n, d), to values without noise,
        of shape (n, n_objectives), and the noise's standard deviation.
    n_objectives : int
    """

    name: str
    family: str
    held_out: bool
    space: Space
    load: Callable[[], tuple[Callable[[Array], Array], float]]
    n_objectives: int = 1

    @cached_property
    def _loaded(self) -> tuple[Callable[[Array], Array], float]:
        return self.load()

    @property
    def noise(self) -> float:
        """Standard deviation of what is added to a value."""
        return self._loaded[1]

    def __call__(self, points: Sequence[Point]) -> Array:
        """Values without noise, ndarray of shape (n_points, n_objectives)."""
        return self._loaded[0](np.array([self._to_unit(point) for point in points]))

    def _to_unit(self, point: Point) -> list[float]:
        return [to_unit(domain, point[name]) for name, domain in self.space.items()]

    def draw(self, n: int, seed: int) -> Array:
        """Random points in the unit cube; a value of few is in the middle of its cell."""
        return snap(self.space, np.random.default_rng(seed).random((n, len(self.space))))

    @cached_property
    def scale(self) -> tuple[float, float]:
        """Best value and median of random points, of a problem with one objective."""
        points = self.draw(20_000, 0)
        values = self._loaded[0](points)[:, 0]
        median = float(np.median(values))
        rng = np.random.default_rng(1)
        best = points[np.argsort(values)[:5]]
        for width in np.geomspace(0.2, 1e-4, 40):
            moved = np.repeat(best, 100, axis=0)
            moved += rng.normal(0, width, moved.shape) * (rng.random(moved.shape) < 0.5)
            points = np.concatenate([best, snap(self.space, np.clip(moved, 0, 1))])
            values = self._loaded[0](points)[:, 0]
            best = points[np.argsort(values)[:5]]
        return float(values.min()), median

    @cached_property
    def front(self) -> tuple[Array, Array]:
        """Reference point, and the front found in a large sample, with several objectives.

        The reference point is the worst value of each objective, but for the worst tenth.
        """
        function = self._loaded[0]
        points = self.draw(4000, 0)
        values = function(points)
        reference = np.quantile(values, 0.9, axis=0)
        rng = np.random.default_rng(1)
        for width in np.geomspace(0.3, 1e-3, 100):
            elite = points[_thinned_front(values, reference)]
            parents = elite[rng.integers(len(elite), size=1500)]
            mates = elite[rng.integers(len(elite), size=1500)]
            children = np.where(rng.random(parents.shape) < 0.2, mates, parents)
            children += rng.normal(0, width, parents.shape) * (rng.random(parents.shape) < 0.4)
            points = np.concatenate([elite, snap(self.space, np.clip(children, 0, 1))])
            values = function(points)
        return reference, values[_thinned_front(values, reference)]


def _thinned_front(values: Array, reference: Array) -> NDArray[np.int64]:
    """Rows that no other row dominates, one from each cell of a fine grid."""
    rows = np.flatnonzero(is_nondominated(values) & (values < reference).all(axis=1))
    front = values[rows]
    span = np.maximum(np.ptp(front, axis=0), 1e-12)
    fineness = 500 if values.shape[1] == 2 else 30
    cells = np.floor((front - front.min(axis=0)) / span * fineness)
    _, first = np.unique(cells, axis=0, return_index=True)
    return rows[first]


def from_fold_table(name: str, metric: str, held_out: bool) -> Problem:
    """A problem out of one of the pruning benchmark's tables."""
    index = [task.name for task in FOLD_TASKS].index(name)
    task = FOLD_TASKS[index]

    def load() -> tuple[Callable[[Array], Array], float]:
        stored = fold_arrays(task, index)
        losses = stored["losses5"][task.metrics.index(metric)]
        surrogate = Surrogate(task.space, stored["points"], losses, metric)
        return lambda points: surrogate(points)[:, None], surrogate.noise

    return Problem(f"{name}-{metric}", "tuning", held_out, task.space, load)


def from_task(index: int, held_out: bool) -> Problem:
    """A problem out of a table of this module."""
    task = TASKS[index]

    def load() -> tuple[Callable[[Array], Array], float]:
        stored = table(task, index)
        surrogates = [
            Surrogate(task.space, stored["points"], losses, metric)
            for losses, metric in zip(stored["losses"], (task.metric, "second"), strict=False)
        ]
        noise = surrogates[0].noise if task.second is None else 0.0
        return lambda points: np.column_stack([s(points) for s in surrogates]), noise

    n_objectives = 1 if task.second is None else 2
    family = FAMILIES[0] if task.second is None else FAMILIES[2]
    return Problem(task.name, family, held_out, task.space, load, n_objectives)


def from_function(
    name: str, function: Function, space: Space, held_out: bool, noise: float = 0.0
) -> Problem:
    """A problem out of a test function; the unit of noise is the values' interquartile range."""

    def load() -> tuple[Callable[[Array], Array], float]:
        def values(points: Array) -> Array:
            return function(natural(space, points))[:, None]

        probes = np.random.default_rng(0).random((4000, len(space)))
        low, high = np.quantile(values(snap(space, probes)), (0.25, 0.75))
        return values, noise * float(high - low)

    return Problem(name, "synthetic", held_out, space, load)


def of_several(name: str, function: Function, d: int, n_objectives: int, held_out: bool) -> Problem:
    """A test problem with several objectives."""
    return Problem(
        name,
        FAMILIES[2],
        held_out,
        box(d, 0.0, 1.0),
        lambda: (function, 0.0),
        n_objectives,
    )


def make_problems() -> tuple[Problem, ...]:
    """All problems."""
    return (
        from_fold_table("breast_cancer-svc", "accuracy", False),
        from_fold_table("digits-svc", "accuracy", True),
        from_fold_table("breast_cancer-logistic", "neg_log_loss", False),
        from_fold_table("friedman1-network", "r2", True),
        from_fold_table("noisy-forest", "roc_auc", False),
        from_fold_table("diabetes-forest", "neg_mean_squared_error", True),
        from_fold_table("friedman1-svr", "neg_mean_squared_error", False),
        from_fold_table("friedman1-boosting", "r2", True),
        from_fold_table("several-network", "accuracy", False),
        from_fold_table("noisy-boosting", "neg_log_loss", True),
        *(from_task(index, bool(index % 2)) for index in range(len(TASKS))),
        from_function("branin", branin, {"a": ("float", -5, 10), "b": ("float", 0, 15)}, False),
        from_function("hartmann3", hartmann, box(3, 0, 1), True),
        from_function("hartmann6", hartmann, box(6, 0, 1), False),
        from_function("ackley5", ackley, box(5, -10, 22), True),
        from_function("rosenbrock5", rosenbrock, box(5, -5, 10), False),
        from_function("styblinski_tang5", styblinski_tang, box(5, -5, 5), True),
        from_function("levy8", levy, box(8, -14, 8), False),
        from_function("ackley6-mixed", ackley, box(5, -10, 22, 2, (-4.0, 0.0, 2.0, 7.0)), True),
        from_function("rosenbrock5-integer", rosenbrock, box(5, -5, 10, 3), False),
        from_function("styblinski_tang8-mixed", styblinski_tang, box(8, -5, 5, 4), True),
        from_function("hartmann6-noisy", hartmann, box(6, 0, 1), False, noise=1.0),
        from_function(
            "branin-noisy", branin, {"a": ("float", -5, 10), "b": ("float", 0, 15)}, True, noise=0.1
        ),
        of_several("zdt1", shifted(lambda x: zdt(1, x)), 6, 2, False),
        of_several("zdt2", shifted(lambda x: zdt(2, x)), 6, 2, True),
        of_several("zdt3", shifted(lambda x: zdt(3, x)), 6, 2, False),
        of_several("dtlz2", dtlz2, 6, 3, True),
    )


PROBLEMS = make_problems()

SUBSET = (  # for samplers whose asks take long
    "breast_cancer-svc-accuracy",
    "friedman1-boosting-r2",
    "several-network-accuracy",
    "digits-svc-kernels",
    "several-network-mixed",
    "diabetes-boosting-mixed",
    "digits-sgd",
    "cancer-nearest-pipeline",
    "hartmann6",
    "styblinski_tang5",
    "ackley6-mixed",
    "branin-noisy",
)


if __name__ == "__main__":
    for problem in PROBLEMS:
        start = time.process_time()
        noise = problem.noise
        if problem.n_objectives == 1:
            best, median = problem.scale
            print(
                f"{problem.name:32s} d={len(problem.space)} best {best:.4g} median {median:.4g} "
                f"noise {noise / (median - best):.3f} of the range, "
                f"{time.process_time() - start:.1f} s",
                flush=True,
            )
        else:
            print(f"{problem.name:32s} d={len(problem.space)} {problem.front[0]}", flush=True)
