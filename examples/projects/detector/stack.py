"""Start an MLflow server whose artifacts are in an S3-compatible store.

``python stack.py`` runs until Ctrl-C. ``python stack.py -- command ...`` runs a command on the
stack and then stops. The store is moto's server, which keeps objects in memory. docker-compose.yml
starts the same with MinIO, which keeps them on disk.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

BUCKET = "artifacts"
FOLDER = Path("stack")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mlflow-port", type=int, default=5050)
    parser.add_argument("--s3-port", type=int, default=9050)
    parser.add_argument("command", nargs="*", help="a command to run on the stack")
    args = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    s3, mlflow = (f"http://127.0.0.1:{port}" for port in (args.s3_port, args.mlflow_port))
    os.environ |= {"MLFLOW_S3_ENDPOINT_URL": s3, "MLFLOW_TRACKING_URI": mlflow}
    for name, value in {
        "AWS_ACCESS_KEY_ID": "minioadmin",
        "AWS_SECRET_ACCESS_KEY": "minioadmin",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        os.environ.setdefault(name, value)
    processes = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # then `finally` stops the servers
    try:
        processes.append(start("moto.server", "-H", "127.0.0.1", "-p", str(args.s3_port)))
        wait_for(s3, processes)
        create_bucket(s3)
        processes.append(start("mlflow", *server_arguments(args.mlflow_port)))
        wait_for(f"{mlflow}/health", processes)
        print(f"MLflow: {mlflow}\nS3:     {s3}/{BUCKET}", flush=True)
        if args.command:
            return subprocess.run(args.command).returncode
        print("Ctrl-C stops both.", flush=True)
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        stop(processes)


def server_arguments(port: int) -> list[str]:
    return [
        "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{FOLDER}/mlflow.db",
        "--artifacts-destination", f"s3://{BUCKET}",
    ]  # fmt: skip


def start(module: str, *arguments: str) -> subprocess.Popen:
    """Start a Python module as a process of its own group, with a log in the folder."""
    with (FOLDER / f"{module}.log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def wait_for(url: str, processes: list[subprocess.Popen], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if any(process.poll() is not None for process in processes):
            raise SystemExit(f"A server has stopped; see the logs in {FOLDER}/.")
        try:
            urllib.request.urlopen(url, timeout=1)
            return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.2)
    raise SystemExit(f"{url} does not answer; see the logs in {FOLDER}/.")


def create_bucket(url: str) -> None:
    import boto3

    boto3.client("s3", endpoint_url=url).create_bucket(Bucket=BUCKET)


def stop(processes: list[subprocess.Popen]) -> None:
    for process in reversed(processes):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)


if __name__ == "__main__":
    sys.exit(main())
