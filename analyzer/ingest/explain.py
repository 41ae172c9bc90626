"""What files are taken for, and why: the answer behind ``analyzer formats --explain``. Nothing beyond heads is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from analyzer.config import IngestSettings
from analyzer.ingest.files import InputFile
from analyzer.ingest.formats import Format, Guess, guesses
from analyzer.ingest.lines import to_text
from analyzer.ingest.open import open_streams
from analyzer.ingest.read import format_of
from analyzer.ingest.recognition import telling_head
from analyzer.ingest.reject_codes import Refused, reject_message
from analyzer.ingest.stream import HEAD_BYTES, Stream
from analyzer.records import Reject, Skipped

_RUNNERS_UP: Final = 3
_NEAR: Final = 0.5
_CUT_CHARACTER: Final = 3  # bytes of a character that the end of a head may cut off


@dataclass(frozen=True, slots=True)
class Candidate:
    """A format, how probable it is that the file has it, and what tells so."""

    format: str
    probability: float
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """``outcome`` is read, skipped or refused; ``taken_for`` is ``None`` but for what is read."""

    uri: str
    outcome: str
    why: str
    taken_for: Candidate | None = None
    runners_up: tuple[Candidate, ...] = ()
    encoding: str | None = None
    packed_bytes: int | None = None
    nearest: Candidate | None = None  # what a file of no known format has most of


def explain(file: InputFile, settings: IngestSettings) -> Iterator[Explanation]:
    """One explanation for the file, or one for each member of an archive."""
    for stream in open_streams(file, settings):
        if isinstance(stream, Skipped):
            yield Explanation(stream.source_uri, "skipped", stream.reason)
        elif isinstance(stream, Reject):
            yield Explanation(stream.source_uri, "refused", f"{stream.code}: {stream.message}")
        else:
            yield from _of_stream_or_refused(stream)


def _of_stream_or_refused(stream: Stream) -> Iterator[Explanation]:
    try:
        yield _of_stream(stream)
    except Refused as refusal:
        yield _refused(stream, refusal)


def _of_stream(stream: Stream) -> Explanation:
    encoding = _encoding(stream, stream.head())
    head = telling_head(stream)
    found = guesses(head, stream.name)
    told = [Candidate(format_.name, guess.probability, guess.why) for format_, guess in found]
    likely = tuple(candidate for candidate in told if candidate.probability > 0)
    try:
        taken = format_of(head, stream.name)
    except Refused as refusal:
        return replace(_refused(stream, refusal, likely[:_RUNNERS_UP], encoding), nearest=_nearest(found))
    if not isinstance(taken, Format):
        return Explanation(stream.uri, "skipped", taken, None, (), encoding, stream.packed_size)
    first = next(candidate for candidate in told if candidate.format == taken.name)
    others = tuple(candidate for candidate in likely if candidate is not first)[:_RUNNERS_UP]
    return Explanation(stream.uri, "read", first.why, first, others, encoding, stream.packed_size)


def _nearest(found: Sequence[tuple[Format, Guess]]) -> Candidate | None:
    """The format of which most is there, where that is half of it or more."""
    format_, guess = max(found, key=lambda pair: pair[1].near)
    return Candidate(format_.name, guess.probability, guess.why) if guess.near >= _NEAR else None


def _refused(
    stream: Stream, refusal: Refused, runners_up: tuple[Candidate, ...] = (), encoding: str | None = None
) -> Explanation:
    why = f"{refusal.code}: {reject_message(refusal.code, refusal.detail)}"
    return Explanation(stream.uri, "refused", why, None, runners_up, encoding, stream.packed_size)


def _encoding(stream: Stream, head: bytes) -> str:
    """Of the head, as reading would have it."""
    if mark := stream.byte_order_mark():
        return f"{mark}, by its byte order mark"
    if head.startswith(b"PAR1") or b"\0" in head[:1024]:
        return "none: binary"
    cuts = range(_CUT_CHARACTER + 1 if len(head) == HEAD_BYTES else 1)
    if any(_decodes(head[: len(head) - cut]) for cut in cuts):
        return "ASCII, so UTF-8" if head.isascii() else "UTF-8"
    fallback = stream.settings.encoding
    return f"{fallback}, for it is no UTF-8" if to_text(head, fallback) is not None else f"neither UTF-8 nor {fallback}"


def _decodes(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError:
        return False
    return True
