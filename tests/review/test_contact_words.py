"""Words of a turn: marked by the machine and by people, found in their turn, and only where they stand in it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from analyzer.publish.wording import wording
from analyzer.review import verdicts
from analyzer.review.conversation import Mark, labels_of, marked, place_of, selected

from .conftest import FROM_HERE, Site, answer, contact_ids, token

HOSTILE = "Grüße 👩🏽‍💻 <script>alert(1)</script>\r\nIch  kündige “jetzt” &amp; hier"


def test_marked_words_are_escaped_and_stretches_keep_all_their_marks() -> None:
    marks = [Mark(2, 9, "Churn", "heard"), Mark(6, 12, "By <b>", "added"), Mark(90, 99, "nowhere", "heard")]
    shown = str(marked("I <b>leave</b>", marks))
    assert shown == (
        'I <mark class="heard" title="Churn">&lt;b&gt;l</mark>'
        '<mark class="added heard" title="Churn · By &lt;b&gt;">eav</mark>'
        '<mark class="added" title="By &lt;b&gt;">e&lt;/</mark>b&gt;'
    )
    assert unescape(re.sub("<[^>]+>", "", shown)) == "I <b>leave</b>"


@pytest.mark.parametrize("words", ["Ich kündige", "ICH  KÜNDIGE", "“jetzt” &amp;", "👩🏽‍💻 <script>", HOSTILE])
def test_words_are_found_whatever_their_case_and_space(words: str) -> None:
    place = place_of(words, HOSTILE)
    assert place is not None
    assert HOSTILE[slice(*place)].casefold().split() == words.casefold().split()


def test_selected_words_are_placed_where_the_text_has_them() -> None:
    shown = HOSTILE.replace("\r\n", "\n")  # as a browser counts
    for words in ("Grüße", "<script>", "“jetzt” &amp;", "</script>\nIch  kündige"):
        start = shown.index(words)
        place = selected(words, HOSTILE, start, start + len(words))
        assert place is not None and HOSTILE[slice(*place)].replace("\r", "") == words
    assert selected("Grüße", HOSTILE, 1, 6) is None and selected("Grüße", HOSTILE, 0, 999) is None
    assert selected("", HOSTILE, 0, 0) is None


@pytest.mark.parametrize("words", ["", " \n", "ich bleibe", "kündigee"])
def test_words_that_do_not_stand_there_have_no_place(words: str) -> None:
    assert place_of(words, HOSTILE) is None


def test_sharp_s_and_other_letters_that_fold_longer_keep_their_place() -> None:
    text = "Die Straße heißt İstanbul-Straße, sagt sie"
    place = place_of("sagt SIE", text)
    assert place is not None and text[slice(*place)] == "sagt sie"


def test_every_label_is_offered_to_one_speaker_under_a_named_family() -> None:
    offered = [label for who in ("customer", "agent") for _, labels in labels_of(who) for label in labels]
    assert len(offered) == len(set(offered)) == 40 and labels_of("bot") == ()
    for language in ("en", "de"):
        names = [wording(language).name("label", label) for label in offered]
        assert len(set(names)) == 40 and not any("." in name or "_" in name for name in names)


@pytest.fixture
def talk(site: Site) -> tuple[str, list[dict[str, Any]]]:
    contact = contact_ids(site.browser("lead").get("/queue"))[0]
    found = site.app.state.review.desk.contact(contact)
    assert found is not None
    return contact, found.turns


def standing(site: Site, contact: str) -> list[dict[str, Any]]:
    with site.database.read() as connection:
        return verdicts.standing(connection, contact)


def test_cue_is_added_to_words_without_scripts(site: Site, talk: tuple[str, list[dict[str, Any]]]) -> None:
    contact, turns = talk
    turn = next(row for row in turns if row["speaker"] == "customer" and len(row["text"].split()) > 4)
    words = " ".join(turn["text"].split()[1:3])
    browser = site.browser("reviewer")
    form = browser.get(f"/contacts/{contact}?at={turn['turn']}").text
    assert 'name="words"' in form and "Speaks of leaving" in form and "loyal.churn</" not in form
    shown = answer(browser, contact, "loyal.churn", "added", turn=turn["turn"], words=words.upper()).text
    (row,) = standing(site, contact)
    assert turn["text"][row["start_char"] : row["end_char"]] == words
    assert re.search(r'<mark class="added[^"]*" title="[^"]*Speaks of leaving \(reviewer\)', shown)


def test_machine_cue_is_judged_with_its_words_and_shown_as_wrong(site: Site, talk: tuple[str, Any]) -> None:
    contact, _ = talk
    found = site.app.state.review.desk.contact(contact)
    assert found is not None and found.cues
    cue = found.cues[0]
    place = {"turn": cue["turn"], "start_char": cue["start_char"], "end_char": cue["end_char"]}
    shown = answer(site.browser("reviewer"), contact, cue["label"], "wrong", **place).text
    assert 'class="rejected"' in shown and re.search(r'<mark class="[a-z ]*rejected', shown)
    (row,) = standing(site, contact)
    assert (row["finding"], row["answer"], row["start_char"]) == (cue["label"], "wrong", cue["start_char"])


@pytest.mark.parametrize(
    ("place", "words"),
    [({"start_char": 0, "end_char": 5}, "not these"), ({"start_char": 3}, "x"), ({}, "never said this"),
     ({"start_char": 5, "end_char": 2}, ""), ({"start_char": 0, "end_char": 9999}, ""),
     ({"start_char": -3, "end_char": 4}, "")],
)  # fmt: skip
def test_words_that_stand_elsewhere_are_refused(
    site: Site, talk: tuple[str, list[dict[str, Any]]], place: dict[str, int], words: str
) -> None:
    contact, turns = talk
    turn = next(row["turn"] for row in turns if row["speaker"] == "customer")
    sent = answer(site.browser("reviewer"), contact, "loyal.churn", "added", turn=turn, words=words, **place)
    assert sent.status_code == 422 and standing(site, contact) == []


def test_refusal_is_said_in_the_readers_language(site: Site, talk: tuple[str, list[dict[str, Any]]]) -> None:
    contact, _ = talk
    browser = site.browser("reviewer")
    fields = token(browser.get(f"/contacts/{contact}")) | {"finding": "comment", "answer": " "}
    sent = browser.post(f"/answers/{contact}", data=fields, headers={**FROM_HERE, "accept-language": "de"})
    assert sent.status_code == 422 and "Eine Notiz hat 1 bis 4.000 Zeichen." in sent.text


def test_cue_of_an_agent_cannot_be_added_to_a_customer(site: Site, talk: tuple[str, list[dict[str, Any]]]) -> None:
    contact, turns = talk
    turn = next(row["turn"] for row in turns if row["speaker"] == "customer")
    assert answer(site.browser("reviewer"), contact, "emp.apology", "added", turn=turn).status_code == 422
    assert answer(site.browser("reviewer"), contact, "loyal.churn", "added", turn=999).status_code == 422


def test_words_of_another_version_are_not_placed_and_stay_listed(
    site: Site, talk: tuple[str, list[dict[str, Any]]]
) -> None:
    contact, turns = talk
    turn = next(row for row in turns if row["speaker"] == "customer")
    browser = site.browser("reviewer")
    fields = token(browser.get(f"/contacts/{contact}")) | {"finding": "loyal.churn", "answer": "added",
                                                           "turn": turn["turn"], "words": turn["text"][:9]}  # fmt: skip
    late = browser.post(f"/answers/{contact}", data=fields | {"content_hash": "0" * 32}, headers=FROM_HERE)
    assert late.status_code == 422 and "has changed since" in late.text
    judged = verdicts.Judged(contact, "0" * 32, "m", False, 1.0, None, "training")
    with site.database.write() as connection:
        verdicts.add(
            connection, judged, verdicts.Answer("loyal.churn", "added", turn["turn"], 0, 4), "second", site.clock()
        )
    shown = browser.get(f"/contacts/{contact}").text
    assert "about an earlier version" in shown and "(second)" not in shown


def test_note_and_praise_belong_to_their_turn(site: Site, talk: tuple[str, list[dict[str, Any]]]) -> None:
    contact, turns = talk
    turn = next(row for row in turns if row["speaker"] == "agent")
    browser = site.browser("reviewer")
    answer(browser, contact, "coaching", "Name the feeling first.", turn=turn["turn"])
    shown = answer(browser, contact, "praise", "yes", turn=turn["turn"], words=turn["text"].split()[0]).text
    inside = shown.split(f'id="t{turn["turn"]}"')[1].split('<li class="turn ')[0]
    assert "Name the feeling first." in inside and re.search('<mark class="[a-z ]*praised', inside)
    assert {(row["finding"], row["turn"]) for row in standing(site, contact)} == {
        ("coaching", turn["turn"]), ("praise", turn["turn"]),
    }  # fmt: skip


def test_page_says_no_code_in_either_language(site: Site, talk: tuple[str, list[dict[str, Any]]]) -> None:
    contact, turns = talk
    browser = site.browser("reviewer")
    for row in turns:
        if row["speaker"] == "customer":
            answer(browser, contact, "sentiment", "negative", turn=row["turn"])
    for language in ("en", "de"):
        page = browser.get(f"/contacts/{contact}?at={turns[2]['turn']}", headers={"accept-language": language}).text
        seen = re.sub(r"<[^>]+>", " ", page)
        assert not re.search(
            r"\b(?:effort|expect|loyal|res|trust|topic|emp|anti|svc)\.[a-z]|sentiment_end|not_first", seen
        )
