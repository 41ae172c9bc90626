"""Postal addresses: street and number, postcode and town, British postcodes, American state and zip, mail boxes.

The town is taken with the street or the postcode beside it; a town alone is no address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from analyzer.ingest.masking import address_blocks
from analyzer.ingest.masking.hints import pattern_set
from analyzer.ingest.masking.spans import UNIT, Masker, Span, compact
from analyzer.ingest.masking.spoken import DIGITS_OF
from analyzer.ingest.masking.word_lists import CAPITALS, TOWNS

_CAP: Final = r"[^\W\d_a-zß-öø-ÿ][\w'’.-]{0,30}"
_NUMBER: Final = r"\d{1,5}(?: ?[a-zA-Z](?![\w]))?(?: ?[-/–] ?\d{1,5}[a-z]?)?"
_SAID: Final = "|".join(sorted((word for word in DIGITS_OF if len(word) > 1), key=len, reverse=True))
_SAID_NUMBER: Final = rf"(?:{_SAID})(?: (?:{_SAID})){{0,3}}(?: [a-f](?!\w))?"

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
_SURE_SUFFIX: Final = "street|road|avenue|lane|drive|crescent|boulevard|close|terrace|gardens|grove"
_SUFFIX: Final = (
    rf"(?:(?i:{_SURE_SUFFIX})|St|ST|Rd|RD|Ave?|AVE?|Ln|LN|Dr|DR|Ct|CT|Court|Pl|Place|Blvd|Way|Cres|Ter|Sq|Square|Gdns|Hill"
    r"|Park|Mews|Parkway|Pkwy|Highway|Hwy|Circle|Cir|Trail|Trl|Row|Walk|View|Rise|Green|Loop|Run|Path|Pike|Plaza|Alley|Quay"
    r"|Wharf|Parade|Esplanade|Ridge|Crossing|Point|Heights|Bend|Cove|Turnpike|Expressway|Freeway)"
)
_COMPASS: Final = r"(?:(?i:north|south|east|west)|[NSEW]{1,2})"
_ENGLISH: Final = re.compile(
    r"(?<![\w.,/:$€£-])(?:(?i:flat|apartment|apt|unit|suite|no|number)\.? \w{1,5},? )?\d{1,5}(?:-\d{1,5}"
    r"|[a-zA-Z](?!\w)|/\d{1,3})?,? "
    rf"(?:{_COMPASS}\.? )?(?:(?:{_CAP}|\d{{1,3}}(?:st|nd|rd|th)) ){{1,4}}?{_SUFFIX}(?!\w)\.?(?: {_COMPASS}(?!\w))?"
)
_ENGLISH_SAID: Final = re.compile(
    rf"(?<![\w.,/:$€£-])(?:\d{{1,5}}[a-z]?|{_SAID_NUMBER}) (?!minutes?|hours?|miles?|days?|weeks?|way|more"
    rf"|by|or|of|times)(?:[a-z][\w'-]{{2,20}} ){{1,2}}"
    r"(?:" + _SURE_SUFFIX + r")(?!\w)",
    re.IGNORECASE,
)
_UNIT: Final = re.compile(
    r",?\s{1,2}(?:(?:apt|apartment|unit|suite|ste|flat|floor|fl|room|rm|bldg|building|wohnung|whg|etage"
    r"|hinterhaus|c/o)\.?,? ?#? ?[\w-]{1,8}|#\s?\w{1,6})(?!\w)",
    re.IGNORECASE,
)
_BOX: Final = re.compile(r"(?<!\w)(?:p\.? ?o\.? ?box|postfach|packstation) ?#?\d[\d ]{0,9}(?<=\d)", re.IGNORECASE)

_STATE: Final = (
    r"(?:A[LKZR]|C[AOT]|D[EC]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|T[NX]"
    r"|UT|V[TA]|W[AVIY]|PR"
    r"|Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii"
    r"|Idaho|Illinois|Indiana|Iowa"
    r"|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri"
    r"|Montana|Nebraska|Nevada"
    r"|New (?:Hampshire|Jersey|Mexico|York)|North (?:Carolina|Dakota)|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island"
    r"|South (?:Carolina|Dakota)|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin|Wyoming)"
)
_NAME: Final = r"[^\W\d_a-zß-öø-ÿ][\w'’-]{0,30}"  # without a full stop, which ends a sentence
_TOWN: Final = (
    rf"(?:St\. )?{_NAME}(?:[ -](?:{_NAME}|am|an der|ob der|im|in der|bei|upon|on|the|of|le|la|de|sur)){{0,3}}"
)
_ZIP_US: Final = re.compile(rf"(?:{_TOWN},?\s{{1,2}})?(?<!\w){_STATE},?\s{{1,2}}\d{{5}}(?:-\d{{4}})?(?![\w])")
# Any capitalised words with a number, then a postcode with a town: "Langveien 12, 0153 Oslo", "12 Elm Bank, Leeds 402".
_WORDS_NUMBER: Final = rf"(?:{_CAP} ){{1,4}}(?:\w{{1,12}} ){{0,2}}\d{{1,5}} ?[a-zA-Z]?(?:[,/ -]{{1,2}}\w{{1,6}})?"
_NUMBER_WORDS: Final = rf"\d{{1,5}}[a-zA-Z]?,? (?:\w{{1,12}} ){{0,2}}?{_CAP}(?: {_CAP}){{0,3}}"
_ANY_STREET: Final = re.compile(
    rf"(?<![\w/-])(?:{_WORDS_NUMBER}|{_NUMBER_WORDS})(?:,\s{{0,2}}|\s?\n\s?)(?:{_CAP}(?: {_CAP}){{0,2}}(?:,\s|\n\s?))?"
    rf"(?:(?:[A-Z]{{1,2}}-)?\d{{3,6}}(?:[ -]\d{{2,4}}| ?[A-Z]{{2}})? {_TOWN}"
    rf"|{_TOWN},? (?:[A-Z]{{2,3}},? )?\d{{4,6}}(?:-\d{{3,4}})?)(?![\w%€])"
)
_TOLD: Final = re.compile(
    r"(?<!\w)(?:(?:home |postal |billing |shipping |delivery |mailing |new |old |current )?address(?: is"
    r"| was|:)|(?:i |we |he |she |they )?(?:now )?(?:lives?|living|reside|resident) at"
    r"|(?:moved|moving|move) (?:in)?to|(?:ship|deliver|send|mail|sent|delivered|post) (?:it |them |this "
    r"|that )?to|(?:liefer|rechnungs|post|heimat|privat|wohn)?(?:adresse|anschrift)"
    r"(?: ist| lautet|:)|wohnhaft(?: in)?:?)(?!\w)[ :\n]{0,3}(?:now |jetzt |die |der |the )?",
    re.IGNORECASE,
)
_TOLD_REST: Final = re.compile(
    rf"(?:(?:{_NAME}|St\.|\d{{1,5}}[a-zA-Z]?(?:[/-]\d{{1,4}})?|de|del|la|von|der|of|the|am|an"
    rf"|#)(?:,?\s{{1,2}}|(?![\w])))" + r"{2,14}"
)
_POSTCODE_UK: Final = re.compile(
    r"(?<!\w)(?:GIR ?0AA|[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Y][0-9]|[A-HK-Y][0-9]{2}|[0-9][A-HJKPS-UW]"
    r"|[A-HK-Y][0-9][ABEHMNPRVWXY]) ?[0-9][ABD-HJLNP-UW-Z]{2})(?!\w)"
)
_POSTCODE_SAYS: Final = re.compile(
    r"(?<!\w)(?:post ?code|zip(?: ?code)?|postleitzahl|plz|postal code)(?!\w)[ :,.]{0,3}(?:(?:is|ist"
    r"|lautet|die|the|it's|mine is|that's|und|and) ){0,3}"
    r"(?:in )?((?:[A-Za-z]{1,2}\d[A-Za-z\d]? ?\d[A-Za-z]{2}|\d{4,6}(?:-\d{3,4})?)(?!\w)|(?:"
    + _SAID
    + r")(?: (?:"
    + _SAID
    + r")){3,4}(?!\w))",
    re.IGNORECASE,
)
_POSTCODE_TOWN: Final = re.compile(rf"(?<![\w.,/#-])(?:(?:D|DE|A|AT|CH)-)?(\d{{4,5}}),? ({_TOWN})")
_LIVES: Final = re.compile(
    r"wohn|adresse|anschrift|postleitzahl|plz|liefer|umzug|umgezogen|hausnummer|stra(?:ß|ss)e|\bin $|\baus $"
    r"|address|live|moved?",
    re.I,
)
_TOWN_AFTER: Final = re.compile(rf"(?:,\s{{0,2}}|\s?\n\s?|\sin )(?:\d{{4,5}} )?({_TOWN})(?=\s*(?:[,.;!?\n]|$|\d|\[))")

_GERMAN_PART: Final = (
    r"(?i)(?:stra(?:ß|ss)e|str\.?|gasse|allee|weg|platz|ring|ufer|damm|chaussee|steig|stieg|pfad|promenade"
    r"|graben|wall|kamp|markt|straat|laan"
    rf"|gatan|vägen|vej|gade|vegen|gata|katu|utca|ulice)(?: (?:de[rsmn]|an|am|im|zum|zur|vor|von|und"
    rf"|auf) .*)?,? +(?:nummer |nr\.? ?|hausnummer )?(?:\d|{_SAID})"
)
HINT: Final = (
    rf"(?i:{_GERMAN_PART[4:]}"
    r"|[^\pL](?-i:"
    + _SUFFIX
    + r")(?:[^\pL]|$)|\d{4}[ ,]+\pL|\pL\s+\d{5}|post ?box|p\.? ?o\.? ?box|postfach|packstation"
    r"|[a-z]\d[a-z\d]? ?\d[a-z]{2}(?:\W|$)|post ?code|zip|postleitzahl|plz|postal code"
    r"|\d,? (?:rue|avenue|boulevard|place|chemin)"
    r"|[^\pL](?:address|adresse|anschrift|wohnhaft|(?:lives?|living|resid\pL+) at|move(?:d|s)? (?:in)?to"
    r"|moving to|(?:ship|deliver|send|sent|mail|post)[^.]*to)[^\pL]"
    r"|(?:^|[^\pL])(?:via|viale|piazza|calle|avenida|plaza|rua|ulica|ul\.)[^\pL])|" + address_blocks.HINT
)


# One search tells which of the slower ones below are begun.
_PARTS: Final = {
    "german": _GERMAN_PART,
    "english": rf"[^\pL]{_SUFFIX}(?:[^\pL]|$)|(?i)\d,? (?:rue|avenue|boulevard|place|chemin|allée|impasse|quai|cours"
    r"|route) |(?:^|[^\pL])(?:via|viale|piazza|corso|vicolo|calle|avenida|av\.|avda\.|plaza|paseo|carrera|rua|travessa"
    r"|praça|largo|ul\.|ulica|aleja|strada|c/) ",
    "said": rf"(?i)[^\pL](?:{_SURE_SUFFIX})(?:[^\pL]|$)",
    "told": r"(?i)address|adresse|anschrift|wohnhaft|(?:li[vf]|resid)\pL+ at|mov(?:e|ed|ing) "
    r"|ship|deliver|sen[dt]|mail|post",
    "five": r"\d{5}",
    "place": r"(?:Am|An|Im|Zum|Zur|Auf|Unter|Hinter|Hinterm|In|Beim|Vor) ",
    "four": r"\d{4}",
    **address_blocks.PARTS,
}
_SEARCH: Final = pattern_set(list(_PARTS.values()))


def _parts(text: str) -> set[str]:
    names = list(_PARTS)
    return {names[place] for place in _SEARCH.Match(text.encode()) or ()}


def find(text: str, masker: Masker) -> Iterator[Span]:
    """Streets and postcodes; parts that touch are one address."""
    joined: list[tuple[int, int]] = []
    parts = _parts(text)
    streets = {
        (address_blocks.head(text, start), address_blocks.tail(text, end)) for start, end in _streets(text, parts)
    }
    for start, end in sorted({*streets, *_postcodes(text, parts), *address_blocks.find(text, parts)}):
        if joined and _touches(text, joined[-1][1], start):
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    for start, end in joined:
        end = start + len(text[start:end].rstrip(" .,\n"))
        yield Span(start, end, "ADDRESS", compact(text[start:end]))


def _touches(text: str, end: int, start: int) -> bool:
    return start <= end or (start - end <= 6 and text[end:start].strip(" ,\n-.") in {"", "in"})


def _streets(text: str, parts: set[str]) -> Iterator[tuple[int, int]]:
    for match in _GERMAN.finditer(text) if "german" in parts else ():
        word = re.split(r"[ -]", match[0])[0]
        if not _NO_STREET.match(word) and not UNIT.match(text, match.end()) and _street_like(match[0]):
            yield _from_capital(match), _with_town(text, match.end())
    for match in _PLACE_GERMAN.finditer(text) if "place" in parts else ():
        yield match.start(), _with_town(text, match.end())
    english = (_ROMANCE, _ENGLISH) if "english" in parts else ()
    said = (_ENGLISH_SAID,) if "said" in parts else ()
    for pattern in (*english, *said):
        for match in pattern.finditer(text):
            yield match.start(), _with_town(text, match.end())
    for match in _ANY_STREET.finditer(text):
        if match[0].split()[0] not in CAPITALS:
            yield match.span()
    for match in _TOLD.finditer(text) if "told" in parts else ():
        rest = _TOLD_REST.match(text, match.end())
        if rest and any(char.isdecimal() for char in rest[0]) and rest[0].split()[0] not in CAPITALS:
            yield rest.start(), match.end() + len(rest[0].rstrip(" ,\n"))
    for match in _BOX.finditer(text):
        yield match.start(), _with_town(text, match.end())


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


def _postcodes(text: str, parts: set[str]) -> Iterator[tuple[int, int]]:
    for match in _ZIP_US.finditer(text) if "five" in parts else ():
        yield match.span()
    for match in _POSTCODE_UK.finditer(text):
        yield match.span()
    for match in _POSTCODE_SAYS.finditer(text):
        yield match.span(1)
    for match in _POSTCODE_TOWN.finditer(text) if "four" in parts else ():
        first = re.split(r"[ -]", match[2])[0].rstrip(".")
        known = first in TOWNS and len(match[1]) >= 4
        said = (
            first not in CAPITALS
            and len(match[1]) == 5
            and _LIVES.search(text, max(0, match.start() - 40), match.start())
        )
        if known or said:
            yield (
                match.start(),
                match.end() if known is False or first == match[2] else match.start(2) + _town_end(match[2]),
            )


def _town_end(town: str) -> int:
    """The town without capitalised words that only follow it."""
    end = 0
    for word in re.finditer(r"[^ ]+", town):
        if end and word[0] in CAPITALS:
            break
        end = word.end()
    return end
