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
from analyzer.records import Interaction
from tests.ingest.conftest import Item, codes
from tests.ingest.formats.mutations import SECRET, accounted, mutated, mutations, short

Read = Callable[..., list[Item]]
START = 1767609000000  # 2026-01-05T10:30:00Z


def said(seq: int, by: str, text: str | None, after_ms: int, who: str, **more: Any) -> dict[str, Any]:
    return {"type": "TEXT_PLAIN", "messageData": {"msg": {"text": text}}, "messageId": f"ms::{seq}", "seq": seq,
            "dialogId": "d1", "participantId": who, "timeL": START + after_ms, "sentBy": by, **more}  # fmt: skip


def history(info: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "info": {"conversationId": "cv1", "startTimeL": START, "endTimeL": START + 600_000, "status": "CLOSE",
                 "closeReason": "AGENT", "csatRate": 5, "mcs": 67, "latestSkillName": "Billing",
                 "latestAgentGroupName": "North", "source": "WHATSAPP", **(info or {})},
        "messageRecords": [
            said(2, "Agent", "Ich schaue nach.", 20_000, "a1"),
            said(0, "Consumer", "Wo ist mein Paket? 📦", 0, "k1"),
            said(1, "Agent", "Welcome! I am a bot.", 1_000, "b1"),
            said(3, "Agent", "Customer is difficult", 21_000, "a1", audience="AGENTS_AND_MANAGERS"),
            said(4, "Controller", "An agent has joined", 22_000, "c1"),
            said(5, "Consumer", None, 23_000, "k1", type="HOSTED_FILE"),
        ],
        "agentParticipants": [{"agentId": "a1", "userTypeName": "Human"}, {"agentId": "b1", "userTypeName": "Bot"}],
        "consumerParticipants": [{"participantId": "k1"}],
        "transfers": [{"reason": "Bot"}],
        **changes,
    }  # fmt: skip


def page(*records: dict[str, Any]) -> str:
    return json.dumps({"_metadata": {"count": len(records)}, "conversationHistoryRecords": list(records)})


def test_liveperson_reads_messages_by_time_with_bots_and_private_text_told_apart(read: Read) -> None:
    stats = ReadStats()
    (item,) = read(page(history()), "x.json", stats=stats)
    assert isinstance(item, Interaction) and item.source_format == "liveperson"
    assert [(t.speaker, t.text, t.start_ms, t.agent_id) for t in item.turns] == [
        ("customer", "Wo ist mein Paket? 📦", 0, None),
        ("bot", "Welcome! I am a bot.", 1_000, None),
        ("agent", "Ich schaue nach.", 20_000, "a1"),
        ("system", "An agent has joined", 22_000, None),
    ]
    assert (item.source_id, item.customer_key, item.agent_id, item.transfers) == ("cv1", "k1", "a1", 1)
    assert (item.channel, item.team, item.queue, item.disposition, item.csat) == (
        "messaging", "North", "Billing", "AGENT", 5.0,
    )  # fmt: skip
    assert item.ended_at == datetime(2026, 1, 5, 10, 40, tzinfo=UTC)
    assert stats.left_out == {"private_note": 1, "no_text": 1}


def test_liveperson_reads_times_written_out_and_open_conversations(read: Read) -> None:
    messages = [said(0, "Consumer", "Hallo", 0, "k1", timeL=None, time="2026-01-05 11:30:00.250+0100")]
    info = {"startTimeL": None, "startTime": "2026-01-05 10:30:00.000+0000", "endTimeL": -1, "csatRate": None}
    (item,) = read(page(history(info, messageRecords=messages)), "x.json")
    assert isinstance(item, Interaction) and item.ended_at == datetime(2026, 1, 5, 10, 30, 0, 250_000, UTC)
    assert item.turns[0].start_ms == 250


def test_liveperson_starts_no_later_than_its_first_message(read: Read) -> None:
    (item,) = read(page(history({"startTimeL": START + 5_000, "csatRate": 9})), "x.json")
    assert isinstance(item, Interaction) and item.turns[0].start_ms == 0 and item.csat is None


def test_liveperson_costs_a_bad_record_alone(read: Read) -> None:
    bad = history(messageRecords=[{"sentBy": 7}])
    items = read(page(history(), bad, history({"conversationId": "cv2"})), "x.json")
    assert list(codes(items)) == ["ok", "wrong_type", "ok"]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (history({"isPartial": True}), "truncated"),
        (history(messageRecords=[]), "no_turns"),
        (history(messageRecords=[said(0, "Alien", "hi", 0, "x")]), "unknown_role"),
        (history(messageRecords=[said(0, "Agent", "hi", 10**12, "x")], info={"endTimeL": None}), "future_time"),
        ({"info": {}}, "missing_field"),
    ],
)
def test_liveperson_refuses_with_a_reason(read: Read, told: dict[str, Any], code: str) -> None:
    assert list(codes(read(page(told), "x.json"))) == [code]


def test_liveperson_page_that_breaks_off_is_refused(read: Read) -> None:
    assert list(codes(read(page(history(), history())[:-9], "x.json"))) == ["bad_json"]


@short
@given(changes=mutations, data=st.data())
def test_liveperson_with_any_value_anywhere_is_accounted(changes: Any, data: st.DataObject) -> None:
    told = {"conversationHistoryRecords": [copy.deepcopy(history({"closeReason": SECRET})), history()]}
    accounted(json.dumps(mutated(told, changes, data)), "x.json")


def test_liveperson_bots_are_told_by_either_id_and_no_messages_are_no_turns(read: Read) -> None:
    agents = [{"participantId": "b1", "agentId": "x9", "userTypeName": "Bot"}]
    (item,) = read(page(history(agentParticipants=agents)), "x.json")
    assert isinstance(item, Interaction) and [turn.speaker for turn in item.turns][:2] == ["customer", "bot"]
    assert list(codes(read(json.dumps(history(messageRecords=[])), "y.json"))) == ["no_turns"]
