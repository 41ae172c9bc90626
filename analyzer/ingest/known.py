"""What earlier runs told of a record and this one does not: the legs of a call whose files came another night.

Without it the one leg that a run holds would stand for the whole contact. Turns tell by ``part`` where they came in,
so a leg that comes again in other words replaces its own turns and no others.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import msgspec

from analyzer.ingest.identity import unredacted
from analyzer.ingest.raw import later
from analyzer.ingest.sessions import hashed
from analyzer.records import Interaction, Turn

_CLOSING: Final = frozenset({"agent_id", "team", "queue", "disposition", "csat"})
_OPENING: Final = frozenset(
    {"channel", "chain_id", "direction", "declared_language", "customer_key", "product_line", "segment", "wait_s",
     "handle_s", "hold_s", "transfers"}
)  # fmt: skip
_NUMBERED: Final = re.compile(r"\[([A-Z]{2,20})_(\d{1,6})\]")


class Known(Protocol):
    """What stands in a store, for a record that is being read."""

    def under_its_name(self, record: Interaction, keys: Sequence[str]) -> Interaction:
        """The record, which no source gave an id, under the one of ``keys`` by which the very same is known."""
        ...

    def completed(self, record: Interaction, parts: Mapping[str, bytes]) -> Interaction | tuple[Interaction, ...]:
        """The record with what it lacks; its contacts as they stand where it brings nothing new.

        ``parts`` are the legs or pages it was made of now, each with the digest of what it told.
        """
        ...


def united(told: Interaction, stored: Interaction, parts: Collection[str], fresh: Collection[str]) -> Interaction:
    """One contact of what is ``told`` now in ``parts``, of which ``fresh`` are new or changed, and the ``stored`` rest.

    Opening facts are those of whoever speaks first, closing ones of whoever speaks last; gaps are filled by the other.
    Without any turn of the store it is ``told`` itself.
    """
    start = min(told.started_at, stored.started_at)
    older = bool(told.updated_at and stored.updated_at and told.updated_at < stored.updated_at)
    now = since(told.turns, told.started_at - start)
    new = [turn for turn in now if turn.part in fresh]
    kept = [turn for turn in since(stored.turns, stored.started_at - start) if turn.part not in fresh]
    if older:
        new = _without(new, kept, told.channel)
    else:  # a message that is told again stands as it is told now
        kept = _without(kept, new, told.channel)
    if not kept:
        return told
    absent = [turn for turn in kept if turn.part not in parts]
    opens = bool(absent) and _first(absent) < _first(now)
    closes = older or (bool(absent) and _last(absent) > _last(now))
    facts = _facts(told, stored, _OPENING, opens) | _facts(told, stored, _CLOSING, closes)
    earliest = stored if stored.started_at < told.started_at else told
    return hashed(
        msgspec.structs.replace(
            told, **facts, turns=tuple(_in_time(kept, _renumbered(new, kept))), started_at=start, day=earliest.day,
            started_at_source=earliest.started_at_source, ended_at=_end(told, stored, start, new),
            updated_at=_latest(told.updated_at, stored.updated_at), given=tuple(sorted({*told.given, *stored.given})),
        )
    )  # fmt: skip


def _in_time(kept: list[Turn], new: list[Turn]) -> list[Turn]:
    """By time; as they stand, the earlier part first, where not every turn has one."""
    turns = [*kept, *new] if _first(kept) <= _first(new) else [*new, *kept]
    if new and all(turn.start_ms is not None for turn in turns):
        turns.sort(key=lambda turn: turn.start_ms or 0)
    return turns


def _end(told: Interaction, stored: Interaction, start: datetime, new: list[Turn]) -> datetime | None:
    """The later of the two ends, and not before the last of the new words."""
    ended_at = _latest(told.ended_at, stored.ended_at)
    last_ms = max((end for turn in new if (end := turn.end_ms or turn.start_ms) is not None), default=None)
    if ended_at is None or last_ms is None:
        return ended_at
    return max(ended_at, start + timedelta(milliseconds=last_ms))


def _renumbered(new: list[Turn], kept: list[Turn]) -> list[Turn]:
    """``new`` with placeholders whose numbers stand for nothing in ``kept``: [NAME_1] of each was counted apart."""
    taken: dict[str, int] = {}
    for turn in kept:
        for kind, number in _NUMBERED.findall(turn.text):
            taken[kind] = max(taken.get(kind, 0), int(number))
    if not taken:
        return new

    def moved(found: re.Match[str]) -> str:
        return f"[{found[1]}_{int(found[2]) + taken.get(found[1], 0)}]"

    return [msgspec.structs.replace(turn, text=_NUMBERED.sub(moved, turn.text)) for turn in new]


def _without(turns: list[Turn], others: list[Turn], channel: str) -> list[Turn]:
    """``turns`` that are none of the ``others``: the same words at the same time; of messages, any words."""
    spoken = channel == "voice"
    there = {_place(turn, spoken) for turn in others if turn.start_ms is not None}
    return [turn for turn in turns if _place(turn, spoken) not in there]


def _place(turn: Turn, spoken: bool) -> tuple[str, int | None, str]:
    return turn.speaker, turn.start_ms, unredacted(turn.text) if spoken else ""


def says_the_same(one: Interaction, other: Interaction) -> bool:
    """Whether two contacts of the same turns have the same facts, as far as a store tells them."""
    names = (*_OPENING - {"declared_language"}, *_CLOSING, "started_at", "ended_at")
    return one.turns == other.turns and all(getattr(one, name) == getattr(other, name) for name in names)


def _facts(told: Interaction, stored: Interaction, names: frozenset[str], stored_wins: bool) -> dict[str, Any]:
    pair = (stored, told) if stored_wins else (told, stored)
    return {name: next((v for one in pair if (v := getattr(one, name)) is not None), None) for name in names}


def since(turns: Sequence[Turn], late: timedelta) -> list[Turn]:
    """``turns`` counted from a start that lies ``late`` before theirs."""
    shift = round(late / timedelta(milliseconds=1))
    return later(turns, shift) if shift else list(turns)


def _first(turns: list[Turn]) -> float:
    return min((turn.start_ms for turn in turns if turn.start_ms is not None), default=0)


def _last(turns: list[Turn]) -> float:
    return max((turn.start_ms for turn in turns if turn.start_ms is not None), default=0)


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((each for each in (one, other) if each), default=None)
