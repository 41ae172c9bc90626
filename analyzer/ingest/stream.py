"""The bytes of one file or archive member, unpacked within limits and turned into UTF-8 where a mark announces another.

Whatever breaks while reading raises ``Refused`` with a code; the caller makes one Reject of it.
"""

from __future__ import annotations

import codecs
import errno
import gzip
import lzma
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final, cast

from analyzer.config import IngestSettings
from analyzer.ingest.reject_codes import Refused, reject_message
from analyzer.ingest.zst import ZSTD, ZstdError, ZstdFile
from analyzer.records import Reject

CHUNK: Final = 1 << 18
HEAD_BYTES: Final = 1 << 16
RATIO_FLOOR: Final = 8 << 20  # small files may well compress better than max_ratio
_SPOOL_BYTES: Final = 64 << 20

GZIP: Final = b"\x1f\x8b"
PACKED: Final = (GZIP, *ZSTD)
ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
UNSUPPORTED: Final = {
    b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!": "rar", b"\x04\x22\x4d\x18": "lz4",
}  # fmt: skip
TAR_AT: Final = (257, 262)
_BOMS: Final = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip


@dataclass(slots=True)
class Unpacked:
    """What the members of one archive unpack to in all: many small bombs make a big one."""

    limit: int
    size: int = 0

    def add(self, size: int) -> None:
        self.size += size
        if self.size > self.limit:
            raise Refused("too_compressed", "All its members together do.")


@dataclass(slots=True)
class Stream:
    """The bytes of one file or archive member; may be read more than once."""

    uri: str
    name: str
    packed_size: int | None  # None where nothing was compressed
    settings: IngestSettings
    open: Callable[[], IO[bytes]]
    archive: Unpacked | None = None  # what it shares with the other members of its archive
    _furthest: int = 0

    def head(self) -> bytes:
        """The first 64 KiB as UTF-8 (a byte order mark removed), or what comes before a break.

        Blank lines before them do not count, however many: they are no sign of an empty file.
        """
        kept = bytearray()
        try:
            for chunk in self.chunks(HEAD_BYTES):
                if kept.isspace():  # then of this chunk, too
                    kept, chunk = bytearray(), chunk.lstrip(b"\r\n")
                kept += chunk
                if len(kept) >= HEAD_BYTES and not kept.isspace():
                    break
        except Refused:
            if not kept or kept.isspace():
                raise
        head = bytes(kept[:HEAD_BYTES])
        if self.packed_size is not None and (head.startswith((*PACKED, *ZIP, *UNSUPPORTED)) or is_tar(head)):
            raise Refused("nested_archive")
        return head

    def byte_order_mark(self) -> str | None:
        """The encoding that the first bytes announce, ``None`` without a mark."""
        first = b""
        for chunk in self.packed_chunks(4):
            first += chunk
            if len(first) >= 4:
                break
        return next((encoding for mark, encoding in _BOMS if first.startswith(mark)), None)

    def chunks(self, size: int = CHUNK) -> Iterator[bytes]:
        """The content with our line ends, UTF-16 and UTF-32 as UTF-8 where a byte order mark announces them."""
        chunks = self._utf8_chunks(size)
        first = next(chunks, b"")
        if b"\r" in first[:-1] and b"\n" not in first:  # lines end in CR alone, as old Macs wrote them
            yield first.replace(b"\r", b"\n")
            yield from (chunk.replace(b"\r", b"\n") for chunk in chunks)
        else:
            yield first
            yield from chunks

    def _utf8_chunks(self, size: int) -> Iterator[bytes]:
        chunks = self.packed_chunks(size)
        first = next(chunks, b"")
        while 0 < len(first) < 4 and (more := next(chunks, b"")):
            first += more
        mark, encoding = next(((m, e) for m, e in _BOMS if first.startswith(m)), (b"", "utf-8"))
        first = first[len(mark) :]
        while encoding == "utf-8" and mark and first.startswith(mark):  # each program that joined files put one before
            first = first[len(mark) :]
        if encoding == "utf-8":
            yield first
            yield from chunks
        else:
            yield from _as_utf8(first, chunks, encoding)

    def packed_chunks(self, size: int = CHUNK) -> Iterator[bytes]:
        """The content as it is, decompressed, within the limits."""
        produced = 0
        with translated(), self.open() as source:
            # What gzip has unpacked before a break comes with read1 alone; read drops it.
            read = getattr(source, "read1", source.read)
            while chunk := read(size):
                produced += len(chunk)
                self._check(produced)
                yield chunk

    def seekable(self) -> IO[bytes]:
        """The content as a file with random access; compressed content is spooled (unlinked, gone with the process)."""
        if self.packed_size is None:
            with translated():
                return self.open()
        spool: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115
        for chunk in self.packed_chunks():
            spool.write(chunk)
        spool.seek(0)
        return spool

    def _check(self, produced: int) -> None:
        if self.packed_size is None:
            return
        if produced > self.settings.max_member_bytes:
            raise Refused("too_large")
        if produced > max(RATIO_FLOOR, self.packed_size * self.settings.max_ratio):
            raise Refused("too_compressed")
        if self.archive is not None and produced > self._furthest:
            self.archive.add(produced - self._furthest)
            self._furthest = produced


@contextmanager
def translated() -> Iterator[None]:
    """Turns what codecs and the file system raise into Refused; reading a bad file must not end the run."""
    try:
        yield
    except EOFError as error:
        raise Refused("truncated") from error
    except (zlib.error, lzma.LZMAError, gzip.BadGzipFile, ZstdError, zipfile.BadZipFile, struct.error) as error:
        raise Refused("broken_archive") from error
    except NotImplementedError as error:
        raise Refused("unsupported_format", "Its compression method is unknown.") from error
    except (ValueError, IndexError, OverflowError, RuntimeError) as error:  # zipfile over names and fields that lie
        raise Refused("broken_archive") from error
    except OSError as error:
        if error.errno == errno.EINVAL:  # a place in the archive that cannot be
            raise Refused("broken_archive") from error
        raise Refused("unreadable_file", f"{error.strerror or type(error).__name__}.") from error


def unpack(source: IO[bytes], magic: bytes) -> IO[bytes]:
    """``source`` unpacked where its first bytes, ``magic``, say gzip or zstd; closing the one closes the other."""
    if magic.startswith(ZSTD):
        return cast(IO[bytes], ZstdFile(source))
    if not magic.startswith(GZIP):
        return source
    unpacked = gzip.GzipFile(fileobj=source)
    unpacked.myfileobj = source  # type: ignore[assignment]
    return cast(IO[bytes], unpacked)


def _as_utf8(first: bytes, chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        yield decoder.decode(first).encode()
        for chunk in chunks:
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise Refused("encoding", f"Its byte order mark says {encoding}.") from error


def is_tar(head: bytes) -> bool:
    return head[slice(*TAR_AT)] == b"ustar"


def bare_name(name: str) -> str:
    """``name`` without .gz or .zst."""
    stem, _, extension = name.rpartition(".")
    return stem if stem and extension.lower() in ("gz", "zst", "zstd") else name


def rejected(uri: str, refusal: Refused) -> Reject:
    return Reject(uri, 0, None, refusal.code, reject_message(refusal.code, refusal.detail), refusal.raw)
