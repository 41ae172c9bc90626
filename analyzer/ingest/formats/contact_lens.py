"""Amazon Connect Contact Lens: analysed calls, chats and emails, and the plain chat transcripts of Connect.

Calls have offsets and no start: the recording's name in S3 tells it. Participants are UUIDs or stand for their roles.
A chat's sentiment is given for groups of messages and joined back by ``Id``. A redacted file is the raw one's twin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Final

import msgspec

from analyzer.ingest.formats.amazon_voice import (
    Participant,
    VoiceTurn,
    call_span,
    check_finished,
    feeling_of,
    label_of,
    stated_roles,
    voice_turns,
)
from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import (
    Contact,
    Document,
    best_guess,
    count_unknown_keys,
    decoded,
    guess_json,
    read_documents,
)
from analyzer.ingest.html_text import text_of_html
from analyzer.ingest.raw import Facts, RawContact, RawTurn, ReadContext, Value
from analyzer.ingest.roles import with_roles
from analyzer.ingest.stream import Stream
from analyzer.ingest.times import parse_time
from analyzer.records import Skipped

_RECORD_MARKS: Final = ("InitiationMethod", "InitiationTimestamp", "AWSAccountId")


class _Item(VoiceTurn, frozen=True, rename="pascal"):
    type: str | None = None
    content_type: str | None = None
    absolute_time: str | None = None


class _Customer(msgspec.Struct, frozen=True, rename="pascal"):
    contact_id: str | None = None
    input_s3_uri: str | None = msgspec.field(default=None, name="InputS3Uri")
    input_files: dict[str, str | None] | None = None


class _ItemId(msgspec.Struct, frozen=True, rename="pascal"):
    id: str | None = None


class _Group(msgspec.Struct, frozen=True, rename="pascal"):
    sentiment: str | None = None
    transcript_items: list[_ItemId] | None = None


class _Sentiment(msgspec.Struct, frozen=True, rename="pascal"):
    details_by_transcript_item_group: list[_Group] | None = None


class _Characteristics(msgspec.Struct, frozen=True, rename="pascal"):
    total_conversation_duration_millis: int | float | None = None
    sentiment: _Sentiment | None = None


class ContactLens(msgspec.Struct, frozen=True, rename="pascal"):
    """An output file of Contact Lens, or a chat transcript of Connect (``contact_id`` at the top)."""

    transcript: list[_Item]
    participants: list[Participant] | None = None
    version: str | None = None
    channel: str | None = None
    language_code: str | None = None
    job_status: str | None = None
    account_id: str | None = None
    contact_id: str | None = None
    customer_metadata: _Customer | None = None
    conversation_characteristics: _Characteristics | None = None


_DECODER: Final = msgspec.json.Decoder(ContactLens, strict=False)


def recognise(head: bytes, name: str) -> Guess:
    del name
    if any(
        guess_json(head, ("ContactId", key), none_of=("Transcript", "Participants")).probability
        for key in _RECORD_MARKS
    ):
        return Guess(0.9, "JSON with contact records of Amazon Connect")
    whole = (
        guess_json(head, ("Transcript", "ParticipantId", key), none_of=("JobName", "jobName", "results"))
        for key in ("ConversationCharacteristics", "CustomerMetadata", "ContentMetadata", "InstanceId", "ContactId")
    )
    without = guess_json(head, ("Channel", "ConversationCharacteristics"), 0.7, none_of=("JobName", "Transcript"))
    return best_guess(chain(whole, (without,)), "no Transcript with ParticipantId of Amazon Connect")


def read(stream: Stream, context: ReadContext) -> Read:
    yield from read_documents(stream, context, _contact)


def _contact(document: Document, context: ReadContext) -> Contact:
    if b'"Transcript"' not in document.raw and any(f'"{key}"'.encode() in document.raw for key in _RECORD_MARKS):
        return Skipped(context.uri, "contact records, no transcript; give them as --metadata")
    told = decoded(document, _DECODER, context)
    count_unknown_keys(document, ContactLens, context)
    check_finished(told.job_status)
    written = any(item.absolute_time or item.type for item in told.transcript)
    turns, times = _written(told) if written else (voice_turns(told.transcript, told.participants), None)
    started_at, ended_at = _span(told, context)
    return RawContact(
        position=document.position,
        turns=with_roles(turns, context.settings.min_role_probability),
        facts=Facts(
            channel=told.channel or _channel_of(told, written),
            language=told.language_code,
            started_at=started_at,
            ended_at=ended_at,
        ),
        source_id=(told.customer_metadata.contact_id if told.customer_metadata else None) or told.contact_id,
        turn_times=times,
        raw=document.raw,
    )


def _channel_of(told: ContactLens, written: bool) -> str:
    version = (told.version or "").partition("-")[0].casefold()
    return version if version in ("chat", "email", "voice") else "chat" if written else "voice"


def _written(told: ContactLens) -> tuple[list[RawTurn], list[Value]]:
    """Messages with text in order of time, and their times; events, attachments and templates hold no words."""
    feelings, stated = _feelings(told), stated_roles(told.participants)
    spoken = [item for item in told.transcript if _has_words(item)]
    timed = [(_moment(item), item) for item in spoken]
    if all(at is not None for at, _ in timed):
        timed.sort(key=lambda pair: pair[0].timestamp() if pair[0] else 0.0)
    turns = [
        RawTurn(
            label_of(item, stated),
            text_of_html(item.content or "") if item.content_type == "text/html" else item.content or "",
            source_sentiment=feelings.get(item.id or "", feeling_of(item.sentiment)),
        )
        for _, item in timed
    ]
    return turns, [at for at, _ in timed]


def _has_words(item: _Item) -> bool:
    if (item.type or "MESSAGE").upper() != "MESSAGE":
        return False
    return item.content_type is None or item.content_type.casefold().startswith("text/")


def _feelings(told: ContactLens) -> Mapping[str, float]:
    """The feeling of each message by its id."""
    characteristics = told.conversation_characteristics
    groups: Sequence[_Group] = (
        characteristics.sentiment.details_by_transcript_item_group or ()
        if characteristics and characteristics.sentiment
        else ()
    )
    return {
        item.id: feeling
        for group in groups
        if (feeling := feeling_of(group.sentiment)) is not None
        for item in group.transcript_items or ()
        if item.id
    }


def _moment(item: _Item) -> datetime | None:
    return parse_time(item.absolute_time, "UTC", "AbsoluteTime") if item.absolute_time else None


def _span(told: ContactLens, context: ReadContext) -> tuple[datetime | None, datetime | None]:
    """First and last sign of life in a chat; of a call, the time in its recording's or file's name, and its length."""
    moments = [moment for item in told.transcript if (moment := _moment(item))]
    if moments:
        return min(moments), max(moments)
    about = told.customer_metadata or _Customer()
    uris = [about.input_s3_uri, *(about.input_files or {}).values()]
    characteristics = told.conversation_characteristics
    length = characteristics.total_conversation_duration_millis if characteristics else None
    return call_span(length, *uris, context.name)


FORMAT: Final = Format(
    "contact_lens", "Amazon Connect Contact Lens calls, chats and emails, Connect chats", False, recognise, read
)
