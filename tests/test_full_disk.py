"""A real disk that is full: a small file system of its own, filled to the last page before a run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.store.verify import verify

from .conftest import call
from .dumps import contact, differences, dump, said_by

LEFT_FREE = (0, 150, 260)  # KiB: refused ever later, in the quarantine, in staging, in tables


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(disk)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except OSError as error:
        pytest.skip(f"No small disk can be mounted here: {error.strerror}.")
    if done.returncode:
        pytest.skip(f"No small disk can be mounted here: {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True, timeout=20)


def fill(disk: Path, left_kib: int) -> Path:
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    filler.write_bytes(bytes(max(0, free - left_kib * 1024)))
    return filler


def test_full_disk_leaves_the_former_state_and_the_next_run_all_of_the_new(
    one_model: None, small_disk: Path, tmp_path: Path
) -> None:
    monday = dump(tmp_path / "monday.jsonl", contact("a1"), "{broken")
    tuesday = dump(tmp_path / "tuesday.jsonl", *(contact(f"b{n}", "2026-11-03") for n in range(20)), "{broken")
    store, refused = small_disk / "store", 0
    assert call("run", monday, "--store", store).code == 1
    stood = said_by(store)
    for left in LEFT_FREE:
        filler = fill(small_disk, left)
        ended = call("run", tuesday, "--store", store)
        filler.unlink()
        if ended.code == 0:  # it was enough: then all of it stands
            break
        refused += 1
        assert ended.code == 3 and "Traceback" not in ended.said, (left, ended.said)
        assert "pace" in ended.err, (left, ended.err)  # No space left …; Free space and run again
        assert differences(stood, said_by(store)) == [], left
    assert refused >= 2
    call("run", tuesday, "--store", store)
    for path in (monday, tuesday):
        call("run", path, "--store", tmp_path / "whole")
    one, two = said_by(tmp_path / "whole"), said_by(store)
    del one["runs"], two["runs"]
    assert differences(one, two, 1e-3) == [] and verify(store) == []


def test_full_disk_is_told_by_every_command_that_writes(one_model: None, small_disk: Path, tmp_path: Path) -> None:
    store = small_disk / "store"
    call("run", dump(tmp_path / "monday.jsonl", contact("a1")), "--store", store)
    stood = said_by(store)
    fill(small_disk, 0)
    for command in (
        ("forget", "--customer", "k-a", "--yes"), ("subject", "--customer", "k-a"), ("retain", "--days", "1", "--yes"),
        ("export", "--format", "xlsx", "--to", small_disk / "book.xlsx"),
        ("export", "--format", "csv", "--to", small_disk / "csv"), ("report", "--to", small_disk / "report.html"),
        ("rescore",),
    ):  # fmt: skip
        ended = call(*command, "--store", store)
        assert ended.code == 3 and "Traceback" not in ended.said, (command, ended.said)
        assert "pace" in ended.err or "disk" in ended.err, (command, ended.err)
    (small_disk / "filler").unlink()
    assert differences(stood, said_by(store)) == [] and verify(store) == []
    assert call("forget", "--customer", "k-a", "--yes", "--store", store).code == 0
