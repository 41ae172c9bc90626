from __future__ import annotations

import io
import time
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest
import zstandard

from analyzer.ingest.zst import ZstdFile
from tests.ingest.conftest import Item, codes, line

Read = Callable[..., list[Item]]
SKIPPABLE = b"\x5a\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"index"


def _packed(content: bytes, **settings: int) -> bytes:
    return zstandard.ZstdCompressor(**settings).compress(content)


def test_zst_of_several_and_skippable_frames_is_read(read: Read) -> None:
    frames = [_packed(line(interaction_id=f"c-{n}").encode()) for n in range(3)]
    items = read(SKIPPABLE + frames[0] + SKIPPABLE + frames[1] + frames[2], name="calls.jsonl.zst")
    assert list(codes(items)) == ["ok"] * 3 and items[0].source_uri == "calls.jsonl.zst"
    compressor = zstandard.ZstdCompressor().compressobj()  # a frame that does not tell its size
    assert list(codes(read(compressor.compress(line().encode()) + compressor.flush(), name="x"))) == ["ok"]


def test_zst_within_zip_is_read(read: Read) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a/calls.jsonl.zst", _packed(line().encode()))
    (item,) = read(out.getvalue(), name="dump.zip")
    assert item.source_uri == "dump.zip!a/calls.jsonl.zst"


def test_cut_zst_is_truncated_wherever_it_is_cut(read: Read) -> None:
    text = "".join(line(interaction_id=f"c-{n}", queue=str(n * 7919)) for n in range(5_000)).encode()
    whole = _packed(text[: len(text) // 2]) + _packed(text[len(text) // 2 :])
    for cut in (6, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        outcome = list(codes(read(whole[:cut], name="calls.jsonl.zst")))
        assert outcome[-1] == "truncated" and outcome.count("ok") == len(outcome) - 1
    assert list(codes(read(SKIPPABLE[:-2], name="x.zst"))) == ["truncated"]


@pytest.mark.parametrize("tail", [b"garbage", bytes(100)], ids=["words", "zeros"])
def test_zst_with_a_tail_that_is_no_frame_is_broken(read: Read, tail: bytes) -> None:
    text = "".join(line(interaction_id=f"c-{n}") for n in range(2000)).encode()
    assert list(codes(read(_packed(text) + tail, name="x.zst"))) == ["ok"] * 2000 + ["broken_archive"]


def test_zst_bomb_is_refused_in_a_moment_and_little_memory(read: Read) -> None:
    bomb = _packed(line().encode() + b" " * 300_000_000)
    began = time.perf_counter()
    tracemalloc.start()
    outcome = list(codes(read(bomb, name="x.jsonl.zst")))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert outcome == ["ok", "too_compressed"] and time.perf_counter() - began < 3 and peak < 64 << 20


def test_zst_that_asks_for_a_huge_window_is_refused(read: Read) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=28, format=zstandard.FORMAT_ZSTD1)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    assert list(codes(read(compressor.compress(b"{}") + compressor.flush(), name="x.zst"))) == ["broken_archive"]


def test_file_reads_as_many_bytes_as_asked_for() -> None:
    content = bytes(range(256)) * 5000
    file = ZstdFile(io.BytesIO(_packed(content[:500_000]) + _packed(content[500_000:])))
    assert file.read(7) == content[:7] and 0 < len(file.read(1 << 17)) <= 1 << 17
    rest = file.read()
    assert content.endswith(rest) and len(rest) >= len(content) - 7 - (1 << 17) and file.read(1) == b""
