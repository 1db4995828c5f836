"""The samplers of the benchmark, each behind ``ask`` and ``tell``, in a process of its own.

``python _sampler_peers.py NAME`` serves one sampler over its standard streams, a line of JSON a
message, under whatever interpreter has the package; :class:`Remote` is the other end of the line.
So libraries that cannot be installed together meet in one benchmark. Samplers run at their
defaults; what differs from them stands in ``SAMPLERS``.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from _common import ONE_THREAD

__all__ = ["SAMPLERS", "Point", "Remote", "Sampler", "Space"]

Space = dict[str, list[Any]]  # ["float" | "log" | "int", low, high] or ["choice", *values]
Point = dict[str, Any]


class Sampler(Protocol):
    """What a sampler is here; smaller values are better."""

    version: str

    def start(self, space: Space, n_objectives: int, seed: int) -> None:
        """Begin a run."""

    def ask(self, n: int) -> list[Point]:
        """Return the next `n` points."""

    def tell(self, points: Sequence[Point], values: Sequence[Sequence[float]]) -> None:
        """Take the values of the points that were asked for last, one list a point."""


class Dialect:
    """A sampler of Optuna, or one of skhpo: they are driven alike."""

    def __init__(self, module: str, sampler: str, **settings: Any) -> None:
        self.module = __import__(module)
        self.module.logging.set_verbosity(self.module.logging.ERROR)
        self.make = getattr(self.module.samplers, sampler)
        self.settings = settings
        self.version = str(self.module.__version__)

    def start(self, space: Space, n_objectives: int, seed: int) -> None:
        d = self.module.distributions
        makers = {
            "float": d.FloatDistribution,
            "log": lambda low, high: d.FloatDistribution(low, high, log=True),
            "int": d.IntDistribution,
            "choice": lambda *values: d.CategoricalDistribution(values),
        }
        self.space = {name: makers[kind](*args) for name, (kind, *args) in space.items()}
        self.study = self.module.create_study(
            directions=["minimize"] * n_objectives, sampler=self.make(seed=seed, **self.settings)
        )

    def ask(self, n: int) -> list[Point]:
        self.trials = [self.study.ask(self.space) for _ in range(n)]
        return [trial.params for trial in self.trials]

    def tell(self, points: Sequence[Point], values: Sequence[Sequence[float]]) -> None:
        for trial, value in zip(self.trials, values, strict=True):
            self.study.tell(trial, value)


class Hyperopt:
    """TPE of hyperopt; the points of a batch are drawn from one model."""

    def __init__(self) -> None:
        import hyperopt
        import numpy as np

        self.hyperopt, self.np = hyperopt, np
        self.version = str(hyperopt.__version__)

    def start(self, space: Space, n_objectives: int, seed: int) -> None:
        hp = self.hyperopt.hp
        makers = {
            "float": hp.uniform,
            "log": lambda name, low, high: hp.loguniform(name, math.log(low), math.log(high)),
            "int": hp.uniformint,
            "choice": lambda name, *values: hp.choice(name, range(len(values))),
        }
        self.space = space
        tree = {name: makers[kind](name, *args) for name, (kind, *args) in space.items()}
        self.domain = self.hyperopt.Domain(lambda point: 0.0, tree)
        self.trials = self.hyperopt.Trials()
        self.rng = self.np.random.default_rng(seed)

    def ask(self, n: int) -> list[Point]:
        ids = self.trials.new_trial_ids(n)
        self.docs = self.hyperopt.tpe.suggest(
            ids, self.domain, self.trials, int(self.rng.integers(2**31 - 1))
        )
        return [self._decode(doc["misc"]["vals"]) for doc in self.docs]

    def _decode(self, drawn: dict[str, list[Any]]) -> Point:
        point: Point = {}
        for name, (kind, *args) in self.space.items():
            value = drawn[name][0]
            point[name] = args[int(value)] if kind == "choice" else float(value)
            if kind == "int":
                point[name] = int(value)
        return point

    def tell(self, points: Sequence[Point], values: Sequence[Sequence[float]]) -> None:
        for doc, (value,) in zip(self.docs, values, strict=True):
            doc["state"] = self.hyperopt.JOB_STATE_DONE
            doc["result"] = {"loss": value, "status": self.hyperopt.STATUS_OK}
        self.trials.insert_trial_docs(self.docs)
        self.trials.refresh()


class ScikitOptimize:
    """Gaussian process of scikit-optimize; batches by its constant liar."""

    def __init__(self) -> None:
        import skopt

        self.skopt = skopt
        self.version = str(skopt.__version__)

    def start(self, space: Space, n_objectives: int, seed: int) -> None:
        s = self.skopt.space
        makers = {
            "float": s.Real,
            "log": lambda low, high: s.Real(low, high, prior="log-uniform"),
            "int": s.Integer,
            "choice": lambda *values: s.Categorical(values),
        }
        self.names = list(space)
        dimensions = [makers[kind](*args) for kind, *args in space.values()]
        self.optimizer = self.skopt.Optimizer(dimensions, random_state=seed)

    def ask(self, n: int) -> list[Point]:
        rows = [self.optimizer.ask()] if n == 1 else self.optimizer.ask(n_points=n)
        self.rows = rows
        return [dict(zip(self.names, map(_plain, row), strict=True)) for row in rows]

    def tell(self, points: Sequence[Point], values: Sequence[Sequence[float]]) -> None:
        self.optimizer.tell(self.rows, [value for (value,) in values])


def _plain(value: Any) -> Any:
    """A number of numpy as one of Python; anything else as it is."""
    return value.item() if hasattr(value, "item") else value


class Smac:
    """SMAC's random forest (its facade for hyperparameters); a batch is asked one by one."""

    def __init__(self) -> None:
        import logging
        from importlib.metadata import version

        import smac

        logging.disable(logging.CRITICAL)
        self.smac = smac
        self.version = version("smac")

    def start(self, space: Space, n_objectives: int, seed: int) -> None:
        import tempfile

        from ConfigSpace import Categorical, ConfigurationSpace, Float, Integer

        makers = {
            "float": lambda name, low, high: Float(name, (low, high)),
            "log": lambda name, low, high: Float(name, (low, high), log=True),
            "int": lambda name, low, high: Integer(name, (low, high)),
            "choice": lambda name, *values: Categorical(name, [str(v) for v in values]),
        }
        self.space = space
        configurations = ConfigurationSpace(seed=seed)
        configurations.add([makers[kind](name, *a) for name, (kind, *a) in space.items()])
        self.folder = tempfile.TemporaryDirectory()
        scenario = self.smac.Scenario(
            configurations,
            deterministic=True,
            n_trials=300,
            seed=seed,
            objectives=[f"f{i}" for i in range(n_objectives)] if n_objectives > 1 else "cost",
            output_directory=Path(self.folder.name),
        )
        self.optimizer = self.smac.HyperparameterOptimizationFacade(
            scenario, lambda config, seed=0: 0.0, overwrite=True, logging_level=False
        )

    def ask(self, n: int) -> list[Point]:
        self.asked = [self.optimizer.ask() for _ in range(n)]
        return [self._decode(dict(info.config)) for info in self.asked]

    def _decode(self, config: dict[str, Any]) -> Point:
        point: Point = {}
        for name, (kind, *args) in self.space.items():
            value = config[name]
            if kind == "choice":
                point[name] = args[[str(v) for v in args].index(str(value))]
            else:
                point[name] = int(value) if kind == "int" else float(value)
        return point

    def tell(self, points: Sequence[Point], values: Sequence[Sequence[float]]) -> None:
        from smac.runhistory.dataclasses import TrialValue

        for info, value in zip(self.asked, values, strict=True):
            cost = list(value) if len(value) > 1 else value[0]
            self.optimizer.tell(info, TrialValue(cost=cost), save=False)


class Hebo:
    """HEBO; batches by its own suggestion of several."""

    def __init__(self) -> None:
        from importlib.metadata import version

        import numpy as np
        import torch
        from hebo.design_space.design_space import DesignSpace
        from hebo.optimizers.hebo import HEBO

        torch.set_num_threads(1)
        self.np, self.torch, self.design, self.optimizer_class = np, torch, DesignSpace, HEBO
        self.version = version("HEBO")

    def start(self, space: Space, n_objectives: int, seed: int) -> None:
        kinds = {"float": "num", "log": "pow", "int": "int"}
        self.space = space
        self.np.random.seed(seed)
        self.torch.manual_seed(seed)
        design = [
            {"name": name, "type": "cat", "categories": list(range(len(args)))}
            if kind == "choice"
            else {"name": name, "type": kinds[kind], "lb": args[0], "ub": args[1], "base": 10}
            for name, (kind, *args) in space.items()
        ]
        self.optimizer = self.optimizer_class(self.design().parse(design), scramble_seed=seed)

    def ask(self, n: int) -> list[Point]:
        self.frame = self.optimizer.suggest(n_suggestions=n)
        return [self._decode(row) for _, row in self.frame.iterrows()]

    def _decode(self, row: Any) -> Point:
        point: Point = {}
        for name, (kind, *args) in self.space.items():
            if kind == "choice":
                point[name] = args[int(row[name])]
            else:
                point[name] = int(row[name]) if kind == "int" else float(row[name])
        return point

    def tell(self, points: Sequence[Point], values: Sequence[Sequence[float]]) -> None:
        self.optimizer.observe(self.frame, self.np.array(values))


SAMPLERS: dict[str, Callable[[], Sampler]] = {
    "skhpo Auto": lambda: Dialect("skhpo", "AutoSampler"),
    "skhpo TPE": lambda: Dialect("skhpo", "TPESampler"),
    "skhpo GP": lambda: Dialect("skhpo", "GPSampler"),
    "skhpo CMA-ES": lambda: Dialect("skhpo", "CmaEsSampler"),
    "skhpo NSGA-II": lambda: Dialect("skhpo", "NSGAIISampler"),
    "skhpo NSGA-III": lambda: Dialect("skhpo", "NSGAIIISampler"),
    "skhpo QMC": lambda: Dialect("skhpo", "QMCSampler"),
    "skhpo Random": lambda: Dialect("skhpo", "RandomSampler"),
    "Optuna TPE": lambda: Dialect("optuna", "TPESampler"),
    "Optuna GP": lambda: Dialect("optuna", "GPSampler"),
    "Optuna CMA-ES": lambda: Dialect("optuna", "CmaEsSampler", warn_independent_sampling=False),
    "Optuna NSGA-II": lambda: Dialect("optuna", "NSGAIISampler"),
    "Optuna NSGA-III": lambda: Dialect("optuna", "NSGAIIISampler"),
    "Optuna QMC": lambda: Dialect("optuna", "QMCSampler", warn_independent_sampling=False),
    "hyperopt TPE": Hyperopt,
    "scikit-optimize GP": ScikitOptimize,
    "SMAC": Smac,
    "HEBO": Hebo,
}


# --------------------------------------------------------------------------------- the line


class Remote:
    """A sampler in another process.

    Parameters
    ----------
    name : str
        Key of ``SAMPLERS``.
    python : str
        The interpreter that has the sampler's package.

    Attributes
    ----------
    version : str
        Version of the package.
    seconds : float
        CPU seconds that the other process has spent in ``ask`` and ``tell`` since ``start``.
    """

    def __init__(self, name: str, python: str) -> None:
        self.process = subprocess.Popen(
            [python, __file__, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | ONE_THREAD,
        )
        self.version: str = self._receive()
        self.seconds = 0.0

    def start(self, space: Space, n_objectives: int, seed: int) -> None:
        """Begin a run."""
        self._call("start", space, n_objectives, seed)
        self.seconds = 0.0

    def ask(self, n: int) -> list[Point]:
        """Return the next `n` points."""
        points: list[Point] = self._call("ask", n)
        return points

    def tell(self, points: Sequence[Point], values: Sequence[Sequence[float]]) -> None:
        """Take the values of the points that were asked for last."""
        self._call("tell", points, values)

    def close(self) -> None:
        """End the other process."""
        self.process.communicate()

    def _call(self, method: str, *args: Any) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([method, *args]) + "\n")
        self.process.stdin.flush()
        answer, seconds = self._receive()
        self.seconds += seconds
        return answer

    def _receive(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args} ended with code {self.process.wait()}.")
        return json.loads(line)


def serve(name: str) -> None:
    """Answer calls from standard input until it ends; whatever a library prints is dropped."""
    line = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    warnings.simplefilter("ignore")
    sampler = SAMPLERS[name]()
    print(json.dumps(sampler.version), file=line, flush=True)
    for message in sys.stdin:
        method, *args = json.loads(message)
        start = time.process_time()
        answer = getattr(sampler, method)(*args)
        print(json.dumps([answer, time.process_time() - start]), file=line, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
