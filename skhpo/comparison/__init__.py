"""Comparison of search strategies on the same data, with repeated hold-out."""

from typing import TYPE_CHECKING, Any

from skhpo.comparison._compare import compare_searches

if TYPE_CHECKING:
    from skhpo.comparison._result import SearchComparison

__all__ = ["SearchComparison", "compare_searches"]


def __getattr__(name: str) -> Any:
    """Import the class of the results when it is used, so that `import skhpo` stays quick."""
    if name == "SearchComparison":
        from skhpo.comparison._result import SearchComparison

        return SearchComparison
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
