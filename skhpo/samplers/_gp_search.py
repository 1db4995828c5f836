"""Maximise an acquisition function: random candidates, then gradients and exchanges."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from skhpo.samplers._gp_acquisition import Acquisition
from skhpo.samplers._gp_model import Features, GaussianProcess

__all__ = ["Landscape", "MixtureLandscape", "maximise"]

FloatArray = NDArray[np.float64]

N_UNIFORM = 500
N_NEAR = 500
N_STARTS = 4
N_RETURNED = 16
MAX_STEPS = 20  # of the gradient search
MAX_EXCHANGES = 8
N_REFINED = 40
STEPS_OF_REFINEMENT = (0.1, 0.03, 0.01)
STEP_SIZES = (0.02, 0.1, 0.3)
RESAMPLE_CATEGORY = 0.2


class Landscape:
    """An acquisition function on the unit cube.

    Parameters
    ----------
    features : Features
        Transforms points to features.
    models : sequence of GaussianProcess
        One per output.
    acquisition : callable
        Returns the value and its derivatives from the outputs' means and standard deviations.
    """

    def __init__(
        self, features: Features, models: Sequence[GaussianProcess], acquisition: Acquisition
    ) -> None:
        self.features = features
        self.models = models
        self.acquisition = acquisition

    def values(self, points: FloatArray) -> FloatArray:
        """Return the acquisition of points, ndarray of shape (n_points,)."""
        features = self.features(points)
        outputs = [model.posterior(features) for model in self.models]
        mean, sd = (np.column_stack(columns) for columns in zip(*outputs, strict=True))
        return self.acquisition(mean, sd)[0]

    def values_and_gradients(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the acquisition and its gradients, ndarray of shape (n_points, n_dims)."""
        features = self.features(points)
        outputs = [model.posterior_gradient(features) for model in self.models]
        mean, sd = (np.column_stack([output[i] for output in outputs]) for i in (0, 1))
        value, by_mean, by_sd = self.acquisition(mean, sd)
        gradient = np.zeros_like(features)
        for k, (_, _, mean_gradient, sd_gradient) in enumerate(outputs):
            gradient += by_mean[:, [k]] * mean_gradient + by_sd[:, [k]] * sd_gradient
        return value, self.features.pull_back(gradient)

    def refine(self, points: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Move each point to a larger acquisition nearby, by gradients and exchanges."""
        return np.array([exchange(self, climb(self, point)) for point in points])


class MixtureLandscape:
    """The expected improvement under a mixture of models, on the unit cube.

    Parameters
    ----------
    features : Features
        Transforms points to features.
    mixture : callable
        Returns the acquisition of points, ndarray of shape (n_points,).
    """

    def __init__(self, features: Features, mixture: Callable[[FloatArray], FloatArray]) -> None:
        self.features = features
        self.values = mixture

    def refine(self, points: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Move each point to a larger acquisition nearby, by shrinking random steps."""
        current, values = points, self.values(points)
        for size in STEPS_OF_REFINEMENT:
            n, d = current.shape
            near = np.repeat(current, N_REFINED, axis=0)
            near[:, self.features.ordered] += size * rng.standard_normal(
                (len(near), len(self.features.ordered))
            )
            near = self.features.snap(np.clip(near, 0.0, 1.0))
            found = self.values(near).reshape(n, N_REFINED)
            best = found.argmax(axis=1)
            is_better = found[np.arange(n), best] > values
            moved = near.reshape(n, N_REFINED, d)[np.arange(n), best]
            current = np.where(is_better[:, None], moved, current)
            values = np.where(is_better, found[np.arange(n), best], values)
        return current


def maximise(
    landscape: Landscape | MixtureLandscape,
    incumbents: FloatArray,
    tried: FloatArray,
    rng: np.random.Generator,
    is_last: Callable[[FloatArray], NDArray[np.bool_]] | None = None,
) -> FloatArray:
    """Find points with a large acquisition.

    Parameters
    ----------
    landscape : Landscape or MixtureLandscape
        The function to maximise.
    incumbents : ndarray of shape (n_incumbents, n_dims)
        Points around which to search; at least one.
    tried : ndarray of shape (n_tried, n_dims)
        Points to exclude.
    rng : numpy.random.Generator
        Draws the candidates.
    is_last : callable, optional
        Returns for each point whether to put it after all others. Default: none.

    Returns
    -------
    points : ndarray of shape (n_points, n_dims)
        Distinct untried points, the largest acquisition first. Tried points are returned only
        if there is no other candidate. Discrete coordinates are in the middle of their cells.
    """
    features = landscape.features
    uniform = rng.random((N_UNIFORM, features.n_dims))
    near = perturb(incumbents[np.arange(N_NEAR) % len(incumbents)], features, rng)
    candidates = features.snap(np.vstack([uniform, near]))
    values = landscape.values(candidates)
    best = _order(candidates, values, is_last)[:N_STARTS]
    refined = landscape.refine(candidates[best], rng)
    points = np.vstack([refined, candidates])
    values = np.concatenate([landscape.values(refined), values])
    return _distinct(points[_order(points, values, is_last)], tried)


def _order(
    points: FloatArray,
    values: FloatArray,
    is_last: Callable[[FloatArray], NDArray[np.bool_]] | None,
) -> NDArray[np.int64]:
    """Return indices by decreasing value, with those marked as last at the end."""
    if is_last is None:
        return np.argsort(-values, kind="stable")
    return np.lexsort((-values, is_last(points)))


def _distinct(points: FloatArray, tried: FloatArray) -> FloatArray:
    """Return the first few points that differ from each other and from the tried ones."""
    seen = {point.tobytes() for point in tried}
    distinct: list[FloatArray] = []
    for point in points:
        key = point.tobytes()
        if key not in seen:
            seen.add(key)
            distinct.append(point)
            if len(distinct) == N_RETURNED:
                break
    return np.array(distinct) if distinct else points[:1]


def perturb(points: FloatArray, features: Features, rng: np.random.Generator) -> FloatArray:
    """Move some coordinates of each point; resample some categories."""
    n, d = points.shape
    moved = rng.random((n, d)) < max(2.0 / d, 0.3)
    moved[np.arange(n), rng.integers(d, size=n)] = True
    scale = rng.choice(STEP_SIZES, size=(n, 1))
    near = np.clip(points + moved * scale * rng.standard_normal((n, d)), 0.0, 1.0)
    is_category = np.ones(d, dtype=bool)
    is_category[features.ordered] = False
    resampled = rng.random((n, d)) < RESAMPLE_CATEGORY
    return np.where(is_category, np.where(resampled, rng.random((n, d)), points), near)


def climb(landscape: Landscape, start: FloatArray) -> FloatArray:
    """Maximise over the continuous coordinates with L-BFGS-B, starting at a point."""
    relaxed = landscape.features.relaxed
    if len(relaxed) == 0:
        return start
    point = start[None].copy()

    def loss(coordinates: FloatArray) -> tuple[float, FloatArray]:
        point[0, relaxed] = coordinates
        values, gradients = landscape.values_and_gradients(point)
        return -values[0], -gradients[0, relaxed]

    found = minimize(
        loss,
        start[relaxed],
        method="L-BFGS-B",
        jac=True,
        bounds=[(0.0, 1.0)] * len(relaxed),
        options={"maxiter": MAX_STEPS, "gtol": 1e-4, "ftol": 1e-6, "maxls": 10},
    )
    point[0, relaxed] = found.x
    snapped: FloatArray = landscape.features.snap(point)[0]
    return snapped


def exchange(landscape: Landscape, point: FloatArray) -> FloatArray:
    """Set one discrete coordinate after another to its best value until nothing improves."""
    cells = landscape.features.cells
    if not cells:
        return point
    best = -np.inf
    for _ in range(MAX_EXCHANGES):
        neighbours = np.vstack([point, *(_with(point, j, cells[j]) for j in cells)])
        values = landscape.values(neighbours)
        top = int(values.argmax())
        if not values[top] > best + 1e-9:
            break
        best, point = values[top], neighbours[top]
    return point


def _with(point: FloatArray, j: int, coordinates: FloatArray) -> FloatArray:
    """Return copies of a point, one for each of the given coordinates in dimension `j`."""
    copies = np.tile(point, (len(coordinates), 1))
    copies[:, j] = coordinates
    return copies
