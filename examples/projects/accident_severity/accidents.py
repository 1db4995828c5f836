"""Road accidents with a known structure: mixed types, missing values, few severe cases.

The log-odds of a severe accident are a sum of known effects, so one can check afterwards what a
model has found: the speed limit (squared), darkness without lamps, motorcycles and pedestrians,
age of the driver (young and old), alcohol, no seat belt, and an interaction: rain matters only
above 80 km/h. The columns `weekday`, `vehicle_colour` and `region` have no effect at all.

Values are missing as in police records: alcohol is tested more often at night, and the age of
the driver is unknown after a hit and run, which is more often severe.
"""

import numpy as np
import pandas as pd

TARGET = "severe"
NUMBERS = ["speed_limit", "driver_age", "vehicle_age", "alcohol", "n_vehicles", "hour"]
TEXTS = ["light", "weather", "road_user", "seat_belt", "weekday", "vehicle_colour", "region"]
WITHOUT_EFFECT = ["weekday", "vehicle_colour", "region"]


def make_accidents(n_rows: int, seed: int = 0) -> pd.DataFrame:
    """Return one row per accident, with the column `severe` (about one in nine)."""
    rng = np.random.default_rng(seed)
    hour = rng.normal(15, 5, n_rows) % 24
    is_dark = (hour < 6) | (hour > 20)
    light = np.where(is_dark, rng.choice(["dark, lamps", "dark, no lamps"], n_rows), "daylight")
    table = pd.DataFrame(
        {
            "speed_limit": rng.choice(
                [30, 50, 70, 100, 130], n_rows, p=[0.2, 0.4, 0.15, 0.2, 0.05]
            ),
            "driver_age": (18 + rng.gamma(2.2, 12, n_rows)).clip(18, 92).round(),
            "vehicle_age": rng.gamma(2, 4, n_rows).round(),
            "alcohol": np.where(rng.random(n_rows) < 0.06, rng.gamma(3, 0.4, n_rows), 0.0).round(2),
            "n_vehicles": 1 + rng.poisson(0.9, n_rows),
            "hour": hour.round(1),
            "light": light,
            "weather": rng.choice(
                ["dry", "rain", "snow", "fog"], n_rows, p=[0.7, 0.22, 0.05, 0.03]
            ),
            "road_user": rng.choice(
                ["car", "truck", "motorcycle", "bicycle", "pedestrian"],
                n_rows,
                p=[0.62, 0.1, 0.09, 0.1, 0.09],
            ),
            "seat_belt": rng.choice(["yes", "no", "not needed"], n_rows, p=[0.7, 0.06, 0.24]),
            "weekday": rng.choice(["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"], n_rows),
            "vehicle_colour": rng.choice(["white", "black", "grey", "red", "blue"], n_rows),
            "region": rng.choice([f"region {k:02d}" for k in range(12)], n_rows),
        }
    )
    severe = rng.random(n_rows) < 1 / (1 + np.exp(-_log_odds(table)))
    table[TARGET] = severe.astype(int)
    _lose_values(table, is_dark, rng)
    return table.astype(dict.fromkeys(NUMBERS, float))  # an integer column cannot lack values


def _log_odds(table: pd.DataFrame) -> pd.Series:
    users = {"car": 0.0, "truck": 0.1, "motorcycle": 1.5, "bicycle": 1.0, "pedestrian": 1.7}
    wet_and_fast = (table["weather"] == "rain") & (table["speed_limit"] > 80)
    return (
        -4.0
        + 1.4 * (table["speed_limit"] / 100) ** 2
        + 0.8 * (table["light"] == "dark, no lamps")
        + table["road_user"].map(users)
        + 0.9 * ((table["driver_age"] < 25) | (table["driver_age"] > 75))
        + 0.9 * table["alcohol"]
        + 1.2 * (table["seat_belt"] == "no")
        + 1.2 * wet_and_fast
    )


def _lose_values(table: pd.DataFrame, is_dark: np.ndarray, rng: np.random.Generator) -> None:
    n_rows = len(table)
    table.loc[rng.random(n_rows) < np.where(is_dark, 0.2, 0.5), "alcohol"] = np.nan
    is_unknown = rng.random(n_rows) < np.where(table[TARGET] == 1, 0.1, 0.04)
    table.loc[is_unknown, "driver_age"] = np.nan
    table.loc[rng.random(n_rows) < 0.08, "vehicle_age"] = np.nan
    table.loc[rng.random(n_rows) < 0.03, "weather"] = None
