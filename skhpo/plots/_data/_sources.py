"""What a plot is made from: one study or several, one search or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from skhpo.plots._data._trials import check_fitted, check_study

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["name_of_values", "named_searches", "named_studies"]


def named_studies(study: Study | Sequence[Study] | Mapping[str, Study]) -> dict[str, Study]:
    """Return studies by name.

    Parameters
    ----------
    study : Study, sequence of Study or mapping of str to Study
        One or more studies. Without a mapping, their names are those of the studies; equal names
        get a number.

    Raises
    ------
    TypeError
        If one of them is not a study.
    """
    given: Any = study
    if isinstance(given, Mapping):
        studies = list(given.values())
    else:
        studies = list(given) if hasattr(given, "__iter__") else [given]
    for one in studies:
        check_study(one)
    names = list(given) if isinstance(given, Mapping) else [one.study_name for one in studies]
    return dict(zip(_distinct(names), studies, strict=True))


def named_searches(search: Any) -> dict[str, Any]:
    """Return fitted searches by name.

    Parameters
    ----------
    search : estimator, sequence of estimators or mapping of str to estimator
        One or more fitted searches. Without a mapping, their names are those of their classes;
        equal names get a number.

    Raises
    ------
    TypeError
        If one of them is not a search.
    NotFittedError
        If one of them is not fitted.
    """
    if isinstance(search, Mapping):
        named = dict(search)
    else:
        searches = list(search) if isinstance(search, Sequence) else [search]
        names = [type(one).__name__ for one in searches]
        named = dict(zip(_distinct(names), searches, strict=True))
    for one in named.values():
        check_fitted(one)
    return named


def name_of_values(search: Any) -> str | None:
    """Return how plots call the values of a search; None if its objectives have names."""
    return None if search.study_.metric_names else "score"


def _distinct(names: Sequence[str]) -> list[str]:
    """Add a number to each name that occurred before.

    Examples
    --------
    >>> from skhpo.plots._data._sources import _distinct
    >>> _distinct(["a", "b", "a"])
    ['a', 'b', 'a (2)']
    """
    return [
        name if name not in names[:i] else f"{name} ({names[:i].count(name) + 1})"
        for i, name in enumerate(names)
    ]
