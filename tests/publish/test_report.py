"""The page stands alone, says what it should, and survives hostile words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from analyzer.config import load_settings
from analyzer.errors import UsageError
from analyzer.publish.report import render_report, write_report

from .world import EMPTY, TEAMS, MemoryTables, world

VOID = {"meta", "br", "link"}


def page(tables: MemoryTables, *assignments: str) -> str:
    settings = load_settings(None, assignments)
    return render_report(tables, settings.publish, settings.score, settings.journey)


@cache
def english() -> str:
    return page(world())


def words_of(html: str) -> str:
    html = re.sub(r"<(style|svg).*?</\1>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


class Balanced(HTMLParser):
    """Raises where an element is closed that is not the open one."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["en", "de"])
def test_page_is_well_formed_and_fetches_nothing(language: str) -> None:
    html = page(world(), f"publish.report_language={language}")
    parser = Balanced()
    parser.feed(html)
    assert parser.open == []
    assert f'<html lang="{language}">' in html
    for forbidden in ("http://", "https://", "//cdn", "<script", "<iframe", "<link", "<img", "@import", "javascript:"):
        assert forbidden not in html
    assert not re.search(r"\burl\((?!#)", html)
    assert not re.search(r"\son\w+=", html)
    assert not re.search(r"\{[a-z_]+\}", words_of(html))


def test_page_holds_every_section() -> None:
    for section in (
        "glance",
        "changes",
        "trends",
        "look",
        "channels",
        "agents",
        "topics",
        "feeling",
        "promises",
        "customers",
        "drivers",
        "watch",
        "intake",
        "method",
    ):
        assert f'<section id="{section}">' in english()


def test_pictures_carry_a_name_and_their_numbers() -> None:
    svgs, tables = english().count("<svg"), english().count("<details>")
    assert svgs == english().count('<svg role="img" aria-label="') > 8
    assert tables >= 8


def test_glance_shows_rates_with_interval_and_n() -> None:
    text = words_of(english())
    assert re.search(r"Solved in the contact \d+% \d+–\d+% · n = 84", text)
    assert re.search(r"First-contact resolution \d+% \d+–\d+% · n = \d+ November 2026: same matter, 7 days", text)
    assert "not estimable yet n = " in text  # the 30-day window has not enough finished windows


def test_units_that_cannot_be_told_apart_are_said_to_be() -> None:
    text = words_of(english())
    assert "cannot be told apart" in text or "No difference can be told" in text
    assert "Too few contacts to say anything" in text


def test_flags_show_reason_quote_and_command() -> None:
    assert "<mark>Dann kündige ich</mark>" in english()
    assert "<code>analyzer show c-043</code>" in english()
    assert "The customer speaks of leaving." in english()
    without = page(world(), "publish.quotes=false")
    assert "Dann kündige ich" not in without
    assert "rufe Sie morgen selbst an" not in without
    assert "<code>analyzer show c-043</code>" in without


def test_the_random_audit_is_counted_and_not_shown() -> None:
    day = next(row["day"] for row in world().read("interaction_facts").to_pylist() if row["interaction_id"] == "c-007")
    audit = {"flag_id": "x", "interaction_id": "c-007", "day": day, "rule": "random_audit", "turn": 2}
    flags = [world().read("flags").to_pylist()[0] | audit]
    html = page(world().having(flags=flags))
    assert "1 contact was drawn at random for blind review" in html
    assert "analyzer show c-007" not in html


@pytest.mark.parametrize("mode", ["off", "team", "pseudonym", "named"])
def test_agents_appear_as_the_policy_says(mode: str) -> None:
    html = page(world(), f"publish.agents={mode}")
    assert any(agent in html for agent in TEAMS) == (mode == "named")
    assert bool(re.search(r"agent-[0-9a-f]{8}", html)) == (mode == "pseudonym")
    assert ("north" in html) == (mode in ("off", "team"))  # teams stand in where agents do not
    assert "south" not in html  # too small


def test_hostile_words_are_only_words() -> None:
    evil = "</style><script>alert(1)</script>{{7*7}}{% raw %}"
    turns = [row | {"text": evil} for row in world().read("turns").to_pylist()]
    rejects = [row | {"message": evil, "source_uri": evil} for row in world().read("rejects").to_pylist()]
    cues = [row | {"start_char": 0, "end_char": 20} for row in world().read("cues").to_pylist()]
    facts = [row | {"reason": evil} for row in world().read("interaction_facts").to_pylist()]
    html = page(world().having(turns=turns, rejects=rejects, cues=cues, interaction_facts=facts))
    assert "<script" not in html
    assert "{{7*7}}" in html
    assert html.count("</style>") == 1


def test_the_same_store_gives_the_same_page(tmp_path: Path) -> None:
    settings = load_settings()
    for name in ("a.html", "b.html"):
        write_report(world(), tmp_path / "new" / name, settings.publish, score=settings.score)
    written = (tmp_path / "new" / "a.html").read_bytes()
    assert written == (tmp_path / "new" / "b.html").read_bytes() == english().encode()
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"a.html", "b.html"}


@pytest.mark.parametrize(
    ("language", "says"), [("en", "This store holds no contacts"), ("de", "enthält keine Kontakte")]
)
def test_an_empty_store_gives_a_page_that_says_so(language: str, says: str) -> None:
    html = page(EMPTY, f"publish.report_language={language}")
    assert says in html
    assert "<svg" not in html


def test_a_store_of_nothing_but_rejects_shows_them() -> None:
    only = EMPTY.having(rejects=world().read("rejects").to_pylist(), runs=world().read("runs").to_pylist())
    assert "This store holds no contacts" in page(only)
    assert "bad_time" in page(only)


def test_contacts_alone_make_a_page() -> None:
    """No scores, no flags, no loyalty, no promises: each section says so instead of failing."""
    names = ("interaction_facts", "turns")
    bare = MemoryTables({name: world().read(name) for name in names})
    text = words_of(page(bare))
    for says in (
        "No contact was flagged",
        "No channel has estimates yet",
        "No promises were heard",
        "No loyalty facts",
    ):
        assert says in text


def test_a_folder_is_no_place_for_a_report(tmp_path: Path) -> None:
    settings = load_settings()
    with pytest.raises(UsageError, match="is a folder"):
        write_report(world(), tmp_path, settings.publish, score=settings.score)


@pytest.mark.parametrize(("broken", "told"), [(6, False), (8, True)])
def test_a_list_that_is_cut_says_so(broken: int, told: bool) -> None:
    contacts = world().read("interaction_facts").to_pylist()[:broken]
    promises = [
        {"interaction_id": c["interaction_id"], "day": c["day"], "turn": 1, "text": "Tomorrow.", "promised_by": None,
         "status": "broken", "evidence_interaction_id": None, "probability": 0.9}
        for c in contacts
    ]  # fmt: skip
    assert (f"6 of {broken} are shown" in page(world().having(commitments=promises))) is told


def test_times_and_due_days_are_those_of_the_business() -> None:
    """What was promised for the 9th in Berlin ends there when the 8th in UTC has an hour left."""
    late = datetime(2026, 11, 8, 23, 30, tzinfo=UTC)
    contact, settings = world().read("interaction_facts").to_pylist()[0], load_settings()
    promise = {name: contact[name] for name in ("interaction_id", "day")}
    promise |= {"turn": 1, "text": "Soon.", "promised_by": late, "status": "broken", "probability": 0.9}
    outcomes = [row | {"as_of": late} for row in world().read("outcomes").to_pylist()]
    tables = world().having(commitments=[promise], outcomes=outcomes)
    berlin = ZoneInfo("Europe/Berlin")
    told = render_report(tables, settings.publish, settings.score, settings.journey, berlin)
    assert "Data as of 9 Nov 2026, 00:30 CET" in told and "due 9 Nov 2026" in told
