"""What early stopping saves, and what a Bayesian job adds to a random one. Several seeds.

Run `python examples/projects/fraud/measure.py`. Each seed makes new transactions. The jobs are
those of random.json and bayesian.json, with changes of single keys.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import pandas as pd

from skhpo.tuning import tune

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from transactions import write_transactions


def make_job(name: str, file: str, seed: int, n_jobs: int, stopping: str) -> dict:
    """Return the job of a file with other limits."""
    job = json.loads((HERE / file).read_text())
    job |= {"HyperParameterTuningJobName": name, "Output": name}
    config = job["HyperParameterTuningJobConfig"]
    config |= {"RandomSeed": seed, "TrainingJobEarlyStoppingType": stopping}
    config["ResourceLimits"] = {"MaxNumberOfTrainingJobs": n_jobs}
    return job


def measure(seed: int, n_rows: int) -> list[dict]:
    """Run the jobs on the transactions of a seed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        write_transactions(folder / "data", n_rows, seed)
        jobs = {
            "random 20, all folds": make_job("all-folds", "random.json", seed, 20, "Off"),
            "random 20": make_job("fraud-random", "random.json", seed, 20, "Auto"),
            "random 35": make_job("more", "random.json", seed, 35, "Auto"),
            "random 20 + Bayesian 15": make_job("bayesian", "bayesian.json", seed, 15, "Auto"),
        }
        rows = []
        for label, job in jobs.items():
            summary = tune(job, folder).summary
            rows.append(
                {
                    "seed": seed,
                    "jobs": label,
                    "fits": summary["Fits"],
                    "CV": round(summary["BestValue"], 4),
                    "test": round(summary["TestValue"], 4),
                }
            )
            print(rows[-1], flush=True)
    return rows


def main(arguments: list[str] | None = None) -> None:
    """Measure and print the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=24_000)
    given = parser.parse_args(arguments)
    rows = pd.DataFrame([row for seed in range(given.seeds) for row in measure(seed, given.rows)])
    means = rows.drop(columns="seed").groupby("jobs", sort=False).mean()
    print(means.round(3).to_string())


if __name__ == "__main__":
    main()
