"""What --metadata and --agents told of a contact stands when a later run comes without them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from .dumps import contact
from .nights import Nights, counts
from .test_threads import THREE, thread

METADATA = (
    "interaction_id,customer_id,agent_id,queue,product_line,disposition,csat,csat_scale,direction,language\n"
    'a1,k-7,a-9,billing,mobile,Called back +44 20 7946 0958,2,"1-5",inbound,en\n'
)
ROSTER = "agent_id,team\na-9,north\na-1,south\n"
BARE: dict[str, Any] = dict.fromkeys(("customer_id", "agent_id", "queue", "direction"))
KEPT = ("customer_key", "agent_id", "team", "queue", "product_line", "disposition", "csat", "direction", "started_at",
        "channel", "agent_ids", "content_hash")  # fmt: skip


@pytest.fixture
def sides(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "metadata.csv").write_text(METADATA)
    (tmp_path / "agents.csv").write_text(ROSTER)
    return {"metadata": tmp_path / "metadata.csv", "agents": tmp_path / "agents.csv"}


def facts(nights: Nights, *names: str) -> list[Any]:
    rows = sorted(nights.rows("interaction_facts"), key=lambda row: str(row["interaction_id"]))
    return [row[names[0]] if len(names) == 1 else {name: row[name] for name in names} for row in rows]


def test_contact_without_its_side_files_is_a_duplicate(intakes: Nights, sides: dict[str, Any]) -> None:
    intakes.run({"a.jsonl": [contact("a1", **BARE), contact("b1")]}, **sides)
    before = facts(intakes, *KEPT)
    assert (before[0]["team"], before[0]["csat"], before[0]["agent_ids"], before[1]["team"]) == (
        "north",
        2,
        ["a-9"],
        "south",
    )
    for given in ({}, {"agents": sides["agents"]}, {"metadata": sides["metadata"]}, sides):
        assert counts(intakes.run({"b.jsonl": [contact("a1", **BARE), contact("b1")]}, **given)) == (2, 0, 2, 0)
    assert facts(intakes, *KEPT) == before


def test_new_words_keep_what_side_files_told(intakes: Nights, sides: dict[str, Any]) -> None:
    intakes.run({"a.jsonl": [contact("a1", **BARE)]}, **sides)
    before = facts(intakes, *KEPT[:-1])
    for said in (("Hello?", "Hi."), ("Hello?", "Hi.", "Bye.")):
        assert intakes.run({"a.jsonl": [contact("a1", said=said, **BARE)]}).replaced == 1
        assert facts(intakes, *KEPT[:-1]) == before and list(intakes.said().values()) == [list(said)]


def test_what_is_told_anew_wins(intakes: Nights, sides: dict[str, Any]) -> None:
    intakes.run({"a.jsonl": [contact("a1", **BARE)]}, **sides)
    sides["metadata"].write_text("interaction_id,queue,agent_id\na1,sales,a-1\n")
    assert intakes.run({"a.jsonl": [contact("a1", **BARE)]}, **sides).replaced == 1
    (row,) = facts(intakes, "queue", "agent_id", "team", "customer_key", "product_line")
    assert row == {
        "queue": "sales",
        "agent_id": "a-1",
        "team": "south",
        "customer_key": "k-7",
        "product_line": "mobile",
    }
    assert intakes.run({"a.jsonl": [contact("a1", **(BARE | {"queue": "care"}))]}).replaced == 1
    assert facts(intakes, "queue", "product_line") == [{"queue": "care", "product_line": "mobile"}]


def test_team_of_another_agent_is_not_kept(intakes: Nights, sides: dict[str, Any]) -> None:
    intakes.run({"a.jsonl": [contact("a1")]}, agents=sides["agents"])
    intakes.run({"a.jsonl": [contact("a1", agent_id="a-2")]})
    assert facts(intakes, "agent_id", "team") == [{"agent_id": "a-2", "team": None}]


def test_what_the_record_itself_no_longer_says_is_gone(intakes: Nights, sides: dict[str, Any]) -> None:
    intakes.run({"a.jsonl": [contact("a1", csat=5, csat_scale=[1, 5])]}, agents=sides["agents"])
    intakes.run({"a.jsonl": [contact("a1")]})
    assert facts(intakes, "csat", "team") == [{"csat": None, "team": "south"}]


def test_start_channel_and_words_of_a_file_without_times_are_kept(intakes: Nights, tmp_path: Path) -> None:
    told = tmp_path / "metadata.csv"
    told.write_text(
        "file_name,started_at,ended_at,channel,customer_id\nc.txt,2026-11-02T23:30:00Z,2026-11-02T23:40Z,chat,k-1\n"
    )
    text = "Customer: Where is it?\nAgent: On its way.\n"
    intakes.run({"c.txt": text}, metadata=told)
    names = ("started_at", "ended_at", "day", "started_at_source", "channel", "customer_key")
    before = facts(intakes, *names)
    assert before[0]["started_at"] == datetime(2026, 11, 2, 23, 30, tzinfo=UTC) and before[0]["channel"] == "chat"
    assert counts(intakes.run({"c.txt": text})) == (1, 0, 1, 0)
    assert facts(intakes, *names) == before


def test_pieces_of_a_thread_keep_their_teams(intakes: Nights, sides: dict[str, Any]) -> None:
    whole = thread(*THREE, (91, "A last word"), agent_id=None)
    for turn, agent in ((1, "a-1"), (4, "a-9")):
        whole["turns"][turn]["agent_id"] = agent
    intakes.run({"a.jsonl": [whole]}, agents=sides["agents"])
    assert facts(intakes, "team") == ["south", None, "north"]
    assert counts(intakes.run({"b.jsonl": [whole]})) == (1, 0, 1, 0)


def test_side_files_are_remembered_under_hashed_keys(intakes: Nights, sides: dict[str, Any], tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef")
    key.chmod(0o600)
    settings = ["ingest.customer_keys=hashed", f"ingest.key_file={key}"]
    intakes.run({"a.jsonl": [contact("a1", **BARE)]}, settings, **sides)
    hashed = facts(intakes, "customer_key")
    assert counts(intakes.run({"b.jsonl": [contact("a1", **BARE)]}, settings)) == (1, 0, 1, 0)
    assert facts(intakes, "customer_key") == hashed != ["k-7"]
    assert b"k-7" not in b"".join(path.read_bytes() for path in intakes.store.glob("ledger.sqlite*"))
