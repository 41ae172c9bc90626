"""Whatever stands in a file: never a traceback, always accounted, no word of it in a message."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.config import load_settings
from analyzer.ingest.contract import REJECT_CODES
from analyzer.ingest.files import find_files
from analyzer.ingest.read import read_file
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
