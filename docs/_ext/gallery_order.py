"""The order of the examples in the gallery: from the first search to the study layer."""

ORDER = (
    "grid_to_tpe",
    "displays",
    "xgboost_pipeline",
    "demo",
    "conditional_space",
    "boosting",
    "text_classification",
    "time_series",
    "recommendation",
    "anomaly_detection",
    "image_features",
    "callbacks_and_stop",
    "resume_and_share",
    "parallel_backends",
    "compress_a_model",
    "fast_booster",
    "rare_events",
    "choose_a_model",
    "define_by_run",
    "tune_a_controller",
    "custom_sampler",
    "pytorch_pruning",
)


def by_topic(filename):
    """Return the sort key of an example; those that are not listed come last, by name."""
    name = filename.removesuffix(".py")
    return (ORDER.index(name) if name in ORDER else len(ORDER), name)
