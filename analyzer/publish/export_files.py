"""A folder with one Parquet or CSV file a table, and ``datapackage.json`` that says what every column is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from analyzer.publish import datapackage
from analyzer.publish.csv_text import csv_header, csv_rows
from analyzer.publish.exported import Exported, check_folder, disk_errors, staged, to_disk
from analyzer.publish.outgoing import Outgoing
from analyzer.tables import Table

Fill = Callable[[Path, Table, Iterable[pa.Table]], int]


def write_parquet(tables: Mapping[str, Outgoing], to: str, since: date | None) -> list[Exported]:
    """``TABLE.parquet`` for each table, compressed with zstd."""
    return _write(tables, Path(to), "parquet", _fill_parquet)


def write_csv(tables: Mapping[str, Outgoing], to: str, since: date | None) -> list[Exported]:
    """``TABLE.csv`` for each table, UTF-8."""
    return _write(tables, Path(to), "csv", _fill_csv)


def _write(tables: Mapping[str, Outgoing], to: Path, format: str, fill: Fill) -> list[Exported]:
    targets = {name: to / f"{name}.{format}" for name in tables}
    with_package = targets | {datapackage.NAME: to / datapackage.NAME}
    check_folder(to, with_package.values())
    with disk_errors(to), staged(with_package) as places:
        rows = {name: fill(places[name], out.table, out.parts()) for name, out in tables.items()}
        names = {name: target.name for name, target in targets.items()}
        places[datapackage.NAME].write_bytes(datapackage.datapackage(names, format))
        for place in places.values():
            to_disk(place)
        for name, target in with_package.items():
            places[name].replace(target)
    return [Exported(name, path.name, rows[name], path) for name, path in targets.items()]


def _fill_parquet(path: Path, table: Table, parts: Iterable[pa.Table]) -> int:
    rows = 0
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for part in parts:
            writer.write_table(part)
            rows += part.num_rows
    return rows


def _fill_csv(path: Path, table: Table, parts: Iterable[pa.Table]) -> int:
    rows = 0
    with path.open("wb") as file:
        file.write(csv_header(table.schema))
        for part in parts:
            file.write(csv_rows(part))
            rows += part.num_rows
    return rows
