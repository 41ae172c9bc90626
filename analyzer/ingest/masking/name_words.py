"""Words of a name as they follow one another: titles, particles, initials, surnames; in small letters listed ones."""

from __future__ import annotations

import re
from typing import Final

from analyzer.ingest.masking import name_model
from analyzer.ingest.masking.spans import word_set
from analyzer.ingest.masking.word_lists import LOWER_NAMES, SURNAME_OR_WORD, SURNAMES, is_other

WORD: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_])){0,40}")
_GAP: Final = re.compile(r" {1,2}|\. ?(?=[^\W\d_])")
PARTICLES: Final = word_set("von van vom zu zur der den de del della di da dos das du la le el al bin ter ten")
_FROM: Final = word_set("von vom zu zur")  # "Kevin von RheinMobil" is no nobleman
TITLE_WORD: Final = word_set("doktor professor dr prof med dipl ing herr herrn frau mr mrs ms miss sir")
WORDS: Final = re.compile(r"[^\W\d_]{2,}(?:['’-][^\W\d_]{2,})?")


def capitalised(text: str, position: int) -> tuple[int, int] | None:
    start = past_titles(text, position)
    match = WORD.match(text, start)
    if match is None or not match[0][0].isupper() or is_other(match[0]):
        return None
    return start, extended(text, match.end())


def past_titles(text: str, position: int) -> int:
    for _ in range(4):
        match = WORD.match(text, position)
        if match is None or match[0].casefold() not in TITLE_WORD:
            break
        gap = _GAP.match(text, match.end())
        if gap is None:
            break
        position = gap.end()
    return position


def extended(text: str, end: int) -> int:
    """The end of the name that goes on at ``end``: further capitalised words that are no others, with particles."""
    if text[end - 2 : end] in {"'s", "’s"}:
        return end - 2
    position = end
    for _ in range(5):
        gap = _GAP.match(text, position)
        match = WORD.match(text, gap.end()) if gap else None
        if gap is None or match is None or ("." in gap[0] and position - _word_start(text, position) > 1):
            break
        if match[0] in PARTICLES:
            noble = WORD.match(text, match.end() + 1)
            if match[0] in _FROM and not (noble and (noble[0] in SURNAMES or noble[0] in SURNAME_OR_WORD)):
                break
            position = match.end()
            continue
        if len(match[0]) == 1 and match[0].isupper() and match[0] != "I" and text[match.end() : match.end() + 1] == " ":
            position = match.end()  # "Lotte B Karlsen"
            continue
        initial = len(match[0]) == 1 and text[match.end() : match.end() + 1] == "."
        if not match[0][0].isupper() or (is_other(match[0]) and not initial) or (len(match[0]) == 1 and not initial):
            break
        position = end = match.end()
        if name_model.OWNED.search(match[0]):
            return end - 2
    return end


def _word_start(text: str, end: int) -> int:
    start = end
    while start > 0 and text[start - 1].isalpha():
        start -= 1
    return start


def in_lower_case(text: str, position: int) -> tuple[int, int] | None:
    """Names in lower case, as speech recognition writes them: only words of the lists, with an unknown one between."""
    end, at = None, position
    for _ in range(3):
        match = WORD.match(text, at)
        if match is None or not match[0].islower() or match[0] not in LOWER_NAMES:
            break
        end = match.end()
        at = end + 1
    return (position, end) if end else None
