"""Contacts that a source writes as several records, made whole: legs of one conversation in files of their own.

How many parts a contact has is counted once, before its first part is handed on; parts that come early wait in a
temporary file (unlinked, gone with the process), so memory does not grow with them.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import IO, Final, NamedTuple

import msgspec

from analyzer.errors import RunAborted
from analyzer.ingest.files import InputFile
from analyzer.ingest.formats.base import Format
from analyzer.ingest.raw import FACT_NAMES, Facts, RawContact, RawTurn, ReadContext, ReadStats, Value, later
from analyzer.ingest.stream import Stream

_IN_MEMORY: Final = 64 << 20
_FROM_THE_LAST: Final = frozenset({"agent_id", "team", "queue", "disposition", "csat", "csat_scale", "updated_at"})
_UNKNOWN: Final = datetime.max.replace(tzinfo=UTC)

_encode: Final = msgspec.json.Encoder().encode

Key = bytes


@dataclass(frozen=True, slots=True)
class _Held:
    """A part that waits for the others: where its bytes lie, and where it was read."""

    offset: int
    size: int
    position: int
    format: Format
    context: ReadContext


_NO_PARTS: Final[Mapping[str, bytes]] = MappingProxyType({})


class Whole(NamedTuple):
    """A contact made of ``parts`` (what each told, as a digest), with the format and place of the last of them."""

    contact: RawContact
    format: Format
    context: ReadContext
    parts: Mapping[str, bytes] = _NO_PARTS


@dataclass(slots=True)
class Stitcher:
    """Puts the parts of a run's contacts together. ``parts_of`` reads those that a file holds, for counting."""

    files: Sequence[InputFile]
    parts_of: Callable[[InputFile], Iterator[tuple[Format, RawContact]]]
    _expected: Counter[Key] | None = None
    _held: dict[Key, list[_Held]] = field(default_factory=dict)
    _spool: IO[bytes] | None = None

    def add(self, part: RawContact, format_: Format, context: ReadContext) -> list[Whole]:
        """The contact once its last part is there (more than one where a part comes twice), nothing before."""
        if part.part_id is None or part.source_id is None:
            return [Whole(part, format_, context)]
        key = _key(format_, part.source_id)
        expected = self._count()[key]
        if expected < 2:
            return [Whole(_tagged(part), format_, context, _digests([part]))]
        held = self._held.setdefault(key, [])
        held.append(self._keep(part, format_, context))
        return self._whole(self._held.pop(key)) if len(held) >= expected else []

    def ends_with(self, file: InputFile) -> bool:
        return bool(self.files) and self.files[-1].path == file.path

    def leftovers(self) -> Iterator[Whole]:
        """Contacts of which a part was counted and never came, as a file changed or vanished in between."""
        while self._held:
            yield from self._whole(self._held.pop(next(iter(self._held))))

    def _count(self) -> Counter[Key]:
        if self._expected is None:
            seen = Counter(
                _key(format_, part.source_id)
                for file in self.files
                for format_, part in self.parts_of(file)
                if part.source_id is not None and part.part_id is not None
            )
            self._expected = Counter({key: count for key, count in seen.items() if count > 1})
        return self._expected

    def _keep(self, part: RawContact, format_: Format, context: ReadContext) -> _Held:
        try:
            if self._spool is None:
                self._spool = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
            offset = self._spool.seek(0, io.SEEK_END)
            self._spool.write(part.raw)
        except OSError as error:
            raise RunAborted(
                f"Cannot keep the parts of a contact: {error.strerror}.", hint="Free space in the temporary folder."
            ) from error
        return _Held(offset, len(part.raw), part.position, format_, context)

    def _whole(self, held: Sequence[_Held]) -> list[Whole]:
        by_part: dict[str, list[RawContact]] = {}
        for one in held:
            part = self._again(one)
            by_part.setdefault(part.part_id or "", []).append(part)
        last = held[-1]
        copies = max(len(same) for same in by_part.values())
        versions = ([same[min(copy, len(same) - 1)] for same in by_part.values()] for copy in range(copies))
        return [
            Whole(
                msgspec.structs.replace(stitched([_tagged(part) for part in parts]), position=last.position),
                last.format, last.context, _digests(parts),
            )
            for parts in versions
        ]  # fmt: skip

    def _again(self, held: _Held) -> RawContact:
        assert self._spool is not None
        self._spool.seek(held.offset)
        raw = self._spool.read(held.size)
        context = replace(held.context, stats=ReadStats())  # what was ignored in it is counted already
        stream = Stream(context.uri, context.name, None, context.settings, lambda: io.BytesIO(raw))
        return next(item for item in held.format.read(stream, context) if isinstance(item, RawContact))


def _tagged(part: RawContact) -> RawContact:
    """The part with turns that tell where they came in."""
    turns = [msgspec.structs.replace(turn, part=part.part_id) for turn in part.turns]
    return msgspec.structs.replace(part, turns=turns)


def _digests(parts: Sequence[RawContact]) -> dict[str, bytes]:
    """What each part tells, whatever else its record may hold."""
    told = ((part.part_id or "", _encode((part.facts, part.turns, part.turn_times))) for part in parts)
    return {name: hashlib.blake2b(words, digest_size=16).digest() for name, words in told}


def stitched(parts: Sequence[RawContact]) -> RawContact:
    """One contact of its parts in order of time; turns keep their moment, the closing facts are the last part's."""
    ordered = sorted(parts, key=lambda part: (_start(part), _first_word(part)))
    first = ordered[0]
    if any(part.turn_times for part in ordered):
        return _stitched_messages(ordered)
    turns = [turn for part in ordered for turn in _shifted(part, _start(first))]
    if all(turn.start_ms is not None for turn in turns):
        turns.sort(key=lambda turn: turn.start_ms or 0)
    return msgspec.structs.replace(
        first, turns=turns, facts=_facts(ordered), part_id=None, raw=b"\n".join(part.raw for part in ordered)
    )


def _stitched_messages(ordered: Sequence[RawContact]) -> RawContact:
    """Messages of all parts by their own times; one that an earlier part has too, as pages overlap, comes once."""
    seen: set[tuple[str, str, Value]] = set()
    told: list[tuple[RawTurn, Value]] = []
    for part in ordered:
        times = part.turn_times or [None] * len(part.turns)
        pairs = list(zip(part.turns, times, strict=True))
        told += [(turn, at) for turn, at in pairs if at is None or (turn.speaker, turn.text, at) not in seen]
        seen |= {(turn.speaker, turn.text, at) for turn, at in pairs if isinstance(at, datetime)}
    if all(isinstance(at, datetime) for _, at in told):
        told.sort(key=lambda pair: pair[1])  # type: ignore[arg-type,return-value]
    return msgspec.structs.replace(
        ordered[0], turns=[turn for turn, _ in told], turn_times=[at for _, at in told], facts=_facts(ordered),
        part_id=None, raw=b"\n".join(part.raw for part in ordered),
    )  # fmt: skip


def _closes(part: RawContact) -> tuple[datetime, datetime]:
    """When its last words begin; then when it begins itself."""
    start = _start(part)
    told = [at for at in part.turn_times or () if isinstance(at, datetime)]
    last = max((turn.start_ms for turn in part.turns if turn.start_ms is not None), default=0)
    late = timedelta(0) if start is _UNKNOWN else timedelta(milliseconds=last)
    return max(told, default=start + late), start


def _start(part: RawContact) -> datetime:
    return part.facts.started_at if isinstance(part.facts.started_at, datetime) else _UNKNOWN


def _first_word(part: RawContact) -> float:
    """When somebody first speaks in it: parts of one conversation may all state the conversation's start."""
    return float(min((turn.start_ms for turn in part.turns if turn.start_ms is not None), default=0))


def _shifted(part: RawContact, start: datetime) -> list[RawTurn]:
    """The part's turns counted from ``start``; a part without a start is taken to count from there already."""
    late = timedelta(0) if _start(part) is _UNKNOWN else _start(part) - start
    return later(part.turns, late / timedelta(milliseconds=1)) if late else part.turns


def _facts(ordered: Sequence[RawContact]) -> Facts:
    closing = sorted(ordered, key=_closes, reverse=True)
    told = {
        name: next((value for part in parts if (value := getattr(part.facts, name)) is not None), None)
        for name in FACT_NAMES
        for parts in (closing if name in _FROM_THE_LAST else ordered,)
    }
    ends = [part.facts.ended_at for part in ordered if isinstance(part.facts.ended_at, datetime)]
    return Facts(**(told | ({"ended_at": max(ends)} if ends else {})))


def _key(format_: Format, source_id: str) -> Key:
    return hashlib.blake2b(f"{format_.name}\0{source_id}".encode("utf-8", "surrogatepass"), digest_size=12).digest()
