"""The statistics of a comparison are those of Nadeau and Bengio, and its words follow them."""

from html.parser import HTMLParser

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from skhpo._statistics import corrected_t_test, holm
from skhpo.comparison import SearchComparison
from skhpo.comparison._strategy import Run


def comparison_of(scores, n_train=90, n_test=30):
    """A comparison with these held-out scores by strategy."""
    runs = [
        Run(name, repeat, cv_score=score, held_out_score=score, fits=10.0, seconds=1.0,
            error="" if score == score else "ValueError: no")
        for name, row in scores.items()
        for repeat, score in enumerate(row)
    ]  # fmt: skip
    return SearchComparison(
        runs, names=list(scores), metric="accuracy", n_train=n_train, n_test=n_test
    )


RNG = np.random.default_rng(0)
A = 0.90 + 0.01 * RNG.normal(size=8)
B = A - 0.03 + 0.005 * RNG.normal(size=8)


def test_without_overlap_it_is_the_t_test_of_scipy():
    found = corrected_t_test(A - B, test_per_train=0.0)
    reference = stats.ttest_rel(A, B)
    interval = reference.confidence_interval(0.95)
    assert_allclose(found.p_value, reference.pvalue)
    assert_allclose([found.low, found.high], [interval.low, interval.high])


def test_the_overlap_of_training_rows_widens_the_interval():
    n, share = len(A), 1 / 3
    d = A - B
    error = np.sqrt(d.var(ddof=1) * (1 / n + share))  # equation 12 of Nadeau and Bengio
    found = corrected_t_test(d, test_per_train=share)
    assert_allclose(found.p_value, 2 * stats.t.sf(abs(d.mean()) / error, n - 1))
    assert_allclose(found.high - found.mean, stats.t.ppf(0.975, n - 1) * error)
    assert_allclose(found.detectable, found.high - found.mean)


def test_the_corrected_test_keeps_its_level_where_the_t_test_does_not():
    """Repeated hold-out of a model against an equal one: 5 % of tests may find a difference."""
    rng = np.random.default_rng(1)
    n_rows, n_repeats, n_worlds = 120, 20, 300
    rejected = np.zeros(2)
    for _ in range(n_worlds):
        # Two models that are each the mean of other columns: equally good, fitted on the rows.
        target, first, second = rng.normal(size=(3, n_rows))
        differences = []
        for _ in range(n_repeats):
            rows = rng.permutation(n_rows)
            train, test = rows[:90], rows[90:]
            errors = []
            for column in (first, second):
                slope = (column[train] @ target[train]) / (column[train] @ column[train])
                errors.append(np.mean((target[test] - slope * column[test]) ** 2))
            differences.append(errors[0] - errors[1])
        rejected[0] += corrected_t_test(differences, 0.0).p_value < 0.05
        rejected[1] += corrected_t_test(differences, 30 / 90).p_value < 0.05
    usual, corrected = rejected / n_worlds
    assert usual > 0.2
    assert corrected < 0.1


def test_nan_is_left_out_and_one_difference_has_no_test():
    assert corrected_t_test([0.1, np.nan, 0.3], 0.3) == corrected_t_test([0.1, 0.3], 0.3)
    single = corrected_t_test([0.1], 0.3)
    assert (single.mean, single.n) == (0.1, 1)
    assert np.isnan([single.low, single.high, single.p_value, single.detectable]).all()


def test_equal_scores_have_a_p_value_of_one():
    assert corrected_t_test([0.0, 0.0, 0.0], 0.3).p_value == 1.0


def test_holm_multiplies_the_smallest_by_the_number_of_tests():
    assert_allclose(holm([0.04, 0.01, 0.02]), [0.04, 0.03, 0.04])
    assert_allclose(holm([0.6, np.nan, 0.5]), [1.0, np.nan, 1.0])


def test_differences_are_paired_by_repetition():
    table = comparison_of({"a": A, "b": B}).differences()
    found = corrected_t_test(A - B, 30 / 90)
    assert table["difference"][0] == pytest.approx((A - B).mean())
    assert table["p_value"][0] == pytest.approx(found.p_value)
    assert table["low"][0] == pytest.approx(found.low)
    wider = comparison_of({"a": A, "b": B}).differences(confidence=0.99)
    assert wider["low"][0] < table["low"][0]
    assert wider["p_value"][0] == table["p_value"][0]


def test_confidence_is_checked():
    with pytest.raises(ValueError, match="`confidence` must lie between 0 and 1; got 95"):
        comparison_of({"a": A, "b": B}).differences(confidence=95)


def test_a_found_difference_is_stated_with_its_interval():
    (sentence,) = comparison_of({"slow": B, "quick": A}).conclusions()
    found = corrected_t_test(A - B, 30 / 90)
    assert sentence.startswith("quick is better than slow by 0.034 (95% interval +")
    assert f"+{found.low:.2g} to +{found.high:.2g}" in sentence


def test_no_difference_is_stated_with_what_could_have_been_found():
    noisy = A + 0.02 * RNG.normal(size=8)
    (sentence,) = comparison_of({"a": A, "b": noisy}).conclusions()
    found = corrected_t_test(A - noisy, 30 / 90)
    assert sentence.startswith("No difference was found between a and b")
    assert f"8 repetitions could only show differences above {found.detectable:.2g}" in sentence


def test_a_single_repetition_supports_no_conclusion():
    (sentence,) = comparison_of({"a": A[:1], "b": B[:1]}).conclusions()
    assert "too few to say whether they differ" in sentence


def test_equal_results_are_called_equal():
    (sentence,) = comparison_of({"a": A, "b": A}).conclusions()
    assert sentence == "a and b: the held-out scores are equal in all 8 repetitions."


def test_with_many_pairs_print_shows_a_table_of_them():
    text = str(
        comparison_of({name: A + k * 1e-5 * RNG.normal(size=8) for k, name in enumerate("abcd")})
    )
    assert "a − b" in text
    assert "could show" in text
    assert "No difference was found in 6 of 6 pairs." in text


def test_failed_repetitions_are_left_out():
    with_gap = B.copy()
    with_gap[3] = np.nan
    comparison = comparison_of({"a": A, "b": with_gap})
    assert comparison.differences()["n_repeats"][0] == 7
    assert comparison.summary()["n_repeats"].tolist() == [8, 7]
    assert "1 of 16 runs failed" in str(comparison)


def test_the_summary_has_means_medians_and_spreads():
    summary = comparison_of({"a": A, "b": B}).summary()
    assert_allclose(summary["mean_held_out_score"], [A.mean(), B.mean()])
    assert_allclose(summary["median_held_out_score"], [np.median(A), np.median(B)])
    assert_allclose(summary["std_held_out_score"], [A.std(ddof=1), B.std(ddof=1)])


def test_print_is_an_aligned_table():
    lines = str(comparison_of({"short": A, "a longer name": B})).splitlines()
    assert lines[0].startswith("accuracy, mean ± standard deviation over 8 repetitions")
    assert "90 rows for the searches, 30 held out" in lines[0]
    assert len(lines[3]) == len(lines[4])
    assert max(map(len, lines)) <= 100


class Cells(HTMLParser):
    def __init__(self):
        super().__init__()
        self.cells, self.tags = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.cells.append(data)


def test_names_are_escaped_in_notebooks():
    cells = Cells()
    cells.feed(comparison_of({"<script>x</script>": A, "b & c": B})._repr_html_())
    assert "script" not in cells.tags
    assert "<script>x</script>" in cells.cells
    assert "b & c" in cells.cells


def test_a_data_frame_has_a_row_per_run():
    pytest.importorskip("pandas")
    frame = comparison_of({"a": A, "b": B}).to_dataframe()
    assert frame.shape == (16, 8)
    assert frame.groupby("strategy")["held_out_score"].mean()["a"] == pytest.approx(A.mean())
