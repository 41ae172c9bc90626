"""IBANs and payment cards, known by their check digits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from stdnum import iban, luhn

from analyzer.ingest.masking.spans import Masker, Span, digits_of

_IBAN: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,34}")
# "+49 171 …" is a phone number, though every tenth has a card's check digit.
_CARD: Final = re.compile(r"(?<![\w.,+-])(?:[2-6]\d|18)(?:[ -]?\d){10,17}(?!\w)")


def find_ibans(text: str, masker: Masker) -> Iterator[Span]:
    position = 0
    while match := _IBAN.search(text, position):
        position = match.start() + 1  # what only looked like one may hold one
        if end := _iban_end(match[0]):
            position = match.start() + end
            yield Span(match.start(), position, "IBAN", iban.compact(match[0][:end]))


def _iban_end(candidate: str) -> int:
    """Where the IBAN at the start of ``candidate`` ends, 0 without one: words may follow ("… 00 bitte")."""
    for end in range(len(candidate), 14, -1):
        if (end == len(candidate) or not candidate[end].isalnum()) and iban.is_valid(candidate[:end]):
            return end
    return 0


def find_cards(text: str, masker: Masker) -> Iterator[Span]:
    position = 0
    while match := _CARD.search(text, position):
        position = match.start() + 1
        if end := _card_end(match[0]):
            position = match.start() + end
            yield Span(match.start(), position, "CARD", digits_of(match[0][:end]))


def _card_end(candidate: str) -> int:
    for end in range(len(candidate), 11, -1):
        if end == len(candidate) or not candidate[end].isalnum():
            digits = digits_of(candidate[:end])
            if 12 <= len(digits) <= 19 and luhn.is_valid(digits):
                return end
    return 0
