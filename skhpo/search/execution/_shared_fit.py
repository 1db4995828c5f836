"""The evaluation of a fold with submodels: one fit is scored at each size."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from skhpo._sklearn import MultimetricScorer, raises_errors, score_fitted, scorers_by_name
from skhpo.search._records import FoldResult, FoldTask, Scores
from skhpo.search.execution._responses import FoldPredictions, Response
from skhpo.search.fidelity._submodels import SharedFit
from skhpo.search.objectives._costs import measure_costs
from skhpo.submodels import SubmodelFamily, views_for_scoring, views_of

if TYPE_CHECKING:
    from skhpo.search.execution._evaluation import Evaluation

__all__ = ["evaluate_shared", "stamped"]

Evaluate: TypeAlias = "Callable[[Evaluation, Any, Any, FoldTask], FoldResult]"


def evaluate_shared(
    evaluate: Evaluate, evaluation: Evaluation, X: Any, y: Any, task: FoldTask, shared: SharedFit
) -> FoldResult:
    """Fit a candidate on a fold, and score it and its submodels.

    Parameters
    ----------
    evaluate : callable
        Evaluates a task without submodels.
    evaluation, X, y, task
        Its arguments.
    shared : SharedFit
        The submodels.

    Returns
    -------
    result : FoldResult
        The result of the candidate, with those of its submodels. What the fitted model does not
        contain is fitted separately, and so is everything if the fit fails; extra sizes have no
        scores then.
    """

    def separately(place: int) -> FoldResult:
        own = {**task.parameters, shared.parameter: shared.values[place]}
        return evaluate(evaluation, X, y, replace(task, parameters=own, shared=None))

    family, places = shared.family, range(len(shared.values))
    if family is None and shared.is_extra:
        first = separately(0)
        return replace(first, submodels=(unscored(first),) * len(places[1:]))
    if family is None:
        first, *others = map(separately, places)
        return replace(first, submodels=tuple(others))
    largest = family.to_fit(family.largest_first(shared.values)[0])
    common = {**task.parameters, shared.parameter: largest}
    scorer = _scorer_of_all(evaluation, shared, family)
    whole = evaluate(
        replace(evaluation, scorer=scorer, costs=(), keeps_predictions=False),
        X, y,
        replace(task, parameters=common, shared=None),
    )  # fmt: skip
    results = [scorer.result(place, whole, task.is_alone) for place in places]
    first = separately(0) if results[0] is None else results[0]
    others = [
        result or (unscored(first) if shared.is_extra else separately(place))
        for place, result in enumerate(results[1:], start=1)
    ]
    return replace(first, submodels=tuple(others))


def unscored(result: FoldResult) -> FoldResult:
    """Return the result of an extra size that the fitted model does not contain."""
    return replace(result.without_scores(), fit_time=0.0, score_time=0.0, predictions=None)


def stamped(result: FoldResult, started_at: float, seconds: float, worker: str) -> FoldResult:
    """Return a result with the time and place of its evaluation; submodels follow one another."""
    of_others = [one.fit_time + one.score_time for one in result.submodels]
    seconds -= sum(of_others)
    next_at, submodels = started_at + seconds, []
    for one, own in zip(result.submodels, of_others, strict=True):
        submodels.append(replace(one, started_at=next_at, seconds=own, worker=worker))
        next_at += own
    return replace(
        result,
        started_at=started_at,
        seconds=seconds,
        worker=worker,
        submodels=tuple(submodels),
    )


class ScorerOfAll:
    """A scorer that scores a fitted model and its submodels, and returns the score of the first.

    Parameters
    ----------
    evaluation : Evaluation
        The settings, with the scorer.
    shared : SharedFit
        The submodels.
    family : SubmodelFamily
        Their family.
    """

    def __init__(self, evaluation: Evaluation, shared: SharedFit, family: SubmodelFamily) -> None:
        self._evaluation = evaluation
        self._shared = shared
        self._family = family
        self._views: list[Any] = []  # for scoring
        self._models: list[Any] = []  # for costs
        self._scores: list[list[Scores]] = []  # on the test part, and on the training part
        self._times: list[float] = []
        self._predictions: list[FoldPredictions | None] = []

    def __call__(self, estimator: Any, X: Any, *y: Any, **params: Any) -> Any:
        """Score all on the same data; the first call is for the test part."""
        is_first = not self._scores
        if is_first:
            self._make_views(estimator)
        scores: list[Any] = []
        times: list[float] = []
        for view in self._views:
            start = time.perf_counter()
            response = None
            if view is None:
                scores.append(None)
            elif is_first and self._evaluation.keeps_predictions:
                response = Response(view, X)
                with response.heard():
                    scores.append(self._score(view, X, y, params))
            else:
                scores.append(self._score(view, X, y, params))
            times.append(time.perf_counter() - start)
            if is_first:
                self._predictions.append(self._predicted(response))
        self._scores.append(scores)
        if is_first:
            self._times = times
        if scores[0] is None:  # it will be fitted separately
            scores[0] = self._score(estimator, X, y, params)
        return dict(scores[0]) if isinstance(scores[0], dict) else scores[0]

    def _predicted(self, response: Response | None) -> FoldPredictions | None:
        return None if response is None else response.predictions(self._evaluation.error_score)

    def _make_views(self, estimator: Any) -> None:
        values = self._shared.values
        try:
            self._models = views_of(estimator, self._family, values)
            self._views = views_for_scoring(estimator, self._family, values)
        except Exception as error:
            warnings.warn(
                f"The submodels of {estimator!r} could not be made, and are fitted separately: "
                f"{type(error).__name__}: {error}",
                UserWarning,
                stacklevel=2,
            )
            self._models = self._views = [None] * len(values)

    def _score(self, view: Any, X: Any, y: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        evaluation = self._evaluation
        y_true = y[0] if y else None
        return score_fitted(view, X, y_true, evaluation.scorer, params, evaluation.error_score)

    def result(self, place: int, whole: FoldResult, is_alone: bool) -> FoldResult | None:
        """Return the result of one of them; None if it must be fitted separately.

        Parameters
        ----------
        place : int
            Its place among the values.
        whole : FoldResult
            The result of the common fit.
        is_alone : bool
            Whether no other task runs at the same time.
        """
        if whole.fit_error is not None or self._views[place] is None:
            return None
        test, *train = (scores[place] for scores in self._scores)
        result = replace(
            whole,
            test_scores=test,
            train_scores=train[0] if train else None,
            fit_time=whole.fit_time if place == 0 else 0.0,
            score_time=self._times[place],
            stop=whole.stop and place == 0,
            predictions=self._predictions[place],
        )
        if not self._evaluation.costs:
            return result
        costs = measure_costs(
            self._evaluation.costs, self._models[place], result, None,
            is_alone=is_alone, error_score=self._evaluation.error_score,
        )  # fmt: skip
        return replace(result, costs=costs)


class ScorerOfAllBySeveral(ScorerOfAll, MultimetricScorer):  # type: ignore[misc]
    """The same for scikit-learn's container of several scorers.

    Parameters
    ----------
    evaluation, shared, family
        As for :class:`ScorerOfAll`.
    """

    def __init__(self, evaluation: Evaluation, shared: SharedFit, family: SubmodelFamily) -> None:
        ScorerOfAll.__init__(self, evaluation, shared, family)
        MultimetricScorer.__init__(
            self,
            scorers=scorers_by_name(evaluation.scorer),
            raise_exc=raises_errors(evaluation.scorer),
        )


def _scorer_of_all(
    evaluation: Evaluation, shared: SharedFit, family: SubmodelFamily
) -> ScorerOfAll:
    is_bundle = isinstance(evaluation.scorer, MultimetricScorer)
    kind = ScorerOfAllBySeveral if is_bundle else ScorerOfAll
    return kind(evaluation, shared, family)
