"""Normalised text: NFC, no control or zero-width characters, plain spaces."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Soft hyphen, zero-width and direction marks, byte order mark: invisible, and they would break up words and numbers.
_INVISIBLE: Final = "\xad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb"
_SPACES: Final = "\t\x0b\x0c\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_BREAKS: Final = "\r\x85\u2028\u2029"
_CONTROL: Final = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"

_ODD_ASCII: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f]")
_ODD: Final = re.compile(f"[{_INVISIBLE}{_SPACES}{_BREAKS}{_CONTROL}\u200d]")
_DROP: Final = re.compile(f"[{_INVISIBLE}]+")
_JOINER: Final = re.compile("(?<![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d+")  # kept within an emoji
_SPACE: Final = re.compile(f"[{_SPACES}{_CONTROL}]+")
_BREAK: Final = re.compile(f"\r\n?|[{_BREAKS}]")


def is_plain(text: str) -> bool:
    """Whether ``clean`` would change nothing but the ends."""
    if text.replace("\n", "").isprintable():  # quicker than a search, and true of nearly all talk
        return _is_nfc(text)
    if text.isascii():
        return _ODD_ASCII.search(text) is None
    return _ODD.search(text) is None and _is_nfc(text)


def _is_nfc(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return unicodedata.is_normalized("NFC", text)
    return True  # all of Latin-1 is


def clean(text: str) -> str:
    """``text`` in NFC, invisible marks dropped, control characters and odd spaces made plain, ends stripped.

    >>> clean("caf\\u00e9\\u200b\\x00 au\\u00a0lait ")
    'café au lait'
    """
    if not is_plain(text):
        text = _BREAK.sub("\n", text)
        text = _JOINER.sub("", _DROP.sub("", text))
        text = unicodedata.normalize("NFC", _SPACE.sub(" ", text))
        text = re.sub(" {2,}", " ", text)
    return text.strip()
