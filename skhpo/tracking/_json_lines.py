"""The tracker that writes a file of JSON lines."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from skhpo.callbacks import (
    CandidateEvent,
    FoldEvent,
    RefitEvent,
    SearchCallback,
    SearchEvent,
)
from skhpo.tracking._values import by_objective, has_results, settings_of, space_of, to_json

__all__ = ["JSONLinesCallback"]


class JSONLinesCallback(SearchCallback):
    """Tracker that appends each event of a search to a file, as one JSON object per line.

    Each line is written to the file at once, so another program can read the file while the
    search runs. An existing file is continued. Each object has the keys

    - ``"event"``: "search_start", "candidate_start", "fold_end", "candidate_end", "search_end"
      or "refit_end",
    - ``"time"``: the time in UTC, in ISO format,
    - ``"study"``: the name of the study,

    and the fields of the event, as :class:`skhpo.callbacks.CandidateEvent` and the other events
    describe them. `objectives` and `predicted` are objects with the names of the objectives as
    keys. The lines are strict JSON: NaN is null, an infinity is the text "Infinity" or
    "-Infinity", and an object that JSON cannot hold, such as an estimator, is its text.

    Parameters
    ----------
    path : str or path
        The file. Its folder must exist.

    Raises
    ------
    TypeError
        If `path` is not a path.

    Examples
    --------
    >>> import json, os, tempfile
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import TPESearchCV
    >>> from skhpo.tracking import JSONLinesCallback
    >>> path = os.path.join(tempfile.mkdtemp(), "search.jsonl")
    >>> X, y = load_iris(return_X_y=True)
    >>> search = TPESearchCV(
    ...     SVC(), {"C": loguniform(1e-2, 1e2)}, n_iter=2, cv=3, pruner=None, random_state=0,
    ...     callbacks=[JSONLinesCallback(path)],
    ... ).fit(X, y)
    >>> with open(path) as file:
    ...     events = [json.loads(line) for line in file]
    >>> [event["event"] for event in events].count("fold_end")
    6
    >>> [list(e["objectives"]) for e in events if e["event"] == "candidate_end"]
    [['score'], ['score']]
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not isinstance(path, str | os.PathLike):
            raise TypeError(f"`path` must be a path; got {path!r}.")
        self.path = Path(path)
        self._study = ""
        self._objectives: tuple[str, ...] = ()

    def on_search_start(self, search: SearchEvent) -> None:
        """Write the search and its settings."""
        self._study, self._objectives = search.study.study_name, search.objectives
        details = {"settings": settings_of(search.search), "space": space_of(search.search)}
        self._write("search_start", self._search(search) | details)

    def on_candidate_start(self, candidate: CandidateEvent) -> None:
        """Write the number and the parameters of the candidate."""
        self._write("candidate_start", {"number": candidate.number, "params": candidate.params})

    def on_fold_end(self, fold: FoldEvent) -> None:
        """Write the fold."""
        self._write("fold_end", vars(fold))

    def on_candidate_end(self, candidate: CandidateEvent) -> None:
        """Write the candidate with its results."""
        named = {
            "objectives": by_objective(self._objectives, candidate.objectives),
            "predicted": by_objective(self._objectives, candidate.predicted),
        }
        self._write("candidate_end", vars(candidate) | named)

    def on_search_end(self, search: SearchEvent) -> None:
        """Write the best candidate, and why the search ended early, if it did."""
        best = {
            name: getattr(search.search, f"{name}_", None) if has_results(search) else None
            for name in ("best_index", "best_params", "best_score")
        }
        self._write("search_end", self._search(search) | {"reason": search.reason} | best)

    def on_refit_end(self, refit: RefitEvent) -> None:
        """Write the parameters and the seconds of the refit."""
        self._write("refit_end", {"params": refit.params, "seconds": refit.seconds})

    def _search(self, event: SearchEvent) -> dict[str, Any]:
        return {
            "search": type(event.search).__name__,
            "estimator": event.search.estimator,
            "n_candidates": event.n_candidates,
            "max_fits": event.max_fits,
            "n_folds": event.n_folds,
            "objectives": event.objectives,
        }

    def _write(self, event: str, fields: Mapping[str, Any]) -> None:
        now = datetime.now(UTC).isoformat()
        line = {"event": event, "time": now, "study": self._study, **fields}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(to_json(line), allow_nan=False) + "\n")
