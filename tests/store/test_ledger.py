from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from analyzer.errors import StoreDamaged, StoreError
from analyzer.store import ContactIdentity, FileSeen, Ledger, open_store
from analyzer.store.ledger import last_fingerprint
from analyzer.store.ledger_schema import STEPS

from .contacts import AS_OF, MONDAY, TUESDAY, contacts, publish_at

HOME = Path(__file__).parents[2]


def make(path: Path) -> Path:
    path.mkdir()
    Ledger.open(path, write=True).close()
    return path


def test_ledger_needs_the_standard_library_only() -> None:
    code = (
        "import sys, analyzer.store.ledger, analyzer.store.lock\n"
        "names = {m.partition('.')[0] for m in sys.modules} - sys.stdlib_module_names\n"
        "print(sorted(n for n in names if getattr(sys.modules.get(n), '__file__', None)))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(HOME)!r})\n{code}"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.strip() == "['analyzer']"


def test_fingerprint_is_that_of_the_last_publication(nowhere: Path) -> None:
    assert last_fingerprint(nowhere) is None
    with open_store(nowhere, write=True):
        pass
    assert last_fingerprint(nowhere) is None
    publish_at(nowhere, contacts(MONDAY, 1), "r-1")
    publish_at(nowhere, contacts(MONDAY, 1), "r-2")
    assert last_fingerprint(nowhere) == "fingerprint of r-2"


def test_identities_finds_many_and_knows_the_unknown(nowhere: Path) -> None:
    known = [ContactIdentity(f"c-{n}", "h", AS_OF if n % 2 else None, MONDAY, "a.jsonl", "r-1") for n in range(1201)]
    with Ledger.open(make(nowhere), write=True) as ledger:
        with ledger.transaction():
            assert ledger.put_identities(iter(known)) == {(None, MONDAY)}
        found = ledger.identities(f"c-{n}" for n in range(0, 2000))
    assert list(found.values()) == [found[identity.interaction_id] for identity in found.values()]
    assert sorted(found.values(), key=lambda i: int(i.interaction_id[2:])) == known


def test_ledger_of_the_first_version_is_brought_up(nowhere: Path) -> None:
    nowhere.mkdir()
    known = ContactIdentity("c-1", "h", None, MONDAY, "a.jsonl", "r-1")
    with Ledger.open(nowhere, write=True, steps=STEPS[:1]) as ledger:
        row = ("c-1", "h", None, MONDAY.isoformat(), "a.jsonl", "r-1")
        ledger._connection.execute("INSERT INTO contacts VALUES (?, ?, ?, ?, ?, ?)", row)
    with Ledger.open(nowhere, write=True) as ledger:
        assert ledger.identities(["c-1"]) == {"c-1": known} and ledger.parts("c-1") == {}
        with ledger.transaction():
            ledger.put_parts({"c-1": {"a": "1", "b": "2"}})
            ledger.put_parts({"c-1": {"b": "3"}})
        assert ledger.parts("c-1") == {"b": "3"}


def test_contacts_that_survive_a_repair_keep_what_was_given(nowhere: Path) -> None:
    with Ledger.open(make(nowhere), write=True) as ledger, ledger.transaction():
        ledger.put_identities([ContactIdentity("c-1", "h", None, MONDAY, "a.jsonl", "r-1", '{"queue":"q"}')])
        ledger.keep_contacts([MONDAY], [("c-1", MONDAY, "a.jsonl")])
        kept = ledger.identities(["c-1"])["c-1"]
    assert (kept.content_hash, kept.given) == ("", '{"queue":"q"}')


def test_pieces_are_those_of_one_thread(nowhere: Path) -> None:
    ids = ["c", "c#2", "c#10", "c#x", "c$", 'c"', "cc#2", "d#2"]
    with Ledger.open(make(nowhere), write=True) as ledger:
        with ledger.transaction():
            ledger.put_identities(ContactIdentity(key, "h", None, MONDAY, "a.jsonl", "r-1") for key in ids)
        assert {piece.interaction_id for piece in ledger.pieces("c")} == {"c#2", "c#10", "c#x"}


def test_put_identities_tells_the_days_that_contacts_moved_between(nowhere: Path) -> None:
    before = ContactIdentity("c-1", "h", None, MONDAY, "a.jsonl", "r-1")
    after = ContactIdentity("c-1", "h2", datetime(2026, 11, 17, tzinfo=UTC), TUESDAY, "b.jsonl", "r-2")
    with Ledger.open(make(nowhere), write=True) as ledger:
        with ledger.transaction():
            ledger.put_identities([before])
        with ledger.transaction():
            assert ledger.put_identities([after]) == {(MONDAY, TUESDAY)}
        assert ledger.identities(["c-1"]) == {"c-1": after}


def test_files_are_known_by_content(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1, 2), "r-1")
    with open_store(path, write=False) as store:
        seen = store.ledger.files(["sha of r-1", "sha of nothing"])
    assert seen == {"sha of r-1": FileSeen("sha of r-1", "monday.jsonl", 2048, 2, 2, 0, 0)}


def test_runs_say_what_they_published(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1), "r-1")
    with open_store(path, write=False) as store:
        assert store.ledger.runs() == [{"run_id": "r-1", "finished_at": AS_OF.isoformat(), "accepted": 1}]


def test_transaction_that_fails_changes_nothing(nowhere: Path) -> None:
    with Ledger.open(make(nowhere), write=True) as ledger:
        with pytest.raises(RuntimeError), ledger.transaction():
            ledger.put_run({"run_id": "r-1"}, "x")
            raise RuntimeError
        assert ledger.fingerprint() is None


def test_ledger_forces_to_disk(nowhere: Path) -> None:
    with Ledger.open(make(nowhere), write=True) as ledger:
        assert ledger._rows("PRAGMA journal_mode") == [("wal",)]
        assert ledger._rows("PRAGMA synchronous") == [(2,)]


def test_ledger_of_an_older_schema_is_upgraded_by_a_writer(nowhere: Path) -> None:
    newer = (*STEPS, "CREATE TABLE notes (text TEXT)")
    make(nowhere)
    with pytest.raises(StoreError, match="older analyzer"):
        Ledger.open(nowhere, write=False, steps=newer)
    with Ledger.open(nowhere, write=True, steps=newer) as ledger:
        assert ledger._rows("SELECT * FROM notes") == []
    with pytest.raises(StoreError, match="newer analyzer"):
        Ledger.open(nowhere, write=True)


def test_ledger_upgrade_that_fails_leaves_the_older_schema(nowhere: Path) -> None:
    make(nowhere)
    broken = (*STEPS, "CREATE TABLE notes (text TEXT); CREATE TABLE notes (text TEXT)")
    with pytest.raises(StoreError):
        Ledger.open(nowhere, write=True, steps=broken)
    with Ledger.open(nowhere, write=False) as ledger:
        assert ledger.vector() == {}


def test_ledger_that_is_damaged_says_so(nowhere: Path) -> None:
    make(nowhere)
    (nowhere / "ledger.sqlite").write_bytes(b"not a database at all" * 200)
    with pytest.raises(StoreDamaged, match="damaged"):
        Ledger.open(nowhere, write=False)


def test_versions_keeps_the_newest_twenty(nowhere: Path) -> None:
    from analyzer.store.entries import Published

    with Ledger.open(make(nowhere), write=True) as ledger:
        for version in range(30):
            with ledger.transaction():
                ledger.put_version(Published("turns", version, frozenset({MONDAY})), "r", {MONDAY: version})
        kept = ledger.versions("turns")
        assert [p.version for p in kept] == list(range(10, 30))
        assert ledger.vector() == {"turns": 29}
        assert ledger.day_rows("turns") == {date(2026, 11, 16): 29}


def test_reader_cannot_write_the_ledger(nowhere: Path) -> None:
    with Ledger.open(make(nowhere), write=False) as ledger, pytest.raises(StoreError), ledger.transaction():
        ledger.put_run({"run_id": "r-1"}, "x")
    assert sqlite3.sqlite_version_info >= (3, 35)
