"""Times of day in words: "zwölf Uhr", "9 a.m.", "halb elf", "half past two", "by two"."""

from __future__ import annotations

import re
from datetime import time
from typing import Final

from analyzer.journey.numerals import NUMBER, number, words

_CLOCK: Final = words(
    r"(?:" + NUMBER + r"(?:[:.]([0-5]\d))? ?(uhr|o'clock|am|pm|a\.m\.|p\.m\.)|(noon|mittag)|([01]?\d|2[0-3]):([0-5]\d))"
)
_HALF: Final = words(r"(halb|half past) " + NUMBER)
# "by two" names an hour only where nothing follows that it could count.
_DEADLINE: Final = words(r"(?:spätestens|bis|vor|by|before|until) (?:um )?" + NUMBER + r"(?= ?(?:[.,;!?)]|$))")


def clock_times(text: str) -> list[time]:
    """Every time of day that the text marks as one, in no order."""
    marked = [_marked(match) for match in _CLOCK.finditer(text)]
    return [at for at in [*marked, *map(_half, _HALF.finditer(text))] if at is not None]


def deadline_times(text: str) -> list[time]:
    """Times of day by which something is to be done though no day is named; bare hours are as spoken, 1–23."""
    bare = [number(match.group(1)) for match in _DEADLINE.finditer(text)]
    return clock_times(text) + [time(hour) for hour in bare if 0 < hour < 24]


def _marked(match: re.Match[str]) -> time | None:
    word, minute, mark, noon, hour24, minute24 = match.groups()
    if noon:
        return time(12)
    if hour24:
        return time(int(hour24), int(minute24))
    hour = number(word)
    if mark.casefold().startswith("p") and hour < 12:
        hour += 12
    return time(hour, int(minute or 0)) if 0 < hour < 24 else None


def _half(match: re.Match[str]) -> time | None:
    """ "halb elf" is half past ten."""
    hour = number(match.group(2)) - (match.group(1).casefold() == "halb")
    return time(hour, 30) if 0 <= hour < 24 else None
