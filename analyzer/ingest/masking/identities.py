"""Numbers that a state or a health service gives: tax, VAT, social security, passport, driving licence, plates.

Where a number has a check digit (python-stdnum) it is known by it; others need a word before them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from stdnum.at import uid as vat_at
from stdnum.ch import ssn as ahv
from stdnum.de import idnr, stnr
from stdnum.de import vat as vat_de
from stdnum.eu import vat as vat_eu
from stdnum.gb import nhs
from stdnum.us import ssn

from analyzer.ingest.masking.spans import DIGIT, Masker, Span, compact, digits_of, in_small

_VAT: Final = re.compile(
    r"(?<!\w)(?:AT ?U|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI"
    r"|SK)(?: ?[\dA-Z]){8,12}(?!\w)"
)
_IDNR: Final = re.compile(r"(?<![\w.,+-])\d{2} ?\d{3} ?\d{3} ?\d{3}(?![\w]|[.,]\d)")
_SSN: Final = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")
_NINO: Final = re.compile(
    r"(?<!\w)(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)",
    re.IGNORECASE,
)
_RVNR: Final = re.compile(r"(?<!\w)\d{2} ?(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2} ?[A-Z] ?\d{3}(?!\w)")
_AHV: Final = re.compile(r"(?<![\w.])756\.\d{4}\.\d{4}\.\d{2}(?![\w])")

_SAID: Final = {
    "TAX": r"steuer(?:identifikations)?-?(?:id|nummer|nr\.?)|idnr\.?|ust-?id(?:nr\.?|-?nummer)?"
        r"|umsatzsteuer-?id\w*|vat(?: id| number| no\.?)?"
    r"|tax (?:id|number|code|reference)|tin|itin|ein|utr",
    "SOCIAL": r"social security(?: number)?|ssn|sozialversicherungs(?:nummer|nr\.?)|rentenversicherungs(?:nummer"
        r"|nr\.?)|sv-?nummer"
    r"|national insurance(?: number)?|ni number|nhs number|krankenversicherten(?:nummer|nr\.?)"
        r"|versichertennummer|ahv-?(?:nummer|nr\.?)?|medicare number",
    "IDENTITY": r"(?:reise)?pass(?:-?nummer|-?nr\.?)|passport(?: number| no\.?)?|(?:personal)?ausweis(?:-?nummer"
        r"|-?nr\.?)?|id card(?: number)?"
    r"|identity card(?: number)?|driv(?:er'?s?|ing) licen[cs]e(?: number| no\.?)?|dl number"
        r"|führerschein(?:-?nummer|-?nr\.?)?|aufenthaltstitel|green card number",
    "PLATE": r"(?:auto|kfz-?)?kennzeichen|nummernschild|(?:licen[cs]e|number|registration) ?plate"
        r"|registration(?: number)?|reg(?: number|\.)?|plates?",
}  # fmt: skip
# Both are matched against text in small letters.
_CONTEXT: Final = re.compile(
    "(?<![^\\W_])(?:" + "|".join(f"(?P<{kind}>{words})" for kind, words in _SAID.items()) + r")(?![^\W_])"
)
_FILLER: Final = re.compile(
    r"(?:[ :=#,.(\"'–-]|\n|(?:ist|is|lautet|war|was|number|nummer|it's|the|die|das|der|mein|my|on|of|car"
        r"|wagen|auto|vom|von|for)(?![^\W_])){0,10}"
)  # fmt: skip
_TOKEN: Final = re.compile(r"[A-Za-z0-9ÄÖÜäöü]{1,16}(?:[ ./-](?=\w{0,8}\d)[A-Za-z0-9]{1,12}){0,5}")
_PLATE: Final = re.compile(
    r"(?:[A-ZÄÖÜ]{1,3}[ -][A-Z]{1,2}[ -]?\d{1,4}[EH]?|[A-Z]{2}\d{2} ?[A-Z]{3}|[A-Z]\d{1,3} ?[A-Z]{3}"
    r"|[A-Z]{3}[ -]?\d{3,4}|\d[A-Z]{3}\d{3})(?!\w)",
    re.IGNORECASE,
)

HINT: Final = (
    r"\d{3}-\d{2}-\d{4}|756\.\d{4}|(?:^|[^\pL\d])(?:AT ?U|[A-Z]{2}) ?\d[\d ]{6}|\d{2} ?\d{3} ?\d{3} ?\d{3}"
    r"|(?i)[a-z]{2} ?\d{2} ?\d{2} ?\d{2} ?[a-d]|\d{6} ?[a-z] ?\d{3}"
    r"|(?:^|[^\pL])(?:" + "|".join(_SAID.values()) + r")(?:[^\pL])"
)
_VALID: Final[tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...]] = (
    ("TAX", _VAT, lambda text: vat_de.is_valid(text) or vat_at.is_valid(text) or bool(vat_eu.is_valid(text))),
    ("TAX", _IDNR, lambda text: bool(idnr.is_valid(text)) and text[0] != "0"),
    ("SOCIAL", _SSN, lambda text: bool(ssn.is_valid(text))),
    ("SOCIAL", _NINO, lambda text: True),
    ("SOCIAL", _RVNR, lambda text: _rvnr_is_valid(text)),
    ("SOCIAL", _AHV, lambda text: bool(ahv.is_valid(text))),
)
_SHORT: Final = _VALID[:1]  # the others have six digits or more


def find(text: str, masker: Masker) -> Iterator[Span]:
    digits = len(DIGIT.findall(text))
    if not digits:
        return
    spans = [
        Span(match.start(), match.end(), kind, compact(match[0]))
        for kind, pattern, valid in (_VALID if digits >= 6 else _SHORT)
        for match in pattern.finditer(text)
        if valid(match[0])
    ]
    spans += _said(text)
    end = 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if span.start >= end:
            yield span
            end = span.end


def _said(text: str) -> Iterator[Span]:
    position = 0
    small = in_small(text)
    while context := _CONTEXT.search(small, position):
        filler = _FILLER.match(small, context.end())
        position = filler.end() if filler else context.end()
        kind = context.lastgroup or ""
        match = (_PLATE if kind == "PLATE" else _TOKEN).match(text, position)
        if match and (kind == "PLATE" or len(digits_of(match[0])) >= 5 or _certain(kind, match[0])):
            yield Span(match.start(), match.end(), kind, compact(match[0]))
            position = match.end()


def _certain(kind: str, number: str) -> bool:
    return bool(nhs.is_valid(number)) if kind == "SOCIAL" else bool(stnr.is_valid(number))


def _rvnr_is_valid(number: str) -> bool:
    """Check digit of a German pension insurance number (VKVV § 4): letter as two digits, weights, sum of digit sums."""
    text = compact(number).upper()
    digits = text[:8] + f"{ord(text[8]) - 64:02d}" + text[9:11]
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    total = sum(sum(map(int, str(int(digit) * weight))) for digit, weight in zip(digits, weights, strict=True))
    return total % 10 == int(text[11])
