"""IETF vCon 0.0.1 to 0.4.0, with the contact center extension: one conversation, its dialogs and their transcripts.

Every text dialog is a turn; a recording is read from the best transcript in ``analysis``. Numbers in a plain list of
turns are indexes of parties; a recognizer's own speaker numbers are not, and their roles are told by words. Signed and
encrypted vCons, and those with an unknown critical extension, are refused by name. Redacted ones keep empty objects.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from analyzer.ingest.formats.base import Format, Guess, Read, is_binary
from analyzer.ingest.formats.documents import Document, count_unknown_keys, decoded, has_key, read_documents
from analyzer.ingest.formats.json_pieces import outer_keys
from analyzer.ingest.formats.vcon_facts import duration_of, facts_of, party_role
from analyzer.ingest.formats.vcon_records import Vcon
from analyzer.ingest.formats.vcon_turns import turns_of
from analyzer.ingest.raw import RawContact, ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.stream import Stream

# What these add is read; what others may change is not known.
_KNOWN_EXTENSIONS: Final = frozenset({"cc", "contact_center", "wtf_transcription"})
_OUTER: Final = frozenset({"uuid", "parties", "dialog", "analysis", "attachments"})
_ANALYSIS: Final = re.compile(
    rb'"analysis"\s*:\s*\[\s*\{\s*"(?:body|dialog|encoding|mediatype|mimetype|product|schema|type|vendor)"'
)
_FIRST_KEYS: Final = 2000
_COMPACT: Final = re.compile(rb"\s*(eyJ[\w-]{8,}\.[\w-]*\.[\w.-]*)")


class _Wrapping(msgspec.Struct, frozen=True):
    """What tells a signed or an encrypted vCon from a plain one, and what a reader must know."""

    payload: Any = None
    signatures: Any = None
    signature: Any = None
    ciphertext: Any = None
    critical: list[str] | None = None
    must_support: list[str] | None = None


_WRAPPING: Final = msgspec.json.Decoder(_Wrapping)
_VCON: Final = msgspec.json.Decoder(Vcon)


def recognise(head: bytes, name: str) -> Guess:
    if _COMPACT.match(head):
        return Guess(0.9, "a JWS or JWE in compact form")
    if is_binary(head) or head.lstrip()[:1] not in (b"{", b"["):
        return Guess(0.0, "does not begin with { or [")
    if has_key(head, "ciphertext") and (has_key(head, "iv") or has_key(head, "recipients")):
        return Guess(0.9, "JSON with the keys of a JWE")
    if has_key(head, "payload") and (has_key(head, "signatures") or has_key(head, "protected")):
        return Guess(0.9, "JSON with the keys of a JWS")
    if re.search(rb'"payload"\s*:\s*"eyJ', head[:200]):
        return Guess(0.9, "JSON with the payload of a JWS")
    named = 0.8 if name.lower().endswith((".vcon", ".vcon.json")) else 0.0
    keys = outer_keys(head) if any(has_key(head, key) for key in _OUTER) else set()
    if "vcon" in keys and keys & _OUTER:
        return Guess(1.0, "JSON with the keys of a vCon")  # whatever vendor's transcript stands within
    if {"parties", "dialog"} <= keys or {"parties", "analysis"} <= keys:
        return Guess(0.995, "JSON with the keys of a vCon, without its version")
    if keys & {"analysis", "attachments"} and named:
        return Guess(0.995, "a vCon by its name and its first keys")
    if "analysis" in keys and _ANALYSIS.search(head[:_FIRST_KEYS]):
        return Guess(0.995, "JSON that begins with the analysis of a vCon")
    return Guess(named, "a vCon by its name" if named else "JSON without the keys of a vCon")


def read(stream: Stream, context: ReadContext) -> Read:
    head = stream.head()
    if match := _COMPACT.match(head):
        code = "vcon_encrypted" if match[1].count(b".") > 2 else "vcon_signed"
        yield context.reject(0, code, raw=head)
        return
    yield from read_documents(stream, context, _contact)


def _contact(document: Document, context: ReadContext) -> RawContact:
    _check_wrapping(decoded(document, _WRAPPING, context))
    vcon = decoded(document, _VCON, context)
    count_unknown_keys(document, Vcon, context)
    if not (vcon.uuid or "").strip():
        raise Refused("no_id")
    _check_references(vcon)
    roles = [party_role(party) for party in vcon.parties]
    turns, started_at, language = turns_of(vcon, roles, context)
    return RawContact(
        position=document.position,
        turns=turns,
        facts=facts_of(vcon, roles, turns, started_at, language, context),
        source_id=vcon.uuid,
        raw=document.raw,
    )


def _check_wrapping(wrapping: _Wrapping) -> None:
    if wrapping.ciphertext is not None:
        raise Refused("vcon_encrypted")
    if wrapping.payload is not None and (wrapping.signatures is not None or wrapping.signature is not None):
        raise Refused("vcon_signed")
    needed = [*(wrapping.critical or ()), *(wrapping.must_support or ())]
    unknown = [name for name in needed if name.strip().casefold().replace("-", "_") not in _KNOWN_EXTENSIONS]
    if unknown:
        raise Refused("vcon_critical", f"{len(unknown)} of {len(needed)} that it names.")


def _check_references(vcon: Vcon) -> None:
    parties, dialogs = len(vcon.parties), len(vcon.dialog)
    for number, dialog in enumerate(vcon.dialog):
        duration_of(dialog, number)
        named = [*dialog.party_indexes, *(() if dialog.originator is None else (dialog.originator,))]
        if not all(0 <= index < parties for index in named):
            raise Refused("bad_reference", f"A party of dialog {number}.")
    for number, analysis in enumerate(vcon.analysis):
        if not all(0 <= index < dialogs for index in analysis.dialog_indexes):
            raise Refused("bad_reference", f"The dialog of analysis {number}.")


FORMAT: Final = Format("vcon", "IETF vCon 0.0.1 to 0.4.0 with the contact center extension", False, recognise, read)
