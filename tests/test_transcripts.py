"""The sample dump: what it must hold so that a newcomer meets every feature, and that README tells the truth of it."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

ROOT = Path(__file__).resolve().parents[1] / "transcripts"
SAMPLE = ROOT / "sample"
CONTACTS = SAMPLE / "contacts"
SPEAKERS = {"customer", "agent", "bot", "system"}
TEXT_SPEAKERS = {"Agent": "agent", "Kunde": "customer", "Customer": "customer"}
LABELS = {
    "labels",
    "sent",
    "resolution",
    "satisfaction",
    "effort",
    "empathy",
    "reason",
    "reason_text",
    "episode",
    "promises",
}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def native_lines() -> Iterator[str]:
    for path in sorted(CONTACTS.glob("*.jsonl*")):
        content = path.read_bytes()
        yield from (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8").splitlines()


def why_rejected(line: str) -> str | None:
    """The reason a native line is no contact, None if it is one."""
    try:
        record = json.loads(line)
    except json.JSONDecodeError:
        return "json"
    try:
        datetime.fromisoformat(record["started_at"])
    except ValueError:
        return "date"
    return None if {turn["speaker"] for turn in record["turns"]} <= SPEAKERS else "speaker"


def csv_contacts() -> Iterator[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(CONTACTS.glob("*.csv")):
        for row in rows(path):
            contact = found.setdefault(row["interaction_id"], {**row, "turns": []})
            contact["turns"].append({"speaker": row["speaker"], "text": row["text"]})
    yield from found.values()


def text_contacts() -> Iterator[dict[str, Any]]:
    facts = {row["file_name"]: row for row in rows(SAMPLE / "metadata.csv")}
    for path in sorted(CONTACTS.glob("*.txt")):
        said = [line.partition(": ") for line in path.read_text(encoding="utf-8").splitlines()]
        turns = [{"speaker": TEXT_SPEAKERS[who], "text": text} for who, _, text in said]
        from_name = datetime.strptime(path.name[:15], "%Y-%m-%dT%H%M").isoformat()
        row = facts[path.name]
        yield {**row, "interaction_id": path.name, "started_at": row["started_at"] or from_name, "turns": turns}


@cache
def contacts() -> dict[str, dict[str, Any]]:
    """Every contact by id, of a replaced one the later version."""
    native = [json.loads(line) for line in native_lines() if why_rejected(line) is None]
    native.sort(key=lambda record: record["updated_at"])
    every = [*native, *csv_contacts(), *text_contacts()]
    return {contact["interaction_id"]: contact for contact in every}


def started(contact: dict[str, Any]) -> datetime:
    """Start in Berlin; times without a zone are local ones."""
    at, berlin = datetime.fromisoformat(contact["started_at"]), ZoneInfo("Europe/Berlin")
    return at.astimezone(berlin) if at.tzinfo else at.replace(tzinfo=berlin)


def readme_table(first_column: str) -> list[list[str]]:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    body = lines[next(i for i, line in enumerate(lines) if line.startswith(f"| {first_column} |")) + 2 :]
    cut = next((i for i, line in enumerate(body) if not line.startswith("|")), len(body))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body[:cut]]


def test_dump_holds_enough_contacts_customers_and_days() -> None:
    days = Counter(started(contact).date() for contact in contacts().values())
    customers = {contact["customer_id"] for contact in contacts().values() if contact.get("customer_id")}
    assert len(contacts()) == 134
    assert len(customers) == 96
    assert sorted(days) == [date(2026, 11, 2) + timedelta(n) for n in range(21)]
    assert min(n for day, n in days.items() if day.weekday() < 5) >= max(
        n for day, n in days.items() if day.weekday() > 4
    )


def test_dump_holds_every_channel_and_both_languages_about_equally() -> None:
    channels = Counter(contact["channel"] for contact in contacts().values())
    languages = Counter(contact["language"] for contact in contacts().values())
    assert set(channels) == {"voice", "chat", "email", "messaging", "social"} and min(channels.values()) >= 5
    assert languages == {"de": 67, "en": 66, "fr": 1}


def test_agents_are_eight_in_two_teams_and_all_at_work() -> None:
    teams = {row["agent_id"]: row["team"] for row in rows(SAMPLE / "agents.csv")}
    work = Counter(contact["agent_id"] for contact in contacts().values() if contact.get("agent_id"))
    assert Counter(teams.values()) == {"north": 5, "south": 3}
    assert set(work) == set(teams) and min(work.values()) >= 10
    assert all(
        contact["team"] == teams[contact["agent_id"]] for contact in contacts().values() if contact.get("agent_id")
    )
    spoken = {turn["agent_id"] for contact in contacts().values() for turn in contact["turns"] if "agent_id" in turn}
    assert spoken <= set(teams)


def test_native_lines_parse_but_for_the_stated_rejects() -> None:
    reasons = Counter(why_rejected(line) for line in native_lines())
    rejected = reasons.total() - reasons[None]
    assert reasons.keys() - {None} == {"json", "date", "speaker"} and rejected == 3
    assert rejected / (reasons.total() + sum(1 for _ in csv_contacts()) + sum(1 for _ in text_contacts())) < 0.05


def test_one_line_stands_twice_and_one_contact_is_replaced() -> None:
    good = [line for line in native_lines() if why_rejected(line) is None]
    lines = Counter(good)
    versions = Counter(json.loads(line)["interaction_id"] for line in lines)
    assert sorted(lines.values())[-2:] == [1, 2]
    assert sorted(versions.values())[-2:] == [1, 2]
    replaced = versions.most_common(1)[0][0]
    first, second = sorted(
        (json.loads(x) for x in lines if f'"{replaced}"' in x), key=lambda record: record["updated_at"]
    )
    assert first["updated_at"] < second["updated_at"] and len(first["turns"]) < len(second["turns"])


def test_contacts_carry_no_labels() -> None:
    for contact in contacts().values():
        assert not LABELS & contact.keys()
        assert all(turn.keys() <= {"speaker", "text", "agent_id", "start_ms", "end_ms"} for turn in contact["turns"])


def test_no_two_contacts_are_the_same_dialogue() -> None:
    texts = [" ".join(turn["text"] for turn in contact["turns"]) for contact in contacts().values()]
    assert len(set(texts)) == len(texts)
    assert all(turn["text"].strip() for contact in contacts().values() for turn in contact["turns"])


def test_turns_run_forward_in_time() -> None:
    for contact in contacts().values():
        starts = [turn["start_ms"] for turn in contact["turns"] if "start_ms" in turn]
        assert starts == sorted(starts)
        assert all(turn["start_ms"] < turn["end_ms"] for turn in contact["turns"] if "end_ms" in turn)


def test_metadata_describes_each_text_file_and_nothing_else() -> None:
    described = [row["file_name"] for row in rows(SAMPLE / "metadata.csv")]
    assert sorted(described) == sorted(path.name for path in CONTACTS.glob("*.txt"))
    assert any(not row["started_at"] for row in rows(SAMPLE / "metadata.csv"))


def test_surveys_point_to_contacts_of_the_customer_they_ask() -> None:
    surveys, on_record = rows(SAMPLE / "surveys.csv"), {row["customer_id"] for row in rows(SAMPLE / "loyalty.csv")}
    asked = [row for row in surveys if row["interaction_id"]]
    assert all(contacts()[row["interaction_id"]]["customer_id"] == row["customer_id"] for row in asked)
    assert {row["customer_id"] for row in surveys if not row["interaction_id"]} <= on_record
    assert all(row["invited_at"] < row["answered_at"] for row in surveys if row["answered_at"])
    assert 0.2 < sum(not row["answered_at"] for row in surveys) / len(surveys) < 0.6


def test_survey_answers_lie_on_their_scale() -> None:
    answered = [row for row in rows(SAMPLE / "surveys.csv") if row["answered_at"]]
    assert all(float(row["scale_min"]) <= float(row["csat"]) <= float(row["scale_max"]) for row in answered)
    assert all(1 <= int(row["ces"]) <= 7 and row["ces_direction"] == "easy_high" for row in answered if row["ces"])
    assert {row["scale_max"] for row in answered} == {"5", "10"}


def test_loyalty_knows_callers_others_and_one_fact_of_the_future() -> None:
    facts = rows(SAMPLE / "loyalty.csv")
    customers = {contact["customer_id"] for contact in contacts().values() if contact.get("customer_id")}
    on_record = {row["customer_id"] for row in facts}
    last = max(started(contact) for contact in contacts().values()).date().isoformat()
    assert len(on_record & customers) == 91 and len(on_record - customers) == 12
    assert [row["customer_id"] for row in facts if row["known_at"] > last] == ["k-123"]
    assert len({(row["customer_id"], row["as_of"]) for row in facts}) == len(facts)


def test_hostage_is_bound_for_long() -> None:
    (contract_end,) = {row["contract_end"] for row in rows(SAMPLE / "loyalty.csv") if row["customer_id"] == "k-106"}
    assert contract_end == "2028-02-28"


@pytest.mark.parametrize("story", readme_table("customer"), ids=lambda story: story[0])
def test_readme_story_exists(story: list[str]) -> None:
    who, named = set(re.findall(r"`(k-\d+)`", story[0])), re.findall(r"`([^`]+)`", story[1])
    told = {contacts()[name].get("customer_id") for name in named}
    assert named and told == (who or {None})
    theirs = {name for name, contact in contacts().items() if contact.get("customer_id") in who}
    assert theirs <= set(named)


def test_readme_agents_are_those_of_the_examples() -> None:
    for agent, what in ((row[0], row[1]) for row in readme_table("agent")):
        named = re.findall(r"`(hb-\d+)`", what)
        assert all(contacts()[name]["agent_id"] == agent.split("`")[1] for name in named)


def test_dump_is_small() -> None:
    assert sum(path.stat().st_size for path in ROOT.rglob("*") if path.is_file()) < 1_000_000
