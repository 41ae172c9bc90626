"""What is learned later moves nothing: every kind of input gets a fact from the future, and no byte moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from analyzer.loyalty.assess import LoyaltyTables, assess_loyalty
from analyzer.loyalty.records import read_loyalty
from analyzer.tables import STORED
from tests.loyalty.worlds import AS_OF, contacts, days_ago, leaving_world, records, settings, surveys

LATER = AS_OF + timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Inputs:
    facts: pd.DataFrame
    links: pd.DataFrame
    experience: pd.DataFrame
    cues: pd.DataFrame
    records: pa.Table
    surveys: pa.Table
    verdicts: pa.Table
    initiatives: pa.Table


@cache
def world() -> Inputs:
    """Contacts, notices, answers, audits and initiatives enough for every table to say something."""
    facts, known = leaving_world(120, effect=0.3, seed=12)
    facts["language"] = "de"
    facts["csat"] = None
    ids = facts["interaction_id"].tolist()
    links = pd.DataFrame({"interaction_id": ids, "fcr_status": "confirmed", "prior_contacts": 0.0})
    experience = pd.DataFrame({"interaction_id": ids, "experience_contact": 60.0})
    cues = pd.DataFrame(
        {"interaction_id": ids, "turn": 1, "label": "expect.unmet", "found": True, "probability": 0.9}
    )  # fmt: skip
    asked = facts[["interaction_id", "customer_key", "ended_at"]].iloc[::3]
    answers = surveys(
        *(
            {"customer_key": key, "interaction_id": one, "days": (AS_OF - ended).total_seconds() / 86400 - 0.1,
             "item": "csat", "good": 0.5 + 0.1 * (place % 5)}
            for place, (one, key, ended) in enumerate(asked.itertuples(index=False))
            if (AS_OF - ended).total_seconds() > 86400
        )
    )  # fmt: skip
    keys = sorted(set(facts["customer_key"]))
    more = records(
        *({"customer_key": key, "days": 100, "nps": place % 11, "tenure_months": place % 70}
          for place, key in enumerate(keys))
    )  # fmt: skip
    deeds = [deed(key, 120, held=place % 2 == 0) for place, key in enumerate(keys[:60])]
    audits = [verdict(one, 30) for one in ids[:40]]
    return Inputs(
        facts, links, experience, cues, pa.concat_tables([known, more]), answers,
        STORED["verdicts"].from_rows(audits), STORED["initiatives"].from_rows(deeds),
    )  # fmt: skip


def deed(key: str, days: float, *, held: bool) -> dict[str, Any]:
    return {"customer_key": key, "list": "at_risk", "done_at": days_ago(days), "kind": "call", "held_out": held,
            "source_uri": "f"}  # fmt: skip


def verdict(interaction: str, days: float) -> dict[str, Any]:
    return {"verdict_id": f"v-{interaction}-{days}", "interaction_id": interaction, "finding": "satisfaction",
            "answer": "4", "reviewer": "r", "answered_at": days_ago(days), "blind": True, "sampling_probability": 0.1,
            "content_hash": "h", "model_version": "m", "use": "audit"}  # fmt: skip


def assess(given: Inputs) -> LoyaltyTables:
    return assess_loyalty(
        given.facts, given.links, given.experience, given.cues, given.records, given.surveys, settings(), AS_OF,
        verdicts=given.verdicts, initiatives=given.initiatives,
    )  # fmt: skip


def as_bytes(found: LoyaltyTables) -> dict[str, bytes]:
    written = {}
    for field in fields(found):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, getattr(found, field.name).schema) as stream:
            stream.write_table(getattr(found, field.name).combine_chunks())
        written[field.name] = sink.getvalue().to_pybytes()
    return written


@cache
def plain() -> dict[str, bytes]:
    return as_bytes(assess(world()))


def one_contact(**changes: Any) -> pd.DataFrame:
    row = {"customer_key": "k-00001", "days": -1.0, "satisfaction": 1.0, "churn_talk_probability": 0.99} | changes
    made = contacts(row)
    made["interaction_id"] = "c-future"
    return made


def with_contact(given: Inputs, made: pd.DataFrame) -> Inputs:
    """The contact and all that would be told of it."""
    extra = {"interaction_id": ["c-future"]}
    return replace(
        given,
        facts=pd.concat([given.facts, made], ignore_index=True),
        links=pd.concat([given.links, pd.DataFrame(extra | {"fcr_status": "refuted", "prior_contacts": 3.0})]),
        experience=pd.concat([given.experience, pd.DataFrame(extra | {"experience_contact": 1.0})]),
        cues=pd.concat(
            [
                given.cues,
                pd.DataFrame(extra | {"turn": 1, "label": "expect.exceeded", "found": True, "probability": 1.0}),
            ]
        ),
    )


def contact_of_tomorrow(given: Inputs) -> Inputs:
    return with_contact(given, one_contact())


def contact_still_running(given: Inputs) -> Inputs:
    return with_contact(given, one_contact(days=0.001, ended_at=AS_OF + timedelta(minutes=9)))


def contact_of_a_new_customer(given: Inputs) -> Inputs:
    return with_contact(given, one_contact(customer_key="somebody new", segment="new", csat=1.0))


def record_of_tomorrow(given: Inputs) -> Inputs:
    later = records(
        {"customer_key": "k-00001", "days": -1, "nps": 0, "cancel_received_at": days_ago(20), "may_contact": False},
        {"customer_key": "new", "days": -3, "nps": 9, "exit_reason": "move", "locked_in": True},
    )
    return replace(given, records=pa.concat_tables([given.records, later]))


def record_known_tomorrow(given: Inputs) -> Inputs:
    """A past fact corrected later, and a notice that reached the company only then."""
    later = records(
        {"customer_key": "k-00002", "days": 100, "known_days": -1, "nps": 0, "tenure_months": 1},
        {"customer_key": "k-00003", "days": 30, "known_days": -2, "churned_at": days_ago(30), "contract_end": LATER},
    )
    return replace(given, records=pa.concat_tables([later, given.records]))


def answer_of_tomorrow(given: Inputs) -> Inputs:
    answers = surveys(
        {"customer_key": "k-00003", "days": -2, "item": "csat", "good": 0.0, "interaction_id": "c-3"},
        {"customer_key": "k-00004", "days": -2, "item": "nps", "good": 0.0},
        {"customer_key": "k-00005", "days": -2, "item": "csat", "good": 0.0, "invited_at": LATER},
    )
    frame = answers.to_pandas().assign(survey_id=["s-x", "s-y", "s-z"])
    later = pa.Table.from_pandas(frame, schema=answers.schema, preserve_index=False)
    return replace(given, surveys=pa.concat_tables([given.surveys, later]))


def verdict_of_tomorrow(given: Inputs) -> Inputs:
    later = [verdict(one, -1) | {"answer": "1"} for one in given.facts["interaction_id"].tolist()[:90]]
    return replace(given, verdicts=pa.concat_tables([given.verdicts, STORED["verdicts"].from_rows(later)]))


def initiative_of_tomorrow(given: Inputs) -> Inputs:
    later = [deed(key, -1, held=False) for key in ("k-00001", "k-00090", "k-00091")]
    return replace(given, initiatives=pa.concat_tables([given.initiatives, STORED["initiatives"].from_rows(later)]))


PLANTED: list[Callable[[Inputs], Inputs]] = [
    contact_of_tomorrow, contact_still_running, contact_of_a_new_customer, record_of_tomorrow, record_known_tomorrow,
    answer_of_tomorrow, verdict_of_tomorrow, initiative_of_tomorrow,
]  # fmt: skip


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_what_is_learned_later_moves_no_byte(plant: Callable[[Inputs], Inputs]) -> None:
    after = as_bytes(assess(plant(world())))
    assert [name for name, written in plain().items() if after[name] != written] == []


def test_the_same_facts_in_the_past_do_move() -> None:
    """So that the test above cannot pass by looking away: known in time, the planted facts would be seen."""
    moved = replace(
        world(), records=pa.concat_tables([world().records, records({"customer_key": "k-00001", "nps": 0})])
    )
    assert as_bytes(assess(moved))["customers"] != plain()["customers"]
    seen = with_contact(world(), one_contact(days=1.0))
    assert as_bytes(assess(seen))["loyalty_matrix"] != plain()["loyalty_matrix"]


def test_correction_in_the_same_file_does_not_erase_what_was_known_before(tmp_path: Path) -> None:
    path = tmp_path / "loyalty.csv"
    path.write_text("customer_id,as_of,known_at,nps\nA,2026-10-01,2026-10-02,9\nA,2026-10-01,2026-11-20,2\n")
    found = read_loyalty(path, settings(), customer_key=str, timezone="UTC")
    told = {row["known_at"].replace(tzinfo=None): row["number"] for row in found.table.to_pylist()}
    assert told == {datetime(2026, 10, 2): 9.0, datetime(2026, 11, 20): 2.0} and not found.problems
