"""Hostile files come out as the table in hostile.py states.

Whatever the file: the account adds up, nothing is raised, and no word of it stands in a message or a log.
"""

from __future__ import annotations

import dataclasses
import logging
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from analyzer.config import IngestSettings, load_settings
from analyzer.ingest import read as reading
from analyzer.ingest.contract import Contract
from analyzer.ingest.files import find_files
from analyzer.ingest.formats import FORMATS
from analyzer.ingest.read import read_file
from analyzer.intake import Sources, account_only
from analyzer.progress import Silent
from analyzer.records import Interaction
from analyzer.taken_in import Account
from tests.ingest.conftest import NOW
from tests.ingest.hostile import CSV, MIB, TABLE, TEXT, WORD, Hostile, at, line, lines, zipped


def outcome(account: Account) -> str:
    """The account as the table writes it."""
    accepted = f"accepted ({account.replaced} replaced)" if account.replaced else "accepted"
    counted = {accepted: account.accepted, "duplicate": account.duplicate, **account.reject_codes,
               "skipped": len(account.skipped)}  # fmt: skip
    return ", ".join(f"{count:,} {name}" for name, count in counted.items() if count)


Accounted = Callable[[Path], Account]


@pytest.fixture
def accounted(caplog: pytest.LogCaptureFixture) -> Accounted:
    """Reads a file to its account, and checks what holds for every file."""
    settings = load_settings()

    def accounted_(path: Path) -> Account:
        with caplog.at_level(logging.DEBUG):
            account = account_only(Sources(find_files([path]), None, None, NOW, "r-1"), None, settings, Silent())
        assert account.read == account.accepted + account.rejected + account.duplicate
        told = [reject.message for reject in account.rejects] + [skipped.reason for skipped in account.skipped]
        assert WORD not in " ".join((*told, *account.stats.unknown_keys, caplog.text)).lower()
        assert all(reject.source_uri.startswith(path.name) for reject in account.rejects)
        return account

    return accounted_


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_hostile_file_has_the_stated_outcome(
    row: Hostile, accounted: Accounted, defaults: IngestSettings, tmp_path: Path
) -> None:
    path = tmp_path / row.file
    path.write_bytes(row.encoded)
    assert outcome(accounted(path)) == row.outcome
    if row.says is not None:
        (file,) = find_files([path])
        first = next(item for item in read_file(file, defaults, now=NOW) if isinstance(item, Interaction))
        assert next(turn.text for turn in first.turns if turn.speaker == "customer") == row.says


@pytest.mark.parametrize("file", ["calls.jsonl", "calls.txt", "calls.csv"])
def test_line_of_100_mb_is_refused_in_bounded_memory(accounted: Accounted, tmp_path: Path, file: str) -> None:
    path = tmp_path / file
    before, after = {"calls.jsonl": (line(), line(interaction_id="c-2")), "calls.txt": (TEXT, ""),
                     "calls.csv": (CSV, "c-2,agent,Hello.\n")}[file]  # fmt: skip
    with path.open("wb") as stream:
        stream.write(before.encode() + f'{{"interaction_id": "{WORD} '.encode())
        for _ in range(100):
            stream.write(b"a" * MIB)
        stream.write(b"\n" + after.encode())
    tracemalloc.start()
    account = accounted(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert account.reject_codes["line_too_long"] == 1 and peak < 100 * MIB
    assert account.accepted == {"calls.jsonl": 2, "calls.txt": 0, "calls.csv": 2}[file]


def zeros(kind: str) -> bytes:
    """600 MB of zeros behind good records, packed; made of one packed piece again and again."""
    head = lines(300)
    if kind == "zst":
        return zstandard.ZstdCompressor(level=1).compress(head + bytes(600_000_000))
    packer = zlib.compressobj(1, wbits=-15)
    first = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(bytes(10_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    body, size = first + piece * 60 + packer.flush(), len(head) + 600_000_000
    if kind == "gz":
        return b"\x1f\x8b\x08" + bytes(7) + body + struct.pack("<II", 0, size)
    name = b"calls.jsonl"
    fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, 0, len(body), size, len(name), 0)
    entry = b"PK\x01\x02" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    local = b"PK\x03\x04" + fields + name + body
    return local + entry + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), len(local), 0)


@pytest.mark.parametrize("kind", ["zip", "gz", "zst"])
def test_bomb_of_600_mb_of_zeros_is_refused_within_a_second(accounted: Accounted, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"calls.jsonl.{kind}"
    path.write_bytes(zeros(kind))
    began = time.process_time()
    assert outcome(accounted(path)) == ("" if kind == "zip" else "300 accepted, ") + "1 too_compressed"
    assert time.process_time() - began < 1


def test_zip_slip_writes_nothing_and_names_no_way_out(accounted: Accounted, tmp_path: Path) -> None:
    path = tmp_path / "dump" / "calls.zip"
    path.parent.mkdir()
    path.write_bytes(zipped({"../up.jsonl": b"{", "/abs.jsonl": b"{", "..\\..\\back.jsonl": b"{"}))
    account = accounted(path)
    assert [reject.source_uri for reject in account.rejects] == [
        "calls.zip!up.jsonl", "calls.zip!abs.jsonl", "calls.zip!back.jsonl",
    ]  # fmt: skip
    assert sorted(found.name for found in tmp_path.rglob("*")) == ["calls.zip", "dump"]


def test_hour_that_never_was_or_was_twice_is_read_as_utc(read: Callable[..., Any]) -> None:
    moments = [read(at(f"2026-{moment}"))[0].started_at.isoformat()[5:16] for moment in ("03-29T02:30", "10-25T02:30")]
    assert moments == ["03-29T01:30", "10-25T00:30"]


def test_fault_of_ours_costs_its_record_and_tells_no_word(accounted: Accounted, tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_bytes(lines(3))
    check = Contract.check

    def fail_at_second(contract: Contract, raw: Any, *others: Any) -> Any:
        if raw.position == 1:
            raise ValueError(WORD)
        return check(contract, raw, *others)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_FAULTS", (ValueError,))
        patch.setattr(Contract, "check", fail_at_second)
        account = accounted(path)
    assert outcome(account) == "2 accepted, 1 reader_failed"
    (reject,) = account.rejects
    assert reject.position == 1 and "ValueError at test_hostile.py:" in reject.message


def test_reader_that_fails_ends_its_file_and_no_other(accounted: Accounted, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(3))
    (tmp_path / "b.txt").write_text(TEXT)

    def fail(stream: Any, context: Any) -> Any:
        yield from ()
        raise IndexError(WORD)

    broken = dataclasses.replace(FORMATS["native_jsonl"], read=fail)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_FAULTS", (LookupError,))
        patch.setattr(reading, "format_of", lambda head, name: FORMATS["plain_text"] if name == "b.txt" else broken)
        assert outcome(accounted(tmp_path)) == "1 accepted, 1 reader_failed"


def test_file_of_rejects_alone_is_given_up_and_the_next_is_read(
    accounted: Accounted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_ENOUGH", 50)
    (tmp_path / "a.jsonl").write_bytes(lines(1) + b"{broken\n" * 49 + lines(2) + b"{broken\n" * 5000)
    (tmp_path / "b.txt").write_text(TEXT)
    account = accounted(tmp_path)
    assert outcome(account) == "3 accepted, 1 duplicate, 99 bad_json, 1 given_up"
    assert account.rejects[-1].position == 102
