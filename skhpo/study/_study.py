"""The study: a sampler, a pruner and a log of trials."""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo._hints import use_instead
from skhpo._warnings import warn_user
from skhpo.distributions import (
    BaseDistribution,
    as_distribution,
    check_distribution_compatibility,
)
from skhpo.history import History
from skhpo.pruners import BasePruner
from skhpo.pruners._by_name import get_pruner
from skhpo.samplers import BaseSampler
from skhpo.samplers._base import draws_by_groups
from skhpo.samplers._by_name import get_sampler
from skhpo.storages import BaseStorage
from skhpo.study._best import best_row, best_rows
from skhpo.study._direction import StudyDirection, only_direction
from skhpo.study._log import TrialLog
from skhpo.study._optimize import optimize
from skhpo.study._snapshot import StudySnapshot
from skhpo.study._tell import end_trial, read_outcome
from skhpo.study._to_optuna import to_optuna
from skhpo.trial import FrozenTrial, Trial, TrialState, create_trial
from skhpo.trial._frozen import FIXED_PARAMS, as_record, check_trial

if TYPE_CHECKING:
    import pandas as pd


__all__ = ["Study"]

logger = logging.getLogger("skhpo.study")

METRIC_NAMES = "study:metric_names"  # system attribute of a study

ObjectiveFunction = Callable[[Trial], float | Sequence[float]]
StudyCallback = Callable[["Study", FrozenTrial], None]


class Study:
    """Trials, with a sampler and a pruner; created by :func:`create_study`.

    Parameters
    ----------
    study_name : str
        Name of a study in the storage.
    storage : BaseStorage
        Where the study is stored.
    sampler : BaseSampler, optional
        Decides what to try next. Default: :class:`skhpo.samplers.TPESampler`.
    pruner : BasePruner, optional
        Decides which trials to stop early. Default: :class:`skhpo.pruners.MedianPruner`.

    Attributes
    ----------
    study_name : str
        Name of the study.
    sampler : BaseSampler
        Decides what to try next.
    pruner : BasePruner
        Decides which trials to stop early.
    log : TrialLog
        The underlying log of the trials, for searches and tools.
    """

    def __init__(
        self,
        study_name: str,
        storage: BaseStorage,
        *,
        sampler: BaseSampler | str | None = None,
        pruner: BasePruner | str | None = None,
    ) -> None:
        self.study_name = study_name
        self.log = TrialLog(storage, storage.get_study_id_from_name(study_name))
        self.sampler = get_sampler("tpe" if sampler is None else sampler)
        self.pruner = get_pruner("median" if pruner is None else pruner)

    def __repr__(self) -> str:
        return f"Study({self.study_name!r}, n_trials={self.history.n_trials})"

    # ------------------------------------------------------------------- ask and tell

    def ask(self, fixed_distributions: Mapping[str, BaseDistribution] | None = None) -> Trial:
        """Start the next enqueued trial, or a new one.

        Parameters
        ----------
        fixed_distributions : mapping of str to BaseDistribution, optional
            Parameters to suggest immediately.

        Returns
        -------
        trial : Trial
            The running trial; end it with :meth:`tell`.

        Examples
        --------
        >>> import skhpo
        >>> study = skhpo.create_study()
        >>> trial = study.ask()
        >>> x = trial.suggest_float("x", 0, 1)
        >>> study.tell(trial, x).state.name
        'COMPLETE'
        """
        with self.log.lock:
            self.log.read_all()
            trial_id = self.log.begin_next()
            frozen = self.log.record(trial_id)
            self.sampler.before_trial(self, frozen)
            space: dict[str, BaseDistribution] = {}
            params: dict[str, Any] = {}
            if not draws_by_groups(self.sampler):
                space = self.sampler.infer_relative_search_space(self, frozen)
                params = self.sampler.sample_relative(self, frozen, space)
            trial = Trial(self, trial_id, relative_space=space, relative_params=params)
            for name, distribution in (fixed_distributions or {}).items():
                trial._suggest(name, as_distribution(distribution))
            return trial

    def tell(
        self,
        trial: Trial | int,
        values: float | Sequence[float] | None = None,
        state: TrialState | None = None,
        skip_if_finished: bool = False,
    ) -> FrozenTrial:
        """End a trial with its result.

        Parameters
        ----------
        trial : Trial or int
            The trial, or its number.
        values : float or sequence of float, optional
            The objective's value, or one value per objective.
        state : TrialState, optional
            COMPLETE, PRUNED or FAIL. Default: COMPLETE if the values are numbers,
            otherwise FAIL, with a warning. A pruned trial's value is its last report.
        skip_if_finished : bool, default=False
            Do nothing, rather than raise an error, if the trial has already finished.

        Returns
        -------
        trial : FrozenTrial
            A copy of its record.

        Raises
        ------
        ValueError
            If the trial is unknown or finished, or the values contradict the state.
        """
        with self.log.lock:
            frozen = self._record_of(trial)
            if frozen.state.is_finished() and skip_if_finished:
                return copy.deepcopy(frozen)
            if frozen.state != TrialState.RUNNING:
                raise ValueError(f"Trial {frozen.number} is {frozen.state.name}, not RUNNING.")
            numbers, state = read_outcome(values, state, len(self.directions))
            if state == TrialState.PRUNED and (step := frozen.last_step) is not None:
                last = frozen.intermediate_values[step]
                numbers = None if math.isnan(last) else [last]
            end_trial(self, frozen, state, numbers)
            return copy.deepcopy(frozen)

    def optimize(
        self,
        func: ObjectiveFunction,
        n_trials: int | None = None,
        timeout: float | None = None,
        n_jobs: int = 1,
        catch: Iterable[type[Exception]] | type[Exception] = (),
        callbacks: Iterable[StudyCallback] | None = None,
        gc_after_trial: bool = False,
        show_progress_bar: bool = False,
    ) -> None:
        """Evaluate an objective in trials.

        Parameters
        ----------
        func : callable
            Takes a :class:`skhpo.Trial` and returns the objective's value, or one value per
            objective.
        n_trials : int, optional
            Number of trials. Default: run until the timeout, :meth:`stop`, or an interrupt.
        timeout : float, optional
            Seconds after which no further trial starts.
        n_jobs : int, default=1
            Number of threads; -1 means one per core.
        catch : exception type or iterable of them, default=()
            Exceptions of the objective that fail the trial without ending the run.
        callbacks : iterable of callable, optional
            Called with the study and the trial's record after each trial.
        gc_after_trial : bool, default=False
            Run the garbage collector after each trial.
        show_progress_bar : bool, default=False
            Show a progress bar.

        Raises
        ------
        RuntimeError
            If called from an objective or a callback of the same study. Several threads may run
            the same study.
        """
        optimize(
            self,
            func,
            n_trials=n_trials,
            timeout=timeout,
            n_jobs=n_jobs,
            catch=tuple(catch) if isinstance(catch, Iterable) else (catch,),
            callbacks=_as_callbacks(callbacks),
            gc_after_trial=gc_after_trial,
            show_progress_bar=show_progress_bar,
        )

    def stop(self) -> None:
        """Stop :meth:`optimize`, or the search, after the running trials.

        Call it in an objective or a callback. It stops all runs of the study in this process.

        Raises
        ------
        RuntimeError
            If nothing is running.
        """
        self.log.runs.request_stop()

    @property
    def is_running(self) -> bool:
        """Whether :meth:`optimize` or a search is running the study in this process."""
        return self.log.runs.are_any

    # ---------------------------------------------------------------- add and enqueue

    def enqueue_trial(
        self,
        params: Mapping[str, Any],
        user_attrs: Mapping[str, Any] | None = None,
        skip_if_exists: bool = False,
    ) -> None:
        """Enqueue parameters for the next trial; missing ones are sampled.

        Parameters
        ----------
        params : mapping of str to object
            Parameter values by name.
        user_attrs : mapping of str to object, optional
            User attributes of the trial.
        skip_if_exists : bool, default=False
            Do nothing if a trial with these parameters exists.
        """
        if not isinstance(params, Mapping):
            raise TypeError(
                "`params` must be a dict of one trial's values by parameter name (call "
                f"`enqueue_trial` once per trial); got {params!r}."
            )
        with self.log.lock:
            if skip_if_exists and self._exists(dict(params)):
                return
            self.add_trial(
                create_trial(
                    state=TrialState.WAITING,
                    user_attrs=user_attrs,
                    system_attrs={FIXED_PARAMS: dict(params)},
                )
            )

    def add_trial(self, trial: FrozenTrial) -> None:
        """Add an existing trial to the study, with a new number.

        Parameters
        ----------
        trial : FrozenTrial
            The trial, for example from :func:`skhpo.create_trial`, from another study, or of
            Optuna.
        """
        with self.log.lock:
            trial = as_record(trial)
            check_trial(trial)
            n_values = len(trial.values or self.directions)
            if n_values != len(self.directions):
                raise ValueError(
                    f"The study has {len(self.directions)} objectives, but the trial has "
                    f"{n_values} values: {trial.values}."
                )
            for name, distribution in trial.distributions.items():
                self.log.check_compatible(name, distribution)
            trial = copy.copy(trial)
            for field in ("params", "distributions", "user_attrs", "system_attrs"):
                setattr(trial, field, dict(getattr(trial, field)))
            trial.intermediate_values = dict(trial.intermediate_values)
            self.storage.create_new_trial(self.log.study_id, trial)
            self.log.read_new()

    def add_trials(self, trials: Iterable[FrozenTrial]) -> None:
        """Add several trials.

        Parameters
        ----------
        trials : iterable of FrozenTrial
            See :meth:`add_trial`.
        """
        for trial in trials:
            self.add_trial(trial)

    # ------------------------------------------------------------------------ results

    def get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """Return the trials.

        Parameters
        ----------
        deepcopy : bool, default=True
            Return copies. If False, the records must not be changed.
        states : container of TrialState, optional
            Return only trials in these states.

        Returns
        -------
        trials : list of FrozenTrial
            By number.
        """
        return self.storage.get_all_trials(self.log.study_id, deepcopy, states)

    def to_optuna(self) -> Any:
        """Return a copy as an in-memory ``optuna.Study``, for tools that require one.

        Optuna must be installed. Choices that are not JSON values become labels.

        Returns
        -------
        study : optuna.Study
            A study with all trials, attributes and metric names, and the default sampler and
            pruner.
        """
        return to_optuna(self)

    @property
    def storage(self) -> BaseStorage:
        """The storage of the study; other studies can share it."""
        return self.log.storage

    @property
    def directions(self) -> list[StudyDirection]:
        """The directions of the objectives."""
        return self.log.directions

    @property
    def history(self) -> History:
        """The trials as columns."""
        return self.log.history

    @property
    def _storage(self) -> BaseStorage:
        """Alias for scripts written for Optuna."""
        return self.log.storage

    @property
    def _study_id(self) -> int:
        """Alias for scripts written for Optuna."""
        return self.log.study_id

    @property
    def trials(self) -> list[FrozenTrial]:
        """Copies of all trials, by number."""
        return self.get_trials()

    @property
    def best_trial(self) -> FrozenTrial:
        """A copy of the complete feasible trial with the best value, the first one of ties.

        Raises
        ------
        ValueError
            If no trial is complete, or no complete trial is feasible.
        RuntimeError
            If the study has several objectives.
        """
        with self.log.lock:
            self.log.read_all()
            return copy.deepcopy(self._record_of(best_row(self.history)))

    @property
    def best_params(self) -> dict[str, Any]:
        """Parameters of the best trial."""
        return self.best_trial.params

    @property
    def best_value(self) -> float:
        """Value of the best trial."""
        value = self.best_trial.value
        assert value is not None
        return value

    @property
    def best_trials(self) -> list[FrozenTrial]:
        """Copies of the non-dominated complete feasible trials: the Pareto front."""
        with self.log.lock:
            self.log.read_all()
            numbers = best_rows(self.history).tolist()
            return [copy.deepcopy(self._record_of(number)) for number in numbers]

    @property
    def direction(self) -> StudyDirection:
        """The direction of a study with one objective.

        Raises
        ------
        RuntimeError
            If the study has several objectives.
        """
        return only_direction(self.directions)

    @property
    def user_attrs(self) -> dict[str, Any]:
        """User attributes of the study."""
        return copy.deepcopy(self.storage.get_study(self.log.study_id).user_attrs)

    def set_user_attr(self, key: str, value: Any) -> None:
        """Set a user attribute of the study.

        Parameters
        ----------
        key : str
            Name of the attribute.
        value : object
            Value of the attribute.
        """
        self.storage.set_study_user_attr(self.log.study_id, key, value)

    @property
    def metric_names(self) -> list[str] | None:
        """Names of the objectives; None if they are not named."""
        names = self.storage.get_study(self.log.study_id).system_attrs.get(METRIC_NAMES)
        return None if names is None else list(names)

    def set_metric_names(self, metric_names: Sequence[str]) -> None:
        """Name the objectives; :meth:`trials_dataframe` shows the names.

        Parameters
        ----------
        metric_names : sequence of str
            One name per objective.

        Raises
        ------
        ValueError
            If the number of names differs from the number of objectives.
        """
        if len(metric_names) != len(self.directions):
            raise ValueError(
                f"`metric_names` must have {len(self.directions)} names, one per objective; "
                f"got {list(metric_names)}."
            )
        self.storage.set_study_system_attr(self.log.study_id, METRIC_NAMES, list(metric_names))

    def trials_dataframe(
        self,
        attrs: tuple[str, ...] = (
            "number",
            "value",
            "datetime_start",
            "datetime_complete",
            "duration",
            "params",
            "user_attrs",
            "system_attrs",
            "state",
        ),
        multi_index: bool = False,
    ) -> pd.DataFrame:
        """Return the trials as a pandas DataFrame with one row per trial.

        Parameters
        ----------
        attrs : tuple of str
            Fields of the trials to include. Fields that are dicts become one column per key, and
            the values of several objectives one column each.
        multi_index : bool, default=False
            Name columns by pairs such as ``("params", "x")`` instead of ``"params_x"``.

        Returns
        -------
        frame : pandas.DataFrame

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        from skhpo.study._dataframe import trials_dataframe

        if len(self.directions) > 1:
            attrs = tuple("values" if attr == "value" else attr for attr in attrs)
        return trials_dataframe(
            self.get_trials(deepcopy=False),
            attrs,
            multi_index,
            self.metric_names,
            len(self.directions),
        )

    # ------------------------------------------------------------------ used by its trials

    def _suggest(self, trial: Trial, name: str, distribution: BaseDistribution) -> Any:
        """Return a trial's value of a parameter, which the first call draws."""
        with self.log.lock:
            frozen = self.log.record(trial.trial_id)
            if name in frozen.distributions:
                check_distribution_compatibility(frozen.distributions[name], distribution)
                if frozen.distributions[name] != distribution:
                    warn_user(
                        f"Parameter {name!r} was already suggested in this trial, from "
                        f"{frozen.distributions[name]}; the first value is used."
                    )
                return frozen.params[name]
            self.log.check_compatible(name, distribution)
            value = self._choose(trial, frozen, name, distribution)
            return self.log.set_param(frozen, name, value, distribution)

    def _choose(
        self, trial: Trial, frozen: FrozenTrial, name: str, distribution: BaseDistribution
    ) -> Any:
        fixed = frozen.system_attrs.get(FIXED_PARAMS, {})
        if name in fixed:
            if not distribution.contains(fixed[name]):
                warn_user(
                    f"The enqueued value {fixed[name]!r} of {name!r} lies outside {distribution}; "
                    "it is used anyway."
                )
            return fixed[name]
        if distribution.single():
            return distribution.to_external_repr(float(distribution.from_unit(np.array([0.5]))[0]))
        if name in trial.relative_params:
            if name not in trial.relative_space:
                raise ValueError(
                    f"The sampler drew {name!r}, which is not in its relative search space."
                )
            check_distribution_compatibility(trial.relative_space[name], distribution)
            value = trial.relative_params[name]
            if distribution.contains(value):
                return value
        return self.sampler.sample_independent(self, frozen, name, distribution)

    def _record_of(self, trial: Trial | int) -> FrozenTrial:
        if isinstance(trial, Trial):
            return self.log.record(trial.trial_id)
        if not isinstance(trial, int | np.integer):
            raise TypeError(f"`trial` must be a Trial or its number; got {trial!r}.")
        return self.log.record(self.log.id_of(int(trial)))

    def _exists(self, params: dict[str, Any]) -> bool:
        return any(
            _are_same(params, trial.system_attrs.get(FIXED_PARAMS, trial.params))
            for trial in self.storage.get_all_trials(self.log.study_id, deepcopy=False)
        )

    def snapshot(self) -> StudySnapshot:
        """Return a snapshot of the study with its finished trials, for pruners."""
        return StudySnapshot(self)


def _are_same(params: Mapping[str, Any], others: Mapping[str, Any]) -> bool:
    """Return whether two trials have the same parameters; NaN equals NaN."""
    if params.keys() != others.keys():
        return False
    pairs = [(value, others[name]) for name, value in params.items()]
    return all(
        (isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b))
        or bool(np.all(a == b))
        for a, b in pairs
    )


def _as_callbacks(callbacks: Iterable[StudyCallback] | None) -> tuple[StudyCallback, ...]:
    """Check callbacks before the first trial."""
    checked = tuple(callbacks or ())
    for callback in checked:
        if isinstance(callback, type) or not callable(callback):
            raise TypeError(
                f"`callbacks` must be callables, `callback(study, trial)`; got {callback!r}."
                f"{use_instead(callback)}"
            )
    return checked
