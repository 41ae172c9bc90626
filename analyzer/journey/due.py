"""When a promise falls due, read from its words in German and English.

One visible table, ``PATTERNS``: each line is a pattern and the function that turns what it caught into a due time.
All that match are read and the latest wins, because "it leaves today and you have it by Friday" is kept on Friday.
What lies in the past, or further than ``FARTHEST_DAYS`` ahead, is no due date. A day means its end in the business
time zone, or the clock time that the sentence names. Business days skip weekends and ``holidays``.

Patterns use no nested or adjoining repeats, so their cost is linear in the text.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from analyzer.journey.clock import clock_times, deadline_times
from analyzer.journey.numerals import NUMBER, number, words

FARTHEST_DAYS: Final = 120
END_OF_DAY: Final = time(23, 59, 59)
NO_HOLIDAYS: Final[frozenset[date]] = frozenset()

_ORDINALS = {
    word: number
    for number, words in enumerate(
        ("erst first", "zweit second", "dritt third", "viert fourth", "fünft fifth", "sechst sixth",
         "siebt seventh", "acht eighth", "neunt ninth", "zehnt tenth", "elft eleventh", "zwölft twelfth",
         "dreizehnt thirteenth", "vierzehnt fourteenth", "fünfzehnt fifteenth", "sechzehnt sixteenth",
         "siebzehnt seventeenth", "achtzehnt eighteenth", "neunzehnt nineteenth", "zwanzigst twentieth"), start=1)
    for word in words.split()
}  # fmt: skip
_MONTHS = {
    "januar": 1, "january": 1, "jan": 1, "jänner": 1, "februar": 2, "february": 2, "feb": 2, "märz": 3, "maerz": 3,
    "march": 3, "mar": 3, "april": 4, "apr": 4, "mai": 5, "may": 5, "juni": 6, "june": 6, "jun": 6,
    "juli": 7, "july": 7, "jul": 7, "august": 8, "aug": 8, "september": 9, "sept": 9, "sep": 9,
    "oktober": 10, "october": 10, "oct": 10,
    "november": 11, "nov": 11, "dezember": 12, "december": 12, "dec": 12,
}  # fmt: skip
_WEEKDAYS = {
    "montag": 0, "monday": 0, "mon": 0, "dienstag": 1, "tuesday": 1, "tue": 1, "tues": 1, "mittwoch": 2, "wednesday": 2,
    "wed": 2, "donnerstag": 3, "thursday": 3, "thu": 3, "thurs": 3, "freitag": 4, "friday": 4, "fri": 4, "samstag": 5,
    "sonnabend": 5, "saturday": 5, "sat": 5, "sonntag": 6, "sunday": 6,
}  # fmt: skip
_BACKWARD = frozenset(
    {"last", "letzten", "letzter", "letzte", "vergangenen", "vorigen", "seit", "since", "vom", "from", "jeden", "every"}
)
_MONTH = "(" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")"
_ORDINAL = "(" + "|".join(sorted(_ORDINALS, key=len, reverse=True)) + ")"
_DAYNAME = "(" + "|".join(sorted((d for d in _WEEKDAYS if len(d) > 5), key=len, reverse=True)) + ")"
_WITHIN = (
    r"(?:within|in|innerhalb(?: von)?|binnen|nach|after|bis zu|up to|spätestens(?: in| nach)?|maximal|höchstens|about|"
    r"takes?|dauert|around|ungefähr|etwa|circa|ca\.|allow|next|nächsten)"
)


_NO_GREETING = "".join(
    rf"(?<!\b{word} )" for word in ("guten", "gute", "schönen", "heute", "am", "jeden", "der", "den")
)
_TO = r" ?(?:to|bis|or|oder|and|und|[-–]) ?"
_UNIT = (
    r" ?(werktag(?:en|e)?|arbeitstag(?:en|e)?|business days?|working days?|bank(?:ing)? days?|minuten?|minutes?"
    r"|stunden?|hours?|hrs?|h|tag(?:en|e)?|days?|wochen?|weeks?|monat(?:en|e)?|months?)(?! ago| lang| vorher| before| earlier)"
)
# "Have a nice weekend" is no due date.
_NO_WISH = "".join(
    rf"(?<!\b{word} )" for word in ("schönes", "schönen", "gutes", "erholsames", "nice", "good", "great", "lovely")
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


def _days(count: int) -> Reader:
    return lambda match, moment: moment.today + timedelta(days=count)


def _weekday(match: re.Match[str], moment: Moment) -> Due:
    before, name = (match.group(1) or "").casefold(), match.group(2).casefold()
    if before in _BACKWARD:
        return None
    ahead = (_WEEKDAYS[name] - moment.today.weekday() - 1) % 7 + 1
    if before in ("next", "nächsten", "nächster", "nächste"):
        # "next Friday", said on a Monday, is the one of the week after; said on a Saturday, the coming one.
        ahead = 7 - moment.today.weekday() + _WEEKDAYS[name]
    return moment.today + timedelta(days=ahead)


def _span(match: re.Match[str], moment: Moment) -> Due:
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


def _one_unit(match: re.Match[str], moment: Moment) -> Due:
    return _ahead(1, match.group(1).casefold(), moment)


def _week_end(weeks: int) -> Reader:
    def read(match: re.Match[str], moment: Moment) -> Due:
        friday = moment.today + timedelta(days=4 - moment.today.weekday() + 7 * weeks)
        return friday if friday >= moment.today else friday + timedelta(days=2)

    return read


def _monday(match: re.Match[str], moment: Moment) -> Due:
    return moment.today + timedelta(days=7 - moment.today.weekday())


def _next_month_end(match: re.Match[str], moment: Moment) -> Due:
    return _month_ahead(moment.today.replace(day=1), 2) - timedelta(days=1)


def _part_of_month(match: re.Match[str], moment: Moment) -> Due:
    """ "Anfang Mai" is over on the tenth, "Mitte Mai" on the twentieth."""
    day = 10 if match.group(1).casefold() in ("anfang", "early") else 20
    return _nearest(day, _MONTHS[match.group(2).casefold()], moment)


def _christmas(match: re.Match[str], moment: Moment) -> Due:
    return date(moment.today.year, 12, 24)


def _month_ahead(day: date, count: int) -> date:
    """The same day of the month ``count`` months on, or that month's last."""
    month = day.month - 1 + count
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _month_end(match: re.Match[str], moment: Moment) -> Due:
    name = match.group(1)
    month = _MONTHS[name.casefold()] if name else moment.today.month
    year = moment.today.year + (month < moment.today.month)
    return date(year, month, calendar.monthrange(year, month)[1])


def _day_month(match: re.Match[str], moment: Moment) -> Due:
    return _nearest(_daynumber(match.group(1)), _MONTHS[match.group(2).casefold()], moment)


def _month_day(match: re.Match[str], moment: Moment) -> Due:
    return _nearest(_daynumber(match.group(2)), _MONTHS[match.group(1).casefold()], moment)


def _dotted(match: re.Match[str], moment: Moment) -> Due:
    year = match.group(3)
    if year:
        return _date(2000 + int(year) % 100, int(match.group(2)), int(match.group(1)))
    return _nearest(int(match.group(1)), int(match.group(2)), moment)


def _iso(match: re.Match[str], moment: Moment) -> Due:
    return _date(*(int(part) for part in match.groups()))


def _day_of_month(match: re.Match[str], moment: Moment) -> Due:
    day = _daynumber(match.group(1))
    this = _date(moment.today.year, moment.today.month, day)
    if this is not None and this >= moment.today:
        return this
    following = moment.today.replace(day=1) + timedelta(days=32)
    return _date(following.year, following.month, day)


# "guten Morgen", "heute Morgen", "am Morgen" and "bis heute" name no day ahead; a weekday keeps the word before it.
PATTERNS: Final[tuple[tuple[re.Pattern[str], Reader], ...]] = (
    (words(r"(?<!\bbis )(?:heute|today|tonight|this (?:morning|afternoon|evening))"), _days(0)),
    (words(r"(?:gleich|sofort|umgehend|right away)"), _days(0)),
    (words(_NO_GREETING + r"(?<!^)morgen"), _days(1)),
    (words(r"^morgen(?! ?[,!.]| herr| frau| zusammen|$)"), _days(1)),
    (words(r"(?<!day after )tomorrow"), _days(1)),
    (words(r"(?:übermorgen|day after tomorrow)"), _days(2)),
    (words(r"(?:(\w{3,12}) )?" + _DAYNAME + r"(?:früh|morgen|vormittag|mittag|nachmittag|abend)?"), _weekday),
    (words(r"(?:(\w{3,12}) )?(Mon|Tues?|Wed|Thurs?|Thu|Fri|Sat)", 0), _weekday),
    (words(_WITHIN + r" (?:the |der |den |about )?(?:next |nächsten )?(?:\w{1,8}" + _TO + r")?" + NUMBER + _UNIT),
        _span),
    (words(r"(?:\d{1,2}|" + NUMBER[1:-1].partition("|")[2] + ")" + _TO + NUMBER + _UNIT), _span),
    (words(NUMBER + r" (werktag(?:en|e)?|arbeitstag(?:en|e)?|business days?|working days?)"), _span),
    (words(r"(?:within|in|innerhalb|binnen) (?:the|der|des|einer|eines|an|a) (?:nächsten )?"
           r"(stunde|hour|werktages|tages|day|woche|week|monats|month)"), _one_unit),
    (words(r"(?:by |until |bis )?(?:close of business|cob|end of (?:the )?day|eod|dienstschluss|feierabend)"), _days(0)),
    (words(r"(?:overnight|über nacht)"), _days(1)),
    (words(r"(?:a|the next|next) fortnight|in a fortnight"), _days(14)),
    (words(r"(?:after the weekend|nach dem wochenende)"), _monday),
    (words(r"(?:next month|(?:im )?(?:nächste[nr]?|kommende[nr]?) monat)()"), _next_month_end),
    (words(r"(anfang|early|mitte|mid)[ -]" + _MONTH), _part_of_month),
    (words(r"(?:by|before|until|bis|vor) (?:weihnachten|christmas)"), _christmas),
    (words(r"(?:next week|(?:nächste|kommende)[rn]? woche)"), _week_end(1)),
    (words(r"(?:this week|diese[rn]? woche|end of the week|ende der woche)"), _week_end(0)),
    (words(_NO_WISH + r"(?:wochenende|weekend)"), _week_end(0)),
    (words(r"(?:end of |ende (?:des )?)(?:the month|monats|" + _MONTH + r")"), _month_end),
    (words(r"(?:monatsende)()"), _month_end),
    (words(r"(\d{1,2})(?:st|nd|rd|th|\.)? (?:of )?" + _MONTH), _day_month),
    (words(_ORDINAL + r"(?:e[rnm]?)? (?:of )?" + _MONTH), _day_month),
    (words(_MONTH + r" (?:the )?(\d{1,2})(?:st|nd|rd|th)?(?![.,:]?\d)"), _month_day),
    (words(_MONTH + r" (?:the )?" + _ORDINAL), _month_day),
    (words(r"(?<!\bum )(?<!\bat )(\d{1,2})\. ?(\d{1,2})\.( ?20\d\d|\d\d)?(?![.\d])"), _dotted),
    (words(r"(\d{4})-(\d{2})-(\d{2})"), _iso),
    (words(r"(?:by|on|until|for|before|,) ?the (\d{1,2})(?:st|nd|rd|th)"), _day_of_month),
    (words(r"(?:by|until) the " + _ORDINAL), _day_of_month),
    (words(r"(?:am|bis zum|zum|bis) (\d{1,2})\.(?! ?\d)(?! (?:" + _MONTH[1:-1] + r"))()"), _day_of_month),
    (words(r"(?:am|bis zum|zum|ab) " + _ORDINAL + r"e[nm](?! (?:mal|tag|schritt|" + _MONTH[1:-1] + r"))"),
        _day_of_month),
)  # fmt: skip


def due_time(text: str, said_at: datetime, zone: ZoneInfo, holidays: frozenset[date] = NO_HOLIDAYS) -> datetime | None:
    """The due time in UTC that ``text`` names when said at ``said_at`` (aware), or None.

    >>> utc = ZoneInfo("UTC")
    >>> due_time("You will have it within 2 business days.", datetime(2026, 3, 6, 9, tzinfo=utc), utc)
    datetime.datetime(2026, 3, 10, 23, 59, 59, tzinfo=datetime.timezone.utc)
    """
    moment = Moment(said_at.astimezone(zone), holidays)
    found = [due for pattern, read in PATTERNS for match in pattern.finditer(text) if (due := read(match, moment))]
    ends = {_end(due, zone).astimezone(UTC): due for due in found}
    latest = said_at + timedelta(days=FARTHEST_DAYS)
    ahead = [end for end in ends if said_at <= end <= latest]
    if not ahead:
        return _later_today(text, moment.said)
    due = max(ahead)
    day = ends[due]
    return due if isinstance(day, datetime) else _by_clock(text, day, zone, said_at, due)


def _by_clock(text: str, day: date, zone: ZoneInfo, said_at: datetime, fallback: datetime) -> datetime:
    """The last clock time of the text on ``day``, where it lies ahead; else the end of the day."""
    dues = [datetime.combine(day, at, zone).astimezone(UTC) for at in clock_times(text)]
    ahead = [due for due in dues if due > said_at]
    return max(ahead) if ahead else fallback


def _later_today(text: str, said: datetime) -> datetime | None:
    """ "by two", "spätestens halb elf", said without a day: the last of these that still lies ahead today."""
    dues = [datetime.combine(said.date(), at, said.tzinfo) for at in deadline_times(text)]
    dues = [due if due > said else due + timedelta(hours=12) for due in dues]
    ahead = [due for due in dues if due > said and due.date() == said.date()]
    return max(ahead).astimezone(UTC) if ahead else None


def _end(due: date | datetime, zone: ZoneInfo) -> datetime:
    return due if isinstance(due, datetime) else datetime.combine(due, END_OF_DAY, zone)


def _daynumber(word: str) -> int:
    return int(word) if word.isdigit() else _ORDINALS[word.casefold()]


def _nearest(day: int, month: int, moment: Moment) -> Due:
    """The occurrence of a date without a year that lies nearest to today; a past one is dropped later."""
    near = [_date(moment.today.year + shift, month, day) for shift in (-1, 0, 1)]
    return min((found for found in near if found), key=lambda found: abs(found - moment.today), default=None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
