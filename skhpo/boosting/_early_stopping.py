"""The user's settings of early stopping."""

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
        A fit ends when the metric has not improved for this number of rounds.

    metric : str, callable or object, default=None
        The monitored metric, as the booster accepts it (``eval_metric`` of XGBoost, LightGBM and
        CatBoost, ``scoring`` of HistGradientBoosting). Custom metrics of CatBoost are objects
        with a method ``evaluate``. By default, the metric of the estimator.

    on : {"fold", "inner"}, default="fold"
        The rows on which the metric is evaluated. "fold": the fold's test part. All training
        rows are used, but the score is slightly optimistic, as the number of rounds is chosen on
        the rows that are scored. "inner": a part of the fold's training rows, held out before
        anything is fitted. The score is not biased by the choice of the rounds.

    validation_fraction : float, default=0.1
        With ``on="inner"``, the fraction of the training rows that is held out: stratified for
        classifiers, whole groups if there are groups, the last rows if the splitter is
        scikit-learn's ``TimeSeriesSplit``.

    refit : {"mean", "median", "max"}, default="mean"
        How the numbers of rounds in the best candidate's folds are combined for the refit.

    scale : bool, default=False
        Whether to scale the rounds of the refit with its number of rows, which is larger than
        that of a fold's fit.

    prune : bool, default=True
        Whether to stop a fit, and with it the candidate, if the candidate is unlikely to become
        the best. After 8, 11, 16, 23, ... rounds, its mean loss over all folds is predicted from
        the curve so far, the candidate's finished folds, and the curves of the complete candidates
        on the same fold. The fit is stopped if the chance is below 1 in 4. The first candidate
        runs alone and to its end, as all others are compared with it. A stopped fit has no score.
        Not used with ``pruner=None``, a `resource` or several objectives, nor for
        HistGradientBoosting, whose fits cannot be monitored.

    Raises
    ------
    ValueError, TypeError
        If a value is invalid.

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
        """Return the number of rounds for the refit.

        Parameters
        ----------
        rounds : array-like of float
            Best number of rounds of each fold; NaN if there is none.
        growth : float
            Number of rows of the refit, divided by that of a fold's fit.

        Returns
        -------
        n_rounds : int
            Number of rounds, at least 1.
        """
        known = np.asarray(rounds, dtype=float)
        known = known[~np.isnan(known)]
        chosen = float(getattr(np, self.refit)(known))
        return max(1, round(chosen * (growth if self.scale else 1.0)))

    @classmethod
    def of(cls, given: EarlyStopping | str | None) -> EarlyStopping | None:
        """Convert a value of ``early_stopping=`` to settings; None stays None."""
        if given is None or isinstance(given, cls):
            return given
        return cls(on=given)  # type: ignore[arg-type]
