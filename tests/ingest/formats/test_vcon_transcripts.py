"""Transcripts within vCons as recognizers write them: each shape gives the same two turns."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.records import Interaction, Reject
from tests.ingest.conftest import Item
from tests.ingest.formats.mutations import SECRET, accounted, mutated, mutations, short

Read = Callable[..., list[Item]]
DESK, CALLER = "Nordwelle, how can I help you?", "My router is down."
SAID = [("agent", DESK, 1500, 3300), ("customer", CALLER, 4100, 6900)]
HEARD = [(who, *told) for who, told in enumerate([(DESK, 1.5, 3.3), (CALLER, 4.1, 6.9)])]


def _vcon(body: Any, vendor: str = "acme", **changes: Any) -> str:
    analysis = {"type": "transcript", "dialog": 0, "vendor": vendor, "encoding": "json", "body": body}
    return json.dumps({
        "vcon": "0.4.0", "uuid": "01890000-0000-8000-8000-000000000001", "created_at": "2026-01-05T10:45:00Z",
        "parties": [{"name": "Ann Lee", "role": "customer"}, {"name": "Bo Ray", "role": "agent"}],
        "dialog": [{"type": "recording", "start": "2026-01-05T10:30:00Z", "duration": 21, "parties": [1, 0]}],
        "analysis": [analysis],
    } | changes)  # fmt: skip


def _said(items: list[Item]) -> list[tuple[Any, ...]]:
    (item,) = items
    assert isinstance(item, Interaction), item
    return [(turn.speaker, turn.text, turn.start_ms, turn.end_ms) for turn in item.turns]


def _words(who: int, text: str, start: float, end: float) -> list[dict[str, Any]]:
    words = text.split()
    step = (end - start) / len(words)
    return [
        {"text": word, "who": who, "start": start + n * step, "end": start + (n + 1) * step}
        for n, word in enumerate(words)
    ]


WORDS = [word for each in HEARD for word in _words(*each)]
GOOGLE = {"results": [
    {"alternatives": [{"transcript": text, "words": [
        {"word": text, "startTime": f"{start}s", "endTime": f"{end}s", "speakerTag": who + 1}]}], "channelTag": 0}
    for who, text, start, end in HEARD
]}  # fmt: skip
SPEECHMATICS = {"results": [
    {"type": kind, "start_time": word["start"], "end_time": word["end"],
     "alternatives": [{"content": content, "speaker": f"S{word['who'] + 1}"}]}
    for word in WORDS
    for kind, content in (("word", word["text"].rstrip(",.?")), ("punctuation", word["text"][-1]))
    if content in ",.?" or kind == "word"
]}  # fmt: skip
AMAZON = {"results": {
    "transcripts": [{"transcript": f"{DESK} {CALLER}"}],
    "speaker_labels": {"segments": [
        {"speaker_label": f"spk_{word['who']}",
         "items": [{"start_time": str(word["start"]), "speaker_label": f"spk_{word['who']}"}]}
        for word in WORDS
    ]},
    "items": [
        {"type": "pronunciation", "start_time": str(word["start"]), "end_time": str(word["end"]),
         "alternatives": [{"content": word["text"]}]}
        for word in WORDS
    ],
}}  # fmt: skip
AZURE = {"recognizedPhrases": [
    {"speaker": who + 1, "offset": f"PT{start}S", "offsetInTicks": start * 1e7, "durationInTicks": (end - start) * 1e7,
     "nBest": [{"lexical": text.lower(), "display": text}]}
    for who, text, start, end in HEARD
]}  # fmt: skip
REV = {"monologues": [
    {"speaker": who, "elements": [
        {"type": "text", "value": text[:5], "ts": start, "end_ts": start + 0.5},
        {"type": "punct", "value": text[5:9]},
        {"type": "text", "value": text[9:], "ts": start + 1, "end_ts": end}]}
    for who, text, start, end in HEARD
]}  # fmt: skip
TABLE = {
    "participants": [{"id": "p1", "role": "agent"}, {"id": "p2", "role": "customer"}],
    "utterances": [
        {"participant_id": f"p{who + 1}", "start": start, "end": end, "text": text} for who, text, start, end in HEARD
    ],
}


def _items(**values: Callable[[int, float, float], Any]) -> list[dict[str, Any]]:
    return [
        {"text": text} | {key: value(who, start, end) for key, value in values.items()}
        for who, text, start, end in HEARD
    ]


NAMES = ("Bo Ray", "Ann Lee")
CLOCK = "2026-01-05T10:30:0{}Z"
SHAPES: dict[str, tuple[Any, str]] = {
    "google": (GOOGLE, "google"),
    "speechmatics": (SPEECHMATICS, "speechmatics"),
    "amazon": (AMAZON, "aws"),
    "azure": (AZURE, "microsoft"),
    "rev": (REV, "rev.ai"),
    "participants": (TABLE, "acme"),
    "number texts": (
        _items(speaker=lambda w, s, e: NAMES[w], start=lambda w, s, e: str(s), end=lambda w, s, e: f"{e}s"),
        "acme",
    ),
    "milliseconds": (
        _items(role=lambda w, s, e: ("agent", "customer")[w], startTimeMs=lambda w, s, e: s * 1000,
               endTimeMs=lambda w, s, e: e * 1000),
        "acme",
    ),
    "milliseconds without a unit": (
        {"utterances": _items(speaker=lambda w, s, e: "AB"[w], start=lambda w, s, e: round(s * 1000),
                              end=lambda w, s, e: round(e * 1000))},
        "conserver",
    ),
    "clock": (
        _items(speaker=lambda w, s, e: NAMES[w].split()[0], timestamp=lambda w, s, e: f"00:00:0{s}",
               end=lambda w, s, e: f"0:0{e}"),
        "acme",
    ),
    "dates": (
        _items(speaker=lambda w, s, e: {"id": w, "name": NAMES[w]}, start=lambda w, s, e: CLOCK.format(s),
               end=lambda w, s, e: CLOCK.format(e)),
        "acme",
    ),
    "numbers since 1970": (
        _items(party=lambda w, s, e: 1 - w, start=lambda w, s, e: 1767609000000 + s * 1000,
               end=lambda w, s, e: 1767609000000 + e * 1000),
        "acme",
    ),
    "webvtt": (
        "WEBVTT\n\n00:01.500 --> 00:03.300\n<v Bo Ray>" + DESK + "\n\n00:04.100 --> 00:06.900\n<v Ann Lee>" + CALLER,
        "x",
    ),
    "srt": (
        f"1\n00:00:01,500 --> 00:00:03,300\nBo: {DESK}\n\n2\n00:00:04,100 --> 00:00:06,900\nAnn: {CALLER}\n", "x"),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("packed", ["as it is", "text", "base64url"])
def test_transcript_of_any_recognizer_gives_speakers_and_times(read: Read, shape: str, packed: str) -> None:
    body, vendor = SHAPES[shape]
    encoding = "json"
    if packed != "as it is":
        body = json.dumps(body)
    if packed == "base64url":
        body, encoding = base64.urlsafe_b64encode(body.encode()).decode().rstrip("="), "base64url"
        body = body if shape not in ("webvtt", "srt") else base64.urlsafe_b64encode(SHAPES[shape][0].encode()).decode()
    analysis = {"type": "transcript", "dialog": 0, "vendor": vendor, "encoding": encoding, "body": body}
    assert _said(read(_vcon(None, analysis=[analysis]), name="call.json")) == SAID


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        (f"[00:00:01] Agent: {DESK}\n[00:00:04] Customer: {CALLER}", [1000, 4000]),
        (f"Bo Ray (00:01): {DESK}\nAnn Lee (00:04): {CALLER}", [1000, 4000]),
        (f"Agent 00:01\n{DESK}\n\nCustomer 00:04\n{CALLER}", [1000, 4000]),
        (f"**Agent:** {DESK}\n\n**Customer:** {CALLER}", [None, None]),
        (f"Transcript of 5 January\n\nAgent:\n{DESK}\n\nCustomer:\n{CALLER}", [None, None]),
    ],
)
def test_labelled_text_with_times_is_read_by_line(read: Read, text: str, starts: list[int | None]) -> None:
    for body in (text, json.dumps(text), {"text": text}):
        said = _said(read(_vcon(body), name="a.json"))
        assert [(turn[0], turn[1], turn[2]) for turn in said] == [
            ("agent", DESK, starts[0]), ("customer", CALLER, starts[1])
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "vendor", "code"),
    [
        (_items(speaker=lambda w, s, e: 1 - w, start=lambda w, s, e: "soon"), "acme", "unreadable_time"),
        (_items(party=lambda w, s, e: w + 7), "acme", "bad_reference"),
        ([{"speaker": w, "text": t} for w, t in enumerate([f"{DESK} Let me check your account, please.",
                                                           f"{CALLER} I want my money back."])],
         "acme", "roles_unclear"),  # the numbers say that the agent complains
        ([{"channel": 1 - w, "text": t} for w, t in enumerate([f"{DESK} Let me check your account, please.",
                                                               f"{CALLER} I want my money back."])],
         "acme", "roles_unclear"),  # and so do the channels
        ({"segments": [{"text": DESK, "start": 1.5}, {"text": CALLER, "start": 4.1}]}, "groq", "roles_unclear"),
        (f"{DESK}\n\nCustomer: {CALLER}\n\nFine.", "acme", "roles_unclear"),
    ],
)  # fmt: skip
def test_transcript_that_may_be_misread_is_refused(read: Read, body: Any, vendor: str, code: str) -> None:
    (item,) = read(_vcon(body, vendor), name="a.json")
    assert isinstance(item, Reject) and item.code == code


def test_numbers_of_recognizers_are_no_parties_in_a_list_either(read: Read) -> None:
    body = _items(speaker=lambda w, s, e: w, start=lambda w, s, e: s, end=lambda w, s, e: e)
    assert _said(read(_vcon(body, "deepgram"), name="a.json")) == SAID


def test_words_of_a_role_in_a_name_do_not_name_a_party(read: Read) -> None:
    parties = [{"name": "Ann", "role": "customer"}, {"name": "Customer Service", "role": "agent"}]
    items = read(_vcon(f"Customer: {CALLER}\nAgent: Let me see.", parties=parties), name="a.json")
    assert [said[0] for said in _said(items)] == ["customer", "agent"]


def test_first_wtf_transcripts_are_attachments(read: Read) -> None:
    segments = [{"id": n, "start": s, "end": e, "text": t, "speaker": n} for n, t, s, e in HEARD]
    labels = {"0": {"label": "Agent"}, "1": {"label": "Customer"}}
    body = {"transcript": {"language": "en-US"}, "segments": segments, "speakers": labels}
    attached = [{"type": "wtf_transcription", "dialog": 0, "party": 0, "encoding": "json", "body": body}]
    assert _said(read(_vcon(None, analysis=None, attachments=attached), name="a.json")) == SAID


@pytest.mark.parametrize("shape", SHAPES)
@short
@given(changes=mutations, data=st.data(), packed=st.booleans())
def test_transcript_with_any_value_anywhere_is_accounted(
    shape: str, changes: Any, data: st.DataObject, packed: bool
) -> None:
    body, vendor = SHAPES[shape]
    told = mutated(copy.deepcopy({"body": body, "dialog": {"parties": [[1], [0]], "start": None}}), changes, data)
    text = json.dumps(told.get("body"))
    vcon = json.loads(_vcon(text if packed else json.loads(text), vendor))
    vcon["dialog"][0] |= told.get("dialog") if isinstance(told.get("dialog"), dict) else {}
    vcon["dialog"].append({"type": "text", "originator": 0, "mediatype": "application/json", "body": told.get("body")})
    accounted(json.dumps(vcon).replace("router", SECRET), "x.json")


def test_thousands_of_parties_and_chats_take_no_square_of_them(read: Read) -> None:
    count = 2000  # took minutes when each chat looked at all parties
    parties = [{"name": f"N{n} M{n}", "role": ("agent", "customer")[n % 2]} for n in range(count)]
    chat = {"type": "text", "start": "2026-01-05T10:30:00Z", "originator": 0, "body": "N0: Yes?\nN1: It broke."}
    (item,) = read(_vcon(None, parties=parties, dialog=[chat] * count, analysis=None), name="a.json")
    assert isinstance(item, Interaction) and len(item.turns) == 2 * count
    assert [turn.speaker for turn in item.turns[:2]] == ["agent", "customer"]
