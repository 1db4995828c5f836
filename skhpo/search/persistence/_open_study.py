"""Create the study of a search in memory, or open it in a storage to resume the search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from skhpo.exceptions import DuplicatedStudyError, StudyMismatchError
from skhpo.pruners import BasePruner
from skhpo.samplers import BaseSampler
from skhpo.search._setup import Setup
from skhpo.search.persistence._checkpoint import Checkpoint, StoredCheckpoint
from skhpo.search.persistence._earlier import CANDIDATES, EarlierResult, take_over
from skhpo.search.persistence._fingerprint import check_fingerprint, digest
from skhpo.storages import BaseStorage, get_storage
from skhpo.study import Study, StudyDirection

if TYPE_CHECKING:
    from skhpo.search._base import BaseStudySearchCV

__all__ = ["FINGERPRINT", "open_study"]

FINGERPRINT = "skhpo:search"  # system attribute of a study that belongs to a search


def open_study(
    search: BaseStudySearchCV,
    setup: Setup,
    sampler: BaseSampler,
    pruner: BasePruner,
    *,
    fingerprint: Mapping[str, str],
    description: Mapping[str, Any],
    earlier: Sequence[EarlierResult] = (),
) -> tuple[Study, Checkpoint]:
    """Create or find the study of a search, with its checkpoint.

    Parameters
    ----------
    search : BaseStudySearchCV
        The search, with its `storage` and `study_name`.
    setup : Setup
        The setup of its fit.
    sampler, pruner : BaseSampler, BasePruner
        The sampler and the pruner of the study.
    fingerprint : mapping of str to str
        What must be equal for a study to be continued; empty if it is unknown.
    description : mapping of str to object
        What the results of its candidates depend on; empty if it is unknown.
    earlier : sequence of EarlierResult
        Results of other searches, which the study takes over.

    Returns
    -------
    study : Study
    checkpoint : Checkpoint
    """
    storage = get_storage(search.storage)
    if search.storage is None:
        study_id = storage.create_new_study(_directions(setup), search.study_name)
        if fingerprint:
            storage.set_study_system_attr(study_id, FINGERPRINT, dict(fingerprint))
    else:
        study_id = _find_study(search, setup, storage, fingerprint)
    record = storage.get_study(study_id)
    if description and CANDIDATES not in record.system_attrs:
        storage.set_study_system_attr(study_id, CANDIDATES, dict(description))
    take_over(storage, study_id, setup.space, earlier)
    study = Study(record.study_name, storage, sampler=sampler, pruner=pruner)
    if search.storage is not None:
        return study, StoredCheckpoint(study)
    if len(setup.problem.objectives) > 1:
        study.set_metric_names(_names(setup))
    return study, Checkpoint(study)


def _find_study(
    search: BaseStudySearchCV, setup: Setup, storage: BaseStorage, fingerprint: Mapping[str, str]
) -> int:
    """Find the study in the storage or create it, and return its id.

    Raise a StudyMismatchError if the study belongs to another search.
    """
    name = search.study_name
    if name is None:
        estimator = type(search.estimator).__name__
        name = f"{type(search).__name__} {estimator} {digest(fingerprint)[:8]}"
    directions = _directions(setup)
    try:
        study_id = storage.create_new_study(directions, name)
    except DuplicatedStudyError:
        study_id = storage.get_study_id_from_name(name)
    n_trials = storage.get_n_trials(study_id)  # first: another process may begin just now
    record = storage.get_study(study_id)
    if list(record.directions) != directions:
        wanted, found = (
            ", ".join(StudyDirection(one).name.lower() for one in some)
            for some in (directions, record.directions)
        )
        raise StudyMismatchError(
            f"The study {name!r} belongs to another search: its directions are {found}, those of "
            f"the search {wanted}. Give another `study_name`."
        )
    if FINGERPRINT in record.system_attrs:
        check_fingerprint(name, record.system_attrs[FINGERPRINT], fingerprint)
    elif n_trials > 0:
        raise StudyMismatchError(
            f"The study {name!r} has trials, but not of a search: their values could not be "
            "compared with those of this one. Give another `study_name`."
        )
    else:
        Study(name, storage).set_metric_names(_names(setup))
        storage.set_study_system_attr(study_id, FINGERPRINT, dict(fingerprint))
    return study_id


def _directions(setup: Setup) -> list[StudyDirection]:
    return [
        StudyDirection.MAXIMIZE if objective.greater_is_better else StudyDirection.MINIMIZE
        for objective in setup.problem.objectives
    ]


def _names(setup: Setup) -> list[str]:
    """Return the names of the objectives, for dashboards."""
    return [objective.name or setup.refit_metric for objective in setup.problem.objectives]
