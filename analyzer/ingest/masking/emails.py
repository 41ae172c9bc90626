"""Email addresses, written or spelled out: "max punkt muster ät web punkt de", "john dot smith at example dot com"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from analyzer.ingest.masking.spans import Masker, Span, in_small, word_set
from analyzer.ingest.masking.spoken import DIGITS_OF
from analyzer.ingest.masking.word_lists import is_given_name

_WRITTEN: Final = re.compile(r"(?<![\w+%])[\w+%][\w.+%'-]{0,63}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")

# "max(at)web(punkt)de", as people write it against robots.
_OPEN, _CLOSE = r" ?[(\[{] ?", r" ?[)\]}] ?"
_BRACKET_DOT: Final = rf"(?:\.|{_OPEN}(?:punkt|dot|\.){_CLOSE})"
_BRACKET_AT: Final = re.compile(rf"{_OPEN}(at|ät|@){_CLOSE}", re.IGNORECASE)
_BRACKETED: Final = re.compile(
    rf"(?<![\w+%])[\w+%'-]{{1,63}}(?:{_BRACKET_DOT}[\w+%'-]{{1,63}}){{0,4}}{_BRACKET_AT.pattern}"
    rf"[\w-]{{1,63}}(?:{_BRACKET_DOT}[\w-]{{1,63}}){{1,6}}",
    re.IGNORECASE,
)
_BRACKETS: Final = re.compile(rf"{_OPEN}(?:punkt|dot|\.){_CLOSE}", re.IGNORECASE)

_AT: Final = r"(?:ät|aet|at|klammeraffe|at[ -]zeichen|ät[ -]zeichen|affenschwanz|@)"
_TOP: Final = (
    r"(?:de|com|net|org|info|eu|at|ch|li|biz|io|me|us|uk|fr|it|nl|be|es|pl|edu|gov|online|email|app|shop"
    r"|co (?:punkt|dot) uk|(?:d e|c o m))"
)
_DOMAIN: Final = r"[\w-]{1,40}(?:(?: (?:punkt|dot|minus|bindestrich|strich|dash|hyphen) |\.|-)[\w-]{1,40}){0,3}?"
_SPOKEN: Final = re.compile(
    rf"(?<=\s){_AT}\s{_DOMAIN}(?: (?:punkt|dot) |\.){_TOP}(?!\w)|(?<=\w)@{_DOMAIN} (?:punkt|dot) {_TOP}(?!\w)",
    re.IGNORECASE,
)
_SURE: Final = re.compile(r"(?:ät|aet|klammer|affen|@|at[ -]z)", re.IGNORECASE)
_LAST_WORD: Final = re.compile(r"([\w'+-]{1,40}(?:[._][\w'+-]{1,40}){0,5})\s*$")
_JOINS: Final = word_set("punkt dot unterstrich underscore minus bindestrich strich dash hyphen plus . _ -")
_ENDS: Final = re.compile(rf"\.{_TOP}(?!\w)")  # in text in small letters, as "punkt" and "dot" are looked for
_WORD_AT: Final = re.compile(r"@(?<=[\w.+%'-]@)")
_CONTEXT: Final = re.compile(r"e-?mail|\bmail|adress|address", re.IGNORECASE)

HINT: Final = (
    r"@|(?i)[^\pL](?:punkt|dot)[^\pL]|(?:ät|aet|at|klammeraffe|[äa]t[ -]zeichen)\s[\pL\d-]+\.(?:de|com|net"
    r"|org|at|ch)[^\pL]|[(\[{] ?[aä]t ?[)\]}]"
)


def find(text: str, masker: Masker) -> Iterator[Span]:
    written = [
        Span(match.start(), match.end(), "EMAIL", match[0].casefold())
        for match in (_WRITTEN.finditer(text) if _WORD_AT.search(text) else ())
    ]
    if _BRACKET_AT.search(text):
        written += _bracketed(text)
    small = in_small(text)
    spelled = "punkt" in small or "dot" in small or _ENDS.search(small) is not None
    yield from sorted((*written, *_spelled(text, {span.end for span in written}))) if spelled else written


def _bracketed(text: str) -> Iterator[Span]:
    for match in _BRACKETED.finditer(text):
        plain = _BRACKETS.sub(".", _BRACKET_AT.sub("@", match[0]))
        yield Span(match.start(), match.end(), "EMAIL", plain.casefold())


def _spelled(text: str, taken: set[int]) -> Iterator[Span]:
    floor = 0
    for match in _SPOKEN.finditer(text):
        start = _local_start(text, match.start(), floor)
        local = text[start : match.start()].strip()
        sure = _SURE.match(match[0]) or _tells(local) or _CONTEXT.search(text, max(0, start - 60), start)
        if local and sure and match.end() not in taken:
            yield Span(start, match.end(), "EMAIL", written_form(text[start : match.end()]))
            floor = match.end()


def _local_start(text: str, end: int, floor: int) -> int:
    """Where the part before the at-sign begins: words held together by "punkt", "unterstrich" or spelled letters."""
    start, joined, spelled = end, True, True
    for _ in range(24):
        match = _LAST_WORD.search(text, max(floor, start - 60), start)
        if match is None:
            break
        word = match[1].casefold()
        piece = len(word) == 1 or word in DIGITS_OF or word.isdecimal()
        if not (joined or word in _JOINS or (piece and spelled)):
            break
        joined, spelled = word in _JOINS, piece
        start = match.start(1)
    return start


def _tells(local: str) -> bool:
    """Whether the words before a plain "at" can only be an address."""
    words = local.casefold().split()
    return len(words) > 1 or any(char in "._0123456789" for char in local) or is_given_name(local)


def written_form(spelled: str) -> str:
    """The address as it is written, so that one said aloud and one typed bear the same number.

    >>> written_form("Max Punkt Muster ät web Punkt de")
    'max.muster@web.de'
    """
    signs = {"punkt": ".", "dot": ".", "unterstrich": "_", "underscore": "_", "plus": "+"}
    signs |= dict.fromkeys(("minus", "bindestrich", "strich", "dash", "hyphen"), "-")
    signs |= dict.fromkeys(("ät", "aet", "at", "klammeraffe", "affenschwanz", "at-zeichen", "ät-zeichen"), "@")
    return "".join(signs.get(word, DIGITS_OF.get(word, word)) for word in spelled.casefold().split())
