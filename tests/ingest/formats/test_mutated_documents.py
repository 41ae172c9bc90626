"""Keys deleted, retyped or moved, lines dropped: never a traceback, always accounted, no word of it in a message."""

from __future__ import annotations

import copy
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.config import load_settings
from analyzer.ingest.files import find_files
from analyzer.ingest.read import read_file
from analyzer.ingest.reject_codes import REJECT_CODES
from analyzer.records import SPEAKERS, Interaction, Reject, Skipped
from tests.ingest.conftest import NOW

SETTINGS = load_settings().ingest
SECRET = "zebrafinch"
fuzz = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "60")), deadline=None, suppress_health_check=list(HealthCheck)
)
TALK = [f"Nordwelle, how can I help you? {SECRET}", f"I need help with my bill. {SECRET}", "Let me check."]

DOCUMENTS: dict[str, Any] = {
    "vcon": {
        "vcon": "0.4.0",
        "uuid": "u-1",
        "critical": ["CC"],
        "parties": [{"tel": "+1", "role": "customer"}, {"role": "agent", "meta": {}}],
        "dialog": [
            {
                "type": "recording",
                "start": "2026-01-05T10:30:00Z",
                "duration": 9,
                "parties": [0, [1]],
                "originator": 0,
                "party_history": [{"party": 0, "time": "2026-01-05T10:30:01Z", "event": "hold"}],
            },
            {
                "type": "text",
                "start": 1767609000,
                "originator": 1,
                "body": SECRET,
                "mediatype": "text/html",
                "encoding": "none",
            },
        ],
        "analysis": [
            {
                "type": "transcript",
                "dialog": 0,
                "vendor": "assembly",
                "encoding": "json",
                "body": [{"speaker": n % 2, "start": n, "end": n + 1, "text": text} for n, text in enumerate(TALK)],
            },
            {
                "type": "transcript",
                "dialog": [0],
                "body": {
                    "results": {
                        "channels": [
                            {
                                "alternatives": [
                                    {
                                        "paragraphs": {
                                            "paragraphs": [
                                                {
                                                    "speaker": n % 2,
                                                    "start": n,
                                                    "end": n + 1,
                                                    "sentences": [{"text": text}],
                                                }
                                                for n, text in enumerate(TALK)
                                            ]
                                        }
                                    }
                                ]
                            }
                        ]
                    }
                },
            },
            {"type": "diarized", "dialog": 0, "body": "\n\n".join(TALK)},
        ],
    },
    "whisperx": {
        "language": "en",
        "word_segments": [],
        "segments": [
            {
                "start": n,
                "end": n + 1,
                "text": text,
                "speaker": f"SPEAKER_0{n % 2}",
                "words": [{"word": "x", "score": 1, "speaker": "s"}],
            }
            for n, text in enumerate(TALK)
        ],
    },
    "verint": {
        "transcript_detailed": [
            {
                "p": n,
                "s": n * 9,
                "e": n * 9 + 5,
                "w": word,
                "sp": ("Agent", "Customer", "simultaneous")[n % 3],
                "c": 0.5,
            }
            for n, word in enumerate(" ".join(TALK).split())
        ]
    },
    "convokit": {
        "id": "u1",
        "speaker": {"id": "a-1"},
        "conversation_id": "c",
        "reply_to": None,
        "timestamp": 1767609000.5,
        "text": SECRET,
        "meta": {"role": "customer"},
    },
}
TEXTS = {
    "vtt": "WEBVTT\n\n"
    + "".join(f"0{n}:00.000 --> 0{n}:01.000\n<v S{n % 2}>{text}</v>\n\n" for n, text in enumerate(TALK)),
    "srt": "".join(f"{n}\n0:0{n}:00,000 --> 0:0{n}:01,000\n[S{n % 2}]: {text}\n\n" for n, text in enumerate(TALK)),
    "csv": "conversationId,conversationTimestamp,participantId,participantType,text,timestamp\n"
    + "".join(
        f'c,2026-01-05T10:30:00Z,{n % 2},CLIENT,"{text}",2026-01-05T10:30:0{n}Z\n' for n, text in enumerate(TALK)
    ),
}
VALUES = st.sampled_from(
    [
        None,
        True,
        -1,
        7,
        1e300,
        "",
        "x",
        SECRET,
        "2026-01-05T10:30:00Z",
        "9" * 400,
        [],
        {},
        [[]],
        [SECRET],
        {"a": [1]},
        [None, {}],
    ]
)


def _check(content: str, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(content, encoding="utf-8")
        items = [item for file in find_files([path]) for item in read_file(file, SETTINGS, now=NOW)]
    assert items
    for item in items:
        if isinstance(item, Reject):
            assert item.code in REJECT_CODES and SECRET not in item.message
        elif isinstance(item, Interaction):
            assert item.turns and all(turn.text and turn.speaker in SPEAKERS for turn in item.turns)
        else:
            assert isinstance(item, Skipped) and SECRET not in item.reason


def _places(node: Any) -> list[tuple[Any, Any]]:
    """Every container of the document with each of its keys."""
    keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
    return [(node, key) for key in keys] + [place for key in keys for place in _places(node[key])]


@pytest.mark.parametrize("kind", DOCUMENTS)
@fuzz
@given(data=st.data())
def test_mutated_documents_are_accounted(kind: str, data: st.DataObject) -> None:
    document = copy.deepcopy(DOCUMENTS[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        if not (places := _places(document)):
            break
        node, key = places[data.draw(st.integers(0, len(places) - 1))]
        if data.draw(st.booleans()):
            del node[key]
        else:
            node[key] = copy.deepcopy(data.draw(VALUES))
    _check(json.dumps(document), f"x.{'jsonl' if kind == 'convokit' else 'json'}")


@pytest.mark.parametrize("kind", TEXTS)
@fuzz
@given(data=st.data())
def test_mutated_texts_are_accounted(kind: str, data: st.DataObject) -> None:
    lines = TEXTS[kind].split("\n")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        piece = data.draw(
            st.sampled_from(['"', "-->", "<v", "<v >", "9:99:99.9", ",", "\0", "NOTE", "[]:", "0", "", "1,2,,", "&#x;"])
        )
        lines[at : at + data.draw(st.integers(0, 2))] = [
            piece if data.draw(st.booleans()) else lines[at][: len(piece)] + piece
        ]
    _check("\n".join(lines), f"x.{kind}")
