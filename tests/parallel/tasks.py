"""Functions that the tests run in workers."""

import os
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import sklearn
from joblib.externals.loky.process_executor import BrokenProcessPool

from skhpo.parallel import Executor, Limits


def outcomes_of(executor):
    """Wait for all that is outstanding, in this process; outcomes by key."""
    found = {}
    while executor.n_outstanding:
        key, outcome = executor.wait(timeout=60)
        assert key not in found
        found[key] = outcome
    return found


def square(x):
    return x * x


def fail(message):
    raise ValueError(message)


def interrupt():
    raise KeyboardInterrupt


def where():
    return os.getpid(), threading.get_ident()


def sleep(seconds):
    time.sleep(seconds)
    return seconds


def total(data):
    return float(sum(data["weights"] if isinstance(data, dict) else data))


def exit_process():
    os._exit(13)


def exit_once(flag):
    """Die the first time, return the process id the second."""
    if not Path(flag).exists():
        Path(flag).touch()
        os._exit(0)
    return os.getpid()


def tell_pid_then_sleep(folder, name, seconds):
    """Write this process's id to folder/name (at once: a rename), sleep, and count the call."""
    folder = Path(folder)
    partial = folder / f"{name}.partial.{os.getpid()}"
    partial.write_text(str(os.getpid()))
    partial.rename(folder / name)
    time.sleep(seconds)
    return name


def memmap_of(array):
    """Return whether the array is memory-mapped, from which file, and its sum."""
    return isinstance(array, np.memmap), str(getattr(array, "filename", None)), float(array.sum())


def thread_limit():
    return os.environ.get("OMP_NUM_THREADS")


def sklearn_config():
    return sklearn.get_config()


def warn():
    warnings.warn("a warning of the task", RuntimeWarning)
    return "warned"


def raise_pool_error():
    """A task whose own, nested pool broke."""
    raise BrokenProcessPool("nested")


class OpensAsError:
    """Can be pickled, cannot be unpickled."""

    def __reduce__(self):
        return fail, ("cannot be unpickled",)


def return_what_cannot_be_unpickled():
    return OpensAsError()


def return_what_cannot_be_pickled():
    return threading.Lock()


def nested(n_jobs, n_tasks):
    """Run tasks in an executor inside a task; return its n_workers and the sorted results."""
    with Executor(n_jobs=n_jobs) as executor:
        for i in range(n_tasks):
            executor.submit(i, square, i)
        results = dict(executor.wait() for _ in range(n_tasks))
        return executor.n_workers, [results[i].result() for i in range(n_tasks)]


def keep_array(folder, name, array, seconds):
    """Hold an array while telling this process's id and sleeping."""
    assert isinstance(array, np.memmap)
    return tell_pid_then_sleep(folder, name, seconds)


def allocate(n_bytes, seconds):
    """Take memory in one piece, and hold it for a while."""
    array = np.ones(n_bytes, dtype=np.uint8)
    time.sleep(seconds)
    return array.nbytes


_kept = []


def allocate_and_keep(n_bytes, seconds):
    """Take memory, and leave it behind."""
    _kept.append(np.ones(n_bytes, dtype=np.uint8))
    time.sleep(seconds)
    return n_bytes


def open_with_limit(seconds):
    with Executor(limits=Limits(time=seconds)):
        pass


def time_out_nested(seconds):
    """Return the name of the error of a task that was ended in an executor inside this task."""
    with Executor(n_jobs=2, limits=Limits(time=seconds)) as executor:
        executor.submit(0, sleep, 300)
        return type(executor.wait()[1].error).__name__


def set_mark(text):
    os.environ["SKHPO_TEST_MARK"] = text


def mark():
    return os.environ.get("SKHPO_TEST_MARK")
