"""Studies that plots must cope with: plain ones, and one for each difficulty."""

import math

import skhpo
from skhpo.samplers import RandomSampler
from skhpo.trial import TrialState, create_trial

FloatDistribution = skhpo.distributions.FloatDistribution


def study_of(objective, n_trials=30, seed=0, **settings):
    study = skhpo.create_study(sampler=RandomSampler(seed=seed), **settings)
    study.optimize(objective, n_trials=n_trials, catch=(ZeroDivisionError,))
    return study


def mixed(trial):
    """A float, a log scale, an integer, a category of texts and None, a single choice."""
    x, y = trial.suggest_float("x", -5, 5), trial.suggest_float("y", 1e-3, 1e3, log=True)
    k = trial.suggest_int("k", 0, 10)
    kind = trial.suggest_categorical("kind", ["a", None, True, 2])
    trial.suggest_categorical("only", ["one"])
    return (x - 2) ** 2 + 2 * math.log10(y) ** 2 + 0.1 * (k - 7) ** 2 + 4 * (kind is None)


def conditional(trial):
    """A parameter in each of two branches, and one in both."""
    shared = trial.suggest_float("shared", 0, 1)
    if trial.suggest_categorical("branch", ["line", "curve"]) == "line":
        return shared + abs(trial.suggest_float("line[0]", -1, 1))
    return shared + trial.suggest_float("curve[1]", 0.01, 10, log=True)


def with_all_ends(trial):
    """Trials that are complete, pruned, failed, infeasible, and infinite."""
    x, y = trial.suggest_float("x", -5, 5), trial.suggest_float("y", 1e-3, 1e3, log=True)
    trial.report(x, 0)
    if trial.number % 5 == 1:
        raise skhpo.TrialPruned
    if trial.number % 5 == 2:
        return 1 / 0
    trial.set_constraint("c", y - 1.0)
    return math.inf if trial.number % 10 == 3 else x**2 + math.log10(y) ** 2


def pruned(trial):
    trial.suggest_float("x", 0, 1)
    trial.report(1.0, 0)
    raise skhpo.TrialPruned


def two_objectives(trial):
    x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
    return x + y, 1 - x


def big(n_trials=10_000):
    """A large study."""
    import numpy as np

    rng = np.random.default_rng(0)
    distributions = {
        "x": FloatDistribution(-5, 5),
        "y": FloatDistribution(1e-3, 1e3, log=True),
        "k": skhpo.distributions.IntDistribution(0, 10),
        "kind": skhpo.distributions.CategoricalDistribution(["a", "b", "c"]),
    }
    study = skhpo.create_study()
    trials = []
    for u in rng.random((n_trials, 4)):
        params = {
            name: d.to_external_repr(float(d.from_unit(u[j])))
            for j, (name, d) in enumerate(distributions.items())
        }
        value = params["x"] ** 2 + math.log10(params["y"]) ** 2 + (params["kind"] == "a")
        trials.append(
            create_trial(
                state=TrialState.COMPLETE, value=value, params=params, distributions=distributions
            )
        )
    study.add_trials(trials)
    return study


HARD = {
    "mixed": lambda: study_of(mixed),
    "conditional": lambda: study_of(conditional),
    "all ends": lambda: study_of(with_all_ends),
    "all pruned": lambda: study_of(pruned, 5),
    "no trials": lambda: study_of(mixed, 0),
    "one trial": lambda: study_of(mixed, 1),
    "two trials": lambda: study_of(mixed, 2),
    "no parameters": lambda: study_of(lambda trial: float(trial.number), 3),
    "equal values": lambda: study_of(lambda trial: 0 * trial.suggest_float("x", 0, 1), 8),
    "maximize": lambda: study_of(mixed, direction="maximize"),
}
"""A function that makes a study, by what is difficult about it."""
