"""A contact drawn for the audit: what is asked, what stays hidden until when, and what its answers correct."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from starlette.testclient import TestClient

from analyzer.review import questions, verdicts
from analyzer.review.published import verdict_table
from analyzer.review.questions import CANNOT_SAY, QUESTIONS
from analyzer.score.correction_samples import NEEDS
from analyzer.score.correction_verdicts import JUDGEABLE, judgements
from analyzer.store.store import open_store

from .conftest import FROM_HERE, Site, answer, contact_ids, token

ALL = {"resolution": "unresolved", "sentiment_end": "-0.5", "opportunity": "missed", "empathy": "2", "effort": "4"}


@pytest.fixture
def drawn(site: Site) -> str:
    return contact_ids(site.browser("lead").get("/queue?view=audit"))[0]


def say(client: TestClient, contact: str, told: dict[str, str]) -> str:
    return [answer(client, contact, finding, said).text for finding, said in told.items()][-1]


def rows(site: Site, contact: str) -> list[dict[str, Any]]:
    with site.database.read() as connection:
        return verdicts.standing(connection, contact)


def test_findings_stay_hidden_until_every_question_is_answered(site: Site, drawn: str) -> None:
    browser = site.browser("reviewer")
    assert drawn not in contact_ids(browser.get("/queue?state=all")), "its flags would tell"
    page = browser.get(f"/contacts/{drawn}").text
    for n, (finding, said) in enumerate(ALL.items()):
        assert "findings are hidden" in page and f"{n} of 5 questions answered" in page
        assert "<mark" not in page and "What the program found" not in page and "<polyline" not in page
        page = answer(browser, drawn, finding, said).text
    assert "findings are hidden" not in page and "What the program found" in page and "<mark" in page
    assert {row["finding"]: row["answer"] for row in rows(site, drawn)} == ALL
    assert {(row["blind"], row["use_for"]) for row in rows(site, drawn)} == {(1, "audit")}
    assert all(0 < row["sampling_probability"] < 1 for row in rows(site, drawn))


def test_answers_of_others_stay_hidden_as_well(site: Site, drawn: str) -> None:
    say(site.browser("reviewer"), drawn, ALL)
    answer(site.browser("reviewer"), drawn, "comment", "Nobody helped them.")
    second = site.browser("second")
    before = second.get(f"/contacts/{drawn}").text
    assert "findings are hidden" in before and "Nobody helped them." not in before and "reviewer ·" not in before
    assert "Nobody helped them." in say(second, drawn, dict.fromkeys(ALL, CANNOT_SAY) | {"resolution": "unclear"})


def test_what_is_said_after_a_look_is_not_blind(site: Site, drawn: str) -> None:
    browser = site.browser("reviewer")
    say(browser, drawn, ALL)
    mine = next(row for row in rows(site, drawn) if row["finding"] == "effort")
    fields = {"token": token(browser.get(f"/contacts/{drawn}"))["token"]}
    shown = browser.post(f"/undo/{mine['verdict_id']}", data=fields, headers=FROM_HERE)
    assert "What the program found" in shown.text, "what was seen is seen"
    site.clock.on(seconds=1)
    answer(browser, drawn, "effort", "1")
    assert [(row["answer"], row["blind"], row["use_for"]) for row in rows(site, drawn)][-1] == ("1", 0, "training")


def test_answer_can_be_changed_while_it_is_blind(site: Site, drawn: str) -> None:
    browser = site.browser("reviewer")
    answer(browser, drawn, "effort", "1")
    site.clock.on(seconds=1)
    answer(browser, drawn, "effort", "5")
    last = questions.answered(rows(site, drawn), "reviewer")["effort"]
    assert (last["answer"], last["blind"], len(rows(site, drawn))) == ("5", 1, 2)


def test_viewer_waits_until_somebody_has_answered_everything(site: Site, drawn: str) -> None:
    viewer = site.browser("viewer")
    assert "findings are hidden" in viewer.get(f"/contacts/{drawn}").text
    say(site.browser("reviewer"), drawn, {"resolution": "resolved"})
    assert "findings are hidden" in viewer.get(f"/contacts/{drawn}").text
    say(site.browser("reviewer"), drawn, ALL)
    assert "What the program found" in viewer.get(f"/contacts/{drawn}").text


def test_other_contact_that_awaits_its_audit_tells_no_findings(site: Site, drawn: str) -> None:
    with open_store(site.store, write=False) as store:
        facts = store.read("interaction_facts").to_pandas()
    key = facts.set_index("interaction_id")["customer_key"][drawn]
    beside = facts[(facts["customer_key"] == key) & (facts["interaction_id"] != drawn)]["interaction_id"]
    assert len(beside), "the invented customer has other contacts"
    page = site.browser("reviewer").get(f"/contacts/{beside.iloc[0]}").text
    about = page.split(f'href="/contacts/{drawn}"')[1].split("</li>")[0]
    assert "what the program found is hidden" in about and "First-contact" not in about


def test_questions_fit_who_spoke() -> None:
    bot = {"customer_turns": 3, "agent_turns": 0}
    assert [each.finding for each in questions.asked(bot)] == ["resolution", "sentiment_end", "effort"]
    assert len(questions.asked({"customer_turns": 3, "agent_turns": 2})) == len(QUESTIONS)


def test_answers_are_of_the_scales_that_the_audit_corrects(site: Site, drawn: str) -> None:
    say(site.browser("reviewer"), drawn, ALL)
    with site.database.read() as connection:
        table = verdict_table(connection)
    with open_store(site.store, write=False) as store:
        facts = store.read("interaction_facts").to_pandas()
    told = judgements(table, facts)
    fact = told.facts.iloc[0]
    assert (fact["resolved_probability"], fact["sentiment_end"], fact["empathy"], fact["effort"]) == (0.0, -0.5, 2, 4)
    judged = {finding for finding in JUDGEABLE if told.judged[finding].all()}
    corrected = {measure for measure, needs in NEEDS.items() if judged.issuperset(needs)}
    assert corrected == {"resolved_rate", "fcr_rate", "sentiment_end", "empathy", "effort"}


def test_cannot_say_corrects_nothing(site: Site, drawn: str) -> None:
    say(site.browser("reviewer"), drawn, {"effort": CANNOT_SAY, "resolution": "resolved"})
    with site.database.read() as connection:
        table = verdict_table(connection)
    with open_store(site.store, write=False) as store:
        told = judgements(table, store.read("interaction_facts").to_pandas())
    assert not told.judged["effort"].any() and told.judged["resolution"].all()
    assert told.left_out == {"answer not on the scale": 1}
    assert isinstance(told.facts, pd.DataFrame) and len(told.facts) == 1


@pytest.mark.parametrize(
    ("finding", "said", "more"),
    [("effort", "6", {}), ("sentiment_end", "2", {}), ("opportunity", "1", {}), ("resolution", "yes", {}),
     ("effort", "3", {"turn": 1}), ("nonsense", "yes", {})],
)  # fmt: skip
def test_answer_off_the_scale_is_refused(site: Site, drawn: str, finding: str, said: str, more: dict[str, int]) -> None:
    assert answer(site.browser("reviewer"), drawn, finding, said, **more).status_code == 422
    assert rows(site, drawn) == []
