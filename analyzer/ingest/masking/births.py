"""Birth dates after a word that tells what they are, numeric, in words or dictated; ages of people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from analyzer.ingest.masking.spans import DIGIT, Masker, Span, compact, in_small
from analyzer.ingest.masking.spoken import DIGITS_OF

_MONTHS: Final = (
    r"(?:jan(?:uar|uary|uar)?|feb(?:ruar|ruary)?|mär(?:z)?|maerz|mar(?:ch)?|apr(?:il)?|ma[iy]|jun[ie]?"
    r"|juno|jul[iy]?|aug(?:ust)?"
    r"|sep(?:t(?:ember)?)?|o[kc]t(?:ober)?|nov(?:ember)?|de[zc](?:ember)?|jänner)"
)
_ORDINAL: Final = (
    r"(?:ersten?r?|zweiten?r?|dritten?r?|vierten?r?|fünften?r?|sechsten?r?|siebten?r?|siebenten?r?"
    r"|achten?r?|neunten?r?|zehnten?r?"
    r"|elften?r?|zwölften?r?|(?:drei|vier|fünf|sech|sieb|acht|neun)zehnten?r?|(?:[a-zäöü]{3,8}und)?(?:zwan"
    r"|drei)(?:zig|ßig|ssig)sten?r?"
    r"|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth"
    r"|fourteenth|fifteenth"
    r"|sixteenth|seventeenth|eighteenth|nineteenth|(?:twenty|thirty)[ -]?(?:first|second|third|fourth"
    r"|fifth|sixth|seventh|eighth|ninth)"
    r"|twentieth|thirtieth)"
)
_WORDS: Final = "|".join(sorted(DIGITS_OF, key=len, reverse=True))
_YEAR_WORDS: Final = (
    rf"(?:neunzehn|zwei ?tausend|zwanzig|nineteen|twenty|two thousand)[ -]?(?:hundert"
    rf"|hundred)?(?:[ -]?(?:und|and|oh)?[ -]?(?:{_WORDS})){{0,3}}"
)
_DAY: Final = rf"(?:\d{{1,2}}(?:st|nd|rd|th|\.)?|{_ORDINAL})"
_MONTH: Final = rf"(?:{_MONTHS}\.?|{_ORDINAL}|\d{{1,2}}\.?)"
_TENS: Final = "|".join(
    sorted((word for word in DIGITS_OF if "und" in word or word.endswith("ig")), key=len, reverse=True)
)
_YEAR: Final = rf"(?:(?:19|20)\d\d|['’]?\d\d|{_YEAR_WORDS}|(?:{_TENS})(?!\w))"
# Dates and ages are looked for in text in small letters.
_DATE: Final = re.compile(
    rf"(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/. ]{{1,2}}\d{{1,2}}[-/. ]{{1,2}}(?:\d{{4}}|\d{{2}})|\d{{8}}"
    rf"|{_DAY}(?: of)? {_MONTH},? {_YEAR}|{_MONTHS}\.? (?:the )?{_DAY},? {_YEAR}|{_DAY}(?: of)? {_MONTHS}"
    rf"|{_MONTHS} {_DAY}"
    rf"|(?:19|20)\d\d|{_YEAR_WORDS})(?!\w)"
)
_BORN_AFTER: Final = re.compile(
    rf"(?<!\w)((?:\d{{1,2}}[-/. ]{{1,2}}\d{{1,2}}[-/. ]{{1,2}}\d{{2,4}}|{_DAY} {_MONTHS}\.? {_YEAR})) geboren(?!\w)",
    re.IGNORECASE,
)
_CONTEXT: Final = re.compile(
    r"(?<!\w)(?:geboren(?:e[nr]?)?|geburtsdatum|geburtstag|geburtsjahr|jahrgang|geb\.|date of birth"
    r"|birth ?date|birthday|born|d\.?o\.?b\.?)(?!\w)",
    re.IGNORECASE,
)
_FILLER: Final = re.compile(
    r"(?:[ :,.(–-]|\n|(?:am|im|on|in|ist|is|was|war|der|den|the|dem|mein|my|ihr|jahr|year|vom|bin|i|ich"
    r"|wurde|wurden|she|he|it's|its|und|and|of|oh|äh|um|uh|ja|yes)(?!\w)){0,10}",
    re.IGNORECASE,
)
_PERSON: Final = (
    r"(?:i am|i'm|he is|he's|she is|she's|ich bin|er ist|(?:my|our|mein|meine|unser"
    r"|unsere) (?:\w{2,14}[ -]){0,2}?(?:mother|father|mum|mom"
    r"|dad|son|daughter|wife|husband|partner|kid|child|grand\w{2,10}|mutter|vater|sohn|tochter|frau|mann"
    r"|kind|oma|opa|enkel\w{0,3}) (?:is|ist))"
)
_AGE: Final = re.compile(
    rf"(?<!\w){_PERSON} (?:now |already |schon |jetzt |only |erst )?(\d{{1,3}})(?: years? old| jahre alt"
    rf"|(?= ?[.,;!?]| and | und |$))"
    r"|(?<!\w)(?:aged?|at the age of|age of|age:|age is|alter:|alter ist|alter von) (\d{2,3})(?!\w)"
    r"|(?<!\w)(?:turn(?:ed|ing|s)?|going on) (\d{2})(?= ?[.,;!?]| and | in | this | next | on |$)"
    r"|(?<!\w)((?:1[6-9]|[2-9]\d|1[01]\d))(?:[ -]years?[ -]olds?| yo| y/o)(?!\w)"
    r"|(?<!\w)(\d{1,3})[ -]years?[ -]old(?= (?:man|woman|lady|boy|girl|son|daughter|mother|father|male"
    r"|female))"
    r"|(?<!\w)(\d{1,3})-jährige[rns]?(?= (?:mutter|vater|sohn|tochter|frau|mann|oma|opa))"
)
_YEARS_OLD: Final = re.compile(rf"(?<!\w)(\d{{2,3}}|{_WORDS}) (?:jahre alt|years? old|years of age|jahre jung)(?!\w)")
_SOMEBODY: Final = re.compile(
    r"(?<!\w)(?:i|i'm|he|she|he's|she's|ich|er|bin|bist|sind"
    r"|(?:mein|meine|unser|unsere|ihre?|my|our|his|her) (?:\w{2,14}[ -]){0,2}?"
    r"(?:mother|father|mum|mom|dad|wife|husband|son|daughter|partner|kid|child|grand\w{2,10}|mutter|vater|mama|papa"
    r"|frau|mann|sohn|tochter|kind|oma|opa|enkel\w{0,3}|schwester|bruder|tante|onkel|nachbar(?:in)?))(?!\w)"
)
_ASKS: Final = re.compile(
    r"(?:geburtsdatum|date of birth|birth ?date|birthday|geboren)[^.!]{0,40}[?]|geburtsdatum,? bitte"
    r"|(?:ihr|das) geburtsdatum",
    re.I,
)

ASK_HINT: Final = r"(?i)geburtsdatum|date of birth|birth ?date|birthday|\bdob\b|geboren"
HINT: Final = (
    r"(?i)(?:^|[^\pL])(?:geboren\pL{0,2}|geburts\pL+|jahrgang|geb\.|birth ?-?da\pL+|date of birth|born"
    r"|d\.?o\.?b\.?)(?:[^\pL]|$)"
    r"|(?:aged?|of|is|alter|von):? \d{2}|\d[ -]years?[ -]old|\d yo|\d y/o|turn(?:ed|ing|s)? \d|going on \d"
    r"|[a-zß] jahre alt|\djahre alt|\d jahre alt|\d-jährig|\b(?:i am"
    r"|i'm|he is|he's|she is|she's|is|bin|ist) (?:\pL+ )?\d{1,3}(?:\W|$)"
)

_BIRTH_WORDS: Final = ("geb", "jahrgang", "birth", "born", "dob", "d.o.b", "d.ob", "do.b")  # of _CONTEXT and _ASKS

_OLD: Final = ("jahre alt", "jahre jung", "year old", "years old", "years of age")  # of _YEARS_OLD


def find(text: str, masker: Masker) -> Iterator[Span]:
    small = in_small(text)
    spans = [*_told(text, masker), *_before(text)] if any(word in small for word in _BIRTH_WORDS) else []
    spans += [
        Span(match.start(group), match.end(group), "AGE", match[group])
        for match in (_AGE.finditer(small) if DIGIT.search(text) else ())
        if (group := match.lastindex or 0) and 1 <= int(match[group]) <= 115
    ]
    if any(words in small for words in _OLD):
        spans += _years_old(small)
    yield from _apart(spans)


def _years_old(small: str) -> Iterator[Span]:
    """ "84 Jahre alt", "achtundsiebzig jahre alt", said of a person named shortly before."""
    for match in _YEARS_OLD.finditer(small):
        years = DIGITS_OF.get(match[1], match[1])
        if 10 <= int(years) <= 115 and _SOMEBODY.search(small, max(0, match.start() - 60), match.start()):
            yield Span(match.start(1), match.end(1), "AGE", years)


def _apart(spans: list[Span]) -> list[Span]:
    """``spans`` in order, without those that overlap an earlier one."""
    kept: list[Span] = []
    for span in sorted(spans):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _before(text: str) -> Iterator[Span]:
    """ "Am 3. Mai 1985 geboren": the date stands first."""
    for match in _BORN_AFTER.finditer(text) if " geboren" in in_small(text) else ():
        yield Span(match.start(1), match.end(1), "BIRTH", compact(match[1]))


def find_answer(text: str, masker: Masker) -> Iterator[Span]:
    """A whole date in an answer to "your date of birth, please?"."""
    if masker.asked.get("BIRTH"):
        for match in _DATE.finditer(in_small(text)):
            before = text[match.start() - 1 : match.start()]
            if not (before.isalnum() or before in {".", "/", "-"}) and len(match[0]) >= 8 and not match[0].isdecimal():
                yield Span(match.start(), match.end(), "BIRTH", compact(match[0]))
                return


def _told(text: str, masker: Masker) -> Iterator[Span]:
    position, small = 0, in_small(text)
    while context := _CONTEXT.search(text, position):
        filler = _FILLER.match(text, context.end())
        position = filler.end() if filler else context.end()
        if match := _DATE.match(small, position):
            yield Span(match.start(), match.end(), "BIRTH", compact(match[0]))
            position = match.end()
    if _ASKS.search(text):
        masker.asked["BIRTH"] = 3
