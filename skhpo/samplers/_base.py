"""Base classes of samplers: Optuna's protocol, and a simpler one on columns.

A sampler that follows Optuna's protocol derives from :class:`BaseSampler` and reads the study.
A sampler that only needs the trials so far, as points in the unit cube, derives from
:class:`ColumnSampler` and implements one method.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skhpo._parameters import HasParameters
from skhpo.distributions import BaseDistribution
from skhpo.history import Columns, History
from skhpo.samplers._dialect import ConstraintsFunction, record_constraints
from skhpo.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from skhpo.samplers._gp_prior import LossPrior
    from skhpo.study import Study

__all__ = ["BaseSampler", "ColumnSampler", "draws_by_groups"]


class BaseSampler(HasParameters, ABC):
    """Base class of the samplers, compatible with Optuna's.

    At the start of a trial, :meth:`infer_relative_search_space` names the parameters to draw
    together, and :meth:`sample_relative` draws them. :meth:`sample_independent` draws each other
    parameter when the objective asks for it.
    """

    learns: ClassVar[bool] = True
    """Whether the draws depend on the results of earlier trials. If not, a search can keep any
    number of workers busy."""

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the parameters that :meth:`sample_relative` draws; none by default."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Draw the parameters of `search_space` together; draw none by default."""
        return {}

    @abstractmethod
    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Draw one parameter.

        Parameters
        ----------
        study : Study
            The study; must not be changed.
        trial : FrozenTrial
            The running trial; must not be changed.
        param_name : str
            Name of the parameter.
        param_distribution : BaseDistribution
            Its distribution.

        Returns
        -------
        value : object
            A value of the distribution.
        """

    # Optional hooks.
    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Run at the start of each trial, before the first parameter is drawn."""

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Run at the end of each trial, before it is stored as finished."""

    def reseed_rng(self) -> None:
        """Draw a new seed from the system, as after a fork; a study never calls it."""

    def reseed(self, seed: int | None) -> None:
        """Set the seed; a search calls it if its ``random_state`` is an integer."""

    def set_prior(self, prior: LossPrior, objective: int | None = None) -> None:
        """Receive what is known of the losses before the first trial. Default: ignore it.

        Parameters
        ----------
        prior : LossPrior
            What is known; its ``bind`` returns a model of the losses for a group of parameters.
        objective : int, optional
            The objective whose losses they are, if there are several.
        """

    # Methods that a search calls.

    @property
    def held_params(self) -> Mapping[str, Any]:
        """Return the values of the parameters that the sampler does not vary."""
        return {}

    @property
    def unwrapped(self) -> BaseSampler:
        """Return the sampler that draws the other parameters: the wrapped one, or this one."""
        return self

    @property
    def uses_seconds(self) -> bool:
        """Return whether the draws depend on the measured seconds of earlier trials."""
        return False

    def is_exhausted(self, study: Study) -> bool:
        """Return whether the sampler has nothing left to try.

        Parameters
        ----------
        study : Study
            The study.
        """
        return False

    def stream(self, number: int) -> np.random.Generator:
        """Return a random stream for trial `number`.

        Parameters
        ----------
        number : int
            Number of the trial.
        """
        return np.random.default_rng(number)

    def forget(self, number: int) -> None:
        """Drop everything stored for trial `number`.

        Parameters
        ----------
        number : int
            Number of the trial.
        """


class ColumnSampler(BaseSampler):
    """Base class of samplers that read columns and return points in the unit cube.

    A subclass implements :meth:`propose`. This class and the distributions handle conditional
    spaces, values that are not numbers, scales and steps.

    Trial number ``t`` draws from its own random stream, seeded by ``(seed, t)``. Its parameters
    depend only on the seed, its number and the trials that it can see.

    A group is drawn when the objective asks for the first of its parameters. A subclass that
    overrides a method of Optuna's protocol, such as ``sample_relative``, is used according to that
    protocol: the parameters that all trials have are drawn at the start of a trial.

    Parameters
    ----------
    seed : int, optional
        Seed; None draws one from the system.

    Examples
    --------
    A sampler that repeats the best point, slightly moved:

    >>> import numpy as np
    >>> import skhpo
    >>> from skhpo.samplers import ColumnSampler
    >>> class NearBest(ColumnSampler):
    ...     def propose(self, columns, rng):
    ...         best, _ = columns.split(1)
    ...         if len(best) == 0:
    ...             return rng.random((1, len(columns.names)))
    ...         return np.clip(columns.points[best] + rng.normal(0, 0.1, len(columns.names)), 0, 1)
    >>> study = skhpo.create_study(sampler=NearBest(seed=0))
    >>> study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=30)
    >>> study.best_value < 0.01
    True
    """

    constraints_func: ConstraintsFunction | None = None  # set by samplers that take this argument

    def __init__(self, *, seed: int | None = None) -> None:
        self.reseed(seed)
        self._streams: dict[int, np.random.Generator] = {}
        self._drawn: dict[int, dict[str, tuple[BaseDistribution, Any]]] = {}

    @abstractmethod
    def propose(self, columns: Columns, rng: np.random.Generator) -> NDArray[np.float64]:
        """Propose points for a group of parameters.

        Parameters
        ----------
        columns : Columns
            The trials so far that have these parameters, as points in the unit cube.
        rng : numpy.random.Generator
            The trial's random stream.

        Returns
        -------
        points : ndarray of shape (n_points, n_params), n_points >= 1
            Points in the unit cube, the most promising first. The first point that has not been
            tried is used.
        """

    def reseed(self, seed: int | None) -> None:
        """Set the seed; None draws one from the system."""
        self.seed = seed
        self._entropy = np.random.SeedSequence().entropy if seed is None else seed

    def reseed_rng(self) -> None:
        """Draw a new seed from the system."""
        self.reseed(None)

    def stream(self, number: int) -> np.random.Generator:
        """Return the random stream of trial `number` in its current state."""
        if number not in self._streams:
            self._streams[number] = np.random.default_rng((self._entropy, number))  # type: ignore[arg-type]
        return self._streams[number]

    def sample_group(
        self, history: History, number: int, distributions: Mapping[str, BaseDistribution]
    ) -> list[dict[str, float]]:
        """Draw a group of parameters together.

        Parameters
        ----------
        history : History
            The trials so far.
        number : int
            Number of the next trial.
        distributions : mapping of str to BaseDistribution
            The group.

        Returns
        -------
        proposals : list of dict of str to float
            Internal numbers of the parameters, the most promising proposal first.
        """
        points = self._points(history.columns(distributions), number)
        columns = [
            distribution.from_unit(points[:, j]).tolist()
            for j, distribution in enumerate(distributions.values())
        ]
        return [dict(zip(distributions, row, strict=True)) for row in zip(*columns, strict=True)]

    def _points(self, columns: Columns, number: int) -> NDArray[np.float64]:
        """Propose points for trial `number`."""
        return self.propose(columns, self.stream(number))

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Discard draws for an earlier attempt at a trial with this number."""
        self._drawn.pop(trial.number, None)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the parameters that all complete and pruned trials have, without constants."""
        history = study.history
        space = {}
        for name, distribution in sorted(history.distributions.items()):
            columns = history.columns({name: distribution})
            is_met = (history.state[columns.finished] != TrialState.FAIL).any()
            if is_met and not columns.is_conditional and not distribution.single():
                space[name] = distribution
        return space

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Draw the parameters of `search_space` together."""
        if not search_space:
            return {}
        group = dict(sorted(search_space.items()))
        best = self.sample_group(study.history, trial.number, group)[0]
        return {name: d.to_external_repr(best[name]) for name, d in search_space.items()}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Draw a parameter together with those that always occur with it."""
        drawn = self._drawn.setdefault(trial.number, {})
        known = drawn.get(param_name)
        if known is None or known[0] != param_distribution:
            history = study.history
            known_of = {**history.distributions, param_name: param_distribution}
            group = {
                name: known_of[name]
                for name in sorted(history.group_of(param_name) | {param_name})
                if name == param_name or (name not in trial.params and name not in drawn)
            }
            best = self.sample_group(history, trial.number, group)[0]
            for name, internal in best.items():
                drawn[name] = (group[name], group[name].to_external_repr(internal))
        return drawn[param_name][1]

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Discard the trial's random stream; compute its constraints if there is a function."""
        self.forget(trial.number)
        if self.constraints_func is not None and state in (TrialState.COMPLETE, TrialState.PRUNED):
            record_constraints(study, trial, self.constraints_func)

    def forget(self, number: int) -> None:
        """Discard what is stored for trial `number`."""
        self._streams.pop(number, None)
        self._drawn.pop(number, None)


def draws_by_groups(sampler: BaseSampler) -> bool:
    """Return whether a sampler draws groups of parameters as `ColumnSampler` does.

    Parameters
    ----------
    sampler : BaseSampler
        The sampler.

    Returns
    -------
    draws_by_groups : bool
        False for user-defined subclasses that override a drawing method of Optuna's protocol,
        and for samplers that delegate some parameters to such a subclass.
    """
    other = getattr(sampler, "independent_sampler", None)
    if isinstance(other, BaseSampler) and not draws_by_groups(other):
        return False
    return isinstance(sampler, ColumnSampler) and all(
        getattr(getattr(type(sampler), name), "__module__", "").startswith("skhpo.")
        for name in ("infer_relative_search_space", "sample_relative", "sample_independent")
    )
