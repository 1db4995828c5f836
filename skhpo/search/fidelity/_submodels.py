"""Submodels in a search: which candidates are scored on the fits of a larger one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skhpo.boosting import Stopping, find_model
from skhpo.history import SUBMODELS
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

_KNOWN_FIT_PARAMS = {"sample_weight"}  # others may change what the first rounds or trees are


@dataclass(frozen=True)
class SharedFit:
    """How a candidate shares its fits with its submodels.

    Attributes
    ----------
    parameter : str
        The parameter in which they differ, with the estimator's name.
    values : tuple
        Its values: that of the candidate, which is the largest model, and those of the submodels.
    family : SubmodelFamily or None
        The family of the model. None if it is no longer registered: nothing is shared then.
    """

    parameter: str
    values: tuple[Any, ...]
    family: SubmodelFamily | None


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
    """

    def __init__(
        self,
        estimator: Any,
        space: SearchSpace,
        fit_params: Sequence[str],
        n_samples: int,
        *,
        is_on: bool,
    ) -> None:
        self._estimator = estimator
        self._space = space
        self._fit_params = fit_params
        self._n_samples = n_samples
        ends = {str(one.target).rpartition("__")[2] for one in space.parameters}
        self._is_on = is_on and not ends.isdisjoint(size_parameters())

    def gather(
        self, config: Mapping[str, Any], tried: set[Any], held: Mapping[str, Any]
    ) -> Gathered:
        """Gather the untried candidates that differ from a drawn one only in their size.

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
            The candidate to begin is the largest; the others are its submodels.
        """
        if not self._is_on:
            return Gathered(config)
        candidate = clone_with(self._estimator, self._space.to_params(config))
        prefix, model = find_model(candidate)
        for family in submodel_families(type(model)):
            name = self._name(config, f"{prefix}{family.parameter}")
            if name is None or name in held or not family.is_size(config[name]):
                continue
            sizes = family.largest_first(self._untried_sizes(config, name, family, tried))
            if len(sizes) > 1 and self._is_exact(family, candidate):
                distribution = self._space.distributions[name]
                largest, *others = ({**config, name: size} for size in sizes)
                internal = [float(distribution.to_internal_repr(size)) for size in sizes[1:]]
                noted = {SUBMODELS: {"parameter": name, "values": internal}}
                return Gathered(largest, others, noted)
        return Gathered(config)

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
        return SharedFit(str(target), tuple(params[str(target)] for params in all_params), family)

    def _name(self, config: Mapping[str, Any], target: str) -> str | None:
        """Return the study's name of a parameter of the estimator; None if it is not searched."""
        names = (one.name for one in self._space.parameters if one.target == target)
        return next((name for name in names if name in config), None)

    def _untried_sizes(
        self, config: Mapping[str, Any], name: str, family: SubmodelFamily, tried: set[Any]
    ) -> list[Any]:
        distribution = self._space.distributions[name]
        values = [distribution.nth(place) for place in range(distribution.n_cells or 0)]
        key = self._space.config_key
        return [
            value
            for value in values
            if family.is_size(value) and key({**config, name: value}) not in tried
        ]

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

    Candidates share their fits if the search tries all candidates of a finite space, and if
    nothing depends on single fits: no limit or time of a fit, no early stopping, no resource.
    """
    tries_all = n_candidates == space.n_candidates and math.isfinite(n_candidates)
    has_limit = search.fit_timeout is not None or search.fit_memory is not None
    has_time = any(cost.is_time for cost in problem.costs)
    is_on = (
        search.submodels == "auto"
        and tries_all
        and not (has_limit or has_time)
        and stopping is None
        and resource is None
    )
    return Submodels(search.estimator, space, fit_params, n_samples, is_on=is_on)
