"""What to try next: rules, each with its evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc

from skhpo.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    QuantileDistribution,
)
from skhpo.plots._data._improvement import improvement_data
from skhpo.reporting._document import code, count, listed, number
from skhpo.reporting._gain import Luck, gain_of, luck_of
from skhpo.reporting._subject import FloatArray, Subject
from skhpo.search._setup import DEFAULT_N_ITER

__all__ = ["Advice", "advise", "describe_budget"]

EDGE = 0.05  # share of a range that counts as its edge
OUTER = 0.2  # share of a range in which most of the best candidates lie, if it is too narrow
N_TOP = 5  # number of the best candidates that are evidence
SMALL = 0.05  # importance that counts as small
ENOUGH_FOR_IMPORTANCES = 30  # candidates
PER_PARAMETER = 10  # candidates per parameter that are enough
LEVEL = 0.01  # of the test that finds what failures share

FAILURES = ("failed", "timed out", "out of memory")


@dataclass(frozen=True)
class Advice:
    """A suggestion and its evidence.

    Attributes
    ----------
    action : str
        What to do.
    evidence : str
        Why.
    """

    action: str
    evidence: str


def advise(subject: Subject, importances: dict[str, float] | None) -> list[Advice]:
    """Return the suggestions for a search, the most useful first.

    Parameters
    ----------
    subject : Subject
        The search.
    importances : dict of str to float, or None
        Importances of the parameters; None if they are unknown.

    Returns
    -------
    advice : list of Advice
    """
    rules: list[Callable[[Subject, dict[str, float]], Iterator[Advice]]] = [
        _failures,
        _ended_early,
        _edges,
        _folds,
        _uncertain_gain,
        _progress,
        _unimportant,
        _few_candidates,
        _no_default,
    ]
    return [advice for rule in rules for advice in rule(subject, importances or {})]


# -------------------------------------------------------------------------------- the rules


def _failures(subject: Subject, importances: dict[str, float]) -> Iterator[Advice]:
    failed = np.isin(subject.status.astype(str), FAILURES)
    n_failed, n = int(failed.sum()), subject.n_candidates
    if n_failed < 2 or n_failed < 0.05 * n:
        return
    kinds = listed([code(kind) for kind in FAILURES if (subject.status == kind).any()])
    evidence = f"{n_failed} of {count(n, 'candidate')} ended as {kinds}."
    shared = _shared_by(subject, failed)
    if shared is None:
        yield Advice(
            "Read the errors of the failed candidates.",
            f"{evidence} No range of a single parameter explains them.",
        )
        return
    text, n_inside, n_other = shared
    yield Advice(
        f"Exclude {text} from the space, or repair the estimator there.",
        f"{evidence} {n_inside} of these {n_failed} have {text}, and {n_other} of the "
        f"{n - n_failed} others.",
    )


def _ended_early(subject: Subject, importances: dict[str, float]) -> Iterator[Advice]:
    interrupted = (subject.status == "interrupted").any()
    if not hasattr(subject.search, "n_iter") or not hasattr(subject.search, "study_"):
        return
    budget = describe_budget(subject.search)
    if not interrupted or not budget:
        return
    yield Advice(
        "Run the search again with a longer `timeout`. With `storage=` it resumes.",
        f"It ended early: its budget is {budget}, and {count(subject.n_candidates, 'candidate')} "
        f"{'was' if subject.n_candidates == 1 else 'were'} begun.",
    )


def describe_budget(search: Any) -> str:
    """Return how many candidates or fits a search may have; an empty text without a limit."""
    n_iter, max_fits = search.n_iter, getattr(search, "max_fits", None)
    if n_iter == "auto":
        n_iter = DEFAULT_N_ITER if max_fits is None else None
    limits = {"candidate": n_iter, "fit": max_fits}
    return " or ".join(count(n, noun) for noun, n in limits.items() if n is not None)


def _edges(subject: Subject, importances: dict[str, float]) -> Iterator[Advice]:
    if subject.has_front or subject.best is None:
        return
    top = subject.order[:N_TOP]
    if len(top) < N_TOP:
        return
    for name, distribution in subject.distributions.items():
        if importances.get(name, 1.0) < SMALL or name not in subject.params[subject.best]:
            continue
        side = _edge(distribution, _unit(distribution, subject.params[subject.best][name]))
        if side is None:
            continue
        units = [
            _unit(distribution, subject.params[row][name])
            for row in top
            if name in subject.params[row]
        ]
        outer = max(OUTER, 2.0 / (distribution.n_cells or np.inf))
        inside = [(u >= 1 - outer) if side == "upper" else (u <= outer) for u in units]
        if sum(inside) <= N_TOP // 2:
            continue
        direction = "upwards" if side == "upper" else "downwards"
        yield Advice(
            f"Widen the range of {code(name)} {direction}{_wider(distribution, side)}, if the "
            "estimator allows it.",
            f"The best value, {code(subject.params[subject.best][name])}, is at the {side} end of "
            f"{_range(distribution)}, and {sum(inside)} of the best {len(units)} candidates lie "
            f"near this end.",
        )


def _folds(subject: Subject, importances: dict[str, float]) -> Iterator[Advice]:
    luck = luck_of(subject)
    if luck is None or subject.best is None or luck.error == 0.0:
        return
    losses = subject.losses[subject.order, 0]
    n_close = int((losses <= losses[0] + luck.error).sum()) - 1
    if n_close < max(3, 0.1 * luck.n_complete):
        return
    yield Advice(
        "Use more folds (for example `RepeatedStratifiedKFold` or `RepeatedKFold`), or evaluate "
        "the best again with `n_confirm=10`. If a simpler model is as good, choose it with "
        "`refit=one_standard_error(...)`.",
        f"{n_close} more candidates lie within one standard error ({number(luck.error, 2)}) of "
        "the best. These folds cannot tell them apart.",
    )


def _uncertain_gain(subject: Subject, importances: dict[str, float]) -> Iterator[Advice]:
    gain, luck = gain_of(subject), luck_of(subject)
    if subject.has_front or gain is None or gain.paired is None or gain.gain <= 0.0:
        return
    optimism = 0.0 if luck is None else luck.optimism
    if gain.paired.low - optimism > 0.0:
        return
    yield Advice(
        "Check the gain before you rely on it: score both on rows that the search has not seen, or "
        "compare them with `skhpo.compare_searches`.",
        f"The gain over the estimator as given, {number(gain.gain, 2)}, may be chance or luck.",
    )


def _progress(subject: Subject, importances: dict[str, float]) -> Iterator[Advice]:
    complete = np.flatnonzero(np.isfinite(subject.losses[:, 0]))
    if subject.has_front or subject.n_candidates < 10 or len(complete) < 2:
        return
    if _is_exhausted(subject):
        yield Advice(
            "To improve further, widen or refine the space. More candidates do not exist.",
            f"All {subject.n_candidates} candidates of the space were tried.",
        )
        return
    best_so_far = np.minimum.accumulate(subject.losses[:, 0])
    n = subject.n_candidates
    last = int(np.argmin(subject.losses[:, 0]))
    late = best_so_far[int(0.8 * n) - 1] - best_so_far[-1]
    luck = luck_of(subject)
    if last >= int(0.8 * n):
        yield _continue(subject, last, late, luck)
        return
    expected = _expected_improvement(subject)
    if last < 0.5 * n and (expected is None or luck is None or expected < luck.error):
        yield Advice(
            "Stop here: more candidates from the same space are unlikely to help much.",
            f"The best candidate was number {subject.numbers[last]}. The {n - 1 - last} candidates "
            f"after it found nothing better.{_describe_expected(expected, luck)}",
        )


def _expected_improvement(subject: Subject) -> float | None:
    """Return what a Gaussian process expects of the best next candidate; None if it is unknown."""
    if subject.study is None:
        return None
    expected = improvement_data(subject.study, n_points=1).expected
    known = expected[np.isfinite(expected)]
    return float(known[-1]) if len(known) else None


def _describe_expected(expected: float | None, luck: Luck | None) -> str:
    if expected is None:
        return ""
    text = f" A Gaussian process expects that the next one improves by {number(expected, 2)}"
    if luck is None:
        return f"{text}."
    return f"{text}, and the standard error of a score is {number(luck.error, 2)}."


def _continue(subject: Subject, last: int, late: float, luck: Luck | None) -> Advice:
    found = (
        f"The best candidate was number {subject.numbers[last]}, in the last fifth of the search"
    )
    if np.isfinite(late) and luck is not None and late < luck.error:
        return Advice(
            "A larger budget may help a little, and more folds may help more.",
            f"{found}. Its gain there, {number(late, 2)}, is smaller than the standard error of a "
            f"score, {number(luck.error, 2)}.",
        )
    gain = f", where the best score improved by {number(late, 2)}" if np.isfinite(late) else ""
    return Advice("Continue with a larger budget.", f"{found}{gain}.")


def _unimportant(subject: Subject, importances: dict[str, float]) -> Iterator[Advice]:
    used = int(np.isin(subject.status.astype(str), ("complete", "pruned")).sum())
    if used < ENOUGH_FOR_IMPORTANCES or len(importances) < 2:
        return
    small = [name for name, importance in importances.items() if importance < SMALL]
    if not small or len(small) == len(importances):
        return
    names = listed([code(name) for name in small])
    shares = listed([f"{importances[name]:.0%}" for name in small])
    yield Advice(
        f"Fix {names} at the best value, and spend the budget on the others.",
        f"The importance is only {shares} in this space, over {used} candidates.",
    )


def _few_candidates(subject: Subject, importances: dict[str, float]) -> Iterator[Advice]:
    n_parameters = len(subject.distributions)
    enough = PER_PARAMETER * n_parameters
    if subject.n_candidates >= enough or _is_exhausted(subject) or n_parameters == 0:
        return
    yield Advice(
        f"Try at least {enough} candidates before you rely on the ranking of parameters.",
        f"There were {count(subject.n_candidates, 'candidate')} for "
        f"{count(n_parameters, 'parameter')}. As a rule of thumb, take {PER_PARAMETER} for each.",
    )


def _no_default(subject: Subject, importances: dict[str, float]) -> Iterator[Advice]:
    if subject.search is None or subject.default is not None:
        return
    if subject.outside:
        given = [f"{code(name)} = {code(v)}" for name, v in subject.outside.items()]
        are = "is" if len(given) == 1 else "are"
        evidence = f"It was not a candidate, as {listed(given)} {are} outside of the space."
    else:
        evidence = "It was not among the candidates."
    yield Advice(
        "Compare the winner with the estimator as given, for example with "
        "`skhpo.compare_searches`.",
        evidence,
    )


# ------------------------------------------------------------------------ parts of the rules


def _unit(distribution: BaseDistribution, value: Any) -> float:
    """Return the place of a value in the unit interval."""
    return float(distribution.to_unit(distribution.to_internal_repr(value)))


def _edge(distribution: BaseDistribution, unit: float) -> str | None:
    """Return the end of a range at which a value lies: "lower", "upper" or None."""
    if not distribution.is_ordered or isinstance(distribution, QuantileDistribution):
        return None
    n = distribution.n_cells
    if n is not None and n < 3:
        return None
    margin = EDGE if n is None else max(EDGE, 1.0 / n)
    side = "lower" if unit <= margin else "upper" if unit >= 1.0 - margin else None
    return None if _is_natural_bound(distribution, side) else side


def _is_natural_bound(distribution: BaseDistribution, side: str | None) -> bool:
    """Return whether a range ends where most parameters end: at 0, or a share at 1."""
    low, high = getattr(distribution, "low", None), getattr(distribution, "high", None)
    if side == "lower":
        return low == 0 or (isinstance(low, int) and low == 1)
    return side == "upper" and isinstance(high, float) and high == 1.0


def _wider(distribution: BaseDistribution, side: str) -> str:
    """Return an example of a wider range."""
    low, high = getattr(distribution, "low", None), getattr(distribution, "high", None)
    if low is None or high is None:
        return ""
    is_int = isinstance(low, int) and isinstance(high, int)
    if getattr(distribution, "log", False):
        factor = max(2.0, (high / low) ** 0.25)
        bound = high * factor if side == "upper" else low / factor
    else:
        bound = high + 0.5 * (high - low) if side == "upper" else low - 0.5 * (high - low)
    bound = float(f"{bound:.2g}")
    if is_int:
        bound = round(bound) if side == "upper" else max(round(bound), 1 if low >= 1 else 0)
        if low <= bound <= high:
            return ""
    elif side == "lower" and low >= 0.0 > bound:
        return ""
    return f", for example to {code(bound)}"


def _range(distribution: BaseDistribution) -> str:
    low, high = getattr(distribution, "low", None), getattr(distribution, "high", None)
    return "its list" if low is None else f"its range, {number(low)} to {number(float(high or 0))}"


def _is_exhausted(subject: Subject) -> bool:
    """Return whether all points of a finite space were tried."""
    distributions = subject.distributions
    sizes = [distribution.n_cells for distribution in distributions.values()]
    if not sizes or any(size is None for size in sizes):
        return False
    size = float(np.prod([float(size or 1) for size in sizes]))
    if subject.n_candidates < size:
        return False
    tried = {
        tuple((name, distributions[name].to_internal_repr(params[name])) for name in sorted(params))
        for params in subject.params
    }
    return len(tried) >= size


def _shared_by(subject: Subject, failed: NDArray[np.bool_]) -> tuple[str, int, int] | None:
    """Return what the failed candidates share: a text, and the failed and other ones with it.

    A value of a choice, or a lower or upper part of a range, is a candidate for an explanation.
    The one that separates best is returned, if so many failures inside are unlikely by chance.
    """
    best: tuple[float, str, int, int] | None = None
    for text, inside in _parts(subject):
        n_inside, n_other = int((inside & failed).sum()), int((inside & ~failed).sum())
        separates = n_inside / failed.sum() - n_other / max(1, (~failed).sum())
        share = inside.mean()
        by_chance = float(bdtrc(n_inside - 1, int(failed.sum()), share)) if n_inside else 1.0
        if separates < 0.5 or by_chance > LEVEL:
            continue
        if best is None or separates > best[0]:
            best = separates, text, n_inside, n_other
    return None if best is None else best[1:]


def _parts(subject: Subject) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield parts of the space, and which candidates lie in them."""
    for name, distribution in subject.distributions.items():
        has = np.array([name in params for params in subject.params])
        internal = np.full(len(has), np.nan)
        for row in np.flatnonzero(has):
            internal[row] = distribution.to_internal_repr(subject.params[row][name])
        if isinstance(distribution, CategoricalDistribution):
            for value in np.unique(internal[has]):
                external = distribution.to_external_repr(float(value))
                yield f"{code(name)} = {code(external)}", internal == value
        else:
            yield from _halves(name, internal, distribution)


def _halves(
    name: str, internal: FloatArray, distribution: BaseDistribution
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    values = np.unique(internal[~np.isnan(internal)])
    for low, high in pairwise(values):
        lower, upper = (code(distribution.to_external_repr(float(v))) for v in (low, high))
        yield f"{code(name)} of {lower} or less", internal <= low
        yield f"{code(name)} of {upper} or more", internal >= high
