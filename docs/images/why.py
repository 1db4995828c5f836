"""The picture of the first page: the best score by the number of fits, for three searches.

Use: python docs/images/why.py          # runs the searches, writes why.csv, draws the picture
     python docs/images/why.py --draw   # draws it from why.csv

The task is that of the README: a support vector machine for scikit-learn's breast cancer data. The
grid has 64 candidates over the ranges of the others. Random searches run with 20 seeds each.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import loguniform
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import AutoSearchCV

FOLDER = Path(__file__).parent
N_FOLDS = 5
N_SEEDS = 20
BUDGET = 320  # fits: those of the grid

GRID = {"svc__C": np.logspace(-2, 3, 8), "svc__gamma": np.logspace(-5, 1, 8)}
RANGES = {"svc__C": loguniform(1e-2, 1e3), "svc__gamma": loguniform(1e-5, 1e1)}
LABELS = {  # where the name is written, from the end of the line: points up, vertical alignment
    "GridSearchCV": (-5, "top"),
    "RandomizedSearchCV": (5, "bottom"),
    "AutoSearchCV": (5, "bottom"),
}
COLORS = {"GridSearchCV": "#7f8c8d", "RandomizedSearchCV": "#c2630a", "AutoSearchCV": "#1f86c7"}


def best_so_far(search):
    """Return the best score after 1, 2, ... fits; NaN before the first complete candidate."""
    results = search.cv_results_
    scores, fits = results["mean_test_score"], np.full(len(results["params"]), N_FOLDS)
    if isinstance(search, AutoSearchCV):
        scores = np.where(results["status"] == "complete", scores, -np.inf)
        fits = results["n_splits_evaluated"]
    ends = np.cumsum(fits)
    best = np.maximum.accumulate(scores)
    rows = np.searchsorted(ends, np.arange(1, BUDGET + 1), side="right") - 1
    return np.where(rows >= 0, best[rows], np.nan)


def run():
    """Run the searches, and return a table with a row for each improvement of each of them."""
    X, y = load_breast_cancer(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), SVC())
    searches = [("GridSearchCV", 0, GridSearchCV(pipeline, GRID))]
    for seed in range(N_SEEDS):
        at_random = RandomizedSearchCV(pipeline, RANGES, n_iter=64, random_state=seed)
        by_ours = AutoSearchCV(pipeline, RANGES, n_iter=200, random_state=seed)
        searches += [("RandomizedSearchCV", seed, at_random), ("AutoSearchCV", seed, by_ours)]
    rows = []
    for name, seed, search in searches:
        best = best_so_far(search.fit(X, y))
        for k in np.flatnonzero(np.diff(np.nan_to_num(best), prepend=0.0) > 0):
            rows.append({"search": name, "seed": seed, "fits": k + 1, "best_score": best[k]})
    return pd.DataFrame(rows)


def at_each_fit(table):
    """Return the table with a row for each number of fits; NaN before the first score."""
    wide = table.pivot(index="fits", columns=["search", "seed"], values="best_score")
    wide = wide.reindex(range(1, BUDGET + 1)).ffill()
    return wide.melt(ignore_index=False, value_name="best_score").reset_index()


def draw(table, path, *, text, background):
    """Draw the median over seeds, with the quartiles as a band."""
    style = dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), text)
    with plt.rc_context(style | {"axes.edgecolor": text, "font.size": 12}):
        fig, ax = plt.subplots(figsize=(6.2, 3.8), layout="constrained", facecolor=background)
        ax.set_facecolor(background)
        for name, color in COLORS.items():
            part = table[table["search"] == name]
            scores = part.groupby("fits")["best_score"]
            low, mid, high = (scores.quantile(q) for q in (0.25, 0.5, 0.75))
            ax.fill_between(low.index, low, high, step="post", color=color, alpha=0.22, lw=0)
            ax.step(mid.index, mid, where="post", color=color, lw=2.4, zorder=3)
            ax.annotate(
                name,
                (BUDGET, mid.iloc[-1]),
                xytext=(-4, LABELS[name][0]),
                textcoords="offset points",
                ha="right",
                va=LABELS[name][1],
                color=color,
                weight="bold",
            )
        ax.set(xlabel="fits", ylabel="best cross-validated accuracy", xlim=(0, BUDGET))
        ax.set_ylim(0.9735, 0.9815)
        ax.spines[["top", "right"]].set_visible(False)
        fig.savefig(path, dpi=200, facecolor=background)
        plt.close(fig)


def main():
    path = FOLDER / "why.csv"
    if "--draw" not in sys.argv:
        run().to_csv(path, index=False, float_format="%.6f")
    table = at_each_fit(pd.read_csv(path))
    draw(table, FOLDER / "why.png", text="#222832", background="white")
    draw(table, FOLDER / "why_dark.png", text="#ced6dd", background="#14181e")
    at_end = table[table["fits"] == BUDGET].groupby("search")["best_score"]
    print(at_end.describe().round(4).to_string())
    median = table.groupby(["search", "fits"])["best_score"].median()
    for name in COLORS:
        reached = median[name][median[name] >= median["GridSearchCV"].iloc[-1]]
        print(f"{name}: the grid's best after {reached.index[0] if len(reached) else None} fits")


if __name__ == "__main__":
    main()
