from __future__ import annotations

import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from analyzer.errors import StoreBusy
from analyzer.store import open_store
from analyzer.store.lock import is_locked
from analyzer.store.verify import repair, verify

from .contacts import MONDAY, contacts, content, publish_at


def hold(path: Path, pipe: Connection) -> None:
    with open_store(path, write=True):
        pipe.send(os.getpid())
        pipe.recv()


def test_lock_lets_one_process_write_and_all_read(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1))
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    writer = multiprocessing.get_context("spawn").Process(target=hold, args=(path, theirs))
    writer.start()
    holder = ours.recv()
    with (
        pytest.raises(StoreBusy, match=f"process {holder} since 20.*run again") as caught,
        open_store(path, write=True),
    ):
        pass
    assert caught.value.exit_code == 4
    with pytest.raises(StoreBusy):
        repair(path)
    assert is_locked(path)
    assert content(path)["turns"].num_rows == 2
    assert verify(path) == []
    writer.kill()
    writer.join(10)
    assert not is_locked(path)
    publish_at(path, contacts(MONDAY, 2), "r-2")
    assert content(path)["turns"].num_rows == 4


def test_lock_of_one_process_holds_against_itself(path: Path) -> None:
    with open_store(path, write=True), pytest.raises(StoreBusy), open_store(path, write=True):
        pass
