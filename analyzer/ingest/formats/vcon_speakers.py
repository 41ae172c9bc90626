"""Who speaks in a transcript of a vCon: a party by its index, its channel or its name, else a voice with a role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer.config import IngestSettings
from analyzer.ingest.formats.vcon_pieces import Piece
from analyzer.ingest.formats.vcon_records import Dialog, Party, Vcon
from analyzer.ingest.formats.vcon_transcripts import Transcript
from analyzer.ingest.raw import RawTurn
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.roles import infer_roles, role_of_label, with_roles
from analyzer.ingest.unnamed_paragraphs import alternating
from analyzer.records import Speaker


def named_parties(vcon: Vcon) -> Mapping[str, int | None]:
    """The party of each name that a transcript may use as a label, case folded; none where two share it."""
    found: dict[str, int | None] = {}
    for index, party in enumerate(vcon.parties):
        for name in _names(party):
            found[name] = None if name in found else index
    return found


def speakers_of(
    transcript: Transcript,
    named: Mapping[str, int | None],
    dialog: Dialog,
    roles: Sequence[Speaker | None],
    settings: IngestSettings,
) -> list[tuple[str, int | None]]:
    """A label and, where known, a party for each piece; voices that are no party get roles from their own words."""
    pieces = transcript.pieces
    if transcript.alternates:
        return [(role, None) for role in alternating([piece.text for piece in pieces], settings.min_role_probability)]
    by_party = transcript.by_party and all(
        not isinstance(piece.who, int) or 0 <= piece.who < len(roles) for piece in pieces
    )
    parties = [_party(piece, by_party, named, len(roles), dialog) for piece in pieces]
    labels = [_label(piece.who, party) for piece, party in zip(pieces, parties, strict=True)]
    _check_against_words(pieces, parties, roles, settings)
    if None in parties:
        known = {f"party {index}": role for index, role in enumerate(roles) if role}
        raw = [RawTurn(label, piece.text) for label, piece in zip(labels, pieces, strict=True)]
        labels = [turn.speaker for turn in with_roles(raw, settings.min_role_probability, known)]
    return list(zip(labels, parties, strict=True))


def _check_against_words(
    pieces: Sequence[Piece], parties: Sequence[int | None], roles: Sequence[Speaker | None], settings: IngestSettings
) -> None:
    """Numbers may be a recognizer's own, channels swapped: refused where words speak clearly against what they mean."""
    said: dict[str, list[str]] = {}
    for piece, party in zip(pieces, parties, strict=True):
        if isinstance(piece.who, int) and party is not None and not piece.party and (role := roles[party]):
            said.setdefault(role, []).append(piece.text)
    heard = infer_roles(said) if set(said) == {"customer", "agent"} else None
    if heard and heard.probability >= settings.min_role_probability and heard.of["customer"] != "customer":
        raise Refused("roles_unclear", "Its numbers of speakers seem to be no numbers of parties.")


def _party(piece: Piece, by_party: bool, named: Mapping[str, int | None], count: int, dialog: Dialog) -> int | None:
    """Which party speaks: by index, by channel, or by name."""
    who = piece.who
    if isinstance(who, int):
        if piece.channel:
            return _of_channel(who, dialog)
        if piece.party and not 0 <= who < count:
            raise Refused("bad_reference", "A party of a transcript.")
        return who if piece.party or by_party else None
    if who is None:
        return None
    return named.get(who.casefold())


def _of_channel(channel: int, dialog: Dialog) -> int | None:
    """The one party on that channel of the recording."""
    if not isinstance(dialog.parties, list) or not 0 <= channel < len(dialog.parties):
        return None
    told = dialog.parties[channel]
    told = told[0] if isinstance(told, list) and len(told) == 1 else told
    return told if isinstance(told, int) else None


def _label(who: str | int | None, party: int | None) -> str:
    if party is not None:
        return f"party {party}"
    if isinstance(who, str) and role_of_label(who):
        return who
    return f"voice {who}"


def _names(party: Party) -> set[str]:
    """What a transcript may call a party: its name, each word of it that is no role, and its addresses."""
    addresses = (party.name, party.tel, party.mailto, party.sip, party.id, party.uuid)
    told = [str(value).strip() for value in addresses if value]
    bare = [value.partition(":")[2] for value in told if value.startswith(("tel:", "mailto:", "sip:"))]
    words = [word for word in (party.name or "").split() if len(word) > 1 and not role_of_label(word)]
    return {value.casefold() for value in (*told, *bare, *words) if value}
