"""Postal addresses: street and number, postcode and town, British postcodes, American state and zip, mail boxes.

The town is taken with the street or the postcode beside it; a town alone is no address.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from analyzer.ingest.masking import address_blocks, postcodes, streets
from analyzer.ingest.masking.hints import pattern_set
from analyzer.ingest.masking.spans import DIGIT, Masker, Span, compact
from analyzer.ingest.masking.streets import GERMAN_PART, SUFFIX, SURE_SUFFIX

HINT: Final = (
    rf"(?i:{GERMAN_PART[4:]}"
    r"|[^\pL](?-i:" + SUFFIX + r")(?:[^\pL]|$)|\d{4}[ ,]+\pL|\pL\s+\d{5}|post ?box|p\.? ?o\.? ?box|postfach|packstation"
    r"|[a-z]\d[a-z\d]? ?\d[a-z]{2}(?:\W|$)|post ?code|zip|postleitzahl|plz|postal code"
    r"|\d,? (?:rue|avenue|boulevard|place|chemin)"
    r"|[^\pL](?:address|adresse|anschrift|wohnhaft|(?:lives?|living|resid\pL+) at|move(?:d|s)? (?:in)?to"
    r"|moving to|(?:ship|deliver|send|sent|mail|post)[^.]*to)[^\pL]"
    r"|(?:^|[^\pL])(?:via|viale|piazza|calle|avenida|plaza|rua|ulica|ul\.)[^\pL])|" + address_blocks.HINT
)


# One search tells which of the slower ones below are begun.
_PARTS: Final = {
    "german": GERMAN_PART,
    "english": rf"[^\pL]{SUFFIX}(?:[^\pL]|$)|(?i)\d,? (?:rue|avenue|boulevard|place|chemin|allée|impasse|quai|cours"
    r"|route) |(?:^|[^\pL])(?:via|viale|piazza|corso|vicolo|calle|avenida|av\.|avda\.|plaza|paseo|carrera|rua|travessa"
    r"|praça|largo|ul\.|ulica|aleja|strada|c/) ",
    "said": rf"(?i)[^\pL](?:{SURE_SUFFIX})(?:[^\pL]|$)",
    "told": r"(?i)address|adresse|anschrift|wohnhaft|(?:li[vf]|resid)\pL+ at|mov(?:e|ed|ing) "
    r"|ship|deliver|sen[dt]|mail|post",
    "five": r"\d{5}",
    "place": r"(?:Am|An|Im|Zum|Zur|Auf|Unter|Hinter|Hinterm|In|Beim|Vor) ",
    "four": r"\d{4}",
    "box": r"(?i)box|postfach|packstation",
    "code": r"(?i)post ?code|zip|postleitzahl|plz|postal code",
    **address_blocks.PARTS,
}
_NAMES: Final = tuple(_PARTS)
_SEARCH: Final = pattern_set(list(_PARTS.values()))


def _parts(text: str) -> set[str]:
    """Which of ``_PARTS`` occur, and "digit" where there is one: most streets and postcodes need it."""
    parts = {_NAMES[place] for place in _SEARCH.Match(text.encode()) or ()}
    return parts | {"digit"} if DIGIT.search(text) else parts


def find(text: str, masker: Masker) -> Iterator[Span]:
    """Streets and postcodes; parts that touch are one address."""
    joined: list[tuple[int, int]] = []
    parts = _parts(text)
    roads = {
        (address_blocks.head(text, start), address_blocks.tail(text, end)) for start, end in streets.find(text, parts)
    }
    for start, end in sorted({*roads, *postcodes.find(text, parts), *address_blocks.find(text, parts)}):
        if joined and _touches(text, joined[-1][1], start):
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    for start, end in joined:
        end = start + len(text[start:end].rstrip(" .,\n"))
        yield Span(start, end, "ADDRESS", compact(text[start:end]))


def _touches(text: str, end: int, start: int) -> bool:
    return start <= end or (start - end <= 6 and text[end:start].strip(" ,\n-.") in {"", "in"})
