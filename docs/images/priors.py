"""The picture of the page on priors, drawn from the tables of docs/benchmarks/priors.md.

Use: python docs/images/priors.py
"""

import re
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt

FOLDER = Path(__file__).parent
SHOWN = ("SVC", "LGBMClassifier", "RandomForestRegressor")
STYLES = {
    "random": ("#7f8c8d", ":", "random"),
    "GP": ("#c2630a", "--", "Gaussian process"),
    "prior": ("#1f86c7", "-", "with its prior"),
    "mirrored": ("#b0305c", "-.", "with a wrong prior"),
}


def tables():
    """Return the regrets by estimator and method, and the numbers of candidates."""
    page = (FOLDER.parent / "benchmarks" / "priors.md").read_text(encoding="utf-8")
    found = {}
    for part in page.split("\n### ")[1:]:
        rows = re.findall(r"^\| (\w+) \| (.*) \|$", part, flags=re.MULTILINE)
        cells = {name: [one.split()[0] for one in values.split("|")] for name, values in rows}
        found[part.split("\n")[0]] = {n: [float(x) for x in values] for n, values in cells.items()}
    return found


def main():
    found = tables()
    fig, axes = plt.subplots(1, len(SHOWN), figsize=(10, 3.2), sharey=True, layout="constrained")
    for ax, name in zip(axes, SHOWN, strict=True):
        table = found[name]
        for method, (color, line, label) in STYLES.items():
            ax.plot(table["candidates"], table[method], line, color=color, lw=2.2, label=label)
        ax.set(title=name, xlabel="candidates", ylim=(0, 0.7), xlim=(0, 40))
        ax.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("regret")
    axes[-1].legend(frameon=False)
    fig.savefig(FOLDER / "priors.png", dpi=150)


if __name__ == "__main__":
    main()
