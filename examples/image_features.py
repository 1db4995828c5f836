"""
Tune the features of images
===========================

Histograms of the directions of edges describe an image independently of where its object lies. They
have parameters of their own: how much to smooth, how many directions, how many cells. As a step of
a pipeline, the features are tuned together with the model that uses them.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.stats import loguniform, randint, uniform
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skhpo import TPESearchCV
from skhpo.plots import SliceDisplay

# %%
# Images
# ------
# Digits of 8 times 8 pixels, each at a random place of a larger image.

N_IMAGES, SIDE = 900, 12
rng = np.random.default_rng(0)
digits, y = load_digits(return_X_y=True)
X = np.zeros((N_IMAGES, SIDE, SIDE))
for image, digit, (row, column) in zip(X, digits, rng.integers(0, 5, (N_IMAGES, 2)), strict=False):
    image[row : row + 8, column : column + 8] = digit.reshape(8, 8)
X, X_test, y, y_test = train_test_split(
    X.reshape(N_IMAGES, -1), y[:N_IMAGES], test_size=600, stratify=y[:N_IMAGES], random_state=0
)

fig, axes = plt.subplots(1, 8, figsize=(10, 1.6), layout="constrained")
for ax, image, label in zip(axes, X, y, strict=False):
    ax.imshow(image.reshape(SIDE, SIDE), cmap="gray_r")
    ax.set(title=label, xticks=[], yticks=[])
plt.show()

# %%
# Features
# --------


class EdgeHistograms(TransformerMixin, BaseEstimator):
    """Histograms of the directions of edges, one in each cell of a square grid."""

    def __init__(self, sigma=0.5, n_directions=8, n_cells=4):
        self.sigma = sigma
        self.n_directions = n_directions
        self.n_cells = n_cells

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        images = gaussian_filter(X.reshape(-1, SIDE, SIDE), (0, self.sigma, self.sigma))
        down, right = np.gradient(images, axis=(1, 2))
        direction = (np.arctan2(down, right) / (2 * np.pi) * self.n_directions).round()
        strength = np.hypot(down, right)[:, None] * (
            direction[:, None] % self.n_directions == np.arange(self.n_directions)[:, None, None]
        )
        starts = np.linspace(0, SIDE, self.n_cells, endpoint=False).astype(int)
        by_rows = np.add.reduceat(strength, starts, axis=2)
        histograms = np.add.reduceat(by_rows, starts, axis=3).reshape(len(X), -1)
        return histograms / np.linalg.norm(histograms, axis=1, keepdims=True)


# %%
# Search
# ------

of_features = {
    "edgehistograms__sigma": uniform(0, 1.5),
    "edgehistograms__n_directions": randint(4, 17),
    "edgehistograms__n_cells": randint(1, 7),
}
of_model = {"svc__C": loguniform(1e-1, 1e3), "svc__gamma": loguniform(1e-2, 1e2)}
pipeline = make_pipeline(EdgeHistograms(), SVC())
search = TPESearchCV(pipeline, of_features | of_model, n_iter=40, random_state=0).fit(X, y)
for name, value in search.best_params_.items():
    print(f"{name} = {value:.3g}")

# %%
# How the score depends on the parameters of the features:

SliceDisplay.from_search(search, params=list(of_features))
plt.show()

# %%
# Images that the search has not seen
# -----------------------------------
# For comparison, a second search tunes the model alone.

model_alone = TPESearchCV(pipeline, of_model, n_iter=40, random_state=0).fit(X, y)
models = {
    "pixels": SVC().fit(X, y),
    "features, default parameters": pipeline.fit(X, y),
    "features, model tuned": model_alone,
    "features and model tuned": search,
}
for name, model in models.items():
    print(f"{name:30} accuracy {model.score(X_test, y_test):.3f}")
