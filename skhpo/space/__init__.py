"""What scikit-learn users write as a dict of parameters, made a search space with conditions."""

from skhpo.space._space import Group, Parameter, SearchSpace
from skhpo.space._suggest import suggest_space

__all__ = ["Group", "Parameter", "SearchSpace", "suggest_space"]
