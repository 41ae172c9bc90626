"""WebVTT and SRT: invented calls, one trap each."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from analyzer.records import Interaction, Reject
from tests.ingest.conftest import Item, codes

Read = Callable[..., list[Item]]
VTT = """WEBVTT - call

STYLE
::cue { color: red }

NOTE Agent: a comment --> not said

1
00:01.500 --> 00:00:03.300 align:start
<v.loud Agent Bo>How &amp; when can <i>I</i> help?
Go on.

00:00:04.100 --> 00:00:06.900
<v Customer>Third time</v>
"""


def _said(item: Item) -> list[tuple[Any, ...]]:
    assert isinstance(item, Interaction)
    return [(turn.speaker, turn.text, turn.start_ms, turn.end_ms) for turn in item.turns]


def test_voice_tags_entities_and_comments(read: Read) -> None:
    (item,) = read(VTT, name="call_2026-11-20_0912_c-77.vtt")
    assert _said(item) == [
        ("agent", "How & when can I help? Go on.", 1500, 3300), ("customer", "Third time", 4100, 6900),
    ]  # fmt: skip
    assert (item.channel, item.source_format, item.source_id) == ("voice", "webvtt", "call_2026-11-20_0912_c-77")
    assert item.started_at.isoformat() == "2026-11-20T08:12:00+00:00" and item.started_at_source == "file_name"


def test_several_voices_in_a_cue_and_names_only_at_a_change(read: Read) -> None:
    text = VTT + "\n00:07.000 --> 00:08.000\nand more\n\n00:09.000 --> 00:10.000\n<v Agent>Oh</v> <v Customer>No</v>\n"
    assert [said[:2] for said in _said(read(text, name="x.vtt")[0])[2:]] == [
        ("customer", "and more"), ("agent", "Oh"), ("customer", "No"),
    ]  # fmt: skip


def test_names_stand_within_tags_and_behind_dashes(read: Read) -> None:
    srt = "1\n00:00:01,500 --> 00:00:03,300\n<font color=red>Agent: Hello</font>\n\n" \
          "2\n00:00:04,000 --> 00:00:05,000\n<b>Customer:</b> Hi\n"  # fmt: skip
    vtt = "WEBVTT\n\n00:01.500 --> 00:03.300\n- <v Agent>Hello</v>\n\n00:04.000 --> 00:05.000\n- <v Customer>Hi\n"
    for content, name in ((srt, "x.srt"), (vtt, "x.vtt")):
        assert _said(read(content, name=name)[0]) == [("agent", "Hello", 1500, 3300), ("customer", "Hi", 4000, 5000)]


DIARISED = [
    ("SPEAKER_01", "Nordwelle, how can I help you?"),
    ("SPEAKER_00", "I'm calling about my parcel. Note: it is the third time."),
    ("SPEAKER_01", "Sorry to hear that, let me check."),
]


@pytest.mark.parametrize("kind", ["vtt", "srt"])
def test_diarised_labels_get_roles_by_their_words(read: Read, kind: str) -> None:
    comma = "," if kind == "srt" else "."
    cues = [
        f"{n + 1}\n00:00:0{n}{comma}000 --> 00:00:0{n}{comma}900\n[{label}]: {text}"
        for n, (label, text) in enumerate(DIARISED)
    ]
    content = ("WEBVTT\n\n" if kind == "vtt" else "") + "\n\n".join(cues) + "\n"
    (item,) = read(content, name=f"x.{kind}")
    assert _said(item) == [
        (speaker, text, 1000 * n, 1000 * n + 900)
        for n, (speaker, (_, text)) in enumerate(zip(["agent", "customer", "agent"], DIARISED, strict=True))
    ]


def test_srt_with_roles_numbers_and_windows_lines(read: Read) -> None:
    text = "1\r\n00:00:01,500 --> 00:00:03,300\r\nAgent: Guten Tag,\r\nwas kann ich tun?\r\n\r\n" \
           "2\r\n00:00:04,000 --> 00:00:05,000\r\nKundin: {\\an8}<i>Nichts</i>, 30\r\n"  # fmt: skip
    (item,) = read(b"\xef\xbb\xbf" + text.encode(), name="x.srt")
    assert _said(item) == [
        ("agent", "Guten Tag, was kann ich tun?", 1500, 3300), ("customer", "Nichts, 30", 4000, 5000),
    ]  # fmt: skip
    assert item.source_format == "srt"


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        ("WEBVTT\n\n00:05.000 --> 00:04.000\n<v Agent>Hi\n", "x.vtt", "turn_times"),
        ("1\n00:00:05,000 --> 00:00:04,000\nAgent: Hi\n", "x.srt", "turn_times"),
        ("WEBVTT\n\n00:05.000 -> 00:06.000\n<v Agent>Hi\n", "x.vtt", "no_turns"),
        ("WEBVTT\n\n00:05.000 --> 00:0\n<v Agent>Hi\n", "x.vtt", "bad_cues"),
        ("WEBVTT\n\n00:05.000 --> 00:06.000\nHi\n", "x.vtt", "roles_unclear"),
        ("WEBVTT\n\n00:05.000 --> 00:06.000\n<v A>Hi\n\n00:07.000 --> 00:08.000\n<v B>Hi\n", "x.vtt", "roles_unclear"),
        ("WEBVTT\n", "x.vtt", "no_turns"),
        (
            "1\n0:00:01,0 --> 0:00:02,0\nHi, who is it?\n\n2\n0:00:03,0 --> 0:00:04,0\nAgent: Hi\n",
            "x.srt",
            "roles_unclear",
        ),
        ("00:05.000 --> 00:06.000\n<v Agent>Hi\n", "x.vtt", "bad_cues"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(read: Read, content: str, name: str, code: str) -> None:
    (item,) = read(content, name=name)
    assert isinstance(item, Reject) and item.code == code and item.raw and "Hi" not in item.message
    assert list(codes([item])) == [code]


@pytest.mark.parametrize("hostile", ["<v " * 60_000, "<c " * 60_000, " " * 200_000, "<v.x" * 40_000])
def test_unfinished_tags_take_little_time(read: Read, hostile: str) -> None:
    began = time.perf_counter()
    read(
        f"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>{hostile}\n\n00:03.000 --> 00:04.000\n<v Customer>Hi\n",
        name="x.vtt",
    )
    read(
        f"1\n00:00:01,000 --> 00:00:02,000\nAgent: {hostile}\n\n2\n00:00:03,000 --> 00:00:04,000\nA: b\n", name="x.srt"
    )
    assert time.perf_counter() - began < 5
