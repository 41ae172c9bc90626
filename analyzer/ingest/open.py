"""What is in a file: its own bytes, unpacked where it is gzip or zstd, or the members of a zip. Told by content."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import IO

from analyzer.config import IngestSettings
from analyzer.ingest.archive import archive_members
from analyzer.ingest.files import InputFile
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.stream import (
    PACKED,
    TAR_AT,
    UNSUPPORTED,
    ZIP,
    Stream,
    bare_name,
    is_tar,
    rejected,
    translated,
    unpack,
)
from analyzer.records import Reject, Skipped


def open_streams(
    file: InputFile, settings: IngestSettings, on_bytes: Callable[[int], None] | None = None
) -> Iterator[Stream | Reject | Skipped]:
    """The file itself, unpacked where it is gzip or zstd, or each member of the archive; a Reject where that fails.

    What is no file is Skipped, and so is an archive without any.
    """
    if file.passed_over:
        yield Skipped(file.uri, file.passed_over)
        return
    try:
        with translated():
            magic = _magic(file)
            if magic.startswith(ZIP):
                yield from archive_members(file, settings)
                return
        if is_tar(magic):
            raise Refused("unsupported_format", "It is a tar archive.")
        if kind := next((name for mark, name in UNSUPPORTED.items() if magic.startswith(mark)), None):
            raise Refused("unsupported_format", f"It is compressed as {kind}.")
    except Refused as refusal:
        yield rejected(file.uri, refusal)
        return
    packed = magic.startswith(PACKED)

    def open_() -> IO[bytes]:
        plain: IO[bytes] = _Counted(file, on_bytes) if on_bytes else file.path.open("rb", buffering=0)
        return unpack(plain, magic)

    name = bare_name(file.name) if packed or file.piece else file.name
    yield Stream(file.uri, name, file.size if packed else None, settings, open_)


class _Counted(io.FileIO):
    """A file that tells how far it has been read."""

    def __init__(self, file: InputFile, on_bytes: Callable[[int], None]) -> None:
        super().__init__(str(file.path), "rb")
        self._on_bytes = on_bytes

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(-1 if size is None else size) or b""
        self._on_bytes(self.tell())
        return data


def _magic(file: InputFile) -> bytes:
    with file.path.open("rb") as stream:
        return stream.read(TAR_AT[1])
