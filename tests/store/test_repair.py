from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from deltalake import DeltaTable

from analyzer.errors import StoreDamaged, UsageError
from analyzer.store import commits, delta, open_store
from analyzer.store.verify import repair, verify

from .contacts import BY_CONTACT, MONDAY, TUESDAY, WEDNESDAY, contacts, content, publish, publish_at

HOME = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def original(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two publications: Monday and Tuesday, then a replacement on Tuesday and a new Wednesday."""
    path = Path(shutil.copytree(empty, tmp_path_factory.mktemp("original") / "store"))
    publish_at(path, contacts(MONDAY, 1, 2) + contacts(TUESDAY, 3, 4), "r-1")
    publish_at(path, contacts(TUESDAY, 3, words="Danke!") + contacts(WEDNESDAY, 5), "r-2")
    assert verify(path) == []
    return path


@pytest.fixture
def filled(original: Path, nowhere: Path) -> Path:
    """A copy of the original, to be damaged."""
    return Path(shutil.copytree(original, nowhere))


@pytest.fixture(scope="module")
def ahead(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The original with tables ahead of the ledger, as a run leaves it that is killed before the ledger tells."""
    path = Path(shutil.copytree(original, tmp_path_factory.mktemp("ahead") / "store"))
    code = (
        "import os, sys; from pathlib import Path\n"
        "from analyzer.store import ledger; from tests.store.contacts import *\n"
        "ledger.Ledger.put_version = lambda *a: os._exit(9)\n"
        "publish_at(Path(sys.argv[1]), contacts(MONDAY, 6, 7), 'r-abandoned')"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], cwd=HOME, check=False).returncode == 9
    return path


@pytest.fixture
def abandoned(ahead: Path, nowhere: Path) -> Path:
    """A copy of the store with an abandoned run."""
    return Path(shutil.copytree(ahead, nowhere))


def kinds(path: Path) -> set[tuple[str, str | None]]:
    return {(problem.kind, problem.table) for problem in verify(path)}


def newest_commit(path: Path, name: str) -> Path:
    table = path / "tables" / name
    version = commits.newest(table)
    assert version is not None
    return commits.commit_file(table, version)


def data_file(path: Path, name: str, day: str) -> Path:
    live = [Path(uri.removeprefix("file://")) for uri in DeltaTable(path / "tables" / name).file_uris()]
    return next(file for file in live if day in str(file))


def run_again(path: Path) -> None:
    publish_at(path, contacts(MONDAY, 1, 2) + contacts(TUESDAY, 4), "r-3")
    publish_at(path, contacts(TUESDAY, 3, words="Danke!") + contacts(WEDNESDAY, 5), "r-4")


def by_contact(path: Path) -> dict[str, list[dict[str, object]]]:
    return {name: table.drop_columns([c for c in ("run_id",) if c in table.column_names]).to_pylist()
            for name, table in content(path).items() if name in BY_CONTACT}  # fmt: skip


def test_verify_sees_a_run_that_was_never_published(abandoned: Path) -> None:
    before = content(abandoned)
    assert kinds(abandoned) == {("ahead", name) for name in (*BY_CONTACT, "episodes")}
    assert content(abandoned) == before
    assert {repaired.days for repaired in repair(abandoned)} == {()}
    assert verify(abandoned) == []
    assert content(abandoned) == before


def test_opening_undoes_a_run_that_was_never_published(abandoned: Path) -> None:
    before = content(abandoned)
    with open_store(abandoned, write=True) as store:
        assert store.vector["turns"] == 4
    assert verify(abandoned) == []
    assert content(abandoned) == before
    assert DeltaTable(abandoned / "tables" / "turns").to_pyarrow_table().num_rows == before["turns"].num_rows


@pytest.mark.parametrize("left", [0, 40, -20])
def test_torn_commit_that_was_never_published_costs_nothing(abandoned: Path, left: int) -> None:
    before = content(abandoned)
    commit = newest_commit(abandoned, "turns")
    whole = commit.read_bytes()
    commit.write_bytes(whole[:left])
    assert ("torn_commit", "turns") in kinds(abandoned)
    with pytest.raises(StoreDamaged, match="analyzer repair"), open_store(abandoned, write=True):
        pass
    assert content(abandoned) == before
    assert {repaired.days for repaired in repair(abandoned)} == {()}
    assert verify(abandoned) == []
    assert content(abandoned) == before
    assert [file.read_bytes() for file in (abandoned / "aside").rglob(commit.name)] == [whole[:left]]


@pytest.mark.parametrize("left", [0, 40, -20])
def test_torn_commit_that_was_published_is_mended_and_its_days_named(filled: Path, left: int) -> None:
    before = by_contact(filled)
    commit = newest_commit(filled, "turns")
    commit.write_bytes(commit.read_bytes()[:left])
    assert kinds(filled) == {("torn_commit", "turns")}
    with open_store(filled, write=False) as store, pytest.raises(StoreDamaged):
        store.read("turns")
    assert {repaired.days for repaired in repair(filled) if repaired.days} == {(TUESDAY, WEDNESDAY)}
    assert {(problem.kind, problem.day) for problem in verify(filled)} == {
        ("lost_rows", TUESDAY), ("lost_rows", WEDNESDAY),
    }  # fmt: skip
    with open_store(filled, write=False) as store:
        assert store.ledger.fingerprint() is None
        assert store.ledger.files(["sha of r-1", "sha of r-2"]) == {}
        known = store.ledger.identities(["c-1", "c-3", "c-5"])
        assert [known[i].content_hash != "" for i in ("c-1", "c-3", "c-5")] == [True, False, False]
    run_again(filled)
    assert verify(filled) == []
    assert by_contact(filled) == before


def test_torn_facts_are_unknown_contacts_until_they_are_read_again(filled: Path) -> None:
    before = by_contact(filled)
    newest_commit(filled, "interaction_facts").write_bytes(b"")
    repair(filled)
    with open_store(filled, write=False) as store:
        assert store.ledger.identities(["c-3", "c-4", "c-5"]).keys() == {"c-3", "c-4"}
        assert store.read("interaction_facts")["interaction_id"].to_pylist() == ["c-1", "c-2", "c-3", "c-4"]
    assert {problem.kind for problem in verify(filled)} == {"lost_rows"}
    run_again(filled)
    assert verify(filled) == []
    assert by_contact(filled) == before


def test_torn_commit_above_an_undone_run_falls_back_below_both(abandoned: Path) -> None:
    before = content(abandoned)
    with open_store(abandoned, write=True):
        pass  # the newest commit undoes the rows of the abandoned run
    newest_commit(abandoned, "turns").write_bytes(b"")
    assert {repaired.days for repaired in repair(abandoned)} == {()}
    assert verify(abandoned) == []
    assert content(abandoned) == before


@pytest.mark.parametrize("damage", ["missing", "cut", "scrambled"])
def test_damaged_data_file_costs_its_day_only(filled: Path, damage: str) -> None:
    before = by_contact(filled)
    file = data_file(filled, "turns", "2026-11-17")
    whole = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(whole[: len(whole) // 2] + (b"\0" * (len(whole) - len(whole) // 2)) * (damage == "scrambled"))
    assert [(p.kind, p.table, p.day) for p in verify(filled)] == [("file", "turns", TUESDAY)]
    assert {repaired.days for repaired in repair(filled) if repaired.days} == {(TUESDAY,)}
    assert content(filled)["turns"]["interaction_id"].unique().to_pylist() == ["c-1", "c-2", "c-5"]
    assert [(p.kind, p.day) for p in verify(filled)] == [("lost_rows", TUESDAY)]
    run_again(filled)
    assert verify(filled) == []
    assert by_contact(filled) == before


def test_lost_table_begins_empty_and_comes_back(filled: Path) -> None:
    before = by_contact(filled)
    (filled / "tables" / "turns").rename(filled / "gone")
    assert kinds(filled) == {("missing_table", "turns")}
    assert {repaired.days for repaired in repair(filled) if repaired.days} == {(MONDAY, TUESDAY, WEDNESDAY)}
    run_again(filled)
    assert verify(filled) == []
    assert by_contact(filled) == before


def test_lost_table_without_days_is_named_until_it_is_written(filled: Path) -> None:
    newest_commit(filled, "episodes").write_bytes(b"")
    repair(filled)
    assert kinds(filled) == {("lost_rows", "episodes")}
    run_again(filled)
    assert verify(filled) == []


def test_damaged_checkpoint_costs_nothing(long_lived: Path, nowhere: Path) -> None:
    shutil.copytree(long_lived, nowhere)
    before = content(nowhere)
    checkpoint = next((nowhere / "tables" / "turns" / "_delta_log").glob("*.checkpoint.parquet"))
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    assert ("checkpoint", "turns") in kinds(nowhere)
    assert {repaired.days for repaired in repair(nowhere)} == {()}
    assert verify(nowhere) == []
    assert content(nowhere) == before


def test_row_counts_are_compared_with_what_was_published(filled: Path) -> None:
    commit = newest_commit(filled, "turns")
    kept = [line for line in commit.read_text().splitlines() if "2026-11-18" not in line or "commitInfo" in line]
    commit.write_text("\n".join(kept) + "\n")
    assert all(json.loads(line) for line in kept)
    assert [(p.kind, p.table, p.day) for p in verify(filled)] == [("row_count", "turns", WEDNESDAY)]
    assert {repaired.days for repaired in repair(filled) if repaired.days} == {(WEDNESDAY,)}
    run_again(filled)
    assert verify(filled) == []


def test_contacts_are_compared_with_facts(filled: Path) -> None:
    with open_store(filled, write=True) as store, store.ledger.transaction():
        store.ledger.forget(["c-1"])
    assert [(p.kind, p.day) for p in verify(filled)] == [("contact_count", MONDAY)]
    repair(filled)
    assert {problem.kind for problem in verify(filled)} == {"lost_rows"}
    run_again(filled)
    assert verify(filled) == []


def test_repair_of_a_sound_store_does_nothing(filled: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in (filled / "tables").rglob("*")}
    assert repair(filled) == []
    assert {file: file.stat().st_mtime_ns for file in (filled / "tables").rglob("*")} == before


@pytest.mark.parametrize("killed_at", [1, 2, 4, 7, 11])
def test_repair_that_is_killed_can_be_run_again(
    abandoned: Path, killed_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = by_contact(abandoned)
    data_file(abandoned, "outcomes", "2026-11-16").unlink()
    for name in ("interaction_facts", "turns"):
        for version in (2, 3):
            commits.commit_file(abandoned / "tables" / name, version).write_bytes(b"")
    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as killed:
        _kill_at(killed, killed_at)
        repair(abandoned)
        raise KeyboardInterrupt  # repaired in fewer steps
    repair(abandoned)
    assert {problem.kind for problem in verify(abandoned)} == {"lost_rows"}
    run_again(abandoned)
    assert verify(abandoned) == []
    assert by_contact(abandoned) == before


def _kill_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """The ``step``-th change of tables or ledger is done, and then the process ends."""
    from analyzer.store.ledger import Ledger

    left = [step]

    def counted(real):  # type: ignore[no-untyped-def]
        def call(*values, **named):  # type: ignore[no-untyped-def]
            answer = real(*values, **named)
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
            return answer

        return call

    monkeypatch.setattr(delta, "restore", counted(delta.restore))
    monkeypatch.setattr(delta, "forget_missing_files", counted(delta.forget_missing_files))
    monkeypatch.setattr(Path, "rename", counted(Path.rename))
    monkeypatch.setattr(Ledger, "put_lost", counted(Ledger.put_lost))


def test_lost_ledger_is_never_taken_for_a_new_store(filled: Path) -> None:
    before = (filled / "tables" / "turns").stat().st_mtime_ns
    for suffix in ("", "-wal", "-shm"):
        (filled / f"ledger.sqlite{suffix}").unlink(missing_ok=True)
    for write in (True, False):
        with pytest.raises(StoreDamaged, match="ledger"), open_store(filled, write=write):
            pass
    with pytest.raises(StoreDamaged):
        verify(filled)
    assert (filled / "tables" / "turns").stat().st_mtime_ns == before


def test_damaged_ledger_is_a_problem(filled: Path) -> None:
    with (filled / "ledger.sqlite").open("r+b") as ledger:
        ledger.write(os.urandom(4096))
    (filled / "ledger.sqlite-wal").unlink(missing_ok=True)
    assert kinds(filled) == {("ledger", None)}


def test_verify_wants_a_store(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No store"):
        verify(tmp_path)


def test_publish_goes_on_after_repair(filled: Path) -> None:
    newest_commit(filled, "turns").write_bytes(b"")
    repair(filled)
    with open_store(filled, write=True) as store:
        publish(store, contacts(WEDNESDAY, 8), "r-8")  # another file than the lost one
    assert {(p.kind, p.day) for p in verify(filled)} == {("lost_rows", TUESDAY), ("lost_rows", WEDNESDAY)}
