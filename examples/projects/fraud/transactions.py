"""Card transactions with a known structure: three kinds of fraud among many honest payments.

- *Card testing*: several small online payments in a short time.
- *Stolen card*: a large payment in a shop, far from home, often at night.
- *Takeover*: a new device buys electronics or gift cards.

No column alone separates them from honest payments: there are honest travellers, honest new
devices and honest night owls. One in twenty frauds is never reported, so its label is 0.
"""

from pathlib import Path

import numpy as np
import pandas as pd

CATEGORIES = ["groceries", "restaurant", "fuel", "travel", "clothes", "electronics", "gift_cards"]
USUAL = [0.34, 0.22, 0.13, 0.07, 0.14, 0.07, 0.03]
TARGET = "is_fraud"


def make_transactions(n_rows: int, fraud_rate: float = 0.015, seed: int = 0) -> pd.DataFrame:
    """Return transactions in the order of time, with the column `is_fraud`."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "transaction_id": np.arange(n_rows),
            "amount": rng.lognormal(3.4, 1.0, n_rows).round(2),
            "hour": (rng.normal(14, 4.5, n_rows) % 24).round(1),
            "category": rng.choice(CATEGORIES, n_rows, p=USUAL),
            "is_online": rng.random(n_rows) < 0.35,
            "km_from_home": rng.lognormal(1.5, 1.4, n_rows).round(1),
            "payments_last_hour": rng.poisson(0.25, n_rows),
            "is_new_device": rng.random(n_rows) < 0.05,
            "card_age_months": rng.gamma(2.5, 14, n_rows).round(),
            "days_since_last_payment": rng.exponential(2.0, n_rows).round(2),
        }
    )
    kind = rng.choice(
        ["honest", "testing", "stolen", "takeover"],
        n_rows,
        p=[1 - fraud_rate, 0.4 * fraud_rate, 0.3 * fraud_rate, 0.3 * fraud_rate],
    )
    _add_card_testing(table, kind == "testing", rng)
    _add_stolen_cards(table, kind == "stolen", rng)
    _add_takeovers(table, kind == "takeover", rng)
    table.loc[rng.random(n_rows) < 0.04, "km_from_home"] = np.nan  # no position
    is_reported = rng.random(n_rows) < 0.95
    table[TARGET] = ((kind != "honest") & is_reported).astype(int)
    return table


def _add_card_testing(table: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> None:
    n_rows = int(rows.sum())
    table.loc[rows, "amount"] = rng.lognormal(1.6, 0.8, n_rows).round(2)
    table.loc[rows, "is_online"] = rng.random(n_rows) < 0.85
    table.loc[rows, "payments_last_hour"] = rng.poisson(2.2, n_rows)


def _add_stolen_cards(table: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> None:
    n_rows = int(rows.sum())
    table.loc[rows, "amount"] = rng.lognormal(4.9, 0.8, n_rows).round(2)
    table.loc[rows, "is_online"] = rng.random(n_rows) < 0.15
    table.loc[rows, "km_from_home"] = rng.lognormal(3.8, 1.1, n_rows).round(1)
    table.loc[rows, "hour"] = (rng.normal(0, 4.5, n_rows) % 24).round(1)


def _add_takeovers(table: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> None:
    n_rows = int(rows.sum())
    table.loc[rows, "category"] = rng.choice(
        CATEGORIES, n_rows, p=[0.05, 0.04, 0.03, 0.1, 0.13, 0.4, 0.25]
    )
    table.loc[rows, "is_new_device"] = rng.random(n_rows) < 0.7
    table.loc[rows, "amount"] = rng.lognormal(4.4, 0.9, n_rows).round(2)
    table.loc[rows, "is_online"] = rng.random(n_rows) < 0.8


def write_transactions(folder: Path, n_rows: int = 24_000, seed: int = 0) -> tuple[Path, Path]:
    """Write the first half of the time for the jobs as Parquet, the second half as a test."""
    table = make_transactions(n_rows, seed=seed)
    border = n_rows // 2
    paths = folder / "train.parquet", folder / "test.parquet"
    for part, path in zip((table[:border], table[border:]), paths, strict=True):
        part.to_parquet(path, index=False)
    return paths
