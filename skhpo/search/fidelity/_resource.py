"""A resource (rounds, epochs or rows) of which good candidates get more step by step."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.utils.multiclass import type_of_target

from skhpo._hints import did_you_mean
from skhpo._sklearn import num_samples, safe_indexing
from skhpo.boosting import family_of, find_model
from skhpo.pruners import BasePruner, SuccessiveHalvingPruner
from skhpo.search._cloning import clone_with
from skhpo.space import SearchSpace

if TYPE_CHECKING:
    from skhpo.search._base import BaseStudySearchCV

__all__ = ["Allocation", "Resource", "make_resource", "pruner_on"]

N_SAMPLES = "n_samples"
FACTOR = 3  # growth from rung to rung, unless the pruner defines another factor
N_RUNGS = 4  # maximal number of rungs with min_resources="auto"

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Resource:
    """A resource and the amounts at which candidates are compared.

    Attributes
    ----------
    name : str
        A parameter of the estimator, or "n_samples".
    rungs : tuple of int
        The amounts in ascending order. The last one is the full amount.
    seed : int
        Seed of the order of the rows, which is the same for all candidates.
    """

    name: str
    rungs: tuple[int, ...]
    seed: int

    def allocation(self, rung: int, n_rows: int, model: Any = None) -> Allocation:
        """Return how much of the resource a fold may use.

        Parameters
        ----------
        rung : int
            The rung.
        n_rows : int
            Number of all rows.
        model : estimator, optional
            The candidate's model of this fold, fitted at the previous rung.
        """
        amount = self.rungs[rung]
        before = 0 if model is None else self.rungs[rung - 1]
        is_last = rung == len(self.rungs) - 1
        return Allocation(self.name, amount, before, n_rows, self.seed, model, keeps=not is_last)


@dataclass(frozen=True)
class Allocation:
    """How much of a resource one fit may use.

    Attributes
    ----------
    name : str
        A parameter of the estimator, or "n_samples".
    amount : int
        The amount of the resource.
    before : int
        The amount that `model` has already been trained with.
    n_rows : int
        Number of all rows.
    seed : int
        Seed of the order of the rows.
    model : estimator or None
        A fitted model whose training continues; None to fit a new one.
    keeps : bool
        Whether to return the fitted model, so that its training can continue later.
    """

    name: str
    amount: int
    before: int
    n_rows: int
    seed: int
    model: Any
    keeps: bool

    def prepare(
        self,
        estimator: Any,
        y: Any,
        train: IntArray,
        parameters: Mapping[str, Any],
        fit_params: Mapping[str, Any],
    ) -> tuple[Any, IntArray, dict[str, Any], dict[str, Any]]:
        """Return the estimator to fit, its training rows, its parameters, and those of ``fit``.

        Parameters
        ----------
        estimator : estimator
            A clone that may be changed.
        y : array-like
            Targets of all rows.
        train : ndarray
            The training rows of the fold.
        parameters : mapping of str to object
            Parameters of the candidate.
        fit_params : mapping of str to object
            Parameters of ``fit``.

        Returns
        -------
        estimator : estimator
        train : ndarray
        parameters, fit_params : dict
        """
        parameters, fit_params = dict(parameters), dict(fit_params)
        if self.name == N_SAMPLES:
            n = max(1, round(len(train) * self.amount / self.n_rows))
            return estimator, self._in_order(estimator, y, train)[:n], parameters, fit_params
        if self.model is None:
            candidate = clone_with(estimator, parameters)
            kind = _way_to_go_on(candidate, self.name)
            prefix = find_model(estimator)[0]
            if kind in ("total", "further") and self.keeps:
                parameters[f"{prefix}warm_start"] = True
            return estimator, train, parameters | {self.name: self.amount}, fit_params
        kind = _way_to_go_on(self.model, self.name)
        prefix, model = find_model(self.model)
        more = self.amount if kind == "total" else self.amount - self.before
        if kind == "fit" and (family := family_of(model)) is not None:
            given = family.params_to_continue(model)
            fit_params |= {f"{prefix}{name}": value for name, value in given.items()}
        return self.model, train, {self.name: more}, fit_params

    @property
    def is_of_training(self) -> bool:
        """Whether the resource is a parameter, so that training may continue at the next rung."""
        return self.name != N_SAMPLES

    def model_to_keep(self, estimator: Any) -> Any:
        """Return the fitted estimator if its training is to continue and can; otherwise None."""
        if not self.keeps or not self.is_of_training:
            return None
        return estimator if _way_to_go_on(estimator, self.name) is not None else None

    def _in_order(self, estimator: Any, y: Any, train: IntArray) -> IntArray:
        """Return the training rows in an order in which the first n rows are stratified, for any n.

        If the estimator is not a classifier, the rows are only shuffled.
        """
        rng = np.random.default_rng(self.seed)
        shuffled = rng.permutation(train)
        labels = safe_indexing(y, shuffled) if y is not None else None
        if not is_classifier(estimator) or type_of_target(labels) not in ("binary", "multiclass"):
            return shuffled
        _, classes = np.unique(np.asarray(labels), return_inverse=True)
        position = np.empty(len(classes))
        for label in range(classes.max() + 1):
            rows = np.flatnonzero(classes == label)
            position[rows] = (np.arange(len(rows)) + 0.5) / len(rows)
        order: IntArray = shuffled[np.argsort(position, kind="stable")]
        return order


def _way_to_go_on(estimator: Any, name: str) -> str | None:
    """Return how the training of an estimator can continue; None if it cannot.

    - "total": with ``warm_start``, and the parameter `name` is the total amount;
    - "further": with ``warm_start``, and the parameter `name` is the additional amount;
    - "fit": with the fitted model as a parameter of ``fit``.
    """
    prefix, model = find_model(estimator)
    own = name.removeprefix(prefix)
    if "__" in own:
        return None
    family = family_of(model)
    if family is not None and family.continues_by_fit:
        return "fit" if own == "n_estimators" else None
    classes = {base.__name__ for base in type(model).__mro__}
    if "warm_start" not in model.get_params():
        return None
    if own == "n_estimators" or (own == "max_iter" and "BaseHistGradientBoosting" in classes):
        return "total"
    return "further" if own == "max_iter" else None


def make_resource(
    search: BaseStudySearchCV, space: SearchSpace, X: Any, y: Any, n_splits: int, seed: int | None
) -> Resource | None:
    """Return the resource of a search; None if it has none.

    Raises
    ------
    ValueError
        If the arguments about the resource contradict each other or the estimator.
    """
    name = search.default_resource if search.resource == "auto" else search.resource
    if name is None:
        for other in ("min_resources", "max_resources"):
            if getattr(search, other) != "auto":
                raise ValueError(f"`{other}` is for a search with a `resource`; it has none.")
        return None
    if search.early_stopping is not None:
        raise ValueError(
            "`resource` and `early_stopping` are two ways to save rounds: give one of them."
        )
    known = [N_SAMPLES, *search.estimator.get_params()]
    if name not in known:
        raise ValueError(
            f"`resource` must be 'n_samples' or a parameter of the estimator; got {name!r}."
            f"{did_you_mean(name, known)}"
        )
    if any(parameter.target == name for parameter in space.parameters):
        raise ValueError(f"`resource` {name!r} is also searched; leave it out of the space.")
    largest = _largest(search, name, num_samples(X))
    given = search.pruner.resource_factor if isinstance(search.pruner, BasePruner) else None
    factor = FACTOR if given is None else given
    smallest = _smallest(search, name, y, n_splits, largest, factor)
    rungs = [largest]
    while rungs[0] // factor >= smallest:
        rungs.insert(0, largest // factor ** len(rungs))
    return Resource(name, tuple(rungs), seed or 0)


def _largest(search: BaseStudySearchCV, name: str, n_rows: int) -> int:
    given = search.max_resources
    if name == N_SAMPLES:
        if not isinstance(given, str) and given > n_rows:
            raise ValueError(f"`max_resources` must be at most {n_rows}, the rows; got {given}.")
        return n_rows if isinstance(given, str) else int(given)
    if not isinstance(given, str):
        return int(given)
    present = search.estimator.get_params()[name]
    if not isinstance(present, numbers.Integral) or present < 1:
        raise ValueError(
            f"`max_resources` must be given: the estimator's {name!r} is {present!r}, no number."
        )
    return int(present)


def _smallest(
    search: BaseStudySearchCV, name: str, y: Any, n_splits: int, largest: int, factor: int
) -> int:
    given = search.min_resources
    if not isinstance(given, str):
        if given > largest:
            raise ValueError(
                f"`min_resources` must be at most `max_resources`, {largest}; got {given}."
            )
        return int(given)
    smallest = max(1, largest // factor ** (N_RUNGS - 1))
    if name == N_SAMPLES:
        n_classes = len(np.unique(np.asarray(y))) if is_classifier(search.estimator) else 1
        smallest = max(smallest, 2 * n_splits * n_classes)  # as in HalvingRandomSearchCV
    return int(min(smallest, largest))


def pruner_on(resource: Resource, pruner: BasePruner | None) -> BasePruner:
    """Return a pruner for the rungs of a resource.

    Parameters
    ----------
    resource : Resource
        The resource.
    pruner : BasePruner or None
        The pruner to copy; None for successive halving.

    Raises
    ------
    ValueError
        If the pruner compares single folds.
    """
    pruner = SuccessiveHalvingPruner(reduction_factor=FACTOR) if pruner is None else pruner
    if not pruner.can_stop:
        return pruner
    if pruner.reads_fold_scores:
        raise ValueError(
            f"With a `resource`, `pruner` must compare candidates at steps, as HyperbandPruner or "
            f"SuccessiveHalvingPruner; {type(pruner).__name__} compares folds."
        )
    return pruner.on_rungs(resource.rungs[0], resource.rungs[-1])
