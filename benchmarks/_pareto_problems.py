"""Problems of the benchmark of several objectives: test functions, and real models, tabulated.

The optimal plane of each test function lies inside the cube, off its centre and its sides, where
a sampler would come upon it by luck. The front of a test function is known; that of a tuning
problem is what a long evolutionary search of the table finds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from _common import kept_arrays
from _fold_tables import DIGITS, NOISY, synthetic
from _sampler_functions import Function, dtlz2, shifted, zdt
from _sampler_problems import PROBLEMS as SAMPLER_PROBLEMS
from _sampler_problems import Problem
from _sampler_spaces import Array, Point, Space, box, from_unit, snap
from _sampler_tasks import Surrogate, svc
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold

from skhpo.multi_objective import hypervolume

__all__ = ["FAMILIES", "PROBLEMS", "ParetoProblem"]

FAMILIES = ("ZDT", "DTLZ", "tuning")


@dataclass(frozen=True, eq=False)
class ParetoProblem:
    """A problem with several objectives, and what its front comes to.

    Attributes
    ----------
    problem : Problem
        Space and values.
    family : str
        One of ``FAMILIES``.
    worst_of_front : tuple of float, optional
        The worst value of each objective on the front, where it is known.
    volume : callable, optional
        From the reference point to the hypervolume of the front, where it is known.
    given_reference : tuple of float, optional
        A reference point that has a meaning; None has it follow from random points.
    """

    problem: Problem
    family: str
    worst_of_front: tuple[float, ...] | None = None
    volume: Callable[[Array], float] | None = None
    given_reference: tuple[float, ...] | None = None

    @property
    def name(self) -> str:
        return self.problem.name

    @property
    def space(self) -> Space:
        return self.problem.space

    @property
    def n_objectives(self) -> int:
        return self.problem.n_objectives

    def __call__(self, points: Sequence[Point]) -> Array:
        """Values, ndarray of shape (n_points, n_objectives)."""
        return self.problem(points)

    @cached_property
    def reference(self) -> Array:
        """The point up to which volumes count.

        The worst value of each objective but for the worst tenth of random points; if it is known,
        a tenth beyond the front at least.
        """
        if self.given_reference is not None:
            return np.array(self.given_reference)
        if self.worst_of_front is None:
            return self._search[0]
        values = self.problem._loaded[0](self.problem.draw(4000, 0))
        return np.maximum(np.quantile(values, 0.9, axis=0), 1.1 * np.array(self.worst_of_front))

    @cached_property
    def _search(self) -> tuple[Array, Array]:
        """Reference point and front by :class:`Problem`, kept in the cache."""
        stored = kept_arrays(
            f"pareto_front-{self.name}",
            lambda: dict(zip(("reference", "front"), self.problem.front, strict=True)),
        )
        return stored["reference"], stored["front"]

    def best_volume(self, found: Array) -> float:
        """Hypervolume of the front, or of the best known one, with what the runs have found."""
        if self.volume is not None:
            return self.volume(self.reference)
        return hypervolume(np.vstack([self._search[1], found]), self.reference)


# --------------------------------------------------------------------------------- test functions


def zdt4(x: Array) -> Array:
    """ZDT4, with many local fronts; its optimal plane at 0.3."""
    z = 10 * (x[:, 1:] - 0.3)
    g = 1 + 10 * z.shape[1] + (z**2 - 10 * np.cos(4 * np.pi * z)).sum(axis=1)
    return np.column_stack([x[:, 0], g * (1 - np.sqrt(x[:, 0] / g))])


def zdt6(x: Array) -> Array:
    """ZDT6, whose points crowd far from the front, and at one end of it."""
    f = 1 - np.exp(-4 * x[:, 0]) * np.sin(6 * np.pi * x[:, 0]) ** 6
    g = 1 + 9 * x[:, 1:].mean(axis=1) ** 0.25
    return np.column_stack([f, g * (1 - (f / g) ** 2)])


def dtlz1(x: Array) -> Array:
    """DTLZ1 with three objectives and many local fronts; its optimal plane at 0.3."""
    z = x[:, 2:] - 0.3
    g = 100 * (z.shape[1] + (z**2 - np.cos(20 * np.pi * z)).sum(axis=1))
    a, b = x[:, 0], x[:, 1]
    return 0.5 * (1 + g)[:, None] * np.column_stack([a * b, a * (1 - b), 1 - a])


def dtlz7(x: Array) -> Array:
    """DTLZ7 with three objectives: a front in four pieces. `x` as published: best at 0."""
    g = 1 + 9 * x[:, 2:].mean(axis=1)
    f = x[:, :2]
    h = 3 - (f / (1 + g)[:, None] * (1 + np.sin(3 * np.pi * f))).sum(axis=1)
    return np.column_stack([f, (1 + g) * h])


def shifted_after_two(function: Function) -> Function:
    """The function with its optimal plane moved to 0.3; the first two say where on the front."""
    return lambda x: function(np.column_stack([x[:, :2], np.abs(x[:, 2:] - 0.3) / 0.7]))


def _by_sampling(function: Function, d: int) -> Callable[[Array], float]:
    """Volume of a front of two objectives, from many points of the optimal plane."""
    points = np.full((d, 200_001), 0.3).T
    points[:, 0] = np.linspace(0, 1, len(points))
    return lambda reference: hypervolume(function(points), reference)


def dtlz7_volume(reference: Array) -> float:
    """The front is ``f3 = 6 - u(f1) - u(f2)``; what it dominates lies above u's running maxima."""
    integrals, widths = [], []
    for r in reference[:2]:
        f = np.linspace(0, r, 200_001)
        u = np.where(f <= 1, f * (1 + np.sin(3 * np.pi * f)), 0.0)
        integrals.append(float(np.maximum.accumulate(u).mean() * r))
        widths.append(float(r))
    height = float(reference[2]) - 6
    return height * widths[0] * widths[1] + integrals[0] * widths[1] + integrals[1] * widths[0]


def of_two(name: str, function: Function, d: int, worst: tuple[float, float]) -> ParetoProblem:
    """A function of ZDT."""
    problem = Problem(name, "ZDT", False, box(d, 0.0, 1.0), lambda: (function, 0.0), 2)
    return ParetoProblem(problem, "ZDT", worst, _by_sampling(function, d))


def of_three(
    name: str,
    function: Function,
    d: int,
    worst: tuple[float, float, float],
    volume: Callable[[Array], float],
) -> ParetoProblem:
    """A function of DTLZ with three objectives."""
    problem = Problem(name, "DTLZ", False, box(d, 0.0, 1.0), lambda: (function, 0.0), 3)
    return ParetoProblem(problem, "DTLZ", worst, volume)


# --------------------------------------------------------------------------------- tuning


@dataclass(frozen=True)
class Task:
    """A model with its space, to be tabulated with two losses.

    Attributes
    ----------
    losses : callable
        From a fitted model and its fold's test part to two numbers, smaller is better.
    kinds : tuple of str
        What they are, for their lower bounds (``Surrogate``).
    reference : tuple of float, optional
        Up to where volumes count.
    """

    name: str
    data: Callable[[], tuple[Array, NDArray[Any]]]
    model: Callable[..., Any]
    space: Space
    losses: Callable[[Any, Array, NDArray[Any]], tuple[float, float]]
    kinds: tuple[str, str]
    reference: tuple[float, float] | None = None
    n_configs: int = 250
    n_folds: int = 3


def tabulate(task: Task) -> dict[str, Array]:
    """Points, and losses of shape (2, n_configs, n_folds)."""
    X, y = task.data()
    splits = list(StratifiedKFold(task.n_folds, shuffle=True, random_state=1).split(X, y))
    rng = np.random.default_rng(0)
    points = snap(task.space, rng.random((task.n_configs, len(task.space))))
    losses = np.empty((2, len(points), len(splits)))
    for c, point in enumerate(points):
        pairs = zip(task.space.items(), point, strict=True)
        params = {name: from_unit(domain, u) for (name, domain), u in pairs}
        for f, (train, test) in enumerate(splits):
            model = task.model(**params).fit(X[train], y[train])
            losses[:, c, f] = task.losses(model, X[test], y[test])
    return {"points": points, "losses": losses}


def table(task: Task) -> dict[str, Array]:
    """The table of a task, from the cache where it is there."""
    return kept_arrays(f"pareto_table-{task.name}", lambda: tabulate(task))


def from_task(task: Task) -> ParetoProblem:
    """A problem out of a table; its values are the means of the folds, without noise."""

    def load() -> tuple[Callable[[Array], Array], float]:
        stored = table(task)
        surrogates = [
            Surrogate(task.space, stored["points"], losses, kind)
            for losses, kind in zip(stored["losses"], task.kinds, strict=True)
        ]
        return lambda points: np.column_stack([s(points) for s in surrogates]), 0.0

    problem = Problem(task.name, "tuning", False, task.space, load, 2)
    return ParetoProblem(problem, "tuning", given_reference=task.reference)


def from_sampler_problem(name: str) -> ParetoProblem:
    """One of the samplers' benchmark."""
    return ParetoProblem(
        next(problem for problem in SAMPLER_PROBLEMS if problem.name == name), "tuning"
    )


def boosting(**params: Any) -> Any:
    """Gradient boosting on histograms."""
    return HistGradientBoostingClassifier(early_stopping=False, random_state=0, **params)


def weighted_svc(positive_weight: float, **params: Any) -> Any:
    """A support vector machine; errors on the rare class weigh more."""
    return svc(class_weight={0: 1.0, 1: positive_weight}, **params)


def loss_and_size(model: Any, X: Array, y: NDArray[Any]) -> tuple[float, float]:
    """Log loss, and the logarithm of the nodes of all trees."""
    n_nodes = sum(len(tree.nodes) for trees in model._predictors for tree in trees)
    return float(log_loss(y, model.predict_proba(X))), float(np.log10(n_nodes))


def misses_and_alarms(model: Any, X: Array, y: NDArray[Any]) -> tuple[float, float]:
    """Minus the recall, and minus the share of the common class that raises no alarm."""
    alarm = model.predict(X) == 1
    return -float(alarm[y == 1].mean()), -float(1.0 - alarm[y == 0].mean())


def error_and_vectors(model: Any, X: Array, y: NDArray[Any]) -> tuple[float, float]:
    """Minus the accuracy, and the logarithm of the number of support vectors."""
    return -float(model.score(X, y)), float(np.log10(model[-1].n_support_.sum()))


TASKS = (
    Task(
        "boosting-loss-and-size",
        NOISY,
        boosting,
        {
            "learning_rate": ("log", 0.01, 1.0),
            "max_iter": ("int", 2, 50),
            "max_leaf_nodes": ("int", 2, 31),
            "min_samples_leaf": ("int", 2, 40),
            "l2_regularization": ("log", 1e-3, 1e2),
            "max_features": ("float", 0.1, 1.0),
        },
        loss_and_size,
        ("neg_log_loss", "size"),
    ),
    Task(
        "svc-misses-and-alarms",
        synthetic(
            datasets.make_classification,
            n_samples=600,
            n_features=12,
            n_informative=6,
            weights=[0.9],
            flip_y=0.05,
            class_sep=0.5,
        ),
        weighted_svc,
        {
            "C": ("log", 1e-3, 1e3),
            "gamma": ("log", 1e-4, 1.0),
            "positive_weight": ("log", 1.0, 100.0),
            "kernel": ("choice", "rbf", "poly", "sigmoid"),
            "coef0": ("float", -1.0, 2.0),
        },
        misses_and_alarms,
        ("accuracy", "accuracy"),  # shares whose best is -1
        reference=(-0.5, -0.5),
    ),
    Task(
        "svc-error-and-vectors",
        DIGITS,
        svc,
        {
            "kernel": ("choice", "linear", "rbf", "poly", "sigmoid"),
            "C": ("log", 1e-3, 1e3),
            "gamma": ("log", 1e-5, 1.0),
            "degree": ("int", 2, 5),
            "coef0": ("float", -1.0, 2.0),
            "shrinking": ("choice", True, False),
        },
        error_and_vectors,
        ("accuracy", "size"),
    ),
)


def make_problems() -> tuple[ParetoProblem, ...]:
    """All problems."""
    return (
        of_two("zdt1", shifted(lambda x: zdt(1, x)), 6, (1.0, 1.0)),
        of_two("zdt2", shifted(lambda x: zdt(2, x)), 6, (1.0, 1.0)),
        of_two("zdt3", shifted(lambda x: zdt(3, x)), 6, (0.852, 1.0)),
        of_two("zdt4", zdt4, 5, (1.0, 1.0)),
        of_two("zdt6", shifted(zdt6), 6, (1.0, 0.922)),
        of_three("dtlz1", dtlz1, 5, (0.5, 0.5, 0.5), lambda r: float(np.prod(r)) - 0.5**3 / 6),
        of_three(
            "dtlz2",
            lambda x: dtlz2(np.column_stack([x[:, :2], x[:, 2:] + 0.2])),
            6,
            (1.0, 1.0, 1.0),
            lambda r: float(np.prod(r)) - np.pi / 6,
        ),
        of_three("dtlz7", shifted_after_two(dtlz7), 6, (0.86, 0.86, 6.0), dtlz7_volume),
        from_sampler_problem("forest-score-and-size"),
        from_sampler_problem("network-score-and-time"),
        *(from_task(task) for task in TASKS),
    )


PROBLEMS = make_problems()


if __name__ == "__main__":
    for problem in PROBLEMS:
        start = time.process_time()
        best = problem.best_volume(np.empty((0, problem.n_objectives)))
        print(
            f"{problem.name:24s} d={len(problem.space)} reference {problem.reference.round(3)} "
            f"volume {best:.6g}, {time.process_time() - start:.1f} s",
            flush=True,
        )
