"""What a storage is good for: a killed job resumes, and two processes share a job.

Run `python examples/projects/fraud/kill_and_share.py`. It takes the job of random.json.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import pandas as pd
from transactions import write_transactions

import skhpo


def write_job(folder: Path, name: str, **limits: int) -> Path:
    """Write the random job under another name, with its own storage."""
    job = json.loads((HERE / "random.json").read_text())
    job |= {"HyperParameterTuningJobName": name, "Storage": f"{name}.db", "Output": name}
    job["HyperParameterTuningJobConfig"]["ResourceLimits"] |= limits
    path = folder / f"{name}.json"
    path.write_text(json.dumps(job))
    return path


def start(job: Path) -> subprocess.Popen:
    """Start `skhpo tune` in a process whose fits use one thread, so that two fit on two cores."""
    command = [sys.executable, "-m", "skhpo", "tune", str(job)]
    one_thread = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, env=one_thread)


def candidates_in(log: Path) -> int:
    """Return the number of candidates that have ended, according to the experiments log."""
    return log.read_text().count('"candidate_end"') if log.exists() else 0


def table(folder: Path, name: str) -> pd.DataFrame:
    """Return the parameters and scores of all candidates."""
    rows = pd.read_csv(folder / name / "cv_results.csv")
    return rows[[column for column in rows if "param" in column or "test_score" in column]]


def kill_and_resume(folder: Path, **limits: int) -> bool:
    """Kill a job in its middle, resume it, and compare it with one that was left alone."""
    start(write_job(folder, "undisturbed", **limits)).wait()
    job = write_job(folder, "killed", **limits)
    process = start(job)
    half = limits["MaxNumberOfTrainingJobs"] // 2
    while candidates_in(folder / "killed" / "experiments.jsonl") < half:
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()  # SIGKILL: the process cannot write anything any more
    process.wait()
    print(f"Killed after {half} of {2 * half} candidates; no model: {not model(folder).exists()}")
    start(job).wait()
    return table(folder, "killed").equals(table(folder, "undisturbed"))


def model(folder: Path) -> Path:
    """Return the path of the model of the killed job."""
    return folder / "killed" / "model.joblib"


def share(folder: Path, **limits: int) -> tuple[float, float, int, bool]:
    """Run a job by one process and by two; return both times, the trials, whether they agree."""
    limits |= {"MaxParallelTrainingJobs": 1}
    begun = time.perf_counter()
    start(write_job(folder, "alone", **limits)).wait()
    alone = time.perf_counter() - begun
    job = write_job(folder, "shared", **limits)
    begun = time.perf_counter()
    processes = [start(job) for _ in range(2)]
    for process in processes:
        process.wait()
    together = time.perf_counter() - begun
    study = skhpo.load_study(study_name="shared", storage=str(folder / "shared.db"))
    params = [table(folder, name)["params"].tolist() for name in ("shared", "alone")]
    return alone, together, len(study.trials), params[0] == params[1]


def main(arguments: list[str] | None = None) -> None:
    """Try both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=8_000)
    parser.add_argument("--candidates", type=int, default=12)
    given = parser.parse_args(arguments)
    limits = {"MaxNumberOfTrainingJobs": given.candidates}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        write_transactions(folder / "data", given.rows)
        print(f"Resumed to the same table as undisturbed: {kill_and_resume(folder, **limits)}")
        alone, together, n_trials, same = share(folder, **limits)
        print(f"One process {alone:.0f} s, two that share the job {together:.0f} s; together they")
        print(f"ran {n_trials} candidates; the same candidates as one process: {same}")


if __name__ == "__main__":
    main()
