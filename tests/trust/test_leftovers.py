"""What lies beside the tables: quarantine, working files, what side files told; gone where it is, or may be, theirs."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from analyzer.ingest.quarantine import Quarantine, entries
from analyzer.progress import Silent
from analyzer.records import UNNAMED, Reject
from analyzer.trust.forget import forget
from analyzer.trust.leftovers import clear_quarantine, clear_working, quarantined
from analyzer.trust.person import mention
from tests.nights import Nights

from .bytes_of import found
from .conftest import AGENT, CUSTOMER, records

IDS = mention(["k-77"])


def put(store: Path, *raws: bytes, uri: str = "a.jsonl") -> None:
    with Quarantine(store, "r-1") as quarantine:
        for position, raw in enumerate(raws):
            quarantine.add(Reject(uri, position, "native_jsonl", "bad_json", "no JSON", raw))


@pytest.mark.parametrize(
    ("raw", "theirs"),
    [(b'{"customer_id": "k-77"}', True), ('{"customer_id": "k-77"}'.encode("utf-16-le"), True),
     (b"call k-770 or ak-77", False), (gzip.compress(b"k-77"), True), (b"\xff\xfe broken", False)],
    ids=["utf-8", "utf-16", "another's", "packed", "broken"],
)  # fmt: skip
def test_quarantine_is_searched_in_any_encoding_and_packed_bytes_count_as_theirs(
    tmp_path: Path, raw: bytes, theirs: bool
) -> None:
    put(tmp_path, raw)
    assert bool(quarantined(tmp_path, IDS, unreadable=True)) == theirs


def test_quarantine_keeps_what_is_anothers(tmp_path: Path) -> None:
    put(tmp_path, b"of k-77", b"of k-78")
    assert clear_quarantine(tmp_path, quarantined(tmp_path, IDS, unreadable=True)) == 1
    assert [entry.position for entry in entries(tmp_path)] == [1]
    assert b"k-77" not in (tmp_path / "quarantine" / "r-1" / "raw.bin").read_bytes()


def test_file_named_after_a_customer_is_theirs(tmp_path: Path) -> None:
    put(tmp_path, b"anything", uri="k-77.jsonl")
    assert len(quarantined(tmp_path, IDS, unreadable=False)) == 1


def test_working_files_go_whatever_they_hold(tmp_path: Path) -> None:
    for name in ("staging/understood/b/turns.parquet", "aside/2026/turns/x.parquet", "sentences/w/all.arrow"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_bytes(b"rows of anybody")
    assert clear_working(tmp_path) == 3
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [] and (tmp_path / "staging").is_dir()


def test_what_side_files_told_of_an_agent_is_unnamed_and_not_told_again(nights: Nights, settings: Any) -> None:
    side = nights.folder / "metadata.csv"
    side.write_text(f"interaction_id,agent_id,queue\nm-1,{AGENT},shop\n", "utf-8")
    nameless = {name: value for name, value in records()[2].items() if name not in ("agent_id", "queue")}
    nights.run({"m.jsonl": [{**nameless, "interaction_id": "m-1"}]}, metadata=side)
    forget(nights.store, "agent", AGENT, settings, Silent())
    with closing(sqlite3.connect(nights.store / "ledger.sqlite")) as ledger:
        ((given,),) = ledger.execute("SELECT given FROM contacts WHERE interaction_id = 'm-1'").fetchall()
    assert json.loads(given)["agent_id"] == UNNAMED and json.loads(given)["queue"] == "shop"
    changed = [*nameless["turns"], {"speaker": "agent", "text": "Noch etwas?"}]
    nights.run({"m.jsonl": [{**nameless, "interaction_id": "m-1", "turns": changed}]}, metadata=side)
    assert found(nights.store, [AGENT]) == set()


def test_ids_are_cut_out_of_the_names_of_files_that_others_share(nights: Nights, settings: Any) -> None:
    theirs = {**records()[2], "interaction_id": "z-1", "customer_id": "k-z"}
    nights.run({f"export-{CUSTOMER}.jsonl": [theirs]})
    forget(nights.store, "customer", CUSTOMER, settings, Silent())
    uris = {row["interaction_id"]: row["source_uri"] for row in nights.rows("interaction_facts")}
    assert uris["z-1"].endswith("export-forgotten.jsonl")
    assert found(nights.store, [CUSTOMER]) == set()
