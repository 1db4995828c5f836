"""Records of trials as plain values, to be compared: NaN equals NaN here."""

import json


def plain(trial, params=True):
    """All that is known of a trial of ours or of Optuna's, but for its id, as plain values.

    A distribution is compared by what both libraries would write of it.
    """
    return {
        "number": trial.number,
        "state": trial.state.name,
        "values": repr(trial.values),
        "start": trial.datetime_start,
        "complete": trial.datetime_complete,
        "params": {name: typed(value) for name, value in trial.params.items()} if params else None,
        "distributions": {name: described(d) for name, d in trial.distributions.items()},
        "reports": {step: repr(value) for step, value in trial.intermediate_values.items()},
        "user_attrs": repr(sorted(trial.user_attrs.items())),
        "system_attrs": repr(sorted(trial.system_attrs.items())),
    }


def typed(value):
    """A value and its type: 1, 1.0 and True are three."""
    return type(value).__name__, repr(value)


def described(distribution):
    if hasattr(distribution, "choices"):
        return "choice", [typed(choice) for choice in distribution.choices]
    kind = type(distribution).__name__
    return kind, json.dumps(distribution._asdict(), sort_keys=True, default=repr)
