"""The praise library: praised passages in their place, filtered, and only those that may be seen."""

from __future__ import annotations

from typing import Any

import pytest
from markupsafe import escape

from analyzer.store.store import open_store

from .conftest import Site
from .given import all_given, drawn, given

Row = dict[str, Any]


@pytest.fixture(scope="module")
def told(filled: Any) -> dict[str, list[Row]]:
    with open_store(filled, write=False) as store:
        return {name: store.read(name).to_pylist() for name in ("turns", "cues", "interaction_facts", "flags")}


def warm_turn(told: dict[str, list[Row]], of: set[str]) -> tuple[str, Row, str]:
    """A turn in which an agent met a feeling, with its contact and the label heard there."""
    drawn = {flag["interaction_id"] for flag in told["flags"] if flag["rule"] == "random_audit"}
    cue = next(c for c in told["cues"] if c["label"].startswith("emp.") and c["interaction_id"] in of - drawn)
    place = (cue["interaction_id"], cue["turn"])
    turn = next(t for t in told["turns"] if (t["interaction_id"], t["turn"]) == place)
    return cue["interaction_id"], turn, cue["label"]


def test_praised_passage_stands_with_what_came_before(site: Site, told: dict[str, list[Row]]) -> None:
    contact, turn, _ = warm_turn(told, {row["interaction_id"] for row in told["interaction_facts"]})
    given(site, contact, "praise", "yes", turn=turn["turn"])
    before = next(t for t in told["turns"] if (t["interaction_id"], t["turn"]) == (contact, turn["turn"] - 1))
    page = site.browser("lead").get("/praise").text
    assert escape(turn["text"]) in page and escape(before["text"]) in page and "1 passage<" in page
    assert f'href="/contacts/{contact}#t{turn["turn"]}"' in page and "agent-" in page and "a-0" not in page


def test_praise_is_filtered_by_language_channel_and_label(site: Site, told: dict[str, list[Row]]) -> None:
    facts = {row["interaction_id"]: row for row in told["interaction_facts"]}
    for language in ("de", "en"):
        contact, turn, _ = warm_turn(told, {i for i, row in facts.items() if row["language"] == language})
        given(site, contact, "praise", "yes", turn=turn["turn"])
    browser = site.browser("lead")
    for language in ("de", "en"):
        contact, turn, label = warm_turn(told, {i for i, row in facts.items() if row["language"] == language})
        shown = browser.get(f"/praise?language={language}&label={label}&channel={facts[contact]['channel']}").text
        assert escape(turn["text"]) in shown and "1 passage<" in shown
    assert "No passage" in browser.get("/praise?language=fr").text
    assert "No passage" in browser.get("/praise?label=anti.dismiss").text


def test_praised_words_are_marked(site: Site, told: dict[str, list[Row]]) -> None:
    contact, turn, _ = warm_turn(told, {row["interaction_id"] for row in told["interaction_facts"]})
    words = turn["text"].split(" ")[0]
    given(site, contact, "praise", "yes", turn=turn["turn"], start_char=0, end_char=len(words))
    assert f'title="Praised">{escape(words)}</mark>' in site.browser("lead").get("/praise").text


def test_praise_of_a_whole_contact_shows_where_a_feeling_was_met(site: Site, told: dict[str, list[Row]]) -> None:
    contact, _, _ = warm_turn(told, {row["interaction_id"] for row in told["interaction_facts"]})
    given(site, contact, "praise", "yes")
    page = site.browser("lead").get("/praise").text
    assert "the whole contact was praised" in page and f'href="/contacts/{contact}#t' in page


def test_praise_shows_only_what_one_may_read(site: Site, told: dict[str, list[Row]]) -> None:
    others = {row["interaction_id"] for row in told["interaction_facts"] if row["team"] == "south"}
    contact, turn, _ = warm_turn(told, others)
    given(site, contact, "praise", "yes", turn=turn["turn"])
    for name, sees in (("lead", True), ("viewer", True), ("north", False), ("agent", False)):
        assert (escape(turn["text"]) in site.browser(name).get("/praise").text) == sees, name


def test_praise_of_a_drawn_contact_waits_for_ones_own_answer(site: Site) -> None:
    contact = drawn(site)[0]
    given(site, contact, "praise", "yes")
    second = site.browser("second")
    assert "No passage" in second.get("/praise").text
    all_given(site, contact, "second")
    assert "1 passage<" in second.get("/praise").text
