"""How a search is shown: its ranges as text, and the summary of its results in a notebook."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from sklearn.base import BaseEstimator

from skhpo._text import duration, range_text, short
from skhpo.submodels import fits_by_row

if TYPE_CHECKING:
    from skhpo.search._base import BaseStudySearchCV

    Search = TypeVar("Search", bound=BaseStudySearchCV)

__all__ = ["summary_html", "with_readable_ranges"]

N_BEST = 5  # rows of the table of the best candidates

_STYLE = """
.skhpo-summary {font-size: 0.95em; line-height: 1.45; margin-bottom: 0.8em; max-width: 60em}
.skhpo-summary table {border-collapse: collapse; margin: 0.3em 0}
.skhpo-summary th, .skhpo-summary td {
  text-align: left !important; vertical-align: top; padding: 0.1em 1em 0.1em 0; border: none;
  overflow-wrap: anywhere}
.skhpo-summary tr {background: none !important}
.skhpo-summary th {font-weight: 600; white-space: nowrap}
.skhpo-summary summary {cursor: pointer}
"""


class _Shown:
    """A value whose repr is a given text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def with_readable_ranges(search: Search) -> Search:
    """Return a shallow copy of a search whose distributions of scipy.stats print as calls.

    Use it for its representation only.
    """
    shown = copy.copy(search)
    kind: Any = type(search)
    shown.__class__ = _shown_class(kind)
    for name in ("param_distributions", "param_grid"):
        space = getattr(search, name, None)
        if isinstance(space, Mapping):
            setattr(shown, name, _readable(space))
        elif isinstance(space, list):
            branches = [_readable(one) if isinstance(one, Mapping) else one for one in space]
            setattr(shown, name, branches)
    return shown


@cache
def _shown_class(kind: Any) -> Any:
    """Return a subclass with scikit-learn's own ``__repr__``, by which its printer knows it."""
    attributes = {"__repr__": BaseEstimator.__repr__, "__module__": kind.__module__}
    return type(kind.__name__, (kind,), attributes)


def _readable(space: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _Shown(range_text(values)) if hasattr(values, "dist") else values
        for name, values in space.items()
    }


def summary_html(search: BaseStudySearchCV) -> str:
    """Return what a fitted search found as HTML; an empty text if it is not fitted."""
    if not hasattr(search, "cv_results_") or not hasattr(search, "study_"):
        return ""
    rows = [*_winner(search), *_effort(search)]
    lines = "".join(f"<tr><th>{escape(name)}</th><td>{text}</td></tr>" for name, text in rows)
    title = escape(type(search).__name__)
    return (
        f'<style>{_STYLE}</style><div class="skhpo-summary"><strong>{title}: results</strong>'
        f"<table>{lines}</table>{_best_candidates(search)}</div>"
    )


def _winner(search: BaseStudySearchCV) -> list[tuple[str, str]]:
    """Return the rows on the chosen candidate, with names and HTML."""
    if not hasattr(search, "best_index_"):
        return _front(search)
    results, best = search.cv_results_, search.best_index_
    rows = [("Best parameters", _params_html(results["params"][best]))]
    if hasattr(search, "objectives_"):
        values: Mapping[str, float] = getattr(search, "best_values_", {})
        rows.append(("Its objectives", _named(values)))
        again = {name: results.get(f"mean_confirmed_{name}") for name in values}
        known = {name: column[best] for name, column in again.items() if column is not None}
        if known:
            rows.append(("On new folds", _named(known)))
        return [*rows, *_front(search)]
    metric = search.refit if search.multimetric_ and isinstance(search.refit, str) else "score"
    if f"mean_test_{metric}" not in results:
        return rows
    mean, spread = results[f"mean_test_{metric}"][best], results[f"std_test_{metric}"][best]
    text = f"{mean:.4g} (standard deviation over {search.n_splits_} folds: {spread:.2g})"
    rows.append((f"Best {metric}", escape(text)))
    confirmed = results.get("mean_confirmed_score")
    if confirmed is not None and np.isfinite(confirmed[best]):
        rows.append(("On new folds", f"{confirmed[best]:.4g}"))
    optimism = results.get(f"optimism_test_{metric}", np.full(best + 1, np.nan))[best]
    if np.isfinite(optimism):
        text = (
            f"{optimism:.2g}. On new data, expect about {mean - optimism:.4g}: the best of many "
            "candidates was also lucky."
        )
        rows.append(("Expected optimism", text))
    return rows


def _named(values: Mapping[str, float]) -> str:
    return escape(", ".join(f"{name} {short(value)}" for name, value in values.items()))


def _front(search: Any) -> list[tuple[str, str]]:
    if not hasattr(search, "pareto_front_"):
        return []
    names = ", ".join(str(objective.name) for objective in search.objectives_)
    return [("Pareto front", f"{len(search.pareto_front_)} candidates in {escape(names)}")]


def _effort(search: BaseStudySearchCV) -> list[tuple[str, str]]:
    """Return the rows on the candidates, fits and time."""
    results = search.cv_results_
    counts = Counter(results["status"].tolist())
    n_candidates = len(results["params"])
    statuses = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    n_fits, n_all = int(fits_by_row(results).sum()), n_candidates * search.n_splits_
    fits = f"{n_fits}"
    if n_fits < n_all:
        fits += f" of {n_all} ({1 - n_fits / n_all:.0%} saved)"
    n_earlier = int(search.evaluations_["from_storage"].sum())
    if n_earlier > 0:
        fits += f"; {n_earlier} of them are earlier results"
    display = "ParetoFrontDisplay" if hasattr(search, "pareto_front_") else "HistoryDisplay"
    return [
        ("Candidates", f"{n_candidates}: {escape(statuses)}"),
        ("Fits", fits),
        ("Time", escape(_duration(search))),
        ("Plots", f"<code>skhpo.plots.{display}.from_search(search)</code>"),
    ]


def _duration(search: BaseStudySearchCV) -> str:
    """Return the time from the first to the last candidate, and that of the refit."""
    trials = search.study_.get_trials(deepcopy=False)
    starts = [trial.datetime_start for trial in trials if trial.datetime_start is not None]
    ends = [trial.datetime_complete for trial in trials if trial.datetime_complete is not None]
    text = "unknown"
    if starts and ends:
        text = duration((max(ends) - min(starts)).total_seconds())
    if hasattr(search, "refit_time_"):
        text += f", and {duration(search.refit_time_)} for the refit"
    return text


def _best_candidates(search: BaseStudySearchCV) -> str:
    """Return a table of the best candidates that opens on demand."""
    results = search.cv_results_
    metric = search.refit if search.multimetric_ and isinstance(search.refit, str) else "score"
    column, ranks = f"mean_test_{metric}", results.get(f"rank_test_{metric}")
    if ranks is None or hasattr(search, "objectives_"):
        return ""
    is_complete = results["status"] == "complete"
    order = [row for row in np.argsort(ranks, kind="stable") if is_complete[row]][:N_BEST]
    head = f"<tr><th>rank</th><th>{escape(metric)}</th><th>parameters</th></tr>"
    body = "".join(
        f"<tr><td>{ranks[row]}</td><td>{results[column][row]:.4g}</td>"
        f"<td>{_params_html(results['params'][row])}</td></tr>"
        for row in order
    )
    title = f"The best {len(order)} candidates"
    return f"<details><summary>{title}</summary><table>{head}{body}</table></details>"


def _params_html(params: Mapping[str, Any]) -> str:
    return _joined(f"{escape(name)}={escape(short(value))}" for name, value in params.items())


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(f"<code>{text}</code>" for text in texts) or "none"
