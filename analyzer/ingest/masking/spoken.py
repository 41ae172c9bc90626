"""Numbers as people say them: "null eins sieben sechs", "zwo", "vierundzwanzig", "double four", "oh", "twenty one".

Runs of number words and written digits become digits with their place in the text. Dictated numbers come in pairs and
triples, so words are joined as they sound ("twenty one" 21, "eight hundred" 800); a word for thousands ends a run:
an amount is no dictation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from analyzer.ingest.masking.spans import word_set

_UNITS_DE: Final = {
    "null": "0", "eins": "1", "zwei": "2", "zwo": "2", "drei": "3", "vier": "4", "fünf": "5", "fuenf": "5",
    "sechs": "6", "sieben": "7", "acht": "8", "neun": "9",
}  # fmt: skip
_TEENS: Final = {
    "zehn": "10", "elf": "11", "zwölf": "12", "zwoelf": "12", "dreizehn": "13", "vierzehn": "14", "fünfzehn": "15",
    "fuenfzehn": "15", "sechzehn": "16", "siebzehn": "17", "achtzehn": "18", "neunzehn": "19",
    "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15",
    "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19",
}  # fmt: skip
_TENS_DE: Final = {
    "zwanzig": "2", "dreißig": "3", "dreissig": "3", "vierzig": "4", "fünfzig": "5", "fuenfzig": "5", "sechzig": "6",
    "siebzig": "7", "achtzig": "8", "neunzig": "9",
}  # fmt: skip
_UNITS_EN: Final = {
    "zero": "0", "oh": "0", "o": "0", "nought": "0", "naught": "0", "one": "1", "two": "2", "three": "3", "four": "4",
    "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "niner": "9",
}  # fmt: skip
_TENS_EN: Final = {
    "twenty": "2", "thirty": "3", "forty": "4", "fourty": "4", "fifty": "5", "sixty": "6", "seventy": "7",
    "eighty": "8", "ninety": "9",
}  # fmt: skip
_REPEAT: Final = {
    "double": 2, "triple": 3, "treble": 3, "doppel": 2, "doppelt": 2, "zweimal": 2, "dreimal": 3, "viermal": 4,
}  # fmt: skip
_ONES_JOINED: Final = {"ein": "1", **_UNITS_DE}
_PAIRS: Final = {
    one + "und" + ten: tens + digit for ten, tens in _TENS_DE.items() for one, digit in _ONES_JOINED.items()
}
DIGITS_OF: Final = {
    **_UNITS_DE, **_UNITS_EN, **_TEENS, **_PAIRS,
    **{word: digit + "0" for word, digit in (_TENS_DE | _TENS_EN).items()},
}  # fmt: skip
_HUNDRED: Final = {"hundert", "hundred"}
# Said between digits and meaning nothing; a second one in a row ends the run.
_FILLERS: Final = word_set("und and dann then äh ähm uh um er die the strich dash hyphen minus slash plus mal")

_NUMBER_WORDS: Final = frozenset((*DIGITS_OF, *_REPEAT, *_HUNDRED))
_WORD: Final = re.compile(r"[^\W_]+")
_GAP: Final = re.compile(r"[ \t\n,.;/()–-]{1,4}")

_HINT_WORDS: Final = "|".join(sorted((*DIGITS_OF, *_REPEAT), key=len, reverse=True))
# Two number words near each other: only then are words read one by one.
HINT: Final = (
    rf"(?i)(?:^|[^\pL\d])(?:{_HINT_WORDS})[ ,.\n-]+(?:(?:und|and|die|äh|ähm|uh|um|strich"
    rf"|dash)[ ,.-]+)?(?:{_HINT_WORDS}|\d|hundert|hundred)"
)
# A digit or a number word: without one there is no number of any kind.
NUMBER_HINT: Final = rf"(?i)\d|neunzehnhundert|zweitausend|(?:^|[^\pL])(?:{_HINT_WORDS})(?:[^\pL]|$)"


class Run(NamedTuple):
    """Digits that were said or written one after the other, and how many of its words were number words."""

    start: int
    end: int
    digits: str
    spoken: int
    hundreds: bool  # "hundred" was said, as in amounts and years


def says_digits(text: str) -> bool:
    """Whether three number words or more stand in ``text``: fewer are no number said digit by digit."""
    return sum(map(_NUMBER_WORDS.__contains__, _WORD.findall(text.casefold()))) >= 3


def runs(text: str) -> Iterator[Run]:
    """Every longest run of number words and written digits in ``text``, left to right."""
    end = 0
    for match in _WORD.finditer(text):
        if _is_number(match[0].casefold()) and match.start() >= end and (run := _run_at(text, match)):
            yield run
            end = run.end


def run_after(text: str, position: int) -> Run | None:
    """The run whose first word is the next word at ``position``."""
    match = _WORD.match(text, position)
    return _run_at(text, match) if match and _is_number(match[0].casefold()) else None


def _is_number(word: str) -> bool:
    return word in DIGITS_OF or word in _REPEAT or (word.isdecimal() and word.isascii())


def _run_at(text: str, first: re.Match[str]) -> Run | None:
    """The run that begins with the word ``first``; None where it is a lone "double" or "twice"."""
    parts: list[str] = []  # digits of each number word or group
    repeat, spoken, end, fillers, hundreds = 0, 0, first.start(), 0, False
    match: re.Match[str] | None = first
    while match:
        word = match[0].casefold()
        if word in _REPEAT and not repeat:
            repeat, spoken = _REPEAT[word], spoken + 1
        elif word in _HUNDRED and parts and len(parts[-1]) <= 2:
            parts[-1] += "00"
            spoken, end, hundreds = spoken + 1, match.end(), True
        elif _is_number(word):
            digits = DIGITS_OF.get(word, word)
            spoken += word in DIGITS_OF
            _add(parts, digits * (repeat or 1), word)
            repeat, end, fillers = 0, match.end(), 0
        elif word in _FILLERS and fillers == 0:
            fillers += 1
        else:
            break
        gap = _GAP.match(text, match.end())
        match = _WORD.match(text, gap.end()) if gap else None
    return Run(first.start(), end, "".join(parts), spoken, hundreds) if parts else None


def _add(parts: list[str], digits: str, word: str) -> None:
    """Join "twenty one" to 21 and "eight hundred twelve" to 812; anything else stands after what came before."""
    last = parts[-1] if parts else ""
    unit = word in _UNITS_EN and len(digits) == 1 and digits != "0"
    if unit and len(last) == 2 and last[1] == "0" and last[0] >= "2" and not word.isdecimal():
        parts[-1] = last[0] + digits
    else:
        parts.append(digits)
