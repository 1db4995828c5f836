"""docs/dialect.md tells the truth about which of Optuna's public names are here."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

import skhpo

optuna = pytest.importorskip("optuna")
PAGE = (Path(__file__).parents[2] / "docs" / "dialect.md").read_text()
LOGGING = {
    "create_default_formatter",
    "disable_default_handler",
    "disable_propagation",
    "enable_default_handler",
    "enable_propagation",
    "get_logger",
    "get_verbosity",
    "set_verbosity",
}
# Arguments that the page says are left out.
LEFT_OUT = {
    "StudySummary": {"study_id", "direction"},
}


def rows(section):
    """Yield (names, "yes" | "no" | "not yet") of a section's table."""
    text = re.search(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S).group(1)
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:]]
        if len(cells) >= 2 and cells[0].startswith("`"):
            yield re.findall(r"`(\w+)`", cells[0]), cells[1]


def public_names(module):
    names = {n for n in getattr(module, "__all__", ()) if not n.startswith("_")} - {"__version__"}
    if module.__name__ == "optuna.logging":
        names |= LOGGING
    if module.__name__ == "optuna.distributions":
        names = {
            n
            for n, thing in vars(module).items()
            if not n.startswith("_") and getattr(thing, "__module__", "") == module.__name__
        } | {"DISTRIBUTION_CLASSES", "CategoricalChoiceType"}
    return names


MODULES = [
    "study",
    "trial",
    "distributions",
    "samplers",
    "samplers.nsgaii",
    "pruners",
    "importance",
    "search_space",
    "storages",
    "storages.journal",
    "exceptions",
    "logging",
]


@pytest.mark.parametrize("name", ["", *MODULES])
def test_each_public_name_of_optuna_is_on_the_page(name):
    module = importlib.import_module(f"optuna.{name}".rstrip("."))
    listed = {n for names, _ in rows(f"`{name}`" if name else "Top level") for n in names}
    assert public_names(module) - listed == set()


@pytest.mark.parametrize("name", ["", *MODULES])
def test_what_the_page_says_is_here_is_here_and_nothing_else(name):
    module = importlib.import_module(f"skhpo.{name}".rstrip("."))
    for names, here in rows(f"`{name}`" if name else "Top level"):
        for n in names:
            assert hasattr(module, n) == (here == "yes"), n


def classes_and_functions():
    for name in MODULES:
        for names, here in rows(f"`{name}`"):
            for n in names if here == "yes" else ():
                ours = getattr(importlib.import_module(f"skhpo.{name}"), n, None)
                theirs = getattr(importlib.import_module(f"optuna.{name}"), n)
                if inspect.isclass(theirs) or inspect.isfunction(theirs):
                    yield pytest.param(ours, theirs, id=f"{name}.{n}")


@pytest.mark.parametrize(("ours", "theirs"), list(classes_and_functions()))
def test_arguments_have_the_names_of_optuna(ours, theirs):
    """An argument that Optuna has, and that is not left out on purpose, is here too."""
    if inspect.isclass(theirs) and issubclass(theirs, (Exception, int, optuna.study.Study)):
        return
    name = theirs.__name__
    parameters = inspect.signature(theirs).parameters
    wanted = {n: p for n, p in parameters.items() if p.kind != p.VAR_KEYWORD}
    given = set(inspect.signature(ours).parameters)
    missing = wanted.keys() - given - LEFT_OUT.get(name, set()) - {"args"}
    if "left_out" in given:  # what Optuna does by default may be asked for by its name
        ours(**{n: wanted[n].default for n in missing})
    else:
        assert missing == set()


@pytest.mark.parametrize("name", ["Study", "Trial", "FrozenTrial", "FixedTrial"])
def test_public_methods_and_properties_have_the_names_of_optuna(name):
    theirs = getattr(optuna.trial, name, None) or getattr(optuna.study, name)
    ours = getattr(skhpo.trial, name, None) or getattr(skhpo.study, name)
    wanted = {n for n in dir(theirs) if not n.startswith("_")}
    if name == "FixedTrial":
        wanted -= {"system_attrs"}
    assert wanted - set(dir(ours)) - ({"directions"} if name == "Study" else set()) == set()


@pytest.mark.parametrize(
    ("name", "methods"),
    [
        ("Study", ["ask", "tell", "optimize", "enqueue_trial", "add_trial", "get_trials"]),
        ("Trial", ["suggest_float", "suggest_int", "suggest_categorical", "report"]),
    ],
)
def test_methods_take_the_arguments_of_optuna(name, methods):
    for method in methods:
        theirs = inspect.signature(getattr(getattr(optuna, name), method)).parameters
        ours = inspect.signature(getattr(getattr(skhpo, name), method)).parameters
        assert list(theirs)[: len(ours)] == list(ours)[: len(theirs)], method
        assert {n: p.default for n, p in theirs.items()} == {n: p.default for n, p in ours.items()}
