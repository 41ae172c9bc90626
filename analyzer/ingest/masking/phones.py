"""Phone numbers, written: valid in the plan of Germany, Austria, Britain or the United States, or
looking dialled, or after a word that says so; other runs of nine digits are numbers of something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher

from analyzer.ingest.masking.spans import DATE_OR_TIME, Masker, Span, digits_of, is_quantity

_REGIONS: Final = ("DE", "GB", "US")
_PHONE: Final = re.compile(r"(?<!\w)[+(]{0,2}\d[\d\s()/.+–-]{4,40}\d(?![^\Wx]|x(?!\d))")
_AMOUNT: Final = re.compile(r"\d{1,3}(?:[. ]\d{3})+(?:,\d\d)?")
_EXTENSION: Final = re.compile(r" ?(?:x|ext\.?|durchwahl) ?\d{1,6}(?!\w)", re.IGNORECASE)
_SAYS_SO: Final = re.compile(
    r"(?<!\w)(?:(?:tele?fon|handy|mobil|rückruf|festnetz|ruf)(?:funk)?-?(?:nummer|nr\.?)?|tel\.?|fon"
    r"|fax(?:nummer)?|durchwahl"
    r"|(?:phone|cell|mobile|landline|contact|call-?back|fax|home|work)(?: ?phone)?(?: number| no\.?)?|cellphone"
    r"|(?:call|ring|text|reach|phone) (?:me|us|him|her|back)|rufen? sie|ruf|(?:zurück|an)rufen|whats ?app"
    r"|erreichen sie mich|erreichbar|(?:answering|calling|ringing|reached?|reachable) (?:at|on|under))(?!\w)",
    re.IGNORECASE,
)


def find(text: str, masker: Masker) -> Iterator[Span]:
    plain = DATE_OR_TIME.sub(lambda match: "x" * len(match[0]), text)
    for match in _PHONE.finditer(plain):
        count = len(digits_of(match[0]))
        if count < 6:
            continue
        found = _phones_in(match[0]) if count >= 7 else ()
        for start, end, number in found:
            yield Span(match.start() + start, _past_extension(text, match.start() + end), "PHONE", number)
        if not found and count <= 18 and not is_quantity(text, match.start(), match.end()):
            if _looks_dialled(match[0], count) or says_phone(text, match.start()):
                yield Span(match.start(), _past_extension(text, match.end()), "PHONE", digits_of(match[0]))
            elif count >= 9 and not _AMOUNT.fullmatch(match[0]):
                yield Span(match.start(), match.end(), "NUMBER", digits_of(match[0]))


def _past_extension(text: str, end: int) -> int:
    extension = _EXTENSION.match(text, end)
    return extension.end() if extension else end


def _looks_dialled(number: str, count: int) -> bool:
    """Numbers of other countries: a plus, or a leading nought or bracket and parts."""
    return number[0] == "+" or (8 <= count <= 13 and number[0] in "0(" and any(char in " ()/.-" for char in number))


def says_phone(text: str, position: int) -> bool:
    """Whether a phone is spoken of shortly before ``position``."""
    return _SAYS_SO.search(text, max(0, position - 45), position) is not None


@lru_cache(maxsize=4096)
def _phones_in(candidate: str) -> tuple[tuple[int, int, str], ...]:
    for region in _REGIONS:
        matches = PhoneNumberMatcher(candidate, region, leniency=Leniency.VALID)
        found = tuple(
            (match.start, match.end, phonenumbers.format_number(match.number, PhoneNumberFormat.E164))
            for match in matches
        )
        if found:
            return found
    return ()


@lru_cache(maxsize=4096)
def phone_of(digits: str) -> str | None:
    """The number in one form if ``digits``, as dictated, are a valid phone number."""
    for candidate in (digits, "+" + digits.removeprefix("00") if digits.startswith(("00", "44", "49")) else digits):
        for region in _REGIONS:
            try:
                number = phonenumbers.parse(candidate, region)
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_valid_number(number):
                return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    return None
