"""ConvoKit ``utterances.jsonl``: one utterance a line, gathered into conversations.

Roles are told by ``meta`` (role, speaker_type), by the speaker's id ("agent-7"), else by words. Speakers are people
across the corpus, so their ids are the agent's and the customer's. ``timestamp`` may be seconds or milliseconds since
1970, seconds from the start, or a text; without it utterances follow what they reply to. The files beside them hold no
talk and are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from typing import Any, Final

import msgspec

from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.contact_clock import milliseconds, on_contact_clock
from analyzer.ingest.formats.documents import (
    Document,
    count_unknown_keys,
    decoded,
    decoded_or_none,
    documents,
    guess_json,
    has_key,
)
from analyzer.ingest.formats.json_pieces import json_pieces
from analyzer.ingest.formats.rows import Row, RowTable, contacts
from analyzer.ingest.raw import RawContact, RawTurn, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.roles import role_of_label, with_roles
from analyzer.ingest.stream import Stream
from analyzer.records import Reject, Skipped, Speaker

_COLUMNS: Final = ("interaction_id", "speaker", "text", "agent_id", "start_ms")
_ROLE_KEYS: Final = ("role", "speaker_type", "speaker_role", "type")
_BESIDE: Final = re.compile(r"(?:speakers|users|conversations|corpus|index)\.json", re.IGNORECASE)


class _Utterance(msgspec.Struct, frozen=True):
    text: str | None
    speaker: Any = None
    user: Any = None  # before version 2.0
    conversation_id: str | int | None = None
    root: str | int | None = None  # before version 2.3
    id: str | int | None = None
    reply_to: Any = None
    timestamp: str | int | float | None = None
    meta: Any = None
    vectors: Any = None


class _Named(msgspec.Struct, frozen=True):
    """All that is needed of an utterance that cannot be read."""

    conversation_id: Any = None
    root: Any = None


_UTTERANCE: Final = msgspec.json.Decoder(_Utterance)
_NAMED: Final = msgspec.json.Decoder(_Named)


def recognise(head: bytes, name: str) -> Guess:
    if _BESIDE.fullmatch(name) and head.lstrip().startswith(b"{") and _is_beside(head, name):
        return Guess(0.8, "a part of a ConvoKit corpus that holds no utterances")
    told = guess_json(head, ("text", "conversation_id"), 0.0)
    if told.why.startswith("JSON with") and (has_key(head, "reply_to") or has_key(head, "reply-to")):
        return Guess(0.96, "JSON with text, conversation_id and reply_to")
    return Guess(0.0, told.why if not told.why.startswith("JSON with") else "JSON without the key reply_to")


def read(stream: Stream, context: ReadContext) -> Read:
    if _BESIDE.fullmatch(context.name):
        yield Skipped(context.uri, "part of a ConvoKit corpus, without utterances")
        return
    passes = count()
    table = RowTable(_COLUMNS, lambda: _rows(stream, context, first=next(passes) == 0))
    for item in contacts(table, context):
        yield _finished(item, context) if isinstance(item, RawContact) else item


def _rows(stream: Stream, context: ReadContext, *, first: bool) -> Iterator[Row]:
    for document in documents(stream, context):
        if isinstance(document, Reject):
            yield Row(document.position, {}, document.raw, document.code)
            continue
        try:
            values = _values(document, context)
            if first:  # the rows are read twice
                count_unknown_keys(document, _Utterance, context)
            yield Row(document.position, values, document.raw + b"\n")
        except Refused as refusal:
            # The conversation that lacks this utterance is not whole: it is refused with it.
            named = decoded_or_none(document, _NAMED)
            told = (named.conversation_id if named.conversation_id is not None else named.root) if named else None
            values = {"interaction_id": str(told)} if isinstance(told, str | int) else {}
            yield Row(document.position, values, document.raw + b"\n", refusal.code)


def _values(document: Document, context: ReadContext) -> dict[str, Any]:
    utterance = decoded(document, _UTTERANCE, context)
    speaker = _id_of(utterance.speaker if utterance.speaker is not None else utterance.user)
    conversation = utterance.conversation_id if utterance.conversation_id is not None else utterance.root
    return {
        "interaction_id": conversation,
        "speaker": _told_role(utterance.meta) or speaker,
        "text": utterance.text or "",
        "agent_id": speaker,
        "start_ms": milliseconds(utterance.timestamp, context.settings.timezone, "timestamp"),
    }


def _finished(contact: RawContact, context: ReadContext) -> RawContact | Reject:
    """The contact with roles in place of ids, in order of time, and the ids as facts."""
    try:
        contact = on_contact_clock(contact, context.settings)
        turns = with_roles(contact.turns, context.settings.min_role_probability)
        if all(turn.start_ms is not None for turn in turns):
            turns = sorted(turns, key=lambda turn: turn.start_ms or 0)
        else:
            turns = _by_replies(turns, contact.raw, context)
        customers = {turn.agent_id for turn in turns if turn.speaker == "customer" and turn.agent_id}
        facts = msgspec.structs.replace(
            contact.facts, agent_id=None, customer_id=customers.pop() if len(customers) == 1 else None
        )
        return msgspec.structs.replace(contact, turns=turns, facts=facts)
    except Refused as refusal:
        return context.refused(contact.position, refusal, contact.raw)


def _by_replies(turns: list[RawTurn], raw: bytes, context: ReadContext) -> list[RawTurn]:
    """Turns without times behind what they reply to; as they stand where that is so already."""
    pieces = [piece for piece in json_pieces(iter((raw,)), context.settings.max_line_bytes) if isinstance(piece, bytes)]
    told = [decoded(Document(0, piece), _UTTERANCE, context) for piece in pieces]
    places = {str(utterance.id): place for place, utterance in enumerate(told) if utterance.id is not None}
    if len(told) != len(turns) or len(places) != len(told):
        return turns
    parents = [places.get(str(utterance.reply_to)) for utterance in told]
    if all(parent is None or parent < place for place, parent in enumerate(parents)):
        return turns
    replies: dict[int | None, list[int]] = {}
    for place, parent in enumerate(parents):
        replies.setdefault(parent, []).append(place)
    order: list[int] = []
    waiting = replies.get(None, [])[::-1]
    while waiting:
        order.append(waiting.pop())
        waiting += replies.get(order[-1], [])[::-1]
    if len(order) != len(turns):
        raise Refused("bad_reference", "Utterances that reply to each other in a circle.")
    return [turns[place] for place in order]


def _told_role(meta: Any) -> Speaker | None:
    if not isinstance(meta, dict):
        return None
    words = (meta.get(key) for key in _ROLE_KEYS)
    return next((role for word in words if isinstance(word, str) and (role := role_of_label(word))), None)


def _id_of(speaker: Any) -> str | None:
    if isinstance(speaker, dict):
        speaker = speaker.get("id", speaker.get("name"))
    if speaker is None or isinstance(speaker, str):
        return speaker
    if isinstance(speaker, int) and not isinstance(speaker, bool):
        return str(speaker)
    raise Refused("wrong_type", "At `speaker`.")


def _is_beside(head: bytes, name: str) -> bool:
    if has_key(head, "text"):
        return False
    word = name.lower().partition(".")[0]
    if word == "index":
        return any(has_key(head, key) for key in ("utterances-index", "speakers-index", "conversations-index"))
    return word == "corpus" or has_key(head, "meta") or has_key(head, "vectors")


FORMAT: Final = Format("convokit", "ConvoKit utterances.jsonl", False, recognise, read)
