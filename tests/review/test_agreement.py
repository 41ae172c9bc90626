"""Agreement: what is compared with what, people never mixed with the program, and what the page says of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from analyzer.review import disputes, verdicts
from analyzer.review.agreement import EVERY, among_people, base_rates, by_pair, with_program
from analyzer.review.coefficients import LEAST
from analyzer.review.opinions import opinion_rows, opinions, program_answers
from analyzer.review.roles import User
from analyzer.review.verdicts import Answer, Judged
from analyzer.store.store import open_store

from .conftest import Site

FACTS = {
    f"c-{n}": {"language": "de" if n % 2 else "en", "content_hash": "now", "resolution": "resolved", "effort": 3.6,
               "empathy": None, "sentiment_end": 0.2, "satisfaction": 3.0}
    for n in range(60)
}  # fmt: skip


def row(n: int, reviewer: str, answer: str, finding: str = "resolution", **more: Any) -> dict[str, Any]:
    told = {"interaction_id": f"c-{n}", "turn": None, "content_hash": "now", "finding": finding, "blind": 1}
    return told | {"reviewer": reviewer, "answer": answer} | more


def test_agreement_compares_the_last_answer_about_the_same_version() -> None:
    rows = [row(n, who, "resolved") for n in range(30) for who in ("ada", "ben")]
    rows += [row(0, "ada", "partial"), row(1, "ada", "pending", content_hash="before")]
    told = opinions(rows, FACTS, blind_only=True)
    (line, *_) = among_people(told)
    assert (line.question, line.language, line.accord.contacts, line.accord.compared) == ("resolution", EVERY, 30, 30)
    assert line.accord.raw is not None and line.accord.raw.value == pytest.approx(29 / 30)


def test_agreement_counts_blind_answers_alone_unless_asked() -> None:
    rows = [row(n, who, "resolved", blind=int(who == "ada")) for n in range(30) for who in ("ada", "ben")]
    assert among_people(opinions(rows, FACTS, blind_only=True)) == []
    assert among_people(opinions(rows, FACTS, blind_only=False))[0].accord.contacts == 30


def test_agreement_is_told_by_language_and_too_few_is_said() -> None:
    rows = [row(n, who, "resolved" if n % 3 else "partial") for n in range(30) for who in ("ada", "ben")]
    lines = {line.language: line.accord for line in among_people(opinions(rows, FACTS, blind_only=True))}
    assert set(lines) == {EVERY, "de", "en"} and lines["de"].contacts == lines["en"].contacts == 15 < LEAST
    assert lines[EVERY].beyond is not None and lines["de"].beyond is None and lines["de"].raw is None


def test_agreement_by_pair_takes_who_answered_the_same_things() -> None:
    rows = [row(n, who, "resolved" if n % 2 else "partial") for n in range(40) for who in ("ada", "ben")]
    rows += [row(n, "cyd", "resolved") for n in range(25)]
    lines = by_pair(opinions(rows, FACTS, blind_only=True), "resolution")
    assert [(line.pair, line.accord.contacts) for line in lines] == [
        (("ada", "ben"), 40), (("ada", "cyd"), 25), (("ben", "cyd"), 25),
    ]  # fmt: skip
    first, second, _ = (line.accord.beyond for line in lines)
    assert first is not None and first.value == 1 and second is not None and second.value == 0


def test_agreement_leaves_out_what_cannot_be_said() -> None:
    rows = [row(n, who, "cannot_say" if n < 5 else "3", "effort") for n in range(30) for who in ("ada", "ben")]
    (line, *_) = among_people(opinions(rows, FACTS, blind_only=True))
    assert (line.question, line.accord.contacts) == ("effort", 25)


def test_agreement_of_graded_answers_weighs_how_far_apart_they_lie() -> None:
    def beyond(other: str) -> float:
        rows = [row(n, "ada", str(1 + n % 5), "effort") for n in range(50)]
        rows += [row(n, "ben", other if n % 5 == 0 else str(1 + n % 5), "effort") for n in range(50)]
        accord = among_people(opinions(rows, FACTS, blind_only=True))[0].accord
        assert accord.beyond is not None
        return accord.beyond.value

    assert beyond("2") > 0.9 > beyond("5")


def test_program_is_compared_with_blind_answers_in_its_own_place() -> None:
    rows = [row(n, "ada", "resolved" if n % 4 else "partial") for n in range(40)]
    rows += [row(n, "ada", "4", "effort") for n in range(40)]
    rows += [row(n, "ada", "met", "opportunity") for n in range(40)]
    rows += [row(n, "ada", "negative", "sentiment", turn=2) for n in range(40)]
    told = opinions(rows, FACTS, blind_only=True)
    program = program_answers(told, FACTS, {(f"c-{n}", 2): -0.6 for n in range(40)})
    raw = {line.question: line.accord.raw for line in with_program(told, program) if line.language == EVERY}
    assert set(raw) == {"resolution", "effort", "sentiment"}, "it counts opportunities one by one"
    assert [each and each.value for each in raw.values()] == [pytest.approx(0.75), 1.0, 1.0], "3.6 is nearest to 4"
    assert among_people(told) == [], "never taken for a person"


def test_program_is_not_compared_where_the_transcript_has_changed() -> None:
    told = opinions([row(n, "ada", "resolved", content_hash="before") for n in range(30)], FACTS, blind_only=True)
    assert program_answers(told, FACTS, {}) == {}


def test_base_rates_stand_beside_each_other() -> None:
    told = opinions([row(n, "ada", "resolved" if n % 4 else "partial") for n in range(40)], FACTS, blind_only=True)
    (found,) = base_rates(told, program_answers(told, FACTS, {}))
    people = {share.answer: share.people.value for share in found.shares}
    assert people["resolved"] == 0.75 and people["partial"] == 0.25 and found.contacts == 40
    resolved = next(share for share in found.shares if share.answer == "resolved")
    assert resolved.program is not None and resolved.program.value == 1 and resolved.program.low < 0.95
    assert resolved.people.low < 0.75 < resolved.people.high


def fill(site: Site, count: int) -> list[str]:
    """Two people's blind answers about ``count`` contacts of the store; every sixth time they differ."""
    with open_store(site.store, write=False) as store:
        facts = store.read("interaction_facts").to_pylist()[:count]
    ids: list[str] = []
    with site.database.write() as connection:
        for n, contact in enumerate(facts):
            judged = Judged(contact["interaction_id"], contact["content_hash"], "m", True, 0.1, None, "audit")
            for who in ("reviewer", "second"):
                said = "partial" if n % 6 == 0 and who == "second" else "resolved" if n % 2 else "unresolved"
                now = site.clock() + timedelta(seconds=n)
                ids.append(verdicts.add(connection, judged, Answer("resolution", said), who, now))
    return ids


def test_agreement_page_shows_numbers_intervals_and_pairs(site: Site) -> None:
    fill(site, 48)
    page = site.browser("lead").get("/agreement").text
    assert "Krippendorff&#39;s alpha" in page and "reviewer and second" in page and "83%" in page
    assert page.count('<td role="cell" class="picture"><svg') >= 3 and "style=" not in page
    german = site.browser("lead").get("/agreement", headers={"accept-language": "de"}).text
    assert "Krippendorffs Alpha" in german and "reviewer und second" in german


def test_agreement_page_says_too_few(site: Site) -> None:
    fill(site, 7)
    page = site.browser("lead").get("/agreement").text
    assert f"Too few: 7 of at least {LEAST} contacts." in page and 'class="picture"><svg' not in page


def test_agreement_page_counts_only_contacts_that_one_may_see(site: Site) -> None:
    fill(site, 48)
    assert "<span>48</span>" in site.browser("lead").get("/agreement").text
    assert "<span>48</span>" not in site.browser("north").get("/agreement").text


@pytest.mark.parametrize("name", ["viewer", "agent", "reviewer"])
def test_agreement_page_is_for_leads(site: Site, name: str) -> None:
    assert site.browser(name).get("/agreement").status_code == 403
    assert 'href="/agreement"' not in site.browser(name).get("/queue").text


def test_answer_that_lost_its_dispute_is_not_compared(site: Site) -> None:
    first, *_ = fill(site, 30)
    with site.database.write() as connection:
        about = disputes.disputed_answer(connection, first)
        assert about is not None
        raised = disputes.raise_dispute(connection, about, "No.", "agent", site.clock())
        found = disputes.find_dispute(connection, raised)
        assert found is not None
        disputes.settle(connection, found, User("lead", "lead"), "changed", "Yes.", site.clock())
        assert len(opinion_rows(connection)) == 59
