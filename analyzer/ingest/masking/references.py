"""Numbers by which a company knows a person or a matter: order, contract, customer, policy, ticket, account, meter.

A context word is found first; what follows within a few filling words is taken if it looks like such a number: written
with digits, or dictated. Dates, times, amounts and counts are left. The turn after a question may be the number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from analyzer.ingest.masking.hints import Cues
from analyzer.ingest.masking.spans import (
    DATE_OR_TIME,
    DIGIT,
    Masker,
    Span,
    compact,
    digits_of,
    in_small,
    is_quantity,
    is_year,
)
from analyzer.ingest.masking.spoken import run_after, runs, says_digits

_NUMBER_DE: Final = r"(?:s?-? ?(?:nummern?|nr\.?|id|kennung|zeichen|code))"
_NUMBER_EN: Final = r"(?:[ -]?(?:numbers?|no\.?|num|nr\.?|#|id|code|ref(?:erence)?))"


def _either(german: str, english: str) -> str:
    return rf"(?:{german}){_NUMBER_DE}?|(?:{english}){_NUMBER_EN}?"


# Kind → words after which such a number stands. The first that matches at a place wins.
CONTEXTS: Final[Mapping[str, str]] = {
    "CONTRACT": _either("vertrags?|mobilfunkvertrag", "contract|agreement"),
    "CUSTOMER": _either(
        "kunden?(?:konto)?|mitglied(?:s|er)?|mandats?(?:referenz)?|teilnehmer|nutzer",
        "customer|client|member(?:ship)?|loyalty(?: card)?|user|subscriber|patient|employee|personnel",
    ),
    "POLICY": _either("versicherungs(?:schein)?|policen?", "policy|insurance"),
    "ORDER": _either(
        "bestell(?:ung)?|auftrags?|buchungs?|reservierungs?|retouren?",
        "order|booking|reservation|confirmation|purchase|return|rma",
    ),
    "TICKET": _either(
        "ticket|vorgangs?|fall|aktenzeichen|schaden|störungs?|bearbeitungs|referenz|anfrage|beschwerde",
        "ticket|case|reference|ref|incident|claim|complaint|file|fault|request",
    ),
    "INVOICE": _either(
        "rechnungs?|beleg|quittung|gutschrift|gutschein(?:code)?",
        "invoice|bill|receipt|voucher",
    ),
    "PARCEL": _either(
        "sendungs?|sendungsverfolgung|paket|trackingnummer",
        "tracking|parcel|shipment|package|consignment",
    ),
    "ACCOUNT": _either(
        "konto|bankleitzahl|blz|bank|depot|darlehen|kredit",
        "account|sort|routing|iban|bic|swift|loan|bank",
    ),
    "DEVICE": _either("serien|geräte|zähler|imei|sim(?:karten)?", "serial|meter|imei|device|sim(?: card)?|vin"),
}

_CONTEXT: Final = Cues(CONTEXTS)
HINT: Final = r"(?i)(?:^|[^\pL\d])(?:" + "|".join(CONTEXTS.values()) + r")[^\pL]"
ASK_HINT: Final = (
    r"(?i)nummer|number|kennung|referen[zc]e?|aktenzeichen|(?:konto|account|\bid\b|code|digits|ziffern)[^.]?\?"
)
_NAMES_NUMBER: Final = re.compile(rf"(?:{_NUMBER_DE}|{_NUMBER_EN})$|(?:konto|imei|aktenzeichen|iban|blz)$")
_SAYS_NUMBER: Final = re.compile(r"n(?:umme)?r|number")
# These three are matched against text in small letters.
_FILLER: Final = re.compile(
    r"(?:[ :=#,.(\"'–-]|\n|(?:nummer|nr|number|no|id|code|ist|is|are|was|war|lautet|lauten|wäre|die|der"
    r"|das|the|mit|with|it's|its"
    r"|it|es|meine?r?|my|your|ihre?|deine?|sie|hab|habe|ich|i|have|here|hier|gern|gerne|dann|also|so|uh|um"
    r"|äh|ähm|okay|ok|sure|ja"
    r"|yes|of|for|von|vom|für|zu|zum|zur|under|unter|that|das|ends|ending|endet|in|auf|folgende|following"
    r"|reads?)(?![^\W_])){0,14}"
)
_VALUE: Final = re.compile(
    r"(?:[A-Z]{1,5}[ -]?|[a-z]{1,5}-)?[A-Za-z0-9]{0,12}\d(?:[\w/-]"
        r"|\.(?=\d{2,})){0,30}(?: (?=\d)[\d/-]{2,12}(?!\w)){0,6}"
)  # fmt: skip
_DAY_MONTH: Final = re.compile(r"[0-3]?\d/[0-3]?\d")
_ANSWER: Final = re.compile(
    r"(?<![\w.,@€$£-])(?:[A-Z]{1,5}[ -]?|[a-z]{1,5}-)?\d(?:[\w/-]){1,24}(?: (?=\d)[\d/-]{2,12}(?!\w)){0,6}"
)


def find(text: str, masker: Masker) -> Iterator[Span]:
    done = 0
    small = in_small(text)
    for begin, position in _CONTEXT.find(text):
        if position < done:
            continue
        start = _FILLER.match(small, position).end()  # type: ignore[union-attr]
        named = _NAMES_NUMBER.search(small, begin, position) is not None
        if end := _value_end(text, start, named or _SAYS_NUMBER.search(small, position, start) is not None):
            yield Span(start, end, _CONTEXT.kind(text[begin:position]), _value(text[start:end]))
            done = end
        elif named:
            masker.asked[_CONTEXT.kind(text[begin:position])] = 3


def find_answers(text: str, masker: Masker) -> Iterator[Span]:
    """A number in an answer to a question for one: written with at least four digits, or dictated."""
    kind = next((kind for kind in CONTEXTS if masker.asked.get(kind)), None)
    if kind is None:
        return
    for match in _ANSWER.finditer(text) if DIGIT.search(text) else ():
        end = match.start() + len(match[0].rstrip("/-"))
        if len(digits_of(match[0])) >= 4 and not is_quantity(text, match.start(), end) and not _date(match[0]):
            yield Span(match.start(), end, kind, _value(text[match.start() : end]))
            return
    for run in runs(text) if says_digits(text) else ():
        if run.spoken >= 3 and len(run.digits) >= 4 and not is_quantity(text, run.start, run.end):
            yield Span(run.start, run.end, kind, run.digits)
            return


def _value_end(text: str, start: int, named: bool) -> int:
    """Where the number that begins at ``start`` ends, 0 if there is none. ``named``: the word "number" was said."""
    run = run_after(text, start)
    if run and run.spoken >= 2 and len(run.digits) >= (3 if named else 5):
        counted = is_quantity(text, run.start, run.end) or (run.hundreds and len(run.digits) < 7)
        return 0 if counted else run.end
    match = _VALUE.match(text, start)
    if match is None:
        return 0
    value = match[0].rstrip("/-")
    end = start + len(value)
    digits = len(digits_of(value))
    letters = any(char.isalpha() for char in value)
    enough = digits >= (3 if named or (letters and digits > 2) else 5)
    tail = text[end : end + 2]
    decimal = len(tail) == 2 and tail[0] in ".,:" and tail[1].isdecimal()
    if not enough or decimal or is_quantity(text, start, end) or _date(value):
        return 0
    return end


def _date(value: str) -> bool:
    return DATE_OR_TIME.fullmatch(value) is not None or _DAY_MONTH.fullmatch(value) is not None or is_year(value)


def _value(text: str) -> str:
    run = run_after(text, 0)
    return run.digits if run and run.spoken >= 2 else compact(text)


def kind_before(text: str, position: int) -> str | None:
    """The kind of number last spoken of within 60 characters before ``position``."""
    near = text[max(0, position - 60) : position]
    cues = list(_CONTEXT.find(near))
    return _CONTEXT.kind(near[slice(*cues[-1])]) if cues else None
