"""The contract every format obeys: a RawContact becomes an Interaction (masked, checked, identified) or a Reject.

Nothing is repaired in silence: what cannot be read is refused with a code of ``REJECT_CODES``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

import msgspec

from analyzer.config import IngestSettings
from analyzer.ingest import times
from analyzer.ingest.identity import CustomerKeys, content_hash, customer_keys, interaction_id
from analyzer.ingest.known import Known
from analyzer.ingest.masking import Masker, mask, needs_look
from analyzer.ingest.metadata import Metadata
from analyzer.ingest.raw import FACT_NAMES, Facts, RawContact, ReadContext
from analyzer.ingest.reject_codes import REJECT_CODES, Refused, RejectCode
from analyzer.ingest.roster import Roster
from analyzer.ingest.text import clean, is_plain
from analyzer.ingest.turns import told_turns
from analyzer.ingest.values import (
    boolean_or_none,
    channel_of,
    count_or_none,
    csat_or_none,
    direction_of,
    id_or_none,
    language_of,
    number_or_none,
    word_or_none,
)
from analyzer.records import Interaction, Reject, StartedAtSource

__all__ = ["REJECT_CODES", "Contract", "RejectCode"]

_NOTHING: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Contract:
    """The rules of one run. ``now`` is injected; only contacts without any time take it as their start."""

    settings: IngestSettings
    keys: CustomerKeys
    now: datetime
    metadata: Metadata | None = None
    roster: Roster | None = None
    known: Known | None = None

    @staticmethod
    def of(
        settings: IngestSettings, now: datetime, metadata: Metadata | None = None, roster: Roster | None = None,
        known: Known | None = None,
    ) -> Contract:  # fmt: skip
        return Contract(settings, customer_keys(settings), now, metadata, roster, known)

    def check(self, raw: RawContact, context: ReadContext, native: bool) -> Interaction | Reject:
        """The contact if it obeys, else why not. ``native``: the source's ids are ours."""
        try:
            return self._interaction(raw, context, native)
        except Refused as refusal:
            kept = b"" if refusal.code == "no_consent" else raw.raw
            return context.reject(raw.position, refusal.code, refusal.detail, kept)

    def _interaction(self, raw: RawContact, context: ReadContext, native: bool) -> Interaction:
        source_id = id_or_none(raw.source_id, "interaction_id")
        file_id = raw.file_id or context.name
        names = (context.name, file_id)  # a transcript may tell the name of its recording
        given = raw.facts
        facts, added = self._with_metadata(given, source_id, names)
        if boolean_or_none(facts.consent_recording, "consent_recording") is False:
            raise Refused("no_consent")
        started_at, source = self._start(facts, raw, added, names)
        agent_id = id_or_none(facts.agent_id, "agent_id")
        transfers = count_or_none(facts.transfers, "transfers")
        offsets = self._offsets(raw, started_at)
        joined = "\n".join([turn.text for turn in raw.turns])
        masker = Masker(joined, self.settings.special_categories)
        turns, agent_id, text = told_turns(raw.turns, joined, offsets, agent_id, bool(transfers), masker, context)
        _count_masks(masker, context)
        team = _words(facts.team, masker)
        contact = Interaction(
            interaction_id=interaction_id(context.format or "", native, source_id, context.uri, raw.position),
            source_id=source_id or file_id,
            source_uri=context.uri,
            source_format=context.format or "",
            content_hash="",
            day=times.local_date(started_at, self.settings.business_timezone),
            channel=channel_of(facts.channel) or self.settings.default_channel,
            started_at=started_at,
            started_at_source=source,
            turns=tuple(turns),
            updated_at=self._moment(facts.updated_at, "updated_at"),
            chain_id=id_or_none(facts.chain_id, "chain_id"),
            direction=direction_of(facts.direction),
            declared_language=language_of(facts.language),
            ended_at=self._end(facts, started_at),
            customer_key=self.keys.key(id_or_none(facts.customer_id, "customer_id")),
            agent_id=agent_id,
            team=team or self._team(agent_id, started_at),
            queue=_words(facts.queue, masker),
            product_line=_words(facts.product_line, masker),
            segment=_words(facts.segment, masker),
            handle_s=number_or_none(facts.handle_s, "handle_s"),
            wait_s=number_or_none(facts.wait_s, "wait_s"),
            hold_s=number_or_none(facts.hold_s, "hold_s"),
            transfers=transfers,
            disposition=_words(facts.disposition, masker),
            csat=csat_or_none(facts.csat, facts.csat_scale),
            given=_given(added, of_roster=self.roster is not None and team is None),
        )
        msgspec.structs.force_setattr(contact, "content_hash", content_hash(contact, text))  # nobody has seen it yet
        return contact

    def _with_metadata(
        self, facts: Facts, source_id: str | None, names: tuple[str, str]
    ) -> tuple[Facts, frozenset[str]]:
        """Facts with the gaps filled from ``--metadata``, and which fields were."""
        if self.metadata is None:
            return facts, _NOTHING
        told = (self.metadata.facts_of(source_id, name) for name in names)
        extra = next((each for each in told if each), None)
        if extra is None:
            return facts, _NOTHING
        gaps = {
            field: value
            for field in FACT_NAMES
            if _blank(getattr(facts, field)) and not _blank(value := getattr(extra, field))
        }
        return msgspec.structs.replace(facts, **gaps), frozenset(gaps)

    def _start(
        self, facts: Facts, raw: RawContact, added: frozenset[str], names: tuple[str, str]
    ) -> tuple[datetime, StartedAtSource]:
        """When the contact began and how we know: record, turns' own times, metadata, file name, else now."""
        if not _blank(facts.started_at) and "started_at" not in added:
            return self._past(facts.started_at, "started_at"), "record"
        if raw.turn_times and (told := [time for time in raw.turn_times if not _blank(time)]):
            return min(self._past(time, "turn time") for time in told), "record"
        if not _blank(facts.started_at):
            return self._past(facts.started_at, "started_at (metadata)"), "metadata"
        for name in names:
            named = times.time_from_name(name, self.settings.timezone)
            if named is not None and named <= self.now:
                return named, "file_name"
        return self.now, "first_seen"

    def _past(self, value: object, field: str) -> datetime:
        moment = times.parse_time(value, self.settings.timezone, field)
        return times.not_later(moment, self.now, self.settings.future_tolerance_h, field)

    def _moment(self, value: object, field: str) -> datetime | None:
        return None if _blank(value) else self._past(value, field)

    def _end(self, facts: Facts, started_at: datetime) -> datetime | None:
        if _blank(facts.ended_at):
            return None
        ended_at = times.parse_end(facts.ended_at, self.settings.timezone, started_at)
        if ended_at < started_at:
            raise Refused("ends_before_start")
        return times.not_later(ended_at, self.now, self.settings.future_tolerance_h, "ended_at")

    def _offsets(self, raw: RawContact, started_at: datetime) -> list[int | None] | None:
        """Milliseconds from the start for turns told in absolute times."""
        if raw.turn_times is None:
            return None
        moments = [self._moment(time, "turn time") for time in raw.turn_times]
        return [None if m is None else round((m - started_at).total_seconds() * 1000) for m in moments]

    def _team(self, agent_id: str | None, at: datetime) -> str | None:
        return self.roster.team_of(agent_id, at) if self.roster and agent_id else None


def _given(added: frozenset[str], *, of_roster: bool) -> tuple[str, ...]:
    """The names, as a contact has them, of facts that side files told."""
    if not added and not of_roster:
        return ()
    renamed = {"customer_id": "customer_key", "language": "declared_language"}
    names = {renamed.get(name, name) for name in added}
    return tuple(sorted(names | {"team"} if of_roster else names))


def _words(value: object, masker: Masker) -> str | None:
    """Open text of a fact, normalised and masked like a turn."""
    if value is None:
        return None
    text = word_or_none(value)  # type: ignore[arg-type]
    if text is None:
        return None
    return _quiet(text) or mask(clean(text), masker) or None


@lru_cache(maxsize=4096)
def _quiet(text: str) -> str | None:
    """``text`` if there is nothing to normalise or mask in it, as in most names of queues and teams."""
    return text.strip() if is_plain(text) and not needs_look(text, special_categories=True) else None


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _count_masks(masker: Masker, context: ReadContext) -> None:
    for kind, _ in masker.numbers:
        context.stats.masked[kind] += 1
