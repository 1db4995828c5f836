"""The search with one objective, with any sampler and pruner."""

from __future__ import annotations

import numbers
import os
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from skhpo._sklearn import (
    Interval,
    StrOptions,
)
from skhpo._warnings import warn_user
from skhpo.boosting import EarlyStopping
from skhpo.callbacks import SearchCallback
from skhpo.exceptions import SearchOverfitWarning
from skhpo.pruners import BasePruner
from skhpo.samplers import BaseSampler
from skhpo.search._base import BaseStudySearchCV
from skhpo.search._confirmation import run_on_new_folds, warn_if_incomplete
from skhpo.search._records import Candidate
from skhpo.search._setup import Setup
from skhpo.search.objectives._problem import Problem, single_score
from skhpo.search.selection._rules import SimplestRule
from skhpo.search.selection._selection_bias import expected_optimism
from skhpo.storages import BaseStorage
from skhpo.study._study import StudyCallback

__all__ = ["StudySearchCV"]

MANY = 10  # minimal number of complete candidates for a warning of overfitting


class StudySearchCV(BaseStudySearchCV):
    """Hyperparameter search with cross-validation, with any sampler and pruner.

    The default sampler is :class:`skhpo.samplers.TPESampler`. The search learns from each
    candidate where to look next, stops a candidate after a few folds if it has little chance to
    win, and keeps all workers busy. It replaces
    :class:`sklearn.model_selection.RandomizedSearchCV` and
    :class:`~sklearn.model_selection.GridSearchCV`: the call and the attributes are the same.

    Parameters
    ----------
    estimator : estimator object
        The estimator to tune. It is cloned for each fit. It must have a ``score`` method, unless
        `scoring` is given.

    param_distributions : dict, list of dicts, or "suggest", default=None
        The search space: a range for each parameter name. A range is one of

        - a list or another sequence of choices. Numbers are ordered by size; other choices
          (strings, None, estimators, ...) are unordered;
        - a frozen distribution of scipy.stats, which is the range and the prior;
        - an object with ``rvs(random_state=...)``, whose draws are the choices;
        - a :class:`skhpo.distributions.FloatDistribution`, ``IntDistribution``
          or ``CategoricalDistribution``, also of Optuna; a dimension of scikit-optimize, or its
          tuples ``(low, high, "uniform")`` and ``(low, high, "log-uniform")``.

        A list of dicts is a space with branches; each candidate belongs to one of them. A
        parameter may have different ranges in different branches. "suggest" uses a curated space
        for known estimators, see :func:`skhpo.suggest_space`.

    param_grid : dict, list of dicts, or "suggest", default=None
        Another name of `param_distributions`, as in ``GridSearchCV``. Give exactly one of the
        two.

    n_iter : int, "auto" or None, default="auto"
        Maximal number of candidates. "auto" is 50, or no limit if `max_fits` is given. None is no
        limit; an infinite space then needs `max_fits` or `timeout`. A finite space with no more
        candidates than the limit is searched completely, once.

    max_fits : int, default=None
        Maximal number of fits on folds. The fits that a stopped candidate saves are spent on
        further candidates. A candidate starts only if the fits left suffice for all its folds, so a
        few may remain. A fit with a part of a `resource` counts as that part. Fits of the refit and
        of `n_confirm` are not counted, nor are folds that idle workers run ahead of the decision to
        stop their candidate. The first limit that is reached ends the search.

    scoring : str, callable, list, tuple or dict, default=None
        The metric to maximise: the name of a scorer, a callable ``scorer(estimator, X, y)``, or
        None for the ``score`` method of the estimator. A list, tuple or dict of scorers, or a
        callable that returns a dict, gives several metrics. All are recorded. The search
        optimises the one that `refit` names, or the first one.

    n_jobs : int, default=None
        Number of fits that run in parallel. None means 1, -1 means all processors. Inside
        :func:`joblib.parallel_config`, its backend and its number are used.

    refit : bool, str, or callable, default=True
        Whether to fit the estimator with the best parameters on all data. With several
        metrics, the name of the one that chooses the best candidate. A callable gets
        ``cv_results_`` with the complete candidates only, and returns the row to choose.

    cv : int, cross-validation generator or iterable, default=None
        The number of folds (None means 5; stratified for classifiers), a splitter, or an
        iterable of pairs of index arrays. The splits are drawn once per fit: all candidates are
        evaluated on the same folds.

    verbose : int, default=0
        1 shows a progress bar (in a notebook, a live view), 2 also prints a line per candidate,
        3 or more also prints scikit-learn's line per fold.

    pre_dispatch : int or str, default="auto"
        Maximal number of candidates in flight: a number, "all", or an expression such as
        "2*n_jobs". "auto" is the number of workers; with a `random_state` it is 4, unless no
        decision depends on results (random or grid search without a pruner). With a
        `random_state` the result depends on it: a candidate is proposed from the results of all
        candidates before it, except the newest ``pre_dispatch - 1``.

    random_state : int, RandomState instance or None, default=None
        An int gives the same result (except for times) at each fit with the same
        `pre_dispatch`, for any `n_jobs` and backend, provided that the randomness of the
        estimator is seeded, too. With None, each result is used as soon as it arrives.

    error_score : "raise" or numeric, default=np.nan
        The score of a fit that fails. "raise" raises its error instead. A candidate with a NaN
        score does not continue, unless ``pruner=None``.

    return_train_score : bool, default=False
        Whether to compute scores on the training part of each fold, too. This takes time.

    sampler : BaseSampler or str, default=None
        The sampler, which proposes the candidates, or its name: "auto", "tpe", "gp", "cmaes",
        "qmc", "random", "nsgaii", "nsgaiii" or "brute_force". None uses the sampler of the class.

    pruner : "auto", BasePruner, str or None, default="auto"
        The pruner, which decides after each fold whether a candidate stops, or its name:
        "racing", "median", "wilcoxon", "halving", "hyperband" or "nop". "auto" is
        :class:`skhpo.pruners.RacingPruner`. None runs every fold of every candidate.

    timeout : float, default=None
        Seconds after which the search (or the re-evaluation of `n_confirm`) stops. Finished
        candidates are kept, and the best is refitted. The search waits for the first candidate
        to be complete.

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
        Where to store the search while it runs: the path of an SQLite file such as
        ``"search.db"``, the URL of a database (see :class:`skhpo.storages.RDBStorage`), or a
        storage. Fitting the same search again resumes it. Several processes may fit it at the
        same time; they share its budget and its results. None stores nothing.

    study_name : str, default=None
        Name of the study in the storage. None derives a name from the search, its estimator and
        its data, so that the same call finds the same study.

    enqueue : "defaults", list of dicts or None, default="defaults"
        The first candidates. "defaults" is the estimator with its own parameters, if they lie
        in the space, so that the result is never worse than the defaults. Parameters that a dict
        omits are sampled.

    early_stopping : {"fold", "inner"}, EarlyStopping or None, default=None
        Stop boosters (XGBoost, LightGBM, CatBoost, HistGradientBoosting, alone or at the end of a
        Pipeline) when they no longer improve on an evaluation set, and refit with the number of
        rounds found. "fold" uses the test part of the fold, which makes scores slightly
        optimistic; "inner" holds out a part of the training rows. See
        :class:`skhpo.boosting.EarlyStopping`.

    share_steps : "auto", bool or str, default="auto"
        Whether candidates share the fitted first steps of a Pipeline. Steps with the same
        parameters are then fitted once on the training rows of a fold in each worker, and the
        results are the same as without sharing. "auto" shares where looking up is faster than
        fitting, by the times that are measured. Shared steps take up to a tenth of the memory, at
        most 2 GiB; a text such as "8 GB" shares with another limit. Steps are not shared if their
        random state is not fixed.

    resource : str or None, default="auto"
        The resource of which good candidates get more: "n_samples", or an int parameter of the
        estimator such as "n_estimators" or "model__max_iter". A candidate runs all folds with a
        small amount, and only the best continue with three times as much (or the
        `pruner`'s ``reduction_factor``), without waiting for others. If the estimator allows it
        (``warm_start``, XGBoost, LightGBM), training continues where it stopped. "auto" is
        "n_samples" for HyperbandSearchCV, and None (no resource) for the other searches.

    min_resources : int or "auto", default="auto"
        The smallest amount. "auto" is the largest amount divided by the third power of the
        reduction factor (a 27th, as the factor is three by default), but at least enough rows for
        the folds with "n_samples". The first rung is the largest amount divided by the highest
        power of the factor that leaves at least `min_resources`.

    max_resources : int or "auto", default="auto"
        The largest amount. "auto" is all rows, or the value that the estimator has.

    n_confirm : int, default=0
        Number of the best candidates to evaluate again, on new folds: two repetitions with a
        (stratified or group) k-fold splitter, one with other splitters that have a
        `random_state`. The best on these folds is chosen, since the first folds favour
        candidates that were lucky on them. With 5 or 10, the chosen model was better on new rows
        on nearly all tasks of a benchmark (``docs/benchmarks/selection.md``).

    prior : "auto", Prior, search, Study, str, path, list of these, or None, default="auto"
        What is known before the first candidate. "auto" is what is known of common estimators
        (:func:`skhpo.priors.known_prior`). Earlier searches or studies, of this or of other data,
        or a storage with them (its URL, or the path of an SQLite file), are used besides. If data,
        splits, scoring and the rest of the estimator are the same, their candidates in the space
        are rows of ``cv_results_``, as they were measured, and count neither towards `n_iter` nor
        `max_fits`. From others, the search learns (:func:`skhpo.priors.learn`): it begins with up
        to three configurations that suited other data, and a Gaussian process starts from the
        learned mean and covariance. None starts from nothing. Samplers that do not learn from
        results use only those of the same data.

    submodels : "auto" or bool, default="auto"
        Whether candidates that differ only in the size of the model share their fits: the number
        of trees or rounds, of neighbors, the pruning of a tree (`ccp_alpha`), or the threshold of
        a ``FixedThresholdClassifier``. If the search tries all candidates of a finite space, the
        largest is fitted, and the others are scored as parts of it. Otherwise each drawn
        candidate is scored at further sizes, which do not count towards `n_iter`: with "auto"
        at other thresholds, with True at other sizes of any such model. Sizes are shared where
        that gives the scores of separate fits (:mod:`skhpo.submodels`). False fits each
        candidate.

    keep_predictions : int, default=0
        Number of the best candidates whose out-of-fold predictions are kept in
        ``oof_predictions_``, to stack or calibrate models, to choose a threshold, or to look at
        errors. The candidate that `refit` chooses is one of them. Memory is needed for that many
        predictions of all rows, and for those of the candidates in flight. Predictions are not
        written to the `storage`. Where none are known at the end (of candidates from an earlier
        fit, an earlier search (`prior`) or another process, or if `refit` chooses a candidate that
        was not among the best), these fits are repeated; they do not count towards `max_fits`.

    Attributes
    ----------
    study_ : Study
        The study, with its trials, sampler and pruner. Its parameter names are those of the
        estimator, unless the range of a parameter differs between branches.

    cv_results_ : dict of numpy (masked) ndarrays
        scikit-learn's columns, with one row per candidate, and

        - ``trial_number``: number of the candidate's trial in ``study_``. Rows are in the order
          of proposal; a finite space that was searched completely has the order of
          :class:`~sklearn.model_selection.ParameterGrid`, with equal candidates once;
        - ``status``: "complete", "pruned", "failed", "timed out" (`fit_timeout`),
          "out of memory" (`fit_memory`), or "interrupted";
        - ``n_splits_evaluated``: number of folds that were run;
        - ``submodel_of``, if candidates share fits: for a candidate that was scored on the fits of
          a larger model, the ``trial_number`` of that one; otherwise -1. A submodel costs no fits,
          and its ``mean_fit_time`` is 0;
        - ``optimism_test_score``: estimated selection bias of the best score, which is too good
          because it was chosen among many; NaN for the other candidates;
        - ``predicted_test_score``, ``std_error_predicted_test_score``: for a complete candidate,
          its mean and 0; for a pruned or interrupted one, the predicted mean over all folds and
          its standard error (with a `resource`, the score with its largest amount, and NaN); for
          a failed one, NaN;
        - with `n_confirm`, on the new folds: ``mean_confirmed_score``, ``std_confirmed_score``.

        Scores of folds that were not run are NaN, and so is the mean over them: a pruned
        candidate ranks last and is never chosen. With `early_stopping`, the columns
        ``split0_best_iteration``, ..., ``mean_best_iteration`` have the number of rounds with
        which the models predict, and there is ``early_stopping_on``. With a `resource`,
        ``n_resources`` is the largest amount that a candidate got; its scores belong to that
        amount.

    evaluations_ : dict of ndarrays
        The evaluated folds, one row per fold, in the order of their start; a table for
        ``pandas.DataFrame(search.evaluations_)``. Its columns are

        - ``candidate``: row of the candidate in ``cv_results_``; ``trial_number``: number of its
          trial; ``fold``: index of the fold; with a `resource`, ``n_resources``: the amount;
        - ``test_score``, or ``test_<metric>`` for each metric, and the same for ``train`` with
          `return_train_score`; each cost by its name;
        - ``fit_time``, ``score_time``: seconds, as in ``cv_results_``; ``seconds``: duration of
          the whole evaluation; ``started_at``: seconds from the first start in this study;
          ``worker``: number of the worker, from 0 in the order of their first starts. NaN, and
          -1 for the worker, if unknown;
        - ``error``: whether the fit failed; ``from_storage``: whether an earlier fit, an earlier
          search (`prior`) or another process evaluated it;
        - with `early_stopping`, ``best_iteration``, ``stopped_at`` (the round at which a fit was
          stopped, otherwise NaN) and ``curve``: the learning curve as a dict with ``rounds`` and
          the best ``values`` of the metric so far; None without one.

        Folds that were evaluated after the end of their candidate are not included, and neither
        are the new folds of `n_confirm`.

    best_estimator_ : estimator
        The estimator, refitted with the best parameters; only if `refit` is not False.

    best_score_ : float
        Mean cross-validated score of the best candidate.

    best_params_ : dict
        Parameters of the best candidate; with `early_stopping`, with the number of rounds for
        the refit.

    best_index_ : int
        Row of the best candidate in ``cv_results_``.

    oof_predictions_ : dict of int to ndarray
        Out-of-fold predictions by row of ``cv_results_``, the chosen candidate first, then the best
        ones; empty if `keep_predictions` is 0. Each has a prediction for every row of `X`, made by
        a model that has not seen this row, as from
        :func:`sklearn.model_selection.cross_val_predict` (for several targets with probabilities, a
        list of arrays). The method is the first of ``predict_proba``, ``decision_function`` and
        ``predict`` that the model has; regressors ``predict``. Columns are in the order of the
        classes. Rows without a prediction (in no test part, or if the fit failed) are NaN, and
        masked if predictions are labels. A row in several test parts has the mean of its
        predictions, or the most frequent label. With a `resource`, only models with all of it
        predict.

    oof_methods_ : dict of int to str
        The method that made these predictions, by row of ``cv_results_``.

    scorer_ : function or dict
        The scorer, or the scorers by name.

    n_splits_ : int
        Number of folds.

    refit_time_ : float
        Seconds that the refit took.

    multimetric_ : bool
        Whether there are several metrics.

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
    SearchOverfitWarning
        If the best candidate beats the estimator as given by no more than the selection bias of
        choosing among many candidates.

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

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseStudySearchCV._parameter_constraints,
        "resource": [str, None],
        "min_resources": [Interval(numbers.Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "max_resources": [Interval(numbers.Integral, 1, None, closed="left"), StrOptions({"auto"})],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any = None,
        *,
        param_grid: Any = None,
        n_iter: int | Literal["auto"] | None = "auto",
        max_fits: int | None = None,
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
        share_steps: bool | str = "auto",
        resource: str | None = "auto",
        min_resources: int | str = "auto",
        max_resources: int | str = "auto",
        n_confirm: int = 0,
        prior: Any = "auto",
        submodels: Literal["auto"] | bool = "auto",
        keep_predictions: int = 0,
    ) -> None:
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
            resource=resource,
            min_resources=min_resources,
            max_resources=max_resources,
            n_confirm=n_confirm,
            prior=prior,
            submodels=submodels,
            keep_predictions=keep_predictions,
        )

    def _make_problem(self) -> Problem:
        """Return the score to maximise, with the costs that the rule of `refit` needs."""
        metric = self.refit if isinstance(self.refit, str) else None
        costs = self.refit.measured if isinstance(self.refit, SimplestRule) else ()
        return single_score(metric, costs)

    def _add_selection_bias(self, setup: Setup, candidates: list[Candidate]) -> None:
        """Add the selection bias of the best scores to ``cv_results_``."""
        self._add_bias_columns(setup, self._row_of_default(setup, candidates))

    def _row_of_default(self, setup: Setup, candidates: list[Candidate]) -> int | None:
        """Return the row of the estimator's own parameters; None if they were not tried."""
        if not setup.enqueued or self.enqueue != "defaults":
            return None
        key = setup.space.config_key
        default = key(setup.enqueued[0])
        rows = (row for row, one in enumerate(candidates) if key(one.config) == default)
        return next(rows, None)

    @np.errstate(over="ignore", invalid="ignore")  # scores may be infinite, or huge
    def _add_bias_columns(self, setup: Setup, default: int | None) -> None:
        """Add the estimated selection bias; warn if the gain over the defaults is not larger."""
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
            f"the estimator as given, but the selection bias of that many candidates is about "
            f"{optimism:.3g}, plus or minus {error:.3g}: the search may have overfitted its folds. "
            "Use more folds, or `n_confirm=10`, to check.",
            SearchOverfitWarning,
        )

    def _confirm(self, setup: Setup) -> None:
        """Evaluate the best candidates again, on new folds."""
        if not setup.fresh_splits:
            return
        means = self.cv_results_[f"mean_test_{setup.refit_metric}"]
        order = np.argsort(-np.nan_to_num(means, nan=-np.inf), kind="stable")[: self.n_confirm]
        rows = [int(row) for row in order if np.isfinite(means[row])]
        results, reason = run_on_new_folds(self, setup, rows)
        mean, std = np.full((2, len(means)), np.nan)
        for row, folds in results.items():
            scores = [setup.problem.values(result)[0] for result in folds]
            with np.errstate(over="ignore", invalid="ignore"):
                mean[row], std[row] = np.mean(scores), np.std(scores)
        n_confirmed = int((~np.isnan(mean)).sum())
        warn_if_incomplete(self, reason, n_confirmed, len(rows))
        if n_confirmed == 0:
            return
        self.cv_results_["mean_confirmed_score"] = mean
        self.cv_results_["std_confirmed_score"] = std

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
