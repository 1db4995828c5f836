"""What a search begins with: results of the same data, and what is known of the estimator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from skhpo.priors._bind import SpacePrior
from skhpo.priors._find import find_prior
from skhpo.priors._learn import own_priors, read_sources
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
    prior : SpacePrior or None
        What is known of the estimator; None if it is unknown or should not be used.
    """

    earlier: list[EarlierResult] = field(default_factory=list)
    prior: SpacePrior | None = None


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
    priors, studies = read_sources(search.prior)
    earlier = find_earlier(search, setup, plan, description, studies)
    if not sampler.unwrapped.learns:
        return Known(earlier)
    # Results that are taken over say everything: they would count twice in a prior.
    own = own_priors(priors, studies, {(one.study_name, one.number) for one in earlier})
    metric = search.scoring
    if isinstance(metric, Mapping):
        metric = metric.get(setup.refit_metric)
    elif not isinstance(metric, str):
        metric = setup.refit_metric
    name = metric if isinstance(metric, str) else None
    prior = find_prior(search.estimator, setup.space, setup.X, setup.y, name, own)
    if prior is not None:
        sampler.unwrapped.set_prior(prior)
    return Known(earlier, prior)


class Beginning:
    """The candidates with which a search begins.

    First come those taken over, then those that the user or the estimator gives, then those that
    the prior recommends. No candidate comes twice. Each further candidate that was taken over
    replaces a recommendation, as it says more about these data.

    Parameters
    ----------
    setup : Setup
        The setup of the fit.
    prior : SpacePrior or None
        What is known of the estimator.
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

    def __init__(self, setup: Setup, prior: SpacePrior | None, study: Study) -> None:
        self._prior = prior
        space, key = setup.space, setup.space.config_key
        trials = study.get_trials(deepcopy=False)
        self._sources = taken_from(trials)
        taken = {number for numbers in self._sources.values() for number in numbers}
        known = {key(trials[number].params) for number in taken}
        self.n_taken_over = len(taken)
        self.n_candidates = min(setup.n_candidates + len(taken), space.n_candidates)
        own = [config for config in setup.enqueued if key(config) not in known]
        recommended = [] if prior is None else _recommended(setup, prior)
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
        if self._prior is not None:
            sources = self._prior.describe()
            _note(study, PRIOR, {"sources": sources, "trials": self._of_prior})


def _recommended(setup: Setup, prior: SpacePrior) -> list[dict[str, Any]]:
    """Return the configurations that a prior recommends, besides the first ones."""
    n_each = N_OF_PRIOR if setup.space.branch_name is None else N_OF_BRANCH
    recommended: Sequence[dict[str, Any]] = prior.first_configs(setup.space, setup.enqueued, n_each)
    return [config for config in recommended if config not in setup.enqueued]


def _note(study: Study, key: str, value: Any) -> None:
    if study.user_attrs.get(key) != value:
        study.set_user_attr(key, value)
