"""The picture of the page on priors: regret by the number of candidates, with and without a prior.

Use: python benchmarks/prior_regret.py SVC RandomForestClassifier LGBMClassifier \
         --csv docs/images/priors.csv
     python docs/images/priors.py
"""

from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import pandas as pd

FOLDER = Path(__file__).parent
STYLES = {
    "random": ("#7f8c8d", ":"),
    "TPE": ("#c2630a", "--"),
    "TPE, prior": ("#c2630a", "-"),
    "GP": ("#1f86c7", "--"),
    "GP, prior": ("#1f86c7", "-"),
}


def main():
    table = pd.read_csv(FOLDER / "priors.csv")
    names = table["estimator"].unique()
    fig, axes = plt.subplots(
        1, len(names), figsize=(3.6 * len(names), 3.4), sharey=True, layout="constrained"
    )
    for ax, name in zip(axes, names, strict=True):
        for method, (color, line) in STYLES.items():
            part = table[(table["estimator"] == name) & (table["method"] == method)]
            ax.plot(part["candidates"], part["regret"], line, color=color, lw=2, label=method)
        ax.set(title=name, xlabel="candidates", yscale="log")
        ax.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("regret")
    axes[-1].legend(frameon=False)
    fig.savefig(FOLDER / "priors.png", dpi=150)


if __name__ == "__main__":
    main()
