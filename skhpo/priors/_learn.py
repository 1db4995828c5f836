"""Learn a prior from one's own searches and studies."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skhpo.distributions import BaseDistribution
from skhpo.priors._lengthscales import fit_lengthscales
from skhpo.priors._prior import Prior, encode, standardised
from skhpo.priors._units import ChoiceUnit, DataTraits, NumericUnit, Unit
from skhpo.samplers._gp_model import GaussianProcess, fit_hyperparameters
from skhpo.study import Study, get_all_study_names, load_study

if TYPE_CHECKING:
    from skhpo.trial import FrozenTrial

__all__ = ["learn", "own_priors", "own_priors_of_each", "read_sources"]

FloatArray = NDArray[np.float64]

MIN_TRIALS = 5  # with known values, in a study that says something
MAX_CONFIGURATIONS = 200
RATIO_OF_LOG = 50.0  # a range of positive numbers that is wider is measured by logarithms
OWN = "own searches"
ANY_DATA = DataTraits(n_features=1)  # values are measured as they are


@dataclass(frozen=True)
class _Source:
    """The trials of a study: values by parameter, and losses."""

    configurations: list[dict[str, Any]]
    losses: FloatArray
    distributions: dict[str, BaseDistribution]


def learn(searches: Any) -> Prior:
    """Learn a prior from earlier searches, of this or of other data.

    Parameters
    ----------
    searches : search, Study, str, path, or a list of these
        Fitted searches, studies, or storages by their URL or the path of an SQLite file, of which
        all studies with one objective are used. Each counts as one dataset. Parameters are
        matched by their names, which need not be the same in all.

    Returns
    -------
    prior : Prior
        What the searches have in common: use it as ``prior=`` of a search, or save it.

    Raises
    ------
    TypeError
        If something else is given.
    ValueError
        If no study has five trials with known values, or no parameter can be measured.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris, load_wine
    >>> from sklearn.svm import SVC
    >>> from skhpo import GPSearchCV
    >>> from skhpo.priors import learn
    >>> space = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 1e1)}
    >>> search = GPSearchCV(SVC(), space, n_iter=15, random_state=0)
    >>> prior = learn([search.fit(*load_iris(return_X_y=True))])
    >>> [unit.name for unit in prior.units]
    ['C', 'gamma']
    >>> search = GPSearchCV(SVC(), space, n_iter=10, prior=prior, random_state=0)
    >>> search = search.fit(*load_wine(return_X_y=True))
    """
    return _learn(_sources(_studies(searches)))


def _learn(sources: Sequence[_Source]) -> Prior:
    if not sources:
        raise ValueError(
            f"A prior is learned from studies with one objective and at least {MIN_TRIALS} trials "
            "with known values; there is none."
        )
    units = _units(sources)
    if not units:
        raise ValueError("No parameter of the studies has numbers, texts or None as values.")
    configurations = _representative(sources)
    coordinates = _middle(encode(units, _filled(units, configurations), ANY_DATA))
    losses = np.array([_losses_at(source, units, coordinates) for source in sources])
    return Prior(
        name=OWN,
        units=units,
        coordinates=coordinates,
        tables={"": losses},
        lengthscales=fit_lengthscales(units, coordinates, losses),
        about={"studies": len(sources)},
    )


def _studies(searches: Any) -> list[Study]:
    """Return the studies of what the user gave."""
    if isinstance(searches, Study):
        return [searches]
    if hasattr(searches, "study_"):
        return [searches.study_]
    if hasattr(searches, "cv") and hasattr(searches, "fit"):
        raise TypeError(
            f"A prior is learned from fitted searches; got {searches!r}. Cloning a search drops "
            "its results; give its `study_` where it is cloned."
        )
    if isinstance(searches, str | os.PathLike):
        url = os.fspath(searches)
        if "://" not in url and not os.path.exists(url):
            raise FileNotFoundError(
                f"There is no storage {url!r} to learn a prior from. A prior is 'auto', a storage "
                "by its URL or path, a search, a study, a Prior, or a list of these."
            )
        return [load_study(study_name=name, storage=url) for name in get_all_study_names(url)]
    if isinstance(searches, Iterable) and not isinstance(searches, Mapping | bytes):
        return [study for one in searches for study in _studies(one)]
    raise TypeError(
        "A prior is learned from fitted searches, studies and storages (by URL or path), or a "
        f"list of these; got {searches!r}."
    )


def _sources(studies: Sequence[Study], taken: Collection[tuple[str, int]] = ()) -> list[_Source]:
    """Return the studies with one objective from which something can be learned."""
    single = [study for study in studies if study.history.n_objectives == 1]
    sources = [_source(study, 0, taken) for study in single]
    return [source for source in sources if source is not None]


def _sources_of(
    name: str, studies: Sequence[Study], taken: Collection[tuple[str, int]]
) -> list[_Source]:
    """Return the studies with several objectives, of which one has this name."""
    sources = []
    for study in studies:
        names = list(study.metric_names or ()) if study.history.n_objectives > 1 else []
        if name in names:
            sources.append(_source(study, names.index(name), taken))
    return [source for source in sources if source is not None]


def _source(study: Study, objective: int, taken: Collection[tuple[str, int]]) -> _Source | None:
    """Return the trials with known losses that are not taken; None if there are too few."""
    history = study.history
    losses = history.losses[:, objective]
    trials: list[FrozenTrial] = study.get_trials(deepcopy=False)
    known = [
        trial
        for trial in trials
        if np.isfinite(losses[trial.number]) and (study.study_name, trial.number) not in taken
    ]
    if len(known) < MIN_TRIALS:
        return None
    return _Source(
        [trial.params for trial in known],
        np.array([losses[trial.number] for trial in known]),
        dict(history.distributions),
    )


def _units(sources: Sequence[_Source]) -> tuple[Unit, ...]:
    """Return the units of all parameters whose values are numbers, texts, booleans or None."""
    names = dict.fromkeys(name for source in sources for name in source.distributions)
    found = []
    for name in names:
        values = [
            config[name] for source in sources for config in source.configurations if name in config
        ]
        unit = _unit(name, values)
        if unit is not None:
            found.append(unit)
    return tuple(found)


def _unit(name: str, values: Sequence[Any]) -> Unit | None:
    """Return the unit of a parameter with these values; None if they cannot be measured."""
    numbers = [float(v) for v in values if isinstance(v, Real) and not isinstance(v, bool)]
    if values and len(numbers) == len(values):
        low, high = min(numbers), max(numbers)
        if low == high:
            return None
        is_log = low > 0.0 and high / low > RATIO_OF_LOG
        return NumericUnit(name, low, high, log=is_log)
    plain = [v for v in values if isinstance(v, str | bool | int | float | None)]
    choices = list(dict.fromkeys(plain))
    if len(choices) < 2 or len(choices) > MAX_CONFIGURATIONS:
        return None
    return ChoiceUnit(name, tuple(choices))


def _representative(sources: Sequence[_Source]) -> list[dict[str, Any]]:
    """Return the best configurations of each study, and the others evenly."""
    n_each = max(MAX_CONFIGURATIONS // len(sources), 2)
    chosen = []
    for source in sources:
        order = np.argsort(source.losses, kind="stable")
        if len(order) > n_each:
            n_best = n_each // 2
            others = order[n_best:]
            spread = np.linspace(0, len(others) - 1, n_each - n_best).round().astype(int)
            order = np.concatenate([order[:n_best], others[spread]])
        chosen += [source.configurations[i] for i in order]
    return chosen


def _losses_at(source: _Source, units: Sequence[Unit], coordinates: FloatArray) -> FloatArray:
    """Return the standardised losses of a study at other configurations.

    They are the posterior mean of a Gaussian process, which tends to the mean loss where the study
    has no trials.
    """
    at = _middle(encode(units, _filled(units, source.configurations), ANY_DATA))
    targets = standardised(source.losses[None])[0]
    level = float(targets.mean())
    blocks = np.repeat(np.arange(len(units)), [unit.width for unit in units])
    nothing = np.zeros(len(targets))
    theta = fit_hyperparameters(at, targets - level, nothing, blocks)
    model = GaussianProcess(at, targets - level, nothing, theta, blocks)
    return model.posterior(coordinates)[0] + level


def _filled(
    units: Sequence[Unit], configurations: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return configurations with NaN for parameters that they do not have."""
    return [{u.name: config.get(u.name, np.nan) for u in units} for config in configurations]


def _middle(coordinates: FloatArray) -> FloatArray:
    """Replace unknown coordinates by the mean of the known ones."""
    known = ~np.isnan(coordinates)
    counts = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, coordinates, 0.0).sum(axis=0) / counts
    return np.where(known, coordinates, means)


def read_sources(given: Any) -> tuple[list[Prior], list[Study]]:
    """Return the priors and the studies that a user gave as ``prior=`` of a search."""
    items = list(given) if isinstance(given, list | tuple) else [given]
    priors = [item for item in items if isinstance(item, Prior)]
    others = [
        item
        for item in items
        if not isinstance(item, Prior) and not (isinstance(item, str) and item == "auto")
    ]
    for item in others:
        is_storage = isinstance(item, str | os.PathLike)
        if not (is_storage or isinstance(item, Study) or hasattr(item, "fit")):
            raise TypeError(
                "`prior` must be 'auto', None, a fitted search, a study, a storage (its URL or "
                f"path), a Prior, or a list of these; got {item!r}."
            )
    return priors, _studies(others)


def own_priors(
    priors: Sequence[Prior], studies: Sequence[Study], taken: Collection[tuple[str, int]] = ()
) -> list[Prior]:
    """Return all priors of a search: those that were given, and one learned from the studies.

    Parameters
    ----------
    priors : sequence of Prior
        The given priors.
    studies : sequence of Study
        The given studies.
    taken : collection of tuples
        Trials from which nothing is learned, as the search has their results: the name of the
        study and the number of the trial.
    """
    sources = _sources(studies, taken)
    if not studies or (taken and not sources):
        return list(priors)
    return [*priors, _learn(sources)]


def own_priors_of_each(
    priors: Sequence[Prior],
    studies: Sequence[Study],
    taken: Collection[tuple[str, int]],
    names: Sequence[str],
    first_score: int,
) -> list[list[Prior]]:
    """Return the priors of each objective of a search with several.

    Parameters
    ----------
    priors : sequence of Prior
        The given priors, which are those of the first score.
    studies : sequence of Study
        The given studies. Those with one objective count for the first score, the others for
        objectives of the same name.
    taken : collection of tuples
        Trials from which nothing is learned: the name of the study and the number of the trial.
    names : sequence of str
        Names of the objectives.
    first_score : int
        The first objective that is a score.

    Returns
    -------
    own : list of list of Prior
        By the objective.

    Raises
    ------
    ValueError
        If studies are given, and nothing can be learned from them.
    """
    sources = [_sources_of(name, studies, taken) for name in names]
    sources[first_score] += _sources(studies, taken)
    if studies and not taken and not any(sources):
        raise ValueError(
            f"A prior is learned from studies with at least {MIN_TRIALS} trials with known values, "
            f"with one objective or one of {list(names)}; there is none."
        )
    own = [[_learn(some)] if some else [] for some in sources]
    own[first_score] = [*priors, *own[first_score]]
    return own
