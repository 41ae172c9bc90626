from __future__ import annotations

import copy
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.config import IngestSettings
from analyzer.ingest.files import find_files
from analyzer.ingest.raw import ReadStats
from analyzer.ingest.read import read_file, stitcher_over
from analyzer.records import Interaction
from tests.ingest.conftest import NOW, Item, codes
from tests.ingest.formats.mutations import SECRET, accounted, mutated, mutations, short

Read = Callable[..., list[Item]]


def entry(seq: int, actor: str, message: str | None, conversation: str = "0Mw1", **more: Any) -> dict[str, Any]:
    return {"ConversationId": conversation, "Seq": seq, "ActorType": actor, "ActorId": f"{actor}-1",
            "EntryType": "Text",
            "EntryTime": f"2026-01-05T10:30:{seq // 2:02}.000+0000", "EntryTimeMilliSecs": 0, "Message": message,
            **more}  # fmt: skip


ENTRIES = [
    entry(4, "Supervisor", "Ich bin auch da."),
    entry(2, "Bot", "Wie kann ich helfen?", EntryTimeMilliSecs=250),
    entry(1, "EndUser", "Schon wieder die falsche Größe 😡"),
    entry(3, "Bot", None, EntryType="BotEscalated"),
    entry(0, "System", "Chat started"),
    entry(8, "Agent", "Das tut mir leid."),
]
SAID = [
    ("system", "Chat started", 0, None),
    ("customer", "Schon wieder die falsche Größe 😡", 0, None),
    ("bot", "Wie kann ich helfen?", 1_250, None),
    ("agent", "Ich bin auch da.", 2_000, "Supervisor-1"),
    ("agent", "Das tut mir leid.", 4_000, "Agent-1"),
]


def said(item: Item) -> list[tuple[Any, ...]]:
    assert isinstance(item, Interaction) and item.source_format == "salesforce_entries"
    return [(t.speaker, t.text, t.start_ms, t.agent_id) for t in item.turns]


def test_salesforce_rows_are_put_in_order_of_time_and_seq(read: Read) -> None:
    stats = ReadStats()
    (item,) = read(json.dumps({"totalSize": 6, "done": True, "records": ENTRIES}), "x.json", stats=stats)
    assert said(item) == SAID and stats.left_out == {"event": 1}
    assert isinstance(item, Interaction)
    assert (item.source_id, item.customer_key, item.agent_id) == ("0Mw1", "EndUser-1", "Agent-1")
    assert item.channel == "messaging"


def test_salesforce_csv_reads_like_json(read: Read) -> None:
    out = io.StringIO()
    rows = [*ENTRIES, entry(1, "EndUser", 'Zeile 1\n"Zeile" 2', "0Mw2")]
    writer = csv.DictWriter(out, list(ENTRIES[0]))
    writer.writeheader()
    writer.writerows(rows)
    first, second = read(out.getvalue(), "entries.csv")
    assert said(first) == SAID and said(second)[0][1] == 'Zeile 1\n"Zeile" 2'


def test_salesforce_rows_are_parted_by_conversation(read: Read) -> None:
    rows = [entry(n, "EndUser", f"m{n}", f"0Mw{n % 2}") for n in range(6)]
    items = read("\n".join(map(json.dumps, rows)), "x.jsonl")
    assert [[text for _, text, *_ in said(item)] for item in items] == [["m0", "m2", "m4"], ["m1", "m3", "m5"]]


def test_salesforce_conversation_over_two_exports_is_stitched(tmp_path: Path, defaults: IngestSettings) -> None:
    (tmp_path / "b.json").write_text(json.dumps({"records": ENTRIES[3:]}))
    (tmp_path / "a.json").write_text(json.dumps({"records": ENTRIES[:3]}))
    files = find_files([tmp_path])
    stitcher = stitcher_over(files, defaults)
    (item,) = (item for file in files for item in read_file(file, defaults, now=NOW, stitcher=stitcher))
    assert sorted(said(item)) == sorted(SAID)


def connect(text: str, role: str, ms: int, **more: Any) -> dict[str, Any]:
    return {"identifier": text, "messageText": text, "sender": {"role": role, "appType": "x", "subject": role},
            "clientTimestamp": 5, "serverReceivedTimestamp": 1767609000000 + ms, **more}  # fmt: skip


def test_salesforce_connect_answers_are_one_conversation_a_page(read: Read) -> None:
    pages = [
        {"conversationEntries": [connect("Ja?", "Agent", 900), connect("Hallo", "EndUser", 0)]},
        {"conversationEntries": [connect("Hi", "Chatbot", 0, relatedRecords=["0Mw9"])]},
    ]
    first, second = read("\n".join(map(json.dumps, pages)), "x.json")
    assert said(first) == [("customer", "Hallo", 0, None), ("agent", "Ja?", 900, "Agent")]
    assert said(second) == [("bot", "Hi", 0, None)]
    assert isinstance(second, Interaction) and second.source_id == "0Mw9"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([entry(1, "EndUser", None), entry(2, "Agent", " ")], ["no_turns"]),
        ([entry(1, "Alien", "hi")], ["unknown_role"]),
        ([entry(1, "Agent", "hi", EntryTime="soon")], ["unreadable_time"]),
        ([entry(1, "Agent", "hi"), entry(2, "Agent", "hi", Message=7)], ["wrong_type", "wrong_type"]),
        ([entry(1, "Agent", "hi", Seq="first")], ["bad_number"]),
        ([entry(1, "Agent", "hi", EntryTimeMilliSecs=1767609000500, EntryTime=None)], ["ok"]),
    ],
)
def test_salesforce_refuses_with_a_reason(read: Read, told: list[Any], expected: list[str]) -> None:
    assert list(codes(read(json.dumps({"records": told}), "x.json"))) == expected


@short
@given(changes=mutations, data=st.data(), page=st.booleans())
def test_salesforce_with_any_value_anywhere_is_accounted(changes: Any, data: st.DataObject, page: bool) -> None:
    rows: Any = copy.deepcopy([*ENTRIES, entry(1, "EndUser", SECRET, "0Mw2")])
    told = {"conversationEntries": [connect(SECRET, "Agent", 1), connect("b", "EndUser", 2)]} if page else rows
    accounted(json.dumps(mutated(told, changes, data)), "x.json")


def test_salesforce_supervisor_who_joins_last_does_not_answer_for_the_contact(read: Read) -> None:
    told = [*ENTRIES, entry(9, "Supervisor", "Ich übernehme.", ActorId=None)]
    (item,) = read(json.dumps({"records": told}), "x.json")
    assert isinstance(item, Interaction) and item.agent_id == "Agent-1"
    assert [turn.agent_id for turn in item.turns if turn.speaker == "agent"] == [
        "Supervisor-1",
        "Agent-1",
        "supervisor",
    ]
