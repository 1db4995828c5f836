"""Submodels in a search: which candidates are scored on the fits of a larger one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.boosting import Stopping, find_model
from skhpo.distributions import BaseDistribution
from skhpo.history import EXTRA, SUBMODELS
from skhpo.search._cloning import clone_with
from skhpo.search.fidelity._resource import Resource
from skhpo.search.objectives._problem import Problem
from skhpo.space import SearchSpace
from skhpo.study._ask import Gathered
from skhpo.submodels import SubmodelFamily, submodel_families, writes_into_data
from skhpo.submodels._registry import size_parameters
from skhpo.trial import FrozenTrial

if TYPE_CHECKING:
    from skhpo.search._base import BaseStudySearchCV

__all__ = ["SharedFit", "Submodels", "make_submodels"]

MAX_SIZES = 8  # further sizes of a drawn candidate, spread over their range
_KNOWN_FIT_PARAMS = {"sample_weight"}  # others may change what the first rounds or trees are


@dataclass(frozen=True)
class SharedFit:
    """How a candidate shares its fits with its submodels.

    Attributes
    ----------
    parameter : str
        The parameter in which they differ, with the estimator's name.
    values : tuple
        Its values: that of the candidate, and those of the submodels.
    family : SubmodelFamily or None
        The family of the model. None if it is no longer registered: nothing is shared then.
    is_extra : bool
        Whether the submodels are scored besides the candidates that the sampler draws. They cost
        no fits: those that the fitted model does not contain are left out.
    """

    parameter: str
    values: tuple[Any, ...]
    family: SubmodelFamily | None
    is_extra: bool = False


class Submodels:
    """The submodels among the candidates of a search.

    Parameters
    ----------
    estimator : estimator
        The estimator of the search.
    space : SearchSpace
        The search space.
    fit_params : sequence of str
        Names of the parameters of ``fit``.
    n_samples : int
        Largest number of rows of a fit.
    is_on : bool
        Whether new candidates share their fits.
    always_extra : bool, default=False
        Whether drawn candidates get extra sizes of all families, not only of those where it pays.
    tries_all : bool, default=True
        Whether the search tries all candidates of a finite space.
    is_limited : bool, default=False
        Whether it may end before.
    """

    def __init__(
        self,
        estimator: Any,
        space: SearchSpace,
        fit_params: Sequence[str],
        n_samples: int,
        *,
        is_on: bool,
        always_extra: bool = False,
        tries_all: bool = True,
        is_limited: bool = False,
    ) -> None:
        self._estimator = estimator
        self._space = space
        self._fit_params = fit_params
        self._n_samples = n_samples
        ends = {str(one.target).rpartition("__")[2] for one in space.parameters}
        self._always_extra = always_extra
        self._tries_all = tries_all
        self._is_limited = is_limited
        self._is_on = is_on and not ends.isdisjoint(size_parameters())

    def gather(
        self, config: Mapping[str, Any], tried: set[Any], held: Mapping[str, Any]
    ) -> Gathered:
        """Gather untried candidates that differ from a drawn one only in their size.

        If all candidates are tried, these are all. Otherwise they are extra sizes, which come at
        no further fits.

        Parameters
        ----------
        config : mapping of str to object
            The drawn candidate.
        tried : set
            Keys of the candidates tried so far.
        held : mapping of str to object
            Parameters that the sampler does not vary.

        Returns
        -------
        gathered : Gathered
            The candidate to begin, with its submodels. In a search that tries all, it is the
            largest one, otherwise the drawn one.
        """
        if not self._is_on:
            return Gathered(config)
        candidate = clone_with(self._estimator, self._space.to_params(config))
        prefix, model = find_model(candidate)
        for family in submodel_families(type(model)):
            name = self._name(config, f"{prefix}{family.parameter}")
            if name is None or name in held or not family.is_size(config[name]):
                continue
            is_extra = not self._is_grid(name)
            if is_extra and not (family.is_for_samplers or self._always_extra):
                continue
            sizes = self._sizes(config, name, family, tried, is_extra=is_extra)
            if len(sizes) > 1 and self._is_exact(family, candidate):
                return self._gathered(config, name, sizes, is_extra=is_extra)
        return Gathered(config)

    def _gathered(
        self, config: Mapping[str, Any], name: str, sizes: Sequence[Any], *, is_extra: bool
    ) -> Gathered:
        first, *others = ({**config, name: size} for size in sizes)
        to_internal = self._space.distributions[name].to_internal_repr
        internal = [float(to_internal(size)) for size in sizes[1:]]
        noted: dict[str, Any] = {"parameter": name, "values": internal}
        if is_extra:
            noted[EXTRA] = True
        return Gathered(first, others, {SUBMODELS: noted})

    def shared_fit(self, trial: FrozenTrial, others: Sequence[Mapping[str, Any]]) -> SharedFit:
        """Return how a candidate shares its fits.

        Parameters
        ----------
        trial : FrozenTrial
            The trial of the candidate.
        others : sequence of mapping of str to object
            Its submodels.
        """
        name = trial.system_attrs[SUBMODELS]["parameter"]
        target = next(one.target for one in self._space.parameters if one.name == name)
        all_params = [self._space.to_params(config) for config in (trial.params, *others)]
        prefix, model = find_model(clone_with(self._estimator, all_params[0]))
        families = submodel_families(type(model))
        family = next((one for one in families if f"{prefix}{one.parameter}" == target), None)
        values = tuple(params[str(target)] for params in all_params)
        is_extra = EXTRA in trial.system_attrs[SUBMODELS]
        return SharedFit(str(target), values, family, is_extra)

    def _name(self, config: Mapping[str, Any], target: str) -> str | None:
        """Return the study's name of a parameter of the estimator; None if it is not searched."""
        names = (one.name for one in self._space.parameters if one.target == target)
        return next((name for name in names if name in config), None)

    def _is_grid(self, name: str) -> bool:
        """Return whether all values of a parameter will be tried, so that each is wanted."""
        n_values = self._space.distributions[name].n_cells or math.inf
        return self._tries_all and (n_values <= MAX_SIZES or not self._is_limited)

    def _sizes(
        self,
        config: Mapping[str, Any],
        name: str,
        family: SubmodelFamily,
        tried: set[Any],
        *,
        is_extra: bool,
    ) -> list[Any]:
        """Return untried sizes, first that of the candidate to begin."""
        distribution, drawn = self._space.distributions[name], config[name]
        n_values = distribution.n_cells or math.inf
        if is_extra and n_values > MAX_SIZES:
            values = values_around(drawn, distribution)
        else:
            values = [distribution.nth(place) for place in range(int(n_values))]
        key = self._space.config_key
        keys = {key({**config, name: value}): value for value in values if family.is_size(value)}
        untried = [value for one, value in keys.items() if one not in tried]
        if not is_extra:
            return family.largest_first(untried)
        own = key(config)
        others = [value for value in untried if key({**config, name: value}) != own]
        if family.grows:
            others = [one for one in others if family.largest_first([drawn, one])[0] == drawn]
        return [drawn, *family.largest_first(others)]

    def _is_exact(self, family: SubmodelFamily, candidate: Any) -> bool:
        prefix, model = find_model(candidate)
        of_model = {
            name.removeprefix(prefix)
            for name in self._fit_params
            if name.startswith(prefix) or "__" not in name  # metadata that is routed
        }
        return (
            of_model <= _KNOWN_FIT_PARAMS
            and not writes_into_data(candidate)
            and family.is_exact(model, self._n_samples)
        )


def make_submodels(
    search: BaseStudySearchCV,
    space: SearchSpace,
    problem: Problem,
    *,
    n_candidates: int | float,
    fit_params: Sequence[str],
    n_samples: int,
    stopping: Stopping | None,
    resource: Resource | None,
) -> Submodels:
    """Return the submodels of a search.

    Candidates share their fits if nothing depends on single fits: no limit or time of a fit, no
    early stopping, no resource.
    """
    tries_all = n_candidates == space.n_candidates and math.isfinite(n_candidates)
    has_limit = search.fit_timeout is not None or search.fit_memory is not None
    has_time = any(cost.is_time for cost in problem.costs)
    is_on = (
        bool(search.submodels)
        and not (has_limit or has_time)
        and stopping is None
        and resource is None
    )
    return Submodels(
        search.estimator, space, fit_params, n_samples,
        is_on=is_on,
        always_extra=search.submodels is True,
        tries_all=tries_all,
        is_limited=search.max_fits is not None or search.timeout is not None,
    )  # fmt: skip


def values_around(drawn: Any, distribution: BaseDistribution) -> list[Any]:
    """Return values at equal distances from a drawn one, over the whole range.

    The distances are equal on the scale of the distribution. The values are others for each drawn
    one, so that a search sees more of them than any single candidate.

    Parameters
    ----------
    drawn : object
        A value.
    distribution : BaseDistribution
        Its distribution.

    Returns
    -------
    values : list of object
        About ``MAX_SIZES`` values, in the order of the distribution.
    """
    center = distribution.to_unit(np.array([distribution.to_internal_repr(drawn)]))[0]
    steps = center + np.arange(-MAX_SIZES, MAX_SIZES + 1) / MAX_SIZES
    units = steps[(steps >= 0.0) & (steps < 1.0)]
    return [distribution.to_external_repr(one) for one in distribution.from_unit(units).tolist()]
