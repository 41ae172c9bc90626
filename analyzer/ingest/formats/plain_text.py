"""Plain text, ``Agent: …`` and ``Kunde: …`` line by line.

A line that begins with a role begins a turn; other lines continue it. ``[00:01:05]`` before or after the role is
its time, ``[2026-01-05 10:30:01]`` before it too. Several contacts in one file are parted by a line of dashes or a
heading such as ``# id: c-9``; headings also give facts (``# channel: chat``). Without an id the file's name and the
place in it identify the contact.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from analyzer.ingest.formats.base import Format, Guess, Read, is_binary
from analyzer.ingest.lines import LongLine, lines, to_text
from analyzer.ingest.raw import FACT_NAMES, Facts, RawContact, RawTurn, ReadContext, Value
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.stream import Stream
from analyzer.ingest.values import is_supervisor, role_of
from analyzer.records import Reject

_TIME: Final = r"\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,3})?"
_UNTIL: Final = rf"(?:\s{{0,4}}[-–>]{{1,3}}\s{{0,4}}{_TIME})?"
_DAY: Final = r"(?:(?P<day>\d{4}-\d\d-\d\d|\d{1,2}\.\d{1,2}\.\d{4})(?:[T ]|, ?))?"
# Each part is bounded: a line may be megabytes of spaces.
_LABEL: Final = re.compile(
    rf"\s*+(?:[\[(]?{_DAY}(?P<before>{_TIME})(?P<zone>Z|[+-]\d\d:?\d\d)?{_UNTIL}[\])]?\s{{0,8}}[-–]?\s{{0,8}})?"
    r"\*{0,3}(?P<label>[^\W\d_][\w*/ .-]{0,40}?)"
    rf"(?:\s{{0,8}}\((?!{_TIME})(?P<agent>[^()\s]{{1,60}})\))?"
    rf"(?:\s{{0,8}}[\[(]?(?P<after>{_TIME}){_UNTIL}[\])]?)?\*{{0,3}}\s{{0,8}}:\*{{0,3}}(?=\s|$)\s?(?P<text>.*)",
    re.DOTALL,
)
_NAMED: Final = re.compile(r"(\S+) [A-ZÄÖÜ][\w.-]*")  # "Agent Anna", not "Kunde sagt"
_PART: Final = re.compile(r"\s*([-=_*])\1{2,}\s*")
_HEADING: Final = re.compile(r"\s*#+\s*([A-Za-z_]{2,30})\s*[:=]\s*(.*)", re.DOTALL)
_IDS: Final = ("id", "interaction_id", "source_id")
_HEADINGS: Final = {
    **{name: name for name in FACT_NAMES},
    "date": "started_at",
    "start": "started_at",
    "end": "ended_at",
}
_CLOCK_FROM_MS: Final = 3_600_000  # a first turn later than this is told by the clock, not from the start
_SHORT_STAMP_MS: Final = 120_000  # a first mm:ss later than this may be hh:mm: then no time is taken from it


@dataclass(slots=True)
class _Spoken:
    speaker: str
    lines: list[str]
    agent_id: str | None
    stamp: str | None
    at: str | None = None  # with its day


@dataclass(slots=True)
class _Part:
    """One contact while its lines come."""

    position: int
    facts: dict[str, Value] = field(default_factory=dict)
    source_id: str | None = None
    turns: list[_Spoken] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    size: int = 0
    other_labels: Counter[str] = field(default_factory=Counter)
    preamble: int = 0
    problem: str | None = None

    @property
    def empty(self) -> bool:
        return not self.turns and not self.problem and not self.preamble and self.source_id is None

    def take(self, line: str) -> None:
        """Adds a line: a turn, or the rest of one."""
        match = _LABEL.fullmatch(line)
        role, agent = _speaker(match) if match else (None, None)
        if match and role is not None:
            at = f"{match['day']} {match['before']}{match['zone'] or ''}" if match["day"] else None
            stamp = None if at else match["before"] or match["after"]
            self.turns.append(_Spoken(role, [match["text"]], agent, stamp, at))
        elif match and match["before"]:
            self.problem = self.problem or "unknown_role"
        elif self.turns:
            if match and match["label"][0].isupper():
                # The same unknown label again is a speaker we do not know; once, it is what somebody says.
                self.other_labels[match["label"]] += 1
                if self.other_labels[match["label"]] > 1:
                    self.problem = self.problem or "unknown_role"
            self.turns[-1].lines.append(line)
        elif line.strip():
            self.preamble += 1


def recognise(head: bytes, name: str) -> Guess:
    if is_binary(head):
        return Guess(0.0, "no text")
    told = [_LABEL.fullmatch(line) for line in head.decode("utf-8", "replace").splitlines()[:2000] if line.strip()]
    turns = sum(match is not None and _speaker(match)[0] is not None for match in told)
    if turns == 0:
        return Guess(0.1 if name.lower().endswith(".txt") else 0.0, "no line begins with a role")
    probability = 0.6 if turns == 1 else 0.8
    return Guess(probability, f"{turns} of {len(told)} lines begin with a role")


def read(stream: Stream, context: ReadContext) -> Read:
    part = _Part(0)
    number = 0
    alone = True
    try:
        for number, line in enumerate(lines(stream.chunks(), context.settings.max_line_bytes)):
            text = "" if isinstance(line, LongLine) else to_text(line, context.settings.encoding)
            heading = _HEADING.fullmatch(text) if text and "#" in text else None
            known = heading is not None and (heading[1].lower() in _IDS or heading[1].lower() in _HEADINGS)
            dashes = text is not None and _PART.fullmatch(text)
            if dashes or (known and part.turns):
                if not part.empty:
                    yield _finished(part, context, alone=False)
                    alone = False
                part = _Part(number + 1 if dashes else number)
            if not dashes:
                _add(part, line, text, heading if known else None, context)
    except Refused as refusal:
        yield context.refused(part.position, refusal, b"\n".join(part.raw))
        return
    if not part.empty:
        yield _finished(part, context, alone)


def dialogue(text: str) -> list[RawTurn]:
    """Turns of one contact from a cell of a table."""
    part = _Part(0)
    for line in text.splitlines():
        part.take(line)
    if part.problem:
        raise Refused(part.problem)
    return _turns(part)


def _add(
    part: _Part, line: bytes | LongLine, text: str | None, heading: re.Match[str] | None, context: ReadContext
) -> None:
    raw = line.head if isinstance(line, LongLine) else line
    if not raw.strip() and part.raw and not part.raw[-1].strip():
        return  # of blank lines in a row one is enough: a million would be no longer conversation
    part.size += len(raw) + 100
    if part.problem == "line_too_long":
        return
    part.raw.append(raw)
    if isinstance(line, LongLine) or part.size > context.settings.max_line_bytes:
        part.problem = "line_too_long"
        part.turns.clear()
    elif text is None:
        part.problem = "encoding"
    elif heading is not None:
        key, value = heading[1].lower(), heading[2].strip()
        if key in _IDS:
            part.source_id = value or None
        else:
            part.facts[_HEADINGS[key]] = value
    elif part.turns or not text.lstrip().startswith("#"):
        part.take(text.rstrip("\r"))


def _finished(part: _Part, context: ReadContext, alone: bool) -> RawContact | Reject:
    raw = b"\n".join(part.raw)
    context.stats.preamble_lines += part.preamble
    if part.problem:
        return context.reject(part.position, part.problem, raw=raw)
    stem = context.name.rpartition(".")[0] or context.name
    return RawContact(
        position=part.position,
        turns=_turns(part),
        facts=Facts(**part.facts),
        source_id=part.source_id,
        turn_times=[turn.at for turn in part.turns] if any(turn.at for turn in part.turns) else None,
        file_id=stem if alone else f"{stem}#{part.position}",
        raw=raw,
    )


def _turns(part: _Part) -> list[RawTurn]:
    starts = starts_of([turn.stamp for turn in part.turns])
    return [
        RawTurn(turn.speaker, "\n".join(turn.lines).strip(), turn.agent_id, start)
        for turn, start in zip(part.turns, starts, strict=True)
    ]


def starts_of(stamps: list[str | None]) -> list[int | None]:
    """Milliseconds from the start: stamps by the clock count from the first, doubtful ones are left out."""
    told = [(stamp, _milliseconds(stamp)) for stamp in stamps if stamp]
    if not told:
        return [None] * len(stamps)
    first_stamp, first = told[0]
    if first_stamp.count(":") == 1 and first > _SHORT_STAMP_MS:
        return [None] * len(stamps)
    origin = first if first >= _CLOCK_FROM_MS else 0
    day = 24 * 3_600_000
    result = [None if stamp is None else _milliseconds(stamp) - origin for stamp in stamps]
    return [start + day if start is not None and start < -day // 2 else start for start in result]


def _milliseconds(stamp: str) -> int:
    whole, _, fraction = stamp.replace(",", ".").partition(".")
    seconds = 0
    for piece in whole.split(":"):
        seconds = seconds * 60 + int(piece)
    return seconds * 1000 + int(fraction.ljust(3, "0") or 0)


def _speaker(match: re.Match[str]) -> tuple[str | None, str | None]:
    """The role, and the agent's id: "Agent (a-7)"; in "Anna (Agent)" a name, which is none."""
    role = _role(match["label"])
    if role is None and match["agent"]:
        return _role(match["agent"]), None
    return role, match["agent"]


def _role(label: str) -> str | None:
    """The role word of a label, which may be followed by a name with a capital; supervisors stay supervisors."""
    role = role_of(label)
    if role is None and (named := _NAMED.fullmatch(label)):
        label = named[1]
        role = role_of(label)
    return "supervisor" if is_supervisor(label) else role


FORMAT: Final = Format("plain_text", "plain text, Agent: … / Kunde: …", False, recognise, read)
