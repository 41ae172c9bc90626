"""What a cell says: a number (German or English), a yes or no, a date, a word, or nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

Decimal = Literal[",", "."]

MISSING: Final = frozenset({"", "na", "n/a", "n.a.", "nan", "null", "none", "-", "–", "k.a.", "k. a.", "keine angabe"})
YES: Final = frozenset({"yes", "ja", "true", "wahr", "y", "j"})
NO: Final = frozenset({"no", "nein", "false", "falsch", "n"})

_FIRST_YEAR: Final = 1901
_LAST_YEAR: Final = 2199

_NUMBER = re.compile(r"[+-]?(\d[\d.,]*|[.,]\d+)([eE][+-]?\d+)?")
_DECORATION = re.compile(r"[\s\u00a0\u202f'’€$£%]|EUR|CHF|USD")
_GERMAN_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?(?: Uhr)?")
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_ISO_START = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}")


def is_missing(cell: Any) -> bool:
    """Whether the cell says nothing: empty, null, NaN or one of the usual words for it."""
    if cell is None:
        return True
    if isinstance(cell, str):
        return cell.strip().lower() in MISSING
    return isinstance(cell, float) and math.isnan(cell)


def read_boolean(cell: Any) -> float | None:
    """1 for yes, 0 for no, in words or figures of both languages; None where it is neither."""
    if isinstance(cell, str):
        word = cell.strip().lower()
        if word in YES or word in NO:
            return float(word in YES)
    number = read_number(cell)
    return number if number in (0.0, 1.0) else None


def read_number(cell: Any, decimal: Decimal | None = None) -> float | None:
    """The number in the cell, None where there is none.

    Where the cell itself does not tell whether its comma or point is the decimal sign ("1.234"), ``decimal`` does;
    without it a lone point is decimal and a lone comma before three digits separates thousands.
    """
    if not isinstance(cell, str):
        return _plain_number(cell)
    bare = _DECORATION.sub("", cell).replace("−", "-")
    if not _NUMBER.fullmatch(bare):
        return None
    sign = decimal_sign(bare) or decimal or "."
    thousands = "." if sign == "," else ","
    bare = bare.replace(thousands, "").replace(",", ".")
    try:
        number = float(bare)
    except ValueError:  # more than one decimal sign
        return None
    return number if math.isfinite(number) else None


def _plain_number(cell: Any) -> float | None:
    if isinstance(cell, (date, bytes, list, dict)):
        return None
    try:
        number = float(cell)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def decimal_sign(cell: str) -> Decimal | None:
    """Which of comma and point is the decimal sign, as far as this number alone can tell."""
    commas, points = cell.count(","), cell.count(".")
    if commas and points:
        return "," if cell.rfind(",") > cell.rfind(".") else "."
    if commas + points != 1:
        return "," if points > 1 else "." if commas > 1 else None
    sign: Decimal = "," if commas else "."
    whole, _, fraction = cell.partition(sign)
    grouped = len(fraction) == 3 and 1 <= len(whole.lstrip("+-")) <= 3 and whole.lstrip("+-") != "0"
    return None if grouped else sign


def column_decimal(cells: Iterable[Any]) -> Decimal | None:
    """The decimal sign of a column of cells: the one that more of its numbers show, None where none shows it."""
    signs = [decimal_sign(_DECORATION.sub("", c)) for c in cells if isinstance(c, str) and read_number(c) is not None]
    commas, points = signs.count(","), signs.count(".")
    return None if commas == points else "," if commas > points else "."


def read_time(cell: Any, zone: ZoneInfo) -> datetime | None:
    """The moment in UTC, None where the cell is no date. A date without time is its midnight in ``zone``.

    Reads ISO 8601, 2026/11/01, 20261101 and 01.11.2026 [14:30[:15]]. 11/01/2026 is refused: it has two meanings. So is
    what ``stands_for_no_time``.
    """
    moment = _told_time(cell)
    return None if moment is None or _is_placeholder(moment) else _utc(moment, zone)


def is_time(cell: Any) -> bool:
    """Whether the cell is a date or a time, be it one that stands for none."""
    return _told_time(cell) is not None


def stands_for_no_time(cell: Any) -> bool:
    """Whether the cell is a date by which systems say that there is none: 1900-01-01, 9999-12-31 and the like."""
    moment = _told_time(cell)
    return moment is not None and _is_placeholder(moment)


def _is_placeholder(moment: datetime) -> bool:
    return not _FIRST_YEAR <= moment.year <= _LAST_YEAR


def _told_time(cell: Any) -> datetime | None:
    if isinstance(cell, datetime):
        return cell
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day)
    if not isinstance(cell, str):
        return None
    try:
        return _written_time(cell.strip())
    except ValueError:  # the 31st of February
        return None


def _written_time(text: str) -> datetime | None:
    if german := _GERMAN_DATE.fullmatch(text):
        day, month, year, *clock = (int(part or 0) for part in german.groups())
        hour, minute, second = clock
        return datetime(year, month, day, hour, minute, second)
    if compact := _COMPACT_DATE.fullmatch(text):
        year, month, day = (int(part) for part in compact.groups())
        return datetime(year, month, day)
    if _ISO_START.match(text):
        return datetime.fromisoformat(_zero_padded(text.replace("/", "-")))
    return None


def _zero_padded(text: str) -> str:
    """2026-1-5 as 2026-01-05, which is all that the standard library's reader takes."""
    return re.sub(r"^(\d{4})-(\d{1,2})-(\d{1,2})", lambda m: f"{m[1]}-{m[2]:>02}-{m[3]:>02}", text)


def _utc(moment: datetime, zone: ZoneInfo) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
