"""How a search stops boosting early: the user's settings."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from skhpo._parameters import HasParameters

__all__ = ["EarlyStopping"]


@dataclass(frozen=True, repr=False)
class EarlyStopping(HasParameters):
    """Early stopping of boosting within the folds of a search.

    Parameters
    ----------
    rounds : int, default=50
        A fit ends once the metric has not improved for so many rounds.

    metric : str, callable or object, default=None
        What is watched, as the booster takes it (``eval_metric`` of XGBoost, LightGBM and
        CatBoost, ``scoring`` of HistGradientBoosting); CatBoost's own metrics are objects with a
        method ``evaluate``. Default: that of the estimator.

    on : {"fold", "inner"}, default="fold"
        What it is evaluated on. "fold": the fold's test part. All training data are used, and
        the score is somewhat too good, as the number of rounds was chosen on the very rows
        that are scored. "inner": a part of the fold's training rows, held out before
        anything is fitted. The score stays honest.

    validation_fraction : float, default=0.1
        With ``on="inner"``, the share of the training rows that is held out: stratified for
        classifiers, whole groups where there are groups, the last rows where the splitter is
        scikit-learn's ``TimeSeriesSplit``.

    refit : {"mean", "median", "max"}, default="mean"
        How the numbers of rounds of the best candidate's folds make that of the refitted
        estimator.

    scale : bool, default=False
        Whether that number grows with the rows: the refit has more of them than a fold's fit.

    prune : bool, default=True
        Whether a fit that will end far from the best candidate is ended before: after 5, 10, 20,
        40 and 70 % of its rounds, a regression on the finished fits predicts its loss at the end
        from its loss so far, how that falls, and the learning rate. Not with ``pruner=None``, and
        not for HistGradientBoosting, whose fits cannot be looked at.

    Raises
    ------
    ValueError, TypeError
        If a value is not one of those.

    Examples
    --------
    >>> from skhpo.boosting import EarlyStopping
    >>> EarlyStopping(rounds=20, on="inner")
    EarlyStopping(rounds=20, on='inner')
    """

    rounds: int = 50
    metric: Any = None
    on: Literal["fold", "inner"] = "fold"
    validation_fraction: float = 0.1
    refit: Literal["mean", "median", "max"] = "mean"
    scale: bool = False
    prune: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.rounds, numbers.Integral) or self.rounds < 1:
            raise ValueError(f"`rounds` must be an int of 1 or more; got {self.rounds!r}.")
        if not (
            self.metric is None
            or isinstance(self.metric, str)
            or callable(self.metric)
            or hasattr(self.metric, "evaluate")
        ):
            raise TypeError(
                "`metric` must be a metric's name, a callable, or None, or for CatBoost an object "
                f"with a method `evaluate`; got {self.metric!r}."
            )
        if self.on not in ("fold", "inner"):
            raise ValueError(f"`on` must be 'fold' or 'inner'; got {self.on!r}.")
        if not 0.0 < self.validation_fraction < 1.0:
            raise ValueError(
                f"`validation_fraction` must lie between 0 and 1; got {self.validation_fraction!r}."
            )
        if self.refit not in ("mean", "median", "max"):
            raise ValueError(f"`refit` must be 'mean', 'median' or 'max'; got {self.refit!r}.")

    def rounds_for_refit(self, rounds: Any, growth: float) -> int:
        """The number of rounds for the refit.

        Parameters
        ----------
        rounds : array-like of float
            Best numbers of rounds of the folds; NaN where there is none.
        growth : float
            Rows of the refit, divided by those of a fold's fit.

        Returns
        -------
        n_rounds : int
            At least 1.
        """
        known = np.asarray(rounds, dtype=float)
        known = known[~np.isnan(known)]
        chosen = float(getattr(np, self.refit)(known))
        return max(1, round(chosen * (growth if self.scale else 1.0)))

    @classmethod
    def of(cls, given: EarlyStopping | str | None) -> EarlyStopping | None:
        """What a user gives as ``early_stopping=``, made settings; None for none."""
        if given is None or isinstance(given, cls):
            return given
        return cls(on=given)  # type: ignore[arg-type]
