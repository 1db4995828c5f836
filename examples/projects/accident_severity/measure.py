"""Is a search faster than a grid here, and what does stopping candidates save? Several seeds.

Run `python examples/projects/accident_severity/measure.py`. Each seed makes new rows. "Fits to the
grid's best" counts fits until a candidate is complete that is at least as good as the best of the
whole grid; "-" is a search that did not get there.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GridSearchCV, train_test_split

from skhpo import TPESearchCV

sys.path.insert(0, str(Path(__file__).parent))

from accidents import TARGET, make_accidents
from run import METRIC, SPACE, make_model

GRID = {
    "forest__n_estimators": [40, 100],
    "forest__max_depth": [6, 12, 24],
    "forest__min_samples_split": [2],
    "forest__min_samples_leaf": [1, 6, 25],
    "forest__class_weight": [None, "balanced", "balanced_subsample"],
}


def fits_to_reach(search: TPESearchCV, score: float) -> int | None:
    """Return the number of fits until a complete candidate has the score."""
    rows = pd.DataFrame(search.evaluations_)
    means = search.cv_results_["mean_test_score"]
    good = np.flatnonzero(np.nan_to_num(means, nan=-np.inf) >= score)
    if len(good) == 0:
        return None
    last_fold = [int(np.flatnonzero(rows["candidate"] == one)[-1]) for one in good]
    return min(last_fold) + 1


def measure(seed: int, n_rows: int) -> list[dict]:
    """Run grid, TPE without stopping, and TPE on the rows of a seed."""
    table = make_accidents(n_rows + 6_000, seed)
    X, y = table.drop(columns=TARGET), table[TARGET]
    X, X_test, y, y_test = train_test_split(X, y, train_size=n_rows, stratify=y, random_state=seed)
    settings = {"n_iter": 54, "scoring": METRIC, "cv": 5, "random_state": seed}
    searches = {
        "grid of 54": GridSearchCV(make_model(), GRID, scoring=METRIC, cv=5),
        "TPE, all folds": TPESearchCV(make_model(), SPACE, pruner=None, **settings),
        "TPE": TPESearchCV(make_model(), SPACE, **settings),
    }
    rows = []
    for name, search in searches.items():
        begun = time.process_time()
        search.fit(X, y)
        seconds = time.process_time() - begun
        if name.startswith("grid"):
            n_fits, grid_best = 54 * 5, search.best_score_
            reached = n_fits
        else:
            n_fits = int(search.cv_results_["n_splits_evaluated"].sum())
            reached = fits_to_reach(search, grid_best)
        test = average_precision_score(y_test, search.predict_proba(X_test)[:, 1])
        rows.append(
            {
                "seed": seed,
                "search": name,
                "fits": n_fits,
                "CPU seconds": round(seconds, 1),
                "CV": round(float(search.best_score_), 4),
                "held out": round(float(test), 4),
                "fits to the grid's best": reached,
            }
        )
        print(rows[-1], flush=True)
    return rows


def main(arguments: list[str] | None = None) -> None:
    """Measure and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--rows", type=int, default=1_200)
    given = parser.parse_args(arguments)
    rows = pd.DataFrame([row for seed in range(given.seeds) for row in measure(seed, given.rows)])
    numbers = rows.drop(columns="seed").groupby("search", sort=False).median()
    print(numbers.round(4).to_string())
    reached = rows.groupby("search", sort=False)["fits to the grid's best"].count()
    print(f"\nSeeds in which the grid's best was reached:\n{reached.to_string()}")


if __name__ == "__main__":
    main()
