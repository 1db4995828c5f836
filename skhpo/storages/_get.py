"""Resolve the argument ``storage=``."""

from __future__ import annotations

import os

from skhpo import storages
from skhpo._hints import use_instead
from skhpo.storages._base import BaseStorage
from skhpo.storages._memory import InMemoryStorage

__all__ = ["get_storage"]


def get_storage(storage: str | os.PathLike[str] | BaseStorage | None) -> BaseStorage:
    """Return a storage by path or URL, or the given one.

    Parameters
    ----------
    storage : str, path, BaseStorage or None
        The path of an SQLite file, such as ``"search.db"``; the URL of a database, as for
        :class:`RDBStorage`; a storage, which is returned unchanged; or None for a new
        :class:`InMemoryStorage`.

    Returns
    -------
    storage : BaseStorage

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If it is neither a path nor a valid URL.

    Examples
    --------
    >>> from skhpo.storages import get_storage
    >>> get_storage("sqlite:///:memory:")
    RDBStorage('sqlite:///:memory:')
    """
    if storage is None:
        return InMemoryStorage()
    if isinstance(storage, BaseStorage):
        return storage
    if isinstance(storage, str | os.PathLike):
        from skhpo.storages._rdb import RDBStorage  # loads SQLAlchemy

        return RDBStorage(storage)
    raise TypeError(
        "`storage` must be the path of an SQLite file, such as 'search.db', the URL of a database, "
        "or one of skhpo's storages, such as skhpo.storages.InMemoryStorage(); got "
        f"{storage!r}.{use_instead(storage, storages)}"
    )
