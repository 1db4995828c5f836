"""The executor on spark: a local session with two cores, each task in a process of its own."""

import contextlib
import os
import shutil
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config

from skhpo.exceptions import WorkerDiedError
from skhpo.parallel import Executor
from tests.parallel import tasks
from tests.waiting import eventually

pyspark = pytest.importorskip("pyspark")
joblibspark = pytest.importorskip("joblibspark")
if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
    pytest.skip("spark needs java", allow_module_level=True)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Spark local mode doesn't support stage-level scheduling"),
    pytest.mark.filterwarnings("ignore:Spark version does not support stage-level scheduling"),
]

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def started():
    """Run a session; yield a function that gives joblib's settings for it."""
    joblibspark.register_spark()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        session = (
            pyspark.sql.SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("OFF")
        try:
            yield lambda: {"backend": "spark", "n_jobs": 2}
        finally:
            session.stop()


@pytest.fixture(scope="module")
def cluster():
    with started() as settings:
        yield settings


@pytest.fixture
def on_spark(cluster):
    with parallel_config(**cluster()):
        yield


def test_every_task_comes_back_once_with_its_own_result_or_error(on_spark):
    with Executor() as executor:
        assert executor.n_workers == 2
        for i in range(10):
            executor.submit(i, tasks.square, i)
        executor.submit("bad", tasks.fail, "no such penalty")
        found = tasks.outcomes_of(executor)
    with pytest.raises(ValueError, match="no such penalty"):
        found.pop("bad").result()
    assert {i: outcome.result() for i, outcome in found.items()} == {i: i * i for i in range(10)}


@pytest.mark.parametrize("kind", [np.asarray, lambda x: {"weights": x}])
def test_a_large_argument_is_broadcast_once_for_all_tasks(on_spark, kind, monkeypatch):
    sent = []
    broadcast = pyspark.SparkContext.broadcast
    monkeypatch.setattr(
        pyspark.SparkContext, "broadcast", lambda self, x: sent.append(x) or broadcast(self, x)
    )
    X = kind(np.arange(30_000.0))
    with Executor() as executor:
        for i in range(6):
            executor.submit(i, tasks.total, X)
        found = tasks.outcomes_of(executor)
    assert len(sent) == 1
    assert [outcome.result() for outcome in found.values()] == [sum(range(30_000))] * 6


def test_a_task_that_cannot_be_pickled_is_an_outcome(on_spark):
    with Executor() as executor:
        executor.submit("bad", tasks.square, threading.Lock())
        executor.submit("result", tasks.return_what_cannot_be_pickled)
        executor.submit("opening", tasks.return_what_cannot_be_unpickled)
        executor.submit("good", tasks.square, 3)
        found = tasks.outcomes_of(executor)
    assert found.pop("good").result() == 9
    for outcome in found.values():
        assert isinstance(outcome.error, Exception)


def test_a_task_that_always_kills_its_worker_is_lost_and_no_other(on_spark):
    with Executor() as executor:
        executor.submit("guilty", tasks.exit_process)
        for i in range(4):
            executor.submit(i, tasks.square, i)
        found = tasks.outcomes_of(executor)
    assert isinstance(found.pop("guilty").error, WorkerDiedError)
    assert [found[i].result() for i in range(4)] == [0, 1, 4, 9]


def test_a_task_that_kills_its_worker_once_is_run_again(on_spark, tmp_path):
    with Executor() as executor:
        executor.submit("once", tasks.exit_once, str(tmp_path / "flag"))
        assert executor.wait(timeout=60)[1].result() != os.getpid()


def test_abort_starts_no_queued_task(on_spark, tmp_path):
    with Executor() as executor:
        for i in range(20):
            executor.submit(i, tasks.tell_pid_then_sleep, tmp_path, str(i), 0.5)
        eventually(lambda: list(tmp_path.iterdir()))
        executor.abort()
    with Executor() as executor:
        executor.submit(0, tasks.square, 3)
        assert executor.wait(timeout=60)[1].result() == 9
    assert len(list(tmp_path.iterdir())) < 10
