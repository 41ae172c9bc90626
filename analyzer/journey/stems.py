"""Words by their beginning, which joins German and English inflections."""

from __future__ import annotations

import re
from typing import Final

STEM_CHARS: Final = 6

_MASK = re.compile(r"\[[A-Z_]{1,40}_\d{1,4}\]")
_WORD = re.compile(r"[^\W\d_]{3,}|(?<!\d)\d{2,4}(?!\d)")


def stems(text: str) -> set[str]:
    """Stems and short numbers of a text; masks and long numbers (contracts, phones) name the person, not the matter."""
    return {word[:STEM_CHARS] for word in _WORD.findall(_MASK.sub(" ", text).casefold())}
