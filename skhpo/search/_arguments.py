"""The arguments of a search: checks of their names and values, with hints for other names."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import get_scorer_names

from skhpo import pruners, samplers, storages
from skhpo._hints import did_you_mean, use_instead
from skhpo._sklearn import InvalidParameterError, validate_parameter_constraints
from skhpo.callbacks import SearchCallback

__all__ = ["ChecksWords", "check_words_of_set_params", "validate_arguments"]

_HERE = {
    "n_iter": (
        "n_trials", "max_evals", "n_candidates", "num_samples", "max_iter", "n_calls", "max_trials",
        "trials", "n_initial_parameters", "generations", "iterations",
    ),
    "param_distributions": (
        "search_spaces", "search_space", "param_space", "space", "parameters", "param_distribution",
        "params", "param_bounds", "pbounds", "param_ranges", "distributions", "grid",
    ),
    "max_fits": ("budget", "n_fits", "fit_budget", "max_n_fits"),
    "random_state": ("seed", "rstate", "random_seed"),
    "timeout": ("time_budget", "time_budget_s", "max_time", "time_limit", "overall_timeout"),
    "scoring": ("metric", "metrics", "scorer", "scorers"),
    "cv": ("n_splits", "folds", "n_folds", "splitter"),
    "n_jobs": ("n_points", "max_workers", "n_workers", "sk_n_jobs", "n_parallel"),
    "enqueue": ("points_to_evaluate", "x0", "initial_points", "low_cost_partial_config"),
    "callbacks": ("callback", "early_stop_fn", "stopper"),
    "early_stopping": ("early_stopping_rounds", "early_stop"),
    "pruner": ("enable_pruning", "prune"),
    "keep_predictions": (
        "save_pred", "save_predictions", "store_predictions", "return_predictions",
        "keep_cross_validation_predictions", "oof_predictions",
    ),
    "max_resources": ("max_resource", "max_budget", "max_iters"),
    "min_resources": ("min_resource", "min_budget"),
}  # fmt: skip

_INSTEAD = {word: f"it is `{ours}` here" for ours, words in _HERE.items() for word in words} | {
    "early_stopping_rounds": (
        "it is `early_stopping=skhpo.boosting.EarlyStopping(rounds=...)` here"
    ),
    "factor": (
        "it is the pruner's here: `resource='n_samples', "
        "pruner=skhpo.pruners.SuccessiveHalvingPruner(reduction_factor=...)`"
    ),
    "aggressiveness": "it is `pruner=skhpo.pruners.HyperbandPruner(reduction_factor=...)` here",
    "aggressive_elimination": "candidates are stopped one by one here, so it has no counterpart",
    "optimizer_kwargs": "settings of the optimizer are those of a `sampler` here, such as "
    "`sampler=skhpo.samplers.GPSampler(n_startup_trials=...)`",
    "n_initial_points": "it is `sampler=skhpo.samplers.TPESampler(n_startup_trials=...)` here",
    "search_kwargs": "settings of the optimizer are those of a `sampler` here",
    "search_optimization": "it is `sampler`, or another class, such as GPSearchCV, here",
    "algo": "it is `sampler`, or another class, such as GPSearchCV, here",
    "search_alg": "it is `sampler`, or another class, such as GPSearchCV, here",
    "optimizer": "it is `sampler`, or another class, such as GPSearchCV, here",
    "scheduler": "it is `pruner` here",
    "study": "a search makes its own study, and keeps it by `storage=..., study_name=...`",
    "direction": "scores are always maximised",
    "directions": "scores are always maximised; for several objectives see ParetoSearchCV",
    "mode": "scores are always maximised",
    "max_concurrent_trials": "it is `pre_dispatch` here; the number of workers is `n_jobs`",
    "storage_path": "it is `storage` here, with `study_name`",
    "local_dir": "it is `storage` here, with `study_name`",
    "catch": "a failed fit is a failed candidate here: see `error_score`",
    "loss_threshold": "a callback in `callbacks` can call `study.stop()` here",
    "subsample": "a part of the rows is `resource='n_samples'` here",
    "fit_params": "they are arguments of `fit` here",
    "groups": "they are an argument of `fit` here",
    "iid": "it has no counterpart here, as in scikit-learn",
    "objectives": "several objectives are those of ParetoSearchCV",
    "constraints": "constraints are those of ParetoSearchCV",
    "reference_point": "it is an argument of ParetoSearchCV",
    "resource": "it is an argument of searches with one objective",
    "cache_cv": "it has no counterpart here: what each worker needs is sent once",
}


class ChecksWords:
    """Mixin that raises an error with an explanation if the constructor gets a wrong keyword.

    It comes after the search in the method resolution order, so that the signature remains that
    of the search's ``__init__``. Copying and unpickling pass no arguments, so nothing is checked.
    """

    if not TYPE_CHECKING:  # type checkers must see the signature of ``__init__`` only

        def __new__(cls, *args, **kwargs):
            """Check the names of the arguments."""
            if args or kwargs:
                _check_words(cls, args, kwargs)
            return super().__new__(cls)


def _check_words(cls: type, args: tuple[Any, ...], given: Mapping[str, Any]) -> None:
    signature = inspect.signature(cls)
    known = signature.parameters
    if any(one.kind in (one.VAR_KEYWORD, one.VAR_POSITIONAL) for one in known.values()):
        return  # a subclass that handles its arguments itself
    for word in given:
        if word not in known:
            raise TypeError(f"{cls.__name__}() has no argument {word!r}: {_explain(word, known)}.")
    try:
        signature.bind(*args, **given)
    except TypeError as error:
        raise TypeError(f"{cls.__name__}(): {error}.") from None


def check_words_of_set_params(search: Any, given: Iterable[str]) -> None:
    """Raise a ValueError with an explanation if the search has no parameter of a given name."""
    known = search.get_params(deep=False)
    for name in given:
        word = name.partition("__")[0]
        if word not in known:
            raise ValueError(
                f"Invalid parameter {word!r} for estimator {type(search).__name__}: "
                f"{_explain(word, known)}."
            )


def _explain(word: str, known: Iterable[str]) -> str:
    if word in _INSTEAD:
        return _INSTEAD[word]
    hint = did_you_mean(word, known).strip().rstrip("?")
    names = ", ".join(known)
    return f"{hint[0].lower()}{hint[1:]}? There are {names}" if hint else f"there are {names}"


# ------------------------------------------------------------------------------------- values

_ROOMS = {"sampler": samplers, "pruner": pruners, "storage": storages}


def validate_arguments(search: Any) -> None:
    """Check the arguments of a search one by one, as scikit-learn does, but with hints.

    Raises
    ------
    InvalidParameterError
        If an argument is wrong. The message has its name, its value and the allowed values.
    """
    name = type(search).__name__
    if isinstance(search.estimator, type):
        raise InvalidParameterError(
            f"The 'estimator' parameter of {name} must be an estimator, not a class. Got "
            f"{search.estimator.__name__} instead: give an instance, "
            f"{search.estimator.__name__}()."
        )
    _check_scorers(search.scoring, name)
    for argument, value in search.get_params(deep=False).items():
        try:
            validate_parameter_constraints(
                search._parameter_constraints, {argument: value}, caller_name=name
            )
        except InvalidParameterError as error:
            hint = _hint(argument, value, str(error))
            raise InvalidParameterError(_public(str(error)) + hint) from None
    _check_numbers(search, name)
    _check_one_space(search, name)
    _check_callbacks(search.callbacks, name)


def _public(message: str) -> str:
    """Replace private paths with public ones, such as ``skhpo.pruners.BasePruner``."""
    return re.sub(r"\bskhpo(\.\w+)+", lambda path: re.sub(r"\._\w+", "", path[0]), message)


def _hint(argument: str, value: Any, message: str) -> str:
    if isinstance(value, str):
        allowed = message.partition(" must be ")[2].rpartition(" Got ")[0]
        return did_you_mean(value, re.findall(r"'(\w+)'", allowed))
    return use_instead(value, _ROOMS.get(argument))


def _check_numbers(search: Any, name: str) -> None:
    """Raise an InvalidParameterError if a number is True or False, which Python takes for 1, 0."""
    for limit in ("n_iter", "max_fits", "n_confirm", "keep_predictions"):
        value = getattr(search, limit)
        if isinstance(value, bool | np.bool_):
            raise InvalidParameterError(
                f"The {limit!r} parameter of {name} must be an int, not a bool. Got {value!r} "
                "instead."
            )


def _check_one_space(search: Any, name: str) -> None:
    given = [search.param_distributions is not None, search.param_grid is not None]
    if sum(given) != 1 and (all(given) or search.default_space is None):
        got = "both" if all(given) else "neither"
        raise InvalidParameterError(
            f"The space of {name} is `param_distributions` or, by another name, `param_grid`: give "
            f"one of them; got {got}."
        )


def _check_callbacks(callbacks: Any, name: str) -> None:
    for callback in callbacks or ():
        is_right = isinstance(callback, SearchCallback) or callable(callback)
        if isinstance(callback, type) or not is_right:
            raise InvalidParameterError(
                f"The 'callbacks' parameter of {name} must hold callables, "
                "`callback(study, trial)`, or instances of SearchCallback. Got "
                f"{_public(repr(callback))} instead.{use_instead(callback)}"
            )


def _check_scorers(scoring: Any, name: str) -> None:
    """Raise an InvalidParameterError if the name of a scorer is misspelt."""
    if isinstance(scoring, Mapping):
        scoring = scoring.values()
    elif isinstance(scoring, str):
        scoring = [scoring]
    elif not isinstance(scoring, list | tuple | set):
        return
    known = get_scorer_names()
    for scorer in scoring:
        if isinstance(scorer, str) and scorer not in known:
            raise InvalidParameterError(
                f"The 'scoring' parameter of {name} must be a scorer of scikit-learn, or several "
                f"(see sklearn.metrics.get_scorer_names()). Got {scorer!r} instead."
                f"{did_you_mean(scorer, known, n=3)}"
            )
