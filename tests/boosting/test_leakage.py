"""What a fit may see: never a row that it is scored on, nor one that it is watched on."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, TimeSeriesSplit
from sklearn.pipeline import Pipeline

from skhpo.boosting import EarlyStopping
from tests.boosting.boosters import FAMILIES, HAS_X_VAL, search

pytestmark = pytest.mark.skipif(not HAS_X_VAL, reason="needs evaluation sets of scikit-learn")

N = 120
rng = np.random.default_rng(0)
X = np.c_[np.arange(N), rng.normal(size=(N, 3))]  # the first column is the row's number
y = (X[:, 1] + rng.normal(0.0, 0.5, N) > 0.8).astype(int)  # about one in five

SEEN = []  # for each fit: what was learned from, by the transformer and by the model, and watched


class Recorder(TransformerMixin, BaseEstimator):
    """Notes which rows its ``fit`` and its ``transform`` are given."""

    def fit(self, X, y=None):
        SEEN.append({"transformer": rows(X)})
        return self

    def transform(self, X):
        return X


class RecordingClassifier(HistGradientBoostingClassifier):
    """Notes which rows it learns from, and which it is watched on."""

    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        note(X, X_val, y, y_val)
        return super().fit(X, y, sample_weight, X_val=X_val, y_val=y_val)


class RecordingRegressor(HistGradientBoostingRegressor):
    """Notes which rows it learns from, and which it is watched on."""

    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        note(X, X_val, y, y_val)
        return super().fit(X, y, sample_weight, X_val=X_val, y_val=y_val)


def rows(X):
    return np.asarray(X)[:, 0].astype(int).tolist()


def note(X, X_val, y_learned, y_watched):
    learned, watched = rows(X), [] if X_val is None else rows(X_val)
    assert np.array_equal(y_learned, TARGET["y"][learned])
    assert X_val is None or np.array_equal(y_watched, TARGET["y"][watched])
    SEEN.append({"model": learned, "watched": watched})


TARGET = {}


def fits(cv, on, *, kind=RecordingClassifier, y=y, groups=None, n_iter=1, fraction=0.25, **given):
    """Run a search; for each fold of each candidate, its rows."""
    SEEN.clear()
    TARGET["y"] = y
    model = kind(max_iter=5, early_stopping=False, random_state=0)
    pipeline = Pipeline([("record", Recorder()), ("model", model)])
    stopping = EarlyStopping(rounds=3, on=on, validation_fraction=fraction)
    space = {"model__max_leaf_nodes": [3, 5, 7, 9][:n_iter]}
    settings = {"early_stopping": stopping, "refit": False, "cv": cv, "n_iter": n_iter}
    search(pipeline, space, **settings | given).fit(X, y, groups=groups)
    return [SEEN[i] | SEEN[i + 1] for i in range(0, len(SEEN), 2)]


def test_on_the_fold_all_training_rows_are_learned_from_and_the_test_part_is_watched():
    cv = StratifiedKFold(3, shuffle=True, random_state=1)
    seen = fits(cv, "fold", n_iter=2)

    for fit, (train, test) in zip(seen, [*cv.split(X, y)] * 2, strict=True):
        assert fit["transformer"] == fit["model"] == train.tolist()
        assert fit["watched"] == test.tolist()


@pytest.mark.parametrize("fraction", [0.1, 0.4])
def test_rows_held_out_are_seen_by_no_step_and_are_training_rows(fraction):
    cv = StratifiedKFold(3, shuffle=True, random_state=1)
    seen = fits(cv, "inner", fraction=fraction)

    for fit, (train, test) in zip(seen, cv.split(X, y), strict=True):
        assert fit["transformer"] == fit["model"]
        assert not set(fit["model"]) & set(fit["watched"])
        assert not (set(fit["model"]) | set(fit["watched"])) & set(test.tolist())
        assert sorted(fit["model"] + fit["watched"]) == train.tolist()
        assert len(fit["watched"]) == np.ceil(fraction * len(train))


def test_rows_keep_their_order():
    for fit in fits(KFold(3), "inner"):
        assert fit["model"] == sorted(fit["model"])
        assert fit["watched"] == sorted(fit["watched"])


def test_each_candidate_is_watched_on_the_same_rows_and_each_fold_on_others():
    seen = fits(KFold(3), "inner", n_iter=4)

    candidates = [seen[i : i + 3] for i in range(0, 12, 3)]
    assert all(candidate == candidates[0] for candidate in candidates)
    assert len({tuple(fit["watched"]) for fit in candidates[0]}) == 3


def test_another_seed_holds_out_other_rows_and_the_same_seed_the_same():
    first, again, other = (fits(KFold(3), "inner", random_state=seed) for seed in (0, 0, 1))

    assert first == again
    assert all(one["watched"] != two["watched"] for one, two in zip(first, other, strict=True))


def test_without_a_seed_too_all_candidates_are_watched_on_the_same_rows():
    seen = fits(KFold(3), "inner", n_iter=4, random_state=None)

    assert len({tuple(fit["watched"]) for fit in seen}) == 3


@pytest.mark.parametrize("on", ["fold", "inner"])
def test_groups_stay_together(on):
    groups = rng.permutation(np.repeat(np.arange(24), 5))
    cv = GroupKFold(3)
    seen = fits(cv, on, groups=groups, fraction=0.3)

    for fit, (train, test) in zip(seen, cv.split(X, y, groups), strict=True):
        assert fit["transformer"] == fit["model"]
        assert not set(groups[fit["model"]]) & set(groups[fit["watched"]])
        assert not set(groups[fit["model"]]) & set(groups[test])
        if on == "inner":
            assert sorted(fit["model"] + fit["watched"]) == train.tolist()
            assert not set(groups[fit["watched"]]) & set(groups[test])


@pytest.mark.parametrize("names", [list, np.asarray])
def test_groups_may_be_texts_in_any_sequence(names):
    groups = names([f"patient {i % 20}" for i in range(N)])
    for fit in fits(GroupKFold(3), "inner", groups=groups, fraction=0.3):
        assert not {groups[i] for i in fit["model"]} & {groups[i] for i in fit["watched"]}


def test_with_a_split_by_time_the_last_training_rows_are_watched():
    cv = TimeSeriesSplit(3, gap=2)
    seen = fits(cv, "inner")

    for fit, (train, test) in zip(seen, cv.split(X), strict=True):
        assert fit["transformer"] == fit["model"]
        assert fit["model"] + fit["watched"] == train.tolist()
        assert len(fit["watched"]) == round(0.25 * len(train))
        assert max(fit["watched"]) < min(test)


def test_classes_are_held_out_in_proportion():
    for fit in fits(KFold(3), "inner", fraction=0.2):
        train = fit["model"] + fit["watched"]
        assert sum(y[fit["watched"]]) == pytest.approx(0.2 * sum(y[train]), abs=1.0)


def test_regressions_are_held_out_at_random():
    target = X[:, 1] + 0.1
    seen = fits(KFold(3), "inner", kind=RecordingRegressor, y=target)

    for fit, (train, _) in zip(seen, KFold(3).split(X), strict=True):
        assert sorted(fit["model"] + fit["watched"]) == train.tolist()
        assert fit["watched"] != train[-len(fit["watched"]) :].tolist()


@pytest.mark.parametrize("kind", [list, "mask"])
@pytest.mark.parametrize("on", ["fold", "inner"])
def test_splits_may_be_lists_and_masks(on, kind):
    splits = list(KFold(3).split(X))
    if kind == "mask":
        given = [tuple(np.isin(np.arange(N), part) for part in split) for split in splits]
    else:
        given = [tuple(part.tolist() for part in split) for split in splits]

    assert fits(given, on) == fits(splits, on)


@pytest.mark.parametrize("family", ["xgboost", "lightgbm", "catboost", "hist"])
def test_on_inner_the_score_does_not_depend_on_the_labels_it_is_scored_with(family):
    """With noise for labels, the rounds chosen on the fold follow its labels; held out, not."""
    by_hand = FAMILIES[family]
    noise = np.random.default_rng(5)
    X = noise.normal(size=(150, 4))
    y = noise.normal(size=150)
    train, test = np.arange(100), np.arange(100, 150)
    changed = y.copy()
    changed[test] = 3.0 * X[test, 0]
    rounds = {}
    for on in ("fold", "inner"):
        for name, target in (("as it is", y), ("changed", changed)):
            model = by_hand.make("regressor", learning_rate=0.3)
            stopping = EarlyStopping(rounds=5, on=on, validation_fraction=0.3)
            found = search(
                clone(model),
                {by_hand.rounds: [60]},
                cv=[(train, test)],
                early_stopping=stopping,
                refit=False,
            )
            rounds[on, name] = found.fit(X, target).cv_results_["split0_best_iteration"][0]

    assert rounds["inner", "as it is"] == rounds["inner", "changed"]
    assert rounds["fold", "as it is"] != rounds["fold", "changed"]
