"""What text dialogs of vCons hold: encodings, mails, JSON, whole chats; and the times they tell."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.ingest.formats.json_pieces import outer_keys
from analyzer.ingest.raw import ReadStats
from analyzer.records import Interaction, Reject
from tests.ingest.conftest import Item
from tests.ingest.formats.mutations import SECRET, accounted, short

Read = Callable[..., list[Item]]
ANSWER = "Let me look that up."
PARTS = (
    "--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGrüße, no refund.\r\n"
    "--b1\r\nContent-Type: text/html\r\n\r\n<p>No refund.</p>\r\n--b1--\r\n"
)
MAIL = (
    "From: ann@x.test\r\nSubject: refund\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe, no refund.\r\n"
)


def _vcon(first: dict[str, Any], second: dict[str, Any] | None = None, **changes: Any) -> str:
    texts = [
        {"type": "text", "start": f"2026-01-05T10:30:0{who}Z", "parties": [0, 1], "originator": who} | told
        for who, told in enumerate((first, second or {"body": ANSWER, "encoding": "none"}))
    ]
    return json.dumps({
        "vcon": "0.4.0", "uuid": "01890000-0000-8000-8000-000000000001", "created_at": "2026-01-05T10:45:00Z",
        "parties": [{"name": "Ann", "role": "customer"}, {"name": "Bo", "role": "agent"}], "dialog": texts,
    } | changes)  # fmt: skip


def _one(items: list[Item]) -> Interaction:
    (item,) = items
    assert isinstance(item, Interaction), item
    return item


def _url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ({"mediatype": "multipart/alternative; boundary=b1", "body": PARTS}, "Grüße, no refund."),
        ({"mediatype": "multipart/alternative", "body": PARTS}, "Grüße, no refund."),
        ({"mediatype": "message/rfc822", "body": MAIL}, "Grüße, no refund."),
        ({"mediatype": "message/rfc822", "encoding": "base64url", "body": _url(MAIL)}, "Grüße, no refund."),
        ({"encoding": "base64", "body": base64.b64encode("Grüße??>> no".encode()).decode()}, "Grüße??>> no"),
        ({"mediatype": "text/plain; charset=ISO-8859-1", "encoding": "base64url",
          "body": base64.urlsafe_b64encode("Grüße".encode("latin-1")).decode()}, "Grüße"),
        ({"mediatype": "TEXT/HTML", "encoding": "NONE", "body": "<p>No &amp; no</p>"}, "No & no"),
        ({"encoding": "json", "body": '"No \\"refund\\"."'}, 'No "refund".'),
        ({"mediatype": "application/json", "encoding": "json", "body": {"text": "No refund."}}, "No refund."),
        ({"encoding": "none", "body": "[42]"}, "[42]"),
        ({"encoding": "none", "body": "Customer: 4711\nAgent: Bo\nReason: refund"},
         "Customer: 4711\nAgent: Bo\nReason: refund"),
        ({"encoding": "none", "body": "Note: it broke.\nAgent: so they said"}, "Note: it broke.\nAgent: so they said"),
    ],
)  # fmt: skip
def test_body_is_read_as_its_encoding_and_medium_say(read: Read, told: dict[str, Any], text: str) -> None:
    item = _one(read(_vcon(told), name="a.json"))
    assert [(turn.speaker, turn.text, turn.start_ms) for turn in item.turns] == [
        ("customer", text, 0), ("agent", ANSWER, 1000)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "head",
    ["Content-Type: text/plain; " + "a=b; " * 20_000, "Content-Type: text/plain;\r\n" + " a=b;\r\n" * 20_000,
     "Content-Type: multipart/mixed; boundary=b\r\n" + "\r\n--b\r\n" * 20_000],
)  # fmt: skip
def test_mail_that_takes_long_to_parse_is_refused(read: Read, head: str) -> None:
    (item,) = read(_vcon({"mediatype": "message/rfc822", "body": head + "\r\n\r\nHi"}), name="a.json")
    assert isinstance(item, Reject) and item.code == "encoding"


@pytest.mark.parametrize("charset", ["punycode", "zlib", "no-such"])
def test_body_in_a_strange_charset_is_refused(read: Read, charset: str) -> None:
    told = {"mediatype": f"text/plain; charset={charset}", "encoding": "base64url", "body": _url("Hm")}
    (item,) = read(_vcon(told), name="a.json")
    assert isinstance(item, Reject) and item.code == "encoding"


@pytest.mark.parametrize(
    "told",
    [
        {"mediatype": "text/plain", "body": "Customer: No refund.\nAgent: Let me look.\nCustomer: Thanks."},
        {"mediatype": "text/plain", "body": "Ann: No refund.\nBo: Let me look.\nAnn: Thanks."},
        {"mediatype": "application/json", "encoding": "json", "body": [
            {"role": "customer", "text": "No refund."}, {"role": "agent", "text": "Let me look."},
            {"role": "customer", "text": "Thanks."}]},
    ],
)  # fmt: skip
def test_whole_chat_in_one_dialog_becomes_its_turns(read: Read, told: dict[str, Any]) -> None:
    item = _one(read(_vcon(told), name="a.json"))
    assert [turn.speaker for turn in item.turns] == ["customer", "agent", "customer", "agent"]


@pytest.mark.parametrize(
    ("first", "second", "created", "start", "offset"),
    [
        ("2026-01-05t10:30:00z", "2026-01-05T10:30:60Z", "2026-01-05T10:45:00Z", "10:30", 60_000),
        ("1767609000", 1767609007.25, "2026-01-05T10:45:00Z", "10:30", 7250),
        ("Mon, 05 Jan 2026 10:30:00 +0000", "Mon, 05 Jan 2026 10:30:07 GMT", "2026-01-05T10:45:00Z", "10:30", 7000),
        ("2026-01-05T10:30:00.1", "2026-01-05T10:30:01.1", "2026-01-05T10:30:00.2+00:00", "10:30", 1000),
        ("2026-01-05T11:30:00", "2026-01-05T11:30:01", "2026-01-05T10:31:00Z", "10:30", 1000),  # Berlin: not yet 11:30
        ("2026-01-05T11:30:00", "2026-01-05T11:30:01", "2026-01-05T11:31:00", "10:30", 1000),
        (None, None, "2026-01-05T10:45:00Z", "10:45", None),
    ],
)
def test_times_are_read_in_the_zone_they_were_written_in(
    read: Read, first: Any, second: Any, created: str, start: str, offset: int | None
) -> None:
    texts = ({"start": first, "body": "No refund."}, {"start": second, "body": ANSWER})
    item = _one(read(_vcon(*texts, created_at=created), name="a.json", timezone="Europe/Berlin"))
    assert f"{item.started_at:%H:%M}" == start and item.turns[1].start_ms == offset


def test_lists_may_be_null_and_bots_may_be_agents(read: Read) -> None:
    parties = [{"role": "customer"}, {"role": "agent", "type": "bot"}]
    item = _one(read(_vcon({"body": "Hi"}, parties=parties, analysis=None, attachments=None), name="a.json"))
    assert [turn.speaker for turn in item.turns] == ["customer", "bot"]


def test_message_of_nobody_is_refused_and_what_is_no_text_counted(read: Read) -> None:
    (item,) = read(_vcon({"body": "Hi", "parties": None, "originator": None}), name="a.json")
    assert isinstance(item, Reject) and item.code == "roles_unclear"
    stats = ReadStats()
    picture = {"mediatype": "image/png", "encoding": "base64url", "body": "aGk"}
    assert len(_one(read(_vcon(picture), name="b.json", stats=stats)).turns) == 1
    assert stats.left_out == {"message that is no text here": 1}


def test_vcon_is_told_by_its_outer_keys_whatever_stands_within(read: Read) -> None:
    head = b'[{"a\\"b": {"parties": []}, "dialog": [{"x": 1}], "c" :2}, {"d": 1}]'
    assert outer_keys(head) == {'a\\"b', "dialog", "c"}
    summary = {"type": "summary", "vendor": "x", "body": "z" * 70_000, "encoding": "none"}
    sorted_keys = json.dumps(json.loads(_vcon({"body": "Hi"}, analysis=[summary])), sort_keys=True)
    assert len(_one(read(sorted_keys, name="export.json")).turns) == 2


@short
@given(
    media=st.sampled_from(
        [
            "multipart/mixed",
            "message/rfc822",
            "multipart/a; boundary=b1",
            "text/html",
            "text/vtt",
            "text/x; charset=cp1252",
        ]
    ),
    encoding=st.sampled_from(["none", "base64url", "json", ""]),
    body=st.sampled_from([PARTS, MAIL, "WEBVTT\n\n00:01.0 --> 00:02.0\nAgent: Hm.", "Agent: x\nCustomer: y"]),
    data=st.data(),
)
def test_body_cut_and_spliced_anywhere_is_accounted(media: str, encoding: str, body: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(body)))
    piece = data.draw(st.text(max_size=6) | st.sampled_from(["\0", "--b1", "\r\n\r\n", "charset=", "\ud800", SECRET]))
    body = body[:place] + piece + body[place + data.draw(st.integers(0, 20)) :]
    if encoding == "base64url":
        body = base64.urlsafe_b64encode(body.encode("utf-8", "surrogatepass")).decode()
    accounted(_vcon({"mediatype": media, "encoding": encoding, "body": body}), "x.json")
