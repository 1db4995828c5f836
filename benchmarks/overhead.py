"""The overhead benchmark: what an ask and its tell cost, against the number of trials.

Prints a markdown table; ``docs/benchmarks/overhead.md`` explains it and keeps a full run. Optuna's
CmaEsSampler needs the package ``cmaes``, its GPSampler ``torch``; where one is missing, its column
stays empty.

    python benchmarks/overhead.py [--quick] [--only SAMPLER ...]
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import product
from typing import Any

from _common import ONE_THREAD, banner, command_line, print_table, silence

os.environ |= ONE_THREAD

import numpy as np
import optuna

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


def rows(samplers: list[Sampler], n_trials: tuple[int, ...]) -> Iterator[tuple[object, ...]]:
    """Rows of the table, as they come."""
    for sampler, d, n in product(samplers, N_PARAMS, n_trials):
        if n > sampler.max_trials:
            continue
        ours, theirs = (measure(sampler, library, n, d) for library in (skhpo, optuna))
        ratio = "–" if ours is None or theirs is None else f"{theirs / ours:.1f}"
        yield sampler.name, d, f"{n:,}", text(ours), text(theirs), ratio


def main() -> None:
    """Print the table."""
    parser = command_line(
        __doc__, quick="up to 1,000 trials", only=[sampler.name for sampler in SAMPLERS]
    )
    options = parser.parse_args()
    silence()
    print(banner("numpy", "scipy", "Optuna"))
    chosen = [sampler for sampler in SAMPLERS if sampler.name in options.only]
    head = ("sampler", "parameters", "trials", "skhpo, ms", "Optuna, ms", "times less")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        print_table(head, rows(chosen, N_TRIALS[:2] if options.quick else N_TRIALS), columns="lr")


if __name__ == "__main__":
    main()
