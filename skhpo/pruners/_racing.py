"""Racing between the folds of a cross-validation: stop candidates that are unlikely to win."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skhpo.pruners._base import BasePruner
from skhpo.pruners._decision import Decision, StoppingRule
from skhpo.pruners._fold_model import FoldModel
from skhpo.pruners._front_race import FrontRace
from skhpo.trial import FrozenTrial

if TYPE_CHECKING:
    from skhpo.history import History
    from skhpo.study import Study

__all__ = ["RacingPruner"]


class RacingPruner(BasePruner):
    """Stop a trial when its mean over all parts is unlikely to beat the best.

    The objective must be a mean over parts that all trials share, such as the folds of a
    cross-validation. Report each part's score with the part's number as the step. A model of part
    effects and noise, fitted to the complete trials, predicts the mean of the running trial over
    all parts.

    A search uses this pruner with ``pruner="auto"``.

    Parameters
    ----------
    alpha : float, default=0.05
        A trial is stopped when its probability of beating the best complete trial falls below
        this level, in (0, 0.5]. Larger values save more fits and make more errors.
    n_startup_trials : int, default=3
        Number of complete trials before any trial is pruned.

    Notes
    -----
    Searches of 60 candidates in random order were replayed on 36 tables of real fold scores. The
    default saves 55 % of 5-fold and 63 % of 10-fold fits, and the best candidate found is worse by
    0.0 to 0.6 % of (best - median) on average. A level of 0.15 saves 60 % and 68 %, at 0.1 to
    1.0 %. In searches at equal cost, levels from 0.02 to 0.15 do not differ noticeably.

    Examples
    --------
    >>> import skhpo
    >>> study = skhpo.create_study(
    ...     direction="maximize", pruner=skhpo.pruners.RacingPruner(alpha=0.1)
    ... )
    """

    reads_fold_scores: ClassVar[bool] = True

    def __init__(self, alpha: float = 0.05, n_startup_trials: int = 3) -> None:
        if not 0.0 < alpha <= 0.5:
            raise ValueError(f"`alpha` must be above 0 and at most 0.5; got {alpha}.")
        if n_startup_trials < 1:
            raise ValueError(f"`n_startup_trials` must be 1 or more; got {n_startup_trials}.")
        self.alpha = alpha
        self.n_startup_trials = n_startup_trials
        self._last: tuple[weakref.ref[History], int, _RacingRule] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_last": None}

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Decide on the trial, based on the complete trials so far."""
        return bool(self.freeze(study)(trial))

    def freeze(self, study: Study) -> StoppingRule:
        """Fit the model to the complete trials so far, or reuse it if they have not changed."""
        history = study.history
        if self._last is not None:
            reference, n_complete, rule = self._last
            if reference() is history and n_complete == history.n_complete:
                return rule
        rule = _RacingRule.as_of_now(history, self)
        self._last = weakref.ref(history), history.n_complete, rule
        return rule

    def fit_front(
        self, losses: NDArray[np.float64], n_objectives: int, **settings: Any
    ) -> FrontRace:
        """Fit a ``FrontRace`` with this pruner's level."""
        return FrontRace.fit(
            losses,
            n_objectives,
            alpha=self.alpha,
            n_startup_trials=self.n_startup_trials,
            **settings,
        )

    def fold_order(self, number: int, n_folds: int) -> NDArray[np.int64]:
        """Start each candidate at a different fold, so that no single fold decides."""
        return (number + np.arange(n_folds)) % n_folds


class _RacingRule:
    """A stopping rule based on a fitted fold model."""

    def __init__(self, model: FoldModel | None, steps: NDArray[np.int64], sign: float) -> None:
        self._model = model
        self._fold_of_step = {int(step): fold for fold, step in enumerate(steps)}
        self._sign = sign

    @classmethod
    def as_of_now(cls, history: History, pruner: RacingPruner) -> _RacingRule:
        steps, losses = history.curves()
        model = None
        if len(losses) >= pruner.n_startup_trials and len(steps) > 1:
            model = FoldModel.fit(losses, alpha=pruner.alpha)
        return cls(model, steps, history.sign)

    def __call__(self, trial: FrozenTrial) -> Decision:
        reported = trial.intermediate_values
        if any(value != value for value in reported.values()):
            return Decision(True, "a score is NaN")
        if self._model is None:
            return Decision(False)
        folds = [self._fold_of_step[step] for step in reported if step in self._fold_of_step]
        values = [self._sign * reported[s] for s in reported if s in self._fold_of_step]
        if not folds or len(folds) == len(self._fold_of_step):
            return Decision(False)
        stop, mean, variance = self._model.judge(np.array(folds), np.array(values))
        reason = "unlikely to beat the best candidate" if stop else ""
        return Decision(stop, reason, self._sign * mean, variance)
