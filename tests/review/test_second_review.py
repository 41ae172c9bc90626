"""The second review: chance decides which contacts, the second person is not the first and sees nothing beforehand."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from analyzer.review import disputes, second_review, verdicts
from analyzer.review.second_review import is_chosen

from .conftest import Site, answer, contact_ids
from .given import ALL, all_given, drawn, given

KEY = b"k" * 32


def waiting(client: TestClient) -> list[str]:
    return contact_ids(client.get("/queue?view=second"))


def say_all(client: TestClient, contact: str) -> None:
    for finding, said in ALL.items():
        assert answer(client, contact, finding, said).status_code == 200


@pytest.fixture
def everybody_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_review, "is_chosen", lambda key, contact, share: True)


def test_second_review_choice_is_by_key_and_nested_in_larger_shares() -> None:
    ids = [f"c-{n}" for n in range(4000)]
    small, large = ({i for i in ids if is_chosen(KEY, i, share)} for share in (0.1, 0.3))
    assert small < large and 0.08 < len(small) / 4000 < 0.12 and 0.27 < len(large) / 4000 < 0.33
    other = {i for i in ids if is_chosen(b"x" * 32, i, 0.1)}
    assert len(small & other) < 80, "another store draws others"
    assert not any(is_chosen(KEY, i, 0) for i in ids) and all(is_chosen(KEY, i, 1) for i in ids)


@pytest.mark.usefixtures("everybody_chosen")
def test_second_review_waits_for_another_person_once_one_has_answered_everything(site: Site) -> None:
    first, second = site.browser("reviewer"), site.browser("second")
    contact = drawn(site)[0]
    assert waiting(second) == []
    all_given(site, contact, "reviewer")
    assert waiting(first) == [], "never the first person"
    assert waiting(second) == [contact]
    shown = second.get(f"/contacts/{contact}").text
    assert "findings are hidden" in shown and "reviewer ·" not in shown and "<mark" not in shown
    assert waiting(second) == [contact], "a hidden page tells nothing"
    say_all(second, contact)
    assert waiting(second) == [] and waiting(site.browser("lead")) == [], "two are enough"
    with site.database.read() as connection:
        rows = connection.rows("SELECT blind, reviewer FROM verdicts WHERE interaction_id = ?", contact)
    assert {(row["reviewer"], row["blind"]) for row in rows} == {("reviewer", 1), ("second", 1)}


@pytest.mark.usefixtures("everybody_chosen")
def test_second_review_that_was_begun_waits_on(site: Site) -> None:
    contact = drawn(site)[0]
    all_given(site, contact, "reviewer")
    second = site.browser("second")
    answer(second, contact, "resolution", "resolved")
    assert waiting(second) == [contact], "interrupted after the first question"
    say_all(second, contact)
    assert waiting(second) == []


@pytest.mark.usefixtures("everybody_chosen")
def test_second_review_is_not_for_who_answered_and_took_it_back(site: Site) -> None:
    contact = drawn(site)[0]
    taken_back = given(site, contact, "resolution", "resolved", by="second", blind=True)
    with site.database.write() as connection:
        verdicts.undo(connection, taken_back, "second", site.clock())
    all_given(site, contact, "reviewer")
    assert waiting(site.browser("second")) == [] and waiting(site.browser("lead")) == [contact]


@pytest.mark.usefixtures("everybody_chosen")
def test_second_review_is_not_for_who_may_have_read_the_answer_in_a_dispute(site: Site) -> None:
    contact = drawn(site)[0]
    all_given(site, contact, "reviewer")
    with site.database.write() as connection:
        (row, *_) = connection.rows("SELECT verdict_id FROM verdicts")
        about = disputes.disputed_answer(connection, row["verdict_id"])
        assert about is not None
        disputes.raise_dispute(connection, about, "It was solved.", "agent", site.clock())
    assert waiting(site.browser("second")) == []


def test_second_review_list_is_not_for_agents_and_viewers(site: Site) -> None:
    for name in ("agent", "viewer"):
        assert "view=second" not in site.browser(name).get("/queue").text and waiting(site.browser(name)) == []
    assert "view=second" in site.browser("reviewer").get("/queue").text


@pytest.mark.usefixtures("everybody_chosen")
def test_second_review_stays_within_ones_teams(site: Site) -> None:
    for contact in drawn(site):
        all_given(site, contact, "reviewer")
    assert set(waiting(site.browser("second"))) == set(drawn(site))
    with site.database.write() as connection:
        connection.change("UPDATE user_teams SET team = 'elsewhere' WHERE name = 'north'")
    assert waiting(site.browser("north")) == []
