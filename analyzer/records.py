"""The nouns: one immutable record between each two stages.

    files → Interaction | Reject | Skipped → Understood (Findings, Cues) → tables

Missing is ``None``, never 0. Times are timezone-aware UTC. Spans are half-open code point offsets into ``Turn.text``.
Journey, score and loyalty work on whole tables, so their nouns live in ``tables`` as columns.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal

import msgspec

Speaker = Literal["customer", "agent", "bot", "system"]
Channel = Literal["voice", "chat", "email", "messaging", "social"]
Direction = Literal["inbound", "outbound", "internal"]
StartedAtSource = Literal["record", "metadata", "file_name", "first_seen"]

# All agents who were forgotten, or whose time is over, are called this: one name for all tells of nobody.
UNNAMED = "unnamed"
SPEAKERS: tuple[Speaker, ...] = ("customer", "agent", "bot", "system")
CHANNELS: tuple[Channel, ...] = ("voice", "chat", "email", "messaging", "social")
DIRECTIONS: tuple[Direction, ...] = ("inbound", "outbound", "internal")
STARTED_AT_SOURCES: tuple[StartedAtSource, ...] = ("record", "metadata", "file_name", "first_seen")
LETTERS: Final[frozenset[str]] = frozenset({"email", "social"})


def stable_id(*parts: str, length: int = 16) -> str:
    """A short hash of ``parts``, the same on every machine and in every run (blake2b, hex).

    Parts are length-prefixed, so ("ab", "c") and ("a", "bc") differ.
    """
    digest = hashlib.blake2b(digest_size=length // 2)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()


def opening_length(channel: str) -> int:
    """With how many of their turns customers open a contact: say why they come and what has become of the last time.

    Two. A letter says it all at once: its second turn replies to the answer ("thanks, it shows now"), not to what was
    before.
    """
    return 1 if channel in LETTERS else 2


class Turn(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One message or one stretch of speech. ``text`` is already masked; ``start_ms`` counts from the contact's start.

    A msgspec Struct because millions are made a night: one is built ten times as fast as a frozen dataclass.
    ``source_sentiment`` is what the source itself says of the feeling, −1…1; nothing of ours is made from it. ``part``
    tells the leg or page it came in, where a source writes a contact as several. A supervisor who joins speaks as
    agent, and is not scored for the agent's contact.
    """

    speaker: Speaker
    text: str
    agent_id: str | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    source_sentiment: float | None = None
    part: str | None = None
    is_supervisor: bool = False


class Interaction(msgspec.Struct, frozen=True, gc=False):
    """One contact: a call, chat, email thread or messaging session, as ingested (masked, checked, identified).

    A Struct for the same reason as ``Turn``; outside the collector's sight, since nothing in it can point back.
    ``given`` names the fields that ``--metadata`` and ``--agents`` told and the source did not.
    """

    interaction_id: str
    source_id: str
    source_uri: str
    source_format: str
    content_hash: str
    day: date
    channel: Channel
    started_at: datetime
    started_at_source: StartedAtSource
    turns: tuple[Turn, ...]
    updated_at: datetime | None = None
    chain_id: str | None = None
    direction: Direction | None = None
    declared_language: str | None = None
    ended_at: datetime | None = None
    customer_key: str | None = None
    agent_id: str | None = None
    team: str | None = None
    queue: str | None = None
    product_line: str | None = None
    segment: str | None = None
    handle_s: float | None = None
    wait_s: float | None = None
    hold_s: float | None = None
    transfers: int | None = None
    disposition: str | None = None
    csat: float | None = None
    given: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reject:
    """A conversation record that could not be read. ``raw`` goes to quarantine only, never to a table or a log.

    ``code`` is one of ``ingest.contract.REJECT_CODES``; ``position`` is 0-based within the file (line, row or record).
    """

    source_uri: str
    position: int
    source_format: str | None
    code: str
    message: str
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A recognised file that holds no transcripts (a README, a loyalty CSV); listed, outside the accounting."""

    source_uri: str
    reason: str


@dataclass(frozen=True, slots=True)
class Cue:
    """A label heard in a turn, with the words that carried it."""

    turn: int
    label: str
    probability: float
    found: bool
    start_char: int
    end_char: int
    detector: str
    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a detector says of the whole contact. ``probability`` is calibrated; ``low``–``high`` bound ``number``."""

    name: str
    value: str
    detector: str
    model_version: str
    number: float | None = None
    probability: float | None = None
    low: float | None = None
    high: float | None = None
    abstained: bool = False


@dataclass(frozen=True, slots=True)
class TurnFeeling:
    """Calibrated three-class feeling of one customer turn; sums to 1."""

    negative_probability: float
    neutral_probability: float
    positive_probability: float

    @property
    def sentiment(self) -> float:
        """positive − negative, −1…1."""
        return self.positive_probability - self.negative_probability


@dataclass(frozen=True, slots=True)
class Understood:
    """All that the models say of one contact. ``feelings`` is keyed by turn index (customer turns only)."""

    interaction: Interaction
    language: Literal["de", "en", "und"]
    feelings: dict[int, TurnFeeling]
    cues: tuple[Cue, ...]
    findings: tuple[Finding, ...]
    resolution: str | None
    resolved_probability: float | None
    sentiment_start: float | None
    sentiment_end: float | None
    sentiment_mean: float | None
    sentiment_low: float | None
    empathic_opportunities: int
    opportunities_met: int
    opportunities_hurt: int
    opportunities_met_by_action: int
    empathy: float | None
    effort: float | None
    satisfaction: float | None
    expectation_balance: float | None
    churn_talk_probability: float | None
    reason: str | None
    role_confidence: float

    @property
    def sentiment_shift(self) -> float | None:
        """End − start; null unless both were observed."""
        if self.sentiment_start is None or self.sentiment_end is None:
            return None
        return self.sentiment_end - self.sentiment_start
