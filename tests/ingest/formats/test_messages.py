from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analyzer.config import IngestSettings
from analyzer.ingest.formats import guesses
from analyzer.ingest.formats.messages import Message, id_of, in_order, moment
from analyzer.ingest.raw import ReadContext
from analyzer.ingest.reject_codes import Refused
from analyzer.records import Interaction, Reject
from tests.ingest.conftest import Item, codes, record
from tests.ingest.formats import (
    test_azure,
    test_freshdesk,
    test_intercom,
    test_liveperson,
    test_salesforce_entries,
    test_twilio_intelligence,
    test_zendesk_chat,
    test_zendesk_tickets,
)

Read = Callable[..., list[Item]]
START = datetime(2026, 1, 5, 10, 30, tzinfo=UTC)
SAMPLES: list[tuple[str, Any]] = [
    ("azure_conversations", {"conversations": [test_azure.conversation()]}),
    ("azure_speech", test_azure.batch()),
    ("azure_speech", test_azure.fast()),
    ("freshdesk", test_freshdesk.REPLIES),
    ("intercom", test_intercom.conversation()),
    ("liveperson", {"conversationHistoryRecords": [test_liveperson.history()]}),
    ("liveperson", test_liveperson.history()),
    ("salesforce_entries", {"records": test_salesforce_entries.ENTRIES}),
    ("salesforce_entries", [test_salesforce_entries.connect("a", "Agent", 1)]),
    ("twilio_intelligence", test_twilio_intelligence.call()),
    ("zendesk_chat", {"chats": [test_zendesk_chat.chat()]}),
    ("zendesk_tickets", {"comments": test_zendesk_tickets.COMMENTS, "users": test_zendesk_tickets.USERS}),
    ("native_jsonl", [record(incoming=True, private=False, author_id=1, public=True, history=[], agent_ids=[])]),
]


@pytest.mark.parametrize(("name", "document"), SAMPLES, ids=[f"{i} {name}" for i, (name, _) in enumerate(SAMPLES)])
def test_document_is_taken_for_its_own_format_only(name: str, document: Any) -> None:
    for content in (json.dumps(document), json.dumps(document, indent=2), json.dumps([document])):
        (first, best), (second, other), *_ = guesses(content.encode(), "export.json")
        assert first.name == name and best.probability > 0.9, best.why
        assert other.probability < 0.9, f"{second.name} claims it too: {other.why}"


def test_messages_stand_in_order_of_time_and_untimed_ones_behind_their_forerunner() -> None:
    def said(text: str, after_s: int | None) -> Message:
        return Message("agent", text, None if after_s is None else START + timedelta(seconds=after_s))

    told = [said("c", 9), said("d", None), said("a", 1), said("b", 1), said("e", 10)]
    assert [message.text for message in in_order(told)] == ["a", "b", "c", "d", "e"]
    assert [message.text for message in in_order([said("x", None), said("y", None)])] == ["x", "y"]


@pytest.fixture
def context(defaults: IngestSettings) -> ReadContext:
    return ReadContext("x", "x", "x", defaults)


@pytest.mark.parametrize(
    "value",
    [1767609000, "1767609000", 1767609000000, 1767609000000000, "2026-01-05T10:30:00Z", "2026-01-05 11:30:00.000+0100",
     "2026-01-05T11:30:00"],
)  # fmt: skip
def test_moment_reads_epochs_of_any_unit_and_texts(context: ReadContext, value: Any) -> None:
    assert moment(value, context, "t") == START


@pytest.mark.parametrize(
    ("value", "code"), [("x", "unreadable_time"), (True, "unreadable_time"), (1e18, "implausible_time")]
)
def test_moment_refuses_what_is_no_time(context: ReadContext, value: Any, code: str) -> None:
    with pytest.raises(Refused) as refused:
        moment(value, context, "t")
    assert refused.value.code == code and moment(" ", context, "t") is None


def test_nobody_has_no_id() -> None:
    assert [id_of(value) for value in (0, "0", -1, "", None, 17, "a-1")] == [None, None, None, None, None, "17", "a-1"]


def test_messages_of_too_many_conversations_at_once_give_up_the_largest(read: Read) -> None:
    entry = test_salesforce_entries.entry
    told = [entry(n % 50, "EndUser", "a" * 3000, f"0Mw{n % 30}") for n in range(300)]
    items = read("\n".join(map(json.dumps, told)), "x.jsonl", max_line_bytes=60_000)
    assert len(items) == 30 and set(codes(items)) == {"ok", "rows_scattered"}
    assert all(len(item.raw) < 7_000 for item in items if isinstance(item, Reject))


def test_pages_longer_than_the_limit_are_refused_and_others_read(read: Read) -> None:
    pages = [
        {"chats": [test_zendesk_chat.chat(id=f"{page}-{n}") for n in range(count)]} for page, count in ((1, 2), (2, 90))
    ]
    items = read("\n".join(json.dumps(page) for page in (*pages, *pages[:1])), "x.jsonl", max_line_bytes=40_000)
    assert list(codes(items)) == ["ok", "ok", "line_too_long", "ok", "ok"]
    assert [item.source_id for item in items if isinstance(item, Interaction)] == ["1-0", "1-1", "1-0", "1-1"]
