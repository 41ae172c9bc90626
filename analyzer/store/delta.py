"""One Delta table on disk: create, upgrade, overwrite days, roll back, read at a version.

Rules that were measured (deltalake 1.6.6): no MERGE, only overwrites of whole days; times in UTC, so that the protocol
stays at reader 1; no column statistics in the log, where names and words would outlive their deletion; no hooks after a
commit, so that a checkpoint never holds an unpublished version.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Field, PostCommitHookProperties, Schema, write_deltalake
from deltalake.exceptions import DeltaError

from analyzer.errors import StoreDamaged, StoreError
from analyzer.store import commits, folder
from analyzer.tables import Table

# Keeps min and max of every column out of the log; days are pruned by partition, so nothing is lost by it.
_CONFIGURATION = {"delta.dataSkippingNumIndexedCols": "0"}
_NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
_CHECKPOINT_EVERY = 10
RETENTION_HOURS = 7 * 24


@contextmanager
def delta_errors(name: str) -> Iterator[None]:
    """Turns delta-rs's errors into ours. Its first line only: the lines below may show rows."""
    try:
        yield
    except (DeltaError, OSError, pa.ArrowException) as error:
        first = str(error).partition("\n")[0][:300]
        raise StoreError(f"Table {name}: {first}.", hint="Check free space; `analyzer verify` tells more.") from error


def create(path: Path, table: Table) -> int:
    """Creates the table, empty and on disk; its version is returned."""
    path.mkdir(mode=0o700, exist_ok=True)
    DeltaTable.create(
        str(path),
        schema=Schema.from_arrow(table.schema),
        partition_by=["day"] if table.by_day else None,
        configuration=_CONFIGURATION,
        post_commithook_properties=_NO_HOOKS,
    )
    commits.harden(path, 0)
    folder.sync_file(path.parent)
    return 0


def upgrade(path: Path, table: Table) -> int | None:
    """The version after adding the columns that ``table`` gained; None if it gained none.

    Added columns are nullable on disk: older rows hold null there, and ``Column.default`` when the store reads them.
    """
    stored = load(path, None)
    names = {field.name for field in stored.schema().fields}
    if unknown := names - set(table.column_names):
        raise StoreError(
            f"Table {table.name} has {len(unknown)} columns that this analyzer does not know.",
            hint="Install the version that wrote it, or a newer one.",
        )
    added = [column for column in table.columns if column.name not in names]
    for column in added:
        if not column.nullable and column.default is None:
            raise StoreError(f"Column {table.name}.{column.name} was added not null and without default.")
    if not added:
        return None
    fields = Schema.from_arrow(pa.schema([pa.field(c.name, c.type, nullable=True) for c in added])).fields
    stored.alter.add_columns(
        [Field(f.name, f.type, nullable=True) for f in fields], post_commithook_properties=_NO_HOOKS
    )
    return _newest_hardened(path)


def overwrite(path: Path, rows: pa.Table, days: Collection[date] | None, run_id: str) -> int:
    """The version that holds ``rows`` in place of all rows of ``days`` (None: of the whole table). One commit.

    The predicate names days and nothing else: it is kept in the log. Not yet forced to disk.
    """
    listed = ", ".join(f"'{day.isoformat()}'" for day in sorted(days)) if days is not None else ""
    write_deltalake(
        str(path),
        rows,
        mode="overwrite",
        predicate=f"day IN ({listed})" if days is not None else None,
        commit_properties=CommitProperties(custom_metadata={"run_id": run_id}),
        post_commithook_properties=_NO_HOOKS,
    )
    version = commits.newest(path)
    assert version is not None
    return version


def restore(path: Path, version: int, *, ignore_missing_files: bool = False) -> int:
    """A new version with the content of ``version``, on disk. What was committed since never comes back."""
    load(path, None).restore(version, ignore_missing_files=ignore_missing_files, post_commithook_properties=_NO_HOOKS)
    return _newest_hardened(path)


def forget_missing_files(path: Path) -> int:
    """A new version without the files that are not there any more, on disk."""
    load(path, None).repair(post_commithook_properties=_NO_HOOKS)
    return _newest_hardened(path)


def load(path: Path, version: int | None) -> DeltaTable:
    """The table at ``version`` (None: the newest). Raises StoreDamaged where the commit is torn or cannot be read."""
    at = commits.newest(path) if version is None else version
    if at is None or not (commits.is_whole(path, at) or at == commits.checkpointed(path)):
        raise StoreDamaged(f"Table {path.name}: commit {at} is missing or torn.", hint="Run `analyzer repair`.")
    try:
        return DeltaTable(path, version=version)
    except DeltaError as error:
        raise StoreDamaged(f"Table {path.name} cannot be opened at {at}.", hint="Run `analyzer repair`.") from error


def dataset(path: Path, version: int, table: Table) -> ds.Dataset:
    """The table at ``version`` with exactly the declared columns, files in order of day; columns it lacks are null."""
    found = load(path, version).to_pyarrow_dataset(schema=table.schema)
    files = sorted(found.get_fragments(), key=lambda fragment: fragment.path)
    return ds.FileSystemDataset(files, table.schema, ds.ParquetFileFormat(), found.filesystem)


def files(path: Path, version: int) -> list[dict[str, Any]]:
    """The data files of ``version``: ``path`` ``size_bytes`` ``num_records`` and, if partitioned, ``partition.day``."""
    actions = pa.table(load(path, version).get_add_actions(flatten=True))
    return list(actions.to_pylist())


def rows_per_day(path: Path, version: int) -> dict[date | None, int]:
    """Rows per day (one entry None without days) as the log counts them."""
    counts: dict[date | None, int] = {}
    for file in files(path, version):
        day = file.get("partition.day")
        counts[day] = counts.get(day, 0) + file["num_records"]
    return counts


def damage_of(path: Path, file: dict[str, Any]) -> str | None:
    """What is wrong with a data file: missing, of another size, unreadable or of another row count; None if nothing."""
    location = path / file["path"]
    if not location.is_file():
        return "is missing"
    if location.stat().st_size != file["size_bytes"]:
        return "is cut short"
    try:
        found = pq.read_metadata(location).num_rows
    except (pa.ArrowException, OSError):
        return "cannot be read"
    return None if found == file["num_records"] else "holds another number of rows"


def checkpoint(path: Path, version: int) -> None:
    """Writes a checkpoint of the published ``version`` if the last one lies 10 commits back; keeps opening fast."""
    if version - max(commits.checkpointed(path), 0) >= _CHECKPOINT_EVERY:
        load(path, version).create_checkpoint()
        commits.harden_checkpoint(path)


def checkpoint_is_whole(path: Path) -> bool:
    """Whether the checkpoint that opening relies on can be read; True without one."""
    found = commits.checkpoint_files(path)
    if not found:
        return True
    try:
        return len(found) > 1 and all(pq.read_metadata(part).num_rows > 0 for part in found[1:])
    except (pa.ArrowException, OSError):
        return False


def vacuum(path: Path, retention_hours: int) -> int:
    """The version after deleting files that no version of the last ``retention_hours`` needs."""
    load(path, None).vacuum(
        retention_hours=retention_hours, dry_run=False, full=True, post_commithook_properties=_NO_HOOKS,
        enforce_retention_duration=False,
    )  # fmt: skip
    return _newest_hardened(path)


def _newest_hardened(path: Path) -> int:
    version = commits.newest(path)
    assert version is not None
    commits.harden(path, version)
    return version
