"""Amazon Transcribe Call Analytics: a call of two channels whose turns state their roles; no start is in the file."""

from __future__ import annotations

from itertools import chain
from typing import Final

import msgspec

from analyzer.ingest.formats.amazon_voice import (
    Participant,
    VoiceTurn,
    call_span,
    check_finished,
    voice_turns,
)
from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import (
    Document,
    best_guess,
    count_unknown_keys,
    decoded,
    guess_json,
    read_documents,
)
from analyzer.ingest.raw import Facts, RawContact, ReadContext
from analyzer.ingest.roles import with_roles
from analyzer.ingest.stream import Stream


class _Characteristics(msgspec.Struct, frozen=True, rename="pascal"):
    total_conversation_duration_millis: int | float | None = None


class CallAnalytics(msgspec.Struct, frozen=True, rename="pascal"):
    """The output of one job."""

    transcript: list[VoiceTurn]
    job_name: str | None = None
    job_status: str | None = None
    language_code: str | None = None
    account_id: str | None = None
    channel: str | None = None
    participants: list[Participant] | None = None
    conversation_characteristics: _Characteristics | None = None


_DECODER: Final = msgspec.json.Decoder(CallAnalytics, strict=False)


def recognise(head: bytes, name: str) -> Guess:
    del name
    signs: tuple[tuple[str, tuple[str, ...], float], ...] = (
        ("JobName", (), 0.95),
        *((key, ("ParticipantId",), 0.95) for key in ("JobStatus", "Items", "LoudnessScores")),
        ("Items", (), 0.6),  # Contact Lens tells participants by id too, and no single words
    )
    turns = (
        guess_json(
            head, ("Transcript", "ParticipantRole", "BeginOffsetMillis", key), probability,
            none_of=("CustomerMetadata", "AbsoluteTime", *others),
        )
        for key, others, probability in signs
    )  # fmt: skip
    return best_guess(
        chain(turns, (guess_json(head, ("JobName", "JobStatus", "Transcript"), 0.8),)),
        "no Transcript with ParticipantRole of Call Analytics",
    )


def read(stream: Stream, context: ReadContext) -> Read:
    yield from read_documents(stream, context, _contact)


def _contact(document: Document, context: ReadContext) -> RawContact:
    told = decoded(document, _DECODER, context)
    count_unknown_keys(document, CallAnalytics, context)
    check_finished(told.job_status)
    characteristics = told.conversation_characteristics
    length = characteristics.total_conversation_duration_millis if characteristics else None
    started_at, ended_at = call_span(length, told.job_name, context.name)
    return RawContact(
        position=document.position,
        turns=with_roles(voice_turns(told.transcript, told.participants), context.settings.min_role_probability),
        facts=Facts(
            channel="voice",
            language=told.language_code,
            started_at=started_at,
            ended_at=ended_at,
        ),
        source_id=told.job_name,
        raw=document.raw,
    )


FORMAT: Final = Format("transcribe_call_analytics", "Amazon Transcribe Call Analytics", False, recognise, read)
