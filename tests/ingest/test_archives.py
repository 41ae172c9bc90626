from __future__ import annotations

import gzip
import io
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.records import Interaction, Reject, Skipped
from tests.ingest.conftest import Item, codes, line

Read = Callable[..., list[Item]]


def _zip(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_gzip_of_several_members_is_read(read: Read) -> None:
    content = gzip.compress(line().encode()) + gzip.compress(line(interaction_id="c-2").encode())
    items = read(content, name="calls.jsonl.gz")
    assert list(codes(items)) == ["ok", "ok"]
    assert items[0].source_uri == "calls.jsonl.gz"


def test_truncated_gzip_keeps_what_came_before(read: Read) -> None:
    text = "".join(line(interaction_id=f"c-{n}", queue=str(n * 7919)) for n in range(20_000)).encode()
    whole = gzip.compress(text, 1)
    items = read(whole[: len(whole) // 2], name="calls.jsonl.gz")
    assert list(codes(items))[-1] == "truncated" and list(codes(items)).count("ok") == len(items) - 1 > 5000
    assert list(codes(read(whole[:15], name="calls.jsonl.gz"))) == ["truncated"]
    damaged = whole[:5000] + bytes(100) + whole[5100:]
    assert list(codes(read(damaged, name="calls.jsonl.gz")))[-1] == "broken_archive"


def test_zip_members_are_named_and_never_used_as_paths(read: Read) -> None:
    names = ["a/calls.jsonl", "../../etc/up.jsonl", "/abs.jsonl", "c\\d.jsonl.gz", "README.md", "x.png"]
    content = {name: line(interaction_id=name).encode() for name in names[:3]}
    content["c\\d.jsonl.gz"] = gzip.compress(line(interaction_id="gz").encode())
    content |= {"README.md": b"Agent: hello", "x.png": b"\x89PNG\r\n\x1a\n123"}
    items = read(_zip(content), name="dump.zip")
    assert list(codes(items)) == ["ok"] * 4 + ["skipped"] * 2
    assert [item.source_uri for item in items[:4]] == [
        "dump.zip!a/calls.jsonl", "dump.zip!etc/up.jsonl", "dump.zip!abs.jsonl", "dump.zip!c/d.jsonl.gz",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "changes", "outcome"),
    [
        (_zip({"a.jsonl": line().encode()})[:-30], {}, ["broken_archive"]),
        (_zip({"inner.zip": _zip({"a": b"1"}), "a.jsonl": line().encode()}), {}, ["nested_archive", "ok"]),
        (_zip({f"{n}.jsonl": b"" for n in range(12)}), {"max_members": 10}, ["too_many_members"]),
        (_zip({"[Content_Types].xml": b"<x/>"}), {}, ["unsupported_format"]),
        (_zip({"big.jsonl": line().encode() * 900}), {"max_member_bytes": 50_000}, ["too_large"]),
        (_zip({}), {}, ["skipped"]),
        (b"BZh91AY", {}, ["unsupported_format"]),
        (b"\x28\xb5\x2f\xfd rest", {}, ["broken_archive"]),
        (b"", {}, ["skipped"]),
        (b"  \n", {}, ["skipped"]),
        (b"\xef\xbb\xbf", {}, ["skipped"]),
        (bytes(range(256)) * 9, {}, ["unknown_format"]),
        (b"plain words only", {}, ["unknown_format"]),
        (b"%PDF-1.7", {}, ["skipped"]),
    ],
)
def test_file_has_the_stated_outcome(read: Read, content: bytes, changes: dict[str, int], outcome: list[str]) -> None:
    assert list(codes(read(content, name="given", **changes))) == outcome


def test_encrypted_member_is_refused(read: Read) -> None:
    content = bytearray(_zip({"a.jsonl": line().encode()}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert list(codes(read(bytes(content), name="dump.zip"))) == ["encrypted"]


@pytest.mark.parametrize("kind", ["zip", "gz"])
def test_bomb_is_refused_at_once(read: Read, kind: str) -> None:
    zeros = b'{"interaction_id": "turns speaker' + b" " * (60 << 20)
    content = _zip({"a.jsonl": zeros}) if kind == "zip" else gzip.compress(zeros)
    began = time.process_time()
    items = read(content, name=f"a.jsonl.{kind}")
    assert list(codes(items)) == ["too_compressed"] and time.process_time() - began < 1


def test_lying_size_in_a_zip_is_noticed(read: Read) -> None:
    content = bytearray(_zip({"a.jsonl": line().encode() * 3000}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.index(mark) + offset
        content[at : at + 4] = (200).to_bytes(4, "little")
    items = read(bytes(content), name="dump.zip")
    assert isinstance(items[-1], Reject) and len(items) < 3000


def test_unreadable_file_is_one_reject(tmp_path: Path, read: Read) -> None:
    (tmp_path / "gone.jsonl").symlink_to(tmp_path / "nowhere")
    from analyzer.config import load_settings
    from analyzer.ingest.files import find_files
    from analyzer.ingest.read import read_file
    from tests.ingest.conftest import NOW

    (file,) = find_files([tmp_path])
    (item,) = read_file(file, load_settings().ingest, now=NOW)
    assert isinstance(item, Reject) and item.code == "unreadable_file"


@pytest.mark.parametrize("name", ["README.txt", "LICENSE", ".hidden.jsonl", "a.sha256"])
def test_files_beside_transcripts_are_skipped(read: Read, name: str) -> None:
    (item,) = read(line(), name=name)
    assert isinstance(item, Skipped)


def test_progress_tells_every_byte_once(read: Read) -> None:
    for name, content in (("a.jsonl", line().encode() * 5000), ("a.zip", _zip({"a.jsonl": line().encode()}))):
        told: list[int] = []
        assert any(isinstance(item, Interaction) for item in read(content, name=name, on_bytes=told.append))
        assert sum(told) == len(content) and min(told) > 0


def test_hundred_megabytes_in_one_line_need_little_memory(tmp_path: Path) -> None:
    code = """
import resource, sys
from datetime import UTC, datetime
from analyzer.config import load_settings
from analyzer.ingest.files import find_files
from analyzer.ingest.read import read_file
import resource
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
(file,) = find_files([sys.argv[1]])
codes = [getattr(item, "code", "ok") for item in read_file(file, load_settings().ingest, now=datetime.now(UTC))]
print(codes, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    path = tmp_path / "long.jsonl"
    with path.open("wb") as stream:
        stream.write(b'{"interaction_id": "c-1", "turns": [{"speaker": "agent", "text": "')
        for _ in range(100):
            stream.write(b"a" * 1_000_000)
        stream.write(b'"}]}\n' + line().encode())
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    outcome, _, used = done.stdout.strip().rpartition(" ")
    assert outcome == "['line_too_long', 'ok']" and int(used) < 130, done.stdout


def test_bomb_in_an_archive_does_not_cost_the_good_file_beside_it(read: Read) -> None:
    bomb = gzip.compress(line().encode() + b" " * (60 << 20))
    items = read(_zip({"a.jsonl.gz": bomb, "b.jsonl": line(interaction_id="c-2").encode()}), name="dump.zip")
    assert list(codes(items)) == ["ok", "too_compressed", "ok"]
