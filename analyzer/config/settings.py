"""What may be set, section by section: names and bounds, no defaults; a setting that is not known is refused."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
NonNegative = Annotated[int, Meta(ge=0)]
Name = Annotated[str, Meta(min_length=1)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class IngestSettings(Section, frozen=True):
    business_timezone: Name
    timezone: Name
    encoding: Name
    default_channel: Literal["voice", "chat", "email", "messaging", "social"]
    max_reject_share: Share
    max_line_bytes: Count
    max_member_bytes: Count
    max_ratio: Count
    max_members: Count
    quarantine_days: Count
    future_tolerance_h: Positive
    min_role_probability: Share
    customer_keys: Literal["clear", "hashed"]
    key_file: str
    special_categories: bool
    messaging_gap_h: Positive
    email_gap_h: Positive
    batch_contacts: Count
    mapping: dict[str, str]
    constants: dict[str, str | int | float | bool]


class UnderstandSettings(Section, frozen=True):
    model: str
    token_budget: Annotated[int, Meta(ge=512)]
    threads: NonNegative
    precision: Literal["auto", "float32", "bfloat16"]
    cue_floor: Share
    language_probability: Share
    language_min_chars: NonNegative
    swap_below: Share
    abstain_below: Share
    empathy_blocks: Count
    boilerplate_share: Share
    boilerplate_min_contacts: Count


class JourneySettings(Section, frozen=True):
    window_days: Annotated[tuple[Count, ...], Meta(min_length=1)]
    headline_window_days: Count
    horizon_days: Count
    link_threshold: Share
    redial_minutes: Positive
    promise_grace_days: NonNegative
    promise_default_days: Count
    promise_threshold: Share
    promise_dated_threshold: Share
    holidays: tuple[Literal["DE", "AT", "CH", "GB", "US"], ...]
    days_off: tuple[date, ...]
    mature_share: Share


class ScoreSettings(Section, frozen=True):
    weekly: bool
    daily: bool
    monthly: bool
    min_n: Count
    interval: Annotated[float, Meta(gt=0.5, lt=1)]
    margin: Annotated[float, Meta(ge=0)]
    base: float
    case_mix: tuple[str, ...]
    charted: tuple[str, ...]
    chart_min_days: Annotated[int, Meta(ge=3)]
    false_alarms_per_week: Positive
    weights: dict[str, float]
    references: dict[str, float]
    learn_weights: bool
    survey_item: Name
    min_surveys: Count


class LoyaltySettings(Section, frozen=True):
    definition: Name
    horizon_days: Count
    attitudinal: tuple[str, ...]
    behavioural: tuple[str, ...]
    locked_in_min_days: NonNegative
    loyal_from: float
    satisfied_from: float
    quadrant_probability: Share
    conditional_days: tuple[Count, ...]
    other_exits: tuple[str, ...]
    satisfaction_halflife_days: Positive
    latency_days: NonNegative
    reliability: dict[str, tuple[float, float]]
    value_tiers: tuple[float, float]
    risk_list_from: Share
    thank_list_from: float
    hold_out_share: Share
    hold_out_seed: Name
    staff_min_agents: Annotated[int, Meta(ge=8)]
    scale: dict[str, tuple[float, float]]
    columns: dict[str, str]
    constants: dict[str, str | int | float | bool]


class AuditSettings(Section, frozen=True):
    share: Share
    seed: Name


class Condition(Section, frozen=True):
    """One condition on a measure of a contact; exactly one of ``above``, ``below``, ``equals``, ``heard`` is given.

    ``heard`` asks whether a label was found, by the threshold that was calibrated for it.
    """

    measure: Name
    above: float | None = None
    below: float | None = None
    equals: str | float | None = None
    heard: bool | None = None

    def __post_init__(self) -> None:
        if sum(bound is not None for bound in (self.above, self.below, self.equals, self.heard)) != 1:
            raise ValueError(f"condition on {self.measure}: give one of above, below, equals, heard")


class FlagRule(Section, frozen=True):
    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$")]
    severity: Annotated[int, Meta(ge=1, le=3)]
    polarity: Literal["concern", "praise"]
    explanation: Name
    when: Annotated[tuple[Condition, ...], Meta(min_length=1)]


class Phrase(Section, frozen=True):
    """Words that rules ask for as ``phrase.NAME``; ``pattern`` is RE2 and does not mind capitals."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$")]
    speaker: Literal["agent", "customer", "bot"]
    pattern: Name


class FlagSettings(Section, frozen=True):
    urgent_share: Share
    rules: tuple[FlagRule, ...]
    phrases: tuple[Phrase, ...]


class PublishSettings(Section, frozen=True):
    agents: Literal["off", "team", "pseudonym", "named"]
    team_min_agents: Count
    report_language: Literal["en", "de"]
    quotes: bool


class ReviewSettings(Section, frozen=True):
    database: str
    forms: str
    second_review_share: Share

    def __post_init__(self) -> None:
        from urllib.parse import parse_qs, urlsplit

        if not self.database:
            return
        try:
            parts = urlsplit(self.database)
        except ValueError:
            raise ValueError("review.database is no URL") from None
        if parts.scheme not in ("postgresql", "postgres", "sqlite"):
            raise ValueError("review.database is no database URL: write postgresql://user@host/database")
        if parts.password or "password" in parse_qs(parts.query):
            raise ValueError("review.database holds a password: it belongs in PGPASSWORD or ~/.pgpass")


class EngineSettings(Section, frozen=True):
    workers: NonNegative
    kept_sentences: NonNegative


class Settings(Section, frozen=True):
    """The whole configuration, validated."""

    ingest: IngestSettings
    understand: UnderstandSettings
    journey: JourneySettings
    score: ScoreSettings
    loyalty: LoyaltySettings
    audit: AuditSettings
    flags: FlagSettings
    publish: PublishSettings
    review: ReviewSettings
    engine: EngineSettings

    def __post_init__(self) -> None:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        for zone in (self.ingest.business_timezone, self.ingest.timezone):
            try:
                ZoneInfo(zone)
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise ValueError(f"no such time zone: {zone!r}") from error
        try:
            "".encode(self.ingest.encoding)
        except LookupError as error:
            raise ValueError(f"no such encoding: {self.ingest.encoding!r}") from error
        if self.journey.headline_window_days not in self.journey.window_days:
            raise ValueError("journey.headline_window_days must be one of journey.window_days")
        if self.score.weights.keys() != self.score.references.keys():
            raise ValueError("score.weights and score.references must name the same parts")
        if self.ingest.customer_keys == "hashed" and not self.ingest.key_file:
            raise ValueError("ingest.customer_keys = hashed needs ingest.key_file")

    @property
    def hash(self) -> str:
        """16 hex digits that change when any setting does."""
        return hashlib.blake2b(msgspec.json.encode(self, order="deterministic"), digest_size=8).hexdigest()
