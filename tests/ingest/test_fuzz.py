"""Whatever stands in a file: never a traceback, always accounted, no word of it in a message."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.config import load_settings
from analyzer.ingest.contract import REJECT_CODES
from analyzer.ingest.explain import explain
from analyzer.ingest.files import find_files
from analyzer.ingest.html_text import text_of_html
from analyzer.ingest.masking import Masker, mask
from analyzer.ingest.read import read_file
from analyzer.ingest.text import clean
from analyzer.records import SPEAKERS, Interaction, Reject, Skipped
from tests.ingest.conftest import NOW, Item, record

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
SETTINGS = load_settings().ingest
SECRET = "zebrafinch"
fuzz = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def _read(content: bytes, name: str) -> list[Item]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return [item for file in find_files([path]) for item in read_file(file, SETTINGS, now=NOW)]


def _check(items: list[Item]) -> None:
    assert items
    for item in items:
        if isinstance(item, Reject):
            assert item.code in REJECT_CODES and SECRET not in item.message and item.position >= 0
        elif isinstance(item, Interaction):
            assert item.turns and item.interaction_id
            assert all(turn.text and turn.speaker in SPEAKERS for turn in item.turns)
            assert item.started_at.tzinfo is not None and (item.ended_at is None or item.ended_at >= item.started_at)
        else:
            assert isinstance(item, Skipped) and SECRET not in item.reason


def _base(kind: str) -> bytes:
    turns = [
        {"speaker": "customer", "text": f"{SECRET}, 0221 1234567"},
        {"speaker": "agent", "text": f"ja {SECRET}", "start_ms": 5},
    ]
    records = [record(interaction_id=f"c-{n}", turns=turns, wait_s=n) for n in range(3)]
    if kind == "jsonl":
        return "".join(json.dumps(each) + "\n" for each in records).encode()
    if kind == "json":
        return json.dumps(records, indent=1).encode()
    if kind == "csv":
        return (
            "interaction_id,speaker,text\n" + "".join(f'c-{n},agent,"{SECRET} {n}"\nc-{n},kunde,ja\n' for n in range(3))
        ).encode()
    if kind == "txt":
        return "".join(f"# id: c-{n}\nAgent: {SECRET}\n[00:01] Kunde: ja\n---\n" for n in range(3)).encode()
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(
        pa.table({"interaction_id": ["c-1", "c-1"], "speaker": ["agent", "kunde"], "text": [SECRET, "ja"]}), sink
    )
    return sink.getvalue()


KINDS = ("jsonl", "json", "csv", "txt", "parquet")
BASES = {kind: _base(kind) for kind in KINDS}


@st.composite
def _mutated(draw: st.DrawFn, kind: str) -> bytes:
    content = bytearray(BASES[kind])
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        piece = draw(
            st.binary(max_size=6)
            | st.sampled_from([b'"', b"\n", b"{", b"]", b"\0", b"\xff", b",", b"\xef\xbb\xbf", b"[["])
        )
        content[at : at + draw(st.integers(0, 12))] = piece
    return bytes(content)


@pytest.mark.parametrize("kind", KINDS)
@fuzz
@given(data=st.data())
def test_mutated_files_are_accounted(kind: str, data: st.DataObject) -> None:
    content = data.draw(_mutated(kind))
    packed = data.draw(st.booleans())
    _check(_read(gzip.compress(content) if packed else content, f"x.{kind}" + (".gz" if packed else "")))


@pytest.mark.parametrize("name", ["x.jsonl", "x.csv", "x.txt", "x.parquet", "x.zip", "x"])
@fuzz
@given(content=st.binary(max_size=300))
def test_random_bytes_are_accounted(name: str, content: bytes) -> None:
    mark = {"x.zip": b"PK\x03\x04", "x.parquet": b"PAR1"}.get(name, b"")
    _check(_read(mark + content, name))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([SECRET, "2026-11-20", "1e999"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


FIELDS = ("ended_at", "csat", "csat_scale", "wait_s", "transfers", "customer_id", "consent_recording")


@fuzz
@given(field=st.sampled_from([*record(), *FIELDS]), value=VALUES)
def test_records_with_any_value_in_any_field_are_accounted(field: str, value: Any) -> None:
    items = _read((json.dumps({**record(), field: value}) + "\n").encode(), "x.jsonl")
    assert len(items) == 1
    _check(items)


IDS = st.sampled_from(["c-1", "c-2", "", "c-3"])
ROWS = st.tuples(
    IDS, st.sampled_from(["agent", "kunde", "x"]), st.text(st.characters(exclude_categories=["C"]), max_size=9)
)


@fuzz
@given(rows=st.lists(ROWS, min_size=1, max_size=12))
def test_csv_accounts_for_each_contact_once(rows: list[tuple[str, str, str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([("interaction_id", "speaker", "text"), *rows])
    items = _read(out.getvalue().encode(), "x.csv")
    _check(items)
    ids = {row[0] for row in rows if row[0]}
    assert len(items) == len(ids) + sum(row[0] == "" for row in rows)


def _packed(kind: str) -> bytes:
    if kind == "gz":
        return gzip.compress(BASES["jsonl"])
    if kind == "zst":
        return zstandard.compress(BASES["jsonl"])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if kind == "zip" else zipfile.ZIP_STORED) as archive:
        for name in ("a.jsonl", "ü/b.csv"):
            archive.writestr(name, BASES[name.rpartition(".")[2]])
    return out.getvalue()


PACKED = {kind: _packed(kind) for kind in ("gz", "zst", "zip", "stored.zip")}


@pytest.mark.parametrize("kind", PACKED)
@fuzz
@given(data=st.data())
def test_mutated_archives_are_accounted_and_explained(kind: str, data: st.DataObject) -> None:
    content = bytearray(PACKED[kind])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"calls.{kind}"
        path.write_bytes(content)
        (file,) = find_files([path])
        _check(list(read_file(file, SETTINGS, now=NOW)))
        assert all(SECRET not in told.why for told in explain(file, SETTINGS))


MARKUP = st.lists(
    st.sampled_from(
        ["<", ">", "<p>", "</p>", "<!--", "-->", "<script>", "<a b='", '"', "&amp;", "&#x110000;", "##- x -##"]
    )
    | st.text(max_size=5),
    max_size=40,
).map("".join)


@fuzz
@given(html=MARKUP, times=st.sampled_from([1, 1, 1, 400]))
def test_any_markup_becomes_text_in_no_time(html: str, times: int) -> None:
    began = time.process_time()
    text = text_of_html(html * times)
    assert text == text.strip() and time.process_time() - began < 3


TALK = st.lists(
    st.sampled_from(["0221 1234567", "null eins sieben", "DE89", "@", ".", "my name is", "Straße 1", "[NAME_1]",
                     "double four",
                     "geboren am", "PIN", "\u200b", "e\u0301", "😀", "\n", "Meier", "1.", "-"]) | st.text(max_size=6),
    max_size=30,
).map(" ".join)  # fmt: skip


@fuzz
@given(text=TALK, times=st.sampled_from([1, 1, 1, 60]))
def test_any_talk_is_masked_in_no_time_and_only_once(text: str, times: int) -> None:
    said = clean(" ".join([text] * times))
    began = time.process_time()
    masked = mask(said, Masker(said))
    assert time.process_time() - began < 5
    assert mask(masked, Masker(masked)) == masked


@fuzz
@given(names=st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=4, unique=True))
def test_files_of_any_name_are_found_once_under_a_name_of_their_own(names: list[bytes]) -> None:
    safe = {name.replace(b"/", b"_").replace(b"\0", b"_") for name in names} - {b".", b".."}
    with tempfile.TemporaryDirectory() as folder:
        for name in safe:
            (Path(folder) / os.fsdecode(name)).write_bytes(BASES["jsonl"])
        uris = [file.uri for file in find_files([folder])]
    assert len(set(uris)) == len(uris) == len(safe) and all(uri.isprintable() or "\n" not in uri for uri in uris)
