"""Turns of a vCon: its text dialogs, and the best transcript of each recording, in order of time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import msgspec

from analyzer.ingest.formats.vcon_bodies import text_body, unpacked
from analyzer.ingest.formats.vcon_facts import agent_key
from analyzer.ingest.formats.vcon_pieces import Piece
from analyzer.ingest.formats.vcon_records import Analysis, Dialog, Vcon
from analyzer.ingest.formats.vcon_speakers import named_parties, speakers_of
from analyzer.ingest.formats.vcon_times import at_of, created_at, dialog_starts
from analyzer.ingest.formats.vcon_transcripts import Transcript, transcript_of
from analyzer.ingest.raw import RawTurn, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.roles import with_roles
from analyzer.ingest.values import is_supervisor
from analyzer.records import Speaker

_TRANSCRIPTS: Final = ("transcript", "wtf_transcription", "diarized", "diarised", "diarization", "transcription")


@dataclass(frozen=True, slots=True)
class _Said:
    """A turn before roles; ``party`` where it is known who. ``place`` is in time, for turns that tell none."""

    label: str
    text: str
    at: datetime | None = None
    end: datetime | None = None
    piece: Piece | None = None
    party: int | None = None
    place: datetime | None = None


def turns_of(
    vcon: Vcon, roles: Sequence[Speaker | None], context: ReadContext
) -> tuple[list[RawTurn], datetime | None, str | None]:
    """Turns, when the first dialog began, and the language that a transcript names."""
    starts = dialog_starts(vcon, context)
    named = named_parties(vcon)
    best = _best_transcripts(vcon, named)
    said: list[_Said] = []
    for number, (dialog, start) in enumerate(zip(vcon.dialog, starts, strict=True)):
        if isinstance(text := text_body(dialog, named), str):
            said.append(_message(vcon, number, text, start))
        elif found := text or best.get(number):
            if isinstance(found, Refused):
                raise found
            said += _spoken(vcon, dialog, found, start, roles, named, context)
        else:
            _count_left_out(dialog, context)
    if not said:
        recordings = sum(dialog.type == "recording" for dialog in vcon.dialog)
        raise Refused("no_turns", f"{recordings} recordings have no transcript." if recordings else "")
    if all(piece.place is not None for piece in said):
        said.sort(key=lambda piece: piece.place or datetime.min)
    told = [moment for moment in (*starts, *(piece.at for piece in said)) if moment is not None]
    started_at = min(told) if told else created_at(vcon, context)
    language = next((each.language for each in best.values() if isinstance(each, Transcript) and each.language), None)
    return _with_roles(said, vcon, roles, started_at, context), started_at, language


def _with_roles(
    said: Sequence[_Said], vcon: Vcon, roles: Sequence[Speaker | None], started_at: datetime | None,
    context: ReadContext,
) -> list[RawTurn]:  # fmt: skip
    told = {f"party {index}": role for index, role in enumerate(roles) if role is not None}
    raw = [
        RawTurn(
            piece.label, piece.text,
            start_ms=_offset(piece.at, started_at, piece.piece and piece.piece.start),
            end_ms=_offset(piece.end, started_at, piece.piece and piece.piece.end),
        )
        for piece in said
    ]  # fmt: skip
    turns = with_roles(raw, context.settings.min_role_probability, told)
    agents = [index for index, role in enumerate(roles) if role == "agent"]
    result = []
    for piece, turn in zip(said, turns, strict=True):
        party = piece.party if piece.party is not None else agents[0] if len(agents) == 1 else None
        key = agent_key(vcon.parties[party]) if turn.speaker == "agent" and party is not None else None
        joins = key is not None and party is not None and is_supervisor(vcon.parties[party].role or "")
        result.append(RawTurn("supervisor" if joins else turn.speaker, turn.text, key, turn.start_ms, turn.end_ms))
    return result


def _message(vcon: Vcon, number: int, text: str, start: datetime | None) -> _Said:
    """A message is of its originator, of the first of its parties, or of the only one there is."""
    dialog = vcon.dialog[number]
    indexes = dialog.party_indexes or ([0] if len(vcon.parties) == 1 else [])
    party = dialog.originator if dialog.originator is not None else indexes[0] if indexes else None
    if party is None:
        raise Refused("roles_unclear", f"Dialog {number} names no party.")
    return _Said(f"party {party}", text, start, party=party, place=start)


def _best_transcripts(vcon: Vcon, names: Collection[str]) -> Mapping[int, Transcript | Refused]:
    """For each dialog the transcript that names speakers and has times, the first of equals; else why there is none."""
    best: dict[int, Transcript | Refused] = {}
    for analysis in (*vcon.analysis, *_attached(vcon)):
        if not {(analysis.type or "").casefold(), (analysis.purpose or "").casefold()}.intersection(_TRANSCRIPTS):
            continue
        number = _dialog_of(analysis, vcon)
        if not 0 <= number < len(vcon.dialog):
            continue
        known = best.get(number)
        try:
            found = transcript_of(unpacked(analysis.body, analysis.encoding), analysis.vendor or "", names)
        except Refused as refusal:
            best.setdefault(number, refusal)
            continue
        if found.pieces and (not isinstance(known, Transcript) or found.rank > known.rank):
            language = found.language or (known.language if isinstance(known, Transcript) else None)
            best[number] = replace(found, language=language)
    return best


def _attached(vcon: Vcon) -> Iterator[Analysis]:
    for attachment in vcon.attachments if isinstance(vcon.attachments, list) else ():
        told: Any = (attachment.get("type"), attachment.get("purpose")) if isinstance(attachment, Mapping) else ()
        if any(isinstance(word, str) and word.casefold() in _TRANSCRIPTS for word in told):
            try:
                yield msgspec.convert(attachment, Analysis)
            except msgspec.ValidationError:
                continue


def _dialog_of(analysis: Analysis, vcon: Vcon) -> int:
    indexes = analysis.dialog_indexes
    if indexes:
        return indexes[0]
    return next((number for number, dialog in enumerate(vcon.dialog) if dialog.type == "recording"), 0)


def _spoken(
    vcon: Vcon, dialog: Dialog, transcript: Transcript, start: datetime | None, roles: Sequence[Speaker | None],
    named: Mapping[str, int | None], context: ReadContext,
) -> list[_Said]:  # fmt: skip
    """Turns of one transcript; those that tell no time stay behind the one before."""
    said: list[_Said] = []
    place = start
    for piece, (label, party) in zip(
        transcript.pieces, speakers_of(transcript, named, dialog, roles, context.settings), strict=True
    ):
        at, end = (at_of(time, start, vcon, context) for time in (piece.start, piece.end))
        place = at or place
        said.append(_Said(label, piece.text, at, end, piece, party, place))
    return said


def _count_left_out(dialog: Dialog, context: ReadContext) -> None:
    if dialog.type == "text" and (dialog.body or dialog.url):
        context.stats.left_out["message that is no text here"] += 1
    elif (dialog.type or "").startswith("recording"):
        context.stats.left_out["recording without a transcript"] += 1


def _offset(at: datetime | None, started_at: datetime | None, seconds: object) -> int | None:
    """Milliseconds from the contact's start; from the dialog's where that has no time."""
    if at is not None and started_at is not None:
        return round((at - started_at).total_seconds() * 1000)
    return round(seconds * 1000) if isinstance(seconds, float) else None
