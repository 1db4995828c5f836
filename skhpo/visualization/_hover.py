"""The texts that appear when the pointer is over a trial."""

from __future__ import annotations

from skhpo.trial import FrozenTrial

__all__ = ["hover_text"]

LONGEST = 60  # characters of a value


def hover_text(trial: FrozenTrial) -> str:
    """Return the number, the values and the parameters of a trial, one per line."""
    lines = [f"Trial {trial.number}"]
    if trial.values is not None:
        lines.append("values: " + ", ".join(f"{value:.6g}" for value in trial.values))
    lines += [f"{name}: {str(value)[:LONGEST]}" for name, value in trial.params.items()]
    lines += [f"constraint {name}: {value:.6g}" for name, value in trial.constraints.items()]
    return "<br>".join(line.replace("<b", "&lt;b") for line in lines)
