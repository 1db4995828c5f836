"""All that is used of scikit-learn's private parts, the same for each supported version.

A search in the family of ``RandomizedSearchCV`` can't be had without them: they fit and score a
fold, route metadata and format results, so ours equal scikit-learn's to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sklearn.base import _fit_context
from sklearn.metrics._scorer import _check_multimetric_scoring as check_multimetric_scoring
from sklearn.metrics._scorer import _MultimetricScorer as MultimetricScorer
from sklearn.model_selection._validation import (
    _fit_and_score as fit_and_score,
)
from sklearn.model_selection._validation import (
    _insert_error_scores as insert_error_scores,
)
from sklearn.model_selection._validation import (
    _warn_or_raise_about_fit_failures as warn_or_raise_about_fit_failures,
)
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._param_validation import (
    Interval,
    InvalidParameterError,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils.validation import _check_method_params as check_method_params
from sklearn.utils.validation import _num_samples as num_samples

if TYPE_CHECKING:
    from skhpo._search_type import BaseSearchCV
else:
    from sklearn.model_selection._search import BaseSearchCV

__all__ = [
    "BaseSearchCV",
    "FitCallbacks",
    "Interval",
    "InvalidParameterError",
    "MultimetricScorer",
    "StrOptions",
    "check_method_params",
    "check_multimetric_scoring",
    "fit_and_score",
    "fit_context",
    "insert_error_scores",
    "num_samples",
    "safe_indexing",
    "validate_parameter_constraints",
    "warn_or_raise_about_fit_failures",
]


_Method = TypeVar("_Method", bound=Callable[..., Any])


def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[_Method], _Method]:
    """scikit-learn's decorator of ``fit``, which checks the parameters, with the type it keeps."""
    decorate: Callable[[_Method], _Method] = _fit_context(
        prefer_skip_nested_validation=prefer_skip_nested_validation
    )
    return decorate


class FitCallbacks:
    """The callbacks of ``set_callbacks`` (scikit-learn >= 1.9) around a fit; without them, nothing.

    Tasks bear the names that scikit-learn's own searches give them.

    Parameters
    ----------
    search : estimator
        The search being fitted.
    data : dict
        ``X``, ``y`` and ``metadata``, as the callbacks get them.
    """

    def __init__(self, search: Any, data: dict[str, Any]) -> None:
        self._search = search
        self._data = data
        self._root: Any = None
        self._evaluations: list[Any] = []

    @contextmanager
    def fit(self) -> Iterator[None]:
        """The task "fit": all that follows."""
        if not hasattr(self._search, "_init_callback_context"):
            yield
            return
        self._root = self._search._init_callback_context(
            max_subtasks=1 + (self._search.refit is not False)
        )
        self._root.call_on_fit_task_begin(estimator=self._search, **self._data)
        yield
        self._root.call_on_fit_task_end(estimator=self._search, **self._data)

    @contextmanager
    def search(self, n_tasks: int) -> Iterator[None]:
        """The task "search": `n_tasks` folds, at most."""
        if self._root is None:
            yield
            return
        context = self._root.subcontext(
            task_name="search", max_subtasks=n_tasks, sequential_subtasks=False
        )
        context.call_on_fit_task_begin(estimator=self._search)
        if self._root._callbacks:
            # All made before the first is sent to a worker: they must not change while pickled.
            self._evaluations = [
                context.subcontext(task_name="candidate-split-evaluation", task_id=task)
                for task in range(n_tasks)
            ]
        yield
        context.call_on_fit_task_end(estimator=self._search)

    @property
    def are_given(self) -> bool:
        """Whether there are any, once the search has begun."""
        return bool(self._evaluations)

    def evaluation(self, task: int) -> Any:
        """The context of one fold of one candidate; None without callbacks."""
        return self._evaluations[task] if self._evaluations else None

    @contextmanager
    def refit(self, estimator: Any) -> Iterator[None]:
        """The task "refit-with-best-params", of `estimator`."""
        if self._root is None:
            yield
            return
        context = self._root.subcontext(task_name="refit-with-best-params")
        with context.propagate_callback_context(estimator):
            context.call_on_fit_task_begin(estimator=self._search, **self._data)
            yield
        context.call_on_fit_task_end(estimator=self._search, **self._data)
