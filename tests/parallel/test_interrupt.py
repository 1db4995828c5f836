"""Ctrl-C in a terminal: a real SIGINT to the whole process group of a script."""

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
import sys, threading
from joblib import parallel_config
from skhpo.parallel import Executor
from tests.parallel import tasks

if __name__ == "__main__":
    backend, folder, n_tasks = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with parallel_config(backend=backend, n_jobs=3), Executor() as executor:
        for i in range(n_tasks):
            executor.submit(i, tasks.tell_pid_then_sleep, folder, str(i), 300)
        try:
            executor.wait()
        except KeyboardInterrupt:
            executor.abort()
            print("aborted")
        else:
            print("finished")
"""


@pytest.mark.parametrize("n_tasks", [1, 8], ids=["idle workers", "all busy"])
@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing", "sequential"])
def test_ctrl_c_ends_a_search_at_once_with_no_noise_and_no_process_left(backend, n_tasks, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    calls = tmp_path / "calls"
    calls.mkdir()
    process = subprocess.Popen(
        [sys.executable, str(script), backend, str(calls), str(n_tasks)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
    )
    n_running = 1 if backend == "sequential" else min(3, n_tasks)

    def all_run():
        assert process.poll() is None, process.communicate()
        return len([path for path in calls.iterdir() if path.name.isdigit()]) >= n_running

    eventually(all_run, 120)
    children = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=100)
    assert (stdout, stderr, process.returncode) == ("aborted\n", "", 0)
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []
