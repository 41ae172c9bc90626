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
from analyzer.ingest.metadata import load_metadata
from analyzer.ingest.raw import ReadStats
from analyzer.records import Interaction
from tests.ingest.conftest import Item, codes
from tests.ingest.formats.mutations import SECRET, accounted, mutated, mutations, short

Read = Callable[..., list[Item]]
AGENT = ["Willkommen bei Nordwelle, was kann ich für Sie tun?", "Einen Moment, ich schaue nach Ihrer Bestellung."]
CUSTOMER = ["Ich rufe an, weil meine Rechnung nicht stimmt 😡.", "Ja, das hab ich doch schon gesagt."]
SPOKEN = [(1, CUSTOMER[0], 4100), (1, CUSTOMER[1], 9200), (0, AGENT[0], 1500), (0, AGENT[1], 7000)]
ORDER = [("agent", AGENT[0], 1500), ("customer", CUSTOMER[0], 4100), ("agent", AGENT[1], 7000),
         ("customer", CUSTOMER[1], 9200)]  # fmt: skip


def heard(channel: int, text: str, start_ms: int, **more: Any) -> dict[str, Any]:
    best = {"confidence": 0.9, "lexical": text.lower(), "itn": text, "maskedITN": text, "display": text}
    return {"recognitionStatus": "Success", "channel": channel, "offset": f"PT{start_ms / 1000}S", "duration": "PT1.5S",
            "offsetInTicks": start_ms * 1e4, "durationInTicks": 15e6, "nBest": [best], "locale": "de-DE",
            **more}  # fmt: skip


def batch(**changes: Any) -> dict[str, Any]:
    return {
        "source": "https://store.test/calls/call_20260105_103000.wav?sig=abc", "timestamp": "2026-02-06T02:00:00Z",
        "durationInTicks": 210000000, "duration": "PT21S", "combinedRecognizedPhrases": [],
        "recognizedPhrases": [
            *(heard(*each) for each in SPOKEN), heard(0, "", 1, recognitionStatus="NoMatch", nBest=[]),
        ],
        **changes,
    }  # fmt: skip


def fast(**changes: Any) -> dict[str, Any]:
    phrases = [{"speaker": who, "offsetMilliseconds": start, "durationMilliseconds": 1500, "text": text,
                "locale": "de-DE", "confidence": 0.9, "words": []} for who, text, start in SPOKEN]  # fmt: skip
    return {"durationMilliseconds": 21000, "combinedPhrases": [{"text": "…"}], "phrases": phrases, **changes}


def said(item: Item) -> list[tuple[Any, ...]]:
    assert isinstance(item, Interaction)
    return [(t.speaker, t.text, t.start_ms) for t in item.turns]


def test_azure_batch_merges_channels_by_time_and_infers_roles(read: Read) -> None:
    stats = ReadStats()
    (item,) = read(json.dumps(batch()), "contenturl_0.json", stats=stats)
    assert said(item) == ORDER and isinstance(item, Interaction) and item.turns[0].end_ms == 3000
    assert (item.source_format, item.source_id) == ("azure_speech", "store.test/calls/call_20260105_103000.wav")
    assert (item.channel, item.declared_language) == ("voice", "de") and stats.left_out == {"no_text": 1}
    assert (item.started_at, item.started_at_source) == (datetime(2026, 1, 5, 9, 30, tzinfo=UTC), "file_name")


def test_azure_batch_takes_metadata_by_the_name_of_the_recording(
    read: Read, tmp_path: Path, defaults: IngestSettings
) -> None:
    table = tmp_path / "meta.csv"
    table.write_text("file_name,started_at,customer_id\ncall_20260105_103000.wav,2026-01-05T08:00:00Z,k-7\n")
    (item,) = read(json.dumps(batch()), "contenturl_0.json", metadata=load_metadata(table, defaults))
    assert isinstance(item, Interaction) and item.customer_key == "k-7"
    assert (item.started_at.hour, item.started_at_source) == (8, "metadata")


def test_azure_batch_reads_durations_and_diarised_speakers(read: Read) -> None:
    phrases = [heard(0, text, start, speaker=who + 1, offsetInTicks=None) for who, text, start in SPOKEN]
    phrases.append(heard(0, "Ja.", 0, speaker=2, offsetInTicks=None, offset="PT1H2M3.5S"))
    (item,) = read(json.dumps(batch(recognizedPhrases=phrases)), "x.json")
    assert said(item) == [*ORDER, ("customer", "Ja.", 3_723_500)]


def test_azure_fast_reads_both_versions(read: Read) -> None:
    old = [{"channel": who, "offset": start, "duration": 1500, "text": text} for who, text, start in SPOKEN]
    for told in (fast(), {"duration": 21000, "combinedPhrases": [], "phrases": old}):
        (item,) = read(json.dumps(told), "x.json")
        assert said(item) == ORDER


def conversation(**changes: Any) -> dict[str, Any]:
    items = [
        {"id": "1", "participantId": "Agent_1", "text": "Guten Tag!"},
        {"id": "2", "participantId": "p2", "role": "Customer", "text": "Meine Karte geht nicht."},
        {"id": "3", "participantId": "Bot", "text": "Das notiere ich.", "modality": "text"},
    ]
    return {"id": "c1", "language": "de", "modality": "text", "conversationItems": items, **changes}


def test_azure_conversations_read_roles_ids_and_jobs(read: Read) -> None:
    timed = [{"participantId": "agent", "lexical": "guten tag", "audioTimings": [
        {"word": "guten", "offset": 15_000_000, "duration": 5_000_000},
        {"word": "tag", "offset": 21_000_000, "duration": 4_000_000}]}]  # fmt: skip
    spoken = conversation(id="c2", modality="transcript", conversationItems=timed)
    job = {"displayName": "x", "analysisInput": {"conversations": [conversation(), {"id": 3}, spoken]}, "tasks": []}
    first, second, third = read(json.dumps(job), "x.json")
    assert said(first) == [
        ("agent", "Guten Tag!", None), ("customer", "Meine Karte geht nicht.", None), ("bot", "Das notiere ich.", None),
    ]  # fmt: skip
    assert isinstance(first, Interaction) and (first.source_id, first.channel, first.declared_language) == (
        "c1", "chat", "de",
    )  # fmt: skip
    assert list(codes([second])) == ["missing_field"]
    assert said(third) == [("agent", "guten tag", 1500)]
    assert isinstance(third, Interaction) and third.channel == "voice" and third.turns[0].end_ms == 2500


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (batch(recognizedPhrases=[]), "no_turns"),
        (batch(recognizedPhrases=[heard(0, "Hm.", 0)]), "roles_unclear"),
        (batch(recognizedPhrases=[heard(0, "Hm.", 0, offsetInTicks=-1)]), "bad_number"),
        (batch(recognizedPhrases=[heard(0, "Hm.", 0, offsetInTicks=None, offset="1.5s")]), "unreadable_time"),
        (fast(phrases=[{"text": 7}]), "wrong_type"),
        ({"conversations": [conversation(conversationItems=[])]}, "no_turns"),
    ],
)
def test_azure_refuses_with_a_reason(read: Read, told: dict[str, Any], code: str) -> None:
    assert list(codes(read(json.dumps(told), "x.json"))) == [code]


def test_azure_batch_reads_milliseconds_and_the_words_there_are(read: Read) -> None:
    phrases = [heard(*each) for each in SPOKEN]
    for phrase in phrases:
        phrase["offsetMilliseconds"] = str(round(phrase.pop("offsetInTicks") / 1e4))
        phrase["durationMilliseconds"] = round(phrase.pop("durationInTicks") / 1e4)
        phrase["nBest"] = [{"itn": phrase["nBest"][0]["display"]}]
        del phrase["offset"], phrase["duration"]
    (item,) = read(json.dumps(batch(recognizedPhrases=phrases)), "x.json")
    assert said(item) == ORDER and isinstance(item, Interaction) and item.turns[0].end_ms == 3000


def test_azure_conversations_read_every_kind_of_timing(read: Read) -> None:
    ticks = {"offset": 15_000_000, "duration": 5_000_000}
    items = [
        {"participantId": "customer", "itn": "Hallo", "wordLevelTimings": [{**ticks, "offset": 30_000_000}]},
        {"participantId": "agent", "text": "Guten Tag", "modality": "transcript", "language": "de",
         "conversationItemLevelTiming": ticks},
    ]  # fmt: skip
    told = {"id": 7, "conversationItems": items}
    (item,) = read(json.dumps({"conversations": [told]}), "x.json")
    assert said(item) == [("agent", "Guten Tag", 1500), ("customer", "Hallo", 3000)]
    assert isinstance(item, Interaction) and (item.channel, item.declared_language) == ("voice", "de")


@short
@given(changes=mutations, data=st.data(), kind=st.sampled_from(["batch", "fast", "language"]))
def test_azure_with_any_value_anywhere_is_accounted(changes: Any, data: st.DataObject, kind: str) -> None:
    told: Any = {
        "batch": batch(duration=SECRET),
        "fast": fast(x=SECRET),
        "language": {"conversations": [conversation()]},
    }
    accounted(json.dumps(mutated(copy.deepcopy(told[kind]), changes, data)), "x.json")
