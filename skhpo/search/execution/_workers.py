"""The workers of a search."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from skhpo.parallel import Executor
from skhpo.search.sharing._store import forget

if TYPE_CHECKING:
    from skhpo.search._setup import Setup

__all__ = ["open_workers"]


@contextmanager
def open_workers(setup: Setup) -> Iterator[Executor]:
    """Start the workers; at the end, nobody keeps what candidates have shared.

    Parameters
    ----------
    setup : Setup
        The setup, with the limits of a fit, and what its evaluations share.

    Yields
    ------
    workers : Executor
    """
    release = partial(forget, *setup.evaluation.tokens)
    try:
        with Executor(setup.n_jobs, setup.limits, release) as workers:
            yield workers
    finally:
        release()
