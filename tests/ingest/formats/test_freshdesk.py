from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
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


def reply(minute: int, incoming: bool, body: str, ticket: int = 20, **more: Any) -> dict[str, Any]:
    return {"id": minute, "body": f"<div>{body}</div>", "body_text": body, "incoming": incoming, "private": False,
            "user_id": 11 if incoming else 5, "source": 0, "ticket_id": ticket,
            "created_at": f"2026-01-05T11:{minute:02}:00Z", "updated_at": f"2026-01-05T12:{minute:02}:00Z",
            **more}  # fmt: skip


REPLIES = [
    reply(30, False, "Gerne, einen Moment."),
    reply(10, True, "Bitte antworten Sie.<blockquote class='freshdesk_quote'>old</blockquote>"),
    reply(40, False, "customer is rude", private=True, source=2),
    reply(50, False, "please see below", source=8),
]


def test_freshdesk_list_is_one_ticket_in_order_without_notes(read: Read) -> None:
    stats = ReadStats()
    (item,) = read(json.dumps(REPLIES), "x.json", stats=stats)
    assert isinstance(item, Interaction) and item.source_format == "freshdesk"
    assert [(t.speaker, t.text, t.start_ms, t.agent_id) for t in item.turns] == [
        ("customer", "Bitte antworten Sie.", 0, None),
        ("agent", "Gerne, einen Moment.", 1_200_000, "5"),
    ]
    assert (item.source_id, item.customer_key, item.agent_id, item.channel) == ("20", "11", "5", "email")
    assert item.started_at == datetime(2026, 1, 5, 11, 10, tzinfo=UTC)
    assert item.updated_at == datetime(2026, 1, 5, 12, 50, tzinfo=UTC)
    assert stats.left_out == {"private_note": 1, "forwarded": 1}


def test_freshdesk_list_is_parted_by_ticket(read: Read) -> None:
    told = [reply(1, True, "a", 20), reply(2, True, "b", 21), reply(3, False, "c", 20)]
    for content in (json.dumps(told), "\n".join(map(json.dumps, told)), json.dumps(told, indent=1)):
        items = read(content, "x.json")
        assert [(i.source_id, len(i.turns)) for i in items if isinstance(i, Interaction)] == [("20", 2), ("21", 1)]


def test_freshdesk_ticket_begins_with_its_description(read: Read) -> None:
    ticket = {"id": 20, "subject": "Hi", "description": "<p>Es geht nicht.</p>", "description_text": "Es geht nicht.",
              "requester_id": 11, "responder_id": 5, "group_id": 3, "source": 7, "status": 5,
              "created_at": "2026-01-05T11:00:00Z", "conversations": [reply(5, False, "Was genau?")]}  # fmt: skip
    (item,) = read(json.dumps(ticket), "x.json")
    assert isinstance(item, Interaction)
    assert [(t.speaker, t.text, t.start_ms) for t in item.turns] == [
        ("customer", "Es geht nicht.", 0), ("agent", "Was genau?", 300_000),
    ]  # fmt: skip
    assert (item.channel, item.queue, item.disposition, item.customer_key) == ("chat", "3", "closed", "11")
    outbound = ticket | {"source": 10, "conversations": []}
    (item,) = read(json.dumps([outbound]), "x.json")
    assert isinstance(item, Interaction) and (item.direction, item.turns[0].speaker) == ("outbound", "agent")


UNTOLD = {key: value for key, value in reply(1, True, "a").items() if key != "incoming"}
BROKEN = reply(2, True, "b", user_id=[])


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([reply(1, True, "a", private=True)], ["no_turns"]),
        ([reply(2, False, "b"), UNTOLD], ["missing_field", "missing_field"]),
        ([reply(1, True, "a"), reply(2, True, "b", private=None)], ["wrong_type", "wrong_type"]),
        ([reply(1, True, "a", 1), BROKEN, reply(3, True, "c", 2)], ["wrong_type", "wrong_type", "ok"]),
        ([reply(1, True, "a", created_at="gestern")], ["unreadable_time"]),
        ([reply(1, True, "a", private="perhaps")], ["bad_boolean"]),
    ],
)
def test_freshdesk_refuses_with_a_reason(read: Read, told: list[Any], expected: list[str]) -> None:
    assert list(codes(read(json.dumps(told), "x.json"))) == expected


def test_freshdesk_list_that_breaks_off_refuses_what_may_lack_messages(read: Read) -> None:
    whole = json.dumps([reply(1, True, "a", 1), reply(2, True, "b", 2)])
    assert list(codes(read(whole[:-20], "x.json"))) == ["bad_json", "bad_json"]
    assert list(codes(read(whole[:-1], "x.json"))) == ["truncated", "truncated", "truncated"]


def test_freshdesk_thread_over_the_limit_is_refused(read: Read) -> None:
    told = [reply(n % 60, True, "a" * 500) for n in range(100)] + [reply(1, True, "b", 21)]
    items = read(json.dumps(told), "x.json", max_line_bytes=40_000)
    assert list(codes(items)) == ["line_too_long", "ok"]


def test_freshdesk_pages_of_one_ticket_are_stitched(tmp_path: Path, defaults: IngestSettings) -> None:
    (tmp_path / "page2.json").write_text(json.dumps([reply(20, False, "b"), reply(30, True, "c")]))
    (tmp_path / "page1.json").write_text(json.dumps([reply(10, True, "a"), reply(20, False, "b")], indent=1))
    (tmp_path / "again.json").write_text(json.dumps([reply(20, False, "b"), reply(30, True, "c")]))
    files = find_files([tmp_path])
    stitcher = stitcher_over(files, defaults)
    items = [item for file in files for item in read_file(file, defaults, now=NOW, stitcher=stitcher)]
    assert len(items) == 2 and len({item.content_hash for item in items if isinstance(item, Interaction)}) == 1
    for item in items:
        assert isinstance(item, Interaction) and item.source_id == "20"
        assert [(t.text, t.start_ms) for t in item.turns] == [("a", 0), ("b", 600_000), ("c", 1_200_000)]


@short
@given(changes=mutations, data=st.data(), ticket=st.booleans())
def test_freshdesk_with_any_value_anywhere_is_accounted(changes: Any, data: st.DataObject, ticket: bool) -> None:
    told: Any = copy.deepcopy([reply(1, True, SECRET), *REPLIES])
    told = {"description_text": SECRET, "requester_id": 1, "conversations": told} if ticket else told
    accounted(json.dumps(mutated(told, changes, data)), "x.json")


def test_freshdesk_ticket_with_a_very_long_description_is_read_whole(read: Read) -> None:
    ticket = {"id": 20, "description": f"<p>Kaputt.</p><!--{'x' * 70_000}-->", "description_text": "Kaputt.",
              "requester_id": 11, "created_at": "2026-01-05T11:00:00Z", "conversations": REPLIES}  # fmt: skip
    for told in (ticket, [ticket], {"tickets": [ticket]}):
        (item,) = read(json.dumps(told), "x.json")
        assert isinstance(item, Interaction) and item.turns[0].text == "Kaputt." and len(item.turns) == 3
