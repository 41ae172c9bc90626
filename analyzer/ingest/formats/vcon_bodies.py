"""Bodies within vCons decoded: base64url, JSON, HTML, mail, and text dialogs that hold a whole conversation."""

from __future__ import annotations

import base64
import binascii
import email.policy
import re
from collections.abc import Collection, Mapping
from email.message import Message
from email.parser import BytesParser
from typing import Any, Final

import msgspec

from analyzer.ingest.formats.vcon_pieces import TEXT, fields_of
from analyzer.ingest.formats.vcon_records import Dialog
from analyzer.ingest.formats.vcon_text import labelled, timed_text
from analyzer.ingest.formats.vcon_transcripts import Transcript, transcript_of
from analyzer.ingest.html_text import new_words, text_of_html
from analyzer.ingest.reject_codes import Refused

_ENCODED: Final = ("base64url", "base64")
_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}:[ \t]")
_BOUNDARY: Final = re.compile(r"(?m)^--([^\s-][^\r\n]{0,68}?)[ \t]*\r?$")
_CHARSET: Final = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
_MAIL: Final = ("message/", "multipart/")
# The standard parser takes quadratic time over long headers, and much of it over many parts.
_LONG_HEADER: Final = re.compile(rb"(?im)^content-[a-z-]{1,40}:(?:[^\n]|\n[ \t]){2000}")
_MOST_PARTS: Final = 1000
# Python knows codecs that take quadratic time.
_CHARSETS: Final = re.compile(
    r"utf-?8|us-ascii|ascii|utf-16(?:[bl]e)?|iso-?8859-?\d{1,2}|latin-?1|windows-125\d|cp125\d"
)


def unpacked(body: Any, encoding: str | None) -> Any:
    """The body decoded: base64url and JSON in a string where its encoding, or its first sign, says so."""
    body = _decoded(body, encoding)
    for _ in range(2):  # JSON in a string of JSON
        quoted = _word(encoding) == "json" and isinstance(body, str) and body.lstrip()[:1] == '"'
        if not isinstance(body, str) or not (quoted or body.lstrip()[:1] in ("{", "[")):
            break
        body = _json_or(body)
    return body


def text_body(dialog: Dialog, names: Collection[str]) -> str | Transcript | None:
    """What a text dialog says, or the conversation that it holds; ``None`` for other kinds and media."""
    if dialog.type != "text" or dialog.body is None:
        return None
    media = dialog.media
    if media.startswith(_MAIL):
        return _mail(dialog)
    if media and not media.startswith("text/") and not media.endswith("json"):
        return None
    body = _decoded(dialog.body, dialog.encoding, _charset(dialog))
    if _word(dialog.encoding) == "json" or media.endswith("json") or not isinstance(body, str):
        body = _json_or(body) if isinstance(body, str) else body
        if isinstance(body, Mapping) and (text := _only_text(body)) is not None:
            body = text
        if not isinstance(body, str):
            found = transcript_of(body, "", names)
            return found if found.pieces else None
    if media == "text/html":
        body = text_of_html(body)
    if pieces := timed_text(body, names) or labelled(body, names, strict=True):
        return Transcript(pieces)
    return body if body.strip() else None


def _only_text(body: Mapping[str, Any]) -> str | None:
    fields = fields_of(body)
    if any(isinstance(value, list) and value and isinstance(value[0], Mapping) for value in fields.values()):
        return None
    return next((fields[key] for key in TEXT if isinstance(fields.get(key), str)), None)


def _mail(dialog: Dialog) -> str | None:
    """The words of a mail: its plain part, else its HTML; the parts alone may lack the line that divides them."""
    body = dialog.body
    if not isinstance(body, str) or not body.strip():
        return None
    raw = _bytes(body, dialog.encoding) or body.encode("utf-8", "surrogatepass")
    head = raw[:2000].decode("latin-1").lstrip("\r\n")
    if not _HEADER.match(head):
        told = dialog.mediatype or dialog.mimetype or ""
        if "boundary" not in told.casefold() and (mark := _BOUNDARY.search(head)):
            told = f'{told.partition(";")[0]}; boundary="{mark[1]}"'
        elif dialog.media.startswith("message/"):
            return new_words(raw.decode("utf-8", "replace")) or None
        raw = f"Content-Type: {' '.join(told.split())}\r\n\r\n".encode() + raw
    if _LONG_HEADER.search(raw) or raw.count(b"\n--") > _MOST_PARTS:
        raise Refused("encoding", "A mail of too many parts, or with a header too long.")
    try:
        return _words_of(BytesParser(policy=email.policy.compat32).parsebytes(raw.lstrip(b"\r\n")))
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Refused("encoding", "A mail.") from error


def _words_of(mail: Message) -> str | None:
    """The first plain part that is no attachment, else the first in HTML."""
    inline = [part for part in mail.walk() if part.get_content_disposition() != "attachment"]
    for kind in ("text/plain", "text/html"):
        part = next((part for part in inline if part.get_content_type() == kind), None)
        raw = part.get_payload(decode=True) if part is not None else None
        if part is not None and isinstance(raw, bytes):
            charset = part.get_content_charset("utf-8").replace("_", "-")
            if not _CHARSETS.fullmatch(charset):
                raise Refused("encoding", "A mail.")
            text = raw.decode(charset).replace("\r\n", "\n")
            return (text_of_html(text) if kind == "text/html" else new_words(text)) or None
    return None


def _decoded(body: Any, encoding: str | None, charset: str = "utf-8") -> Any:
    if not isinstance(body, str) or (raw := _bytes(body, encoding)) is None:
        return body
    try:
        return raw.decode(charset)
    except (LookupError, ValueError) as error:
        raise Refused("encoding", "A body in base64url.") from error


def _bytes(body: str, encoding: str | None) -> bytes | None:
    """The bytes of a body in base64, of either alphabet, padded or not; ``None`` for other encodings."""
    if _word(encoding) not in _ENCODED:
        return None
    bare = "".join(body.split()).rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("encoding", "A body in base64url.") from error


def _json_or(body: str) -> Any:
    """What the JSON says, the text itself where it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return body


def _charset(dialog: Dialog) -> str:
    match = _CHARSET.search(dialog.mediatype or dialog.mimetype or "")
    charset = match[1].casefold().replace("_", "-") if match else "utf-8"
    if not _CHARSETS.fullmatch(charset):
        raise Refused("encoding", "A body in a charset unknown here.")
    return charset


def _word(encoding: str | None) -> str:
    return (encoding or "").strip().casefold()
