"""Exceptions and warnings of skhpo."""

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


OptunaError = SkhpoError  # Optuna's name


class CLIUsageError(SkhpoError):
    """Error for invalid use of the command line."""


class TrialPruned(SkhpoError):  # noqa: N818  (Optuna's name)
    """Exception to raise in an objective, to end the trial as pruned.

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
    """Error for a study whose name already exists in the storage."""


class FitMemoryError(SkhpoError, MemoryError):
    """Error for a fit that was ended because its process exceeded the memory limit."""


class FitTimeoutError(SkhpoError, TimeoutError):
    """Error for a fit that was ended because it exceeded the time limit."""


class StorageInternalError(SkhpoError):
    """Error of a database operation; the message says why it failed and what to do."""


class StudyMismatchError(SkhpoError, ValueError):
    """Error for a search that tried to resume a study of another search."""


class UpdateFinishedTrialError(SkhpoError, RuntimeError):
    """Error for an attempt to change a finished trial."""


class WorkerDiedError(SkhpoError):
    """Error for a task whose worker process died twice (killed, out of memory, crashed)."""


class ExperimentalWarning(Warning):
    """Category of Optuna's warnings about experimental features, for filters that name it.

    skhpo never issues a warning of this category.
    """


class SearchInterruptedWarning(UserWarning):
    """Warning for a search that stopped before its budget was used; finished results are kept."""


class SearchOverfitWarning(UserWarning):
    """Warning for a search whose gain may be due to selection among many candidates alone."""


def is_pruned(error: BaseException) -> bool:
    """Return whether an error ends its trial as pruned.

    Optuna's own exception counts as well, as callbacks written for Optuna raise it.
    """
    return isinstance(error, TrialPruned) or any(
        kind.__name__ == "TrialPruned" and kind.__module__.partition(".")[0] == "optuna"
        for kind in type(error).__mro__
    )
