"""The study: asks its sampler, tells its history, keeps its trials."""

from __future__ import annotations

import copy
import logging
import math
import threading
import warnings
from collections import deque
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo._hints import use_instead
from skhpo.distributions import (
    BaseDistribution,
    as_distribution,
    check_distribution_compatibility,
)
from skhpo.history import PREDICTED_VALUE, PREDICTED_VARIANCE, History
from skhpo.pruners import BasePruner
from skhpo.pruners._by_name import get_pruner
from skhpo.samplers import BaseSampler
from skhpo.samplers._by_name import get_sampler
from skhpo.storages import BaseStorage
from skhpo.study._best import best_row, best_rows
from skhpo.study._direction import StudyDirection, only_direction
from skhpo.study._draw import draw_config, note_tried
from skhpo.study._optimize import optimize
from skhpo.study._outcome import read_outcome
from skhpo.study._snapshot import StudySnapshot
from skhpo.study._to_optuna import to_optuna
from skhpo.trial import FrozenTrial, Trial, TrialState, create_trial
from skhpo.trial._frozen import FIXED_PARAMS, as_record, check_trial

if TYPE_CHECKING:
    import pandas as pd

    from skhpo.space import SearchSpace

__all__ = ["Study"]

logger = logging.getLogger("skhpo.study")

METRIC_NAMES = "study:metric_names"  # system attribute of a study

ObjectiveFunction = Callable[[Trial], float | Sequence[float]]
StudyCallback = Callable[["Study", FrozenTrial], None]


class Study:
    """Trials, and what decides on the next; made by :func:`create_study`.

    Parameters
    ----------
    study_name : str
        Name of a study in the storage.
    storage : BaseStorage
        Where it is kept.
    sampler : BaseSampler, optional
        Says what to try next. Default: :class:`skhpo.samplers.TPESampler`.
    pruner : BasePruner, optional
        Says which trials to stop early. Default: :class:`skhpo.pruners.MedianPruner`.

    Attributes
    ----------
    study_name : str
        Its name.
    directions : list of StudyDirection
        For each objective, which values are better.
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
        storage: BaseStorage,
        *,
        sampler: BaseSampler | str | None = None,
        pruner: BasePruner | str | None = None,
    ) -> None:
        self.study_name = study_name
        self._storage = storage
        self._study_id = storage.get_study_id_from_name(study_name)
        record = storage.get_study(self._study_id)
        self.directions = [StudyDirection(direction) for direction in record.directions]
        self.sampler = get_sampler("tpe" if sampler is None else sampler)
        self.pruner = get_pruner("median" if pruner is None else pruner)
        self.history = History(maximize=[d == StudyDirection.MAXIMIZE for d in self.directions])
        self._waiting: deque[int] = deque()  # numbers of the enqueued trials
        self._open_elsewhere: set[int] = set()  # numbers of the open trials that run elsewhere
        self._lock = threading.RLock()
        self._in_optimize = False
        self._stop_flag = False
        self._is_rewound = False
        self._n_rewound = 0
        self._read_what_is_new()

    def __repr__(self) -> str:
        return f"Study({self.study_name!r}, n_trials={self.history.n_trials})"

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["_lock"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.RLock())
        self.directions = [StudyDirection(direction) for direction in self.directions]

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
            self._read_all_that_is_new()
            trial = Trial(self, self._start_trial())
            frozen = trial._frozen
            self.sampler.before_trial(self, frozen)
            space = self.sampler.infer_relative_search_space(self, frozen)
            trial._relative_space = space
            trial._relative_params = self.sampler.sample_relative(self, frozen, space)
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
        values : float or sequence of float, optional
            The objective's value, or one for each objective.
        state : TrialState, optional
            COMPLETE, PRUNED or FAIL. Default: COMPLETE if the values are numbers,
            otherwise FAIL, with a warning. A pruned trial's value is its last report.
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
            numbers, state = read_outcome(values, state, len(self.directions))
            if state == TrialState.PRUNED and (step := frozen.last_step) is not None:
                last = frozen.intermediate_values[step]
                numbers = None if math.isnan(last) else [last]
            self._finish(frozen, state, numbers)
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
            Takes a :class:`skhpo.Trial` and returns the objective's value, or one for each
            objective.
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
            callbacks=_as_callbacks(callbacks),
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
        if not isinstance(params, Mapping):
            raise TypeError(
                "`params` must be a dict of one trial's values by parameter name (call "
                f"`enqueue_trial` for each of several); got {params!r}."
            )
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
            For instance from :func:`skhpo.create_trial`, a trial of another study, or one of
            Optuna's.
        """
        with self._lock:
            trial = as_record(trial)
            check_trial(trial)
            n_values = len(trial.values or self.directions)
            if n_values != len(self.directions):
                raise ValueError(
                    f"The study has {len(self.directions)} objectives; the trial has "
                    f"{n_values} values: {trial.values}."
                )
            for name, distribution in trial.distributions.items():
                self._check_compatible(name, distribution)
            trial = copy.copy(trial)
            for field in ("params", "distributions", "user_attrs", "system_attrs"):
                setattr(trial, field, dict(getattr(trial, field)))
            trial.intermediate_values = dict(trial.intermediate_values)
            self._storage.create_new_trial(self._study_id, trial)
            self._read_what_is_new()

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
        return self._storage.get_all_trials(self._study_id, deepcopy, states)

    def to_optuna(self) -> Any:
        """Return a copy as an ``optuna.Study`` in memory, for tools that take nothing else.

        Optuna must be installed. Choices that are no JSON values are labels there.

        Returns
        -------
        study : optuna.Study
            With all trials, notes and names of objectives; sampler and pruner are the defaults.
        """
        return to_optuna(self)

    @property
    def storage(self) -> BaseStorage:
        """Where the study is kept; another study may share it, or be copied from it."""
        return self._storage

    @property
    def trials(self) -> list[FrozenTrial]:
        """Copies of all trials, by number."""
        return self.get_trials()

    @property
    def best_trial(self) -> FrozenTrial:
        """A copy of the complete, feasible trial with the best value, the first of equals.

        Raises
        ------
        ValueError
            If no trial is complete, or none that is complete is feasible.
        RuntimeError
            If the study has several objectives.
        """
        with self._lock:
            self._read_all_that_is_new()
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
        """Copies of the complete, feasible trials that no other dominates: the Pareto front."""
        with self._lock:
            self._read_all_that_is_new()
            numbers = best_rows(self.history).tolist()
            return [copy.deepcopy(self._record_of(number)) for number in numbers]

    @property
    def direction(self) -> StudyDirection:
        """Which values are better, in a study of one objective.

        Raises
        ------
        RuntimeError
            If the study has several objectives.
        """
        return only_direction(self.directions)

    @property
    def user_attrs(self) -> dict[str, Any]:
        """Notes on the study."""
        return copy.deepcopy(self._storage.get_study(self._study_id).user_attrs)

    def set_user_attr(self, key: str, value: Any) -> None:
        """Attach a note to the study.

        Parameters
        ----------
        key : str
            Name of the note.
        value : object
            Its content.
        """
        self._storage.set_study_user_attr(self._study_id, key, value)

    @property
    def metric_names(self) -> list[str] | None:
        """Names of the objectives; None if they have none."""
        names = self._storage.get_study(self._study_id).system_attrs.get(METRIC_NAMES)
        return None if names is None else list(names)

    def set_metric_names(self, metric_names: Sequence[str]) -> None:
        """Name the objectives; :meth:`trials_dataframe` shows the names.

        Parameters
        ----------
        metric_names : sequence of str
            One for each objective.

        Raises
        ------
        ValueError
            If there are not as many names as objectives.
        """
        if len(metric_names) != len(self.directions):
            raise ValueError(
                f"`metric_names` needs one name for each of the {len(self.directions)} objectives; "
                f"got {list(metric_names)}."
            )
        self._storage.set_study_system_attr(self._study_id, METRIC_NAMES, list(metric_names))

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
            Fields of the trials to include; those that are dicts become a column a key, and
            the values of several objectives a column each.
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

    # --------------------------------------------- for trials, the search, and pruners

    def _read_what_is_new(self) -> list[FrozenTrial]:
        """Bring the history up to date with what others have written; return their new trials."""
        if self._is_rewound:
            return []
        trials = self._storage.get_all_trials(self._study_id, deepcopy=False)
        new = trials[self.history.n_trials :]
        for trial in new:
            self._add_to_history(trial)
        for number in sorted(self._open_elsewhere):
            if trials[number].state != TrialState.WAITING:
                self._follow(trials[number])
        return new

    def _read_all_that_is_new(self) -> None:
        """Read what is new, and which trials begun here have been ended by another process."""
        self._read_what_is_new()
        history = self.history
        open_here = np.flatnonzero(history.state[: history.n_trials] == TrialState.RUNNING)
        if self._is_rewound or len(open_here) == 0:
            return
        trials = self._storage.get_all_trials(self._study_id)
        for number in open_here.tolist():
            if trials[number].state.is_finished():
                self._follow(trials[number])

    def _add_to_history(self, trial: FrozenTrial) -> None:
        """Take up a trial that others run, or have run."""
        self.history.add(trial)
        if not trial.state.is_finished():
            self._open_elsewhere.add(trial.number)
        if trial.state == TrialState.WAITING:
            self._waiting.append(trial.number)

    def _rewind(self) -> list[FrozenTrial]:
        """Forget the history and return the trials, to be taken up once more, one by one.

        Until the last has been, nothing is read from the storage. So a search that goes on
        judges each trial by what was known when it was asked.
        """
        trials = self.get_trials(deepcopy=False)
        self.history = History(maximize=[d == StudyDirection.MAXIMIZE for d in self.directions])
        self._open_elsewhere.clear()
        self._waiting.clear()
        self._is_rewound = bool(trials)
        self._n_rewound = len(trials)
        return trials

    def _replay(self, trial: FrozenTrial, as_open: bool) -> None:
        """Take up the next trial after a rewind, as one that has just begun here, or as it is."""
        if as_open:
            begun = copy.copy(trial)
            begun.state, begun.values = TrialState.RUNNING, None
            self.history.add(begun)
        else:
            self._add_to_history(trial)
        self._is_rewound = self.history.n_trials < self._n_rewound

    def _follow(self, trial: FrozenTrial) -> None:
        """Note how far a trial has come that runs elsewhere."""
        self.history.set_state(trial.number, trial.state)
        for name, distribution in list(trial.distributions.items()):
            internal = distribution.to_internal_repr(trial.params[name])
            self.history.set_param(trial.number, name, internal, distribution)
        if trial.state.is_finished():
            self._open_elsewhere.discard(trial.number)
            self.history.finish(trial)

    def _take_waiting(self) -> FrozenTrial | None:
        """Take the next enqueued trial, if there is one that nobody else was faster to take."""
        while self._waiting:
            trial_id = self._trial_id(number := self._waiting.popleft())
            if self._storage.set_trial_state_values(trial_id, TrialState.RUNNING):
                self.history.set_state(number, TrialState.RUNNING)
                self._open_elsewhere.discard(number)
                return self._storage.get_trial(trial_id)
        return None

    def _start_trial(self) -> int:
        """Take the next enqueued trial, or create one; return its id."""
        waiting = self._take_waiting()
        if waiting is not None:
            return waiting._trial_id
        trial_id = self._storage.create_new_trial(self._study_id)
        self._take_up(self._storage.get_trial(trial_id))
        return trial_id

    def _take_up(self, trial: FrozenTrial) -> None:
        """Add a trial that was started here to the history, after all before it."""
        if trial.number == self.history.n_trials:
            self.history.add(trial)
        else:
            self._read_what_is_new()
            self._open_elsewhere.discard(trial.number)

    def _ask_space(
        self,
        space: SearchSpace,
        tried: set[Any],
        enqueued: Sequence[Mapping[str, Any]] = (),
        limit: float = math.inf,
        system_attrs: Mapping[str, Any] | None = None,
    ) -> tuple[Trial, dict[str, Any]] | None:
        """Start a trial with a candidate of `space` that has not been tried.

        Returns the trial and its configuration; None if the space is used up, or the study has
        `limit` trials. The first trials get the values in `enqueued`, each as it is. The
        candidate's key is added to `tried`, and so are those of other processes' candidates.
        """
        with self._lock:
            while True:
                for other in self._read_what_is_new():
                    note_tried(space, other, tried)
                waiting = self._take_waiting()
                number = self.history.n_trials if waiting is None else waiting.number
                if waiting is None and number >= limit:
                    return None
                fixed = enqueued[number] if number < len(enqueued) else {}
                if waiting is not None:
                    fixed = waiting.system_attrs.get(FIXED_PARAMS, {})
                config = draw_config(self, space, number, fixed, tried)
                if waiting is not None:
                    if config is None:
                        self._finish(waiting, TrialState.FAIL, None)
                        continue
                    return self._begin_waiting(space, waiting, config, system_attrs or {}), config
                if config is None:
                    return None
                trial = self._begin(space, number, config, system_attrs or {})
                if trial is not None:
                    tried.add(space.config_key(config))
                    return trial, config

    def _begin(
        self,
        space: SearchSpace,
        number: int,
        config: Mapping[str, Any],
        system_attrs: Mapping[str, Any],
    ) -> Trial | None:
        """Start trial `number`; None if another process has just started one of this number."""
        distributions = {name: space.distributions[name] for name in config}
        trial = FrozenTrial(
            number=number,
            state=TrialState.RUNNING,
            value=None,
            datetime_start=datetime.now(),
            datetime_complete=None,
            params={name: d.canonical(config[name]) for name, d in distributions.items()},
            distributions=distributions,
            user_attrs={},
            system_attrs=dict(system_attrs),
            intermediate_values={},
            trial_id=-1,
        )
        trial_id = self._storage.create_next_trial(self._study_id, trial)
        if trial_id is None:
            return None
        self.history.add(self._storage.get_trial(trial_id))
        return Trial(self, trial_id)

    def _begin_waiting(
        self,
        space: SearchSpace,
        waiting: FrozenTrial,
        config: Mapping[str, Any],
        system_attrs: Mapping[str, Any],
    ) -> Trial:
        """Start a trial that a user had enqueued in the study."""
        with self._storage.batch():
            for key, attr in system_attrs.items():
                self._storage.set_trial_system_attr(waiting._trial_id, key, attr)
            for name, value in config.items():
                self._set_param(waiting, name, value, space.distributions[name])
        return Trial(self, waiting._trial_id)

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
            return self._set_param(frozen, name, value, distribution)

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
            if name not in trial._relative_space:
                raise ValueError(
                    f"The sampler drew {name!r}, which its relative search space does not name."
                )
            check_distribution_compatibility(trial._relative_space[name], distribution)
            value = trial._relative_params[name]
            if _is_value_of(distribution, value):
                return value
        return self.sampler.sample_independent(self, frozen, name, distribution)

    def _set_param(
        self, frozen: FrozenTrial, name: str, value: Any, distribution: BaseDistribution
    ) -> Any:
        internal = distribution.to_internal_repr(value)
        self._storage.set_trial_param(frozen._trial_id, name, internal, distribution)
        self.history.set_param(frozen.number, name, internal, distribution)
        return distribution.to_external_repr(internal)

    def _report(self, trial_id: int, step: int, value: float) -> None:
        with self._lock:
            self._storage.set_trial_intermediate_value(trial_id, step, value)

    def _finish(
        self,
        frozen: FrozenTrial,
        state: TrialState,
        values: list[float] | None,
        prediction: tuple[Sequence[float], Sequence[float]] | None = None,
    ) -> None:
        """End a trial; `prediction`: means and variances of the values of one stopped early."""
        trial_id = frozen._trial_id
        if prediction is not None:
            for key, row in zip((PREDICTED_VALUE, PREDICTED_VARIANCE), prediction, strict=True):
                numbers = [float(number) for number in row]
                shown = numbers if len(numbers) > 1 else numbers[0]
                self._storage.set_trial_system_attr(trial_id, key, shown)
        try:
            self.sampler.after_trial(self, frozen, state, values)
        finally:
            self._storage.set_trial_state_values(trial_id, state, values)
            self.history.finish(self._storage.get_trial(trial_id))
            self._open_elsewhere.discard(frozen.number)

    def _record_of(self, trial: Trial | int) -> FrozenTrial:
        if isinstance(trial, Trial):
            return self._storage.get_trial(trial._trial_id)
        if not isinstance(trial, int | np.integer):
            raise TypeError(f"`trial` must be a Trial or its number; got {trial!r}.")
        return self._storage.get_trial(self._trial_id(int(trial)))

    def _trial_id(self, number: int) -> int:
        try:
            return self._storage.get_trial_id_from_study_id_trial_number(self._study_id, number)
        except KeyError as error:
            raise ValueError(str(error.args[0])) from None

    def _check_compatible(self, name: str, distribution: BaseDistribution) -> None:
        known = self.history.distributions.get(name)
        if known is not None and known is not distribution:
            check_distribution_compatibility(known, distribution)

    def _exists(self, params: dict[str, Any]) -> bool:
        return any(
            _are_same(params, trial.system_attrs.get(FIXED_PARAMS, trial.params))
            for trial in self._storage.get_all_trials(self._study_id, deepcopy=False)
        )

    def _snapshot(self) -> StudySnapshot:
        return StudySnapshot(self)


def _are_same(params: Mapping[str, Any], others: Mapping[str, Any]) -> bool:
    """Whether two trials have the same parameters; NaN is the same as NaN."""
    if params.keys() != others.keys():
        return False
    pairs = [(value, others[name]) for name, value in params.items()]
    return all(
        (isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b))
        or bool(np.all(a == b))
        for a, b in pairs
    )


def _is_value_of(distribution: BaseDistribution, value: Any) -> bool:
    try:
        return distribution._contains(distribution.to_internal_repr(value))
    except (TypeError, ValueError):
        return False


def _as_callbacks(callbacks: Iterable[StudyCallback] | None) -> tuple[StudyCallback, ...]:
    """Check callbacks before the first trial."""
    checked = tuple(callbacks or ())
    for callback in checked:
        if isinstance(callback, type) or not callable(callback):
            raise TypeError(
                f"`callbacks` must hold callables, `callback(study, trial)`; got {callback!r}."
                f"{use_instead(callback)}"
            )
    return checked
