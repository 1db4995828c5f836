"""Plots in Optuna's dialect, drawn with matplotlib."""

__all__: list[str] = []
