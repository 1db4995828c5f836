"""The live trial that is passed to an objective."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from skhpo._warnings import warn_user
from skhpo.distributions import BaseDistribution
from skhpo.trial._base import CONSTRAINT, BaseTrial, as_constraint
from skhpo.trial._frozen import FrozenTrial

if TYPE_CHECKING:
    from skhpo.storages import BaseStorage
    from skhpo.study import Study

__all__ = ["Trial"]


class Trial(BaseTrial):
    """A running trial, which suggests parameters and reports progress.

    A study creates it (:meth:`Study.ask`, :meth:`Study.optimize`) and passes it to the objective.

    Parameters
    ----------
    study : Study
        The study of the trial.
    trial_id : int
        Id of the trial in the storage.
    relative_space : mapping of str to BaseDistribution, optional
        Parameters that the sampler drew jointly at the start of the trial.
    relative_params : mapping of str to object, optional
        Values of these parameters.

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     kind = trial.suggest_categorical("kind", ["line", "curve"])
    ...     x = trial.suggest_float("x", -1, 1)
    ...     return x**2 if kind == "curve" else abs(x)
    >>> study = skhpo.create_study(sampler=skhpo.samplers.TPESampler(seed=0))
    >>> study.optimize(objective, n_trials=20)
    >>> study.best_value < 0.1
    True
    """

    def __init__(
        self,
        study: Study,
        trial_id: int,
        *,
        relative_space: Mapping[str, BaseDistribution] | None = None,
        relative_params: Mapping[str, Any] | None = None,
    ) -> None:
        self.study = study
        self._trial_id = trial_id
        self.relative_space = dict(relative_space or {})
        self._relative_params = dict(relative_params or {})

    def __repr__(self) -> str:
        return f"Trial(number={self.number}, params={self.params})"

    def report(self, value: float, step: int) -> None:
        """Report an intermediate value of the objective.

        Parameters
        ----------
        value : float
            The value at this step.
        step : int
            Step from 0, such as an epoch or a fold. A step that was reported before is ignored,
            with a warning.

        Raises
        ------
        NotImplementedError
            If the study has several objectives.
        """
        if len(self.study.directions) > 1:
            raise NotImplementedError("`report` is only for studies with one objective.")
        try:
            value = float(value)
        except (TypeError, ValueError):
            raise TypeError(f"`value` must be a number; got {value!r}.") from None
        try:
            step = int(step)
        except (TypeError, ValueError):
            raise TypeError(f"`step` must be an integer; got {step!r}.") from None
        if step < 0:
            raise ValueError(f"`step` must be 0 or more; got {step}.")
        if step in self._frozen.intermediate_values:
            warn_user(f"Step {step} was reported before; the value is ignored.")
            return
        self.study.log.report(self._trial_id, step, value)

    def should_prune(self) -> bool:
        """Return whether the study's pruner would stop this trial now.

        Returns
        -------
        prune : bool
            If True, raise :class:`skhpo.TrialPruned`.

        Raises
        ------
        NotImplementedError
            If the study has several objectives.
        """
        if len(self.study.directions) > 1:
            raise NotImplementedError("`should_prune` is only for studies with one objective.")
        return bool(self.study.pruner.prune(self.study, self._frozen))

    def set_user_attr(self, key: str, value: Any) -> None:
        """Set a user attribute of the trial.

        Parameters
        ----------
        key : str
            Name of the attribute.
        value : object
            Its value; a JSON value if the study is stored.
        """
        self.study.storage.set_trial_user_attr(self._trial_id, key, value)

    def set_constraint(self, key: str, value: float) -> None:
        """Set the value of a constraint.

        Samplers prefer feasible trials, and the best trial of a study is always feasible.

        Parameters
        ----------
        key : str
            Name of the constraint.
        value : float
            The constraint is satisfied if the value is 0 or less. Later values of the same
            constraint are ignored.

        Raises
        ------
        TypeError, ValueError
            If `value` is not a number, or NaN.
        """
        number = as_constraint(key, value)
        if key in self._frozen.constraints:
            warn_user(f"Constraint {key!r} was set before; its value is kept.")
            return
        self.study.storage.set_trial_system_attr(self._trial_id, CONSTRAINT + key, number)

    @property
    def constraints(self) -> dict[str, float]:
        """Values of the constraints set so far; the trial is feasible if none is above 0."""
        return self._frozen.constraints

    @property
    def trial_id(self) -> int:
        """Id of the trial in its storage."""
        return self._trial_id

    @property
    def _frozen(self) -> FrozenTrial:
        return self.study.storage.get_trial(self._trial_id)

    @property
    def storage(self) -> BaseStorage:
        """The storage of the study."""
        return self.study.storage

    @property
    def number(self) -> int:
        """Position in the study, from 0."""
        return self._frozen.number

    @property
    def params(self) -> dict[str, Any]:
        """Parameters suggested so far."""
        return dict(self._frozen.params)

    @property
    def distributions(self) -> dict[str, BaseDistribution]:
        """Distributions of the parameters suggested so far."""
        return dict(self._frozen.distributions)

    @property
    def user_attrs(self) -> dict[str, Any]:
        """User attributes set so far."""
        return dict(self._frozen.user_attrs)

    @property
    def datetime_start(self) -> datetime | None:
        """Time at which the trial started."""
        return self._frozen.datetime_start

    @property
    def relative_params(self) -> dict[str, Any]:
        """Parameters that the sampler drew jointly at the start of the trial."""
        return dict(self._relative_params)

    def _suggest(self, name: str, distribution: BaseDistribution) -> Any:
        return self.study._suggest(self, name, distribution)
