"""Submodels: smaller models that a larger fitted model contains."""

from skhpo.submodels._base import SubmodelFamily
from skhpo.submodels._registry import register_submodels, submodel_families
from skhpo.submodels._shared import views_for_scoring, views_of, writes_into_data
from skhpo.submodels._table import fits_by_row

__all__ = [
    "SubmodelFamily",
    "fits_by_row",
    "register_submodels",
    "submodel_families",
    "views_for_scoring",
    "views_of",
    "writes_into_data",
]
