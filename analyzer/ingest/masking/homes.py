"""Where somebody lives or comes from: "I live in Graz", "aus Zypern gekommen", "Geburtsort: Ulm".

A town or country alone stays: trains go there, shops stand there. It tells who somebody is where it is said to be their
home, birthplace or present stay. Towns on no list are taken only after words that leave no other reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from analyzer.ingest.masking.spans import Masker, Span, in_small, word_set
from analyzer.ingest.masking.word_lists import CAPITALS, COUNTRIES, LOWER_PLACES, TOWN_NAMES, TOWN_OR_WORD, TOWNS

_NAME: Final = r"[^\W\d_a-zß-öø-ÿ][\w'’-]{1,30}"
_PLACE: Final = re.compile(
    rf"(?:(?:the|der|die|den) )?((?:St\. )?{_NAME}(?:[ -](?:{_NAME}|am|an|der|ob|im|in|bei|upon|on|the|and|und|of"
    rf"|le|la|de|do|da|di|del|sur"
    r"|na|nad|los|las)){0,4}(?: \([\w ().-]{2,30}\))?)"
)
_SMALL: Final = re.compile(r"(?:(?:the|der|die|den) )?([^\W\d_][\w'’-]{2,30}(?: [^\W\d_][\w'’-]{1,30}){0,3})")
_WHO: Final = (
    r"(?:i|we|he|she|they|who|you|(?:my|our|his|her) \w{2,14}|ich|wir|er|sie|wer|(?:mein|meine|unser|unsere|ihr"
    r"|ihre) \w{2,14}"
    r"|familie)"
)
# After these a place follows, whatever it is called.
_SURE: Final = (
    rf"{_WHO} (?:all |both |now |still |only |just |currently |used to )?(?:live[sd]?|reside[sd]?|resident"
    rf"|am living|are living|is living"
    r"|grew up|was born|were born|was raised|stay|stayed|study|studies|studied|retired) (?:up |down |over "
    r"|here )?(?:in|near|outside)"
    r"|(?:grew up|born|raised|living|based|brought up) (?:here )?in|(?:come|comes|came|originally|moved here"
    r"|moved (?:over|away)|hail) from"
    r"|(?:greetings|regards|hello|love) from"
    rf"|(?:{_WHO} )?(?:wohne[nt]?|wohnt|lebe[nt]?|lebt|studiere[nt]?|studiert) (?:(?:jetzt|hier|noch|schon"
    rf"|seit [\w ]{{2,25}}|mit [\w ]{{2,20}}"
    r"|gerade|zurzeit|direkt|zur \w{2,10}|leider|derzeit) ){0,2}(?:in|bei|nahe|nähe)"
    rf"|{_WHO} (?:komme[nt]?|kommt|stamme[nt]?|stammt) (?:(?:ja|eigentlich|ursprünglich|auch) )?aus"
    rf"|aufgewachsen in|wohnhaft in"
    r"|(?:grüße|grüsse|gruß|gruss|grüßen) aus(?: dem| der)?"
    r"|(?:umgezogen|gezogen|verzogen|umziehen|ziehen|ziehe|umzug) (?:von [\w-]{3,25} )?(?:nach)"
    r"|geboren(?: und aufgewachsen)? (?:bin ich |wurde ich )?in"
)
_FIELD: Final = (
    r"(?:^|\n)\s{0,4}(?:city|town|home ?town|country|place of birth|birth ?place|residence|where|ort|wohnort"
    r"|geburtsort|stadt"
    r"|heimatort|land|herkunft|plz/ort|nationality|state):"
)
# After these only a known place is taken, or one that the words behind it make sure.
_WEAK: Final = (
    r"(?:am|are|is|i'm|we're|he's|she's|bin|sind|ist|kommt|was) (?:\w{2,10} )?(?:from|aus)|(?:moved?|moving"
    r"|relocat(?:ed|ing)|returned"
    r"|emigrated) (?:back |over )?(?:to|from)|(?:here|living|staying|working|work|arbeite|arbeiten|arbeitet|hier"
    r"|wohne|zuhause|daheim)"
    r" (?:in|bei|at)|(?:i am|i'm|we are|we're|ich bin|wir sind|bin) (?:\w{2,10} )?in|von|nach|(?:trip|coming|fly"
    r"|flying|going) to"
)
_MOVES: Final = re.compile(r"[^.?!\n]{0,40}(?<!\w)(?:gezogen|umgezogen|umziehen|ziehen|verzogen)(?!\w)", re.IGNORECASE)
_STAYS: Final = re.compile(
    r" (?:for (?:a|the|my|our)|on (?:a|my|our)|at the moment|right now|until|with me|auf|bis|wegen|für)(?!\w)",
    re.IGNORECASE,
)
# In text in small letters.
_CUES: Final = re.compile(rf"(?<![\w-])(?:(?P<sure>{_SURE})|(?P<weak>{_WEAK}))(?!\w) |(?P<field>{_FIELD})\s{{1,3}}")
_ARTICLE: Final = re.compile(r"(?:(?:the|der|die|den) )?")
_NOT_PLACES: Final = word_set(
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August"
    " September October November December Januar Februar März Mai Juni Juli Oktober Dezember Montag Dienstag"
    " Mittwoch Donnerstag Freitag Samstag Sonntag I It This That My Your Our"
)

_CUE_WORDS: Final = (
    r"liv\pL+|resid\pL+|grew up|born|raised|stay\pL*|stud\pL+|retired|based|com(?:e|es|ing)|came|originally|mov\pL+"
    r"|greetings|regards|hello|love|relocat\pL+|return\pL*|emigrat\pL+|trip|work\pL*|here|wohn\pL*|leb\pL+|komm\pL+"
    r"|stamm\pL+|arbeite\pL*|aufgewachsen|gr(?:ü|ue)(?:ß|ss)\pL*|gru(?:ß|ss)|\pL*gezogen|\pL*zieh\pL*|umzug|geboren"
    r"|hier|zuhause|daheim|bin|am|are|is|i'm|we're|ist|sind|who's"
)
_KNOWN: Final = "|".join(sorted(LOWER_PLACES))
HINT: Final = (
    rf"(?i:(?:^|[^\pL])(?:{_CUE_WORDS})(?: [\pL']+){{0,3}} (?:in|from|to|near|outside|aus|nach|bei|nahe|nähe)"
    r" (?:(?:the|der|die|den|dem) )?)\p{Lu}"
    rf"|[^\pL](?:in|from|to|near|outside|aus|nach|von|bei) (?:(?:the|der|die|den) )?(?:{_KNOWN})(?:[^\pL]|$)"
    r"|(?i:(?:city|town|country|place|residence|where|ort|stadt|land|herkunft|state|nationality):)"
)


def find(text: str, masker: Masker) -> Iterator[Span]:
    small = text.islower()
    folded = in_small(text)
    position = 0
    while cue := _CUES.search(folded, position):
        position = cue.end()
        end = _place_end(text, cue, small)
        if end:
            start = _ARTICLE.match(text, position).end()  # type: ignore[union-attr]
            yield Span(start, end, "PLACE", text[start:end].casefold())
            position = end


def _place_end(text: str, cue: re.Match[str], small: bool) -> int:
    match = (_SMALL if small else _PLACE).match(text, cue.end())
    if match is None:
        return 0
    if known := _known_end(match, small):
        if cue["weak"] is None or not cue["weak"].endswith(("von", "nach", "to")):
            return known
        told = cue["weak"].startswith(("mov", "reloc", "return", "emig"))
        stays = _STAYS.match(text, known) is not None
        return known if told or stays or _MOVES.match(text, known) else 0
    first = re.split("[ -]", match[1])[0]
    if small or first in CAPITALS or first in _NOT_PLACES:
        return 0
    if cue["weak"] is not None:
        stay = cue["weak"].endswith(" in") or cue["weak"].startswith("coming")
        return match.end() if stay and _STAYS.match(text, match.end()) else 0
    return match.start(1) + len(_without_words(match[1]))


def _known_end(match: re.Match[str], small: bool) -> int:
    """The end of the longest known place at the start of what was matched, 0 without one."""
    words = list(re.finditer(r"[^ ]+", match[1]))
    for word in reversed(words):
        name = match[1][: word.end()].strip("'’")
        bare = name.removesuffix("'s")
        if (
            bare.casefold() in LOWER_PLACES
            if small
            else (bare in COUNTRIES or bare in TOWN_NAMES or bare in TOWN_OR_WORD or bare in TOWNS)
        ):
            return match.start(1) + len(bare)
    return 0


def _without_words(place: str) -> str:
    """``place`` without words at its end that are everyday ones ("Ulm Und Dann")."""
    words = place.split(" ")
    while len(words) > 1 and (words[-1] in CAPITALS or words[-1].islower()):
        words.pop()
    return " ".join(words)
