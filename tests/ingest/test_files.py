from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.errors import UsageError
from analyzer.ingest.files import find_files


def _dump(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return root


def test_find_files_names_them_from_the_given_folder(tmp_path: Path) -> None:
    _dump(tmp_path / "calls", "b.jsonl", "a/c.jsonl", ".git/x")
    assert [file.uri for file in find_files([tmp_path / "calls"])] == ["calls/a/c.jsonl", "calls/b.jsonl"]


def test_find_files_is_the_same_for_folder_and_pattern(tmp_path: Path) -> None:
    _dump(tmp_path / "calls", "b.jsonl", "a.txt")
    by_pattern = find_files([str(tmp_path / "calls" / "*")])
    assert by_pattern == find_files([tmp_path / "calls"])
    assert [file.uri for file in find_files([str(tmp_path / "**" / "*.jsonl")])] == [f"{tmp_path.name}/calls/b.jsonl"]


def test_find_files_reads_each_file_once_in_any_order(tmp_path: Path) -> None:
    folder = _dump(tmp_path / "calls", "a.jsonl", "b.jsonl")
    one = find_files([folder, folder / "a.jsonl"])
    other = find_files([folder / "b.jsonl", folder])
    assert len(one) == len(other) == 2
    assert [file.path.name for file in one] == ["a.jsonl", "b.jsonl"]


def test_find_files_tells_folders_of_one_name_apart(tmp_path: Path) -> None:
    _dump(tmp_path, "north/calls/a.jsonl", "south/calls/a.jsonl")
    found = find_files([tmp_path / "north" / "calls", tmp_path / "south" / "calls"])
    assert [file.uri for file in found] == ["north/calls/a.jsonl", "south/calls/a.jsonl"]


@pytest.mark.parametrize("given", ["nothing.jsonl", "no/*.jsonl", "a\0b", ""])
def test_find_files_says_what_is_missing(tmp_path: Path, given: str) -> None:
    with pytest.raises(UsageError, match="No such file"):
        find_files([str(tmp_path / "none" / given) if given else "\0"])


def test_find_files_survives_loops_and_odd_names(tmp_path: Path) -> None:
    folder = _dump(tmp_path / "calls", "a[1].jsonl", "two\nlines.txt")
    (folder / "gone.jsonl").symlink_to(folder / "nowhere")
    (folder / "circle.jsonl").symlink_to("circle.jsonl")
    (folder / os.fsdecode(b"\xff.txt")).write_text("one")
    (folder / os.fsdecode(b"\xfe.txt")).write_text("two")
    assert [f.uri.removeprefix("calls/") for f in find_files([folder])] == [
        "a[1].jsonl", "circle.jsonl", "gone.jsonl", "two�lines.txt", "�.txt", "�.txt#2",
    ]  # fmt: skip
    assert find_files([folder / "a[1].jsonl"])[0].uri == "a[1].jsonl"


def test_what_is_no_file_is_passed_over_and_never_opened(tmp_path: Path) -> None:
    folder = _dump(tmp_path / "calls", "a.jsonl")
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "zeros.jsonl").symlink_to("/dev/zero")
    (folder / "loop").symlink_to(folder)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "talk.jsonl"))
        for found in (find_files([folder]), find_files([folder / "*"])):
            kinds = {file.path.name: file.passed_over for file in found if file.passed_over}
            assert kinds["pipe.jsonl"] == "a pipe" and kinds["zeros.jsonl"] == "a device"
            assert kinds["talk.jsonl"] == "a socket" and all(file.sha256() for file in found)
    assert {file.path.name: file.passed_over for file in find_files([folder])}["loop"] is not None
    with pytest.raises(UsageError, match="is a pipe"):
        find_files([folder / "pipe.jsonl"])


def test_sha256_is_of_the_content(tmp_path: Path) -> None:
    file = find_files([_dump(tmp_path, "a.jsonl")])[0]
    assert file.sha256() == hashlib.sha256(b"a.jsonl").hexdigest()
    file.path.unlink()
    assert file.sha256() is None


def test_files_imports_only_the_standard_library() -> None:
    code = (
        "import sys, analyzer.ingest.files; "
        "print([m for m in ('msgspec', 'pyarrow', 'phonenumbers', 'numpy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
