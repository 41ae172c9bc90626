from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from analyzer.ingest.contract import REJECT_CODES
from analyzer.ingest.raw import ReadStats
from analyzer.ingest.values import channel_of, language_of, role_of
from analyzer.records import Interaction
from tests.ingest.conftest import NOW, Item, codes, line

Read = Callable[..., list[Item]]


def _one(items: list[Item]) -> Interaction:
    (item,) = items
    assert isinstance(item, Interaction), item
    return item


@pytest.mark.parametrize(
    ("said", "role"),
    [("Kundin", "customer"), ("CALLER", "customer"), ("end-user", "customer"), ("Agent 2", "agent"),
     ("Supervisor", "agent"), ("Mitarbeiter*in", "agent"), ("IVR", "bot"), ("virtual agent", "bot"), ("ACD", "system"),
     ("AI_AGENT", "bot"), ("Live agent", "agent"),
     ("Dana", None), ("", None), ("agents", None)],
)  # fmt: skip
def test_role_of_knows_the_usual_words(said: str, role: str | None) -> None:
    assert role_of(said) == role


@pytest.mark.parametrize(
    ("said", "channel"),
    [("Telefon", "voice"), ("phone-call", "voice"), ("WhatsApp", "messaging"), ("sms", "messaging"),
     ("twitter", "social"), ("E-Mail", "email"), ("", None)],
)  # fmt: skip
def test_channel_of_knows_the_usual_words(said: str, channel: str | None) -> None:
    assert channel_of(said) == channel


def test_language_of_keeps_the_primary_tag() -> None:
    assert [language_of(said) for said in ("de-DE", "German", "EN_us", "fr", "")] == ["de", "de", "en", "fr", None]


def test_text_is_normalised_and_masked(read: Read) -> None:
    turns = [{"speaker": "customer", "text": "cafe\u0301 \u200bau\u00a0lait\x07, 0221\u00a01234567\r\n"}]
    item = _one(read(line(turns=turns, disposition="mailed ann@x.example")))
    assert item.turns[0].text == "café au lait , [PHONE_1]"
    assert item.disposition == "mailed [EMAIL_1]"


def test_repeats_have_one_number_in_all_turns(read: Read) -> None:
    texts = ["ann@x.example", "bob@x.example", "ANN@x.example"]
    item = _one(read(line(turns=[{"speaker": "customer", "text": text} for text in texts])))
    assert [turn.text for turn in item.turns] == ["[EMAIL_1]", "[EMAIL_2]", "[EMAIL_1]"]


def test_empty_turns_are_dropped_and_counted(read: Read) -> None:
    stats = ReadStats()
    turns = [{"speaker": "customer", "text": "Hi"}, {"speaker": "agent", "text": " "}]
    assert len(_one(read(line(turns=turns), stats=stats)).turns) == 1
    assert stats.empty_turns == 1


def test_agent_is_the_last_human_one_unless_given(read: Read) -> None:
    turns = [
        {"speaker": "agent", "text": "a", "agent_id": "a-1"},
        {"speaker": "agent", "text": "b", "agent_id": "a-2"},
        {"speaker": "bot", "text": "c", "agent_id": "b-9"},
    ]
    assert _one(read(line(turns=turns))).agent_id == "a-2"
    assert _one(read(line(turns=turns, agent_id="a-7"))).agent_id == "a-7"


def test_only_agent_named_speaks_all_agent_turns(read: Read) -> None:
    item = _one(read(line(agent_id="a-7")))
    assert [turn.agent_id for turn in item.turns] == [None, "a-7"]
    assert [turn.agent_id for turn in _one(read(line(agent_id="a-7", transfers=1))).turns] == [None, None]


@pytest.mark.parametrize(
    ("csat", "scale", "expected"),
    [(2, [1, 5], 2), (10, [0, 10], 5), (1, [6, 1], 5), (50, [0, 100], 3), (2, None, None), (None, [1, 5], None)],
)
def test_csat_is_rescaled_only_with_a_scale(read: Read, csat: Any, scale: Any, expected: float | None) -> None:
    assert _one(read(line(csat=csat, csat_scale=scale))).csat == expected


@pytest.mark.parametrize("odd", ["=HYPERLINK(1)", "+49", "-1", "@SUM(A1)", "\t=1", 'a"b', "ünïcode", "a/b c"])
def test_ids_are_kept_as_given(read: Read, odd: str) -> None:
    item = _one(read(line(interaction_id=odd, customer_id=odd)))
    assert item.interaction_id == item.source_id == item.customer_key == odd


def test_day_is_counted_in_the_business_timezone(read: Read) -> None:
    item = _one(read(line(started_at="2026-11-20T23:30:00Z")))
    assert (item.day, item.started_at_source) == (date(2026, 11, 21), "record")
    assert _one(read(line(started_at="2026-11-20T23:30:00Z"), business_timezone="America/New_York")).day.day == 20


def test_start_falls_back_to_file_name_and_first_seen(read: Read) -> None:
    named = _one(read(line(started_at=None), name="dump_2026-11-19_1530.jsonl"))
    assert (named.started_at, named.started_at_source) == (datetime(2026, 11, 19, 14, 30, tzinfo=UTC), "file_name")
    unnamed = _one(read(line(started_at=None), name="dump.jsonl"))
    assert (unnamed.started_at, unnamed.started_at_source) == (NOW, "first_seen")
    later = _one(read(line(started_at=None), name="dump_2031-11-19.jsonl"))
    assert later.started_at_source == "first_seen"


def test_every_code_says_what_to_do() -> None:
    assert all(entry.meaning.endswith(".") and entry.advice for entry in REJECT_CODES.values())
    assert all(code.isidentifier() and code == entry.code for code, entry in REJECT_CODES.items())


def test_contract_keeps_the_sources_own_sentiment_apart(read: Callable[..., list[Item]]) -> None:
    turns = [{"speaker": "customer", "text": "Hm.", "source_sentiment": -1}, {"speaker": "agent", "text": "Oh."}]
    (item,) = read(line(turns=turns))
    assert isinstance(item, Interaction) and [turn.source_sentiment for turn in item.turns] == [-1.0, None]
    assert list(codes(read(line(turns=[turns[0] | {"source_sentiment": 5}])))) == ["bad_number"]
