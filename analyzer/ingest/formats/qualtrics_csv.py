"""CSV in the profile of Qualtrics XM Discover for conversations: a row an utterance, rows share ``conversationId``.

Facts of the conversation stand in its first row. ``participantId`` need only be unique within the conversation, so a
bare number or a role is no agent's id. Utterance times may be texts, or milliseconds from the start.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from analyzer.ingest.formats import table_csv
from analyzer.ingest.formats.base import Format, Guess, Read, is_binary
from analyzer.ingest.formats.contact_clock import milliseconds, on_contact_clock
from analyzer.ingest.formats.rows import KNOWN_COLUMNS, Row, RowTable, contacts
from analyzer.ingest.raw import RawContact, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.roles import role_of_label, with_roles
from analyzer.ingest.stream import Stream
from analyzer.ingest.values import number_or_none, word_or_none
from analyzer.records import Reject

# Column, by lower case without "_", space and "*": our column. What is told in several takes the first that is there.
_OURS: Final[Mapping[str, str]] = {
    "conversationid": "interaction_id", "conversationtimestamp": "started_at", "participantid": "participant",
    "participanttype": "participant_type", "isivr": "bot", "participantisivr": "bot", "isbot": "bot",
    "participantisbot": "bot", "text": "text", "verbatim": "text", "utterance": "text", "message": "text",
    "messagetext": "text", "body": "text", "content": "text", "timestamp": "start", "verbatimtimestamp": "start",
    "utterancetimestamp": "start", "messagetimestamp": "start", "start": "start", "starttime": "start", "end": "end",
    "endtime": "end", "agentid": "agent_id", "customerid": "customer_id", "language": "language",
    "languagecode": "language", "channel": "channel", "contenttype": "channel", "queue": "queue", "team": "team",
    "direction": "direction", "csat": "csat",
}  # fmt: skip
_MADE_FROM: Final = frozenset({"participant", "participant_type", "bot", "start", "end"})
_NO_ID: Final = re.compile(r"(?:participant|speaker|user|rep)?[ _-]?\d{0,3}", re.IGNORECASE)
_YES: Final = ("true", "yes", "1")


def recognise(head: bytes, name: str) -> Guess:
    del name
    header = _plain(head.split(b"\n", 1)[0].decode("utf-8", "replace"))
    if is_binary(head) or "conversationid" not in header or "participanttype" not in header:
        return Guess(0.0, "no header with conversationId and participantType")
    if header.lstrip()[:1] in ("{", "["):
        return Guess(0.0, "JSON")
    return Guess(0.97, "a header with conversationId and participantType")


def read(stream: Stream, context: ReadContext) -> Read:
    table = table_csv.table(stream)
    ours = _columns(table.columns)
    told = [*ours.values(), "speaker", "agent_id", "start_ms", "end_ms"]
    told += [name for name in table.columns if name not in ours]
    renamed = RowTable(
        [name for name in dict.fromkeys(told) if name not in _MADE_FROM],
        lambda: (_renamed(row, ours, context) for row in table.rows()),
    )
    for item in contacts(renamed, context):
        yield _finished(item, context) if isinstance(item, RawContact) else item


def _columns(columns: Any) -> dict[str, str]:
    """Our name of each column that is known; of two for one name the first."""
    chosen: dict[str, str] = {}
    for column in columns:
        plain = _plain(column)
        ours = _OURS.get(plain) or (column if column in KNOWN_COLUMNS else None)
        if ours and ours not in chosen.values():
            chosen[column] = ours
    return chosen


def _renamed(row: Row, ours: Mapping[str, str], context: ReadContext) -> Row:
    values = {ours.get(column, column): value for column, value in row.values.items()}
    participant = word_or_none(values.pop("participant", None)) or ""
    speaker = _speaker(word_or_none(values.pop("participant_type", None)), participant, values.pop("bot", None))
    problem = row.problem
    try:
        for name in ("start", "end"):
            if name in values:
                values[f"{name}_ms"] = _milliseconds(values.pop(name), context)
    except Refused as refusal:
        problem = problem or refusal.code
    values["speaker"] = speaker
    if speaker == "agent" and not values.get("agent_id") and not _NO_ID.fullmatch(participant):
        values["agent_id"] = None if role_of_label(participant) and " " not in participant else participant
    return Row(row.position, values, row.raw, problem)


def _speaker(told: str | None, participant: str, bot: Any) -> str:
    if str(bot).strip().casefold() in _YES:
        return "bot"
    return role_of_label(told or "") or role_of_label(participant) or f"participant {participant}"


def _milliseconds(value: Any, context: ReadContext) -> float | None:
    """Milliseconds: a plain number is an offset in them already."""
    text = word_or_none(value)
    if text is not None and re.fullmatch(r"\d{1,10}(?:\.\d+)?", text):
        return number_or_none(text, "start", 0, 1e11)
    return milliseconds(text, context.settings.timezone, "utterance time")


def _finished(contact: RawContact, context: ReadContext) -> RawContact | Reject:
    try:
        contact = on_contact_clock(contact, context.settings)
        turns = with_roles(contact.turns, context.settings.min_role_probability)
    except Refused as refusal:
        return context.refused(contact.position, refusal, contact.raw)
    if all(turn.start_ms is not None for turn in turns):
        turns = sorted(turns, key=lambda turn: turn.start_ms or 0)
    return msgspec.structs.replace(contact, turns=turns)


def _plain(name: str) -> str:
    return re.sub(r"[_ *]", "", name).casefold()


FORMAT: Final = Format("qualtrics_csv", "CSV of Qualtrics XM Discover, a row an utterance", False, recognise, read)
