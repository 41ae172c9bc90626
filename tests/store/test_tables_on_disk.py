from __future__ import annotations

import dataclasses
import json
import os
import stat
import time
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from analyzer.errors import StoreError, UsageError
from analyzer.store import Change, commits, open_store
from analyzer.store.publication import sweep
from analyzer.store.verify import verify
from analyzer.tables import BOOL, FLOAT, STORED, Column

from .contacts import MONDAY, TUESDAY, contacts, content, publish_at, rows


def later(monkeypatch: pytest.MonkeyPatch, name: str, *added: Column) -> None:
    """Declares columns that the store did not have when it was written."""
    table = STORED[name]
    monkeypatch.setitem(STORED, name, dataclasses.replace(table, columns=(*table.columns, *added)))  # type: ignore[arg-type]


def test_store_has_every_declared_table_at_reader_version_1(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1))
    for name, table in STORED.items():
        stored = DeltaTable(path / "tables" / name)
        assert stored.protocol().min_reader_version == 1
        assert stored.protocol().min_writer_version == 2
        assert pa.schema(stored.schema().to_arrow()) == table.schema
        assert stored.metadata().partition_columns == (["day"] if table.by_day else [])


def test_log_holds_no_personal_data(long_lived: Path) -> None:
    log = [file for file in (long_lived / "tables").rglob("_delta_log/*") if file.is_file()]
    assert any(file.name.endswith(".checkpoint.parquet") for file in log)
    data = b"".join(file.read_bytes() for file in (long_lived / "tables").rglob("day=*/*.parquet"))
    for secret in (b"Geheimnisvoll", b"kundin-geheim", b"gespraech-geheim", b"Meine Rechnung", b"hash of"):
        assert secret in data
        assert [file.name for file in log if secret in file.read_bytes()] == []


def test_log_holds_no_statistics_of_any_column(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1))
    added = [
        json.loads(line)["add"]
        for file in (path / "tables").rglob("_delta_log/*.json")
        for line in file.read_text().splitlines()
        if '"add"' in line
    ]
    assert len(added) == 4
    assert all(json.loads(add["stats"])["minValues"] == {} for add in added)


def test_publish_makes_one_commit_a_table(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1) + contacts(TUESDAY, 2))
    with open_store(path, write=False) as store:
        assert {name for name, version in store.vector.items() if version} == {
            "interaction_facts", "outcomes", "turns", "episodes",
        }  # fmt: skip
        assert max(store.vector.values()) == 1


def test_old_store_reads_with_columns_added_since(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_at(path, contacts(MONDAY, 1))
    later(
        monkeypatch,
        "turns",
        Column("loudness", FLOAT, "how loud", nullable=True),
        Column("overlapped", BOOL, "spoken over", default=False),
    )
    before = content(path)["turns"]  # opened for reading only: nothing on disk changes
    with open_store(path, write=True) as store:
        assert store.read("turns") == before
        assert before.select(["loudness", "overlapped"]).to_pylist() == [{"loudness": None, "overlapped": False}] * 2
        counted = store.query("SELECT count(loudness) AS loud, count(*) FILTER (NOT overlapped) AS quiet FROM turns")
        assert counted.to_pylist() == [{"loud": 0, "quiet": 2}]
        loud = before.set_column(before.column_names.index("loudness"), "loudness", pa.array([0.5, 0.25]))
        store.publish([Change("turns", loud, frozenset({MONDAY}))], run={"run_id": "r-2"}, fingerprint="x")
        assert store.read("turns", ["loudness"])["loudness"].to_pylist() == [0.5, 0.25]
    assert DeltaTable(path / "tables" / "turns").protocol().min_reader_version == 1
    assert verify(path) == []


def test_old_store_gains_a_table_added_since(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flags = STORED["flags"]
    monkeypatch.delitem(STORED, "flags")  # type: ignore[misc]
    publish_at(nowhere, contacts(MONDAY, 1))
    monkeypatch.setitem(STORED, "flags", flags)  # type: ignore[arg-type]
    with open_store(nowhere, write=False) as store:
        assert store.read("flags") == flags.empty()
    with open_store(nowhere, write=True) as store:
        assert store.vector["flags"] == 0
    assert verify(nowhere) == []


def test_store_refuses_an_added_column_that_old_rows_cannot_fill(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_at(path, contacts(MONDAY, 1))
    later(monkeypatch, "turns", Column("overlapped", BOOL, "spoken over"))
    with pytest.raises(StoreError, match="without default"), open_store(path, write=True):
        pass


def test_store_of_a_newer_analyzer_is_not_written(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as newer:
        later(newer, "turns", Column("loudness", FLOAT, "how loud", nullable=True))
        publish_at(nowhere, contacts(MONDAY))
    with pytest.raises(StoreError, match="does not know"), open_store(nowhere, write=True):
        pass


def test_vacuum_deletes_old_files_and_keeps_the_published(path: Path) -> None:
    for number in range(3):
        publish_at(path, contacts(MONDAY, 1, 2), f"r-{number}")
    before = content(path)
    files = path / "tables" / "turns" / "day=2026-11-16"
    with open_store(path, write=True) as store:
        store.vacuum()
        assert len(list(files.glob("*.parquet"))) == 3  # younger than seven days
        store.vacuum(retention_hours=0)
    assert len(list(files.glob("*.parquet"))) == 1
    assert content(path) == before
    assert verify(path) == []


def test_opening_vacuums_once_a_week(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1))
    with open_store(path, write=True) as store:
        first = store.ledger.vacuumed_at()
        assert first is not None
        with store.ledger.transaction():
            store.ledger.put_vacuumed(first - timedelta(days=7))
    for _ in range(2):
        with open_store(path, write=True) as store:
            second = store.ledger.vacuumed_at()
            assert second is not None
            assert second > first
    assert verify(path) == []


def test_sweep_deletes_only_old_leftovers(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1))
    turns = path / "tables" / "turns"
    old, young = turns / "part-1.snappy.parquet#1", turns / "part-2.snappy.parquet#1"
    old.touch()
    young.touch()
    os.utime(old, (time.time() - 90_000,) * 2)
    assert sweep(path) == 1
    assert (old.exists(), young.exists()) == (False, True)


def test_checkpoints_hold_published_versions_only(long_lived: Path) -> None:
    assert commits.checkpointed(long_lived / "tables" / "turns") == 10
    assert commits.checkpointed(long_lived / "tables" / "fcr") == -1


def test_folders_and_files_are_the_owners_alone(nowhere: Path) -> None:
    with open_store(nowhere, write=True) as store:
        store.secret("agents")
    modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in [nowhere, *nowhere.rglob("*")]}
    for name in ("store", "tables", "keys", "staging", "turns"):
        assert modes[name] == 0o700
    for name in ("ledger.sqlite", "writer.lock", "agents.key"):
        assert modes[name] == 0o600


def test_secret_is_random_and_stays(path: Path, tmp_path: Path) -> None:
    with open_store(path, write=True) as store:
        first = store.secret("agents")
        assert len(first) == 32
        assert store.secret("audit") != first
    with open_store(path, write=False) as store:
        assert store.secret("agents") == first
        with pytest.raises(ValueError, match="not a name"):
            store.secret("../ledger")


def test_open_refuses_what_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"), open_store(tmp_path, write=True):
        pass
    with pytest.raises(UsageError, match="No store"), open_store(tmp_path / "none", write=False):
        pass
    assert not (tmp_path / "none").exists()


def test_publish_needs_a_store_opened_for_writing(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1))
    with open_store(path, write=False) as store, pytest.raises(StoreError, match="for reading"):
        store.publish([Change("episodes", rows("episodes", []))], run={"run_id": "r"}, fingerprint="x")
