from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from analyzer.ingest.raw import ReadStats
from analyzer.records import Interaction, Reject, Skipped
from tests.ingest.conftest import Item, codes

Read = Callable[..., list[Item]]
START = 1767609000


def _line(number: int, speaker: Any, text: str, conversation: str = "u0", **changes: Any) -> str:
    plain = {
        "id": f"u{number}", "speaker": speaker, "conversation_id": conversation, "text": text, "meta": {},
        "reply_to": None if number == 0 else f"u{number - 1}", "timestamp": START + 7.5 * number,
    }  # fmt: skip
    return json.dumps(plain | changes) + "\n"


def test_roles_by_meta_and_conversations_interleaved(read: Read) -> None:
    stats = ReadStats()
    content = (
        _line(0, "k-1", "Third time I call.", meta={"role": "customer"})
        + _line(5, "k-9", "Hello?", "u5", meta={"role": "customer"}, surprise=1)
        + _line(1, "a-7", "Sorry.", meta={"role": "agent"})
        + _line(6, "a-8", "Yes.", "u5", meta={"role": "agent"})
    )
    items = read(content, name="utterances.jsonl", stats=stats)
    assert all(isinstance(item, Interaction) for item in items) and [item.source_id for item in items] == ["u0", "u5"]
    first = items[0]
    assert isinstance(first, Interaction)
    assert [(turn.speaker, turn.text, turn.agent_id, turn.start_ms) for turn in first.turns] == [
        ("customer", "Third time I call.", None, 0), ("agent", "Sorry.", "a-7", 7500),
    ]  # fmt: skip
    assert (first.customer_key, first.agent_id) == ("k-1", "a-7")
    assert first.started_at.isoformat() == "2026-01-05T10:30:00+00:00" and stats.unknown_keys == {"surprise": 1}


@pytest.mark.parametrize(
    "times",
    [
        [START, START + 2], [START * 1000, (START + 2) * 1000], ["2026-01-05T10:30:00Z", "2026-01-05T11:30:02+01:00"],
        [str(START), str(START + 2)],
    ],
)  # fmt: skip
def test_times_since_1970_in_any_unit(read: Read, times: list[Any]) -> None:
    content = _line(1, "agent-7", "Second.", timestamp=times[1]) + _line(0, "cust-1", "First.", timestamp=times[0])
    (item,) = read(content, name="utterances.jsonl")
    assert isinstance(item, Interaction)
    assert [(turn.speaker, turn.start_ms) for turn in item.turns] == [("customer", 0), ("agent", 2000)]
    assert item.started_at.isoformat() == "2026-01-05T10:30:00+00:00" and item.started_at_source == "record"


def test_small_times_are_offsets_and_missing_ones_none(read: Read) -> None:
    (item,) = read(
        _line(0, "agent-7", "A.", timestamp=0) + _line(1, "cust-1", "B.", timestamp=3.5), name="utterances.jsonl"
    )
    assert isinstance(item, Interaction) and [turn.start_ms for turn in item.turns] == [0, 3500]
    (item,) = read(
        _line(0, "agent-7", "A.", timestamp=None) + _line(1, "cust-1", "B.", timestamp=None), name="utterances.jsonl"
    )
    assert isinstance(item, Interaction) and [turn.start_ms for turn in item.turns] == [None, None]


def test_roles_by_words_where_ids_tell_none_and_old_keys(read: Read) -> None:
    said = [
        ("u-4", "Nordwelle, how can I help you?"),
        ("u-9", "I need a new card, my card is lost."),
        ("u-4", "Let me check."),
    ]
    content = "".join(
        json.dumps({"id": str(n), "user": who, "root": "0", "conversation_id": "0", "text": text, "reply_to": None})
        + "\n"
        for n, (who, text) in enumerate(said)
    )
    (item,) = read(content, name="utterances.jsonl")
    assert isinstance(item, Interaction) and [turn.speaker for turn in item.turns] == ["agent", "customer", "agent"]
    assert (item.agent_id, item.customer_key) == ("u-4", "u-9")


def test_a_broken_line_costs_itself_and_an_unclear_conversation_itself(read: Read) -> None:
    content = (
        _line(0, "agent-7", "A.") + '{"id": "u1", "conversation_id": \n' + _line(2, "x", "Hm.", "u2")
        + _line(3, "y", "Hm.", "u2") + _line(4, "agent-7", "B.", None)  # type: ignore[arg-type]
    )  # fmt: skip
    items = read(content, name="utterances.jsonl")
    assert sorted(codes(items)) == ["bad_json", "no_id", "ok", "roles_unclear"]
    assert all("Hm" not in item.message for item in items if isinstance(item, Reject))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("speakers.json", '{"a-7": {"meta": {"role": "agent"}, "vectors": []}}'),
        ("conversations.json", '{"u0": {"meta": {}, "vectors": []}}'),
        ("corpus.json", '{"title": "calls"}'),
        ("index.json", '{"utterances-index": {}, "version": 1}'),
    ],
)
def test_files_beside_the_utterances_are_skipped(read: Read, name: str, content: str) -> None:
    (item,) = read(content, name=name)
    assert isinstance(item, Skipped) and "ConvoKit" in item.reason


def test_utterances_without_times_follow_what_they_reply_to(read: Read) -> None:
    told = [
        _line(number, who, text, timestamp=None, meta={"role": who})
        for number, (who, text) in enumerate([("agent", "Yes?"), ("customer", "It broke."), ("agent", "Oh.")])
    ]
    for order in ((2, 0, 1), (1, 2, 0), (0, 1, 2)):
        (item,) = read("".join(told[place] for place in order), name="utterances.jsonl")
        assert isinstance(item, Interaction) and [turn.text for turn in item.turns] == ["Yes?", "It broke.", "Oh."]


def test_conversation_that_lacks_an_utterance_is_refused_with_it(read: Read) -> None:
    agent, customer = {"meta": {"role": "agent"}}, {"meta": {"role": "customer"}}
    broken = _line(1, "k-1", "?", **customer).replace('"text": "?"', '"text": 5')
    content = _line(0, "a-7", "Yes?", **agent) + broken + _line(2, "a-7", "Oh.", **agent)
    assert list(codes(read(content, name="utterances.jsonl"))) == ["wrong_type"]
    silent = _line(0, "a-7", "Yes?", **agent) + _line(1, "k-1", "", **customer).replace('"text": ""', '"text": null')
    (item,) = read(silent, name="utterances.jsonl")
    assert isinstance(item, Interaction) and len(item.turns) == 1


def test_utterances_that_reply_in_a_circle_are_refused(read: Read) -> None:
    replies = {0: None, 1: "u2", 2: "u1"}
    told = [_line(n, "agent-1", "Hm.", reply_to=reply, timestamp=None) for n, reply in replies.items()]
    assert list(codes(read("".join(told), name="utterances.jsonl"))) == ["bad_reference"]
