"""Pieces of a transcript: who (a label, a number, or nobody), what, and when, under the names recognizers use.

Keys are compared without case and underscores: ``startTimeMs`` and ``start_time_ms`` are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import median
from typing import Any, Final

from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.roles import role_of_label

Fields = Mapping[str, Any]

TEXT: Final = (
    "text", "transcript", "content", "message", "body", "utterance", "value", "display", "displaytext", "msg",
)  # fmt: skip
_ROLE: Final = (
    "role", "speakerrole", "participantrole", "speakertype", "participanttype", "sendertype", "actortype", "authortype",
)  # fmt: skip
_PARTY: Final = ("party", "partyid", "partyindex")
_WHO: Final = (
    "speakername", "participantname", "speaker", "speakerid", "speakerlabel", "speakertag", "spk", "participant",
    "participantid", "sender", "from", "author", "role", "name", "label",
)  # fmt: skip
_CHANNEL: Final = ("channel", "channeltag", "channelid", "channelnumber")
_START: Final = (
    ("starttimems", 0.001), ("startms", 0.001), ("beginms", 0.001), ("offsetms", 0.001),
    ("offsetmilliseconds", 0.001), ("beginoffsetmillis", 0.001), ("startoffsetmillis", 0.001), ("offsetinticks", 1e-7),
    ("start", 1.0), ("starttime", 1.0), ("begin", 1.0), ("begintime", 1.0), ("startoffset", 1.0), ("offset", 1.0),
    ("ts", 1.0), ("timestamp", 1.0), ("time", 1.0),
)  # fmt: skip
_END: Final = (
    ("endtimems", 0.001), ("endms", 0.001), ("endoffsetmillis", 0.001), ("end", 1.0), ("endtime", 1.0),
    ("endoffset", 1.0), ("stop", 1.0), ("endts", 1.0),
)  # fmt: skip
_LENGTH: Final = (("durationms", 0.001), ("durationmilliseconds", 0.001), ("durationinticks", 1e-7), ("duration", 1.0))
_NUMBER: Final = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?s?")
_SPAN: Final = re.compile(r"PT(?:(\d{1,4})H)?(?:(\d{1,6})M)?(?:(\d{1,8}(?:\.\d{1,9})?)S)?")
_CLOCK: Final = re.compile(r"(?:(\d{1,4}):)?(\d{1,3}):(\d{1,2}(?:[.,]\d{1,9})?)")
_EPOCH_FROM_S: Final = 1e8  # no recording lasts three years: such a number counts from 1970
_CHARS_PER_MS: Final = 0.3  # talk has 10 to 20 characters a second


@dataclass(frozen=True, slots=True)
class Absolute:
    """A time of day as told, text or number; its zone is the vCon's."""

    told: str | float


Time = float | Absolute | None  # seconds from the dialog's start, or a time of its own


@dataclass(frozen=True, slots=True)
class Piece:
    """``channel``: ``who`` numbers a channel of the recording, not a voice. ``party``: it numbers a party."""

    who: str | int | None
    text: str
    start: Time = None
    end: Time = None
    channel: bool = False
    party: bool = False


def fields_of(item: Mapping[str, Any]) -> Fields:
    """The item under plain keys; of two keys that are one, the first."""
    return {plain_key(key): value for key, value in reversed(list(item.items())) if isinstance(key, str)}


@lru_cache(maxsize=1024)
def plain_key(key: str) -> str:
    return key.replace("_", "").replace("-", "").replace(" ", "").casefold()


def pieces_of(items: Sequence[Any], scale: float = 1.0) -> list[Piece]:
    """One piece for each item with text; a single voice on several channels is told apart by channel."""
    found: list[tuple[Piece, int | None]] = []
    for fields in (fields_of(item) for item in items if isinstance(item, Mapping)):
        if not (text := text_of(fields)):
            continue
        start, end = span_of(fields, scale)
        who, party = who_of(fields)
        channel = _index(first_of(fields, _CHANNEL))
        only = who is None and channel is not None
        found.append((Piece(channel if only else who, text, start, end, channel=only, party=party), channel))
    pieces = [piece for piece, _ in found]
    channels = {channel for _, channel in found}
    if len({piece.who for piece in pieces}) == 1 and len(channels) > 1 and None not in channels:
        pieces = [replace(piece, who=channel, channel=True, party=False) for piece, channel in found]
    return pieces if scale != 1.0 else in_seconds(pieces)


def text_of(fields: Fields) -> str | None:
    """What the item says: its text, that of its sentences, or the best of its alternatives."""
    text = next((fields[key] for key in TEXT if isinstance(fields.get(key), str)), None)
    if text is None and isinstance(sentences := fields.get("sentences"), list):
        text = " ".join(filter(None, (text_of(fields_of(each)) for each in sentences if isinstance(each, Mapping))))
    if text is None and isinstance(elements := fields.get("elements"), list):
        told = (each.get("value") for each in elements if isinstance(each, Mapping))
        text = "".join(word for word in told if isinstance(word, str))
    if text is None and (first := best_of(fields)) is not None:
        text = text_of(first)
    return text if text and text.strip() else None


def best_of(fields: Fields) -> Fields | None:
    """The first of the alternatives."""
    for key in ("alternatives", "nbest"):
        if isinstance(told := fields.get(key), list) and told and isinstance(told[0], Mapping):
            return fields_of(told[0])
    return None


def who_of(fields: Fields) -> tuple[str | int | None, bool]:
    """Who says it, by the word for a role before a name before a number; and whether that numbers a party."""
    role = first_of(fields, _ROLE)
    if isinstance(role, str) and role_of_label(role):
        return role.strip(), False
    if (party := _label(first_of(fields, _PARTY))) is not None:
        return party, True
    return _label(first_of(fields, _WHO)), False


def span_of(fields: Fields, scale: float) -> tuple[Time, Time]:
    start, end = _first_time(fields, _START, scale), _first_time(fields, _END, scale)
    if start is None and isinstance(elements := fields.get("elements"), list):
        times = [span_of(fields_of(each), scale) for each in elements if isinstance(each, Mapping)]
        start = next((begun for begun, _ in times if begun is not None), None)
        end = next((ended for _, ended in reversed(times) if ended is not None), None)
    if end is None and isinstance(start, float) and isinstance(length := _first_time(fields, _LENGTH, scale), float):
        end = start + length
    return start, end


def time_of(value: Any, unit: float) -> Time:
    """A time as told: seconds, "1.5s", "PT1.5S", "00:01.5", a date; raises Refused where it is none of these."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    if isinstance(value, str):
        return _time_of_text(value.strip(), unit)
    if isinstance(value, Mapping):
        told = {key: value.get(key, 0) for key in ("seconds", "nanos")}
        whole, rest = (_time_of_text(str(part), 1.0) for part in told.values())
        if isinstance(whole, float) and isinstance(rest, float) and told.keys() & value.keys():
            return whole + rest / 1e9
    if not isinstance(value, int | float):
        raise Refused("unreadable_time", "Of a turn.")
    if not abs(value) < 1e18:
        raise Refused("turn_times")
    return float(value) * unit if abs(value * unit) < _EPOCH_FROM_S else Absolute(value)


def in_seconds(pieces: list[Piece]) -> list[Piece]:
    """Whole numbers too large for the words they time are milliseconds."""
    rates = [
        len(piece.text) / (piece.end - piece.start)
        for piece in pieces
        if isinstance(piece.start, float) and isinstance(piece.end, float) and piece.end - piece.start >= 50
    ]
    numbers = [time for piece in pieces for time in (piece.start, piece.end) if isinstance(time, float)]
    if len(rates) * 2 < len(pieces) or not rates or median(rates) > _CHARS_PER_MS:
        return pieces
    if not all(number.is_integer() for number in numbers):
        return pieces
    return [replace(piece, start=_thousandth(piece.start), end=_thousandth(piece.end)) for piece in pieces]


def first_of(fields: Fields, keys: Sequence[str]) -> Any:
    return next((fields[key] for key in keys if fields.get(key) is not None), None)


def labels_of(table: Any) -> Mapping[str, str]:
    """What a table of speakers calls each of its ids: by role where it tells one, else by name."""
    return dict(_labelled(table))


def _labelled(table: Any) -> Iterator[tuple[str, str]]:
    if isinstance(table, Mapping):
        entries = [(key, entry) for key, entry in table.items()]
    elif isinstance(table, list):
        entries = [
            (first_of(fields_of(entry), ("id", "participantid", "speakerid", "speaker", "index")), entry)
            for entry in table
            if isinstance(entry, Mapping)
        ]
    else:
        return
    for key, entry in entries:
        label = entry if isinstance(entry, str) else _label(entry) if isinstance(entry, Mapping) else None
        if key is not None and isinstance(label, str) and label.strip() and label != str(key):
            yield str(key), label.strip()


def _label(value: Any) -> str | int | None:
    """A label or a number; of an object its role, else its name, else its id."""
    if isinstance(value, Mapping):
        fields = fields_of(value)
        if isinstance(role := first_of(fields, _ROLE), str) and role_of_label(role):
            return role.strip()
        value = first_of(fields, ("name", "label", "displayname", "id", "userid", "email"))
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) < 6 else value.strip() or None
    return _index(value)


def _index(value: Any) -> int | None:
    if isinstance(value, str) and value.isdecimal() and len(value) < 6:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _first_time(fields: Fields, keys: Sequence[tuple[str, float]], scale: float) -> Time:
    for key, unit in keys:
        if (time := time_of(fields.get(key), unit if unit != 1.0 else scale)) is not None:
            return time
    return None


def _time_of_text(text: str, unit: float) -> Time:
    if _NUMBER.fullmatch(text):
        in_s = text.endswith("s")
        value = float(text.removesuffix("s"))
        unit = 1.0 if in_s else unit
        return value * unit if abs(value * unit) < _EPOCH_FROM_S else Absolute(value)
    if (match := _SPAN.fullmatch(text)) or (match := _CLOCK.fullmatch(text)):
        hours, minutes, seconds = (float(part.replace(",", ".")) for part in match.groups(default="0"))
        return (hours * 60 + minutes) * 60 + seconds
    return Absolute(text)


def _thousandth(time: Time) -> Time:
    return time / 1000 if isinstance(time, float) else time
