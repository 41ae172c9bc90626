"""One writer at a time, by an advisory lock that ends with its process. Standard library only."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from analyzer.errors import StoreBusy
from analyzer.store import folder


@contextmanager
def writer_lock(store: Path) -> Iterator[None]:
    """Holds the writer's lock of ``store``; raises StoreBusy at once if another process holds it.

    The file stays when the lock ends: taking it away would let two writers lock two different files.
    """
    handle = os.open(store / folder.LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        if not _take(handle):
            raise _busy(store, os.pread(handle, 1024, 0))
        os.ftruncate(handle, 0)
        os.pwrite(handle, _holder(), 0)
        yield
    finally:
        os.close(handle)


def is_locked(store: Path) -> bool:
    """Whether a writer is at work in ``store`` now."""
    try:
        handle = os.open(store / folder.LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _take(handle: int) -> bool:
    # `is_locked` holds a shared lock for a moment; only a lock that lasts is a writer's.
    for _ in range(5):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return True
    return False


def _holder() -> bytes:
    return json.dumps({"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}).encode()


def _busy(store: Path, holder: bytes) -> StoreBusy:
    try:
        known = json.loads(holder)
        who = f"process {known['pid']} since {known['since']}"
    except (ValueError, KeyError, TypeError):
        who = "another process"
    return StoreBusy(
        f"Store {store} is being written by {who}.",
        hint="Wait until it ends and run again; if it hangs, stop that process: the lock ends with it.",
    )
