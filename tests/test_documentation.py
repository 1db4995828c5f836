"""The sources of the documentation site; `make docs` checks what is built."""

import re
from pathlib import Path

import pytest

import skhpo

ROOT = Path(skhpo.__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_example_begins_with_a_title(path):
    opening, title, underline = path.read_text(encoding="utf-8").splitlines()[:3]
    assert (opening, underline) == ('"""', "=" * len(title))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_example_has_a_place_in_the_gallery(path):
    assert f'"{path.stem}"' in read("docs/_ext/gallery_order.py")


def test_ci_runs_each_example_once_either_in_the_documentation_or_by_itself():
    in_docs_not = re.search(r'NOT_EXECUTED = "([^"]+)"', read("docs/conf.py"))[1].split("|")
    alone = re.search(r"NOT_IN_DOCS := .*examples/,(.*)\)", read("Makefile"))[1].split()
    assert sorted(f"{name}.py" for name in in_docs_not) == sorted(alone)
    assert {ROOT / "examples" / name for name in alone} <= set(EXAMPLES)


def test_the_data_of_the_picture_has_all_seeds_of_all_searches():
    rows = [line.split(",")[:2] for line in read("docs/images/why.csv").splitlines()[1:]]
    runs = {name: {int(seed) for one, seed in rows if one == name} for name, _ in rows}
    seeds = set(range(20))
    assert runs == {"GridSearchCV": {0}, "RandomizedSearchCV": seeds, "AutoSearchCV": seeds}
