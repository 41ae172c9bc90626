"""Names of people: after an introduction, a title, a greeting or a sign-off, and given names wherever they stand.

A person introduced once is known in the whole contact: "Krüger" in a later turn bears the number of "Frau Krüger".
Titles stay ("Frau [NAME_1]"): they tell how politely somebody was addressed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from analyzer.ingest.masking import introductions, name_model, small_names
from analyzer.ingest.masking.name_words import PARTICLES, WORDS, extended
from analyzer.ingest.masking.spans import Masker, Span, in_small
from analyzer.ingest.masking.word_lists import (
    ANY_GIVEN,
    ANY_NAME,
    CAPITALS,
    GIVEN,
    LOWER_GIVEN,
    LOWER_PLACES,
    SURNAME_OR_WORD,
    SURNAMES,
    is_other,
)

_CAPITALISED: Final = re.compile(r"(?<![^\W_])[A-ZÀ-ÞĀ-ſ](?:[^\W\d_]|['’-](?=[^\W\d_])){0,40}")
_CAPITALS: Final = re.compile(r"[A-ZÀ-ÖØ-ÞĀ-ɏ][\w'’-]+")  # generous: looked up, not masked
_NO_NAMES: Final = frozenset(word for word in CAPITALS - GIVEN - SURNAMES if word.isalpha())  # they tell nothing
_SPELLS: Final = re.compile(r"(?<![^\W_])[^\W\d_] (?:wie|as in|like|for) $", re.IGNORECASE)  # "T wie Theodor"
# In text in small letters.
_ASKS: Final = re.compile(
    r"(?:your|full|last|first|sur)[ -]?name\b|ihr(?:en)? (?:vor- und nach|voll(?:er|ständiger|en) |nach)?namen?\b"
    r"|wie hei(?:ß|ss)en sie|mit wem (?:spreche|hab)|who am i (?:speaking|talking)|may i ask who"
)


def find(text: str, masker: Masker) -> Iterator[Span]:
    """Spans of people in ``text``; each word of a name is remembered in ``masker.people``."""
    taken: list[tuple[int, int]] = []
    for start, end in sorted(_places(text, masker)):
        if not taken or start >= taken[-1][1]:
            taken.append((start, end))
        elif end > taken[-1][1]:
            taken[-1] = (taken[-1][0], end)
    for start, end in taken:
        yield Span(start, end, "NAME", _person(text[start:end], masker))
    if _ASKS.search(in_small(text)):
        masker.asked["NAME"] = 3


def noticed_words(text: str) -> dict[str, str]:
    """Capitalised words of ``text`` that could be names, each with what it tells alone."""
    return {word: told for word in set(_CAPITALS.findall(text)) - _NO_NAMES if (told := _tells(word))}


def noticed(line: str, words: Mapping[str, str]) -> bool:
    """Whether ``line`` holds a name by itself; ``words``: what ``noticed_words`` tells of it or of a longer text."""
    told = [words[word] for word in words if word in line]
    return bool(told) and ("given" in told or bool(name_model.likely(line)))


def noticed_lines(text: str) -> set[str]:
    """Lines of ``text`` that hold a name by themselves."""
    told: dict[str, bool] = {}  # line → whether a given name is in it
    for word, tells in noticed_words(text).items():
        at = text.find(word)
        while at >= 0:
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            line = text[text.rfind("\n", 0, at) + 1 : end]
            told[line] = told.get(line, False) or tells == "given"
            at = text.find(word, end)
    return {line for line, given in told.items() if given or name_model.likely(line)}


@lru_cache(maxsize=1 << 16)
def _tells(word: str) -> str:
    """What a capitalised word tells alone: "given" name, "maybe" some name, or nothing."""
    word = word.rstrip("'’-")
    listed = word in GIVEN or word.partition("-")[0] in GIVEN or (word.isupper() and word.title() in GIVEN)
    if listed and not is_other(word):
        return "given"
    return "maybe" if len(word) > 1 and name_model.stands_out(word) else ""


def mentions(text: str, masker: Masker) -> bool:
    """Whether somebody introduced elsewhere in the contact is named, or a name was asked for."""
    if "NAME" in masker.asked:
        return True
    near = [word for word in masker.people if word in text]
    return bool(near) and not set(near).isdisjoint(WORDS.findall(text))


def learn(line: str, masker: Masker) -> None:
    """Remember who is introduced in ``line``."""
    for start, end in _introduced(line):
        _person(line[start:end], masker)


def _places(text: str, masker: Masker) -> set[tuple[int, int]]:
    found = set(_introduced(text))
    if masker.people:
        found |= {match.span() for match in WORDS.finditer(text) if match[0] in masker.people}
    if masker.asked.get("NAME") and len(text) <= 60:
        found |= set(_answers(text))
    return found


def _person(name: str, masker: Masker) -> str:
    """The value of a person: of whom any word is known already, else the name itself."""
    words = [word for word in WORDS.findall(name) if word.casefold() not in PARTICLES]
    known = next((masker.people[word] for word in reversed(words) if word in masker.people), None)
    value = known or name.casefold()
    for word in words:
        if word[0].isupper() and len(word) > 2 and not is_other(word):
            masker.people.setdefault(word, value)
    return value


@lru_cache(maxsize=1024)
def _introduced(text: str) -> tuple[tuple[int, int], ...]:
    """Names that the text itself tells, in order; asked for when people are learnt and when the turn is masked."""
    unlisted = {(start, extended(text, end)) for start, end in name_model.likely(text)}
    bare = {*_by_given_name(text), *unlisted, *small_names.find(text)}
    return tuple(sorted({*introductions.find(text), *(span for span in bare if not _is_place(text, *span))}))


def _is_place(text: str, start: int, end: int) -> bool:
    """Whether a bare name is, with the word before it, that of a town: "San Francisco"."""
    name = text[start:end].casefold()
    before = introductions.LAST_WORDS.search(text, max(0, start - 24), max(0, start - 1))
    return name in LOWER_PLACES or (before is not None and f"{before[2]} {name}".casefold() in LOWER_PLACES)


def _by_given_name(text: str) -> Iterator[tuple[int, int]]:
    """Given names with the surname that follows; ambiguous ones and initials only with a surname."""
    position = 0
    while match := _CAPITALISED.search(text, position):
        position = match.end()
        word = match[0]
        if is_other(word):
            continue
        pair = _pair(text, match)
        if pair and not _is_spelled(text, match.start()):
            yield match.start(), pair
            position = pair
        if pair:
            continue
        sure = word in GIVEN or (word.isupper() and len(word) > 2 and word.title() in GIVEN)
        first = word.partition("-")[0]
        if not sure and not (
            word in ANY_GIVEN or first in GIVEN or (len(word) == 1 and text[position : position + 1] == ".")
        ):
            continue
        if _is_spelled(text, match.start()):
            continue
        end = extended(text, match.end())
        rest = WORDS.findall(text[match.end() : end])
        shouted = word.isupper() and len(word) > 1 and not any(w.title() in ANY_NAME for w in rest)
        if (sure and not shouted) or first in GIVEN or any(w in SURNAMES or w in SURNAME_OR_WORD for w in rest):
            yield match.start(), end
            position = end


def _is_spelled(text: str, start: int) -> bool:
    """Whether the word at ``start`` only tells a letter: "T wie Theodor"."""
    return _SPELLS.search(text, max(0, start - 8), start) is not None


def _pair(text: str, match: re.Match[str]) -> int:
    """The end of two or three capitalised words that are no others, the last a surname; 0 without."""
    word = match[0]
    before = text[max(0, match.start() - 1) : match.start()]
    if (
        word in SURNAMES
        or not word[1:].islower()
        or not 3 <= len(word) <= 12
        or before not in {"", " ", "\n", ",", "("}
        or text[match.end() : match.end() + 1] not in {" ", "."}
    ):
        return 0
    end = extended(text, match.end())
    words = WORDS.findall(text[match.start() : end])
    return end if 2 <= len(words) <= 3 and words[-1] in SURNAMES and not is_other(words[-1]) else 0


def _answers(text: str) -> Iterator[tuple[int, int]]:
    """Names in a short answer to "your name, please?"."""
    for match in WORDS.finditer(text):
        name = match[0] in GIVEN or match[0] in SURNAMES or match[0] in LOWER_GIVEN
        if name:
            yield match.start(), max(match.end(), extended(text, match.end()) if match[0][0].isupper() else 0)
