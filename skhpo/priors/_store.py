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
    """Write a prior to a file of numpy arrays, without pickles."""
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

    Raises
    ------
    ValueError
        If the file is not one of a prior, or of a newer version.
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
    """Return the prior of a class that comes with the package; None if there is none."""
    resource = files("skhpo.priors") / "data" / f"{name}.npz"
    if not resource.is_file():
        return None
    with resource.open("rb") as file:
        return load(file)
