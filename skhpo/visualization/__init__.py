"""Plots in Optuna's dialect: interactive with plotly, or with matplotlib."""

__all__: list[str] = []
