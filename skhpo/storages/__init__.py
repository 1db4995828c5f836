"""Where studies and their trials live."""

from skhpo.storages._base import BaseStorage, StudyRecord
from skhpo.storages._memory import InMemoryStorage

__all__ = ["BaseStorage", "InMemoryStorage", "StudyRecord"]
