"""
Prune the training of a PyTorch network
=======================================

The training loop reports the accuracy after each epoch, and the pruner stops trials that are worse
than the median. The example needs PyTorch (``pip install "skhpo[torch]"``); a CPU is enough.
"""

import sys

import skhpo

try:
    import torch
except ImportError:
    sys.exit("This example needs PyTorch, which is not installed: pip install 'skhpo[torch]'")

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

torch.set_num_threads(1)
X, y = load_digits(return_X_y=True)
X_train, X_valid, y_train, y_valid = (
    torch.as_tensor(part)
    for part in train_test_split(X.astype("float32") / 16, y, test_size=0.3, random_state=0)
)
N_EPOCHS = 15


def make_network(trial):
    layers, n_inputs = [], X.shape[1]
    for k in range(trial.suggest_int("n_layers", 1, 3)):
        width = trial.suggest_int(f"width_{k}", 8, 128, log=True)
        layers += [nn.Linear(n_inputs, width), nn.ReLU()]
        n_inputs = width
    layers += [nn.Dropout(trial.suggest_float("dropout", 0.0, 0.5)), nn.Linear(n_inputs, 10)]
    return nn.Sequential(*layers)


def objective(trial):
    torch.manual_seed(0)
    network = make_network(trial)
    optimizer = torch.optim.Adam(
        network.parameters(), lr=trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    )
    batch_size = trial.suggest_categorical("batch_size", [32, 64, 128])
    for epoch in range(N_EPOCHS):
        network.train()
        for batch in torch.randperm(len(X_train)).split(batch_size):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(X_train[batch]), y_train[batch]).backward()
            optimizer.step()
        network.eval()
        with torch.no_grad():
            accuracy = (network(X_valid).argmax(dim=1) == y_valid).float().mean().item()
        trial.report(accuracy, epoch)
        if trial.should_prune():
            raise skhpo.TrialPruned()
    return accuracy


skhpo.logging.set_verbosity(skhpo.logging.WARNING)  # no line for each trial
study = skhpo.create_study(
    direction="maximize",
    sampler=skhpo.samplers.TPESampler(seed=0),
    pruner=skhpo.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=2),
)
study.optimize(objective, n_trials=25)

epochs = sum(len(trial.intermediate_values) for trial in study.trials)
print(f"{len(study.trials)} trials took {epochs} of {len(study.trials) * N_EPOCHS} epochs")
print(f"best accuracy {study.best_value:.3f} with")
for name, value in study.best_params.items():
    print(f"    {name} = {value:.4g}")
