"""The package as a whole: what an import costs, its public names and their docstrings."""

import ast
import importlib
import importlib.metadata
import inspect
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import skhpo

MODULES = ["skhpo", *(m.name for m in pkgutil.walk_packages(skhpo.__path__, "skhpo."))]
PUBLIC_MODULES = [name for name in MODULES if "._" not in name]
# What numpydoc must not find: parameters undocumented, unknown, out of order, untyped; no
# docstring, no summary, a summary in several lines, sections in the wrong order.
NUMPYDOC_ERRORS = {"PR01", "PR02", "PR03", "PR04", "GL08", "SS01", "SS06", "GL07"}


def public_objects():
    """Names of all public classes and functions, and of the methods that the classes add."""
    names = {}
    for module in map(importlib.import_module, PUBLIC_MODULES):
        for thing in (getattr(module, name) for name in module.__all__):
            if inspect.isclass(thing) or inspect.isfunction(thing):
                names[f"{thing.__module__}.{thing.__qualname__}"] = None
            if inspect.isclass(thing):
                inherited = {name for base in thing.__mro__[1:] for name in vars(base)}
                for name, member in vars(thing).items():
                    is_new = inspect.isfunction(member) and name not in inherited
                    if is_new and not name.startswith("_"):
                        names[f"{thing.__module__}.{thing.__qualname__}.{name}"] = None
    return list(names)


def modules_after(statement):
    """Names of the modules that a fresh interpreter has loaded after a statement."""
    code = f"import json, sys; {statement}; print(json.dumps(list(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(json.loads(result.stdout))


PRIVATE_PLACES = {  # by library: where its private names live, and the one file that may use them
    "sklearn": ((), "_sklearn.py"),
    "joblib": (("joblib.externals", "joblib.parallel"), "parallel/_joblib.py"),
}


@pytest.mark.parametrize("library", PRIVATE_PLACES)
def test_private_names_of_a_library_are_imported_in_one_file(library):
    places, one_file = PRIVATE_PLACES[library]
    root = Path(skhpo.__path__[0])
    found = set()
    for file in root.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.ImportFrom)
                and (node.module or "").partition(".")[0] == library
            ):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
                if any("._" in name or name.startswith(places or "-") for name in names):
                    found.add(file.relative_to(root).as_posix())
    assert found == {one_file}


@pytest.fixture(scope="module")
def added_modules():
    """What `import skhpo` loads beyond `import sklearn.model_selection`."""
    return modules_after("import skhpo") - modules_after("import sklearn.model_selection")


def test_importing_skhpo_loads_nothing_but_itself_beyond_what_scikit_learn_has_loaded(
    added_modules,
):
    allowed = {*sys.stdlib_module_names, "skhpo", "numpy"}
    assert {name for name in added_modules if name.partition(".")[0] not in allowed} == set()


@pytest.mark.parametrize("name", ["asyncio", "multiprocessing.pool", "sqlite3", "unittest"])
def test_importing_skhpo_loads_no_heavy_part_of_the_standard_library(name, added_modules):
    assert name not in added_modules


@pytest.mark.parametrize("name", PUBLIC_MODULES)
def test_a_public_module_lists_its_public_names_in_order(name):
    module = importlib.import_module(name)
    assert sorted(module.__all__) == sorted(set(module.__all__))
    assert [public for public in module.__all__ if not hasattr(module, public)] == []


@pytest.mark.parametrize("name", MODULES)
def test_a_module_opens_with_a_sentence_that_says_what_lives_there(name):
    first_line = (importlib.import_module(name).__doc__ or "").partition("\n")[0]
    assert first_line.endswith(".")


@pytest.mark.parametrize("name", public_objects())
def test_a_public_docstring_is_in_the_numpydoc_format_and_leaves_no_parameter_out(name):
    validate = pytest.importorskip("numpydoc.validate").validate
    report = validate(name)
    errors = [error for error in report["errors"] if error[0] in NUMPYDOC_ERRORS]
    if "Parameters\n" not in report["docstring"]:  # a short method may say all in a sentence
        errors = [error for error in errors if error[0] != "PR01"]
    assert errors == []


@pytest.mark.parametrize("name", [name for name in skhpo.__all__ if name.endswith("SearchCV")])
def test_a_search_documents_all_its_parameters_and_has_an_example(name):
    docscrape = pytest.importorskip("numpydoc.docscrape")
    search = getattr(skhpo, name)
    sections = docscrape.ClassDoc(search)
    documented = [parameter.name for parameter in sections["Parameters"]]
    assert documented == list(inspect.signature(search).parameters)
    assert f"import {name}" in "".join(sections["Examples"])


def test_the_docstrings_of_the_searches_by_name_are_their_own():
    names = [name for name in skhpo.__all__ if name.endswith("SearchCV")]
    summaries = {getattr(skhpo, name).__doc__.strip().partition("\n")[0] for name in names}
    assert len(summaries) == len(names)


def test_the_version_is_that_of_the_installed_package():
    try:
        installed = importlib.metadata.version("skhpo")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("skhpo is run from its source tree, without having been installed")
    assert skhpo.__version__ == installed


def test_the_package_says_that_it_is_typed():
    assert (Path(skhpo.__file__).parent / "py.typed").is_file()


def test_every_public_module_is_there_after_importing_skhpo():
    outcome = subprocess.run(
        [sys.executable, "-c", "import skhpo; print(*dir(skhpo)); skhpo.plots.ParetoFrontDisplay"],
        capture_output=True,
        text=True,
        check=True,
    )
    public = {name.split(".")[1] for name in PUBLIC_MODULES if "." in name}
    assert public - set(outcome.stdout.split()) == {"cli"}


def test_the_example_that_draws_a_front_names_a_folder_that_is_not_there(tmp_path):
    example = Path(skhpo.__file__).parent.parent / "examples" / "compress_a_model.py"
    command = [sys.executable, example, tmp_path / "none"]
    outcome = subprocess.run(command, capture_output=True, text=True)
    assert outcome.returncode == 1
    assert outcome.stderr.strip().startswith(f"{tmp_path / 'none'} is no folder")
