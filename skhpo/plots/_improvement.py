"""Plot of the improvement that is still possible, compared with the noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skhpo.plots._base import Display
from skhpo.plots._data._improvement import (
    ImprovementData,
    improvement_data,
    improvement_of_search,
)
from skhpo.plots._style import BLUE, GREY, ORANGE, legend, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["ImprovementDisplay"]


class ImprovementDisplay(ImprovementData, Display):
    """Plot that answers whether it is worth continuing: possible improvement against noise.

    Create it with :meth:`from_search` or :meth:`from_study`. A Gaussian process is fitted to the
    trials up to several points. It gives an upper bound of the improvement over the best trial so
    far (Makarova et al. 2022), and the expected improvement of the best next trial. Both are
    compared with the standard error of the best candidate's mean over the folds, with the
    correction of Nadeau and Bengio (2003) for overlapping training sets. Once the bound is below
    this error, a better candidate could not be told from the best one.

    Parameters
    ----------
    number : ndarray of int of shape (n_points,)
        Numbers of trials; each point uses the trials up to this one.
    bound : ndarray of shape (n_points,)
        Upper bound of the improvement over the best trial, in the unit of the objective.
    expected : ndarray of shape (n_points,)
        Expected improvement of the best next trial, in the unit of the objective.
    error : ndarray of shape (n_points,)
        Standard error of the value of the best trial; NaN if it is unknown.
    name : str
        Name of the objective.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of the axes.

    Notes
    -----
    The model sees the better half of the trials, at least 10 and at most 200, among them stopped
    candidates with their predicted values. The bounds are computed at 2,500 points of the space,
    and the first point needs 5 complete trials. The bound holds with high probability if the
    objective is a sample of the Gaussian process. It says nothing about regions outside of the
    space. On a log scale, small values are easier to read: ``display.ax_.set_yscale("log")``.

    References
    ----------
    A. Makarova et al., "Automatic termination for hyperparameter optimization", AutoML 2022.

    C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52 (2003).

    N. Srinivas et al., "Gaussian process optimization in the bandit setting: no regret and
    experimental design", ICML 2010.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import TPESearchCV
    >>> from skhpo.plots import ImprovementDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-4, 1e2)}
    >>> search = TPESearchCV(SVC(), space, n_iter=25, random_state=0).fit(X, y)
    >>> display = ImprovementDisplay.from_search(search, n_points=5)
    >>> display.bound.shape, bool((display.bound >= 0).all()), bool(display.error[-1] > 0)
    ((5,), True, True)
    """

    @classmethod
    def from_study(
        cls,
        study: Study,
        *,
        n_points: int = 20,
        error: float | None = None,
        random_state: int = 0,
        ax: Axes | None = None,
        line_kw: dict[str, Any] | None = None,
        error_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the possible improvement of a study.

        Parameters
        ----------
        study : Study
            A study with one objective.
        n_points : int, default=20
            Maximal number of points; each needs a model.
        error : float, default=None
            The standard error of the values, if it is known.
        random_state : int, default=0
            Seed of the points of the space.
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        line_kw, error_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : ImprovementDisplay
        """
        data = improvement_data(study, n_points=n_points, random_state=random_state)
        if error is not None:
            data.error[:] = error
        return cls(**vars(data)).plot(ax, line_kw=line_kw, error_kw=error_kw)

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        n_points: int = 20,
        random_state: int = 0,
        ax: Axes | None = None,
        line_kw: dict[str, Any] | None = None,
        error_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the possible improvement of a fitted search, and the error of its best candidate.

        Parameters
        ----------
        search : estimator
            A fitted search with one objective.
        n_points : int, default=20
            Maximal number of points; each needs a model.
        random_state : int, default=0
            Seed of the points of the space.
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        line_kw, error_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : ImprovementDisplay
        """
        data = improvement_of_search(search, n_points=n_points, random_state=random_state)
        return cls(**vars(data)).plot(ax, line_kw=line_kw, error_kw=error_kw)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        line_kw: dict[str, Any] | None = None,
        error_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the possible improvement.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        line_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.plot` for the bound.
        error_kw : dict, default=None
            The same for the error.

        Returns
        -------
        display : ImprovementDisplay
            This object.
        """
        ax = self._use(new_axes(ax))
        line: dict[str, Any] = {"color": BLUE, "linewidth": 1.8, "marker": "o", "markersize": 3.5}
        line["label"] = "at most"
        ax.plot(self.number, self.bound, **{**line, **(line_kw or {})})
        if np.isfinite(self.expected).any():
            next_one: dict[str, Any] = {"color": GREY, "linewidth": 1.5, "linestyle": "--"}
            ax.plot(self.number, self.expected, **next_one, label="expected next")
        if np.isfinite(self.error).any():
            noise: dict[str, Any] = {"color": ORANGE, "linewidth": 1.8, "drawstyle": "steps-post"}
            noise["label"] = "noise (standard error)"
            ax.plot(self.number, self.error, **{**noise, **(error_kw or {})})
        ax.set(xlabel="candidate", ylabel=f"possible gain ({self.name})")
        ax.set_ylim(bottom=0.0)
        ax.xaxis.get_major_locator().set_params(integer=True)  # type: ignore[call-arg]
        legend(ax)
        return self
