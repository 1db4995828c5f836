"""Worker processes import the tasks of these tests by name: they need the root on their path."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
