"""All imports from scikit-learn's private API, with one interface for all supported versions.

A search of the ``RandomizedSearchCV`` family needs it: the private functions fit and score a fold,
route metadata and format results, so that results equal those of scikit-learn exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sklearn.base import _fit_context
from sklearn.metrics._scorer import _check_multimetric_scoring as check_multimetric_scoring
from sklearn.metrics._scorer import _MultimetricScorer as MultimetricScorer
from sklearn.metrics._scorer import _PassthroughScorer as PassthroughScorer
from sklearn.metrics._scorer import _Scorer as ResponseScorer
from sklearn.model_selection._validation import (
    _fit_and_score as fit_and_score,
)
from sklearn.model_selection._validation import (
    _insert_error_scores as insert_error_scores,
)
from sklearn.model_selection._validation import _score as score_fitted
from sklearn.model_selection._validation import (
    _warn_or_raise_about_fit_failures as warn_or_raise_about_fit_failures,
)
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._metadata_requests import _routing_enabled as routing_enabled
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils.metaestimators import _safe_split as safe_split
from sklearn.utils.validation import _check_method_params as check_method_params
from sklearn.utils.validation import _num_samples as num_samples

if TYPE_CHECKING:
    from skhpo._search_type import BaseSearchCV
else:
    from sklearn.model_selection._search import BaseSearchCV

__all__ = [
    "BaseSearchCV",
    "FitCallbacks",
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "MultimetricScorer",
    "PassthroughScorer",
    "ResponseScorer",
    "StrOptions",
    "check_method_params",
    "check_multimetric_scoring",
    "fit_and_score",
    "fit_context",
    "insert_error_scores",
    "num_samples",
    "raises_errors",
    "routing_enabled",
    "safe_indexing",
    "safe_split",
    "score_fitted",
    "scorers_by_name",
    "validate_parameter_constraints",
    "warn_or_raise_about_fit_failures",
]


_Method = TypeVar("_Method", bound=Callable[..., Any])


def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[_Method], _Method]:
    """Return scikit-learn's typed decorator of ``fit``, which validates the parameters."""
    decorate: Callable[[_Method], _Method] = _fit_context(
        prefer_skip_nested_validation=prefer_skip_nested_validation
    )
    return decorate


def scorers_by_name(bundle: MultimetricScorer) -> dict[str, Callable[..., Any]]:
    """Return the scorers of scikit-learn's bundle of several scorers."""
    scorers: dict[str, Callable[..., Any]] = bundle._scorers
    return scorers


def raises_errors(bundle: MultimetricScorer) -> bool:
    """Return whether an error in one scorer of a bundle is raised, instead of being its score."""
    return bool(bundle._raise_exc)


class FitCallbacks:
    """Contexts that call the callbacks of ``set_callbacks`` (scikit-learn >= 1.9), if any.

    Tasks have the same names as in scikit-learn's own searches.

    Parameters
    ----------
    search : estimator
        The search being fitted.
    data : dict
        ``X``, ``y`` and ``metadata`` for the callbacks.
    """

    def __init__(self, search: Any, data: dict[str, Any]) -> None:
        self._search = search
        self._data = data
        self._root: Any = None
        self._evaluations: list[Any] = []

    @contextmanager
    def fit(self) -> Iterator[None]:
        """Enter the task "fit", which includes all others."""
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
    def search(self, n_tasks: int | float) -> Iterator[None]:
        """Enter the task "search", with at most `n_tasks` folds."""
        if self._root is None:
            yield
            return
        max_subtasks = None if math.isinf(n_tasks) else int(n_tasks)
        if max_subtasks is None and self._root._callbacks:
            raise ValueError(
                "scikit-learn's callbacks need to know how many fits there may be: give `n_iter` "
                "or `max_fits` besides the `timeout`."
            )
        context = self._root.subcontext(
            task_name="search", max_subtasks=max_subtasks, sequential_subtasks=False
        )
        context.call_on_fit_task_begin(estimator=self._search)
        if self._root._callbacks:
            # Create all before the first is sent to a worker: they must not change while pickled.
            self._evaluations = [
                context.subcontext(task_name="candidate-split-evaluation", task_id=task)
                for task in range(max_subtasks or 0)
            ]
        yield
        context.call_on_fit_task_end(estimator=self._search)

    @property
    def are_given(self) -> bool:
        """Whether there are callbacks, once the search has started."""
        return bool(self._evaluations)

    def evaluation(self, task: int) -> Any:
        """Return the context of one fold of one candidate; None without callbacks."""
        return self._evaluations[task] if self._evaluations else None

    @contextmanager
    def refit(self, estimator: Any) -> Iterator[None]:
        """Enter the task "refit-with-best-params" of `estimator`."""
        if self._root is None:
            yield
            return
        context = self._root.subcontext(task_name="refit-with-best-params")
        with context.propagate_callback_context(estimator):
            context.call_on_fit_task_begin(estimator=self._search, **self._data)
            yield
        context.call_on_fit_task_end(estimator=self._search, **self._data)
