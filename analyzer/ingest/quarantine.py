"""Raw bytes of rejected records, apart from every table: ``STORE/quarantine/RUN_ID/``, for their owner alone.

``raw.bin`` holds the bytes one after the other, ``index.jsonl`` a line for each: uri, position, code, offset, length,
sha256. Whole run folders are removed after ``ingest.quarantine_days``; a record that was mended goes at once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, Final

import msgspec

from analyzer.errors import RunAborted
from analyzer.records import Reject

FOLDER: Final = "quarantine"
_RAW: Final = "raw.bin"
_INDEX: Final = "index.jsonl"
_BLOCK: Final = 1 << 20

Place = tuple[str, int]  # uri of a file or archive member, and the position in it


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

    @property
    def place(self) -> Place:
        return self.source_uri, self.position

    @property
    def record(self) -> str:
        """The place as a user writes it: ``calls.jsonl:3``."""
        return f"{self.source_uri}:{self.position}"


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


def newest(store: Path) -> list[Entry]:
    """One entry a record, the one that the latest run put there: a file read twice is quarantined twice."""
    return sorted({entry.place: entry for entry in entries(store)}.values(), key=lambda entry: entry.place)


def kept_until(store: Path, run_id: str, days: int) -> datetime:
    """From when on the bytes of a run may be removed."""
    return datetime.fromtimestamp(_written(store / FOLDER / run_id), UTC) + timedelta(days=days)


def remove(store: Path, places: Collection[Place]) -> None:
    """Takes all copies of these records out; the time for which the rest is kept goes on as it was."""
    gone = {entry for entry in entries(store) if entry.place in places}
    for run_id in sorted({entry.run_id for entry in gone}):
        folder = store / FOLDER / run_id
        kept = [entry for entry in entries(store, run_id) if entry not in gone]
        if kept:
            _without(folder, [entry for entry in gone if entry.run_id == run_id], kept)
        else:
            shutil.rmtree(folder)


def _without(folder: Path, gone: Collection[Entry], kept: Sequence[Entry]) -> None:
    """The index first: bytes that nothing points to are zeros soon or, where this is killed, go with their run."""
    written = _written(folder)
    new = folder / f"{_INDEX}.new"
    new.unlink(missing_ok=True)
    with _append(new) as stream:
        stream.writelines(msgspec.json.encode(entry) + b"\n" for entry in kept)
        stream.flush()
        os.fsync(stream.fileno())
    new.rename(folder / _INDEX)
    with (folder / _RAW).open("r+b") as raw:
        for entry in gone:
            raw.seek(entry.offset)
            for start in range(0, entry.length, _BLOCK):
                raw.write(bytes(min(_BLOCK, entry.length - start)))
        raw.flush()
        os.fsync(raw.fileno())
    for path in (*folder.iterdir(), folder):
        os.utime(path, (written, written))


def prune(store: Path, days: int, now: datetime) -> list[str]:
    """Removes runs whose quarantine was last written more than ``days`` days before ``now``; their ids."""
    before = (now - timedelta(days=days)).timestamp()
    removed: list[str] = []
    for folder in sorted((store / FOLDER).glob("*")):
        if folder.is_symlink() or not folder.is_dir():
            continue
        if _written(folder) < before:
            shutil.rmtree(folder)
            removed.append(folder.name)
    return removed


def _written(folder: Path) -> float:
    return max(path.stat().st_mtime for path in (folder, *folder.iterdir()))


def _append(path: Path) -> IO[bytes]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "ab")
