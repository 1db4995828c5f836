"""The search space: its parameters, the branches in which they are active, its candidates."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.model_selection import ParameterGrid, ParameterSampler

from skhpo._warnings import warn_user
from skhpo.distributions import BaseDistribution, CategoricalDistribution
from skhpo.space._defaults import locate, present_values
from skhpo.space._names import as_branches, check_names
from skhpo.space._parse import parse_distribution

_MAX_DRAWS = 100


@dataclass(frozen=True)
class Parameter:
    """One parameter of a search space.

    Parameters
    ----------
    name : str
        Key in a config and in the study, unique in the space.
    target : str or None
        Name of the estimator's parameter. None for the parameter that selects the branch.
    distribution : BaseDistribution
        Domain and prior.
    branches : frozenset of int
        Indices of the branches in which the parameter is active.
    """

    name: str
    target: str | None
    distribution: BaseDistribution
    branches: frozenset[int]


@dataclass(frozen=True)
class Group:
    """Parameters that are active together and sampled together.

    Parameters
    ----------
    distributions : dict of str to BaseDistribution
        Distributions by parameter name.
    branches : frozenset of int or None
        Branches in which the group is active. None means all.
    """

    distributions: dict[str, BaseDistribution]
    branches: frozenset[int] | None


class SearchSpace:
    """Named distributions, in one or several branches.

    A branch is one dict of a list of dicts, as scikit-learn's searches accept it. A candidate
    belongs to one branch, and has values for the parameters of that branch only. A parameter
    with the same distribution in several branches is one parameter. If the distributions differ,
    each gets its own name, ``target[i]``, where ``i`` is the index of its first branch.

    A *config* is a candidate as a dict of values by the names in the space (including the branch
    if there are several). *params* are its values by the estimator's names, for ``set_params``.

    Parameters
    ----------
    branches : sequence of mappings of str to BaseDistribution
        One or more branches: distributions by the estimator's parameter names.
    reserved : collection of str, default=()
        Names that the parameter selecting the branch must not have.

    Attributes
    ----------
    parameters : tuple of Parameter
        All parameters. With several branches, the parameter that selects the branch is first.
    groups : tuple of Group
        The parameters grouped by the branches in which they are active, in sampling order. The
        first group is active in all branches. It holds the parameter that selects the branch;
        with a single branch, it may be empty.
    branch_name : str or None
        Name of the parameter that selects the branch; None if there is only one branch.
    distributions : dict of str to BaseDistribution
        The distributions of all parameters by name.
    n_candidates : int or float
        Number of distinct candidates; infinity if a distribution is continuous or has a prior.

    Examples
    --------
    >>> from skhpo.space import SearchSpace
    >>> space = SearchSpace.from_param_distributions(
    ...     [{"kernel": ["linear"], "C": [1, 10]}, {"kernel": ["rbf"], "C": [5], "gamma": [0.1]}]
    ... )
    >>> [parameter.name for parameter in space.parameters]
    ['branch', 'kernel[0]', 'C[0]', 'kernel[1]', 'C[1]', 'gamma']
    >>> config = {"branch": 1, "kernel[1]": "rbf", "C[1]": 5, "gamma": 0.1}
    >>> space.to_params(config)
    {'kernel': 'rbf', 'C': 5, 'gamma': 0.1}
    >>> space.n_candidates
    3
    """

    def __init__(
        self,
        branches: Sequence[Mapping[str, BaseDistribution]],
        reserved: Collection[str] = (),
    ) -> None:
        if not branches:
            raise ValueError(f"branches must hold one or more dicts, but got {branches!r}.")
        named = _name_parameters(branches)
        self._branches = tuple(
            {target: _find_parameter(named, target, b) for target in branch}
            for b, branch in enumerate(branches)
        )
        everywhere = frozenset(range(len(branches)))
        self.branch_name: str | None = None
        if len(branches) > 1:
            self.branch_name = _free_name("branch", {p.name for p in named} | set(reserved))
            choice = CategoricalDistribution(range(len(branches)))
            named.insert(0, Parameter(self.branch_name, None, choice, everywhere))
        self.parameters = tuple(named)
        self.distributions = {p.name: p.distribution for p in named}
        self.groups = _group_parameters(named, everywhere)

    @classmethod
    def from_param_distributions(
        cls, param_distributions: Any, estimator: Any = None, random_state: Any = None
    ) -> SearchSpace:
        """Create a search space from the parameter dicts of scikit-learn's searches.

        Parameters
        ----------
        param_distributions : dict or list of dicts
            For each parameter: a sequence of values, a distribution of scipy.stats, skhpo,
            Optuna or scikit-optimize, or any object with ``rvs(random_state=...)``. Sequences of
            numbers are ordered, others are not; duplicates are dropped. Each dict of a list is a
            branch. scikit-learn's ParameterGrid and ParameterSampler are replaced by the dicts
            that they hold.
        estimator : estimator, default=None
            If given, every name must be a parameter of the estimator, or of a component that the
            same dict may set.
        random_state : int, RandomState instance or None, default=None
            Seed of the draws from objects that only have ``rvs``.

        Returns
        -------
        SearchSpace

        Raises
        ------
        TypeError
            If something has the wrong type.
        ValueError
            If a sequence is empty, a distribution's parameters are invalid, or a name is unknown.

        Warns
        -----
        UserWarning
            If no dict has a parameter.
        """
        given = as_branches(_unpacked(param_distributions))
        if not any(given):
            warn_user(
                f"The space has no parameters, got: {param_distributions!r}. Nothing is searched: "
                "the estimator as given is the only candidate.",
            )
        branches = [
            {name: parse_distribution(name, value, random_state) for name, value in branch.items()}
            for branch in given
        ]
        if estimator is not None:
            for branch, parsed in zip(given, branches, strict=True):
                check_names(branch, parsed, estimator)
        return cls(branches, () if estimator is None else estimator.get_params(deep=True))

    def branch_of(self, config: Mapping[str, Any]) -> int | None:
        """Return the branch of a config; None if there is only one branch."""
        return None if self.branch_name is None else int(config[self.branch_name])

    @property
    def n_branches(self) -> int:
        """Number of branches."""
        return len(self._branches)

    def targets(self, branch: int) -> dict[str, Parameter]:
        """Return the parameters of a branch by the estimator's names."""
        return dict(self._branches[branch])

    def active_groups(self, branch: int | None) -> tuple[Group, ...]:
        """Return the groups that are active in a branch, in sampling order."""
        index = branch or 0
        return tuple(g for g in self.groups if g.branches is None or index in g.branches)

    def to_params(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return a config as the estimator's parameters, in the order of the user's dict.

        Choices are the user's own objects, even if the config was read from a storage.
        """
        return {
            target: parameter.distribution.canonical(config[parameter.name])
            for target, parameter in self._branches[self.branch_of(config) or 0].items()
        }

    def to_config(self, params: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the config of the estimator's parameters; None if no branch contains them.

        The first branch with exactly these parameters that contains their values is used. If
        there is none, the first branch with more parameters is used; the config is then partial.
        """
        exact = [b for b, branch in enumerate(self._branches) if branch.keys() == params.keys()]
        larger = [b for b, branch in enumerate(self._branches) if branch.keys() > params.keys()]
        for b in exact + larger:
            branch = self._branches[b]
            located = {t: locate(branch[t].distribution, params[t]) for t in branch if t in params}
            if None not in located.values():
                values = {
                    t: branch[t].distribution.to_external_repr(internal)
                    for t, internal in located.items()
                    if internal is not None
                }
                return self._config(b, values)
        return None

    def config_key(self, config: Mapping[str, Any]) -> Hashable:
        """Return a key that identifies a candidate: only equal candidates have equal keys."""
        b = self.branch_of(config) or 0
        active = [p for p in self._branches[b].values() if p.name in config]
        internal = [(p.name, p.distribution.to_internal_repr(config[p.name])) for p in active]
        return b, tuple(internal)

    @property
    def n_candidates(self) -> int | float:
        """Number of distinct candidates; a candidate in two branches counts twice."""
        return sum(self._sizes)

    def size_of(self, branch: int) -> int | float:
        """Number of distinct candidates of a branch."""
        return self._sizes[branch]

    def candidates(self) -> Iterator[dict[str, Any]]:
        """Iterate over all configs, branch by branch; the alphabetically last name varies fastest.

        Raises
        ------
        ValueError
            If the space is infinite.
        """
        return map(self._config_at, range(self._finite_size()))

    def random(self, rng: np.random.Generator) -> dict[str, Any]:
        """Draw a config: uniformly if the space is finite, else from the prior."""
        finite = math.isfinite(self.n_candidates)
        weights = [size / self.n_candidates for size in self._sizes] if finite else None
        b = int(rng.choice(len(self._branches), p=weights))
        draw = _random_cell if finite else _random_value
        return self._config(b, {t: draw(p.distribution, rng) for t, p in self._branches[b].items()})

    def random_unseen(
        self, seen: Collection[Hashable], rng: np.random.Generator
    ) -> dict[str, Any] | None:
        """Draw a config that has not been seen yet.

        Parameters
        ----------
        seen : set of hashable
            Keys of candidates, from `config_key`.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        dict of str to object, or None
            A config drawn uniformly from the unseen ones if the space is finite, else from the
            prior. None if none is left, or if 100 draws from an infinite space found none.
        """
        for _ in range(_MAX_DRAWS):
            config = self.random(rng)
            if self.config_key(config) not in seen:
                return config
        if math.isinf(self.n_candidates):
            return None
        # After 100 misses most configs are seen; enumerating them costs no more than the misses.
        unseen = [c for c in self.candidates() if self.config_key(c) not in seen]
        return unseen[rng.integers(len(unseen))] if unseen else None

    def defaults(self, estimator: Any) -> dict[str, Any] | None:
        """Return the config of the estimator as given; None if it lies outside the space.

        The first branch that contains all of the estimator's current values is used.

        Parameters
        ----------
        estimator : estimator
            An object with ``get_params``.

        Returns
        -------
        dict of str to object, or None
        """
        for b, branch in enumerate(self._branches):
            values = present_values({t: p.distribution for t, p in branch.items()}, estimator)
            if values is not None:
                return self._config(b, values)
        return None

    @cached_property
    def _sizes(self) -> list[int | float]:
        """Number of candidates of each branch."""
        return [_size(p.distribution for p in branch.values()) for branch in self._branches]

    def _finite_size(self) -> int:
        size = self.n_candidates
        if not isinstance(size, int):
            raise ValueError(f"only a finite space can be enumerated, but got {self}.")
        return size

    def _config_at(self, index: int) -> dict[str, Any]:
        """Return config number ``index`` in the order of `candidates`."""
        b = 0
        while index >= self._sizes[b]:
            index -= int(self._sizes[b])
            b += 1
        values: dict[str, Any] = {}
        for target in sorted(self._branches[b], reverse=True):
            distribution = self._branches[b][target].distribution
            index, position = divmod(index, distribution.n_cells or 1)
            values[target] = distribution.nth(position)
        return self._config(b, values)

    def _config(self, b: int, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the config of branch ``b``, given values by the estimator's names."""
        config = {} if self.branch_name is None else {self.branch_name: b}
        return config | {p.name: values[t] for t, p in self._branches[b].items() if t in values}

    def __repr__(self) -> str:
        return f"SearchSpace({self.distributions})"


def _unpacked(param_distributions: Any) -> Any:
    """Return the dicts inside a ParameterGrid or ParameterSampler; anything else unchanged."""
    if isinstance(param_distributions, ParameterGrid):
        return param_distributions.param_grid
    if isinstance(param_distributions, ParameterSampler):
        return param_distributions.param_distributions
    if isinstance(param_distributions, list) and any(map(_is_with_budget, param_distributions)):
        raise TypeError(
            "Parameter distributions need to be a dict or a list of dicts, got a list of pairs "
            f"(space, n_iter), as BayesSearchCV accepts: {param_distributions!r}. Pass a list of "
            "the dicts only, and one n_iter to the search."
        )
    return param_distributions


def _is_with_budget(branch: Any) -> bool:
    return isinstance(branch, tuple) and len(branch) == 2 and isinstance(branch[0], Mapping)


def _name_parameters(branches: Sequence[Mapping[str, BaseDistribution]]) -> list[Parameter]:
    """Create one parameter per target and distinct distribution, in order of appearance."""
    versions: dict[str, list[tuple[BaseDistribution, list[int]]]] = {}
    for b, branch in enumerate(branches):
        for target, distribution in branch.items():
            known = versions.setdefault(target, [])
            for other, where in known:
                if _interchangeable(distribution, other):
                    where.append(b)
                    break
            else:
                known.append((distribution, [b]))
    parameters = [
        Parameter(
            target if len(known) == 1 else f"{target}[{where[0]}]",
            target,
            distribution,
            frozenset(where),
        )
        for target, known in versions.items()
        for distribution, where in known
    ]
    return sorted(parameters, key=lambda p: min(p.branches))


def _interchangeable(a: BaseDistribution, b: BaseDistribution) -> bool:
    """Return whether two distributions are equal, with choices of equal types (1 is not 1.0)."""
    if a is b:
        return True
    types_of = [tuple(map(type, getattr(d, "choices", ()))) for d in (a, b)]
    return types_of[0] == types_of[1] and a == b


def _find_parameter(parameters: Sequence[Parameter], target: str, branch: int) -> Parameter:
    return next(p for p in parameters if p.target == target and branch in p.branches)


def _free_name(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _group_parameters(
    parameters: Sequence[Parameter], everywhere: frozenset[int]
) -> tuple[Group, ...]:
    by_branches: dict[frozenset[int], dict[str, BaseDistribution]] = {everywhere: {}}
    for p in parameters:
        by_branches.setdefault(p.branches, {})[p.name] = p.distribution
    return tuple(
        Group(distributions, None if branches == everywhere else branches)
        for branches, distributions in by_branches.items()
    )


def _size(distributions: Iterator[BaseDistribution]) -> int | float:
    counts = [distribution.n_cells for distribution in distributions]
    return math.inf if None in counts else math.prod(c for c in counts if c is not None)


def _external(distribution: BaseDistribution, internal: Any) -> Any:
    return distribution.to_external_repr(float(internal))


def _random_cell(distribution: BaseDistribution, rng: np.random.Generator) -> Any:
    rank = rng.integers(distribution.n_cells or 1)
    return _external(distribution, distribution.cell_values(rank))


def _random_value(distribution: BaseDistribution, rng: np.random.Generator) -> Any:
    return _external(distribution, distribution.from_unit(rng.random()))
