"""The exceptions and warnings that skhpo raises."""

__all__ = [
    "CLIUsageError",
    "DuplicatedStudyError",
    "ExperimentalWarning",
    "FitMemoryError",
    "FitTimeoutError",
    "OptunaError",
    "SearchInterruptedWarning",
    "SearchOverfitWarning",
    "SkhpoError",
    "StorageInternalError",
    "StudyMismatchError",
    "TrialPruned",
    "UpdateFinishedTrialError",
    "WorkerDiedError",
]


class SkhpoError(Exception):
    """Base class of skhpo's own exceptions."""


OptunaError = SkhpoError  # the dialect's name


class CLIUsageError(SkhpoError):
    """The command line was given what it cannot use."""


class TrialPruned(SkhpoError):  # noqa: N818  (the dialect's name)
    """Raise inside an objective to end the trial as pruned.

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     x = trial.suggest_float("x", 0, 1)
    ...     if x > 0.9:
    ...         raise skhpo.TrialPruned()
    ...     return x
    """


class DuplicatedStudyError(SkhpoError):
    """A study of this name exists in the storage already."""


class FitMemoryError(SkhpoError, MemoryError):
    """A fit was ended because its process took more memory than it may."""


class FitTimeoutError(SkhpoError, TimeoutError):
    """A fit was ended because it took longer than it may."""


class StorageInternalError(SkhpoError):
    """A database did not do what it was asked; the message says why and what to do."""


class StudyMismatchError(SkhpoError, ValueError):
    """A search was to go on in a study that belongs to another search."""


class UpdateFinishedTrialError(SkhpoError, RuntimeError):
    """A trial that has ended was to be changed."""


class WorkerDiedError(SkhpoError):
    """A worker process ended (killed, out of memory, crashed) while it ran a task, twice."""


class ExperimentalWarning(Warning):
    """The category of the dialect's warnings of experimental features, for filters that name it.

    Nothing here warns of this category.
    """


class SearchInterruptedWarning(UserWarning):
    """A search was stopped before its budget was used up; what had finished was kept."""


class SearchOverfitWarning(UserWarning):
    """What a search has gained is no more than what choosing among many brings by itself."""


def is_pruned(error: BaseException) -> bool:
    """Whether an objective has raised this to end its trial as pruned.

    Callbacks that are written for Optuna raise Optuna's own exception: it counts, too.
    """
    return isinstance(error, TrialPruned) or any(
        kind.__name__ == "TrialPruned" and kind.__module__.partition(".")[0] == "optuna"
        for kind in type(error).__mro__
    )
