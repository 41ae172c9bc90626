"""When a promise falls due, read from its words in German and English.

One visible table, ``PATTERNS``: each line is a pattern and the function that turns what it caught into a due time.
All that match are read and the latest wins, because "it leaves today and you have it by Friday" is kept on Friday.
What lies in the past, or further than ``FARTHEST_DAYS`` ahead, is no due date. A day means its end in the business
time zone, or the clock time that the sentence names. Business days skip weekends and ``holidays``.

Patterns use no nested or adjoining repeats, so their cost is linear in the text.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from analyzer.journey import due_readers as say
from analyzer.journey.clock import clock_times, deadline_times
from analyzer.journey.due_readers import MONTHS, NO_HOLIDAYS, ORDINALS, WEEKDAYS, Moment, Reader
from analyzer.journey.numerals import NUMBER, words

FARTHEST_DAYS: Final = 120
END_OF_DAY: Final = time(23, 59, 59)

_MONTH = "(" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")"
_ORDINAL = "(" + "|".join(sorted(ORDINALS, key=len, reverse=True)) + ")"
_DAYNAME = "(" + "|".join(sorted((d for d in WEEKDAYS if len(d) > 5), key=len, reverse=True)) + ")"
_WITHIN = (
    r"(?:within|in|innerhalb(?: von)?|binnen|nach|after|bis zu|up to|spätestens(?: in| nach)?|maximal|höchstens|about|"
    r"takes?|dauert|around|ungefähr|etwa|circa|ca\.|allow|next|nächsten)"
)


_NO_GREETING = "".join(
    rf"(?<!\b{word} )" for word in ("guten", "gute", "schönen", "heute", "am", "jeden", "der", "den")
)
_TO = r" ?(?:to|bis|or|oder|and|und|[-–]) ?"
_UNIT = (
    r" ?(werktag(?:en|e)?|(?:bank)?arbeitstag(?:en|e)?|business days?|working days?|bank(?:ing)? days?|minuten?"
    r"|minutes?|stunden?|hours?|hrs?|h|tag(?:en|e)?|days?|wochen?|weeks?|monat(?:en|e)?|months?)"
    r"(?! ago| lang| vorher| before| earlier)"
)
# "Have a nice weekend" is no due date.
_NO_WISH = "".join(
    rf"(?<!\b{word} )" for word in ("schönes", "schönen", "gutes", "erholsames", "nice", "good", "great", "lovely")
)


# "guten Morgen", "heute Morgen", "am Morgen" and "bis heute" name no day ahead; a weekday keeps the word before it.
PATTERNS: Final[tuple[tuple[re.Pattern[str], Reader], ...]] = (
    (words(r"(?<!\bbis )(?:heute|today|tonight|this (?:morning|afternoon|evening))"), say.days(0)),
    (words(r"(?:gleich|sofort|umgehend|right away)"), say.days(0)),
    (words(_NO_GREETING + r"(?<!^)morgen"), say.days(1)),
    (words(r"^morgen(?! ?[,!.]| herr| frau| zusammen|$)"), say.days(1)),
    (words(r"(?<!day after )tomorrow"), say.days(1)),
    (words(r"(?:übermorgen|day after tomorrow)"), say.days(2)),
    (words(r"(?:(\w{3,12}) )?" + _DAYNAME + r"(?:früh|morgen|vormittag|mittag|nachmittag|abend)?"), say.weekday),
    (words(r"(?:(\w{3,12}) )?(Mon|Tues?|Wed|Thurs?|Thu|Fri|Sat)", 0), say.weekday),
    (words(_WITHIN + r" (?:the |der |den |about )?(?:next |nächsten )?(?:\w{1,8}" + _TO + r")?" + NUMBER + _UNIT),
        say.span),
    (words(r"(?:\d{1,2}|" + NUMBER[1:-1].partition("|")[2] + ")" + _TO + NUMBER + _UNIT), say.span),
    (words(NUMBER + r" (werktag(?:en|e)?|(?:bank)?arbeitstag(?:en|e)?|business days?|working days?)"), say.span),
    (words(r"(?:within|in|innerhalb|binnen) (?:the|der|des|einer|eines|an|a) (?:nächsten )?"
           r"(stunde|hour|werktages|tages|day|woche|week|monats|month)"), say.one_unit),
    (words(r"(?:next|following|(?:nächst|folgend|kommend)e[nrm]?) (werktag|arbeitstag|business day|working day)"),
        say.one_unit),
    # "The next day" alone tells of what happened as often as of what is to come.
    (words(r"(?:am|bis zum|by the) (?:next|following|(?:nächst|folgend)en) (tag|day)"), say.one_unit),
    (words(r"(?:in|within|innerhalb) (?:half an hour|(?:the next|einer|der nächsten) hal(?:f|ben) (?:hour|stunde))"),
        say.half_hour),
    (words(r"()" + _DAYNAME + r" (?:week|in einer woche|in acht tagen)"), say.weekday_after),
    (words(r"(?:im laufe des (?:heutigen )?tages|in the course of the day|later on today)"), say.days(0)),
    (words(r"(?:übernächste[rn]? woche|(?:the )?week after next)"), say.week_end(2)),
    (words(r"(?:close of business|cob|end of (?:the )?day|eod|dienstschluss|feierabend)"), say.days(0)),
    (words(r"(?:overnight|über nacht)"), say.days(1)),
    (words(r"(?:a|the next|next) fortnight|in a fortnight"), say.days(14)),
    (words(r"(?:after the weekend|nach dem wochenende)"), say.monday),
    (words(r"(?:next month|(?:im )?(?:nächste[nr]?|kommende[nr]?) monat)()"), say.next_month_end),
    (words(r"(anfang|early|mitte|mid)[ -]" + _MONTH), say.part_of_month),
    (words(r"(?:by|before|until|bis|vor) (?:weihnachten|christmas)"), say.christmas),
    (words(r"(?:next week|(?:nächste|kommende)[rn]? woche)"), say.week_end(1)),
    (words(r"(?:this week|diese[rn]? woche|end of the week|ende der woche)"), say.week_end(0)),
    (words(_NO_WISH + r"(?:wochenende|weekend)"), say.week_end(0)),
    (words(r"(?:end of |ende (?:des )?)(?:the month|monats|" + _MONTH + r")"), say.month_end),
    (words(r"(?:monatsende)()"), say.month_end),
    (words(r"(\d{1,2})(?:st|nd|rd|th|\.)? (?:of )?" + _MONTH), say.day_month),
    (words(_ORDINAL + r"(?:e[rnm]?)? (?:of )?" + _MONTH), say.day_month),
    (words(_MONTH + r" (?:the )?(\d{1,2})(?:st|nd|rd|th)?(?![.,:]?\d)"), say.month_day),
    (words(_MONTH + r" (?:the )?" + _ORDINAL), say.month_day),
    (words(r"(?<!\bum )(?<!\bat )(\d{1,2})\. ?(\d{1,2})\.( ?20\d\d|\d\d)?(?![.\d])"), say.dotted),
    (words(r"(\d{4})-(\d{2})-(\d{2})"), say.iso),
    (words(r"(?:by|on|until|for|before|,) ?the (\d{1,2})(?:st|nd|rd|th)"), say.day_of_month),
    (words(r"(?:by|until) the " + _ORDINAL), say.day_of_month),
    (words(r"(?:am|bis zum|zum|bis) (\d{1,2})\.(?! ?\d)(?! (?:" + _MONTH[1:-1] + r"))()"), say.day_of_month),
    (words(r"(?:am|bis zum|zum|ab) " + _ORDINAL + r"e[nm](?! (?:mal|tag|schritt|" + _MONTH[1:-1] + r"))"),
        say.day_of_month),
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
