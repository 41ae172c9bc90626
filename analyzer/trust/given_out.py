"""Copies that leave the store: exports, reports, answers to people. Written down, as nobody can call them back.

Somebody who may read a store but not write to it can still export; then nothing is written, and the caller says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from analyzer.errors import StoreError
from analyzer.trust.journal import Deed, Journal


def note_given_out(store: Path, action: str, to: str, **detail: object) -> bool:
    """Whether it could be written down that ``action`` wrote to ``to``."""
    try:
        Journal(store).note(action, to=_place(to), **detail)
    except (StoreError, OSError):
        return False
    return True


def latest_copies(deeds: Iterable[Deed]) -> list[Deed]:
    """Of each place the latest copy, in the order of time: an export of every night is one copy, each over the last."""
    latest = {deed.detail.get("to", ""): deed for deed in sorted(deeds, key=lambda deed: deed.at)}
    return sorted(latest.values(), key=lambda deed: deed.at)


def _place(to: str) -> str:
    """A URL without user and password; a path as it is from here, absolute."""
    if not to:
        return ""
    if "://" not in to:
        return str(Path(to).absolute())
    parts = urlsplit(to)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
