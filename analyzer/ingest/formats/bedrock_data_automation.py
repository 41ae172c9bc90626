"""Amazon Bedrock Data Automation, standard output for audio: speakers without roles, which their words must tell.

Custom output sums a call up and holds no words of it: skipped.
"""

from __future__ import annotations

from typing import Final

import msgspec

from analyzer.ingest.formats.amazon_voice import call_span
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
from analyzer.ingest.formats.turn_order import by_start
from analyzer.ingest.raw import Facts, RawContact, RawTurn, ReadContext
from analyzer.ingest.roles import with_roles
from analyzer.ingest.stream import Stream
from analyzer.records import Skipped


class _Metadata(msgspec.Struct, frozen=True):
    s3_bucket: str | None = None
    s3_key: str | None = None
    duration_millis: int | float | None = None
    dominant_asset_language: str | None = None


class _Speaker(msgspec.Struct, frozen=True):
    speaker_label: str | None = None


class _Segment(msgspec.Struct, frozen=True):
    text: str | None = None
    type: str | None = None
    start_timestamp_millis: int | float | None = None
    end_timestamp_millis: int | float | None = None
    speaker: _Speaker | None = None


class BedrockAudio(msgspec.Struct, frozen=True):
    """Standard output for one recording."""

    audio_segments: list[_Segment]
    metadata: _Metadata | None = None


_DECODER: Final = msgspec.json.Decoder(BedrockAudio, strict=False)


def recognise(head: bytes, name: str) -> Guess:
    del name
    signs = (
        (("semantic_modality", "audio_items"), 0.95),
        (("audio_segments", "segment_index"), 0.95),
        (("audio_segments", "metadata"), 0.95),
        (("matched_blueprint", "inference_result"), 0.9),
    )
    guesses = (guess_json(head, keys, probability) for keys, probability in signs)
    return best_guess(guesses, "no audio_segments of Bedrock Data Automation")


def read(stream: Stream, context: ReadContext) -> Read:
    yield from read_documents(stream, context, _contact)


def _contact(document: Document, context: ReadContext) -> Contact:
    if b'"inference_result"' in document.raw and b'"audio_segments"' not in document.raw:
        return Skipped(context.uri, "a summary of a call, no transcript")
    told = decoded(document, _DECODER, context)
    count_unknown_keys(document, BedrockAudio, context)
    about = told.metadata or _Metadata()
    turns = [_turn(segment) for segment in told.audio_segments if (segment.type or "TRANSCRIPT") == "TRANSCRIPT"]
    started_at, ended_at = call_span(about.duration_millis, about.s3_key, context.name)
    return RawContact(
        position=document.position,
        turns=with_roles(by_start(turns), context.settings.min_role_probability),
        facts=Facts(channel="voice", language=about.dominant_asset_language, started_at=started_at, ended_at=ended_at),
        source_id="/".join(part for part in (about.s3_bucket, about.s3_key) if part) if about.s3_key else None,
        raw=document.raw,
    )


def _turn(segment: _Segment) -> RawTurn:
    label = segment.speaker.speaker_label if segment.speaker else None
    return RawTurn(label or "", segment.text or "", None, segment.start_timestamp_millis, segment.end_timestamp_millis)


FORMAT: Final = Format(
    "bedrock_data_automation", "Amazon Bedrock Data Automation audio, standard output", False, recognise, read
)
