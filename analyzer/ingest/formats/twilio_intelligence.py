"""Twilio Conversational Intelligence v2: a transcript with its sentences, or the sentences alone.

Numbers come as text, in seconds. Roles come from the transcript's channel and participant map; without it they are
inferred from the words. ``date_created`` is when the transcript was made, never when the call was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import msgspec

from analyzer.ingest.formats.base import Format, Guess, Read
from analyzer.ingest.formats.documents import Document, best_guess, count_unknown_keys, documents, has_key
from analyzer.ingest.formats.key_case import camel_document, guess_either_case
from analyzer.ingest.formats.messages import Id, Time, id_of, moment
from analyzer.ingest.formats.outline import outline
from analyzer.ingest.formats.pages import Thread, keys_of, read_pages, read_threads
from analyzer.ingest.formats.turn_order import by_start
from analyzer.ingest.raw import Facts, RawContact, RawTurn, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.roles import role_of_label, with_roles
from analyzer.ingest.stream import Stream
from analyzer.ingest.values import is_supervisor, number_or_none, word_or_none
from analyzer.records import Speaker

_SIDS: Final = ("transcript_sid", "transcriptSid")
_UNFINISHED: Final = frozenset({"queued", "in-progress"})

Number = int | float | str | None


class _Participant(msgspec.Struct, frozen=True, rename="camel"):
    channel_participant: int | str | None = None
    role: str | None = None
    user_id: Id = None
    media_participant_id: Id = None  # their number


class _Channel(msgspec.Struct, frozen=True):
    participants: list[_Participant] | None = None


class _Sentence(msgspec.Struct, frozen=True, rename="camel"):
    transcript: str
    media_channel: int | str | None = None
    sentence_index: int | None = None
    start_time: Number = None
    end_time: Number = None
    transcript_sid: str | None = None


class _Transcript(msgspec.Struct, frozen=True, rename="camel"):
    sid: str | None = None
    status: str | None = None
    language_code: str | None = None
    media_start_time: Time = None
    duration: Number = None
    channel: _Channel | None = None


class _Meta(msgspec.Struct, frozen=True, rename="camel"):
    next_page_url: str | None = None


class _Page(msgspec.Struct, frozen=True):
    sentences: list[_Sentence]
    meta: _Meta | None = None


class TwilioTranscript(_Transcript, frozen=True, kw_only=True, rename="camel"):
    """Sentences, with the transcript beside them, around them or absent; or the page that lists them."""

    sentences: list[_Sentence] | _Page
    transcript: _Transcript | None = None
    meta: _Meta | None = None

    @property
    def page(self) -> _Page:
        return self.sentences if isinstance(self.sentences, _Page) else _Page(self.sentences, self.meta)


def recognise(head: bytes, name: str) -> Guess:
    del name
    signs = (
        (("sentences", "mediaChannel"), 0.99),
        (("sentenceIndex", "mediaChannel", "transcript"), 0.9),
        (("sentences", "serviceSid", "languageCode"), 0.9),
    )
    guesses = (guess_either_case(head, keys, probability) for keys, probability in signs)
    return best_guess(guesses, "no sentences with media_channel")


def read(stream: Stream, context: ReadContext) -> Read:
    if has_key(outline(stream), "sentences"):
        yield from read_pages(stream, context, ("transcripts",), _contact)
    else:
        yield from read_threads(documents(stream, context), context, _transcript_of, _of_sentences)


def _transcript_of(sentence: Document) -> str:
    """Whose sentence it is; all that tell no transcript belong to one."""
    keys = keys_of(sentence.raw)
    return next((bytes(keys[name]).decode(errors="replace") for name in _SIDS if name in keys), "")


def _of_sentences(thread: Thread, context: ReadContext) -> RawContact:
    """Sentences that stand alone, as a list or one a line, are those of one transcript."""
    whole = b'{"sentences":[' + b",".join(thread.messages) + b"]}"
    return _contact(Document(thread.position, whole), context)


def _contact(document: Document, context: ReadContext) -> RawContact:
    told = camel_document(document, TwilioTranscript, context)
    count_unknown_keys(document, TwilioTranscript, context)
    transcript, page = told.transcript or told, told.page
    if (transcript.status or "").casefold() in _UNFINISHED or (page.meta and page.meta.next_page_url):
        raise Refused("truncated", "The transcript is unfinished or has more pages.")
    participants = {
        word_or_none(each.channel_participant): each
        for each in (transcript.channel.participants if transcript.channel else None) or ()
    }
    started_at = moment(transcript.media_start_time, context, "media_start_time")
    seconds = number_or_none(transcript.duration, "duration")
    facts = Facts(
        channel="voice",
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=seconds) if started_at and seconds is not None else None,
        language=transcript.language_code,
        customer_id=next((_id_of(each) for each in participants.values() if _role(each) == "customer"), None),
    )
    return RawContact(
        position=document.position,
        turns=_turns(page.sentences, participants, context),
        facts=facts,
        source_id=transcript.sid or next((each.transcript_sid for each in page.sentences if each.transcript_sid), None),
        raw=document.raw,
    )


def _turns(
    told: Sequence[_Sentence], participants: Mapping[str | None, _Participant], context: ReadContext
) -> list[RawTurn]:
    sentences = sorted(told, key=lambda sentence: sentence.sentence_index or 0)
    turns = by_start([_turn(sentence, participants) for sentence in sentences])
    roles: dict[str, Speaker] = {}
    for channel, participant in participants.items():
        if role := _role(participant):
            roles[f"channel {channel}"] = role
    return with_roles(turns, context.settings.min_role_probability, roles)


def _turn(sentence: _Sentence, participants: Mapping[str | None, _Participant]) -> RawTurn:
    channel = word_or_none(sentence.media_channel)
    who = participants.get(channel)
    return RawTurn(
        speaker="supervisor" if who and is_supervisor(who.role or "") else f"channel {channel}",
        text=sentence.transcript,
        agent_id=id_of(who.user_id) if who and _role(who) == "agent" else None,
        start_ms=_ms(sentence.start_time, "start_time"),
        end_ms=_ms(sentence.end_time, "end_time"),
    )


def _ms(seconds: Number, field: str) -> float | None:
    number = number_or_none(seconds, field)
    return None if number is None else round(number * 1000)


def _id_of(participant: _Participant) -> str | None:
    return id_of(participant.user_id) or id_of(participant.media_participant_id)


def _role(participant: _Participant) -> Speaker | None:
    return role_of_label(participant.role) if participant.role else None


FORMAT: Final = Format(
    "twilio_intelligence", "Twilio Conversational Intelligence v2 transcripts", False, recognise, read
)
