"""Runs that end early: killed, stopped, refused by the disk, in each other's way. What stands is the former state."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analyzer import batches, engine
from analyzer.store import publication
from analyzer.store.lock import writer_lock
from analyzer.store.verify import verify

from .conftest import ROOT, SAMPLE, Ended, call
from .dumps import contact, differences, dump, rows, said_by

Run = Callable[..., Ended]
SMALL_BATCHES = ("--set", "ingest.batch_contacts=3")
DAYS = [SAMPLE / "contacts" / f"2026-11-0{day}.jsonl" for day in (2, 3, 4)]


@pytest.fixture
def understood(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The contacts that models were asked about, in order."""
    asked: list[str] = []
    tables = engine._tables

    def note(understanding: Any, batch: Any) -> Any:
        asked.extend(interaction.interaction_id for interaction in batch)
        return tables(understanding, batch)

    monkeypatch.setattr(engine, "_tables", note)
    return asked


def staged(store: Path) -> list[Path]:
    return [
        folder for folder in (store / "staging" / batches.UNDERSTOOD).glob("*") if not folder.name.endswith(".partial")
    ]


def test_killed_run_resumes_and_says_the_same(run: Run, tmp_path: Path, understood: list[str]) -> None:
    store = tmp_path / "killed"
    command = [sys.executable, "-m", "analyzer", "run", *map(str, DAYS), "--store", str(store), *SMALL_BATCHES]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        until = time.monotonic() + 240
        while len(staged(store)) < 2 and process.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
        busy = run(*DAYS, store="killed", more=SMALL_BATCHES)
        process.kill()
    assert process.returncode == -signal.SIGKILL and len(staged(store)) >= 2
    assert busy.code == 4 and "is being written by process" in busy.err
    assert rows(store, "interaction_facts") == [] and rows(store, "runs") == []

    done = {row["interaction_id"] for folder in staged(store) for row in read(folder / "interaction_facts.parquet")}
    ended = run(*DAYS, store="killed", more=SMALL_BATCHES)
    assert ended.code == 0 and "19 read = 18 accepted" in ended.out
    assert len(done) >= 6 and not done & set(understood) and len(understood) == 18 - len(done)
    assert not staged(store) and verify(store) == []

    run(*DAYS, store="whole", more=SMALL_BATCHES)
    assert differences(said_by(tmp_path / "whole"), said_by(store), 1e-3) == []


def read(path: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    return list(pq.read_table(path).to_pylist())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_commits_nothing_and_resumes(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    path = dump(tmp_path / "calls.jsonl", *(contact(f"a{n}") for n in range(4)))
    before, write, written = signal.getsignal(number), batches._write, []

    def stop_after_two(tables: Any, folder: Path) -> None:
        write(tables, folder)
        written.append(folder)
        if len(written) == 2:
            signal.raise_signal(number)

    monkeypatch.setattr(batches, "_write", stop_after_two)
    stopped = run(path, more=["--set", "ingest.batch_contacts=1"])
    assert stopped.code == 3 and f"Stopped by {number.name}; nothing was committed." in stopped.err
    assert rows(tmp_path / "store", "interaction_facts") == [] and len(staged(tmp_path / "store")) == 2
    assert run(path, more=["--set", "ingest.batch_contacts=1"]).code == 0
    assert len(written) == 4 and signal.getsignal(number) == before


def test_stop_while_publishing_waits_for_the_end(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish = publication.publish

    def stop_in_the_middle(*arguments: Any) -> None:
        signal.raise_signal(signal.SIGTERM)
        publish(*arguments)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(publication, "publish", stop_in_the_middle)
    ended = run(dump(tmp_path / "calls.jsonl", contact("a1")))
    assert ended.code == 0 and "1 accepted" in ended.out
    assert rows(tmp_path / "store", "interaction_facts", "interaction_id") == ["a1"]


def test_second_writer_is_told_who_writes(run: Run, tmp_path: Path) -> None:
    path = dump(tmp_path / "calls.jsonl", contact("a1"))
    run(path)
    with writer_lock(tmp_path / "store"):
        busy = run(dump(tmp_path / "more.jsonl", contact("b1")))
        unchanged = run(path)
    assert busy.code == 4 and "being written by process" in busy.err
    assert unchanged.code == 0


def refuse(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


# In the order of a run, since a batch that was staged once is not staged again.
REFUSING = (
    "analyzer.ingest.quarantine._append", "pyarrow.parquet.write_table", "tempfile.TemporaryDirectory",
    "analyzer.store.rows._spool", "analyzer.store.delta.write_deltalake", "analyzer.store.commits.harden",
)  # fmt: skip


def test_full_disk_ends_in_3_and_leaves_the_former_state(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    run(dump(tmp_path / "monday.jsonl", contact("a1")))
    stood = said_by(store)
    tuesday = dump(tmp_path / "tuesday.jsonl", *(contact(f"b{n}") for n in range(20)), "{broken")
    for place in REFUSING:
        with monkeypatch.context() as full:
            full.setattr(place, refuse)
            ended = run(tuesday)
        assert ended.code == 3 and "o space left on device" in ended.err, (place, ended.said)
        assert differences(stood, said_by(store)) == [], place
    assert run(tuesday).code == 0
    assert len(rows(store, "interaction_facts")) == 21 and verify(store) == []


def test_memory_that_runs_out_ends_in_3(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhaust(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(engine, "_tables", exhaust)
    ended = run(dump(tmp_path / "calls.jsonl", contact("a1")))
    assert ended.code == 3 and "Out of memory" in ended.err


def test_store_that_cannot_be_made_ends_in_3(one_model: None, tmp_path: Path) -> None:
    path = dump(tmp_path / "calls.jsonl", contact("a1"))
    ended = call("run", path, "--store", "/proc/no-store")
    assert ended.code == 3 and "The machine refused" in ended.err
    ended = call("run", path, "--store", path)
    assert ended.code == 2 and "not a folder" in ended.err


def test_half_staged_batch_is_read_again(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = dump(tmp_path / "calls.jsonl", contact("a1"))
    with monkeypatch.context() as broken:
        broken.setattr(publication, "publish", refuse)
        assert run(path).code == 3
    (folder,) = staged(tmp_path / "store")
    (folder / "cues.parquet").write_bytes(b"PAR1")  # as a power loss leaves it
    assert run(path).code == 0
    assert rows(tmp_path / "store", "cues")


def test_two_processes_say_the_same_as_one(run: Run, tmp_path: Path) -> None:
    run(DAYS[0], store="one", more=SMALL_BATCHES)
    ended = run(DAYS[0], store="two", more=[*SMALL_BATCHES, "--set", "engine.workers=2"])
    assert ended.code == 0, ended.said
    one, two = (said_by(tmp_path / name, without=["config_hash"]) for name in ("one", "two"))
    assert differences(one, two, 1e-3) == []
