"""What users give as ``storage=``, made a storage."""

from __future__ import annotations

from skhpo.storages._base import BaseStorage
from skhpo.storages._memory import InMemoryStorage

__all__ = ["get_storage"]


def get_storage(storage: str | BaseStorage | None) -> BaseStorage:
    """Return the storage that a user means.

    Parameters
    ----------
    storage : str, BaseStorage or None
        The URL of a database, as :class:`RDBStorage` takes it; a storage, returned as it is; or
        None for a new :class:`InMemoryStorage`.

    Returns
    -------
    storage : BaseStorage

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If the URL is not valid.

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
    if isinstance(storage, str):
        from skhpo.storages._rdb import RDBStorage  # loads SQLAlchemy

        return RDBStorage(storage)
    raise TypeError(
        "`storage` must be the URL of a database, such as 'sqlite:///study.db', or one of skhpo's "
        f"storages, such as skhpo.storages.InMemoryStorage(); got {storage!r}."
    )
