"""Who has a part in a contact and is scored for it: agents by their own turns; no supervisor, bot or menu."""

from __future__ import annotations

from typing import Any

import pytest

from .dumps import contact
from .nights import Nights
from .test_legs import files, leg

Part = tuple[str, int, int, str, float]  # agent, first and last turn, role, share
Turns = list[tuple[str, str | None]]

# (what, speakers with their agent_id, other facts, parts, closer)
CASES: list[tuple[str, Turns, dict[str, Any], list[Part], str | None]] = [
    ("transfer", [("agent", "x"), ("customer", None), ("agent", "x"), ("agent", "y"), ("customer", None),
                  ("agent", "y")],
     {"agent_id": None, "transfers": 1}, [("x", 0, 2, "opener", 0.5), ("y", 3, 5, "closer", 0.5)], "y"),
    ("consultation", [("agent", "x"), ("agent", "y"), ("customer", None), ("agent", "x"), ("agent", "x")],
     {"agent_id": None}, [("x", 0, 0, "opener", 0.25), ("y", 1, 1, "middle", 0.25), ("x", 3, 4, "closer", 0.5)], "x"),
    ("supervisor barges in and ends it", [("customer", None), ("agent", None), ("supervisor", "s"), ("agent", None),
                                          ("supervisor", None)],
     {"agent_id": "x"}, [("x", 1, 3, "sole", 1.0)], "x"),
    ("supervisor alone", [("customer", None), ("supervisor", "s")], {"agent_id": None}, [], None),
    ("menu and bot before the agent", [("ivr", "m"), ("customer", None), ("bot", "b"), ("agent", None)],
     {"agent_id": "x"}, [("x", 3, 3, "sole", 1.0)], "x"),
    ("bot alone, named as the agent", [("bot", "b"), ("customer", None), ("bot", "b")], {"agent_id": "b"}, [], None),
    ("agent who speaks as bot too", [("bot", "x"), ("customer", None), ("agent", "x")],
     {"agent_id": "x"}, [("x", 2, 2, "sole", 1.0)], "x"),
    ("transfer that names nobody", [("agent", None), ("customer", None), ("agent", None)],
     {"agent_id": "x", "transfers": 1}, [], "x"),
    ("a stretch of nobody knows whom", [("agent", None), ("customer", None), ("agent", "y"), ("agent", "x")],
     {"agent_id": "x"}, [("y", 2, 2, "opener", 0.5), ("x", 3, 3, "closer", 0.5)], "x"),
]  # fmt: skip


def spoken(key: str, speakers: Turns, **changes: Any) -> dict[str, Any]:
    turns = [
        {"speaker": who, "text": f"Words {n}.", "start_ms": n * 10_000, "end_ms": n * 10_000 + 5000, "agent_id": name}
        for n, (who, name) in enumerate(speakers)
    ]
    return contact(key, turns=turns, channel="voice", **changes)


def parts_by_contact(nights: Nights) -> dict[str, list[Part]]:
    parts: dict[str, list[Part]] = {}
    for row in sorted(nights.rows("interaction_agents"), key=lambda row: (row["interaction_id"], row["leg"])):
        part = (row["agent_id"], row["first_turn"], row["last_turn"], row["role"], row["share"])
        parts.setdefault(row["interaction_id"], []).append(part)
    return parts


def test_parts_are_those_of_agents_alone(nights: Nights) -> None:
    nights.run({"a.jsonl": [spoken(f"c{n}", case[1], **case[2]) for n, case in enumerate(CASES)]})
    closers = {row["interaction_id"]: row["agent_id"] for row in nights.rows("interaction_facts")}
    found = parts_by_contact(nights)
    for n, (what, _, _, parts, closer) in enumerate(CASES):
        assert (found.get(f"c{n}", []), closers[f"c{n}"]) == (parts, closer), what
    scored = {row["unit_id"] for row in nights.rows("unit_scores") if row["unit_kind"] == "agent"}
    assert scored == {"x", "y"}
    named = {row["agent_id"] for row in nights.rows("turns") if row["is_supervisor"]}
    assert named == {"s", "supervisor"}


def test_supervisor_of_a_genesys_call_has_no_part_and_does_not_close_it(intakes: Nights) -> None:
    call = leg("1", 0, ("a", "Hello."), ("c", "No!"), ("a", "I am in charge here."))
    start = call["startTime"]
    agent = call["participants"][1] | {"endTimeMs": start + 16_000}
    joined = {"participantPurpose": "supervisor", "userId": "s", "startTimeMs": start + 18_000}
    intakes.run(files(call | {"participants": [call["participants"][0], agent, joined]}))
    assert [row["agent_id"] for row in intakes.rows("interaction_agents")] == ["u-1"]
    assert intakes.rows("interaction_facts", "agent_id") == ["u-1"]
    told = {row["turn"]: (row["agent_id"], row["is_supervisor"]) for row in intakes.rows("turns")}
    assert told == {0: ("u-1", False), 1: (None, False), 2: ("s", True)}


def test_supervisor_of_a_vcon_has_no_part(intakes: Nights) -> None:
    parties = [{"name": "K", "role": "customer", "tel": "+15550100"},
               {"name": "A", "role": "agent", "mailto": "a@x.example"},
               {"name": "S", "role": "supervisor", "mailto": "s@x.example"}]  # fmt: skip
    dialogs = [
        {"type": "text", "start": f"2026-11-02T09:0{n}:00Z", "parties": [who], "originator": who,
         "mediatype": "text/plain", "body": f"Words {n}.", "encoding": "none"}
        for n, who in enumerate((0, 1, 2))
    ]  # fmt: skip
    intakes.run({"v.json": {"vcon": "0.0.2", "uuid": "u-1", "created_at": "2026-11-02T10:00:00Z", "parties": parties,
                            "dialog": dialogs, "analysis": [], "attachments": []}})  # fmt: skip
    assert [row["is_supervisor"] for row in intakes.rows("turns")] == [False, False, True]
    assert len(intakes.rows("interaction_agents")) == 1


@pytest.mark.parametrize("told", [True, False], ids=["an end is told", "its turns tell the end"])
@pytest.mark.parametrize("minutes", [3, 30])
def test_redial_counts_as_one_contact_whichever_call_comes_first(nights: Nights, minutes: int, told: bool) -> None:
    first = spoken("a1", [("customer", None), ("agent", None)], ended_at="2026-11-02T09:12:00Z" if told else None)
    first["turns"][1] |= {"start_ms": 300_000, "end_ms": 12 * 60_000}
    again = contact("a2", channel="voice", started_at=f"2026-11-02T09:{12 + minutes:02}:00Z")
    nights.run({"a.jsonl": [again]})
    nights.run({"a.jsonl": [first]})
    status = {row["interaction_id"]: row["fcr_status"] for row in nights.rows("outcomes")}
    assert (status["a1"] == "refuted", status["a2"]) == (minutes == 30, "not_first")
