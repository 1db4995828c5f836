"""Bayesian optimisation by Gaussian processes, on mixed spaces, with numpy and scipy alone."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Never, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from skhpo.history import Columns
from skhpo.multi_objective import (
    is_nondominated,
    nondomination_rank,
    reference_point,
    select_by_hypervolume,
)
from skhpo.samplers._base import ColumnSampler
from skhpo.samplers._dialect import ConstraintsFunction, check_left_out
from skhpo.samplers._failures import has_failures, is_likely_to_fail, likely_last
from skhpo.samplers._gp_acquisition import (
    Acquisition,
    ExpectedHypervolumeImprovement,
    ExpectedImprovement,
    Feasibility,
    LowerConfidenceBound,
    ProbabilityOfImprovement,
    constrained,
)
from skhpo.samplers._gp_cost import (
    SECONDS,
    CostFunction,
    PerCost,
    record_cost,
    standardised_log,
)
from skhpo.samplers._gp_informed import InformedProcess, posteriors
from skhpo.samplers._gp_model import Features, GaussianProcess, fit_hyperparameters
from skhpo.samplers._gp_prior import LearnedLoss, LossPrior, Mixture, experts_of
from skhpo.samplers._gp_search import Landscape, MixtureLandscape, maximise
from skhpo.samplers._gp_transform import clip_infinite, scale, standardise
from skhpo.samplers._tpe import TPESampler
from skhpo.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["GPSampler"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Model = TypeVar("Model", GaussianProcess, InformedProcess)

ACQUISITIONS = ("logei", "ucb", "pi")
BETA = 1.8  # weight of the standard deviation in the confidence bound
NOISE_MARGIN = 0.5  # how far the incumbent is below the best mean, in sd of the noise
MARGIN = 0.1  # minimum improvement for "pi", in standard deviations of the targets
MIN_TRIALS_OF_GROUP = 4
MAX_TRIALS = 300  # that a model uses: if there are more, ...
N_NEWEST = 180  # ... these newest ones, and the best of the others
N_STARTUP_POINTS = 24  # candidates before there is a model, to choose one far from failures
N_PENDING = 100  # newest running trials that a model uses
REFIT_EACH = 30  # up to this many trials, each ask fits the hyperparameters ...
REFIT_GROWTH = 10  # ... and then only after each increase by a tenth
N_FITS_KEPT = 64
N_INCUMBENTS = 3
MAX_BOXES = 1000  # approximate number of boxes for several objectives

_THREADS_LOCK = threading.Lock()


class GPSampler(ColumnSampler):
    """Model the objective by a Gaussian process, and try the most promising point.

    This sampler suits few and expensive trials. It learns more from each trial than the other
    samplers, and takes only milliseconds per trial. It models floats, integers and categories
    jointly.

    Parameters
    ----------
    seed : int, optional
        Seed; None draws one from the system.
    independent_sampler : ColumnSampler, optional
        Draws while the model has too little data: in the first `n_startup_trials`, and for
        parameters that occur in fewer than 4 trials with known values. None draws from the prior.
    n_startup_trials : int, default=4
        Trials before the model is used.
    deterministic_objective : bool, default=False
        Whether the same parameters always give the same value. If so, the model has no noise,
        except a minimum for numerical stability.
    acquisition : {"logei", "ucb", "pi"}, default="logei"
        The acquisition function: the logarithm of the expected improvement, an optimistic bound
        (1.8 standard deviations from the posterior mean), or the probability of an improvement by
        a tenth of the losses' standard deviation. Several objectives require "logei".
    prior : LossPrior, optional
        What is known of the losses before the first trial. A search gives the sampler what
        `skhpo.priors` knows of its estimator. It is used for one objective without constraints,
        with "logei". With several objectives, a search gives the sampler what is known of each.
    constraints_func : callable, optional
        Called with the record of each trial that is complete or pruned; returns its constraints,
        numbers that are satisfied at 0 and below. ``trial.set_constraint`` in the objective does
        the same, and can be read while the trial runs.
    cost : callable or "seconds", optional
        What a trial costs. If it is given, the sampler maximises the improvement per unit of cost,
        and so reaches a good value sooner if costs differ much. A callable is called with the
        record of each trial that is complete or pruned, and returns a positive number, such as
        ``lambda trial: trial.params["n_estimators"]``. "seconds" is the duration of a trial; in a
        search, the mean seconds of its folds. Measured seconds differ from run to run: with
        "seconds" the same seed does not give the same result. Not with ``acquisition="ucb"``.
    **left_out
        Arguments of Optuna's sampler. Those that control warnings have no effect; others
        raise an error that states the reason.

    Raises
    ------
    ValueError
        If `n_startup_trials` is negative, `acquisition` is unknown, or `cost` is given with
        "ucb". When a trial is asked for: if `acquisition` is not "logei" and there are several
        objectives. When a trial ends: if its cost is not positive.
    TypeError
        If `independent_sampler` is not a `ColumnSampler`, or `cost` neither "seconds" nor a
        callable.

    Notes
    -----
    - The kernel is Matern 5/2 with one length-scale per parameter. Integers are rounded before
      the kernel is evaluated, and different choices of a category have distance 1.
      The hyperparameters maximise the posterior density under log-normal priors. They are fitted
      at each ask up to 30 trials, and then each time the number of trials has grown by a tenth.
      The fit starts at the mode of the prior, so proposals depend only on the seed, the trial's
      number and the trials so far.
    - Losses worse than the median are compressed logarithmically if this makes them more normal.
    - The improvement is measured from the best posterior mean minus half a standard deviation of
      the noise. The best observed value is not used, because it is partly due to luck.
    - Running trials are used with their predicted value ("kriging believer", Ginsbourger et al.
      2010), so parallel workers try different points.
    - Trials stopped early are used with the prediction of their value and its known variance if
      available, otherwise with the upper quartile of the known losses. Failed trials are used
      with the worst loss, and proposed points whose nearest trial failed come last.
    - Each of several objectives has its own model. The acquisition is the expected hypervolume
      improvement, computed exactly. Of a large front, it uses the points that together dominate
      the largest volume (44 points for three objectives, 18 for four).
    - Constraints are modelled too, and the acquisition is weighted by the probability that all
      are satisfied. While no trial is feasible, the acquisition is this probability alone.
    - With a `cost`, its logarithm has a model of its own, and the predicted logarithm is subtracted
      from that of the acquisition (Snoek et al. 2012). Cooling, which ignores the cost more and
      more as the budget is spent (Lee et al. 2020), did not do better in our benchmark.
    - If there are more than 300 trials, the model uses the 180 newest and the 120 best of the
      others, so the time of an ask is bounded: with ten parameters about 10 ms at 50 trials,
      15 ms at 100 and 30 ms from 300 on, and 0.1 s when hyperparameters are fitted to 300 trials.
      The linear algebra library uses one thread during this time.
    - In a conditional space, each group of parameters that occur together is modelled on the
      trials that have it. Parameters on which others depend are drawn as by `TPESampler`, because
      their average loss says little about the best loss that they allow.
    - With a `prior`, further models have the learned mean and covariance, or the learned covariance
      alone. The models are weighted by the marginal likelihoods of the losses, so a wrong prior
      soon has no effect. With several objectives, each of which something is known has such
      models, and the acquisition uses the mean and the variance of their mixture.
    - Proposed points are new, unless the search finds no untried point.

    References
    ----------
    C. E. Rasmussen and C. K. I. Williams, "Gaussian processes for machine learning", 2006.

    S. Ament et al., "Unexpected improvements to expected improvement for Bayesian
    optimization", NeurIPS 2023.

    D. Ginsbourger et al., "Kriging is well-suited to parallelize optimization", 2010.

    M. Emmerich et al., "Hypervolume-based expected improvement: Monotonicity properties and exact
    computation", CEC 2011.

    Z. Wang et al., "Pre-trained Gaussian processes for Bayesian optimization", JMLR 25 (2024).

    J. Gardner et al., "Bayesian optimization with inequality constraints", ICML 2014.

    J. Snoek et al., "Practical Bayesian optimization of machine learning algorithms", NeurIPS
    2012.

    E. H. Lee et al., "Cost-aware Bayesian optimization", 2020, arXiv:2003.10870.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.samplers import GPSampler
    >>> def objective(trial):
    ...     x = trial.suggest_float("x", -5, 5)
    ...     y = trial.suggest_int("y", -5, 5)
    ...     return (x - 1) ** 2 + (y + 2) ** 2
    >>> study = skhpo.create_study(sampler=GPSampler(seed=0))
    >>> study.optimize(objective, n_trials=30)
    >>> study.best_value < 0.1
    True

    A sampler that weighs the improvement against the number of trees:

    >>> sampler = GPSampler(cost=lambda trial: trial.params["n_estimators"])
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        independent_sampler: ColumnSampler | None = None,
        n_startup_trials: int = 4,
        deterministic_objective: bool = False,
        acquisition: str = "logei",
        prior: LossPrior | None = None,
        constraints_func: ConstraintsFunction | None = None,
        cost: CostFunction | str | None = None,
        **left_out: Never,
    ) -> None:
        check_left_out(GPSampler, left_out, {})
        if n_startup_trials < 0:
            raise ValueError(f"`n_startup_trials` must be 0 or more; got {n_startup_trials}.")
        if acquisition not in ACQUISITIONS:
            raise ValueError(f"`acquisition` must be one of {ACQUISITIONS}; got {acquisition!r}.")
        if not isinstance(independent_sampler, ColumnSampler | None):
            raise TypeError(
                f"`independent_sampler` must be a ColumnSampler or None; got {independent_sampler}."
            )
        if not (cost is None or cost == SECONDS or callable(cost)):
            raise TypeError(f"`cost` must be a callable, {SECONDS!r} or None; got {cost!r}.")
        if cost is not None and acquisition == "ucb":
            raise ValueError(
                "`cost` needs an acquisition that can be divided by it, 'logei' or 'pi'; got 'ucb'."
            )
        super().__init__(seed=seed)
        self.independent_sampler = independent_sampler
        self.n_startup_trials = n_startup_trials
        self.deterministic_objective = deterministic_objective
        self.acquisition = acquisition
        self.prior = prior
        self.constraints_func = constraints_func
        self.cost = cost
        self._tpe = TPESampler(seed=seed, n_startup_trials=0)
        self._priors: dict[int, LossPrior] = {}  # by the objective, if there are several
        self._fits: dict[bytes, FloatArray] = {}  # hyperparameters by digest of the data

    @property
    def uses_seconds(self) -> bool:
        """Return whether the draws depend on the measured seconds of earlier trials."""
        return self.cost == SECONDS

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Compute the constraints and the cost of the trial, if there are functions for them."""
        super().after_trial(study, trial, state, values)
        if self.cost is not None and state in (TrialState.COMPLETE, TrialState.PRUNED):
            record_cost(study, trial, state, self.cost)

    def set_prior(self, prior: LossPrior, objective: int | None = None) -> None:
        """Use a prior of the single objective, unless one was given, or of one among several."""
        if objective is not None:
            self._priors[objective] = prior
        elif self.prior is None:
            self.prior = prior

    def propose(self, columns: Columns, rng: np.random.Generator) -> NDArray[np.float64]:
        """Propose points with a large acquisition, the largest first."""
        history = columns.history
        if history.n_objectives > 1 and self.acquisition != "logei":
            raise ValueError(
                f"`acquisition` must be 'logei' for several objectives; got {self.acquisition!r}."
            )
        learned = self._learned(columns)
        if not learned:
            has_too_few = len(columns.known) < MIN_TRIALS_OF_GROUP
            if history.n_finished < self.n_startup_trials or has_too_few:
                if self.independent_sampler is not None:
                    return self.independent_sampler.propose(columns, rng)
                n_points = N_STARTUP_POINTS if has_failures(columns) else 1
                return likely_last(rng.random((n_points, len(columns.names))), columns)
            if _others_depend_on(columns):
                return self._tpe.propose(columns, rng)
        tried = columns.points[np.concatenate([columns.finished, columns.pending])]
        features = Features(columns.distributions, tried, rng)
        # With matrices this small, threads cost more than they save, and change the last digits.
        with _THREADS_LOCK, _thread_pools().limit(limits=1, user_api="blas"):
            landscape: Landscape | MixtureLandscape
            if learned:
                landscape, incumbents = self._mixture_landscape(columns, features, learned)
            else:
                landscape, incumbents = self._landscape(columns, features)
            is_last = partial(is_likely_to_fail, columns=columns)
            return maximise(
                landscape,
                columns.points[incumbents],
                tried,
                rng,
                is_last=is_last if has_failures(columns) else None,
            )

    def _learned(self, columns: Columns) -> Sequence[LearnedLoss]:
        """Return what the prior knows of these parameters; empty if the plain model must do."""
        history = columns.history
        is_simple = (
            history.n_objectives == 1
            and history.constraints.shape[1] == 0
            and self.acquisition == "logei"
        )
        if self.prior is None or not is_simple or len(columns.known) == 0:
            return ()
        return self.prior.bind(columns.names, columns.distributions)

    def _mixture_landscape(
        self, columns: Columns, features: Features, learned: Sequence[LearnedLoss]
    ) -> tuple[MixtureLandscape, IntArray]:
        """Return the acquisition of all models, and the rows of the most promising trials."""
        history = columns.history
        loss = clip_infinite(history.losses[:, 0])
        theta = self._hyperparameters(columns, features, loss, 0)
        rows = _seen(columns, columns.known)
        unknown = columns.unknown[-N_PENDING:]
        is_failed = history.state[unknown] == TrialState.FAIL
        guesses = np.where(is_failed, loss[rows].max(), np.quantile(loss[rows], 0.75))
        mixture = Mixture(
            experts_of(learned, features, theta, is_noisy=not self.deterministic_objective),
            columns.points[np.concatenate([rows, unknown])],
            np.concatenate([loss[rows], guesses]),
            np.concatenate([history.variances[rows, 0], np.zeros(len(unknown))]),
            columns.points[columns.pending[-N_PENDING:]],
        )
        cost, spread = None, 0.0
        if self.cost is not None:
            cost, spread = self._cost_model(columns, features)

        def acquisition(points: FloatArray) -> FloatArray:
            value = mixture(points)
            return value if cost is None else value - spread * cost.posterior(features(points))[0]

        means = mixture.mean(columns.points[rows])
        incumbents = rows[np.argsort(means, kind="stable")[:N_INCUMBENTS]]
        return MixtureLandscape(features, acquisition), incumbents

    def _hyperparameters(
        self, columns: Columns, features: Features, loss: FloatArray, k: int
    ) -> FloatArray:
        """Return the hyperparameters of the plain model of objective `k`."""
        known = columns.known
        rows = _seen(columns, known[: _fit_size(len(known))])
        targets, variance = standardise(loss[rows], columns.history.variances[rows, k])
        return self._fit(features(columns.points[rows]), targets, variance, features.blocks)

    def _landscape(
        self, columns: Columns, features: Features
    ) -> tuple[Landscape | MixtureLandscape, IntArray]:
        """Return the acquisition, and the rows of the most promising trials so far."""
        history = columns.history
        rows = _seen(columns, columns.known)
        feasible = rows[~(history.violation[rows] > 0.0)]
        models: list[GaussianProcess | InformedProcess] = []
        acquisitions: list[Acquisition] = []
        incumbents = rows[np.argsort(history.violation[rows], kind="stable")[:N_INCUMBENTS]]
        if len(feasible):
            models = [
                self._objective_model(columns, features, k) for k in range(history.n_objectives)
            ]
            means, _ = posteriors(models, features, columns.points[feasible])
            acquisitions.append(self._acquisition(means, models))
            incumbents = feasible[_promising(means)]
        constraints, feasibility = self._constraint_models(columns, features)
        if feasibility is not None:
            acquisitions.append(feasibility)
        acquisition = acquisitions[0]
        if len(acquisitions) == 2:
            acquisition = constrained(acquisitions[0], len(models), acquisitions[1])
        models = [*models, *constraints]
        if self.cost is not None:
            model, spread = self._cost_model(columns, features)
            if model is not None:
                models, acquisition = [*models, model], PerCost(acquisition, spread)
        plain = [model for model in models if isinstance(model, GaussianProcess)]
        if len(plain) == len(models):
            return Landscape(features, plain, acquisition), incumbents

        def value(points: FloatArray) -> FloatArray:
            return acquisition(*posteriors(models, features, points))[0]

        return MixtureLandscape(features, value), incumbents

    def _acquisition(
        self, means: FloatArray, models: Sequence[GaussianProcess | InformedProcess]
    ) -> Acquisition:
        """Return the acquisition of the objectives, from their means at the feasible trials."""
        if len(models) == 1:
            incumbent = float(means.min() - NOISE_MARGIN * np.sqrt(models[0].noise))
            match self.acquisition:
                case "ucb":
                    return LowerConfidenceBound(BETA)
                case "pi":
                    return ProbabilityOfImprovement(incumbent - MARGIN)
                case _:
                    return ExpectedImprovement(incumbent)
        reference = reference_point(means)
        front = np.unique(means[is_nondominated(means)], axis=0)
        n_seen = _front_size(len(models))
        if len(front) > n_seen:
            front = front[select_by_hypervolume(front, n_seen, reference)]
        return ExpectedHypervolumeImprovement(front, reference)

    def _objective_model(
        self, columns: Columns, features: Features, k: int
    ) -> GaussianProcess | InformedProcess:
        """Return a model of objective `k`, which starts from what is known of it."""
        history = columns.history
        loss = clip_infinite(history.losses[:, k])
        theta = self._hyperparameters(columns, features, loss, k)
        rows = _seen(columns, columns.known)
        targets, variance = standardise(loss[rows], history.variances[rows, k])
        unknown = columns.unknown[-N_PENDING:]
        is_failed = history.state[unknown] == TrialState.FAIL
        guesses = np.where(is_failed, targets.max(), np.quantile(targets, 0.75))
        data = (
            np.concatenate([rows, unknown]),
            np.concatenate([targets, guesses]),
            np.concatenate([variance, np.zeros(len(unknown))]),
        )
        prior = self._priors.get(k) if history.n_objectives > 1 else None
        sources = () if prior is None else prior.bind(columns.names, columns.distributions)
        if not sources:
            return _condition(columns, features, *data, theta)
        return _condition_informed(sources, columns, features, *data, theta)

    def _constraint_models(
        self, columns: Columns, features: Features
    ) -> tuple[list[GaussianProcess], Feasibility | None]:
        """Return a Gaussian process per constraint, and the probability that all are satisfied."""
        models, thresholds = [], []
        for values in columns.history.constraints.T:
            known = columns.finished[~np.isnan(values[columns.finished])]
            if len(known) == 0:
                continue
            values = clip_infinite(values)
            rows = known[: _fit_size(len(known))][-MAX_TRIALS:]
            targets, _ = scale(values[rows])
            theta = self._fit(
                features(columns.points[rows]), targets, np.zeros(len(rows)), features.blocks
            )
            rows = known[-MAX_TRIALS:]
            targets, threshold = scale(values[rows])
            variance = np.zeros(len(rows))
            models.append(_condition(columns, features, rows, targets, variance, theta))
            thresholds.append(threshold)
        return models, Feasibility(np.array(thresholds)) if models else None

    def _cost_model(
        self, columns: Columns, features: Features
    ) -> tuple[GaussianProcess | None, float]:
        """Return a Gaussian process of the logarithm of the cost, and the scale of its outputs.

        None if too few costs are known, or if all are equal.
        """
        costs = columns.history.costs
        known = columns.finished[~np.isnan(costs[columns.finished])]
        if len(known) < MIN_TRIALS_OF_GROUP:
            return None, 0.0
        rows = known[: _fit_size(len(known))][-MAX_TRIALS:]
        targets, _ = standardised_log(costs[rows])
        theta = self._fit(
            features(columns.points[rows]), targets, np.zeros(len(rows)), features.blocks
        )
        rows = known[-MAX_TRIALS:]
        targets, spread = standardised_log(costs[rows])
        if spread == 0.0:
            return None, 0.0
        return _condition(columns, features, rows, targets, np.zeros(len(rows)), theta), spread

    def _fit(
        self, features: FloatArray, targets: FloatArray, variance: FloatArray, blocks: IntArray
    ) -> FloatArray:
        """Return the hyperparameters, fitted or cached from an earlier ask with the same data."""
        data = features, targets, variance, blocks
        digest = hashlib.blake2b(digest_size=16)
        for array in data:
            digest.update(np.ascontiguousarray(array))
        key = digest.digest()
        if key not in self._fits:
            self._fits[key] = fit_hyperparameters(*data, is_noisy=not self.deterministic_objective)
            if len(self._fits) > N_FITS_KEPT:
                del self._fits[next(iter(self._fits))]
        return self._fits[key]


@cache
def _thread_pools() -> ThreadpoolController:
    """Return a controller of the loaded numerical libraries."""
    return ThreadpoolController()


def _condition(
    columns: Columns,
    features: Features,
    rows: IntArray,
    targets: FloatArray,
    variance: FloatArray,
    theta: FloatArray,
) -> GaussianProcess:
    """Condition on finished trials, and on running trials with their predicted values."""

    def make(points: FloatArray, targets: FloatArray, variance: FloatArray) -> GaussianProcess:
        return GaussianProcess(features(points), targets, variance, theta, features.blocks)

    return _with_running(make, columns, features, rows, targets, variance)


def _condition_informed(
    sources: Sequence[LearnedLoss],
    columns: Columns,
    features: Features,
    rows: IntArray,
    targets: FloatArray,
    variance: FloatArray,
    theta: FloatArray,
) -> InformedProcess:
    """Do the same with what is known of the losses."""

    def make(points: FloatArray, targets: FloatArray, variance: FloatArray) -> InformedProcess:
        return InformedProcess(sources, features, points, targets, variance, theta)

    return _with_running(make, columns, features, rows, targets, variance)


def _with_running(
    make: Callable[[FloatArray, FloatArray, FloatArray], Model],
    columns: Columns,
    features: Features,
    rows: IntArray,
    targets: FloatArray,
    variance: FloatArray,
) -> Model:
    """Make a model of finished trials, and of running trials with the values it predicts."""
    model = make(columns.points[rows], targets, variance)
    pending = columns.pending[-N_PENDING:]
    if len(pending) == 0:
        return model
    predicted, _ = posteriors([model], features, columns.points[pending])
    return make(
        columns.points[np.concatenate([rows, pending])],
        np.concatenate([targets, predicted[:, 0]]),
        np.concatenate([variance, np.zeros(len(pending))]),
    )


def _seen(columns: Columns, rows: IntArray) -> IntArray:
    """Return the trials that a model uses, by number: all, or the newest and the best others."""
    if len(rows) <= MAX_TRIALS:
        return rows
    history = columns.history
    older, newest = rows[:-N_NEWEST], rows[-N_NEWEST:]
    n_best = MAX_TRIALS - N_NEWEST
    rank = nondomination_rank(history.losses[older], history.violation[older], n_below=n_best)
    best = np.argsort(rank, kind="stable")[:n_best]
    return np.concatenate([older[np.sort(best)], newest])


def _others_depend_on(columns: Columns) -> bool:
    """Return whether another parameter occurs only with these, but not always."""
    history = columns.history
    together = np.zeros(history.n_trials, dtype=bool)
    together[columns.finished] = True
    for name, distribution in history.distributions.items():
        if name not in columns.names:
            rows = history.columns({name: distribution}).finished
            if 0 < len(rows) < len(columns.finished) and together[rows].all():
                return True
    return False


def _fit_size(n_trials: int) -> int:
    """Return how many of the first trials to fit the hyperparameters to.

    All trials up to ``REFIT_EACH``; beyond, the size grows in steps of a tenth.
    """
    size = min(n_trials, REFIT_EACH)
    while size + size // REFIT_GROWTH <= n_trials and size >= REFIT_EACH:
        size += size // REFIT_GROWTH
    return size


def _front_size(n_objectives: int) -> int:
    """Return the size of a front with about ``MAX_BOXES`` boxes."""
    n_axes = n_objectives - 1
    return int((MAX_BOXES * math.factorial(n_axes)) ** (1.0 / n_axes))


def _promising(means: FloatArray) -> IntArray:
    """Return indices of the best predicted losses, or of the front for several objectives."""
    if means.shape[1] == 1:
        return np.argsort(means[:, 0], kind="stable")[:N_INCUMBENTS]
    return np.flatnonzero(is_nondominated(means))
