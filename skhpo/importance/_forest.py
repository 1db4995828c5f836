"""Importances from a random forest: functional ANOVA (Hutter et al. 2014), and impurity."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skhpo.distributions import BaseDistribution
from skhpo.importance._base import (
    BaseImportanceEvaluator,
    Target,
    by_importance,
    check_params,
    read_trials,
)
from skhpo.multi_objective import ranked_where_absurd
from skhpo.search_space import intersection_search_space

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestRegressor

    from skhpo.study import Study
    from skhpo.trial import FrozenTrial

__all__ = ["FanovaImportanceEvaluator", "MeanDecreaseImpurityImportanceEvaluator"]

FloatArray = NDArray[np.float64]


class _ForestImportanceEvaluator(BaseImportanceEvaluator):
    """Base class that fits a random forest to the trials, in the unit cube."""

    def __init__(self, *, n_trees: int = 64, max_depth: int = 64, seed: int | None = None) -> None:
        for name, value in (("n_trees", n_trees), ("max_depth", max_depth)):
            if value < 1:
                raise ValueError(f"`{name}` must be 1 or more; got {value}.")
        self.n_trees = n_trees
        self.max_depth = max_depth
        self.seed = seed

    @abstractmethod
    def _importances(self, forest: RandomForestRegressor) -> FloatArray:
        """Return the importance of each column of the forest's training data."""

    def evaluate(
        self, study: Study, params: Sequence[str] | None = None, *, target: Target | None = None
    ) -> dict[str, float]:
        """Return the importance of each parameter.

        Parameters
        ----------
        study : Study
            The study.
        params : sequence of str, optional
            Names of the parameters. Trials that lack one of them are left out. Default: the
            parameters that all trials have, with the same distribution in each.
        target : callable, optional
            Function that takes a complete trial and returns the number to explain. Default: the
            objective's value.

        Returns
        -------
        importances : dict of str to float
            Importances by name, the largest first. All are 0 if there are fewer than 2 trials, or
            if all trials have the same value.

        Raises
        ------
        TypeError
            If `params` is not a list of names.
        ValueError
            If the study has several objectives and no `target` is given, if no trial has all
            `params`, or if the distribution of one of them differs between trials.
        """
        check_params(params)
        if target is None and len(study.directions) > 1:
            raise ValueError(
                f"The study has {len(study.directions)} objectives: give a `target`, for "
                "example target=lambda trial: trial.values[0]."
            )
        trials, values = read_trials(study, target)
        space = _common_space(study, params, trials)
        importances = dict.fromkeys(space, 0.0)
        varying = {name: d for name, d in space.items() if not d.single()}
        rows = [i for i, trial in enumerate(trials) if space.keys() <= trial.params.keys()]
        y = values[rows, 0]
        y = ranked_where_absurd(y[:, None])[:, 0]
        if varying and len(y) > 1 and np.ptp(y) > 0.0:
            forest = self._fit(_points(varying, [trials[i] for i in rows]), y)
            importances |= zip(varying, self._importances(forest).tolist(), strict=True)
        return by_importance(importances)

    def _fit(self, X: FloatArray, y: FloatArray) -> RandomForestRegressor:
        from sklearn.ensemble import RandomForestRegressor  # slow to import

        forest = RandomForestRegressor(
            n_estimators=self.n_trees, max_depth=self.max_depth, random_state=self.seed
        )
        return forest.fit(X, y)


class FanovaImportanceEvaluator(_ForestImportanceEvaluator):
    """Importances by functional ANOVA: variance fractions of the objective over the space.

    The importance of a parameter is the fraction of the variance that it explains alone. A random
    forest predicts the objective. For each tree, the variance over the whole space is computed
    exactly, and so is that of the mean over all other parameters. Values are weighted by the
    prior: logarithmic ranges on the log scale, choices equally. Interactions are not attributed
    to any parameter.

    The result depends on the quality of the forest. Trials should cover the space, as random ones
    do; an optimising sampler leaves most of it unexplored.

    Parameters
    ----------
    n_trees : int, default=64
        Number of trees in the forest.
    max_depth : int, default=64
        Maximal depth of a tree.
    seed : int, optional
        Seed of the forest.

    References
    ----------
    F. Hutter, H. Hoos and K. Leyton-Brown, "An efficient approach for assessing hyperparameter
    importance", ICML 2014.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.importance import FanovaImportanceEvaluator, get_param_importances
    >>> study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0))
    >>> def objective(trial):
    ...     return 3 * trial.suggest_float("x", 0, 1) + trial.suggest_float("y", 0, 1)
    >>> study.optimize(objective, n_trials=200)
    >>> importances = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))
    >>> {name: round(importance, 1) for name, importance in importances.items()}
    {'x': 0.9, 'y': 0.1}
    """

    def _importances(self, forest: RandomForestRegressor) -> FloatArray:
        shares = [_variance_shares(tree.tree_) for tree in forest.estimators_]
        known = [share for share in shares if share is not None]
        return np.mean(known, axis=0) if known else np.zeros(forest.n_features_in_)


class MeanDecreaseImpurityImportanceEvaluator(_ForestImportanceEvaluator):
    """Importances by the impurity decrease of a random forest's splits on a parameter.

    These are scikit-learn's ``feature_importances_``. They describe the region of the space that
    the trials cover. Parameters with many values are slightly favoured.

    Parameters
    ----------
    n_trees : int, default=64
        Number of trees in the forest.
    max_depth : int, default=64
        Maximal depth of a tree.
    seed : int, optional
        Seed of the forest.

    References
    ----------
    L. Breiman, "Random forests", Machine Learning 45, 2001.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.importance import (
    ...     MeanDecreaseImpurityImportanceEvaluator, get_param_importances
    ... )
    >>> study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0))
    >>> def objective(trial):
    ...     return 3 * trial.suggest_float("x", 0, 1) + trial.suggest_float("y", 0, 1)
    >>> study.optimize(objective, n_trials=100)
    >>> evaluator = MeanDecreaseImpurityImportanceEvaluator(seed=0)
    >>> list(get_param_importances(study, evaluator=evaluator))
    ['x', 'y']
    """

    def _importances(self, forest: RandomForestRegressor) -> FloatArray:
        importances: FloatArray = forest.feature_importances_
        return importances


def _common_space(
    study: Study, params: Sequence[str] | None, trials: list[FrozenTrial]
) -> dict[str, BaseDistribution]:
    """Return the distributions of `params`, or of the parameters that all trials share."""
    if params is None:
        return intersection_search_space(trials, include_pruned=True)
    with_all = [trial for trial in trials if set(params) <= trial.params.keys()]
    if not with_all and params:
        raise ValueError(f"No complete trial has all of the `params` {list(params)}.")
    common = intersection_search_space(with_all, include_pruned=True)
    if moved := [name for name in params if name not in common]:
        raise ValueError(f"The distributions of the `params` {moved} differ between trials.")
    return {name: common[name] for name in params}


def _points(space: dict[str, BaseDistribution], trials: list[FrozenTrial]) -> FloatArray:
    """Return the trials as points in the unit cube, ndarray of shape (n_trials, n_params)."""
    columns = [
        distribution.to_unit([distribution.to_internal_repr(t.params[name]) for t in trials])
        for name, distribution in space.items()
    ]
    return np.column_stack(columns)


def _variance_shares(tree: Any) -> FloatArray | None:
    """Return the fraction of a tree's variance that each feature explains alone.

    The result is None if the tree is constant.

    Parameters
    ----------
    tree : sklearn.tree._tree.Tree
        A tree fitted in the unit cube.

    Returns
    -------
    shares : ndarray of shape (n_features,) or None
    """
    lower, upper, value = _leaves(tree)
    widths = upper - lower
    volume = widths.prod(axis=1)
    value = value - value @ volume  # a mean of 0 avoids cancellation below
    variance = value**2 @ volume
    if variance <= 0.0:
        return None
    marginal_variances = [
        _mean_square_of_marginal(lower[:, j], upper[:, j], value * volume / widths[:, j])
        for j in range(lower.shape[1])
    ]
    shares: FloatArray = np.array(marginal_variances) / variance
    return shares


def _leaves(tree: Any) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the leaves: lower and upper corners, of shape (n_leaves, n_features), and values."""
    lower = np.zeros((tree.node_count, tree.n_features))
    upper = np.ones((tree.node_count, tree.n_features))
    parents = np.array([0])
    while len(parents := parents[tree.children_left[parents] >= 0]):
        left, right = tree.children_left[parents], tree.children_right[parents]
        feature, threshold = tree.feature[parents], tree.threshold[parents]
        for child in (left, right):
            lower[child], upper[child] = lower[parents], upper[parents]
        upper[left, feature] = threshold
        lower[right, feature] = threshold
        parents = np.concatenate([left, right])
    is_leaf = tree.children_left < 0
    return lower[is_leaf], upper[is_leaf], tree.value[is_leaf, 0, 0]


def _mean_square_of_marginal(lower: FloatArray, upper: FloatArray, height: FloatArray) -> float:
    """Integrate the square of a sum of step functions of a `height` from `lower` to `upper`."""
    borders, position = np.unique(np.concatenate([lower, upper]), return_inverse=True)
    rise = np.bincount(position, weights=np.concatenate([height, -height]))
    marginal = np.cumsum(rise)[:-1]  # between two borders
    return float(np.diff(borders) @ marginal**2)
