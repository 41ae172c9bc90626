"""A store on disk publishes the same bytes as the same tables in memory."""

from __future__ import annotations

from pathlib import Path

from analyzer.config import load_settings
from analyzer.publish.export import export_tables
from analyzer.publish.report import render_report
from analyzer.store.entries import ContactIdentity
from analyzer.store.rows import Change
from analyzer.store.store import open_store
from analyzer.tables import STORED

from .test_agents import publish
from .world import MemoryTables, world


def test_a_store_publishes_what_its_tables_hold(tmp_path: Path) -> None:
    settings = load_settings()
    run = world().read("runs").to_pylist()[0]
    changes = [Change(name, world().read(name)) for name in STORED if name != "runs" and world().read(name).num_rows]
    identities = [
        ContactIdentity(c["interaction_id"], c["content_hash"], None, c["day"], c["source_uri"], run["run_id"])
        for c in world().read("interaction_facts").to_pylist()
    ]
    with open_store(tmp_path / "store", write=True) as store:
        store.publish([*changes, Change("runs", world().read("runs"))], run=run, fingerprint="f", identities=identities)
    with open_store(tmp_path / "store", write=False) as store:
        memory = MemoryTables(world().tables, store.secret("agents"), exact_key=True)
        stored = export_tables(store, tmp_path / "a", "csv", publish())
        held = export_tables(memory, tmp_path / "b", "csv", publish())
        assert [f.path and f.path.read_bytes() for f in stored] == [f.path and f.path.read_bytes() for f in held]
        pages = [render_report(t, settings.publish, settings.score, settings.journey) for t in (store, memory)]
        assert pages[0] == pages[1]
