"""The dashboard on our databases, seen as people see it: in a browser."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import pytest
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

import skhpo
from tests.storages.postgresql_server import PASSWORD, PostgreSQLServer, find_programs

pytest.importorskip("optuna_dashboard", reason="needs the extra `dashboard`")
pytestmark = pytest.mark.slow

N_ITER = 15
PATIENCE = 60  # seconds until a page must show what it is to show


def make_search(seed, **settings):
    """A search with numbers, and with objects as choices."""
    X, y = load_iris(return_X_y=True)
    pipeline = Pipeline([("scale", StandardScaler()), ("svc", SVC())])
    space = {
        "scale": [StandardScaler(), MinMaxScaler(), "passthrough"],
        "svc__C": loguniform(1e-2, 1e3),
        "svc__gamma": loguniform(1e-5, 1e1),
    }
    search = skhpo.TPESearchCV(pipeline, space, n_iter=N_ITER, random_state=seed, **settings)
    return search.fit(X, y)


def make_front(storage):
    """A study of two objectives; trials 0 and 1 are its front, 2 is dominated."""
    study = skhpo.create_study(
        storage=storage, study_name="a front", directions=["maximize", "minimize"]
    )
    study.set_metric_names(["accuracy", "latency"])
    for depth, values in ((3, (0.75, 12.5)), (9, (0.875, 40.5)), (6, (0.625, 50.5))):
        trial = study.ask()
        trial.suggest_int("depth", depth, depth)
        trial.suggest_float("rate", 0, 1)
        study.tell(trial, values)


def make_troubles(storage):
    """A study with all that may be awkward to draw."""
    study = skhpo.create_study(storage=storage, study_name="troubles")
    study.tell(study.ask(), state=skhpo.TrialState.FAIL)
    study.tell(study.ask(), state=skhpo.TrialState.PRUNED)
    for value in (float("inf"), 7.25):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        trial.suggest_categorical("depth", [None, 3, "all"])
        trial.report(float("nan"), step=0)
        trial.report(-float("inf"), step=1)
        trial.set_user_attr("odd", [float("nan"), {"<b>": "ü"}])
        study.tell(trial, value)
    study.enqueue_trial({"x": 0.5})
    study.ask({"y": skhpo.distributions.FloatDistribution(0, 1)})
    study.enqueue_trial({"x": 0.25})


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("dashboard") / "studies.db"


@pytest.fixture(scope="module")
def storage(file):
    return f"sqlite:///{file}"


@pytest.fixture(scope="module")
def search(storage):
    return make_search(0, storage=storage, study_name="first search")


@contextmanager
def running_dashboard(database):
    """Start the command on a free port; give the process and its first line."""
    command = [sys.executable, "-m", "skhpo", "dashboard", str(database), "--port", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    line = process.stdout.readline()
    try:
        assert line, process.communicate(timeout=60)[1]
        yield process, line
    finally:
        process.kill()
        process.communicate()


def address_in(line):
    return next(word for word in line.split() if word.startswith("http://")).rstrip("/")


def studies_at(address):
    with urllib.request.urlopen(f"{address}/api/studies", timeout=60) as answer:
        return json.load(answer)["study_summaries"]


@pytest.fixture(scope="module")
def address(file, storage, search):
    make_search(1, storage=storage, study_name="second search")
    make_front(storage)
    make_troubles(storage)
    with running_dashboard(file) as (_, line):
        yield address_in(line)


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    """Chromium without a window."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium, chromedriver = next(filter(None, map(shutil.which, names)), None), "chromedriver"
    if chromium is None or shutil.which(chromedriver) is None:
        pytest.skip("Chromium or its driver is not installed (Debian: apt install chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--disable-dev-shm-usage", "--window-size=1400,900",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(shutil.which(chromedriver))
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture
def page(driver, address):
    """A browser at the dashboard; at the end, its console must show no errors of the page."""
    driver.get_log("browser")  # forgets what other tests left
    yield Page(driver, address)
    severe = [entry["message"] for entry in driver.get_log("browser") if _is_severe(entry)]
    assert [message for message in severe if address in message] == []


def _is_severe(entry):
    return entry["level"] == "SEVERE"


class Page:
    def __init__(self, driver, address):
        self._driver, self._address = driver, address

    def open(self, path):
        self._driver.get(f"{self._address}/dashboard/{path}")

    def open_study(self, name, room=""):
        ids = {study["study_name"]: study["study_id"] for study in studies_at(self._address)}
        self.open(f"studies/{ids[name]}{room}")

    def click(self, text):
        self.wait_for(text)
        path = f"//*[normalize-space(.)={text!r}]"
        self._driver.find_elements("xpath", path)[-1].click()  # the innermost

    def wait_for(self, *texts, after="", before=""):
        """Wait until all texts are seen, in a part of the page if you like; return that part."""
        deadline = time.monotonic() + PATIENCE
        while True:
            seen = self._driver.find_element("tag name", "body").text
            seen = seen.partition(after)[2] if after else seen
            seen = seen.partition(before)[0] if before else seen
            missing = [text for text in texts if text not in seen]
            if not missing:
                return seen
            assert time.monotonic() < deadline, f"{missing} not in the page:\n{seen}"
            time.sleep(0.2)


# ------------------------------------------------------------------------------- pages


def test_the_list_names_each_study_and_leads_to_it(page, search):
    page.open("")
    seen = page.wait_for("first search", "second search", "a front", "troubles")
    assert "Direction: MAXIMIZE, MINIMIZE" in seen
    page.click("1. first search")
    page.wait_for("first search (id=1)", "History", repr(float(search.best_score_)))


def test_the_page_of_a_search_shows_its_best_candidate_and_what_matters(page, search):
    page.open_study("first search")
    page.wait_for(
        repr(float(search.best_score_)),
        f"scale: {search.best_params_['scale']}",
        f"svc__C: {search.best_params_['svc__C']!r}",
        f"svc__gamma: {search.best_params_['svc__gamma']!r}",
        after=f"Best Trial (number={search.best_index_})",
    )
    page.wait_for("score", after="History", before="Hyperparameter Importance")  # at the axis
    names = ("scale", "svc__C", "svc__gamma")
    page.wait_for(*names, after="Hyperparameter Importance", before="Timeline")


def test_all_candidates_are_listed_with_folds_and_choices_by_name(page, search):
    page.open_study("first search", "/trials")
    candidate = search.study_.trials[0]
    folds = candidate.intermediate_values.items()
    expected = [f"{step} {score!r}".removesuffix(".0") for step, score in folds]  # 1.0 is 1
    expected += [f"{name} {value}" for name, value in candidate.params.items()]
    seen = page.wait_for(f"{N_ITER} Trials", "Trial 0 (trial_id=1)", *expected)
    assert len(expected) == 5 + 3
    assert f"Trial {N_ITER - 1}\n" in seen


def test_relations_between_parameters_and_scores_are_drawn(page):
    page.open_study("first search", "/analytics")
    page.wait_for("Slice", "Contour", "StandardScaler()", "MinMaxScaler()", "passthrough", "EDF")


def test_the_table_of_trials_has_all_parameters(page, search):
    page.open_study("first search", "/smartSelection")
    page.wait_for("Param scale", "Param svc__C", "Param svc__gamma", "score", "Complete")


def test_the_front_of_two_objectives_is_drawn_under_their_names(page):
    page.open_study("a front")
    page.wait_for("accuracy", "latency", after="Pareto Front", before="History")
    page.wait_for("depth", "rate", after="Hyperparameter Importance", before="Timeline")
    front = page.wait_for(
        "Objective Values = [0.75, 12.5]", "Objective Values = [0.875, 40.5]", after="Best Trials"
    )
    assert "0.625" not in front


def test_two_searches_are_compared_in_one_picture(page):
    ids = {study["study_name"]: study["study_id"] for study in studies_at(page._address)}
    page.open(f"compare-studies?ids={ids['first search']},{ids['second search']}")
    page.wait_for(
        "Best Value of first search",
        "Best Value of second search",
        "score of first search",
        "EDF for score",
    )


def test_nan_infinities_and_unfinished_trials_do_no_harm(page):
    page.open_study("troubles")
    page.wait_for("Best Trial (number=3)", "7.25", "depth")
    page.open_study("troubles", "/trials")
    seen = page.wait_for("6 Trials")
    for state in ("Fail", "Pruned", "Complete", "Running", "Waiting"):
        assert state in seen


# -------------------------------------------------------------------------- the server


def test_studies_that_begin_later_are_seen(storage, address):
    assert "later" not in [study["study_name"] for study in studies_at(address)]
    skhpo.create_study(storage=storage, study_name="later")
    try:
        assert "later" in [study["study_name"] for study in studies_at(address)]
    finally:
        skhpo.delete_study(storage=storage, study_name="later")


def test_a_connection_that_is_not_used_keeps_nobody_waiting(address):
    """Browsers open connections ahead of need; a server with one thread would wait for them."""
    port = int(address.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port)):
        assert studies_at(address)


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_ctrl_c_ends_it_quietly(file, search):
    with running_dashboard(file) as (process, _):
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
        assert (process.returncode, error) == (0, "")


def test_a_port_that_is_taken_is_told_in_one_line(file, search):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "skhpo", "dashboard", str(file), "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: Cannot listen on 127.0.0.1:{port}")
    assert done.stderr.count("\n") == 1


def test_postgresql_is_shown_and_its_password_is_not():
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server is not installed (Debian: apt install postgresql).")
    pytest.importorskip("psycopg")
    server = PostgreSQLServer(programs)
    try:
        url = server.new_database()
        make_front(url)
        with running_dashboard(url) as (_, line):
            assert PASSWORD not in line
            assert "127.0.0.1" in line
            assert [study["study_name"] for study in studies_at(address_in(line))] == ["a front"]
    finally:
        server.close()
