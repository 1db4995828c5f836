"""Comparison of search strategies on the same data, with repeated hold-out."""

from skhpo.comparison._compare import compare_searches
from skhpo.comparison._result import SearchComparison

__all__ = ["SearchComparison", "compare_searches"]
