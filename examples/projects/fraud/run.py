"""Managed tuning at home: three tuning jobs, then the trade-off of a fraud filter.

Run `python examples/projects/fraud/run.py`; `--output` is the folder of all results.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import make_scorer, precision_score, recall_score

from skhpo import ParetoSearchCV
from skhpo.distributions import FloatDistribution, IntDistribution
from skhpo.tuning import tune

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from alarm_budget import AlarmBudget
from transactions import TARGET, write_transactions

JOBS = ("random", "bayesian", "hyperband")


def run_jobs(folder: Path, n_candidates: int | None = None) -> pd.DataFrame:
    """Run the jobs as `skhpo tune` does, one after the other; return their summaries."""
    rows = {}
    for name in JOBS:
        job = json.loads((HERE / f"{name}.json").read_text())
        if n_candidates is not None:
            limits = job["HyperParameterTuningJobConfig"]["ResourceLimits"]
            limits["MaxNumberOfTrainingJobs"] = n_candidates
        path = folder / f"{name}.json"
        path.write_text(json.dumps(job, indent=2))
        print(f"Running {path.name} ...", flush=True)
        summary = tune(path).summary
        ended = summary["TrainingJobs"]
        rows[name] = {
            "candidates": sum(ended.values()),
            "stopped early": ended.get("pruned", 0),
            "fits": summary["Fits"],
            "CV": round(summary["BestValue"], 3),
            "test": round(summary["TestValue"], 3),
        }
    return pd.DataFrame(rows).T.rename_axis("job")


# ---------------------------------------------------------------------------- the trade-off


def false_positive_rate(y_true, y_pred):
    """Share of honest payments that are flagged."""
    return float((y_pred[y_true == 0] == 1).mean())


def precision(y_true, y_pred):
    """Share of frauds among the flagged payments."""
    return precision_score(y_true, y_pred, zero_division=0.0)


def read(path: Path):
    """Return features and target, with the text column as a category."""
    table = pd.read_parquet(path).drop(columns="transaction_id")
    table["category"] = table["category"].astype("category")
    return table.drop(columns=TARGET), table[TARGET].to_numpy()


def trade_off(folder: Path, n_candidates: int = 50) -> ParetoSearchCV:
    """Search the model and the budget of false alarms together."""
    X, y = read(folder / "data" / "train.parquet")
    model = HistGradientBoostingClassifier(max_iter=60, random_state=0)
    space = {
        "false_positive_rate": FloatDistribution(0.001, 0.05, log=True),
        "model__learning_rate": FloatDistribution(0.005, 0.5, log=True),
        "model__max_leaf_nodes": IntDistribution(3, 60, log=True),
        "model__min_samples_leaf": IntDistribution(2, 200, log=True),
        "model__class_weight": [None, "balanced"],
    }
    return ParetoSearchCV(
        AlarmBudget(model),
        space,
        objectives={
            "recall": "recall",
            "minus_fpr": make_scorer(false_positive_rate, greater_is_better=False),
        },
        scoring={"precision": make_scorer(precision)},
        refit="recall with minus_fpr >= -1 %",
        n_iter=n_candidates,
        cv=4,
        n_jobs=2,
        random_state=0,
        storage=f"sqlite:///{folder / 'fraud.db'}",
        study_name="trade-off",
    ).fit(X, y)


def front_table(search: ParetoSearchCV) -> pd.DataFrame:
    """Return the front, with precision, in steps of the false-positive rate."""
    table, front = search.cv_results_, search.pareto_front_
    rows = pd.DataFrame(
        {
            "false-positive rate": -table["mean_test_minus_fpr"][front],
            "recall": table["mean_test_recall"][front],
            "precision": table["mean_test_precision"][front],
            "chosen": ["<-" if row == search.best_index_ else "" for row in front],
        }
    )
    flags_frauds = rows["recall"] > 0
    return rows[flags_frauds].sort_values("false-positive rate").reset_index(drop=True)


def plot_front(rows: pd.DataFrame, path: Path) -> None:
    """Draw recall and precision of the front against the false-positive rate."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(6, 4), layout="constrained")
    chosen = rows[rows["chosen"] == "<-"]
    for name, marker in (("recall", "o"), ("precision", "s")):
        axis.plot(100 * rows["false-positive rate"], rows[name], marker=marker, label=name)
    for name, label in (("recall", "chosen filter"), ("precision", None)):
        ring = {"ms": 15, "mfc": "none", "c": "black", "label": label}
        axis.plot(100 * chosen["false-positive rate"], chosen[name], "o", **ring)
    axis.set(xscale="log", xlabel="False-positive rate (%)", ylabel="Share", ylim=(0, 1))
    axis.set_xticks(
        [0.05, 0.1, 0.2, 0.5, 1, 2, 5], labels=["0.05", "0.1", "0.2", "0.5", "1", "2", "5"]
    )
    axis.set_title("Recall and precision of the filters on the front")
    axis.minorticks_off()
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> None:
    """Run the project."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=HERE / "output")
    parser.add_argument("--rows", type=int, default=24_000)
    parser.add_argument("--candidates", type=int, help="for each job; default: as in its file")
    given = parser.parse_args(arguments)
    shutil.rmtree(given.output, ignore_errors=True)
    (given.output / "data").mkdir(parents=True)
    _, test = write_transactions(given.output / "data", given.rows)
    jobs = run_jobs(given.output, given.candidates)
    search = trade_off(given.output, given.candidates or 50)
    rows = front_table(search)
    plot_front(rows, given.output / "front.png")
    print(f"\nPrecision at a false-positive rate of 0.5 %\n{jobs.to_string()}")
    print(f"\nThe front of recall and false-positive rate\n{rows.round(4).to_string(index=False)}")
    X_test, y_test = read(test)
    predicted = search.predict(X_test)
    print(
        f"\nThe chosen model on the second half of the time: precision "
        f"{precision(y_test, predicted):.2f}, recall {recall_score(y_test, predicted):.2f}, "
        f"false-positive rate {100 * false_positive_rate(y_test, predicted):.2f} %"
    )


if __name__ == "__main__":
    main()
