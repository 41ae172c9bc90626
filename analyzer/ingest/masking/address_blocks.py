"""Addresses of other countries and on several lines: house number first or last, flat, town, region, country, postcode.

What makes one sure: a flat or suite ("12 Kertész út 4. Suite 9"), a military post office, "the corner of … and …",
or two numbers about capitalised words after "at", "to", "address" or at the start of a line. ``tail`` goes on over the
lines that follow a street; ``head`` takes the number before one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from analyzer.ingest.masking.spans import UNIT, is_year, word_set
from analyzer.ingest.masking.word_lists import CAPITALS, COUNTRIES

_WORD: Final = r"[\w.'’/()-]{1,30}"
_CAP: Final = r"[^\W\d_a-zß-öø-ÿ][\w'’.-]{0,30}"
_FLAT: Final = r"(?:apt|apartment|suite|ste|unit|flat)\.? ?#?\d{1,5}[a-z]?"
_WITH_FLAT: Final = re.compile(
    rf"(?<![\w€$£.,:/-])\d{{1,6}}[a-z]?,?\s(?:{_WORD},?\s{{1,6}}){{1,8}}?{_FLAT}(?:,? {_FLAT})?(?!\w)", re.IGNORECASE
)
_BEFORE: Final = re.compile(rf"(?:(?:{_CAP} ){{1,3}})$")
_POST: Final = re.compile(
    r"(?<!\w)(?:psc \d{1,5},? box \d{1,5}|unit \d{1,6},? box \d{1,5}"
    r"|uss?(?:ns|nv|cgc|s)? [^\W\d_][\w'’-]{1,30}(?: [\w'’-]{1,30})?)"
    r"(?:,?\s{1,4})[adf]po,? a[aep] \d{5}(?!\w)",
    re.IGNORECASE,
)
_CORNER: Final = re.compile(
    r"(?<!\w)(?:(?:the )?corner of (?P<first>(?:[\w.'’/-]{1,30} ){1,7}?)and|(?:an der |der )?ecke"
    r" (?P<ecke>(?:[\w.'’-]{1,30} ){0,2}[\w.'’-]{3,30}) ?(?:und|/|,)) ?"
    r"(?P<second>(?:[\w.'’-]{1,30} ){0,3}[\w'’-]{1,30})",
    re.IGNORECASE,
)
_TWO_NUMBERS: Final = re.compile(
    rf"(?<![\w€$£.,:/-])\d{{1,6}}[a-z]? (?:\d{{1,5}} )?(?:{_CAP} ){{0,4}}?{_CAP}"
    rf"(?: \d{{1,5}}[a-z]?(?![\w%€]|[.,:]\d)\.?)?"
)
_SMALL: Final = re.compile(
    r"(?<![\w€$£.,:/-])\d{2,6}[a-z]? (?:[^\W\d_][\w.'’/-]{0,29} ){1,4}\d{1,4}(?![\w%€])\.?(?:, [^\W\d_]{2,20}){0,3}"
)
_AT: Final = re.compile(
    r"(?:(?<!\w)(?:at|to|in|with|from|near|off|and|is|are"
    r"|address(?:es)?|anschrift|adresse)[:,]?|[:?])\s{1,3}$"
    r"|(?:^|\n)\s{0,6}$",
    re.IGNORECASE,
)
_PLACED: Final = re.compile(
    r"(?<!\w)(?:address(?:es)?|liv(?:e[sd]?|ing) (?:at|in)|located at|moved? to|meet(?: me| us)? at"
    r"|(?:drops?|sen[dt]|ship|deliver"
    r"|arrived)\b.{0,30}(?:at|to))\W{0,3}$",
    re.IGNORECASE,
)
_MONTHS: Final = word_set(
    "january february march april may june july august september october november december januar februar märz mai juni"
    " juli oktober dezember jan feb mar apr jun jul aug sep sept oct okt nov dec dez uhr euro eur gb mb mbit"
)
_FUNCTION: Final = word_set(
    "my the for and is are have has was were i you per we they it a an this that or not with please my your"
    " ein eine der die das und ist für mit ich wir sie"
)
_TOWN_ZIP: Final = re.compile(
    rf"(?<!\w)(?:in|nach|aus|from|to) ((?:{_CAP} )"
    rf"(?:(?:{_CAP}|de|do|da|di|del|la|u|v|na|nad|am|an|der|im|on|sur) ){{0,4}}"
    r"(\d{4,6}(?:-\d{3,4})?|\d{3} \d{2}|\d{2}-\d{3}))(?![\w%€]|[.,:-]\d)"
)
_TOWN_ZIP_SMALL: Final = re.compile(
    r"(?<!\w)in ((?:[^\W\d_]{2,20} ){1,4}(\d{5}(?:-\d{3,4})?))(?= (?:in|and|for|with)|[.,;!?]|$)"
)
_NO_TOWN: Final = word_set(
    "Room Building Gate Zimmer Platz Wagen Windows Office Outlook Excel Word Server Version Channel Kanal Halle Model"
    " Modell Raum Saal Hall Block Unit Box Line Linie Bus Zug Flug Flight Order Ticket Case Fall Nummer Number Summe"
)

_TOWN_CODE: Final = r"\p{Lu}[\pL.-]+ (?:\d{4}|\d\d[ -]\d{3}|\d{3} \d\d)|\pL \d{5}"
HINT: Final = (
    r"(?i:(?:apt|apartment|suite|ste|unit|flat)\.? ?#?\d|[adf]po,? a[aep] \d"
    r"|[^\pL](?:at|to|address:?) \d{2,6}[a-z]? \pL)"
    r"|(?:^|\n|[:?]\s|[^\pL](?:at|to|in|with|from|near|off|and|is|are) )\s*\d{1,6}[a-z]? (?:\d{1,5} )?\p{Lu}\pL|"
    + _TOWN_CODE
)
CORNER_HINT: Final = r"(?i)corner of|\becke \pL"  # the one address without a number
PARTS: Final = {  # what must be in a text for the searches of ``find`` to be begun (RE2)
    "flat": r"(?i)(?:apt|apartment|suite|ste|unit|flat)\.? ?#?\d",
    "post": r"(?i)[adf]po,? a[aep] \d",
    "corner": CORNER_HINT,
    "town": _TOWN_CODE,
}

_GAP: Final = re.compile(r"\s?,\s{0,8}|\s{0,2}\n\s{0,8}|\s{1,2}")
_NAME: Final = r"[^\W\d_a-zß-öø-ÿ][\w'’-]{0,30}"
_TAIL_FLAT: Final = re.compile(rf"{_FLAT}(?!\w)", re.IGNORECASE)
_TAIL_CODE: Final = re.compile(
    r"(?:(?:[A-Z]{1,3}-)?\d{3,6}(?:[ -]\d{2,4})?|[A-Z]\d[A-Z] ?\d[A-Z]\d"
    r"|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|\d{4} ?[A-Z]{2})"
    r"(?![\w%€]|[.,:]\d)"
)
_TAIL_PLACE: Final = re.compile(
    rf"{_NAME}\.?(?:[ -](?:{_NAME}|u|v|am|an|der|ob|im|in|bei|upon|on|the|of"
    rf"|le|la|de|do|da|di|del|sur|na|nad|los|las)){{0,4}}"
    r"(?: \([\w ().-]{2,30}\))?"
)
_TAIL_REGION: Final = re.compile(r"(?:[A-ZÄÖÜÉ]{2,3}|[a-zé]{2,3}(?=\s*\n))(?![\w:])")
_ENDS: Final = re.compile(r"\s*(?:[,.;!?\n)]|$|\d|\[)")


def find(text: str, parts: set[str]) -> Iterator[tuple[int, int]]:
    """Spans of addresses, each with what follows it on its line and the next ones; ``parts``: what occurs of PARTS."""
    for start, end in _with_flat(text) if "flat" in parts else ():
        yield start, tail(text, end)
    for start, end in _numbered(text) if "digit" in parts else ():
        yield start, tail(text, end)
    for match in _POST.finditer(text) if "post" in parts else ():
        yield match.span()
    for match in _CORNER.finditer(text) if "corner" in parts else ():
        if end := _corner_end(text, match):
            yield match.start(), end
    if "town" in parts:
        yield from _towns_with_code(text)


def _towns_with_code(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_TOWN_ZIP, _TOWN_ZIP_SMALL) if text.islower() else (_TOWN_ZIP,):
        for match in pattern.finditer(text):
            first = match[1].split()[0]
            counted = is_year(match[2]) or UNIT.match(text, match.end()) is not None
            if not counted and first not in CAPITALS and first not in _NO_TOWN:
                yield match.span(1)


def head(text: str, start: int) -> int:
    """Where the address really begins: a house number may stand before the street."""
    match = re.search(r"(?<![\w€$£.,:/-])\d{1,6},? $", text[max(0, start - 9) : start])
    return max(0, start - 9) + match.start() if match else start


def tail(text: str, end: int) -> int:
    """Where the address that is known up to ``end`` ends: flat, town, region, country and postcode may follow."""
    known = end
    after_flat = False
    for _ in range(7):
        gap = _GAP.match(text, known)
        if gap is None:
            break
        parted = "," in gap[0] or "\n" in gap[0]
        if flat := _TAIL_FLAT.match(text, gap.end()):
            known, after_flat = flat.end(), True
        elif (
            (code := _TAIL_CODE.match(text, gap.end())) and (parted or after_flat) and not UNIT.match(text, code.end())
        ):
            known = code.end()
        elif (parted or after_flat) and (place := _place_end(text, gap.end(), parted)):
            known, after_flat = place, True
        else:
            break
    return known


def _place_end(text: str, start: int, parted: bool) -> int:
    """The end of the town, region or country at ``start``, 0 if none."""
    if region := _TAIL_REGION.match(text, start):
        return region.end()
    match = _TAIL_PLACE.match(text, start)
    if match is None or match[0].split()[0].strip(".,") in CAPITALS or text[match.end() : match.end() + 1] == ":":
        return 0
    country = match[0].rpartition(" ")[2] in COUNTRIES
    return match.end() if not parted or country or _ENDS.match(text, match.end()) else 0


def _with_flat(text: str) -> Iterator[tuple[int, int]]:
    position = 0
    small = text.islower()
    while match := _WITH_FLAT.search(text, position):
        words = match[0].split()[1:-1]
        capital = any(word[0].isupper() or word[0] > "ÿ" for word in words) or (small and len(match[0].split()[0]) >= 3)
        if capital and _FUNCTION.isdisjoint(words):
            before = _BEFORE.search(text, max(0, match.start() - 60), match.start())
            start = before.start() if before and before[0].split()[0] not in CAPITALS else match.start()
            yield start, match.end()
            position = match.end()
        else:
            position = match.start() + 1


def _numbered(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_TWO_NUMBERS, _SMALL) if text.islower() else (_TWO_NUMBERS,):
        for match in pattern.finditer(text):
            at = _AT.search(text, max(0, match.start() - 30), match.start())
            if at and _numbers_house(text, match):
                yield match.span()


def _numbers_house(text: str, match: re.Match[str]) -> bool:
    words = match[0].split()
    named = [word for word in words if not word[0].isdecimal()]
    numbers = [word.strip(".") for word in words if word[0].isdecimal()]
    told = _PLACED.search(text, max(0, match.start() - 60), match.start()) is not None
    if not named or named[0] in CAPITALS or any(word.casefold().strip(".,") in _MONTHS | _FUNCTION for word in named):
        return False
    if UNIT.match(text, match.start() + len(words[0])) or UNIT.match(text, match.end()):
        return False
    if match.re is _SMALL and not told:
        return False
    long = numbers[0][0] == "0" or len(numbers[0]) >= 3
    return (len(numbers) >= 2 and (long or told)) or (told and long and len(named) >= 2)


def _corner_end(text: str, match: re.Match[str]) -> int:
    """The end of the second street: up to its last capitalised word, or the end of what stands in small letters."""
    if match["ecke"]:
        both = (match["ecke"].split()[0], match["second"].split()[0])
        return (
            match.end()
            if all(word[0].isupper() for word in both) and re.search("str|platz|weg|allee|gasse|ring", match[0])
            else 0
        )
    first, end = match["first"], match.start("second")
    if not (any(word[0].isupper() or word[0].isdecimal() for word in first.split())):
        return 0
    for word in re.finditer(r"\S+", match["second"]):
        small = word[0][0].islower()
        if small and not (text.islower() and word.start() < 24):
            break
        end = match.start("second") + word.end()
    return end if end > match.start("second") else 0
