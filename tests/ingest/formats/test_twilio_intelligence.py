from __future__ import annotations

import copy
import json
import re
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


def sentence(index: int, channel: int | str, start: str, end: str, text: str, **more: Any) -> dict[str, Any]:
    return {"sid": f"GX{index}", "transcript_sid": "GT1", "sentence_index": index, "media_channel": channel,
            "start_time": start, "end_time": end, "transcript": text, "confidence": "0.93", **more}  # fmt: skip


def call(**changes: Any) -> dict[str, Any]:
    return {
        "transcript": {
            "sid": "GT1", "status": "completed", "language_code": "de-DE", "date_created": "2026-02-01T00:00:00Z",
            "media_start_time": "2026-01-05T11:30:00+01:00", "duration": 21,
            "channel": {"participants": [{"channel_participant": 2, "role": "Agent", "user_id": "a-7"},
                                         {"channel_participant": 1, "role": "Customer", "user_id": "k-1"}]},
            **changes,
        },
        "sentences": [
            sentence(1, 1, "4.10", "6.905", "Zum dritten Mal – 😡."),
            sentence(0, "2", "1.50", "3.30", "Was kann ich für Sie tun?"),
        ],
    }  # fmt: skip


def test_twilio_takes_roles_from_the_channel_map_and_times_from_text(read: Read) -> None:
    (item,) = read(json.dumps(call()), "x.json")
    assert isinstance(item, Interaction) and item.source_format == "twilio_intelligence"
    assert [(t.speaker, t.text, t.start_ms, t.end_ms, t.agent_id) for t in item.turns] == [
        ("agent", "Was kann ich für Sie tun?", 1500, 3300, "a-7"),
        ("customer", "Zum dritten Mal – 😡.", 4100, 6905, None),
    ]
    assert (item.source_id, item.customer_key, item.agent_id, item.declared_language) == ("GT1", "k-1", "a-7", "de")
    assert item.channel == "voice" and item.started_at == datetime(2026, 1, 5, 10, 30, tzinfo=UTC)
    assert item.ended_at == datetime(2026, 1, 5, 10, 30, 21, tzinfo=UTC)


def test_twilio_without_a_map_infers_roles_and_takes_no_time_of_the_transcript(read: Read) -> None:
    sentences = [
        sentence(0, 2, "0", "3", "Nordwelle, my name is Ruth, how can I help you?"),
        sentence(1, 1, "3", "6", "Hi, I'm calling about my parcel, I have been waiting since Friday."),
        sentence(2, 2, "6", "9", "I'm sorry to hear that. Let me check, may I have your order number?"),
    ]
    (item,) = read(json.dumps({"sentences": sentences, "meta": {"next_page_url": None}}), "x.json")
    assert isinstance(item, Interaction) and item.started_at_source == "first_seen" and item.source_id == "GT1"
    assert [t.speaker for t in item.turns] == ["agent", "customer", "agent"]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (call(status="in-progress"), "truncated"),
        (call(status="failed", service_sid="GA1") | {"sentences": []}, "no_turns"),
        (call() | {"meta": {"next_page_url": "https://x"}}, "truncated"),
        (call() | {"sentences": [sentence(0, 1, "9", "3", "hi")]}, "turn_times"),
        (call() | {"sentences": [sentence(0, 1, "soon", "3", "hi")]}, "bad_number"),
        (call() | {"sentences": [sentence(0, 1, "1", "3", " ")]}, "no_turns"),
        (call(channel=None) | {"sentences": [sentence(0, 1, "1", "2", "Hm.")]}, "roles_unclear"),
        (call(media_start_time="2026-13-01"), "unreadable_time"),
    ],
)
def test_twilio_refuses_with_a_reason(read: Read, told: dict[str, Any], code: str) -> None:
    assert list(codes(read(json.dumps(told), "x.json"))) == [code]


def camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {re.sub("_(.)", lambda m: m[1].upper(), key): camel(inner) for key, inner in value.items()}
    return [camel(inner) for inner in value] if isinstance(value, list) else value


def test_twilio_reads_what_client_libraries_write(read: Read) -> None:
    (plain,) = read(json.dumps(call()), "x.json")
    told = call(service_sid="GA1")
    page = {"transcripts": [{**told["transcript"], "sentences": told["sentences"]}]}
    answers = {"transcript": told["transcript"], "sentences": {"sentences": told["sentences"], "meta": {}}}
    for written in (camel(told), page, answers):
        (item,) = read(json.dumps(written), "x.json")
        assert isinstance(item, Interaction) and isinstance(plain, Interaction)
        assert (item.turns, item.started_at) == (plain.turns, plain.started_at)


def test_twilio_gathers_sentences_that_stand_alone(read: Read) -> None:
    sentences = [
        sentence(0, 2, "0", "3", "Nordwelle, my name is Ruth, how can I help you?"),
        sentence(1, 1, "3", "6", "Hi, I'm calling about my parcel, I have been waiting since Friday."),
        sentence(2, 2, "6", "9", "I'm sorry to hear that. Let me check, may I have your order number?"),
    ]
    other = [{**each, "transcript_sid": "GT2"} for each in sentences]
    for content in (json.dumps(sentences + other), "\n".join(map(json.dumps, sentences + other))):
        items = read(content, "sentences.json")
        assert [item.source_id for item in items if isinstance(item, Interaction)] == ["GT1", "GT2"]
        assert isinstance(items[1], Interaction) and [t.start_ms for t in items[1].turns] == [0, 3000, 6000]


def test_twilio_keeps_supervisors_apart_and_knows_the_customer_by_number(read: Read) -> None:
    people = [{"channel_participant": 2, "role": "Agent", "user_id": "a-7"},
              {"channel_participant": "1", "role": "CUSTOMER", "media_participant_id": "+15550100"},
              {"channel_participant": 3, "role": "Supervisor", "user_id": "s-1"}]  # fmt: skip
    told = call(channel={"participants": people})
    told["sentences"].append(sentence(2, 3, "8", "9", "Ich übernehme."))
    (item,) = read(json.dumps(told), "x.json")
    assert isinstance(item, Interaction) and (item.agent_id, item.customer_key) == ("a-7", "+15550100")
    assert [(t.speaker, t.agent_id) for t in item.turns] == [
        ("agent", "a-7"), ("customer", None), ("agent", "s-1"),
    ]  # fmt: skip


@short
@given(
    base=st.sampled_from([call(status=SECRET), camel(call()), call()["sentences"]]), changes=mutations, data=st.data()
)
def test_twilio_with_any_value_anywhere_is_accounted(base: Any, changes: Any, data: st.DataObject) -> None:
    told = copy.deepcopy(base)
    accounted(json.dumps(mutated(told, changes, data)), "x.json")
