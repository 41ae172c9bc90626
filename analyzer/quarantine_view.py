"""Quarantine as the terminal shows it, and as machines read it. Nothing of a record's words is in either."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from analyzer.ingest.quarantine import Entry
    from analyzer.retry import Quarantined, Retried

_SHOWN: Final = 20  # records of one code; the next ones tell nothing new
_NARROWEST, _WIDEST = 60, 120
_BESIDE: Final = len("     12,345,678 bytes  until 2026-01-01  needs its file") + 2


def list_lines(records: Sequence[Quarantined], *, all_of_a_code: bool = False, width: int | None = None) -> list[str]:
    """A block a code: what it means and what to do, then its records with size and until when they are kept."""
    if not records:
        return ["Nothing is in quarantine."]
    width = width or _width()
    lines: list[str] = []
    by_code = sorted(records, key=lambda told: told.entry.code)
    for code, group in groupby(by_code, key=lambda told: told.entry.code):
        lines += [*_block(code, list(group), width, all_of_a_code), ""]
    alone = sum(told.readable_alone for told in records)
    lines += _wrapped(f"{_counted(len(records))} in quarantine; {alone:,} can be read again as they lie.", width)
    lines += _wrapped("More of one: `analyzer quarantine show RECORD`. Again: `analyzer quarantine retry`.", width)
    return lines


def _block(code: str, group: Sequence[Quarantined], width: int, complete: bool) -> list[str]:
    lines = [f"{code}  {_counted(len(group))}"]
    lines += _wrapped(f"{group[0].meaning} {group[0].advice}", width, "  ")
    shown = group if complete else group[:_SHOWN]
    room = min(max(len(told.entry.record) for told in shown), width - _BESIDE)
    lines += [_record_line(told, room) for told in shown]
    if len(shown) < len(group):
        lines.append(f"    … and {len(group) - len(shown):,} more: --code {code}")
    return lines


def _record_line(told: Quarantined, room: int) -> str:
    until = f"{told.kept_until:%Y-%m-%d}"
    facts = f"{told.entry.length:>11,} bytes  until {until}  {'' if told.readable_alone else 'needs its file'}".rstrip()
    record = told.entry.record
    if len(record) > room:  # never shortened: it is what `show` and `retry` are told
        return f"    {record}\n    {'':<{room}} {facts}"
    return f"    {record:<{room}} {facts}"


def record_lines(told: Quarantined, width: int | None = None) -> list[str]:
    """What is known of one record, a fact a line."""
    entry, width = told.entry, width or _width()
    facts = {
        "run": entry.run_id, "file": entry.source_uri, "position": str(entry.position),
        "format": entry.source_format or "not recognised", "code": entry.code, "meaning": told.meaning,
        "what to do": told.advice, "bytes": f"{entry.length:,}", "sha256": entry.sha256,
        "kept until": f"{told.kept_until:%Y-%m-%d %H:%M} UTC",
        "can be read": "as it lies" if told.readable_alone else "only with its file (retry --from FILE)",
    }  # fmt: skip
    lines: list[str] = []
    for name, value in facts.items():
        long = name in ("meaning", "what to do")
        first, *rest = _wrapped(value, width - 15) if long else [value]
        lines += [f"  {name:<11}  {first}", *(f"{'':<15}{line}" for line in rest)]
    return [*lines, "Its bytes, which nobody has masked, are written with --raw."]


def retried_lines(retried: Retried, width: int | None = None) -> list[str]:
    """What left quarantine, what stays and why, and what to do next."""
    width = width or _width()
    lines = _few("stays", retried.staying) + _few("not read, as it means nothing without its file", retried.not_read)
    stay = len(retried.staying) + len(retried.not_read)
    lines.append(f"{_counted(len(retried.accepted))} left quarantine, {stay:,} {'stays' if stay == 1 else 'stay'}.")
    if retried.accepted:
        lines += _wrapped(
            "Mend the files they came from, too: a run that reads them as they were rejects the same records again.",
            width,
        )
    if retried.not_read:
        lines += _wrapped("Mend those files and run them again, or give a corrected record with --from FILE.", width)
    return lines


def _few(what: str, entries: Sequence[Entry]) -> list[str]:
    lines = [f"  {what}: {entry.record} ({entry.code})" for entry in entries[:_SHOWN]]
    return lines + ([f"  … and {len(entries) - _SHOWN:,} more"] if len(entries) > _SHOWN else [])


def as_json(records: Sequence[Quarantined]) -> str:
    """An array of objects, one a record."""
    return json.dumps([_facts(told) for told in records], ensure_ascii=False, indent=1)


def as_csv(records: Sequence[Quarantined]) -> str:
    """A header and a row a record; what a spreadsheet would take for a formula is told to be text."""
    import pyarrow as pa

    from analyzer.publish.csv_text import csv_header, csv_rows

    rows = [_facts(told) for told in records]
    schema = pa.schema([(name, _TYPES.get(name, "string")) for name in _COLUMNS])
    return (csv_header(schema) + csv_rows(pa.Table.from_pylist(rows, schema))).decode()


_COLUMNS: Final = (
    "record", "run_id", "source_uri", "position", "source_format", "code", "meaning", "advice", "bytes", "sha256",
    "kept_until", "readable_alone",
)  # fmt: skip
_TYPES: Final = {"position": "int64", "bytes": "int64", "readable_alone": "bool"}


def _facts(told: Quarantined) -> dict[str, str | int | bool | None]:
    entry = told.entry
    values = (
        entry.record, entry.run_id, entry.source_uri, entry.position, entry.source_format, entry.code, told.meaning,
        told.advice, entry.length, entry.sha256, told.kept_until.isoformat(timespec="seconds"), told.readable_alone,
    )  # fmt: skip
    return dict(zip(_COLUMNS, values, strict=True))


def _counted(records: int) -> str:
    return "1 record" if records == 1 else f"{records:,} records"


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def _width() -> int:
    return min(_WIDEST, max(_NARROWEST, shutil.get_terminal_size((100, 24)).columns))
