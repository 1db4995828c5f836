"""Distributions: a parameter's domain and prior, and its map to and from the unit interval."""

from skhpo.distributions._base import MAX_EDGES, BaseDistribution
from skhpo.distributions._categorical import CategoricalDistribution, OrdinalDistribution
from skhpo.distributions._convert import (
    as_distribution,
    check_distribution_compatibility,
    distribution_to_json,
    json_to_distribution,
    labelled_json,
)
from skhpo.distributions._numeric import FloatDistribution, IntDistribution
from skhpo.distributions._old_names import (
    DiscreteUniformDistribution,
    IntLogUniformDistribution,
    IntUniformDistribution,
    LogUniformDistribution,
    UniformDistribution,
)
from skhpo.distributions._quantile import QuantileDistribution
from skhpo.distributions._sequence import MAX_LISTED, SequenceDistribution

CategoricalChoiceType = None | bool | int | float | str
"""Types of choices that a database stores as they are."""

__all__ = [
    "MAX_EDGES",
    "MAX_LISTED",
    "BaseDistribution",
    "CategoricalChoiceType",
    "CategoricalDistribution",
    "DiscreteUniformDistribution",
    "FloatDistribution",
    "IntDistribution",
    "IntLogUniformDistribution",
    "IntUniformDistribution",
    "LogUniformDistribution",
    "OrdinalDistribution",
    "QuantileDistribution",
    "SequenceDistribution",
    "UniformDistribution",
    "as_distribution",
    "check_distribution_compatibility",
    "distribution_to_json",
    "json_to_distribution",
    "labelled_json",
]
