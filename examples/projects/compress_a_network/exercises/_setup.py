"""The arguments, data and network that the solutions share."""

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from network import load_data, train_base

import skhpo


def arguments(title: str) -> argparse.Namespace:
    """Read ``--quick`` and ``--folder``."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--quick", action="store_true", help="a small setting, to try it out")
    parser.add_argument("--folder", type=Path, default=HERE.parent / "results", help="for pictures")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    skhpo.logging.set_verbosity(skhpo.logging.WARNING)
    return args


def base_and_data(quick: bool = False):
    """Return the trained float network and the digits."""
    data = load_data()
    return train_base(data, n_epochs=10 if quick else 60), data
