"""Postcodes with or without their town, and the names of towns: German, British, American, after "zip", "PLZ"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from analyzer.ingest.masking.spoken import DIGITS_OF
from analyzer.ingest.masking.word_lists import CAPITALS, TOWNS

SAID: Final = "|".join(sorted((word for word in DIGITS_OF if len(word) > 1), key=len, reverse=True))
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
NAME: Final = r"[^\W\d_a-zß-öø-ÿ][\w'’-]{0,30}"  # without a full stop, which ends a sentence
TOWN: Final = rf"(?:St\. )?{NAME}(?:[ -](?:{NAME}|am|an der|ob der|im|in der|bei|upon|on|the|of|le|la|de|sur)){{0,3}}"
_ZIP_US: Final = re.compile(rf"(?:{TOWN},?\s{{1,2}})?(?<!\w){_STATE},?\s{{1,2}}\d{{5}}(?:-\d{{4}})?(?![\w])")
_POSTCODE_UK: Final = re.compile(
    r"(?<!\w)(?:GIR ?0AA|[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Y][0-9]|[A-HK-Y][0-9]{2}|[0-9][A-HJKPS-UW]"
    r"|[A-HK-Y][0-9][ABEHMNPRVWXY]) ?[0-9][ABD-HJLNP-UW-Z]{2})(?!\w)"
)
_POSTCODE_SAYS: Final = re.compile(
    r"(?<!\w)(?:post ?code|zip(?: ?code)?|postleitzahl|plz|postal code)(?!\w)[ :,.]{0,3}(?:(?:is|ist"
    r"|lautet|die|the|it's|mine is|that's|und|and) ){0,3}"
    r"(?:in )?((?:[A-Za-z]{1,2}\d[A-Za-z\d]? ?\d[A-Za-z]{2}|\d{4,6}(?:-\d{3,4})?)(?!\w)|(?:"
    + SAID
    + r")(?: (?:"
    + SAID
    + r")){3,4}(?!\w))",
    re.IGNORECASE,
)
_POSTCODE_TOWN: Final = re.compile(rf"(?<![\w.,/#-])(?:(?:D|DE|A|AT|CH)-)?(\d{{4,5}}),? ({TOWN})")
_LIVES: Final = re.compile(
    r"wohn|adresse|anschrift|postleitzahl|plz|liefer|umzug|umgezogen|hausnummer|stra(?:ß|ss)e|\bin $|\baus $"
    r"|address|live|moved?",
    re.I,
)


def find(text: str, parts: set[str]) -> Iterator[tuple[int, int]]:
    """Spans of postcodes, of some with their town; ``parts``: what occurs in ``text`` of ``addresses``' list."""
    for match in _ZIP_US.finditer(text) if "five" in parts else ():
        yield match.span()
    for match in _POSTCODE_UK.finditer(text) if "digit" in parts else ():
        yield match.span()
    for match in _POSTCODE_SAYS.finditer(text) if "code" in parts else ():
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
