"""Search spaces: parsing of scikit-learn's parameter dicts, and conditional parameters."""

from skhpo.space._space import Group, Parameter, SearchSpace
from skhpo.space._suggest import suggest_space

__all__ = ["Group", "Parameter", "SearchSpace", "suggest_space"]
