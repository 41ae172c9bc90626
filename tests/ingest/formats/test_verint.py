from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from analyzer.records import Interaction, Reject
from tests.ingest.conftest import Item

Read = Callable[..., list[Item]]


def _words(*said: tuple[str, str]) -> list[dict[str, Any]]:
    words = [(who, word) for who, text in said for word in text.split()]
    return [
        {"p": n + 1, "c": 0.9, "s": n * 300, "e": n * 300 + 250, "w": word, "sp": who}
        for n, (who, word) in enumerate(words)
    ]


WORDS = _words(("Agent", "How can I help?"), ("simultaneous", "Well"), ("Customer", "Third time."), ("Agent", "Oh."))
TURNS = [
    ("agent", "How can I help? Well", 0, 1450),
    ("customer", "Third time.", 1500, 2050),
    ("agent", "Oh.", 2100, 2350),
]


def _said(item: Item) -> list[tuple[Any, ...]]:
    assert isinstance(item, Interaction), item
    return [(turn.speaker, turn.text, turn.start_ms, turn.end_ms) for turn in item.turns]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(WORDS),
        json.dumps(WORDS, indent=1),
        json.dumps(list(reversed(WORDS))),
        json.dumps({"plainText": "How …", "plainTextTime": [], "transcript_detailed": WORDS}),
    ],
    ids=["list", "lines", "reversed", "wrapped"],
)
def test_words_become_turns_in_order_of_time(read: Read, content: str) -> None:
    (item,) = read(content, name="9117700112.json")
    assert _said(item) == TURNS
    assert (item.source_id, item.channel, item.source_format) == ("9117700112", "voice", "verint")


def test_export_is_a_zip_of_interactions(read: Read) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("1.json", "2.json"):
            archive.writestr(name, json.dumps(WORDS))
    assert [item.source_id for item in read(out.getvalue(), name="export.zip")] == ["1", "2"]


def test_verba_tells_seconds_and_no_roles(read: Read) -> None:
    said = [
        ("speaker1", "Nordwelle, what can I do for you?"),
        ("speaker2", "I need help with my bill."),
        ("speaker1", "Let me check."),
    ]
    words = [
        {"word": word["w"], "confidence": 0.79, "speaker": word["sp"], "time": word["s"] / 1000, "duration": 0.25}
        for word in _words(*said)
    ]
    (item,) = read(json.dumps({"words": words}), name="a.json")
    assert [said[:2] for said in _said(item)] == [
        ("agent", said[0][1]), ("customer", said[1][1]), ("agent", said[2][1]),
    ]  # fmt: skip
    assert item.turns[0].start_ms == 0 and item.turns[0].end_ms == 6 * 300 + 250


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], "unknown_format"),
        ({"transcript_detailed": []}, "no_turns"),
        ([{**WORDS[0], "e": -5}], "turn_times"),
        ([{**WORDS[0], "sp": None}], "roles_unclear"),
        ([{**WORDS[0], "s": "now"}], "bad_number"),
        ([{**WORDS[0], "sp": "x"}, {**WORDS[1], "sp": "y"}], "roles_unclear"),
        ({"transcript_detailed": {"w": 1}}, "wrong_type"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(read: Read, words: Any, code: str) -> None:
    (item,) = read(json.dumps(words), name="a.json")
    assert isinstance(item, Reject) and item.code == code and "How" not in item.message


@pytest.mark.parametrize(
    "export",
    [
        {"interaction": {"id": "9001", "plainText": "…", "transcript_detailed": WORDS}},
        {"transcript_detailed": {"words": WORDS}},
        [{**word, "s": str(word["s"]), "e": f"{word['e']}.0", "p": str(word["p"]), "c": "0.9"} for word in WORDS],
    ],
)
def test_words_are_found_however_wrapped_and_spelled(read: Read, export: Any) -> None:
    (item,) = read(json.dumps(export), name="9001.json")
    assert _said(item) == TURNS and isinstance(item, Interaction) and item.source_id == "9001"


def test_two_word_lists_in_one_file_are_not_guessed_at(read: Read) -> None:
    export = {"first": {"transcript_detailed": WORDS}, "second": {"transcript_detailed": WORDS}}
    (item,) = read(json.dumps(export), name="a.json")
    assert isinstance(item, Reject) and item.code == "missing_field"


def test_words_without_times_are_ordered_by_position(read: Read) -> None:
    words = [{key: word[key] for key in ("p", "c", "w", "sp")} for word in reversed(WORDS)]
    (item,) = read(json.dumps(words), name="a.json")
    assert [said[:2] for said in _said(item)] == [turn[:2] for turn in TURNS]
