"""Every promised table is written, whole, with its schema, and the same way twice."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analyzer.errors import RunAborted, UsageError
from analyzer.publish import export_files, outgoing
from analyzer.publish.dimensions import DIMENSIONS
from analyzer.publish.export import export_tables
from analyzer.publish.exported import Exported
from analyzer.publish.reading import day_spans
from analyzer.publish.relations import PUBLISHED
from analyzer.tables import EXPORTED

from .test_agents import publish
from .world import EMPTY, MemoryTables, world


def path_of(file: Exported) -> Path:
    assert file.path is not None and file.path.name == file.place
    return file.path


def content(file: Exported) -> bytes:
    return path_of(file).read_bytes()


@pytest.mark.parametrize("tables", [world(), EMPTY], ids=["world", "empty"])
def test_parquet_has_every_table_with_its_schema(tmp_path: Path, tables: MemoryTables) -> None:
    files = export_tables(tables, tmp_path / "out", "parquet", publish())
    assert [file.table for file in files] == list(PUBLISHED)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "datapackage.json",
        *(f"{name}.parquet" for name in (*EXPORTED, *DIMENSIONS)),
    }
    for file in files:
        table = pq.read_table(path_of(file))
        assert table.schema.equals(PUBLISHED[file.table].schema), file.table
        assert table.num_rows == file.rows


@pytest.mark.parametrize("tables", [world(), EMPTY], ids=["world", "empty"])
def test_csv_has_every_table_with_its_columns(tmp_path: Path, tables: MemoryTables) -> None:
    for file in export_tables(tables, tmp_path, "csv", publish()):
        with path_of(file).open(encoding="utf-8", newline="") as handle:
            header, *rows = csv.reader(handle)
        assert tuple(header) == PUBLISHED[file.table].column_names
        assert len(rows) == file.rows


def test_interactions_join_facts_with_outcomes(tmp_path: Path) -> None:
    without_last = world().having(outcomes=world().read("outcomes").to_pylist()[:-1])
    export_tables(without_last, tmp_path, "parquet", publish())
    rows = pq.read_table(tmp_path / "interactions.parquet").to_pylist()
    outcomes = {row["interaction_id"]: row for row in world().read("outcomes").to_pylist()}
    assert len(rows) == 84
    for row in rows[:-1]:
        assert row["experience_score"] == outcomes[row["interaction_id"]]["experience_score"]
    assert rows[-1]["interaction_id"] == "c-084"
    assert rows[-1]["fcr_status"] is None
    assert rows[-1]["channel"] is not None


def test_views_hold_the_rows_of_their_kind(tmp_path: Path) -> None:
    export_tables(world(), tmp_path, "parquet", publish())
    scores = pq.read_table(tmp_path / "unit_scores.parquet").to_pylist()
    for kind in ("agent", "channel"):
        view = pq.read_table(tmp_path / f"{kind}_scores.parquet").to_pylist()
        assert view == [row for row in scores if row["unit_kind"] == kind]
        assert view


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_export_twice_gives_the_same_bytes(tmp_path: Path, format: str) -> None:
    shuffled = MemoryTables(
        {name: t.take(pa.array(range(t.num_rows), pa.int64())[::-1]) for name, t in world().tables.items()}
    )
    first = export_tables(world(), tmp_path / "a", format, publish())
    second = export_tables(shuffled, tmp_path / "b", format, publish())
    assert [content(file) for file in first] == [content(file) for file in second]


def test_days_in_groups_give_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export_tables(world(), tmp_path / "whole", "csv", publish())
    spans = day_spans(world(), contacts=10)
    assert len(spans) > 5
    monkeypatch.setattr(outgoing, "day_spans", lambda tables: spans)
    for file in export_tables(world(), tmp_path / "parts", "csv", publish()):
        assert content(file) == (tmp_path / "whole" / file.place).read_bytes()


def test_export_replaces_former_files_and_leaves_strangers(tmp_path: Path) -> None:
    (tmp_path / "turns.csv").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")
    export_tables(EMPTY, tmp_path, "csv", publish())
    assert (tmp_path / "turns.csv").read_text().startswith("interaction_id,")
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_export_refuses_a_target_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="not a folder"):
        export_tables(EMPTY, tmp_path / "file", "csv", publish())
    (tmp_path / "turns.csv").mkdir()
    with pytest.raises(UsageError, match="folder where a file belongs"):
        export_tables(EMPTY, tmp_path, "csv", publish())


def test_a_failing_disk_leaves_former_files_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export_tables(world(), tmp_path, "csv", publish())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(path: Path, table: object, parts: object) -> int:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_files, "_fill_csv", full)
    with pytest.raises(RunAborted, match="No space left"):
        export_tables(EMPTY, tmp_path, "csv", publish())
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_since_leaves_earlier_days_out_of_files(tmp_path: Path) -> None:
    first = date(2026, 11, 16)
    export_tables(world(), tmp_path / "whole", "parquet", publish())
    export_tables(world(), tmp_path, "parquet", publish(), first)
    days = {
        name: pq.read_table(tmp_path / f"{name}.parquet")["day"].to_pylist()
        for name in ("interactions", "turns", "fcr", "flags")
    }
    assert all(column and min(column) >= first for column in days.values())
    whole = world().read("interaction_facts")["day"].to_pylist()
    assert len(days["interactions"]) == sum(day >= first for day in whole) < len(whole)
    scores, all_scores = (pq.read_table(folder / "unit_scores.parquet") for folder in (tmp_path, tmp_path / "whole"))
    assert scores.equals(all_scores)


def test_export_to_nowhere_says_what_it_wants() -> None:
    with pytest.raises(UsageError, match="--to is empty") as caught:
        export_tables(EMPTY, " ", "sqlite", publish())
    assert caught.value.hint == "For sqlite give a file."
