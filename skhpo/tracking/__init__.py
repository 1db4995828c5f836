"""Trackers: callbacks that record a search in files, logs and experiment trackers."""

from skhpo.tracking._json_lines import JSONLinesCallback
from skhpo.tracking._logging import LoggingCallback
from skhpo.tracking._mlflow import MLflowCallback
from skhpo.tracking._tensorboard import TensorBoardCallback
from skhpo.tracking._wandb import WandbCallback

__all__ = [
    "JSONLinesCallback",
    "LoggingCallback",
    "MLflowCallback",
    "TensorBoardCallback",
    "WandbCallback",
]
