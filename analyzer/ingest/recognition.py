"""Which format a stream has: told by its head, and by all its keys where the head alone is not sure."""

from __future__ import annotations

from typing import Final

from analyzer.ingest.formats import RECOGNISED_FROM, guesses
from analyzer.ingest.formats.outline import outline
from analyzer.ingest.stream import HEAD_BYTES, Stream

_SURE: Final = 0.9


def telling_head(stream: Stream) -> bytes:
    """The head, with the names of keys that come after it where only these tell the format, or tell it better."""
    head = stream.head()
    if len(head) < HEAD_BYTES or (found := _best(head, stream.name)) >= _SURE:
        return head
    wider = outline(stream)
    return wider if _best(wider, stream.name) >= max(found + 0.01, RECOGNISED_FROM) else head


def _best(head: bytes, name: str) -> float:
    return guesses(head, name)[0][1].probability
