"""Hyperparameter search for everyone who writes scikit-learn."""
