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
from analyzer.records import Interaction, Reject, Skipped
from tests.ingest.conftest import Item, codes
from tests.ingest.formats.mutations import accounted, mutated, mutations, short

START = datetime(2026, 1, 5, 10, 30, tzinfo=UTC)


def voice(**changes: Any) -> dict[str, Any]:
    return {
        "Version": "1.1.0", "AccountId": "1", "Channel": "VOICE", "JobStatus": "COMPLETED", "LanguageCode": "en-US",
        "ContentMetadata": {"Output": "Raw"},
        "CustomerMetadata": {"ContactId": "ct-1", "InstanceId": "in-1",
                             "InputS3Uri": "s3://b/CallRecordings/2026/01/05/ct-1_20260105T10:30_UTC.wav"},
        "Participants": [{"ParticipantId": "p-a", "ParticipantRole": "AGENT"},
                         {"ParticipantId": "p-c", "ParticipantRole": "CUSTOMER"}],
        "Categories": {"MatchedCategories": [], "MatchedDetails": {}},
        "ConversationCharacteristics": {"TotalConversationDurationMillis": 21_000,
                                        "Sentiment": {"OverallSentiment": {"p-a": 0, "p-c": -2.5}}},
        "Transcript": [
            {"Id": "2", "ParticipantId": "p-c", "Content": "Third time I call about [PII].", "BeginOffsetMillis": 4100,
             "EndOffsetMillis": 6900, "Sentiment": "NEGATIVE", "LoudnessScores": [78.0]},
            {"Id": "1", "ParticipantId": "p-a", "Content": "How can I help?", "BeginOffsetMillis": 1500,
             "EndOffsetMillis": 3300, "Sentiment": "NEUTRAL", "LoudnessScore": [70.1]},
        ],
        **changes,
    }  # fmt: skip


def message(id_: str, role: str | None, second: int, text: str | None, **more: Any) -> dict[str, Any]:
    told = {
        "Id": id_, "Type": "MESSAGE", "ContentType": "text/plain", "Content": text, "ParticipantRole": role,
        "AbsoluteTime": f"2026-01-05T10:30:{second:02}.100Z", "ParticipantId": f"{role}-1", **more,
    }  # fmt: skip
    return {key: value for key, value in told.items() if value is not None}


def chat(**changes: Any) -> dict[str, Any]:
    joined = "application/vnd.amazonaws.connect.event.participant.joined"
    return {
        "Version": "CHAT-2022-11-30", "Channel": "CHAT", "JobStatus": "COMPLETED", "LanguageCode": "de-DE",
        "CustomerMetadata": {"ContactId": "ct-2", "InstanceId": "in-1"},
        "Participants": [{"ParticipantId": "CUSTOMER-1", "ParticipantRole": "CUSTOMER", "DisplayName": "Ann"},
                         {"ParticipantId": "x-9", "ParticipantRole": "SUPERVISOR"}],
        "Transcript": [
            message("e1", "CUSTOMER", 0, None, Type="EVENT", ContentType=joined),
            message("m0", "SYSTEM", 2, "Bitte warten."),
            message("m1", "CUSTOMER", 4, "Noch immer kein Geld 😡."),
            message("m2", "AGENT", 19, "Das tut mir **leid**.", ContentType="text/markdown"),
            message("m3", "CUSTOM_BOT", 20, "Guten Tag"),
            message("m4", None, 30, "Ich übernehme.", ParticipantId="x-9"),
            message("m5", "AGENT", 31, '{"templateType": "ListPicker"}', ContentType="application/json"),
            message("e2", None, 40, None, Type="EVENT", ContentType=joined.replace("participant.joined", "chat.ended")),
        ],
        "ConversationCharacteristics": {"Sentiment": {
            "OverallSentiment": {"DetailsByParticipantRole": {"CUSTOMER": -5}},
            "DetailsByTranscriptItemGroup": [
                {"ParticipantRole": "CUSTOMER", "ProgressiveScore": -1.67, "Sentiment": "NEGATIVE",
                 "TranscriptItems": [{"Id": "m1"}]},
                {"ParticipantRole": "AGENT", "Sentiment": "POSITIVE", "TranscriptItems": [{"Id": "m2"}]},
            ]}},
        **changes,
    }  # fmt: skip


def test_contact_lens_voice_resolves_ids_and_takes_the_start_from_the_recording(
    read: Callable[..., list[Item]],
) -> None:
    (item,) = read(json.dumps(voice()), "analysis.json")
    assert isinstance(item, Interaction) and item.source_format == "contact_lens"
    assert [(t.speaker, t.text, t.start_ms, t.end_ms, t.source_sentiment) for t in item.turns] == [
        ("agent", "How can I help?", 1500, 3300, 0.0),
        ("customer", "Third time I call about [PII].", 4100, 6900, -1.0),
    ]
    assert (item.source_id, item.channel, item.declared_language) == ("ct-1", "voice", "en")
    assert item.started_at == START and item.ended_at == datetime(2026, 1, 5, 10, 30, 21, tzinfo=UTC)


@pytest.mark.parametrize("swapped", [False, True])
def test_contact_lens_voice_reads_literal_roles(read: Callable[..., list[Item]], swapped: bool) -> None:
    told = voice(Participants=[{"ParticipantId": r, "ParticipantRole": r} for r in ("CUSTOMER", "AGENT")])
    roles = ["AGENT", "CUSTOMER"] if swapped else ["CUSTOMER", "AGENT"]
    for turn, role in zip(told["Transcript"], roles, strict=True):
        turn["ParticipantId"] = role
    (item,) = read(json.dumps(told), "a.json")
    assert isinstance(item, Interaction)
    assert [t.speaker for t in item.turns] == (["customer", "agent"] if swapped else ["agent", "customer"])


@pytest.mark.parametrize(
    ("uri", "name", "start"),
    [
        ("s3://b/2026/01/05/ct-1_20260105T10%3A30_UTC.wav", "a.json", START),
        (None, "ct-1_analysis_2026-01-05T10_30_00Z.json", START),
        ("s3://b/Analysis/2026/01/05/ct-1.wav", "a.json", datetime(2026, 1, 5, tzinfo=UTC)),
        ("path to the recording", "a.json", None),
    ],
)
def test_contact_lens_voice_start_comes_from_names(
    read: Callable[..., list[Item]], uri: str | None, name: str, start: datetime | None
) -> None:
    (item,) = read(json.dumps(voice(CustomerMetadata={"ContactId": "c", "InputS3Uri": uri})), name)
    assert isinstance(item, Interaction)
    assert item.started_at == start if start else item.started_at_source == "first_seen"


def test_contact_lens_chat_keeps_words_and_joins_sentiment_by_id(read: Callable[..., list[Item]]) -> None:
    stats = ReadStats()
    (item,) = read(json.dumps(chat()), "chat.json", stats=stats)
    assert isinstance(item, Interaction)
    assert [(t.speaker, t.text, t.start_ms, t.source_sentiment) for t in item.turns] == [
        ("system", "Bitte warten.", 2000, None),
        ("customer", "Noch immer kein Geld 😡.", 4000, -1.0),
        ("agent", "Das tut mir **leid**.", 19_000, 1.0),
        ("bot", "Guten Tag", 20_000, None),
        ("agent", "Ich übernehme.", 30_000, None),
    ]
    assert (item.channel, item.declared_language, item.source_id) == ("chat", "de", "ct-2")
    assert item.started_at == datetime(2026, 1, 5, 10, 30, 0, 100_000, tzinfo=UTC)
    assert item.ended_at == datetime(2026, 1, 5, 10, 30, 40, 100_000, tzinfo=UTC)
    assert set(stats.unknown_keys) == set()


def test_contact_lens_is_known_by_its_head_however_long(read: Callable[..., list[Item]]) -> None:
    told = chat()
    groups = told["ConversationCharacteristics"]["Sentiment"]["DetailsByTranscriptItemGroup"]
    groups += [{"Sentiment": "NEUTRAL", "TranscriptItems": [{"Id": f"none-{n}"}]} for n in range(2000)]
    (item,) = read(json.dumps(told, sort_keys=True), "chat.json")
    assert isinstance(item, Interaction) and len(item.turns) == 5


def test_contact_lens_email_reads_html(read: Callable[..., list[Item]]) -> None:
    mail = message("1", "CUSTOMER", 5, "<p>Wo bleibt <b>mein</b> Paket?</p>", ContentType="text/html")
    told = chat(Version="EMAIL-2026-01-01", Channel="EMAIL", Transcript=[mail], ConversationCharacteristics={})
    (item,) = read(json.dumps(told), "mail.json")
    assert isinstance(item, Interaction) and item.channel == "email"
    assert [turn.text for turn in item.turns] == ["Wo bleibt mein Paket?"]


def test_contact_lens_reads_connects_own_chat_transcript(read: Callable[..., list[Item]]) -> None:
    told = {key: chat()[key] for key in ("Participants", "Transcript")}
    (item,) = read(json.dumps({**told, "ContactId": "ct-3", "InstanceId": "i", "Version": "2019-08-26"}), "c.json")
    assert isinstance(item, Interaction) and (item.source_id, item.channel) == ("ct-3", "chat")


def test_contact_lens_contact_records_are_skipped(read: Callable[..., list[Item]]) -> None:
    record = {"AWSAccountId": "1", "ContactId": "ct-1", "InitiationMethod": "INBOUND", "AgentInfo": {"Id": "a"}}
    assert [type(item) for item in read(json.dumps(record), "ctr.json")] == [Skipped]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (json.dumps(voice())[:-30], "bad_json"),
        (json.dumps(voice(Transcript=[])), "no_turns"),
        (json.dumps({k: v for k, v in voice().items() if k != "Transcript"}), "missing_field"),
        (json.dumps(voice(Transcript=[{"ParticipantId": "p-a", "BeginOffsetMillis": "x"}])), "wrong_type"),
        (json.dumps(voice(Participants=[{"ParticipantId": "p-a"}])), "roles_unclear"),
        (json.dumps(voice(ConversationCharacteristics={"TotalConversationDurationMillis": -1})), "bad_number"),
        (json.dumps(chat()).replace("10:30:19.100Z", "soon"), "unreadable_time"),
    ],
)
def test_contact_lens_says_what_is_wrong(read: Callable[..., list[Item]], content: str, code: str) -> None:
    (item,) = read(content, "a.json")
    assert isinstance(item, Reject) and (item.code, item.source_format) == (code, "contact_lens") and item.raw


def test_contact_lens_voice_names_supervisors_that_only_ids_tell(read: Callable[..., list[Item]]) -> None:
    told = voice()
    told["Participants"].append({"ParticipantId": "p-s", "ParticipantRole": "SUPERVISOR"})
    told["Transcript"].append({**told["Transcript"][1], "Id": "3", "ParticipantId": "p-s", "BeginOffsetMillis": 3300})
    (item,) = read(json.dumps(told), "a.json")
    assert isinstance(item, Interaction) and item.agent_id is None
    assert [(t.speaker, t.agent_id) for t in item.turns] == [
        ("agent", None), ("agent", "supervisor"), ("customer", None),
    ]  # fmt: skip


def test_contact_lens_needs_no_list_of_participants(read: Callable[..., list[Item]]) -> None:
    told = voice()
    del told["Participants"]
    for turn, role in zip(told["Transcript"], ("CUSTOMER", "AGENT"), strict=True):
        turn |= {"ParticipantId": role, "EndOffsetMillis": str(turn["EndOffsetMillis"])}
    (item,) = read(json.dumps(told), "a.json")
    assert isinstance(item, Interaction) and [(t.speaker, t.end_ms) for t in item.turns] == [
        ("agent", 3300), ("customer", 6900),
    ]  # fmt: skip


def test_contact_lens_email_starts_with_the_name_of_its_input(read: Callable[..., list[Item]]) -> None:
    files = {"EmailMessageS3URI": "s3://b/2026/01/05/ct-3_20260105T10:30_UTC.json", "EmailMessagePlainTextS3URI": None}
    mail = message("1", "CUSTOMER", 5, "Wo bleibt mein Paket?", AbsoluteTime=None)
    told = chat(Version="EMAIL-2026-01-01", Channel="EMAIL", Transcript=[mail])
    (item,) = read(json.dumps(told | {"CustomerMetadata": {"ContactId": "ct-3", "InputFiles": files}}), "mail.json")
    assert isinstance(item, Interaction) and (item.started_at, item.started_at_source) == (START, "record")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"JobStatus": "IN_PROGRESS"}, "truncated"),
        ({"Transcript": [message("m", "JUDGE", 1, "x")]}, "unknown_role"),
        ({"Participants": [{"ParticipantId": "x-9", "ParticipantRole": "TRANSLATOR"}]}, "unknown_role"),
    ],
)
def test_contact_lens_refuses_what_is_unfinished_or_of_an_unknown_role(
    read: Callable[..., list[Item]], changes: Any, code: str
) -> None:
    assert list(codes(read(json.dumps(chat(**changes)), "chat.json"))) == [code]


@short
@given(kind=st.sampled_from([voice, chat]), changes=mutations, data=st.data())
def test_contact_lens_mutated_is_accounted(kind: Any, changes: Any, data: st.DataObject) -> None:
    accounted(json.dumps(mutated(copy.deepcopy(kind()), changes, data)), "a.json")
