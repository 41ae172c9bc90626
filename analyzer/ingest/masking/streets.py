"""Streets with their house number, German and English and of other countries of Europe, and mail boxes.

The town that follows is taken with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from analyzer.ingest.masking.postcodes import NAME, SAID, TOWN
from analyzer.ingest.masking.spans import DIGIT, UNIT, in_small
from analyzer.ingest.masking.word_lists import CAPITALS

_CAP: Final = r"[^\W\d_a-zß-öø-ÿ][\w'’.-]{0,30}"
_NUMBER: Final = r"\d{1,5}(?: ?[a-zA-Z](?![\w]))?(?: ?[-/–] ?\d{1,5}[a-z]?)?"
_SAID_NUMBER: Final = rf"(?:{SAID})(?: (?:{SAID})){{0,3}}(?: [a-f](?!\w))?"

# German: "Birkenweg 3", "Lange Str. 7 b", "Straße des Friedens 4"; endings of other languages of Europe with them.
_ENDING: Final = (
    r"(?i:stra(?:ß|ss)e|str\.|str(?= \d)|gasse|allee|chaussee|promenade|straat|laan|gatan|vägen|vej|gade"
    r"|gata|katu|utca|ulice)"
)
_CAPITAL_ENDING: Final = (
    r"(?:[wW]eg|[pP]latz|[uU]fer|[dD]amm|[sS]teig|[sS]tieg|[pP]fad|[gG]raben|[wW]all|[kK]amp"
    r"|(?<=[bdgklnrtw])ring|[mM]arkt|vegen)"
)
_OF: Final = r"(?: (?:de[rsmn]|an|am|im|zum|zur|vor|von|und|auf) [\w-]{2,25}(?: [\w-]{2,25})?)?"
_HOUSE: Final = rf",?\s(?:(?i:nummer|nr\.?|hausnummer) ?)?(?:{_NUMBER}|(?i:{_SAID_NUMBER}))(?![\w%€]|[.,:]\d)"
_GERMAN: Final = re.compile(
    rf"(?<![\w-])(?:(?:{_CAP}[ -]){{0,3}}?(?:[^\W\d_][\w-]{{1,30}}?)?{_ENDING}{_OF}"
    rf"|(?:{_CAP}[ -]){{0,3}}?[^\W\d_a-zß-öø-ÿ](?:[\w-]{{1,30}}?{_CAPITAL_ENDING}"
    rf"|(?:{_CAPITAL_ENDING[3:-1]})){_OF}){_HOUSE}"
)
_NO_NAME: Final = re.compile(
    r"(?:der |die |eine |diese |im |am |auf dem |den |zum )?"
    r"(?:weg|platz|ring|wall|graben|ufer|damm|stra(?:ß|ss)e|str\.?|steig|pfad)",
    re.IGNORECASE,
)
_NO_STREET: Final = re.compile(
    r"^(?:bahnsteig|bürgersteig|firewall|.*mittel.{0,3}markt|.*super-?markt|.*bau-?markt|.*fach-?markt"
    r"|.*versand|arbeits|park|sitz|stell|speicher|lade|steck|start|schlaf|steh|arbeits|markt|rück|hin"
    r"|arbeit|unter|liefer|versand|rechts|dienst"
    r"|um|mittel|aus|ein|zu|vor|an|heim|hinter|ab|über|lösungs|kommunikations|bestell)(?:weg|platz)",
    re.IGNORECASE,
)
_PLACE_GERMAN: Final = re.compile(
    rf"(?<!\w)(?:Am|An der|An den|Im|Zum|Zur|Auf dem|Auf der|Unter den|Hinter der|Hinterm|In der|In den|Beim|Vor dem) "
    rf"({_CAP}(?: {_CAP})?) \d{{1,3}}(?: ?[a-zA-Z](?!\w))?(?=,? ?\n?,? ?\d{{5}} |, (?:in )?\d{{4,5}})"
)
_ROMANCE: Final = re.compile(
    r"(?<!\w)(?:\d{1,4}(?: bis| ter)?,? (?i:rue|avenue|boulevard|place|chemin|allée|impasse|quai|cours|route) "
    r"(?:(?:de|du|des|la|le|les|l'|d') ?){0,2}[\w'’-]{2,25}(?: [^\W\d_a-z][\w'’-]{1,25}){0,2}"
    r"|(?i:via|viale|piazza|corso|vicolo|calle|avenida|av\.|avda\.|plaza|paseo|carrera|rua|travessa|praça"
    r"|largo|ul\.|ulica|aleja|strada|c/)"
    rf" (?:{_CAP}|de|da|do|del|della|di|la|las|los)(?: (?:{_CAP}|de|da|do|dos|del|della|di|la|las|los"
    rf"|y)){{0,4}},? \d{{1,5}}[a-z]?)(?!\w)"
)
# Written small, only the first are streets; the others are everyday words ("way", "place", "point").
SURE_SUFFIX: Final = "street|road|avenue|lane|drive|crescent|boulevard|close|terrace|gardens|grove"
SUFFIX: Final = (
    rf"(?:(?i:{SURE_SUFFIX})|St|ST|Rd|RD|Ave?|AVE?|Ln|LN|Dr|DR|Ct|CT|Court|Pl|Place|Blvd|Way|Cres|Ter|Sq|Square|Gdns|Hill"
    r"|Park|Mews|Parkway|Pkwy|Highway|Hwy|Circle|Cir|Trail|Trl|Row|Walk|View|Rise|Green|Loop|Run|Path|Pike|Plaza|Alley|Quay"
    r"|Wharf|Parade|Esplanade|Ridge|Crossing|Point|Heights|Bend|Cove|Turnpike|Expressway|Freeway)"
)
_COMPASS: Final = r"(?:(?i:north|south|east|west)|[NSEW]{1,2})"
_ENGLISH: Final = re.compile(
    r"(?<![\w.,/:$€£-])(?:(?i:flat|apartment|apt|unit|suite|no|number)\.? \w{1,5},? )?\d{1,5}(?:-\d{1,5}"
    r"|[a-zA-Z](?!\w)|/\d{1,3})?,? "
    rf"(?:{_COMPASS}\.? )?(?:(?:{_CAP}|\d{{1,3}}(?:st|nd|rd|th)) ){{1,4}}?{SUFFIX}(?!\w)\.?(?: {_COMPASS}(?!\w))?"
)
# In text in small letters.
_ENGLISH_SAID: Final = re.compile(
    rf"(?<![\w.,/:$€£-])(?:\d{{1,5}}[a-z]?|{_SAID_NUMBER}) (?!minutes?|hours?|miles?|days?|weeks?|way|more"
    rf"|by|or|of|times)(?:[a-z][\w'-]{{2,20}} ){{1,2}}"
    r"(?:" + SURE_SUFFIX + r")(?!\w)"
)
_UNIT: Final = re.compile(
    r",?\s{1,2}(?:(?:apt|apartment|unit|suite|ste|flat|floor|fl|room|rm|bldg|building|wohnung|whg|etage"
    r"|hinterhaus|c/o)\.?,? ?#? ?[\w-]{1,8}|#\s?\w{1,6})(?!\w)",
    re.IGNORECASE,
)
_BOX: Final = re.compile(r"(?<!\w)(?:p\.? ?o\.? ?box|postfach|packstation) ?#?\d[\d ]{0,9}(?<=\d)", re.IGNORECASE)

# Any capitalised words with a number, then a postcode with a town: "Langveien 12, 0153 Oslo", "12 Elm Bank, Leeds 402".
_WORDS_NUMBER: Final = rf"(?:{_CAP} ){{1,4}}(?:\w{{1,12}} ){{0,2}}\d{{1,5}} ?[a-zA-Z]?(?:[,/ -]{{1,2}}\w{{1,6}})?"
_NUMBER_WORDS: Final = rf"\d{{1,5}}[a-zA-Z]?,? (?:\w{{1,12}} ){{0,2}}?{_CAP}(?: {_CAP}){{0,3}}"
_ANY_STREET: Final = re.compile(
    rf"(?<![\w/-])(?:{_WORDS_NUMBER}|{_NUMBER_WORDS})(?:,\s{{0,2}}|\s?\n\s?)(?:{_CAP}(?: {_CAP}){{0,2}}(?:,\s|\n\s?))?"
    rf"(?:(?:[A-Z]{{1,2}}-)?\d{{3,6}}(?:[ -]\d{{2,4}}| ?[A-Z]{{2}})? {TOWN}"
    rf"|{TOWN},? (?:[A-Z]{{2,3}},? )?\d{{4,6}}(?:-\d{{3,4}})?)(?![\w%€])"
)
_CODE: Final = re.compile(r"\d{3}")  # the shortest postcode
# In text in small letters.
_TOLD: Final = re.compile(
    r"(?<!\w)(?:(?:home |postal |billing |shipping |delivery |mailing |new |old |current )?address(?: is"
    r"| was|:)|(?:i |we |he |she |they )?(?:now )?(?:lives?|living|reside|resident) at"
    r"|(?:moved|moving|move) (?:in)?to|(?:ship|deliver|send|mail|sent|delivered|post) (?:it |them |this "
    r"|that )?to|(?:liefer|rechnungs|post|heimat|privat|wohn)?(?:adresse|anschrift)"
    r"(?: ist| lautet|:)|wohnhaft(?: in)?:?)(?!\w)[ :\n]{0,3}(?:now |jetzt |die |der |the )?"
)
_TOLD_REST: Final = re.compile(
    rf"(?:(?:{NAME}|St\.|\d{{1,5}}[a-zA-Z]?(?:[/-]\d{{1,4}})?|de|del|la|von|der|of|the|am|an"
    rf"|#)(?:,?\s{{1,2}}|(?![\w])))" + r"{2,14}"
)
_TOWN_AFTER: Final = re.compile(rf"(?:,\s{{0,2}}|\s?\n\s?|\sin )(?:\d{{4,5}} )?({TOWN})(?=\s*(?:[,.;!?\n]|$|\d|\[))")
GERMAN_PART: Final = (
    r"(?i)(?:stra(?:ß|ss)e|str\.?|gasse|allee|weg|platz|ring|ufer|damm|chaussee|steig|stieg|pfad|promenade"
    r"|graben|wall|kamp|markt|straat|laan"
    rf"|gatan|vägen|vej|gade|vegen|gata|katu|utca|ulice)(?: (?:de[rsmn]|an|am|im|zum|zur|vor|von|und"
    rf"|auf) .*)?,? +(?:nummer |nr\.? ?|hausnummer )?(?:\d|{SAID})"
)


def find(text: str, parts: set[str]) -> Iterator[tuple[int, int]]:
    """Spans of streets with their town; ``parts``: what occurs in ``text`` of ``addresses``' list."""
    for match in _GERMAN.finditer(text) if "german" in parts else ():
        word = re.split(r"[ -]", match[0])[0]
        if not _NO_STREET.match(word) and not UNIT.match(text, match.end()) and _street_like(match[0]):
            yield _from_capital(match), _with_town(text, match.end())
    for match in _ENGLISH_SAID.finditer(in_small(text)) if "said" in parts else ():
        yield match.start(), _with_town(text, match.end())
    if "digit" in parts:
        yield from _numbered(text, parts)


def _numbered(text: str, parts: set[str]) -> Iterator[tuple[int, int]]:
    """Streets whose number is written, and boxes."""
    english = (_ROMANCE, _ENGLISH) if "english" in parts else ()
    german = (_PLACE_GERMAN,) if "place" in parts else ()
    boxes = (_BOX,) if "box" in parts else ()
    for pattern in (*german, *english, *boxes):
        for match in pattern.finditer(text):
            yield match.start(), _with_town(text, match.end())
    parted = ("," in text or "\n" in text) and _CODE.search(text)
    for match in _ANY_STREET.finditer(text) if parted else ():
        if match[0].split()[0] not in CAPITALS:
            yield match.span()
    for match in _TOLD.finditer(in_small(text)) if "told" in parts else ():
        rest = _TOLD_REST.match(text, match.end())
        if rest and DIGIT.search(rest[0]) and rest[0].split()[0] not in CAPITALS:
            yield rest.start(), match.end() + len(rest[0].rstrip(" ,\n"))


def _street_like(street: str) -> bool:
    """A street is a word with something before its ending ("Birkenweg"), or several ("Lange Straße")."""
    name = re.split(r",?\s(?=[\d]|(?:nummer|nr|hausnummer)\b)", street)[0]
    return _NO_NAME.fullmatch(name) is None


def _from_capital(match: re.Match[str]) -> int:
    """Without the words before the street that only happened to bear a capital ("Meine Adresse Birkenweg 3")."""
    start = match.start()
    for word in re.finditer(r"\S+", match[0]):
        if word[0].strip(".,") not in CAPITALS or word.end() + 1 >= len(match[0]):
            break
        start = match.start() + word.end() + 1
    return start if start < match.end() - 4 else match.start()


def _with_town(text: str, end: int) -> int:
    for _ in range(2):
        unit = _UNIT.match(text, end)
        end = unit.end() if unit else end
    town = _TOWN_AFTER.match(text, end)
    if town and town[1].split()[0] not in CAPITALS and len(town[0]) < 60:
        end = town.end()
    return end
