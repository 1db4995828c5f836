"""Pruning of CatBoost during training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.exceptions import TrialPruned

if TYPE_CHECKING:
    from skhpo.trial import BaseTrial

__all__ = ["CatBoostPruningCallback"]


class CatBoostPruningCallback:
    """Callback that reports each round of CatBoost to a trial and stops training if it is pruned.

    CatBoost's callbacks cannot raise errors, so call :meth:`check_pruned` after ``fit``.

    Parameters
    ----------
    trial : Trial
        The trial.
    metric : str
        The reported metric, such as ``"Logloss"`` or ``"AUC"``.
    valid_name : str, default="validation"
        Name of the evaluation set; ``"validation_0"`` is the first of several.

    Examples
    --------
    ::

        callback = CatBoostPruningCallback(trial, "Logloss")
        model.fit(X_train, y_train, eval_set=(X_valid, y_valid), callbacks=[callback])
        callback.check_pruned()
    """

    def __init__(self, trial: BaseTrial, metric: str, valid_name: str = "validation") -> None:
        self._trial = trial
        self._metric = metric
        self._valid_name = valid_name
        self._error: Exception | None = None

    def after_iteration(self, info: Any) -> bool:
        """Report a round; return whether the training continues."""
        step = info.iteration - 1
        try:
            value = info.metrics[self._valid_name][self._metric][-1]
        except KeyError:
            known = {data: sorted(metrics) for data, metrics in info.metrics.items()}
            self._error = ValueError(
                f"No metric {self._metric!r} for the evaluation set {self._valid_name!r}; "
                f"available are {known}."
            )
            return False
        self._trial.report(float(value), step=step)
        if self._trial.should_prune():
            self._error = TrialPruned(f"Pruned at round {step}.")
        return self._error is None

    def check_pruned(self) -> None:
        """Raise the error that the callback could not raise.

        Raises
        ------
        skhpo.TrialPruned
            If the trial was pruned.
        ValueError
            If the metric or the evaluation set does not exist.
        """
        if self._error is not None:
            raise self._error
