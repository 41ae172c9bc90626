"""How the answer to a person writes headings, lists, times, days and values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from analyzer.publish.wording import Wording

Lines = Iterator[str]
_STEERING: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(line: str) -> str:
    """Without signs that steer a terminal: the words come from whoever wrote to the company."""
    return _STEERING.sub("", line)


def heading(w: Wording, key: str, count: int | None) -> Lines:
    """A title, with how much stands below, and a line under it."""
    title = w(key) if count is None else f"{w(key)} ({count})"
    yield title
    yield "-" * len(title)


def indented(title: str, lines: Iterator[str]) -> Lines:
    """The lines set in under their title; nothing where there are none."""
    told = list(lines)
    if told:
        if title:
            yield f"  {title}:"
        yield from (f"    {line}" for line in told)


def _moment(text: str) -> datetime | None:
    """The point in time that ``text`` is as ISO writes it; None for a mere day, and for what only looks like one."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment


def noted(value: object, w: Wording) -> str:
    """A value as it was noted, a point in time in words."""
    moment = _moment(str(value))
    return str(value) if moment is None else w.time(moment)


def day_of(text: str, w: Wording) -> str:
    """The day that ``text`` names, or on which the point in time was."""
    moment = _moment(text)
    return w.day(date.fromisoformat(text[:10])) if moment is None else w.on(moment)


def value_of(value: object, w: Wording) -> str:
    """A number without what it does not need, a day in words, everything else as it is."""
    if isinstance(value, float):
        return w.decimal(value, 0 if value.is_integer() else 2)
    text = "" if value is None else str(value)
    moment = _moment(text)
    return text if moment is None else w.on(moment)
