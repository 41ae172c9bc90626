"""OWASP ASVS 5.0, the items that concern the app, each test under its number; tests/test_asvs.py has the others."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from analyzer.errors import UsageError
from analyzer.review import audit_log, sessions, throttle
from analyzer.review.accounts import add_user, checked_password
from analyzer.review.app import MOST_BODY
from analyzer.review.state import COOKIE

from .conftest import BAD, FROM_HERE, HOST, ORIGIN, PASSWORD, Site, answer, contact_ids, token


def test_1_2_1_output_is_encoded(site: Site) -> None:
    shown = site.browser("lead").get("/contacts/c-001").text
    assert "<script>alert(1)</script>" not in shown and "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert BAD not in shown


def test_1_2_4_queries_take_values_as_parameters(site: Site) -> None:
    browser = site.browser("lead")
    for hostile in ("' OR 1=1 --", '"; DROP TABLE users; --', "%", "\\", "🙂"):
        assert browser.get("/queue", params={"rule": hostile, "team": hostile}).status_code == 200
        assert browser.get(f"/contacts/{hostile}").status_code == 404
    entered = site.browser().post("/sign-in", data={"name": "' OR '1'='1", "password": "x"}, headers=FROM_HERE)
    assert entered.status_code == 401


def test_2_2_1_input_is_checked_against_what_is_allowed(site: Site) -> None:
    browser = site.browser("reviewer")
    (contact,) = contact_ids(browser.get("/queue"))[:1]
    for finding, said in (("resolution", "maybe"), ("nonsense", "yes"), ("svc.solution", "right"), ("comment", " ")):
        assert answer(browser, contact, finding, said).status_code == 422
    assert answer(browser, contact, "sentiment", "negative", turn="999").status_code == 422
    assert browser.get("/queue?page=-1&view=x&state=y&order=z&severity=9").status_code == 200


def test_2_4_1_and_6_3_1_guessing_is_slowed_down(site: Site) -> None:
    browser = site.browser()
    wrong = {"name": "lead", "password": "falsch falsch falsch"}
    codes = [browser.post("/sign-in", data=wrong, headers=FROM_HERE).status_code for _ in range(throttle.OF_A_NAME + 1)]
    assert codes == [401] * throttle.OF_A_NAME + [429]
    right = {"name": "lead", "password": PASSWORD}
    assert browser.post("/sign-in", data=right, headers=FROM_HERE).status_code == 429
    site.clock.on(minutes=16)
    assert browser.post("/sign-in", data=right, headers=FROM_HERE).status_code == 200


def test_2_4_1_many_names_from_one_address_are_slowed_down(site: Site) -> None:
    browser = site.browser()
    for number in range(throttle.OF_AN_ADDRESS):
        with site.database.write() as connection:
            throttle.failed(connection, f"name-{number}", "testclient", site.clock())
    entered = browser.post("/sign-in", data={"name": "lead", "password": PASSWORD}, headers=FROM_HERE)
    assert entered.status_code == 429


def test_3_3_cookies_are_secure_hidden_from_scripts_and_of_this_site(site: Site) -> None:
    browser = site.browser()
    data = {"name": "lead", "password": PASSWORD}
    entered = browser.post("/sign-in", data=data, headers=FROM_HERE, follow_redirects=False)
    cookie = entered.headers["set-cookie"]
    assert cookie.startswith("__Host-sid=") and "Domain" not in cookie
    assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=strict", "Path=/"))


@pytest.mark.parametrize("path", ["/sign-in", "/queue", "/nowhere", "/static/app.css"])
def test_3_4_every_answer_carries_the_headers(site: Site, path: str) -> None:
    headers = site.browser("lead").get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy
    for part in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
        assert part in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"


def test_3_4_3_pages_hold_no_inline_script_or_style(site: Site) -> None:
    browser = site.browser("lead")
    for path in ("/sign-in", "/queue", "/contacts/c-002"):
        page = browser.get(path).text
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=", page), path
        assert not re.search(r'(?:src|href|action)="https?:', page), "no request leaves the machine"


def test_3_5_1_forms_of_other_sites_are_refused(site: Site) -> None:
    browser = site.browser("reviewer")
    (contact,) = contact_ids(browser.get("/queue"))[:1]
    fields = {**token(browser.get(f"/contacts/{contact}")), "finding": "no_issue", "answer": "yes"}
    for headers in (
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
        {"origin": "null"}, {"origin": "https://evil.example"}, {},
    ):  # fmt: skip
        assert browser.post(f"/answers/{contact}", data=fields, headers=headers).status_code == 403
    without = {**fields, "token": "x" * 43}
    old = browser.post(f"/answers/{contact}", data=without, headers=FROM_HERE)
    assert old.status_code == 403 and "from before you last signed in" in old.text, "and says what to do"
    assert browser.post(f"/answers/{contact}", data=fields, headers=FROM_HERE).status_code == 200


def test_3_5_3_reading_changes_no_state(site: Site) -> None:
    browser = site.browser("lead")
    for path in ("/sign-out", "/answers/c-001", "/undo/x", "/language"):
        assert browser.get(path).status_code in (404, 405)
    assert browser.get("/queue").status_code == 200
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert browser.request(method, "/queue").status_code == 405


def test_5_2_1_long_bodies_are_refused(site: Site) -> None:
    data = {"name": "lead", "password": "x" * MOST_BODY}
    german = site.browser().post("/sign-in", data=data, headers={**FROM_HERE, "accept-language": "de"})
    assert german.status_code == 413 and "Kürzen Sie den Text" in german.text


def test_5_3_2_static_files_come_from_their_folder_alone(site: Site) -> None:
    browser = site.browser()
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd"):
        assert browser.get(path).status_code == 404
    assert browser.get("/static/app.css").status_code == 200


@pytest.mark.parametrize("weak", ["short", "123456789012", "password1234", "aaaaaaaaaaaaaaaa", "mein name ist dana!"])
def test_6_2_1_and_6_2_4_weak_passwords_are_refused(weak: str) -> None:
    with pytest.raises(UsageError):
        checked_password(weak, "dana")


def test_6_2_8_and_6_2_9_passwords_are_taken_as_they_are(site: Site) -> None:
    long = "  Ä € 🙂 " + "ein sehr langer Satz ohne Ende " * 4
    assert checked_password(long, "dana") == long and len(long) > 64
    add_user(site.database, "dana", "viewer", long, site.clock())
    browser = site.browser()
    for said, code in ((long.strip(), 401), (long.lower(), 401), (long, 200)):
        assert browser.post("/sign-in", data={"name": "dana", "password": said}, headers=FROM_HERE).status_code == code


def test_5_4_1_names_of_downloads_are_ours(site: Site) -> None:
    asked = {"name": 'x"; filename="evil.exe', "action": "../../up\r\nX-Evil: 1"}
    headers = site.browser("lead").get("/log.csv", params=asked).headers
    assert re.fullmatch(r'attachment; filename="audit-log-\d{4}-\d{2}-\d{2}\.csv"', headers["content-disposition"])
    assert headers["content-type"] == "text/csv; charset=utf-8" and "x-evil" not in headers


def test_6_3_2_there_are_no_default_accounts(filled: Path, tmp_path: Path) -> None:
    from analyzer.review.accounts import users
    from analyzer.review.database import open_database

    with open_database(f"sqlite:///{tmp_path / 'new.sqlite'}", filled).read() as connection:
        assert users(connection) == []


def test_6_3_8_a_name_that_nobody_has_takes_as_long(site: Site) -> None:
    def seconds(name: str) -> float:
        best = 9.0
        for number in range(3):
            browser = site.browser()
            started = time.process_time()
            data = {"name": f"{name}{number}" if name == "nobody" else name, "password": "falsch"}
            assert browser.post("/sign-in", data=data, headers=FROM_HERE).status_code == 401
            best = min(best, time.process_time() - started)
        return best

    seconds("nobody")  # the first makes the hash of nobody
    assert seconds("nobody") > 0.5 * seconds("lead")


def test_7_2_sessions_are_random_and_new_at_every_sign_in(site: Site) -> None:
    browser = site.browser("lead")
    first = browser.cookies[COOKIE]
    browser.post("/sign-in", data={"name": "lead", "password": PASSWORD}, headers=FROM_HERE)
    second = browser.cookies[COOKIE]
    assert first != second and len(second) >= 43
    browser.cookies.set(COOKIE, first, domain=HOST)
    with site.database.read() as connection:
        assert sessions.find(connection, first, site.clock()) is None, "the one before has ended"
        stored = connection.rows("SELECT id_hash FROM sessions")
    assert all(second not in row["id_hash"] for row in stored)


def test_7_3_1_and_7_3_2_sessions_end_when_idle_and_at_last(site: Site) -> None:
    browser = site.browser("lead")
    site.clock.on(minutes=44)
    assert browser.get("/queue", follow_redirects=False).status_code == 200
    site.clock.on(minutes=46)
    assert browser.get("/queue", follow_redirects=False).headers["location"] == "/sign-in"
    browser = site.browser("lead")
    for _ in range(24):
        site.clock.on(minutes=31)
        last = browser.get("/queue", follow_redirects=False).status_code
    assert last == 303


def test_7_4_1_signing_out_ends_the_session_on_the_server(site: Site) -> None:
    browser = site.browser("lead")
    secret = browser.cookies[COOKIE]
    fields = token(browser.get("/contacts/c-001"))
    browser.post("/sign-out", data=fields, headers=FROM_HERE)
    stolen = site.browser()
    stolen.cookies.set(COOKIE, secret, domain=HOST)
    assert stolen.get("/queue", follow_redirects=False).status_code == 303


def test_8_2_1_rights_go_by_role(site: Site) -> None:
    assert site.browser().get("/queue", follow_redirects=False).headers["location"] == "/sign-in"
    viewer, reviewer = site.browser("viewer"), site.browser("reviewer")
    (contact,) = contact_ids(viewer.get("/queue"))[:1]
    assert "Was the matter solved" not in viewer.get(f"/contacts/{contact}").text
    fields = {**token(reviewer.get(f"/contacts/{contact}")), "finding": "no_issue", "answer": "yes"}
    assert viewer.post(f"/answers/{contact}", data=fields, headers=FROM_HERE).status_code == 403
    assert reviewer.post(f"/answers/{contact}", data=fields, headers=FROM_HERE).status_code == 200


def test_8_2_2_people_see_the_contacts_that_are_theirs(site: Site) -> None:
    facts = {row["interaction_id"]: row for row in _facts(site)}
    for name, allowed in (
        ("north", lambda row: row["team"] == "north"), ("agent", lambda row: "a-01" in row["agent_ids"]),
    ):  # fmt: skip
        browser = site.browser(name)
        listed = contact_ids(browser.get("/queue?state=all"))
        assert listed and all(allowed(facts[contact]) for contact in listed)
        other = next(key for key, row in facts.items() if not allowed(row))
        own = next(key for key, row in facts.items() if allowed(row))
        assert browser.get(f"/contacts/{other}").status_code == 404
        assert browser.get(f"/contacts/{own}").status_code == 200


def _facts(site: Site) -> list[dict[str, object]]:
    from analyzer.store.store import open_store

    with open_store(site.store, write=False) as store:
        rows: list[dict[str, object]] = store.read("interaction_facts").to_pylist()
    return rows


def test_11_4_2_passwords_are_kept_as_argon2id(site: Site) -> None:
    with site.database.read() as connection:
        hashes = [row["password_hash"] for row in connection.rows("SELECT password_hash FROM users")]
    assert len(set(hashes)) == len(hashes) and all(h.startswith("$argon2id$") for h in hashes)


def test_13_4_2_nothing_of_the_inside_is_shown(site: Site) -> None:
    browser = site.browser()
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert browser.get(path).status_code == 404


def test_14_2_1_addresses_hold_nothing_secret(site: Site) -> None:
    browser = site.browser("lead")
    page = browser.get("/contacts/c-001")
    secrets_ = (browser.cookies[COOKIE], token(page)["token"])
    assert not any(
        secret in href for secret in secrets_ for href in re.findall(r'(?:href|action)="([^"]*)"', page.text)
    )


@pytest.mark.parametrize("path", ["/queue", "/contacts/c-001", "/sign-in"])
def test_14_3_2_pages_are_not_kept_by_browsers(site: Site, path: str) -> None:
    assert site.browser("lead").get(path).headers["cache-control"] == "no-store"


def test_16_views_and_changes_are_on_record_without_words_or_passwords(site: Site) -> None:
    browser = site.browser("reviewer")
    (contact,) = contact_ids(browser.get("/queue"))[:1]
    answer(browser, contact, "comment", "Herr Brandt klang verärgert")
    site.browser().post("/sign-in", data={"name": "lead", "password": "geheim geheim"}, headers=FROM_HERE)
    with site.database.read() as connection:
        log = connection.rows("SELECT * FROM audit_log ORDER BY at")
    told = {(row["name"], row["action"]) for row in log}
    assert {("reviewer", "signed in"), ("reviewer", "read a contact"), ("reviewer", "answered")} <= told
    assert ("", "sign-in refused") in told and contact in {row["object"] for row in log}
    assert not any(word in str(log) for word in ("geheim", "Brandt", PASSWORD))


def test_16_4_1_lines_of_the_log_cannot_be_forged(site: Site) -> None:
    forged = "x\r\n2026-11-23T09:00:00Z,lead,answered"
    site.browser().post("/sign-in", data={"name": forged, "password": "geheim"}, headers=FROM_HERE)
    log = site.browser("lead").get("/log.csv").text
    assert "sign-in refused" in log and "2026-11-23T09:00:00Z,lead,answered" not in log


@pytest.mark.parametrize(("language", "said"), [("en", "Something went wrong here"), ("de", "schiefgegangen")])
def test_16_5_1_an_error_that_nobody_foresaw_tells_nothing_of_the_inside(
    site: Site, monkeypatch: pytest.MonkeyPatch, language: str, said: str
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("SELECT secret FROM users")

    monkeypatch.setattr(audit_log, "lines", broken)
    entered = site.browser("lead")
    browser = TestClient(
        site.app, base_url=ORIGIN, headers={"accept-language": language}, cookies=entered.cookies,
        raise_server_exceptions=False,
    )  # fmt: skip
    page = browser.get("/log")
    assert page.status_code == 500 and said in page.text and 'href="/queue"' in page.text
    assert "SELECT" not in page.text and "Runtime" not in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


def test_hosts_that_are_not_ours_are_refused(site: Site) -> None:
    assert site.browser().get("/sign-in", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("language", "said"), [("de", "Diese Adresse ist hier nicht bekannt"), ("en", "This address is not known here")]
)
@pytest.mark.parametrize("host", ["evil.example", "<b>evil", "evil.example:99", "x" * 900, ""])
def test_a_foreign_host_is_told_what_to_do_and_reads_nothing_of_what_it_sent(
    site: Site, host: str, language: str, said: str
) -> None:
    """Signed in or not, whatever page was asked for; names that are allowed are not given away."""
    for browser in (site.browser(), site.browser("lead")):
        sent = {"host": host, "accept": "text/html", "accept-language": language}
        page = browser.get("/queue?rule=angry_end", headers=sent)
        assert page.status_code == 400 and said in page.text and "--name" in page.text
        assert not any(word in page.text for word in ("evil", "angry_end", "xxx", HOST))
        assert "set-cookie" not in page.headers and page.headers["cache-control"] == "no-store"
        style = page.text.split("<style>")[1].split("</style>")[0].encode()
        digest = base64.b64encode(hashlib.sha256(style).digest()).decode()
        policy = page.headers["content-security-policy"]
        assert f"style-src 'sha256-{digest}'" in policy and "default-src 'none'" in policy
        assert not re.findall(r"<script|<form|href=\"/|src=", page.text)


def test_a_foreign_host_gets_no_file_and_changes_nothing(site: Site) -> None:
    browser = site.browser("lead")
    for path in ("/static/app.css", "/healthz", "/sign-in"):
        plain = browser.get(path, headers={"host": "evil.example", "accept": "*/*"})
        assert plain.status_code == 400 and "--name" in plain.text and "evil" not in plain.text
        assert plain.headers["content-type"].startswith("text/plain")
    assert browser.post("/sign-out", headers={"host": "evil.example"}).status_code == 400
    assert browser.get("/queue").status_code == 200
