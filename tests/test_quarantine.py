"""Records out of quarantine: listed, shown, read again; and what is left of them afterwards."""

from __future__ import annotations

import csv
import json
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analyzer.ingest.quarantine import entries, newest, raw_bytes
from analyzer.store.verify import verify

from .conftest import ROOT, Ended, call
from .dumps import account, contact, dump, rows

Run = Callable[..., Ended]
SECRET = "nacktmull"


def butler(key: str) -> dict[str, Any]:
    """A record whose roles are refused."""
    return contact(key, turns=[{"speaker": "butler", "text": SECRET}, {"speaker": "agent", "text": "Hello."}])


@pytest.fixture(scope="module")
def after_a_run(one_model: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dump and its store with three records in quarantine: two of one file, one of an unreadable text."""
    folder = tmp_path_factory.mktemp("quarantine")
    path = dump(folder / "calls.jsonl", contact("a1"), butler("b1"), "{broken " + SECRET, contact("c1"))
    other = dump(folder / "notes.txt", f"Only {SECRET} words.")
    assert call("run", path, other, "--store", folder / "store").code == 1
    return folder


@pytest.fixture
def store(after_a_run: Path, tmp_path: Path) -> Path:
    shutil.copytree(after_a_run, tmp_path, dirs_exist_ok=True)
    return tmp_path / "store"


def quarantine(*arguments: str | Path, store: Path) -> Ended:
    return call("quarantine", *arguments, "--store", store)


def test_list_names_each_record_once_with_what_to_do(run: Run, store: Path, tmp_path: Path) -> None:
    run(tmp_path / "calls.jsonl")  # the same records come into quarantine again
    listed = quarantine("list", store=store)
    assert listed.code == 0 and SECRET not in listed.said
    lines = [line.split() for line in listed.out.splitlines()]
    told = [line[0] for line in lines if line and (line[0] in ("bad_json", "unknown_format", "unknown_role")
                                                   or ":" in line[0])]  # fmt: skip
    assert told == ["bad_json", "calls.jsonl:2", "unknown_format", "notes.txt:0", "unknown_role", "calls.jsonl:1"]
    assert "Name roles as one of these." in " ".join(listed.out.split())
    assert "3 records in quarantine; 2 can be read again as they lie." in listed.out


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_list_fits_the_terminal(store: Path, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    listed = quarantine("list", store=store).out
    shown = quarantine("show", "calls.jsonl:1", store=store).out
    assert max(map(len, listed.splitlines())) <= columns
    assert max(len(line) for line in shown.splitlines() if "sha256" not in line) <= max(columns, 63)


def test_list_cuts_a_long_block_and_names_the_way_to_all_of_it(run: Run, tmp_path: Path) -> None:
    run(dump(tmp_path / "calls.jsonl", *("{broken" for _ in range(30)), butler("b1")))
    listed = quarantine("list", store=tmp_path / "store").out
    assert "… and 10 more: --code bad_json" in listed and listed.count("calls.jsonl:") == 21
    assert quarantine("list", "--code", "bad_json", store=tmp_path / "store").out.count("calls.jsonl:") == 30


def test_list_for_machines_tells_all_facts_and_no_word(store: Path) -> None:
    listed = quarantine("list", "--json", store=store)
    told = {record["record"]: record for record in json.loads(listed.out)}
    newest_run = max(entry.run_id for entry in entries(store))
    assert set(told) == {"calls.jsonl:1", "calls.jsonl:2", "notes.txt:0"} and SECRET not in listed.said
    assert told["calls.jsonl:2"] | {"code": "bad_json", "bytes": 17, "position": 2} == told["calls.jsonl:2"]
    assert told["calls.jsonl:2"]["run_id"] == newest_run and not told["notes.txt:0"]["readable_alone"]
    rows_ = list(csv.DictReader(quarantine("list", "--csv", "--code", "bad_json", store=store).out.splitlines()))
    assert [(row["record"], row["bytes"]) for row in rows_] == [("calls.jsonl:2", "17")]
    assert "exclude each other" in quarantine("list", "--json", "--csv", store=store).err


def test_code_of_which_there_is_none_names_those_there_are(store: Path) -> None:
    for command in ("list", "retry"):
        ended = quarantine(command, "--code", "bad_csv", store=store)
        assert ended.code == 2 and "There is bad_json, unknown_format, unknown_role." in ended.err


def test_all_records_of_one_code_are_read_again(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from analyzer.ingest import turns

    run(dump(tmp_path / "calls.jsonl", butler("b1"), "{broken", butler("b2")))
    store = tmp_path / "store"
    monkeypatch.setitem(turns.ROLES, "butler", "agent")  # type: ignore[arg-type]
    ended = quarantine("retry", "--code", "unknown_role", store=store)
    assert ended.code == 0 and "2 records left quarantine, 0 stay." in ended.out, ended.said
    assert [entry.record for entry in newest(store)] == ["calls.jsonl:1"]
    assert sorted(rows(store, "interaction_facts", "interaction_id")) == ["b1", "b2"]


def test_list_of_nothing_says_so(run: Run, tmp_path: Path) -> None:
    run(dump(tmp_path / "calls.jsonl", contact("a1")))
    assert quarantine("list", store=tmp_path / "store").out == "Nothing is in quarantine.\n"


@pytest.mark.parametrize("command", ["list", "show", "retry"])
def test_unknown_store_or_record_ends_in_2(store: Path, tmp_path: Path, command: str) -> None:
    record = [] if command == "list" else ["calls.jsonl:7"]
    assert "No store at" in quarantine(command, *record, store=tmp_path / "none").err
    if record:
        ended = quarantine(command, *record, store=store)
        assert ended.code == 2 and "`analyzer quarantine list`" in ended.err


def test_show_tells_bytes_only_when_asked_and_warns(store: Path) -> None:
    shown = quarantine("show", "calls.jsonl:2", store=store)
    assert shown.code == 0 and "bad_json" in shown.out and SECRET not in shown.said
    command = [sys.executable, "-m", "analyzer", "quarantine", "show", "calls.jsonl:2", "--raw", "--store", str(store)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60)
    assert ended.stdout == f"{{broken {SECRET}".encode() and b"nothing in them is masked" in ended.stderr


def test_what_is_rejected_again_stays_as_it_lay(store: Path) -> None:
    before, rejects = [entry.record for entry in entries(store)], rows(store, "rejects")
    ended = quarantine("retry", store=store)
    assert ended.code == 1 and "0 records left quarantine, 3 stay." in ended.out and SECRET not in ended.said
    assert "not read, as it means nothing without its file: notes.txt:0" in ended.out
    assert [entry.record for entry in entries(store)] == before and rows(store, "rejects") == rejects
    assert account(store) == dict.fromkeys(account(store), 0) | {"read": 2, "rejected": 2}


def test_corrected_record_is_accepted_under_its_uri_and_leaves(store: Path, tmp_path: Path) -> None:
    mended = dump(tmp_path / "elsewhere" / "mended.json", contact("b1"))
    ended = quarantine("retry", "calls.jsonl:1", "--from", mended, store=store)
    assert ended.code == 0 and "1 record left quarantine, 0 stay." in ended.out, ended.said
    (fact,) = [row for row in rows(store, "interaction_facts") if row["interaction_id"] == "b1"]
    assert (fact["source_uri"], fact["source_format"]) == ("calls.jsonl", "native_jsonl")
    assert [row["position"] for row in rows(store, "rejects") if row["source_uri"] == "calls.jsonl"] == [2]
    assert [entry.record for entry in newest(store)] == ["calls.jsonl:2", "notes.txt:0"]
    assert account(store)["accepted"] == 1 and verify(store) == []
    assert "1 read = 0 accepted" in quarantine("retry", "calls.jsonl:2", store=store).out
    assert sorted(rows(store, "interaction_facts", "interaction_id")) == ["a1", "b1", "c1"]


def test_retry_turns_no_clock_back(run: Run, tmp_path: Path) -> None:
    run(dump(tmp_path / "calls.jsonl", contact("a1"), butler("b1")), more=["--as-of", "2026-11-20T22:00Z"])
    mended = dump(tmp_path / "mended.json", contact("b1"))
    quarantine("retry", "calls.jsonl:1", "--from", mended, store=tmp_path / "store")
    assert len({row["as_of"] for row in rows(tmp_path / "store", "runs")}) == 1


def test_records_of_a_mended_file_leave_when_the_program_can_read_them(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analyzer.ingest.formats import native_jsonl

    path, store = dump(tmp_path / "calls.jsonl", contact("a1"), contact("b1")), tmp_path / "store"
    with monkeypatch.context() as older:  # a version that knew less
        older.setattr(native_jsonl, "_contact", lambda line, at, context: context.reject(at, "bad_json", raw=line))
        run(path)
    assert len(rows(store, "rejects")) == 2
    ended = quarantine("retry", store=store)
    assert ended.code == 0 and "2 records left quarantine" in ended.out
    assert rows(store, "rejects") == [] and not list((store / "quarantine").iterdir())
    assert sorted(rows(store, "interaction_facts", "interaction_id")) == ["a1", "b1"]
    assert not list((store / "staging").iterdir())


def test_removed_record_is_nowhere_and_the_rest_keeps_its_rights_and_time(store: Path, tmp_path: Path) -> None:
    (folder,) = (store / "quarantine").iterdir()
    then = time.time() - 5 * 86_400
    for path in (*folder.iterdir(), folder):
        os.utime(path, (then, then))
    kept = {entry.record: raw_bytes(store, entry) for entry in entries(store)}
    quarantine("retry", "calls.jsonl:1", "--from", dump(tmp_path / "m.json", contact("b1")), store=store)
    assert b"butler" not in b"".join(path.read_bytes() for path in folder.iterdir())
    del kept["calls.jsonl:1"]
    assert {entry.record: raw_bytes(store, entry) for entry in entries(store)} == kept
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert max(path.stat().st_mtime for path in (folder, *folder.iterdir())) == pytest.approx(then, abs=1)


def test_bytes_are_gone_after_the_days_they_are_kept(run: Run, store: Path, tmp_path: Path) -> None:
    (folder,) = (store / "quarantine").iterdir()
    then = time.time() - 31 * 86_400
    for path in (*folder.iterdir(), folder):
        os.utime(path, (then, then))
    run(dump(tmp_path / "more.jsonl", contact("d1")))
    assert not folder.exists() and len(rows(store, "rejects")) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--from", "{mended}"], "--from replaces one record."),
     (["calls.jsonl:1", "--from", "none.json"], "Check --from."),
     (["calls.jsonl:1", "--agents", "none.csv"], "Check --agents.")],
)  # fmt: skip
def test_wrong_use_of_retry_ends_in_2_and_changes_nothing(
    store: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    mended, before = dump(tmp_path / "m.json", contact("b1")), rows(store, "runs")
    ended = quarantine("retry", *(argument.format(mended=mended) for argument in arguments), store=store)
    assert ended.code == 2 and said in ended.err and rows(store, "runs") == before


def test_part_of_a_conversation_is_not_read_without_the_others(run: Run, tmp_path: Path) -> None:
    leg = json.dumps({"conversationId": "g-1", "communicationId": "m-1", "transcripts": [{"phrases": 7}]})
    run(dump(tmp_path / "leg.json", leg), dump(tmp_path / "calls.jsonl", contact("a1")))
    (entry,) = entries(tmp_path / "store")
    assert entry.source_format == "genesys_cloud"
    mended = dump(tmp_path / "mended.json", leg)
    assert quarantine("retry", entry.record, store=tmp_path / "store").code == 1
    ended = quarantine("retry", entry.record, "--from", mended, store=tmp_path / "store")
    assert ended.code == 2 and "further parts" in ended.err
