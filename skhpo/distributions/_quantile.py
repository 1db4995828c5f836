"""Distributions from any prior with a CDF and quantiles, such as those of scipy.stats."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from skhpo.distributions._base import LARGEST_INT, BaseDistribution, FloatArray

_TAIL = 1e-6  # probability that is cut off where the support is unbounded
_PROBES = np.linspace(0.005, 0.995, 67)  # levels at which two priors are compared


@dataclass(frozen=True, eq=False)
class QuantileDistribution(BaseDistribution):
    """Numbers that follow any prior; the unit coordinate is the prior's cumulative probability.

    Discrete priors (``scipy.stats.poisson``, ``geom``, ...) give ints, and the unit coordinate is
    the middle of the value's cell. If the support is unbounded, values beyond the quantiles
    1e-6 and 1 - 1e-6 are never drawn, and have the coordinate of these quantiles.

    Parameters
    ----------
    prior : object
        A frozen distribution of scipy.stats, or any object with vectorised methods ``cdf`` and
        ``ppf`` (or ``icdf``, as in scipy's distribution classes).

    Attributes
    ----------
    is_discrete : bool
        Whether values are ints.
    support : tuple of float
        Smallest and largest value, possibly infinite.
    low, high : float
        Smallest and largest value that is drawn.

    Raises
    ------
    TypeError
        If the prior lacks ``cdf``, or ``ppf`` and ``icdf``.
    ValueError
        If the prior's quantiles are not finite, for example because of invalid parameters.

    Examples
    --------
    >>> from scipy import stats
    >>> from skhpo.distributions import QuantileDistribution
    >>> gamma = QuantileDistribution(stats.gamma(2.0))
    >>> bool(abs(gamma.from_unit(0.5) - stats.gamma(2.0).median()) < 1e-12)
    True
    """

    prior: Any

    def __post_init__(self) -> None:
        if not (callable(getattr(self.prior, "cdf", None)) and callable(_quantile_of(self.prior))):
            raise TypeError(f"prior must have cdf, and ppf or icdf, but got {self.prior!r}.")
        if np.ndim(self._ppf(0.5)) > 0:
            raise ValueError(f"prior must have one dimension, but got {self.prior!r}.")
        if not all(map(math.isfinite, (*self._few_quantiles, self.low, self.high))):
            raise ValueError(
                f"prior must have finite quantiles, but {describe(self.prior)} does not; "
                "its parameters may be invalid."
            )

    @cached_property
    def is_discrete(self) -> bool:
        """Whether values are ints."""
        return is_discrete(self.prior) and not np.any(
            np.mod([*self._few_quantiles, *_values_of(self.prior)], 1.0)
        )

    @cached_property
    def support(self) -> tuple[float, float]:
        """Smallest and largest value, possibly infinite."""
        if not hasattr(self.prior, "support"):
            return float(self._ppf(0.0)), float(self._ppf(1.0))
        low, high = self.prior.support()
        return float(low), float(high)

    @cached_property
    def low(self) -> float:
        """Smallest value that is drawn."""
        start = self.support[0]
        low = start if math.isfinite(start) else float(self._ppf(_TAIL))
        return max(low, -LARGEST_INT + 1.0) if self.is_discrete else low

    @cached_property
    def high(self) -> float:
        """Largest value that is drawn."""
        end = self.support[1]
        high = end if math.isfinite(end) else float(self._ppf(1.0 - _TAIL))
        return min(high, LARGEST_INT - 1.0) if self.is_discrete else high

    def to_internal_repr(self, value: Any) -> float:
        try:
            internal = float(value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{value!r} is not a number, as {self} requires.") from error
        if math.isnan(internal):
            raise ValueError(f"{value!r} is not a valid value for {self}.")
        return internal

    def to_external_repr(self, internal: float) -> float | int:
        return int(internal) if self.is_discrete else float(internal)

    def single(self) -> bool:
        return self.low == self.high

    def _contains(self, internal: float) -> bool:
        start, end = self.support
        return (
            start <= internal <= end
            and math.isfinite(internal)
            and (not self.is_discrete or internal == int(internal))
        )

    def to_unit(self, internal: ArrayLike) -> FloatArray:
        values = np.asarray(internal, dtype=np.float64)
        start, end = self.support
        inside = (start <= values) & (values <= end) & np.isfinite(values)
        if self.is_discrete:
            inside &= values == np.floor(values)
        values = np.where(inside, values, self.low)
        unit = self._cdf(values)
        if self.is_discrete:
            unit = (unit + self._cdf(values - 1.0)) / 2.0
        return np.where(inside, np.clip(unit, *self._unit_range), np.nan)

    def from_unit(self, u: ArrayLike) -> FloatArray:
        u = np.clip(np.asarray(u, dtype=np.float64), *self._unit_range)
        values: FloatArray = np.clip(self._ppf(u), self.low, self.high)
        return values

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BaseDistribution):
            return NotImplemented
        if self is other:
            return True
        if (
            not isinstance(other, QuantileDistribution)
            or self.is_discrete != other.is_discrete
            or self._few_quantiles != other._few_quantiles
        ):
            return False
        ours, theirs = arguments_of(self.prior), arguments_of(other.prior)
        return bool(ours and ours == theirs) or self._fingerprint == other._fingerprint

    def __hash__(self) -> int:
        return hash(("QuantileDistribution", self._few_quantiles))

    def __repr__(self) -> str:
        return f"QuantileDistribution({describe(self.prior)})"

    @cached_property
    def _unit_range(self) -> tuple[float, float]:
        """Range of the coordinates whose quantiles are finite."""
        start, end = map(math.isfinite, self.support)
        return (0.0 if start else _TAIL), (1.0 if end else 1.0 - _TAIL)

    @cached_property
    def _few_quantiles(self) -> tuple[float, ...]:
        """Quantiles that distinguish most priors; scipy may need 0.1 s for a single one."""
        return tuple(self._ppf([0.05, 0.5, 0.95]).tolist())

    @cached_property
    def _fingerprint(self) -> tuple[float, ...]:
        """Quantiles by which two priors are compared, as frozen priors never compare equal."""
        return tuple(np.asarray(self._ppf(_PROBES), dtype=np.float64).tolist())

    def _ppf(self, u: ArrayLike) -> FloatArray:
        quantile = cast("Callable[[ArrayLike], Any]", _quantile_of(self.prior))
        return np.asarray(quantile(u), dtype=np.float64)

    def _cdf(self, values: FloatArray) -> FloatArray:
        return np.asarray(self.prior.cdf(values), dtype=np.float64)


def is_discrete(prior: Any) -> bool:
    """Return whether a distribution is discrete: it has a mass function and no density.

    scipy's distribution classes have both, so they are recognised by the name of a base class.
    """
    names = {cls.__name__ for cls in type(prior).__mro__}
    if "UnivariateDistribution" in names:
        return "DiscreteDistribution" in names
    return hasattr(prior, "pmf") and not hasattr(prior, "pdf")


def _quantile_of(prior: Any) -> Callable[[ArrayLike], Any] | None:
    return getattr(prior, "ppf", None) or getattr(prior, "icdf", None)


def _values_of(prior: Any) -> Any:
    """Return the values that ``scipy.stats.rv_discrete(values=...)`` lists; else nothing."""
    return getattr(getattr(prior, "dist", prior), "xk", ())


def arguments_of(prior: Any) -> dict[str, Any]:
    """Return all arguments of a frozen scipy.stats distribution by name; {} for anything else."""
    if not hasattr(prior, "dist"):
        return {}
    dist = prior.dist
    name = getattr(dist, "name", None)
    is_standard = isinstance(name, str) and type(getattr(stats, name, None)) is type(dist)
    if not is_standard:
        return {}
    shapes = dist.shapes.split(", ") if dist.shapes else []
    given = zip([*shapes, "loc", "scale"], prior.args, strict=False)
    return {"name": name, "loc": 0.0, "scale": 1.0, **dict(given), **prior.kwds}


def describe(prior: Any) -> str:
    """Return name and parameters of a frozen scipy.stats distribution; else the repr."""
    if not (hasattr(prior, "dist") and hasattr(prior.dist, "name")):
        return repr(prior)
    parameters = [repr(a) for a in prior.args] + [f"{k}={v!r}" for k, v in prior.kwds.items()]
    return f"{prior.dist.name}({', '.join(parameters)})"
