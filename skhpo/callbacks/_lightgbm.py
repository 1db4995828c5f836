"""Pruning of LightGBM during training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.exceptions import TrialPruned

if TYPE_CHECKING:
    from skhpo.trial import Trial

__all__ = ["LightGBMPruningCallback"]


class LightGBMPruningCallback:
    """Callback that reports rounds of LightGBM to a trial and stops training if it is pruned.

    Use it in your own objective, in ``lightgbm.train``, ``lightgbm.cv`` or the ``callbacks`` of
    ``fit`` in the scikit-learn interface. Searches do not need it: see their ``early_stopping``.

    Parameters
    ----------
    trial : Trial
        The trial.
    metric : str
        The reported metric, such as ``"auc"`` or ``"binary_logloss"``.
    valid_name : str, default="valid_0"
        Name of the evaluation set. ``lightgbm.cv`` ignores it and uses that of the folds.
    report_interval : int, default=1
        Number of rounds between two reports.

    Raises
    ------
    skhpo.TrialPruned
        During training, if the pruner stops the trial.
    ValueError
        During training, if the metric or the evaluation set does not exist, or if the direction
        of the metric differs from that of the study.

    Examples
    --------
    >>> import lightgbm, skhpo
    >>> from sklearn.datasets import load_breast_cancer
    >>> data = lightgbm.Dataset(*load_breast_cancer(return_X_y=True), free_raw_data=False)
    >>> def objective(trial):
    ...     params = {"objective": "binary", "metric": "auc", "verbose": -1}
    ...     params["learning_rate"] = trial.suggest_float("learning_rate", 0.01, 0.5)
    ...     callback = skhpo.callbacks.LightGBMPruningCallback(trial, "auc")
    ...     history = lightgbm.cv(params, data, 20, nfold=3, callbacks=[callback])
    ...     return history["valid auc-mean"][-1]
    >>> study = skhpo.create_study(direction="maximize")
    >>> study.optimize(objective, n_trials=3)
    >>> study.trials[0].last_step
    19
    """

    def __init__(
        self, trial: Trial, metric: str, valid_name: str = "valid_0", report_interval: int = 1
    ) -> None:
        if report_interval < 1:
            raise ValueError(f"`report_interval` must be 1 or more; got {report_interval}.")
        self._trial = trial
        self._metric = metric
        self._valid_name = valid_name
        self._report_interval = report_interval
        self.order = 5  # before LightGBM's early stopping, which is 30
        self.before_iteration = False

    def __call__(self, env: Any) -> None:
        """Report a round if it is due."""
        if (env.iteration + 1) % self._report_interval != 0:
            return
        value, is_higher_better = self._observed(env.evaluation_result_list)
        maximizes = self._trial.study.direction.name == "MAXIMIZE"
        if is_higher_better != maximizes:
            better = "larger" if is_higher_better else "smaller"
            raise ValueError(
                f"{better.capitalize()} values of {self._metric!r} are better, but the study "
                f"{'maximises' if maximizes else 'minimises'}."
            )
        self._trial.report(value, step=env.iteration)
        if self._trial.should_prune():
            raise TrialPruned(f"Pruned at round {env.iteration}.")

    def _observed(self, results: Any) -> tuple[float, bool]:
        """Return the metric of this round, and whether larger values are better."""
        known = []
        for data, metric, value, is_higher_better, *spread in results or ():
            if spread:  # cross-validation: names are "cv_agg" and "valid auc", or similar
                metric, data = metric.rpartition(" ")[2], self._valid_name
            known.append(f"{data} {metric}")
            if (data, metric) == (self._valid_name, self._metric):
                return float(value), bool(is_higher_better)
        raise ValueError(
            f"No metric {self._metric!r} for the evaluation set {self._valid_name!r}; "
            f"available are {known}."
        )
