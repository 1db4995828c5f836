"""What a search begins with: results of the same data, and what is known of the estimator."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from skhpo.priors._bind import SpacePrior
from skhpo.priors._find import find_prior, is_known_metric
from skhpo.priors._learn import own_priors, own_priors_of_each, read_sources
from skhpo.priors._prior import Prior
from skhpo.samplers import BaseSampler
from skhpo.search.persistence._earlier import EarlierResult, find_earlier, taken_from

if TYPE_CHECKING:
    from skhpo.search._base import BaseStudySearchCV
    from skhpo.search._setup import Setup
    from skhpo.search.fidelity._evaluation_plan import EvaluationPlan
    from skhpo.study import Study

__all__ = ["PRIOR", "TAKEN_OVER", "Beginning", "Known", "find_known"]

PRIOR = "prior"  # user attribute of a study: what its search knew, and the trials it began with
TAKEN_OVER = "taken_over"  # user attribute of a study: trials from other studies, by their study
N_OF_PRIOR = 3  # configurations of a known estimator that are tried first, ...
N_OF_BRANCH = 2  # ... and of each one in a space with branches, which are all tried that often


@dataclass(frozen=True)
class Known:
    """What is known before the first candidate.

    Attributes
    ----------
    earlier : list of EarlierResult
        Results of earlier searches of the same data.
    priors : dict of int to SpacePrior
        What is known of the estimator, by the objective. Objectives of which nothing is known, or
        of which nothing should be used, are missing.
    """

    earlier: list[EarlierResult] = field(default_factory=list)
    priors: Mapping[int, SpacePrior] = field(default_factory=dict)


def find_known(
    search: BaseStudySearchCV,
    setup: Setup,
    plan: EvaluationPlan,
    sampler: BaseSampler,
    description: Mapping[str, Any],
) -> Known:
    """Read the `prior` of a search, and give it to the sampler.

    Parameters
    ----------
    search : BaseStudySearchCV
        The search.
    setup : Setup
        The setup of its fit.
    plan : EvaluationPlan
        The tasks of a candidate.
    sampler : BaseSampler
        The sampler. If it does not learn from results, no prior is used.
    description : mapping of str to object
        What the results of the search depend on.

    Returns
    -------
    known : Known
    """
    if search.prior is None:
        return Known()
    given, studies = read_sources(search.prior)
    earlier = find_earlier(search, setup, plan, description, studies)
    if not sampler.unwrapped.learns:
        return Known(earlier)
    # Results that are taken over say everything: they would count twice in a prior.
    taken = {(one.study_name, one.number) for one in earlier}
    if len(setup.problem.objectives) > 1:
        priors = _priors_of_objectives(search, setup, given, studies, taken)
        for objective, prior in priors.items():
            sampler.unwrapped.set_prior(prior, objective)
        return Known(earlier, priors)
    metric = search.scoring
    if isinstance(metric, Mapping):
        metric = metric.get(setup.refit_metric)
    elif not isinstance(metric, str):
        metric = setup.refit_metric
    name = metric if isinstance(metric, str) else None
    own = own_priors(given, studies, taken)
    single = find_prior(search.estimator, setup.space, setup.X, setup.y, name, own)
    if single is None:
        return Known(earlier)
    sampler.unwrapped.set_prior(single)
    return Known(earlier, {0: single})


def _priors_of_objectives(
    search: BaseStudySearchCV,
    setup: Setup,
    given: Sequence[Prior],
    studies: Sequence[Study],
    taken: Collection[tuple[str, int]],
) -> dict[int, SpacePrior]:
    """Return what is known of each of several objectives.

    Of costs, only earlier searches know something. What is known of common estimators is used if it
    is asked for.
    """
    objectives = setup.problem.objectives
    names = [str(one.name) for one in objectives]
    scores = [k for k, one in enumerate(objectives) if one.cost is None]
    own = own_priors_of_each(given, studies, taken, names, scores[0])
    items = search.prior if isinstance(search.prior, list | tuple) else [search.prior]
    is_auto = any(isinstance(item, str) and item == "auto" for item in items)
    found: dict[int, SpacePrior] = {}
    for k, one in enumerate(objectives):
        metric = one.scoring if isinstance(one.scoring, str) else None
        prior = find_prior(
            search.estimator, setup.space, setup.X, setup.y, metric, own[k],
            with_known=is_auto and metric is not None and is_known_metric(metric),
        )  # fmt: skip
        if prior is not None:
            found[k] = prior
    return found


class Beginning:
    """The candidates with which a search begins.

    First come those taken over, then those that the user or the estimator gives, then those that
    the prior of a single objective recommends. No candidate comes twice. Each further candidate
    that was taken over replaces a recommendation, as it says more about these data.

    Parameters
    ----------
    setup : Setup
        The setup of the fit.
    priors : mapping of int to SpacePrior
        What is known of the estimator, by the objective.
    study : Study
        The study, with the trials taken over.

    Attributes
    ----------
    n_taken_over : int
        Number of trials taken over.
    n_candidates : int or float
        Maximal number of candidates, with those taken over.
    configs : list of dict
        The first configurations, by the number of their trial; empty for trials taken over.
    """

    def __init__(self, setup: Setup, priors: Mapping[int, SpacePrior], study: Study) -> None:
        self._priors = priors
        space, key = setup.space, setup.space.config_key
        trials = study.get_trials(deepcopy=False)
        self._sources = taken_from(trials)
        taken = {number for numbers in self._sources.values() for number in numbers}
        known = {key(trials[number].params) for number in taken}
        self.n_taken_over = len(taken)
        self.n_candidates = min(setup.n_candidates + len(taken), space.n_candidates)
        own = [config for config in setup.enqueued if key(config) not in known]
        # With several objectives, what suits one of them in other data did not help: it has costs.
        is_single = len(setup.problem.objectives) == 1
        recommended = _recommended(setup, priors[0]) if is_single and priors else []
        n_further = len(known - {key(config) for config in (*setup.enqueued, *recommended)})
        recommended = [config for config in recommended if key(config) not in known]
        recommended = recommended[: max(len(recommended) - n_further, 0)]
        self.configs: list[dict[str, Any]] = [{}] * len(taken) + own + recommended
        new = islice((n for n in count() if n not in taken), len(own), len(own + recommended))
        self._of_prior = [number for number in new if number < self.n_candidates]

    def note_in(self, study: Study) -> None:
        """Record in the study where its trials come from, and what the prior contributed."""
        if self._sources:
            _note(study, TAKEN_OVER, self._sources)
        if self._priors:
            each = [source for prior in self._priors.values() for source in prior.describe()]
            sources = [one for i, one in enumerate(each) if one not in each[:i]]
            _note(study, PRIOR, {"sources": sources, "trials": self._of_prior})


def _recommended(setup: Setup, prior: SpacePrior) -> list[dict[str, Any]]:
    """Return the configurations that a prior recommends, besides the first ones."""
    n_each = N_OF_PRIOR if setup.space.branch_name is None else N_OF_BRANCH
    recommended: Sequence[dict[str, Any]] = prior.first_configs(setup.space, setup.enqueued, n_each)
    return [config for config in recommended if config not in setup.enqueued]


def _note(study: Study, key: str, value: Any) -> None:
    if study.user_attrs.get(key) != value:
        study.set_user_attr(key, value)
