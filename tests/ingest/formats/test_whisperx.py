from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from analyzer.records import Interaction, Reject
from tests.ingest.conftest import Item

Read = Callable[..., list[Item]]
SAID = [
    ("SPEAKER_01", "Nordwelle, how can I help you?"),
    ("SPEAKER_00", "I'm calling about my bill, I was charged twice."),
    ("SPEAKER_01", "I'm sorry to hear that, let me check your account."),
    ("SPEAKER_00", "OK, thanks for your help."),
]


def _segment(number: int, **changes: Any) -> dict[str, Any]:
    who, text = SAID[number]
    plain = {
        "start": number * 2.0, "end": number * 2.0 + 1.5, "text": f" {text}", "speaker": who,
        "words": [{"word": "24/7"}, {"word": "x", "start": 0.1, "end": 0.2, "score": 0.9, "speaker": who}],
    }  # fmt: skip
    return {key: value for key, value in (plain | changes).items() if value is not None}


def _file(*segments: dict[str, Any], **changes: Any) -> str:
    return json.dumps({"segments": list(segments), "word_segments": [], "language": "en"} | changes)


def test_roles_are_told_by_words_and_order_by_time(read: Read) -> None:
    content = _file(_segment(1), _segment(0), _segment(2), _segment(3))
    (item,) = read(content, name="call_2026-11-20_091205.json")
    assert isinstance(item, Interaction)
    assert [(turn.speaker, turn.text) for turn in item.turns] == [
        ("agent" if who.endswith("1") else "customer", text) for who, text in SAID
    ]
    assert [(turn.start_ms, turn.end_ms) for turn in item.turns][:2] == [(0, 1500), (2000, 3500)]
    assert (item.channel, item.declared_language, item.source_format) == ("voice", "en", "whisperx")
    assert item.started_at.isoformat() == "2026-11-20T08:12:05+00:00"


def test_segment_without_speaker_takes_its_words_or_its_neighbours(read: Read) -> None:
    by_words = _segment(1, speaker=None)
    between = {"start": 4.6, "end": 5.0, "text": "Right.", "words": []}
    after = {"start": 5.1, "end": 5.5, "text": "One moment.", "speaker": "SPEAKER_01"}
    (item,) = read(_file(_segment(0), by_words, _segment(2), between, after, _segment(3)), name="x.json")
    assert isinstance(item, Interaction)
    assert [turn.speaker for turn in item.turns] == ["agent", "customer", "agent", "agent", "agent", "customer"]


def test_seconds_told_as_text_are_read(read: Read) -> None:
    content = _file(*(_segment(n, start=str(n * 2.0)) for n in (1, 0, 2, 3)))
    (item,) = read(content, name="x.json")
    assert isinstance(item, Interaction) and [turn.start_ms for turn in item.turns] == [0, 2000, 4000, 6000]


def test_a_few_words_of_nobody_are_the_systems(read: Read) -> None:
    noise = {"start": 7.9, "end": 8.0, "text": "[music]"}
    for nobody in (noise, noise | {"speaker": "UNKNOWN"}):
        (item,) = read(_file(*(_segment(n) for n in range(4)), nobody), name="x.json")
        assert isinstance(item, Interaction) and item.turns[-1].speaker == "system"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (_file(_segment(0), _segment(1, speaker=None, words=[])), "roles_unclear"),
        (_file(_segment(0, speaker=None, words=[])), "roles_unclear"),
        (_file({**_segment(0), "text": "Hm."}, {**_segment(1), "text": "Hm."}), "roles_unclear"),
        (_file(_segment(0), _segment(1, end=0.5)), "turn_times"),
        (_file(_segment(0, text=" ")), "no_turns"),
        (_file(_segment(0, text=None)), "missing_field"),
        (_file(_segment(0, start="soon")), "wrong_type"),
        (_file(_segment(0), _segment(1))[:-50], "bad_json"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(read: Read, content: str, code: str) -> None:
    (item,) = read(content, name="x.json")
    assert isinstance(item, Reject) and item.code == code and item.source_format == "whisperx" and item.raw


def test_role_probability_is_a_setting(read: Read) -> None:
    content = _file({**_segment(0), "text": "Hm."}, {**_segment(1), "text": "Is it?"})
    (item,) = read(content, name="x.json", min_role_probability=0.5)
    assert isinstance(item, Interaction) and {turn.speaker for turn in item.turns} == {"agent", "customer"}
