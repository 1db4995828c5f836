"""The parts of sharing: keys by value, copies of outputs, the store, the decision by times."""

import functools
import pickle
import threading
import time

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skhpo.search.sharing import _store
from skhpo.search.sharing._ledger import Ledger
from skhpo.search.sharing._outputs import checksum, keep
from skhpo.search.sharing._steps import ends_of_blocks, leading_steps
from skhpo.search.sharing._store import Store
from skhpo.search.sharing._value_keys import NoKeyError, dump_state, key_of_step, weigh

# --------------------------------------------------------------------------------------------- keys


def closure(number):
    return lambda X: X + number


def again(step):
    """The same step, as another task of a worker gets it."""
    return pickle.loads(pickle.dumps(clone(step)))


@pytest.mark.parametrize(
    "step",
    [
        StandardScaler(),
        TfidfVectorizer(ngram_range=(1, 2), stop_words=["a", "b"], dtype=np.float32),
        OneHotEncoder(categories=[np.array(["a", "b"], dtype=object)], dtype=np.float64),
        make_pipeline(StandardScaler().set_output(transform="pandas"), PCA(2, random_state=0)),
        ColumnTransformer([("a", PCA(), make_column_selector(pattern="x.*")), ("b", "drop", [1])]),
        FeatureUnion([("a", PCA(2)), ("b", "passthrough")], transformer_weights={"a": 2.0}),
        FunctionTransformer(np.log1p, kw_args={"where": True}),
        FunctionTransformer(functools.partial(np.clip, a_min=np.nan, a_max=np.float64(1.0))),
    ],
    ids=lambda step: type(step).__name__,
)
def test_equal_steps_have_equal_keys(step):
    assert key_of_step(clone(step)) == key_of_step(again(step))
    assert hash(key_of_step(clone(step))) == hash(key_of_step(again(step)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (StandardScaler(), StandardScaler(with_mean=False)),
        (StandardScaler(), StandardScaler().set_output(transform="pandas")),
        (StandardScaler(with_mean=True), StandardScaler(with_mean=1)),
        (PCA(1), PCA(1.0)),
        (PCA(2, tol=0.0), PCA(2, tol=-0.0)),
        (FunctionTransformer(closure(1)), FunctionTransformer(closure(2))),
        (FunctionTransformer(lambda X: X + 1), FunctionTransformer(lambda X: X + 2)),
        (make_pipeline(StandardScaler()), make_pipeline(StandardScaler(with_std=False))),
        (StandardScaler(), StandardScaler().fit([[1.0]])),
    ],
)
def test_steps_that_differ_have_different_keys(one, other):
    assert key_of_step(one) != key_of_step(other)


def test_steps_that_request_other_metadata_have_different_keys():
    with config_context(enable_metadata_routing=True):
        weighted = StandardScaler().set_fit_request(sample_weight=True)
    assert key_of_step(weighted) != key_of_step(StandardScaler())
    assert key_of_step(clone(weighted)) == key_of_step(again(weighted))


def test_functions_with_equal_code_have_equal_keys():
    assert key_of_step(FunctionTransformer(closure(1))) == (
        key_of_step(FunctionTransformer(closure(1)))
    )


@pytest.mark.parametrize(
    "step",
    [
        PCA(2, random_state=np.random.RandomState(0)),
        FunctionTransformer(closure(np.random.default_rng(0))),
        FunctionTransformer(closure(threading.Lock())),
        FeatureUnion([("a", PCA(2))], n_jobs=2),  # draws in processes of its own
    ],
    ids=["RandomState", "Generator", "lock", "processes"],
)
def test_steps_without_a_fixed_state_have_no_key(step):
    with pytest.raises(NoKeyError):
        key_of_step(step)


@pytest.mark.parametrize("cut", [np.s_[:, :3], np.s_[:3], np.s_[::2, 1::2], np.s_[:]])
@pytest.mark.parametrize("order", ["C", "F"])
def test_states_have_the_strides_of_their_arrays(cut, order):
    array = np.asarray(np.arange(42.0).reshape(6, 7), order=order)[cut]
    scaler = StandardScaler()
    scaler.scale_ = array
    restored = pickle.loads(dump_state(scaler)).scale_
    np.testing.assert_array_equal(restored, array)
    assert restored.strides == array.strides


def test_the_weight_of_fitted_steps_is_about_that_of_their_arrays():
    scaler = StandardScaler().fit(np.zeros((2, 10_000)))
    n_bytes, has_random_state = weigh([scaler])
    assert 3 * 80_000 <= n_bytes < 3 * 80_000 + 2_000
    assert not has_random_state
    scaler.state_ = np.random.RandomState(0)
    assert weigh([scaler])[1]


# ------------------------------------------------------------------------------------------ outputs

WIDE = np.arange(60.0).reshape(6, 10)


@pytest.mark.parametrize(
    "array",
    [WIDE, np.asfortranarray(WIDE), WIDE[:, :4], WIDE[::2, 1:3], WIDE.T[:3], WIDE[:0], WIDE[0]],
)
def test_the_copy_of_an_array_is_laid_out_like_it(array):
    kept = keep(array)
    before = array.copy()
    first = kept.copy()
    first += 1.0
    second = kept.copy()
    np.testing.assert_array_equal(second, before)
    assert second.strides == array.strides
    assert second.flags.writeable
    assert kept.n_bytes == array.nbytes


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_array, sparse.coo_matrix])
def test_sparse_matrices_are_copied(kind):
    matrix = kind(np.eye(3))
    kept = keep(matrix)
    kept.copy().data[:] = 5.0
    matrix.data[:] = 7.0
    assert type(kept.copy()) is kind
    np.testing.assert_array_equal(kept.copy().toarray(), np.eye(3))
    assert kept.n_bytes >= 3 * 8


def frames():
    numbers = pd.DataFrame(WIDE.copy())
    mixed = numbers.add_prefix("x").assign(kind="a", when=pd.Timestamp("2026-01-01"))
    yield numbers
    yield mixed
    yield pd.concat([numbers, numbers.add_prefix("y").astype("float32")], axis=1)
    yield mixed.astype({"kind": "category"})


@pytest.mark.parametrize("frame", list(frames()))
def test_data_frames_are_copied(frame):
    kept = keep(frame)
    copy = kept.copy()
    copy.iloc[0, 0] = -1.0
    pd.testing.assert_frame_equal(kept.copy(), frame)
    assert kept.copy().to_numpy().strides == frame.to_numpy().strides


def test_other_outputs_are_copied_if_they_can_be():
    frame = pl.DataFrame({"a": [1, 2]})
    assert keep(frame).copy().equals(frame)
    lists = [["a", "b"], ["c"]]
    kept = keep(lists)
    kept.copy()[0].append("d")
    assert kept.copy() == lists
    with pytest.raises(NoKeyError):
        keep([threading.Lock()])


@pytest.mark.parametrize(
    "rows", [WIDE.copy(), WIDE.copy()[:, :3], pd.DataFrame(WIDE), sparse.csr_array(WIDE)]
)
def test_a_checksum_changes_with_the_rows(rows):
    before = checksum(rows)
    assert before == checksum(rows)
    if isinstance(rows, pd.DataFrame):
        rows.iloc[3, 2] = -1.0
    else:
        (rows.data if sparse.issparse(rows) else rows)[-1] += 1e-9
    assert checksum(rows) != before


# -------------------------------------------------------------------------------------------- steps


def test_blocks_end_before_what_is_searched():
    paths = ["a", "b", "c"]
    assert ends_of_blocks(paths, "m", {"m__C": False}) == [2]
    assert ends_of_blocks(paths, "m", {"c__k": True, "m__C": True}) == [1, 2]
    assert ends_of_blocks(paths, "m", {"b__k": True}) == [0]  # each front is one candidate's own
    assert ends_of_blocks(paths, "m", {"b__k": False, "m__C": True}) == [0]
    assert ends_of_blocks(paths, "m", {"a": True, "m": True}) == [2]
    assert ends_of_blocks(["end__a"], "end__m", {"end": True}) == [0]
    assert ends_of_blocks(["a"], "m", {"steps": False}) == []


def test_a_memory_ends_the_leading_steps():
    inner = make_pipeline(StandardScaler(), PCA(), memory="cache")
    outer = make_pipeline(StandardScaler(), inner)
    assert leading_steps(outer).paths == ["standardscaler"]
    assert leading_steps(inner).paths == []


# -------------------------------------------------------------------------------------------- store


def test_the_least_recently_used_make_room():
    store = Store()
    for name in "abc":
        assert store.put(("token", name), name, 10, limit=30)
    assert store.get(("token", "a")) == "a"
    assert store.put(("token", "d"), "d", 15, limit=30)
    assert [store.get(("token", name)) for name in "abcd"] == ["a", None, None, "d"]
    assert store.n_bytes == 25
    assert not store.put(("token", "e"), "e", 31, limit=30)
    assert store.n_bytes == 25


def test_a_search_is_forgotten_alone():
    store = Store()
    store.put(("one", 1), 1, 10, limit=100)
    store.put(("two", 1), 2, 10, limit=100)
    store.forget("one")
    assert (store.get(("one", 1)), store.get(("two", 1)), store.n_bytes) == (None, 2, 10)


def test_a_store_without_tasks_empties_itself(monkeypatch):
    monkeypatch.setattr(_store, "IDLE", 0.05)
    store = Store()
    with store.in_use(empties_itself=True):
        store.put(("one", 1), 1, 10, limit=100)
        time.sleep(0.2)
        assert len(store) == 1
    deadline = time.monotonic() + 10
    while len(store) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(store) == 0


# ------------------------------------------------------------------------------------------- ledger


def ledger(fitting, finding):
    filled = Ledger()
    for seconds in fitting:
        filled.fitted(seconds)
    for seconds in finding:
        filled.found(seconds)
    return filled


def test_a_front_is_shared_while_finding_it_takes_less_time_than_fitting_it():
    assert ledger([1.0], [0.1] * 20).is_worth_it(5)
    assert not ledger([1.0], [2.0] * 5).is_worth_it(5)
    assert ledger([1.0], [2.0] * 4).is_worth_it(5)  # too early to tell
    assert ledger([1.0], [0.1, 0.1, 50.0, 0.1, 0.1]).is_worth_it(5)  # once the machine was busy


def test_a_front_that_is_never_found_is_given_up():
    assert ledger([1.0] * 34, []).is_worth_it(5)
    assert not ledger([1.0] * 35, []).is_worth_it(5)
