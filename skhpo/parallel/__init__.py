"""An executor of single tasks on joblib's backends, and a simulated one in virtual time."""

from skhpo.parallel._executor import Executor
from skhpo.parallel._task import Limits, Outcome
from skhpo.parallel._virtual import VirtualExecutor

__all__ = ["Executor", "Limits", "Outcome", "VirtualExecutor"]
