"""The study: asks its sampler, tells its history, keeps its trials."""

from __future__ import annotations

import copy
import logging
import math
import threading
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from skhpo.distributions import (
    BaseDistribution,
    as_distribution,
    check_distribution_compatibility,
)
from skhpo.history import PREDICTED_VALUE, PREDICTED_VARIANCE, History
from skhpo.pruners import BasePruner, MedianPruner
from skhpo.samplers import BaseSampler, TPESampler
from skhpo.storages import InMemoryStorage
from skhpo.study._direction import StudyDirection, as_direction
from skhpo.study._draw import draw_config
from skhpo.study._optimize import optimize
from skhpo.study._snapshot import StudySnapshot, best_of
from skhpo.trial import FrozenTrial, Trial, TrialState, create_trial
from skhpo.trial._frozen import check_trial

if TYPE_CHECKING:
    import pandas as pd

    from skhpo.space import SearchSpace

__all__ = ["Study", "create_study"]

logger = logging.getLogger("skhpo.study")

FIXED_PARAMS = "fixed_params"  # system attribute of an enqueued trial

ObjectiveFunction = Callable[[Trial], float]
StudyCallback = Callable[["Study", FrozenTrial], None]


def create_study(
    *,
    sampler: BaseSampler | None = None,
    pruner: BasePruner | None = None,
    study_name: str | None = None,
    direction: Literal["minimize", "maximize"] | StudyDirection | None = None,
) -> Study:
    """Make a new study, in memory.

    Parameters
    ----------
    sampler : BaseSampler, optional
        Says what to try next. Default: :class:`skhpo.samplers.TPESampler`.
    pruner : BasePruner, optional
        Says which trials to stop early. Default: :class:`skhpo.pruners.MedianPruner`.
    study_name : str, optional
        Name of the study. Default: a unique one.
    direction : {"minimize", "maximize"}, optional
        Which values are better. Default: "minimize".

    Returns
    -------
    study : Study

    Raises
    ------
    ValueError
        If `direction` is neither.

    Examples
    --------
    >>> import skhpo
    >>> study = skhpo.create_study(direction="maximize", sampler=skhpo.samplers.TPESampler(seed=1))
    >>> study.optimize(lambda trial: -abs(trial.suggest_float("x", -1, 1)), n_trials=30)
    >>> abs(study.best_params["x"]) < 0.1
    True
    """
    return Study(
        study_name if study_name is not None else f"no-name-{uuid.uuid4()}",
        sampler=sampler,
        pruner=pruner,
        direction=as_direction(direction),
    )


class Study:
    """Trials of one objective, and what decides on the next; made by :func:`create_study`.

    Attributes
    ----------
    study_name : str
        Its name.
    direction : StudyDirection
        Which values are better.
    sampler : BaseSampler
        Says what to try next.
    pruner : BasePruner
        Says which trials to stop early.
    history : History
        The trials as columns.
    """

    def __init__(
        self,
        study_name: str,
        *,
        sampler: BaseSampler | None = None,
        pruner: BasePruner | None = None,
        direction: StudyDirection = StudyDirection.MINIMIZE,
    ) -> None:
        self.study_name = study_name
        self.direction = direction
        self.sampler = TPESampler() if sampler is None else sampler
        self.pruner = MedianPruner() if pruner is None else pruner
        self.history = History(maximize=direction == StudyDirection.MAXIMIZE)
        self._storage = InMemoryStorage()
        self._waiting: deque[int] = deque()
        self._lock = threading.RLock()
        self._in_optimize = False
        self._stop_flag = False

    def __repr__(self) -> str:
        return f"Study({self.study_name!r}, n_trials={len(self._storage)})"

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["_lock"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.RLock())

    # ------------------------------------------------------------------- ask and tell

    def ask(self, fixed_distributions: Mapping[str, BaseDistribution] | None = None) -> Trial:
        """Start a trial: an enqueued one if there is any, otherwise a new one.

        Parameters
        ----------
        fixed_distributions : mapping of str to BaseDistribution, optional
            Parameters to be suggested at once.

        Returns
        -------
        trial : Trial
            A live handle; end it with :meth:`tell`.

        Examples
        --------
        >>> import skhpo
        >>> study = skhpo.create_study()
        >>> trial = study.ask()
        >>> x = trial.suggest_float("x", 0, 1)
        >>> study.tell(trial, x).state.name
        'COMPLETE'
        """
        with self._lock:
            trial = Trial(self, self._start_trial())
            frozen = trial._frozen
            self.sampler.before_trial(self, frozen)
            search_space = self.sampler.infer_relative_search_space(self, frozen)
            trial._relative_params = self.sampler.sample_relative(self, frozen, search_space)
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
        """End a trial.

        Parameters
        ----------
        trial : Trial or int
            The trial, or its number.
        values : float or sequence of one float, optional
            The objective's value. Without it `state` must be given.
        state : TrialState, optional
            COMPLETE, PRUNED or FAIL. Default: COMPLETE if the value is a number,
            otherwise FAIL. A pruned trial's value is its last report.
        skip_if_finished : bool, default=False
            Do nothing, rather than fail, if the trial has ended before.

        Returns
        -------
        trial : FrozenTrial
            A copy of its record.

        Raises
        ------
        ValueError
            If the trial is unknown or has ended, or values and state contradict each other.
        """
        with self._lock:
            frozen = self._record_of(trial)
            if frozen.state.is_finished() and skip_if_finished:
                return copy.deepcopy(frozen)
            if frozen.state != TrialState.RUNNING:
                raise ValueError(f"Trial {frozen.number} is {frozen.state.name}, not RUNNING.")
            value, state = _check_outcome(values, state)
            if state == TrialState.PRUNED and (step := frozen.last_step) is not None:
                last = frozen.intermediate_values[step]
                value = None if math.isnan(last) else last
            self._finish(frozen, state, value)
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
        """Run trials of an objective.

        Parameters
        ----------
        func : callable
            Takes a :class:`skhpo.Trial` and returns the objective's value.
        n_trials : int, optional
            How many. Default: until the timeout, :meth:`stop`, or an interrupt.
        timeout : float, optional
            No trial starts after so many seconds.
        n_jobs : int, default=1
            Threads; -1 for one a core.
        catch : exception type or iterable of them, default=()
            Exceptions of the objective after which to go on; the trial has failed.
        callbacks : iterable of callable, optional
            Called after each trial with the study and the trial's record.
        gc_after_trial : bool, default=False
            Run the garbage collector after each trial.
        show_progress_bar : bool, default=False
            Show a progress bar.

        Raises
        ------
        RuntimeError
            If called from within an objective or a callback of the same study.
        """
        optimize(
            self,
            func,
            n_trials=n_trials,
            timeout=timeout,
            n_jobs=n_jobs,
            catch=tuple(catch) if isinstance(catch, Iterable) else (catch,),
            callbacks=tuple(callbacks or ()),
            gc_after_trial=gc_after_trial,
            show_progress_bar=show_progress_bar,
        )

    def stop(self) -> None:
        """End :meth:`optimize`, or the search, after the trials under way.

        To be called from an objective or a callback.

        Raises
        ------
        RuntimeError
            If nothing is running.
        """
        if not self._in_optimize:
            raise RuntimeError("`stop` has nothing to stop: call it in an objective or a callback.")
        self._stop_flag = True

    # ---------------------------------------------------------------- add and enqueue

    def enqueue_trial(
        self,
        params: Mapping[str, Any],
        user_attrs: Mapping[str, Any] | None = None,
        skip_if_exists: bool = False,
    ) -> None:
        """Have parameters tried by the next trial; those not given are sampled.

        Parameters
        ----------
        params : mapping of str to object
            Parameter values by name.
        user_attrs : mapping of str to object, optional
            Notes on the trial.
        skip_if_exists : bool, default=False
            Do nothing if a trial with these parameters exists.
        """
        with self._lock:
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
        """Add the record of a trial made elsewhere; it gets a number of this study.

        Parameters
        ----------
        trial : FrozenTrial
            For instance from :func:`skhpo.create_trial`, or a trial of another study.
        """
        with self._lock:
            check_trial(trial)
            for name, distribution in trial.distributions.items():
                self._check_compatible(name, distribution)
            trial = copy.copy(trial)
            for field in ("params", "distributions", "user_attrs", "system_attrs"):
                setattr(trial, field, dict(getattr(trial, field)))
            trial.intermediate_values = dict(trial.intermediate_values)
            self._storage.create_trial(trial)
            self.history.add(trial)
            if trial.state == TrialState.WAITING:
                self._waiting.append(trial._trial_id)

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
            Return copies. Without, the records must not be changed.
        states : container of TrialState, optional
            Only trials in these states.

        Returns
        -------
        trials : list of FrozenTrial
            By number.
        """
        trials = self._storage.get_all_trials()
        if states is not None:
            trials = [trial for trial in trials if trial.state in states]
        return copy.deepcopy(trials) if deepcopy else trials

    @property
    def trials(self) -> list[FrozenTrial]:
        """Copies of all trials, by number."""
        return self.get_trials()

    @property
    def best_trial(self) -> FrozenTrial:
        """A copy of the complete trial with the best value, the first of equals.

        Raises
        ------
        ValueError
            If no trial is complete.
        """
        return copy.deepcopy(best_of(self._storage.get_all_trials(), self.history.sign))

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
    def directions(self) -> list[StudyDirection]:
        """The direction, in a list."""
        return [self.direction]

    @property
    def user_attrs(self) -> dict[str, Any]:
        """Notes on the study."""
        return self._storage.get_study_user_attrs()

    def set_user_attr(self, key: str, value: Any) -> None:
        """Attach a note to the study.

        Parameters
        ----------
        key : str
            Name of the note.
        value : object
            Its content.
        """
        self._storage.set_study_user_attr(key, value)

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
        """Return the trials as a pandas DataFrame, one row a trial.

        Parameters
        ----------
        attrs : tuple of str
            Fields of the trials to include; those that are dicts become a column a key.
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

        return trials_dataframe(self.get_trials(deepcopy=False), attrs, multi_index)

    # --------------------------------------------- for trials, the search, and pruners

    def _start_trial(self) -> int:
        """Take the next enqueued trial, or create one; return its id."""
        if self._waiting:
            trial_id = self._waiting.popleft()
            self._storage.set_trial_state_values(trial_id, TrialState.RUNNING)
            self.history.set_state(trial_id, TrialState.RUNNING)
            return trial_id
        trial = create_trial(state=TrialState.RUNNING)
        self._storage.create_trial(trial)
        self.history.add(trial)
        return trial._trial_id

    def _ask_space(
        self, space: SearchSpace, tried: set[Any], fixed: Mapping[str, Any] | None = None
    ) -> tuple[Trial, dict[str, Any]] | None:
        """Start a trial with a candidate of `space` that has not been tried.

        Returns the trial and its configuration, or None if the space is used up. Values in
        `fixed` are kept as they are; the candidate's key is added to `tried`.
        """
        with self._lock:
            config = draw_config(self, space, len(self._storage), fixed or {}, tried)
            if config is None:
                return None
            tried.add(space.config_key(config))
            trial = Trial(self, self._start_trial())
            for name, value in config.items():
                self._set_param(trial._trial_id, name, value, space.distributions[name])
            return trial, config

    def _suggest(self, trial: Trial, name: str, distribution: BaseDistribution) -> Any:
        """Return a trial's value of a parameter, drawn at the first call."""
        with self._lock:
            frozen = trial._frozen
            if name in frozen.distributions:
                check_distribution_compatibility(frozen.distributions[name], distribution)
                if frozen.distributions[name] != distribution:
                    warnings.warn(
                        f"Parameter {name!r} was suggested before in this trial, from "
                        f"{frozen.distributions[name]}; that value is kept.",
                        stacklevel=4,
                    )
                return frozen.params[name]
            self._check_compatible(name, distribution)
            value = self._choose(trial, frozen, name, distribution)
            return self._set_param(trial._trial_id, name, value, distribution)

    def _choose(
        self, trial: Trial, frozen: FrozenTrial, name: str, distribution: BaseDistribution
    ) -> Any:
        fixed = frozen.system_attrs.get(FIXED_PARAMS, {})
        if name in fixed:
            if not _is_value_of(distribution, fixed[name]):
                warnings.warn(
                    f"The enqueued value {fixed[name]!r} of {name!r} lies outside {distribution}; "
                    "it is used all the same.",
                    stacklevel=5,
                )
            return fixed[name]
        if distribution.single():
            return distribution.to_external_repr(float(distribution.from_unit(np.array([0.5]))[0]))
        if name in trial._relative_params:
            value = trial._relative_params[name]
            if not _is_value_of(distribution, value):
                raise ValueError(
                    f"The sampler drew {value!r} for {name!r}, which lies outside {distribution}."
                )
            return value
        return self.sampler.sample_independent(self, frozen, name, distribution)

    def _set_param(
        self, trial_id: int, name: str, value: Any, distribution: BaseDistribution
    ) -> Any:
        internal = distribution.to_internal_repr(value)
        external = distribution.to_external_repr(internal)
        self._storage.set_trial_param(trial_id, name, external, distribution)
        self.history.set_param(trial_id, name, internal, distribution)
        return external

    def _report(self, trial_id: int, step: int, value: float) -> None:
        with self._lock:
            self._storage.set_trial_intermediate_value(trial_id, step, value)

    def _finish(
        self,
        frozen: FrozenTrial,
        state: TrialState,
        value: float | None,
        prediction: tuple[float, float] | None = None,
    ) -> None:
        """End a trial; `prediction` is the (mean, variance) of the value of one stopped early."""
        if prediction is not None:
            for key, number in zip((PREDICTED_VALUE, PREDICTED_VARIANCE), prediction, strict=True):
                self._storage.set_trial_system_attr(frozen._trial_id, key, float(number))
        values = None if value is None else [float(value)]
        self.sampler.after_trial(self, frozen, state, values)
        self._storage.set_trial_state_values(frozen._trial_id, state, values)
        self.history.finish(self._storage.get_trial(frozen._trial_id))

    def _record_of(self, trial: Trial | int) -> FrozenTrial:
        trial_id = trial._trial_id if isinstance(trial, Trial) else trial
        if not isinstance(trial_id, int):
            raise TypeError(f"`trial` must be a Trial or its number; got {trial!r}.")
        if not 0 <= trial_id < len(self._storage):
            raise ValueError(f"The study has no trial {trial_id}: it has {len(self._storage)}.")
        return self._storage.get_trial(trial_id)

    def _check_compatible(self, name: str, distribution: BaseDistribution) -> None:
        known = self.history.distributions.get(name)
        if known is not None:
            check_distribution_compatibility(known, distribution)

    def _exists(self, params: dict[str, Any]) -> bool:
        return any(
            params == trial.system_attrs.get(FIXED_PARAMS, trial.params)
            for trial in self._storage.get_all_trials()
        )

    def _snapshot(self) -> StudySnapshot:
        return StudySnapshot(self)


def _is_value_of(distribution: BaseDistribution, value: Any) -> bool:
    try:
        return distribution._contains(distribution.to_internal_repr(value))
    except (TypeError, ValueError):
        return False


def _check_outcome(
    values: float | Sequence[float] | None, state: TrialState | None
) -> tuple[float | None, TrialState]:
    """Check what :meth:`Study.tell` is given; return the value and the state."""
    value = values
    if isinstance(values, Sequence) and not isinstance(values, str):
        if len(values) != 1:
            raise ValueError(f"The study has one objective; got {len(values)} values: {values}.")
        value = values[0]
    if state in (TrialState.PRUNED, TrialState.FAIL):
        if value is not None:
            raise ValueError(f"A trial told as {state.name} takes no value; got {value!r}.")
        return None, state
    if state not in (None, TrialState.COMPLETE):
        raise ValueError(f"`state` must be COMPLETE, PRUNED or FAIL; got {state!r}.")
    number = _as_number(value)
    if number is None:
        if state == TrialState.COMPLETE:
            raise ValueError(f"A complete trial needs a number as its value; got {value!r}.")
        warnings.warn(f"The value {value!r} is no number: the trial has failed.", stacklevel=3)
        return None, TrialState.FAIL
    return number, TrialState.COMPLETE


def _as_number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return None if math.isnan(number) else number
