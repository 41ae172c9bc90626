from __future__ import annotations

import copy
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.config import IngestSettings, load_settings
from analyzer.ingest.files import find_files
from analyzer.ingest.read import read_file, stitcher_over
from analyzer.intake import Sources, account_only
from analyzer.progress import Silent
from analyzer.records import Interaction, Reject, Skipped
from tests.ingest.conftest import NOW, Item, codes
from tests.ingest.formats.mutations import accounted, mutated, mutations, short

START = 1767609000000  # 2026-01-05T10:30:00Z


def phrase(index: int, purpose: str, text: str, at: int, **more: Any) -> dict[str, Any]:
    return {
        "phraseIndex": index, "participantPurpose": purpose, "text": text.lower(), "decoratedText": text,
        "startTimeMs": at, "duration": {"milliseconds": 1000}, **more,
    }  # fmt: skip


def call(**changes: Any) -> dict[str, Any]:
    return {
        "organizationId": "o1", "conversationId": "c-1", "communicationId": "k-1", "mediaType": "call",
        "conversationStartTime": START, "startTime": START + 1000, "duration": {"milliseconds": 30_000},
        "participants": [
            {"participantPurpose": "customer", "ani": "tel:+15550100", "initialDirection": "inbound",
             "startTimeMs": START, "endTimeMs": START + 31_000},
            {"participantPurpose": "ivr", "flowId": "f-1", "startTimeMs": START, "endTimeMs": START + 4000},
            {"participantPurpose": "agent", "userId": "u-7", "queueId": "q-2", "startTimeMs": START + 4000,
             "endTimeMs": START + 20_000},
            {"participantPurpose": "agent", "userId": "u-8", "queueId": "q-3", "startTimeMs": START + 20_000,
             "endTimeMs": START + 31_000},
        ],
        "transcripts": [{
            "transcriptId": "t-1", "language": "de-de",
            "phrases": [
                phrase(0, "internal", "Willkommen bei Nordwelle.", START + 1500),
                phrase(1, "internal", "Was kann ich für Sie tun?", START + 5000),
                phrase(2, "external", "Zum dritten Mal diese Rechnung – 😡.", START + 7500),
                phrase(3, "internal", "Ich übernehme.", START + 21_000),
            ],
            "analytics": {"sentiment": [{"phraseIndex": 2, "participant": "external", "sentiment": -1}],
                          "topics": [], "acoustic": []},
        }],
        **changes,
    }  # fmt: skip


def test_genesys_tells_menu_and_agents_apart_by_time(read: Callable[..., list[Item]]) -> None:
    (item,) = read(json.dumps(call()), "t.json")
    assert isinstance(item, Interaction) and item.source_format == "genesys_cloud"
    assert [(t.speaker, t.agent_id, t.start_ms, t.end_ms, t.source_sentiment) for t in item.turns] == [
        ("bot", None, 1500, 2500, None), ("agent", "u-7", 5000, 6000, None),
        ("customer", None, 7500, 8500, -1.0), ("agent", "u-8", 21_000, 22_000, None),
    ]  # fmt: skip
    assert item.turns[2].text == "Zum dritten Mal diese Rechnung – 😡."
    assert (item.source_id, item.channel, item.direction, item.declared_language) == ("c-1", "voice", "inbound", "de")
    assert (item.customer_key, item.agent_id, item.queue) == ("+15550100", "u-8", "q-3")
    assert item.started_at == datetime(2026, 1, 5, 10, 30, tzinfo=UTC) and item.ended_at is not None


@pytest.mark.parametrize(
    ("start", "lead", "first"),
    [(START, 0, 1500), (START, 3000, 4500), (None, 0, 1500), ("2026-01-05T10:30:00Z", 0, 1500)],
    ids=["offsets", "offsets from the communication", "no start", "ISO start"],
)
def test_genesys_reads_small_times_as_offsets(
    read: Callable[..., list[Item]], start: Any, lead: int, first: int
) -> None:
    told = call(conversationStartTime=start, startTime=None if start is None else START + lead, participants=[])
    for one in told["transcripts"][0]["phrases"]:
        one["startTimeMs"] -= START
    (item,) = read(json.dumps(told), "t.json")
    assert isinstance(item, Interaction) and item.turns[0].start_ms == first
    assert item.started_at_source == ("first_seen" if start is None else "record")


def test_genesys_reads_all_transcripts_and_plain_text(read: Callable[..., list[Item]]) -> None:
    told = call()
    late = {"phrases": [{"participantPurpose": "external", "text": "hello", "startTimeMs": START + 100}]}
    told["transcripts"].append(late)
    (item,) = read(json.dumps(told), "t.json")
    assert isinstance(item, Interaction) and item.turns[0].text == "hello" and len(item.turns) == 5


def test_genesys_outbound_takes_the_number_that_was_called(read: Callable[..., list[Item]]) -> None:
    told = call()
    told["participants"][0] |= {"initialDirection": "outbound", "dnis": "tel:+4912"}
    (item,) = read(json.dumps(told), "t.json")
    assert isinstance(item, Interaction) and (item.direction, item.customer_key) == ("outbound", "+4912")


def leg(name: str, lead: int, text: str) -> dict[str, Any]:
    return call(
        communicationId=name, startTime=START + lead,
        transcripts=[{"phrases": [phrase(0, "external", text, START + lead + 500)]}],
    )  # fmt: skip


def read_all(paths: list[Path], settings: IngestSettings) -> list[Item]:
    files = find_files(paths)
    stitcher = stitcher_over(files, settings)
    return [item for file in files for item in read_file(file, settings, now=NOW, stitcher=stitcher)]


def write(folder: Path, *documents: dict[str, Any]) -> None:
    folder.mkdir(exist_ok=True)
    for index, document in enumerate(documents):
        (folder / f"{index}.json").write_text(json.dumps(document))


LEGS = (
    leg("k-2", 60_000, "And again."),
    leg("k-1", 1000, "First."),
    call(conversationId="c-2"),
    leg("k-3", 90_000, "At last."),
)
SAID = [("First.", 1500), ("And again.", 60_500), ("At last.", 90_500)]


def test_genesys_files_of_one_conversation_are_one_contact(tmp_path: Path, defaults: IngestSettings) -> None:
    write(tmp_path / "dump", *LEGS)
    other, whole = read_all([tmp_path / "dump"], defaults)
    assert isinstance(other, Interaction) and isinstance(whole, Interaction)
    assert (other.source_id, whole.source_id) == ("c-2", "c-1")
    assert [(turn.text, turn.start_ms) for turn in whole.turns] == SAID


def test_genesys_members_of_an_archive_and_lines_are_stitched(tmp_path: Path, defaults: IngestSettings) -> None:
    with zipfile.ZipFile(tmp_path / "dump.zip", "w") as archive:
        for index, document in enumerate(LEGS):
            archive.writestr(f"a/{index}.json", json.dumps(document))
    (tmp_path / "dump.jsonl").write_text("".join(json.dumps(document) + "\n" for document in LEGS))
    for name in ("dump.zip", "dump.jsonl"):
        items = read_all([tmp_path / name], defaults)
        assert [[t.text for t in i.turns] for i in items if isinstance(i, Interaction)][1] == [text for text, _ in SAID]


def test_genesys_delivered_twice_is_read_twice(tmp_path: Path, defaults: IngestSettings) -> None:
    write(tmp_path / "a", *LEGS)
    write(tmp_path / "b", *LEGS)
    items = read_all([tmp_path / "a", tmp_path / "b"], defaults)
    hashes = [item.content_hash for item in items if isinstance(item, Interaction)]
    assert len(items) == 4 and len(set(hashes)) == 2


def test_genesys_part_that_vanishes_leaves_the_others(tmp_path: Path, defaults: IngestSettings) -> None:
    write(tmp_path / "dump", *LEGS)
    files = find_files([tmp_path / "dump"])
    stitcher = stitcher_over(files, defaults)
    items = []
    for file in files:
        items += list(read_file(file, defaults, now=NOW, stitcher=stitcher))
        (tmp_path / "dump" / "3.json").unlink(missing_ok=True)
    assert list(codes(items)) == ["ok", "unreadable_file", "ok"]
    assert isinstance(items[2], Interaction) and [turn.text for turn in items[2].turns] == ["First.", "And again."]


def test_genesys_metrics_beside_transcripts_are_skipped(read: Callable[..., list[Item]]) -> None:
    metrics = {"conversationId": "c-1", "sentimentScore": -20, "sentimentTrend": 5, "participantMetrics": {}}
    assert [type(item) for item in read(json.dumps(metrics), "m.json")] == [Skipped]


@pytest.mark.parametrize(
    ("content", "code"),
    [(json.dumps(call())[:-40], "bad_json"), (json.dumps(call(conversationId=" ")), "no_id"),
     (json.dumps(call(transcripts=[{"phrases": []}])), "no_turns"),
     (json.dumps(call(mediaType="smoke")), "unknown_channel"),
     (json.dumps(call(conversationStartTime="soon")), "unreadable_time"),
     (json.dumps(call(transcripts={"phrases": [{"participantPurpose": "x"}]})), "wrong_type")],
)  # fmt: skip
def test_genesys_says_what_is_wrong(read: Callable[..., list[Item]], content: str, code: str) -> None:
    (item,) = read(content, "t.json")
    assert isinstance(item, Reject) and (item.code, item.source_format) == (code, "genesys_cloud") and item.raw


def test_genesys_reads_numbers_told_as_text_and_bare_durations(read: Callable[..., list[Item]]) -> None:
    (plain,) = read(json.dumps(call()), "t.json")
    told = call()
    for phrase in (phrase for transcript in told["transcripts"] for phrase in transcript["phrases"]):
        phrase["startTimeMs"] = str(phrase["startTimeMs"])
        phrase["duration"] = str(phrase["duration"]["milliseconds"]) if "duration" in phrase else None
    (item,) = read(json.dumps(told), "t.json")
    assert isinstance(item, Interaction) and isinstance(plain, Interaction) and item.turns == plain.turns


def test_genesys_joins_sentiment_by_time_where_it_has_no_index(read: Callable[..., list[Item]]) -> None:
    told = call()
    phrase = told["transcripts"][0]["phrases"][-1]
    told["transcripts"][0]["analytics"] = {"sentiment": [{"sentiment": 1, "startTimeMs": phrase["startTimeMs"]}]}
    (item,) = read(json.dumps(told), "t.json")
    assert isinstance(item, Interaction)
    assert {turn.text for turn in item.turns if turn.source_sentiment} == {phrase["decoratedText"]}


def test_genesys_leaves_turns_to_the_agent_while_somebody_listens(read: Callable[..., list[Item]]) -> None:
    told = call()
    agent = next(one for one in told["participants"] if one["participantPurpose"] == "agent")
    told["participants"].append({**agent, "participantPurpose": "user", "userId": "u-coach"})
    (item,) = read(json.dumps(told), "t.json")
    assert isinstance(item, Interaction)
    assert [turn.agent_id for turn in item.turns if turn.speaker == "agent"] == ["u-7", "u-8"]


def test_genesys_gives_a_prompt_to_the_menu_though_the_agent_comes_in_at_its_end(
    read: Callable[..., list[Item]],
) -> None:
    told = call()
    told["participants"][2]["startTimeMs"] = START + 2400
    told["transcripts"][0]["phrases"][3] |= {"startTimeMs": None, "offset": {"milliseconds": 21_000}}
    (item,) = read(json.dumps(told), "t.json")
    assert isinstance(item, Interaction)
    assert [(t.speaker, t.agent_id, t.start_ms) for t in item.turns] == [
        ("bot", None, 1500), ("agent", "u-7", 5000), ("customer", None, 7500), ("agent", "u-8", 21_000),
    ]  # fmt: skip


def test_genesys_starts_no_later_than_its_first_word(read: Callable[..., list[Item]]) -> None:
    told = call()
    told["transcripts"][0]["phrases"][0]["startTimeMs"] = START - 40
    (item,) = read(json.dumps(told), "t.json")
    assert isinstance(item, Interaction) and [turn.start_ms for turn in item.turns] == [0, 5040, 7540, 21_040]
    assert item.started_at == datetime(2026, 1, 5, 10, 29, 59, 960_000, tzinfo=UTC)


@short
@given(changes=mutations, data=st.data())
def test_genesys_mutated_is_accounted(changes: Any, data: st.DataObject) -> None:
    accounted(json.dumps(mutated(copy.deepcopy(call()), changes, data)), "t.json")


def test_genesys_legs_count_once_in_the_account(tmp_path: Path) -> None:
    write(tmp_path / "dump", *LEGS, {"conversationId": "c-1", "sentimentTrend": 1, "participantMetrics": {}})
    sources = Sources(find_files([tmp_path / "dump"]), None, None, NOW, "run")
    account = account_only(sources, None, load_settings(), Silent())
    assert (account.read, account.accepted, account.rejected, account.duplicate) == (2, 2, 0, 0)
    assert [skipped.reason for skipped in account.skipped] == ["conversation metrics, no transcript"]
