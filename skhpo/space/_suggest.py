"""Curated search spaces for known estimators, also where they are nested in others."""

from collections.abc import Iterator
from typing import Any

from skhpo.distributions import BaseDistribution
from skhpo.distributions._categorical import find
from skhpo.space._names import components_of, join, names_of
from skhpo.space._parse import parse_distribution
from skhpo.space._suggest_table import KNOWN


def suggest_space(estimator: Any) -> dict[str, BaseDistribution]:
    """Return a search space for an estimator.

    The estimator may be a Pipeline, a ColumnTransformer or any other meta-estimator: each known
    estimator inside gets its space, under the prefix of its parameters. Unknown transformers are
    not searched. Neither are parameters that the user set to a value outside the suggested list,
    such as a dict for ``class_weight``, nor the parameters of what is inside a `FrozenEstimator`.

    Some ranges depend on the estimator's other parameters or on its own value, so that no candidate
    fails where the estimator does not:

    - ``n_components`` of `PLSRegression` and `TruncatedSVD` and ``n_quantiles`` of
      `QuantileTransformer` are searched up to the estimator's own value. Set it to the largest
      number that is worth trying.
    - ``radius`` of nearest neighbors is searched from the estimator's own value to ten times as
      much, and from a tenth of it if there is an ``outlier_label``; ``bandwidth`` of
      `KernelDensity` from a tenth to ten times as much; ``alpha`` of `GaussianProcessRegressor`
      from its own value to 1.
    - ``shrinkage`` of `LinearDiscriminantAnalysis` is searched if the ``solver`` is "lsqr" or
      "eigen", ``tol`` if it is "svd".

    The score of k-means grows with ``n_clusters``: search it in a pipeline with a predictor, or
    with another ``scoring``. ``contamination`` of outlier detectors changes their predictions, not
    the ranking of the samples.

    The ranges follow published studies: Probst, Boulesteix and Bischl 2019 ("Tunability:
    importance of hyperparameters of machine learning algorithms"), Grinsztajn, Oyallon and
    Varoquaux 2022 ("Why do tree-based models still outperform deep learning on tabular data?"),
    Eggensperger et al. 2021 ("HPOBench"), Feurer et al. 2015 ("Efficient and robust automated
    machine learning"), Gijsbers et al. 2024 ("AMLB: an AutoML benchmark"), Zhao, Rossi and Akoglu
    2021 ("Automatic unsupervised outlier model selection"), for outlier detectors, and Rousseeuw
    and Van Driessen 1999 ("A fast algorithm for the minimum covariance determinant estimator"), for
    ``support_fraction``. Where there is no study, they follow scikit-learn's documentation. They
    are widened where needed so that the defaults lie inside. An exception is ``gamma`` of kernel
    machines: it is searched as a number, so its default "scale" lies outside. The number of trees
    of a forest is not searched, as more is better (Probst and Boulesteix 2018, "To tune or not to
    tune the number of trees in random forest").

    Parameters
    ----------
    estimator : estimator
        scikit-learn's common classifiers, regressors, outlier detectors, mixtures, k-means and
        transformers are known, as are the estimators of XGBoost, LightGBM and CatBoost, and
        subclasses of all these.

    Returns
    -------
    dict of str to BaseDistribution
        Distributions by the estimator's parameter names.

    Raises
    ------
    ValueError
        If a predictor is unknown, or there is nothing to search.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skhpo.space import suggest_space
    >>> suggest_space(make_pipeline(StandardScaler(), Ridge()))
    {'ridge__alpha': FloatDistribution(low=0.001, high=1000.0, log=True, step=None)}
    """
    space: dict[str, BaseDistribution] = {}
    components = list(components_of(estimator))
    frozen = [prefix for prefix, component in components if _is_frozen(component)]
    for prefix, component in components:
        if any(_is_inside(prefix, outer) for outer in frozen):
            continue
        entry = _entry_of(component)
        if entry is None:
            holds_others = any(_is_inside(p, prefix) for p, _ in components)
            if hasattr(component, "predict") and not holds_others:
                raise ValueError(_advice(f"no search space is known for {component!r}"))
            continue
        for name, values in _searched(component, entry):
            space[join(prefix, name)] = parse_distribution(name, values)
    if not space:
        raise ValueError(_advice(f"there is nothing to search in {estimator!r}"))
    return space


def given_space(search: Any) -> Any:
    """Return the space that a search was given, or else its default one; None without both.

    A search of scikit-learn has only one of the arguments, or other ones.
    """
    for argument in ("param_grid", "param_distributions", "default_space"):
        given = getattr(search, argument, None)
        if given is not None:
            return suggest_space(search.estimator) if isinstance(given, str) else given
    return None


def _entry_of(component: Any) -> dict[str, Any] | None:
    """Return the entry of the component's class, or of its nearest known base class."""
    names = (base.__name__ for base in type(component).__mro__)
    return next((KNOWN[name] for name in names if name in KNOWN), None)


def _searched(component: Any, entry: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the parameters of an entry that may be searched, with their values."""
    names = names_of(component)
    present = component.get_params(deep=False)
    for name, given in entry.items():
        values = given(present) if callable(given) else given
        if values is not None and name in names and _is_open(values, present, name):
            yield name, values


def _is_frozen(component: Any) -> bool:
    """Return whether a component is fitted and keeps its parameters."""
    return any(base.__name__ == "FrozenEstimator" for base in type(component).__mro__)


def _is_inside(prefix: str, outer: str) -> bool:
    return prefix != outer and prefix.startswith(f"{outer}__" if outer else "")


def _is_open(values: Any, present: dict[str, Any], name: str) -> bool:
    """Return whether a parameter may be searched: the user did not set a value off the list."""
    is_list = name in present and isinstance(values, list)
    return not is_list or find(present[name], values) is not None


def _advice(problem: str) -> str:
    return (
        f"param_distributions='suggest': {problem}. Give a dict of parameter names and lists or "
        "distributions instead; suggest_space(...) of a known component is a good start."
    )
