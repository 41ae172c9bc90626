from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from analyzer.errors import StoreError
from analyzer.store import Change, delta, open_store
from analyzer.store.verify import verify
from analyzer.tables import STORED

from .contacts import (
    ALL,
    BY_CONTACT,
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    contacts,
    content,
    identity,
    publish,
    publish_at,
    rows,
)  # fmt: skip

DAY = frozenset({MONDAY})


def refused(path: Path, change: Change, match: str) -> None:
    """Publishing raises, and neither tables nor ledger move."""
    with open_store(path, write=True) as store:
        before = store.vector
        with pytest.raises(StoreError, match=match):
            store.publish([change], run={"run_id": "r-9"}, fingerprint="never")
        store.refresh()
        assert store.vector == before
        assert store.ledger.fingerprint() != "never"


def test_publish_twice_leaves_equal_tables(nowhere: Path) -> None:
    some = contacts(MONDAY, 1, 2, 3) + contacts(TUESDAY, 4)
    publish_at(nowhere, some)
    once = content(nowhere)
    publish_at(nowhere, some)
    assert content(nowhere) == once
    assert once["turns"].num_rows == 8
    assert verify(nowhere) == []


def test_publish_in_any_order_gives_equal_tables(path: Path, tmp_path: Path) -> None:
    publish_at(path, contacts(TUESDAY, 4) + contacts(MONDAY, 1, 2, 3))
    for numbers in ((2,), (3, 1)):
        publish_at(tmp_path / "other", contacts(MONDAY, *numbers))
    publish_at(tmp_path / "other", contacts(TUESDAY, 4))
    other = content(tmp_path / "other")
    assert {name: content(path)[name] for name in BY_CONTACT} == {name: other[name] for name in BY_CONTACT}


def test_publish_late_contact_keeps_the_rest_of_its_day(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1, 2))
    publish_at(path, contacts(WEDNESDAY, 5), "r-2")
    publish_at(path, contacts(MONDAY, 3), "r-3")
    with open_store(path, write=False) as store:
        assert store.read("interaction_facts", ["interaction_id"], DAY)["interaction_id"].to_pylist() == [
            "c-1", "c-2", "c-3",
        ]  # fmt: skip
        assert store.ledger.contacts_per_day() == {MONDAY: 3, WEDNESDAY: 1}
    assert verify(path) == []


def test_publish_replacement_moves_a_contact_to_another_day(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1, 2))
    publish_at(path, contacts(TUESDAY, 1, words="Jetzt ist alles gut."), "r-2")
    facts = content(path)["interaction_facts"].select(["interaction_id", "day"]).to_pylist()
    assert facts == [{"interaction_id": "c-2", "day": MONDAY}, {"interaction_id": "c-1", "day": TUESDAY}]
    assert verify(path) == []


def test_publish_empties_a_day_whose_last_contact_moved(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1))
    publish_at(path, contacts(TUESDAY, 1), "r-2")
    assert [table.num_rows for table in content(path).values()] == [1, 1, 2, 1]
    assert verify(path) == []


def test_publish_refuses_a_move_that_leaves_rows_behind(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1))
    moved = contacts(TUESDAY, 1)
    change = Change("interaction_facts", rows("interaction_facts", moved), frozenset({TUESDAY}))
    with open_store(path, write=True) as store, pytest.raises(StoreError, match="moved here"):
        store.publish([change], run={"run_id": "r-2"}, identities=[identity(moved[0], "r-2")], fingerprint="x")
    assert content(path)["interaction_facts"]["day"].to_pylist() == [MONDAY]


def test_publish_refuses_facts_of_unknown_contacts(path: Path) -> None:
    refused(
        path, Change("interaction_facts", rows("interaction_facts", contacts(MONDAY, 1)), DAY), "number of contacts"
    )


def test_publish_forgets_contacts(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1, 2))
    with open_store(path, write=True) as store:
        kept = [Change(name, store.merge_days(name, STORED[name].empty(), {"c-1"}, DAY), DAY) for name in BY_CONTACT]
        store.publish(kept, run={"run_id": "r-2"}, forgotten=["c-1"], fingerprint="x")
        assert store.ledger.identities(["c-1", "c-2"]).keys() == {"c-2"}
    assert content(path)["turns"]["interaction_id"].unique().to_pylist() == ["c-2"]
    assert verify(path) == []


def test_publish_refuses_rows_outside_its_days(path: Path) -> None:
    change = Change("turns", rows("turns", contacts(MONDAY, 1) + contacts(TUESDAY, 2)), DAY)
    refused(path, change, "rows of 1 days")


@pytest.mark.parametrize(
    ("column", "value", "match"),
    [
        ("speaker", pa.scalar("Frau Schmidt"), "1 values other than customer, agent, bot, system"),
        ("text", pa.scalar(None, pa.string()), "text is null in 2 rows"),
        ("turn", pa.scalar(0, pa.int32()), "1 rows repeat a key"),
        ("turn", pa.scalar(0, pa.int64()), "turn is int64, not int32"),
        ("sentiment", pa.scalar(1, pa.int32()), "sentiment is int32, not double"),
    ],
)
def test_publish_refuses_values_against_the_schema(path: Path, column: str, value: pa.Scalar, match: str) -> None:
    turns = rows("turns", contacts(MONDAY, 1))
    broken = turns.set_column(turns.column_names.index(column), column, pa.repeat(value, turns.num_rows))
    refused(path, Change("turns", broken, DAY), match)


def test_publish_errors_quote_no_value(path: Path) -> None:
    turns = rows("turns", contacts(MONDAY, 1))
    broken = turns.set_column(turns.column_names.index("speaker"), "speaker", pa.repeat("Frau Schmidt", 2))
    with open_store(path, write=True) as store, pytest.raises(StoreError) as caught:
        store.publish([Change("turns", broken, DAY)], run={"run_id": "r"}, fingerprint="x")
    assert "Schmidt" not in str(caught.value)


def test_publish_refuses_missing_and_unknown_columns(path: Path) -> None:
    turns = rows("turns", contacts(MONDAY, 1))
    refused(path, Change("turns", turns.drop_columns("text"), DAY), r"missing columns \['text'\]")
    refused(path, Change("turns", turns.append_column("mood", turns["text"]), DAY), r"unknown columns \['mood'\]")
    refused(path, Change("episodes", rows("episodes", []), DAY), "has no days")


def test_publish_takes_wide_text_and_any_column_order(path: Path) -> None:
    turns = rows("turns", contacts(MONDAY, 1))
    wide = turns.set_column(5, "text", turns["text"].cast(pa.large_string())).select(turns.column_names[::-1])
    with open_store(path, write=True) as store:
        store.publish([Change("turns", wide, DAY)], run={"run_id": "r"}, fingerprint="x")
        assert store.read("turns") == turns


def test_publish_reader_equals_publish_table(path: Path) -> None:
    some = contacts(MONDAY, 3, 1, 2) + contacts(TUESDAY, 4)
    turns = rows("turns", some)
    shuffled = turns.take(pa.array([7, 2, 0, 5, 1, 4, 6, 3])).to_reader(max_chunksize=3)
    with open_store(path, write=True) as store:
        store.publish([Change("turns", shuffled, frozenset({MONDAY, TUESDAY}))], run={"run_id": "r"}, fingerprint="x")
        assert store.read("turns") == turns.sort_by([(c, "ascending") for c in ("day", "interaction_id", "turn")])


def test_publish_that_fails_between_commits_leaves_the_former_state(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_at(path, contacts(MONDAY, 1, 2))
    before = content(path)
    calls: list[str] = []
    real = delta.overwrite

    def fails_at_third(table: Path, *values: Any) -> int:
        calls.append(table.name)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        return real(table, *values)

    with open_store(path, write=True) as store:
        monkeypatch.setattr(delta, "overwrite", fails_at_third)
        with pytest.raises(StoreError, match="No space left"):
            publish(store, contacts(MONDAY, 3), "r-2")
        monkeypatch.setattr(delta, "overwrite", real)
        assert content(path) == before
        publish(store, contacts(TUESDAY, 4), "r-3")  # the abandoned c-3 must not come back with it
    found = content(path)
    assert [found[name]["interaction_id"].unique().to_pylist() for name in BY_CONTACT] == [["c-1", "c-2", "c-4"]] * 3
    assert verify(path) == []


def test_publish_forces_everything_to_disk_before_the_ledger_tells(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from analyzer.store import folder, ledger

    publish_at(path, contacts(MONDAY, 1))
    synced: list[Path] = []
    told: list[int] = []
    real_sync, real_put = folder.sync_file, ledger.Ledger.put_version
    monkeypatch.setattr(folder, "sync_file", lambda file: (synced.append(file), real_sync(file))[1])
    monkeypatch.setattr(ledger.Ledger, "put_version", lambda *a, **k: (told.append(len(synced)), real_put(*a, **k))[1])
    publish_at(path, contacts(MONDAY, 2), "r-2")
    turns = path / "tables" / "turns"
    newest = max((turns / "day=2026-11-16").glob("*.parquet"), key=lambda file: file.stat().st_mtime_ns)
    log = turns / "_delta_log"
    files = [file for file in synced if turns in (file, *file.parents)]
    assert files == [newest, newest.parent, turns, log / f"{2:020}.json", log]
    assert told[ALL.index("turns")] > synced.index(log)


def test_publish_keeps_fractions_and_times_exact(path: Path) -> None:
    some = contacts(MONDAY, 1)
    publish_at(path, some)
    assert content(path)["outcomes"] == rows("outcomes", some)
    assert pc.sum(content(path)["interaction_facts"]["sentiment_end"]).as_py() == -0.25
