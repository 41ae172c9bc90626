"""The turns of a contact: roles known, text normalised and masked, times in order, agents named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

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


class Told(NamedTuple):
    """Checked turns and who answers for the contact; ``text``: all that they say where it stayed as it was told."""

    turns: list[Turn]
    agent_id: str | None
    text: str | None


def told_turns(
    raw: Sequence[RawTurn | Turn],
    joined: str,
    offsets: list[int | None] | None,
    agent_id: str | None,
    transferred: bool,
    masker: Masker,
    context: ReadContext,
) -> Told:
    """Turns with text, checked, normalised and masked. Raises Refused.

    ``joined`` is all their text: one look at it tells whether any of it needs work. ``offsets`` are milliseconds from
    the contact's start for turns that tell absolute times. ``agent_id`` speaks where no turn of an agent names anybody,
    unless the contact was ``transferred``.
    """
    odd = not is_plain(joined)
    look = odd or needs_look(joined, masker=masker)
    if not look and offsets is None:
        plain = _told_plainly(raw, None if transferred else agent_id)
        if plain is not None:
            return Told(plain, agent_id, joined)
    agent_id = human_agent(agent_id, raw)
    turns = _checked_turns(raw, offsets, None if transferred else agent_id, masker, context, odd=odd, look=look)
    return Told(turns, agent_id or last_named(turns, raw), None)


def _checked_turns(
    raw: Sequence[RawTurn | Turn],
    offsets: list[int | None] | None,
    agent_id: str | None,
    masker: Masker,
    context: ReadContext,
    *,
    odd: bool,
    look: bool,
) -> list[Turn]:
    """``odd``: some of their text is to be normalised; ``look``: some may hold what is to be masked."""
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


def _told_plainly(raw: Sequence[RawTurn | Turn], agent_id: str | None) -> list[Turn] | None:
    """The turns of a contact in which nobody is named, as in most; ``None`` where any needs work.

    Their text holds nothing to be normalised or masked. It gives what ``_checked_turns`` would, several times as fast:
    turns that were decoded as such stand as they are.
    """
    turns: list[Turn] = []
    for turn in raw:
        speaker: Any = turn.speaker  # whatever it is: looked at below
        start_ms: Any = turn.start_ms
        end_ms: Any = turn.end_ms
        text = turn.text
        if not text or text != text.strip():
            return None
        if turn.agent_id is not None or turn.part is not None or turn.source_sentiment is not None:
            return None
        if start_ms is None or end_ms is None:
            if start_ms is not end_ms:
                return None
        elif not 0 <= start_ms <= end_ms <= _MAX_MS:
            return None
        if type(turn) is Turn and not turn.is_supervisor:
            told = turn if speaker != "agent" or agent_id is None else Turn(speaker, text, agent_id, start_ms, end_ms)
        elif speaker in _SPEAKERS and (start_ms is None or type(start_ms) is type(end_ms) is int):
            told = Turn(speaker, text, agent_id if speaker == "agent" else None, start_ms, end_ms)
        else:
            return None
        turns.append(told)
    return turns or None


def human_agent(agent_id: str | None, raw: Sequence[RawTurn | Turn]) -> str | None:
    """``agent_id``, unless it is the id under which a bot or a menu speaks and no person does."""
    if agent_id is None:
        return None
    spoken = [turn.speaker for turn in raw if turn.agent_id == agent_id]
    if not spoken:
        return agent_id
    roles = {role_of(speaker) for speaker in spoken}
    return None if "bot" in roles and "agent" not in roles else agent_id


def last_named(turns: Sequence[Turn], raw: Sequence[RawTurn | Turn]) -> str | None:
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
