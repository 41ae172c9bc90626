"""vCon: invented conversations of every version, one trap each."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from analyzer.records import Interaction, Reject
from tests.ingest.conftest import Item

Read = Callable[..., list[Item]]
PARTIES = [
    {"tel": "tel:+4922112345", "name": "Ann", "type": "person", "role": "customer"},
    {"name": "Bo", "type": "person", "role": "agent", "mailto": "mailto:bo@example.test"},
]
SPOKEN = [
    {"speaker": 1, "start": 1.5, "end": 3.3, "text": "How can I help?"},
    {"speaker": 0, "start": 4.1, "text": "Third time I call."},
]


def _vcon(**changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "vcon": "0.4.0", "uuid": "01890000-0000-8000-8000-000000000001", "created_at": "2026-01-05T10:31:00Z",
        "parties": PARTIES, "dialog": [_recording()], "analysis": [_transcript(SPOKEN)], "attachments": [],
    }  # fmt: skip
    return {key: value for key, value in (plain | changes).items() if value is not None}


def _recording(**changes: Any) -> dict[str, Any]:
    return {
        "type": "recording", "start": "2026-01-05T11:30:30+01:00", "duration": 21.0, "parties": [1, 0],
        "mediatype": "audio/x-wav", "url": "https://x.test/a.wav", "content_hash": "sha512-AAAA",
    } | changes  # fmt: skip


def _transcript(body: Any, **changes: Any) -> dict[str, Any]:
    return {"type": "transcript", "dialog": 0, "vendor": "acme", "encoding": "json", "body": body} | changes


def _text(who: int, second: int, body: str, **changes: Any) -> dict[str, Any]:
    start = f"2026-01-05T10:30:{second:02d}Z"
    return {
        "type": "text", "start": start, "parties": [0, 1], "originator": who, "mediatype": "text/plain", "body": body,
        "encoding": "none",
    } | changes  # fmt: skip


def _one(items: list[Item]) -> Interaction:
    (item,) = items
    assert isinstance(item, Interaction), item
    return item


def _said(item: Interaction) -> list[tuple[Any, ...]]:
    return [(turn.speaker, turn.text, turn.start_ms, turn.end_ms) for turn in item.turns]


def test_call_with_history_and_contact_center_fields(read: Read) -> None:
    history = [
        {"party": 0, "time": "2026-01-05T10:30:40Z", "event": "hold"},
        {"party": 0, "time": "2026-01-05T10:30:45Z", "event": "unhold"},
    ]
    recording = _recording(party_history=history, skill="billing", interaction_id="i-9", originator=0)
    item = _one(
        read(json.dumps(_vcon(dialog=[recording], updated_at="2026-01-06T00:00:00Z", extensions=["CC"])), name="a.json")
    )
    assert _said(item) == [("agent", "How can I help?", 1500, 3300), ("customer", "Third time I call.", 4100, None)]
    assert (item.channel, item.direction, item.queue, item.chain_id, item.hold_s) == (
        "voice",
        "inbound",
        "billing",
        "i-9",
        5.0,
    )
    assert (item.customer_key, item.agent_id) == ("+4922112345", "bo@example.test")
    assert item.turns[0].agent_id == "bo@example.test" and item.source_id == "01890000-0000-8000-8000-000000000001"
    assert item.started_at.isoformat() == "2026-01-05T10:30:30+00:00" and item.ended_at is not None
    assert (item.ended_at - item.started_at).total_seconds() == 21
    assert item.updated_at is not None and item.updated_at.isoformat() == "2026-01-06T00:00:00+00:00"


def test_chat_is_ordered_by_time_and_html_is_read(read: Read) -> None:
    dialog = [
        _text(1, 20, "<p>Sorry.</p><p>Let me look &amp; see.</p>", mediatype="text/html; charset=utf-8"),
        _text(0, 0, "Still no refund.", application="webchat"),
        _text(0, 40, base64.urlsafe_b64encode("Schön.".encode()).decode().rstrip("="), encoding="base64url"),
        {"type": "text", "start": "2026-01-05T10:30:50Z", "parties": 0, "mediatype": "image/png", "body": "AAAA"},
        {},
    ]
    item = _one(read(json.dumps(_vcon(dialog=dialog, analysis=None)), name="a.json"))
    assert item.channel == "chat" and item.direction is None
    assert _said(item) == [
        ("customer", "Still no refund.", 0, None), ("agent", "Sorry.\nLet me look & see.", 20_000, None),
        ("customer", "Schön.", 40_000, None),
    ]  # fmt: skip


def test_chat_and_call_in_one_vcon_share_one_clock(read: Read) -> None:
    dialog = [_text(0, 0, "Please call me."), _recording()]
    item = _one(read(json.dumps(_vcon(dialog=dialog, analysis=[_transcript(SPOKEN, dialog=1)])), name="a.json"))
    assert [(turn.speaker, turn.start_ms) for turn in item.turns] == [
        ("customer", 0), ("agent", 31_500), ("customer", 34_100),
    ]  # fmt: skip


HEARD = [("Nordwelle, how can I help you?", 1), ("I'm calling about my bill, I was charged twice.", 0)]
DEEPGRAM = {"results": {"channels": [{"alternatives": [{"paragraphs": {"paragraphs": [
    {"speaker": who, "start": n * 2.0, "end": n * 2.0 + 1, "sentences": [{"text": text, "start": n, "end": n + 1}]}
    for n, (text, who) in enumerate(HEARD)
]}}]}]}}  # fmt: skip
WORDS = {"words": [
    {"speaker": who, "punctuated_word": word, "start": n * 2.0 + k * 0.01, "end": n * 2.0 + 1}
    for n, (text, who) in enumerate(HEARD) for k, word in enumerate(text.split())
]}  # fmt: skip
SEGMENTS = [
    {"speaker": f"SPEAKER_{who}", "start": n * 2.0, "end": n * 2.0 + 1, "text": text}
    for n, (text, who) in enumerate(HEARD)
]
WHISPER = {"language": "en", "segments": SEGMENTS}
WTF = {
    "transcript": {"text": "…", "language": "en-US"},
    "segments": [{**s, "speaker": n} for n, s in enumerate(SEGMENTS)],
}
ASSEMBLY = {
    "utterances": [{**s, "speaker": "AB"[n], "start": n * 2000, "end": n * 2000 + 1000} for n, s in enumerate(SEGMENTS)]
}
CHANNELS = {"results": {"channels": [
    {"alternatives": [{"words": [{"word": text, "start": 2.0 - 2.0 * who, "end": 3.0 - 2.0 * who}]}]}
    for text, who in HEARD
]}}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "vendor"),
    [(DEEPGRAM, "deepgram"), (WORDS, "x"), (WHISPER, "openai"), (WTF, "x"), (ASSEMBLY, "AssemblyAI"),
     (CHANNELS, "deepgram"),
     (json.dumps(WHISPER), "x")],
)  # fmt: skip
@pytest.mark.parametrize("roles_known", [True, False])
def test_recognizers_own_numbers_are_no_parties(read: Read, body: Any, vendor: str, roles_known: bool) -> None:
    parties = PARTIES if roles_known else [{"name": "Ann"}, {"name": "Bo"}]
    item = _one(read(json.dumps(_vcon(parties=parties, analysis=[_transcript(body, vendor=vendor)])), name="a.json"))
    assert _said(item) == [("agent", HEARD[0][0], 0, 1000), ("customer", HEARD[1][0], 2000, 3000)]
    assert item.turns[0].agent_id == ("bo@example.test" if roles_known else None)


@pytest.mark.parametrize(
    "body",
    [
        "**Agent(Bo)**: Hello there.\n\n**Customer(Ann)**: My bill is wrong.\nIt says: 30.",
        "Bo: Hello there.\nAnn: My bill is wrong.\nIt says: 30.",
        {"transcript": "Agent: Hello there.\nCustomer: My bill is wrong.\nIt says: 30.", "detected_language": "en"},
    ],
)
def test_text_with_labels_is_read_by_label(read: Read, body: Any) -> None:
    item = _one(read(json.dumps(_vcon(analysis=[_transcript(body, encoding="none")])), name="a.json"))
    assert [said[:2] for said in _said(item)] == [
        ("agent", "Hello there."),
        ("customer", "My bill is wrong.\nIt says: 30."),
    ]


def test_paragraphs_without_names_take_turns_or_are_refused(read: Read) -> None:
    told = "\n\n".join(
        [HEARD[0][0], HEARD[1][0], "Sorry to hear that, let me check your account.", "Thanks for your help."]
    )
    item = _one(read(json.dumps(_vcon(analysis=[_transcript(told)])), name="a.json"))
    assert [turn.speaker for turn in item.turns] == ["agent", "customer", "agent", "customer"]
    (refused,) = read(
        json.dumps(_vcon(analysis=[_transcript(told + "\n\nOne.\n\nIs there anything else I can do?")])), name="b.json"
    )
    assert isinstance(refused, Reject) and refused.code == "roles_unclear" and "probability" in refused.message


def test_better_transcript_of_two_is_taken(read: Read) -> None:
    analysis = [
        _transcript({"transcript": "One long text.", "detected_language": "en"}),
        _transcript(SPOKEN, vendor="b"),
    ]
    item = _one(read(json.dumps(_vcon(analysis=analysis)), name="a.json"))
    assert len(item.turns) == 2 and item.declared_language == "en"


def test_old_version_with_server_fields(read: Read) -> None:
    parties = [{"tel": "+15550100", "meta": {"role": "customer"}}, {"mailto": "bo@x.test", "meta": {"role": "agent"}}]
    dialog = _recording(
        mimetype="audio/x-wav", alg="SHA-512", signature="x", meta={"direction": "out", "disposition": "ANSWERED"}
    )
    old = _vcon(vcon="0.0.1", parties=parties, dialog=[dialog], redacted={}, appended=None, group=[], surprise=1)
    item = _one(read(json.dumps(old), name="a.json"))
    assert (item.direction, item.disposition, item.customer_key) == ("outbound", "ANSWERED", "+15550100")


def test_bots_supervisors_and_third_parties_are_told_apart(read: Read) -> None:
    parties = [
        *PARTIES,
        {"type": "bot", "name": "Nora"},
        {"role": "supervisor", "mailto": "s@x.test"},
        {"role": "thirdparty"},
    ]
    dialog = [_text(who, n, f"Text {n}.") for n, who in enumerate([2, 0, 1, 3, 4])]
    item = _one(read(json.dumps(_vcon(parties=parties, dialog=dialog, analysis=None)), name="a.json"))
    assert [turn.speaker for turn in item.turns] == ["bot", "customer", "agent", "agent", "system"]
    assert [turn.agent_id for turn in item.turns] == [None, None, "bo@example.test", "s@x.test", None]


def test_several_vcons_in_a_file_cost_each_other_nothing(read: Read) -> None:
    plain, broken = json.dumps(_vcon()), json.dumps(_vcon(parties=None, dialog="?"))
    for content in (f"[{plain},{broken},{plain}]", f"{plain}\n{broken}\n{plain}\n"):
        kinds = [type(item) for item in read(content, name="a.json")]
        assert kinds == [Interaction, Reject, Interaction]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"payload": "eyJ2Y29uIjoi", "signatures": [{"protected": "x", "signature": "y"}]}, "vcon_signed"),
        ({"payload": "eyJ2Y29uIjoi", "protected": "x", "signature": "y"}, "vcon_signed"),
        ({"protected": "x", "recipients": [{}], "iv": "i", "ciphertext": "c", "tag": "t"}, "vcon_encrypted"),
        (_vcon(critical=["CC", "quantum"]), "vcon_critical"),
        (_vcon(must_support=["quantum"]), "vcon_critical"),
        (_vcon(critical=["CC"], uuid=""), "no_id"),
        (_vcon(analysis=None), "no_turns"),
        (_vcon(analysis=[_transcript(SPOKEN, dialog=3)]), "bad_reference"),
        (_vcon(dialog=[_recording(parties=[0, 9])]), "bad_reference"),
        (_vcon(dialog=[_recording(duration=-3)]), "bad_number"),
        (_vcon(dialog=[_recording(start="yesterday")]), "unreadable_time"),
        (_vcon(dialog=[_recording(start="2031-01-01T00:00:00Z")]), "future_time"),
        (_vcon(analysis=[_transcript([{"speaker": 0, "start": 5, "end": 4, "text": "Hm."}])]), "turn_times"),
        (_vcon(parties=[{}]*2, analysis=[_transcript([{"speaker": n, "text": "Hm"} for n in "ab"])]), "roles_unclear"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_name(read: Read, document: dict[str, Any], code: str) -> None:
    (item,) = read(json.dumps(document), name="a.json")
    assert isinstance(item, Reject) and item.code == code and item.raw and "Hm" not in item.message


@pytest.mark.parametrize(("dots", "code"), [(2, "vcon_signed"), (4, "vcon_encrypted")])
def test_compact_form_is_refused_by_name(read: Read, dots: int, code: str) -> None:
    (item,) = read("eyJhbGciOiJSUzI1NiJ9" + ".abcd" * dots, name="a.vcon")
    assert isinstance(item, Reject) and item.code == code


def test_truncated_document_is_one_reject(read: Read) -> None:
    (item,) = read(json.dumps(_vcon())[:-40], name="a.json")
    assert isinstance(item, Reject) and item.code == "bad_json"
