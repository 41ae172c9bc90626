"""What earlier runs told of a record and this one does not: legs in files of another night, facts of side files.

A run may hold one leg of a call whose other legs came yesterday, or lack the ``--metadata`` of the run before. What it
brings is then no poorer version of the contact: it is put together with what is known.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final, Protocol

import msgspec

from analyzer.ingest.identity import unredacted
from analyzer.ingest.sessions import hashed
from analyzer.records import Interaction, StartedAtSource, Turn

_GUESSED: Final = ("file_name", "first_seen")
_CLOSING: Final = frozenset({"agent_id", "team", "queue", "disposition", "csat"})
_OPENING: Final = frozenset(
    {"chain_id", "direction", "declared_language", "customer_key", "product_line", "segment", "wait_s", "handle_s",
     "hold_s", "transfers"}
)  # fmt: skip


class Known(Protocol):
    """What stands in a store, for a record that is being read."""

    def completed(self, record: Interaction, parts: Mapping[str, bytes]) -> Interaction | tuple[Interaction, ...]:
        """The record with what it lacks; its contacts as they stand where it brings nothing new.

        ``parts`` are the legs or pages it was made of now, each with the digest of what it told.
        """
        ...


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


_FIELDS: Final = frozenset(Given.__struct_fields__) & frozenset(Interaction.__dataclass_fields__)
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
    return hashed(replace(contact, **gaps, given=tuple(sorted(names))))


def _spoken_by(turn: Turn, agent_id: str) -> Turn:
    if turn.speaker != "agent" or turn.agent_id:
        return turn
    return msgspec.structs.replace(turn, agent_id=agent_id)


def united(told: Interaction, stored: Interaction, parts: Collection[str], fresh: Collection[str]) -> Interaction:
    """One contact of what is ``told`` now in ``parts``, of which ``fresh`` are new or changed, and the ``stored`` rest.

    Opening facts are those of whoever speaks first, closing ones of whoever speaks last; gaps are filled by the other.
    Without any turn of the store it is ``told`` itself.
    """
    start = min(told.started_at, stored.started_at)
    now = since(told.turns, told.started_at - start)
    before = since(stored.turns, stored.started_at - start)
    new = [turn for turn in now if turn.part in fresh]
    kept = [turn for turn in before if turn.part not in fresh]
    older = bool(told.updated_at and stored.updated_at and told.updated_at < stored.updated_at)
    if older:
        new = _without(new, kept, told.channel)
    else:  # a message that is told again stands as it is told now
        kept = _without(kept, new, told.channel)
    if not kept:
        return told
    absent = [turn for turn in kept if turn.part not in parts]
    turns = [*kept, *new] if _first(kept) <= _first(new) else [*new, *kept]
    if new and all(turn.start_ms is not None for turn in turns):
        turns.sort(key=lambda turn: turn.start_ms or 0)
    facts = _facts(told, stored, _OPENING, bool(absent) and _first(absent) < _first(now))
    facts |= _facts(told, stored, _CLOSING, older or (bool(absent) and _last(absent) > _last(now)))
    earliest = stored if stored.started_at < told.started_at else told
    return hashed(
        replace(
            told, **facts, turns=tuple(turns), started_at=start, day=earliest.day,
            started_at_source=earliest.started_at_source, ended_at=_latest(told.ended_at, stored.ended_at),
            updated_at=_latest(told.updated_at, stored.updated_at), given=tuple(sorted({*told.given, *stored.given})),
        )
    )  # fmt: skip


def _without(turns: list[Turn], others: list[Turn], channel: str) -> list[Turn]:
    """``turns`` that are none of the ``others``: the same words at the same time; of messages, any words."""
    spoken = channel == "voice"
    there = {_place(turn, spoken) for turn in others if turn.start_ms is not None}
    return [turn for turn in turns if _place(turn, spoken) not in there]


def _place(turn: Turn, spoken: bool) -> tuple[str, int | None, str]:
    return turn.speaker, turn.start_ms, unredacted(turn.text) if spoken else ""


def says_the_same(one: Interaction, other: Interaction) -> bool:
    """Whether two contacts of the same turns have the same facts, as far as a store tells them."""
    names = (*_OPENING - {"declared_language"}, *_CLOSING, "started_at", "ended_at", "channel")
    return one.turns == other.turns and all(getattr(one, name) == getattr(other, name) for name in names)


def _facts(told: Interaction, stored: Interaction, names: frozenset[str], stored_wins: bool) -> dict[str, Any]:
    pair = (stored, told) if stored_wins else (told, stored)
    return {name: next((v for one in pair if (v := getattr(one, name)) is not None), None) for name in names}


def since(turns: Sequence[Turn], late: timedelta) -> list[Turn]:
    """``turns`` counted from a start that lies ``late`` before theirs."""
    shift = round(late / timedelta(milliseconds=1))
    if not shift:
        return list(turns)
    return [
        msgspec.structs.replace(
            turn,
            start_ms=None if turn.start_ms is None else turn.start_ms + shift,
            end_ms=None if turn.end_ms is None else turn.end_ms + shift,
        )
        for turn in turns
    ]


def _first(turns: list[Turn]) -> float:
    return min((turn.start_ms for turn in turns if turn.start_ms is not None), default=0)


def _last(turns: list[Turn]) -> float:
    return max((turn.start_ms for turn in turns if turn.start_ms is not None), default=0)


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((each for each in (one, other) if each), default=None)
