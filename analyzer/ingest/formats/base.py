"""What a format is: a name, a guess from the first bytes, and a reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from analyzer.ingest.raw import RawContact, ReadContext
from analyzer.ingest.stream import Stream
from analyzer.records import Reject, Skipped

RECOGNISED_FROM: Final = 0.5
_CONTROL: Final = bytes((*range(9), *range(14, 32)))

Read = Iterator[RawContact | Reject | Skipped]


@dataclass(frozen=True, slots=True)
class Guess:
    """How probable it is that a file has this format, and what tells so (no word of a transcript).

    ``near``: the share of what was looked for that is there, where all of it would be needed.
    """

    probability: float
    why: str
    near: float = 0.0


@dataclass(frozen=True, slots=True)
class Format:
    """``recognise`` gets the first 64 KiB as UTF-8 and the bare name. ``native``: the source's ids are ours.
    ``in_parts``: one contact may be several records, also of several files, told apart by ``RawContact.part_id``.

    ``read`` yields one RawContact or Reject for each conversation record, and raises Refused where the stream breaks.
    """

    name: str
    describes: str
    native: bool
    recognise: Callable[[bytes, str], Guess]
    read: Callable[[Stream, ReadContext], Read]
    in_parts: bool = False


def is_binary(head: bytes) -> bool:
    """Whether this is no text in any encoding we read: many control bytes."""
    sample = head[:4096]
    control = len(sample) - len(sample.translate(None, _CONTROL))
    return control > 8 and control * 20 > len(sample)
