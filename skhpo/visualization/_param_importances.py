"""Plot of the importances of the parameters."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.importance import BaseImportanceEvaluator
from skhpo.plots._data._importances import ImportancesData, importances_data
from skhpo.plots._data._trials import Target, trial_table
from skhpo.visualization._arguments import TARGET_NAME, check_target, log_that_none_is_complete
from skhpo.visualization._plotly import graph_objects

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from skhpo.study import Study
    from skhpo.trial import FrozenTrial

__all__ = ["TITLE", "X_LABEL", "Y_LABEL", "importances_of_objectives", "plot_param_importances"]

TITLE = "Hyperparameter Importances"
X_LABEL, Y_LABEL = "Hyperparameter Importance", "Hyperparameter"


def plot_param_importances(
    study: Study,
    evaluator: BaseImportanceEvaluator | None = None,
    params: list[str] | None = None,
    *,
    target: Target | None = None,
    target_name: str = TARGET_NAME,
) -> Figure:
    """Plot the importances of the parameters.

    Parameters
    ----------
    study : Study
        The study.
    evaluator : BaseImportanceEvaluator, default=None
        Evaluator of the importances; by default,
        :class:`~skhpo.importance.PedAnovaImportanceEvaluator`.
    params : list of str, default=None
        Parameters to evaluate; by default, those that the evaluator chooses.
    target : callable, default=None
        Function that takes a complete trial and returns the number to explain, where smaller is
        better. By default, all objectives are explained, each in its own direction.
    target_name : str, default="Objective Value"
        Name of the values, unless the objectives have names.

    Returns
    -------
    figure : plotly.graph_objects.Figure

    Raises
    ------
    ImportError
        If plotly is missing.

    See Also
    --------
    skhpo.plots.ImportancesDisplay : Show which importances are clearly larger than 0.

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     trial.suggest_float("idle", 0, 1)
    ...     return trial.suggest_float("x", -5, 5) ** 2
    >>> study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0))
    >>> study.optimize(objective, n_trials=50)
    >>> figure = skhpo.visualization.plot_param_importances(study)
    >>> list(figure.data[0].y)
    ['idle', 'x']
    """
    go = graph_objects()
    layout = go.Layout(title=TITLE, xaxis={"title": X_LABEL}, yaxis={"title": Y_LABEL})
    explained = importances_of_objectives(study, evaluator, params, target, target_name)
    kinds = {
        name: type(distribution).__name__
        for name, distribution in trial_table(study).distributions.items()
    }
    return go.Figure(data=[_bars(go, one, kinds) for one in explained if one.params], layout=layout)


def importances_of_objectives(
    study: Study,
    evaluator: BaseImportanceEvaluator | None,
    params: list[str] | None,
    target: Target | None,
    target_name: str,
) -> list[ImportancesData]:
    """Return the importances for each objective, or for the target."""
    table = trial_table(study, target=target)
    compute = partial(_importances, study, evaluator, params)
    is_one = target is not None or len(table.names) == 1
    if is_one:
        check_target([study], target, target_name)
    if not np.isfinite(table.values).all(axis=1).any():
        log_that_none_is_complete()
        return []
    has_names = study.metric_names is not None and target is None
    if is_one:
        return [compute(target, table.names[0] if has_names else target_name)]
    return [
        compute(
            partial(_loss, column=column, sign=-1.0 if greater else 1.0),
            name if has_names else f"{target_name} {column}",
        )
        for column, (name, greater) in enumerate(
            zip(table.names, table.greater_is_better, strict=True)
        )
    ]


def _importances(
    study: Study,
    evaluator: BaseImportanceEvaluator | None,
    params: list[str] | None,
    target: Target | None,
    name: str,
) -> ImportancesData:
    return importances_data(
        study,
        evaluator=evaluator,
        params=params,
        target=target,
        name=name,
        n_repeats=0,
        keep_constant=True,
    )


def _loss(trial: FrozenTrial, column: int, sign: float) -> float:
    assert trial.values is not None  # the trial is complete
    return sign * trial.values[column]


def _bars(go: Any, data: ImportancesData, kinds: dict[str, str]) -> Any:
    params, importance = data.params[::-1], data.importance[::-1]
    return go.Bar(
        x=importance,
        y=params,
        name=data.name,
        text=[f"{one:.2f}" if one >= 0.01 else "<0.01" for one in importance],
        textposition="outside",
        cliponaxis=False,
        hovertemplate=[
            f"{name} ({kinds[name]}): {one}<extra></extra>"
            for name, one in zip(params, importance, strict=True)
        ],
        orientation="h",
    )
