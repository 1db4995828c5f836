"""A private PostgreSQL server, made from the system's packages and gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["server"]

USER = "postgres"


def _program(name: str) -> str | None:
    """Where a program of PostgreSQL is: on the path, or where Debian keeps it."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(installed[-1]) if installed else None)


@contextmanager
def server() -> Iterator[Callable[[str], str] | None]:
    """Start a server at its defaults, on a socket only.

    Yields a function that makes a new database and returns its URL; None if PostgreSQL is missing.
    """
    programs = {name: _program(name) for name in ("initdb", "pg_ctl", "createdb")}
    if None in programs.values():
        yield None
        return
    as_user = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    if as_user:
        shutil.chown(folder, USER)

    def run(name: str, *args: str) -> None:
        command = [*as_user, str(programs[name]), *args]
        done = subprocess.run(command, cwd=folder, capture_output=name != "pg_ctl", text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")

    def new_database(name: str) -> str:
        run("createdb", "-h", str(folder), "-U", USER, name)
        return f"postgresql+psycopg://{USER}@/{name}?host={folder}"

    data = str(folder / "data")
    try:
        run("initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}'"
        run("pg_ctl", "-D", data, "-o", options, "-l", str(folder / "log"), "-s", "-w", "start")
        try:
            yield new_database
        finally:
            run("pg_ctl", "-D", data, "-s", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
