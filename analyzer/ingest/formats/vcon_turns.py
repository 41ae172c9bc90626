"""Turns of a vCon: its text dialogs, and the best transcript of each recording, in order of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from analyzer.config import IngestSettings
from analyzer.ingest import times
from analyzer.ingest.epochs import from_epoch
from analyzer.ingest.formats.vcon_facts import agent_key
from analyzer.ingest.formats.vcon_records import Analysis, Dialog, Vcon
from analyzer.ingest.formats.vcon_transcripts import Transcript, transcript_of, unpacked
from analyzer.ingest.html_text import text_of_html
from analyzer.ingest.raw import RawTurn
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.roles import alternating, role_of_label, with_roles
from analyzer.records import Speaker

_TRANSCRIPTS: Final = ("transcript", "wtf_transcription", "diarized", "diarised", "diarization", "transcription")
_PARTY: Final = "party "


@dataclass(frozen=True, slots=True)
class _Said:
    """A turn before roles; ``party`` where it is known who."""

    label: str
    text: str
    at: datetime | None = None
    end: datetime | None = None
    start_s: float | None = None  # where the dialog has no time
    end_s: float | None = None
    party: int | None = None


def turns_of(
    vcon: Vcon, roles: Sequence[Speaker | None], settings: IngestSettings
) -> tuple[list[RawTurn], datetime | None, str | None]:
    """Turns, when the first dialog began, and the language that a transcript names."""
    starts = [_moment(dialog, number, settings) for number, dialog in enumerate(vcon.dialog)]
    best = _best_transcripts(vcon)
    said: list[_Said] = []
    for number, (dialog, start) in enumerate(zip(vcon.dialog, starts, strict=True)):
        if (text := _text_of(dialog)) is not None:
            said.append(_message(dialog, text, start))
        elif number in best:
            said += _spoken(vcon, dialog, best[number], start, roles, settings)
    if not said:
        recordings = sum(dialog.type == "recording" for dialog in vcon.dialog)
        raise Refused("no_turns", f"{recordings} recordings have no transcript." if recordings else "")
    if all(piece.at is not None for piece in said):
        said.sort(key=lambda piece: piece.at or datetime.min)
    started_at = min((start for start in starts if start is not None), default=None)
    language = next((found.language for found in best.values() if found.language), None)
    return _with_roles(said, vcon, roles, started_at, settings), started_at, language


def _with_roles(
    said: Sequence[_Said], vcon: Vcon, roles: Sequence[Speaker | None], started_at: datetime | None,
    settings: IngestSettings,
) -> list[RawTurn]:  # fmt: skip
    told: dict[str, Speaker] = {f"{_PARTY}{index}": role for index, role in enumerate(roles) if role is not None}
    raw = [
        RawTurn(
            piece.label, piece.text,
            start_ms=_offset(piece.at, started_at, piece.start_s), end_ms=_offset(piece.end, started_at, piece.end_s),
        )
        for piece in said
    ]  # fmt: skip
    turns = with_roles(raw, settings.min_role_probability, told)
    agents = [index for index, role in enumerate(roles) if role == "agent"]
    result = []
    for piece, turn in zip(said, turns, strict=True):
        party = piece.party if piece.party is not None else agents[0] if len(agents) == 1 else None
        key = agent_key(vcon.parties[party]) if turn.speaker == "agent" and party is not None else None
        result.append(RawTurn(turn.speaker, turn.text, key, turn.start_ms, turn.end_ms))
    return result


def _message(dialog: Dialog, text: str, start: datetime | None) -> _Said:
    indexes = dialog.party_indexes
    party = dialog.originator if dialog.originator is not None else indexes[0] if indexes else None
    return _Said(f"{_PARTY}{party}", text, start, None, party=party)


def _text_of(dialog: Dialog) -> str | None:
    """What a text dialog says; ``None`` for other kinds and media."""
    media = dialog.media
    if dialog.type != "text" or not (media.startswith(("text/", "message/")) or not media):
        return None
    body = unpacked(dialog.body, dialog.encoding if dialog.encoding == "base64url" else None)
    if dialog.encoding == "json" and isinstance(body, str) and body.startswith('"'):
        body = body.strip('"')
    if not isinstance(body, str):
        body = dialog.body if isinstance(dialog.body, str) else None
    if body is None or not body.strip():
        return None
    return text_of_html(body) if media == "text/html" else body


def _best_transcripts(vcon: Vcon) -> Mapping[int, Transcript]:
    """For each dialog the transcript that names speakers and has times, the first of equals."""
    best: dict[int, Transcript] = {}
    names = {party.name.strip().casefold() for party in vcon.parties if party.name and party.name.strip()}
    for analysis in vcon.analysis:
        if (analysis.type or "").casefold() not in _TRANSCRIPTS or not vcon.dialog:
            continue
        found = transcript_of(unpacked(analysis.body, analysis.encoding), analysis.vendor or "", names)
        number = _dialog_of(analysis, vcon)
        if found.pieces and (number not in best or found.rank > best[number].rank):
            language = found.language or (best[number].language if number in best else None)
            best[number] = replace(found, language=language)
    return best


def _dialog_of(analysis: Analysis, vcon: Vcon) -> int:
    indexes = analysis.dialog_indexes
    if indexes:
        return indexes[0]
    return next((number for number, dialog in enumerate(vcon.dialog) if dialog.type == "recording"), 0)


def _spoken(
    vcon: Vcon, dialog: Dialog, transcript: Transcript, start: datetime | None, roles: Sequence[Speaker | None],
    settings: IngestSettings,
) -> list[_Said]:  # fmt: skip
    """Turns of one transcript; voices that are no party of ours get their roles from their own words."""
    pieces = transcript.pieces
    if transcript.alternates:
        told: list[str] = [*alternating([piece.text for piece in pieces], settings.min_role_probability)]
        parties: list[int | None] = [None] * len(pieces)
    else:
        parties = [_party(piece.who, piece.channel, transcript.by_party, vcon, dialog) for piece in pieces]
        told = [_label(piece.who, party) for piece, party in zip(pieces, parties, strict=True)]
        if None in parties:
            known: dict[str, Speaker] = {f"{_PARTY}{index}": role for index, role in enumerate(roles) if role}
            raw = [RawTurn(label, piece.text) for label, piece in zip(told, pieces, strict=True)]
            told = [turn.speaker for turn in with_roles(raw, settings.min_role_probability, known)]
    said = [
        _Said(
            label,
            piece.text,
            _after(start, piece.start_s),
            _after(start, piece.end_s),
            piece.start_s,
            piece.end_s,
            party,
        )
        for label, piece, party in zip(told, pieces, parties, strict=True)
    ]
    return said


def _party(who: str | int | None, channel: bool, by_party: bool, vcon: Vcon, dialog: Dialog) -> int | None:
    """Which party speaks: by index, by channel, or by name."""
    if channel and isinstance(dialog.parties, list) and isinstance(who, int) and who < len(dialog.parties):
        index = dialog.parties[who]
        index = index[0] if isinstance(index, list) and len(index) == 1 else index
        return index if isinstance(index, int) else None
    if isinstance(who, int):
        return who if by_party and 0 <= who < len(vcon.parties) else None
    if who is None:
        return None
    wanted = who.strip().casefold()
    matches = [
        index
        for index, party in enumerate(vcon.parties)
        if wanted in {str(value).casefold() for value in (party.name, party.tel, party.mailto, party.id) if value}
    ]
    return matches[0] if len(matches) == 1 else None


def _label(who: str | int | None, party: int | None) -> str:
    if party is not None:
        return f"{_PARTY}{party}"
    if isinstance(who, str) and role_of_label(who):
        return who
    return f"voice {who}"


def _moment(dialog: Dialog, number: int, settings: IngestSettings) -> datetime | None:
    field = f"Start of dialog {number}"
    if dialog.start is None or dialog.start == "":
        return None
    if isinstance(dialog.start, str):
        return times.parse_time(dialog.start, settings.timezone, field)
    return from_epoch(dialog.start, "ms" if dialog.start > 1e11 else "s", field)


def _after(start: datetime | None, seconds: float | None) -> datetime | None:
    if start is None or seconds is None:
        return None
    if abs(seconds) > 1e9:
        raise Refused("turn_times")
    return start + timedelta(seconds=seconds)


def _offset(at: datetime | None, started_at: datetime | None, seconds: float | None) -> int | None:
    """Milliseconds from the contact's start; from the dialog's where that has no time."""
    if at is not None and started_at is not None:
        return round((at - started_at).total_seconds() * 1000)
    return None if seconds is None else round(seconds * 1000)
