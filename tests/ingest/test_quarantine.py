from __future__ import annotations

import hashlib
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from analyzer.ingest.quarantine import Quarantine, entries, prune, raw_bytes
from analyzer.records import Reject


def _reject(position: int, raw: bytes) -> Reject:
    return Reject("calls.jsonl", position, "native_jsonl", "bad_json", "Not valid JSON.", raw)


def test_quarantine_keeps_bytes_for_their_owner_alone(tmp_path: Path) -> None:
    with Quarantine(tmp_path, "r-1") as quarantine:
        quarantine.add(_reject(3, b"\x00half\n"))
        quarantine.add(_reject(9, b"other"))
    first, second = entries(tmp_path)
    assert (first.position, first.code, first.sha256) == (3, "bad_json", hashlib.sha256(b"\x00half\n").hexdigest())
    assert [raw_bytes(tmp_path, entry) for entry in (first, second)] == [b"\x00half\n", b"other"]
    folder = tmp_path / "quarantine" / "r-1"
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_quarantine_without_rejects_leaves_nothing(tmp_path: Path) -> None:
    with Quarantine(tmp_path, "r-1"):
        pass
    assert list(tmp_path.iterdir()) == [] and list(entries(tmp_path)) == []


def test_quarantine_goes_on_after_a_torn_line(tmp_path: Path) -> None:
    for position in (1, 2):
        with Quarantine(tmp_path, "r-1") as quarantine:
            quarantine.add(_reject(position, b"x" * position))
        if position == 1:
            with (tmp_path / "quarantine" / "r-1" / "index.jsonl").open("ab") as stream:
                stream.write(b'{"run_id": "r\n')
    assert [raw_bytes(tmp_path, entry) for entry in entries(tmp_path, "r-1")] == [b"x", b"xx"]


def test_prune_removes_old_runs_only(tmp_path: Path) -> None:
    now = datetime(2026, 11, 26, tzinfo=UTC)
    for run, age in (("old", 31), ("new", 29)):
        with Quarantine(tmp_path, run) as quarantine:
            quarantine.add(_reject(0, b"x"))
        folder = tmp_path / "quarantine" / run
        when = (now - timedelta(days=age)).timestamp()
        for path in (*folder.iterdir(), folder):
            os.utime(path, (when, when))
    assert prune(tmp_path, 30, now) == ["old"]
    assert [entry.run_id for entry in entries(tmp_path)] == ["new"]
