"""What every kind of mask shares: spans with their value, the numbers of one contact, dates and amounts to spare."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

PLACEHOLDER: Final = re.compile(r"\[([A-Z]{2,20})_(\d{1,6})\]")

DIGIT: Final = re.compile(r"\d")

# Numbering plans take 03.06.2026 for a number in area 0306, and promises need their dates: these are never numbers.
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH: Final = r"(?:0?[1-9]|1[0-2])"
_YEAR: Final = r"(?:19|20)\d\d"
DATE_OR_TIME: Final = re.compile(
    rf"(?<![\d.]){_DAY}\. ?{_MONTH}\.(?: ?(?:{_YEAR}|\d\d))?(?!\d)"  # 3.6. 03.06.26 03. 06. 2026
    rf"|(?<![\d.])(?<!\d[ /-])(?:{_DAY}([ /-]){_MONTH}|{_MONTH}([ /-]){_DAY})(?:\1|\2){_YEAR}(?!\d)"  # 03/06/2026
    rf"|(?<![\d.]){_YEAR}-\d\d-\d\d(?!\d)"
    r"|(?<![\d.:])[0-2]?\d(?::[0-5]\d){1,2}(?!\d)|(?<![\d.])[0-2]?\d\.[0-5]\d(?![\d.])"  # 9:12:05, 9.12 Uhr
)
# What follows a count and makes it a quantity: money, time, share, pieces.
UNIT: Final = re.compile(
    r"[ -]?(?:[€$£%°]|(?:euros?|cents?|eur|usd|gbp|dollars?|pounds?|pence|quid|bucks|grand|prozent|percent"
    r"|uhr|o'clock|[ap]\.?m"
    r"|stunden?|minuten?|sekunden?|tagen?|wochen?|monaten?|jahren?|hours?|minutes?|mins?|seconds?|days?|weeks?|months?"
    r"|years?|times|mal|st[üu]ck|pieces|items|punkten?|points|miles|meilen|km|m|kilometern?|metern?|meters"
    r"|kwh|kw|watt|mbit|gb|mb"
    r"|mhz|grad|degrees|kilo|kg|people|leute|kunden|customers|personen)\b)",
    re.IGNORECASE,
)


class Span(NamedTuple):
    """What is masked: half-open offsets, the kind that stands in the placeholder, the value in one normal form."""

    start: int
    end: int
    kind: str
    value: str


class Masker:
    """Numbers of one contact: the same value has the same number in all its turns.

    It remembers who was introduced and what was last asked for, so turns are to be masked in their order.
    """

    def __init__(self, already: str = "", special_categories: bool = False) -> None:
        """``already`` is the contact's text: numbers of masks that came with it are not given again, and people
        introduced anywhere in it are known from its first word. ``special_categories``: mask health, faith, union too.
        """
        self.special_categories = special_categories
        self.unread = already
        self.hinted: dict[str, frozenset[int]] = {}  # line of ``already`` → kinds it could hold
        self.people: dict[str, str] = {}  # a word of a name → the person's value
        self.asked: dict[str, int] = {}  # kind → texts for which a bare answer is still taken as one
        self.numbers: dict[tuple[str, str], int] = {}
        self.highest: dict[str, int] = {}
        for kind, number in PLACEHOLDER.findall(already) if "[" in already else ():
            self.highest[kind] = max(self.highest.get(kind, 0), int(number))

    def placeholder(self, kind: str, value: str) -> str:
        number = self.numbers.get((kind, value))
        if number is None:
            number = self.numbers[kind, value] = self.highest[kind] = self.highest.get(kind, 0) + 1
        return f"[{kind}_{number}]"


def word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def in_small(text: str) -> str:
    """``text`` in small letters, every one at its place: patterns are found in it several times as fast as in any case.

    >>> in_small("İZMİR, Straße")
    'İzmİr, straße'
    """
    small = text.lower()
    return (
        small if len(small) == len(text) else "".join([low if len(low := char.lower()) == 1 else char for char in text])
    )


def digits_of(text: str) -> str:
    return "".join(char for char in text if char.isdecimal())


def compact(text: str) -> str:
    """Letters and digits of ``text`` in lower case: how one value is known again however it is written."""
    return "".join(char for char in text.casefold() if char.isalnum())


def is_year(digits: str) -> bool:
    return len(digits) == 4 and digits[:2] in {"19", "20"}


def is_quantity(text: str, start: int, end: int) -> bool:
    """Whether the number at ``start:end`` is a date, a time, an amount or a count of something."""
    before = text[max(0, start - 1) : start]
    return before in {"€", "$", "£"} or UNIT.match(text, end) is not None or DATE_OR_TIME.match(text, start) is not None
