"""One input file, read to the end: each conversation record becomes an Interaction or a Reject, in order.

    bytes → open → formats (recognise, read) → contract → sessions → Interaction | Reject | Skipped

A thread yields its contacts one after the other, the first under the thread's own id.

Memory is bounded by one record (for tables: by the contacts open at one time), whatever the size of the file.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from analyzer.config import IngestSettings
from analyzer.ingest.contract import Contract
from analyzer.ingest.files import InputFile
from analyzer.ingest.formats import FORMATS, RECOGNISED_FROM, Format, guesses
from analyzer.ingest.formats.not_transcripts import why_none
from analyzer.ingest.identity import interaction_id
from analyzer.ingest.known import Known
from analyzer.ingest.metadata import Metadata
from analyzer.ingest.open import open_streams
from analyzer.ingest.raw import RawContact, ReadContext, ReadStats
from analyzer.ingest.recognition import telling_head
from analyzer.ingest.reject_codes import Refused, reject_message
from analyzer.ingest.roster import Roster
from analyzer.ingest.sessions import contacts_of
from analyzer.ingest.stitching import Stitcher, Whole
from analyzer.ingest.stream import Stream
from analyzer.records import Interaction, Reject, Skipped

log = logging.getLogger(__name__)
_ENOUGH = 100_000  # rejects in a row; each is kept, and a file of nothing else would fill memory and quarantine
# What a reader of ours raises over a file that is odd in a way nobody thought of: that costs the record, not the night.
_FAULTS: tuple[type[Exception], ...] = (
    ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, msgspec.MsgspecError,
)  # fmt: skip


def read_file(
    file: InputFile,
    settings: IngestSettings,
    *,
    metadata: Metadata | None = None,
    roster: Roster | None = None,
    now: datetime,
    on_bytes: Callable[[int], None] | None = None,
    stats: ReadStats | None = None,
    stitcher: Stitcher | None = None,
    known: Known | None = None,
) -> Iterator[Interaction | Reject | Skipped]:
    """What ``file`` holds. Never raises for what is in it.

    ``now`` is timezone-aware. ``on_bytes`` is told of bytes as they are read and of ``file.size`` in all; ``stats``
    counts what was ignored. ``stitcher`` knows all files of the run; without it the parts of a contact are sought in
    ``file`` alone. ``known`` completes records by what earlier runs told of them.
    """
    stitcher = stitcher or stitcher_over([file], settings)
    contract = Contract.of(settings, now, metadata, roster, known)
    progress = _Progress(file.size, on_bytes) if on_bytes else None
    for stream in open_streams(file, settings, progress.reached if progress else None):
        if isinstance(stream, Stream):
            yield from _until_enough(
                _read_stream(stream, file, contract, stats if stats is not None else ReadStats(), stitcher)
            )
        else:
            yield stream
    if stitcher.ends_with(file):
        for whole in stitcher.leftovers():
            yield from _contacts(whole, contract)
    if progress:
        progress.reached(file.size)


def stitcher_over(files: Sequence[InputFile], settings: IngestSettings) -> Stitcher:
    """What puts together contacts whose parts lie in several of ``files``; one for a run."""
    return Stitcher(files, lambda file: _parts(file, settings))


def _parts(file: InputFile, settings: IngestSettings) -> Iterator[tuple[Format, RawContact]]:
    """The records of a file that may be parts; nothing is said of what cannot be read, as it will be read again."""
    for stream in open_streams(file, settings):
        if not isinstance(stream, Stream):
            continue
        try:
            format_ = format_of(telling_head(stream), stream.name)
            if isinstance(format_, str) or not format_.in_parts:
                continue
            context = ReadContext(stream.uri, stream.name, format_.name, settings)
            for item in format_.read(stream, context):
                if isinstance(item, RawContact):
                    yield format_, item
        except Refused:
            continue
        except _FAULTS:  # it is read again, and told of then
            continue


class _Progress:
    """Turns positions, some of them read twice, into bytes read for the first time."""

    def __init__(self, size: int, on_bytes: Callable[[int], None]) -> None:
        self.size = size
        self.told = 0
        self.on_bytes = on_bytes

    def reached(self, position: int) -> None:
        position = min(position, self.size)
        if position > self.told:
            self.on_bytes(position - self.told)
            self.told = position


def _until_enough(
    items: Iterator[Interaction | Reject | Skipped],
) -> Iterator[Interaction | Reject | Skipped]:
    in_a_row = 0
    for item in items:
        yield item
        if not isinstance(item, Reject):
            in_a_row = 0
            continue
        in_a_row += 1
        if in_a_row >= _ENOUGH:
            message = reject_message("given_up")
            yield Reject(item.source_uri, item.position + 1, item.source_format, "given_up", message)
            return


def _read_stream(
    stream: Stream, file: InputFile, contract: Contract, stats: ReadStats, stitcher: Stitcher
) -> Iterator[Interaction | Reject | Skipped]:
    context = ReadContext(stream.uri, stream.name, None, stream.settings, stats)
    known = FORMATS.get(file.piece.format or "") if file.piece else None
    member = stream.uri.removeprefix(file.uri)
    position = 0
    found = False
    try:
        format_ = known or format_of(telling_head(stream), stream.name)
        if isinstance(format_, str):
            yield Skipped(stream.uri, format_)
            return
        elsewhere = tuple(uri + member for uri in file.other_uris)
        context = ReadContext(stream.uri, stream.name, format_.name, stream.settings, stats, elsewhere)
        for item in format_.read(stream, context):
            found = True
            if isinstance(item, RawContact):
                position = item.position + 1
                if not format_.in_parts:
                    yield from _contacts(Whole(item, format_, context), contract)
                    continue
                for whole in stitcher.add(item, format_, context):
                    yield from _contacts(whole, contract)
            else:
                position = item.position + 1 if isinstance(item, Reject) else position
                yield item
    except Refused as refusal:
        yield context.refused(position, refusal)
        return
    except _FAULTS as fault:
        yield context.refused(position, _failed(fault))
        return
    if not found:
        yield Skipped(stream.uri, "no records")


def _contacts(whole: Whole, contract: Contract) -> Sequence[Interaction | Reject]:
    """What became of one record: its contacts, or why there are none."""
    try:
        return _checked(whole, contract)
    except _FAULTS as fault:
        return (whole.context.refused(whole.contact.position, _failed(fault), whole.contact.raw),)


def _checked(whole: Whole, contract: Contract) -> Sequence[Interaction | Reject]:
    raw, context = whole.contact, whole.context
    thread = contract.check(raw, context, whole.format.native)
    if isinstance(thread, Reject):
        return (thread,)
    if contract.known and raw.source_id is None:
        names = [interaction_id("", False, None, uri, raw.position) for uri in context.other_uris]
        thread = contract.known.under_its_name(thread, names)
    known = contract.known.completed(thread, whole.parts) if contract.known else thread
    if not isinstance(known, Interaction):
        return known
    try:
        return contacts_of(known, contract.settings, contract.now, contract.roster)
    except Refused as refusal:
        return (context.refused(raw.position, refusal, raw.raw),)


def _failed(fault: Exception) -> Refused:
    """Names the line of ours that failed; what the fault says may hold words of the record."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "an unknown place"
    log.error("Reading failed with %s at %s.", type(fault).__name__, where)
    return Refused("reader_failed", f"{type(fault).__name__} at {where}.")


def format_of(head: bytes, name: str) -> Format | str:
    """The most probable format, or why the file holds no transcripts; raises Refused where neither is known."""
    if reason := why_none(head, name):
        return reason
    format_, guess = guesses(head, name)[0]
    if guess.probability >= RECOGNISED_FROM:
        return format_
    if name.lower().endswith((".md", ".rst")):
        return "documentation"
    raise Refused("unknown_format", raw=head)
