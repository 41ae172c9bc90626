"""Which kinds of mask a text could hold, told by a few linear searches (RE2) before any finder runs.

A Set of RE2 tells in one pass which of its patterns occur, but its automaton remembers every combination it has met: a
handful of patterns a set stays small and quick, twenty do not. So the patterns stand in groups. Most need a digit or a
number word, and most talk has none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import re2

from analyzer.ingest.masking.spoken import NUMBER_HINT

ANY: Final = "any"  # groups: tried on every text
NUMBER: Final = "number"  # only where there is a digit or a number word
PERSON: Final = "person"  # tried on every text, apart from ANY to keep both sets small
CONTEXT: Final = "context"  # the same, apart from NUMBER to keep both sets small
SPECIAL: Final = "special"  # only where special categories are masked
ASKED: Final = "asked"  # never hinted by the text itself: the turn before asked for it


class Cues:
    """Words after (or before) which something personal stands, by kind; found in one linear pass.

    Patterns of ``cues`` are RE2, in any case, without groups that capture.
    """

    def __init__(self, cues: Mapping[str, str]) -> None:
        options = re2.Options()
        options.case_sensitive = False
        options.longest_match = True
        options.max_mem = 64 << 20
        self.cues = {kind: re2.compile(cue, options) for kind, cue in cues.items()}
        self.kind = lru_cache(maxsize=1 << 12)(self._kind)
        self.pattern = re2.compile("(?:^|[^\\pL\\d])(?:" + "|".join(cues.values()) + ")", options)

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Start and end of every cue that is followed by no further letter; the longest at each place."""
        encoded = text.encode()  # offsets in bytes are had at a third of the price of offsets in text
        plain = len(encoded) == len(text)
        for match in self.pattern.finditer(encoded):
            start, end = match.span()
            if not plain:
                start = len(encoded[:start].decode())
                end = start + len(encoded[match.start() : end].decode())
            if not text[end : end + 1].isalnum():
                yield (start if text[start].isalnum() else start + 1), end

    def _kind(self, cue: str) -> str:
        """The first kind of which ``cue``, as it was found, is one."""
        return next(kind for kind, pattern in self.cues.items() if pattern.fullmatch(cue))


_PHRASE_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


@dataclass(slots=True)
class _Said:
    """What may follow the words said so far, and the kinds of phrase that they make up."""

    next: dict[str, _Said] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()


class Phrases:
    """Fixed phrases by kind, found word by word in any case: one look-up a word, however many phrases there are."""

    def __init__(self, phrases: Mapping[str, str]) -> None:
        """``phrases``: kind → phrases parted by commas; a phrase may be of several kinds."""
        self.first: dict[str, _Said] = {}
        for kind, listed in phrases.items():
            for phrase in listed.casefold().split(", "):
                said = _Said(self.first)
                for word in phrase.split():
                    said = said.next.setdefault(word, _Said())
                said.kinds = (*said.kinds, kind)

    def find(self, text: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Start, end and kinds of the longest phrase at each place, left to right."""
        folded = text.casefold()
        if len(folded) == len(text):  # every letter is still at its place
            words = [(match[0], match) for match in _PHRASE_WORD.finditer(folded.replace("’", "'"))]
        else:
            words = [(match[0].casefold().replace("’", "'"), match) for match in _PHRASE_WORD.finditer(text)]
        at = 0
        for place, (word, match) in enumerate(words):
            if word in self.first and place >= at:
                length, kinds = self._longest(words[place : place + 8])
                if length:
                    at = place + length
                    yield match.start(), words[at - 1][1].end(), kinds

    def _longest(self, words: list[tuple[str, re.Match[str]]]) -> tuple[int, tuple[str, ...]]:
        """How long the phrase is that ``words`` begin with, each one space or sign from the next, and its kinds."""
        following, end = self.first, words[0][1].start()
        longest: tuple[int, tuple[str, ...]] = (0, ())
        for length, (word, match) in enumerate(words, 1):
            said = following.get(word)
            if said is None or match.start() - end > 2:
                break
            following, end = said.next, match.end()
            if said.kinds:
                longest = (length, said.kinds)
        return longest


_NONE: Final[frozenset[int]] = frozenset()


class Hints:
    """Searches over the hints of a list of masks; places are positions in that list."""

    def __init__(self, hints: Sequence[tuple[str, str]]) -> None:
        """``hints``: group and pattern of each place."""
        self.sets: dict[str, tuple[re2.Set, list[int], dict[tuple[int, ...], frozenset[int]]]] = {}
        for group in (ANY, PERSON, NUMBER, CONTEXT, SPECIAL):
            places = [place for place, (own, _) in enumerate(hints) if own == group]
            patterns = [hints[place][1] for place in places]
            if group == ANY:
                patterns.append(NUMBER_HINT)
                places.append(len(hints))
            self.sets[group] = (pattern_set(patterns), places, {})
        self.number = len(hints)

    def groups(self, special: bool) -> frozenset[str]:
        """All groups that are searched for."""
        return frozenset(self.sets) if special else frozenset(self.sets) - {SPECIAL}

    def missing(self, text: str) -> frozenset[str]:
        """The group PERSON if no hint of it occurs anywhere in ``text``: its lines need no search for it."""
        return frozenset() if self._of(PERSON, text.encode()) else frozenset({PERSON})

    def places(self, text: str, groups: Collection[str]) -> frozenset[int]:
        """Places in ``groups`` whose hint occurs in ``text``; ``number`` among them where there is a number in it."""
        encoded = text.encode()
        found = self._of(ANY, encoded)
        if PERSON in groups and (more := self._of(PERSON, encoded)):
            found = found | more
        if found and self.number in found:
            found = found | self._of(NUMBER, encoded) | self._of(CONTEXT, encoded)
        if SPECIAL in groups:
            found = found | self._of(SPECIAL, encoded)
        return found

    def _of(self, group: str, encoded: bytes) -> frozenset[int]:
        hints, places, known = self.sets[group]
        matched = hints.Match(encoded)
        if not matched:
            return _NONE
        key = tuple(matched)
        found = known.get(key)
        if found is None:
            found = known[key] = frozenset([places[index] for index in matched])
        return found


def pattern_set(patterns: Sequence[str]) -> re2.Set:
    """A search that tells in one pass which of ``patterns`` (RE2) occur: ``Match`` of encoded text gives places."""
    options = re2.Options()
    options.max_mem = 64 << 20
    hints = re2.Set.SearchSet(options)
    for pattern in patterns:
        hints.Add(pattern)
    hints.Compile()
    return hints
