"""Plots of stored studies show what plots of studies in memory show."""

import numpy as np
import pytest

import skhpo
from skhpo.plots import CurvesDisplay, HypervolumeDisplay, ImprovementDisplay, TimelineDisplay

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def _close_figures():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def objective(trial):
    x = trial.suggest_float("x", 0, 1)
    if trial.suggest_categorical("kind", ["a", None]) is None:
        trial.suggest_int("k[1]", 1, 100, log=True)
    if len(trial.study.directions) == 1:
        trial.report(x + 1, 0)
        if trial.number % 3 == 1:
            raise skhpo.TrialPruned
        return x
    return x, 1 - x


@pytest.mark.parametrize(
    ("Display", "n_objectives"),
    [
        (CurvesDisplay, 1),
        (ImprovementDisplay, 1),
        (TimelineDisplay, 1),
        (HypervolumeDisplay, 2),
    ],
)
def test_a_study_that_was_loaded(Display, n_objectives, tmp_path):
    url = f"sqlite:///{tmp_path}/studies.db"
    settings = {"study_name": "s", "storage": url}
    study = skhpo.create_study(directions=["minimize"] * n_objectives, **settings)
    study.optimize(objective, n_trials=20)
    written = Display.from_study(study)
    read = Display.from_study(skhpo.load_study(**settings))
    for name, value in vars(written).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(getattr(read, name), value)
    read.figure_.canvas.draw()
