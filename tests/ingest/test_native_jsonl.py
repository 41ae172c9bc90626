from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from analyzer.ingest.formats import native_jsonl
from analyzer.ingest.raw import ReadStats
from analyzer.records import Interaction, Reject
from tests.ingest.conftest import Item, codes, line, record

Read = Callable[..., list[Item]]

OUTCOMES = [
    (line(), "ok"),
    (line(wait_s=41, hold_s=0.5, transfers=0, csat=2, csat_scale=[1, 5], consent_recording=True), "ok"),
    (line().rstrip() + "\r\n", "ok"),
    ('{"interaction_id": "x", "interaction_id": "c-1", "turns": [{"speaker": "agent", "text": "a"}]}', "ok"),
    (line(interaction_id=17), "wrong_type"),
    (line(interaction_id=" "), "no_id"),
    (line(interaction_id="a\nb"), "bad_id"),
    (line(wait_s="41"), "wrong_type"),
    (line(transfers=1.5), "wrong_type"),
    (line(turns=None), "missing_field"),
    (line(turns=[{"speaker": "agent"}]), "missing_field"),
    (line(turns=[]), "no_turns"),
    (line(turns=[{"speaker": "agent", "text": " \u200b\t"}]), "no_turns"),
    (line(turns=[{"speaker": "Dana", "text": "hello"}]), "unknown_role"),
    (line(turns=[{"speaker": "agent", "text": "a", "start_ms": 9, "end_ms": 3}]), "turn_times"),
    (line(turns=[{"speaker": "agent", "text": "a", "start_ms": -1}]), "turn_times"),
    (line(turns=[{"speaker": "agent", "text": "a", "end_ms": 1e300}]), "turn_times"),
    (line()[:60], "bad_json"),
    (line().replace('"chat"', "NaN"), "bad_json"),
    (line().replace("parcel", "\\ud800 parcel"), "bad_json"),
    (line().replace("chat", "carrier pigeon"), "unknown_channel"),
    (line(direction="sideways"), "unknown_direction"),
    (line(started_at="yesterday"), "unreadable_time"),
    (line(started_at="1767609000"), "unreadable_time"),
    (line(started_at="0001-01-01T00:00:00Z"), "implausible_time"),
    (line(started_at="2027-01-01T00:00:00Z"), "future_time"),
    (line(ended_at="2026-11-20T09:11:59Z"), "ends_before_start"),
    (line(wait_s=-1), "bad_number"),
    (line(csat=7, csat_scale=[1, 5]), "csat_scale"),
    (line(csat=3, csat_scale=[5, 5]), "csat_scale"),
    (line(consent_recording=False), "no_consent"),
    ('"turns" "speaker"\n', "unknown_format"),
    ("[" * 100_000, "not_an_object"),
    ('{"turns": ' * 50_000, "wrong_type"),
    (line(extra=0).replace('"extra": 0', '"extra": ' + "[" * 100_000 + "]" * 100_000), "too_deep"),
]


@pytest.mark.parametrize(("content", "outcome"), OUTCOMES, ids=range(len(OUTCOMES)))
def test_record_has_the_stated_outcome(read: Read, content: str, outcome: str) -> None:
    assert list(codes(read(content))) == [outcome]


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_mark_tells_the_encoding(read: Read, mark: str) -> None:
    turns = [{"speaker": "kundin", "text": "Gebühr für Köln: 5 €"}]
    (item,) = read((line(turns=turns)).encode(mark))
    assert isinstance(item, Interaction) and item.turns[0].text == "Gebühr für Köln: 5 €"


def test_line_falls_back_to_the_configured_encoding(read: Read) -> None:
    content = line(turns=[{"speaker": "agent", "text": "Für Sie – „gern“"}])
    (item,) = read(content.encode("cp1252"))
    assert isinstance(item, Interaction) and item.turns[0].text == "Für Sie – „gern“"
    assert list(codes(read(content.encode("cp1252"), encoding="ascii"))) == ["encoding"]


def test_bad_line_costs_only_itself(read: Read) -> None:
    items = read(line() + "{half\n\n\0\0\n" + line(interaction_id="c-2"))
    assert list(codes(items)) == ["ok", "bad_json", "bad_json", "ok"]
    assert [item.position for item in items if isinstance(item, Reject)] == [1, 3]


def test_array_and_pretty_printed_objects_are_read(read: Read) -> None:
    records = [record(interaction_id=f"c-{n}", queue='br{ack"ets\\') for n in range(40)]
    for content in (
        json.dumps(records),
        json.dumps(records, indent=1),
        "\n".join(json.dumps(r, indent=2) for r in records),
    ):
        items = read(content, name="calls.json")
        assert [item.interaction_id for item in items if isinstance(item, Interaction)] == [f"c-{n}" for n in range(40)]


def test_array_that_breaks_off_keeps_what_came_before(read: Read) -> None:
    whole = json.dumps([record(), record(interaction_id="c-2")])
    assert list(codes(read(whole[:-1]))) == ["ok", "ok", "truncated"]
    assert list(codes(read(whole[:-20]))) == ["ok", "bad_json"]


def test_array_with_strangers_rejects_each(read: Read) -> None:
    items = read(f"[{line()}, 17, [1], {line(interaction_id='c-2')}]")
    assert list(codes(items)) == ["ok", "not_an_object", "not_an_object", "ok"]


def test_unknown_keys_are_counted_and_never_quoted(read: Read) -> None:
    stats = ReadStats()
    turns = [{"speaker": "agent", "text": "hi", "mood": 1}]
    items = read(line(score=1, turns=turns) + line(score=2, **{"my card is lost": 1}), stats=stats)
    assert list(codes(items)) == ["ok", "ok"]
    assert stats.unknown_keys == {"score": 2, "mood": 1, "(other)": 1}


def test_long_line_is_quarantined_by_its_head(read: Read) -> None:
    long = line(turns=[{"speaker": "agent", "text": "secret " * 5000}])
    items = read(line() + long + line(interaction_id="c-3"), max_line_bytes=10_000)
    assert list(codes(items)) == ["ok", "line_too_long", "ok"]
    assert isinstance(items[1], Reject) and len(items[1].raw) == 4096 and "secret" not in items[1].message
    array = read(f"[{line()},{long},{line(interaction_id='c-3')}]", max_line_bytes=10_000)
    assert list(codes(array)) == ["ok", "line_too_long", "ok"]


def test_recognise_leaves_other_json_alone() -> None:
    assert native_jsonl.recognise(b'{"vcon": "0.4.0", "parties": []}', "a.json").probability < 0.5
    assert native_jsonl.recognise(line().encode(), "a").probability > 0.9
