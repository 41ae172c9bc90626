"""Lines of a byte stream with a bound on each, and their text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from analyzer.ingest.reject_codes import Refused

LONG_HEAD_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class LongLine:
    """A line or record over the limit: only its head is kept."""

    head: bytes
    size: int
    sha256: str

    @property
    def detail(self) -> str:
        return f"It has {self.size} bytes (sha256 {self.sha256}); only its head is kept."


def lines(chunks: Iterator[bytes], limit: int) -> Iterator[bytes | LongLine]:
    """Lines without their newline; one over ``limit`` bytes comes as a LongLine and is never held in memory."""
    held = HeldLine(limit)
    try:
        for chunk in chunks:
            first, *others = chunk.split(b"\n")
            held.add(first)
            if not others:
                continue
            yield held.take()
            rest = others.pop()
            for line in others:
                yield line if len(line) <= limit else long_line(line)
            held.add(rest)
    except Refused as refusal:
        raise Refused(refusal.code, refusal.detail, held.start) from refusal
    if held.size:
        yield held.take()


def long_line(line: bytes) -> LongLine:
    return LongLine(line[:LONG_HEAD_BYTES], len(line), hashlib.sha256(line).hexdigest())


def to_text(line: bytes, encoding: str) -> str | None:
    """``line`` as strict UTF-8, else in the configured encoding, else ``None``."""
    for name in ("utf-8", encoding):
        try:
            return line.decode(name)
        except UnicodeDecodeError:
            continue
    return None


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


class HeldLine:
    """Pieces of one line across chunks; beyond the limit only head, size and hash are kept."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._clear()

    def _clear(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0
        self.digest: _Hash | None = None

    @property
    def start(self) -> bytes:
        return b"".join(self.pieces)

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.digest is not None:
            self.digest.update(piece)
        elif self.size <= self.limit:
            self.pieces.append(piece)
        else:
            self.digest = hashlib.sha256()
            for held in (*self.pieces, piece):
                self.digest.update(held)
            self.pieces = [b"".join((*self.pieces, piece))[:LONG_HEAD_BYTES]]

    def take(self) -> bytes | LongLine:
        line: bytes | LongLine
        if self.digest is not None:
            line = LongLine(self.start, self.size, self.digest.hexdigest())
        else:
            line = self.pieces[0] if len(self.pieces) == 1 else self.start
        self._clear()
        return line
