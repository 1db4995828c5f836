"""The leading steps of a pipeline, and after which of them candidates part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

__all__ = ["LeadingSteps", "ends_of_blocks", "leading_steps", "n_recurring", "recurring_branches"]


@dataclass(frozen=True)
class LeadingSteps:
    """The steps of a pipeline before its model.

    A pipeline at the end of a pipeline counts as a part of it.

    Attributes
    ----------
    paths : list of str
        Names of the steps, such as "scale", or "rest__select" in a pipeline "rest".
    transformers : list of estimator
        The steps. Those that pass their input through are left out.
    model_path : str
        Name of the model.
    model : estimator
        The last step.
    pipelines : list of Pipeline
        The pipeline, and those at its end.
    """

    paths: list[str]
    transformers: list[Any]
    model_path: str
    model: Any
    pipelines: list[Pipeline]


def leading_steps(estimator: Any) -> LeadingSteps:
    """Return the steps of a pipeline before its model; none if it has a memory of its own.

    Parameters
    ----------
    estimator : estimator
        A pipeline, or any other estimator, which has no such steps.
    """
    found = LeadingSteps([], [], "", estimator, [])
    paths, transformers, model_path, model = found.paths, found.transformers, "", estimator
    while _is_plain_pipeline(model):
        found.pipelines.append(model)
        prefix = f"{model_path}__" if model_path else ""
        for name, transformer in model.steps[:-1]:
            if transformer is not None and not isinstance(transformer, str):
                paths.append(f"{prefix}{name}")
                transformers.append(transformer)
        name, model = model.steps[-1]
        model_path = f"{prefix}{name}"
    return LeadingSteps(paths, transformers, model_path, model, found.pipelines)


def _is_plain_pipeline(estimator: Any) -> bool:
    """Whether an estimator is scikit-learn's own pipeline, well-formed and without a memory."""
    from sklearn.pipeline import Pipeline

    return (
        type(estimator) is Pipeline
        and estimator.memory is None
        and estimator.transform_input is None
        and isinstance(estimator.steps, list)
        and len(estimator.steps) > 0
        and all(isinstance(step, tuple) and len(step) == 2 for step in estimator.steps)
    )


def ends_of_blocks(
    paths: Sequence[str], model_path: str, searched: Mapping[str, bool]
) -> list[int]:
    """Return the positions of the steps whose output several candidates need.

    These are the steps before one that is searched, or before the model. Steps with a continuous
    parameter, and all after them, never have the same parameters again.

    Parameters
    ----------
    paths : sequence of str
        Names of the steps.
    model_path : str
        Name of the model.
    searched : mapping of str to bool
        The searched parameters, and whether they have finitely many values.
    """
    n = n_recurring(paths, searched)
    following = [*paths, model_path][1:]
    return [i for i in range(n) if any(True for _ in _touching(searched, following[i]))]


def n_recurring(paths: Sequence[str], searched: Mapping[str, bool]) -> int:
    """Return the number of leading steps that several candidates may have in common.

    Parameters
    ----------
    paths : sequence of str
        Names of the steps.
    searched : mapping of str to bool
        The searched parameters, and whether they have finitely many values.
    """
    for i, path in enumerate(paths):
        if not all(searched[name] for name in _touching(searched, path)):
            return i
    return len(paths)


def recurring_branches(path: str, names: Sequence[str], searched: Mapping[str, bool]) -> list[str]:
    """Return the branches of a step that recur more often than the step.

    Parameters
    ----------
    path : str
        Name of the step.
    names : sequence of str
        Names of its branches.
    searched : mapping of str to bool
        The searched parameters, and whether they have finitely many values.
    """
    of_step = set(_touching(searched, path))
    found = []
    for name in names:
        own = set(_touching(searched, f"{path}__{name}"))
        if own < of_step and all(searched[one] for one in own):
            found.append(name)
    return found


def _touching(searched: Iterable[str], path: str) -> Iterable[str]:
    """Yield the parameters that change a step: its own, or those of which it is a part."""
    for name in searched:
        whole = name
        for end in ("steps", "transformers", "transformer_list"):  # all parts at once
            if name == end or name.endswith(f"__{end}"):
                whole = name.removesuffix(end).removesuffix("__")
        if not whole or f"{path}__".startswith(f"{whole}__") or name.startswith(f"{path}__"):
            yield name
