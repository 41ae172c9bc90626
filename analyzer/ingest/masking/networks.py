"""Addresses of machines, and links that carry a login or a key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

from analyzer.ingest.masking.spans import Masker, Span

_V4: Final = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_V6: Final = re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_MAC: Final = re.compile(r"(?<![\w:-])[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}(?![\w:-])")
_VERSION: Final = re.compile(r"(?:version|firmware|release|build|\bv)\W{0,3}$", re.IGNORECASE)
_LINK: Final = re.compile(
    r"(?<!\w)[a-z][a-z0-9+.-]{1,12}://(?:[^\s/@:]{1,80}:[^\s/@]{1,80}@[^\s]{1,400}"
    r"|[^\s?#]{1,200}[?#][^\s]{0,200}?(?:token|passw(?:or)?d|pwd|key|secret|session|sid|auth|code|sig"
    r"|email|user|login)\w{0,12}=[^\s]{1,400})",
    re.IGNORECASE,
)

HINT: Final = r"\d\.\d{1,3}\.\d|:[0-9A-Fa-f]{0,4}:|://|[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-"


def find(text: str, masker: Masker) -> Iterator[Span]:
    """Links first: an address inside one is part of it."""
    spans = [Span(match.start(), match.end(), "URL", match[0]) for match in _LINK.finditer(text)]
    for pattern in (_V4, _V6, _MAC):
        for match in pattern.finditer(text):
            inside = any(span.start <= match.start() < span.end for span in spans)
            if not inside and (pattern is _MAC or _is_ip(text, match)):
                spans.append(Span(match.start(), match.end(), "IP", match[0].casefold()))
    yield from sorted(spans)


def _is_ip(text: str, match: re.Match[str]) -> bool:
    if len(match[0]) < 7 or _VERSION.search(text, max(0, match.start() - 12), match.start()):
        return False
    try:
        ip_address(match[0])
    except ValueError:
        return False
    return True
