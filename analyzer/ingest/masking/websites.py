"""Web sites of people: after "my website", and links that are no help page and no well known service.

Help pages stay: an agent's "see …/help" is a solution that analysis must read. A link that a customer gives leads to
what is theirs: a shop, files, photos.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from analyzer.ingest.masking.spans import Masker, Span

_LINK: Final = re.compile(r"(?<![\w@/.])(?:https?://|www\.)[^\s<>\"'„“»()\[\]]{3,400}", re.IGNORECASE)
_SITE: Final = re.compile(
    r"(?<!\w)(?:(?:my|our|his|her|personal|meine?|unsere?|eigene) (?:\w{2,12} )?(?:web ?site|web ?page|home ?page"
    r"|page|site|blog|portfolio"
    r"|(?:online-?)?shop|web-?seite|internet-?seite|seite)|web ?site|home ?page|blog|url|web ?seite|internetseite)"
    r"(?: is| ist| lautet| heißt| at| unter)?[: ]\s{0,3}(?P<site>(?:https?://)?(?:[\w-]{1,63}\.){1,5}[a-z]{2,12}(?:/[^\s,;)\]]{0,200})?)",
    re.IGNORECASE,
)
_HELPS: Final = re.compile(
    r"help|hilfe|support|service|faq|docs?[./]|kb[./]|status|portal|log-?in|anmeld|kunden|customer|account|konto"
    r"|download|app[./]|store[./]"
    r"|track|sendung|tarif|agb|terms|privacy|datenschutz|kontakt|contact|manual|anleitung|community|forum|news"
    r"|info[./]"
    r"|//(?:www\.)?(?:google|youtube|youtu\.be|amazon|apple|microsoft|facebook|twitter|t\.|x\.com|instagram"
    r"|wikipedia|paypal|dhl"
    r"|bit\.ly|goo\.gl|ebay|netflix|spotify|github|stackoverflow|adobe|linkedin|tiktok|pinterest|reddit)",
    re.IGNORECASE,
)

HINT: Final = (
    r"(?i)https?://|www\.|(?:web ?site|web ?page|home ?page|blog|portfolio|shop|seite|\burl)"
    r" ?(?:is|ist|lautet|heißt|at|unter|:)?:? ?\S+\.\pL"
)


def find(text: str, masker: Masker) -> Iterator[Span]:
    sites = [(match.start("site"), match.end("site")) for match in _SITE.finditer(text)]
    links = [
        match.span()
        for match in _LINK.finditer(text)
        if "://" in match[0]
        and not _HELPS.search(match[0])
        and not any(start <= match.start() < end for start, end in sites)
    ]
    for start, end in sorted((*sites, *links)):
        end = start + len(text[start:end].rstrip(".,;!?"))
        yield Span(start, end, "URL", text[start:end].casefold())
