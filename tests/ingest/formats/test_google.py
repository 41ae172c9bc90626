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

from analyzer.ingest.raw import ReadStats
from analyzer.records import Interaction, Reject
from tests.ingest.conftest import Item
from tests.ingest.formats.mutations import accounted, mutated, mutations, short

START = datetime(2026, 1, 5, 10, 30, tzinfo=UTC)
USEC = 1767609000_000_000


def entries() -> dict[str, Any]:
    return {
        "conversation_info": {"categories": [{"display_name": "Billing"}]},
        "entries": [
            {"start_timestamp_usec": USEC, "text": "Willkommen!", "role": "AUTOMATED_AGENT", "user_id": 3},
            {"start_timestamp_usec": USEC + 7_500_250, "text": "Zum dritten Mal 😡", "role": "END_USER", "user_id": 1},
            {"start_timestamp_usec": str(USEC + 5_000_000), "text": "How can I help?", "role": "AGENT", "user_id": 2},
            {"start_timestamp_usec": USEC + 9_000_000, "text": "Ja?", "role": "CUSTOMER", "user_id": 1},
        ],
    }  # fmt: skip


def test_ccai_ingest_reads_microseconds_in_order(read: Callable[..., list[Item]]) -> None:
    (item,) = read(json.dumps(entries()), "conversation.json")
    assert isinstance(item, Interaction) and item.source_format == "google_ccai_ingest"
    assert [(turn.speaker, turn.text, turn.start_ms) for turn in item.turns] == [
        ("bot", "Willkommen!", 0), ("agent", "How can I help?", 5000), ("customer", "Zum dritten Mal 😡", 7500),
        ("customer", "Ja?", 9000),
    ]  # fmt: skip
    assert (item.started_at, item.channel, item.customer_key) == (START, "chat", None)


@pytest.mark.parametrize(
    ("entry", "code"),
    [({"role": "JUDGE"}, "unknown_role"), ({"start_timestamp_usec": "soon"}, "unreadable_time"),
     ({"start_timestamp_usec": USEC // 1000}, "implausible_time"), ({"text": 5}, "wrong_type")],
)  # fmt: skip
def test_ccai_ingest_says_what_is_wrong(read: Callable[..., list[Item]], entry: Any, code: str) -> None:
    told = entries()
    told["entries"][0] |= entry
    (item,) = read(json.dumps(told), "conversation.json")
    assert isinstance(item, Reject) and item.code == code and item.raw


def conversation(**changes: Any) -> dict[str, Any]:
    words = [{"word": "how", "startOffset": "1.500s", "endOffset": "1.700s"},
             {"word": "help", "startOffset": {"seconds": "2", "nanos": 100_000_000}, "endOffset": "2.4s"}]  # fmt: skip
    return {
        "name": "projects/p/locations/l/conversations/cv-1", "startTime": "2026-01-05T10:30:00.000000Z",
        "updateTime": "2026-01-05T11:00:00.123456789Z", "duration": "21.5s", "medium": "PHONE_CALL",
        "languageCode": "en-US", "agentId": "a-7", "obfuscatedUserId": "u-9", "labels": {"team": "x"},
        "qualityMetadata": {"customerSatisfactionRating": 4, "waitDuration": "12s",
                            "agentInfo": [{"agentId": "a-7", "teams": ["north"], "dispositionCode": "done"}]},
        "transcript": {"transcriptSegments": [
            {"text": "I need help.", "messageTime": "2026-01-05T10:30:04.100Z", "channelTag": 1,
             "segmentParticipant": {"role": "END_USER"}, "sentiment": {"magnitude": 0.5, "score": -0.5}},
            {"text": "how help", "words": words, "channelTag": 2, "segmentParticipant": {"role": "ANY_AGENT"}},
            {"text": "A moment.", "messageTime": "2026-01-05T10:30:09Z", "segmentParticipant": {"role": "HUMAN_AGENT"}},
        ]},
        **changes,
    }  # fmt: skip


def snake(value: Any) -> Any:
    if isinstance(value, dict):
        return {"".join(f"_{c.lower()}" if c.isupper() else c for c in k): snake(v) for k, v in value.items()}
    return [snake(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("written", [conversation(), snake(conversation())], ids=["camelCase", "snake_case"])
def test_ccai_export_reads_both_cases(read: Callable[..., list[Item]], written: Any) -> None:
    (item,) = read(json.dumps(written), "export.json")
    assert isinstance(item, Interaction) and item.source_format == "google_ccai_export"
    assert [(t.speaker, t.text, t.start_ms, t.end_ms, t.source_sentiment) for t in item.turns] == [
        ("agent", "how help", 1500, 2400, None), ("customer", "I need help.", 4100, None, -0.5),
        ("agent", "A moment.", 9000, None, None),
    ]  # fmt: skip
    assert (item.started_at, item.channel, item.declared_language) == (START, "voice", "en")
    assert (item.agent_id, item.customer_key, item.team, item.disposition) == ("a-7", "u-9", "north", "done")
    assert (item.wait_s, item.csat) == (12.0, None) and item.ended_at and item.ended_at.second == 21


def test_ccai_export_reads_pages(read: Callable[..., list[Item]]) -> None:
    page = {"conversations": [conversation(name="a"), conversation(name="b"), {"name": "c"}], "nextPageToken": ""}
    items = read(json.dumps(page), "page.json")
    assert [item.source_id if isinstance(item, Interaction) else item.code for item in items] == [  # type: ignore[union-attr]
        "a", "b", "missing_field",
    ]  # fmt: skip


def test_ccai_export_fills_the_role_left_open_and_refuses_unknown_ones(read: Callable[..., list[Item]]) -> None:
    told = conversation()
    first = told["transcript"]["transcriptSegments"][0]
    first |= {"segmentParticipant": {"role": "ROLE_UNSPECIFIED"}, "channelTag": 3}
    (item,) = read(json.dumps(told), "x.json")
    assert isinstance(item, Interaction) and [t.speaker for t in item.turns] == ["agent", "customer", "agent"]
    first["segmentParticipant"]["role"] = "JUDGE"
    assert [item.code for item in read(json.dumps(told), "x.json") if isinstance(item, Reject)] == ["unknown_role"]


@pytest.mark.parametrize("agent", [1, 2])
def test_ccai_export_takes_channels_for_roles_only_as_stated(read: Callable[..., list[Item]], agent: int) -> None:
    told = conversation(callMetadata={"agentChannel": agent, "customerChannel": 3 - agent})
    segments = told["transcript"]["transcriptSegments"][:2]
    for segment in segments:
        del segment["segmentParticipant"]
    told["transcript"]["transcriptSegments"] = segments
    (item,) = read(json.dumps(told), "export.json")
    assert isinstance(item, Interaction)
    assert [turn.speaker for turn in item.turns] == (["agent", "customer"] if agent == 2 else ["customer", "agent"])
    del told["callMetadata"]
    (item,) = read(json.dumps(told), "export.json")
    assert isinstance(item, Reject) and item.code == "roles_unclear"


SAID = (
    (1, "thank you for calling how can i help you"),
    (2, "i need my money back i ordered a lamp"),
    (1, "i'm sorry to hear that let me check may i have your order number please"),
    (2, "my parcel never came"),
)


def speech(*, tagged: bool, swapped: bool = False) -> dict[str, Any]:
    results: list[dict[str, Any]] = []
    everything: list[dict[str, Any]] = []
    for place, (tag, text) in enumerate(SAID):
        tag = 3 - tag if swapped else tag
        words = [
            {"word": word, "startTime": f"{place * 5 + n / 4:.3f}s", "endTime": f"{place * 5 + n / 4 + 0.2:.3f}s"}
            for n, word in enumerate(text.split())
        ]
        everything += [word | {"speakerTag": tag} for word in words]
        about = {} if tagged else {"channelTag": tag}
        results.append({"alternatives": [{"transcript": text, "words": words}], "languageCode": "en-us", **about})
    if tagged:
        results.append({"alternatives": [{"transcript": "", "words": everything}], "languageCode": "en-us"})
    return {"results": results if tagged else sorted(results, key=lambda result: result["channelTag"])}


@pytest.mark.parametrize("tagged", [True, False], ids=["diarised", "channels"])
@pytest.mark.parametrize("swapped", [True, False])
def test_speech_goes_by_words_and_reads_diarised_words_once(
    read: Callable[..., list[Item]], tagged: bool, swapped: bool
) -> None:
    told = speech(tagged=tagged, swapped=swapped)
    for content in (told, {"name": "1", "done": True, "response": told}):
        (item,) = read(json.dumps(content), "stt_20260105T103000Z.json")
        assert isinstance(item, Interaction) and item.source_format == "google_speech"
        assert [(turn.speaker, turn.text) for turn in item.turns] == [
            ("agent" if tag == 1 else "customer", text) for tag, text in SAID
        ]
        assert [turn.start_ms for turn in item.turns] == [0, 5000, 10_000, 15_000] and item.started_at == START


def camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {re.sub("_(.)", lambda m: m[1].upper(), key): camel(inner) for key, inner in value.items()}
    return [camel(inner) for inner in value] if isinstance(value, list) else value


def test_ccai_ingest_reads_camel_case_too(read: Callable[..., list[Item]]) -> None:
    stats = ReadStats()
    (item,) = read(json.dumps(camel(entries())), "conversation.json", stats=stats)
    (plain,) = read(json.dumps(entries()), "conversation.json", stats=stats)
    assert isinstance(item, Interaction) and isinstance(plain, Interaction)
    assert (item.turns, item.started_at) == (plain.turns, plain.started_at) and not stats.unknown_keys


def test_ccai_export_reads_numbers_for_roles_and_finished_operations(read: Callable[..., list[Item]]) -> None:
    told = conversation()
    for segment, role in zip(told["transcript"]["transcriptSegments"], (3, 4, 2), strict=True):
        segment["segmentParticipant"] = {"role": role, "userId": role}
    told["startTime"] = {"seconds": str(USEC // 1_000_000), "nanos": 0}
    told["transcript"]["transcriptSegments"][0]["messageTime"] = {"seconds": USEC // 10**6 + 4, "nanos": 100_000_000}
    (item,) = read(json.dumps({"name": "op", "done": True, "response": told}), "export.json")
    assert isinstance(item, Interaction) and item.started_at == START
    assert [(t.speaker, t.start_ms) for t in item.turns] == [("agent", 1500), ("customer", 4100), ("bot", 9000)]


def test_ccai_export_without_a_start_counts_from_the_first_message_with_words(read: Callable[..., list[Item]]) -> None:
    told = conversation()
    told["transcript"]["transcriptSegments"][1]["messageTime"] = "2026-01-05T10:30:01.500Z"
    del told["startTime"]
    (item,) = read(json.dumps(told), "export.json")
    assert isinstance(item, Interaction) and item.started_at == START
    assert [turn.start_ms for turn in item.turns] == [1500, 4100, 9000]


def test_speech_reads_results_that_each_tag_their_own_words(read: Callable[..., list[Item]]) -> None:
    told = speech(tagged=False)
    for result in told["results"]:
        tag = result.pop("channelTag")
        for word in result["alternatives"][0]["words"]:
            word |= {"speakerLabel": str(tag), "startOffset": word.pop("startTime"), "endOffset": word.pop("endTime")}
    told["results"].sort(key=lambda result: float(result["alternatives"][0]["words"][0]["startOffset"][:-1]))
    del told["results"][0]["alternatives"][0]["words"][0]["startOffset"]
    (item,) = read(json.dumps(told), "stt.json")
    assert isinstance(item, Interaction)
    assert [(t.speaker, t.text) for t in item.turns] == [("agent" if tag == 1 else "customer", t) for tag, t in SAID]


def test_speech_without_words_goes_by_the_ends_of_results(read: Callable[..., list[Item]]) -> None:
    told = speech(tagged=False)
    for result in told["results"]:
        result["resultEndTime"] = result["alternatives"][0].pop("words")[-1]["endTime"]
    (item,) = read(json.dumps(told), "stt.json")
    assert isinstance(item, Interaction) and [turn.text for turn in item.turns] == [text for _, text in SAID]
    assert all(turn.end_ms for turn in item.turns)


@short
@given(base=st.sampled_from([entries(), camel(entries()), conversation(), snake(conversation()), speech(tagged=True),
                             speech(tagged=False), {"response": conversation()}]),
       changes=mutations, data=st.data())  # fmt: skip
def test_google_mutated_is_accounted(base: Any, changes: Any, data: st.DataObject) -> None:
    accounted(json.dumps(mutated(copy.deepcopy(base), changes, data)), "google.json")
