"""What Amazon's call transcripts have in common: turns in ms from the start, and a start that only names tell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from analyzer.ingest.formats.turn_order import by_start
from analyzer.ingest.raw import RawTurn
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.values import role_of

_FEELINGS: Final = {"POSITIVE": 1.0, "NEUTRAL": 0.0, "MIXED": 0.0, "NEGATIVE": -1.0}
_CLOCK: Final = re.compile(
    r"(20\d\d)-?(\d\d)-?(\d\d)T(\d\d)(?::|%3A|[-_])?(\d\d)(?:(?::|%3A|[-_])?(\d\d))?(?:\.\d+)?(?:_UTC|Z)"
)
_LONGEST_MS: Final = 366 * 24 * 3600 * 1000
_DAY_FOLDERS: Final = re.compile(r"/(20\d\d)/(\d\d)/(\d\d)/")


class Participant(msgspec.Struct, frozen=True, rename="pascal"):
    participant_id: str | None = None
    participant_role: str | None = None
    display_name: str | None = None


class VoiceTurn(msgspec.Struct, frozen=True, rename="pascal"):
    """A turn of a call; ``participant_id`` is a UUID to be looked up, or the role itself."""

    content: str | None = None
    id: str | None = None
    participant_id: str | None = None
    participant_role: str | None = None
    begin_offset_millis: int | float | None = None
    end_offset_millis: int | float | None = None
    sentiment: str | None = None


def feeling_of(word: str | None) -> float | None:
    """The source's word for a feeling as −1, 0 or 1; mixed is in between."""
    return _FEELINGS.get(word.upper()) if word else None


def stated_roles(participants: Sequence[Participant] | None) -> dict[str, str]:
    """The role of each participant that states one, as written."""
    return {
        one.participant_id: one.participant_role
        for one in participants or ()
        if one.participant_id and one.participant_role
    }


def label_of(turn: VoiceTurn, stated: Mapping[str, str]) -> str:
    """The role where the turn or the list of participants states it, else who spoke.

    A role that is stated and unknown raises Refused: to guess it from the words would be to overrule the source.
    """
    who = turn.participant_id or ""
    role = turn.participant_role or stated.get(who)
    if role and role_of(role) is None:
        raise Refused("unknown_role", "ParticipantRole.")
    return role or who


def voice_turns(turns: Sequence[VoiceTurn], participants: Sequence[Participant] | None) -> list[RawTurn]:
    """Turns by their start; speakers are roles where told, else participant ids."""
    stated = stated_roles(participants)
    return by_start([
        RawTurn(
            label_of(turn, stated), turn.content or "", None, turn.begin_offset_millis, turn.end_offset_millis,
            source_sentiment=feeling_of(turn.sentiment),
        )
        for turn in turns
    ])  # fmt: skip


def check_finished(status: str | None) -> None:
    """Raises Refused where the job that writes the file was still at it."""
    if (status or "").strip().upper() in ("IN_PROGRESS", "QUEUED"):
        raise Refused("truncated", "JobStatus.")


def start_from_names(*names: str | None) -> datetime | None:
    """The first time in recordings' and files' names ("…_20260105T10:30_UTC.wav"), else the day of their folders."""
    told = [name for name in names if name]
    for pattern in (_CLOCK, _DAY_FOLDERS):
        for name in told:
            if match := pattern.search(name):
                try:
                    return datetime(*(int(part) for part in match.groups(default="0")), tzinfo=UTC)  # type: ignore[misc,arg-type]
                except ValueError:
                    continue
    return None


def call_span(length_ms: float | None, *names: str | None) -> tuple[datetime | None, datetime | None]:
    """Start and end of a call of that length; raises Refused for a length that none has."""
    if length_ms is not None and not 0 <= length_ms < _LONGEST_MS:
        raise Refused("bad_number", "TotalConversationDurationMillis.")
    started_at = start_from_names(*names)
    ended_at = started_at + timedelta(milliseconds=length_ms) if started_at and length_ms is not None else None
    return started_at, ended_at
