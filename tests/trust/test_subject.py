"""All that is held about a person, readable and as JSON; nobody else's words; who asked is on record."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from analyzer.config import Settings
from analyzer.publish.wording import Language
from analyzer.store.store import open_store
from analyzer.trust.person import Kind
from analyzer.trust.reviewed import reviews_of
from analyzer.trust.subject import SOMEBODY, Subject, subject
from analyzer.trust.subject_page import page
from analyzer.trust.wording import wording
from tests.conftest import call
from tests.nights import Nights

from .conftest import AGENT, CUSTOMER, NOTE, WORDS, records


def told(nights: Nights, kind: Kind, asked: str, settings: Settings) -> Subject:
    with open_store(nights.store, write=False) as store:
        return subject(store, kind, asked, settings, reviews_of(nights.store, None))


def test_subject_holds_every_row_about_a_customer(nights: Nights, settings: Any) -> None:
    held = told(nights, "customer", CUSTOMER, settings)
    ids = {"gespraech-zwetschge-1", "gespraech-zwetschge-2"}
    assert held.person.contacts == ids
    for name in ("interaction_facts", "outcomes", "turns", "findings", "fcr", "contributions"):
        if nights.rows(name):
            own = [row for row in nights.rows(name) if row["interaction_id"] in ids]
            assert len(held.tables.get(name, ())) == len(own), name
    assert [row["fact"] for row in held.tables["loyalty_records"]] == ["nps"]
    assert {row["item"]: row["text"] for row in held.tables["surveys"]} == {
        "csat": None, "open_text": f"Die {WORDS[0]} war gut.",
    }  # fmt: skip
    assert {row["answer"] for row in held.review["verdicts"]} == {"resolved", f"{NOTE} 0"}
    assert len(held.review["undone"]) == 1 and len(held.review["audit_log"]) == 1
    assert held.quarantine[0]["record"].endswith("b.jsonl:0")


def test_subject_names_agents_as_the_company_does_and_reviewers_not(nights: Nights, settings: Any) -> None:
    whole = json.dumps(told(nights, "customer", CUSTOMER, settings).as_json())
    assert AGENT not in whole and "agent-" in whole
    assert "dana" not in whole and SOMEBODY in whole


def test_subject_of_an_agent_holds_their_words_and_none_of_the_customers(nights: Nights, settings: Any) -> None:
    held = told(nights, "agent", AGENT, settings)
    assert {row["speaker"] for row in held.tables["turns"]} == {"agent"}
    assert {row["interaction_id"] for row in held.tables["interaction_facts"]} == {
        "gespraech-zwetschge-1",
        "c-1",
        "d-1",
    }
    whole = json.dumps(held.as_json())
    assert CUSTOMER not in whole and WORDS[0] not in whole and AGENT in whole
    assert all(row["unit_id"] == AGENT for row in held.tables.get("unit_scores", ()))


@pytest.mark.parametrize(("language", "said"), [("en", "Customer: "), ("de", "Kunde: ")])
@pytest.mark.parametrize("kind", ["customer", "agent"])
def test_page_is_readable_in_both_languages(
    nights: Nights, settings: Any, kind: Kind, language: Language, said: str
) -> None:
    asked = CUSTOMER if kind == "customer" else AGENT
    lines = page(told(nights, kind, asked, settings), wording(language))
    text = "\n".join(lines)
    assert "gespraech-zwetschge-1" in text
    assert (f"{said}{WORDS[0]}" in text) == (kind == "customer")
    assert "subject." not in text and "None" not in text and "nan" not in text.split()


def test_page_tells_times_and_days_in_the_zone_that_it_names(nights: Nights, settings: Any) -> None:
    held = told(nights, "customer", CUSTOMER, settings)
    berlin, utc = ("\n".join(page(held, wording("en").told_in(ZoneInfo(name)))) for name in ("Europe/Berlin", "UTC"))
    assert "Times and days: Europe/Berlin\n" in berlin and "Times and days: UTC\n" in utc
    began = datetime.fromisoformat(held.tables["interaction_facts"][0]["started_at"])
    for text, hours in ((berlin, 1), (utc, 0)):
        assert f"\n{began.day} Nov 2026, {began.hour + hours:02}:{began:%M} · " in text
        assert f"4 Nov 2026, {10 + hours}:00" in text  # a verdict's, which the review database keeps as text
    # 1 November, as the file says, is a day of the business: in UTC its midnight lies on the day before.
    assert "  1 Nov 2026 · " in berlin and "  31 Oct 2026 · " in utc


def test_page_takes_no_word_for_a_time(nights: Nights, settings: Any) -> None:
    held = told(nights, "customer", CUSTOMER, settings)
    row = held.tables["loyalty_records"][0] | {"fact": "product_line", "number": None, "text": "ABCD-12345T5"}
    odd = replace(held, tables={**held.tables, "loyalty_records": [row]})
    assert ": ABCD-12345T5" in "\n".join(page(odd, wording("en")))


def test_page_does_not_let_words_steer_the_terminal(nights: Nights, settings: Any) -> None:
    said = ("\x1b[2J\x1b]0;gone\x07Hallo\x9b31m", "Guten Tag.")
    nights.run({"h.jsonl": [{**records()[0], "interaction_id": "h-1", "customer_id": "k-h", "turns": turns(said)}]})
    text = "\n".join(page(told(nights, "customer", "k-h", settings), wording("en")))
    assert "Hallo" in text and not set(text) & {"\x1b", "\x07", "\x9b"}


def turns(said: tuple[str, str]) -> list[dict[str, str]]:
    return [{"speaker": who, "text": text} for who, text in zip(("customer", "agent"), said, strict=True)]


def test_words_are_the_same_in_both_languages() -> None:
    english, german = (
        {
            key
            for key in wording(language).texts
            if key.split(".")[0] in ("subject", "table", "forget", "retain", "item")
        }
        for language in ("en", "de")
    )
    assert english == german


def test_command_writes_json_for_its_owner_alone_and_is_on_record(nights: Nights, tmp_path: Path) -> None:
    to = tmp_path / "told.json"
    to.write_text("{}", "utf-8")
    to.chmod(0o644)  # it was there before, for everybody to read
    ended = call("subject", "--customer", CUSTOMER, "--store", nights.store, "--json", to, "--language", "de")
    assert ended.code == 0 and ended.out.startswith("Auskunft") and "\nZeiten und Tage: Europe/Berlin\n" in ended.out
    assert json.loads(to.read_text("utf-8"))["tables"]["turns"][0]["interaction_id"].startswith("gespraech")
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    listed = call("audit", "--store", nights.store)
    assert "gave out what is held about a person" in listed.out and CUSTOMER not in listed.out


def test_command_tells_of_nobody_and_of_two(nights: Nights) -> None:
    assert "Nothing is held." in call("subject", "--customer", "niemand", "--store", nights.store).out
    assert call("subject", "--store", nights.store).code == 2
    assert call("subject", "--customer", "a", "--agent", "b", "--store", nights.store).code == 2
