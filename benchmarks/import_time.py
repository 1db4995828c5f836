"""What `import skhpo` costs beside `import sklearn.model_selection`.

Fresh interpreters import the one and the other in turn, so that a busy machine slows both alike.
"""

import subprocess
import sys

import numpy as np
from _common import banner, command_line, print_table

TIMER = "import time; t = time.process_time(); import {}; print(time.process_time() - t)"
MODULES = ("sklearn.model_selection", "skhpo")


def cpu_seconds(module):
    """CPU seconds that a fresh interpreter takes to import a module."""
    command = [sys.executable, "-c", TIMER.format(module)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main(n_runs):
    for module in MODULES:  # once without a clock, to have all files in the cache of the disk
        cpu_seconds(module)
    seconds = np.array([[cpu_seconds(module) for module in MODULES] for _ in range(n_runs)])
    print(banner("scikit-learn"))
    print(f"{n_runs} runs each, in turn; CPU seconds.")
    rows = []
    for module, column in zip(MODULES, seconds.T, strict=True):
        low, median, high = np.quantile(column, [0.1, 0.5, 0.9])
        figures = (median, low, high, median / np.median(seconds[:, 0]))
        rows.append((f"`{module}`", *(f"{figure:.3f}" for figure in figures)))
    print_table(("import", "median", "10 %", "90 %", "ratio"), rows)


if __name__ == "__main__":
    parser = command_line(__doc__, quick="3 runs instead of 20")
    main(3 if parser.parse_args().quick else 20)
