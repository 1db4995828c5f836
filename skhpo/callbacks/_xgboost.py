"""Pruning of XGBoost during training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from skhpo._hints import missing_extra
from skhpo.exceptions import TrialPruned

if TYPE_CHECKING:
    from skhpo.trial import BaseTrial

try:
    from xgboost.callback import TrainingCallback
except ImportError as error:
    raise missing_extra("XGBoostPruningCallback needs XGBoost", "boosting") from error

__all__ = ["XGBoostPruningCallback"]


class XGBoostPruningCallback(TrainingCallback):
    """Callback that reports each round of XGBoost to a trial and stops training if it is pruned.

    Use it in your own objective, in ``xgboost.train``, ``xgboost.cv`` or the ``callbacks`` of the
    scikit-learn interface. Searches do not need it: see their ``early_stopping``.

    Parameters
    ----------
    trial : Trial
        The trial.
    observation_key : str
        Data set and metric to report: ``"validation_0-logloss"`` in the scikit-learn interface,
        ``"test-logloss"`` in ``xgboost.cv``.

    Raises
    ------
    skhpo.TrialPruned
        During training, if the pruner stops the trial.

    Examples
    --------
    >>> import skhpo, xgboost
    >>> from sklearn.datasets import load_breast_cancer
    >>> data = xgboost.DMatrix(*load_breast_cancer(return_X_y=True))
    >>> def objective(trial):
    ...     params = {"objective": "binary:logistic", "eta": trial.suggest_float("eta", 0.01, 0.5)}
    ...     callback = skhpo.callbacks.XGBoostPruningCallback(trial, "test-logloss")
    ...     history = xgboost.cv(params, data, 30, nfold=3, seed=0, callbacks=[callback])
    ...     return history["test-logloss-mean"].iloc[-1]
    >>> study = skhpo.create_study(pruner=skhpo.pruners.MedianPruner(n_startup_trials=2))
    >>> study.optimize(objective, n_trials=4)
    >>> len(study.trials)
    4
    """

    def __init__(self, trial: BaseTrial, observation_key: str) -> None:
        super().__init__()
        self._trial = trial
        self._observation_key = observation_key

    def after_iteration(
        self, model: Any, epoch: int, evals_log: Mapping[str, Mapping[str, Any]]
    ) -> bool:
        """Report a round."""
        value = self._observed(evals_log)
        self._trial.report(value, step=epoch)
        if self._trial.should_prune():
            raise TrialPruned(f"Pruned at round {epoch}.")
        return False

    def _observed(self, evals_log: Mapping[str, Mapping[str, Any]]) -> float:
        """Return the metric of the last round; in cross-validation, its mean over the folds."""
        known = {
            f"{data}-{metric}": values
            for data, metrics in evals_log.items()
            for metric, values in metrics.items()
        }
        if self._observation_key not in known:
            raise ValueError(
                f"`observation_key` must be one of {sorted(known)}; got "
                f"{self._observation_key!r}. Without an evaluation set nothing can be reported."
            )
        last = known[self._observation_key][-1]
        return float(last[0] if isinstance(last, tuple) else last)
