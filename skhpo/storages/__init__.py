"""Where trials live."""

from skhpo.storages._memory import InMemoryStorage

__all__ = ["InMemoryStorage"]
