"""The plots of the dialect have the names and the signatures of Optuna's."""

import inspect
import subprocess
import sys

import optuna
import pytest

import skhpo.visualization as vis

FACES = [
    (vis, optuna.visualization),
    (vis.matplotlib, optuna.visualization.matplotlib),
]


def parameters(function):
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize(("ours", "theirs"), FACES)
def test_signatures_are_those_of_optuna(ours, theirs):
    names = [name for name in ours.__all__ if name.startswith("plot_")]
    assert names
    for name in names:
        assert parameters(getattr(ours, name)) == parameters(getattr(theirs, name)), name


def test_both_faces_have_the_same_plots():
    assert set(vis.__all__) - {"matplotlib"} == set(vis.matplotlib.__all__)


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_plotly_and_matplotlib_are_imported_only_to_plot():
    outcome = run(
        "import sys, skhpo.visualization\n"
        "roots = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not roots & {'plotly', 'matplotlib'}"
    )
    assert outcome.returncode == 0, outcome.stderr


@pytest.mark.parametrize(
    ("package", "room", "extra"),
    [("plotly", "vis", "plotly"), ("matplotlib", "vis.matplotlib", "plot")],
)
def test_without_the_package_the_extra_is_named(package, room, extra):
    outcome = run(
        f"import sys; sys.modules['{package}'] = None\n"
        "import skhpo, skhpo.visualization as vis\n"
        f"assert not {room}.is_available()\n"
        f"{room}.plot_optimization_history(skhpo.create_study())"
    )
    assert "ImportError" in outcome.stderr
    assert f"skhpo[{extra}]" in outcome.stderr
