from __future__ import annotations

import gzip
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from analyzer.config import IngestSettings
from analyzer.formats_view import explained_lines
from analyzer.ingest.explain import Explanation, explain
from analyzer.ingest.files import find_files
from tests.ingest.conftest import line


def _explained(path: Path, content: bytes, settings: IngestSettings) -> list[Explanation]:
    path.write_bytes(content)
    return [told for file in find_files([path]) for told in explain(file, settings)]


def test_file_is_explained_with_runners_up_and_encoding(tmp_path: Path, defaults: IngestSettings) -> None:
    (told,) = _explained(tmp_path / "calls.jsonl.gz", gzip.compress(line().encode()), defaults)
    assert told.outcome == "read" and told.taken_for is not None
    assert (told.taken_for.format, told.encoding) == ("native_jsonl", "ASCII, so UTF-8")
    assert told.packed_bytes is not None and told.packed_bytes < len(line())
    assert all(other.probability <= told.taken_for.probability for other in told.runners_up)
    assert explained_lines(told)[:2] == [
        "calls.jsonl.gz", "  taken for  native_jsonl (97%): JSON with turns and speakers",
    ]  # fmt: skip


def test_file_of_no_format_is_told_what_it_lacks(tmp_path: Path, defaults: IngestSettings) -> None:
    content = b'{"conversationId": "c-1", "communicationId": "k-1", "url": "x"}'
    (told,) = _explained(tmp_path / "urls.json", content, defaults)
    assert told.outcome == "refused" and told.nearest and told.nearest.format == "genesys_cloud"
    assert (
        "  nearest    genesys_cloud: JSON with conversationId, communicationId and without transcripts"
        in explained_lines(told)
    )
    (other,) = _explained(tmp_path / "other.json", b'{"a": 1, "text": "x"}', defaults)
    assert other.outcome == "refused" and other.nearest is None


def test_each_member_of_an_archive_is_explained(tmp_path: Path, defaults: IngestSettings) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>Hi\n")
        archive.writestr("README.md", "words")
        archive.writestr("b.bin", bytes(range(256)))
        archive.writestr("c.zip", b"PK\x03\x04")
    told = _explained(tmp_path / "dump.zip", out.getvalue(), defaults)
    assert [(one.uri, one.outcome) for one in told] == [
        ("dump.zip!a.vtt", "read"), ("dump.zip!README.md", "skipped"), ("dump.zip!b.bin", "refused"),
        ("dump.zip!c.zip", "refused"),
    ]  # fmt: skip
    assert told[1].why == "documentation" and told[2].why.startswith("unknown_format: ")
    assert explained_lines(told[3])[1].startswith("  refused    nested_archive: ")


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("Agent: größer\nKunde: ja\n".encode("utf-16"), "utf-16-le, by its byte order mark"),
        ("Agent: größer\nKunde: ja\n".encode(), "UTF-8"),
        ("Agent: größer\nKunde: ja\n".encode("cp1252"), "cp1252, for it is no UTF-8"),
        (b"Agent: a\nKunde: b \x81\n", "neither UTF-8 nor cp1252"),
        (b"PAR1 and so on", "none: binary"),
    ],
)
def test_encoding_is_told(tmp_path: Path, defaults: IngestSettings, content: bytes, encoding: str) -> None:
    (told,) = _explained(tmp_path / "call.txt", content, defaults)
    assert told.encoding == encoding


def test_command_explains_and_exits_2_for_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "call.txt").write_text("Agent: zebrafinch\nKunde: ja\n")
    command = [sys.executable, "-m", "analyzer", "formats", "--explain"]
    done = subprocess.run([*command, str(tmp_path / "call.txt")], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.startswith("call.txt\n  taken for  plain_text")
    assert "zebrafinch" not in done.stdout
    missing = subprocess.run([*command, str(tmp_path / "none")], capture_output=True, text=True, check=False)
    assert missing.returncode == 2 and "No such file" in missing.stderr and "Traceback" not in missing.stderr
