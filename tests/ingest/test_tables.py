from __future__ import annotations

import csv
import io
import json
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analyzer.records import Interaction, Reject
from tests.ingest.conftest import Item, codes

Read = Callable[..., list[Item]]
MIB = 1 << 20
HEADER = ["interaction_id", "channel", "started_at", "speaker", "text"]


def _csv(rows: Sequence[Sequence[Any]], header: Sequence[str] = HEADER, delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


def _rows(contact: str, count: int = 3) -> list[list[str]]:
    speakers = ("customer", "agent")
    return [[contact, "chat", "2026-11-20T09:00:00Z", speakers[n % 2], f"{contact} line {n}"] for n in range(count)]


def _texts(items: list[Item]) -> dict[str, list[str]]:
    return {item.interaction_id: [t.text for t in item.turns] for item in items if isinstance(item, Interaction)}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_with_a_row_a_turn(read: Read, delimiter: str) -> None:
    rows = _rows("c-1") + _rows("c-2", 1)
    rows[0][4] = 'It said "no",\nthen; nothing\tmore'
    texts = _texts(read(_csv(rows, delimiter=delimiter), name="a.csv"))
    assert texts["c-1"] == ['It said "no",\nthen; nothing more', "c-1 line 1", "c-1 line 2"]
    assert texts["c-2"] == ["c-2 line 0"]


def test_csv_rows_may_be_interleaved(read: Read) -> None:
    contacts = [f"c-{n}" for n in range(30)]
    rows = [row for contact in contacts for row in _rows(contact, 5)]
    order = random.Random(1).sample(range(len(rows)), len(rows))
    shuffled = [rows[index] for index in sorted(order, key=lambda i: (i % 5, order[i]))]
    texts = _texts(read(_csv(shuffled), name="a.csv"))
    assert texts == {contact: [f"{contact} line {n}" for n in range(5)] for contact in contacts}


def test_csv_too_scattered_to_hold_is_rejected_by_contact(read: Read) -> None:
    rows = [row for n in range(3) for c in range(8) for row in [_rows(f"c-{c}")[n]]]
    items = read(_csv(rows), name="a.csv", max_line_bytes=1000)
    assert len(items) == 8 and set(codes(items)) == {"ok", "rows_scattered"}


def test_csv_with_a_row_a_contact(read: Read) -> None:
    turns = json.dumps([{"speaker": "Kunde", "text": "Guten Tag"}, {"speaker": "agent", "text": "Hallo"}])
    spoken = "Kundin: Guten Tag\nBerater: Hallo"
    rows = [["c-1", turns, "41,5"], ["c-2", spoken, ""], ["c-3", "[{", ""], ["", turns, ""], ["c-5", "", ""]]
    items = read(_csv(rows, ["interaction_id", "turns", "wait_s"], ";"), name="a.csv")
    assert list(codes(items)) == ["ok", "ok", "bad_json", "no_id", "no_turns"]
    assert isinstance(items[0], Interaction) and items[0].wait_s == 41.5
    assert _texts(items) == {"c-1": ["Guten Tag", "Hallo"], "c-2": ["Guten Tag", "Hallo"]}


def test_csv_columns_are_mapped_and_constants_fill(read: Read) -> None:
    rows = [["x-1", "CLIENT", "Hello", "7"], ["x-1", "AGENT", "Hi", "7"]]
    mapping = {"interaction_id": "Conversation", "speaker": "Who", "text": "Said", "customer_id": "Cust No"}
    content = _csv(rows, ["Conversation", "Who", "Said", "Cust No"])
    (item,) = read(content, name="a.csv", mapping=mapping, constants={"channel": "email", "queue": "billing"})
    assert isinstance(item, Interaction)
    assert (item.customer_key, item.channel, item.queue) == ("7", "email", "billing")


def test_csv_started_at_that_differs_by_row_is_the_turns_time(read: Read) -> None:
    rows = [["c-1", "chat", f"2026-11-20T09:00:{second:02}Z", "agent", "a"] for second in (5, 9)]
    (item,) = read(_csv(rows), name="a.csv")
    assert isinstance(item, Interaction)
    assert [turn.start_ms for turn in item.turns] == [0, 4000]
    assert item.started_at == datetime(2026, 11, 20, 9, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "rows", "outcome"),
    [
        (["agent_id", "name", "team"], [["a-1", "Bo", "north"]], ["skipped"]),
        (["customer_id", "nps"], [["k-1", "9"]], ["skipped"]),
        (HEADER, [], ["skipped"]),
        (["text", "text"], [["a", "b"]], ["bad_csv"]),
        (["interaction_id", "text"], [["c-1", "hi"]], ["missing_column"]),
        (HEADER, [["c-1", "chat", "", "Dana", "hi"]], ["unknown_role"]),
        (HEADER, [["", "chat", "", "agent", "hi"]], ["no_id"]),
        (HEADER, [["c-1", "chat", "", "agent", "hi", "extra"]], ["column_count"]),
        (HEADER, [["c-1", "chat", "", "agent", "a"], ["c-1", "email", "", "agent", "b"]], ["conflicting_rows"]),
        (HEADER, [["c-1", "chat", "", "agent", "a"], ["c-1"], ["c-2", "", "", "agent", "b"]], ["column_count", "ok"]),
    ],
)  # fmt: skip
def test_csv_has_the_stated_outcome(read: Read, header: list[str], rows: list[list[str]], outcome: list[str]) -> None:
    assert list(codes(read(_csv(rows, header), name="a.csv"))) == outcome


def test_csv_header_with_a_stray_quote_is_refused(read: Read) -> None:
    content = '""interaction_id,speaker,text\nc-1,agent,a\n'
    assert list(codes(read(content, name="a.csv"))) == ["bad_csv"]


def test_csv_stray_quote_costs_its_row_alone(read: Read) -> None:
    good = [",".join(row) for row in _rows("c-1", 1) + _rows("c-2", 1) + _rows("c-3", 1)]
    bad = 'c-9,chat,2026-11-20T09:00:00Z,agent,"open'
    items = read("\n".join([",".join(HEADER), good[0], bad, *good[1:]]), name="a.csv")
    assert list(codes(items)) == ["ok", "bad_csv", "ok", "ok"]
    assert isinstance(items[1], Reject) and items[1].raw == bad.encode()
    endless = "\n".join([",".join(HEADER), bad, *(good[0].replace("c-1", f"d-{n}") for n in range(500))])
    assert list(codes(read(endless, name="a.csv", max_line_bytes=5000))) == ["bad_csv"] + ["ok"] * 500


def test_csv_bad_encoding_and_long_lines_cost_their_contact(read: Read) -> None:
    rows = _csv(_rows("c-1", 1) + _rows("c-2", 1)).encode() + b"c-3,chat,,agent,\x81\n"
    assert list(codes(read(rows, name="a.csv"))) == ["ok", "ok", "encoding"]
    long = _csv([["c-1", "chat", "", "agent", "x" * 9000], *_rows("c-2", 1)])
    assert list(codes(read(long, name="a.csv", max_line_bytes=5000))) == ["line_too_long", "ok"]


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def test_parquet_with_a_row_a_turn(read: Read) -> None:
    start = datetime(2026, 11, 20, 9, tzinfo=UTC)
    table = pa.table(
        {
            "interaction_id": pa.array([17, 17, 18]),
            "speaker": pa.array(["customer", "agent", "agent"]).dictionary_encode(),
            "text": ["a", "b", "c"],
            "started_at": pa.array([start] * 3, pa.timestamp("ns", "UTC")),
            "wait_s": pa.array([None, 4.0, None]),
        }
    )
    items = read(_parquet(table), name="a.parquet")
    assert _texts(items) == {"17": ["a", "b"], "18": ["c"]}
    assert isinstance(items[0], Interaction) and (items[0].started_at, items[0].wait_s) == (start, 4.0)


@pytest.mark.parametrize("nested", [True, False])
def test_parquet_with_a_row_a_contact(read: Read, nested: bool) -> None:
    turns = [{"speaker": "customer", "text": "a", "start_ms": 5}, {"speaker": "agent", "text": "b", "start_ms": None}]
    table = pa.table({"interaction_id": ["c-1"], "turns": [turns if nested else json.dumps(turns)]})
    assert _texts(read(_parquet(table), name="a.parquet")) == {"c-1": ["a", "b"]}


def test_parquet_that_is_cut_or_hides_no_text(read: Read) -> None:
    whole = _parquet(pa.table({"agent_id": ["a"]}))
    assert list(codes(read(whole, name="a.parquet"))) == ["skipped"]
    assert list(codes(read(whole[:-9], name="a.parquet"))) == ["bad_parquet"]


def test_parquet_within_gzip_and_nested_ids(read: Read, tmp_path: Path) -> None:
    import gzip

    table = pa.table({"interaction_id": [["x"], ["y"]], "speaker": ["agent"] * 2, "text": ["a", "b"]})
    assert list(codes(read(gzip.compress(_parquet(table)), name="a.parquet.gz"))) == ["no_id", "no_id"]


def test_parquet_value_out_of_range_costs_its_row_alone(read: Read) -> None:
    moments = pa.array([2**62, 1_763_629_920_000_000], pa.timestamp("us", "UTC"))
    odd = pa.table({"interaction_id": ["c-1", "c-2"], "speaker": ["agent"] * 2, "text": ["a", "b"],
                    "started_at": moments})  # fmt: skip
    items = read(_parquet(odd), name="a.parquet")
    assert list(codes(items)) == ["bad_parquet", "ok"] and items[0].position == 0


def test_parquet_nanoseconds_and_texts_as_bytes_are_read(read: Read) -> None:
    moments = pa.array([1_763_629_920_123_456_789], pa.timestamp("ns", "UTC"))
    table = pa.table({"interaction_id": [b"c-1"], "speaker": [b"agent"], "text": ["Größe".encode()],
                      "started_at": moments})  # fmt: skip
    (item,) = read(_parquet(table), name="a.parquet")
    assert isinstance(item, Interaction) and item.turns[0].text == "Größe" and item.started_at.microsecond == 123_456


def test_parquet_bomb_is_refused_in_little_memory(read: Read) -> None:
    texts = ["y" * MIB] * 64  # one entry of a dictionary
    bomb = pa.table({"interaction_id": [f"c-{n}" for n in range(64)], "speaker": ["agent"] * 64, "text": texts})
    items = read(_parquet(bomb), name="a.parquet")
    assert list(codes(items))[-1] == "too_compressed" and len(items) < 20


def test_csv_header_after_blank_lines_and_the_line_by_which_excel_tells_the_delimiter(read: Read) -> None:
    for before in ("\n\n", "sep=;\n", "sep=;\n\n"):
        assert _texts(read(before + _csv(_rows("c-1", 1), delimiter=";"), name="a.csv")) == {"c-1": ["c-1 line 0"]}


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [("start_ms", "0", "4000"), ("started_at", "2026-01-05T10:30:00Z", "05.01.2026 12:00")],
)
def test_csv_rows_of_a_contact_are_read_by_their_times(read: Read, column: str, first: str, second: str) -> None:
    header = ["interaction_id", "speaker", "text", column]
    rows = [["c", "customer", "Later", second], ["d", "agent", "Alone", second], ["c", "agent", "First", first]]
    texts = _texts(read(_csv(rows, header), name="x.csv"))
    assert texts == {"c": ["First", "Later"], "d": ["Alone"]}
    rows[0][3] = ""
    assert _texts(read(_csv(rows, header), name="y.csv"))["c"] == ["Later", "First"]


def test_parquet_whose_columns_lie_about_themselves_does_not_end_the_process() -> None:
    """Arrow aborts, past any `except`, when asked for such a column's metadata; so it runs in a process of its own."""
    damaged = Path(__file__).parents[1] / "cases" / "damaged_column.parquet"
    command = [sys.executable, "-m", "analyzer", "formats", "--explain", str(damaged)]
    explained = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert explained.returncode in (0, 1, 2) and "Traceback" not in explained.stderr
    code = (
        "import pathlib, sys; from tests.ingest.test_fuzz import _read;"
        "print([type(e).__name__ for e in _read(pathlib.Path(sys.argv[1]).read_bytes(), 'x.parquet')])"
    )
    read = subprocess.run([sys.executable, "-c", code, str(damaged)], capture_output=True, text=True, timeout=120,
                          check=False, cwd=Path(__file__).parents[2])  # fmt: skip
    assert read.returncode == 0, read.stderr
    assert read.stdout.strip() in ("['Reject']", "['Interaction']")
