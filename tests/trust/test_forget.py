"""A customer forgotten leaves no byte, an agent no name; nobody else loses anything, and nobody comes back."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from analyzer.config import load_settings
from analyzer.errors import StoreBusy, StoreError, UsageError
from analyzer.ingest.quarantine import entries
from analyzer.progress import Silent
from analyzer.records import UNNAMED
from analyzer.review.database import open_database
from analyzer.store.lock import writer_lock
from analyzer.store.store import open_store
from analyzer.store.verify import verify
from analyzer.trust import forget as forgetting
from analyzer.trust.forget import Certificate, forget
from analyzer.trust.journal import Journal
from tests.nights import Nights, counts

from .bytes_of import found
from .conftest import AGENT, CUSTOMER, NOTE, PLANTED, WORDS, broken, records

HOME = Path(__file__).parents[2]
STEPS = ("remember", "clear_quarantine", "publish", "clear_review", "clear_files", "prove", "end")


def customer(nights: Nights, settings: Any, **more: Any) -> Certificate:
    return forget(nights.store, "customer", CUSTOMER, settings, Silent(), **more)


def agent(nights: Nights, settings: Any, **more: Any) -> Certificate:
    return forget(nights.store, "agent", AGENT, settings, Silent(), **more)


def assert_gone(nights: Nights) -> None:
    planted = {*PLANTED[:-1], f"{NOTE} 0"}
    assert found(nights.store, planted) == set()
    assert verify(nights.store) == []
    assert Journal(nights.store).pending() == {}
    assert set(nights.rows("interaction_facts", "interaction_id")) == {"c-1", "c-2", "d-1"}


def review_rows(nights: Nights, query: str) -> list[dict[str, Any]]:
    with open_database(None, nights.store).read() as connection:
        rows: list[dict[str, Any]] = connection.rows(query)
        return rows


def test_planted_traces_are_found_before(nights: Nights) -> None:
    held = found(nights.store, PLANTED)
    places = {name.split("/")[0] for name, _ in held}
    assert {"tables", "ledger.sqlite", "quarantine", "review.sqlite"} <= places
    assert {each for _, each in held} == set(PLANTED)


def test_forget_leaves_no_byte_of_a_customer(nights: Nights, settings: Any) -> None:
    others = [row for row in nights.rows("turns") if row["interaction_id"] in ("c-1", "c-2", "d-1")]
    told = customer(nights, settings)
    assert_gone(nights)
    assert nights.rows("turns") == others
    assert told.contacts == 2 and told.rows["interaction_facts"] == 2 and told.rows["loyalty_records"] == 1
    assert told.quarantined == 1 and list(entries(nights.store)) == []
    assert told.searched.files > 50 and told.searched.found_in == []
    assert CUSTOMER not in str(told.as_json())


def test_forget_keeps_who_looked_and_when_but_not_at_whom(nights: Nights, settings: Any) -> None:
    customer(nights, settings)
    log = review_rows(nights, "SELECT name, object FROM audit_log ORDER BY at")
    assert log == [{"name": "dana", "object": each} for each in ("forgotten", "c-1", "c-2")]
    assert {row["interaction_id"] for row in review_rows(nights, "SELECT * FROM verdicts")} == {"c-1", "c-2"}
    assert review_rows(nights, "SELECT * FROM undone") == []


def test_old_dump_does_not_bring_a_forgotten_customer_back(nights: Nights, settings: Any) -> None:
    customer(nights, settings)
    loyalty = nights.folder / "loyalty.csv"
    again = nights.run({"a.jsonl": records(), "b.jsonl": broken(WORDS[0])[:-20]}, loyalty=loyalty)
    assert counts(again)[:3] == (6, 0, 5)
    assert set(nights.rows("loyalty_records", "customer_key")) == {"k-d"}
    assert "gespraech-zwetschge-1" not in nights.rows("interaction_facts", "interaction_id")
    new = [{**records()[0], "interaction_id": "neu-1"}]
    assert counts(nights.run({"n.jsonl": new})) == (1, 0, 1, 0)


def test_contact_does_not_return_without_its_customer(nights: Nights, settings: Any) -> None:
    customer(nights, settings)
    nameless = [{name: value for name, value in records()[0].items() if name != "customer_id"}]
    assert counts(nights.run({"n.jsonl": nameless})) == (1, 0, 1, 0)


def test_next_run_computes_again_what_followed(nights: Nights, settings: Any) -> None:
    customer(nights, settings)
    same = {"a.jsonl": records(), f"{CUSTOMER}.jsonl": [records()[1]]}
    assert not nights.run(same).unchanged
    assert nights.run(same).unchanged
    assert {row["interaction_id"] for row in nights.rows("outcomes")} == {"c-1", "c-2", "d-1"}


def test_pseudonym_names_the_same_customer(unread: None, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"ein sehr langes Geheimnis")
    key.chmod(0o600)
    options = ["ingest.customer_keys=hashed", f"ingest.key_file={key}"]
    hashed, nights = load_settings(assignments=options), Nights(tmp_path)
    nights.run({"a.jsonl": records()}, options)
    keys = {row["interaction_id"]: row["customer_key"] for row in nights.rows("interaction_facts")}
    forget(nights.store, "customer", CUSTOMER, hashed, Silent())
    assert found(nights.store, [CUSTOMER, *WORDS, keys["gespraech-zwetschge-1"]]) == set()
    forget(nights.store, "customer", keys["c-1"], hashed, Silent())
    assert found(nights.store, [keys["c-1"]]) == set()
    assert counts(nights.run({"a.jsonl": records()}, options))[:3] == (5, 0, 5)


def test_forget_takes_the_name_of_an_agent_and_leaves_the_customers_contacts(nights: Nights, settings: Any) -> None:
    told = agent(nights, settings)
    assert found(nights.store, [AGENT]) == set()
    assert len(nights.rows("interaction_facts")) == 5 and verify(nights.store) == []
    named = {row["interaction_id"]: row["agent_id"] for row in nights.rows("interaction_facts")}
    assert named["c-1"] == UNNAMED and named["c-2"] == "a-1"
    assert WORDS[0] in {row["text"] for row in nights.rows("turns")}
    assert told.contacts == 3 and told.rows["interaction_agents"] == 3
    verdicts = [(row["finding"], row["interaction_id"]) for row in review_rows(nights, "SELECT * FROM verdicts")]
    assert [contact for finding, contact in verdicts if finding == "coaching"] == ["c-2"]
    assert [finding for finding, _ in verdicts].count("resolution") == 3


def test_forgotten_agent_returns_nowhere(nights: Nights, settings: Any) -> None:
    agent(nights, settings)
    told_anew = [{**records()[2], "turns": [*records()[2]["turns"], {"speaker": "agent", "text": "Noch etwas?"}]}]
    new = [{**records()[4], "interaction_id": "e-9"}]
    again = nights.run({"a.jsonl": [*records()[:2], *told_anew, *records()[3:]], "e.jsonl": new})
    assert again.accepted == 2
    assert found(nights.store, [AGENT]) == set()
    units = [row["unit_id"] for row in nights.rows("unit_scores") if row["unit_kind"] == "agent"]
    assert set(units) <= {"a-1"}
    assert {row["agent_id"] for row in nights.rows("interaction_facts")} == {"a-1", UNNAMED}


def test_account_of_a_forgotten_agent_ends_under_no_name(nights: Nights, settings: Any) -> None:
    with open_database(None, nights.store).write() as connection:
        connection.change("INSERT INTO users VALUES (?,?,?,?,?,?)", "paula", "agent", AGENT, "hash", "2026-11-01", None)
        connection.change("INSERT INTO user_teams VALUES (?,?)", "paula", "north")
        connection.change("INSERT INTO sessions VALUES (?,?,?,?,?)", "id", "paula", "csrf", "2026-11-04", "2026-11-04")
        connection.change("INSERT INTO audit_log VALUES (?,?,?,?,?)", "2026-11-04", "paula", "read", "c-1", "10.0.0.7")
    agent(nights, settings)
    (account,) = review_rows(nights, "SELECT * FROM users")
    assert account["name"].startswith("forgotten-") and account["agent_id"] is None and account["disabled_at"]
    assert found(nights.store, ["paula", "10.0.0.7"]) == set()
    assert review_rows(nights, "SELECT * FROM sessions") == []
    assert account["name"] in {row["name"] for row in review_rows(nights, "SELECT name FROM audit_log")}


@pytest.mark.parametrize("killed_at", STEPS)
def test_forget_goes_on_after_a_kill(
    nights: Nights, settings: Any, killed_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(self: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(forgetting._Forgetting, killed_at, kill)
        with pytest.raises(Killed):
            customer(nights, settings)
    assert verify(nights.store) == []
    customer(nights, settings)
    assert_gone(nights)


def test_begun_removal_is_ended_by_the_next_one(nights: Nights, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(self: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(forgetting._Forgetting, "clear_review", stop)
        with pytest.raises(KeyboardInterrupt):
            customer(nights, settings)
    agent(nights, settings)
    assert_gone(nights)


def test_forget_survives_kills_at_any_time(nights: Nights, settings: Any) -> None:
    draw = random.Random(12)
    command = [sys.executable, "-m", "tests.trust.forgetter", str(nights.store), CUSTOMER]
    began = time.monotonic()
    for _ in range(4):
        with subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            time.sleep(draw.uniform(0, 1.5))
            process.send_signal(signal.SIGKILL)
        assert not {problem.kind for problem in verify(nights.store)} - {"ahead"}
    assert time.monotonic() - began < 120
    customer(nights, settings)
    assert_gone(nights)


def test_forget_again_says_that_nothing_is_left(nights: Nights, settings: Any) -> None:
    first = customer(nights, settings)
    again = customer(nights, settings)
    assert again.reference == first.reference
    assert not again.rows and again.searched.found_in == [] and again.searched.bytes > 0


def test_forget_refuses_an_id_of_which_nothing_is_held(nights: Nights, settings: Any) -> None:
    with pytest.raises(UsageError, match="Nothing is held"):
        forget(nights.store, "customer", "niemand-bekannt", settings, Silent())
    assert Journal(nights.store).suppressed() == frozenset()


def test_forget_refuses_while_a_run_writes(nights: Nights, settings: Any) -> None:
    with writer_lock(nights.store), pytest.raises(StoreBusy):
        customer(nights, settings)


def test_dry_run_tells_and_changes_nothing(nights: Nights, settings: Any) -> None:
    before = found(nights.store, PLANTED)
    told = customer(nights, settings, dry_run=True)
    done = customer(nights, settings)
    assert told.rows == done.rows and told.quarantined == done.quarantined
    assert {name for name, _ in before} and told.searched.files == 0
    assert dict(told.review_rows).keys() >= {"verdicts", "undone", "audit_log"}


def test_trace_that_stays_is_an_error_and_not_a_certificate(nights: Nights, settings: Any) -> None:
    stray = nights.store / "notes.txt"
    stray.write_text(f"call {CUSTOMER} back", "utf-8")
    with pytest.raises(StoreError, match=r"still in 1 files: notes\.txt"):
        customer(nights, settings)
    stray.unlink()
    customer(nights, settings)
    assert_gone(nights)


def test_readers_see_the_former_or_the_new_state(nights: Nights, settings: Any) -> None:
    seen: list[frozenset[str]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                with open_store(nights.store, write=False) as store:
                    facts, turns = (
                        frozenset(store.read(n)["interaction_id"].to_pylist()) for n in ("interaction_facts", "turns")
                    )
            except (OSError, StoreError):
                continue  # the version that it had opened is gone: begin anew
            assert facts == turns
            seen.append(facts)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        customer(nights, settings)
    finally:
        time.sleep(0.2)
        done.set()
        reader.join()
    assert {len(ids) for ids in seen} == {5, 3}
