"""``--metadata``: facts that the transcripts lack, by source id or file name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from analyzer.config import IngestSettings
from analyzer.errors import UsageError
from analyzer.ingest.formats.rows import Row
from analyzer.ingest.raw import FACT_NAMES, Facts
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.tabular import side_rows, side_table
from analyzer.ingest.values import word_or_none

OPTION: Final = "--metadata"
ID_COLUMNS: Final = ("source_id", "interaction_id")
FILE_COLUMNS: Final = ("file_name", "filename", "file")


@dataclass(frozen=True, slots=True)
class Metadata:
    """Facts by key; ``conflicts`` are keys for which rows contradict each other."""

    by_key: dict[str, Facts]
    conflicts: frozenset[str]

    def facts_of(self, source_id: str | None, file_name: str) -> Facts | None:
        """Facts of a contact by its id, else by the bare name of its file with or without extension."""
        keys = [source_id] if source_id else []
        keys += [file_name, file_name.rpartition(".")[0]]
        for key in keys:
            if key in self.conflicts:
                raise Refused("metadata_conflict")
            if facts := self.by_key.get(key):
                return facts
        return None


def load_metadata(path: Path, settings: IngestSettings) -> Metadata:
    """The table at ``path``, columns named as in the native format or by ``ingest.mapping``."""
    table = side_table(path, OPTION, settings)
    columns = {name.strip().casefold(): name for name in table.columns}
    keys = [columns[name] for name in (*ID_COLUMNS, *FILE_COLUMNS) if name in columns]
    if not keys:
        raise UsageError(
            f"{OPTION} {path} has no key column.", hint=f"Name one of {', '.join((*ID_COLUMNS, *FILE_COLUMNS))}."
        )
    fields = {
        name: columns[source]
        for name in FACT_NAMES
        if (source := settings.mapping.get(name, name).strip().casefold()) in columns or (source := name) in columns
    }
    by_key: dict[str, Facts] = {}
    conflicts: set[str] = set()
    for row in side_rows(table, path, OPTION):
        facts = Facts(**{name: row.values.get(column) for name, column in fields.items()})
        for key in _keys(row, keys):
            if by_key.setdefault(key, facts) != facts:
                conflicts.add(key)
    return Metadata(by_key, frozenset(conflicts))


def _keys(row: Row, columns: list[str]) -> list[str]:
    words = [word_or_none(row.values.get(column)) for column in columns]
    return list(dict.fromkeys(word.rpartition("/")[2] for word in words if word))
