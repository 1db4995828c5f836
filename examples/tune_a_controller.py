"""
Tune a controller, without machine learning
===========================================

A study tunes anything that returns a number. Here a PID controller with three gains heats the
simulation of an oven with a delay. It should follow the set point closely, and never exceed it by
more than one degree. This limit is a constraint, which the sampler models, too.
"""

import matplotlib.pyplot as plt
import numpy as np

import skhpo

SET_POINT = 180.0  # degrees Celsius, from an ambient temperature of 20
STEP = 0.5  # seconds
N_STEPS = 1200
DELAY = 12  # steps from the heater to the sensor


# %%
# Simulation
# ----------


def simulate(kp, ki, kd):
    """Temperatures of the oven over ten minutes."""
    temperature, integral, last_error = 20.0, 0.0, SET_POINT - 20.0
    power = np.zeros(N_STEPS + DELAY)
    temperatures = np.empty(N_STEPS)
    for k in range(N_STEPS):
        error = SET_POINT - temperature
        wanted = kp * error + ki * (integral + error * STEP) + kd * (error - last_error) / STEP
        if 0.0 < wanted < 1.0:  # no integration while the heater is at a limit
            integral += error * STEP
        last_error = error
        power[k + DELAY] = min(max(wanted, 0.0), 1.0)
        temperature += STEP * (4.0 * power[k] - 0.015 * (temperature - 20.0))
        temperatures[k] = temperature
    return temperatures


# %%
# Objective and constraint
# ------------------------


def objective(trial):
    temperatures = simulate(
        kp=trial.suggest_float("kp", 1e-3, 1e0, log=True),
        ki=trial.suggest_float("ki", 1e-6, 1e-1, log=True),
        kd=trial.suggest_float("kd", 1e-3, 1e1, log=True),
    )
    trial.set_constraint("overshoot", temperatures.max() - SET_POINT - 1.0)
    return np.abs(temperatures - SET_POINT).mean()


# %%
# Study
# -----

skhpo.logging.set_verbosity(skhpo.logging.WARNING)  # no line for each trial
study = skhpo.create_study(sampler=skhpo.samplers.GPSampler(seed=0))
study.optimize(objective, n_trials=60)

feasible = [trial.constraints["overshoot"] <= 0 for trial in study.trials]
print(f"within the limit: {sum(feasible[:20])} of the first 20 trials, ", end="")
print(f"{sum(feasible[-20:])} of the last 20")
best = study.best_trial
print(f"mean distance from the set point: {best.value:.2f} degrees, with")
print("   ", ", ".join(f"{name} = {value:.3g}" for name, value in best.params.items()))
print(f"overshoot: {best.constraints['overshoot'] + 1.0:.2f} degrees")

# %%
# The controllers of the first trial and of the best one
# ------------------------------------------------------

fig, ax = plt.subplots(layout="constrained")
minutes = np.arange(N_STEPS) * STEP / 60
for name, trial in {"first trial": study.trials[0], "best trial": best}.items():
    ax.plot(minutes, simulate(**trial.params), label=name)
ax.axhline(SET_POINT, color="gray", linestyle="--", label="set point")
ax.set(xlabel="minutes", ylabel="degrees Celsius")
ax.legend()
plt.show()
