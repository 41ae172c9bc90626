"""An open store: reads at the published version, and publishes everything at once or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from analyzer.errors import StoreError
from analyzer.store import delta, folder, keys, publication
from analyzer.store.ledger import ContactIdentity, FileSeen, Ledger
from analyzer.store.lock import writer_lock
from analyzer.store.rows import Change, check
from analyzer.store.sql import Sandbox
from analyzer.tables import STORED, Column, Table


@contextmanager
def open_store(path: Path, *, write: bool) -> Iterator[Store]:
    """The store at ``path``. With ``write`` it is created, upgraded and locked, and what a killed run left is undone.

    Raises StoreBusy if another process writes, UsageError if there is no store to read, StoreDamaged if only
    `analyzer repair` can help.
    """
    if not write:
        folder.require(path)
        with Ledger.open(path, write=False) as ledger, _opened(path, ledger, write=False) as store:
            yield store
        return
    folder.prepare(path)
    with writer_lock(path), Ledger.open(path, write=True) as ledger, _opened(path, ledger, write=True) as store:
        store.bring_up()
        yield store


@contextmanager
def _opened(path: Path, ledger: Ledger, *, write: bool) -> Iterator[Store]:
    store = Store(path, ledger, write=write)
    try:
        yield store
    finally:
        store.close()


class Store:
    """A view of one published state; it does not move while other processes publish. Open it with ``open_store``."""

    def __init__(self, path: Path, ledger: Ledger, *, write: bool) -> None:
        self.path = path
        self.ledger = ledger
        self._write = write
        self._vector = ledger.vector()
        self._datasets: dict[str, ds.Dataset] = {}
        self._sandbox: Sandbox | None = None

    def close(self) -> None:
        if self._sandbox is not None:
            self._sandbox.close()

    @property
    def writable(self) -> bool:
        return self._write

    @property
    def vector(self) -> Mapping[str, int]:
        """The version of each table that this store shows."""
        return dict(self._vector)

    def refresh(self) -> None:
        """Moves the view to the state that is published now."""
        self._vector = self.ledger.vector()
        self._datasets.clear()

    # Reading

    def dataset(self, name: str) -> ds.Dataset:
        """The published table as an Arrow dataset. Columns younger than a row are null in it, even with a default."""
        if name not in self._datasets:
            table = _declared(name)
            version = self._vector.get(name)
            self._datasets[name] = (
                ds.dataset(table.empty()) if version is None else delta.dataset(self._tables / name, version, table)
            )
        return self._datasets[name]

    def read(self, name: str, columns: Sequence[str] | None = None, days: Collection[date] | None = None) -> pa.Table:
        """The published rows of ``days`` (None: all), in order of day, with the declared types of ``columns``."""
        table = _declared(name)
        found = self.dataset(name).to_table(columns=_projection(table, columns), filter=_in_days(table, days))
        return found.cast(_schema(table, columns))

    def batches(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        days: Collection[date] | None = None,
        rows: int = 65_536,
    ) -> Iterator[pa.RecordBatch]:
        """The same as ``read``, at most ``rows`` at a time, so that a table larger than memory can be walked."""
        table = _declared(name)
        schema = _schema(table, columns)
        scanned = self.dataset(name).to_batches(
            columns=_projection(table, columns), filter=_in_days(table, days), batch_size=rows,
            batch_readahead=2, fragment_readahead=1,
        )  # fmt: skip
        return (batch.cast(schema) for batch in scanned if batch.num_rows)

    def query(self, sql: str, params: Sequence[object] = ()) -> pa.Table:
        """The rows of one SELECT over the published tables and the view ``interactions``; parameters stand as ``?``."""
        if self._sandbox is None:
            self._sandbox = Sandbox(self.path / folder.STAGING)
        return self._sandbox.query(sql, params, self.dataset)

    def secret(self, name: str) -> bytes:
        """32 random bytes of this store, made on first use."""
        return keys.secret(self.path, name)

    # Writing

    def merge_days(self, name: str, new_rows: pa.Table, drop_ids: Collection[str], days: Collection[date]) -> pa.Table:
        """The complete content of ``days``: published rows without contacts ``drop_ids``, then ``new_rows``."""
        return self.merged(name, new_rows, drop_ids, days).read_all()

    def merged(
        self, name: str, new_rows: pa.Table | pa.RecordBatchReader, drop_ids: Collection[str], days: Collection[date]
    ) -> pa.RecordBatchReader:
        """The same as ``merge_days``, as a stream that holds one batch at a time."""
        table = _declared(name)
        if "interaction_id" not in table.column_names or not table.by_day:
            raise StoreError(f"Table {name} is not kept by contact and day; publish it whole.")
        dropped = pa.array(sorted(drop_ids), pa.string())
        added = new_rows.to_reader() if isinstance(new_rows, pa.Table) else new_rows

        def stream() -> Iterator[pa.RecordBatch]:
            for batch in self.batches(name, days=days):
                yield batch.filter(pc.invert(pc.is_in(batch["interaction_id"], dropped)))
            for batch in added:
                yield batch.select(table.column_names).cast(table.schema)

        return pa.RecordBatchReader.from_batches(table.schema, stream())

    def publish(
        self,
        changes: Sequence[Change],
        *,
        run: Mapping[str, Any],
        fingerprint: str,
        identities: Iterable[ContactIdentity] = (),
        files: Iterable[FileSeen] = (),
        forgotten: Iterable[str] = (),
        parts: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        """Makes all ``changes`` visible at once, with the run (its ``run_id`` at least), its contacts and its files.

        ``forgotten`` are contacts that are no longer in the store, ``parts`` the digests of the legs or pages of
        contacts. Everything is checked before anything is committed; after a StoreError the former state stands,
        whatever step it came from.
        """
        self._require_writer()
        publication.roll_back(self._tables, self.ledger)
        with tempfile.TemporaryDirectory(dir=self.path / folder.STAGING) as staging:
            checked = [check(change, Path(staging)) for change in changes if change.days != frozenset()]
            if len({change.table.name for change in checked}) < len(checked):
                raise StoreError("A table may be changed once in a publication.")
            notes = publication.Notes(run, fingerprint, identities, files, forgotten, parts or {})
            publication.publish(self._tables, self.ledger, checked, notes)
        self.refresh()

    def vacuum(self, retention_hours: int = delta.RETENTION_HOURS) -> None:
        """Deletes files that no state of the last ``retention_hours`` needs. Less than 7 days breaks long readers."""
        self._require_writer()
        publication.roll_back(self._tables, self.ledger)
        publication.vacuum(self._tables, self.ledger, retention_hours)
        self.refresh()

    def bring_up(self) -> None:
        """Undoes what was never published, creates missing tables, adds new columns, and tidies where that is due.

        Tidying waits for the next opening because a publication that stands must not end in an error.
        """
        self._require_writer()
        publication.roll_back(self._tables, self.ledger)
        publication.bring_up(self._tables, self.ledger)
        publication.checkpoint(self._tables, self.ledger)
        if publication.vacuum_is_due(self.ledger):
            publication.vacuum(self._tables, self.ledger, delta.RETENTION_HOURS)
        publication.sweep(self.path)
        self.refresh()

    def _require_writer(self) -> None:
        if not self._write:
            raise StoreError(f"Store {self.path} was opened for reading.")

    @property
    def _tables(self) -> Path:
        return self.path / folder.TABLES


def _declared(name: str) -> Table:
    if name not in STORED:
        raise StoreError(f"There is no table {name}.", hint=f"Tables: {', '.join(STORED)}.")
    return STORED[name]


def _schema(table: Table, columns: Sequence[str] | None) -> pa.Schema:
    names = table.column_names if columns is None else columns
    return pa.schema([table.schema.field(name) for name in names])


def _projection(table: Table, columns: Sequence[str] | None) -> dict[str, pc.Expression]:
    """Each column as it is read: rows older than a column with a default hold the default."""
    declared = {column.name: column for column in table.columns}
    chosen = [declared[name] for name in (table.column_names if columns is None else columns)]
    return {column.name: _as_read(column) for column in chosen}


def _as_read(column: Column) -> pc.Expression:
    field = pc.field(column.name)
    return field if column.default is None else pc.coalesce(field, pa.scalar(column.default, column.type))


def _in_days(table: Table, days: Collection[date] | None) -> pc.Expression | None:
    if days is None:
        return None
    if not table.by_day:
        raise StoreError(f"Table {table.name} has no days; read it whole.")
    return pc.field("day").isin(pa.array(sorted(days), pa.date32()))
