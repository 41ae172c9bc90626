"""Masks for what identifies a person: emails, phone numbers, IBANs and cards, numbered within a contact.

A cheap search finds the few texts with ``@`` or six digits close together; only these meet the validators. Check digits
(python-stdnum) and numbering plans (phonenumbers; Germany, Britain, United States) keep order numbers, amounts, dates
and times unmasked. ``MASKS`` lists the kinds in the order in which they are tried.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import iban, luhn

Span = tuple[int, int, str]  # start, end, the value in one normal form

_REGIONS: Final = ("DE", "GB", "US")
_DIGITS_NEAR: Final = re.compile(r"\d(?:[^\w\n]{0,3}\d){5}")
_PLACEHOLDER: Final = re.compile(r"\[([A-Z]{2,20})_(\d{1,6})\]")
_EMAIL: Final = re.compile(r"(?<![\w+%])[\w+%][\w.+%'-]{0,63}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_IBAN: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,34}")
_CARD: Final = re.compile(r"(?<![\w.,-])[2-6]\d(?:[ -]?\d){11,17}(?!\w)")
_PHONE: Final = re.compile(r"(?<!\w)[+(]{0,2}\d[\d\s()/.+–-]{4,40}\d(?!\w)")

# Numbering plans take 03.06.2026 for a number in area 0306, and promises need their dates: these are never phones.
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH: Final = r"(?:0?[1-9]|1[0-2])"
_YEAR: Final = r"(?:19|20)\d\d"
_DATE_OR_TIME: Final = re.compile(
    rf"(?<![\d.]){_DAY}\. ?{_MONTH}\.(?: ?(?:{_YEAR}|\d\d))?(?!\d)"  # 3.6. 03.06.26 03. 06. 2026
    rf"|(?<![\d.])(?<!\d[ /-])(?:{_DAY}([ /-]){_MONTH}|{_MONTH}([ /-]){_DAY})(?:\1|\2){_YEAR}(?!\d)"  # 03/06/2026
    rf"|(?<![\d.]){_YEAR}-\d\d-\d\d(?!\d)"
    r"|(?<![\d.:])[0-2]?\d(?::[0-5]\d){1,2}(?!\d)|(?<![\d.])[0-2]?\d\.[0-5]\d(?![\d.])"  # 9:12:05, 9.12 Uhr
)


class Masker:
    """Numbers of one contact: the same value has the same number in all its turns."""

    def __init__(self, already: str = "") -> None:
        """``already`` is the contact's text: numbers of masks that came with it are not given again."""
        self.numbers: dict[tuple[str, str], int] = {}
        self.highest: dict[str, int] = {}
        for kind, number in _PLACEHOLDER.findall(already) if "[" in already else ():
            self.highest[kind] = max(self.highest.get(kind, 0), int(number))

    def placeholder(self, kind: str, value: str) -> str:
        number = self.numbers.get((kind, value))
        if number is None:
            number = self.numbers[kind, value] = self.highest[kind] = self.highest.get(kind, 0) + 1
        return f"[{kind}_{number}]"


def needs_look(text: str) -> bool:
    """Whether ``text`` could hold anything that is masked; false for nearly all talk."""
    return "@" in text or _DIGITS_NEAR.search(text) is not None


def mask(text: str, masker: Masker) -> str:
    """``text`` with everything in ``MASKS`` replaced; masking masked text changes nothing.

    >>> mask("Write to Ann@Example.org or ann@example.org.", Masker())
    'Write to [EMAIL_1] or [EMAIL_1].'
    """
    if not needs_look(text):
        return text
    for _ in range(8):  # a mask may part what was joined; more than two rounds are not seen in talk
        masked = text
        for kind, find in MASKS.items():
            masked = _replace(masked, kind, find(masked), masker)
        if masked == text:
            break
        text = masked
    return text


def _replace(text: str, kind: str, spans: Iterator[Span], masker: Masker) -> str:
    parts: list[str] = []
    done = 0
    for start, end, value in spans:
        parts += (text[done:start], masker.placeholder(kind, value))
        done = end
    return "".join((*parts, text[done:])) if parts else text


def _emails(text: str) -> Iterator[Span]:
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield match.start(), match.end(), match[0].casefold()


def _ibans(text: str) -> Iterator[Span]:
    position = 0
    while match := _IBAN.search(text, position):
        position = match.start() + 1  # what only looked like one may hold one
        if end := _iban_end(match[0]):
            position = match.start() + end
            yield match.start(), position, iban.compact(match[0][:end])


def _iban_end(candidate: str) -> int:
    """Where the IBAN at the start of ``candidate`` ends, 0 without one: words may follow ("… 00 bitte")."""
    for end in range(len(candidate), 14, -1):
        if (end == len(candidate) or not candidate[end].isalnum()) and iban.is_valid(candidate[:end]):
            return end
    return 0


def _cards(text: str) -> Iterator[Span]:
    position = 0
    while match := _CARD.search(text, position):
        position = match.start() + 1
        if end := _card_end(match[0]):
            position = match.start() + end
            yield match.start(), position, _digits(match[0][:end])


def _card_end(candidate: str) -> int:
    for end in range(len(candidate), 12, -1):
        if end == len(candidate) or not candidate[end].isalnum():
            digits = _digits(candidate[:end])
            if 13 <= len(digits) <= 19 and luhn.is_valid(digits):
                return end
    return 0


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdecimal())


def _phones(text: str) -> Iterator[Span]:
    text = _DATE_OR_TIME.sub(lambda match: "x" * len(match[0]), text)
    for match in _PHONE.finditer(text):
        if len(_digits(match[0])) >= 7:
            for start, end, number in _phones_in(match[0]):
                yield match.start() + start, match.start() + end, number


@lru_cache(maxsize=4096)
def _phones_in(candidate: str) -> tuple[Span, ...]:
    for region in _REGIONS:
        matches = PhoneNumberMatcher(candidate, region, leniency=Leniency.VALID)
        found = tuple(
            (match.start, match.end, phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164))
            for match in matches
        )
        if found:
            return found
    return ()


MASKS: Final[Mapping[str, Callable[[str], Iterator[Span]]]] = {
    "EMAIL": _emails,
    "IBAN": _ibans,
    "CARD": _cards,
    "PHONE": _phones,
}
