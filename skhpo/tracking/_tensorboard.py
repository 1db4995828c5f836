"""The tracker that writes event files for TensorBoard, with its page of hyperparameters."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from skhpo._hints import missing_extra
from skhpo.callbacks import CandidateEvent, FoldEvent, SearchCallback, SearchEvent
from skhpo.tracking._values import by_objective, to_text

__all__ = ["TensorBoardCallback"]


class TensorBoardCallback(SearchCallback):
    """Tracker that writes event files for TensorBoard. It needs neither TensorFlow nor PyTorch.

    The files of a search are in the folder ``<log_dir>/<study name>``. There, the charts
    ``mean/<objective>`` have the values of the complete candidates, by their numbers. Each
    candidate has the folder ``candidate_<number>``, with

    - its parameters and its status, for the page "HParams",
    - ``fold/<metric>``, the scores and costs of its folds; with a `resource`,
      ``fold_<k>/<metric>``, by the amount of the resource,
    - ``mean/<metric>``, if it is complete: their means over the folds,
    - ``predicted/<objective>``, if it was stopped: a prediction, which is no measured value,
    - ``n_folds``, ``mean_fit_time`` and ``mean_score_time``.

    A stored search that is resumed does not write the candidates again that have a folder.

    Parameters
    ----------
    log_dir : str or path
        The folder for ``tensorboard --logdir``. It is created if it does not exist.

    Raises
    ------
    ImportError
        If tensorboard is not installed.
    TypeError
        If `log_dir` is not a path.

    Examples
    --------
    ::

        search = TPESearchCV(SVC(), space, callbacks=[TensorBoardCallback("logs")]).fit(X, y)
    """

    def __init__(self, log_dir: str | os.PathLike[str]) -> None:
        if not isinstance(log_dir, str | os.PathLike):
            raise TypeError(f"`log_dir` must be a path; got {log_dir!r}.")
        if find_spec("tensorboard") is None:
            raise missing_extra("TensorBoardCallback needs tensorboard", "tensorboard")
        self.log_dir = Path(log_dir)
        self._writer: _EventFile | None = None
        self._folder = self.log_dir
        self._objectives: tuple[str, ...] = ()
        self._starts: dict[int, float] = {}
        self._folds: dict[int, list[FoldEvent]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Return the arguments; an open file is not copied."""
        return {**vars(self), "_writer": None}

    def on_search_start(self, search: SearchEvent) -> None:
        """Create the folder of the search."""
        self._folder = self.log_dir / re.sub(r"[^\w.\-]+", "_", search.study.study_name)
        self._objectives = search.objectives
        self._starts, self._folds = {}, {}
        self._writer = _EventFile(self._folder)

    def on_candidate_start(self, candidate: CandidateEvent) -> None:
        """Note the time, unless an earlier fit has written the candidate."""
        if not self._candidate_folder(candidate.number).exists():
            self._starts[candidate.number] = time.time()
            self._folds[candidate.number] = []

    def on_fold_end(self, fold: FoldEvent) -> None:
        """Keep the fold until the candidate ends."""
        if fold.number in self._folds:
            self._folds[fold.number].append(fold)

    def on_candidate_end(self, candidate: CandidateEvent) -> None:
        """Write the candidate with its folds; an interrupted one is left to a later fit."""
        start = self._starts.pop(candidate.number, None)
        folds = self._folds.pop(candidate.number, [])
        if self._writer is None or start is None or candidate.status == "interrupted":
            return
        file = _EventFile(self._candidate_folder(candidate.number))
        file.add(_session_start(candidate, start))
        for fold in folds:
            chart, step = ("fold", fold.fold)
            if fold.n_resources is not None:
                chart, step = (f"fold_{fold.fold}", fold.n_resources)
            file.add_scalars({f"{chart}/{name}": v for name, v in fold.metrics.items()}, step)
        file.add_scalars(self._scalars(candidate), 0)
        file.add(_session_end(candidate))
        file.close()
        values = by_objective(self._objectives, candidate.objectives)
        means = {f"mean/{name}": value for name, value in values.items()}
        self._writer.add_scalars(means, candidate.number)

    def _scalars(self, candidate: CandidateEvent) -> dict[str, float]:
        predicted = by_objective(self._objectives, candidate.predicted)
        return {
            **{f"mean/{name}": value for name, value in candidate.metrics.items()},
            **{f"predicted/{name}": value for name, value in predicted.items()},
            "n_folds": candidate.n_folds,
            "mean_fit_time": candidate.fit_time,
            "mean_score_time": candidate.score_time,
        }

    def _candidate_folder(self, number: int) -> Path:
        return self._folder / f"candidate_{number}"

    def on_search_end(self, search: SearchEvent) -> None:
        """Close the file of the search."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class _EventFile:
    """A new event file in a folder; what is added is written at once."""

    def __init__(self, folder: Path) -> None:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._writer = EventFileWriter(str(folder))

    def add(self, summary: Any, step: int = 0) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self._writer.add_event(Event(wall_time=time.time(), step=step, summary=summary))
        self._writer.flush()

    def add_scalars(self, values: Mapping[str, float], step: int) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        scalars = [Summary.Value(tag=name, simple_value=v) for name, v in values.items()]
        if scalars:
            self.add(Summary(value=scalars), step)

    def close(self) -> None:
        self._writer.close()


def _session_start(candidate: CandidateEvent, start: float) -> Any:
    """Return the parameters of a candidate, for the page of hyperparameters."""
    from tensorboard.plugins.hparams import summary_v2 as hparams

    params = {name: _hparam(value) for name, value in candidate.params.items()}
    return hparams.hparams_pb(params, str(candidate.number), start_time_secs=start)


def _session_end(candidate: CandidateEvent) -> Any:
    """Return the status of a candidate, for the page of hyperparameters."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    status = {"complete": api_pb2.STATUS_SUCCESS, "pruned": api_pb2.STATUS_UNKNOWN}.get(
        candidate.status or "", api_pb2.STATUS_FAILURE
    )
    info = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=time.time())
    data = plugin_data_pb2.HParamsPluginData(session_end_info=info)
    value = Summary.Value(
        tag=metadata.SESSION_END_INFO_TAG,
        metadata=metadata.create_summary_metadata(data),
        tensor=metadata.NULL_TENSOR,
    )
    return Summary(value=[value])


def _hparam(value: Any) -> bool | float | str:
    """Return a parameter as a number, if it is one, or as a text."""
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, bool | int | float) else to_text(value)
