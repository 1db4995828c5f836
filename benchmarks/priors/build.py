"""Evaluate the configurations from which priors are learned; goes on where it was interrupted.

``python -m benchmarks.priors.build --minutes 60`` works for about an hour, on all cores. The result
of each family and dataset is kept at once; at the end of a family its table is written to
``benchmarks/priors/tables/``.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import joblib
import numpy as np

from benchmarks.priors._datasets import Dataset, classification_datasets, regression_datasets
from benchmarks.priors._evaluate import METRICS, SLOW, design, evaluate, task_of
from skhpo.priors._families import FAMILIES

HERE = Path(__file__).parent
CACHE = HERE.parent / "cache" / "priors"
TABLES = HERE / "tables"
N_DATASETS = 48
N_DATASETS_OF_SLOW = 40
N_DATASETS_OF_SLOWEST = 24
SLOWEST = ("GradientBoosting", "HistGradientBoosting", "MLP")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", default=list(FAMILIES), help="classes, in order")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="when to stop")
    parser.add_argument("--jobs", type=int, default=-1, help="processes")
    arguments = parser.parse_args()
    deadline = time.monotonic() + 60.0 * arguments.minutes
    datasets = {
        "classification": classification_datasets(),
        "regression": regression_datasets(),
    }
    for name in arguments.families:
        if time.monotonic() > deadline:
            break
        build(name, chosen(name, datasets[task_of(name)]), deadline, arguments.jobs)


def chosen(name: str, datasets: list[Dataset]) -> list[Dataset]:
    """Return the data sets for a family, evenly spaced in the list of all."""
    n = N_DATASETS_OF_SLOW if name in SLOW else N_DATASETS
    if name.startswith(SLOWEST):
        n = N_DATASETS_OF_SLOWEST
    n = min(n, len(datasets))
    return [datasets[i] for i in np.linspace(0, len(datasets) - 1, n).round().astype(int)]


def build(name: str, datasets: list[Dataset], deadline: float, n_jobs: int) -> None:
    """Evaluate a family on all datasets, and write its table once all are there."""
    start = time.monotonic()
    CACHE.mkdir(parents=True, exist_ok=True)
    missing = [dataset for dataset in datasets if not _file(name, dataset).exists()]
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        joblib.Parallel(n_jobs)(joblib.delayed(_one)(name, d, deadline) for d in missing)
    done = [dataset for dataset in datasets if _file(name, dataset).exists()]
    minutes = (time.monotonic() - start) / 60.0
    print(f"{name}: {len(done)} of {len(datasets)} datasets, {minutes:.1f} minutes", flush=True)
    if len(done) == len(datasets):
        _write(name, datasets)


def _one(name: str, dataset: Dataset, deadline: float) -> None:
    if time.monotonic() > deadline:
        return
    found = evaluate(name, dataset)
    path = _file(name, dataset)
    partial = path.with_suffix(".part.npz")
    np.savez_compressed(partial, **found)
    partial.replace(path)


def _file(name: str, dataset: Dataset) -> Path:
    return CACHE / f"{name}.{dataset.name.replace('/', '.')}.npz"


def _write(name: str, datasets: list[Dataset]) -> None:
    """Write the table of a family: one row per dataset, one column per configuration."""
    TABLES.mkdir(exist_ok=True)
    rows = [np.load(_file(name, dataset)) for dataset in datasets]
    columns = [*METRICS[datasets[0].task], "seconds"]
    arrays = {column: np.array([row[column] for row in rows], np.float32) for column in columns}
    shape = np.array([dataset.X.shape for dataset in datasets])
    np.savez_compressed(
        TABLES / f"{name}.npz",
        datasets=np.array([dataset.name for dataset in datasets]),
        shape=shape,
        draws=design(FAMILIES[name]).astype(np.float32),
        **{key: values for key, values in arrays.items() if np.isfinite(values).any()},
    )


if __name__ == "__main__":
    main()
