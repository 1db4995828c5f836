"""The settings of sharing, which each task of a search has."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from skhpo.search._limits import bytes_of

if TYPE_CHECKING:
    from skhpo.search.fidelity._resource import Resource
    from skhpo.search.objectives._problem import Problem
    from skhpo.space import SearchSpace

__all__ = ["Sharing", "make_sharing", "place"]

MOST = 2 * 1024**3  # bytes, if the machine has ten times as much
SHARE = 10  # one part in ten of the memory of the machine, or of `fit_memory` one in four
SHARE_OF_FIT = 4


@dataclass(frozen=True)
class Sharing:
    """How the tasks of a search share fitted steps.

    Attributes
    ----------
    always : bool
        Whether to share even where fitting takes no longer than finding.
    searched : mapping of str to bool
        The searched parameters, and whether they have finitely many values.
    n_folds : int
        Number of folds.
    limit : int
        Maximal bytes of all workers together.
    n_workers : int
        Number of workers.
    token : str
        Identifies the search.
    owner : tuple of (str, int)
        Host and process of the search.
    """

    always: bool
    searched: Mapping[str, bool]
    n_folds: int
    limit: int
    n_workers: int
    token: str
    owner: tuple[str, int]

    @property
    def limit_here(self) -> int:
        """Maximal bytes in this process. Workers that are threads share the whole limit."""
        return self.limit if place() == self.owner else self.limit // self.n_workers


def make_sharing(
    share_steps: Any,
    estimator: Any,
    space: SearchSpace,
    problem: Problem,
    resource: Resource | None,
    n_folds: int,
    fit_memory: int | None,
) -> Sharing | None:
    """Return the settings of sharing for a search; None if it shares nothing.

    Parameters
    ----------
    share_steps : "auto", bool or str
        The argument of the search.
    estimator : estimator
        The estimator of the search.
    space : SearchSpace
        The search space.
    problem : Problem
        The objectives and costs.
    resource : Resource or None
        The resource of which good candidates get more.
    n_folds : int
        Number of folds.
    fit_memory : int or None
        Maximal memory of a worker, in bytes.

    Raises
    ------
    ValueError
        If `share_steps` is a text but no size, or if steps should be shared although times are
        compared.
    """
    from sklearn.pipeline import Pipeline

    limit = None
    if isinstance(share_steps, str) and share_steps != "auto":
        limit = bytes_of(share_steps, "share_steps")
    if share_steps is False:
        return None
    times = [cost.name for cost in problem.costs if cost.is_time]
    if times:
        if share_steps == "auto":
            return None
        raise ValueError(
            f"`share_steps` must be 'auto' or False if candidates are compared by {times[0]!r}: "
            "the times of those that share steps cannot be compared with others. Got "
            f"share_steps={share_steps!r}."
        )
    if type(estimator) is not Pipeline:
        return None
    if limit is None:
        limit = min(MOST, _memory_of_machine() // SHARE)
        if fit_memory is not None:
            limit = min(limit, fit_memory // SHARE_OF_FIT)
    searched = {} if resource is None else {resource.name: True}
    for parameter in space.parameters:
        if parameter.target is not None:
            is_finite = parameter.distribution.n_cells is not None
            searched[parameter.target] = is_finite and searched.get(parameter.target, True)
    return Sharing(
        always=share_steps != "auto",
        searched=searched,
        n_folds=n_folds,
        limit=limit,
        n_workers=1,
        token=uuid4().hex,
        owner=place(),
    )


def _memory_of_machine() -> int:
    try:
        import psutil
    except ImportError:  # in a browser
        return MOST
    return int(psutil.virtual_memory().total)


def place() -> tuple[str, int]:
    """Return the host and the process."""
    return _host(), os.getpid()


@cache
def _host() -> str:
    return socket.gethostname()
