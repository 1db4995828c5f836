"""Docstrings of the searches say what is true of them."""

import inspect

import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from skhpo import HyperbandSearchCV, RandomSearchCV, StudySearchCV, TPESearchCV

docscrape = pytest.importorskip("numpydoc.docscrape")
validate = pytest.importorskip("numpydoc.validate").validate

SEARCHES = [TPESearchCV, RandomSearchCV, HyperbandSearchCV, StudySearchCV]
IGNORED = {
    "EX01",  # no example: of methods
    "SA01",  # no "See Also": of methods
    "SA04",  # no description in "See Also"
    "ES01",  # no extended summary
    "GL01", "GL02", "GL03",  # blank lines at the start and the end
    "GL08",  # no docstring: what is inherited has its own
    "PR01", "PR06", "PR08", "PR09",  # names for types, capitals and full stops
    "RT02", "RT03", "RT04", "RT05", "YD01",
}  # fmt: skip


@pytest.mark.parametrize("Search", SEARCHES)
def test_parameters_are_documented_in_the_order_of_the_signature(Search):
    documented = [parameter.name for parameter in docscrape.ClassDoc(Search)["Parameters"]]
    assert documented == list(inspect.signature(Search).parameters)


@pytest.mark.parametrize("Search", SEARCHES)
def test_defaults_are_documented_as_they_are(Search):
    for parameter in docscrape.ClassDoc(Search)["Parameters"]:
        default = inspect.signature(Search).parameters[parameter.name].default
        if default is not inspect.Parameter.empty:
            shown = "np.nan" if default != default else str(default)
            assert parameter.type.replace('"', "").endswith(f"default={shown}"), parameter


@pytest.mark.parametrize("Search", SEARCHES)
def test_documented_attributes_are_those_of_a_fitted_search(Search):
    X, y = load_iris(return_X_y=True, as_frame=True)
    search = Search(LogisticRegression(max_iter=300), {"C": [1, 2]}, cv=2).fit(X, y)
    documented = {attribute.name for attribute in docscrape.ClassDoc(Search)["Attributes"]}
    assert all(hasattr(search, name) for name in documented)
    fitted = {n for n in vars(search) if n.endswith("_") and not n.startswith("_")}
    assert fitted <= documented


@pytest.mark.parametrize("Search", SEARCHES)
@pytest.mark.parametrize("method", [None, "fit"])
def test_numpydoc_finds_nothing_to_complain_about(Search, method):
    name = f"skhpo.{Search.__name__}" + (f".{method}" if method else "")
    complaints = [error for error in validate(name)["errors"] if error[0] not in IGNORED]
    assert complaints == []
