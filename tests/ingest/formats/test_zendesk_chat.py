from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.records import Interaction
from tests.ingest.conftest import Item, codes
from tests.ingest.formats.mutations import SECRET, accounted, mutated, mutations, short

Read = Callable[..., list[Item]]


def said(second: int, kind: str | None, name: str, msg: str | None, **more: Any) -> dict[str, Any]:
    return {"type": "chat.msg", "name": name, "sender_type": kind, "msg": msg,
            "timestamp": f"2026-01-05T10:30:{second:02}Z", **more}  # fmt: skip


def chat(**changes: Any) -> dict[str, Any]:
    return {
        "id": "2601.1", "type": "chat", "started_by": "visitor", "visitor": {"id": "v-9", "name": "Ann"},
        "timestamp": "2026-01-05T10:30:00Z", "duration": 90, "department_name": "Billing",
        "response_time": {"first": 12, "avg": 9, "max": 20}, "agent_ids": ["17"], "agent_names": ["Bo"],
        "rating": "good", "tags": [], "missed": False,
        "history": [
            {"type": "chat.memberjoin", "name": "Ann", "nick": "visitor", "timestamp": "2026-01-05T10:30:00Z"},
            said(3, "Trigger", "Hallo!", "Hallo! Wie können wir helfen?"),
            said(5, "Visitor", "Ann", "Meine Karte geht <b>nicht</b> 💳"),
            said(17, "Agent", "Bo", "Einen Moment bitte."),
            {"type": "chat.rating", "name": "Ann", "new_rating": "good", "timestamp": "2026-01-05T10:31:00Z"},
        ],
        **changes,
    }  # fmt: skip


def test_zendesk_chat_reads_messages_and_tells_triggers_apart(read: Read) -> None:
    (item,) = read(json.dumps(chat()), "x.json")
    assert isinstance(item, Interaction) and item.source_format == "zendesk_chat"
    assert [(t.speaker, t.text, t.start_ms, t.agent_id) for t in item.turns] == [
        ("bot", "Hallo! Wie können wir helfen?", 3_000, None),
        ("customer", "Meine Karte geht <b>nicht</b> 💳", 5_000, None),
        ("agent", "Einen Moment bitte.", 17_000, "17"),
    ]
    assert (item.source_id, item.customer_key, item.agent_id, item.channel) == ("2601.1", "v-9", "17", "chat")
    assert (item.direction, item.queue, item.wait_s) == ("inbound", "Billing", 12.0)
    assert item.ended_at == datetime(2026, 1, 5, 10, 31, 30, tzinfo=UTC)


def test_zendesk_chat_tells_roles_by_nick_and_name(read: Read) -> None:
    history = [
        said(1, None, "Ann", "a", nick="visitor:9"), said(2, None, "Hi", "b", nick="agent:trigger"),
        said(3, None, "Cy", "c", nick="agent:33"), said(4, None, "Bo", "d"), said(5, None, "Ann", "e"),
    ]  # fmt: skip
    (item,) = read(json.dumps(chat(history=history)), "x.json")
    assert isinstance(item, Interaction)
    assert [(t.speaker, t.agent_id) for t in item.turns] == [
        ("customer", None), ("bot", None), ("agent", "33"), ("agent", "17"), ("customer", None),
    ]  # fmt: skip


def test_zendesk_chat_reads_pages_docs_and_offline_messages(read: Read) -> None:
    offline = {"id": "o1", "type": "offline_msg", "message": "Bitte rufen Sie an.", "visitor": {"id": "v"},
               "timestamp": "2026-01-05T10:30:00Z", "department_name": "Sales"}  # fmt: skip
    page = {"chats": [chat(), {"history": 7, "agent_ids": []}, offline], "count": 3, "end_time": 1767609000}
    items = read(json.dumps(page), "x.json")
    assert list(codes(items)) == ["ok", "wrong_type", "ok"]
    assert isinstance(items[2], Interaction) and items[2].turns[0].text == "Bitte rufen Sie an."
    assert list(codes(read(json.dumps({"count": 2, "docs": {"a": chat(), "b": chat(id="b")}}), "x.json"))) == [
        "ok",
        "ok",
    ]
    assert list(codes(read(json.dumps(offline), "x.json"))) == ["ok"]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (chat(history=None), "missing_field"),
        (chat(history=[]), "no_turns"),
        (chat(history=[said(1, "Alien", "X", "hi")]), "unknown_role"),
        (chat(history=[said(1, "Agent", "Bo", "hi", timestamp="?")]), "unreadable_time"),
        (chat(duration=-5), "bad_number"),
    ],
)
def test_zendesk_chat_refuses_with_a_reason(read: Read, told: dict[str, Any], code: str) -> None:
    assert list(codes(read(json.dumps(told), "x.json"))) == [code]


@short
@given(changes=mutations, data=st.data())
def test_zendesk_chat_with_any_value_anywhere_is_accounted(changes: Any, data: st.DataObject) -> None:
    told = copy.deepcopy({"chats": [chat(department_name=SECRET), chat()]})
    accounted(json.dumps(mutated(told, changes, data)), "x.json")
