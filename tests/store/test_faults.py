"""One file operation of a publication fails, the first, the second, … the last: the former or the new state stands."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from analyzer.errors import StoreError
from analyzer.store import delta, open_store, publication, rows
from analyzer.store.verify import verify
from analyzer.tables import STORED

from .contacts import ALL, MONDAY, Contact, contacts, content, publish

FORMER, NEW = contacts(MONDAY, 1, 2, words="former"), contacts(MONDAY, 2, 3, words="new")
WRITES = ("INSERT", "DELETE", "UPDATE", "BEGIN", "COMMIT")


class Faults:
    """Counts file operations, and lets the one numbered ``at`` fail: before it is done, or although it is done."""

    def __init__(self, at: int = 0, done: bool = False) -> None:
        self.at, self.done = at, done
        self.names: list[str] = []

    def call(self, name: str, do: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        self.names.append(name)
        if len(self.names) != self.at:
            return do(*arguments, **options)
        if self.done:
            do(*arguments, **options)
        if name.startswith("ledger"):
            raise sqlite3.OperationalError("database or disk is full")
        raise OSError(errno.ENOSPC, "No space left on device")

    def over(self, patch: pytest.MonkeyPatch) -> None:
        for owner, name in (
            (os, "fsync"), (delta, "write_deltalake"), (rows, "_spool"), (tempfile, "mkdtemp"), (Path, "mkdir"),
            (delta.DeltaTable, "restore"),
        ):  # fmt: skip
            patch.setattr(owner, name, self._wrapped(name, getattr(owner, name)))
        patch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=self._connection()))

    def _wrapped(self, name: str, do: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            return self.call(name, do, *arguments, **options)

        return wrapped

    def _connection(self) -> type[sqlite3.Connection]:
        faults = self

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
                if not sql.startswith(WRITES):
                    return super().execute(sql, *values)
                return faults.call(f"ledger {sql.split()[0]}", super().execute, sql, *values)  # type: ignore[no-any-return]

            def executemany(self, sql: str, *values: Any) -> sqlite3.Cursor:
                return faults.call(f"ledger {sql.split()[0]}", super().executemany, sql, *values)  # type: ignore[no-any-return]

        return Connection


def run(path: Path, some: list[Contact], run_id: str) -> None:
    with open_store(path, write=True) as store:
        publish(store, some, run_id)


def words(path: Path) -> dict[str, set[str]]:
    """Whose words are published: by contact, of all tables that hold any; and what the ledger knows them by."""
    shown = content(path)
    said: dict[str, set[str]] = {}
    for row in shown["turns"].to_pylist():
        if row["speaker"] == "customer":
            said.setdefault(row["interaction_id"], set()).add(row["text"])
    for row in shown["interaction_facts"].to_pylist():
        said.setdefault(row["interaction_id"], set()).add(row["content_hash"].removeprefix("hash of "))
    with open_store(path, write=False) as store:
        for key, identity in store.ledger.identities(["c-1", "c-2", "c-3"]).items():
            said.setdefault(key, set()).add(identity.content_hash.removeprefix("hash of "))
    return said


BEFORE = {"c-1": {"former"}, "c-2": {"former"}}
AFTER = {"c-1": {"former"}, "c-2": {"new"}, "c-3": {"new"}}


@pytest.fixture(scope="module")
def stands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A published store of a few tables, so that opening it again and again takes little time."""
    path = tmp_path_factory.mktemp("stands") / "store"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publication, "STORED", {name: STORED[name] for name in ALL})
        run(path, FORMER, "r-former")
        yield path


def operations(stands: Path, tmp_path: Path) -> list[str]:
    faults, path = Faults(), Path(shutil.copytree(stands, tmp_path / "counted"))
    with pytest.MonkeyPatch.context() as patch:
        faults.over(patch)
        run(path, NEW, "r-new")
    assert words(path) == AFTER
    return faults.names


def faulted(stands: Path, path: Path, faults: Faults) -> dict[str, set[str]]:
    """What is published after a run in which one operation failed; the run after it must succeed."""
    shutil.copytree(stands, path)
    with pytest.MonkeyPatch.context() as patch:
        faults.over(patch)
        with pytest.raises((StoreError, OSError)):
            run(path, NEW, "r-new")
    found = words(path)
    run(path, NEW, "r-new")
    assert words(path) == AFTER and verify(path) == []
    shutil.rmtree(path)
    return found


def test_any_operation_that_is_refused_leaves_the_former_state(stands: Path, tmp_path: Path) -> None:
    names = operations(stands, tmp_path)
    assert {"mkdtemp", "write_deltalake", "fsync", "ledger BEGIN", "ledger INSERT", "ledger COMMIT"} <= set(names)
    for number, name in enumerate(names, 1):
        assert faulted(stands, tmp_path / "store", Faults(number)) == BEFORE, (number, name)


def test_operation_that_is_done_and_denied_leaves_one_state(stands: Path, tmp_path: Path) -> None:
    names = operations(stands, tmp_path)
    last = {name: index for index, name in enumerate(names)}
    first_and_last = {*last.values(), *map(names.index, last)}
    for index in sorted(first_and_last):
        found = faulted(stands, tmp_path / "store", Faults(index + 1, done=True))
        # Only the commit of the ledger can make the new state stand although it is denied.
        assert found == (AFTER if names[index] == "ledger COMMIT" else BEFORE), (index, names[index])
