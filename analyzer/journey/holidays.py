"""Days on which nobody works: public holidays of whole countries.

Only what holds in a whole country is known here (GB: England and Wales; US: federal, as observed); holidays of a state
or canton and a company's own days off are given in config as dates.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import date, timedelta
from typing import Final

from dateutil.easter import easter  # type: ignore[import-untyped]

Calendar = Callable[[int], Iterator[date]]


def holidays(countries: Collection[str], years: Collection[int]) -> frozenset[date]:
    """The public holidays of ``years`` in ``countries`` (COUNTRIES)."""
    return frozenset(day for country in countries for year in years for day in COUNTRIES[country](year))


def _germany(year: int) -> Iterator[date]:
    yield from _fixed(year, (1, 1), (5, 1), (10, 3), (12, 25), (12, 26))
    yield from _from_easter(year, -2, 1, 39, 50)


def _austria(year: int) -> Iterator[date]:
    yield from _fixed(year, (1, 1), (1, 6), (5, 1), (8, 15), (10, 26), (11, 1), (12, 8), (12, 25), (12, 26))
    yield from _from_easter(year, 1, 39, 50, 60)


def _switzerland(year: int) -> Iterator[date]:
    yield from _fixed(year, (1, 1), (8, 1), (12, 25))
    yield from _from_easter(year, 39)


def _england(year: int) -> Iterator[date]:
    yield _moved_on(date(year, 1, 1))
    yield from _from_easter(year, -2, 1)
    yield from (_nth(year, 5, 0, 1), _nth(year, 5, 0, -1), _nth(year, 8, 0, -1))
    christmas = _moved_on(date(year, 12, 25))
    boxing = _moved_on(date(year, 12, 26))
    # Where both fall on a weekend they are made up for one after the other.
    yield christmas
    yield boxing if boxing > christmas else christmas + timedelta(days=1)


def _united_states(year: int) -> Iterator[date]:
    yield from map(_observed, _fixed(year, (1, 1), (6, 19), (7, 4), (11, 11), (12, 25)))
    yield from (_nth(year, 1, 0, 3), _nth(year, 2, 0, 3), _nth(year, 5, 0, -1), _nth(year, 9, 0, 1),
                _nth(year, 10, 0, 2), _nth(year, 11, 3, 4))  # fmt: skip


COUNTRIES: Final[dict[str, Calendar]] = {
    "DE": _germany, "AT": _austria, "CH": _switzerland, "GB": _england, "US": _united_states,
}  # fmt: skip


def _fixed(year: int, *days: tuple[int, int]) -> Iterator[date]:
    return (date(year, month, day) for month, day in days)


def _from_easter(year: int, *offsets: int) -> Iterator[date]:
    return (easter(year) + timedelta(days=offset) for offset in offsets)


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    """The count-th such weekday of the month, or the last (−1)."""
    if count > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def _moved_on(day: date) -> date:
    """Made up for on the next Monday where it falls on a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() >= 5 else day


def _observed(day: date) -> date:
    """On Friday for a Saturday, on Monday for a Sunday."""
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))
