"""Find the known estimators of a search, and describe its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn.base import is_classifier, is_regressor

from skhpo.priors._bind import Section, SpacePrior
from skhpo.priors._prior import Prior
from skhpo.priors._store import known_prior
from skhpo.priors._units import DataTraits
from skhpo.space._names import is_estimator, join

if TYPE_CHECKING:
    from skhpo.space import Parameter, SearchSpace

__all__ = ["find_prior", "is_known_metric"]

METRICS = {
    "neg_log_loss": "log_loss",
    "neg_brier_score": "log_loss",
    "d2_log_loss_score": "log_loss",
    "d2_brier_score": "log_loss",
    "average_precision": "roc_auc",
    "neg_mean_absolute_error": "absolute_error",
    "neg_median_absolute_error": "absolute_error",
    "d2_absolute_error_score": "absolute_error",
}
LIKE_KNOWN = (
    "roc_auc",
    "accuracy",
    "balanced_accuracy",
    "f1",
    "matthews_corrcoef",
    "r2",
    "explained_variance",
    "neg_mean_squared_error",
    "neg_root_mean_squared_error",
)  # beginnings of the names of scorers that go along with one of the tables
TYPICAL_FEATURES = 20  # if the number of features is unknown
MAX_ROWS = 10_000  # for the variance


def find_prior(
    estimator: Any,
    space: SearchSpace,
    X: Any,
    y: Any,
    metric: str | None = None,
    own: Sequence[Prior] = (),
    *,
    with_known: bool = True,
) -> SpacePrior | None:
    """Return what is known of the parameters that a space searches.

    Parameters
    ----------
    estimator : estimator
        The estimator of the search: a known one, or a pipeline that ends with one.
    space : SearchSpace
        The space.
    X, y : array-like
        The data.
    metric : str, optional
        Name of the scorer.
    own : sequence of Prior
        Priors of the user, whose parameters have the names of the estimator's.
    with_known : bool, default=True
        Whether to use what is known of common estimators, too.

    Returns
    -------
    SpacePrior, or None
        None if no known estimator is searched.
    """
    found: list[Section] = []
    is_single = space.branch_name is None
    branches: Sequence[int | None] = [None] if is_single else range(space.n_branches)
    for branch in branches:
        where = _Branch(branch, space.targets(branch or 0))
        if own:
            present = {**estimator.get_params(deep=True), **where.constants}
            traits = _traits(X, y, (), estimator)
            for prior in own:
                found += where.section("", prior, metric, traits, present)
        if not with_known:
            continue
        for prefix, component, before in _predictors(estimator, where.constants):
            known = _prior_of(component)
            if known is not None:
                present = {**component.get_params(deep=False), **where.constants_of(prefix)}
                traits = _traits(X, y, before, component)
                sections = where.section(prefix, known, metric, traits, present)
                found += sections
                if sections:
                    break
    return SpacePrior(found) if found else None


class _Branch:
    """A branch of a search space.

    Parameters
    ----------
    index : int or None
        Its number; None if it is the only one.
    targets : dict of str to Parameter
        Its parameters by the estimator's names.
    """

    def __init__(self, index: int | None, targets: Mapping[str, Parameter]) -> None:
        self.index = index
        self.targets = targets
        self.constants = {
            target: parameter.distribution.nth(0)
            for target, parameter in targets.items()
            if parameter.distribution.single()
        }

    def constants_of(self, prefix: str) -> dict[str, Any]:
        """Return the constants of a nested estimator by its own names."""
        start = join(prefix, "")
        return {
            target.removeprefix(start): value
            for target, value in self.constants.items()
            if target.startswith(start)
        }

    def section(
        self,
        prefix: str,
        prior: Prior,
        metric: str | None,
        traits: DataTraits,
        present: Mapping[str, Any],
    ) -> list[Section]:
        """Return what a prior knows of the searched parameters; empty if it is nothing."""
        searched = self.targets.keys() - self.constants.keys()
        for name, value in prior.requires.items():
            if join(prefix, name) not in searched and present.get(name) != value:
                return []
        unit_names = {
            self.targets[join(prefix, unit.name)].name: unit.name
            for unit in prior.units
            if join(prefix, unit.name) in searched
        }
        if not unit_names:
            return []
        table = _table_of(prior, metric)
        return [Section(prior, table, traits, unit_names, present, self.index)]


def _prior_of(component: Any) -> Prior | None:
    """Return the prior of an estimator's class, or of its nearest known base class."""
    names = (base.__name__ for base in type(component).__mro__)
    return next(filter(None, map(known_prior, names)), None)


def _predictors(estimator: Any, constants: Mapping[str, Any]) -> Any:
    """Yield the estimators that may be searched, with their prefixes and the steps before them.

    These are the estimator itself, or the last step of a pipeline; also those inside another
    estimator with one nested predictor, such as a regressor of a transformed target.
    """
    from sklearn.pipeline import Pipeline  # not loaded by `import skhpo`

    prefix = ""
    before: list[Any] = []
    while True:
        yield prefix, estimator, before
        if isinstance(estimator, Pipeline):
            steps = [
                (name, constants.get(join(prefix, name), step)) for name, step in estimator.steps
            ]
            before = [*before, *(step for _, step in steps[:-1])]
            name, estimator = steps[-1]
        else:
            nested = [
                (name, constants.get(join(prefix, name), value))
                for name, value in estimator.get_params(deep=False).items()
                if is_estimator(value) and hasattr(value, "predict")
            ]
            if len(nested) != 1:
                return
            name, estimator = nested[0]
        if not is_estimator(estimator):
            return
        prefix = join(prefix, name)


def is_known_metric(name: str) -> bool:
    """Return whether the losses of priors say something about a scorer.

    They say nothing about recall or precision alone, for example, which nearly any model can have.
    """
    return name in METRICS or name.startswith(LIKE_KNOWN)


def _table_of(prior: Prior, metric: str | None) -> str:
    """Return the table of a prior that is nearest to a metric."""
    if metric in prior.tables:
        return str(metric)
    name = METRICS.get(str(metric), "")
    if str(metric).startswith("roc_auc"):
        name = "roc_auc"
    return name if name in prior.tables else next(iter(prior.tables))


def _traits(X: Any, y: Any, before: Sequence[Any], component: Any) -> DataTraits:
    """Return what the units need to know of the data that the estimator receives."""
    shape = np.shape(X) if not hasattr(X, "shape") else X.shape
    n_features = int(shape[1]) if len(shape) == 2 else TYPICAL_FEATURES
    is_regression = is_regressor(component) and not is_classifier(component)
    is_scaled = any("Scaler" in type(step).__name__ for step in before)
    return DataTraits(
        n_features=max(n_features, 1),
        variance=1.0 if is_scaled else _variance(X),
        target_sd=_target_sd(y) if is_regression else 1.0,
    )


def _variance(X: Any) -> float:
    """Return the variance of the entries of X; 1 if it is unknown."""
    if sparse.issparse(X):
        mean = float(X.mean())
        return max(float(X.multiply(X).mean()) - mean**2, 0.0) or 1.0
    try:
        values = np.asarray(X[:MAX_ROWS], dtype=float)
    except (ValueError, TypeError):
        return 1.0
    if not np.isfinite(values).any():
        return 1.0
    variance = float(np.nanvar(values[np.isfinite(values)]))
    return variance if variance > 0.0 else 1.0


def _target_sd(y: Any) -> float:
    try:
        sd = float(np.nanstd(np.asarray(y, dtype=float)))
    except (ValueError, TypeError):
        return 1.0
    return sd if np.isfinite(sd) and sd > 0.0 else 1.0
