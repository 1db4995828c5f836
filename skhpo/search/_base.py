"""The search that all others derive from; ``fit`` is told here, step by step."""

from __future__ import annotations

import copy
import inspect
import numbers
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid, ParameterSampler
from sklearn.utils import Tags, get_tags

from skhpo._hints import did_you_mean
from skhpo._sklearn import (
    BaseSearchCV,
    FitCallbacks,
    Interval,
    MultimetricScorer,
    StrOptions,
    fit_context,
    warn_or_raise_about_fit_failures,
)
from skhpo.boosting import EarlyStopping
from skhpo.callbacks import RefitEvent, SearchCallback, SearchEvent
from skhpo.exceptions import (
    SearchInterruptedWarning,
    SearchOverfitWarning,
)
from skhpo.parallel import Executor
from skhpo.pruners import BasePruner, NopPruner, RacingPruner
from skhpo.pruners._by_name import PRUNERS, get_pruner
from skhpo.samplers import BaseSampler, TPESampler
from skhpo.samplers._by_name import SAMPLERS, get_sampler
from skhpo.search._arguments import (
    ChecksWords,
    check_words_of_set_params,
    validate_arguments,
)
from skhpo.search._cv_results import format_results, in_order_of_rows, performed
from skhpo.search._predictions import add_predictions
from skhpo.search._progress import Progress
from skhpo.search._records import Candidate
from skhpo.search._setup import Setup, make_setup, window_size
from skhpo.search._warnings import warn_user
from skhpo.search.execution._controller import StudyController
from skhpo.search.execution._evaluation import Evaluation
from skhpo.search.execution._fold_runner import FoldRunner
from skhpo.search.execution._listeners import Listeners
from skhpo.search.execution._run import is_over, run
from skhpo.search.execution._scheduler import Scheduler
from skhpo.search.fidelity._early_stopping import (
    fit_params_for_refit,
    params_for_refit,
)
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan, FoldPlan, RungPlan
from skhpo.search.fidelity._resource import N_SAMPLES, pruner_on
from skhpo.search.objectives._problem import Problem, single_score
from skhpo.search.persistence._coordination import record, run_with_others
from skhpo.search.persistence._open_study import open_study
from skhpo.search.selection._callable_refit import choose
from skhpo.search.selection._reevaluation import Reevaluation
from skhpo.search.selection._rules import SimplestRule
from skhpo.search.selection._selection_bias import expected_optimism
from skhpo.storages import BaseStorage
from skhpo.study import Study
from skhpo.study._study import StudyCallback

__all__ = ["StudySearchCV"]

MANY = 10  # complete candidates from which on it is worth a warning that noise may have chosen
_SPACES = [dict, list, ParameterGrid, ParameterSampler, StrOptions({"suggest"}), None]
VERBOSE_OF_SCIKIT_LEARN = 3  # from here on each fold prints scikit-learn's own line


class StudySearchCV(BaseSearchCV, ChecksWords):
    """Hyperparameter search with cross-validation, driven by any sampler and pruner.

    Without a sampler given, it is :class:`skhpo.samplers.TPESampler`. The search learns from
    each candidate where to look next, stops a candidate after a few folds once it has little
    chance to win, and keeps all workers busy. It takes the place of
    :class:`sklearn.model_selection.RandomizedSearchCV` or
    :class:`~sklearn.model_selection.GridSearchCV`: the same call, the same attributes.

    Parameters
    ----------
    estimator : estimator object
        What to tune; it is cloned for each fit. Either it has a ``score`` method, or `scoring`
        is given.

    param_distributions : dict, list of dicts, or "suggest", default=None
        What to search: parameter names and their ranges, each

        - a list (or another sequence): its elements are the choices. Numbers are ordered by
          size, anything else (strings, None, estimators, ...) is without order;
        - a frozen distribution of scipy.stats: the range, and the prior;
        - any object with ``rvs(random_state=...)``: what it draws;
        - a :class:`skhpo.distributions.FloatDistribution`, ``IntDistribution``
          or ``CategoricalDistribution``, or Optuna's; a dimension of scikit-optimize, or its
          tuples ``(low, high, "uniform")`` and ``(low, high, "log-uniform")``.

        A list of dicts is a space with branches, of which each candidate takes one; a name may
        have another range in another branch. "suggest" takes a curated space for known
        estimators, see :func:`skhpo.suggest_space`.

    param_grid : dict, list of dicts, or "suggest", default=None
        Another name of `param_distributions`, that of scikit-learn's ``GridSearchCV``; one of the
        two is given.

    n_iter : int, default=50
        How many candidates are tried. A finite space with no more than that is searched
        once, whole.

    scoring : str, callable, list, tuple or dict, default=None
        What to maximise: a scorer's name, a callable ``scorer(estimator, X, y)``, or None for
        the estimator's ``score``. Several metrics, as a list, tuple or dict of scorers or as a
        callable that returns a dict, are all recorded; the search follows the one named by
        `refit`, or if `refit` names none, the first.

    n_jobs : int, default=None
        How many fits run at a time; None is 1, -1 is all processors. Within
        :func:`joblib.parallel_config` its backend and its number are used.

    refit : bool, str, or callable, default=True
        Whether to fit the estimator with the best parameters on all data. With several
        metrics, the name of the one to choose by. A callable is given ``cv_results_`` without
        the candidates that are not complete, and returns the row of that table to choose.

    cv : int, cross-validation generator or iterable, default=None
        How to split: a number of folds (None is 5; stratified for classifiers), a splitter, or
        an iterable of pairs of index arrays. The splits are drawn once a fit: all candidates
        meet the same.

    verbose : int, default=0
        1 shows a progress bar, 2 also a line a candidate, 3 and more also scikit-learn's
        line a fold.

    pre_dispatch : int or str, default="auto"
        How many candidates may be in flight: a number, "all", or an expression like "2*n_jobs".
        "auto" is 4 with an int `random_state`, otherwise the number of workers. With an int
        `random_state` the result depends on it: a candidate is chosen by the results of all but
        the newest ``pre_dispatch - 1`` before it.

    random_state : int, RandomState instance or None, default=None
        An int gives the same result (but for the times) at each fit with the same
        `pre_dispatch`, for any `n_jobs` and backend, if the estimator's own randomness is seeded,
        too. With None each result is used the moment it comes in.

    error_score : "raise" or numeric, default=np.nan
        The score of a fit that fails; "raise" raises its error instead. A candidate with a NaN
        score is not run further, unless ``pruner=None``.

    return_train_score : bool, default=False
        Whether to score on the training part of each fold, too, which takes time.

    sampler : BaseSampler or str, default=None
        Says which candidates to try: a sampler, or "auto", "tpe", "gp", "cmaes", "qmc", "random",
        "nsgaii", "nsgaiii" or "brute_force". None takes that of the class, named above.

    pruner : "auto", BasePruner, str or None, default="auto"
        Says after each fold whether a candidate stops: a pruner, or "racing", "median",
        "wilcoxon", "halving", "hyperband" or "nop". "auto" is
        :class:`skhpo.pruners.RacingPruner`. None runs every fold of every candidate.

    timeout : float, default=None
        Seconds after which the search, or its confirmation, stops, keeps what has finished and
        refits. The first candidate to be completed is waited for.

    fit_timeout : float, default=None
        Seconds that a fold's fit and scoring may take. A fold that goes past is ended, its score
        is `error_score`, and its candidate's status "timed out". Fits run in worker processes then,
        with one worker, too. The refit has no limit.

    fit_memory : int or str, default=None
        Resident memory, in bytes or as a text such as "2 GB", that the process of a fit may take,
        with what Python, its libraries and the data take; as for `fit_timeout`, with the status
        "out of memory".

    callbacks : list of SearchCallback or callable, default=None
        A :class:`skhpo.SearchCallback` is sent the events of the search. Any other callable is
        called as ``callback(study, trial)`` after each candidate, as in a study;
        ``study.stop()`` in one ends the search.

    storage : str, path or BaseStorage, default=None
        Where the search is kept as it runs: the path of an SQLite file, such as ``"search.db"``,
        the URL of a database (see :class:`skhpo.storages.RDBStorage`), or a storage. The same
        search fitted again goes on where it was cut, and several processes may fit it at once:
        they allocation its budget and what they learn. None keeps it in memory.

    study_name : str, default=None
        Name of the study in the storage. None makes one of the search, its estimator and its
        data, so that the same call finds its study again, and another one gets its own.

    enqueue : "defaults", list of dicts or None, default="defaults"
        Candidates to begin with. "defaults" is the estimator as it is given, where it lies
        in the space, so that the search never ends below it. Dicts may leave parameters out:
        these are sampled.

    early_stopping : {"fold", "inner"}, EarlyStopping or None, default=None
        Stop boosters (XGBoost, LightGBM, CatBoost, HistGradientBoosting, alone or at the end of a
        Pipeline) once they improve no more on an evaluation set, and refit with the number of
        rounds so found. "fold": the fold's test part, so that scores are somewhat too good;
        "inner": a part of its training rows, held out before anything is fitted. See
        :class:`skhpo.boosting.EarlyStopping`.

    resource : str or None, default="auto"
        What candidates get more of as they prove themselves: "n_samples", or an int parameter of
        the estimator such as "n_estimators" or "model__max_iter". "auto" is "n_samples" for
        HyperbandSearchCV, and None, no resource, for the other searches. A candidate runs all
        folds with a little of it, and only the best go on with three times as much (or the
        `pruner`'s ``reduction_factor``), without waiting for others. Where the estimator allows
        (``warm_start``, XGBoost, LightGBM), its training continues where it stood.

    min_resources : int or "auto", default="auto"
        The smallest amount. "auto" is a 27th of the largest, and enough rows for the folds. The
        first rung is the smallest amount from which factors of three lead to the largest.

    max_resources : int or "auto", default="auto"
        The largest amount. "auto" is all rows, or what the estimator has.

    n_confirm : int, default=0
        So many of the best candidates are run again, on fresh folds, drawn twice as the first were,
        and the best on these is chosen: the first folds favour whoever was lucky on them.

    Attributes
    ----------
    study_ : Study
        The study: its trials, sampler and pruner. Names of parameters in it equal those
        of the estimator, unless branches differ in a parameter's range.

    cv_results_ : dict of numpy (masked) ndarrays
        scikit-learn's columns, one row a candidate, and

        - ``trial_number``: of the candidate's trial in ``study_``. Rows are in the order asked;
          those of a finite space that was tried whole in the order of
          :class:`~sklearn.model_selection.ParameterGrid`, equal candidates once;
        - ``status``: "complete", "pruned", "failed", "timed out" (`fit_timeout`),
          "out of memory" (`fit_memory`), or "interrupted";
        - ``n_splits_evaluated``: how many folds were run;
        - ``optimism_test_score``, of the candidate with the best score: by how much that is likely
          to be too good, as it was chosen among many; NaN for the others;
        - ``predicted_test_score``, ``std_error_predicted_test_score``: of a complete candidate,
          its mean and 0; of one that was pruned or interrupted, what its mean over all folds is
          expected to be, and the standard error of that (with a `resource`, its score with the
          most that it got, and NaN); of one that failed, NaN;
        - with `n_confirm`, on the fresh folds: ``mean_confirmed_score``, ``std_confirmed_score``.

        Scores of folds that were not run are NaN, and so is the mean over them: a pruned
        candidate ranks last and is never chosen. With `early_stopping` there are
        ``split0_best_iteration``, ..., ``mean_best_iteration``: with how many rounds the models
        predict; and ``early_stopping_on``. With a `resource` there is ``n_resources``: the
        amount with which a candidate's scores were made, the largest that it got.

    best_estimator_ : estimator
        Refitted with the best parameters; if `refit` is not False.

    best_score_ : float
        Mean cross-validated score of the best candidate.

    best_params_ : dict
        Its parameters; with `early_stopping`, and the number of rounds for the refit.

    best_index_ : int
        Its row in ``cv_results_``.

    scorer_ : function or dict
        The scorer, or the scorers by name.

    n_splits_ : int
        Number of folds.

    refit_time_ : float
        Seconds the refit took.

    multimetric_ : bool
        Whether there are several metrics.

    classes_ : ndarray of shape (n_classes,)
        Class labels, of a classifier.

    n_features_in_ : int
        Number of features.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of features, if there were any.

    Warns
    -----
    SearchInterruptedWarning
        If Ctrl-C or the timeout ended the search early.
    SearchOverfitWarning
        If the best candidate is better than the estimator as given by no more than what choosing
        among many candidates brings by itself.

    See Also
    --------
    TPESearchCV : The search with the tree-structured Parzen estimator.
    RandomSearchCV : The search at random.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import StudySearchCV
    >>> from skhpo.samplers import RandomSampler
    >>> X, y = load_iris(return_X_y=True)
    >>> search = StudySearchCV(
    ...     SVC(), {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 1e1)},
    ...     n_iter=20, sampler=RandomSampler(), random_state=0,
    ... )
    >>> bool(search.fit(X, y).best_score_ > 0.95)
    True
    """

    study_: Study
    cv_results_: dict[str, Any]
    best_estimator_: Any
    best_score_: float
    best_params_: dict[str, Any]
    best_index_: int
    scorer_: Any
    n_splits_: int
    refit_time_: float
    multimetric_: bool
    feature_names_in_: NDArray[np.object_]

    _default_resource: ClassVar[str | None] = None  # what `resource="auto"` is

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseSearchCV._parameter_constraints,
        "param_distributions": _SPACES,
        "param_grid": _SPACES,
        "n_iter": [Interval(numbers.Integral, 1, None, closed="left")],
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
        "resource": [str, None],
        "min_resources": [Interval(numbers.Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "max_resources": [Interval(numbers.Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "n_confirm": [Interval(numbers.Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any = None,
        *,
        param_grid: Any = None,
        n_iter: int = 50,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: bool | str | Callable[[dict[str, Any]], int] = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "auto",
        random_state: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        sampler: BaseSampler | str | None = None,
        pruner: BasePruner | str | None = "auto",
        timeout: float | None = None,
        fit_timeout: float | None = None,
        fit_memory: int | str | None = None,
        callbacks: Sequence[SearchCallback | StudyCallback] | None = None,
        storage: str | os.PathLike[str] | BaseStorage | None = None,
        study_name: str | None = None,
        enqueue: Any = "defaults",
        early_stopping: EarlyStopping | str | None = None,
        resource: str | None = "auto",
        min_resources: int | str = "auto",
        max_resources: int | str = "auto",
        n_confirm: int = 0,
    ) -> None:
        self.param_distributions = param_distributions
        self.param_grid = param_grid
        self.n_iter = n_iter
        self.random_state = random_state
        self.sampler = sampler
        self.pruner = pruner
        self.timeout = timeout
        self.fit_timeout = fit_timeout
        self.fit_memory = fit_memory
        self.callbacks = callbacks
        self.storage = storage
        self.study_name = study_name
        self.enqueue = enqueue
        self.early_stopping = early_stopping
        self.resource = resource
        self.min_resources = min_resources
        self.max_resources = max_resources
        self.n_confirm = n_confirm
        super().__init__(
            estimator=estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Search, and refit with the best parameters.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, n_samples)
            Training data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Targets; None for unsupervised learning.
        **params : dict of str to object
            Handed on to the ``fit`` of the estimator, to the scorer and to the splitter, as
            scikit-learn's searches do: what has a value a sample is cut to the fold.

        Returns
        -------
        self : StudySearchCV
            The fitted search.

        Raises
        ------
        ValueError
            Before the first fold, if a parameter of the search or the space is not valid;
            after the last, if every fit failed.
        skhpo.exceptions.StudyMismatchError
            If the study in the storage belongs to a search that differs in its estimator, space,
            splits, scoring or data.
        skhpo.exceptions.StorageInternalError
            If the storage fails; what it has stored is kept.
        """
        setup = make_setup(self, X, y, params)
        self.n_splits_ = len(setup.splits)
        callbacks = FitCallbacks(self, {"X": setup.X, "y": setup.y, "metadata": setup.metadata})
        given = self.callbacks or ()
        listeners = Listeners([one for one in given if isinstance(one, SearchCallback)])
        with callbacks.fit():
            try:
                reason = self._search(setup, callbacks, listeners)
            except BaseException as error:
                is_interrupt = isinstance(error, KeyboardInterrupt)
                listeners.end("interrupt" if is_interrupt else "error")
                raise
            listeners.end(reason)
            if self.refit:
                self._refit(setup, callbacks)
                refit = RefitEvent(search=self, params=self.best_params_, seconds=self.refit_time_)
                listeners.send("on_refit_end", refit)
        return self

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the search, of its estimator and of its other parts.

        Parameters
        ----------
        **params : dict of str to object
            By name; those of a part after its name and two underscores, as ``estimator__C`` or
            ``pruner__alpha``. A `param_grid` takes the place of `param_distributions`, and the
            other way round.

        Returns
        -------
        self : StudySearchCV
            This search.
        """
        check_words_of_set_params(self, params)
        if params.get("param_grid") is not None:
            params.setdefault("param_distributions", None)
        elif params.get("param_distributions") is not None:
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
        """Read a pickle; arguments that the search did not have then get their defaults."""
        for name, argument in inspect.signature(type(self)).parameters.items():
            if argument.default is not inspect.Parameter.empty:
                state.setdefault(name, argument.default)
        super().__setstate__(state)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # Whether y is required is left to the estimator's own fit, as in scikit-learn's searches.
        tags.target_tags = replace(get_tags(self.estimator).target_tags, required=False)
        return tags

    # --------------------------------------------------------------------- the steps of fit

    def _search(self, setup: Setup, callbacks: FitCallbacks, listeners: Listeners) -> str | None:
        """Run the candidates and choose the best; return why the search was cut short, or None."""
        candidates, reason = self._run_candidates(setup, callbacks, listeners)
        self._keep_results(setup, candidates)
        self._confirm(setup)
        self._select(setup)
        return reason

    def _run_candidates(
        self, setup: Setup, callbacks: FitCallbacks, listeners: Listeners
    ) -> tuple[list[Candidate], str | None]:
        """Run the candidates; what has finished is kept, however the run ends."""
        n_candidates = setup.n_candidates
        pruner = self._make_pruner(setup)
        study, checkpoint = open_study(self, setup, self._make_sampler(setup), pruner)
        plan = self._make_plan(setup, pruner)
        with (
            callbacks.search(n_candidates * plan.n_tasks),
            checkpoint.open(),
            Executor(self.n_jobs, setup.limits) as workers,
            Progress(
                self.verbose, n_candidates, [one.name for one in setup.problem.objectives]
            ) as progress,
            study.log.runs.begin(),
            listeners.also(progress),
        ):
            listeners.start(
                SearchEvent(
                    search=self,
                    study=study,
                    n_candidates=n_candidates,
                    n_folds=plan.n_folds,
                    objectives=tuple(
                        one.name or setup.refit_metric for one in setup.problem.objectives
                    ),
                )
            )
            controller = StudyController(
                study,
                setup.space,
                plan=plan,
                problem=setup.problem,
                enqueued=setup.enqueued,
                n_candidates=n_candidates,
                in_order=setup.seed is not None,
                callbacks=[
                    one for one in self.callbacks or () if not isinstance(one, SearchCallback)
                ],
                listeners=listeners,
                checkpoint=checkpoint,
            )
            scheduler = Scheduler(
                controller,
                n_candidates=n_candidates,
                window=window_size(
                    self.pre_dispatch,
                    workers.n_workers,
                    n_candidates,
                    in_order=setup.seed is not None,
                    learns=study.pruner.can_stop or study.sampler.learns,
                ),
                in_order=setup.seed is not None,
                prunes=study.pruner.can_stop,
            )
            deadline = setup.deadline
            evaluation = self._evaluation(setup, callbacks)
            runner = FoldRunner(setup, evaluation, plan, callbacks)

            def run_what_there_is() -> str | None:
                return run(
                    scheduler,
                    workers,
                    runner.submit,
                    runner.receive,
                    deadline,
                    partial(record, scheduler, controller, checkpoint),
                )

            try:
                reason = run_with_others(
                    run_what_there_is, scheduler, study.log.runs, checkpoint, deadline
                )
            finally:
                self.study_ = study
                with suppress(KeyboardInterrupt):  # the search ends already
                    controller.call_back()  # for candidates that were told at the end
        candidates = controller.with_those_of_others(scheduler.candidates)
        if reason is not None:
            self._warn_about_cut(reason, candidates, n_candidates)
        return candidates, reason

    def _keep_results(self, setup: Setup, candidates: list[Candidate]) -> None:
        """Make ``cv_results_``, and complain if every fit failed."""
        results = performed(candidates)
        if not results:
            raise ValueError(
                "No fits were performed. Was the CV iterator empty? Were there no candidates?"
            )
        errors = [{"fit_error": result.fit_error} for result in results]
        warn_or_raise_about_fit_failures(errors, self.error_score)
        kept = [candidate for candidate in candidates if candidate.results]
        kept = in_order_of_rows(kept, setup.space)
        plan = self._make_plan(setup, self.study_.pruner)
        self.cv_results_ = format_results(self, kept, plan, setup.stopping)
        trials = self.study_.get_trials(deepcopy=False)
        add_predictions(self.cv_results_, kept, plan, setup.problem, trials)
        first_scores = results[0].test_scores
        self.multimetric_ = isinstance(first_scores, dict)
        if callable(self.scoring) and isinstance(first_scores, dict):
            self._check_refit_for_multimetric(first_scores)
            setup.refit_metric = self.refit
        if len(setup.problem.objectives) == 1:
            self._tell_optimism(setup, self._row_of_default(setup, kept))
        is_multimetric = isinstance(setup.scorers, MultimetricScorer)
        self.scorer_ = setup.scorers._scorers if is_multimetric else setup.scorers

    def _row_of_default(self, setup: Setup, candidates: list[Candidate]) -> int | None:
        """The row of the estimator as it was given; None if it was not tried."""
        if not setup.enqueued or self.enqueue != "defaults":
            return None
        key = setup.space.config_key
        default = key(setup.enqueued[0])
        rows = (row for row, one in enumerate(candidates) if key(one.config) == default)
        return next(rows, None)

    @np.errstate(over="ignore", invalid="ignore")  # scores may be infinite, or huge
    def _tell_optimism(self, setup: Setup, default: int | None) -> None:
        """Say in ``cv_results_`` by how much the best scores are likely to be too good."""
        prefix = "mean_test_"
        metrics = [n.removeprefix(prefix) for n in self.cv_results_ if n.startswith(prefix)]
        for metric in metrics:
            means = self.cv_results_[f"{prefix}{metric}"]
            column = self.cv_results_[f"optimism_test_{metric}"] = np.full(len(means), np.nan)
            complete = np.flatnonzero((self.cv_results_["status"] == "complete") & ~np.isnan(means))
            if len(complete) == 0:
                continue
            best = int(complete[np.argmax(means[complete])])
            columns = [self.cv_results_[f"split{k}_test_{metric}"] for k in range(self.n_splits_)]
            scores = np.stack(columns, axis=1)[complete]
            column[best], error = expected_optimism(scores)
            if default is None or metric != (setup.problem.objectives[0].name or "score"):
                continue
            gain = means[best] - means[default]
            if 0.0 < gain < column[best] + error and len(complete) >= MANY:
                self._warn_of_luck(gain, column[best], error)

    def _warn_of_luck(self, gain: float, optimism: float, error: float) -> None:
        warn_user(
            f"The best of {len(self.cv_results_['params'])} candidates scores {gain:.3g} more than "
            f"the estimator as given, but choosing among so many brings {optimism:.3g} by itself, "
            f"give or take {error:.3g}: the search may have learned its folds rather than found "
            "something better. More folds, or `n_confirm=10`, tell.",
            SearchOverfitWarning,
        )

    def _confirm(self, setup: Setup) -> None:
        """Run the best candidates again, on fresh folds."""
        if not setup.fresh_splits:
            return
        means = self.cv_results_[f"mean_test_{setup.refit_metric}"]
        order = np.argsort(-np.nan_to_num(means, nan=-np.inf), kind="stable")[: self.n_confirm]
        rows = [int(row) for row in order if np.isfinite(means[row])]
        reason, again = self._run_again(setup, rows)
        mean, std = np.full((2, len(means)), np.nan)
        for row, candidate in zip(rows, again, strict=False):
            if candidate.status == "complete":
                scores = [setup.problem.values(result)[0] for result in candidate.results.values()]
                with np.errstate(over="ignore", invalid="ignore"):
                    mean[row], std[row] = np.mean(scores), np.std(scores)
        n_confirmed = int((~np.isnan(mean)).sum())
        if n_confirmed == 0 or reason is not None:
            self._warn_about_confirmation(reason, n_confirmed, len(rows))
        if n_confirmed == 0:
            return
        self.cv_results_["mean_confirmed_score"] = mean
        self.cv_results_["std_confirmed_score"] = std

    def _run_again(self, setup: Setup, rows: Sequence[int]) -> tuple[str | None, list[Candidate]]:
        """Run candidates on the fresh folds; say why that was cut short, if it was."""
        if is_over(setup.deadline):
            return "timeout", []
        params = [
            self._with_all_of_the_resource(setup, self.cv_results_["params"][r]) for r in rows
        ]
        fresh = replace(setup, splits=setup.fresh_splits, resource=None)
        n_folds = len(fresh.splits)
        callbacks = FitCallbacks(self, {})
        evaluation = self._evaluation(fresh, callbacks)
        runner = FoldRunner(fresh, evaluation, FoldPlan(NopPruner(), n_folds), callbacks)
        with Executor(self.n_jobs, setup.limits) as workers:
            scheduler = Scheduler(
                Reevaluation(params, n_folds),
                n_candidates=len(rows),
                window=2 + workers.n_workers // n_folds,  # the best first, and no idle workers
                in_order=False,
                prunes=False,
            )
            reason = run(
                scheduler, workers, runner.submit, runner.receive, setup.deadline, n_awaited=0
            )
        return reason, scheduler.candidates

    def _select(self, setup: Setup) -> None:
        """Choose the best candidate."""
        if not self.refit and self.multimetric_:
            return
        if "mean_confirmed_score" in self.cv_results_:
            self.best_index_ = int(np.nanargmax(self.cv_results_["mean_confirmed_score"]))
        elif callable(self.refit):
            self.best_index_ = self._row_of_refit()
        else:
            ranks = self.cv_results_[f"rank_test_{setup.refit_metric}"]
            is_complete = self.cv_results_["status"] == "complete"
            self.best_index_ = int(np.lexsort((ranks, ~is_complete))[0])
        if not callable(self.refit):
            scores = self.cv_results_[f"mean_test_{setup.refit_metric}"]
            self.best_score_ = scores[self.best_index_]
        self.best_params_ = self._params_for_refit(setup, self.best_index_)

    def _row_of_refit(self) -> int:
        """The row that a callable `refit` chooses."""
        return choose(partial(self._select_best_index, self.refit, ""), self.cv_results_)

    def _with_all_of_the_resource(self, setup: Setup, params: dict[str, Any]) -> dict[str, Any]:
        if setup.resource is None or setup.resource.name == N_SAMPLES:
            return params
        return params | {setup.resource.name: setup.resource.rungs[-1]}

    def _params_for_refit(self, setup: Setup, index: int) -> dict[str, Any]:
        """Parameters of a candidate, with all of the resource, and the rounds of its folds."""
        params = self._with_all_of_the_resource(setup, self.cv_results_["params"][index])
        if setup.stopping is not None:
            n_splits = len(setup.splits)
            columns = [self.cv_results_[f"split{k}_best_iteration"] for k in range(n_splits)]
            rounds = np.array([column[index] for column in columns])
            params = params_for_refit(self, params, rounds, setup.stopping, setup.growth)
        return params

    def _refit(self, setup: Setup, callbacks: FitCallbacks) -> None:
        """Fit the best candidate on all data."""
        estimator = self._clone_with(self.best_params_)
        with callbacks.refit(estimator):
            self.refit_time_ = self._fit_on_all(setup, estimator)
        self.best_estimator_ = estimator
        if hasattr(estimator, "feature_names_in_"):
            self.feature_names_in_ = estimator.feature_names_in_

    def _clone_with(self, params: Mapping[str, Any]) -> Any:
        return clone(self.estimator).set_params(**clone(params, safe=False))

    def _fit_on_all(self, setup: Setup, estimator: Any) -> float:
        """Fit an estimator on all data; return the seconds it took."""
        fit_params = fit_params_for_refit(estimator, setup.fit_params, setup.stopping, setup.X)
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
        return sampler

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
        """What prunes along a resource; None for successive halving."""
        return None

    def _default_sampler(self) -> BaseSampler:
        return TPESampler()

    def _make_problem(self) -> Problem:
        """What the search follows: a score; and what is measured beside it."""
        metric = self.refit if isinstance(self.refit, str) else None
        costs = self.refit.measured if isinstance(self.refit, SimplestRule) else ()
        return single_score(metric, costs)

    def _evaluation(self, setup: Setup, callbacks: FitCallbacks) -> Evaluation:
        """What the evaluations of all folds have in common."""
        return Evaluation(
            clone(self.estimator),
            setup.scorers,
            setup.fit_params,
            setup.score_params,
            return_train_score=self.return_train_score,
            error_score=self.error_score,
            verbose=self.verbose if self.verbose >= VERBOSE_OF_SCIKIT_LEARN else 0,
            costs=setup.problem.costs,
            caller=self if callbacks.are_given else None,
        )

    def _warn_about_cut(self, reason: str, candidates: list[Candidate], n_candidates: int) -> None:
        n_complete = sum(candidate.status == "complete" for candidate in candidates)
        if n_complete == 0 and reason == "interrupt":
            raise KeyboardInterrupt
        warn_user(
            f"The search was ended early by {self._cause(reason)}: {len(candidates)} of "
            f"{n_candidates} candidates were begun, {n_complete} are complete. The best of these "
            "is used.",
            SearchInterruptedWarning,
        )

    def _warn_about_confirmation(self, reason: str | None, n_confirmed: int, n_best: int) -> None:
        if n_confirmed > 0:
            used = "the best of these is used"
        else:
            used = "the best by the first folds is used"
        cause = "as fits failed" if reason is None else f"by {self._cause(str(reason))}"
        warn_user(
            f"The confirmation was ended early {cause}: {n_confirmed} of {n_best} candidates were "
            f"confirmed; {used}.",
            SearchInterruptedWarning,
        )

    def _cause(self, reason: str) -> str:
        return "Ctrl-C" if reason == "interrupt" else f"the timeout of {self.timeout} s"
