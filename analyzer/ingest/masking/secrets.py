"""Passwords, PINs, TANs, security codes and user names, after a word that tells what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from analyzer.ingest.masking.spans import Masker, Span, is_quantity, word_set
from analyzer.ingest.masking.spoken import run_after

_SECRET: Final = (
    r"(?:kunden|zugangs|start|service|telefon|w-?lan-?|wifi[ -]|router-?)?(?:pass(?:wor[dt]|wörter|phrase"
    r"|code)|kennwort|codewort)|pwd|pw"
    r"|(?:kunden|service|telefon|banking|online)?-?(?:pin|puk|tan)(?:[ -]?(?:code|nummer|number))?|otp"
    r"|one[- ]time (?:code|password)"
    r"|(?:cvv|cvc)2?|prüfziffer|prüfnummer|kartenprüfnummer|sicherheitscode|security (?:code|number)"
    r"|verification code|bestätigungscode"
    r"|freischaltcode|aktivierungscode|activation code|access code|zugangscode"
)
_USER: Final = (
    r"user ?names?|user-?id|login(?: ?name)?|benutzernamen?|nutzernamen?|anmeldenamen?|benutzerkennung|screen ?name"
)
_CONTEXT: Final = re.compile(rf"(?<![^\W_])(?:(?P<SECRET>{_SECRET})|(?P<USER>{_USER}))(?![^\W_])", re.IGNORECASE)
_LINK: Final = re.compile(
    r"\s{0,2}(?:(?P<sure>[:=]|lautet(?!\w)|(?:is|ist|war|was) (?=[\"'„“»]))"
    r"|(?P<loose>(?:ist|is|war|was|wäre|on the (?:back|card)(?: is)?|code is"
    r"|auf der rückseite(?: ist)?)(?!\w)|,))\s{0,2}",
    re.IGNORECASE,
)
_TOKEN: Final = re.compile(r"[\"'„“»]?([^\s\"'„“»«”,;]{2,64})")
_FAILS: Final = word_set(
    "not wrong incorrect expired falsch abgelaufen gesperrt ungültig the a an my mein das die der ein vergessen"
)

HINT: Final = rf"(?i)(?:^|[^\pL])(?:{_SECRET}|{_USER})(?:[^\pL]|$)"
ASKABLE: Final = "SECRET"


def find(text: str, masker: Masker) -> Iterator[Span]:
    position = 0
    while match := _CONTEXT.search(text, position):
        position = match.end()
        link = _LINK.match(text, position)
        start = link.end() if link else position + 1
        if span := _value(text, start, match.lastgroup or "", bool(link and link["sure"])):
            yield span
            position = span.end
        elif "?" in text[position : position + 60]:
            masker.asked[match.lastgroup or ""] = 3


def find_answer(text: str, masker: Masker) -> Iterator[Span]:
    """Three to eight digits, written or said, that make up a short answer."""
    if masker.asked.get("SECRET") and len(text) <= 60:
        for match in re.finditer(r"(?<![\w.,:/-])\d(?: ?\d){2,7}(?![\w:/]|[.,]\d)", text):
            if not is_quantity(text, match.start(), match.end()):
                yield Span(match.start(), match.end(), "SECRET", match[0].replace(" ", ""))
                return
        run = next((run for at in re.finditer(r"\w+", text) if (run := run_after(text, at.start()))), None)
        if run and run.spoken >= 3 and len(run.digits) >= 3 and not is_quantity(text, run.start, run.end):
            yield Span(run.start, run.end, "SECRET", run.digits)


def _value(text: str, start: int, kind: str, sure: bool) -> Span | None:
    run = run_after(text, start)
    if run and (run.spoken >= 3 or (run.spoken == 0 and run.end - run.start >= 3)) and len(run.digits) >= 3:
        return None if is_quantity(text, run.start, run.end) else Span(run.start, run.end, kind, run.digits)
    match = _TOKEN.match(text, start)
    if match is None or match[1].startswith("["):
        return None
    token = match[1].rstrip(".!?)")
    if (
        len(token) < 2
        or token.casefold() in _FAILS
        or not (_looks_chosen(token) or (sure and not is_quantity(text, start, match.end(1))))
    ):
        return None
    return Span(match.start(1), match.start(1) + len(token), kind, token)


def _looks_chosen(token: str) -> bool:
    """Letters mixed with digits, signs or capitals: nobody says such a word otherwise."""
    letters = any(char.isalpha() for char in token)
    digits = sum(char.isdecimal() for char in token)
    signs = any(char in "!#$%&*+@^_~§?" for char in token)
    return (
        (letters and digits > 0)
        or (letters and (signs or (any(char.isupper() for char in token[1:]) and not token.isupper())))
        or digits >= 4
    )
