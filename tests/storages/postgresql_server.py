"""A private PostgreSQL server for tests, from the programs that the system has."""

import os
import shutil
import socket
import subprocess
import tempfile
from itertools import count
from pathlib import Path

USER, PASSWORD = "skhpo", "p4ss-word"


def find_programs():
    """The folder of initdb and pg_ctl; None where they are not installed."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if all((folder / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            return folder
    return None


class PostgreSQLServer:
    """A server with files and a socket of its own, on a free port, that can be stopped and started.

    It refuses to run as root, so a root hands it to the user postgres or nobody.
    """

    def __init__(self, programs):
        self.programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="skhpo-pg-"))
        self.data = self.folder / "data"
        self.port = _free_port()
        self._numbers = count()
        self._owner = {}
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            import pwd

            known = {entry.pw_name: entry for entry in pwd.getpwall()}
            entry = known.get("postgres") or known["nobody"]
            self._owner = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        password_file = self.folder / "password"
        password_file.write_text(PASSWORD)
        self._run(
            *("initdb", "-D", self.data, "-U", USER, "--pwfile", password_file),
            *("--auth-local=trust", "--auth-host=scram-sha-256"),
            *("--encoding=UTF8", "--locale=C", "--no-sync"),
        )
        self.start()

    def _run(self, program, *arguments):
        with open(self.folder / "log-of-programs", "ab") as log:
            done = subprocess.run(
                [self.programs / program, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                timeout=120,
                **self._owner,
            )
        if done.returncode != 0:
            logs = [file.read_text() for file in sorted(self.folder.glob("log*"))]
            raise RuntimeError(f"{program} failed:\n" + "\n".join(logs))

    def start(self):
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -F"
        log = self.folder / "log"
        self._run("pg_ctl", "-D", self.data, "-w", "-l", log, "-o", options, "start")

    def stop(self, mode="fast"):
        self._run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    def url(self, database, password=PASSWORD):
        return f"postgresql+psycopg://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement, database="postgres"):
        import psycopg

        where = {"host": str(self.folder), "port": self.port, "user": USER, "dbname": database}
        with psycopg.connect(**where, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def new_database(self):
        """The URL of a new, empty database."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def close(self):
        try:
            self.stop("immediate")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
