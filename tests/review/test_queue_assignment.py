"""Assignment: leads give, reviewers take, two who take at once, and when it was in the verdict."""

from __future__ import annotations

import threading

from starlette.testclient import TestClient

from analyzer.review import assignments
from analyzer.review.published import verdict_table

from .conftest import FROM_HERE, PASSWORD, Site, answer, contact_ids, token

LIST = "view=concern&state=open"


def post(client: TestClient, **fields: object) -> int:
    data = {"token": token(client.get(f"/queue?{LIST}"))["token"], "back": LIST, **fields}
    return client.post("/assignments", data=data, headers=FROM_HERE).status_code


def held(site: Site) -> dict[str, str]:
    with site.database.read() as connection:
        return assignments.assigned(connection)


def waiting(client: TestClient) -> list[str]:
    return contact_ids(client.get(f"/queue?{LIST}"))


def test_lead_assigns_marked_contacts_and_takes_them_from_others(site: Site) -> None:
    lead = site.browser("lead")
    first, second, third = waiting(lead)[:3]
    assert post(lead, do="chosen", person="reviewer", contact=[first, second]) == 200
    assert post(lead, do="chosen", person="second", contact=[second, third]) == 200
    assert held(site) == {first: "reviewer", second: "second", third: "second"}
    assert set(contact_ids(site.browser("second").get("/queue?view=mine"))) == {second, third}
    assert post(lead, do="release", contact=[second]) == 200
    assert second not in held(site)


def test_lead_assigns_the_next_of_a_list_that_wait_and_are_nobodys(site: Site) -> None:
    lead = site.browser("lead")
    listed = waiting(lead)
    answer(site.browser("second"), listed[0], "no_issue", "yes")
    post(lead, do="chosen", person="second", contact=[listed[1]])
    assert post(lead, do="next", person="reviewer", count=2, back=f"{LIST}&order=severity") == 200
    assert {contact for contact, name in held(site).items() if name == "reviewer"} == set(listed[2:4])


def test_contacts_go_only_to_who_may_read_them(site: Site) -> None:
    lead, north = site.browser("lead"), site.browser("north")
    south = contact_ids(lead.get(f"/queue?{LIST}&team=south"))
    assert south
    post(lead, do="chosen", person="north", contact=south)
    assert held(site) == {}
    assert post(north, do="chosen", person="reviewer", contact=south[:1]) == 404, "theirs do not tell what there is"
    assert post(north, do="chosen", person="reviewer", contact=["no-such"]) == 404
    post(lead, do="next", person="north", count=200)
    assert held(site) and not set(held(site)) & set(south)


def test_reviewer_takes_and_gives_back_but_assigns_to_nobody_else(site: Site) -> None:
    reviewer = site.browser("reviewer")
    first, second, third = waiting(reviewer)[:3]
    assert post(reviewer, take=first) == 200
    assert post(reviewer, do="chosen", person="second", contact=[second]) == 403
    assert post(reviewer, do="chosen", person="viewer", contact=[second]) == 403
    post(site.browser("second"), take=third)
    assert post(reviewer, do="chosen", contact=[second, third]) == 200
    assert held(site) == {first: "reviewer", second: "reviewer", third: "second"}, "what is another's stays theirs"
    assert post(reviewer, do="release", contact=[second, third]) == 200
    assert held(site) == {first: "reviewer", third: "second"}
    assert post(site.browser("viewer"), take=first) == 403


def test_two_who_take_at_once_one_gets_it(site: Site) -> None:
    names = ("reviewer", "second")
    browsers = {name: site.browser(name) for name in names}
    contacts = waiting(browsers["second"])[:6]
    secrets = {name: token(browsers[name].get(f"/queue?{LIST}"))["token"] for name in names}
    told: dict[str, list[str]] = {name: [] for name in names}

    def work(name: str) -> None:
        for contact in contacts:
            fields = {"token": secrets[name], "back": LIST, "take": contact}
            reply = browsers[name].post("/assignments", data=fields, headers=FROM_HERE, follow_redirects=False)
            told[name].append(reply.headers["location"])

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(held(site)) == set(contacts)
    for place in range(len(contacts)):
        got = ["n=1" in told[name][place] for name in names]
        assert sorted(got) == [False, True], "each was told the truth"


def test_when_it_was_assigned_stands_in_the_verdict(site: Site) -> None:
    reviewer = site.browser("reviewer")
    mine, other = waiting(reviewer)[:2]
    post(reviewer, take=mine)
    taken = site.clock()
    site.clock.on(minutes=5)
    answer(reviewer, mine, "no_issue", "yes")
    answer(reviewer, other, "no_issue", "yes")
    with site.database.read() as connection:
        rows = {row["interaction_id"]: row for row in verdict_table(connection).to_pylist()}
    assert rows[mine]["assigned_at"] == taken and rows[other]["assigned_at"] is None


def test_list_of_oneself_hides_what_the_machine_found_in_a_draw(site: Site) -> None:
    lead, reviewer = site.browser("lead"), site.browser("reviewer")
    drawn = contact_ids(lead.get("/queue?view=audit"))[0]
    post(lead, do="chosen", person="reviewer", contact=[drawn])
    page = reviewer.get("/queue?view=mine").text
    assert contact_ids(page) == [drawn] and "Drawn at random" in page and 'class="rule"' not in page


def test_assignment_needs_the_token_and_is_on_record(site: Site) -> None:
    reviewer = site.browser("reviewer")
    contact = waiting(reviewer)[0]
    forged = {"token": "x" * 43, "take": contact}
    assert reviewer.post("/assignments", data=forged, headers=FROM_HERE).status_code == 403
    post(reviewer, take=contact)
    with site.database.read() as connection:
        (row,) = connection.rows("SELECT * FROM audit_log WHERE action = 'assigned a contact'")
    assert (row["name"], row["object"]) == ("reviewer", f"{contact} reviewer") and PASSWORD not in str(row)


def test_people_see_what_is_assigned_to_whom(site: Site) -> None:
    lead, reviewer = site.browser("lead"), site.browser("reviewer")
    contact = waiting(lead)[0]
    post(lead, do="chosen", person="second", contact=[contact])
    assert contact_ids(lead.get(f"/queue?{LIST}&whose=second")) == [contact]
    assert contact not in contact_ids(reviewer.get(f"/queue?{LIST}&whose=:nobody"))
    assert contact_ids(site.browser("second").get(f"/queue?{LIST}&whose=:me")) == [contact]
    assert "with second" in reviewer.get(f"/queue?{LIST}").text
