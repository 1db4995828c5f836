"""Base class of the searches: the steps of ``fit``."""

from __future__ import annotations

import copy
import inspect
import math
import numbers
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import ParameterGrid, ParameterSampler
from sklearn.utils import Tags, get_tags

from skhpo._hints import did_you_mean
from skhpo._sklearn import (
    BaseSearchCV,
    FitCallbacks,
    HasMethods,
    Interval,
    MultimetricScorer,
    StrOptions,
    fit_context,
    scorers_by_name,
    warn_or_raise_about_fit_failures,
)
from skhpo._warnings import warn_user
from skhpo.boosting import EarlyStopping
from skhpo.callbacks import RefitEvent, SearchCallback, SearchEvent
from skhpo.exceptions import (
    SearchInterruptedWarning,
)
from skhpo.priors import Prior
from skhpo.pruners import BasePruner, NopPruner, RacingPruner
from skhpo.pruners._by_name import PRUNERS, get_pruner
from skhpo.samplers import BaseSampler, TPESampler
from skhpo.samplers._by_name import SAMPLERS, get_sampler
from skhpo.search._arguments import (
    ChecksWords,
    check_words_of_set_params,
    validate_arguments,
)
from skhpo.search._beginning import Beginning, find_known
from skhpo.search._cloning import clone_with
from skhpo.search._cv_results import format_results, in_order_of_rows, performed
from skhpo.search._evaluations import make_evaluations
from skhpo.search._out_of_fold import (
    best_with_predictions,
    make_kept_predictions,
    predictions_of,
)
from skhpo.search._predictions import add_predictions
from skhpo.search._progress import Progress
from skhpo.search._records import Candidate
from skhpo.search._representation import summary_html, with_readable_ranges
from skhpo.search._setup import Setup, make_setup, window_size
from skhpo.search.execution._controller import StudyController
from skhpo.search.execution._fit_budget import FitBudget
from skhpo.search.execution._fold_runner import FoldRunner
from skhpo.search.execution._listeners import Listeners, functions_of, listeners_of
from skhpo.search.execution._run import run
from skhpo.search.execution._scheduler import Scheduler
from skhpo.search.execution._workers import open_workers
from skhpo.search.fidelity._early_stopping import (
    fit_params_for_refit,
    params_for_refit,
    relative_rounds,
)
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan, FoldPlan, RungPlan
from skhpo.search.fidelity._resource import N_SAMPLES, pruner_on
from skhpo.search.objectives._problem import Problem
from skhpo.search.persistence._checkpoint import Checkpoint
from skhpo.search.persistence._coordination import record, run_with_others
from skhpo.search.persistence._fingerprint import describe_candidates, make_fingerprint
from skhpo.search.persistence._open_study import open_study
from skhpo.search.selection._callable_refit import choose
from skhpo.search.selection._kept_predictions import KeptPredictions
from skhpo.storages import BaseStorage
from skhpo.study import Study
from skhpo.study._study import StudyCallback
from skhpo.tracking._autologging import autologging, without_autologging

__all__ = ["BaseStudySearchCV"]

_SPACES = [dict, list, ParameterGrid, ParameterSampler, StrOptions({"suggest"}), None]


class BaseStudySearchCV(BaseSearchCV, ChecksWords):
    """Base class of all searches: the steps of ``fit``, which uses a study.

    A subclass lists its arguments in its own ``__init__``, as scikit-learn's estimators do.
    Its :meth:`_make_problem` defines the objectives, and its :meth:`_select` chooses the best
    candidate.

    Parameters
    ----------
    estimator : estimator object
        The estimator to tune.
    param_distributions : object
        The search space.
    **arguments : dict of str to object
        All further arguments of the subclass, by name.
    """

    study_: Study
    cv_results_: dict[str, Any]
    evaluations_: dict[str, NDArray[Any]]
    oof_predictions_: dict[int, Any]
    oof_methods_: dict[int, str]
    best_estimator_: Any
    best_score_: float
    best_params_: dict[str, Any]
    best_index_: int
    scorer_: Any
    n_splits_: int
    refit_time_: float
    multimetric_: bool
    feature_names_in_: NDArray[np.object_]

    # Arguments that some searches have.
    resource: str | None = None
    min_resources: int | str = "auto"
    max_resources: int | str = "auto"
    default_space: ClassVar[str | None] = None  # the space if none is given
    default_resource: ClassVar[str | None] = None  # the meaning of `resource="auto"`

    # Arguments that all searches have.
    param_distributions: Any
    param_grid: Any
    n_iter: int | Literal["auto"] | None
    max_fits: int | None
    random_state: Any
    sampler: BaseSampler | str | None
    pruner: BasePruner | str | None
    timeout: float | None
    fit_timeout: float | None
    fit_memory: int | str | None
    callbacks: Sequence[SearchCallback | StudyCallback] | None
    storage: str | os.PathLike[str] | BaseStorage | None
    study_name: str | None
    enqueue: Any
    early_stopping: EarlyStopping | str | None
    share_steps: bool | str
    n_confirm: int
    prior: Any
    submodels: Literal["auto"] | bool
    keep_predictions: int

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseSearchCV._parameter_constraints,
        "param_distributions": _SPACES,
        "param_grid": _SPACES,
        "n_iter": [Interval(numbers.Integral, 1, None, closed="left"), StrOptions({"auto"}), None],
        "max_fits": [Interval(numbers.Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
        "sampler": [BaseSampler, StrOptions(set(SAMPLERS)), None],
        "pruner": [BasePruner, StrOptions({"auto", *PRUNERS}), None],
        "timeout": [Interval(numbers.Real, 0, None, closed="neither"), None],
        "fit_timeout": [Interval(numbers.Real, 0, None, closed="neither"), None],
        "fit_memory": [Interval(numbers.Real, 0, None, closed="neither"), str, None],
        "callbacks": [list, tuple, None],
        "storage": [str, os.PathLike, BaseStorage, None],
        "study_name": [str, None],
        "enqueue": [StrOptions({"defaults"}), list, tuple, None],
        "early_stopping": [StrOptions({"fold", "inner"}), EarlyStopping, None],
        "share_steps": ["boolean", str],
        "n_confirm": [Interval(numbers.Integral, 0, None, closed="left")],
        "prior": [
            StrOptions({"auto"}),
            Prior,
            Study,
            HasMethods("fit"),
            str,
            os.PathLike,
            list,
            tuple,
            None,
        ],
        "submodels": [StrOptions({"auto"}), "boolean"],
        "keep_predictions": [Interval(numbers.Integral, 0, None, closed="left")],
    }

    def __init__(self, estimator: Any, param_distributions: Any, **arguments: Any) -> None:
        of_scikit_learn = inspect.signature(BaseSearchCV.__init__).parameters
        super().__init__(
            estimator, **{n: value for n, value in arguments.items() if n in of_scikit_learn}
        )
        self.param_distributions = param_distributions
        for name, value in arguments.items():
            setattr(self, name, value)

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Run the search, and refit the estimator with the best parameters.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, n_samples)
            Training data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Targets; None for unsupervised learning.
        **params : dict of str to object
            Passed to the ``fit`` of the estimator, to the scorer and to the splitter, as in
            scikit-learn's searches. Parameters with one value per sample are restricted to the
            rows of the fold.

        Returns
        -------
        self : estimator
            The fitted search.

        Raises
        ------
        ValueError
            Before the first fold, if a parameter of the search or the space is not valid. After
            the last fold, if every fit failed.
        skhpo.exceptions.StudyMismatchError
            If the study in the storage belongs to a search that differs in its estimator, space,
            splits, scoring (with `error_score` and `return_train_score`), objectives or their
            directions, resource, early stopping or data.
        skhpo.exceptions.StorageInternalError
            If the storage fails. The results stored so far are kept.
        """
        setup = make_setup(self, self._make_problem(), X, y, params)
        self.n_splits_ = len(setup.splits)
        callbacks = FitCallbacks(self, {"X": setup.X, "y": setup.y, "metadata": setup.metadata})
        with autologging(self.callbacks) as logging, callbacks.fit():
            listeners = Listeners([*listeners_of(self.callbacks), *logging.trackers])
            try:
                with without_autologging():
                    reason = self._search(setup, callbacks, listeners)
            except BaseException as error:
                is_interrupt = isinstance(error, KeyboardInterrupt)
                listeners.end("interrupt" if is_interrupt else "error")
                raise
            listeners.end(reason)
            if self.refit:
                with without_autologging(logging.is_complete):
                    self._refit(setup, callbacks)
                listeners.send("on_refit_end", self._refit_event(setup))
        return self

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the search, of its estimator and of its other parts.

        Parameters
        ----------
        **params : dict of str to object
            The parameters by name. The name of a parameter of a part has the name of the part and
            two underscores before it, as in ``estimator__C`` or ``pruner__alpha``. A `param_grid`
            replaces `param_distributions`, and vice versa.

        Returns
        -------
        self : estimator
            This search.
        """
        check_words_of_set_params(self, params)
        names = self.get_params(deep=False)  # a subclass may have only one of the two
        if params.get("param_grid") is not None and "param_distributions" in names:
            params.setdefault("param_distributions", None)
        elif params.get("param_distributions") is not None and "param_grid" in names:
            params.setdefault("param_grid", None)
        super().set_params(**params)
        return self

    def _validate_params(self) -> None:
        validate_arguments(self)

    def _check_refit_for_multimetric(self, scores: Mapping[str, Any]) -> None:
        try:
            super()._check_refit_for_multimetric(scores)
        except ValueError as error:
            raise ValueError(f"{error}{did_you_mean(self.refit, scores)}") from None

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a pickled search; arguments that are newer than the pickle get their defaults."""
        for name, argument in inspect.signature(type(self)).parameters.items():
            if argument.default is not inspect.Parameter.empty:
                state.setdefault(name, argument.default)
        super().__setstate__(state)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # The estimator's own fit checks whether y is required, as in scikit-learn's searches.
        tags.target_tags = replace(get_tags(self.estimator).target_tags, required=False)
        return tags

    # ------------------------------------------------------------------- the representation

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        return str(self._shown().__repr__(N_CHAR_MAX))

    def _repr_html_inner(self) -> str:
        """Return what was found, above scikit-learn's diagram."""
        return summary_html(self) + str(self._shown()._repr_html_inner())

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = self._shown()._repr_mimebundle_(**kwargs)
        if "text/html" in bundle:
            bundle["text/html"] = summary_html(self) + bundle["text/html"]
        return bundle

    def _shown(self) -> Any:
        """Return scikit-learn's representations of this search, with readable ranges."""
        return super(BaseStudySearchCV, with_readable_ranges(self))

    # --------------------------------------------------------------------- the steps of fit

    def _search(self, setup: Setup, callbacks: FitCallbacks, listeners: Listeners) -> str | None:
        """Run the candidates and choose the best; return why the search ended early, or None."""
        candidates, kept, reason = self._run_candidates(setup, callbacks, listeners)
        rows = in_order_of_rows([one for one in candidates if one.results], setup.space)
        self._keep_results(setup, rows)
        self._confirm(setup)
        self._select(setup)
        if kept is not None:
            self._predict_out_of_fold(setup, kept, rows, reason)
        return reason

    def _run_candidates(
        self, setup: Setup, callbacks: FitCallbacks, listeners: Listeners
    ) -> tuple[list[Candidate], KeptPredictions | None, str | None]:
        """Run the candidates; return them and those of other processes.

        Return also whose predictions are kept, and why the search ended early (or None).
        """
        pruner = self._make_pruner(setup)
        plan = self._make_plan(setup, pruner)
        kept = make_kept_predictions(self, setup, plan)
        budget = FitBudget(plan, self.max_fits, setup.n_candidates)
        sampler = self._make_sampler(setup)
        fingerprint, description = self._describe(setup)
        known = find_known(self, setup, plan, sampler, description)
        study, checkpoint = open_study(
            self,
            setup,
            sampler,
            pruner,
            fingerprint=fingerprint,
            description=description,
            earlier=known.earlier,
        )
        beginning = Beginning(setup, known.priors, study)
        beginning.note_in(study)
        setup.n_candidates = beginning.n_candidates
        budget.add_earlier(beginning.n_taken_over)
        start = self._search_event(setup, study, plan, budget)
        names = [objective.name for objective in setup.problem.objectives]
        with (
            callbacks.search(budget.n_candidates * plan.n_tasks),
            checkpoint.open(),
            open_workers(setup) as workers,
            Progress(self.verbose, start.n_candidates, start.max_fits, names) as progress,
            study.log.runs.begin(),
            listeners.also(progress) if self.verbose else nullcontext(),
        ):
            listeners.start(start)
            controller = self._controller(
                setup, study, plan, beginning.configs, budget, checkpoint, listeners, kept
            )
            scheduler = self._scheduler(setup, study, controller, workers.n_workers)
            evaluation = setup.evaluation.on_workers(
                workers.n_workers, caller=self if callbacks.are_given else None
            )
            runner = FoldRunner(setup, evaluation, plan, callbacks)
            recorder = partial(record, scheduler, controller, checkpoint)

            def run_what_there_is() -> str | None:
                return run(
                    scheduler, workers, runner.submit, runner.receive, setup.deadline, recorder
                )

            try:
                reason = run_with_others(
                    run_what_there_is, scheduler, study.log.runs, checkpoint, setup.deadline
                )
            finally:
                self.study_ = study
                with suppress(KeyboardInterrupt):  # the search is already ending
                    controller.call_back()  # for the last candidates
        candidates = controller.with_those_of_others(scheduler.candidates)
        is_planned = reason == "timeout" and math.isinf(budget.n_candidates)  # no other limit
        if reason is not None and not is_planned:
            self._warn_about_cut(reason, candidates, start.n_candidates)
        return candidates, kept, reason

    def _search_event(
        self, setup: Setup, study: Study, plan: EvaluationPlan, budget: FitBudget
    ) -> SearchEvent:
        n_candidates = setup.n_candidates
        return SearchEvent(
            search=self,
            study=study,
            n_candidates=None if math.isinf(n_candidates) else int(n_candidates),
            max_fits=budget.max_fits,
            n_folds=plan.n_folds,
            objectives=tuple(one.name or setup.refit_metric for one in setup.problem.objectives),
        )

    def _controller(
        self,
        setup: Setup,
        study: Study,
        plan: EvaluationPlan,
        first: Sequence[dict[str, Any]],
        budget: FitBudget,
        checkpoint: Checkpoint,
        listeners: Listeners,
        kept: KeptPredictions | None,
    ) -> StudyController:
        return StudyController(
            study,
            setup.space,
            plan=plan,
            problem=setup.problem,
            submodels=setup.submodels,
            enqueued=first,
            n_candidates=setup.n_candidates,
            budget=budget,
            in_order=setup.seed is not None,
            callbacks=functions_of(self.callbacks),
            listeners=listeners,
            checkpoint=checkpoint,
            kept=kept,
            stops_fits=setup.stopping is not None and setup.stopping.settings.prune,
        )

    def _scheduler(
        self, setup: Setup, study: Study, controller: StudyController, n_workers: int
    ) -> Scheduler:
        in_order = setup.seed is not None
        prunes = study.pruner.can_stop
        window = window_size(
            self.pre_dispatch,
            n_workers,
            setup.n_candidates,
            in_order=in_order,
            learns=prunes or study.sampler.learns,
        )
        return Scheduler(
            controller,
            n_candidates=setup.n_candidates,
            window=window,
            in_order=in_order,
            prunes=prunes,
            must_wait=controller.must_wait,
            begins_alone=controller.stops_fits,
        )

    def _keep_results(self, setup: Setup, rows: list[Candidate]) -> None:
        """Create ``cv_results_`` and ``evaluations_``; raise an error if every fit failed.

        Parameters
        ----------
        setup : Setup
            The setup of the fit.
        rows : list of Candidate
            The candidates with a result, one per row of ``cv_results_``.
        """
        results = performed(rows)
        if not results:
            raise ValueError(
                "No fits were performed. Was the CV iterator empty? Were there no candidates?"
            )
        errors = [{"fit_error": result.fit_error} for result in results]
        warn_or_raise_about_fit_failures(errors, self.error_score)
        plan = self._make_plan(setup, self.study_.pruner)
        self.cv_results_ = format_results(self, rows, plan, setup.stopping)
        self.evaluations_ = make_evaluations(rows, plan)
        self.oof_predictions_, self.oof_methods_ = {}, {}
        trials = self.study_.get_trials(deepcopy=False)
        add_predictions(self.cv_results_, rows, plan, setup.problem, trials)
        first_scores = performed(rows)[0].test_scores  # by now, failed fits have all metrics
        self.multimetric_ = isinstance(first_scores, dict)
        if callable(self.scoring) and isinstance(first_scores, dict):
            self._check_refit_for_multimetric(first_scores)
            setup.refit_metric = self.refit
        self._add_selection_bias(setup, rows)
        scorer = setup.evaluation.scorer
        is_multimetric = isinstance(scorer, MultimetricScorer)
        self.scorer_ = scorers_by_name(scorer) if is_multimetric else scorer

    def _add_selection_bias(self, setup: Setup, candidates: list[Candidate]) -> None:
        """Add the selection bias of the best scores to ``cv_results_``. Default: do nothing."""

    def _confirm(self, setup: Setup) -> None:
        """Evaluate the best candidates again, on new folds. Default: do nothing."""

    def _select(self, setup: Setup) -> None:
        """Choose the best candidate: set ``best_index_``, ``best_params_``, ``best_score_``."""
        raise NotImplementedError

    def _row_of_refit(self) -> int:
        """Return the row that a callable `refit` chooses."""
        return choose(partial(self._select_best_index, self.refit, ""), self.cv_results_)

    def _predict_out_of_fold(
        self,
        setup: Setup,
        kept: KeptPredictions,
        rows: list[Candidate],
        reason: str | None,
    ) -> None:
        """Set the out-of-fold predictions of the best candidates."""
        plan = self._make_plan(setup, self.study_.pruner)
        best = best_with_predictions(self, setup, plan, kept, rows, may_run=reason != "interrupt")
        for row, method, predictions in predictions_of(best, rows, plan, setup):
            self.oof_methods_[row] = method
            self.oof_predictions_[row] = predictions

    def _with_all_of_the_resource(self, setup: Setup, params: dict[str, Any]) -> dict[str, Any]:
        if setup.resource is None or setup.resource.name == N_SAMPLES:
            return params
        return params | {setup.resource.name: setup.resource.rungs[-1]}

    def _params_for_refit(self, setup: Setup, index: int) -> dict[str, Any]:
        """Return a candidate's parameters for the refit.

        They have the full amount of the resource and the number of rounds from its folds.
        """
        params = self._with_all_of_the_resource(setup, self.cv_results_["params"][index])
        if setup.stopping is not None:
            n_splits = len(setup.splits)
            columns = [self.cv_results_[f"split{k}_best_iteration"] for k in range(n_splits)]
            rounds = np.array([column[index] for column in columns])
            params = params_for_refit(self.estimator, params, rounds, setup.stopping, setup.growth)
        return params

    def _refit(self, setup: Setup, callbacks: FitCallbacks) -> None:
        """Fit the best candidate on all data."""
        estimator = clone_with(self.estimator, self.best_params_)
        with callbacks.refit(estimator):
            self.refit_time_ = self._fit_on_all(setup, estimator)
        self.best_estimator_ = estimator
        if hasattr(estimator, "feature_names_in_"):
            self.feature_names_in_ = estimator.feature_names_in_

    def _refit_event(self, setup: Setup) -> RefitEvent:
        return RefitEvent(
            search=self,
            params=self.best_params_,
            seconds=self.refit_time_,
            X=setup.X,
            y=setup.y,
        )

    def _fit_on_all(self, setup: Setup, estimator: Any) -> float:
        """Fit an estimator on all data; return the seconds it took."""
        fit_params = fit_params_for_refit(
            estimator, setup.evaluation.fit_params, setup.stopping, setup.X
        )
        start = time.time()
        if setup.y is None:
            estimator.fit(setup.X, **fit_params)
        else:
            estimator.fit(setup.X, setup.y, **fit_params)
        return time.time() - start

    # ---------------------------------------------------------------------- parts of the run

    def _make_sampler(self, setup: Setup) -> BaseSampler:
        sampler = (
            self._default_sampler()
            if self.sampler is None
            else get_sampler(copy.deepcopy(self.sampler))
        )
        if setup.seed is not None:
            sampler.reseed(setup.seed)
        is_given = isinstance(self.sampler, BaseSampler)
        stops_fits = setup.stopping is not None and len(setup.problem.objectives) == 1
        if isinstance(sampler, TPESampler) and stops_fits and not is_given:
            sampler.relative_cost = relative_rounds(self.estimator, setup.space)
        return sampler

    def _describe(self, setup: Setup) -> tuple[dict[str, str], dict[str, Any]]:
        """Return the fingerprint of the search, and what the results of candidates depend on."""
        try:
            fingerprint = make_fingerprint(self, setup)
        except Exception:  # data or parameters of the user's own that cannot be compared
            if self.storage is not None:
                raise
            return {}, {}
        return fingerprint, describe_candidates(self, setup, fingerprint)

    def _make_pruner(self, setup: Setup) -> BasePruner:
        if self.pruner is None:
            given: BasePruner | None = NopPruner()
        else:
            given = None if self.pruner == "auto" else get_pruner(copy.deepcopy(self.pruner))
        if setup.resource is not None:
            return pruner_on(setup.resource, given or self._default_pruner())
        return RacingPruner() if given is None else given

    def _make_plan(self, setup: Setup, pruner: BasePruner) -> EvaluationPlan:
        if setup.resource is None:
            return FoldPlan(pruner, len(setup.splits))
        return RungPlan(pruner, len(setup.splits), setup.resource)

    def _default_pruner(self) -> BasePruner | None:
        """Return the default pruner for a resource; None is successive halving."""
        return None

    def _default_sampler(self) -> BaseSampler:
        return TPESampler()

    def _make_problem(self) -> Problem:
        """Return the objectives and constraints of the search."""
        raise NotImplementedError

    def _warn_about_cut(
        self, reason: str, candidates: list[Candidate], n_candidates: int | None
    ) -> None:
        of_all = "" if n_candidates is None else f" of {n_candidates}"
        drawn = [candidate for candidate in candidates if not candidate.is_extra]
        n_begun = len(drawn)
        n_complete = sum(candidate.status == "complete" for candidate in drawn)
        if n_complete == 0 and reason == "interrupt":
            raise KeyboardInterrupt
        warn_user(
            f"The search was ended early by {self._cause(reason)}: {n_begun}{of_all} "
            f"candidates were begun, {n_complete} are complete. The best of these is used.",
            SearchInterruptedWarning,
        )

    def _cause(self, reason: str) -> str:
        return "Ctrl-C" if reason == "interrupt" else f"the timeout of {self.timeout} s"
