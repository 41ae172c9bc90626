"""Where somebody works and as what: employers after words that say so, companies that bear a person's name, signatures.

A company alone is no personal data and stays: talk is about firms and products. It tells who somebody is where it is
their employer or business ("I work for …", "Firma: …"), where a person's name is in it ("Hartmann Tiefbau GmbH"), and
in the lines below a name, where the job stands too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from analyzer.ingest.masking.spans import Masker, Span, word_set
from analyzer.ingest.masking.word_lists import CAPITALS, GIVEN, SURNAME_OR_WORD, SURNAMES

_WORD: Final = r"[^\W\d_a-zß-öø-ÿ][\w'’.+-]{0,30}"
_FORM: Final = (
    r"(?:Inc|LLC|Ltd|Limited|GmbH(?: & Co\.? ?KG)?|mbH|AG|KG|OHG|UG|GbR|e\.K|e\.V|SE|Corp|Corporation|Company|plc"
    r"|PLC|Pty|S\.A|S\.r\.l|B\.V"
    r"|Group|Holding|Holdings|and Sons|& Sons|& Söhne|Partners)\.?(?![\w])"
)
_COMPANY: Final = rf"(?:\d{{1,3}} )?{_WORD}(?:(?:,? (?:&|and|und) | |, ){_WORD}){{0,4}}?"
_WITH_FORM: Final = re.compile(rf"(?<![\w-])({_WORD}(?:(?: (?:&|and|und) | ){_WORD}){{0,3}}?),? {_FORM}")
_AT_WORK: Final = re.compile(
    r"(?<!\w)(?:i|he|she|we|who|(?:my|his|her) \w{2,14}) (?:\w{2,10} )?(?:works?|worked|am working|working"
    r"|am employed|is employed)"
    r" (?:for|at|with)|(?:employed|hired|laid off) (?:by|at)|(?:my|our|his|her|former|previous) (?:employer"
    r"|company|firm|business)"
    r"(?: is| was|,| name is|'s name is|:)|on behalf of(?: my| our)?(?: company| firm| client)?"
    r"|(?:ich|er|sie|wir|(?:mein|meine) \w{2,14}) (?:\w{2,10} )?(?:arbeite[nt]?|arbeitet) (?:\w{2,10} )?(?:bei|für)"
    r"|(?:angestellt|beschäftigt|tätig) bei|(?:mein|meine|unser|unsere|ihr|ihre) (?:arbeitgeber(?:in)?|firma"
    r"|betrieb|unternehmen)"
    r"(?: ist| war| heißt|,|:)?|im namen der firma|(?:für|von) (?:die|der|unsere|meine) firma",
    re.IGNORECASE,
)
_FIELD: Final = re.compile(
    r"(?:^|\n)\s{0,4}(?:(?P<company>company|employer|organi[sz]ation|firma|arbeitgeber|unternehmen|betrieb)"
    r"|(?P<job>job(?: title)?|occupation|profession|beruf|position|tätigkeit"
    r"|funktion)): {0,3}(?P<value>[^\W_][^\n]{1,60})",
    re.IGNORECASE,
)
_LINK: Final = re.compile(r" (?:(?:the|der|die|das|dem|den|einer|a|an|company|firma) ){0,2}")
_VALUE: Final = re.compile(
    rf"{_COMPANY}(?:,? {_FORM}|(?=[.,;:!?)\n]|$| (?:and|as|in|und|als|seit|since|for|but|the|where|who|is|ist"
    rf"|zahlt)(?!\w)))"
)
_SMALL_VALUE: Final = re.compile(r"(?:[\w&'’-]{2,30} ){1,4}(?:inc|llc|ltd|gmbh|corp|corporation)\b\.?")
_NOT_FIRMS: Final = word_set("IT HR PR QA R&D NHS Home Night Full Part Vollzeit Teilzeit You Them Us")
_OWNERS: Final = re.compile(r"(?:e\.K|GbR|OHG)\.?$")

# "[NAME_1]", then a job, then a company, then how to reach them; or the end of what began with a greeting.
_SIGNED: Final = re.compile(
    r"(?:^|\n)[ \t]{0,4}\[NAME_\d{1,6}\][ \t]{0,3}(?P<gap>\n\s{0,4})(?P<first>[^\W\d_][^\n\d@:\[\]?!]{1,60}?)[ \t]{0,3}"
    r"(?:\n\s{0,4}(?P<second>[^\W\d_][^\n\d@:\[\]?!]{1,60}?)[ \t]{0,3})?(?=\n|$)"
)
_REACHED: Final = re.compile(
    r"\s{0,6}(?:\[(?:ADDRESS|PHONE|EMAIL|NUMBER|URL)|\d|(?:phone|tel|mobile|fax|e-?mail|desk|office|web|www|personal|contact|address"
    r"|telefon|mobil|anschrift)[\w /]{0,12}:?)",
    re.IGNORECASE,
)
_CLOSED: Final = re.compile(
    r"(?:gr(?:ü|ue)(?:ß|ss)en?|gru(?:ß|ss)|regards|wishes|sincerely|yours|thanks|danke)[,!. ]{0,3}\s{0,4}$", re.I
)

HINT: Final = (
    r"\[NAME_\d+\][ \t]*\n|(?i:(?:^|[^\pL])(?:(?:works?|worked|working|employed|hired|laid off|arbeite\pL*|angestellt"
    r"|beschäftigt|tätig) (?:\pL+ )?(?:for|at|with|by|bei|für) |on behalf of|im namen der firma|(?:für|von) \pL+ firma"
    r"|(?:my|our|his|her|former|previous|meine?|unsere?|ihre?) (?:employer|company|firm|business|arbeitgeber\pL*|firma"
    r"|betrieb|unternehmen)[^\pL]|(?:company|employer|organi[sz]ation|firma|arbeitgeber|unternehmen|betrieb"
    r"|job(?: title)?"
    r"|occupation|profession|beruf|position|tätigkeit|funktion):))"
    r"|\pL (?:Inc|LLC|Ltd|Limited|GmbH|mbH|AG|KG|OHG|UG|GbR|e\.K|e\.V|SE|Corp|Corporation|Company|plc|PLC|Pty|S\.A|B\.V"
    r"|Group|Holdings?|Partners|and Sons|& S)"
)


def find(text: str, masker: Masker) -> Iterator[Span]:
    spans = sorted({*_told(text), *_fields(text), *_owned(text), *_signatures(text)})
    end = 0
    for span in spans:
        if span.start >= end:
            yield span
            end = span.end


def _company(text: str, start: int, end: int) -> Span:
    return Span(start, end, "COMPANY", text[start:end].casefold())


def _told(text: str) -> Iterator[Span]:
    small = text.islower()
    for cue in _AT_WORK.finditer(text):
        gap = _LINK.match(text, cue.end())
        value = (_SMALL_VALUE if small else _VALUE).match(text, gap.end()) if gap else None
        if value and not value[0].startswith("[") and value[0].split()[0].strip(".,") not in CAPITALS | _NOT_FIRMS:
            yield _company(text, value.start(), value.start() + len(value[0].rstrip(" ,")))


def _fields(text: str) -> Iterator[Span]:
    for field in _FIELD.finditer(text):
        value = field["value"].rstrip()
        kind = "JOB" if field["job"] else "COMPANY"
        if "[" not in value:
            yield Span(field.start("value"), field.start("value") + len(value), kind, value.casefold())


def _owned(text: str) -> Iterator[Span]:
    """Companies that bear their owner's name."""
    for match in _WITH_FORM.finditer(text):
        names = re.findall(r"[^\W\d_]+", match[1])
        owned = any(
            name in SURNAMES or name in GIVEN or name in SURNAME_OR_WORD for name in names if name not in CAPITALS
        )
        if owned or _OWNERS.search(match[0]):
            first = re.match(r"(?:(?:Die|Der|Das|The|Firma|Company) )*", match[0])
            yield _company(text, match.start() + (first.end() if first else 0), match.end())


def _signatures(text: str) -> Iterator[Span]:
    for match in _SIGNED.finditer(text):
        lines = [key for key in ("first", "second") if match[key] and _is_line(match[key])]
        reached = _REACHED.match(text, match.end()) is not None
        last_reached = match["second"] is not None and _REACHED.match(text, match.start("second")) is not None
        if last_reached:
            lines = lines[:1]
        closed = _CLOSED.search(text, max(0, match.start() - 60), match.start() + 1) and not text[match.end() :].strip()
        if lines and lines[0] == "first" and (reached or last_reached or closed):
            for key in lines:
                words = match[key].split()
                job = key == "first" and (len(lines) == 2 or any(word.islower() and len(word) > 3 for word in words))
                start = match.start(key)
                yield Span(start, start + len(match[key]), "JOB" if job else "COMPANY", match[key].casefold())


def _is_line(line: str) -> bool:
    """Whether a line of a signature names a job or a company: few words, no sentence."""
    words = line.split()
    opens = words[0].strip(",") not in {"I", "Ich", "Please", "Bitte"}
    return opens and len(words) <= 7 and (not line.endswith(".") or line.endswith(("Inc.", "Ltd.")))
