"""Type checkers follow a user's script: right use passes, and a typo is an error."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import skhpo

ROOT = Path(skhpo.__file__).parents[1]

pytestmark = pytest.mark.xdist_group("types")  # each checker runs once
START = """
import skhpo
from skhpo import HyperbandSearchCV, ParetoSearchCV, RandomSearchCV, TPESearchCV, create_study

search = TPESearchCV(object(), param_grid={"C": [1, 2]}, sampler="gp", pruner="median")
front = ParetoSearchCV(object(), {"C": [1]}, objectives=["accuracy", "fit_time"])
study = create_study(direction="maximize", sampler=skhpo.samplers.TPESampler(seed=0))
"""
TYPES = {  # of expressions
    "search.fit([[0.0]], [0])": "TPESearchCV",
    "search.set_params(n_iter=3).fit([[0.0]])": "TPESearchCV",
    "search.fit([[0.0]]).study_": "Study",
    "search.fit([[0.0]]).best_params_": r"(builtins\.)?dict\[.*str, Any\]",
    "search.fit([[0.0]]).best_score_": "float",
    "front.fit([[0.0]])": "ParetoSearchCV",
    "front.fit([[0.0]]).best_values_": r"(builtins\.)?dict\[.*str, .*float\]",
    "RandomSearchCV(object(), {}).fit([[0.0]], groups=[0])": "RandomSearchCV",
    "HyperbandSearchCV(object(), {}).fit([[0.0]])": "HyperbandSearchCV",
    "study": "Study",
    "study.best_trial": "FrozenTrial",
    "study.optimize(lambda trial: 0.0, n_trials=3)": "None",
    'study.ask().suggest_categorical("kind", ["a", "b"])': "str",
    'study.ask().suggest_categorical("depth", [None, 3])': r"int \| None",
    'study.ask().suggest_float("x", 0, 1)': "float",
    'study.ask().suggest_int("n", 0, 1)': "int",
    "skhpo.pruners.RacingPruner().set_params(alpha=0.1)": "RacingPruner",
    "skhpo.boosting.EarlyStopping(rounds=3)": "EarlyStopping",
}
RIGHT = [
    "search.fit([[0.0]]).predict([[0.0]])",
    "search.score([[0.0]], [0]) + 1.0",
    "front.fit([[0.0]]).pareto_front_[0]",
    "front.fit([[0.0]]).classes_",
    "study.optimize(lambda trial: 0.0, callbacks=[skhpo.study.MaxTrialsCallback(3)])",
    "search.get_params()['n_iter']",
]
WRONG = [
    "search.fit([[0.0]]).best_parms_",
    "search.set_params(n_iter=3).best_parms_",
    "search.pareto_front_",
    "search.fitt([[0.0]])",
    "search.predictt([[0.0]])",
    "front.fit([[0.0]]).pareto_frond_",
    "TPESearchCV(object(), {}, n_trials=3)",
    "RandomSearchCV(object(), {}, n_iter='many')",
    "study.best_prams",
    'study.ask().suggest_categorical("kind", ["a", "b"]).uper()',
    "skhpo.pruners.RacingPruner(alhpa=0.1)",
]


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    """A script whose lines, after the start, are the cases above."""
    lines = [*(f"reveal_type({one})" for one in TYPES), *RIGHT, *WRONG]
    path = tmp_path_factory.mktemp("types") / "script.py"
    path.write_text(START + "\n".join(lines) + "\n")
    config = {"extraPaths": [str(ROOT)], "typeCheckingMode": "standard"}
    path.with_name("pyrightconfig.json").write_text(json.dumps(config))
    return path


@pytest.fixture(scope="module", params=["mypy", "basedpyright"])
def told(request, script):
    """By line of the script, what a type checker says of it."""
    return what_is_told(pytest.importorskip(request.param).__name__, script)


@cache  # a fixture with parameters is made again each time the parameter changes
def what_is_told(module, script):
    """Run a type checker; return by line of the script what it says."""
    if module == "mypy":
        arguments = ["--follow-imports=silent", "--ignore-missing-imports", "--no-incremental"]
        arguments += ["--no-pretty", "--hide-error-context", str(script)]
    else:
        arguments = ["--pythonpath", sys.executable, "-p", str(script.parent), str(script)]
    run = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=script.parent,
        env={"MYPYPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(script.parent)},
        capture_output=True,
        text=True,
    )
    said: dict[str, str] = {}
    lines = script.read_text().splitlines()
    for number, text in re.findall(r"script\.py:(\d+):(.*)", run.stdout):
        line = lines[int(number) - 1]
        said[line] = said.get(line, "") + text
    assert said, run.stdout + run.stderr
    return said


@pytest.mark.slow
def test_a_checker_knows_the_type_of_each_expression(told):
    for expression, kind in TYPES.items():
        text = told[f"reveal_type({expression})"]
        assert re.search(rf'is "(skhpo\.[\w.]+\.|builtins\.)?{kind}"', text), (expression, text)


@pytest.mark.slow
def test_a_checker_finds_nothing_wrong_in_right_use(told):
    lines = [*START.splitlines(), *RIGHT, *(f"reveal_type({one})" for one in TYPES)]
    assert {line: told[line] for line in lines if "error" in told.get(line, "")} == {}


@pytest.mark.slow
def test_a_checker_finds_each_mistake(told):
    assert [line for line in WRONG if "error" not in told.get(line, "")] == []
