"""What a reader hands over: contacts as the source tells them, before any rule of ours.

bytes → reader → RawContact → contract → Interaction
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, TypeVar

import msgspec

from analyzer.config import IngestSettings
from analyzer.ingest.reject_codes import Refused, reject_message
from analyzer.records import Reject, Turn

Value = str | int | float | bool | datetime | date | list[int | float] | tuple[int | float, ...] | None


class RawTurn(msgspec.Struct, frozen=True, gc=False):
    """A turn as told. ``start_ms`` counts from the contact's start; ``source_sentiment`` is the source's own, −1…1.

    ``part`` is the ``part_id`` of the record it came in.
    """

    speaker: str
    text: str
    agent_id: str | None = None
    start_ms: int | float | None = None
    end_ms: int | float | None = None
    source_sentiment: int | float | None = None
    part: str | None = None


AnyTurn = TypeVar("AnyTurn", RawTurn, Turn)


def later(turns: Sequence[AnyTurn], ms: float) -> list[AnyTurn]:
    """The turns, as many milliseconds later; of which no time is known, as they are."""
    return [
        msgspec.structs.replace(
            turn,
            start_ms=None if turn.start_ms is None else turn.start_ms + ms,
            end_ms=None if turn.end_ms is None else turn.end_ms + ms,
        )
        for turn in turns
    ]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a source or ``--metadata`` may say of a contact, unchecked; the contract reads the values."""

    updated_at: Value = None
    chain_id: Value = None
    channel: Value = None
    direction: Value = None
    language: Value = None
    started_at: Value = None
    ended_at: Value = None
    customer_id: Value = None
    agent_id: Value = None
    team: Value = None
    queue: Value = None
    product_line: Value = None
    segment: Value = None
    disposition: Value = None
    wait_s: Value = None
    hold_s: Value = None
    handle_s: Value = None
    transfers: Value = None
    csat: Value = None
    csat_scale: Value = None
    consent_recording: Value = None


FACT_NAMES: Final[tuple[str, ...]] = Facts.__struct_fields__


class RawContact(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation record. ``turn_times`` are absolute times of the turns where the source gives no offsets.

    A reader whose source speaks our own words may give ``Turn`` for ``RawTurn``: they are checked and masked too.

    ``source_id`` is the id in the source, ``file_id`` a name to fall back on where it has none. ``part_id`` tells
    the parts of one contact apart where a source writes it as several records; ``raw`` of a part can be read alone.
    """

    position: int
    turns: list[RawTurn]
    facts: Facts
    source_id: str | None = None
    file_id: str | None = None
    part_id: str | None = None
    turn_times: list[Value] | None = None
    raw: bytes = b""


@dataclass(slots=True)
class ReadStats:
    """Counters of what was ignored; ``unknown_keys`` holds at most 100 names that look like identifiers.

    ``left_out`` counts what a contact held beside its turns: private notes, events, pictures.
    """

    unknown_keys: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    empty_turns: int = 0
    preamble_lines: int = 0
    masked: Counter[str] = field(default_factory=Counter)

    def count_unknown(self, key: str) -> None:
        # A key may be anything, even words a customer said: only short plain names are kept.
        plain = len(key) <= 40 and key.isidentifier() and key.isascii()
        self.unknown_keys[
            key if plain and (key in self.unknown_keys or len(self.unknown_keys) < 100) else "(other)"
        ] += 1

    def merge(self, other: ReadStats) -> None:
        self.unknown_keys.update(other.unknown_keys)
        self.left_out.update(other.left_out)
        self.masked.update(other.masked)
        self.empty_turns += other.empty_turns
        self.preamble_lines += other.preamble_lines


@dataclass(frozen=True, slots=True)
class ReadContext:
    """Where a reader is and what it may do. ``name`` is the bare file or member name without ``.gz``.

    ``other_uris`` are what ``uri`` would be had the file been given otherwise.
    """

    uri: str
    name: str
    format: str | None
    settings: IngestSettings
    stats: ReadStats = field(default_factory=ReadStats)
    other_uris: tuple[str, ...] = ()

    def reject(self, position: int, code: str, detail: str = "", raw: bytes = b"") -> Reject:
        return Reject(self.uri, position, self.format, code, reject_message(code, detail), raw)

    def refused(self, position: int, refusal: Refused, raw: bytes = b"") -> Reject:
        return self.reject(position, refusal.code, refusal.detail, raw or refusal.raw)
