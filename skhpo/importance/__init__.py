"""Parameter importances: how much each parameter of a study mattered."""

from skhpo.importance._base import BaseImportanceEvaluator
from skhpo.importance._forest import (
    FanovaImportanceEvaluator,
    MeanDecreaseImpurityImportanceEvaluator,
)
from skhpo.importance._importances import get_param_importances
from skhpo.importance._ped_anova import PedAnovaImportanceEvaluator

__all__ = [
    "BaseImportanceEvaluator",
    "FanovaImportanceEvaluator",
    "MeanDecreaseImpurityImportanceEvaluator",
    "PedAnovaImportanceEvaluator",
    "get_param_importances",
]
