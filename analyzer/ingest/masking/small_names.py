"""Names in texts that bear no capital, as speech recognition and hasty writers leave them: "patricia and tom called".

A given name that is no word makes one; the word behind it belongs to it if it is a surname or stands out as none of the
words of everyday talk do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from analyzer.ingest.masking import name_model
from analyzer.ingest.masking.word_lists import LOWER_GIVEN, LOWER_NAMES, SMALL_WORDS, is_other

_WORD: Final = re.compile(r"(?<![^\W_])[^\W\d_]{2,40}(?:['’-][^\W\d_]{1,40}){0,3}(?![^\W_])")
_SURE: Final = frozenset(word for word in LOWER_GIVEN - SMALL_WORDS if len(word) >= 4)
HINT: Final = r"(?:^|[^\pL])(?:" + "|".join(sorted(_SURE)) + r")(?:[^\pL]|$)"


def find(text: str) -> Iterator[tuple[int, int]]:
    """Names in a text without capitals."""
    if not text.islower():
        return
    end = 0
    for match in _WORD.finditer(text):
        name = _bare(match[0])
        if match.start() >= end and name in _SURE:
            end = _with_surname(text, match.start() + len(name))
            yield match.start(), end


def _with_surname(text: str, end: int) -> int:
    initial = re.compile(r" [a-z]\.? (?=[^\W\d_]{2})").match(text, end)
    following = _WORD.match(text, initial.end() if initial else end + 1)
    if following and (initial or text[end : end + 1] == " ") and _may_be_surname(_bare(following[0])):
        return following.start() + len(_bare(following[0]))
    return end


def _bare(word: str) -> str:
    return word[:-2] if word.endswith(("'s", "’s")) else word


@lru_cache(maxsize=1 << 14)
def _may_be_surname(word: str) -> bool:
    title = word.title()
    if word in SMALL_WORDS or is_other(title):
        return False
    return word in LOWER_NAMES or (len(word) >= 4 and name_model.alone(title) > _UNCOMMON)


_UNCOMMON: Final = -4.0  # log odds of the word alone; words of everyday talk lie lower
