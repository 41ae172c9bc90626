"""Runs after the first: nothing new, a day more, late and replaced contacts, other names, orders and engines."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer import deciding
from analyzer.store.verify import repair, verify
from analyzer.tables import FACT_TABLES

from .conftest import ROOT, SAMPLE, Ended, Sample, call, sample_arguments
from .dumps import LATE, account, contact, differences, dump, rows, said_by, versions

Run = Callable[..., Ended]
SAID_ELSE = ("Where is my refund? I asked twice.", "I have sent it just now.", "Great, it has arrived.")
BATCHED_OTHERWISE = 1e-3
MASKED = ("Call me on +44 20 7946 0958, I am angry.", "I am sorry. I will call you on Friday.", "Thank you.")


# Nothing new


def test_unchanged_run_leaves_every_byte(sample: Sample) -> None:
    before, files = versions(sample.store), bytes_of(sample.store / "tables")
    again = call(*sample_arguments(sample.store))
    assert again.code == 0 and "Nothing has changed" in again.out
    assert "139 read = 0 accepted" in again.out and "3 rejected + 136 duplicate" in again.out
    assert versions(sample.store) == before and bytes_of(sample.store / "tables") == files


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_unchanged_run_imports_nothing_heavy(sample: Sample) -> None:
    program = (
        "import sys\n"
        "from analyzer.cli import main\n"
        "try:\n    main()\n"
        "finally:\n"
        "    heavy = {'torch', 'pandas', 'numpy', 'pyarrow', 'transformers', 'spacy', 'deltalake', 'duckdb'}\n"
        "    print('heavy:', sorted(heavy & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", program, *sample_arguments(sample.store)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert "Nothing has changed" in ended.stdout and "heavy: []" in ended.stdout


@pytest.mark.parametrize("setting", ["understand.abstain_below=0.45", "score.base=55.0"])
def test_other_settings_are_no_unchanged_run(run: Run, tmp_path: Path, setting: str) -> None:
    path = dump(tmp_path / "calls.jsonl", contact("a1"))
    run(path)
    again = run(path, more=["--set", setting])
    assert "Nothing has changed" not in again.out and "1 duplicate" in again.out
    if setting.startswith("score"):
        assert [row["points"] for row in rows(tmp_path / "store", "contributions") if row["component"] == "base"] == [
            55.0
        ]


def test_other_models_are_no_unchanged_run_and_are_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = dump(tmp_path / "calls.jsonl", contact("a1"))
    run(path)
    for module in ("analyzer.pipeline", "analyzer.fingerprint"):
        monkeypatch.setattr(f"{module}.model_version", lambda folder: "other-1")
    again = run(path)
    assert "Nothing has changed" not in again.out
    assert "Taken in with other models" in again.out and again.code == 0


def test_too_many_rejects_end_in_1_again_when_nothing_has_changed(run: Run, tmp_path: Path) -> None:
    path = dump(tmp_path / "calls.jsonl", contact("a1"), "{broken")
    first, again = run(path), run(path)
    assert (first.code, again.code) == (1, 1)
    assert "Nothing has changed" in again.out
    assert rows(tmp_path / "store", "interaction_facts", "interaction_id") == ["a1"]


def test_damaged_store_is_no_unchanged_run(run: Run, tmp_path: Path) -> None:
    path = dump(tmp_path / "calls.jsonl", contact("a1"))
    run(path)
    commits = sorted((tmp_path / "store" / "tables" / "turns" / "_delta_log").glob("*.json"))
    commits[-1].write_bytes(b"")
    again = run(path)
    assert again.code == 3 and "analyzer repair" in again.err


@pytest.mark.parametrize("said", [LATE, MASKED], ids=["plain", "masked"])
def test_rows_lost_in_a_repair_come_back(run: Run, tmp_path: Path, said: tuple[str, ...]) -> None:
    path, store = dump(tmp_path / "calls.jsonl", contact("a1", said=said), contact("b1", said=said)), tmp_path / "store"
    run(path)
    whole = said_by(store)
    next((store / "tables" / "cues").rglob("*.parquet")).unlink()
    assert repair(store) and verify(store)
    again = run(path)
    assert again.code == 0 and "Nothing has changed" not in again.out
    assert verify(store) == []
    assert "cues" not in differences(whole, said_by(store), 1e-6)
    assert set(rows(store, "cues", "interaction_id")) == {"a1", "b1"}


# More, later, changed


@pytest.fixture(scope="module")
def mixed(one_model: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dump of three days of the sample."""
    folder = tmp_path_factory.mktemp("mixed") / "days"
    folder.mkdir()
    for day in ("02", "03", "04"):
        content = (SAMPLE / "contacts" / f"2026-11-{day}.jsonl").read_text(encoding="utf-8")
        (folder / f"{day}.jsonl").write_text(content, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def at_once(mixed: Path) -> Path:
    """The store of the three days read in one run."""
    ended = call("run", *sorted(mixed.iterdir()), "--store", mixed.parent / "at_once")
    assert ended.code == 0, ended.said
    return mixed.parent / "at_once"


def test_day_by_day_says_the_same_as_all_at_once(run: Run, mixed: Path, at_once: Path, tmp_path: Path) -> None:
    days = sorted(mixed.iterdir())
    for night in range(3):
        ended = run(*days[: night + 1], store="nightly")
        assert ended.code == 0, ended.said
    whole, nightly = said_by(at_once), said_by(tmp_path / "nightly")
    for tables in (whole, nightly):
        for name in ("runs", "score_weights"):
            del tables[name]
    assert differences(whole, nightly, BATCHED_OTHERWISE) == []
    assert [row["accepted"] for row in sorted(rows(tmp_path / "nightly", "runs"), key=lambda row: row["run_id"])] == [
        len(day.read_text(encoding="utf-8").splitlines()) - (1 if night == 1 else 0) for night, day in enumerate(days)
    ]


def test_late_day_says_the_same_as_in_order(run: Run, mixed: Path, at_once: Path, tmp_path: Path) -> None:
    first, second, third = sorted(mixed.iterdir())
    run(first, third, store="late")
    run(second, store="late")
    in_order, late = said_by(at_once), said_by(tmp_path / "late")
    for tables in (in_order, late):
        for name in ("runs", "score_weights"):
            del tables[name]
    assert differences(in_order, late, BATCHED_OTHERWISE) == []


def test_shuffled_lines_say_the_same(run: Run, mixed: Path, tmp_path: Path) -> None:
    lines = [line for path in sorted(mixed.iterdir()) for line in path.read_text(encoding="utf-8").splitlines()]
    shuffled = random.Random(7).sample(lines, len(lines))
    more = ["--set", "ingest.batch_contacts=7"]
    run(dump(tmp_path / "calls" / "all.jsonl", *lines), store="one")
    run(dump(tmp_path / "calls" / "all.jsonl", *shuffled), store="two", more=more)
    one, two = said_by(tmp_path / "one", without=["config_hash"]), said_by(tmp_path / "two", without=["config_hash"])
    assert differences(one, two, BATCHED_OTHERWISE) == []


def test_replaced_contact_leaves_nothing_of_its_former_version(run: Run, tmp_path: Path) -> None:
    store = tmp_path / "store"
    long = (*SAID_ELSE, "You are welcome.", "One more thing: I want to cancel my contract.")
    run(dump(tmp_path / "monday.jsonl", contact("a1", said=long), contact("b1")))
    run(dump(tmp_path / "tuesday.jsonl", contact("a1", said=LATE)))
    assert account(store) | {"replaced": 1, "accepted": 1} == account(store)
    assert len([key for key in rows(store, "turns", "interaction_id") if key == "a1"]) == len(LATE)
    said = [row["text"] for row in rows(store, "turns") if row["interaction_id"] == "a1"]
    assert sorted(said) == sorted(LATE)
    assert max(row["turn"] for row in rows(store, "cues") if row["interaction_id"] == "a1") < len(LATE)
    assert verify(store) == []


def test_contact_that_moves_to_another_day_takes_everything_along(run: Run, tmp_path: Path) -> None:
    store = tmp_path / "store"
    run(dump(tmp_path / "monday.jsonl", contact("a1", said=MASKED), contact("b1")))
    ended = run(dump(tmp_path / "tuesday.jsonl", contact("a1", "2026-11-09", said=MASKED)))
    assert "1 accepted (1 replaced)" in ended.out
    for name in (*FACT_TABLES, "outcomes", "contributions", "fcr"):
        days = {(row["interaction_id"], str(row["day"])) for row in rows(store, name)}
        assert {day for key, day in days if key == "a1"} <= {"2026-11-09"}, name
        assert {day for key, day in days if key == "b1"} <= {"2026-11-02"}, name
    assert verify(store) == []


def test_changed_fact_replaces_although_the_words_are_the_same(run: Run, tmp_path: Path) -> None:
    run(dump(tmp_path / "monday.jsonl", contact("a1", said=MASKED)))
    ended = run(dump(tmp_path / "tuesday.jsonl", contact("a1", said=MASKED, disposition="refund sent")))
    assert "1 accepted (1 replaced)" in ended.out
    assert rows(tmp_path / "store", "interaction_facts", "disposition") == ["refund sent"]


@pytest.mark.parametrize("heard", [10_000, 1])
def test_redacted_twin_is_a_duplicate_in_the_run_and_in_the_store(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: int
) -> None:
    monkeypatch.setattr(deciding, "_HEARD", heard)
    plain, twin = ("My word is blue fox.", "Thank you."), ("My word is [SECRET_1].", "Thank you.")
    others = [contact(f"b{n}") for n in range(3)]
    path = dump(tmp_path / "monday.jsonl", contact("a1", said=plain), *others, contact("a1", said=twin))
    ended = run(path, more=["--set", "ingest.batch_contacts=1"])
    assert "5 read = 4 accepted (0 replaced) + 0 rejected + 1 duplicate" in ended.out
    ended = run(dump(tmp_path / "tuesday.jsonl", contact("a1", said=twin)))
    assert "1 read = 0 accepted" in ended.out
    assert plain[0] in rows(tmp_path / "store", "turns", "text")


@pytest.mark.parametrize("batch", [1, 2, 256])
def test_contact_three_times_in_a_run_is_there_once_and_counted_three_times(
    run: Run, tmp_path: Path, batch: int
) -> None:
    versions = [contact("a1", said=said) for said in (LATE, SAID_ELSE, LATE)]
    ended = run(dump(tmp_path / "calls.jsonl", *versions), more=["--set", f"ingest.batch_contacts={batch}"])
    assert "3 read = 3 accepted (2 replaced)" in ended.out
    assert sorted(rows(tmp_path / "store", "turns", "text")) == sorted(LATE)


def test_older_version_that_comes_late_is_a_duplicate(run: Run, tmp_path: Path) -> None:
    new = contact("a1", said=SAID_ELSE, updated_at="2026-11-03T10:00:00Z")
    old = contact("a1", said=LATE, updated_at="2026-11-02T10:00:00Z")
    run(dump(tmp_path / "monday.jsonl", new))
    ended = run(dump(tmp_path / "tuesday.jsonl", old))
    assert "0 accepted" in ended.out and "1 duplicate" in ended.out
    assert sorted(rows(tmp_path / "store", "turns", "text")) == sorted(SAID_ELSE)


def test_same_file_under_another_name_brings_nothing(run: Run, tmp_path: Path) -> None:
    run(dump(tmp_path / "monday.jsonl", contact("a1"), contact("b1")))
    before = said_by(tmp_path / "store")
    ended = run(dump(tmp_path / "copy.jsonl", contact("a1"), contact("b1")))
    assert "2 read = 0 accepted (0 replaced) + 0 rejected + 2 duplicate" in ended.out
    after = said_by(tmp_path / "store")
    del before["runs"], after["runs"]
    assert differences(before, after) == []


def test_reject_stays_until_its_file_is_mended(run: Run, tmp_path: Path) -> None:
    store = tmp_path / "store"
    other = dump(tmp_path / "other.jsonl", contact("c1"), "{broken")
    path = dump(tmp_path / "calls.jsonl", contact("a1"), "{broken")
    run(other, path)
    assert len(rows(store, "rejects")) == 2
    run(path)
    assert len(rows(store, "rejects")) == 2
    run(dump(tmp_path / "calls.jsonl", contact("a1")))
    assert [uri.rpartition("/")[2] for uri in rows(store, "rejects", "source_uri")] == ["other.jsonl"]


def test_loyalty_is_kept_until_it_is_replaced(run: Run, tmp_path: Path) -> None:
    store, path = tmp_path / "store", dump(tmp_path / "calls.jsonl", contact("a1"))
    loyalty = tmp_path / "loyalty.csv"
    loyalty.write_text("customer_id,as_of,known_at,nps\nk-a,2026-11-01,2026-11-01,9\nk-b,2026-11-01,2026-11-01,3\n")
    run(path, more=["--loyalty", loyalty])
    run(path)
    assert sorted(rows(store, "loyalty_records", "number")) == [3.0, 9.0]
    loyalty.write_text("customer_id,as_of,known_at,nps\nk-a,2026-11-01,2026-11-01,2\n")
    run(path, more=["--loyalty", loyalty])
    assert {(row["customer_key"], row["number"]) for row in rows(store, "loyalty_records")} == {
        ("k-a", 2.0),
        ("k-b", 3.0),
    }


def test_as_of_before_the_data_sees_only_what_had_begun(run: Run, tmp_path: Path) -> None:
    path = dump(tmp_path / "calls.jsonl", contact("a1"), contact("a2", "2026-11-20"))
    ended = run(path, more=["--as-of", "2026-11-04T00:00Z"])
    assert ended.code == 0 and "as of 2026-11-04 00:00 UTC" in ended.out
    outcomes = {row["interaction_id"]: row for row in rows(tmp_path / "store", "outcomes")}
    assert outcomes["a1"]["next_contact_id"] is None and outcomes["a2"]["episode_id"] is None
    run(path)
    outcomes = {row["interaction_id"]: row for row in rows(tmp_path / "store", "outcomes")}
    assert outcomes["a1"]["next_contact_id"] == "a2"


# Nothing to read


def test_empty_folder_makes_an_empty_store_that_exports(run: Run, tmp_path: Path) -> None:
    (tmp_path / "dump").mkdir()
    (tmp_path / "dump" / "README.md").write_text("Nothing here yet.\n")
    ended = run(tmp_path / "dump")
    assert ended.code == 0 and "0 read = 0 accepted" in ended.out and "1 files skipped" in ended.out
    assert call("export", "--store", tmp_path / "store", "--to", tmp_path / "out").code == 0
    assert call("report", "--store", tmp_path / "store", "--to", tmp_path / "report.html").code == 0
    assert verify(tmp_path / "store") == []


def test_run_of_rejects_alone_is_kept(run: Run, tmp_path: Path) -> None:
    ended = run(dump(tmp_path / "calls.jsonl", "{broken", '{"turns": 1}'))
    assert ended.code == 1 and account(tmp_path / "store")["rejected"] == 2
    assert len(rows(tmp_path / "store", "rejects")) == 2 and not rows(tmp_path / "store", "interaction_facts")


def test_store_within_the_dump_is_no_input(one_model: None, tmp_path: Path) -> None:
    dump(tmp_path / "calls.jsonl", contact("a1"))
    command = ["run", tmp_path, "--store", tmp_path / "store"]
    assert "1 read = 1 accepted" in call(*command).out
    again = call(*command)
    assert "Nothing has changed" in again.out and again.code == 0


def test_side_files_beside_the_contacts_are_skipped(tmp_path: Path, one_model: None) -> None:
    ended = call("run", SAMPLE, "--store", tmp_path / "store", "--dry-run", "--json")
    found = json.loads(ended.out)
    assert (found["read"], found["rejected"], found["skipped"]) == (139, 3, 4)


def test_empty_ledger_of_a_killed_first_run_is_no_obstacle(run: Run, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "ledger.sqlite").touch()
    assert run(dump(tmp_path / "calls.jsonl", contact("a1"))).code == 0


def test_gzip_is_read_like_the_file_in_it(run: Run, tmp_path: Path) -> None:
    path = dump(tmp_path / "calls.jsonl", contact("a1"))
    (tmp_path / "calls.jsonl.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert "1 duplicate" in run(path, tmp_path / "calls.jsonl.gz").out
