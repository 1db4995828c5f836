"""The search with several objectives."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from skhpo._sklearn import (
    FitCallbacks,
    MultimetricScorer,
    check_multimetric_scoring,
    scorers_by_name,
)
from skhpo._warnings import warn_user
from skhpo.boosting import EarlyStopping
from skhpo.callbacks import SearchCallback
from skhpo.multi_objective import hypervolume
from skhpo.pruners import BasePruner, RacingPruner
from skhpo.samplers import AutoSampler, BaseSampler
from skhpo.search._base import BaseStudySearchCV
from skhpo.search._cloning import clone_with
from skhpo.search._confirmation import (
    means_on_new_folds,
    run_on_new_folds,
    warn_if_incomplete,
)
from skhpo.search._records import Candidate
from skhpo.search._setup import Setup
from skhpo.search.objectives._costs import KNOWN_COSTS
from skhpo.search.objectives._problem import (
    Objective,
    Problem,
    check_is_scorer,
    parse_constraint,
    parse_objectives,
    parse_preferences,
)
from skhpo.search.selection._front_table import front_table
from skhpo.search.selection._measured import MeasuredCandidates, choose_by_new_folds
from skhpo.search.selection._rules import (
    FrontRule,
    NothingToChooseError,
    SimplestRule,
    parse_front_rule,
)
from skhpo.storages import BaseStorage
from skhpo.study._study import StudyCallback

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ParetoSearchCV"]

FloatArray = NDArray[np.float64]

LEVEL = 0.15  # level of racing; its loss is about that of 0.05 with one objective (see benchmark)


class ParetoSearchCV(BaseStudySearchCV):
    """Hyperparameter search with cross-validation, with several objectives.

    The search looks for the best trade-offs between scores and costs, such as accuracy and
    prediction time: the non-dominated candidates, which form the Pareto front. A rule then
    chooses one of them.

    Parameters
    ----------
    estimator : estimator object
        The estimator to tune. It is cloned for each fit.

    param_distributions : dict, list of dicts, or "suggest", default=None
        The search space, as for :class:`skhpo.TPESearchCV`.

    param_grid : dict, list of dicts, or "suggest", default=None
        Another name of `param_distributions`. Give exactly one of the two.

    objectives : list or dict
        Two or more of

        - scores, to be maximised: names of scorers, scorers, or callables
          ``scorer(estimator, X, y)``;
        - costs, to be minimised: "fit_time" (seconds), "score_time" (seconds to predict and
          score the test part of a fold), "model_size" (bytes of the pickle), "n_features"
          (columns that the model uses), or a :class:`skhpo.Cost`.

        A dict names them. At least one is a score; the first score is used by ``score``.

    constraints : dict, default=None
        Constraints on the mean over the folds. The key is the name of an objective, a cost or a
        scorer, and the value a bound such as ``"<= 0.005"``, ``"<= 5 ms"`` or ``">= 0.9"``. Under
        any other name, the value is a callable that takes the mean metrics as a dict and returns
        a number, which is 0 or less if the constraint is satisfied. Candidates that violate a
        constraint are not on the front.

    preferred : dict, default=None
        The region of the objectives where you will choose, as bounds on their means by their
        names: ``{"roc_auc": ">= 0.9", "model_size": "<= 100 kB"}``. The search then spends its
        budget there: the sampler proposes candidates in it, and candidates that are unlikely to
        reach it are stopped. In contrast to `constraints`, candidates outside may be on the front.
        The rule `refit` chooses in the region; if no candidate of the front lies in it, the nearest
        is chosen with a warning.

    n_iter : int, "auto" or None, default="auto"
        Maximal number of candidates. "auto" is 50, or no limit if `max_fits` is given. None is no
        limit; an infinite space then needs `max_fits` or `timeout`.

    max_fits : int, default=None
        Maximal number of fits on folds. The fits that a stopped candidate saves are spent on
        further candidates. A candidate starts only if the fits left suffice for all its folds, so a
        few may remain. Fits of the refit and of `n_confirm` are not counted, nor are folds that
        idle workers run ahead of the decision to stop their candidate. The first limit that is
        reached ends the search.

    scoring : list, tuple or dict, default=None
        Further metrics to record, which are not optimised.

    n_jobs : int, default=None
        Number of fits that run in parallel. None means 1, -1 means all processors.

    refit : bool, str, dict or callable, default="knee"
        The candidate of the front to fit on all data:

        - "knee" or True: the candidate from which a small loss in one objective gains most in
          the others (:func:`skhpo.multi_objective.knee`);
        - the name of a metric or cost: the best candidate in it;
        - a rule such as ``"roc_auc with score_time <= 5 ms"``: the best in the first metric among
          the candidates that satisfy the bounds, which are joined by "and";
        - weights by name: the best weighted sum of the objectives, each scaled to [0, 1] over the
          front;
        - a callable that gets ``cv_results_`` with the complete candidates only, and returns the
          row to choose;
        - "all": all candidates of the front (``pareto_estimators_``); the knee is the best one;
        - False: none.

    cv : int, cross-validation generator or iterable, default=None
        The number of folds (None means 5; stratified for classifiers), a splitter, or an
        iterable of pairs of index arrays.

    verbose : int, default=0
        1 shows a progress bar (in a notebook, a live view), 2 also prints a line per candidate,
        3 or more also prints scikit-learn's line per fold.

    pre_dispatch : int or str, default="auto"
        Maximal number of candidates in flight, as for :class:`skhpo.TPESearchCV`.

    random_state : int, RandomState instance or None, default=None
        An int gives the same candidates at each fit, unless a time is an objective or has a
        constraint. With None, each result is used as soon as it arrives.

    error_score : "raise" or numeric, default=np.nan
        The score of a fit that fails. "raise" raises its error instead.

    return_train_score : bool, default=False
        Whether to compute scores on the training part of each fold, too.

    sampler : BaseSampler or str, default=None
        The sampler, which proposes the candidates, as for :class:`skhpo.TPESearchCV`. None is
        :class:`skhpo.samplers.AutoSampler`: a Gaussian process with the expected hypervolume
        improvement and TPE take turns, or TPE alone where the process is not suitable.

    pruner : "auto", BasePruner, str or None, default="auto"
        A candidate stops after a fold if, by a model of the folds, even its optimistic values
        would be dominated or violate a constraint, at the level ``alpha`` of
        :class:`skhpo.pruners.RacingPruner`. "auto" is the level 0.15. Other pruners compare
        single values and are refused. None runs every fold of every candidate.

    timeout : float, default=None
        Seconds after which the search (or the re-evaluation of `n_confirm`) stops. Finished
        candidates are kept, and the chosen one is refitted.

    fit_timeout : float, default=None
        Maximal seconds for the fit and the scoring of a fold. A fold that takes longer is
        terminated; its score is `error_score`, and the status of its candidate "timed out". Fits
        then run in worker processes, even with one worker. The refit has no limit.

    fit_memory : int or str, default=None
        Maximal resident memory of the process of a fit, in bytes or as a text such as "2 GB",
        including Python, its libraries and the data. It works like `fit_timeout`, with the
        status "out of memory".

    callbacks : list of SearchCallback or callable, default=None
        A :class:`skhpo.SearchCallback` receives the events of the search. Any other callable is
        called as ``callback(study, trial)`` after each candidate, as in a study;
        ``study.stop()`` ends the search.

    storage : str, path or BaseStorage, default=None
        Where to store the search while it runs, as for :class:`skhpo.TPESearchCV`.

    study_name : str, default=None
        Name of the study in the storage.

    enqueue : "defaults", list of dicts or None, default="defaults"
        The first candidates. "defaults" is the estimator with its own parameters.

    early_stopping : {"fold", "inner"}, EarlyStopping or None, default=None
        Stop boosters when they no longer improve, as for :class:`skhpo.TPESearchCV`.

    share_steps : "auto", bool or str, default="auto"
        Whether candidates share the fitted first steps of a Pipeline. Steps with the same
        parameters are then fitted once on the training rows of a fold in each worker, and the
        results are the same as without sharing. "auto" shares where looking up is faster than
        fitting, by the times that are measured. Shared steps take up to a tenth of the memory, at
        most 2 GiB; a text such as "8 GB" shares with another limit. Steps are not shared if their
        random state is not fixed.

    n_confirm : int, default=0
        Number of candidates to evaluate again, on new folds, as for :class:`skhpo.TPESearchCV`:
        those that `refit` would choose one after another. These are candidates of the front for
        "knee", "all" and weights, whose scales remain those of the whole front, and candidates that
        satisfy all constraints for the other rules. Candidates in the `preferred` region come
        before others. The rule, the constraints and the region are then applied to the means on
        the new folds (``mean_confirmed_...``), and choose one of these candidates. `pareto_front_`
        and all else remain those of the first folds, which favour candidates that were lucky on
        them.

    prior : "auto", Prior, search, Study, str, path, list of these, or None, default=None
        What is known before the first candidate: earlier searches or studies, of this or of other
        data, or a storage with them (its URL, or the path of an SQLite file). Candidates of an
        earlier search with the same objectives, data, splits and scoring are rows of
        ``cv_results_``, as they were measured, and count neither towards `n_iter` nor `max_fits`;
        `constraints` and `preferred` may be others. From the rest, the Gaussian process of the
        default sampler learns: from searches with several objectives about those of the same name,
        from others about the first score. "auto" is what is known of common estimators
        (:func:`skhpo.priors.known_prior`), for scores such as accuracy, the area under the ROC
        curve, log loss and R2, but not recall or precision; it knows nothing of costs. It is not
        the default, because in a benchmark it did not help (``docs/benchmarks/pareto_search.md``).
        None starts from nothing.

    reference_point : dict, default=None
        Values by the names of the objectives, from which ``hypervolume_`` is measured. Default:
        the worst values of the complete candidates. Set it to compare searches.

    submodels : "auto" or bool, default="auto"
        Whether candidates that differ only in the size of the model share their fits: the number
        of trees or rounds, of neighbors, the pruning of a tree (`ccp_alpha`), or the threshold of
        a ``FixedThresholdClassifier``. If the search tries all candidates of a finite space, the
        largest is fitted, and the others are scored as parts of it. Otherwise each drawn
        candidate is scored at further sizes, which do not count towards `n_iter`: with "auto"
        at other thresholds, with True at other sizes of any such model. Sizes are shared where
        that gives the scores of separate fits (:mod:`skhpo.submodels`). False fits each
        candidate, and so does a search whose objectives or constraints include a time.

    keep_predictions : int, default=0
        Number of candidates of the Pareto front whose out-of-fold predictions are kept in
        ``oof_predictions_``, to stack or calibrate models, to choose a threshold, or to look at
        errors. The candidate that `refit` chooses is one of them; if the front has more, the others
        are those with most of the volume behind it. Memory is needed for that many predictions of
        all rows, and for those of the candidates in flight. Predictions are not written to the
        `storage`. Where none are known at the end (of candidates from an earlier fit or another
        process, or if `refit` chooses a candidate that was not among them), these fits are
        repeated; they do not count towards `max_fits`.

    Attributes
    ----------
    pareto_front_ : ndarray of int of shape (n_front,)
        Rows of ``cv_results_`` of the complete, feasible and non-dominated candidates, sorted
        by the first objective, the best first.

    pareto_params_ : list of dict
        Parameters of the candidates on the front.

    pareto_values_ : ndarray of shape (n_front, n_objectives)
        Objectives of the candidates on the front: scores as they are, costs in their units.

    pareto_table_ : pandas.DataFrame
        The front as a table, in the same order, indexed by the row of ``cv_results_``. For each
        objective: its mean over the folds, the standard deviation (``std_...``), and the
        difference from the chosen candidate (``change_...``), which tells what another choice
        gains and gives up. With `n_confirm`, the mean on the new folds (``confirmed_...``). Then
        ``is_chosen`` and the parameters. It requires pandas.

    pareto_estimators_ : list of estimator
        With ``refit="all"``: the estimators of the front, fitted on all data.

    hypervolume_ : float
        The volume between the front and the reference point, in the units of the objectives.

    reference_point_ : dict of str to float
        The reference point of the hypervolume.

    objectives_ : list of Objective
        The objectives; each has ``name``, ``unit`` and ``greater_is_better``.

    values_ : ndarray of shape (n_candidates, n_objectives)
        Means of the objectives of all candidates; NaN for those that are not complete.

    is_feasible_ : ndarray of bool of shape (n_candidates,)
        Whether a candidate is complete and satisfies all constraints.

    is_preferred_ : ndarray of bool of shape (n_candidates,)
        Whether a candidate is feasible and lies in the `preferred` region.

    limits_ : dict of str to tuple
        Lower and upper limit of each metric or cost in `constraints`, None for no limit, in their
        units.

    preferred_ : dict of str to tuple
        The `preferred` region, in the same form.

    study_ : Study
        The study, with its trials, sampler and pruner; ``study_.best_trials`` is the front, or
        the part of it in the `preferred` region.

    cv_results_ : dict of numpy (masked) ndarrays
        As for :class:`skhpo.TPESearchCV`, with ``mean_model_size``, ``std_model_size``,
        ``split0_model_size``, ... for each cost. With `n_confirm`, on the new folds:
        ``mean_confirmed_model_size``, ``std_confirmed_model_size``, ... for each score and cost;
        NaN for candidates that were not confirmed.

    evaluations_ : dict of ndarrays
        The evaluated folds, one row per fold, as for :class:`skhpo.TPESearchCV`.

    best_index_ : int
        Row of the candidate that `refit` chooses.

    best_estimator_ : estimator
        The chosen candidate, fitted on all data.

    best_params_ : dict
        Parameters of the chosen candidate.

    best_score_ : float
        Mean of the first objective that is a score, of the chosen candidate.

    best_values_ : dict of str to float
        Objectives of the chosen candidate, by name.

    oof_predictions_ : dict of int to ndarray
        Out-of-fold predictions by row of ``cv_results_``, the chosen candidate first, then the best
        ones; empty if `keep_predictions` is 0. Each has a prediction for every row of `X`, made by
        a model that has not seen this row, as from
        :func:`sklearn.model_selection.cross_val_predict` (for several targets with probabilities, a
        list of arrays). The method is the first of ``predict_proba``, ``decision_function`` and
        ``predict`` that the model has; regressors ``predict``. Columns are in the order of the
        classes. Rows without a prediction (in no test part, or if the fit failed) are NaN, and
        masked if predictions are labels. A row in several test parts has the mean of its
        predictions, or the most frequent label.

    oof_methods_ : dict of int to str
        The method that made these predictions, by row of ``cv_results_``.

    scorer_ : dict
        The scorers by name.

    n_splits_ : int
        Number of folds.

    refit_time_ : float
        Seconds that the refit took.

    multimetric_ : bool
        True.

    classes_ : ndarray of shape (n_classes,)
        Class labels of a classifier.

    n_features_in_ : int
        Number of features.

    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if the data have names.

    Warns
    -----
    SearchInterruptedWarning
        If Ctrl-C or the timeout ended the search early.
    UserWarning
        If no candidate satisfies all constraints, or none of the front lies in the `preferred`
        region: the one with the smallest violation is chosen. With `n_confirm`, also if no
        confirmed candidate meets what `refit` demands on the new folds.

    See Also
    --------
    TPESearchCV : The search with one objective.
    skhpo.plots.ParetoFrontDisplay : A plot of the front.
    one_standard_error : With one objective, the simplest of the good candidates.

    Notes
    -----
    Fits that run in parallel, and other programs, slow each other down. If a time is an objective,
    the scoring is repeated until the two shortest times agree, and its time is the shortest. On
    Linux, the time in which a fit or its scoring waits for a core does not count. Elsewhere, the
    time of a fit beside others is that of the processor if this is less than the elapsed time. Such
    times are still noisy.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skhpo import ParetoSearchCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> search = ParetoSearchCV(
    ...     RandomForestClassifier(random_state=0),
    ...     {"n_estimators": [5, 10, 20], "max_leaf_nodes": [4, 8, 16, 32]},
    ...     objectives=["roc_auc", "model_size"], n_iter=8, cv=3, random_state=0,
    ... ).fit(X, y)
    >>> len(search.pareto_front_) >= 2
    True
    >>> sorted(search.best_values_)
    ['model_size', 'roc_auc']
    """

    pareto_front_: NDArray[np.int64]
    pareto_params_: list[dict[str, Any]]
    pareto_values_: FloatArray
    pareto_estimators_: list[Any]
    hypervolume_: float
    reference_point_: dict[str, float]
    objectives_: list[Objective]
    values_: FloatArray
    is_feasible_: NDArray[np.bool_]
    is_preferred_: NDArray[np.bool_]
    limits_: dict[str, tuple[float | None, float | None]]
    preferred_: dict[str, tuple[float | None, float | None]]
    best_values_: dict[str, float]

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseStudySearchCV._parameter_constraints,
        "objectives": [list, tuple, dict],
        "constraints": [dict, None],
        "preferred": [dict, None],
        "scoring": [list, tuple, dict, None],
        "refit": ["boolean", str, dict, callable],
        "reference_point": [dict, None],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any = None,
        *,
        param_grid: Any = None,
        objectives: Any,
        constraints: Mapping[str, Any] | None = None,
        preferred: Mapping[str, str] | None = None,
        n_iter: int | Literal["auto"] | None = "auto",
        max_fits: int | None = None,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: bool | str | Mapping[str, float] | Callable[[dict[str, Any]], int] = "knee",
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
        share_steps: bool | str = "auto",
        n_confirm: int = 0,
        prior: Any = None,
        reference_point: Mapping[str, float] | None = None,
        submodels: Literal["auto"] | bool = "auto",
        keep_predictions: int = 0,
    ) -> None:
        self.objectives = objectives
        self.constraints = constraints
        self.preferred = preferred
        self.reference_point = reference_point
        super().__init__(
            estimator,
            param_distributions,
            param_grid=param_grid,
            n_iter=n_iter,
            max_fits=max_fits,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            random_state=random_state,
            error_score=error_score,
            return_train_score=return_train_score,
            sampler=sampler,
            pruner=pruner,
            timeout=timeout,
            fit_timeout=fit_timeout,
            fit_memory=fit_memory,
            callbacks=callbacks,
            storage=storage,
            study_name=study_name,
            enqueue=enqueue,
            early_stopping=early_stopping,
            share_steps=share_steps,
            n_confirm=n_confirm,
            prior=prior,
            submodels=submodels,
            keep_predictions=keep_predictions,
        )

    def score(self, X: Any, y: Any = None, **params: Any) -> float:
        """Score the best estimator by the first objective that is a score.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.
        y : array-like of shape (n_samples,), default=None
            Targets.
        **params : dict of str to object
            Parameters for the scorer, if metadata routing is enabled.

        Returns
        -------
        score : float
        """
        chosen = self._with_refit_as_a_metric()
        return float(BaseStudySearchCV.score(chosen, X, y, **params))

    def _with_refit_as_a_metric(self) -> ParetoSearchCV:
        """Return a shallow copy whose `refit` is a metric, as scikit-learn's ``score`` needs it."""
        chosen = copy.copy(self)
        chosen.refit = self._first_score() if self.refit is not False else False
        return chosen

    @property
    def pareto_table_(self) -> pd.DataFrame:
        """The front as a table."""
        columns = {str(one.name): self._column(str(one.name)) for one in self.objectives_}
        chosen = None if self.refit is False else getattr(self, "best_index_", None)
        return front_table(self.pareto_front_, self.cv_results_, columns, chosen)

    # ----------------------------------------------------------------------------- objectives

    def _get_scorers(self) -> tuple[Any, str]:
        """Return all scorers (of objectives, `scoring` and constraints), and the first score."""
        scoring = {one.name: one.scoring for one in self._objectives() if one.cost is None}
        further = self.scoring or {}
        for name in further:
            scoring.setdefault(name, further[name] if isinstance(further, Mapping) else name)
        for name, bound in (self.constraints or {}).items():
            if not callable(bound) and name not in self._known_without_scorer():
                if name not in scoring:
                    check_is_scorer(name, "`constraints`")
                scoring.setdefault(name, name)
        scorers = check_multimetric_scoring(self.estimator, scoring)
        bundle = MultimetricScorer(scorers=scorers, raise_exc=self.error_score == "raise")
        return bundle, self._first_score()

    def _objectives(self) -> tuple[Objective, ...]:
        return parse_objectives(self.objectives)

    def _first_score(self) -> str:
        return next(str(one.name) for one in self._objectives() if one.cost is None)

    def _known_without_scorer(self) -> set[str | None]:
        """Return the names of the objectives and of the predefined costs."""
        return {*KNOWN_COSTS, *(one.name for one in self._objectives())}

    def _make_problem(self) -> Problem:
        objectives = self._objectives()
        constraints = [
            parse_constraint(name, bound) for name, bound in (self.constraints or {}).items()
        ]
        costs = {one.name: one.cost for one in objectives if one.cost is not None}
        for one in constraints:
            if one.function is None and one.name in KNOWN_COSTS:
                costs.setdefault(one.name, KNOWN_COSTS[one.name])
        if isinstance(self.refit, SimplestRule):
            costs |= {cost.name: cost for cost in self.refit.measured if cost.name not in costs}
        if not callable(self.refit) and self.refit is not False:
            self._rule(costs)
        preferences = parse_preferences(self.preferred, objectives)
        problem = Problem(objectives, tuple(constraints), tuple(costs.values()), preferences)
        self._check_reference_point(problem)
        return problem

    def _rule(self, costs: Any) -> FrontRule:
        names = [str(one.name) for one in self._objectives()]
        metrics = list(scorers_by_name(self._get_scorers()[0]))
        return parse_front_rule(self.refit, names, metrics, list(costs))

    def _check_reference_point(self, problem: Problem) -> None:
        if self.reference_point is None:
            return
        names = {one.name for one in problem.objectives}
        if set(self.reference_point) != names:
            raise ValueError(
                f"`reference_point` must name each objective, {sorted(map(str, names))}; got "
                f"{self.reference_point!r}."
            )

    # -------------------------------------------------------------------------------- results

    def _keep_results(self, setup: Setup, rows: list[Candidate]) -> None:
        super()._keep_results(setup, rows)
        problem = setup.problem
        measured = self._measured(problem)
        self.objectives_ = list(problem.objectives)
        self.values_ = measured.values
        self.is_feasible_ = measured.is_feasible
        self.is_preferred_ = measured.is_preferred
        bounds = [one for one in problem.constraints if one.function is None]
        self.limits_ = {one.name: one.limits for one in bounds}
        self.preferred_ = {one.name: one.limits for one in problem.preferences}
        if problem.constraints:
            self.cv_results_["is_feasible"] = self.is_feasible_
        if problem.preferences:
            self.cv_results_["is_preferred"] = self.is_preferred_
        self._keep_front(measured)

    def _measured(self, problem: Problem) -> MeasuredCandidates:
        """Return the candidates with their means over the folds of the search."""
        means = {name: self._means(name) for name in self._recorded(problem)}
        return MeasuredCandidates(problem, means, self.cv_results_["status"] == "complete")

    def _confirmed(self, problem: Problem) -> MeasuredCandidates | None:
        """Return the candidates with their means over the new folds; None if there are none."""
        names = self._recorded(problem)
        if f"mean_confirmed_{names[0]}" not in self.cv_results_:
            return None
        means = {name: self.cv_results_[f"mean_confirmed_{name}"] for name in names}
        values = np.column_stack([means[str(one.name)] for one in problem.objectives])
        is_known = np.asarray(~np.isnan(values).any(axis=1))
        return MeasuredCandidates(problem, means, is_known)

    def _recorded(self, problem: Problem) -> list[str]:
        """Return the names of all scores and costs."""
        return [*self.scorer_, *(cost.name for cost in problem.costs)]

    def _means(self, name: str) -> FloatArray:
        """Return the mean of a score or a cost for each candidate."""
        return np.asarray(self.cv_results_[f"mean_{self._column(name)}"])

    def _column(self, name: str) -> str:
        """Return what the columns of a score or a cost in ``cv_results_`` are named by."""
        return f"test_{name}" if f"mean_test_{name}" in self.cv_results_ else name

    def _keep_front(self, measured: MeasuredCandidates) -> None:
        losses, signs = measured.losses, measured.problem.signs
        self.pareto_front_ = measured.front
        self.pareto_params_ = [self.cv_results_["params"][row] for row in self.pareto_front_]
        self.pareto_values_ = self.values_[self.pareto_front_]
        names = [str(one.name) for one in measured.problem.objectives]
        if self.reference_point is not None:
            self.reference_point_ = {name: float(self.reference_point[name]) for name in names}
        else:
            known = losses[~np.isnan(losses).any(axis=1)]
            worst = known.max(axis=0) if len(known) else np.full(len(names), np.nan)
            self.reference_point_ = dict(zip(names, (signs * worst).tolist(), strict=True))
        reference = signs * np.array([self.reference_point_[name] for name in names])
        self.hypervolume_ = hypervolume(losses[self.pareto_front_], reference)

    def _confirm(self, setup: Setup) -> None:
        """Evaluate the candidates that `refit` would choose first again, on new folds."""
        if not setup.fresh_splits:
            return
        problem = setup.problem
        try:
            order = self._measured(problem).choose(self._rule_for(problem)).rows
        except NothingToChooseError:
            return  # `_select` raises the error
        rows = [int(row) for row in order[: self.n_confirm]]
        results, reason = run_on_new_folds(self, setup, rows)
        columns = means_on_new_folds(results, self._recorded(problem), len(self.is_feasible_))
        self.cv_results_ |= columns
        confirmed = self._confirmed(problem)
        n_confirmed = 0 if confirmed is None else int(confirmed.is_known.sum())
        if n_confirmed == 0:
            self.cv_results_ = {n: c for n, c in self.cv_results_.items() if n not in columns}
        warn_if_incomplete(self, reason, n_confirmed, len(rows))

    def _select(self, setup: Setup) -> None:
        """Choose a candidate of the front with the rule `refit`."""
        if self.refit is False:
            return
        if callable(self.refit):
            self.best_index_ = self._row_of_refit()
        else:
            self.best_index_ = self._choose(setup.problem)
        self.best_params_ = self._params_for_refit(setup, self.best_index_)
        self.best_score_ = float(self._means(self._first_score())[self.best_index_])
        names = [str(one.name) for one in setup.problem.objectives]
        self.best_values_ = dict(zip(names, self.values_[self.best_index_].tolist(), strict=True))

    def _choose(self, problem: Problem) -> int:
        measured, confirmed = self._measured(problem), self._confirmed(problem)
        rule = self._rule_for(problem)
        if confirmed is None:
            choice = measured.choose(rule)
        else:
            choice = choose_by_new_folds(measured, confirmed, rule)
        if choice.warning:
            warn_user(choice.warning)
        return int(choice.rows[0])

    def _rule_for(self, problem: Problem) -> FrontRule:
        return self._rule([cost.name for cost in problem.costs])

    def _refit(self, setup: Setup, callbacks: FitCallbacks) -> None:
        """Fit the chosen candidate on all data; with ``refit="all"``, each one of the front."""
        super()._refit(setup, callbacks)
        if self.refit != "all":
            return
        self.pareto_estimators_ = []
        for row in self.pareto_front_:
            if row == self.best_index_:
                self.pareto_estimators_.append(self.best_estimator_)
                continue
            estimator = clone_with(self.estimator, self._params_for_refit(setup, int(row)))
            self.refit_time_ += self._fit_on_all(setup, estimator)
            self.pareto_estimators_.append(estimator)

    # ------------------------------------------------------------------------ parts of the run

    def _default_sampler(self) -> BaseSampler:
        return AutoSampler()

    def _make_pruner(self, setup: Setup) -> BasePruner:
        return RacingPruner(alpha=LEVEL) if self.pruner == "auto" else super()._make_pruner(setup)
