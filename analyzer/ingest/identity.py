"""Who a contact is, whether it has changed, and whether it is a redacted twin of one already there."""

from __future__ import annotations

import hashlib
import hmac
import re
import stat
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Final, Literal

import msgspec

from analyzer.config import IngestSettings
from analyzer.errors import ConfigError
from analyzer.records import Interaction, Turn, stable_id

Decision = Literal["new", "duplicate", "replacement", "stale"]

# Our own masks, vendors' ("[PII]", "<NAME>", "{{EMAIL}}") and runs of stars: what a redaction leaves behind.
_REDACTED: Final = re.compile(
    r"\[[A-Z][A-Z_]{1,30}(?:[_-]?\d{1,6})?\]|<[A-Z][A-Z_]{1,30}(?:[_-]?\d{1,6})?>|\{\{?[A-Z][A-Z_]{1,30}\}?\}|\*{3,}|█{2,}"
)
_OUTSIDE_HASH: Final = frozenset(
    # names of places and readers, what follows from other fields, and the clock that only says which version is later
    {
        "interaction_id",
        "source_id",
        "source_uri",
        "source_format",
        "content_hash",
        "day",
        "updated_at",
        "turns",
        "given",
    }
)
_HASHED: Final = tuple(name for name in Interaction.__struct_fields__ if name not in _OUTSIDE_HASH)
_told: Final = attrgetter(*_HASHED)
_encode: Final = msgspec.json.Encoder().encode


def interaction_id(source_format: str, native: bool, source_id: str | None, uri: str, position: int) -> str:
    """The source's own id for native input, else a hash of format and id, else of relative path and position."""
    if source_id is None:
        return stable_id(uri, str(position))
    return source_id if native else stable_id(source_format, source_id)


def content_hash(contact: Interaction, text: str | None = None) -> str:
    """32 hex digits that change when the masked words or the facts do, and not by how something was masked.

    ``text`` is all that the turns say, where it is at hand. A start that is only the first time we saw the contact is
    left out: reading it again would change it.
    """
    told, turns = _told(contact), contact.turns
    if contact.started_at_source == "first_seen":
        told = tuple(None if name == "started_at" else fact for name, fact in zip(_HASHED, told, strict=True))
    said = [(turn.speaker, turn.text, turn.agent_id, turn.start_ms, turn.end_ms) for turn in turns]
    if _signs("".join([turn.text for turn in turns]) if text is None else text):
        said = [(speaker, unredacted(text), agent_id, start, end) for speaker, text, agent_id, start, end in said]
    return hashlib.blake2b(_encode((told, said)), digest_size=16).hexdigest()


def unredacted(text: str) -> str:
    """``text`` with every placeholder written the same way."""
    return _REDACTED.sub("[*]", text) if _signs(text) else text


def _signs(text: str) -> bool:
    """Whether ``text`` holds a sign that every placeholder has."""
    return "[" in text or "<" in text or "{" in text or "*" in text or "█" in text


def decide(
    known: tuple[str, datetime | None] | None,
    incoming: Interaction,
    known_turns: Callable[[], Sequence[Turn] | None] | None = None,
) -> Decision:
    """What to do with ``incoming`` when its id was seen as ``known`` (content hash, updated_at), in store or run.

    ``stale`` counts as a duplicate. The later ``updated_at`` wins; where either has none, or both are equal, the later
    run. ``known_turns`` is asked only where a redacted twin is possible, and may return ``None``.
    """
    if known is None:
        return "new"
    known_hash, known_updated = known
    if known_hash == incoming.content_hash:
        return "duplicate"
    if known_updated and incoming.updated_at and incoming.updated_at < known_updated:
        return "stale"
    if known_turns is not None:
        turns = known_turns()
        if turns is not None and is_redacted_twin(turns, incoming.turns):
            return "duplicate"
    return "replacement"


def is_redacted_twin(known: Sequence[Turn], incoming: Sequence[Turn]) -> bool:
    """Whether the same was said in both but for placeholders that stand where the other has words.

    Not where the very same was said: then other facts have changed, and the contact is no twin but a new version.
    """
    if len(known) != len(incoming):
        return False
    pairs = list(zip(known, incoming, strict=True))
    if all(unredacted(a.text) == unredacted(b.text) for a, b in pairs):
        return False
    if not any(_REDACTED.search(turn.text) for pair in pairs for turn in pair):
        return False
    return all(a.speaker == b.speaker and (_covers(a.text, b.text) or _covers(b.text, a.text)) for a, b in pairs)


def _covers(redacted: str, full: str) -> bool:
    """Whether ``full`` reads as ``redacted`` with something in place of each placeholder (like ``*`` in a glob)."""
    full = unredacted(full)
    first, *rest = _REDACTED.split(redacted)
    if not rest:
        return first == full
    *middle, last = rest
    if not full.startswith(first) or len(full) < len(first) + len(last):
        return False
    position = len(first)
    for piece in middle:
        found = full.find(piece, position)
        if found < 0:
            return False
        position = found + len(piece)
    return full.endswith(last) and len(full) - len(last) >= position


@dataclass(frozen=True, slots=True)
class CustomerKeys:
    """Makes the key under which a customer stands in every table. ``secret`` is ``None`` for clear keys."""

    secret: bytes | None

    def key(self, customer_id: str | None) -> str | None:
        """The id itself, or HMAC-SHA256 of its normal form (NFKC, no case, no surrounding space)."""
        if customer_id is None or self.secret is None:
            return customer_id
        normal = unicodedata.normalize("NFKC", customer_id).strip().casefold()
        return hmac.new(self.secret, normal.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def customer_keys(settings: IngestSettings) -> CustomerKeys:
    """Keys as configured. Raises ConfigError where the key file is missing, short or open to others."""
    if settings.customer_keys == "clear":
        return CustomerKeys(None)
    path = Path(settings.key_file)
    try:
        secret = path.read_bytes().strip()
        open_to_others = stat.S_IMODE(path.stat().st_mode) & 0o077
    except OSError as error:
        raise ConfigError(
            f"Cannot read ingest.key_file: {error.strerror}.", hint="Give a file with a secret."
        ) from error
    if open_to_others:
        raise ConfigError("ingest.key_file can be read by others.", hint="chmod 600 it.")
    if len(secret) < 16:
        raise ConfigError("ingest.key_file holds less than 16 bytes.", hint="`openssl rand -hex 32` makes a good one.")
    return CustomerKeys(secret)
