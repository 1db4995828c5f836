"""
Define a PyTorch network by run, and prune its training
=======================================================

The objective builds the network while it asks for its parameters: as many widths as layers, and a
momentum only if the optimizer has one. The training reports the accuracy after each epoch, and the
pruner stops trials that are worse than the median. The study is kept in a file, so a training that
takes days can be continued. The example needs PyTorch (``pip install "skhpo[torch]"``); a CPU is
enough.
"""

import sys
import tempfile

import matplotlib.pyplot as plt

import skhpo
from skhpo.plots import CurvesDisplay

try:
    import torch
except ImportError:
    sys.exit("This example needs PyTorch, which is not installed: pip install 'skhpo[torch]'")

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

torch.set_num_threads(1)
N_EPOCHS = 12

# %%
# Data
# ----
# A third each to train, to choose the trial, and to test what was chosen.

X, y = load_digits(return_X_y=True)
X, y = torch.as_tensor(X / 16, dtype=torch.float32), torch.as_tensor(y)
train, rest = train_test_split(range(len(X)), train_size=1 / 3, stratify=y, random_state=0)
valid, test = train_test_split(rest, train_size=1 / 2, stratify=y[rest], random_state=0)

# %%
# Network and optimizer
# ---------------------
# Each function takes a trial, and asks it for what it needs.


def make_network(trial):
    layers, n_inputs = [], X.shape[1]
    dropout = trial.suggest_float("dropout", 0.0, 0.5)
    for k in range(trial.suggest_int("n_layers", 1, 3)):
        width = trial.suggest_int(f"width_{k}", 8, 128, log=True)
        layers += [nn.Linear(n_inputs, width), nn.ReLU(), nn.Dropout(dropout)]
        n_inputs = width
    return nn.Sequential(*layers, nn.Linear(n_inputs, 10))


def make_optimizer(trial, parameters):
    if trial.suggest_categorical("optimizer", ["adam", "sgd"]) == "adam":
        return torch.optim.Adam(parameters, lr=trial.suggest_float("lr_adam", 1e-4, 1e-1, log=True))
    return torch.optim.SGD(
        parameters,
        lr=trial.suggest_float("lr_sgd", 1e-3, 1e0, log=True),
        momentum=trial.suggest_float("momentum", 0.0, 0.95),
    )


# %%
# Training
# --------
# ``train_epochs`` yields the network after each epoch. The objective reports how good it is.


def train_epochs(trial):
    torch.manual_seed(0)
    network = make_network(trial)
    optimizer = make_optimizer(trial, network.parameters())
    batch_size = trial.suggest_categorical("batch_size", [16, 32, 64])
    for _ in range(N_EPOCHS):
        network.train()
        for batch in torch.as_tensor(train)[torch.randperm(len(train))].split(batch_size):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(X[batch]), y[batch]).backward()
            optimizer.step()
        yield network.eval()


@torch.no_grad()
def accuracy(network, rows):
    return (network(X[rows]).argmax(dim=1) == y[rows]).float().mean().item()


def objective(trial):
    for epoch, network in enumerate(train_epochs(trial), start=1):
        value = accuracy(network, valid)
        trial.report(value, epoch)
        if trial.should_prune():
            raise skhpo.TrialPruned()
    return value


# %%
# Study
# -----
# The first trial is enqueued: a usual network. The call of ``optimize`` could be repeated, today or
# in another process, and would continue the study in the file.

usual = {"n_layers": 1, "width_0": 64, "dropout": 0.0, "optimizer": "adam", "lr_adam": 1e-3}
skhpo.logging.set_verbosity(skhpo.logging.WARNING)  # no line for each trial
with tempfile.TemporaryDirectory() as folder:
    study = skhpo.create_study(
        storage=f"{folder}/digits.db",
        study_name="digits",
        load_if_exists=True,
        direction="maximize",
        sampler=skhpo.samplers.TPESampler(seed=0),
        pruner=skhpo.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=2),
    )
    study.enqueue_trial(usual | {"batch_size": 32})
    study.optimize(objective, n_trials=30)
    CurvesDisplay.from_study(study)
    plt.show()

    epochs = sum(len(trial.intermediate_values) for trial in study.trials)
    print(f"{len(study.trials)} trials took {epochs} of {len(study.trials) * N_EPOCHS} epochs")
    chosen = {"usual": study.trials[0], "best": study.best_trial}

# %%
# Rows that no trial has used
# ---------------------------
# A finished trial has its parameters, so the same functions train its network again.

for name, trial in chosen.items():
    *_, network = train_epochs(trial)
    print(f"{name:6} valid {trial.value:.3f}, test {accuracy(network, test):.3f}, {trial.params}")
