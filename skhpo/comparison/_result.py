"""The result of a comparison: a table of runs, a summary, and statistics of differences."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import combinations
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skhpo._hints import missing_extra
from skhpo._statistics import PairedDifference, corrected_t_test, holm
from skhpo.comparison._strategy import Run
from skhpo.plots import ComparisonDisplay

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["SearchComparison"]

LEVEL = 0.05  # of the tests
_NUMBERS = ("cv_score", "held_out_score", "fits", "seconds")


class SearchComparison:
    """The result of :func:`skhpo.compare_searches`.

    ``print(comparison)`` shows the summary and the conclusions, and a notebook shows them as a
    table.

    Parameters
    ----------
    runs : list of Run
        The runs of all strategies in all repetitions.
    names : list of str
        Names of the strategies.
    metric : str, callable or None
        Metric of the held-out rows; None is the ``score`` method of the estimators.
    n_train, n_test : int
        Number of rows for the searches and of held-out rows.

    Attributes
    ----------
    results : dict of str to ndarray
        One row per strategy and repetition:

        - ``strategy``, ``repeat``: name, and number of the repetition from 0;
        - ``cv_score``: best mean score on the inner folds;
        - ``held_out_score``: score on rows that the search has not seen;
        - ``fits``: number of fits on folds, without the refit; a fit with a part of a resource of
          a search of skhpo counts as that part;
        - ``seconds``: duration of ``fit``, with the refit;
        - ``best_params``: parameters of the best candidate;
        - ``error``: the error of a run that failed, otherwise empty.
    curves : dict of str to list
        For each strategy, one curve per repetition, or None if it is unknown. A curve has arrays
        ``fits``, ``seconds`` and ``best``: the best CV score so far, after each candidate.
    names : list of str
        Names of the strategies.
    n_repeats : int
        Number of repetitions.
    """

    def __init__(
        self, runs: Sequence[Run], *, names: Sequence[str], metric: Any, n_train: int, n_test: int
    ) -> None:
        self.names = list(names)
        self.metric = metric
        self.n_train, self.n_test = n_train, n_test
        order = {name: place for place, name in enumerate(self.names)}
        runs = sorted(runs, key=lambda run: (order[run.strategy], run.repeat))
        self.n_repeats = len({run.repeat for run in runs})
        self.results: dict[str, NDArray[Any]] = {
            "strategy": _objects([run.strategy for run in runs]),
            "repeat": np.array([run.repeat for run in runs], dtype=np.int64),
            **{name: np.array([getattr(run, name) for run in runs], float) for name in _NUMBERS},
            "best_params": _objects([run.best_params for run in runs]),
            "error": _objects([run.error for run in runs]),
        }
        self.curves = {
            name: [run.curve for run in runs if run.strategy == name] for name in self.names
        }

    def __repr__(self) -> str:
        return f"SearchComparison(strategies={self.names}, n_repeats={self.n_repeats})"

    def __str__(self) -> str:
        parts = [self._title(), _as_text([_HEADER, *self._rows()])]
        if pairs := self._pairs():
            parts += [f"{_PAIRS_TITLE}:", _as_text([_PAIRS_HEADER, *pairs])]
        if sentences := self._shown_conclusions():
            parts.append("\n".join(fill(one, _WIDTH, subsequent_indent="  ") for one in sentences))
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        html = _as_html(self._title(), _HEADER, self._rows())
        if pairs := self._pairs():
            html += _as_html(_PAIRS_TITLE, _PAIRS_HEADER, pairs)
        if sentences := self._shown_conclusions():
            html += f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in sentences)}</ul>"
        return html

    @property
    def metric_name(self) -> str:
        """Name of the metric of the held-out rows."""
        if isinstance(self.metric, str):
            return self.metric
        return getattr(self.metric, "__name__", "score" if self.metric is None else "scorer")

    def plot(
        self,
        *,
        x: str = "fits",
        band: tuple[float, float] = (0.25, 0.75),
        ax: Axes | None = None,
        line_kw: dict[str, Any] | None = None,
        band_kw: dict[str, Any] | None = None,
    ) -> ComparisonDisplay:
        """Plot the best CV score so far of each strategy.

        Parameters
        ----------
        x : {"fits", "seconds"}, default="fits"
            The x-axis: fits on folds, or seconds of fitting and scoring, summed over workers.
        band : tuple of float, default=(0.25, 0.75)
            Quantiles over the repetitions that limit the band.
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        line_kw, band_kw : dict, default=None
            See :meth:`skhpo.plots.ComparisonDisplay.plot`.

        Returns
        -------
        display : ComparisonDisplay

        Raises
        ------
        ImportError
            If matplotlib is missing.
        """
        return ComparisonDisplay.from_comparison(
            self, x=x, band=band, ax=ax, line_kw=line_kw, band_kw=band_kw
        )

    def to_dataframe(self) -> pd.DataFrame:
        """Return the results of all runs as a DataFrame.

        Returns
        -------
        frame : pandas.DataFrame
            One row per strategy and repetition, with the columns of ``results``.

        Raises
        ------
        ImportError
            If pandas is missing.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise missing_extra("A DataFrame needs pandas", "dataframe") from error
        return pd.DataFrame(self.results)

    def summary(self) -> dict[str, NDArray[Any]]:
        """Return a table with one row per strategy.

        Returns
        -------
        summary : dict of str to ndarray
            Columns:

            - ``strategy``: its name;
            - ``mean_X``, ``median_X``, ``std_X``: over the repetitions without an error, for X in
              ``held_out_score``, ``cv_score``, ``fits`` and ``seconds``. The standard deviation
              has ``n - 1`` in its denominator, and is NaN with fewer than two repetitions;
            - ``n_repeats``: number of repetitions without an error.
        """
        columns: dict[str, NDArray[Any]] = {"strategy": _objects(self.names)}
        for name in ("held_out_score", "cv_score", "fits", "seconds"):
            samples = [_known(self._of(strategy, name)) for strategy in self.names]
            columns[f"mean_{name}"] = np.array([s.mean() if len(s) else np.nan for s in samples])
            columns[f"median_{name}"] = np.array(
                [np.median(s) if len(s) else np.nan for s in samples]
            )
            columns[f"std_{name}"] = np.array(
                [s.std(ddof=1) if len(s) > 1 else np.nan for s in samples]
            )
        columns["n_repeats"] = np.array(
            [len(_known(self._of(strategy, "held_out_score"))) for strategy in self.names]
        )
        return columns

    def differences(self, *, confidence: float = 0.95) -> dict[str, NDArray[Any]]:
        """Return the differences of held-out scores between all pairs of strategies.

        Parameters
        ----------
        confidence : float, default=0.95
            Level of the confidence intervals.

        Returns
        -------
        differences : dict of str to ndarray
            One row per pair:

            - ``first``, ``second``: the strategies;
            - ``difference``: mean of the score of the first minus that of the second, over the
              repetitions in which both have one;
            - ``low``, ``high``: confidence interval for this pair alone;
            - ``p_value``: of the corrected paired t-test [1]_. The training rows of the
              repetitions overlap, and a plain t-test would find too many differences;
            - ``p_holm``: the same, adjusted for the number of pairs by Holm's method;
            - ``detectable``: the smallest difference that this test could have found;
            - ``n_repeats``: number of repetitions in which both have a score.

        References
        ----------
        .. [1] C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine
           Learning 52 (2003).
        """
        if not 0.0 < confidence < 1.0:
            raise ValueError(f"`confidence` must lie between 0 and 1; got {confidence!r}.")
        pairs = list(combinations(self.names, 2))
        found = [self._difference(first, second, confidence) for first, second in pairs]
        p_values = np.array([one.p_value for one in found], dtype=float)
        return {
            "first": _objects([first for first, _ in pairs]),
            "second": _objects([second for _, second in pairs]),
            "difference": np.array([one.mean for one in found], dtype=float),
            "low": np.array([one.low for one in found], dtype=float),
            "high": np.array([one.high for one in found], dtype=float),
            "p_value": p_values,
            "p_holm": holm(p_values),
            "detectable": np.array([one.detectable for one in found], dtype=float),
            "n_repeats": np.array([one.n for one in found], dtype=np.int64),
        }

    def conclusions(self) -> list[str]:
        """Return sentences about the differences of held-out scores.

        Returns
        -------
        sentences : list of str
            One for each pair of strategies, and one for the runs that failed, if any.
        """
        rows = self._difference_rows()
        return [_conclusion(row, n_pairs=len(rows)) for row in rows] + self._about_failures()

    def _difference_rows(self) -> list[dict[str, Any]]:
        table = self.differences()
        names = list(table)
        return [dict(zip(names, cells, strict=True)) for cells in zip(*table.values(), strict=True)]

    def _shown_conclusions(self) -> list[str]:
        """Return the conclusions, with many pairs only those with a difference."""
        rows = self._difference_rows()
        if len(rows) <= _MAX_SENTENCES:
            return self.conclusions()
        found = [row for row in rows if row["p_holm"] < LEVEL]
        sentences = [_conclusion(row, n_pairs=len(rows)) for row in found]
        if len(found) < len(rows):
            sentences.append(
                f"No difference was found in {len(rows) - len(found)} of {len(rows)} pairs. A "
                'smaller difference than "could show" may exist.'
            )
        return sentences + self._about_failures()

    def _about_failures(self) -> list[str]:
        errors = self.results["error"]
        n_failed = sum(bool(error) for error in errors)
        if n_failed == 0:
            return []
        return [
            f"{n_failed} of {len(errors)} runs failed and are left out; `results['error']` has "
            "the errors."
        ]

    def _pairs(self) -> list[list[str]]:
        """Return the cells of the table of differences, which replaces many sentences."""
        rows = self._difference_rows()
        if len(rows) <= _MAX_SENTENCES:
            return []
        return [
            [
                f"{row['first']} − {row['second']}",
                *(
                    "-" if np.isnan(row[n]) else _signed(row[n])
                    for n in ("difference", "low", "high")
                ),
                "-" if np.isnan(row["p_holm"]) else _p(row["p_holm"]),
                _number(row["detectable"], "{:.2g}"),
            ]
            for row in rows
        ]

    def _of(self, strategy: str, name: str) -> NDArray[np.float64]:
        column: NDArray[np.float64] = self.results[name][self.results["strategy"] == strategy]
        return column

    def _difference(self, first: str, second: str, confidence: float) -> PairedDifference:
        scores = [self._of(name, "held_out_score") for name in (first, second)]
        return corrected_t_test(
            scores[0] - scores[1], self.n_test / self.n_train, confidence=confidence
        )

    def _title(self) -> str:
        over = "1 repetition" if self.n_repeats == 1 else f"{self.n_repeats} repetitions"
        return (
            f"{self.metric_name}, mean ± standard deviation over {over}; {self.n_train} rows for "
            f"the searches, {self.n_test} held out"
        )

    def _rows(self) -> list[list[str]]:
        """Return the cells of the summary as text."""
        summary = self.summary()
        spans = [summary[f"mean_{name}"] for name in ("held_out_score", "cv_score")]
        digits = _digits(np.concatenate(spans))
        rows = []
        for row, name in enumerate(self.names):
            scores = [
                _with_spread(summary[f"mean_{kind}"][row], summary[f"std_{kind}"][row], digits)
                for kind in ("held_out_score", "cv_score")
            ]
            rows.append(
                [
                    name,
                    *scores,
                    _number(summary["mean_fits"][row], "{:.0f}"),
                    _number(summary["mean_seconds"][row], "{:.3g}"),
                    str(summary["n_repeats"][row]),
                ]
            )
        return rows


_HEADER = ["strategy", "held out", "CV score", "fits", "seconds", "repetitions"]
_PAIRS_HEADER = ["pair", "difference", "95% from", "to", "p, adjusted", "could show"]
_PAIRS_TITLE = "Differences of held-out scores, with the corrected paired t-test"
_WIDTH = 100  # of lines that are printed
_MAX_SENTENCES = 3  # pairs for which print shows a sentence each; more are a table


def _conclusion(row: dict[str, Any], n_pairs: int) -> str:
    first, second, n = row["first"], row["second"], row["n_repeats"]
    if n < 2:
        return (
            f"{first} and {second}: {n} repetitions with both, too few to say whether they differ."
        )
    difference, detectable = row["difference"], row["detectable"]
    if detectable == 0.0:
        alike = "equal" if difference == 0.0 else f"different by {abs(difference):.2g}"
        return f"{first} and {second}: the held-out scores are {alike} in all {n} repetitions."
    better, worse = (first, second) if difference > 0.0 else (second, first)
    low, high = sorted(np.sign(difference or 1.0) * np.array([row["low"], row["high"]]))
    numbers = f"95% interval {_signed(low)} to {_signed(high)}, p = {_p(row['p_holm'])}"
    numbers += f" adjusted for {n_pairs} pairs" if n_pairs > 1 else ""
    if row["p_holm"] < LEVEL:
        return f"{better} is better than {worse} by {abs(difference):.2g} ({numbers})."
    adjusted = (
        f" The interval of this pair alone does not contain 0, but of {n_pairs} pairs one may "
        "look like that by chance."
        if row["p_value"] < LEVEL
        else ""
    )
    means = f"the mean of {better} is {abs(difference):.2g} higher"
    return (
        f"No difference was found between {first} and {second}: "
        f"{means if difference else 'the means are equal'} ({numbers}). {n} repetitions could "
        f"only show differences above {detectable:.2g}.{adjusted}"
    )


def _signed(value: float) -> str:
    return f"{value:+.2g}".replace("-", "−")


def _p(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def _digits(values: NDArray[np.float64]) -> int:
    """Return the number of decimals of scores: four, and fewer for large numbers."""
    known = np.abs(_known(values))
    largest = float(known.max()) if len(known) else 0.0
    return max(0, 4 - max(0, int(np.floor(np.log10(largest))) + 1)) if largest >= 1.0 else 4


def _with_spread(mean: float, spread: float, digits: int) -> str:
    if np.isnan(mean):
        return "-"
    text = f"{mean:.{digits}f}"
    return text if np.isnan(spread) else f"{text} ± {spread:.{digits}f}"


def _number(value: float, pattern: str) -> str:
    return "-" if np.isnan(value) else pattern.format(value)


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known: NDArray[np.float64] = values[~np.isnan(values)]
    return known


def _as_text(rows: Sequence[Sequence[str]]) -> str:
    """Align cells: names to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    ]
    return "\n".join(lines)


def _as_html(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    lines = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _objects(values: Sequence[Any]) -> NDArray[np.object_]:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
