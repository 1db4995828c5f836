"""Plot of the hypervolume of a front, by trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from sklearn.exceptions import NotFittedError

from skhpo.plots._base import Display
from skhpo.plots._data._hypervolume import HypervolumeData, hypervolume_data
from skhpo.plots._data._trials import check_fitted
from skhpo.plots._style import BLUE, RED, X_LABELS, legend, new_axes
from skhpo.submodels import fits_by_row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["HypervolumeDisplay"]


class HypervolumeDisplay(HypervolumeData, Display):
    """Plot of the hypervolume of the front of the trials so far.

    Create it with :meth:`from_search` or :meth:`from_study`. The hypervolume measures how good a
    front is as a whole. A curve that has become flat shows that the front no longer improves.

    Parameters
    ----------
    number : ndarray of int of shape (n_complete,)
        Numbers of the complete trials.
    hypervolume : ndarray of shape (n_complete,)
        Volume between the front of the trials so far and the reference point.
    is_feasible : ndarray of bool of shape (n_complete,)
        Whether a trial satisfies the constraints; the others do not count.
    reference_point : dict of str to float
        The reference point, by objective.
    x : ndarray of shape (n_complete,)
        Position of each trial on the x-axis.
    x_name : {"candidates", "fits", "seconds"}
        The unit of the x-axis.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of the axes.

    See Also
    --------
    ParetoFrontDisplay : The front.
    skhpo.multi_objective.hypervolume : The volume of a front.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.plots import HypervolumeDisplay
    >>> def objective(trial):
    ...     x = trial.suggest_float("x", 0, 1)
    ...     return x**2, (x - 1) ** 2
    >>> study = skhpo.create_study(
    ...     directions=["minimize", "minimize"], sampler=skhpo.samplers.RandomSampler(seed=0)
    ... )
    >>> study.optimize(objective, n_trials=20)
    >>> display = HypervolumeDisplay.from_study(study, reference_point=[1, 1])
    >>> bool(0 < display.hypervolume[-1] < 1)
    True
    """

    @classmethod
    def from_study(
        cls,
        study: Study,
        *,
        x: str = "candidates",
        reference_point: Sequence[float] | Mapping[str, float] | None = None,
        ax: Axes | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the hypervolume of a study.

        Parameters
        ----------
        study : Study
            A study with several objectives.
        x : {"candidates", "fits", "seconds"}, default="candidates"
            The x-axis. A fit is the evaluation of a candidate on one fold, and those of stopped
            candidates count.
        reference_point : sequence of float, or dict of str to float, default=None
            The reference point, in the order of the objectives or by their names. By default, it
            is slightly worse than the worst feasible values.
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        line_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : HypervolumeDisplay
        """
        data = hypervolume_data(study, reference_point, x=x)
        return cls(**vars(data)).plot(ax, line_kw=line_kw)

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        x: str = "candidates",
        reference_point: Mapping[str, float] | None = None,
        ax: Axes | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the hypervolume of a fitted search.

        Parameters
        ----------
        search : ParetoSearchCV
            A fitted multi-objective search.
        x : {"candidates", "fits", "seconds"}, default="candidates"
            See :meth:`from_study`.
        reference_point : dict of str to float, default=None
            The reference point, by objective; by default, ``search.reference_point_``.
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        line_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : HypervolumeDisplay
        """
        check_fitted(search)
        if not hasattr(search, "reference_point_"):
            raise NotFittedError(
                "`search` must be a fitted search for several objectives, such as ParetoSearchCV; "
                f"this {type(search).__name__} has no attribute 'reference_point_'."
            )
        reference = search.reference_point_ if reference_point is None else reference_point
        results = search.cv_results_
        n_fits = dict(zip(results["trial_number"].tolist(), fits_by_row(results), strict=True))
        data = hypervolume_data(search.study_, reference, x=x, n_fits=n_fits)
        return cls(**vars(data)).plot(ax, line_kw=line_kw)

    def plot(self, ax: Axes | None = None, *, line_kw: dict[str, Any] | None = None) -> Self:
        """Plot the hypervolume.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        line_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        display : HypervolumeDisplay
            This object.
        """
        ax = self._use(new_axes(ax))
        line: dict[str, Any] = {"color": BLUE, "linewidth": 1.8, "drawstyle": "steps-post"}
        if len(self.number) <= 100:
            line |= {"marker": "o", "markersize": 3.5}
        ax.plot(self.x, self.hypervolume, **{**line, **(line_kw or {})})
        if not self.is_feasible.all():
            infeasible = self.x[~self.is_feasible]
            ax.plot(infeasible, [0.02] * len(infeasible), "x", color=RED, markersize=4,
                    transform=ax.get_xaxis_transform(), label="breaks a constraint")  # fmt: skip
        ax.set(xlabel=X_LABELS[self.x_name], ylabel="hypervolume")
        if self.x_name != "seconds":
            ax.xaxis.get_major_locator().set_params(integer=True)  # type: ignore[call-arg]
        legend(ax)
        return self
