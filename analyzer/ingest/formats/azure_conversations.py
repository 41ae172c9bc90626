"""Azure Language conversation input: ``conversations`` with their ``conversationItems``, alone or within a job.

Roles come from ``role``, else from the participant's id ("Agent_1"), else from the words. Times are often absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import msgspec

from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import Document, count_unknown_keys, decoded, documents, guess_json
from analyzer.ingest.formats.messages import Id, id_of
from analyzer.ingest.formats.pages import attempt, keys_of, listed
from analyzer.ingest.formats.turn_order import by_start
from analyzer.ingest.raw import Facts, RawContact, RawTurn, ReadContext
from analyzer.ingest.roles import with_roles
from analyzer.ingest.stream import Stream
from analyzer.ingest.values import number_or_none, role_of
from analyzer.records import Reject, Speaker

_TICKS_PER_MS: Final = 10_000

Number = int | float | str | None


class _Timing(msgspec.Struct, frozen=True):
    offset: Number = None
    duration: Number = None


class _Item(msgspec.Struct, frozen=True, rename="camel"):
    participant_id: str | int
    text: str | None = None
    role: str | None = None
    itn: str | None = None
    lexical: str | None = None
    language: str | None = None
    modality: str | None = None
    audio_timings: list[_Timing] | None = None
    word_level_timings: list[_Timing] | None = None  # their older name
    conversation_item_level_timing: _Timing | None = None

    @property
    def timings(self) -> Sequence[_Timing]:
        whole = self.conversation_item_level_timing
        return [whole] if whole else self.audio_timings or self.word_level_timings or ()


class AzureConversation(msgspec.Struct, frozen=True, rename="camel"):
    """One conversation of the input."""

    conversation_items: list[_Item]
    id: Id = None
    language: str | None = None
    modality: str | None = None


_DECODER: Final = msgspec.json.Decoder(AzureConversation)


def recognise(head: bytes, name: str) -> Guess:
    del name
    return guess_json(head, ("conversationItems",), 0.98)


def read(stream: Stream, context: ReadContext) -> Read:
    for position, item in enumerate(_conversations(stream, context)):
        placed = replace(item, position=position)
        yield placed if isinstance(placed, Reject) else attempt(_contact, placed, context)


def _conversations(stream: Stream, context: ReadContext) -> Iterator[Document | Reject]:
    for page in documents(stream, context):
        if isinstance(page, Reject):
            yield page
            continue
        job = keys_of(page.raw).get("analysisInput")
        for raw in listed(page.raw if job is None else bytes(job), ("conversations",)):
            yield Document(page.position, raw)


def _contact(document: Document, context: ReadContext) -> RawContact:
    told = decoded(document, _DECODER, context)
    count_unknown_keys(document, AzureConversation, context)
    modalities = (told.modality, *(item.modality for item in told.conversation_items))
    spoken = any((modality or "").casefold() == "transcript" for modality in modalities)
    turns = [_turn(item) for item in told.conversation_items]
    return RawContact(
        position=document.position,
        turns=with_roles(by_start(turns), context.settings.min_role_probability, _roles(told)),
        facts=Facts(
            channel="voice" if spoken else "chat",
            language=told.language or next((item.language for item in told.conversation_items if item.language), None),
        ),
        source_id=id_of(told.id),
        raw=document.raw,
    )


def _roles(told: AzureConversation) -> Mapping[str, Speaker]:
    return {
        _label(item): role for item in told.conversation_items if item.role and (role := role_of(item.role)) is not None
    }


def _turn(item: _Item) -> RawTurn:
    timings = item.timings
    start = end = None
    if timings:
        start = _ms(timings[0].offset)
        last, length = _ms(timings[-1].offset), _ms(timings[-1].duration)
        end = None if last is None or length is None else last + length
    return RawTurn(_label(item), item.text or item.itn or item.lexical or "", None, start, end)


def _label(item: _Item) -> str:
    return str(item.participant_id).strip()


def _ms(ticks: Number) -> float | None:
    number = number_or_none(ticks, "audioTimings", 0, 1e15)
    return None if number is None else number / _TICKS_PER_MS


FORMAT: Final = Format("azure_conversations", "Azure Language conversation input", False, recognise, read)
