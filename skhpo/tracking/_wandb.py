"""The tracker that records a search as a run of Weights & Biases."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from skhpo._hints import missing_extra
from skhpo.callbacks import (
    CandidateEvent,
    RefitEvent,
    SearchCallback,
    SearchEvent,
)
from skhpo.tracking._values import (
    by_objective,
    has_results,
    rows_of,
    settings_of,
    space_of,
    to_json,
)

__all__ = ["WandbCallback"]

RUN_ID = "wandb_run_id"  # user attribute of a stored study
NUMBER = "candidate"  # the axis of all charts


class WandbCallback(SearchCallback):
    """Tracker that records a search as a run of Weights & Biases.

    The run has the settings and the space of the search as its config. Each candidate that ends
    is one entry of its history, with

    - ``candidate``, its number, and ``status``,
    - ``params/<name>``, its parameters,
    - ``mean/<metric>``, if it is complete: the means of all scores and costs over the folds,
    - ``predicted/<objective>``, if it was stopped: a prediction, which is no measured value,
    - ``n_folds``, the number of evaluated folds, ``mean_fit_time`` and ``mean_score_time``.

    At the end, the summary gets ``best_params``, ``best_score`` and ``refit_time``, and the table
    ``cv_results`` has all candidates with the scores of their folds. Models are not uploaded.

    If a run is active when the search starts, it is used, and it stays active. A stored search
    that is resumed continues its run, unless another run is active. Then the candidates of
    earlier fits are logged again, to that run.

    Parameters
    ----------
    project : str, default=None
        Name of the project; None is the default of Weights & Biases.
    name : str, default=None
        Name of the run; None lets Weights & Biases choose one.
    init : dict, default=None
        Further arguments of ``wandb.init``, such as ``{"mode": "offline", "tags": ["svm"]}``.

    Raises
    ------
    ImportError
        If wandb is not installed.
    TypeError
        If `init` is not a dict.

    Examples
    --------
    ::

        callback = WandbCallback("iris", init={"mode": "offline"})
        search = TPESearchCV(SVC(), space, callbacks=[callback]).fit(X, y)
    """

    def __init__(
        self,
        project: str | None = None,
        name: str | None = None,
        init: Mapping[str, Any] | None = None,
    ) -> None:
        if find_spec("wandb") is None:
            raise missing_extra("WandbCallback needs wandb", "wandb")
        if not isinstance(init, Mapping | None):
            raise TypeError(f"`init` must be a dict or None; got {init!r}.")
        self.project = project
        self.name = name
        self.init = init
        self._run: Any = None
        self._is_ours = False
        self._is_continued = False
        self._is_error = False
        self._objectives: tuple[str, ...] = ()

    def __getstate__(self) -> dict[str, Any]:
        """Return the arguments; a run is not copied."""
        return {**vars(self), "_run": None}

    def on_search_start(self, search: SearchEvent) -> None:
        """Start or continue the run, and log the settings of the search."""
        import wandb

        if self._run is not None:  # the refit of an earlier search raised an error
            self._finish()
        is_stored = search.search.storage is not None
        earlier = search.study.user_attrs.get(RUN_ID) if is_stored else None
        self._is_ours = wandb.run is None
        self._is_error = False
        self._run = self._start(earlier) if self._is_ours else wandb.run
        self._is_continued = earlier == self._run.id
        if is_stored:
            search.study.set_user_attr(RUN_ID, self._run.id)
        self._objectives = search.objectives
        config = {
            "search": type(search.search).__name__,
            "study": search.study.study_name,
            **settings_of(search.search),
            "space": space_of(search.search),
        }
        self._run.config.update(to_json(config), allow_val_change=True)
        self._run.define_metric(NUMBER)
        self._run.define_metric("*", step_metric=NUMBER)
        for name, direction in zip(search.objectives, search.study.directions, strict=True):
            best = "max" if direction.name == "MAXIMIZE" else "min"
            self._run.define_metric(f"mean/{name}", step_metric=NUMBER, summary=best)

    def _start(self, earlier: str | None) -> Any:
        import wandb

        resumed = {} if earlier is None else {"id": earlier, "resume": "allow"}
        named = {"project": self.project, "name": self.name}
        return wandb.init(**{**named, **resumed, **(self.init or {})})

    def on_candidate_end(self, candidate: CandidateEvent) -> None:
        """Log the candidate, unless an earlier fit has logged it to this run."""
        if self._run is None or (self._is_continued and candidate.from_storage):
            return
        predicted = by_objective(self._objectives, candidate.predicted)
        entry = {
            NUMBER: candidate.number,
            "status": candidate.status,
            "reason": candidate.reason,
            "n_folds": candidate.n_folds,
            "mean_fit_time": candidate.fit_time,
            "mean_score_time": candidate.score_time,
            **{f"params/{name}": value for name, value in candidate.params.items()},
            **{f"mean/{name}": value for name, value in candidate.metrics.items()},
            **{f"predicted/{name}": value for name, value in predicted.items()},
        }
        known = {name: value for name, value in to_json(entry).items() if value not in (None, "")}
        self._run.log(known)

    def on_search_end(self, search: SearchEvent) -> None:
        """Log the best candidate and the table, and end the run if no refit follows."""
        if self._run is None:
            return
        self._is_error = search.reason == "error"
        fitted = search.search
        if has_results(search):
            self._log_results(search)
        if self._is_error or not fitted.refit:
            self._finish()

    def _log_results(self, search: SearchEvent) -> None:
        import wandb

        best = {
            name: getattr(search.search, f"{name}_")
            for name in ("best_params", "best_score")
            if hasattr(search.search, f"{name}_")
        }
        if search.reason is not None:
            best["ended_early"] = search.reason
        self._run.summary.update(to_json(best))
        results = search.search.cv_results_
        columns = {name: column for name, column in results.items() if name != "params"}
        rows = [[to_json(value) for value in row] for row in rows_of(columns)]
        table = wandb.Table(columns=list(columns), data=rows, allow_mixed_types=True)
        self._run.log({"cv_results": table})

    def on_refit_end(self, refit: RefitEvent) -> None:
        """Log the time of the refit, and end the run."""
        if self._run is not None:
            self._run.summary["refit_time"] = refit.seconds
            self._finish()

    def _finish(self) -> None:
        run, self._run = self._run, None
        if self._is_ours:
            run.finish(exit_code=int(self._is_error))
