"""The branches of a ``ColumnTransformer`` or a ``FeatureUnion``, which are shared one by one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from skhpo.search.sharing._fitted import Fitted, keep_fitted
from skhpo.search.sharing._ledger import Ledger
from skhpo.search.sharing._outputs import KeptOutput, keep, share_memory
from skhpo.search.sharing._side_effects import (
    random_state,
    restore,
    sum_of_rows,
    transform_with_copy,
)
from skhpo.search.sharing._steps import recurring_branches
from skhpo.search.sharing._store import Store
from skhpo.search.sharing._value_keys import NoKeyError, draws_if_seedless, key_of_step, value_key

__all__ = ["BranchedStep", "may_be_branched"]

Key = tuple[Hashable, ...]


def may_be_branched(step: Any) -> bool:
    """Whether a step is one whose branches can be shared one by one."""
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import FeatureUnion

    return type(step) in (ColumnTransformer, FeatureUnion)


@dataclass(frozen=True)
class _Branch:
    """A transformer of a step, and its columns."""

    name: str
    transformer: Any
    columns: Any = None


def _branches(step: Any) -> list[_Branch]:
    """Return the branches of a step, which is not fitted; none if it is not well-formed."""
    try:
        if hasattr(step, "transformer_list"):
            branches = [_Branch(name, one) for name, one in step.transformer_list]
        else:
            branches = [_Branch(name, one, columns) for name, one, columns in step.transformers]
            others = tuple(branch.columns for branch in branches)
            branches.append(_Branch("remainder", step.remainder, others))
    except (TypeError, ValueError):
        return []
    return [branch for branch in branches if not isinstance(branch.transformer, str | None)]


class BranchedStep:
    """A leading step of a pipeline whose branches are looked up one by one.

    Parameters
    ----------
    step : ColumnTransformer or FeatureUnion
        The step with the candidate's parameters. It is not fitted.
    path : str
        Its name.
    searched : mapping of str to bool
        The searched parameters, and whether they have finitely many values.
    store : Store
        The store of the process.
    ledger : callable
        Returns the ledger of a path.
    is_worth_it : callable
        Returns whether what has a ledger should be shared.
    """

    def __init__(
        self,
        step: Any,
        path: str,
        searched: Mapping[str, bool],
        *,
        store: Store,
        ledger: Callable[[str], Ledger],
        is_worth_it: Callable[[Ledger], bool],
    ) -> None:
        self._store = store
        self._ledgers: dict[str, Ledger] = {}
        self._own_keys: dict[str, Hashable] = {}
        self._keys: dict[str, Key] = {}
        branches = {branch.name: branch for branch in _branches(step)}
        for name in recurring_branches(path, list(branches), searched):
            if not hasattr(branches[name].transformer, "fit_transform"):
                continue  # its fit and its transform may get different metadata
            record = ledger(f"{path}__{name}")
            key = _key_of(branches[name], step)
            if key is not None and is_worth_it(record):
                self._ledgers[name] = record
                self._own_keys[name] = type(step), path, name, key
        self.may_transform = False

    def __bool__(self) -> bool:
        return bool(self._own_keys)

    def fit(
        self,
        fit: Callable[[Any, Any], tuple[Any, Any]],
        step: Any,
        X: Any,
        base: Key,
        *,
        limit: int,
        is_private: bool,
    ) -> tuple[Any, Any]:
        """Fit a step, and transform the rows it is fitted on; branches that are found are not.

        Parameters
        ----------
        fit : callable
            ``fit(step, X)`` returns the transformed rows and the fitted step.
        step : ColumnTransformer or FeatureUnion
            The step.
        X : array-like
            The rows.
        base : tuple
            Key of the rows, and of whatever they went through.
        limit : int
            Maximal size of the store.
        is_private : bool
            Whether nobody but scikit-learn sees the fitted step.
        """
        start = perf_counter()
        self._keys = {name: (*base, own) for name, own in self._own_keys.items()}
        found = {name: self._store.get(key) for name, key in self._keys.items()}
        found = {name: fitted for name, fitted in found.items() if fitted is not None}
        given, rows = step, X
        is_mixed = 0 < len(found) < len(_branches(step))
        if is_mixed and _may_be_changed(X):
            # Branches change rows for those after them. This shows only in what is fitted now, so
            # it is tried on copies.
            try:
                given, rows = clone(step), keep(X).copy()
            except Exception:  # of whatever rows do when they are copied
                found, given, rows = {}, step, X
        state, total = random_state(), sum_of_rows(rows)
        stand_ins = {
            branch.name: _stand_in(branch.transformer, found.get(branch.name))
            for branch in _branches(given)
            if branch.name in self._keys
        }
        looking_up = perf_counter() - start
        with _replaced(given, stand_ins) as used:
            output, fitted = fit(given, rows)
        looking_up -= perf_counter()
        if sum_of_rows(rows) != total:
            self.refuse()
            if found:
                restore(state)
                return fit(step, X)
        elif random_state() == state and not share_memory(rows, output):
            self._keep(used, found, limit)
            self.may_transform = is_private
        looking_up += perf_counter()
        for name in found:
            self._ledgers[name].found(looking_up / len(found))
        return output, fitted

    def _keep(self, used: dict[str, _InFit], found: dict[str, Fitted], limit: int) -> None:
        """Keep the branches that were fitted; everyone gets copies of them."""
        for name, one in used.items():
            if name in found or one.output is None:  # found, or without columns
                continue
            self._ledgers[name].fitted(one.seconds)
            kept = keep_fitted([one.transformer], one.output, one.seconds, is_private=False)
            if kept is not None:
                self._store.put(self._keys[name], kept, kept.n_bytes, limit)

    def refuse(self) -> None:
        """Share no branch of the step any more."""
        for name, ledger in self._ledgers.items():
            ledger.is_refused = True
            self._store.drop(self._keys[name])
        self.may_transform = False

    def transform(self, step: Any, X: Any, rows: bytes, limit: int) -> tuple[Any, bool]:
        """Transform rows by copies of the branches, or find what they make of them.

        Parameters
        ----------
        step : ColumnTransformer or FeatureUnion
            The fitted step.
        X : array-like
            The rows.
        rows : bytes
            A key of the rows.
        limit : int
            Maximal size of the store.

        Returns
        -------
        output : object
            The transformed rows.
        is_changed : bool
            Whether this has changed the rows, or a branch.
        """
        view, total = copy.copy(step), sum_of_rows(X)
        stand_ins = {
            name: _InTransform(transformer, self._transformed(name, transformer, rows, limit))
            for name, transformer, *_ in getattr(step, _attribute(step))
            if not isinstance(transformer, str)
        }
        setattr(view, _attribute(step), _with(getattr(step, _attribute(step)), stand_ins))
        view.n_jobs = 1
        output = view.transform(X)
        is_changed = any(one.is_changed for one in stand_ins.values()) or sum_of_rows(X) != total
        return output, is_changed

    def _transformed(
        self, name: str, transformer: Any, rows: bytes, limit: int
    ) -> Callable[[Any], tuple[Any, bool]]:
        key = (*self._keys[name], rows) if name in self._keys else None

        def transform(X: Any) -> tuple[Any, bool]:
            kept: KeptOutput | None = None if key is None else self._store.get(key)
            if kept is not None:
                return kept.copy(), False
            state = random_state()
            output, is_changed = transform_with_copy(transformer, X)
            if key is not None and not is_changed and random_state() == state:
                kept = keep(output)
                self._store.put(key, kept, kept.n_bytes, limit)
            return output, is_changed

        return transform


def _key_of(branch: _Branch, step: Any) -> Hashable | None:
    """Return the key of a branch; None if it has none."""
    try:
        if step.n_jobs not in (None, 1) and draws_if_seedless(branch.transformer):
            return None  # random numbers drawn in other processes are not noticed
        return key_of_step(branch.transformer), value_key(branch.columns)
    except (NoKeyError, TypeError):
        return None


def _may_be_changed(rows: Any) -> bool:
    """Whether a step may change rows in place: texts, say, have no checksum."""
    if isinstance(rows, np.ndarray):
        return not rows.dtype.hasobject
    return sparse.issparse(rows) or type(rows).__module__.partition(".")[0] == "pandas"


# ------------------------------------------------------------------ what stands in for a branch


class _StandIn:
    """What stands in for a branch: it has all of the transformer but one method."""

    def __init__(self, transformer: Any) -> None:
        self.transformer = transformer

    def __sklearn_is_fitted__(self) -> bool:
        check_is_fitted(self.transformer)
        return True

    def __getattr__(self, name: str) -> Any:
        is_own = name == "transformer" or (name.startswith("__") and "sklearn" not in name)
        if is_own:  # while it is copied or pickled
            raise AttributeError(name)
        return getattr(self.transformer, name)


class _InFit(_StandIn):
    """Fits a branch and notes its output, or returns what was found.

    Parameters
    ----------
    transformer : estimator
        The transformer, which is fitted if an output is given.
    output : object, optional
        The output that was found.
    """

    def __init__(self, transformer: Any, output: Any = None) -> None:
        super().__init__(transformer)
        self.output = output
        self.seconds = 0.0

    def __sklearn_clone__(self) -> _InFit:
        return self if self.output is not None else _InFit(clone(self.transformer))

    def fit_transform(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Return the transformed rows."""
        if self.output is not None:
            output, self.output = self.output, None
            return output
        start = perf_counter()
        output = self.transformer.fit_transform(X, y, **params)
        self.seconds = perf_counter() - start
        self.output = output
        if type(output).__module__.partition(".")[0] == "pandas":
            self.output = output.copy(deep=False)  # the step gives columns other names
        return output


class _InTransform(_StandIn):
    """Transforms rows by a function, and notes whether that has changed the transformer."""

    def __init__(self, transformer: Any, function: Callable[[Any], tuple[Any, bool]]) -> None:
        super().__init__(transformer)
        self._function = function
        self.is_changed = False

    def transform(self, X: Any) -> Any:
        """Return the transformed rows."""
        output, self.is_changed = self._function(X)
        return output


def _stand_in(transformer: Any, found: Fitted | None) -> _InFit:
    if found is None:
        return _InFit(transformer)
    return _InFit(found.steps()[0], found.output.copy())


def _attribute(step: Any) -> str:
    """Return where a fitted step has its branches."""
    return "transformer_list" if hasattr(step, "transformer_list") else "transformers_"


def _with(branches: Iterable[tuple[Any, ...]], stand_ins: Mapping[str, Any]) -> list[Any]:
    """Return a list of branches with others in their place."""
    return [(name, stand_ins.get(name, one), *more) for name, one, *more in branches]


@contextmanager
def _replaced(step: Any, stand_ins: Mapping[str, _InFit]) -> Iterator[dict[str, _InFit]]:
    """Replace the branches of a step during its fit; yield those that it has got after it."""
    used: dict[str, _InFit] = {}
    name = "transformer_list" if hasattr(step, "transformer_list") else "transformers"
    given, remainder = getattr(step, name), getattr(step, "remainder", None)
    setattr(step, name, _with(given, stand_ins))
    if "remainder" in stand_ins and name == "transformers":
        step.remainder = stand_ins["remainder"]
    try:
        yield used
        fitted = getattr(step, _attribute(step))
        used.update({name: one for name, one, *_ in fitted if isinstance(one, _InFit)})
        own = {name: one.transformer for name, one in used.items()}
        if name == "transformer_list":
            given = _with(fitted, own)
        else:
            step.transformers_ = _with(fitted, own)
    finally:
        setattr(step, name, given)
        if name == "transformers":
            step.remainder = remainder
            if hasattr(step, "_remainder"):
                step._remainder = (step._remainder[0], remainder, step._remainder[2])
