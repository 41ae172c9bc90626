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


def turn(role: str, text: str, begin: int, sentiment: str = "NEUTRAL") -> dict[str, Any]:
    items = [{"Type": "pronunciation", "Content": "x", "BeginOffsetMillis": begin, "Confidence": "0.99"}]
    return {
        "LoudnessScores": [81.2, 80.0], "Content": text, "Items": items, "Id": f"i-{begin}", "BeginOffsetMillis": begin,
        "EndOffsetMillis": begin + 900, "Sentiment": sentiment, "ParticipantRole": role,
    }  # fmt: skip


def job(**changes: Any) -> dict[str, Any]:
    return {
        "JobStatus": "COMPLETED", "LanguageCode": "en-GB",
        "Transcript": [turn("CUSTOMER", "My router is down – again.", 440, "MIXED"),
                       turn("AGENT", "Sorry about that.", 2000, "POSITIVE"),
                       turn("CUSTOMER", "Yeah.", 1800, "NEGATIVE")],
        "AccountId": "1", "Channel": "VOICE", "JobName": "call-20260105T103000Z.wav",
        "Participants": [{"ParticipantRole": "AGENT"}, {"ParticipantRole": "CUSTOMER"}],
        "ConversationCharacteristics": {"TotalConversationDurationMillis": 2960},
        **changes,
    }  # fmt: skip


def test_call_analytics_reads_turns_in_order_of_time(read: Callable[..., list[Item]]) -> None:
    (item,) = read(json.dumps(job()), "job.json")
    assert isinstance(item, Interaction) and item.source_format == "transcribe_call_analytics"
    assert [(t.speaker, t.text, t.start_ms, t.end_ms, t.source_sentiment) for t in item.turns] == [
        ("customer", "My router is down – again.", 440, 1340, 0.0),
        ("customer", "Yeah.", 1800, 2700, -1.0),
        ("agent", "Sorry about that.", 2000, 2900, 1.0),
    ]
    assert (item.source_id, item.channel, item.declared_language) == ("call-20260105T103000Z.wav", "voice", "en")
    assert item.started_at == datetime(2026, 1, 5, 10, 30, tzinfo=UTC)
    assert item.ended_at == datetime(2026, 1, 5, 10, 30, 2, 960_000, tzinfo=UTC)


def test_call_analytics_starts_when_the_name_of_the_job_says(read: Callable[..., list[Item]]) -> None:
    (item,) = read(json.dumps(job(JobName="2026-01-05T10-30-00Z_call")), "job.json")
    assert isinstance(item, Interaction) and item.started_at == datetime(2026, 1, 5, 10, 30, tzinfo=UTC)


def test_call_analytics_reads_an_array_and_lines_of_jobs(read: Callable[..., list[Item]]) -> None:
    jobs = [job(JobName="a"), job(JobName="b")]
    for content in (json.dumps(jobs, indent=1), "\n".join(map(json.dumps, jobs))):
        assert [item.source_id for item in read(content, "jobs.json") if isinstance(item, Interaction)] == ["a", "b"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"Transcript": []}, "no_turns"), ({"Transcript": None}, "wrong_type"),
     ({"Transcript": [turn("CUSTOMER", "x", -5)]}, "turn_times"),
     ({"Transcript": [turn("CUSTOMER", "x", 1), turn("OBSERVER", "y", 2)]}, "unknown_role"),
     ({"JobStatus": "IN_PROGRESS"}, "truncated"),
     ({"ConversationCharacteristics": {"TotalConversationDurationMillis": 1e300}}, "bad_number")],
)  # fmt: skip
def test_call_analytics_says_what_is_wrong(read: Callable[..., list[Item]], changes: Any, code: str) -> None:
    content = json.dumps(job() | {"Categories": {"x": turn("AGENT", "x", 1)}} | changes)
    (item,) = read(content, "job.json")
    assert isinstance(item, Reject) and item.code == code


def test_call_analytics_reads_offsets_told_as_text_and_participants_with_ids(read: Callable[..., list[Item]]) -> None:
    (plain,) = read(json.dumps(job()), "job.json")
    told = job(Participants=[{"ParticipantId": role, "ParticipantRole": role} for role in ("AGENT", "CUSTOMER")])
    for each in told["Transcript"]:
        each["BeginOffsetMillis"] = str(each["BeginOffsetMillis"])
    (item,) = read(json.dumps(told), "job.json")
    assert isinstance(item, Interaction) and isinstance(plain, Interaction)
    assert (item.source_format, item.turns) == ("transcribe_call_analytics", plain.turns)


@short
@given(changes=mutations, data=st.data())
def test_call_analytics_mutated_is_accounted(changes: Any, data: st.DataObject) -> None:
    accounted(json.dumps(mutated(copy.deepcopy(job()), changes, data)), "job.json")
