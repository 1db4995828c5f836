"""The search benchmark: what a grid finds, and what it takes the other searches to find it.

Prints markdown tables; ``docs/benchmarks/search.md`` explains them and keeps a full run.

    python benchmarks/search.py [--quick] [--tasks NAME ...] [--seeds N] [--report] [--real-time]
"""

from __future__ import annotations

import pickle
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import optuna
from _common import CACHE, banner, command_line, print_table, quietly, silence, write
from _search_memory import Remembered, ledger, memory
from _search_tables import ON_GRID, STEPS, Run, TaskRuns, print_tables
from _search_tasks import N_FOLDS, TASKS, Task
from optuna_integration import OptunaSearchCV
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingRandomSearchCV,
    ParameterSampler,
    RandomizedSearchCV,
)

from skhpo import AutoSearchCV, RandomSearchCV, TPESearchCV
from skhpo.callbacks import SearchCallback
from skhpo.priors._find import find_prior
from skhpo.trial import TrialState

BUDGET = 250  # fold fits: 50 candidates of 5 folds
N_TYPICAL = 40  # random candidates, whose median is the unit of true quality
QUICK_TASKS = ("diabetes-elastic_net", "friedman-svr", "cancer-logistic")
REAL_TIME_TASKS = ("noisy-boosting", "friedman-gbr", "several-mlp")


@dataclass
class Recorder:
    """Watches a run: which candidates were completed, when, and whether the run is over.

    A run ends after `budget` fold fits; if the grid's score was not met by then, it goes on until
    it is, or until twice the budget is spent.
    """

    task: Task
    goal: float
    budget: int
    events: list[tuple[int, float, float, float]] = field(default_factory=list)
    params: list[Mapping[str, Any]] = field(default_factory=list)

    def complete(self, score: float, params: Mapping[str, Any]) -> None:
        """A candidate has all its folds."""
        book = ledger()
        self.events.append((book.n_fits, book.seconds, book.overhead(), score))
        self.params.append(params)

    def read_ledger(self) -> None:
        """Take over the candidates that the ledger has seen completed."""
        completed = ledger().completed
        self.events = [event for event, _ in completed]
        self.params = [params for _, params in completed]

    def truths(self) -> dict[float, float]:
        """True quality of the best candidate after some numbers of fits, and of the whole run."""
        found = {}
        for step in (*STEPS, np.inf):
            known = [(e[3], -i) for i, e in enumerate(self.events) if e[0] <= step]
            if known:
                found[step] = memory(self.task).truth(self.params[-max(known)[1]])
        return found

    @property
    def is_over(self) -> bool:
        n_fits = ledger().n_fits
        if n_fits < self.budget:
            return False
        met = any(score >= self.goal - 1e-12 for *_, score in self.events)
        return met or n_fits >= 2 * self.budget

    def of_optuna(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        """Callback of OptunaSearchCV."""
        self.complete(trial.values[0], self.task.decode(trial.params))
        if self.is_over:
            study.stop()


class Listener(SearchCallback):
    """Ends a search of skhpo when the recorder says so, and follows it fold by fold.

    A candidate is told to the study only when the next proposal may use it. So the ledger says when
    it was complete.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def should_stop(self) -> bool:
        self.recorder.read_ledger()
        return self.recorder.is_over


Method = Callable[[Task, int, Recorder], None]


def _data(task: Task) -> dict[str, Any]:
    y = memory(task).y
    return {"X": np.arange(len(y))[:, None], "y": y}


def _common(task: Task) -> dict[str, Any]:
    return {"cv": task.splits(memory(task).y), "refit": False}


def grid(task: Task, seed: int, recorder: Recorder) -> None:
    """The grid, whole."""
    GridSearchCV(Remembered(task.name), task.grid, **_common(task)).fit(**_data(task))
    recorder.read_ledger()


def randomized(task: Task, seed: int, recorder: Recorder) -> None:
    """RandomizedSearchCV."""
    RandomizedSearchCV(
        Remembered(task.name),
        task.for_scipy(),
        n_iter=recorder.budget // N_FOLDS,
        random_state=seed,
        **_common(task),
    ).fit(**_data(task))
    recorder.read_ledger()


def halving(task: Task, seed: int, recorder: Recorder) -> None:
    """Successive halving over the number of samples, three rungs, the last with all samples."""
    data = _data(task)
    search = HalvingRandomSearchCV(
        Remembered(task.name),
        task.for_scipy(),
        n_candidates=6 * recorder.budget // (5 * N_FOLDS),
        factor=3,
        min_resources=len(data["y"]) // 9,
        return_train_score=False,
        random_state=seed,
        **_common(task),
    ).fit(**data)
    folds = (memory(task).fold(search.best_params_, *fold)[0] for fold in task.splits(data["y"]))
    recorder.complete(float(np.mean(list(folds))), search.best_params_)


def optuna_search(task: Task, seed: int, recorder: Recorder) -> None:
    """OptunaSearchCV: TPE, all folds."""
    OptunaSearchCV(
        Remembered(task.name),
        task.for_optuna(),
        n_trials=None,
        random_state=seed,
        callbacks=[recorder.of_optuna],
        **_common(task),
    ).fit(**_data(task))


def optuna_median(task: Task, seed: int, recorder: Recorder) -> None:
    """Optuna's TPE, and the MedianPruner told the running mean."""
    _optuna_by_hand(task, seed, recorder, optuna.pruners.MedianPruner())


def optuna_wilcoxon(task: Task, seed: int, recorder: Recorder) -> None:
    """Optuna's TPE, and the WilcoxonPruner told shuffled folds, as its documentation has it."""
    _optuna_by_hand(task, seed, recorder, optuna.pruners.WilcoxonPruner())


def _optuna_by_hand(
    task: Task, seed: int, recorder: Recorder, pruner: optuna.pruners.BasePruner
) -> None:
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed), pruner=pruner
    )
    rng = np.random.default_rng(seed)
    data, splits = _data(task), task.splits(memory(task).y)
    is_paired = isinstance(pruner, optuna.pruners.WilcoxonPruner)
    while not recorder.is_over:
        trial = study.ask()
        params = task.suggest(trial)
        model = Remembered(task.name).set_params(**params)
        order = rng.permutation(N_FOLDS) if is_paired else np.arange(N_FOLDS)
        scores: list[float] = []
        for step, fold in enumerate(order.tolist()):
            train, test = splits[fold]
            clone(model).fit(data["X"][train], data["y"][train]).score(
                data["X"][test], data["y"][test]
            )
            scores.append(ledger().scores[-1])
            value = scores[-1] if is_paired else float(np.mean(scores))
            trial.report(value, fold if is_paired else step)
            if trial.should_prune():
                break
        if len(scores) == N_FOLDS:
            recorder.complete(float(np.mean(scores)), params)
        if len(scores) == N_FOLDS or is_paired:
            study.tell(trial, float(np.mean(scores)))
        else:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)


def _on_grid(method: Method) -> Method:
    """The same method, with the grid as the space."""
    return lambda task, seed, recorder: method(task.on_grid(), seed, recorder)


def _knowing(task: Task) -> Any:
    """Inside the block, a search finds the prior of the task's estimator."""

    def find(_: Any, space: Any, __: Any, y: Any, metric: Any, own: Any) -> Any:
        return find_prior(task.estimator, space, memory(task).X, y, task.metric, own)

    return mock.patch("skhpo.search._beginning.find_prior", find)


def _skhpo(search: type[Any], **settings: Any) -> Method:
    def run(task: Task, seed: int, recorder: Recorder) -> None:
        with nullcontext() if search is RandomSearchCV else _knowing(task):
            search(
                Remembered(task.name),
                task.for_scipy(),
                n_iter=10**6,
                random_state=seed,
                callbacks=[Listener(recorder)],
                **settings,
                **_common(task),
            ).fit(**_data(task))
        recorder.read_ledger()

    return run


METHODS: dict[str, Method] = {
    "GridSearchCV": grid,
    "RandomizedSearchCV": randomized,
    "HalvingRandomSearchCV": halving,
    "OptunaSearchCV": optuna_search,
    "Optuna TPE + median": optuna_median,
    "Optuna TPE + Wilcoxon": optuna_wilcoxon,
    "skhpo AutoSearchCV": _skhpo(AutoSearchCV),
    "skhpo AutoSearchCV, no prior": _skhpo(AutoSearchCV, prior=None),
    "skhpo AutoSearchCV, no pruning": _skhpo(AutoSearchCV, pruner=None),
    "skhpo TPESearchCV": _skhpo(TPESearchCV),
    "skhpo TPESearchCV, no prior": _skhpo(TPESearchCV, prior=None),
    "skhpo RandomSearchCV": _skhpo(RandomSearchCV),
    f"RandomizedSearchCV{ON_GRID}": _on_grid(randomized),
    f"Optuna TPE + median{ON_GRID}": _on_grid(optuna_median),
    f"Optuna TPE + Wilcoxon{ON_GRID}": _on_grid(optuna_wilcoxon),
    f"skhpo AutoSearchCV{ON_GRID}": _on_grid(_skhpo(AutoSearchCV)),
    f"skhpo TPESearchCV{ON_GRID}": _on_grid(_skhpo(TPESearchCV)),
}


def run(method: str, task: Task, seed: int, goal: float = np.inf) -> Run:
    """Run a method once, from an empty ledger."""
    recorder = Recorder(task, goal, BUDGET)
    memory(task)
    book = ledger(new=True)
    with quietly():
        METHODS[method](task, seed, recorder)
    overhead = book.overhead()
    with quietly():
        truths = recorder.truths()
    return Run(method, seed, recorder.events, book.n_fits, book.seconds, overhead, truths)


def run_task(task: Task, n_seeds: int) -> TaskRuns:
    """All methods on a task."""
    start = time.perf_counter()
    whole = run("GridSearchCV", task, 0)
    goal = max(score for *_, score in whole.events)
    runs = [whole]
    for seed in range(n_seeds):
        runs += [run(method, task, seed, goal) for method in METHODS if method != "GridSearchCV"]
        memory(task).save()
    typical = typical_truth(task)
    memory(task).save()
    print(f"{task.name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    write(runs_path(task), pickle.dumps((goal, runs, typical)))
    return TaskRuns(task, goal, runs, typical)


def typical_truth(task: Task) -> float:
    """True quality of the median random candidate."""
    space = task.for_scipy()
    drawn = ParameterSampler(space, N_TYPICAL, random_state=0)
    with quietly():
        return float(np.median([memory(task).truth(params) for params in drawn]))


def runs_path(task: Task) -> Path:
    """Where the last runs on a task are kept for ``--report``."""
    return CACHE / f"search_runs-{task.name}.pickle"


def last_runs(task: Task) -> TaskRuns:
    """The last runs on a task, of whatever version of skhpo made them."""
    return TaskRuns(task, *pickle.loads(runs_path(task).read_bytes()))


# --------------------------------------------------------------------------- without the cache


def real_time(task: Task, n_seeds: int) -> Iterator[tuple[object, ...]]:
    """Wall-clock of the grid, and of TPESearchCV until it meets the grid's score; real fits."""
    X, y = task.load()
    common: dict[str, Any] = {"scoring": task.metric, "cv": task.splits(y), "refit": False}
    start = time.perf_counter()
    search = GridSearchCV(task.estimator, task.grid, **common).fit(X, y)
    grid_seconds, goal = time.perf_counter() - start, search.best_score_

    def stop_at_goal(study: Any, trial: Any) -> None:
        if trial.state == TrialState.COMPLETE and trial.value >= goal - 1e-12:
            study.stop()

    for name, space in (("the space", task.for_scipy()), ("the grid", task.grid)):
        for seed in range(n_seeds):
            search = TPESearchCV(
                task.estimator,
                space,
                n_iter=task.n_grid,
                random_state=seed,
                callbacks=[stop_at_goal],
                **common,
            )
            start = time.perf_counter()
            search.fit(X, y)
            seconds = time.perf_counter() - start
            is_met = search.best_score_ >= goal - 1e-12
            yield (
                task.name,
                name,
                seed,
                f"{grid_seconds:.1f}",
                f"{seconds:.2f}",
                "yes" if is_met else "no",
                f"{grid_seconds / seconds:.1f}",
            )


def print_real_time(tasks: list[Task], n_seeds: int) -> None:
    """The table of the runs without the cache."""
    head = (
        "task",
        "TPESearchCV searches",
        "seed",
        "grid, s",
        "TPESearchCV until the grid's score, s",
        "met",
        "times less",
    )
    with quietly():
        print_table(head, (row for task in tasks for row in real_time(task, n_seeds)))


def main() -> None:
    """Parse the command line, run, print."""
    parser = command_line(
        __doc__,
        quick="three tasks, three seeds",
        tasks=[task.name for task in TASKS],
        seeds="runs of all that is random; default 4",
        report="the tables of the last runs; nothing is run",
    )
    parser.add_argument(
        "--real-time", action="store_true", help="the check without the cache, and nothing else"
    )
    options = parser.parse_args()
    silence()
    default = REAL_TIME_TASKS if options.real_time else [task.name for task in TASKS]
    names = options.tasks or (QUICK_TASKS if options.quick else default)
    tasks = [task for task in TASKS if task.name in names]
    n_seeds = options.seeds or (3 if options.quick or options.real_time else 4)
    print(f"{banner('numpy', 'scikit-learn', 'Optuna')}; budget {BUDGET} fold fits.")
    if options.real_time:
        print_real_time(tasks, n_seeds)
    elif options.report:
        print_tables([last_runs(task) for task in tasks], BUDGET)
    else:
        print_tables([run_task(task, n_seeds) for task in tasks], BUDGET)


if __name__ == "__main__":
    main()
