"""A parent that is ended by a signal leaves no worker at work, and no file behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.waiting import eventually

ROOT = Path(__file__).parents[2]

SCRIPT = """
import sys
import numpy as np
from joblib import parallel_config
from skhpo.parallel import Executor
from tests.parallel import tasks

if __name__ == "__main__":
    backend, folder, temp = sys.argv[1:]
    with parallel_config(backend=backend, n_jobs=2, temp_folder=temp), Executor() as executor:
        for name in "abc":
            executor.submit(name, tasks.keep_array, folder, name, np.zeros(200_000), 300)
        executor.wait()
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
@pytest.mark.parametrize("backend", ["loky", "multiprocessing"])
def test_when_the_parent_is_ended_its_workers_end_and_its_files_go(backend, number, tmp_path):
    script, calls, temp = tmp_path / "script.py", tmp_path / "calls", tmp_path / "temp"
    script.write_text(SCRIPT)
    calls.mkdir()
    temp.mkdir()
    process = subprocess.Popen(
        [sys.executable, str(script), backend, str(calls), str(temp)],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
        stderr=subprocess.DEVNULL,
    )

    def both_run():
        assert process.poll() is None
        return {"a", "b"} <= {path.name for path in calls.iterdir()}

    eventually(both_run)
    assert list(temp.iterdir())
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    process.wait(20)
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []
    assert list(temp.iterdir()) == []
