"""scikit-learn's own tests of its searches, run on ours: what the installed wheel carries.

The test module of scikit-learn is loaded a second time, with ``GridSearchCV`` and
``RandomizedSearchCV`` replaced by the two thin classes below; its tests become tests here.
"""

import importlib.util
import inspect
import sys

import numpy as np
import pytest
import sklearn.model_selection
from sklearn.model_selection import _search
from sklearn.utils.fixes import parse_version

from skhpo import RandomSearchCV, StudySearchCV
from skhpo.samplers import BaseSampler
from skhpo.space import SearchSpace
from tests.search.columns import columns_of_ours

try:
    import cloudpickle
except ImportError:  # joblib < 1.6 carries its own
    from joblib.externals import cloudpickle

NOT_APPLICABLE = {
    "test_validate_parameter_input": "tests ParameterGrid and ParameterSampler",
    "test_parameter_grid": "tests ParameterGrid",
    "test_param_sampler": "tests ParameterSampler",
    "test_parameters_sampler_replacement": "tests ParameterSampler",
    "test_yield_masked_array_for_each_param": "tests a private function of scikit-learn",
    "test_yield_masked_array_no_runtime_warning": "tests a private function of scikit-learn",
    "test_custom_run_search": "tests the private hook _run_search",
    "test__custom_fit_no_run_search": "tests the private hook _run_search",
    "test_grid_search_bad_param_grid": "tests the wording of errors about a grid",
    # Ours never tries a candidate twice.
    "test_grid_search_classifier_all_fits_fail": "counts fits of equal candidates",
    "test_callable_multimetric_clf_all_fits_fail": "counts fits of equal candidates",
    "test_grid_search_cv_splits_consistency": "compares equal candidates",
}
if parse_version(sklearn.__version__) < parse_version("1.7"):
    NOT_APPLICABLE["test_random_search_bad_cv"] = "tests the wording of an error, changed in 1.7"


class GridWalk(BaseSampler):
    """Gives trial ``t`` the grid's point number ``t``."""

    def __init__(self, configs):
        self.configs = configs

    def infer_relative_search_space(self, study, trial):
        return {}

    def sample_relative(self, study, trial, search_space):
        return self.configs[trial.number]

    def sample_independent(self, study, trial, param_name, param_distribution):
        raise AssertionError(f"The grid knows {param_name}.")


def walk_of(param_grid, estimator):
    space = SearchSpace.from_param_distributions(param_grid, estimator)
    return GridWalk(list(space.candidates()))


class GridSearchCV(StudySearchCV):
    """A grid search made of ours, with the signature of scikit-learn's."""

    _parameter_constraints = {
        name: constraint
        for name, constraint in StudySearchCV._parameter_constraints.items()
        if name in _search.GridSearchCV._parameter_constraints
    } | {"param_grid": [dict, list]}

    def __init__(
        self,
        estimator,
        param_grid,
        *,
        scoring=None,
        n_jobs=None,
        refit=True,
        cv=None,
        verbose=0,
        pre_dispatch="2*n_jobs",
        error_score=np.nan,
        return_train_score=False,
    ):
        super().__init__(
            estimator,
            param_grid=param_grid,
            n_iter=sys.maxsize,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
            pruner=None,
            enqueue=None,
        )

    def _default_sampler(self):
        return walk_of(self.param_grid, self.estimator)


class RandomizedSearchCV(RandomSearchCV):
    """Ours, with the defaults of scikit-learn's; it too walks a grid no larger than n_iter."""

    def __init__(
        self,
        estimator,
        param_distributions,
        *,
        n_iter=10,
        scoring=None,
        n_jobs=None,
        refit=True,
        cv=None,
        verbose=0,
        pre_dispatch="2*n_jobs",
        random_state=None,
        error_score=np.nan,
        return_train_score=False,
        pruner=None,
        enqueue=None,
    ):
        super().__init__(
            estimator,
            param_distributions,
            n_iter=n_iter,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            random_state=random_state,
            error_score=error_score,
            return_train_score=return_train_score,
            pruner=pruner,
            enqueue=enqueue,
        )

    def _default_sampler(self):
        space = SearchSpace.from_param_distributions(self.param_distributions, self.estimator)
        if space.n_candidates <= self.n_iter:
            return walk_of(self.param_distributions, self.estimator)
        return super()._default_sampler()


def load_tests_of_scikit_learn(where):
    """Load a test module of scikit-learn with our classes in the place of its own."""
    spec = importlib.util.find_spec(where)
    if spec is None:
        pytest.skip("This scikit-learn comes without its tests.", allow_module_level=True)
    name = "skhpo_runs_" + where.replace(".", "_")
    spec = importlib.util.spec_from_file_location(name, spec.origin)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        for place in (sklearn.model_selection, _search):
            patch.setattr(place, "GridSearchCV", GridSearchCV)
            patch.setattr(place, "RandomizedSearchCV", RandomizedSearchCV)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    cloudpickle.register_pickle_by_value(module)  # workers cannot import it
    return module


def allow_our_columns(module):
    check_cv_results_keys = module.check_cv_results_keys

    def check_with_our_columns(cv_results, param_keys, score_keys, n_cand, extra_keys=()):
        extra_keys = (*extra_keys, *columns_of_ours(cv_results))
        check_cv_results_keys(cv_results, param_keys, score_keys, n_cand, extra_keys)

    module.check_cv_results_keys = check_with_our_columns


# Before its classes are replaced by ours for a moment.
delegation = importlib.import_module("sklearn.tests.test_metaestimators")
routing = importlib.import_module("sklearn.tests.test_metaestimators_metadata_routing")

theirs = load_tests_of_scikit_learn("sklearn.model_selection.tests.test_search")
allow_our_columns(theirs)
globals().update(
    {
        name: test
        for name, test in vars(theirs).items()
        if name.startswith("test_") and name not in NOT_APPLICABLE
    }
)


def test_what_is_left_out_exists():
    assert all(hasattr(theirs, name) for name in NOT_APPLICABLE)


def test_the_loaded_tests_are_of_our_classes():
    assert theirs.GridSearchCV is GridSearchCV
    assert theirs.RandomizedSearchCV is RandomizedSearchCV


# ------------------------------------------- tests that go over all of its metaestimators

ROUTING_TESTS = [
    test
    for name, test in vars(routing).items()
    if name.startswith("test_") and list(inspect.signature(test).parameters) == ["metaestimator"]
]
TWINS = [
    (_search.GridSearchCV, GridSearchCV),
    (_search.RandomizedSearchCV, RandomizedSearchCV),
]


def test_methods_are_delegated_to_the_estimator(monkeypatch):
    ours = [
        delegation.DelegatorData(
            Ours.__name__,
            lambda estimator, Ours=Ours: Ours(estimator, {"param": [5]}, cv=2),
            skip_methods=["score"],
        )
        for _, Ours in TWINS
    ]
    monkeypatch.setattr(delegation, "DELEGATING_METAESTIMATORS", ours)
    delegation.test_metaestimator_delegation()


@pytest.mark.parametrize(("Theirs", "Ours"), TWINS)
@pytest.mark.parametrize("test", ROUTING_TESTS, ids=lambda test: test.__name__)
def test_metadata_is_routed_as_scikit_learn_wants_it(test, Theirs, Ours):
    (case,) = [case for case in routing.METAESTIMATORS if case["metaestimator"] is Theirs]
    with sklearn.config_context(enable_metadata_routing=True):
        test(case | {"metaestimator": Ours})
