"""The overhead benchmark: what an ask and its tell cost, against the number of trials.

Prints a markdown table; ``docs/benchmarks/overhead.md`` explains it and keeps a full run. Optuna's
CmaEsSampler needs the package ``cmaes``, its GPSampler ``torch``; where one is missing, its column
stays empty.

    python benchmarks/overhead.py [--quick] [--only SAMPLER ...]
"""

from __future__ import annotations

import argparse
import os
import platform
import time
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import product
from typing import Any

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import numpy as np
import optuna
import scipy

import skhpo

N_TRIALS = (100, 1_000, 10_000)
N_PARAMS = (5, 10, 30)
N_REPEATS = 3


@dataclass(frozen=True)
class Sampler:
    """A sampler that both libraries have under one name."""

    name: str
    max_trials: int = N_TRIALS[-1]
    needs: str | None = None  # by Optuna's
    n_asks: int = 30
    n_asks_of_optuna: int = 30
    is_generational: bool = False  # knows only the trials that it proposed itself

    def make(self, library: Any) -> Any:
        """The sampler of a library, at its defaults."""
        return getattr(library.samplers, self.name)(seed=0)

    def is_in(self, library: Any) -> bool:
        """Whether a library's sampler can run here."""
        missing = library is optuna and self.needs is not None and find_spec(self.needs) is None
        return hasattr(library.samplers, self.name) and not missing


SAMPLERS = (
    Sampler("RandomSampler"),
    Sampler("TPESampler"),
    Sampler("GPSampler", max_trials=1_000, needs="torch", n_asks=12, n_asks_of_optuna=3),
    Sampler("CmaEsSampler", needs="cmaes", is_generational=True),
    Sampler("NSGAIISampler", is_generational=True),
)


def objective(point: np.ndarray) -> float:
    """A valley, not along the axes."""
    return float(((point - 0.3) ** 2).sum() + (point[1:] - point[:-1]).sum() ** 2)


def study_with(sampler: Sampler, library: Any, n_trials: int, n_params: int) -> Any:
    """A study that has `n_trials` trials already: random ones, or the sampler's own."""
    study = library.create_study(sampler=sampler.make(library))
    if sampler.is_generational:
        for _ in range(n_trials):
            ask_and_tell(study, n_params)
    else:
        add_random_trials(study, library, n_trials, n_params)
    return study


def add_random_trials(study: Any, library: Any, n_trials: int, n_params: int) -> None:
    """Add complete trials at random points."""
    points = np.random.default_rng(0).random((n_trials, n_params))
    distribution = library.distributions.FloatDistribution(0.0, 1.0)
    names = [f"x{j}" for j in range(n_params)]
    study.add_trials(
        [
            library.trial.create_trial(
                params=dict(zip(names, point.tolist(), strict=True)),
                distributions=dict.fromkeys(names, distribution),
                value=objective(point),
            )
            for point in points
        ]
    )


def ask_and_tell(study: Any, n_params: int) -> float:
    """CPU milliseconds of one trial, without its objective."""
    start = time.process_time()
    trial = study.ask()
    point = np.array([trial.suggest_float(f"x{j}", 0.0, 1.0) for j in range(n_params)])
    seconds = time.process_time() - start
    value = objective(point)
    start = time.process_time()
    study.tell(trial, value)
    return 1e3 * (seconds + time.process_time() - start)


def measure(sampler: Sampler, library: Any, n_trials: int, n_params: int) -> float | None:
    """CPU milliseconds of an ask and its tell: median over the repeats of the mean over the asks.

    The mean counts what is done only every few asks; the first two asks are left out.
    """
    if not sampler.is_in(library) or n_trials > sampler.max_trials:
        return None
    n_asks = sampler.n_asks_of_optuna if library is optuna else sampler.n_asks
    is_dear = n_asks < 10 or (sampler.is_generational and n_trials > 1_000)
    means = []
    for _ in range(1 if is_dear else N_REPEATS):
        study = study_with(sampler, library, n_trials, n_params)
        for _ in range(2):
            ask_and_tell(study, n_params)
        means.append(np.mean([ask_and_tell(study, n_params) for _ in range(n_asks)]))
    return float(np.median(means))


def text(milliseconds: float | None) -> str:
    """A number of the table."""
    return "–" if milliseconds is None else f"{milliseconds:.3g}"


def print_table(samplers: list[Sampler], n_trials: tuple[int, ...]) -> None:
    """Print the table, row by row as they come."""
    print("\n| sampler | parameters | trials | skhpo, ms | Optuna, ms | times less |")
    print("|---|" + "---:|" * 5)
    for sampler, d, n in product(samplers, N_PARAMS, n_trials):
        if n > sampler.max_trials:
            continue
        ours, theirs = (measure(sampler, library, n, d) for library in (skhpo, optuna))
        ratio = "–" if ours is None or theirs is None else f"{theirs / ours:.1f}"
        cells = (sampler.name, d, f"{n:,}", text(ours), text(theirs), ratio)
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def main() -> None:
    """Print the table."""
    names = [sampler.name for sampler in SAMPLERS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="up to 1,000 trials")
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    args = parser.parse_args()
    for library in (skhpo, optuna):
        library.logging.set_verbosity(library.logging.ERROR)
    print(
        f"skhpo {skhpo.__version__}, Optuna {optuna.__version__}, numpy {np.__version__}, "
        f"scipy {scipy.__version__}, Python {platform.python_version()}"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chosen = [sampler for sampler in SAMPLERS if sampler.name in args.only]
        print_table(chosen, N_TRIALS[:2] if args.quick else N_TRIALS)


if __name__ == "__main__":
    main()
