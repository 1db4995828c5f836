"""Trackers without their packages say what to install."""

import pytest

from skhpo.tracking import (
    MLflowCallback,
    TensorBoardCallback,
    WandbCallback,
    _mlflow,
    _tensorboard,
    _wandb,
)


@pytest.mark.parametrize(
    ("module", "make", "extra"),
    [
        (_mlflow, MLflowCallback, "mlflow"),
        (_wandb, WandbCallback, "wandb"),
        (_tensorboard, lambda: TensorBoardCallback("logs"), "tensorboard"),
    ],
)
def test_a_missing_package_is_an_error_that_names_the_extra(monkeypatch, module, make, extra):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=rf"pip install 'skhpo\[{extra}\]'"):
        make()
