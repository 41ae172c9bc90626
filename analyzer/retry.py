"""Records out of quarantine: listed, looked at, and read again through the run that every file goes through."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from analyzer.config import Settings
from analyzer.errors import RunAborted, UsageError
from analyzer.ingest.files import InputFile, Piece
from analyzer.ingest.formats import FORMATS
from analyzer.ingest.quarantine import Entry, kept_until, newest, raw_bytes
from analyzer.ingest.reject_codes import REJECT_CODES
from analyzer.pipeline import run
from analyzer.progress import Progress
from analyzer.run_request import RunRequest
from analyzer.run_summary import RunSummary
from analyzer.store import folder

# Of these the bytes are not all there, or say nothing without the rest of their file.
_CUT: Final = frozenset(
    ("unreadable_file", "unknown_format", "unsupported_format", "truncated", "broken_archive", "encrypted",
     "nested_archive", "too_large", "too_compressed", "too_many_members", "line_too_long", "rows_scattered", "given_up")
)  # fmt: skip
_ALONE: Final = frozenset(
    ("native_jsonl", "plain_text", "webvtt", "srt", "vcon", "contact_lens", "transcribe_call_analytics",
     "post_call_analytics", "bedrock_data_automation", "google_ccai_ingest", "google_ccai_export", "google_speech",
     "azure_conversations", "azure_speech", "twilio_intelligence", "verint", "whisperx")
)  # fmt: skip


@dataclass(frozen=True)
class Quarantined:
    """One record in quarantine: why it lies there, how long, and what to do."""

    entry: Entry
    meaning: str
    advice: str
    kept_until: datetime
    readable_alone: bool


@dataclass(frozen=True)
class Retried:
    """What came of it: the account of the run, records that left quarantine, that stay, that need a file of theirs."""

    summary: RunSummary | None
    accepted: tuple[Entry, ...]
    staying: tuple[Entry, ...]
    not_read: tuple[Entry, ...]


def quarantined(store: Path, days: int, code: str | None = None) -> list[Quarantined]:
    """All records in the quarantine of ``store``, or those of ``code``, each once, ordered by place.

    Raises UsageError without a store, and for a code of which there is none.
    """
    return [_told(store, entry, days) for entry in _chosen(store, (), code)]


def bytes_of(store: Path, record: str) -> bytes:
    """The record as it came, unmasked."""
    (entry,) = _chosen(store, [record])
    return raw_bytes(store, entry)


def one(store: Path, record: str, days: int) -> Quarantined:
    """What is known of ``record``, written as the list shows it: ``calls.jsonl:3``."""
    (entry,) = _chosen(store, [record])
    return _told(store, entry, days)


def retry(
    store: Path, records: Sequence[str], replacement: Path | None, settings: Settings, progress: Progress,
    *, code: str | None = None, metadata: Path | None = None, agents: Path | None = None,
) -> Retried:  # fmt: skip
    """Reads ``records`` again (none given: all, or all of ``code``), from ``replacement`` where one is corrected.

    What is accepted leaves; what is rejected again stays as it lay. Records that mean nothing without their file are
    left alone.
    """
    chosen = _chosen(store, records, code)
    if replacement is not None:
        _check_replacement(chosen, replacement)
    readable = [entry for entry in chosen if replacement is not None or is_readable_alone(entry)]
    not_read = tuple(entry for entry in chosen if entry not in readable)
    if not readable:
        return Retried(None, (), (), not_read)
    with _pieces(store, readable, replacement) as pieces:
        request = RunRequest((), store, metadata=metadata, agents=agents, pieces=pieces)
        summary = run(request, settings, progress)
    left = {entry.place for entry in newest(store)}
    accepted = tuple(entry for entry in readable if entry.place not in left)
    return Retried(summary, accepted, tuple(entry for entry in readable if entry.place in left), not_read)


def is_readable_alone(entry: Entry) -> bool:
    """Whether all bytes of the record are there and mean the same without the rest of its file."""
    whole = entry.length > 0 and entry.code not in _CUT
    # Text that broke off at a bad byte looks like a shorter conversation.
    return whole and entry.source_format in _ALONE and (entry.source_format, entry.code) != ("plain_text", "encoding")


def _told(store: Path, entry: Entry, days: int) -> Quarantined:
    code = REJECT_CODES.get(entry.code)
    meaning, advice = (code.meaning, code.advice) if code else ("A code of another version.", "Read it again.")
    return Quarantined(entry, meaning, advice, kept_until(store, entry.run_id, days), is_readable_alone(entry))


def _chosen(store: Path, records: Collection[str], code: str | None = None) -> list[Entry]:
    folder.require(store)
    everything = newest(store)
    lying = [entry for entry in everything if code in (None, entry.code)]
    if code is not None and not lying:
        codes = ", ".join(sorted({entry.code for entry in everything})) or "nothing"
        raise UsageError(f"No record with the code {code} in quarantine.", hint=f"There is {codes}.")
    by_record = {entry.record: entry for entry in lying}
    if missing := next((record for record in records if record not in by_record), None):
        with_code = f" with the code {code}" if code else ""
        raise UsageError(f"No record {missing}{with_code} in quarantine.", hint="`analyzer quarantine list` names all.")
    return [by_record[record] for record in dict.fromkeys(records)] if records else lying


def _check_replacement(chosen: Sequence[Entry], replacement: Path) -> None:
    if len(chosen) != 1:
        raise UsageError("--from replaces one record.", hint="Name it as `analyzer quarantine list` does.")
    if not replacement.is_file():
        raise UsageError(f"No file at {replacement}.", hint="Check --from.")
    format_ = FORMATS.get(chosen[0].source_format or "")
    if format_ is not None and format_.in_parts:
        raise UsageError(
            f"A contact in {format_.name} may have further parts, which this file lacks.",
            hint="Mend the file itself and run it together with the others.",
        )


@contextmanager
def _pieces(store: Path, chosen: Sequence[Entry], replacement: Path | None) -> Iterator[list[InputFile]]:
    """A file for each record, for their owner alone, within the store and only for as long as the run."""
    try:
        with tempfile.TemporaryDirectory(dir=store / folder.STAGING, prefix="retry-") as staging:
            yield [
                _piece(store, entry, Path(staging) / str(number), replacement) for number, entry in enumerate(chosen)
            ]
    except OSError as error:
        raise RunAborted(f"Cannot take records out of quarantine: {error.strerror}.", hint="Run it again.") from error


def _piece(store: Path, entry: Entry, path: Path, replacement: Path | None) -> InputFile:
    if replacement is None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(raw_bytes(store, entry))
    source = replacement or path
    return InputFile(source, source.stat().st_size, entry.source_uri, Piece(entry.position, entry.source_format))
