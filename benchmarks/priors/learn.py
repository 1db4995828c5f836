"""Learn the priors of skhpo from the tables of `build`, and write the files of the package.

``python -m benchmarks.priors.learn`` takes seconds per family.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import numpy as np
import sklearn

import skhpo.priors
from benchmarks.priors._evaluate import METRICS, decoded, task_of
from skhpo.priors._families import FAMILIES
from skhpo.priors._lengthscales import fit_lengthscales
from skhpo.priors._prior import Prior, encode, standardised
from skhpo.priors._store import save
from skhpo.priors._units import DataTraits

TABLES = Path(__file__).parent / "tables"
DATA = Path(skhpo.priors.__file__).parent / "data"
# HistGradientBoosting is the algorithm of LightGBM, with other names of the parameters.
OF_LIGHTGBM = {
    "learning_rate": "learning_rate",
    "max_iter": "n_estimators",
    "max_leaf_nodes": "num_leaves",
    "min_samples_leaf": "min_child_samples",
    "l2_regularization": "reg_lambda",
    "max_features": "colsample_bytree",
    "max_depth": "max_depth",
}
DERIVED = {
    f"HistGradientBoosting{kind}": (f"LGBM{kind}", OF_LIGHTGBM)
    for kind in ("Classifier", "Regressor")
}
ANY_DATA = DataTraits(n_features=1)  # the design is in the units


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", help="classes; default: all with a table")
    measured = [path.stem for path in sorted(TABLES.glob("*.npz"))]
    names = parser.parse_args().families or [*measured, *DERIVED]
    DATA.mkdir(exist_ok=True)
    for name in names:
        prior = learn(name)
        path = DATA / f"{name}.npz"
        save(prior, path)
        n_datasets, n_configurations = next(iter(prior.tables.values())).shape
        print(
            f"{name}: {n_datasets} datasets, {n_configurations} configurations, "
            f"{path.stat().st_size / 1000:.0f} kB",
            dict(zip([u.name for u in prior.units], prior.lengthscales.round(2), strict=True)),
        )


def learn(name: str, without: str | None = None, n_datasets: int | None = None) -> Prior:
    """Return the prior of a family, learned from its table.

    Parameters
    ----------
    name : str
        The family.
    without : str, optional
        A dataset to leave out.
    n_datasets : int, optional
        Number of datasets to learn from, evenly spaced in the table; default all.
    """
    source, names = DERIVED.get(name, (name, {}))
    units = tuple(u for u in FAMILIES[name].units if not names or u.name in names)
    with np.load(TABLES / f"{source}.npz") as table:
        is_kept = table["datasets"] != without
        if n_datasets is not None:
            some = np.linspace(0, is_kept.sum() - 1, n_datasets).round().astype(int)
            is_kept[np.delete(np.flatnonzero(is_kept), some)] = False
        losses = {
            metric: table[metric][is_kept] for metric in METRICS[task_of(source)] if metric in table
        }
        draws = table["draws"]
        datasets = table["datasets"][is_kept]
    tables = {metric: standardised(values[_is_told(values)]) for metric, values in losses.items()}
    configurations = decoded(FAMILIES[source], draws, ANY_DATA)
    if names:
        configurations = [{own: one[names[own]] for own in names} for one in configurations]
    coordinates = encode(units, configurations, ANY_DATA)
    first = next(iter(tables.values()))
    return Prior(
        name=name,
        units=units,
        coordinates=coordinates,
        tables=tables,
        lengthscales=fit_lengthscales(units, coordinates, first),
        requires=FAMILIES[name].requires,
        about={
            "estimator": source,
            "datasets": len(datasets),
            "scikit-learn": sklearn.__version__,
            "date": date.today().isoformat(),
        },
    )


def _is_told(losses: np.ndarray) -> np.ndarray:
    """Return the datasets on which the configurations differ, and most of them did not fail."""
    spread = np.nanmedian(losses, axis=1) - np.nanquantile(losses, 0.05, axis=1)
    return (spread > 1e-6) & (np.isnan(losses).mean(axis=1) < 0.5)


if __name__ == "__main__":
    main()
