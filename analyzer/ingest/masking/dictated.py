"""Numbers said digit by digit: phone, card and account numbers, and any dictated run of six digits or more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from stdnum import iban, luhn

from analyzer.ingest.masking.phones import phone_of, says_phone
from analyzer.ingest.masking.references import CONTEXTS, kind_before
from analyzer.ingest.masking.spans import Masker, Span, is_quantity, is_year
from analyzer.ingest.masking.spoken import Run, runs, says_digits

_COUNTRY: Final = re.compile(r"(?<![^\W_])([A-Za-z]) ?([A-Za-z])[ ,]{1,2}$")
_CARD: Final = re.compile(r"karte|card|visa|master", re.IGNORECASE)


def find(text: str, masker: Masker) -> Iterator[Span]:
    for run in runs(text) if says_digits(text) else ():
        if run.spoken < 3 or is_quantity(text, run.start, run.end):
            continue
        country = _COUNTRY.search(text, max(0, run.start - 5), run.start)
        if country and len(run.digits) >= 13 and iban.is_valid(country[1] + country[2] + run.digits):
            yield Span(country.start(), run.end, "IBAN", iban.compact(country[1] + country[2] + run.digits))
        elif kind := _kind(text, run, masker):
            yield Span(run.start, run.end, *kind)


def _kind(text: str, run: Run, masker: Masker) -> tuple[str, str] | None:
    digits = run.digits
    if len(digits) >= 12 and luhn.is_valid(digits):
        return "CARD", digits
    kind = kind_before(text, run.start) or next((kind for kind in CONTEXTS if kind in masker.asked), None)
    if kind is None and len(digits) >= 8 and (digits[0] == "0" or len(digits) >= 10) and (phone := phone_of(digits)):
        return "PHONE", phone
    if says_phone(text, run.start) and len(digits) >= 5:
        return "PHONE", digits
    if _CARD.search(text, max(0, run.start - 40), run.start) and len(digits) >= 4 and not is_year(digits):
        return "CARD", digits
    if len(digits) >= (8 if run.hundreds else 6) and run.spoken >= 5:
        return kind or "NUMBER", digits
    return None
