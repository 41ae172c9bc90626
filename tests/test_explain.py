"""Where a number comes from: names, steps that agree with the tables, agents as the policy shows them."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from rich.console import Console

from analyzer.commands.explain import _plain
from analyzer.config import PublishSettings, load_settings
from analyzer.errors import UsageError
from analyzer.explain.contact import ContactExplained
from analyzer.explain.customer import CustomerExplained
from analyzer.explain.names import Asked, Explained, explain, nearest
from analyzer.explain.page import render
from analyzer.explain.unit import UnitExplained, period_days
from analyzer.journey.signals import opening_words
from analyzer.publish.agents import agent_policy, pseudonym
from analyzer.publish.reading import interactions
from analyzer.records import CHANNELS

from .publish.test_agents import publish
from .publish.world import AS_OF, EMPTY, TEAMS, MemoryTables, world

HURT = "c-043"
BERLIN = ZoneInfo("Europe/Berlin")


def told(
    name: str, tables: MemoryTables | None = None, settings: PublishSettings | None = None, **more: Any
) -> Explained:
    return explain(tables or world(), Asked(name, **more), settings or publish(), load_settings().loyalty)


def unit(name: str, **more: Any) -> UnitExplained:
    found = told(name, **more)
    assert isinstance(found, UnitExplained)
    return found


def page(explained: Explained, language: Any = "en", width: int = 140, zone: ZoneInfo = BERLIN) -> str:
    console = Console(width=width, record=True, force_terminal=True, file=io.StringIO())
    console.print(render(explained, language, zone))
    return console.export_text(styles=False)


def of_agent(agent: str) -> str:
    return pseudonym(world().secret("agents"), agent)


def rows(name: str, **equal: Any) -> list[dict[str, Any]]:
    return [row for row in world().read(name).to_pylist() if all(row[key] == value for key, value in equal.items())]


def test_unit_is_its_newest_month_and_the_experience_of_its_contacts() -> None:
    found = unit("voice")
    published = rows("unit_scores", unit_id="voice", period="2026-11", measure="experience_contact")[0]
    assert (found.kind, found.estimate["value"], found.estimate["n"]) == ("channel", published["value"], published["n"])
    assert found.contacts == published["n"] and {row["measure"] for row in found.beside} >= {"fcr_rate", "empathy"}


def test_contacts_behind_a_unit_give_its_raw_mean() -> None:
    for measure in ("experience_contact", "resolved_rate", "empathy"):
        found = unit("chat", measure=measure, period="2026-11")
        column = {"resolved_rate": "resolved_probability"}.get(measure, measure)
        mine = [
            row for row in interactions(world()).to_pylist() if row["channel"] == "chat" and row[column] is not None
        ]
        assert found.contacts == len(mine)
        values = sorted(row[column] for row in mine)
        assert found.lowest[0].value == pytest.approx(values[0]) and found.highest[0].value == pytest.approx(values[-1])
        assert sum(values) / len(values) == pytest.approx(found.estimate["raw_mean"])


def test_no_contact_stands_among_the_best_and_the_worst() -> None:
    for period in unit("voice").periods:
        found = unit("voice", period=period)
        shown = [contact.interaction_id for contact in (*found.lowest, *found.highest)]
        assert len(shown) == len(set(shown)) == min(found.contacts, 10)


def test_parts_are_what_sets_the_contacts_apart() -> None:
    parts = unit("voice").parts
    gaps = [abs(part.points - part.all_points) for part in parts]
    assert gaps == sorted(gaps, reverse=True) and {part.part for part in parts} >= {"resolution", "effort"}
    assert not {"base", "repeat", "promise"} & {part.part for part in parts}


def test_contacts_behind_a_score_say_what_moved_them_most() -> None:
    contact = unit("voice").lowest[0]
    points = {row["component"]: row["points"] for row in rows("contributions", interaction_id=contact.interaction_id)
              if row["component"] not in ("base", "repeat", "promise")}  # fmt: skip
    assert contact.moved_by and abs(contact.moved_by[0][1]) == pytest.approx(max(map(abs, points.values())))
    assert all(points[part] == pytest.approx(moved) for part, moved in contact.moved_by)
    assert unit("voice", measure="empathy").lowest[0].moved_by == ()


def test_page_of_a_unit_shows_every_step_with_its_number() -> None:
    found = unit("voice")
    text = page(found)
    for step in ("Seen", "Raw", "Adjusted", "Value", "Interval", "Error basis", "Where the number comes from"):
        assert step in text
    assert f"{found.estimate['raw_mean']:.1f}" in text and f"{found.estimate['value']:.1f}" in text
    assert "no audit by people has corrected" in text and found.estimate["method"][:30] in text


def test_case_mix_says_whether_contacts_were_harder() -> None:
    def harder(row: dict[str, Any]) -> dict[str, Any]:
        return row | {"adjusted": row["raw_mean"] + 3.0, "value": row["raw_mean"] + 2.0}

    scores = [harder(row) if row["unit_id"] == "voice" else row for row in world().read("unit_scores").to_pylist()]
    tables = world().having(unit_scores=scores)
    assert "were harder than the others'" in page(told("voice", tables)) and "3.0 higher" in page(told("voice", tables))
    effort = told("voice", tables, measure="effort")
    assert "were easier than the others'" in page(effort)


def test_too_few_contacts_are_said_first() -> None:
    few = [row | {"sufficient": row["unit_id"] != "voice"} for row in world().read("unit_scores").to_pylist()]
    assert "too little is known" in page(told("voice", world().having(unit_scores=few)))


def test_agents_are_found_by_what_reports_call_them() -> None:
    name = of_agent("a-03")
    found = unit(name)
    text = page(found)
    assert found.unit_id == name and name in text and "a-03" not in text
    assert "a-03" not in json.dumps(found.as_json(), default=_plain)
    assert unit("a-03", settings=publish(agents="named")).unit_id == "a-03"


@pytest.mark.parametrize("agents", ["off", "team", "pseudonym"])
def test_an_agents_own_name_tells_nothing_unless_agents_are_named(agents: str) -> None:
    with pytest.raises(UsageError, match=f"publish.agents = {agents}"):
        told("a-03", settings=publish(agents=agents))


def test_named_agents_are_called_what_the_report_calls_them_and_found_by_name_and_id() -> None:
    tables, named = world().having(agent_names=[{"agent_id": "a-03", "name": "Priya Nair"}]), publish(agents="named")
    report = agent_policy(tables, named).shown("unit_scores", tables.read("unit_scores"))["unit_id"].to_pylist()
    assert "Priya Nair" in report
    for asked in ("Priya Nair", "a-03"):
        found = told(asked, tables, named)
        text = page(found)
        assert text.startswith("Priya Nair") and "a-03" not in text
        assert found.as_json()["unit_id"] == "a-03" and found.as_json()["called"] == "Priya Nair"
    mine = rows("interaction_agents", agent_id="a-03")[0]["interaction_id"]
    text = page(told(mine, tables, named))
    assert len(re.findall(r"Agent +Priya Nair", text)) == 2 and "a-03" not in text
    with pytest.raises(UsageError, match="Did you mean Priya Nair") as error:
        told("Priya Nahir", tables, named)
    assert "Priya Nair" not in str(error.value).replace(error.value.hint or "", "")
    with pytest.raises(UsageError, match="agent: Priya Nair, a-01, a-02, a-0"):
        told("qqqqqqqq", tables, named)


@pytest.mark.parametrize("agents", ["off", "team", "pseudonym"])
def test_names_on_the_roster_are_not_shown_unless_agents_are_named(agents: str) -> None:
    tables, policy = world().having(agent_names=[{"agent_id": "a-03", "name": "Priya Nair"}]), publish(agents=agents)
    with pytest.raises(UsageError):
        told("Priya Nair", tables, policy)
    mine = rows("interaction_agents", agent_id="a-03")[0]["interaction_id"]
    contact = told(mine, tables, policy)
    assert "Priya" not in page(contact) + json.dumps(contact.as_json(), default=_plain)


@pytest.mark.parametrize("agents", ["off", "team"])
def test_agents_and_small_teams_are_no_units_where_they_are_not_shown(agents: str) -> None:
    for name in (of_agent("a-03"), "south"):
        with pytest.raises(UsageError) as error:
            told(name, settings=publish(agents=agents))
        assert "agent-" not in error.value.hint
    contact = told(HURT, settings=publish(agents=agents))
    assert isinstance(contact, ContactExplained) and "agent" not in {row["kind"] for row in contact.counts_for}
    text = page(contact)
    assert not any(agent in text or of_agent(agent) in text for agent in TEAMS)


def test_unknown_names_are_answered_with_the_nearest() -> None:
    for wrong, meant in (("nroth", "north"), ("Voice", "voice"), ("c-0433", "c-043")):
        with pytest.raises(UsageError, match="Did you mean") as error:
            told(wrong)
        assert meant in error.value.hint
    with pytest.raises(UsageError, match="holds no contacts"):
        told("north", EMPTY)
    with pytest.raises(UsageError, match="channel: chat"):
        told("qqqqqqqq")
    assert nearest("NORTH", ["south", "north"])[0] == "north"


def test_a_name_of_two_things_must_be_told_apart() -> None:
    twice = [*world().read("unit_scores").to_pylist(),
             *(row | {"unit_kind": "queue"} for row in rows("unit_scores", unit_id="voice"))]  # fmt: skip
    tables = world().having(unit_scores=twice)
    with pytest.raises(UsageError, match="is a channel and a queue"):
        told("voice", tables)
    assert told("voice", tables, kind="channel").as_json()["kind"] == "channel"


def test_wrong_measures_and_periods_are_answered_with_what_there_is() -> None:
    with pytest.raises(UsageError, match="experience_contact"):
        told("voice", measure="nps")
    with pytest.raises(UsageError, match="2026-W47"):
        told("voice", period="2025")


def test_periods_are_the_days_they_say() -> None:
    assert [day.isoformat() for day in period_days("2026-11")] == ["2026-11-01", "2026-11-30"]
    assert [day.isoformat() for day in period_days("2026-W01")] == ["2025-12-29", "2026-01-04"]
    assert [day.isoformat() for day in period_days("2028-02")] == ["2028-02-01", "2028-02-29"]


def customer() -> CustomerExplained:
    found = told(rows("customers")[0]["customer_key"])
    assert isinstance(found, CustomerExplained)
    return found


def test_customer_is_told_from_what_was_known_on_the_day() -> None:
    key = customer().customer_key
    record = {"customer_key": key, "known_at": AS_OF, "source_uri": "f"}
    later = AS_OF.replace(year=2027)
    given = [record | {"as_of": AS_OF.replace(day=1), "fact": "nps", "number": 3.0},
             record | {"as_of": AS_OF.replace(day=9), "fact": "nps", "number": 8.0},
             record | {"as_of": later, "fact": "nps", "number": 10.0},
             record | {"as_of": AS_OF, "known_at": later, "fact": "tier", "text": "high"}]  # fmt: skip
    found = told(key, world().having(loyalty_records=given))
    assert isinstance(found, CustomerExplained)
    assert [(row["fact"], row["number"]) for row in found.facts] == [("nps", 8.0)]
    assert (found.facts[0]["side"], found.facts[0]["points"]) == ("attitude", 80.0)
    assert "Recommends us (0–10)" in page(found) and "9 Nov 2026" in page(found)


def test_readings_give_the_satisfaction_that_was_counted() -> None:
    facts = [row | {"csat": None} for row in world().read("interaction_facts").to_pylist()]
    key = next(row["customer_key"] for row in facts if row["customer_key"] and row["satisfaction"] is not None)
    mine = [row for row in facts if row["customer_key"] == key and row["satisfaction"] is not None]
    rated = {"survey_id": "s", "customer_key": key, "interaction_id": mine[0]["interaction_id"], "source_uri": "f",
             "answered_at": AS_OF, "item": "csat", "answer": 5.0, "good": 1.0}  # fmt: skip
    found = told(key, world().having(interaction_facts=facts, surveys=[rated]))
    assert isinstance(found, CustomerExplained)
    newest = {row["interaction_id"]: row for row in found.readings}
    assert newest[mine[0]["interaction_id"]]["told"] and newest[mine[0]["interaction_id"]]["value"] == 100.0
    assert newest[mine[0]["interaction_id"]]["weight"] == pytest.approx(1.0) and len(newest) == len(mine)
    assert all(0 < row["weight"] <= 1 and 0 <= row["value"] <= 100 for row in found.readings)


def test_customer_shows_contacts_matters_and_reasons_without_their_words() -> None:
    mine = [row for row in world().read("interaction_facts").to_pylist() if row["customer_key"] is not None]
    key = max({row["customer_key"] for row in mine}, key=lambda one: sum(row["customer_key"] == one for row in mine))
    found = told(key)
    assert isinstance(found, CustomerExplained)
    ids = {row["interaction_id"] for row in mine if row["customer_key"] == key}
    text = page(found, width=200)
    assert {row["interaction_id"] for row in found.contacts} == ids and all(one in text for one in ids)
    said = [row["text"] for row in world().read("turns").to_pylist() if row["interaction_id"] in ids]
    everything = json.dumps(found.as_json(), default=_plain, ensure_ascii=False) + text
    assert said and not any(words in everything for words in said if len(words) > 20)
    assert found.first_contacts == sum(row["fcr_status"] in ("confirmed", "refuted", "open", "silent") and
                                       row["fcr_probability"] is not None for row in found.contacts)  # fmt: skip


def test_clear_customer_numbers_find_hashed_keys() -> None:
    key = customer().customer_key
    loyalty = load_settings().loyalty
    found = explain(world(), Asked("4711"), publish(), loyalty, lambda name: key if name == "4711" else name)
    assert isinstance(found, CustomerExplained) and found.customer_key == key


def test_contact_adds_up_to_its_score() -> None:
    found = told(HURT)
    assert isinstance(found, ContactExplained)
    total = sum(row["points"] for row in found.contributions)
    assert total == pytest.approx(found.contact["experience_score"]) and found.contributions[0]["component"] == "base"
    text = page(found)
    assert "Most against it" in text and f"{total:.2f}" in text and "Speaks of leaving" in text
    assert sum(row["share"] for row in found.counts_for if row["kind"] == "agent") == pytest.approx(1)


def test_words_are_kept_back_where_quotes_are_off() -> None:
    cue = next(row for row in rows("cues", interaction_id=HURT) if row["found"])
    assert cue["reason"] in page(told(HURT))
    assert cue["reason"] not in page(told(HURT, settings=publish(quotes="false")))


def judged_promise(words: str, channel: str = "voice") -> MemoryTables:
    """A promise of HURT that another contact, which begins with ``words``, is the evidence of."""
    facts = rows("interaction_facts")
    other = next(row for row in facts if row["interaction_id"] != HURT)
    other["channel"] = channel
    mine = rows("interaction_facts", interaction_id=HURT)[0]
    promise = {"interaction_id": HURT, "day": mine["day"], "turn": 1, "text": "Das Geld kommt.", "status": "kept",
               "evidence_interaction_id": other["interaction_id"], "probability": 0.9}  # fmt: skip
    kept = [row for row in rows("turns") if row["interaction_id"] != other["interaction_id"]]
    of_it = {"interaction_id": other["interaction_id"], "day": other["day"]}
    begun = [of_it | {"turn": turn, "speaker": who, "text": said}
             for turn, (who, said) in enumerate([("agent", "Guten Tag"), ("customer", words), ("agent", "Oh."),
                                                 ("customer", "Der Rest?"), ("customer", "Später")])]  # fmt: skip
    return world().having(commitments=[promise], turns=[*kept, *begun], interaction_facts=facts)


@pytest.mark.parametrize("channel", CHANNELS)
def test_opening_shown_is_the_one_that_the_journey_heard(channel: str) -> None:
    tables = judged_promise("Angekommen ist nichts.", channel)
    found = told(HURT, tables)
    assert isinstance(found, ContactExplained)
    (shown,) = found.openings.items()
    contacts = pd.DataFrame({"contact_id": [shown[0]], "channel": [channel]})
    heard = opening_words(tables.read("turns").to_pandas(), contacts)[shown[0]]
    assert shown[1].split(" / ") == heard.split("\n")
    assert len(heard.split("\n")) == (1 if channel in ("email", "social") else 2)


def test_a_promise_shows_with_which_words_the_customer_came_back() -> None:
    tables = judged_promise("Angekommen sind aber 99 statt 109.")
    found = told(HURT, tables)
    assert isinstance(found, ContactExplained)
    assert "“Angekommen sind aber 99 statt 109. / Der Rest?”" in page(found, width=200)
    assert "„Angekommen sind aber 99 statt 109. / Der Rest?“" in page(found, "de", width=200)
    assert list(found.openings.values()) == ["Angekommen sind aber 99 statt 109. / Der Rest?"]
    quiet = told(HURT, tables, publish(quotes="false"))
    assert "99 statt" not in page(quiet) + json.dumps(quiet.as_json(), default=_plain)
    long = page(told(HURT, judged_promise("wort " * 200 + "[red]\x1b[2J")), width=200)
    assert "wort …”" in long and long.count("wort") < 80


@pytest.mark.parametrize("name", ["voice", HURT, "customer"])
def test_every_page_speaks_german_and_is_no_markup(name: str) -> None:
    found = customer() if name == "customer" else told(name)
    english, german = page(found), page(found, "de")
    assert german != english and "\x1b" not in german
    assert not any(words in german for words in ("Where the number", "How it was", "Error basis", "Why the score"))
    assert any(words in german for words in ("Woher die Zahl", "Loyalität", "Fehlerbasis"))


@pytest.mark.parametrize("name", ["voice", HURT, "customer"])
def test_json_holds_what_the_page_shows(name: str) -> None:
    found = customer() if name == "customer" else told(name)
    read = json.loads(json.dumps(found.as_json(), default=_plain))
    assert read["explained"] == {"voice": "unit", HURT: "contact"}.get(name, "customer")
    assert read == json.loads(json.dumps(read))


LATE = datetime(2026, 11, 8, 23, 30, tzinfo=UTC)  # half past midnight of the 9th in Berlin


@pytest.mark.parametrize(("language", "zone_line"), [("en", "Times and days"), ("de", "Zeiten und Tage")])
def test_every_page_is_in_the_zone_of_the_business_and_names_it_once(language: str, zone_line: str) -> None:
    mine = rows("interaction_facts", interaction_id=HURT)[0]
    promise = {"interaction_id": HURT, "day": mine["day"], "turn": 1, "text": "Bis dann.", "status": "open",
               "promised_by": LATE, "probability": 0.9}  # fmt: skip
    facts = [row | {"started_at": LATE} if row["interaction_id"] == HURT else row for row in rows("interaction_facts")]
    record = {"customer_key": mine["customer_key"], "known_at": LATE, "source_uri": "f", "as_of": LATE,
              "fact": "contract_end", "time": LATE}  # fmt: skip
    scores = [row | {"as_of": LATE} for row in rows("unit_scores")]
    tables = world().having(
        interaction_facts=facts, commitments=[promise], loyalty_records=[record], unit_scores=scores
    )
    for name in (HURT, mine["customer_key"], "voice"):
        text = page(told(name, tables), language)
        assert re.search(r"\b9\.?\W+Nov\.? 2026", text) and not re.search(r"\b8\.?\W+Nov\.? 2026", text)
        assert text.count(f"{zone_line}: Europe/Berlin") == 1 and "UTC" not in text
    assert "00:30" in page(told(HURT, tables), language)


def test_customers_page_speaks_in_words_and_says_what_the_company_may_do() -> None:
    key = customer().customer_key
    record = {"customer_key": key, "known_at": AS_OF, "source_uri": "f", "as_of": AS_OF}
    answers = [{"survey_id": "s", "customer_key": key, "source_uri": "f", "answered_at": AS_OF, "item": item,
                "answer": 3.0} for item in ("csat", "ces", "nps", "own_question")]  # fmt: skip
    for may, said in ((0.0, "die Firma darf diesen Kunden nicht ansprechen"), (None, "liegt nicht vor"),
                      (1.0, "darf diesen Kunden ansprechen.")):  # fmt: skip
        facts = [record | {"fact": "tier", "text": "medium"}]
        facts += [] if may is None else [record | {"fact": "may_contact", "number": may}]
        text = page(told(key, world().having(loyalty_records=facts, surveys=answers, action_lists=[])), "de")
        assert re.search(said, text, re.IGNORECASE)
    assert re.search(r"Wertstufe +mittel", text) and "alle 60 Tage die Hälfte" in text
    for item in ("Zufriedenheit (CSAT)", "Aufwand (CES)", "Würde uns empfehlen (NPS)", "own question"):
        assert item in text


def test_one_first_contact_is_told_with_its_probability() -> None:
    found = replace(customer(), first_contacts=1, resolved=0.118)
    assert "the probability that it was solved is 12%" in page(found)
    assert "gelöst ist er mit 12 % Wahrscheinlichkeit" in page(found, "de").replace("\u202f", " ")


def test_a_value_stands_higher_or_lower_than_what_it_was_drawn_from() -> None:
    for gap, english, german in ((2.0, "2.0 higher", "um 2,0 höher"), (-2.0, "2.0 lower", "um 2,0 tiefer")):
        scores = [row | ({"adjusted": 50.0, "value": 50.0 + gap} if row["unit_id"] == "voice" else {})
                  for row in rows("unit_scores")]  # fmt: skip
        found = told("voice", world().having(unit_scores=scores))
        assert f"Drawn towards the others it stands {english}" in page(found, width=300)
        assert f"Zu den anderen gezogen liegt es {german}" in page(found, "de", width=300)


def test_german_pages_say_how_it_was_estimated_in_german() -> None:
    method = "mean of calibrated readings; case mix within agents (channel, queue); one-way REML, normal shrinkage"
    scores = [row | {"method": method} for row in rows("unit_scores")]
    text = page(told("voice", world().having(unit_scores=scores)), "de", width=300)
    assert "Verfahren  Mittel" in text and "shrinkage" not in text and "readings" not in text


def test_hostile_names_do_not_reach_the_terminal() -> None:
    hostile = "[red]x\x1b[2J"
    moved = [row | {"customer_key": hostile} for row in world().read("interaction_facts").to_pylist()]
    found = told(hostile, world().having(interaction_facts=moved, customers=[]))
    text = page(found)
    assert "[red]x␛[2J" in text and "\x1b[2J" not in text


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("width", [70, 80])
@pytest.mark.parametrize("kind", ["customer", "contact", "unit"])
def test_narrow_terminals_break_lines_between_words_and_cut_nothing(kind: str, width: int, language: str) -> None:
    found = {"customer": customer, "contact": lambda: told(HURT), "unit": lambda: unit("voice")}[kind]()
    narrow, wide = page(found, language, width), page(found, language, 400)
    assert narrow.count("…") == wide.count("…")
    assert max(map(len, narrow.rstrip().splitlines())) <= width
    words = {word for word in wide.split() if word.isalpha()}
    assert words <= {word.strip(":") for word in narrow.split()}
