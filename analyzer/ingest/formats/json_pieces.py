"""Cuts a stream of JSON into its objects without holding more than one of them.

It only follows brackets and strings; what stands between them is judged later, piece by piece, by the real decoder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from analyzer.ingest.lines import HeldLine, LongLine
from analyzer.ingest.reject_codes import Refused

_OUTSIDE: Final = re.compile(rb'["\[\]{}]')
_INSIDE: Final = re.compile(rb'["\\]')
_BETWEEN: Final = b" \t\r\n,"


class _Cutter:
    """State across chunks: depth of brackets, and whether a string is open."""

    def __init__(self, limit: int) -> None:
        self.held = HeldLine(limit)
        self.depth = 0
        self.base = 0  # 1 within an outer array
        self.started = False
        self.in_string = False
        self.escaped = False

    def feed(self, chunk: bytes) -> Iterator[bytes | LongLine]:
        begin = position = 0
        if self.escaped:
            self.escaped, position = False, 1
        while match := (_INSIDE if self.in_string else _OUTSIDE).search(chunk, position):
            position = match.end()
            token = match[0]
            if self.in_string:
                if token == b'"':
                    self.in_string = False
                elif position == len(chunk):
                    self.escaped = True
                else:
                    position += 1
            elif token == b'"':
                self.in_string = True
            elif token in b"[{":
                if self.depth == self.base:
                    yield from self.between(chunk[begin : match.start()])
                    begin = match.start()
                    if token == b"[" and not self.started:
                        self.base = 1
                        begin = position
                    self.started = True
                self.depth += 1
            else:
                self.depth -= 1
                if self.depth == self.base:
                    self.held.add(chunk[begin:position])
                    begin = position
                    yield self.held.take()
                elif self.depth < self.base:
                    yield from self.between(chunk[begin : match.start()])
                    begin = position
                    self.depth = self.base = 0
        self.held.add(chunk[begin:])

    def between(self, gap: bytes) -> Iterator[bytes | LongLine]:
        """What stands between two objects: nothing but commas and space, or a piece of its own to be refused."""
        self.held.add(gap)
        piece = self.held.take()
        if isinstance(piece, LongLine) or (piece := piece.strip(_BETWEEN)):
            yield piece


def outer_keys(head: bytes) -> set[str]:
    """Keys of the first object in ``head``, of the first of a list too, and of none within it."""
    keys: set[str] = set()
    depth = begun = position = 0
    while match := _OUTSIDE.search(head, position):
        position = match.end()
        if match[0] == b'"':
            end = _end_of_string(head, position)
            if begun and depth == begun and head[end : end + 20].lstrip()[:1] == b":":
                keys.add(head[position : end - 1].decode("utf-8", "replace"))
            position = end
        elif match[0] in b"[{":
            depth += 1
            begun = begun or (depth if match[0] == b"{" else 0)
        else:
            depth -= 1
            if begun and depth < begun:
                break
    return keys


def _end_of_string(head: bytes, position: int) -> int:
    while match := _INSIDE.search(head, position):
        if match[0] == b'"':
            return match.end()
        position = match.end() + 1
    return len(head)


def json_pieces(chunks: Iterator[bytes], limit: int) -> Iterator[bytes | LongLine]:
    """The objects of an array, or of a sequence of objects; one over ``limit`` bytes comes as a LongLine."""
    cutter = _Cutter(limit)
    try:
        for chunk in chunks:
            yield from cutter.feed(chunk)
    except Refused as refusal:
        raise Refused(refusal.code, refusal.detail, cutter.held.start) from refusal
    unclosed = cutter.depth > cutter.base
    yield from cutter.between(b"")
    if cutter.base and not unclosed and cutter.depth:
        raise Refused("truncated", "The array has no end.")


def is_json(line: bytes) -> bool:
    """Whether the bytes are one whole value of JSON."""
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    return True
