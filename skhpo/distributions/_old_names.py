"""Names of the distributions in Optuna before version 3."""

import warnings

from skhpo.distributions._numeric import FloatDistribution, IntDistribution

# Each class creates an instance of its replacement, so all code sees the current classes only.


class UniformDistribution(FloatDistribution):
    """Old name of ``FloatDistribution(low, high)``, which it returns."""

    def __new__(cls, low: float, high: float) -> FloatDistribution:  # type: ignore[misc]
        _warn(cls, "FloatDistribution(low, high)")
        return FloatDistribution(low, high)


class LogUniformDistribution(FloatDistribution):
    """Old name of ``FloatDistribution(low, high, log=True)``, which it returns."""

    def __new__(cls, low: float, high: float) -> FloatDistribution:  # type: ignore[misc]
        _warn(cls, "FloatDistribution(low, high, log=True)")
        return FloatDistribution(low, high, log=True)


class DiscreteUniformDistribution(FloatDistribution):
    """Old name of ``FloatDistribution(low, high, step=q)``, which it returns."""

    def __new__(cls, low: float, high: float, q: float) -> FloatDistribution:  # type: ignore[misc]
        _warn(cls, "FloatDistribution(low, high, step=q)")
        return FloatDistribution(low, high, step=q)


class IntUniformDistribution(IntDistribution):
    """Old name of ``IntDistribution(low, high, step=step)``, which it returns."""

    def __new__(cls, low: int, high: int, step: int = 1) -> IntDistribution:  # type: ignore[misc]
        _warn(cls, "IntDistribution(low, high, step=step)")
        return IntDistribution(low, high, step=step)


class IntLogUniformDistribution(IntDistribution):
    """Old name of ``IntDistribution(low, high, log=True)``, which it returns."""

    def __new__(cls, low: int, high: int, step: int = 1) -> IntDistribution:  # type: ignore[misc]
        _warn(cls, "IntDistribution(low, high, log=True)")
        return IntDistribution(low, high, log=True, step=step)


def _warn(old: type, new: str) -> None:
    warnings.warn(f"`{old.__name__}` is an old name: use `{new}`.", FutureWarning, stacklevel=3)
