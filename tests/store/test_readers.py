from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.errors import StoreError, UsageError
from analyzer.store import open_store

from .contacts import ALL, BY_CONTACT, MONDAY, TUESDAY, WEDNESDAY, contacts, publish, publish_at

HOME = Path(__file__).parents[2]


def test_reader_keeps_its_state_while_others_publish(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1))
    with open_store(path, write=False) as reader:
        publish_at(path, contacts(MONDAY, 2), "r-2")
        assert {reader.read(name).num_rows for name in BY_CONTACT} == {1, 2}
        assert reader.query("SELECT count(*) AS n FROM interactions")["n"].to_pylist() == [1]
        reader.refresh()
        assert reader.query("SELECT count(*) AS n FROM interactions")["n"].to_pylist() == [2]


def test_readers_see_one_state_over_all_tables_during_publishes(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1, 2, 3), "r-0")
    command = [sys.executable, "-m", "tests.store.publisher", str(path), *(f"r-{n}" for n in range(1, 9))]
    states: list[str] = []
    with subprocess.Popen(command, cwd=HOME, stdout=subprocess.DEVNULL) as writer:
        while writer.poll() is None:
            with open_store(path, write=False) as reader:
                seen = {
                    *reader.read("outcomes", ["run_id"])["run_id"].to_pylist(),
                    *reader.read("episodes", ["reason"])["reason"].to_pylist(),
                    *reader.read("turns", ["text"]).slice(0, 1)["text"].to_pylist(),
                }
            seen.discard("Meine Rechnung stimmt nicht.")
            assert len(seen) == 1
            states += seen
    assert writer.returncode == 0
    assert len(set(states)) > 1
    assert states == sorted(states)


def test_read_takes_columns_and_days(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1) + contacts(TUESDAY, 2) + contacts(WEDNESDAY, 3))
    with open_store(path, write=False) as store:
        found = store.read("turns", ["text", "interaction_id"], {MONDAY, WEDNESDAY})
        assert found.column_names == ["text", "interaction_id"]
        assert found["interaction_id"].to_pylist() == ["c-1", "c-1", "c-3", "c-3"]
        assert not found.schema.field("text").nullable
        assert store.read("fcr").num_rows == 0
        with pytest.raises(StoreError, match="has no days"):
            store.read("episodes", days={MONDAY})
        with pytest.raises(StoreError, match="no table moods"):
            store.read("moods")


def test_batches_give_the_rows_of_read(path: Path) -> None:
    publish_at(path, contacts(MONDAY, *range(20)) + contacts(TUESDAY, *range(20, 40)))
    with open_store(path, write=False) as store:
        batches = list(store.batches("turns", rows=7))
        assert max(batch.num_rows for batch in batches) <= 7
        texts = [i for batch in batches for i in batch["interaction_id"].to_pylist()]
        assert texts == store.read("turns")["interaction_id"].to_pylist()


def test_query_joins_facts_and_outcomes(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1) + contacts(TUESDAY, 2))
    with open_store(path, write=False) as store:
        sql = "SELECT interaction_id, channel, fcr_status, as_of FROM interactions WHERE day = ? ORDER BY 1"
        found = store.query(sql, [TUESDAY])
        assert found.drop_columns("as_of").to_pylist() == [
            {"interaction_id": "c-2", "channel": "voice", "fcr_status": "open"}
        ]
        assert found.schema.field("as_of").type.tz == "UTC"
        assert store.query("SELECT * FROM agent_scores").num_rows == 0
        for name in ALL:
            assert store.query(f"SELECT * FROM {name}").num_rows == store.read(name).num_rows


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY turns TO 'out.csv'",
        "ATTACH 'other.db'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SELECT * FROM local_rows",
        "SELECT * FROM",
    ],
)
def test_query_reaches_nothing_but_tables(path: Path, sql: str) -> None:
    publish_at(path, contacts(MONDAY, 1))
    with open_store(path, write=False) as store:
        local_rows = store.read("turns")
        with pytest.raises((UsageError, StoreError)):
            store.query(sql)
        assert store.query("SELECT count(*) AS n FROM turns")["n"].to_pylist() == [local_rows.num_rows]


def test_merge_days_keeps_the_rest_of_the_days(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1, 2) + contacts(TUESDAY, 3))
    with open_store(path, write=True) as store:
        fresh = store.read("turns", days={TUESDAY})
        merged = store.merge_days("turns", fresh, {"c-1"}, {MONDAY})
        assert merged["interaction_id"].unique().to_pylist() == ["c-2", "c-3"]
        assert merged.schema == fresh.schema
        with pytest.raises(StoreError, match="publish it whole"):
            store.merge_days("episodes", fresh, set(), {MONDAY})
        publish(store, contacts(MONDAY, 1), "r-2")
        assert store.read("turns").num_rows == 6
