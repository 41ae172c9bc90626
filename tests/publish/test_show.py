"""One contact in the terminal: marked words, sums that add up, nothing that a transcript could run."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from analyzer.errors import UsageError
from analyzer.publish.show import render_interaction
from analyzer.publish.terminal import visible, words
from analyzer.publish.wording import wording

from .test_agents import publish
from .world import EMPTY, TEAMS, MemoryTables, world

HURT, SOLVED = "c-043", "c-083"


BERLIN = ZoneInfo("Europe/Berlin")


def terminal(tables: MemoryTables, interaction_id: str, zone: ZoneInfo = BERLIN, **changes: Any) -> str:
    console = Console(width=140, record=True, force_terminal=True, quiet=False, file=open_null())
    console.print(render_interaction(tables, interaction_id, publish(**changes), zone))
    return console.export_text(styles=False)


def open_null() -> Any:
    import io

    return io.StringIO()


def with_turns(tables: MemoryTables, text: str) -> MemoryTables:
    turns = [row | {"text": text} for row in tables.read("turns").to_pylist()]
    return tables.having(turns=turns, cues=[])


def test_contact_shows_every_part() -> None:
    text = terminal(world(), HURT)
    for part in ("What was said", "Findings", "Why the score", "First-contact resolution", "Flags", "other contacts"):
        assert part in text
    assert "Dann kündige ich. So gehen Sie mit Leuten um" in text
    assert "Speaks of leaving 83%" in text
    assert "The customer speaks of leaving." in text


def test_cues_are_marked_in_their_words() -> None:
    turn = next(row for row in world().read("turns").to_pylist() if (row["interaction_id"], row["turn"]) == (HURT, 3))
    cues = [row for row in world().read("cues").to_pylist() if (row["interaction_id"], row["turn"]) == (HURT, 3)]
    marked = words(turn, cues, wording("en"))
    body = [span for span in marked.spans if span.end <= len(turn["text"])]
    assert {turn["text"][span.start : span.end] for span in body} == {cue["reason"] for cue in cues}
    assert len(body) == 3


def test_offsets_are_code_points_also_beyond_the_first_plane() -> None:
    turn: dict[str, Any] = {"text": "😀\x1b Ärger hier"}
    cue = {"label": "loyal.churn", "probability": 0.9, "start_char": 3, "end_char": 8}
    marked = words(turn, [cue], wording("en"))
    assert marked.plain[marked.spans[0].start : marked.spans[0].end] == "Ärger"


def test_contributions_add_up_to_the_score() -> None:
    outcome = next(row for row in world().read("outcomes").to_pylist() if row["interaction_id"] == HURT)
    last = next(line for line in terminal(world(), HURT).splitlines() if line.startswith("Score"))
    assert last.split()[-1] == f"{outcome['experience_score']:.2f}"


def test_markup_in_a_transcript_stays_text() -> None:
    hostile = "[bold red]x[/bold red] [link=file:///etc/passwd]y[/link] [/]"
    assert hostile in terminal(with_turns(world(), hostile), SOLVED)


def test_control_characters_are_made_visible() -> None:
    text = terminal(with_turns(world(), "a\x1b[2Jb\x07c\u202ed\x9be\rf"), SOLVED)
    assert "a␛[2Jb␇c\ufffdd\ufffde␍f" in text
    assert "\x1b" not in text


def test_visible_keeps_every_offset() -> None:
    every = "".join(map(chr, range(0x0, 0x2100)))
    assert len(visible(every)) == len(every)
    assert visible("Grüße, 😀 – ok\nzwei") == "Grüße, 😀 – ok\nzwei"


@pytest.mark.parametrize("mode", ["off", "team", "pseudonym", "named"])
def test_agents_appear_as_the_policy_says(mode: str) -> None:
    text = terminal(world(), HURT, agents=mode)
    assert any(agent in text for agent in TEAMS) == (mode == "named")
    assert ("agent-" in text) == (mode == "pseudonym")


@pytest.mark.parametrize("mode", ["off", "team", "pseudonym", "named"])
def test_agents_are_called_what_the_roster_calls_them_only_where_they_are_named(mode: str) -> None:
    mine = next(row for row in world().read("interaction_facts").to_pylist() if row["interaction_id"] == HURT)[
        "agent_ids"
    ]
    tables = world().having(agent_names=[{"agent_id": agent, "name": f"Name of {agent}"} for agent in mine])
    text = terminal(tables, HURT, agents=mode)
    assert [f"Name of {agent}" in text for agent in mine] == [mode == "named"] * len(mine)
    assert len(re.findall(r"(?<!of )a-0", text)) == 0


def test_turns_of_several_agents_name_each_as_the_report_does() -> None:
    facts = [row | {"agent_ids": ["a-01", "a-03"]} if row["interaction_id"] == HURT else row
             for row in world().read("interaction_facts").to_pylist()]  # fmt: skip
    turns = [
        row | {"agent_id": "a-03"} if row["speaker"] == "agent" else row for row in world().read("turns").to_pylist()
    ]
    names = [{"agent_id": "a-01", "name": "Miriam Sander"}, {"agent_id": "a-03", "name": "Priya Nair"}]
    text = terminal(world().having(interaction_facts=facts, turns=turns, agent_names=names), HURT, agents="named")
    assert "Miriam Sander, Priya Nair" in text and text.count("Priya Nair") > 1 and "a-03" not in text


def test_an_unknown_id_suggests_close_ones() -> None:
    with pytest.raises(UsageError, match=r"No contact 'c-0043'.*c-043") as caught:
        terminal(world(), "c-0043")
    assert caught.value.exit_code == 2
    with pytest.raises(UsageError, match="holds no contacts yet"):
        terminal(EMPTY, "c-1")


@pytest.mark.parametrize(("language", "zone_line"), [("en", "Times and days"), ("de", "Zeiten und Tage")])
def test_times_and_days_are_of_the_business_and_their_zone_is_named_once(language: str, zone_line: str) -> None:
    """A summer night's contact, another of the winter after it, and a promise for the end of a day in Berlin."""
    tables = world()
    facts = tables.read("interaction_facts").to_pylist()
    mine = next(row for row in facts if row["interaction_id"] == HURT)
    other = next(row for row in facts if row["customer_key"] == mine["customer_key"] and row is not mine)
    summer = {HURT: datetime(2026, 10, 24, 22, 5, tzinfo=UTC)}
    moved = summer | {other["interaction_id"]: datetime(2026, 10, 25, 23, 5, tzinfo=UTC)}
    rows = [row | {"started_at": moved.get(row["interaction_id"], row["started_at"])} for row in facts]
    promise = {"interaction_id": HURT, "day": mine["day"], "turn": 1, "text": "Morgen ist es da.", "status": "open",
               "promised_by": datetime(2026, 10, 26, 23, 30, tzinfo=UTC), "probability": 0.9}  # fmt: skip
    text = terminal(tables.having(interaction_facts=rows, commitments=[promise]), HURT, report_language=language)
    for day in ("25", "26"):  # ten past midnight, in summer and in winter time
        assert re.search(rf"{day}\.?\W+(Oct|Okt\.) 2026, 00:05(?! ?[A-Z])", text)
    assert re.search(r"Morgen ist es da\.\s+27", text)
    assert text.count(f"{zone_line}: Europe/Berlin") == 1 and "UTC" not in text


def test_german_is_german() -> None:
    text = terminal(world(), HURT, report_language="de")
    assert "Was gesagt und was darin gehört wurde" in text
    assert "ungelöst" in text


def test_a_contact_without_anything_understood_is_shown() -> None:
    bare = MemoryTables({name: world().read(name) for name in ("interaction_facts", "turns")})
    assert "Not scored" in terminal(bare, HURT)


def test_findings_show_the_likeliest_first_and_say_what_could_not_be_told() -> None:
    row = {"interaction_id": HURT, "number": None, "low": None, "high": None, "detector": "reason",
           "model_version": "m-1", "abstained": True, "name": "reason"}  # fmt: skip
    day = next(r["day"] for r in world().read("interaction_facts").to_pylist() if r["interaction_id"] == HURT)
    shares = {"claim": 0.1, "refund": 0.3, "outage": 0.01}
    findings = [row | {"value": value, "probability": share, "day": day} for value, share in shares.items()]
    lines = [line for line in terminal(world().having(findings=findings), HURT).splitlines() if "cannot tell" in line]
    assert ["Refund" in lines[0], "Claim" in lines[1], len(lines)] == [True, True, 2]


def test_a_contact_that_is_not_the_first_says_so_once() -> None:
    rows = [row | {"status": "not_first", "probability": None} for row in world().read("fcr").to_pylist()]
    text = terminal(world().having(fcr=rows), HURT)
    assert text.count("not the first contact") == 1


def test_german_contact_holds_no_code_and_counts_turns_from_one() -> None:
    text = terminal(world(), HURT, report_language="de")
    told = {row["label"] for row in world().read("cues").to_pylist() if row["interaction_id"] == HURT}
    assert told and not any(label in text for label in told)
    assert not any(word in text for word in ("as labelled", "at turn", "random audit"))
    first = text.split("Was gesagt und was darin gehört wurde")[1].splitlines()[1]
    assert first.split()[0] == "1"


def test_opportunities_stand_in_the_order_of_their_turns_and_numbers_right() -> None:
    tables = world()
    one = next(row for row in tables.read("findings").to_pylist() if row["interaction_id"] == HURT)
    added = [one | {"name": "opportunity", "value": f"hurt at turn {turn}", "number": float(turn), "probability": None,
                    "abstained": False} for turn in (2, 11, 5)]  # fmt: skip
    promise = {"interaction_id": HURT, "day": one["day"], "turn": 1, "text": "Bis dann.", "status": "open",
               "promised_by": None, "probability": 0.9}  # fmt: skip
    text = terminal(tables.having(findings=added, commitments=[promise]), HURT)
    assert re.findall(r"turn (\d+)", text) == ["3", "6", "12"]
    assert "Turn  Promise" in text and "   2  Bis dann." in text


def test_a_probability_is_no_degree_of_being_solved() -> None:
    text = terminal(world(), HURT, report_language="de")
    assert re.search(r"ungelöst \(Wahrscheinlichkeit der Lösung: \d+\W%\)", text)


def test_findings_are_told_in_words_of_the_language() -> None:
    tables = world()
    more = [
        {"name": "opportunity", "value": "hurt at turn 2", "number": 2.0},
        {"name": "role", "value": "as labelled", "number": None},
        {"name": "effort", "value": "4.54", "number": 4.5372},
    ]
    findings = tables.read("findings").to_pylist()
    one = next(row for row in findings if row["interaction_id"] == HURT)
    added = [one | row | {"probability": 0.9, "abstained": False} for row in more]
    text = terminal(tables.having(findings=added), HURT, report_language="de")
    for told in ("abgetan, Beitrag 3", "wie angegeben", "4,54"):
        assert told in text
