"""The tracker that writes to a logger of the standard library."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from skhpo._text import short
from skhpo.callbacks import (
    CandidateEvent,
    FoldEvent,
    RefitEvent,
    SearchCallback,
    SearchEvent,
)
from skhpo.logging import get_logger
from skhpo.tracking._values import by_objective, has_results

__all__ = ["LoggingCallback"]


class LoggingCallback(SearchCallback):
    """Tracker that writes a message to a logger for the search and each candidate.

    The start and the end of the search, each end of a candidate and the refit are written with
    `level`; each fold is written with the level ``DEBUG``. A fit that fails is a ``WARNING``.

    Parameters
    ----------
    logger : logging.Logger or str, default=None
        The logger or its name. None is the logger "skhpo", which writes to stderr, see
        :mod:`skhpo.logging`.
    level : int, default=logging.INFO
        Level of the messages.

    Raises
    ------
    TypeError
        If `logger` is neither a logger nor a name, or if `level` is not an int.

    Examples
    --------
    >>> import logging, sys
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import RandomSearchCV
    >>> from skhpo.tracking import LoggingCallback
    >>> logger = logging.getLogger("example")
    >>> logger.setLevel(logging.INFO)
    >>> handler = logging.StreamHandler(sys.stdout)
    >>> logger.addHandler(handler)
    >>> X, y = load_iris(return_X_y=True)
    >>> search = RandomSearchCV(
    ...     SVC(), {"C": [0.1, 1.0]}, cv=3, pruner=None, random_state=0, refit=False,
    ...     callbacks=[LoggingCallback(logger)],
    ... ).fit(X, y)
    RandomSearchCV of SVC: 2 candidates, 3 folds.
    Candidate 0 is complete: score=0.96; C=1.
    Candidate 1 is complete: score=0.9; C=0.1.
    RandomSearchCV of SVC has ended: best score=0.96; C=1.
    >>> logger.removeHandler(handler)
    """

    def __init__(
        self, logger: logging.Logger | str | None = None, level: int = logging.INFO
    ) -> None:
        if not isinstance(logger, logging.Logger | str | None):
            raise TypeError(f"`logger` must be a logger, a name or None; got {logger!r}.")
        if not isinstance(level, int):
            raise TypeError(f"`level` must be an int, such as logging.INFO; got {level!r}.")
        self.logger = (
            logger if isinstance(logger, logging.Logger) else get_logger(logger or "skhpo")
        )
        self.level = level
        self._objectives: tuple[str, ...] = ()

    def on_search_start(self, search: SearchEvent) -> None:
        """Write the size of the search."""
        self._objectives = search.objectives
        limits = {"candidates": search.n_candidates, "fits": search.max_fits}
        size = [f"{limit} {name}" for name, limit in limits.items() if limit is not None]
        self._log(f"{_title(search)}: {', '.join([*size, f'{search.n_folds} folds'])}.")

    def on_fold_end(self, fold: FoldEvent) -> None:
        """Write the metrics of the fold, or its error."""
        if fold.error is not None:
            last_line = fold.error.strip().rpartition("\n")[2]
            message = f"Candidate {fold.number}, fold {fold.fold} failed: {last_line}"
            self.logger.warning("%s", message)
            return
        message = f"Candidate {fold.number}, fold {fold.fold}: {_pairs(fold.metrics)}."
        self.logger.debug("%s", message)

    def on_candidate_end(self, candidate: CandidateEvent) -> None:
        """Write the status, the objectives or the reason, and the parameters."""
        status = f"Candidate {candidate.number} is {candidate.status}"
        outcome = _pairs(by_objective(self._objectives, candidate.objectives))
        if not outcome:
            outcome = ", ".join(filter(None, [candidate.progress, candidate.reason]))
        self._log(f"{status}: {outcome}; {_pairs(candidate.params)}.")

    def on_search_end(self, search: SearchEvent) -> None:
        """Write the best candidate, and why the search ended early, if it did."""
        ended = f"{_title(search)} has ended"
        if search.reason is not None:
            ended += f" early ({search.reason})"
        params = getattr(search.search, "best_params_", None)
        if params is None or not has_results(search):
            self._log(f"{ended}.")
            return
        score = getattr(search.search, "best_score_", None)
        best = "best" if score is None else f"best score={short(score)}"
        self._log(f"{ended}: {best}; {_pairs(params)}.")

    def on_refit_end(self, refit: RefitEvent) -> None:
        """Write the seconds of the refit."""
        self._log(f"The refit took {refit.seconds:.3g} s: {_pairs(refit.params)}.")

    def _log(self, message: str) -> None:
        self.logger.log(self.level, "%s", message)


def _title(event: SearchEvent) -> str:
    return f"{type(event.search).__name__} of {type(event.search.estimator).__name__}"


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={short(value)}" for name, value in values.items())
