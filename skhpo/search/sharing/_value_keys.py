"""Keys of estimators by value: equal keys mean that two estimators do the same when fitted."""

from __future__ import annotations

import enum
import functools
import io
import pickle
import random
import types
from collections.abc import Hashable, Mapping
from contextlib import suppress
from hashlib import blake2b
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skhpo.parallel._joblib import dump_by_value

__all__ = [
    "NoKeyError",
    "digest",
    "draws_if_seedless",
    "dump_state",
    "key_of_step",
    "value_key",
    "weigh",
    "with_strides",
]

_PLAIN = (bool, int, str, bytes, type(None), type(Ellipsis), type(NotImplemented))
_RANDOM = (np.random.RandomState, np.random.Generator, np.random.BitGenerator, random.Random)
_OF_CODE = (types.BuiltinFunctionType, np.ufunc, type)


class NoKeyError(ValueError):
    """Error for an object that has no key."""


def value_key(thing: Any) -> Hashable:
    """Return a key of an object: objects with equal keys are equal in all that a fit can see.

    Parameters
    ----------
    thing : object
        An estimator, or a value of a parameter.

    Returns
    -------
    key : hashable

    Raises
    ------
    NoKeyError
        If the object cannot be compared by value, or if it is or has a random state that is not
        fixed.
    """
    kind = type(thing)
    if kind in _PLAIN:
        return kind, thing
    if kind in (float, complex):
        return kind, repr(thing)  # distinguishes 0.0 from -0.0, and finds NaN equal to itself
    if kind in (list, tuple):
        return kind, tuple(value_key(one) for one in thing)
    if kind is dict:
        return kind, tuple((value_key(name), value_key(one)) for name, one in thing.items())
    if kind in (set, frozenset):
        return kind, frozenset(value_key(one) for one in thing)
    if isinstance(thing, _OF_CODE):
        return thing
    if isinstance(thing, _RANDOM):
        raise NoKeyError(f"{thing!r} is a random state that changes")
    if isinstance(thing, types.FunctionType):
        return _key_of_function(thing)
    if kind is types.MethodType:
        return kind, value_key(thing.__self__), value_key(thing.__func__)
    if kind is functools.partial:
        return kind, value_key(thing.func), value_key(thing.args), value_key(thing.keywords)
    if kind is np.ndarray and not thing.dtype.hasobject:
        return kind, thing.dtype.str, thing.shape, thing.strides, digest(thing)
    if isinstance(thing, np.generic | enum.Enum):
        return kind, repr(thing)
    if hasattr(thing, "get_params") and _is_cloned_by_parameters(thing):
        return _key_of_estimator(thing)
    return kind, dump_state(thing)


def key_of_step(transformer: Any) -> Hashable:
    """Return the key of a leading step of a pipeline.

    Raises
    ------
    NoKeyError
        If it has none, or if it may draw random numbers in processes of its own. (Those drawn in
        this process are noticed.)
    """
    try:
        if _may_draw_elsewhere(transformer):
            raise NoKeyError(f"{type(transformer).__name__} has no random_state, but workers")
        return value_key(transformer)
    except NoKeyError:
        raise
    except Exception as error:  # of an unusual estimator
        raise NoKeyError(str(error)) from error


def draws_if_seedless(transformer: Any) -> bool:
    """Whether a transformer, or a part of it, has a ``random_state`` that is None."""
    params = _deep_params(transformer)
    return any(_end(name) == "random_state" and value is None for name, value in params.items())


def _may_draw_elsewhere(transformer: Any) -> bool:
    params = _deep_params(transformer)
    has_workers = any(
        _end(name) == "n_jobs" and value not in (None, 1) for name, value in params.items()
    )
    return has_workers and draws_if_seedless(transformer)


def _deep_params(transformer: Any) -> Mapping[str, Any]:
    if not hasattr(transformer, "get_params") or isinstance(transformer, type):
        return {}
    params: Mapping[str, Any] = transformer.get_params(deep=True)
    return params


def _end(name: str) -> str:
    return name.rpartition("__")[2]


class _Weigher(pickle.Pickler):
    """A pickler that counts bytes, and finds random states."""

    def __init__(self) -> None:
        self.n_bytes = 0
        self.has_random_state = False
        super().__init__(self, protocol=5, buffer_callback=self._count)  # type: ignore[arg-type]

    def write(self, data: Any) -> int:
        self.n_bytes += len(data)
        return len(data)

    def _count(self, buffer: pickle.PickleBuffer) -> None:
        self.n_bytes += buffer.raw().nbytes

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, _RANDOM):
            self.has_random_state = True
        if isinstance(thing, types.FunctionType | type):
            return len, ()  # takes no memory, and need not be importable
        return NotImplemented


def weigh(fitted: Any) -> tuple[int, bool]:
    """Return the size of fitted steps in bytes, and whether they have a random state.

    Raises
    ------
    NoKeyError
        If they hold something that cannot be copied, such as a lock or an open file.
    """
    weigher = _Weigher()
    try:
        weigher.dump(fitted)
    except Exception as error:
        raise NoKeyError(f"{type(fitted).__name__} cannot be copied: {error}") from error
    return weigher.n_bytes, weigher.has_random_state


def digest(array: np.ndarray[Any, Any]) -> bytes:
    """Return a digest of the elements of an array."""
    return blake2b(np.ascontiguousarray(array).data, digest_size=16).digest()


class _PicklerOfLayout(pickle.Pickler):
    """A pickler that keeps the strides of arrays: products depend on them in their last bits."""

    def reducer_override(self, thing: Any) -> Any:
        if type(thing) is np.ndarray and _has_gaps(thing):
            return with_strides, (thing.copy(order="K"), thing.strides)
        return NotImplemented


def _has_gaps(array: np.ndarray[Any, Any]) -> bool:
    is_dense = array.flags.c_contiguous or array.flags.f_contiguous
    return not (is_dense or array.dtype.hasobject or any(stride < 0 for stride in array.strides))


def with_strides(array: np.ndarray[Any, Any], strides: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Return a copy of an array with other strides, like the first columns of a wider array."""
    extent = 1 + sum(
        (n - 1) * stride // array.itemsize for n, stride in zip(array.shape, strides, strict=True)
    )
    wide = np.empty(extent, dtype=array.dtype)
    view = np.lib.stride_tricks.as_strided(wide, array.shape, strides)
    view[...] = array
    return view


def dump_state(thing: Any) -> bytes:
    """Return an object as bytes.

    Raises
    ------
    NoKeyError
        If it cannot be pickled.
    """
    try:
        file = io.BytesIO()
        _PicklerOfLayout(file, protocol=pickle.HIGHEST_PROTOCOL).dump(thing)
        return file.getvalue()
    except Exception:
        with suppress(Exception):
            return dump_by_value(thing)
        raise NoKeyError(f"{type(thing).__name__} cannot be pickled") from None


def _is_cloned_by_parameters(estimator: Any) -> bool:
    """Whether ``clone`` of an estimator keeps its parameters and nothing else of its own."""
    own = getattr(type(estimator), "__sklearn_clone__", None)
    return own is None or own is getattr(BaseEstimator, "__sklearn_clone__", None)


def _key_of_estimator(estimator: Any) -> Hashable:
    """Return the class, the parameters, and whatever else is set, as by ``set_output``."""
    params: Mapping[str, Any] = estimator.get_params(deep=False)
    state = getattr(estimator, "__dict__", {})
    others = {name: value for name, value in state.items() if name not in params}
    request = others.pop("_metadata_request", None)  # it holds the estimator, besides
    by_method = {} if request is None else vars(request)
    requests = {name: one.requests for name, one in by_method.items() if hasattr(one, "requests")}
    return (
        type(estimator),
        value_key(dict(sorted(params.items()))),
        value_key(others),
        value_key(requests),
    )


def _key_of_function(function: types.FunctionType) -> Hashable:
    cells = tuple(cell.cell_contents for cell in function.__closure__ or ())
    return (
        types.FunctionType,
        function.__module__,
        function.__qualname__,
        function.__code__,
        value_key(function.__defaults__),
        value_key(function.__kwdefaults__),
        value_key(cells),
    )
