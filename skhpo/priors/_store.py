"""Priors in files: arrays of numbers, and a text in JSON that says what they are."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from skhpo.priors._prior import WORST, Prior
from skhpo.priors._units import unit_from_json

__all__ = ["known_prior", "load", "save"]

FORMAT = 1
STEPS = 127.0  # losses are stored in one byte


def save(prior: Prior, path: str | Path) -> None:
    """Write a prior to a file of numpy arrays, without pickles.

    Parameters
    ----------
    prior : Prior
        The prior.
    path : str or path
        The file; by custom it ends with ".npz".

    Examples
    --------
    >>> import tempfile
    >>> from skhpo.priors import known_prior, load, save
    >>> with tempfile.NamedTemporaryFile(suffix=".npz") as file:
    ...     save(known_prior("SVC"), file.name)
    ...     load(file.name).name
    'SVC'
    """
    text = {
        "format": FORMAT,
        "name": prior.name,
        "units": [unit.to_json() for unit in prior.units],
        "requires": dict(prior.requires),
        "about": dict(prior.about),
    }
    tables = {
        f"losses_{metric}": np.round(losses * (STEPS / WORST)).astype(np.int8)
        for metric, losses in prior.tables.items()
    }
    with Path(path).open("wb") as file:
        np.savez_compressed(
            file,
            text=np.array(json.dumps(text)),
            coordinates=prior.coordinates.astype(np.float16),
            lengthscales=prior.lengthscales.astype(np.float32),
            **tables,  # type: ignore[arg-type]
        )


def load(path: Any) -> Prior:
    """Read a prior that `save` wrote.

    Parameters
    ----------
    path : str, path or binary file
        The file.

    Returns
    -------
    prior : Prior
        The prior. Losses are stored in one byte each, so they are rounded.

    Raises
    ------
    ValueError
        If the file is not one of a prior, or of a newer version.

    Examples
    --------
    >>> import tempfile
    >>> from skhpo.priors import known_prior, load, save
    >>> with tempfile.NamedTemporaryFile(suffix=".npz") as file:
    ...     save(known_prior("SVC"), file.name)
    ...     [unit.name for unit in load(file.name).units]
    ['C', 'gamma', 'class_weight']
    """
    with np.load(path, allow_pickle=False) as arrays:
        if "text" not in arrays:
            raise ValueError(f"{path} is not a file of a prior.")
        text = json.loads(str(arrays["text"]))
        if text.get("format") != FORMAT:
            raise ValueError(
                f"{path} has format {text.get('format')!r}; this version reads {FORMAT}."
            )
        prefix = "losses_"
        return Prior(
            name=text["name"],
            units=tuple(map(unit_from_json, text["units"])),
            coordinates=arrays["coordinates"].astype(float),
            tables={
                name.removeprefix(prefix): arrays[name] * (WORST / STEPS)
                for name in arrays.files
                if name.startswith(prefix)
            },
            lengthscales=arrays["lengthscales"].astype(float),
            requires=text["requires"],
            about=text["about"],
        )


@cache
def known_prior(name: str) -> Prior | None:
    """Return the prior of an estimator's class that comes with the package.

    Parameters
    ----------
    name : str
        Name of the class, such as "SVC".

    Returns
    -------
    prior : Prior or None
        None if there is none.

    Examples
    --------
    >>> from skhpo.priors import known_prior
    >>> known_prior("SVC").about["datasets"]
    48
    >>> known_prior("LinearRegression") is None
    True
    """
    resource = files("skhpo.priors") / "data" / f"{name}.npz"
    if not resource.is_file():
        return None
    with resource.open("rb") as file:
        return load(file)
