"""Early stopping of boosters in a search: checks, results, and the rounds of the refit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import TimeSeriesSplit

from skhpo._sklearn import num_samples
from skhpo._warnings import warn_user
from skhpo.boosting import (
    EarlyStopping,
    Stopping,
    evaluation_set_names,
    family_names,
    family_of,
    find_model,
)
from skhpo.search._cloning import clone_with
from skhpo.search._records import FoldResult
from skhpo.space import SearchSpace

if TYPE_CHECKING:
    from skhpo.search._base import BaseStudySearchCV

__all__ = [
    "RelativeRounds",
    "add_rounds",
    "fit_params_for_refit",
    "make_stopping",
    "params_for_refit",
    "refuse_evaluation_sets",
    "relative_rounds",
    "warn_if_only_the_first_round_helps",
]


LEARNING_RATES = ("learning_rate", "eta")


@dataclass(frozen=True)
class RelativeRounds:
    """How many rounds a candidate needs until it is stopped early, compared with others.

    A smaller learning rate needs more rounds: about the inverse of it.

    Attributes
    ----------
    names : tuple of str
        The study's names of learning rates.
    """

    names: tuple[str, ...]

    def __call__(self, params: Mapping[str, Any]) -> float:
        for name in self.names:
            rate = params.get(name)
            if isinstance(rate, int | float | np.number) and rate > 0:
                return 1.0 / float(rate)
        return 1.0


def relative_rounds(estimator: Any, space: SearchSpace) -> RelativeRounds | None:
    """Return how many rounds candidates need; None if no learning rate is searched."""
    prefix, _ = find_model(estimator)
    targets = {f"{prefix}{name}" for name in LEARNING_RATES}
    names = tuple(one.name for one in space.parameters if one.target in targets)
    return RelativeRounds(names) if names else None


def make_stopping(
    search: BaseStudySearchCV, space: SearchSpace, routed: Any, seed: int | None
) -> Stopping | None:
    """Return the early stopping of a search; None if it has none.

    Parameters
    ----------
    search : BaseStudySearchCV
        The search, with its `early_stopping`.
    space : SearchSpace
        The search space.
    routed : Bunch
        Parameters of ``fit``, by the object that receives them.
    seed : int or None
        Seed of the search.

    Raises
    ------
    ValueError
        If no model of the search can be stopped early.
    """
    settings = EarlyStopping.of(search.early_stopping)
    if settings is None:
        return None
    models = [find_model(search.estimator)[1], *_models_among_choices(space)]
    families = [family_of(model) for model in models]
    if not any(
        family is not None and family.has_rounds(model)
        for model, family in zip(models, families, strict=True)
    ):
        *known, last = family_names()
        raise ValueError(
            "`early_stopping` is for models that learn in rounds and can be watched: "
            f"{', '.join(known)} and {last}, alone or at the end of a Pipeline; got "
            f"{models[0]!r}. {_hint_on_nested(models[0])}Leave `early_stopping` out."
        )
    for model, family in zip(models, families, strict=True):
        if family is not None:
            family.check(model)
    return Stopping(
        settings,
        groups=routed.splitter.split.get("groups"),
        is_ordered=isinstance(search.cv, TimeSeriesSplit),
        seed=seed or 0,
    )


def _hint_on_nested(model: Any) -> str:
    """Explain that a booster inside another estimator is not watched; empty if there is none."""
    parts = model.get_params().values() if hasattr(model, "get_params") else ()
    nested = next((part for part in parts if family_of(part) is not None), None)
    if nested is None:
        return ""
    return (
        f"Its {type(nested).__name__} is fitted by {type(model).__name__}, on data that the search "
        "does not see, and so cannot be watched. "
    )


def _models_among_choices(space: SearchSpace) -> list[Any]:
    """Return the estimators among the choices of the space."""
    return [
        find_model(choice)[1]
        for parameter in space.parameters
        for choice in getattr(parameter.distribution, "choices", ())
        if hasattr(choice, "get_params") and not isinstance(choice, type)
    ]


def refuse_evaluation_sets(params: Mapping[str, Any], X: Any, is_stopped: bool) -> None:
    """Raise an error if the user passes an evaluation set that would be used wrongly.

    Parameters
    ----------
    params : mapping of str to object
        Parameters of the estimator's ``fit``.
    X : array-like
        The data.
    is_stopped : bool
        Whether the search creates the evaluation sets itself.
    """
    names = evaluation_set_names()
    for name, value in params.items():
        if name.rpartition("__")[2] not in names or value is None:
            continue
        if is_stopped:
            raise ValueError(
                f"With `early_stopping` the search makes the evaluation set of each fold; leave "
                f"the fit parameter {name!r} out."
            )
        if hasattr(value, "__len__") and len(value) == num_samples(X):
            raise ValueError(
                f"The fit parameter {name!r} has as many rows as X: it would be cut to the "
                "training part of each fold, and the model be watched on the rows it learns from. "
                "For early stopping on each fold's own evaluation set, give the search "
                "`early_stopping='fold'` or 'inner' and leave this out."
            )


def add_rounds(results: dict[str, Any], out: Sequence[FoldResult], stopping: Stopping) -> None:
    """Add the best iterations to ``cv_results_``.

    Parameters
    ----------
    results : dict of str to ndarray
        The table.
    out : sequence of FoldResult
        Results of all folds, grouped by candidate.
    stopping : Stopping
        The settings.
    """
    n_candidates = len(results["params"])
    rounds = np.array([_or_nan(result.best_iteration) for result in out])
    rounds = rounds.reshape(n_candidates, -1)
    for fold, column in enumerate(rounds.T):
        results[f"split{fold}_best_iteration"] = column
    count = (~np.isnan(rounds)).sum(axis=1)
    total = np.nansum(rounds, axis=1)
    results["mean_best_iteration"] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    results["early_stopping_on"] = np.full(n_candidates, stopping.settings.on, dtype=object)


def warn_if_only_the_first_round_helps(out: Sequence[FoldResult]) -> None:
    """Warn if the first round was the best in every fit that could have had more rounds.

    Parameters
    ----------
    out : sequence of FoldResult
        Results of all folds.
    """
    rounds = [
        result.best_iteration
        for result in out
        if result.best_iteration is not None
        and result.curve is not None
        and result.curve["n_rounds"] > 1
    ]
    if rounds and max(rounds) == 1:
        warn_user(
            "With `early_stopping`, the first round was the best in every fold of every candidate. "
            "Check that the watched metric is improved in the right direction (XGBoost minimises "
            "callables; those of LightGBM return whether higher is better), that the "
            "learning rate is not far too high, and that the data tell something about the target."
        )


def params_for_refit(
    estimator: Any,
    params: dict[str, Any],
    rounds: Any,
    stopping: Stopping,
    growth: float,
) -> dict[str, Any]:
    """Return the best candidate's parameters, with a number of rounds from its folds.

    Parameters
    ----------
    estimator : estimator
        The estimator of the search.
    params : dict
        Parameters of the best candidate.
    rounds : ndarray of shape (n_splits,)
        The best iteration of each of its folds; NaN if there is none.
    stopping : Stopping
        The settings.
    growth : float
        Number of rows of the refit, divided by that of a fit on a fold.

    Returns
    -------
    params : dict
    """
    if np.isnan(rounds).all():
        return params
    candidate = clone_with(estimator, params)
    prefix, model = find_model(candidate)
    family = family_of(model)
    assert family is not None
    n_rounds = stopping.settings.rounds_for_refit(rounds, growth)
    given = family.refit_params(n_rounds, model.get_params())
    return params | {f"{prefix}{name}": value for name, value in given.items()}


def fit_params_for_refit(
    estimator: Any, fit_params: Mapping[str, Any], stopping: Stopping | None, X: Any
) -> dict[str, Any]:
    """Return the parameters of the refit's ``fit``.

    The refit has no evaluation set, and a ranker gets its queries.

    Parameters
    ----------
    estimator : estimator
        The estimator to refit.
    fit_params : mapping of str to object
        Parameters of ``fit`` as on the folds.
    stopping : Stopping or None
        The settings.
    X : array-like
        The data.

    Returns
    -------
    fit_params : dict
    """
    prefix, model = find_model(estimator)
    family = family_of(model)
    if stopping is None or family is None:
        return dict(fit_params)
    own = {
        name.removeprefix(prefix): value
        for name, value in fit_params.items()
        if name.startswith(prefix)
    }
    others = {name: value for name, value in fit_params.items() if not name.startswith(prefix)}
    own |= family.unset(own)
    if stopping.groups is not None:
        own = family.with_queries(model, own, np.asarray(stopping.groups), X)
    return others | {f"{prefix}{name}": value for name, value in own.items()}


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else float(value)
