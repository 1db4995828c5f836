"""A fitted search is kept by skops, which needs no pickle."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.svm import SVC

from skhpo import GPSearchCV, HyperbandSearchCV, ParetoSearchCV, TPESearchCV, TrialState
from skhpo.study import StudyDirection

io = pytest.importorskip("skops.io")
X, y = load_iris(return_X_y=True)


@pytest.mark.parametrize("Search", [GPSearchCV, HyperbandSearchCV, ParetoSearchCV, TPESearchCV])
def test_a_fitted_search_comes_back_with_its_study(Search):
    several = {"objectives": ["accuracy", "model_size"]} if Search is ParetoSearchCV else {}
    space = {"C": [0.1, 1.0, 10.0], "kernel": ["rbf", "linear"]}
    search = Search(SVC(), space, n_iter=4, cv=2, random_state=0, **several).fit(X, y)
    written = io.dumps(search)
    read = io.loads(written, trusted=io.get_untrusted_types(data=written))
    assert read.best_params_ == search.best_params_
    assert (read.predict(X) == search.predict(X)).all()
    scores = [s for s in search.cv_results_ if s.startswith("mean_test")]
    for name in scores:
        np.testing.assert_array_equal(read.cv_results_[name], search.cv_results_[name])
    assert read.study_.trials == search.study_.trials
    assert all(isinstance(trial.state, TrialState) for trial in read.study_.trials)
    assert all(isinstance(one, StudyDirection) for one in read.study_.directions)
    read.study_.enqueue_trial({"C": 1.0, "kernel": "rbf"})
    assert read.fit(X, y).best_params_ == search.best_params_
