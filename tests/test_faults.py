"""Inputs and machines that fail in a run: afterwards all adds up, and the run after it says what a good run says."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest

from analyzer import intake, pipeline
from analyzer.ingest import open as opening
from analyzer.store.ledger import Ledger
from analyzer.store.verify import verify

from .conftest import Ended, call
from .dumps import account, contact, differences, dump, rows, said_by

Run = Callable[..., Ended]
LONG = "x" * 200_000  # in a key that nobody reads, so that a file is read in several steps


def dump_into(folder: Path) -> Path:
    """A dump of two files, with a reject in the first."""
    dump(folder / "monday.jsonl", *(contact(f"a{n}", note=LONG) for n in range(3)), "{broken")
    dump(folder / "tuesday.jsonl", contact("b1", "2026-11-03"), contact("a0", "2026-11-02"))
    return folder


@pytest.fixture
def days(tmp_path: Path) -> Path:
    return dump_into(tmp_path / "dump")


@pytest.fixture(scope="module")
def good(one_model: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run says that saw no fault."""
    folder = tmp_path_factory.mktemp("good")
    assert call("run", dump_into(folder / "dump"), "--store", folder / "store").code == 1  # for the broken record
    return totals(folder / "store")


def totals(store: Path) -> dict[str, Any]:
    told = said_by(store)
    del told["runs"], told["score_weights"]
    return told


def says_after_a_run(run: Run, days: Path, store: Path) -> dict[str, Any]:
    """What the store says after one more run, which must read and succeed."""
    ended = run(days, store=store.name)
    assert ended.code == 1 and "Nothing has changed" not in ended.out, ended.said
    assert verify(store) == []
    return totals(store)


def is_accounted(store: Path) -> bool:
    told = account(store)
    return told["read"] == told["accepted"] + told["rejected"] + told["duplicate"] > 0


def test_file_that_fails_while_it_is_read_is_read_again(
    run: Run, days: Path, good: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = opening._Counted.read
    with monkeypatch.context() as failing:

        def fail(file: Any, size: int | None = -1) -> bytes:
            if str(file.name).endswith("monday.jsonl") and file.tell() > 250_000:
                raise OSError(errno.EIO, "Input/output error")
            return read(file, size)

        failing.setattr(opening._Counted, "read", fail)
        ended = run(days)
    assert ended.code == 1 and "unreadable_file" in ended.out
    assert is_accounted(tmp_path / "store") and "a0" in rows(tmp_path / "store", "interaction_facts", "interaction_id")
    assert differences(good, says_after_a_run(run, days, tmp_path / "store"), 1e-3) == []
    assert "Nothing has changed" in run(days).out


def test_file_that_never_can_be_read_is_one_reject_and_no_reason_to_read_all_again(run: Run, days: Path) -> None:
    (days / "gone.jsonl").symlink_to(days / "nowhere")
    assert "unreadable_file" in run(days).out
    again = run(days)
    assert again.code == 1 and "Nothing has changed" in again.out


@pytest.mark.parametrize("after", [0, 1])
def test_folder_that_vanishes_in_a_run_is_read_when_it_is_back(
    run: Run, days: Path, good: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    away, seen = tmp_path / "away", []
    read_file = intake.read_file

    def vanish(*arguments: Any, **options: Any) -> Any:
        if len(seen) == after:
            days.rename(away)
        seen.append(arguments)
        return read_file(*arguments, **options)

    with monkeypatch.context() as vanishing:
        vanishing.setattr(intake, "read_file", vanish)
        ended = run(days)
    assert ended.code == 1 and "unreadable_file" in ended.out
    assert account(tmp_path / "store")["rejected"] == 2 and is_accounted(tmp_path / "store")
    away.rename(days)
    assert differences(good, says_after_a_run(run, days, tmp_path / "store"), 1e-3) == []


def test_file_that_grows_in_a_run_is_read_to_its_end_by_the_next(
    run: Run, days: Path, good: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, fingerprint_of = days / "tuesday.jsonl", pipeline.fingerprint_of
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])

    def then_grow(*arguments: Any) -> Any:
        found = fingerprint_of(*arguments)
        path.write_bytes(whole)
        return found

    with monkeypatch.context() as growing:
        growing.setattr(pipeline, "fingerprint_of", then_grow)
        run(days)
    assert differences(good, says_after_a_run(run, days, tmp_path / "store"), 1e-3) == []


def test_store_that_vanishes_in_a_run_ends_it_and_can_be_made_again(
    run: Run, days: Path, good: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, row_of = tmp_path / "store", pipeline.run_row
    with monkeypatch.context() as vanishing:

        def vanish(*arguments: Any) -> Any:
            shutil.rmtree(store)
            return row_of(*arguments)

        vanishing.setattr(pipeline, "run_row", vanish)
        ended = run(days)
    assert ended.code == 3 and "Traceback" not in ended.said
    shutil.rmtree(store, ignore_errors=True)
    assert differences(good, says_after_a_run(run, days, store), 1e-3) == []


def clock(days_off: float) -> type[datetime]:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(days=days_off)

    return Clock


def test_clock_that_jumps_back_between_runs_changes_no_total(
    run: Run, days: Path, good: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, late = tmp_path / "store", days.rename(tmp_path / "late") / "tuesday.jsonl"
    days.mkdir()
    (tmp_path / "late" / "monday.jsonl").rename(days / "monday.jsonl")
    run(days)
    first = rows(store, "runs", "run_id")
    late.rename(days / "tuesday.jsonl")
    with monkeypatch.context() as back:  # every contact lies in that clock's future; what is in the store stays
        for module in ("pipeline", "store.ledger", "store.publication"):
            back.setattr(f"analyzer.{module}.datetime", clock(-3650))
        run(days)
    assert is_accounted(store) and verify(store) == []
    assert {"a0", "a1", "a2"} == set(rows(store, "interaction_facts", "interaction_id"))
    assert set(rows(store, "rejects", "code")) == {"future_time", "bad_json"}
    with Ledger.open(store, write=False) as ledger:
        assert [told["run_id"] for told in ledger.runs()][:-1] == first
    assert differences(good, says_after_a_run(run, days, store), 1e-3) == []


def test_clock_that_jumps_forward_between_runs_changes_no_total(
    run: Run, days: Path, good: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, more = tmp_path / "store", dump(tmp_path / "more.jsonl", contact("c1", "2026-11-04"))
    tuesday = (days / "tuesday.jsonl").rename(tmp_path / "later.jsonl")
    run(days)
    tuesday.rename(days / "tuesday.jsonl")
    with monkeypatch.context() as ahead:
        for module in ("pipeline", "store.ledger", "store.publication"):
            ahead.setattr(f"analyzer.{module}.datetime", clock(4000))
        run(days)
        assert differences(good, totals(store), 1e-3) == [] and verify(store) == []
    assert "Nothing has changed" in run(days).out
    run(more)  # its run is dated before the one that stands
    assert is_accounted(store) and verify(store) == []
    assert set(rows(store, "interaction_facts", "interaction_id")) == {"a0", "a1", "a2", "b1", "c1"}


def test_contacts_are_not_dated_by_a_clock_that_jumps(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = dump(tmp_path / "calls.jsonl", contact("a1", started_at=None))
    run(path)
    day = rows(tmp_path / "store", "interaction_facts", "day")
    with monkeypatch.context() as back:
        back.setattr("analyzer.pipeline.datetime", clock(-400))
        run(dump(tmp_path / "again.jsonl", contact("a1", started_at=None)))
    assert (
        rows(tmp_path / "store", "interaction_facts", "day") == day and day[0] > datetime(2026, 1, 1, tzinfo=UTC).date()
    )
