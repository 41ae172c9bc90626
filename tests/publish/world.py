"""An invented store held in memory: 84 contacts of 30 customers, 8 agents, 4 channels, 3 weeks, two languages."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import groupby
from math import sqrt
from statistics import fmean, stdev
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.records import stable_id
from analyzer.tables import STORED

from .scenes import SCENES, Scene

Row = dict[str, Any]

FIRST_DAY = date(2026, 11, 2)
AS_OF = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
TEAMS = {
    "a-01": "north",
    "a-02": "north",
    "a-03": "north",
    "a-04": "north",
    "a-05": "north",
    "a-06": "south",
    "a-07": "south",
    "a-08": "south",
}
CHANNELS = ("voice", "chat", "email", "messaging")


@dataclass(frozen=True)
class MemoryTables:
    """The Tables protocol over Arrow tables."""

    tables: dict[str, pa.Table]
    key: bytes = b"k" * 32
    exact_key: bool = False  # whether key is the secret itself, whatever its name

    def read(self, name: str, columns: Sequence[str] | None = None, days: Sequence[date] | None = None) -> pa.Table:
        table = self.tables.get(name, STORED[name].empty())
        if days is not None:
            table = table.filter(pc.is_in(table["day"], value_set=pa.array(list(days), pa.date32())))
        return table if columns is None else table.select(list(columns))

    def secret(self, name: str) -> bytes:
        return self.key if self.exact_key else self.key + name.encode()

    def having(self, **rows: list[Row]) -> MemoryTables:
        """A copy in which the named tables hold these rows."""
        return MemoryTables(self.tables | {name: STORED[name].from_rows(some) for name, some in rows.items()}, self.key)


EMPTY = MemoryTables({})


@cache
def world() -> MemoryTables:
    contacts = list(_contacts(random.Random(7)))
    rows: dict[str, list[Row]] = {name: [] for name in STORED}
    for contact in contacts:
        _add_contact(rows, contact)
    _add_journeys(rows, contacts)
    rows["unit_scores"] = list(_unit_scores(rows))
    rows["fcr_rates"] = list(_fcr_rates(rows))
    _add_loyalty(rows)
    _add_run(rows)
    return MemoryTables({name: STORED[name].from_rows(some) for name, some in rows.items()})


@dataclass(frozen=True)
class Contact:
    number: int
    scene: Scene
    agent: str
    customer: str | None
    channel: str
    started: datetime
    noise: float

    @property
    def id(self) -> str:
        return f"c-{self.number:03d}"

    @property
    def day(self) -> date:
        return self.started.date()


def _contacts(draw: random.Random) -> Iterator[Contact]:
    weights = (1, 0.8, 1.3, 0.9, 1.3, 1, 1, 1, 0.9, 0.7, 1)
    skill = dict(zip(TEAMS, (0.3, 0.1, 0, 0, -0.1, 0.1, 0, -0.45), strict=True))
    for number in range(1, 85):
        scene = draw.choices(SCENES, weights)[0]
        agent = draw.choices(list(TEAMS), (3, 2, 2, 2, 1, 2, 2, 2))[0]
        started = datetime(2026, 11, 2, 7, tzinfo=UTC) + timedelta(
            days=(number * 20) // 84, minutes=draw.randrange(0, 600)
        )
        customer = None if number % 17 == 0 else f"k-{draw.randrange(1, 31):02d}"
        yield Contact(
            number,
            scene,
            agent,
            customer,
            draw.choices(CHANNELS, (5, 4, 2, 2))[0],
            started,
            draw.gauss(skill[agent], 0.12),
        )


def _clip(value: float, low: float, high: float) -> float:
    return round(min(high, max(low, value)), 4)


def _feelings(c: Contact) -> list[float]:
    return [_clip(line[2] + 0.3 * c.noise, -0.97, 0.97) for line in c.scene.lines if line[0] == "customer"]


def _add_contact(rows: dict[str, list[Row]], c: Contact) -> None:
    felt, scene, third = _feelings(c), c.scene, max(1, len(_feelings(c)) // 3)
    start, end = fmean(felt[:third]), fmean(felt[-third:])
    seen, met, hurt = scene.opportunities
    rows["interaction_facts"].append(
        {
            "interaction_id": c.id,
            "source_id": c.id,
            "source_uri": "dump/contacts.jsonl",
            "source_format": "native_jsonl",
            "content_hash": stable_id(c.id),
            "day": c.day,
            "channel": c.channel,
            "direction": "inbound",
            "language": scene.language,
            "started_at": c.started,
            "ended_at": c.started + timedelta(minutes=7),
            "started_at_source": "record",
            "customer_key": c.customer,
            "agent_id": c.agent,
            "agent_ids": [c.agent],
            "team": TEAMS[c.agent],
            "queue": "billing" if "billing" in scene.reason else "service",
            "product_line": "home",
            "segment": "private",
            "turn_count": len(scene.lines),
            "customer_turns": len(felt),
            "agent_turns": sum(line[0] == "agent" for line in scene.lines),
            "handle_s": 420.0,
            "resolution": scene.resolution,
            "resolved_probability": _clip(scene.resolved + 0.3 * c.noise, 0.02, 0.98),
            "sentiment_start": start,
            "sentiment_end": end,
            "sentiment_mean": fmean(felt),
            "sentiment_low": min(felt),
            "sentiment_shift": end - start,
            "empathic_opportunities": seen,
            "opportunities_met": met,
            "opportunities_hurt": hurt,
            "opportunities_met_by_action": 0,
            "empathy": _clip(scene.empathy + c.noise, 1, 5),
            "effort": _clip(scene.effort - c.noise, 1, 5),
            "satisfaction": _clip(scene.satisfaction + c.noise, 1, 5),
            "churn_talk_probability": 0.04,
            "reason": scene.reason,
            "role_confidence": 0.97,
        }
    )
    _add_turns(rows, c)
    rows["interaction_agents"].append(
        {
            "interaction_id": c.id,
            "day": c.day,
            "agent_id": c.agent,
            "leg": 0,
            "first_turn": 0,
            "last_turn": len(scene.lines) - 1,
            "agent_turns": 2,
            "seconds": 400.0,
            "role": "sole",
            "share": 1.0,
        }
    )
    for rule, severity, polarity, turn in scene.flags:
        rows["flags"].append(
            {
                "flag_id": stable_id(c.id, rule),
                "interaction_id": c.id,
                "day": c.day,
                "rule": rule,
                "severity": severity,
                "polarity": polarity,
                "turn": turn,
                "explanation": EXPLANATIONS[rule],
                "sampling_probability": 1.0,
            }
        )
    _add_findings(rows, c)


EXPLANATIONS = {
    "churn_threat": "The customer speaks of leaving.",
    "angry_end": "The customer leaves in a bad mood.",
    "opportunity_hurt": "The customer showed a feeling and was brushed off.",
    "opportunity_unmet": "The customer showed a feeling more than once and nobody took it up.",
    "broken_promise": "A promise was not kept; the customer came back about it.",
    "repeat_unresolved": "Not the first contact in this matter, still not solved, and the customer is unhappy.",
    "outstanding_empathy": "The agent met every feeling the customer showed, and more than correctly.",
    "saved_customer": "The customer wanted to leave and stays.",
}


def _add_turns(rows: dict[str, list[Row]], c: Contact) -> None:
    for turn, (speaker, text, feeling, labels) in enumerate(c.scene.lines):
        row: Row = {
            "interaction_id": c.id,
            "day": c.day,
            "turn": turn,
            "speaker": speaker,
            "text": text,
            "agent_id": c.agent if speaker == "agent" else None,
            "start_ms": turn * 9000,
        }
        if speaker == "customer":
            felt = _clip(feeling + 0.3 * c.noise, -0.97, 0.97)
            positive, negative = max(felt, 0) + 0.02, max(-felt, 0) + 0.02
            row |= {
                "negative_probability": negative,
                "neutral_probability": max(0.0, 1 - positive - negative),
                "positive_probability": positive,
                "sentiment": felt,
            }
        rows["turns"].append(row)
        for label, words in labels.items():
            begin = text.index(words)
            rows["cues"].append(
                {
                    "cue_id": stable_id(c.id, label, str(turn)),
                    "interaction_id": c.id,
                    "day": c.day,
                    "turn": turn,
                    "label": label,
                    "probability": 0.83,
                    "found": True,
                    "start_char": begin,
                    "end_char": begin + len(words),
                    "detector": "heads",
                    "reason": words,
                }
            )


def _add_findings(rows: dict[str, list[Row]], c: Contact) -> None:
    scene, version = c.scene, "heads-1a2b3c"
    for name, number in (("satisfaction", scene.satisfaction), ("effort", scene.effort), ("empathy", scene.empathy)):
        rows["findings"].append(
            {
                "interaction_id": c.id,
                "day": c.day,
                "name": name,
                "value": f"{number:.1f}",
                "number": number,
                "low": max(1.0, number - 0.8),
                "high": min(5.0, number + 0.8),
                "abstained": False,
                "detector": "heads",
                "model_version": version,
            }
        )
    unclear = c.scene.language == "de" and c.number % 9 == 0
    rows["findings"].append(
        {
            "interaction_id": c.id,
            "day": c.day,
            "name": "resolution",
            "value": "unclear" if unclear else scene.resolution,
            "probability": 0.38 if unclear else scene.resolved,
            "abstained": unclear,
            "detector": "heads",
            "model_version": version,
        }
    )


def _add_journeys(rows: dict[str, list[Row]], contacts: list[Contact]) -> None:
    following: dict[str, list[Contact]] = {}
    for c in contacts:
        if c.customer is not None:
            following.setdefault(c.customer, []).append(c)
    for c in contacts:
        mine = following.get(c.customer or "", [])
        where = mine.index(c) if c in mine else 0
        previous = mine[where - 1] if where else None
        then = mine[where + 1] if where + 1 < len(mine) else None
        _add_fcr(rows, c, previous, then)
        _add_promise(rows, c, then)


def _fcr(c: Contact, previous: Contact | None, then: Contact | None, days: int) -> tuple[str, float | None]:
    if previous is not None and previous.scene.reason == c.scene.reason:
        return "not_first", None
    if c.scene.resolution in ("unresolved", "partial"):
        return "refuted", 0.06
    if then is not None and then.scene.reason == c.scene.reason and then.started - c.started <= timedelta(days=days):
        return "refuted", 0.1
    if AS_OF - c.started < timedelta(days=days):
        return "open", round(c.scene.resolved * 0.9, 3)
    return "confirmed", round(0.4 + 0.6 * c.scene.resolved, 3)


def _add_fcr(rows: dict[str, list[Row]], c: Contact, previous: Contact | None, then: Contact | None) -> None:
    for days in (1, 7, 30):
        status, probability = _fcr(c, previous, then, days)
        for matter in ("same", "any"):
            rows["fcr"].append(
                {
                    "interaction_id": c.id,
                    "day": c.day,
                    "matter": matter,
                    "window_days": days,
                    "status": status,
                    "probability": probability,
                    "maturity": "open" if status == "open" else "mature",
                    "as_of": AS_OF,
                    "is_final": status != "open",
                }
            )
    status, probability = _fcr(c, previous, then, 7)
    parts = _contributions(c)
    rows["contributions"] += parts
    score = sum(part["points"] for part in parts)
    rows["outcomes"].append(
        {
            "interaction_id": c.id,
            "day": c.day,
            "fcr_status": status,
            "fcr_probability": probability,
            "episode_id": stable_id(c.customer or c.id, c.scene.reason),
            "repeat_of": previous.id if previous and status == "not_first" else None,
            "next_contact_id": then.id if then else None,
            "experience_contact": score,
            "experience_score": score,
            "is_final": status != "open",
            "as_of": AS_OF,
            "run_id": "r-1",
        }
    )


def _contributions(c: Contact) -> list[Row]:
    felt = _feelings(c)
    values = {
        "resolution": (_clip(c.scene.resolved + 0.3 * c.noise, 0.02, 0.98), 0.5, 25.0),
        "feeling_end": (felt[-1], 0.0, 12.0),
        "effort": (_clip(c.scene.effort - c.noise, 1, 5), 2.5, -4.0),
        "promise": (None, 0.0, 10.0),
    }
    common: Row = {"interaction_id": c.id, "day": c.day}
    base = common | {
        "component": "base",
        "observed": True,
        "value": 50.0,
        "reference": 0.0,
        "weight": 1.0,
        "points": 50.0,
    }
    return [base] + [
        common
        | {
            "component": name,
            "observed": value is not None,
            "value": value,
            "reference": reference,
            "weight": weight,
            "points": 0.0 if value is None else weight * (value - reference),
        }
        for name, (value, reference, weight) in values.items()
    ]


def _fcr_rates(rows: dict[str, list[Row]]) -> Iterator[Row]:
    """Plain means of the probabilities; nothing is told of windows none of which is over."""
    for period, first in (("2026-11", FIRST_DAY), ("2026-W45", FIRST_DAY), ("2026-W46", date(2026, 11, 9)),
                          ("2026-W47", date(2026, 11, 16))):  # fmt: skip
        last = date(2026, 11, 30) if period == "2026-11" else first + timedelta(days=6)
        for matter in ("same", "any"):
            for days in (1, 7, 30):
                mine = [
                    row for row in rows["fcr"]
                    if (row["matter"], row["window_days"]) == (matter, days) and first <= row["day"] <= last
                    and row["probability"] is not None
                ]  # fmt: skip
                yield _fcr_rate(period, matter, days, mine)


def _fcr_rate(period: str, matter: str, days: int, mine: list[Row]) -> Row:
    n, mature = len(mine), fmean(row["maturity"] == "mature" for row in mine)
    value = fmean(row["probability"] for row in mine) if days < 30 else None
    told: Row = {"value": value}
    if value is not None:
        half = 1.96 * sqrt(value * (1 - value) / n)
        told |= {"low": value - half, "high": value + half, "lowest": value - 0.02, "highest": value + 0.03,
                 "returned_rate": 0.13, "left_rate": 0.02, "quiet_rate": 0.85}  # fmt: skip
    return told | {"period": period, "matter": matter, "window_days": days, "n": n, "mature_share": mature, "silent": 3,
                   "unidentified": 4, "error_basis": "model_only", "method": "nowcast", "as_of": AS_OF,
                   "is_final": mature == 1.0}  # fmt: skip


def _add_promise(rows: dict[str, list[Row]], c: Contact, then: Contact | None) -> None:
    if c.scene.promise is None:
        return
    turn, text = c.scene.promise
    due = c.started + timedelta(days=3)
    status = "open" if due > AS_OF else ("unknown" if then is None else ("broken" if c.number % 3 == 0 else "kept"))
    rows["commitments"].append(
        {
            "interaction_id": c.id,
            "day": c.day,
            "turn": turn,
            "text": text,
            "promised_by": due,
            "status": status,
            "evidence_interaction_id": then.id if then and status in ("broken", "kept") else None,
            "probability": 0.88,
        }
    )


MEASURES = {
    "experience_contact": ("0–100", True),
    "fcr_rate": ("0–1", True),
    "resolved_rate": ("0–1", True),
    "empathy": ("1–5", True),
    "effort": ("1–5", False),
    "sentiment_end": ("−1…1", True),
}


def _unit_scores(rows: dict[str, list[Row]]) -> Iterator[Row]:
    outcomes = {row["interaction_id"]: row for row in rows["outcomes"]}
    joined = [row | outcomes[row["interaction_id"]] for row in rows["interaction_facts"]]
    periods = {"2026-11": joined, "2026-W47": [row for row in joined if row["day"] >= date(2026, 11, 16)]}
    for period, some in periods.items():
        for kind, column in (("agent", "agent_id"), ("team", "team"), ("channel", "channel")):
            ordered = sorted(some, key=lambda row: row[column])
            for unit, group in groupby(ordered, key=lambda row: row[column]):
                contacts = list(group)
                for measure in MEASURES:
                    yield _unit_score(period, kind, unit, measure, contacts, some)


COLUMNS = {"fcr_rate": "fcr_probability", "resolved_rate": "resolved_probability"}


def _values(measure: str, contacts: list[Row]) -> list[float]:
    column = COLUMNS.get(measure, measure)
    return [row[column] for row in contacts if row[column] is not None]


def _unit_score(period: str, kind: str, unit: str, measure: str, contacts: list[Row], everybody: list[Row]) -> Row:
    values, everyone = _values(measure, contacts), _values(measure, everybody)
    if not values:
        values = [fmean(everyone)]
    n, spread, mean = len(values), stdev(everyone), fmean(values)
    shrink = n / (n + 6)
    value = fmean(everyone) + shrink * (mean - fmean(everyone))
    half = 1.96 * spread * sqrt(shrink / n)
    unit_of, higher = MEASURES[measure]
    return {
        "period": period,
        "unit_kind": kind,
        "unit_id": unit,
        "measure": measure,
        "unit": unit_of,
        "higher_is_better": higher,
        "n": n,
        "n_effective": float(n),
        "coverage_rate": 1.0,
        "raw_mean": mean,
        "adjusted": mean,
        "value": value,
        "low": value - half,
        "high": value + half,
        "spread": spread,
        "worse_probability": 0.97 if value + half < fmean(everyone) else 0.4,
        "sufficient": n >= 10,
        "error_basis": "model_only",
        "method": "mixed model, case-mix adjusted",
        "as_of": AS_OF,
        "is_final": False,
    }


def _add_loyalty(rows: dict[str, list[Row]]) -> None:
    matrix = {
        "loyalist_share": (0.41, 0.25, 0.58),
        "hostage_share": (0.2, 0.09, 0.36),
        "mercenary_share": (0.24, 0.12, 0.41),
        "defector_share": (0.15, 0.06, 0.31),
        "undecided_share": (0.1, 0.04, 0.26),
        "leaves_given_satisfied": (0.13, 0.04, 0.32),
        "unhappy_given_loyal": (0.33, 0.17, 0.54),
    }
    rows["loyalty_matrix"] = [
        {
            "segment": "all",
            "as_of": AS_OF,
            "horizon_days": 90,
            "measure": measure,
            "n": 29,
            "raw": raw,
            "low": low,
            "high": high,
        }
        for measure, (raw, low, high) in matrix.items()
    ]
    for number in range(1, 30):
        risk = round(0.02 + 0.03 * (number % 13), 2)
        rows["customers"].append(
            {
                "customer_key": f"k-{number:02d}",
                "as_of": AS_OF,
                "definition": "default",
                "loyalty_index": 40.0 + number,
                "satisfaction_index": 50.0,
                "at_risk_probability": risk,
                "horizon_days": 90,
                "reasons": ["spoke of leaving"],
            }
        )
        if risk >= 0.3 or number > 26:
            rows["action_lists"].append(
                {
                    "list": "thank" if number > 26 else "at_risk",
                    "customer_key": f"k-{number:02d}",
                    "reasons": ["recommends us (NPS 9)"] if number > 26 else ["spoke of leaving on 2026-11-12"],
                    "value_tier": "high",
                    "may_contact": number % 2 == 0,
                    "as_of": AS_OF,
                }
            )


def _add_run(rows: dict[str, list[Row]]) -> None:
    rows["rejects"] = [
        {
            "source_uri": "dump/contacts.jsonl",
            "position": 17,
            "source_format": "native_jsonl",
            "code": "bad_time",
            "message": "started_at is no date that can be read; give ISO-8601.",
            "run_id": "r-1",
        },
        {
            "source_uri": "dump/calls/eleven.txt",
            "position": 0,
            "source_format": "plain_text",
            "code": "no_turns",
            "message": "No line names a speaker; write Agent: or Kunde: before each turn.",
            "run_id": "r-1",
        },
        {
            "source_uri": "dump/contacts.jsonl",
            "position": 55,
            "source_format": "native_jsonl",
            "code": "bad_time",
            "message": "started_at is no date that can be read; give ISO-8601.",
            "run_id": "r-1",
        },
    ]
    rows["runs"] = [
        {
            "run_id": "r-1",
            "started_at": AS_OF,
            "finished_at": AS_OF + timedelta(seconds=31),
            "as_of": AS_OF,
            "config_hash": "0123456789abcdef",
            "model_version": "heads-1a2b3c",
            "read": 89,
            "accepted": 84,
            "rejected": 3,
            "duplicate": 2,
            "replaced": 0,
            "skipped": 1,
            "seconds": 31.0,
            "engine": "local, 1 process",
        }
    ]
