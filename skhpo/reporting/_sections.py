"""The sections of a report, made of a subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from skhpo.distributions import BaseDistribution, CategoricalDistribution, QuantileDistribution
from skhpo.history import SUBMODEL_OF
from skhpo.importance import FanovaImportanceEvaluator, get_param_importances
from skhpo.reporting._advice import (
    ENOUGH_FOR_IMPORTANCES,
    Advice,
    advise,
    describe_budget,
)
from skhpo.reporting._document import (
    Block,
    Bullets,
    CodeText,
    Document,
    Paragraph,
    Section,
    Table,
    Tile,
    code,
    count,
    listed,
    number,
    score,
    signed,
)
from skhpo.reporting._environment import code_of_search, versions
from skhpo.reporting._gain import Gain, Luck, describe_gain, gain_of, luck_of, verdict
from skhpo.reporting._subject import Subject
from skhpo.samplers import BruteForceSampler, GridSampler, QMCSampler, RandomSampler
from skhpo.search._beginning import PRIOR, TAKEN_OVER
from skhpo.study import Study

__all__ = ["HeldOut", "make_document"]

N_SHOWN = 10  # number of the best candidates in the table


@dataclass(frozen=True)
class HeldOut:
    """The score on held-out rows.

    Attributes
    ----------
    score : float
        The score.
    n_rows : int
        Number of rows.
    error : float or None
        Standard error, from parts of the rows; None if they are too few to tell.
    """

    score: float
    n_rows: int
    error: float | None = None

    def __str__(self) -> str:
        text = score(self.score)
        if self.error is None:
            return text
        return f"{text}, with a standard error of {number(self.error, 2)}"


def make_document(
    subject: Subject,
    *,
    title: str | None,
    held_out: HeldOut | None,
    figures: Sequence[Block],
    now: datetime,
) -> Document:
    """Return the report.

    Parameters
    ----------
    subject : Subject
        The search.
    title : str or None
        Title; None makes one.
    held_out : HeldOut or None
        Score on held-out rows.
    figures : sequence of Block
        The plots, or a text why there are none.
    now : datetime
        The time of the report.

    Returns
    -------
    document : Document
    """
    luck, gain = luck_of(subject), gain_of(subject)
    importances = _importances(subject)
    advice = advise(subject, None if importances is None else importances.shares)
    sections = [
        Section("In short", [Bullets(_in_short(subject, gain, luck, held_out, advice))]),
        Section("What was searched", _what_was_searched(subject)),
        Section(
            "The front and the choice" if subject.has_front else "The winner",
            _front(subject) if subject.has_front else _winner(subject, gain, luck, held_out),
        ),
        Section("Candidates", _candidates(subject)),
        Section("What mattered", _what_mattered(subject, importances)),
        Section("What to try next", _what_next(advice)),
        Section("Plots", figures),
        Section("How to reproduce it", _reproduce(subject)),
    ]
    return Document(
        title=title or _title(subject),
        subtitle=f"Hyperparameter search with skhpo, report of {now:%Y-%m-%d %H:%M %Z}".strip(),
        tiles=_tiles(subject, gain, held_out),
        sections=[section for section in sections if section.blocks],
    )


# -------------------------------------------------------------------------------------- top


def _title(subject: Subject) -> str:
    if subject.search is None:
        assert subject.study is not None
        return f"Study {subject.study.study_name}"
    return f"{type(subject.search).__name__} of {_name_of(subject.search.estimator)}"


def _name_of(estimator: Any) -> str:
    steps = getattr(estimator, "steps", None)
    return type(steps[-1][1]).__name__ if steps else type(estimator).__name__


def _tiles(subject: Subject, gain: Gain | None, held_out: HeldOut | None) -> list[Tile]:
    tiles = []
    if subject.best is not None:
        tiles += [
            Tile(name, score(subject.values[subject.best, place]), _where(subject))
            for place, name in enumerate(subject.names[:3])
        ]
    if held_out is not None:
        tiles.append(Tile("held-out score", score(held_out.score), count(held_out.n_rows, "row")))
    if gain is not None and not subject.has_front:
        tiles.append(Tile("gain", signed(gain.gain), "over the estimator as given"))
    if subject.has_front:
        tiles.append(Tile("on the front", str(len(subject.front)), "candidates"))
    tiles.append(Tile("candidates", str(subject.n_candidates), _by_status(subject)))
    if subject.n_fits is not None:
        tiles.append(Tile("fits", str(int(subject.n_fits.sum())), "of one fold each"))
    return tiles


def _where(subject: Subject) -> str:
    n_folds = _n_folds(subject)
    return f"mean over {count(n_folds, 'fold')}" if n_folds else "best value"


def _n_folds(subject: Subject) -> int | None:
    if subject.search is not None:
        return int(subject.search.n_splits_)
    return None if subject.folds is None else subject.folds.shape[1]


def _by_status(subject: Subject) -> str:
    names, counts = np.unique(subject.status.astype(str), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return ", ".join(f"{counts[k]} {_MEANING.get(names[k], names[k])}" for k in order)


def _in_short(
    subject: Subject,
    gain: Gain | None,
    luck: Luck | None,
    held_out: HeldOut | None,
    advice: Sequence[Advice],
) -> list[str]:
    items = []
    if subject.best is None and not subject.has_front:
        items.append("No candidate is complete and feasible, so there is no winner.")
    elif subject.has_front:
        items += _front_in_short(subject)
    else:
        items.append(_best_in_short(subject))
    if subject.best is not None and subject.search is not None and not subject.has_front:
        over = "" if gain is None or subject.best == subject.default else _over_default(gain)
        why = "" if gain is not None else f" {_why_no_gain(subject)}"
        items.append(f"{over}{verdict(subject, gain, luck)}{why}")
    if luck is not None and subject.best is not None and luck.optimism > 0.0:
        items.append(_expectation(subject, luck))
    if held_out is not None:
        items.append(
            f"On {count(held_out.n_rows, 'row')} that the search has not seen, the score is "
            f"{held_out}."
        )
    if saved := _saved(subject):
        items.append(saved)
    if advice:
        items.append(f"Next: {advice[0].action}")
    return items


def _best_in_short(subject: Subject) -> str:
    assert subject.best is not None
    value = score(subject.values[subject.best, 0])
    return (
        f"Of {count(subject.n_candidates, 'candidate')}, number {subject.numbers[subject.best]} is "
        f"the winner, with {code(subject.names[0])} = {value} ({_where(subject)})."
    )


def _over_default(gain: Gain) -> str:
    return f"The gain over the estimator as given is {describe_gain(gain)}. "


def _expectation(subject: Subject, luck: Luck) -> str:
    assert subject.best is not None
    sign = -1.0 if subject.greater_is_better[0] else 1.0
    expected = subject.values[subject.best, 0] + sign * luck.optimism
    return (
        f"The best of {luck.n_complete} complete candidates was probably lucky, too. On new data, "
        f"expect about {score(expected)} rather than {score(subject.values[subject.best, 0])}."
    )


def _front_in_short(subject: Subject) -> list[str]:
    n_front = len(subject.front)
    items = [
        f"{count(n_front, 'candidate')} of {subject.n_candidates} "
        f"{'is' if n_front == 1 else 'are'} on the Pareto front of "
        f"{listed([code(name) for name in subject.names])}."
    ]
    if subject.best is not None:
        values = listed(
            [
                f"{code(name)} = {score(subject.values[subject.best, place])}"
                for place, name in enumerate(subject.names)
            ]
        )
        rule = code(subject.search.refit) if subject.search is not None else "the rule"
        items.append(
            f"The rule {rule} chose candidate {subject.numbers[subject.best]}, with {values}."
        )
    return items


def _saved(subject: Subject) -> str:
    """Return how many fits were saved by stopping candidates early."""
    n_folds = _n_folds(subject)
    stopped = subject.status == "pruned"
    if subject.n_fits is None or n_folds is None or not stopped.any():
        return ""
    has_fits = subject.n_fits > 0  # a submodel has none
    all_fits = n_folds * int(has_fits.sum())
    saved = int((n_folds - subject.n_fits[stopped & has_fits]).sum())
    return (
        f"{count(int(stopped.sum()), 'candidate')} with little chance to win "
        f"{'was' if stopped.sum() == 1 else 'were'} stopped early. That saved {saved} of "
        f"{all_fits} fits ({saved / all_fits:.0%})."
    )


# ------------------------------------------------------------------------- what was searched


_ABOUT_STUDY = (
    "This report was made from a study. It has no code that repeats the study, as the objective "
    "function is not stored."
)
_ABOUT_SEARCH = (
    "This report was made from a study alone. So it does not compare the winner with the "
    "estimator as given, and it has no code that repeats the search. A report of the fitted "
    "search has both."
)


def _what_was_searched(subject: Subject) -> list[Block]:
    blocks: list[Block] = []
    if subject.search is None:
        blocks.append(Paragraph(_ABOUT_SEARCH if subject.fingerprint else _ABOUT_STUDY))
    settings = _settings(subject.search) if subject.search is not None else _of_study(subject)
    blocks.append(Table(["setting", "value"], settings, "Settings"))
    rows = [[code(name), describe_range(one)] for name, one in subject.distributions.items()]
    if rows:
        blocks.append(Table(["parameter", "range"], rows, "Space"))
    return blocks


def _settings(search: Any) -> list[list[str]]:
    given = search.get_params(deep=False)
    rows = [["estimator", code(search.estimator, 300)]]
    if hasattr(search, "n_features_in_"):
        rows.append(["data", count(search.n_features_in_, "feature")])
    rows.append(["search", code(type(search).__name__)])
    for name in ("sampler", "pruner", "resource", "early_stopping"):
        if given.get(name) not in (None, "auto"):
            rows.append([name.replace("_", " "), code(given[name], 200)])
    if "n_iter" in given:
        rows.append(["budget", describe_budget(search) or "no limit"])
    if given.get("timeout") is not None:
        rows.append(["timeout", f"{number(search.timeout)} s"])
    known = _describe_prior(search)
    if known:
        rows.append(["prior", known])
    if hasattr(search, "study_"):
        rows += _taken_over(search.study_)
    rows.append(["folds", _describe_cv(search)])
    rows.append(["scoring", _describe_scoring(search)])
    if given.get("constraints"):
        rows.append(["constraints", code(search.constraints, 200)])
    if given.get("preferred"):
        rows.append(["preferred region", code(search.preferred, 200)])
    rows.append(["choice", _describe_choice(search)])
    if "random_state" in given:
        seed = given["random_state"]
        rows.append(
            ["seed", "none: another run gives another result" if seed is None else code(seed)]
        )
    return rows


def _describe_prior(search: Any) -> str:
    """Return what was known before the first candidate, and what came of it."""
    noted = search.study_.user_attrs.get(PRIOR) if hasattr(search, "study_") else None
    if not noted:
        return ""
    sources = [f"{one['name']}, {count(one['n_datasets'], 'dataset')}" for one in noted["sources"]]
    text = f"what is known of {'; '.join(dict.fromkeys(sources))}"
    if not noted["trials"]:
        return text
    trials = search.study_.get_trials(deepcopy=False)
    drawn = [trial.number for trial in trials if SUBMODEL_OF not in trial.system_attrs]
    first = [drawn[place] for place in noted["trials"] if place < len(drawn)]
    begun = f"{text}; it recommended {count(len(first), 'candidate')} to begin with"
    chosen = search.cv_results_["trial_number"][search.best_index_]
    return f"{begun}, one of which won" if chosen in first else begun


def _taken_over(study: Study) -> list[list[str]]:
    """Return the row about results of earlier searches, if there are any."""
    sources = study.user_attrs.get(TAKEN_OVER)
    if not sources:
        return []
    n_candidates = sum(map(len, sources.values()))
    text = (
        f"{count(n_candidates, 'candidate')} from {listed([code(name) for name in sources])}, with "
        "the scores and times measured there, as data, folds and scoring are the same"
    )
    return [["taken over", text]]


def _describe_cv(search: Any) -> str:
    cv = search.cv
    if cv is None or isinstance(cv, int | np.integer):
        return f"{search.n_splits_}, for classifiers stratified"
    given = "a list of splits" if not hasattr(cv, "split") else code(cv, 200)
    return f"{search.n_splits_}, by {given}"


def _describe_scoring(search: Any) -> str:
    if hasattr(search, "objectives_"):
        return listed(
            [
                f"{code(one.name)} ({'larger' if one.greater_is_better else 'smaller'} is better)"
                for one in search.objectives_
            ]
        )
    if search.scoring is None:
        return "the `score` method of the estimator"
    if isinstance(search.scoring, dict | list | tuple):
        return f"{listed([code(name) for name in search.scoring])}; {code(search.refit)} chooses"
    return code(search.scoring)


def _describe_choice(search: Any) -> str:
    if getattr(search, "n_confirm", 0):
        rule = f" by the rule {code(search.refit, 200)}" if hasattr(search, "objectives_") else ""
        return f"the best of {search.n_confirm} on new folds{rule}"
    if search.refit is True or (
        isinstance(search.refit, str) and not hasattr(search, "objectives_")
    ):
        return "the best mean score"
    return "by the rule " + code(search.refit, 200) if search.refit else "no refit"


def _of_study(subject: Subject) -> list[list[str]]:
    assert subject.study is not None
    rows = [["study", code(subject.study.study_name)]]
    known = {"estimator": "estimator", "cv splits": "folds", "scoring": "scoring", "data": "data"}
    for part, label in known.items():
        if part in subject.fingerprint:
            rows.append([label, code(subject.fingerprint[part], 300)])
    rows += _taken_over(subject.study)
    for name, greater in zip(subject.names, subject.greater_is_better, strict=True):
        rows.append(["objective", f"{code(name)} ({'larger' if greater else 'smaller'} is better)"])
    return rows


def describe_range(distribution: BaseDistribution) -> str:
    """Return a range as text.

    Examples
    --------
    >>> from skhpo.distributions import CategoricalDistribution, FloatDistribution
    >>> from skhpo.reporting._sections import describe_range
    >>> describe_range(FloatDistribution(0.01, 1000, log=True))
    '0.01 to 1000, on a log scale'
    >>> describe_range(CategoricalDistribution(["rbf", "poly"]))
    'one of `rbf`, `poly`'
    """
    if isinstance(distribution, CategoricalDistribution):
        choices = [code(choice, 40) for choice in distribution.choices]
        shown = ", ".join(choices[:N_SHOWN])
        rest = len(choices) - N_SHOWN
        return f"one of {shown}{f' and {rest} more' if rest > 0 else ''}"
    if isinstance(distribution, QuantileDistribution):
        return f"distributed as {code(repr(distribution)[21:-1], 100)}"
    low: Any = getattr(distribution, "low", np.nan)
    high: Any = getattr(distribution, "high", np.nan)
    text = f"{number(low, 6)} to {number(high, 6)}"
    if isinstance(low, int) or distribution.n_cells is not None:
        step: Any = getattr(distribution, "step", None)
        whole = "whole numbers" if isinstance(low, int) and step in (None, 1) else ""
        text += f", {whole or f'in steps of {number(step)}' if step or whole else 'a list'}"
    return text + (", on a log scale" if getattr(distribution, "log", False) else "")


# ------------------------------------------------------------------------------- the winner


def _winner(
    subject: Subject, gain: Gain | None, luck: Luck | None, held_out: HeldOut | None
) -> list[Block]:
    if subject.best is None:
        return [Paragraph("No candidate is complete and feasible.")]
    blocks: list[Block] = [_parameters(subject), _scores(subject, gain, luck, held_out)]
    if subject.search is None:
        return blocks
    return [*blocks, Paragraph(f"Is it luck? {_is_it_luck(subject, gain, luck)}")]


def _parameters(subject: Subject) -> Table:
    """Return a table of the parameters: as given, and found."""
    assert subject.best is not None
    search = subject.search
    if search is None:
        rows = [[code(name), code(v)] for name, v in subject.params[subject.best].items()]
        return Table(["parameter", "value"], rows, "Parameters")
    found: Mapping[str, Any] = getattr(search, "best_params_", subject.params[subject.best])
    present = search.estimator.get_params(deep=True)
    rows = [
        [code(name), code(present[name]) if name in present else "-", code(value)]
        for name, value in found.items()
    ]
    return Table(["parameter", "as given", "winner"], rows, "Parameters")


def _scores(
    subject: Subject, gain: Gain | None, luck: Luck | None, held_out: HeldOut | None
) -> Table:
    assert subject.best is not None
    best, default = subject.best, subject.default
    rows = [[f"winner, {code(subject.names[0])}", _score_of(subject, best)]]
    if default is not None:
        rows.append(["estimator as given", _score_of(subject, default)])
    if gain is not None and best != default:
        rows.append(["gain", describe_gain(gain)])
    if luck is not None:
        rows.append(["luck of the choice (selection bias), estimated", number(luck.optimism, 2)])
        rows.append(["standard error of a mean score", number(luck.error, 2)])
    confirmed = _confirmed(subject)
    if confirmed is not None:
        rows.append(["winner, on new folds (`n_confirm`)", score(confirmed)])
    if held_out is not None:
        rows.append([f"winner, on {count(held_out.n_rows, 'held-out row')}", str(held_out)])
    return Table(["score", "value"], rows, "Scores")


def _score_of(subject: Subject, row: int) -> str:
    text = score(subject.values[row, 0])
    if not subject.is_complete[row]:
        return f"not complete ({subject.status[row]})"
    if subject.folds is None or np.isnan(subject.folds[row]).any():
        return text
    spread = number(subject.folds[row].std(), 2)
    return f"{text}, with a standard deviation of {spread} over {_n_folds(subject)} folds"


def _confirmed(subject: Subject) -> float | None:
    results = getattr(subject.search, "cv_results_", {})
    for name in (subject.names[0], "score"):
        if f"mean_confirmed_{name}" in results:
            return float(results[f"mean_confirmed_{name}"][subject.search.best_index_])
    return None


def _is_it_luck(subject: Subject, gain: Gain | None, luck: Luck | None) -> str:
    sentences = [verdict(subject, gain, luck)]
    if gain is None:
        sentences.append(_why_no_gain(subject))
    if gain is not None and gain.paired is not None and subject.best != subject.default:
        sentences.append(
            "The interval and p come from the paired t-test over the folds, corrected for "
            "overlapping training rows (Nadeau and Bengio, 2003). They do not include the luck of "
            "the choice, which a bootstrap of the fold scores estimates."
        )
    return " ".join(sentences)


def _why_no_gain(subject: Subject) -> str:
    if subject.outside:
        given = [f"{code(name)} = {code(value)}" for name, value in subject.outside.items()]
        are = "is" if len(given) == 1 else "are"
        return f"It was not a candidate, as {listed(given)} {are} outside of the space."
    if subject.default is None:
        return "It was not among the candidates."
    return "It did not complete its folds."


def _front(subject: Subject) -> list[Block]:
    front = subject.front
    if len(front) == 0:
        return [Paragraph("No candidate is complete and feasible, so the front is empty.")]
    shown = list(front[:N_SHOWN])
    for row in (subject.best, subject.default):
        if row is not None and row not in shown:
            shown.append(row)
    names = list(dict.fromkeys(name for row in shown for name in subject.params[row]))
    rows = []
    for row in shown:
        marks = [
            mark
            for mark, is_so in (
                ("chosen", row == subject.best),
                ("as given", row == subject.default),
                ("not on the front", row not in front),
            )
            if is_so
        ]
        rows.append(
            [
                str(subject.numbers[row]),
                *(score(value) for value in subject.values[row]),
                *(_parameter(subject.params[row], name) for name in names),
                ", ".join(marks),
            ]
        )
    header = ["candidate", *map(code, subject.names), *map(code, names), "note"]
    blocks: list[Block] = [Table(header, rows, _caption_of_front(subject))]
    if subject.search is not None and hasattr(subject.search, "best_params_"):
        blocks.append(_parameters(subject))
    if subject.search is not None and subject.default is None:
        blocks.append(Paragraph(f"{verdict(subject, None, None)} {_why_no_gain(subject)}"))
    return blocks


def _caption_of_front(subject: Subject) -> str:
    n_front = len(subject.front)
    return f"The first {N_SHOWN} of {n_front} on the front" if n_front > N_SHOWN else "The front"


def _parameter(params: Mapping[str, Any], name: str) -> str:
    return code(params[name]) if name in params else "-"


# ------------------------------------------------------------------------------- candidates


def _candidates(subject: Subject) -> list[Block]:
    names, counts = np.unique(subject.status.astype(str), return_counts=True)
    rows = [
        [_MEANING.get(name, name), str(n), f"{n / subject.n_candidates:.0%}"]
        for name, n in sorted(zip(names, counts.tolist(), strict=True), key=lambda item: -item[1])
    ]
    blocks: list[Block] = [Table(["status", "candidates", "share"], rows, "How candidates ended")]
    if saved := _saved(subject):
        blocks.append(Paragraph(saved))
    if "n_resources" in getattr(subject.search, "cv_results_", {}):
        blocks.append(_resources(subject.search))
    if not subject.has_front and len(subject.order):
        blocks.append(_best_candidates(subject))
    return blocks


_MEANING = {
    "complete": "complete",
    "pruned": "stopped early",
    "failed": "failed",
    "timed out": "terminated at fit_timeout",
    "out of memory": "terminated at fit_memory",
    "interrupted": "interrupted",
    "running": "still running",
}


def _resources(search: Any) -> Table:
    amounts, counts = np.unique(search.cv_results_["n_resources"], return_counts=True)
    rows = [[str(a), str(n)] for a, n in zip(amounts.tolist(), counts.tolist(), strict=True)]
    return Table(["largest amount of the resource", "candidates"], rows, "Resource")


def _best_candidates(subject: Subject) -> Table:
    shown = subject.order[:N_SHOWN]
    names = list(dict.fromkeys(name for row in shown for name in subject.params[row]))
    rows = [
        [
            str(subject.numbers[row]),
            score(subject.values[row, 0]),
            *(_parameter(subject.params[row], name) for name in names),
        ]
        for row in shown
    ]
    caption = f"The best {count(len(shown), 'candidate')}, with their numbers from 0 on"
    return Table(["candidate", code(subject.names[0]), *map(code, names)], rows, caption)


# ---------------------------------------------------------------------------- what mattered


_BLIND_SAMPLERS = (RandomSampler, QMCSampler, GridSampler, BruteForceSampler)


@dataclass(frozen=True)
class Importances:
    """Importances of the parameters, and the method that computed them."""

    shares: dict[str, float]
    method: str


def _importances(subject: Subject) -> Importances | None:
    """Return the importances; None if they are unknown.

    fANOVA explains the score over the space, and is not misled by a search that tries many
    candidates near the best. It needs one objective, and parameters that all candidates have.
    """
    if subject.study is None or len(subject.distributions) < 2 or len(subject.order) < 2:
        return None
    names = set(subject.distributions)
    if subject.has_front or any(names - params.keys() for params in subject.params):
        return Importances(get_param_importances(subject.study), "PED-ANOVA")
    evaluator = FanovaImportanceEvaluator(seed=0)
    return Importances(get_param_importances(subject.study, evaluator=evaluator), "fANOVA")


def _what_mattered(subject: Subject, importances: Importances | None) -> list[Block]:
    if importances is None:
        return []
    used = int(np.isin(subject.status.astype(str), ("complete", "pruned")).sum())
    rows = [[code(name), f"{share:.0%}"] for name, share in importances.shares.items()]
    if importances.method == "fANOVA":
        text = (
            "The importance (fANOVA) is the share of the differences between scores that a "
            "parameter explains by itself, without interactions."
        )
    else:
        what = "lie on the front" if subject.has_front else "are among the best tenth"
        text = (
            f"The importance (PED-ANOVA) says how much a parameter decides which candidates {what}."
        )
    text += (
        " It depends on the ranges: a parameter that is good everywhere in its range has a small "
        "one."
    )
    if _sampler_learns(subject):
        text += (
            " The sampler tried mostly candidates that promised a good score, so a parameter that "
            "hardly varied among them has a small importance, too."
        )
    if used < ENOUGH_FOR_IMPORTANCES:
        text += (
            f" It was computed from {count(used, 'candidate')} only, and may change with "
            f"{ENOUGH_FOR_IMPORTANCES} or more."
        )
    return [Table(["parameter", "importance"], rows, "Importances"), Paragraph(text)]


def _sampler_learns(subject: Subject) -> bool:
    """Whether the results of earlier candidates decide which ones are tried."""
    is_ours = subject.search is None or hasattr(subject.search, "study_")
    return is_ours and not isinstance(getattr(subject.study, "sampler", None), _BLIND_SAMPLERS)


# ------------------------------------------------------------------------------- what is next


def _what_next(advice: Sequence[Advice]) -> list[Block]:
    if not advice:
        return [Paragraph("No rule of this report suggests a change.")]
    return [Table(["suggestion", "evidence"], [[one.action, one.evidence] for one in advice])]


# -------------------------------------------------------------------------------- reproduce


def _reproduce(subject: Subject) -> list[Block]:
    blocks: list[Block] = []
    if subject.search is not None:
        blocks.append(CodeText(code_of_search(subject.search)))
        if (note := _note_on_seed(subject.search)) is not None:
            blocks.append(Paragraph(note))
    else:
        assert subject.study is not None
        name = subject.study.study_name
        blocks.append(
            CodeText(
                "import skhpo\n\n"
                f"study = skhpo.load_study(study_name={name!r}, storage=...)\n"
                "study.trials_dataframe()"
            )
        )
    blocks.append(Table(["", "version"], [list(row) for row in versions(subject)], "Environment"))
    return blocks


def _note_on_seed(search: Any) -> str | None:
    given = search.get_params(deep=False)
    if "random_state" not in given:
        return None
    if given["random_state"] is None:
        return "The search has no seed, so another run gives another result."
    return (
        "With the same data, versions and seed, the result is the same, if the estimator has a "
        "seed, too."
    )
