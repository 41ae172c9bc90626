from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.records import Interaction, Reject
from tests.ingest.conftest import Item
from tests.ingest.formats.mutations import accounted, mutated, mutations, short


def segment(speaker: str, text: str, start: float, **more: Any) -> dict[str, Any]:
    return {
        "SegmentStartTime": start, "SegmentEndTime": start + 1.25, "SegmentSpeaker": speaker,
        "SegmentInterruption": False, "IVRSegment": False, "OriginalText": text, "DisplayText": text,
        "SentimentIsPositive": 0, "SentimentIsNegative": 0, "SentimentScore": 0.0, **more,
    }  # fmt: skip


def result(**changes: Any) -> dict[str, Any]:
    about = {
        "Agent": "ag-3", "Agents": ["ag-3", "ag-4"], "Cust": "cu-1", "GUID": "g-1", "Duration": "21.5",
        "ConversationTime": "2026-01-05 10:30:00", "ConversationLocation": "America/New_York", "LanguageCode": "en-US",
        "SpeakerLabels": [{"Speaker": "spk_0", "DisplayText": "Customer"},
                          {"Speaker": "spk_1", "DisplayText": "Agent", "UserId": "ag-3"},
                          {"Speaker": "spk_2", "DisplayText": "ag-4"}],
    }  # fmt: skip
    segments = [
        segment("spk_1", "Press one.", 0.0, IVRSegment=True),
        segment("spk_0", "Third time I call, ähm.", 4.1, SentimentIsNegative=1),
        segment("spk_1", "How can I help?", 1.5),
        segment("spk_2", "I take over.", 9.0, SentimentIsPositive=1),
    ]
    return {"ConversationAnalytics": about | changes, "SpeechSegments": segments}


def test_pca_reads_labels_menu_agents_and_local_time(read: Callable[..., list[Item]]) -> None:
    (item,) = read(json.dumps(result()), "pca.json")
    assert isinstance(item, Interaction) and item.source_format == "post_call_analytics"
    assert [(t.speaker, t.agent_id, t.start_ms, t.end_ms, t.source_sentiment) for t in item.turns] == [
        ("bot", None, 0, 1250, 0.0), ("agent", "ag-3", 1500, 2750, 0.0),
        ("customer", None, 4100, 5350, -1.0), ("agent", "ag-4", 9000, 10_250, 1.0),
    ]  # fmt: skip
    assert (item.source_id, item.customer_key, item.agent_id, item.channel) == ("g-1", "cu-1", "ag-3", "voice")
    assert item.started_at == datetime(2026, 1, 5, 15, 30, tzinfo=UTC) and item.turns[2].text.endswith("ähm.")
    assert item.ended_at == datetime(2026, 1, 5, 15, 30, 21, 500_000, tzinfo=UTC)


@pytest.mark.parametrize("swapped", [False, True])
def test_pca_without_roles_goes_by_words(read: Callable[..., list[Item]], swapped: bool) -> None:
    told = result(SpeakerLabels=[{"Speaker": f"spk_{n}", "DisplayText": f"Speaker {n}"} for n in (0, 1)])
    agent, customer = ("spk_0", "spk_1") if swapped else ("spk_1", "spk_0")
    told["SpeechSegments"] = [
        segment(agent, "Thank you for calling, how can I help you?", 0.5),
        segment(customer, "I ordered a lamp and my parcel never came.", 2.0),
        segment(agent, "I'm so sorry about that. Let me check. May I have your order number, please?", 4.0),
        segment(customer, "Thanks for your help.", 8.0),
    ]
    (item,) = read(json.dumps(told), "pca.json")
    assert isinstance(item, Interaction) and [t.speaker for t in item.turns] == ["agent", "customer"] * 2


def test_pca_whose_words_do_not_tell_roles_is_refused(read: Callable[..., list[Item]]) -> None:
    told = result(SpeakerLabels=[])
    told["SpeechSegments"] = [segment("spk_0", "Mhm.", 0.5), segment("spk_1", "Ja.", 2.0)]
    (item,) = read(json.dumps(told), "pca.json")
    assert isinstance(item, Reject) and item.code == "roles_unclear"


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"ConversationTime": "soon"}, "unreadable_time"), ({"Duration": "long"}, "bad_number"),
     ({"Duration": -1}, "bad_number"), ({"ConversationTime": "2031-01-05 10:30:00"}, "future_time")],
)  # fmt: skip
def test_pca_says_what_is_wrong(read: Callable[..., list[Item]], changes: Any, code: str) -> None:
    (item,) = read(json.dumps(result(**changes)), "pca.json")
    assert isinstance(item, Reject) and item.code == code


def test_pca_reads_seconds_told_as_text(read: Callable[..., list[Item]]) -> None:
    told = result()
    (plain,) = read(json.dumps(told), "pca.json")
    for each in told["SpeechSegments"]:
        each["SegmentStartTime"] = str(each["SegmentStartTime"])
    (item,) = read(json.dumps(told), "pca.json")
    assert isinstance(item, Interaction) and isinstance(plain, Interaction) and item.turns == plain.turns


def test_pca_takes_plain_labels_and_the_names_in_its_head(read: Callable[..., list[Item]]) -> None:
    told = result(SpeakerLabels=["spk_0", "spk_1"], Agent="spk_1", Agents=["spk_1", "spk_2"], Cust="spk_0")
    (item,) = read(json.dumps(told), "pca.json")
    assert isinstance(item, Interaction)
    assert [turn.speaker for turn in item.turns] == ["bot", "agent", "customer", "agent"]


@short
@given(changes=mutations, data=st.data())
def test_pca_mutated_is_accounted(changes: Any, data: st.DataObject) -> None:
    accounted(json.dumps(mutated(copy.deepcopy(result()), changes, data)), "pca.json")
