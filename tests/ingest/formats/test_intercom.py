from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.ingest.raw import ReadStats
from analyzer.records import Interaction, Reject
from tests.ingest.conftest import Item, codes
from tests.ingest.formats.mutations import SECRET, accounted, mutated, mutations, short

Read = Callable[..., list[Item]]
START = 1767609000  # 2026-01-05T10:30:00Z


def part(kind: str, body: str | None, after_s: int, author: str = "admin", **more: Any) -> dict[str, Any]:
    return {"id": f"p{after_s}", "part_type": kind, "body": body, "created_at": START + after_s,
            "author": {"type": author, "id": f"{author}-1", **more}}  # fmt: skip


def conversation(**changes: Any) -> dict[str, Any]:
    return {
        "type": "conversation", "id": "12", "created_at": START, "updated_at": START + 3600, "state": "closed",
        "source": {"type": "conversation", "delivered_as": "customer_initiated", "subject": "",
                   "body": "<p>Karte schon <b>wieder</b> abgelehnt 😡</p>", "author": {"type": "user", "id": "u1"}},
        "contacts": {"type": "contact.list", "contacts": [{"type": "contact", "id": "u1", "external_id": "k-77"}]},
        "admin_assignee_id": 9, "team_assignee_id": 5017691,
        "conversation_rating": {"rating": 2, "remark": "slow", "created_at": START + 3700},
        "statistics": {"count_reopens": 1, "handling_time": 1800},
        "conversation_parts": {"type": "conversation_part.list", "conversation_parts": [
            part("comment", "<p>Hi, I am a bot.</p>", 10, "bot"),
            part("comment", "<p>Generated answer</p>", 15, "admin", from_ai_agent=True),
            part("assignment", None, 20, "bot"),
            part("note", "<p>angry, be quick</p>", 30),
            part("comment", "<p>Line one<br>Line two &amp; more</p><script>x()</script>", 300),
            part("comment", "<p>Danke</p><div class='gmail_quote'>On Monday: old</div>", 360, "user"),
            part("close", "<p>Goodbye</p>", 3600),
        ]},
        **changes,
    }  # fmt: skip


def test_intercom_reads_source_and_parts_in_order(read: Read) -> None:
    stats = ReadStats()
    (item,) = read(json.dumps(conversation()), "x.json", stats=stats)
    assert isinstance(item, Interaction) and item.source_format == "intercom"
    assert [(t.speaker, t.text, t.start_ms, t.agent_id) for t in item.turns] == [
        ("customer", "Karte schon wieder abgelehnt 😡", 0, None),
        ("bot", "Hi, I am a bot.", 10_000, None),
        ("bot", "Generated answer", 15_000, None),
        ("agent", "Line one\nLine two & more", 300_000, "admin-1"),
        ("customer", "Danke", 360_000, None),
        ("agent", "Goodbye", 3_600_000, "admin-1"),
    ]
    assert (item.source_id, item.customer_key, item.agent_id) == ("12", "k-77", "admin-1")
    assert (item.channel, item.direction, item.queue, item.disposition) == (
        "messaging", "inbound", "5017691", "closed",
    )  # fmt: skip
    assert (item.csat, item.handle_s) == (2.0, 1800.0)
    assert item.started_at == datetime(2026, 1, 5, 10, 30, tzinfo=UTC)
    assert item.updated_at == datetime(2026, 1, 5, 11, 30, tzinfo=UTC)
    assert stats.left_out["private_note"] == 1 and stats.left_out["event"] == 1


def test_intercom_reads_exports_that_write_all_values_as_text(read: Read) -> None:
    told = conversation(created_at=str(START), statistics="", conversation_rating="", id=12, team_assignee_id="0")
    (item,) = read(json.dumps(told), "x.json")
    assert isinstance(item, Interaction) and item.started_at.minute == 30
    assert (item.csat, item.handle_s, item.queue, item.source_id) == (None, None, None, "12")


def test_intercom_reads_pages_and_costs_a_bad_record_alone(read: Read) -> None:
    page = {
        "type": "conversation.list",
        "conversations": [conversation(), {"id": "x", "source": 7}, conversation(id="13")],
    }
    items = read(json.dumps(page), "x.json")
    assert list(codes(items)) == ["ok", "wrong_type", "ok"]
    assert isinstance(items[1], Reject) and items[1].position == 1 and items[1].raw == b'{"id": "x", "source": 7}'


def test_intercom_reads_a_ticket_and_leaves_out_what_was_redacted(read: Read) -> None:
    parts = [part("comment", "<p>Broken</p>", 1, "user"), part("comment", "<p>Deleted</p>", 2) | {"redacted": "true"}]
    ticket = {"type": "ticket", "id": "474", "created_at": START, "ticket_state": "submitted",
              "ticket_parts": {"type": "ticket_part.list", "ticket_parts": parts}}  # fmt: skip
    (item,) = read(json.dumps(ticket), "x.json")
    assert isinstance(item, Interaction) and [(t.speaker, t.text) for t in item.turns] == [("customer", "Broken")]


NONE = {"conversation_parts": []}


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (conversation(conversation_parts=None), "missing_field"),
        (conversation(source=None, conversation_parts=NONE), "no_turns"),
        (conversation(created_at="soon"), "unreadable_time"),
        (conversation(created_at=2 * START), "future_time"),
        (conversation(conversation_parts={"conversation_parts": [part("comment", "hi", 10**9)]}), "future_time"),
        (conversation(conversation_parts={"conversation_parts": [part("comment", "hi", 1, "alien")]}), "unknown_role"),
        (conversation(conversation_parts={"conversation_parts": [part("note", "only", 1)]}, source=None), "no_turns"),
    ],
)
def test_intercom_refuses_with_a_reason(read: Read, told: dict[str, Any], code: str) -> None:
    assert list(codes(read(json.dumps(told), "x.json"))) == [code]


def test_intercom_that_breaks_off_is_refused(read: Read) -> None:
    assert list(codes(read(json.dumps(conversation())[:-40], "x.json"))) == ["bad_json"]


@short
@given(changes=mutations, data=st.data())
def test_intercom_with_any_value_anywhere_is_accounted(changes: Any, data: st.DataObject) -> None:
    told = copy.deepcopy(conversation(state=SECRET))
    accounted(json.dumps(mutated(told, changes, data)), "x.json")


@pytest.mark.parametrize(("total", "expected"), [(7, "ok"), ("7", "ok"), (620, "truncated"), ("620", "truncated")])
def test_intercom_of_which_parts_are_missing_is_refused(read: Read, total: Any, expected: str) -> None:
    parts = {**conversation()["conversation_parts"], "total_count": total}
    assert list(codes(read(json.dumps(conversation(conversation_parts=parts)), "x.json"))) == [expected]
