"""The fingerprint of a search: the parts that must be equal for stored scores to be comparable."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import partial
from os import PathLike
from types import CodeType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
from sklearn.base import clone

from skhpo.distributions import (
    BaseDistribution,
    QuantileDistribution,
    SequenceDistribution,
    labelled_json,
)
from skhpo.distributions._categorical import same_object
from skhpo.distributions._labels import describe
from skhpo.exceptions import StudyMismatchError

if TYPE_CHECKING:
    from skhpo.search._base import BaseStudySearchCV
    from skhpo.search._setup import Setup

__all__ = [
    "check_fingerprint",
    "describe_candidates",
    "describe_without",
    "digest",
    "make_fingerprint",
]

_LONGEST = 300  # maximal number of characters to show of a text
# Parameters that do not affect the fitted model, for any estimator at any depth: the number of
# threads, verbosity, and where files are written.
_WITHOUT_EFFECT = {
    "n_jobs", "nthread", "nthreads", "num_thread", "num_threads", "n_threads", "thread_count",
    "verbose", "verbosity", "verbose_eval", "silent", "logging_level",
    "train_dir", "allow_writing_files",
}  # fmt: skip
_WITHOUT_EFFECT_IN_SCIKIT_LEARN = {"cache_size", "pre_dispatch"}

_NOT_OF_CANDIDATES = ("estimator", "space", "objectives")
_NO_DEFAULT = object()
_SEARCHED = "searched"  # stands for the value of a parameter that the search sets
_INSTALLED = ("sklearn.", "numpy.", "scipy.")  # modules whose functions are known by their names

_ADVICE = {
    "cv splits": "A splitter that shuffles needs an int `random_state` to split alike again.",
    "estimator": "Parameters that the search sets are part of it, too, as they are given.",
}


def make_fingerprint(search: BaseStudySearchCV, setup: Setup) -> dict[str, str]:
    """Describe each part of a search.

    Parameters
    ----------
    search : BaseStudySearchCV
        The search.
    setup : Setup
        The setup of its fit.

    Returns
    -------
    fingerprint : dict of str to str
        A readable text for each part. It ends in a digest if it does not contain all information.
    """
    space = {p.name: _describe_distribution(p.distribution) for p in setup.space.parameters}
    scoring = _describe(search.scoring)
    parameters = {**setup.evaluation.fit_params, **setup.evaluation.score_params}
    given = {
        name: value
        for name, value in parameters.items()
        if name.rpartition("__")[2] not in _WITHOUT_EFFECT
    }
    several = {}
    if len(setup.problem.objectives) > 1:  # stored studies have the former name of the class
        text = _describe(setup.problem).replace(type(setup.problem).__qualname__, "Goal", 1)
        several = {"objectives": _shown(text)}
    return several | {
        "estimator": _shown(_describe(search.estimator)),
        "space": _shown(", ".join(f"{name}: {text}" for name, text in space.items())),
        "cv splits": f"{len(setup.splits)} splits, {joblib.hash(setup.splits)[:16]}",
        "scoring": _shown(
            f"{scoring}, followed: {setup.refit_metric}, error_score={search.error_score}, "
            f"return_train_score={search.return_train_score}"
        ),
        "resource": str(setup.resource),
        "early stopping": "None" if setup.stopping is None else _describe(setup.stopping.settings),
        "data": _shown(
            ", ".join([f"X {_shape(setup.X)}", f"y {_shape(setup.y)}", *sorted(given)]),
            digest([_content(part) for part in (setup.X, setup.y)], given),
        ),
    }


def check_fingerprint(study_name: str, stored: Mapping[str, str], new: Mapping[str, str]) -> None:
    """Raise a StudyMismatchError that lists the differences if two fingerprints differ."""
    differing = [part for part in new if stored.get(part) != new[part]]
    if not differing:
        return
    lines = [
        f"The study {study_name!r} belongs to another search: its scores could not be compared "
        "with those of this one. What differs:"
    ]
    for part in differing:
        lines += [f"- {part}", f"    stored: {stored.get(part)}", f"    now:    {new[part]}"]
        lines += [f"    {_ADVICE[part]}"] if part in _ADVICE else []
    lines.append(
        "Call the search as before to resume it, or give another `study_name` to start a new one, "
        "or remove the old one with `skhpo.delete_study(study_name=..., storage=...)`."
    )
    raise StudyMismatchError("\n".join(lines))


def describe_candidates(
    search: BaseStudySearchCV, setup: Setup, fingerprint: Mapping[str, str]
) -> dict[str, Any]:
    """Describe what the scores of the single candidates depend on, whatever else is searched.

    Parameters
    ----------
    search : BaseStudySearchCV
        The search.
    setup : Setup
        The setup of its fit.
    fingerprint : mapping of str to str
        Its fingerprint.

    Returns
    -------
    description : dict of str to object
        "conditions": a text that is the same for the same data, splits, scoring, resource and
        early stopping. "branch": the name of the parameter that selects the branch, or None.
        "branches": for each branch, the estimator's names of its parameters by their names in the
        study, and a text for the rest of the estimator. It is empty if something cannot be
        described.
    """
    space = setup.space
    parts = {name: text for name, text in fingerprint.items() if name not in _NOT_OF_CANDIDATES}
    branches = []
    for branch in range(space.n_branches):
        names = {parameter.name: target for target, parameter in space.targets(branch).items()}
        branches.append([names, describe_without(search.estimator, names.values())])
    try:
        code = _code_in(search.scoring)
        if len(setup.problem.objectives) > 1:  # constraints and preferences may be others
            parts["objectives"] = _describe(setup.problem.objectives)
            code = [code, *(_code_in([one.scoring, one.cost]) for one in setup.problem.objectives)]
    except Exception:  # objects of the user's own in a function
        return {}
    return {
        "conditions": digest(parts, code),
        "branch": space.branch_name,
        "branches": branches,
    }


def describe_without(estimator: Any, targets: Iterable[str]) -> str | None:
    """Return a text for an estimator that does not depend on the values of some parameters.

    None if they cannot be set.
    """
    names = list(targets)
    whole = [t for t in names if not any(t.startswith(f"{other}__") for other in names)]
    try:
        rest = clone(estimator).set_params(**dict.fromkeys(whole, _SEARCHED))
        return digest(_describe(rest), _code_in(rest))
    except Exception:  # the estimator's own checks, or objects of the user's own
        return None


def digest(*things: Any) -> str:
    """Return a short text that depends on the content of the things."""
    try:
        return str(joblib.hash(things))[:16]
    except Exception:  # something that cannot be pickled
        return str(joblib.hash([_describe(thing) for thing in things]))[:16]


def _shown(text: str, digest_of_rest: str = "") -> str:
    if len(text) > _LONGEST:
        digest_of_rest = digest(text, digest_of_rest)
        text = f"{text[:_LONGEST]} ..."
    return f"{text} [{digest_of_rest}]" if digest_of_rest else text


def _describe(thing: Any) -> str:
    """Return a complete description of an estimator or a setting, equal in every process."""
    if hasattr(thing, "get_params") and not isinstance(thing, type):
        changed = _changed_params(thing)
        inner = ", ".join(f"{name}={_describe(value)}" for name, value in changed.items())
        return f"{type(thing).__qualname__}({inner})"
    if is_dataclass(thing) and not isinstance(thing, type):
        inner = ", ".join(f"{f.name}={_describe(getattr(thing, f.name))}" for f in fields(thing))
        return f"{type(thing).__qualname__}({inner})"
    if isinstance(thing, Mapping):
        inner = ", ".join(f"{key!r}: {_describe(value)}" for key, value in thing.items())
        return f"{{{inner}}}"
    if isinstance(thing, list | tuple):
        return f"[{', '.join(map(_describe, thing))}]"
    if isinstance(thing, np.random.RandomState | np.random.Generator):
        return type(thing).__name__  # its state changes with each use
    return describe(thing)


def _code_in(thing: Any, seen: frozenset[int] = frozenset()) -> Any:
    """Return the code of the functions in a thing, as another function may have the same name."""
    if id(thing) in seen:
        return None
    seen |= {id(thing)}
    if isinstance(thing, MethodType):
        return _code_in(thing.__func__, seen)
    if isinstance(thing, FunctionType):
        if (thing.__module__ or "").startswith(_INSTALLED):
            return None
        cells = [cell.cell_contents for cell in thing.__closure__ or ()]
        given = [thing.__defaults__, thing.__kwdefaults__, cells]
        return _code(thing.__code__), _describe(given), _code_in(given, seen)
    inner: Any = ()
    if isinstance(thing, partial):
        inner = [thing.func, thing.args, thing.keywords]
    elif hasattr(thing, "get_params") and not isinstance(thing, type):
        inner = list(thing.get_params(deep=False).values())
    elif hasattr(thing, "_score_func"):  # a scorer
        inner = list(vars(thing).values())
    elif isinstance(thing, Mapping):
        inner = list(thing.values())
    elif isinstance(thing, list | tuple):
        inner = thing
    found = [_code_in(one, seen) for one in inner]
    return found if any(one is not None for one in found) else None


def _code(code: CodeType) -> str:
    """Return a text for compiled code, without its place in a file."""
    constants = [_constant(one) for one in code.co_consts]
    return digest(code.co_code, code.co_names, code.co_varnames, constants)


def _constant(constant: Any) -> str:
    """Return a text for a constant of compiled code; a set has another order in each process."""
    if isinstance(constant, CodeType):
        return _code(constant)
    if isinstance(constant, frozenset):
        return f"set of {sorted(map(_constant, constant))}"
    return repr(constant)


def _changed_params(estimator: Any) -> dict[str, Any]:
    """Return the parameters of an estimator that differ from the defaults and have an effect."""
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(type(estimator).__init__).parameters.items()
    }
    return {
        name: value
        for name, value in estimator.get_params(deep=False).items()
        if not same_object(value, defaults.get(name, _NO_DEFAULT))
        and not _is_without_effect(estimator, name, value)
    }


def _is_without_effect(estimator: Any, name: str, value: Any) -> bool:
    """Whether a parameter has no effect on the fitted model."""
    if name == "memory":  # the cache of a Pipeline, say; a number has another meaning
        return value is None or isinstance(value, str | PathLike) or hasattr(value, "cache")
    if type(estimator).__module__.startswith("sklearn."):
        return name in _WITHOUT_EFFECT | _WITHOUT_EFFECT_IN_SCIKIT_LEARN
    return name in _WITHOUT_EFFECT


def _describe_distribution(distribution: BaseDistribution) -> str:
    if isinstance(distribution, SequenceDistribution):
        return f"{distribution!r} {digest(np.asarray(distribution.values))}"
    if not isinstance(distribution, QuantileDistribution):
        return labelled_json(distribution)
    probes = distribution.from_unit(np.linspace(0.1, 0.9, 5))
    return f"quantiles {[float(f'{probe:.6g}') for probe in probes]}"


def _shape(data: Any) -> str:
    if data is None:
        return "None"
    shape = getattr(data, "shape", None)
    kind = type(data).__name__
    return f"{kind}{tuple(shape)}" if shape is not None else f"{kind} of {len(data)}"


def _content(data: Any) -> Any:
    """Return the content of data, in a form that is independent of the memory layout."""
    if hasattr(data, "columns") and hasattr(data, "dtypes"):  # pandas, polars, ...
        return [(str(name), np.asarray(data[name])) for name in data.columns]
    if hasattr(data, "tocsr"):
        matrix = data.tocsr().sorted_indices()
        return matrix.shape, matrix.data, matrix.indices, matrix.indptr
    if hasattr(data, "to_numpy"):
        return data.to_numpy()
    if isinstance(data, np.ndarray):
        return np.ascontiguousarray(data)
    if isinstance(data, Sequence) and not isinstance(data, str):
        return list(data)
    return data
