"""Names that words beside them tell: after an introduction, a title, a greeting or a sign-off, before "speaking"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from analyzer.ingest.masking.hints import Phrases
from analyzer.ingest.masking.name_cues import AFTER, CLOSING, COLON, GREETING, STRONG, TITLES, WEAK
from analyzer.ingest.masking.name_words import (
    TITLE_WORD,
    WORD,
    WORDS,
    capitalised,
    extended,
    in_lower_case,
    past_titles,
)
from analyzer.ingest.masking.spans import word_set
from analyzer.ingest.masking.word_lists import ANY_GIVEN, ANY_NAME, GIVEN, SURNAME_OR_WORD, SURNAMES, is_other

_SHORT_TITLES: Final = word_set("mr mrs ms mx dr prof fr hr frl")
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
LAST_WORDS: Final = re.compile(r"(?:(?<!\w)([^\W\d_][\w'’-]{1,30}) )?(?<!\w)([^\W\d_][\w'’-]{1,30})$")
_NO_SURNAME: Final = word_set(
    "und oder aber ich sie er es wir ihr ist war hat die der das ein eine kunde kundin kollege kollegin"
    " nachbar nachbarin and or but the is was i you he she we they it please thank for in on at to from with"
    " bitte danke guten hallo doktor professor am im team support service"
)


def find(text: str) -> Iterator[tuple[int, int]]:
    """Spans of names that a cue in ``text`` tells."""
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
            return capitalised(text, position) or in_lower_case(text, position)
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
    match = LAST_WORDS.search(text[offset:end].rstrip(" ,"))
    if match:
        words = [n for n in (1, 2) if match[n] and match[n][0].isupper() and not is_other(match[n])]
        if any(match[n] in ANY_NAME for n in words):
            yield offset + match.start(words[0]), offset + match.end(words[-1])


def _titled(text: str, position: int) -> tuple[int, int] | None:
    """A capitalised word after "Frau", "Mr": a name, though it were a word elsewhere ("Herr Baum")."""
    start = past_titles(text, position)
    match = WORD.match(text, start)
    if match is None or not match[0][0].isupper() or _is_function_word(match[0]):
        return in_lower_case(text, position) if match else None
    return start, extended(text, match.end())


def _known(text: str, position: int) -> tuple[int, int] | None:
    """Words of which one is a name that stands in the lists."""
    found = capitalised(text, position)
    if found and any(word in ANY_NAME and word not in SURNAME_OR_WORD for word in WORDS.findall(text[slice(*found)])):
        words = WORDS.findall(text[slice(*found)])
        return found if words[0] in GIVEN or words[0] in SURNAMES or len(words) > 1 else None
    return None if found else in_lower_case(text, position)


def _greeted(text: str, start: int, position: int) -> tuple[int, int] | None:
    found = _known(text, position)
    if found:
        return found
    if text[start : start + 4].casefold() in {"dear", "lieb"}:
        candidate = capitalised(text, position)
        whole = candidate and text[slice(*candidate)].replace("'", "").istitle()  # not "ScreenCity"
        return (
            candidate
            if candidate and whole and text[candidate[1] : candidate[1] + 1] in {",", "!", "\n", "-", ""}
            else None
        )
    word = WORD.match(text, position)
    lone = word and word[0] in ANY_GIVEN and text[word.end() : word.end() + 1] in {",", ".", "!", "?", "\n", ""}
    return word.span() if word and lone else None


def _signed(text: str, sure: bool, position: int) -> tuple[int, int] | None:
    """A name that fills the rest of its line; where ``sure``, any capitalised words are one."""
    found = capitalised(text, position)
    if found is None:
        return None
    rest = text[found[1] : found[1] + 2].strip(" .!")
    ends = not rest or text[found[1]] == "\n"
    words = WORDS.findall(text[slice(*found)])
    return found if ends and (sure or any(word in ANY_NAME for word in words)) else None


def _is_function_word(word: str) -> bool:
    return word.casefold() in _NO_SURNAME or word.casefold() in TITLE_WORD
