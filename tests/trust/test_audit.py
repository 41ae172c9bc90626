"""Who did what is on record: the review app's log, runs, copies that left, removals; and the commands that say so."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analyzer.trust.audit import audit
from analyzer.trust.given_out import latest_copies, note_given_out
from analyzer.trust.journal import Deed, Journal
from tests.conftest import call
from tests.nights import Nights

from .bytes_of import found
from .conftest import AGENT, CUSTOMER, WORDS


def test_audit_lists_looks_runs_copies_and_removals(nights: Nights) -> None:
    assert call("export", "--store", nights.store, "--to", nights.folder / "bi", "--format", "csv").code == 0
    assert call("forget", "--customer", CUSTOMER, "--store", nights.store, "--yes").code == 0
    events = audit(nights.store, None)
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert {(event.record, event.action) for event in events} >= {
        ("run", "run"), ("review", "read"), ("trust", "export"), ("trust", "forget"),
    }  # fmt: skip
    assert len([event for event in events if event.action == "run"]) == 2
    assert CUSTOMER not in json.dumps([event.as_json() for event in events])


def test_audit_since_leaves_out_what_was_before(nights: Nights) -> None:
    since = datetime(2026, 11, 4, 10, 0, 1, tzinfo=UTC)
    kept = [event.what for event in audit(nights.store, since) if event.record == "review"]
    assert kept == ["c-1", "c-2"]
    listed = call("audit", "--store", nights.store, "--since", "2099-01-01", "--language", "de")
    assert listed.out == "Seitdem ist nichts vermerkt.\n"
    assert call("audit", "--store", nights.store, "--since", "gestern").code == 2


def test_certificate_names_copies_that_left_and_no_id(nights: Nights) -> None:
    to = nights.folder / f"{CUSTOMER}.html"
    assert call("report", "--store", nights.store, "--to", to).code == 0
    ended = call("forget", "--customer", CUSTOMER, "--store", nights.store, "--yes", "--json")
    told = json.loads(ended.out)
    assert told["found"] == 0 and told["bytes_searched"] > 10_000
    assert [Path(copy["to"]).name for copy in told["given_out"]] == ["forgotten.html"]
    assert found(nights.store, [CUSTOMER]) == set()


def test_copy_of_every_night_is_named_once(nights: Nights) -> None:
    def copied(day: int, to: str) -> Deed:
        return Deed(datetime(2026, 11, day, tzinfo=UTC), "bi", "export", {"to": to})

    told = latest_copies([copied(2, "/bi"), copied(1, "/bi"), copied(1, "/report.html")])
    assert [(deed.at.day, deed.detail["to"]) for deed in told] == [(1, "/report.html"), (2, "/bi")]
    for _ in range(2):
        assert note_given_out(nights.store, "export", "/srv/bi")
    tried = call("forget", "--customer", CUSTOMER, "--store", nights.store, "--dry-run")
    answered = call("subject", "--customer", CUSTOMER, "--store", nights.store)
    assert tried.out.count("/srv/bi") == answered.out.count("/srv/bi") == 1


def test_copy_to_a_server_is_written_down_without_its_password(tmp_path: Path) -> None:
    assert note_given_out(tmp_path, "export", "postgresql://bi:geheim@db.example/quality")
    (deed,) = Journal(tmp_path).deeds()
    assert deed.detail == {"to": "postgresql://db.example/quality"}


def test_copy_is_told_where_nothing_may_be_written_down(tmp_path: Path) -> None:
    no_folder = tmp_path / "file"
    no_folder.write_text("", "utf-8")
    assert not note_given_out(no_folder, "export", "x")


def test_forget_asks_first_and_tells_what_it_would_do(nights: Nights) -> None:
    refused = call("forget", "--customer", CUSTOMER, "--store", nights.store)
    assert refused.code == 2 and "--yes" in refused.err
    tried = call("forget", "--customer", CUSTOMER, "--store", nights.store, "--dry-run", "--language", "de")
    assert tried.code == 0 and tried.out.startswith("Probelauf") and "2 Kontakte ganz gelöscht" in tried.out
    assert WORDS[0] in "".join(row["text"] for row in nights.rows("turns"))


@pytest.mark.parametrize(("language", "first"), [("en", "What is too old is gone."), ("de", "Was zu alt ist, ist gel")])
def test_retain_says_what_went(nights: Nights, language: str, first: str) -> None:
    ended = call("retain", "--days", "1", "--store", nights.store, "--yes", "--language", language)
    assert ended.code == 0 and ended.out.startswith(first)
    assert nights.rows("turns") == []
    assert call("retain", "--days", "0", "--store", nights.store, "--yes").code == 2


def test_certificate_of_an_agent_says_that_contacts_stay(nights: Nights) -> None:
    ended = call("forget", "--agent", AGENT, "--store", nights.store, "--yes", "--language", "de")
    assert "ohne Namen" in ended.out and "3 Kontakte, in denen" in ended.out
    assert len(nights.rows("interaction_facts")) == 5
