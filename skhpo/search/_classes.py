"""The searches by name: they differ in their sampler."""

from __future__ import annotations

import inspect
from typing import ClassVar, TypeVar

from skhpo.pruners import BasePruner, HyperbandPruner
from skhpo.samplers import (
    AutoSampler,
    BaseSampler,
    CmaEsSampler,
    GPSampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)
from skhpo.search._study_search import StudySearchCV
from skhpo.search.fidelity._resource import N_SAMPLES

__all__ = [
    "AutoSearchCV",
    "CmaEsSearchCV",
    "GPSearchCV",
    "HyperbandSearchCV",
    "QMCSearchCV",
    "RandomSearchCV",
    "TPESearchCV",
]

_Search = TypeVar("_Search", bound=type[StudySearchCV])


def _with_sections_of_base(search: _Search) -> _Search:
    """Insert the base's sections, from "Parameters" on, before the docstring's own "See Also"."""
    base = inspect.cleandoc(StudySearchCV.__doc__ or "")
    shared = base[base.find("Parameters\n---") : base.find("See Also\n---")]
    own = inspect.cleandoc(search.__doc__ or "")
    search.__doc__ = own.replace("See Also\n---", f"{shared}See Also\n---")
    return search


@_with_sections_of_base
class AutoSearchCV(StudySearchCV):
    """Hyperparameter search with cross-validation that needs nothing but an estimator.

    It does what was best in benchmarks. The space is that of :func:`skhpo.suggest_space`, unless
    one is given. The search begins with what is known of the estimator (`prior`). A Gaussian
    process proposes the candidates as long as it is the best sampler for the space and the number
    of candidates, and tree-structured Parzen estimators do so beyond
    (:class:`skhpo.samplers.AutoSampler`). Everything else is as in :class:`TPESearchCV`.

    See Also
    --------
    TPESearchCV : The search by tree-structured Parzen estimators alone.
    GPSearchCV : The search by a Gaussian process alone.
    StudySearchCV : The search with any sampler.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import AutoSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> search = AutoSearchCV(SVC(), n_iter=20, random_state=0).fit(X, y)
    >>> bool(search.best_score_ > 0.97)
    True
    >>> sorted(search.best_params_)
    ['C', 'class_weight', 'gamma']
    """

    default_space: ClassVar[str | None] = "suggest"

    def _default_sampler(self) -> BaseSampler:
        return AutoSampler()


@_with_sections_of_base
class TPESearchCV(StudySearchCV):
    """Hyperparameter search with cross-validation by tree-structured Parzen estimators.

    The search learns from each candidate where to look next
    (:class:`skhpo.samplers.TPESampler`), stops a candidate after a few folds if it has little
    chance to win, and keeps all workers busy. It replaces
    :class:`sklearn.model_selection.GridSearchCV` and
    :class:`~sklearn.model_selection.RandomizedSearchCV`: the call and the attributes are the
    same.

    See Also
    --------
    RandomSearchCV : The search at random, which is a suitable baseline.
    StudySearchCV : The search with any sampler.

    References
    ----------
    J. Bergstra, R. Bardenet, Y. Bengio and B. Kégl, "Algorithms for hyper-parameter
    optimization", NeurIPS 2011.

    S. Watanabe, "Tree-structured Parzen estimator: understanding its algorithm components and
    their roles for better empirical performance", arXiv:2304.11127 (2023).

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import TPESearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> search = TPESearchCV(
    ...     SVC(), {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 1e1)},
    ...     n_iter=30, random_state=0,
    ... )
    >>> search = search.fit(X, y)
    >>> bool(search.best_score_ > 0.97)
    True
    >>> sorted(search.best_params_)
    ['C', 'gamma']

    The search has stopped candidates with little chance to win before their last fold:

    >>> fits = search.cv_results_["n_splits_evaluated"]
    >>> bool(fits.sum() < 30 * search.n_splits_)
    True
    """

    def _default_sampler(self) -> BaseSampler:
        return TPESampler()


@_with_sections_of_base
class GPSearchCV(StudySearchCV):
    """Hyperparameter search with cross-validation by a Gaussian process.

    A Gaussian process models the score over the space. The search evaluates the candidate with
    the largest expected improvement (:class:`skhpo.samplers.GPSampler`). It needs the fewest
    candidates if the space is flat (without branches) and the budget is at most a few hundred of
    them. It takes about ten milliseconds to propose each one. Everything else is as in
    :class:`TPESearchCV`.

    See Also
    --------
    TPESearchCV : The search for any space and budget.
    StudySearchCV : The search with any sampler.

    References
    ----------
    J. Snoek, H. Larochelle and R. P. Adams, "Practical Bayesian optimization of machine learning
    algorithms", NeurIPS 2012.

    S. Ament et al., "Unexpected improvements to expected improvement for Bayesian optimization",
    NeurIPS 2023.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import GPSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> search = GPSearchCV(
    ...     SVC(), {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 1e1)},
    ...     n_iter=20, random_state=0,
    ... )
    >>> bool(search.fit(X, y).best_score_ > 0.97)
    True
    """

    def _default_sampler(self) -> BaseSampler:
        return GPSampler()


@_with_sections_of_base
class CmaEsSearchCV(StudySearchCV):
    """Hyperparameter search with cross-validation by the CMA evolution strategy.

    Candidates are drawn from a normal distribution that moves towards high scores. Its covariance
    adapts to the shape of the objective there (:class:`skhpo.samplers.CmaEsSampler`). It suits
    numeric spaces and budgets of several hundred candidates. Another sampler draws unordered
    choices. Everything else is as in :class:`TPESearchCV`.

    See Also
    --------
    TPESearchCV : The search for any space and budget.
    StudySearchCV : The search with any sampler.

    References
    ----------
    N. Hansen, "The CMA evolution strategy: a tutorial", arXiv:1604.00772 (2016).

    Examples
    --------
    >>> from scipy.stats import loguniform, uniform
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import ElasticNet
    >>> from skhpo import CmaEsSearchCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> search = CmaEsSearchCV(
    ...     ElasticNet(), {"alpha": loguniform(1e-4, 1e1), "l1_ratio": uniform(0.05, 0.95)},
    ...     n_iter=40, random_state=0,
    ... )
    >>> bool(search.fit(X, y).best_score_ > 0.48)
    True
    """

    def _default_sampler(self) -> BaseSampler:
        return CmaEsSampler()


@_with_sections_of_base
class QMCSearchCV(StudySearchCV):
    """Hyperparameter search with cross-validation on a low-discrepancy sequence.

    Candidates cover the space more evenly than random ones (:class:`skhpo.samplers.QMCSampler`).
    The search does not learn from the results of earlier candidates. It is better than a random
    search, and suits plots of the whole space. Everything else is as in :class:`TPESearchCV`.

    See Also
    --------
    TPESearchCV : The search that learns where to look next.
    StudySearchCV : The search with any sampler.

    References
    ----------
    J. Bergstra and Y. Bengio, "Random search for hyper-parameter optimization", JMLR 13 (2012).

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from skhpo import QMCSearchCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> search = QMCSearchCV(Ridge(), {"alpha": loguniform(1e-3, 1e2)}, n_iter=16, random_state=0)
    >>> bool(search.fit(X, y).best_score_ > 0.48)
    True
    """

    def _default_sampler(self) -> BaseSampler:
        return QMCSampler()


@_with_sections_of_base
class RandomSearchCV(StudySearchCV):
    """Hyperparameter search with cross-validation, at random.

    Each candidate is drawn from the space at random, independently of the results of the others
    (:class:`skhpo.samplers.RandomSampler`). As in all searches of this package, a candidate is
    stopped after a few folds if it has little chance to win, no candidate is evaluated twice, and
    all workers are kept busy. With ``pruner=None, enqueue=None`` the search does the same as
    :class:`sklearn.model_selection.RandomizedSearchCV`, but with other random draws.

    See Also
    --------
    TPESearchCV : The search that learns where to look next.
    StudySearchCV : The search with any sampler.

    References
    ----------
    J. Bergstra and Y. Bengio, "Random search for hyper-parameter optimization", JMLR 13 (2012).

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from skhpo import RandomSearchCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> search = RandomSearchCV(
    ...     Ridge(), {"alpha": loguniform(1e-3, 1e2)}, n_iter=20, random_state=0
    ... )
    >>> bool(search.fit(X, y).best_score_ > 0.48)
    True
    """

    def _default_sampler(self) -> BaseSampler:
        return RandomSampler()


@_with_sections_of_base
class HyperbandSearchCV(StudySearchCV):
    """Hyperparameter search with cross-validation by Hyperband, with TPE (BOHB).

    Candidates begin with a small amount of a `resource` (rows, rounds, epochs), and only the best
    continue with more. How early candidates can be judged is unknown in advance. They therefore
    belong to brackets, some of which stop candidates early and some later
    (:class:`skhpo.pruners.HyperbandPruner`). No candidate waits for others. The search replaces
    :class:`sklearn.model_selection.HalvingRandomSearchCV`.

    It differs from the other searches in its defaults: `resource` is "n_samples", and the pruner
    is Hyperband's.

    See Also
    --------
    TPESearchCV : The search with racing between folds, or successive halving with a `resource`.
    StudySearchCV : The search with any sampler.

    References
    ----------
    L. Li, K. Jamieson, G. DeSalvo, A. Rostamizadeh and A. Talwalkar, "Hyperband: a novel
    bandit-based approach to hyperparameter optimization", JMLR 18 (2018).

    S. Falkner, A. Klein and F. Hutter, "BOHB: robust and efficient hyperparameter optimization at
    scale", ICML 2018.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.svm import SVC
    >>> from skhpo import HyperbandSearchCV
    >>> X, y = load_digits(return_X_y=True)
    >>> search = HyperbandSearchCV(
    ...     SVC(), {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-6, 1e-1)},
    ...     n_iter=30, cv=3, random_state=0,
    ... ).fit(X, y)
    >>> bool(search.best_score_ > 0.95)
    True
    >>> amounts = search.cv_results_["n_resources"]
    >>> int(amounts.min()), int(amounts.max())
    (66, 1797)
    """

    default_resource: ClassVar[str | None] = N_SAMPLES

    def _default_sampler(self) -> BaseSampler:
        return TPESampler()

    def _default_pruner(self) -> BasePruner:
        return HyperbandPruner()
