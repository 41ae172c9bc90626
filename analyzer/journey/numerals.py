"""Numbers in words, German and English, and patterns of whole words. All patterns of due dates are built from these."""

from __future__ import annotations

import re
from typing import Final

NUMBERS: Final = {
    "ein": 1, "eine": 1, "einen": 1, "einem": 1, "einer": 1, "a": 1, "an": 1, "one": 1, "zwei": 2, "two": 2, "drei": 3,
    "three": 3, "vier": 4, "four": 4, "fünf": 5, "five": 5, "sechs": 6, "six": 6, "sieben": 7, "seven": 7, "acht": 8,
    "eight": 8, "neun": 9, "nine": 9, "zehn": 10, "ten": 10, "elf": 11, "eleven": 11, "zwölf": 12, "twelve": 12,
    "dreizehn": 13, "thirteen": 13, "vierzehn": 14, "fourteen": 14, "fünfzehn": 15, "fifteen": 15,
    "sechzehn": 16, "sixteen": 16, "siebzehn": 17, "seventeen": 17, "achtzehn": 18, "eighteen": 18,
    "neunzehn": 19, "nineteen": 19, "zwanzig": 20, "twenty": 20, "a couple of": 2, "couple of": 2,
    "einundzwanzig": 21, "twenty-one": 21,
    "vierundzwanzig": 24, "twenty-four": 24, "dreißig": 30, "dreissig": 30, "thirty": 30,
    "achtundvierzig": 48, "forty-eight": 48,
}  # fmt: skip
NUMBER: Final = r"(\d{1,3}|" + "|".join(sorted(NUMBERS, key=len, reverse=True)) + ")"


def number(word: str) -> int:
    return int(word) if word.isdigit() else NUMBERS[word.casefold()]


def words(pattern: str, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    """``pattern`` where it neither begins nor ends inside a word."""
    return re.compile(r"(?<!\w)" + pattern + r"(?!\w)", flags)
