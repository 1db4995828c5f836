"""scikit-learn's common checks, on our searches around a classifier, a regressor, a pipeline."""

import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skhpo import RandomSearchCV, StudySearchCV, TPESearchCV

COMMON = {"cv": 2, "error_score": "raise", "random_state": 0}


def around_several(Search):
    scaled = make_pipeline(StandardScaler(), LogisticRegression())
    return [
        Search(LogisticRegression(), {"C": [0.1, 1.0]}, **COMMON),
        Search(Ridge(), {"alpha": [0.1, 1.0]}, **COMMON),
        Search(scaled, {"logisticregression__C": [0.1, 1.0]}, **COMMON),
        Search(make_pipeline(PCA(), Ridge()), {"ridge__alpha": [0.1, 1.0]}, **COMMON),
    ]


@parametrize_with_checks(around_several(TPESearchCV)[1:3])
def test_a_search_passes_the_common_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(
    [
        around_several(TPESearchCV)[0],
        around_several(TPESearchCV)[3],
        around_several(RandomSearchCV)[2],
        around_several(StudySearchCV)[0],
    ]
)
def test_other_searches_pass_the_common_checks(estimator, check):
    check(estimator)
