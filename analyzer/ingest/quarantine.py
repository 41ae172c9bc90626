"""Raw bytes of rejected records, apart from every table: ``STORE/quarantine/RUN_ID/``, for their owner alone.

``raw.bin`` holds the bytes one after the other, ``index.jsonl`` a line for each: uri, position, code, offset, length,
sha256. Whole run folders are removed after ``ingest.quarantine_days``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, Final

import msgspec

from analyzer.errors import RunAborted
from analyzer.records import Reject

FOLDER: Final = "quarantine"
_RAW: Final = "raw.bin"
_INDEX: Final = "index.jsonl"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Where the bytes of one reject lie."""

    run_id: str
    source_uri: str
    position: int
    source_format: str | None
    code: str
    offset: int
    length: int
    sha256: str


class Quarantine:
    """Writer for one run; the folder is made with the first reject.

    >>> with Quarantine(store, "r-1") as quarantine:  # doctest: +SKIP
    ...     quarantine.add(reject)
    """

    def __init__(self, store: Path, run_id: str) -> None:
        self.folder = store / FOLDER / run_id
        self.run_id = run_id
        self._raw: IO[bytes] | None = None
        self._index: IO[bytes] | None = None

    def __enter__(self) -> Quarantine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add(self, reject: Reject) -> None:
        """Keeps ``reject.raw``. Raises RunAborted where the disk does not take it."""
        try:
            raw, index = self._files()
            entry = Entry(
                run_id=self.run_id, source_uri=reject.source_uri, position=reject.position,
                source_format=reject.source_format, code=reject.code, offset=raw.tell(), length=len(reject.raw),
                sha256=hashlib.sha256(reject.raw).hexdigest(),
            )  # fmt: skip
            raw.write(reject.raw)
            index.write(msgspec.json.encode(entry) + b"\n")
        except OSError as error:
            raise RunAborted(
                f"Cannot write the quarantine: {error.strerror}.", hint="Free space and run again."
            ) from error

    def close(self) -> None:
        """Everything on disk."""
        for stream in (self._raw, self._index):
            if stream is not None:
                stream.flush()
                os.fsync(stream.fileno())
                stream.close()
        self._raw = self._index = None

    def _files(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._raw is None or self._index is None:
            for folder in (self.folder.parent, self.folder):
                folder.mkdir(mode=0o700, parents=folder is self.folder.parent, exist_ok=True)
                folder.chmod(0o700)
            self._raw = _append(self.folder / _RAW)
            self._index = _append(self.folder / _INDEX)
        return self._raw, self._index


def entries(store: Path, run_id: str | None = None) -> Iterator[Entry]:
    """Everything in quarantine, or what one run put there, oldest run id first; a torn last line is left out."""
    for folder in sorted((store / FOLDER).glob("*")) if run_id is None else [store / FOLDER / run_id]:
        index = folder / _INDEX
        if not index.is_file():
            continue
        with index.open("rb") as stream:
            for line in stream:
                try:
                    yield msgspec.json.decode(line, type=Entry)
                except (msgspec.MsgspecError, UnicodeDecodeError):
                    continue


def raw_bytes(store: Path, entry: Entry) -> bytes:
    """The bytes of one reject."""
    with (store / FOLDER / entry.run_id / _RAW).open("rb") as stream:
        stream.seek(entry.offset)
        return stream.read(entry.length)


def prune(store: Path, days: int, now: datetime) -> list[str]:
    """Removes runs whose quarantine was last written more than ``days`` days before ``now``; their ids."""
    before = (now - timedelta(days=days)).timestamp()
    removed: list[str] = []
    for folder in sorted((store / FOLDER).glob("*")):
        if folder.is_symlink() or not folder.is_dir():
            continue
        written = max((path.stat().st_mtime for path in (folder, *folder.iterdir())), default=0.0)
        if written < before:
            shutil.rmtree(folder)
            removed.append(folder.name)
    return removed


def _append(path: Path) -> IO[bytes]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "ab")
