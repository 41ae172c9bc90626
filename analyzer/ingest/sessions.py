"""Threads cut into contacts: messages go to and fro for weeks under one id, and a long silence ends a contact.

    Interaction (a whole thread)  →  its contacts, in order: c, c#2, c#3

Only messaging, social and email threads are cut, and only where the silence is known: between two turns that both tell
their time. The cut is real time, so a change of the clocks does not move it. What is known of the thread as a whole
stands once: waiting with the first contact, its account (handling, disposition, CSAT) with the last. A thread that has
grown since the last run therefore gives its old contacts again unchanged, and one that is new. Where a late message
bridges a silence there are fewer than before; the store lets the others go.

A thread is one conversation record in a run's account, however many contacts it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from analyzer.config import IngestSettings
from analyzer.ingest import times
from analyzer.ingest.identity import content_hash, unredacted
from analyzer.ingest.roster import Roster
from analyzer.records import Direction, Interaction, Turn

_HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class _Spoken:
    """When a turn that is no notice of the system was spoken; ``start`` is ``None`` where it does not tell."""

    index: int
    start: int | None
    end: int | None


def contacts_of(
    thread: Interaction, settings: IngestSettings, now: datetime, roster: Roster | None = None
) -> tuple[Interaction, ...]:
    """The contacts of ``thread`` in order of time; itself alone where it is no thread or tells no times.

    Raises Refused where its turns' offsets reach into the future.
    """
    gap_h = {"messaging": settings.messaging_gap_h, "social": settings.messaging_gap_h, "email": settings.email_gap_h}
    if thread.channel not in gap_h or thread.started_at_source == "first_seen":
        return (thread,)  # offsets from a start that nobody knows give no dates
    spoken = _in_time([_when(i, turn) for i, turn in enumerate(thread.turns) if turn.speaker != "system"])
    last_ms = max((each.end for each in spoken if each.end is not None), default=None)
    if last_ms is None:
        return (thread,)
    times.not_later(_moment(thread, last_ms), now, settings.future_tolerance_h, "turn time")
    sessions = _sessions(spoken, gap_h[thread.channel] * _HOUR_MS)
    if len(sessions) == 1:
        if thread.ended_at:
            return (thread,)
        return (hashed(msgspec.structs.replace(thread, ended_at=_moment(thread, last_ms))),)
    parts = _turns_of(thread.turns, sessions)
    return tuple(_contact(thread, parts, place, settings, roster) for place in range(len(parts)))


def is_later_part(contact: Interaction) -> bool:
    """Whether ``contact`` comes of the same record as the one before it; a source's own id may end in #2 as well."""
    return piece_number(contact.interaction_id) is not None and contact.interaction_id != contact.source_id


def piece_number(interaction_id: str) -> int | None:
    """2 of ``c#2``; ``None`` for an id that is not written like that of a later piece."""
    _, mark, number = interaction_id.rpartition("#")
    return int(number) if mark and number.isdecimal() and len(number) < 10 else None


def is_earlier_version(
    channel: str, pieces: Sequence[Sequence[Turn]], known: Sequence[Sequence[Turn] | None], more_known: bool
) -> bool:
    """Whether a thread's ``pieces`` are how the ``known`` ones began: threads grow, so they were told before those.

    ``more_known``: the known version has pieces beyond these.
    """
    if channel not in ("messaging", "social", "email") or not pieces:
        return False
    *closed, last = zip(pieces, known, strict=True)
    if any(there is None or not _same(here, there) for here, there in closed):
        return False
    here, there = last
    begun = there is not None and len(here) <= len(there) and _same(here, there[: len(here)])
    return begun and (more_known or len(here) < len(there or ()))


def _same(one: Sequence[Turn], other: Sequence[Turn]) -> bool:
    if len(one) != len(other):
        return False
    return all(
        a.speaker == b.speaker and unredacted(a.text) == unredacted(b.text) for a, b in zip(one, other, strict=True)
    )


def _when(index: int, turn: Turn) -> _Spoken:
    start = turn.end_ms if turn.start_ms is None else turn.start_ms
    return _Spoken(index, start, start if turn.end_ms is None else turn.end_ms)


def _in_time(spoken: list[_Spoken]) -> list[_Spoken]:
    """By time; as told where not every turn has one, for then nobody knows where the others belong."""
    if any(each.start is None for each in spoken):
        return spoken
    return sorted(spoken, key=lambda each: (each.start or 0, each.index))


def _sessions(spoken: Sequence[_Spoken], limit_ms: float) -> list[list[_Spoken]]:
    """Cut between neighbours that both tell their time, where all before ended more than ``limit_ms`` before the rest.

    A turn without a time may have broken the silence, so nothing is cut beside it.
    """
    earliest_later: list[int | None] = [None] * len(spoken)
    earliest: int | None = None
    for place in range(len(spoken) - 1, -1, -1):
        start = spoken[place].start
        earliest = start if earliest is None else earliest if start is None else min(earliest, start)
        earliest_later[place] = earliest
    sessions: list[list[_Spoken]] = []
    latest: int | None = None
    for place, each in enumerate(spoken):
        told = place > 0 and each.start is not None and spoken[place - 1].start is not None
        later = earliest_later[place]
        if not sessions or (told and latest is not None and later is not None and later - latest > limit_ms):
            sessions.append([])
        sessions[-1].append(each)
        latest = each.end if latest is None else latest if each.end is None else max(latest, each.end)
    return sessions


def _turns_of(turns: Sequence[Turn], sessions: Sequence[Sequence[_Spoken]]) -> list[list[Turn]]:
    """Turns of each session in the order told. Notices of the system go to the session nearer in time, or before."""
    session_of = {each.index: place for place, session in enumerate(sessions) for each in session}
    spans = [
        (min(e.start for e in session if e.start is not None), max(e.end for e in session if e.end is not None))
        for session in sessions
    ]  # every session has a time: cuts lie between turns that tell theirs
    parts: list[list[Turn]] = [[] for _ in sessions]
    current = 0
    for index, turn in enumerate(turns):
        if index in session_of:
            current = session_of[index]
            parts[current].append(turn)
        else:
            parts[current if turn.start_ms is None else _nearest(turn.start_ms, spans)].append(turn)
    return parts


def _nearest(at: int, spans: Sequence[tuple[int, int]]) -> int:
    return min(range(len(spans)), key=lambda place: max(spans[place][0] - at, at - spans[place][1], 0))


def _contact(
    thread: Interaction, parts: Sequence[Sequence[Turn]], place: int, settings: IngestSettings, roster: Roster | None
) -> Interaction:
    is_first, is_last = place == 0, place == len(parts) - 1
    base = 0 if is_first else min(turn.start_ms for turn in parts[place] if turn.start_ms is not None)
    turns = tuple(_from(turn, base) for turn in parts[place])
    started_at = _moment(thread, base)
    changes: dict[str, Any] = {"turns": turns}
    if not is_first:
        changes |= {
            "interaction_id": f"{thread.interaction_id}#{place + 1}",
            "started_at": started_at,
            "day": times.local_date(started_at, settings.business_timezone),
            "chain_id": None,  # legs of one contact share it; these are several contacts
            "direction": _direction(thread, turns),
            "wait_s": None,
        }
    if not is_last or thread.ended_at is None or thread.ended_at < started_at:
        changes["ended_at"] = _end(turns, started_at)
    if not is_last:
        changes |= dict.fromkeys(("handle_s", "hold_s", "transfers", "disposition", "csat"))
    if not (is_last and _closes_the_last(thread.agent_id, parts)):
        changes |= _closer(thread, turns, started_at, roster)
    return hashed(msgspec.structs.replace(thread, **changes))


def _from(turn: Turn, base: int) -> Turn:
    if not base:
        return turn
    start, end = turn.start_ms, turn.end_ms
    return Turn(
        turn.speaker,
        turn.text,
        turn.agent_id,
        None if start is None else start - base,
        None if end is None else end - base,
        turn.source_sentiment,
        turn.part,
        turn.is_supervisor,
    )


def _direction(thread: Interaction, turns: Sequence[Turn]) -> Direction | None:
    """Who broke the silence: an agent's late answer, or a bot that nobody answers, is no return of the customer."""
    if thread.direction == "internal":
        return "internal"
    people = (turn.speaker for turn in turns if turn.speaker in ("customer", "agent"))
    return "inbound" if next(people, None) == "customer" else "outbound"


def _closes_the_last(agent_id: str | None, parts: Sequence[Sequence[Turn]]) -> bool:
    """Whether the agent who closed the thread closed its last contact: somebody answered there, and not only others."""
    *earlier, last = ({turn.agent_id for turn in part if _answers(turn)} for part in parts)
    return bool(last) and (agent_id in last or agent_id not in set().union(*earlier))


def _answers(turn: Turn) -> bool:
    return turn.speaker == "agent" and not turn.is_supervisor


def _closer(thread: Interaction, turns: Sequence[Turn], started_at: datetime, roster: Roster | None) -> dict[str, Any]:
    """Who closed the contact by its turns, and their team."""
    agent = next((turn.agent_id for turn in reversed(turns) if _answers(turn) and turn.agent_id), None)
    if agent == thread.agent_id:
        return {}
    if roster is None or agent is None:
        return {"agent_id": agent, "team": None}
    given = tuple(sorted({*thread.given, "team"}))
    return {"agent_id": agent, "team": roster.team_of(agent, started_at), "given": given}


def _end(turns: Sequence[Turn], started_at: datetime) -> datetime:
    ends = [turn.end_ms if turn.end_ms is not None else turn.start_ms for turn in turns if turn.speaker != "system"]
    return started_at + timedelta(milliseconds=max((end for end in ends if end is not None), default=0))


def _moment(thread: Interaction, offset_ms: int) -> datetime:
    return thread.started_at + timedelta(milliseconds=offset_ms)


def hashed(contact: Interaction) -> Interaction:
    """``contact`` with the hash of what it says now."""
    return msgspec.structs.replace(contact, content_hash=content_hash(contact))
