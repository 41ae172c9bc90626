"""Facts that ``--metadata`` and ``--agents`` told of a contact: remembered, and given where a later run lacks them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

import msgspec

from analyzer.ingest.sessions import hashed
from analyzer.records import Interaction, StartedAtSource, Turn

_GUESSED: Final = ("file_name", "first_seen")


class Given(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What side files told of a contact and its source did not. ``team_of`` is the agent whose team it is."""

    started_at: datetime | None = None
    day: date | None = None
    ended_at: datetime | None = None
    channel: str | None = None
    chain_id: str | None = None
    direction: str | None = None
    declared_language: str | None = None
    customer_key: str | None = None
    agent_id: str | None = None
    team: str | None = None
    team_of: str | None = None
    queue: str | None = None
    product_line: str | None = None
    segment: str | None = None
    disposition: str | None = None
    handle_s: float | None = None
    wait_s: float | None = None
    hold_s: float | None = None
    transfers: int | None = None
    csat: float | None = None


_FIELDS: Final = frozenset(Given.__struct_fields__) & frozenset(Interaction.__struct_fields__)
_DECODER: Final = msgspec.json.Decoder(Given)


def given_of(contact: Interaction) -> str:
    """JSON of what side files told of ``contact``; empty where they told nothing."""
    told: dict[str, Any] = {name: getattr(contact, name) for name in contact.given if name in _FIELDS}
    if contact.given and contact.started_at_source == "metadata":
        told |= {"started_at": contact.started_at, "day": contact.day}
    if told.get("team") is not None:
        told["team_of"] = contact.agent_id
    told = {name: value for name, value in told.items() if value is not None}
    return msgspec.json.encode(Given(**told)).decode() if told else ""


def given_names(given: str) -> frozenset[str]:
    """The fields that ``given`` tells, as ``Interaction.given`` names them."""
    known = _DECODER.decode(given) if given else Given()
    return frozenset(name for name in _FIELDS - {"day"} if getattr(known, name) is not None)


def with_given(contact: Interaction, given: str, default_channel: str) -> Interaction:
    """``contact`` with what side files told of it in an earlier run, wherever this one says nothing else."""
    if not given:
        return contact
    known = _DECODER.decode(given)
    gaps: dict[str, Any] = {
        name: value
        for name in _FIELDS - {"started_at", "day", "channel", "ended_at"}
        if getattr(contact, name) is None and (value := getattr(known, name)) is not None
    }
    if gaps.get("agent_id", contact.agent_id) != known.team_of:
        gaps.pop("team", None)
    if known.channel and contact.channel == default_channel != known.channel:
        gaps["channel"] = known.channel
    started_at, source = contact.started_at, contact.started_at_source
    if known.started_at and source in _GUESSED:
        started_at = known.started_at
        told: StartedAtSource = "metadata"
        gaps |= {"started_at": started_at, "day": known.day, "started_at_source": told}
    if known.ended_at and contact.ended_at is None and known.ended_at >= started_at:
        gaps["ended_at"] = known.ended_at
    if not gaps:
        return contact
    if "agent_id" in gaps and not gaps.get("transfers", contact.transfers):
        gaps["turns"] = tuple(_spoken_by(turn, gaps["agent_id"]) for turn in contact.turns)
    names = {*contact.given, *gaps} - {"turns", "day", "started_at_source"}
    return hashed(msgspec.structs.replace(contact, **gaps, given=tuple(sorted(names))))


def _spoken_by(turn: Turn, agent_id: str) -> Turn:
    if turn.speaker != "agent" or turn.agent_id:
        return turn
    return msgspec.structs.replace(turn, agent_id=agent_id)
