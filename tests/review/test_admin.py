"""Accounts in the browser: adding, codes, roles, ending, one's own password; never without an admin."""

from __future__ import annotations

import re
import threading

import pytest
from httpx import Response
from starlette.testclient import TestClient

from analyzer.errors import UsageError
from analyzer.review import account_changes
from analyzer.review.accounts import find_user
from analyzer.review.database import open_database
from tests.postgres import server

from .conftest import FROM_HERE, PASSWORD, Clock, Site, token

NEW = "Noch ein Satz, den keiner errät"


def post(client: TestClient, path: str, **fields: object) -> Response:
    data = {"token": token(client.get("/queue?view=praise"))["token"], **fields}
    return client.post(path, data=data, headers=FROM_HERE)


def code_in(page: Response) -> str:
    found = re.search(r"<code>([a-z0-9-]+)</code>", page.text)
    assert found
    return found[1]


def choose(site: Site, name: str, code: str, new: str = NEW, again: str = NEW) -> int:
    data = {"name": name, "code": code, "new": new, "again": again}
    return site.browser().post("/choose-password", data=data, headers=FROM_HERE).status_code


def enters(site: Site, name: str, password: str) -> bool:
    data = {"name": name, "password": password}
    return site.browser().post("/sign-in", data=data, headers=FROM_HERE).status_code == 200


def test_admin_adds_an_account_whose_person_chooses_the_password(site: Site) -> None:
    admin = site.browser("admin")
    page = post(admin, "/people", name="kim", role="reviewer", team=["north"], other_teams="west , north")
    code = code_in(page)
    with site.database.read() as connection:
        user = find_user(connection, "kim")
        kept = str(connection.rows("SELECT * FROM password_codes")) + str(connection.rows("SELECT * FROM audit_log"))
    assert user is not None and user.teams == {"north", "west"} and code not in kept
    assert code not in admin.get("/people/kim").text, "it is shown once"
    assert not enters(site, "kim", "") and not enters(site, "kim", code)
    assert choose(site, "kim", code, again=f"{NEW}!") == 422
    assert choose(site, "kim", f"  {code.upper()} ") == 200
    assert enters(site, "kim", NEW)
    assert choose(site, "kim", code, "Ein dritter Satz, ganz anders", "Ein dritter Satz, ganz anders") == 422, "spent"


def test_code_ends_after_its_time_and_with_the_next(site: Site) -> None:
    admin = site.browser("admin")
    first = code_in(post(admin, "/people/viewer/code"))
    second = code_in(post(admin, "/people/viewer/code"))
    assert choose(site, "viewer", first) == 422 and choose(site, "reviewer", second) == 422
    site.clock.on(hours=72, seconds=1)
    assert choose(site, "viewer", second) == 422
    assert enters(site, "viewer", PASSWORD), "the old one works until then"


def test_guessing_codes_is_slowed_down(site: Site) -> None:
    code = code_in(post(site.browser("admin"), "/people/viewer/code"))
    for _ in range(5):
        assert choose(site, "viewer", "wrong") == 422
    assert choose(site, "viewer", code) == 422, "must wait, though right"
    site.clock.on(minutes=16)
    assert choose(site, "viewer", code) == 200


def test_admin_sets_a_first_password_and_weak_ones_are_refused(site: Site) -> None:
    admin = site.browser("admin")
    refused = post(admin, "/people", name="kim", role="lead", password="password1234")
    assert refused.status_code == 422 and 'value="kim"' in refused.text
    assert post(admin, "/people", name="kim", role="lead", password=NEW).status_code == 200
    assert enters(site, "kim", NEW)
    assert post(admin, "/people", name="kim", role="lead", password=NEW).status_code == 422, "taken"
    assert post(admin, "/people", name="lee", role="agent").status_code == 422, "an agent names an id"


def test_role_change_counts_at_once(site: Site) -> None:
    admin, reviewer = site.browser("admin"), site.browser("reviewer")
    assert post(admin, "/people/reviewer/role", role="viewer", team=["south"]).status_code == 200
    assert reviewer.get("/queue", follow_redirects=False).status_code == 303, "signed out"
    with site.database.read() as connection:
        user = find_user(connection, "reviewer")
    assert user is not None and (user.role, user.teams) == ("viewer", {"south"})
    assert post(admin, "/people/reviewer/role", role="boss").status_code == 422
    assert post(admin, "/people/nobody/role", role="viewer").status_code == 422


def test_account_is_ended_and_opened_again(site: Site) -> None:
    admin, viewer = site.browser("admin"), site.browser("viewer")
    code = code_in(post(admin, "/people/viewer/code"))
    assert post(admin, "/people/viewer/disable").status_code == 200
    assert viewer.get("/queue", follow_redirects=False).status_code == 303
    assert not enters(site, "viewer", PASSWORD) and choose(site, "viewer", code) == 422
    assert post(admin, "/people/viewer/enable").status_code == 200
    assert enters(site, "viewer", PASSWORD)
    assert post(admin, "/people/viewer/enable").status_code == 422


def test_sessions_are_ended_by_an_admin(site: Site) -> None:
    admin, lead = site.browser("admin"), site.browser("lead")
    post(admin, "/people/lead/end-sessions")
    assert lead.get("/queue", follow_redirects=False).status_code == 303
    assert admin.get("/people").status_code == 200


def test_last_admin_can_be_neither_ended_nor_demoted(site: Site) -> None:
    admin = site.browser("admin")
    assert post(admin, "/people/admin/disable").status_code == 422
    assert post(admin, "/people/admin/role", role="lead").status_code == 422
    assert post(admin, "/people/lead/role", role="admin").status_code == 200
    assert post(admin, "/people/admin/role", role="lead").status_code == 200
    assert admin.get("/people", follow_redirects=False).status_code == 303, "no admin any more"
    assert post(site.browser("lead"), "/people/lead/disable").status_code == 422


def test_two_admins_who_demote_each_other_leave_one(filled: object, site: Site) -> None:
    with server() as url:
        database, now = open_database(url, site.store), Clock()()
        from analyzer.review.accounts import add_user

        for name in ("one", "two"):
            add_user(database, name, "admin", PASSWORD, now)
        refused: list[str] = []
        gate = threading.Barrier(2)

        def demote(name: str) -> None:
            try:
                with database.write() as connection:
                    gate.wait(10)
                    account_changes.change_role(connection, name, "viewer", None, ())
            except UsageError:
                refused.append(name)

        threads = [threading.Thread(target=demote, args=(name,)) for name in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        with database.read() as connection:
            left = connection.rows("SELECT name FROM users WHERE role = 'admin'")
    assert len(left) == 1 and refused == [left[0]["name"]]


@pytest.mark.parametrize("name", ["viewer", "agent", "reviewer", "lead"])
def test_only_admins_manage_accounts(site: Site, name: str) -> None:
    browser = site.browser(name)
    for path in ("/people", "/people/admin"):
        assert browser.get(path).status_code == 403
    for path in ("/people", "/people/viewer/role", "/people/viewer/disable", "/people/viewer/code"):
        assert post(browser, path, name="kim", role="admin").status_code == 403
    assert "/people" not in browser.get("/queue?view=praise").text


def test_forms_of_accounts_need_the_token(site: Site) -> None:
    admin = site.browser("admin")
    for path in ("/people", "/people/viewer/role", "/people/viewer/disable", "/people/viewer/password"):
        data = {"token": "x" * 43, "name": "kim", "role": "admin", "password": NEW}
        assert admin.post(path, data=data, headers=FROM_HERE).status_code == 403
    assert admin.get("/people/nobody").status_code == 404
    assert post(admin, "/people/viewer/dance").status_code == 404


def test_own_password_is_changed_and_other_sessions_end(site: Site) -> None:
    here, elsewhere = site.browser("viewer"), site.browser("viewer")
    wrong = post(here, "/account/password", current="falsch", new=NEW, again=NEW)
    assert wrong.status_code == 422 and "not right" in wrong.text
    assert post(here, "/account/password", current=PASSWORD, new=NEW, again=f"{NEW} ").status_code == 422
    assert (
        post(here, "/account/password", current=PASSWORD, new="viewer viewer", again="viewer viewer").status_code == 422
    )
    assert "is changed" in post(here, "/account/password", current=PASSWORD, new=NEW, again=NEW).text
    assert here.get("/queue", follow_redirects=False).status_code == 200
    assert elsewhere.get("/queue", follow_redirects=False).status_code == 303
    assert enters(site, "viewer", NEW) and not enters(site, "viewer", PASSWORD)


def test_guessing_the_own_password_is_slowed_down(site: Site) -> None:
    browser = site.browser("viewer")
    for _ in range(5):
        post(browser, "/account/password", current="falsch", new=NEW, again=NEW)
    waits = post(browser, "/account/password", current=PASSWORD, new=NEW, again=NEW)
    assert waits.status_code == 422 and "Too many attempts" in waits.text
