"""Sentences that are said again and again, kept from one run to the next: hashes, vectors and word shares, no text.

Every process that understands writes a part of its own; ``merged`` makes one file of them when a run has been
published. A file that cannot be read counts as none: everything in it can be computed again.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.understand.encoded import Encoded, Key

log = logging.getLogger(__name__)

OFTEN: Final = 3  # times that a process must meet a sentence in a run until it is worth keeping
_ALL: Final = "all.arrow"
_UNUSED: Final = timedelta(days=14)  # after which the sentences of weights that nobody runs any more go
_SCHEMA: Final = pa.schema(
    [("key", pa.binary(16)), ("vector", pa.binary()), ("shares", pa.binary()), ("tokens", pa.int16()),
     ("uses", pa.int32())]
)  # fmt: skip


class Use(NamedTuple):
    """How often a sentence was met; ``encoded`` is ``None`` where an earlier run has kept it already."""

    key: Key
    encoded: Encoded | None
    uses: int


class KeptSentences:
    """What earlier runs kept in ``folder``, for one set of weights and one precision."""

    def __init__(self, folder: Path, width: int, labels: int) -> None:
        """``width`` numbers a vector, ``labels`` shares a token; whatever has others is not taken."""
        self._folder = folder
        self._table = _fitting(_read(folder / _ALL), width, labels)
        self._rows = {key: row for row, key in enumerate(self._table["key"].to_pylist())}
        self._met: dict[Key, int] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def get(self, key: Key) -> Encoded | None:
        """The sentence's numbers, bit for bit as they were computed; ``None`` for one that is not kept."""
        row = self._rows.get(key)
        if row is None:
            return None
        self._met[key] = self._met.get(key, 0) + 1
        vector = np.frombuffer(self._table["vector"][row].as_py(), dtype=np.float32)
        shares = np.frombuffer(self._table["shares"][row].as_py(), dtype=np.float16)
        return Encoded(vector, shares.reshape(self._table["tokens"][row].as_py(), -1))

    def write(self, new: Iterable[Use]) -> None:
        """Leaves ``new`` sentences, and how often the kept ones were met, as a part of this process."""
        uses = [*(Use(key, None, met) for key, met in self._met.items()), *new]
        if not uses:
            return
        try:
            self._folder.mkdir(parents=True, mode=0o700, exist_ok=True)
            _write(_table(uses), self._folder / f"part-{os.getpid()}.arrow")
        except OSError as error:  # the run is none the worse, the next one a little slower
            log.warning("Often said sentences could not be kept: %s", error.strerror)
        self._met.clear()


def merged(folder: Path, most: int, now: datetime) -> None:
    """Makes one file of the parts of each set of weights, with the ``most`` used sentences; unused sets go.

    Earlier uses count half, so what is no longer said makes room.
    """
    try:
        for own in folder.glob("*"):
            parts = sorted(own.glob("part-*.arrow"))
            if parts:
                _write(_together([_halved(_read(own / _ALL)), *(_read(part) for part in parts)], most), own / _ALL)
            elif own.stat().st_mtime < (now - _UNUSED).timestamp():
                shutil.rmtree(own, ignore_errors=True)
            for part in parts:
                part.unlink(missing_ok=True)
    except OSError as error:
        log.warning("Often said sentences could not be kept: %s", error.strerror)


def _halved(table: pa.Table) -> pa.Table:
    uses = pa.array(np.ceil(table["uses"].to_numpy() / 2).astype(np.int32))
    return table.set_column(table.column_names.index("uses"), "uses", uses)


def _together(tables: list[pa.Table], most: int) -> pa.Table:
    everything = pa.concat_tables(tables).to_pandas()
    uses = everything.groupby("key")["uses"].sum()
    told = everything.dropna(subset=["vector"]).drop_duplicates("key").set_index("key")
    told["uses"] = uses.reindex(told.index)
    told = told.reset_index().sort_values(["uses", "key"], ascending=[False, True]).head(most)
    return pa.Table.from_pandas(told, _SCHEMA, preserve_index=False).replace_schema_metadata()


def _table(uses: list[Use]) -> pa.Table:
    told = [use.encoded for use in uses]
    return pa.table(
        [
            pa.array([use.key for use in uses], pa.binary(16)),
            pa.array([None if e is None else np.ascontiguousarray(e.vector).tobytes() for e in told], pa.binary()),
            pa.array([None if e is None else np.ascontiguousarray(e.shares).tobytes() for e in told], pa.binary()),
            pa.array([None if e is None else len(e.shares) for e in told], pa.int16()),
            pa.array([use.uses for use in uses], pa.int32()),
        ],
        schema=_SCHEMA,
    )


def _write(table: pa.Table, path: Path) -> None:
    partial = path.with_suffix(".partial")
    handle = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file, pa.ipc.new_file(file, _SCHEMA) as writer:
        writer.write_table(table)
    partial.replace(path)


def _fitting(table: pa.Table, width: int, labels: int) -> pa.Table:
    vectors, shares = pc.binary_length(table["vector"]), pc.binary_length(table["shares"])
    wide = pc.equal(vectors, width * np.dtype(np.float32).itemsize)
    long = pc.equal(shares, pc.multiply(table["tokens"].cast(pa.int32()), labels * np.dtype(np.float16).itemsize))
    return table.filter(pc.and_(wide, long))


def _read(path: Path) -> pa.Table:
    try:
        with pa.OSFile(str(path)) as file:
            table = pa.ipc.open_file(file).read_all()
        table.validate(full=True)
    except (OSError, pa.ArrowException):
        return _SCHEMA.empty_table()
    return table if table.schema.equals(_SCHEMA) else _SCHEMA.empty_table()
