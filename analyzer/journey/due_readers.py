"""What a date in words means when it is said: a function for each way of telling one; due.py has the words."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from analyzer.journey.numerals import number

NO_HOLIDAYS: Final[frozenset[date]] = frozenset()

ORDINALS = {
    word: number
    for number, words in enumerate(
        ("erst first", "zweit second", "dritt third", "viert fourth", "fünft fifth", "sechst sixth",
         "siebt seventh", "acht eighth", "neunt ninth", "zehnt tenth", "elft eleventh", "zwölft twelfth",
         "dreizehnt thirteenth", "vierzehnt fourteenth", "fünfzehnt fifteenth", "sechzehnt sixteenth",
         "siebzehnt seventeenth", "achtzehnt eighteenth", "neunzehnt nineteenth", "zwanzigst twentieth"), start=1)
    for word in words.split()
}  # fmt: skip
MONTHS = {
    "januar": 1, "january": 1, "jan": 1, "jänner": 1, "februar": 2, "february": 2, "feb": 2, "märz": 3, "maerz": 3,
    "march": 3, "mar": 3, "april": 4, "apr": 4, "mai": 5, "may": 5, "juni": 6, "june": 6, "jun": 6,
    "juli": 7, "july": 7, "jul": 7, "august": 8, "aug": 8, "september": 9, "sept": 9, "sep": 9,
    "oktober": 10, "october": 10, "oct": 10,
    "november": 11, "nov": 11, "dezember": 12, "december": 12, "dec": 12,
}  # fmt: skip
WEEKDAYS = {
    "montag": 0, "monday": 0, "mon": 0, "dienstag": 1, "tuesday": 1, "tue": 1, "tues": 1, "mittwoch": 2, "wednesday": 2,
    "wed": 2, "donnerstag": 3, "thursday": 3, "thu": 3, "thurs": 3, "freitag": 4, "friday": 4, "fri": 4, "samstag": 5,
    "sonnabend": 5, "saturday": 5, "sat": 5, "sonntag": 6, "sunday": 6,
}  # fmt: skip
_BACKWARD = frozenset(
    {"last", "letzten", "letzter", "letzte", "vergangenen", "vorigen", "seit", "since", "vom", "from", "jeden", "every"}
)


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was said, in local time, and which days nobody works."""

    said: datetime
    holidays: frozenset[date] = NO_HOLIDAYS

    @property
    def today(self) -> date:
        return self.said.date()

    def in_business_days(self, count: int) -> date:
        """The count-th working day after today; today itself never counts."""
        day = self.today
        while count > 0:
            day += timedelta(days=1)
            count -= day.weekday() < 5 and day not in self.holidays
        return day


Due = date | datetime | None
Reader = Callable[[re.Match[str], Moment], Due]


def days(count: int) -> Reader:
    return lambda match, moment: moment.today + timedelta(days=count)


def weekday(match: re.Match[str], moment: Moment) -> Due:
    before, name = (match.group(1) or "").casefold(), match.group(2).casefold()
    if before in _BACKWARD:
        return None
    ahead = (WEEKDAYS[name] - moment.today.weekday() - 1) % 7 + 1
    if before in ("next", "nächsten", "nächster", "nächste"):
        # "next Friday", said on a Monday, is the one of the week after; said on a Saturday, the coming one.
        ahead = 7 - moment.today.weekday() + WEEKDAYS[name]
    return moment.today + timedelta(days=ahead)


def weekday_after(match: re.Match[str], moment: Moment) -> Due:
    """ "Tuesday week", "Dienstag in einer Woche": seven days after the coming one."""
    coming = (WEEKDAYS[match.group(2).casefold()] - moment.today.weekday() - 1) % 7 + 1
    return moment.today + timedelta(days=coming + 7)


def span(match: re.Match[str], moment: Moment) -> Due:
    count, unit = number(match.group(1)), match.group(2).casefold()
    return _ahead(count, unit, moment)


def _ahead(count: int, unit: str, moment: Moment) -> Due:
    if unit.startswith(("werk", "arbeit", "business", "working", "bank")):
        return moment.in_business_days(count)
    if unit == "h" or unit.startswith(("minute", "stund", "hour", "hr")):
        # Elapsed time is added in UTC, or the day the clocks change would be an hour off.
        elapsed = timedelta(minutes=count) if unit.startswith("minute") else timedelta(hours=count)
        return moment.said.astimezone(UTC) + elapsed
    if unit.startswith(("monat", "month")):
        return _month_ahead(moment.today, count)
    return moment.today + timedelta(days=count * (7 if unit.startswith(("woche", "week")) else 1))


def one_unit(match: re.Match[str], moment: Moment) -> Due:
    return _ahead(1, match.group(1).casefold(), moment)


def half_hour(match: re.Match[str], moment: Moment) -> Due:
    return moment.said.astimezone(UTC) + timedelta(minutes=30)


def week_end(weeks: int) -> Reader:
    def read(match: re.Match[str], moment: Moment) -> Due:
        friday = moment.today + timedelta(days=4 - moment.today.weekday() + 7 * weeks)
        return friday if friday >= moment.today else friday + timedelta(days=2)

    return read


def monday(match: re.Match[str], moment: Moment) -> Due:
    return moment.today + timedelta(days=7 - moment.today.weekday())


def next_month_end(match: re.Match[str], moment: Moment) -> Due:
    return _month_ahead(moment.today.replace(day=1), 2) - timedelta(days=1)


def part_of_month(match: re.Match[str], moment: Moment) -> Due:
    """ "Anfang Mai" is over on the tenth, "Mitte Mai" on the twentieth."""
    day = 10 if match.group(1).casefold() in ("anfang", "early") else 20
    return _nearest(day, MONTHS[match.group(2).casefold()], moment)


def christmas(match: re.Match[str], moment: Moment) -> Due:
    return date(moment.today.year, 12, 24)


def _month_ahead(day: date, count: int) -> date:
    """The same day of the month ``count`` months on, or that month's last."""
    month = day.month - 1 + count
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def month_end(match: re.Match[str], moment: Moment) -> Due:
    name = match.group(1)
    month = MONTHS[name.casefold()] if name else moment.today.month
    year = moment.today.year + (month < moment.today.month)
    return date(year, month, calendar.monthrange(year, month)[1])


def day_month(match: re.Match[str], moment: Moment) -> Due:
    return _nearest(_daynumber(match.group(1)), MONTHS[match.group(2).casefold()], moment)


def month_day(match: re.Match[str], moment: Moment) -> Due:
    return _nearest(_daynumber(match.group(2)), MONTHS[match.group(1).casefold()], moment)


def dotted(match: re.Match[str], moment: Moment) -> Due:
    year = match.group(3)
    if year:
        return _date(2000 + int(year) % 100, int(match.group(2)), int(match.group(1)))
    return _nearest(int(match.group(1)), int(match.group(2)), moment)


def iso(match: re.Match[str], moment: Moment) -> Due:
    return _date(*(int(part) for part in match.groups()))


def day_of_month(match: re.Match[str], moment: Moment) -> Due:
    day = _daynumber(match.group(1))
    this = _date(moment.today.year, moment.today.month, day)
    if this is not None and this >= moment.today:
        return this
    following = moment.today.replace(day=1) + timedelta(days=32)
    return _date(following.year, following.month, day)


def _daynumber(word: str) -> int:
    return int(word) if word.isdigit() else ORDINALS[word.casefold()]


def _nearest(day: int, month: int, moment: Moment) -> Due:
    """The occurrence of a date without a year that lies nearest to today; a past one is dropped later."""
    near = [_date(moment.today.year + shift, month, day) for shift in (-1, 0, 1)]
    return min((found for found in near if found), key=lambda found: abs(found - moment.today), default=None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
