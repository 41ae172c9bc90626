"""The turns of a contact: roles known, text normalised and masked, times in order, agents named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from analyzer.ingest.masking import Masker, mask, needs_look
from analyzer.ingest.raw import RawTurn, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.text import clean, is_plain
from analyzer.ingest.values import (
    ROLES,
    UNNAMED_SUPERVISOR,
    id_or_none,
    is_supervisor,
    is_unheard,
    number_or_none,
    role_of,
)
from analyzer.records import SPEAKERS, Turn

_MAX_MS: Final = 366 * 24 * 3600 * 1000  # no contact lasts longer than a year
_SPEAKERS: Final[frozenset[str]] = frozenset(SPEAKERS)


def checked_turns(
    raw: Sequence[RawTurn],
    joined: str,
    offsets: list[int | None] | None,
    agent_id: str | None,
    masker: Masker,
    context: ReadContext,
) -> list[Turn]:
    """Turns with text, checked, normalised and masked. ``agent_id`` speaks where no turn of an agent names anybody.

    ``joined`` is all their text: one look at it tells whether any of it needs work.
    """
    odd = not is_plain(joined)
    look = odd or needs_look(joined, masker=masker)
    if not look and offsets is None and (told := _told_plainly(raw, agent_id)):
        return told
    named = any(turn.agent_id and not is_supervisor(turn.speaker) for turn in raw)
    turns: list[Turn] = []
    for index, turn in enumerate(raw):
        speaker = ROLES.get(turn.speaker) or role_of(turn.speaker)
        if speaker is None:
            if is_unheard(turn.speaker):
                context.stats.left_out["unheard"] += 1
                continue
            raise Refused("unknown_role", f"Turn {index}.")
        text = clean(turn.text) if odd else turn.text.strip()
        if not text:
            context.stats.empty_turns += 1
            continue
        if look:
            text = mask(text, masker)
        who, joins = None, False
        if speaker == "agent":
            who = id_or_none(turn.agent_id, f"agent_id of turn {index}") if named or turn.agent_id else agent_id
            if joins := turn.speaker != "agent" and is_supervisor(turn.speaker):
                who = (turn.agent_id and who) or UNNAMED_SUPERVISOR
        start_ms, end_ms = turn.start_ms, turn.end_ms
        if offsets is not None and start_ms is None:
            start_ms = offsets[index]
        if start_ms is not None or end_ms is not None:
            start_ms, end_ms = _span(start_ms, end_ms, index)
        felt = turn.source_sentiment
        if felt is not None:
            felt = number_or_none(felt, "source_sentiment", -1, 1)
        turns.append(Turn(speaker, text, who, start_ms, end_ms, felt, turn.part, joins))
    if not turns:
        raise Refused("no_turns")
    return turns


def _told_plainly(raw: Sequence[RawTurn], agent_id: str | None) -> list[Turn] | None:
    """The turns of a contact in which only the agent is to be named, as in most; ``None`` where any needs more.

    It gives what ``checked_turns`` would, in half the time.
    """
    turns: list[Turn] = []
    for turn in raw:
        speaker, text, named, start_ms, end_ms, felt, part = msgspec.structs.astuple(turn)
        if named or part or felt is not None or speaker not in _SPEAKERS or not (text := text.strip()):
            return None
        timed = type(start_ms) is int and type(end_ms) is int and 0 <= start_ms <= end_ms <= _MAX_MS
        if not (timed or start_ms is end_ms is None):
            return None
        who = agent_id if speaker == "agent" else None
        turns.append(Turn(speaker, text, who, start_ms, end_ms))
    return turns


def human_agent(agent_id: str | None, raw: Sequence[RawTurn]) -> str | None:
    """``agent_id``, unless it is the id under which a bot or a menu speaks and no person does."""
    if agent_id is None:
        return None
    spoken = [turn.speaker for turn in raw if turn.agent_id == agent_id]
    if not spoken:
        return agent_id
    roles = {role_of(speaker) for speaker in spoken}
    return None if "bot" in roles and "agent" not in roles else agent_id


def last_named(turns: Sequence[Turn], raw: Sequence[RawTurn]) -> str | None:
    """Who closed the contact; a supervisor who joined answers only for turns of their own."""
    joined = {turn.agent_id or UNNAMED_SUPERVISOR for turn in raw if is_supervisor(turn.speaker)}
    named = (turn.agent_id for turn in reversed(turns) if turn.speaker == "agent" and turn.agent_id)
    return next((agent for agent in named if agent not in joined), None)


def _span(start_ms: int | float | None, end_ms: int | float | None, index: int) -> tuple[int | None, int | None]:
    first = 0 if start_ms is None else start_ms
    last = first if end_ms is None else end_ms
    if not 0 <= first <= last <= _MAX_MS:
        raise Refused("turn_times", f"Turn {index}.")
    return None if start_ms is None else round(start_ms), None if end_ms is None else round(end_ms)
