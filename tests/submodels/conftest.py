"""Worker processes import the estimators of these tests by name: they need the root on the path."""

import sys
from pathlib import Path

import sklearn.linear_model  # noqa: F401  (the limit holds for what is loaded)
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[2]))
threadpool_limits(1)  # fits of a few rows gain nothing from threads, and lose beside other tests
