"""Which parameters a plot shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from skhpo._hints import did_you_mean
from skhpo.plots._data._importances import importances_data
from skhpo.plots._data._trials import Target, TrialTable
from skhpo.trial import TrialState

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["choose_params", "most_important", "pair_params"]

N_PARAMS_OF_PAIRS = 4  # by default


def choose_params(table: TrialTable, params: Sequence[str] | None) -> list[str]:
    """Return the parameters to show: the given ones, or all that have more than one value.

    Raises
    ------
    TypeError
        If `params` is not a list of names.
    ValueError
        If a parameter is unknown.
    """
    known = list(table.distributions)
    if params is None:
        return [name for name in known if not table.distributions[name].single()]
    if isinstance(params, str) or not all(isinstance(name, str) for name in params):
        raise TypeError(f"`params` must be a list of names; got {params!r}.")
    for name in params:
        if name not in known:
            hint = did_you_mean(name, known)
            raise ValueError(f"Unknown parameter {name!r}; the parameters are {known}.{hint}")
    return list(dict.fromkeys(params))


def most_important(
    study: Study, names: Sequence[str], objective: str | None, target: Target | None
) -> list[str]:
    """Sort parameters by their importance, the largest first."""
    if sum(trial.state == TrialState.COMPLETE for trial in study.get_trials(deepcopy=False)) < 2:
        return list(names)
    found = importances_data(study, objective=objective, target=target, n_repeats=0).params
    ranks = {name: rank for rank, name in enumerate(found)}
    return sorted(names, key=lambda name: ranks.get(name, len(ranks)))


def pair_params(
    study: Study,
    table: TrialTable,
    params: Sequence[str] | None,
    objective: str | None,
    target: Target | None,
) -> list[str]:
    """Return the parameters of a plot of pairs: the given ones, or the most important."""
    names = choose_params(table, params)
    if params is None:
        names = most_important(study, names, objective, target)[:N_PARAMS_OF_PAIRS]
    if len(names) < 2:
        given = "the study has" if params is None else f"`params` is {list(params)}, which has"
        raise ValueError(
            f"The plot needs two or more parameters with more than one value; {given} fewer."
        )
    return names
