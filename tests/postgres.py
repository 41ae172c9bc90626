"""A real PostgreSQL server for tests: its own cluster in a scratch folder, on a socket, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def program(name: str) -> str | None:
    """Where a program of the server is: on the path, or where Debian puts it."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or next((str(path) for path in debian), None)


@contextmanager
def server() -> Iterator[str]:
    """The URL of an empty database. Skips, aloud, where no server is installed; on CI that is a failure."""
    initdb, postgres = program("initdb"), program("pg_ctl")
    if initdb is None or postgres is None:
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is not installed: .ci/run installs it.")
        pytest.skip("no PostgreSQL server here (apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    user = _owner(folder)
    try:
        _as(user, initdb, "-D", str(folder / "data"), "-A", "trust", "-U", "bi", "-E", "UTF8", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        _as(user, postgres, "-D", str(folder / "data"), "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            yield f"postgresql:///postgres?host={folder}&user=bi"
        finally:
            _as(user, postgres, "-D", str(folder / "data"), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner(folder: Path) -> str | None:
    """The server refuses to run as root; then another user owns the folder."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, user.pw_uid, user.pw_gid)
        folder.chmod(0o755)
        return name
    if os.environ.get("CI") == "true":
        pytest.fail("root has no other user to run PostgreSQL as")
    pytest.skip("root has no other user to run PostgreSQL as")


def _as(user: str | None, *command: str) -> None:
    done = subprocess.run(
        command, user=user, cwd="/", capture_output=True, text=True, check=False, timeout=120,
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed: {done.stderr.strip() or done.stdout.strip()}")
