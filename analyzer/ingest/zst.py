"""Zstandard as a readable file. Each frame must reach its own end: a stream reader would end a cut file in silence."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO, Final

import zstandard

_SKIPPABLE: Final = tuple(bytes((low, 0x2A, 0x4D, 0x18)) for low in range(0x50, 0x60))
ZSTD: Final = (b"\x28\xb5\x2f\xfd", *_SKIPPABLE)
_MAX_WINDOW: Final = 2**27  # as the zstd program takes without being asked for more
# A block unpacks to 128 KiB at most and may be packed in 4 bytes: a step of this much input yields 8 MiB at most.
_STEP: Final = 256
_CHUNK: Final = 1 << 16


class ZstdError(OSError):
    """The data is damaged, or asks for a larger window than is given."""


class ZstdFile(io.RawIOBase):
    """``source`` unpacked, frame after frame. Raises EOFError where the last frame has no end, else ZstdError."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._packed = b""
        self._at = 0
        self._pieces = self._unpacked()
        self._held = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        """At most ``size`` bytes, as many as are at hand, so that what precedes damage is read; empty at the end."""
        if size is None or size < 0:
            held, self._held = self._held, b""
            return b"".join((held, *self._pieces))
        self._held = self._held or next(self._pieces, b"")
        taken, self._held = self._held[:size], self._held[size:]
        return taken

    def close(self) -> None:
        self._source.close()
        super().close()

    def _unpacked(self) -> Iterator[bytes]:
        while mark := self._take(4):
            if mark in _SKIPPABLE:
                self._skip(int.from_bytes(self._take(4), "little"))
                continue
            frame = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()
            step = mark
            while not frame.eof:
                if not step:
                    raise EOFError("a frame has no end")
                try:
                    unpacked = frame.decompress(step)
                except zstandard.ZstdError as error:
                    raise ZstdError("damaged, or too large a window") from error
                if unpacked:
                    yield unpacked
                step = b"" if frame.eof else self._take(_STEP)
            self._at -= len(frame.unused_data)

    def _take(self, size: int) -> bytes:
        """The next ``size`` packed bytes, fewer at the end. What a frame does not use can always be given back."""
        if len(self._packed) - self._at < size:
            self._packed = self._packed[self._at :]
            self._at = 0
            while len(self._packed) < size and (more := self._source.read(_CHUNK)):
                self._packed += more
        taken = self._packed[self._at : self._at + size]
        self._at += len(taken)
        return taken

    def _skip(self, size: int) -> None:
        while size > 0:
            if not (skipped := len(self._take(min(size, _CHUNK)))):
                raise EOFError("a skippable frame has no end")
            size -= skipped
