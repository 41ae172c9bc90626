"""Understanding over processes: order, bounded look-ahead, workers that die, parents that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from multiprocessing import active_children
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from analyzer import engine
from analyzer.config import Settings, load_settings
from analyzer.errors import ModelError, RunAborted
from analyzer.records import Interaction, Turn

from . import workers
from .conftest import ROOT

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def interaction(number: int, queue: str | None = None, uri: str = "calls.jsonl") -> Interaction:
    return Interaction(f"c-{number}", f"c-{number}", uri, "native_jsonl", "", date(2026, 11, 2), "chat", AT, "record",
                       (Turn("customer", "Hello."),), queue=queue)  # fmt: skip


def batches(count: int) -> Iterator[list[Interaction]]:
    yield from ([interaction(number)] for number in range(count))


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(engine, "_start_worker", workers.start)
    monkeypatch.setattr(engine, "_work", workers.work)
    return load_settings(None, ["engine.workers=2"])


def heard(tables: Iterator[engine.Tables]) -> list[str]:
    return [key for table in tables for key in table["turns"]["interaction_id"].to_pylist()]


def test_workers_keep_the_order_of_batches_and_read_only_a_few_ahead(two: Settings) -> None:
    taken = 0

    def counted() -> Iterator[list[Interaction]]:
        nonlocal taken
        for batch in batches(20):
            taken += 1
            yield batch

    tables = engine.understand_all(counted(), two)
    assert heard(iter([next(tables)])) == ["c-0"] and taken <= 6
    assert heard(tables) == [f"c-{number}" for number in range(1, 20)]


class Here:
    """An understanding in this process."""

    name = "in this process"

    def keep(self) -> None:
        """Nothing was said often."""


def test_small_run_stays_in_one_process_and_a_large_one_takes_one_a_core(
    two: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_load", lambda settings, kept: Here())
    monkeypatch.setattr(engine, "_tables", lambda understanding, batch: {"turns": understanding.name})
    monkeypatch.setattr(engine, "most_workers", lambda settings: 2)
    own = load_settings(None, ["ingest.batch_contacts=1"])
    assert [tables["turns"] for tables in engine.understand_all(batches(3), own)] == ["in this process"] * 3
    monkeypatch.setattr(engine, "WORTH_WORKERS", len("Hello."))
    assert heard(engine.understand_all(batches(5), own)) == [f"c-{number}" for number in range(5)]


def test_only_a_full_first_batch_tells_of_a_large_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "WORTH_WORKERS", 2 * len("Hello."))
    settings = load_settings(None, ["ingest.batch_contacts=2"])
    assert engine._is_worth([[interaction(1), interaction(2)]], settings)
    assert not engine._is_worth([[interaction(1)]], settings)
    assert not engine._is_worth([], settings)


def test_most_workers_is_what_was_asked_for_or_no_more_than_eight() -> None:
    assert engine.most_workers(load_settings(None, ["engine.workers=12"])) == 12
    assert 1 <= engine.most_workers(load_settings()) <= engine.MOST_WORKERS


def test_models_that_do_not_load_are_named_by_a_worker_too(tmp_path: Path) -> None:
    settings = load_settings(None, ["engine.workers=2", f"understand.model={tmp_path}"])
    with pytest.raises(ModelError, match="No trained weights"):
        list(engine.understand_all(batches(3), settings))


def test_no_batches_start_no_model() -> None:
    assert list(engine.understand_all(iter(()), load_settings())) == []


def test_worker_that_dies_is_replaced_and_nothing_is_lost(two: Settings, tmp_path: Path) -> None:
    lives = tmp_path / "lives"
    lives.write_text("one")
    given = [[interaction(n, workers.DIES if n == 3 else None, str(lives))] for n in range(12)]
    assert heard(engine.understand_all(iter(given), two)) == [f"c-{n}" for n in range(12)]
    assert lives.read_text() == ""


def test_batch_that_kills_its_worker_twice_ends_the_run(two: Settings, tmp_path: Path) -> None:
    lives = tmp_path / "lives"
    lives.write_text("one\ntwo\nthree")
    given = [[interaction(n, workers.DIES if n == 3 else None, str(lives))] for n in range(12)]
    with pytest.raises(RunAborted, match="twice"):
        list(engine.understand_all(iter(given), two))


def test_workers_end_when_their_parent_is_killed() -> None:
    command = [sys.executable, "-m", "tests.workers"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(parent.stdout.readline()) for _ in range(2)]
        assert all(is_alive(pid) for pid in pids)
        parent.kill()
    assert parent.returncode == -signal.SIGKILL
    until = time.monotonic() + 20
    while any(is_alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(is_alive(pid) for pid in pids)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_workers_start_at_once_where_much_is_new(two: Settings) -> None:
    with engine.workers_for(engine.WORTH_AT_ONCE, two) as started:
        assert started is not None and len(started_beside(set(), 2)) >= 2
        assert heard(engine.understand_all(batches(7), two, started)) == [f"c-{number}" for number in range(7)]
    with engine.workers_for(engine.WORTH_AT_ONCE - 1, two) as started:
        assert started is None


def started_beside(before: set[BaseProcess], least: int) -> set[BaseProcess]:
    """Processes of ours that were not there ``before``: they start while a run reads, so these are waited for."""
    until = time.monotonic() + 60
    while len(set(active_children()) - before) < least and time.monotonic() < until:
        time.sleep(0.02)
    return set(active_children()) - before


def ended(workers: set[BaseProcess]) -> bool:
    until = time.monotonic() + 20
    while any(worker.is_alive() for worker in workers) and time.monotonic() < until:
        time.sleep(0.05)  # the pool's own thread waits for them too: who is told of an end first is chance
    return not any(worker.is_alive() for worker in workers)


def test_workers_end_with_a_run_that_fails(two: Settings) -> None:
    before = set(active_children())
    with pytest.raises(RunAborted), engine.workers_for(engine.WORTH_AT_ONCE, two):
        own = started_beside(before, 1)
        raise RunAborted("Stopped.")
    assert own and ended(own)


def test_no_worker_is_left_of_a_run_that_fails_while_they_start(two: Settings) -> None:
    before = set(active_children())
    with pytest.raises(RunAborted), engine.workers_for(engine.WORTH_AT_ONCE, two):
        raise RunAborted("Stopped.")
    assert ended(set(active_children()) - before)
