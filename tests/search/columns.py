"""The columns that our tables have beside those of scikit-learn."""


def columns_of_ours(cv_results):
    """Names of the columns of a search without a resource, early stopping or confirmation."""
    scores = [name.removeprefix("mean_") for name in cv_results if name.startswith("mean_test_")]
    kinds = ["optimism_", "predicted_", "std_error_predicted_"]
    return {
        "trial_number", "status", "n_splits_evaluated",
        *(kind + score for kind in kinds for score in scores),
    }  # fmt: skip
