"""Names of people: after an introduction, a title, a greeting or a sign-off, and given names wherever they stand.

A person introduced once is known in the whole contact: "Krüger" in a later turn bears the number of "Frau Krüger".
Titles stay ("Frau [NAME_1]"): they tell how politely somebody was addressed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from analyzer.ingest.masking import name_model, small_names
from analyzer.ingest.masking.hints import Phrases
from analyzer.ingest.masking.name_cues import AFTER, CLOSING, COLON, GREETING, STRONG, TITLES, WEAK
from analyzer.ingest.masking.spans import Masker, Span, in_small, word_set
from analyzer.ingest.masking.word_lists import (
    ANY_GIVEN,
    ANY_NAME,
    GIVEN,
    LOWER_GIVEN,
    LOWER_NAMES,
    LOWER_PLACES,
    SURNAME_OR_WORD,
    SURNAMES,
    is_other,
)

_WORD: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_])){0,40}")
_CAPITALISED: Final = re.compile(r"(?<![^\W_])[A-ZÀ-ÞĀ-ſ](?:[^\W\d_]|['’-](?=[^\W\d_])){0,40}")
_CAPITALS: Final = re.compile(r"[A-ZÀ-ÖØ-ÞĀ-ɏ][\w'’-]+")  # generous: looked up, not masked
_GAP: Final = re.compile(r" {1,2}|\. ?(?=[^\W\d_])")
_PARTICLES: Final = word_set("von van vom zu zur der den de del della di da dos das du la le el al bin ter ten")
_FROM: Final = word_set("von vom zu zur")  # "Kevin von RheinMobil" is no nobleman
_SHORT_TITLES: Final = word_set("mr mrs ms mx dr prof fr hr frl")
_TITLE_WORD: Final = word_set("doktor professor dr prof med dipl ing herr herrn frau mr mrs ms miss sir")

_CUES: Final = Phrases(
    {
        "strong": STRONG,
        "colon": COLON,
        "weak": WEAK,
        "title": TITLES,
        "greeting": GREETING,
        "closing": CLOSING,
        "after": AFTER,
    }
)
_GAP_AFTER: Final = {
    "strong": re.compile(r"[ :,]{1,3}"),
    "colon": re.compile(r"[:,] {0,2}"),
    "weak": re.compile(r"[ :,]{1,2}"),
    "title": re.compile(r"\.? ?"),
    "greeting": re.compile(r",? "),
    "closing": re.compile(r"[,.!]{0,2}[ \n–-]{1,4}"),
}
_SPELLS: Final = re.compile(r"(?<![^\W_])[^\W\d_] (?:wie|as in|like|for) $", re.IGNORECASE)  # "T wie Theodor"
_LAST_WORDS: Final = re.compile(r"(?:(?<!\w)([^\W\d_][\w'’-]{1,30}) )?(?<!\w)([^\W\d_][\w'’-]{1,30})$")
_WORDS: Final = re.compile(r"[^\W\d_]{2,}(?:['’-][^\W\d_]{2,})?")
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
    return {word: told for word in set(_CAPITALS.findall(text)) if (told := _tells(word))}


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
    return bool(near) and not set(near).isdisjoint(_WORDS.findall(text))


def learn(line: str, masker: Masker) -> None:
    """Remember who is introduced in ``line``."""
    for start, end in _introduced(line):
        _person(line[start:end], masker)


def _places(text: str, masker: Masker) -> set[tuple[int, int]]:
    found = set(_introduced(text))
    if masker.people:
        found |= {match.span() for match in _WORDS.finditer(text) if match[0] in masker.people}
    if masker.asked.get("NAME") and len(text) <= 60:
        found |= set(_answers(text))
    return found


def _person(name: str, masker: Masker) -> str:
    """The value of a person: of whom any word is known already, else the name itself."""
    words = [word for word in _WORDS.findall(name) if word.casefold() not in _PARTICLES]
    known = next((masker.people[word] for word in reversed(words) if word in masker.people), None)
    value = known or name.casefold()
    for word in words:
        if word[0].isupper() and len(word) > 2 and not is_other(word):
            masker.people.setdefault(word, value)
    return value


@lru_cache(maxsize=1024)
def _introduced(text: str) -> tuple[tuple[int, int], ...]:
    """Names that the text itself tells, in order; asked for when people are learnt and when the turn is masked."""
    unlisted = {(start, _extend(text, end)) for start, end in name_model.likely(text)}
    bare = {*_by_given_name(text), *unlisted, *small_names.find(text)}
    return tuple(sorted({*_by_context(text), *(span for span in bare if not _is_place(text, *span))}))


def _is_place(text: str, start: int, end: int) -> bool:
    """Whether a bare name is, with the word before it, that of a town: "San Francisco"."""
    name = text[start:end].casefold()
    before = _LAST_WORDS.search(text, max(0, start - 24), max(0, start - 1))
    return name in LOWER_PLACES or (before is not None and f"{before[2]} {name}".casefold() in LOWER_PLACES)


def _by_context(text: str) -> Iterator[tuple[int, int]]:
    for start, end, cues in _CUES.find(text):
        for cue in cues:
            if cue == "after" or (cue == "greeting" and text[start - 2 : start] == ", "):  # "Köhler, guten Tag"
                yield from _told_before(text, start)
            if (
                cue != "after"
                and (gap := _GAP_AFTER[cue].match(text, end))
                and (found := _after(cue, text, start, gap))
            ):
                yield found
                break


def _after(cue: str, text: str, start: int, gap: re.Match[str]) -> tuple[int, int] | None:
    """The name behind a cue that begins at ``start`` and is followed by ``gap``."""
    position = gap.end()
    if cue == "title" and "." in gap[0] and text[start : gap.start()].casefold() not in _SHORT_TITLES:
        return None  # "… ein Herr. Würden Sie"
    match cue:
        case "strong" | "colon":
            return _capitalised(text, position) or _lower(text, position)
        case "weak":
            return _known(text, position)
        case "title":
            if text[start].isupper():
                return _titled(text, position)
            return (
                _known(text, position)
                if text[start:position].strip(" .") not in {"sir", "madam", "madame", "miss"}
                else None
            )
        case "greeting":
            return _greeted(text, start, position)
        case _:
            sure = "\n" in gap[0] or (text[start].casefold() in "grsh" and "," in gap[0])  # Grüße, regards, sincerely
            return _signed(text, sure, position)


def _told_before(text: str, end: int) -> Iterator[tuple[int, int]]:
    """The name before "am Apparat", "mein Name", "speaking"."""
    offset = max(0, end - 64)
    match = _LAST_WORDS.search(text[offset:end].rstrip(" ,"))
    if match:
        words = [n for n in (1, 2) if match[n] and match[n][0].isupper() and not is_other(match[n])]
        if any(match[n] in ANY_NAME for n in words):
            yield offset + match.start(words[0]), offset + match.end(words[-1])


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
        end = _extend(text, match.end())
        rest = _WORDS.findall(text[match.end() : end])
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
    end = _extend(text, match.end())
    words = _WORDS.findall(text[match.start() : end])
    return end if 2 <= len(words) <= 3 and words[-1] in SURNAMES and not is_other(words[-1]) else 0


def _titled(text: str, position: int) -> tuple[int, int] | None:
    """A capitalised word after "Frau", "Mr": a name, though it were a word elsewhere ("Herr Baum")."""
    start = _past_titles(text, position)
    match = _WORD.match(text, start)
    if match is None or not match[0][0].isupper() or _is_function_word(match[0]):
        return _lower(text, position) if match else None
    return start, _extend(text, match.end())


def _known(text: str, position: int) -> tuple[int, int] | None:
    """Words of which one is a name that stands in the lists."""
    found = _capitalised(text, position)
    if found and any(word in ANY_NAME and word not in SURNAME_OR_WORD for word in _WORDS.findall(text[slice(*found)])):
        words = _WORDS.findall(text[slice(*found)])
        return found if words[0] in GIVEN or words[0] in SURNAMES or len(words) > 1 else None
    return None if found else _lower(text, position)


def _capitalised(text: str, position: int) -> tuple[int, int] | None:
    start = _past_titles(text, position)
    match = _WORD.match(text, start)
    if match is None or not match[0][0].isupper() or is_other(match[0]):
        return None
    return start, _extend(text, match.end())


def _past_titles(text: str, position: int) -> int:
    for _ in range(4):
        match = _WORD.match(text, position)
        if match is None or match[0].casefold() not in _TITLE_WORD:
            break
        gap = _GAP.match(text, match.end())
        if gap is None:
            break
        position = gap.end()
    return position


def _extend(text: str, end: int) -> int:
    """The end of the name that goes on at ``end``: further capitalised words that are no others, with particles."""
    if text[end - 2 : end] in {"'s", "’s"}:
        return end - 2
    position = end
    for _ in range(5):
        gap = _GAP.match(text, position)
        match = _WORD.match(text, gap.end()) if gap else None
        if gap is None or match is None or ("." in gap[0] and position - _word_start(text, position) > 1):
            break
        if match[0] in _PARTICLES:
            noble = _WORD.match(text, match.end() + 1)
            if match[0] in _FROM and not (noble and (noble[0] in SURNAMES or noble[0] in SURNAME_OR_WORD)):
                break
            position = match.end()
            continue
        if len(match[0]) == 1 and match[0].isupper() and match[0] != "I" and text[match.end() : match.end() + 1] == " ":
            position = match.end()  # "Maja S Hermansen"
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


def _lower(text: str, position: int) -> tuple[int, int] | None:
    """Names in lower case, as speech recognition writes them: only words of the lists, with an unknown one between."""
    end, at = None, position
    for _ in range(3):
        match = _WORD.match(text, at)
        if match is None or not match[0].islower() or match[0] not in LOWER_NAMES:
            break
        end = match.end()
        at = end + 1
    return (position, end) if end else None


def _greeted(text: str, start: int, position: int) -> tuple[int, int] | None:
    found = _known(text, position)
    if found:
        return found
    if text[start : start + 4].casefold() in {"dear", "lieb"}:
        candidate = _capitalised(text, position)
        whole = candidate and text[slice(*candidate)].replace("'", "").istitle()  # not "ScreenCity"
        return (
            candidate
            if candidate and whole and text[candidate[1] : candidate[1] + 1] in {",", "!", "\n", "-", ""}
            else None
        )
    word = _WORD.match(text, position)
    lone = word and word[0] in ANY_GIVEN and text[word.end() : word.end() + 1] in {",", ".", "!", "?", "\n", ""}
    return word.span() if word and lone else None


def _signed(text: str, sure: bool, position: int) -> tuple[int, int] | None:
    """A name that fills the rest of its line; where ``sure``, any capitalised words are one."""
    found = _capitalised(text, position)
    if found is None:
        return None
    rest = text[found[1] : found[1] + 2].strip(" .!")
    ends = not rest or text[found[1]] == "\n"
    words = _WORDS.findall(text[slice(*found)])
    return found if ends and (sure or any(word in ANY_NAME for word in words)) else None


def _answers(text: str) -> Iterator[tuple[int, int]]:
    """Names in a short answer to "your name, please?"."""
    for match in _WORDS.finditer(text):
        name = match[0] in GIVEN or match[0] in SURNAMES or match[0] in LOWER_GIVEN
        if name:
            yield match.start(), max(match.end(), _extend(text, match.end()) if match[0][0].isupper() else 0)


def _is_function_word(word: str) -> bool:
    return word.casefold() in _NO_SURNAME or word.casefold() in _TITLE_WORD


_NO_SURNAME: Final = word_set(
    "und oder aber ich sie er es wir ihr ist war hat die der das ein eine kunde kundin kollege kollegin"
    " nachbar nachbarin and or but the is was i you he she we they it please thank for in on at to from with"
    " bitte danke guten hallo doktor professor am im team support service"
)
