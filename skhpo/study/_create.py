"""Create, load, copy, delete and list studies."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal

from skhpo.exceptions import DuplicatedStudyError
from skhpo.pruners import BasePruner
from skhpo.samplers import BaseSampler
from skhpo.storages import BaseStorage, get_storage
from skhpo.study._direction import StudyDirection, as_directions
from skhpo.study._study import Study, logger
from skhpo.study._summary import StudySummary

__all__ = [
    "copy_study",
    "create_study",
    "delete_study",
    "get_all_study_names",
    "get_all_study_summaries",
    "load_study",
]

Direction = Literal["minimize", "maximize"] | StudyDirection


def create_study(
    *,
    storage: str | os.PathLike[str] | BaseStorage | None = None,
    sampler: BaseSampler | str | None = None,
    pruner: BasePruner | str | None = None,
    study_name: str | None = None,
    direction: Direction | None = None,
    load_if_exists: bool = False,
    directions: Sequence[Direction] | None = None,
) -> Study:
    """Create a new study.

    Parameters
    ----------
    storage : str or BaseStorage, optional
        Where to store the study: the path of an SQLite file, such as ``"study.db"``, the URL of
        a database (see :class:`skhpo.storages.RDBStorage`), or a storage. Default: a new
        :class:`skhpo.storages.InMemoryStorage`.
    sampler : BaseSampler or str, optional
        Decides what to try next: a sampler, or a name such as "tpe", "gp" or "random". Default:
        :class:`skhpo.samplers.TPESampler`.
    pruner : BasePruner or str, optional
        Decides which trials to stop early: a pruner, or a name such as "median" or "hyperband".
        Default: :class:`skhpo.pruners.MedianPruner`.
    study_name : str, optional
        Name of the study. Default: a unique name.
    direction : {"minimize", "maximize"}, optional
        Direction of optimization. Default: "minimize".
    load_if_exists : bool, default=False
        Return the storage's study of this name if it exists, rather than raise an error.
    directions : sequence of {"minimize", "maximize"}, optional
        One direction for each objective, instead of `direction`.

    Returns
    -------
    study : Study

    Raises
    ------
    ValueError
        If a direction is neither "minimize" nor "maximize".
    skhpo.exceptions.DuplicatedStudyError
        If the storage has a study of this name and `load_if_exists` is False.

    Examples
    --------
    >>> import skhpo
    >>> study = skhpo.create_study(direction="maximize", sampler=skhpo.samplers.TPESampler(seed=1))
    >>> study.optimize(lambda trial: -abs(trial.suggest_float("x", -1, 1)), n_trials=30)
    >>> abs(study.best_params["x"]) < 0.1
    True

    Two objectives:

    >>> def objective(trial):
    ...     x = trial.suggest_float("x", 0, 3)
    ...     return x**2, (x - 2) ** 2
    >>> study = skhpo.create_study(
    ...     directions=["minimize", "minimize"], sampler=skhpo.samplers.TPESampler(seed=1)
    ... )
    >>> study.optimize(objective, n_trials=20)
    >>> len(study.best_trials) > 5
    True
    """
    whole = as_directions(direction, directions)
    storage = get_storage(storage)
    try:
        study_id = storage.create_new_study(whole, study_name)
    except DuplicatedStudyError:
        if not load_if_exists:
            raise
        assert study_name is not None
        logger.info("Using the existing study %r.", study_name)
        return load_study(study_name=study_name, storage=storage, sampler=sampler, pruner=pruner)
    name = storage.get_study(study_id).study_name
    logger.info("Created a new study: %s", name)
    return Study(name, storage, sampler=sampler, pruner=pruner)


def load_study(
    *,
    study_name: str | None,
    storage: str | os.PathLike[str] | BaseStorage,
    sampler: BaseSampler | str | None = None,
    pruner: BasePruner | str | None = None,
) -> Study:
    """Load an existing study.

    Parameters
    ----------
    study_name : str or None
        Name of the study; None for the only study of the storage.
    storage : str, path or BaseStorage
        Where it is stored: the path of an SQLite file, the URL of a database, or a storage.
    sampler : BaseSampler or str, optional
        Decides what to try next: a sampler, or a name such as "tpe", "gp" or "random". Default:
        :class:`skhpo.samplers.TPESampler`.
    pruner : BasePruner or str, optional
        Decides which trials to stop early: a pruner, or a name such as "median" or "hyperband".
        Default: :class:`skhpo.pruners.MedianPruner`.

    Returns
    -------
    study : Study

    Raises
    ------
    KeyError
        If no study has this name.
    ValueError
        If `study_name` is None and the storage does not have exactly one study.

    Examples
    --------
    >>> import skhpo
    >>> storage = skhpo.storages.InMemoryStorage()
    >>> study = skhpo.create_study(storage=storage, study_name="mine")
    >>> skhpo.load_study(study_name="mine", storage=storage).study_name
    'mine'
    """
    storage = get_storage(storage)
    if study_name is None:
        names = get_all_study_names(storage)
        if len(names) != 1:
            raise ValueError(
                f"`study_name` is None, but the storage does not have exactly one study: {names}."
            )
        study_name = names[0]
    return Study(study_name, storage, sampler=sampler, pruner=pruner)


def delete_study(*, study_name: str, storage: str | os.PathLike[str] | BaseStorage) -> None:
    """Delete a study and its trials.

    Parameters
    ----------
    study_name : str
        Name of the study.
    storage : str, path or BaseStorage
        Where it is stored: the path of an SQLite file, the URL of a database, or a storage.

    Raises
    ------
    KeyError
        If no study has this name.

    Examples
    --------
    >>> import skhpo
    >>> storage = skhpo.storages.InMemoryStorage()
    >>> study = skhpo.create_study(storage=storage, study_name="mine")
    >>> skhpo.delete_study(study_name="mine", storage=storage)
    >>> skhpo.get_all_study_names(storage)
    []
    """
    storage = get_storage(storage)
    storage.delete_study(storage.get_study_id_from_name(study_name))


def copy_study(
    *,
    from_study_name: str | None = None,
    from_storage: str | os.PathLike[str] | BaseStorage | None = None,
    to_storage: str | os.PathLike[str] | BaseStorage,
    to_study_name: str | None = None,
    from_study: Study | None = None,
) -> None:
    """Copy a study with its trials, to another storage or under another name.

    Parameters
    ----------
    from_study_name : str, optional
        Name of the study.
    from_storage : str, path or BaseStorage, optional
        Where it is stored: the path of an SQLite file, the URL of a database, or a storage.
    to_storage : str, path or BaseStorage
        Where to store the copy.
    to_study_name : str, optional
        Name of the copy. Default: the same.
    from_study : Study, optional
        The study itself, instead of `from_study_name` and `from_storage`; for example the
        ``study_`` of a search without a storage.

    Raises
    ------
    TypeError
        Unless either `from_study`, or both `from_study_name` and `from_storage`, are given.
    KeyError
        If no study has this name.
    skhpo.exceptions.DuplicatedStudyError
        If `to_storage` has a study of the copy's name.

    Examples
    --------
    >>> import skhpo
    >>> here, there = skhpo.storages.InMemoryStorage(), skhpo.storages.InMemoryStorage()
    >>> study = skhpo.create_study(storage=here, study_name="mine")
    >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    >>> skhpo.copy_study(from_study_name="mine", from_storage=here, to_storage=there)
    >>> len(skhpo.load_study(study_name="mine", storage=there).trials)
    3

    The study itself, to a database:

    >>> skhpo.copy_study(from_study=study, to_storage="sqlite:///:memory:")
    """
    source = _source(from_study, from_study_name, from_storage)
    to_storage = get_storage(to_storage)
    copy = create_study(
        study_name=source.study_name if to_study_name is None else to_study_name,
        storage=to_storage,
        directions=source.directions,
    )
    record = source.storage.get_study(source.log.study_id)
    for key, value in record.user_attrs.items():
        copy.storage.set_study_user_attr(copy.log.study_id, key, value)
    for key, value in record.system_attrs.items():
        copy.storage.set_study_system_attr(copy.log.study_id, key, value)
    copy.add_trials(source.get_trials(deepcopy=False))


def _source(
    study: Study | None, name: str | None, storage: str | os.PathLike[str] | BaseStorage | None
) -> Study:
    """Return the study to copy."""
    if isinstance(study, Study) and name is None and storage is None:
        return study
    if study is not None or name is None or storage is None:
        raise TypeError(
            "Give `from_study`, a skhpo study, or both `from_study_name` and `from_storage`; got "
            f"from_study={study!r}, from_study_name={name!r}, from_storage={storage!r}."
        )
    return load_study(study_name=name, storage=storage)


def get_all_study_names(storage: str | os.PathLike[str] | BaseStorage) -> list[str]:
    """Return the names of a storage's studies.

    Parameters
    ----------
    storage : str or BaseStorage
        The URL of a database, or a storage.

    Returns
    -------
    names : list of str
        In the order of creation.

    Examples
    --------
    >>> import skhpo
    >>> storage = skhpo.storages.InMemoryStorage()
    >>> study = skhpo.create_study(storage=storage, study_name="mine")
    >>> skhpo.get_all_study_names(storage)
    ['mine']
    """
    return [study.study_name for study in get_storage(storage).get_all_studies()]


def get_all_study_summaries(
    storage: str | os.PathLike[str] | BaseStorage, include_best_trial: bool = True
) -> list[StudySummary]:
    """Return a summary of each study of a storage.

    Parameters
    ----------
    storage : str or BaseStorage
        The URL of a database, or a storage.
    include_best_trial : bool, default=True
        Whether to include the best trials.

    Returns
    -------
    summaries : list of StudySummary
        In the order of creation.

    Examples
    --------
    >>> import skhpo
    >>> storage = skhpo.storages.InMemoryStorage()
    >>> study = skhpo.create_study(storage=storage, study_name="mine")
    >>> study.optimize(lambda trial: trial.suggest_int("n", 2, 2), n_trials=3)
    >>> summary, = skhpo.get_all_study_summaries(storage)
    >>> summary.study_name, summary.n_trials, summary.best_trial.value
    ('mine', 3, 2.0)
    """
    storage = get_storage(storage)
    names = get_all_study_names(storage)
    return [_summary(load_study(study_name=n, storage=storage), include_best_trial) for n in names]


def _summary(study: Study, include_best_trial: bool) -> StudySummary:
    trials = study.get_trials(deepcopy=False)
    best_trial = None
    if include_best_trial and len(study.directions) == 1:
        try:
            best_trial = study.best_trial
        except ValueError:  # no trial is complete, or none is feasible
            best_trial = None
    return StudySummary(
        study_name=study.study_name,
        directions=study.directions,
        best_trial=best_trial,
        user_attrs=study.user_attrs,
        n_trials=len(trials),
        datetime_start=min((t.datetime_start for t in trials if t.datetime_start), default=None),
        study_id=study.log.study_id,
    )
