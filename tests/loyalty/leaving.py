"""Worlds of customers who contact and leave, whose effects are stated: contacts as the loyalty stage sees them.

The hazard of notice is ``yearly / 365 · exp(Σ effect · part)`` with each part in its true standard deviations, while a
contact is in force (90 days or until the next; empathy only where there was an occasion for it), and with loyalty at
all times. What a detector reads of a part has a slope below 1, noise, an agent's style and biases by language and
channel. People audited a random sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
HORIZON = 90.0
PARTS = ("empathy", "effort", "resolved", "handle_s", "wait_s", "prior_contacts")
_CONTACTS = 12  # a customer at most


@dataclass(frozen=True, slots=True)
class Leaving:
    customers: int = 800
    days: float = 540.0
    gap_days: float = 75.0
    gap_least: float = 0.0  # days between contacts at least
    yearly: float = 0.25
    effects: Mapping[str, float] = field(default_factory=dict)  # log hazard ratio per true sd
    hazard_loyalty: float = 0.0
    colours: float = 0.0  # of loyalty on how contacts go: effort, resolution, the feeling at the start
    empathy_takes_time: float = 0.4  # correlation of empathy with log handle time
    opportunity: float = 1.0  # share of contacts with an occasion for empathy
    noise: float = 1.0  # scales all errors of the detector
    audits: int = 500
    agents: int = 30
    decided: float = 0.0  # share of notices that a sour call within the five days before gave away
    buys: Mapping[str, float] = field(default_factory=dict)  # log odds of buying within the horizon, per true sd
    buy_loyalty: float = 0.0
    forgiveness: float = 0.0  # added to the log hazard ratio of failed against solved where the customer was loyal
    exceeded: float = 0.0  # log hazard ratio of expectations exceeded
    unmet: float = 0.0  # … and of those not met


@dataclass(frozen=True, slots=True)
class World:
    """What loyalty_drivers takes, and ``truth``: the true parts of each contact, by interaction_id, and ``loyal``."""

    spec: Leaving
    contacts: pd.DataFrame
    customers: pd.DataFrame
    frame: pd.DataFrame
    verdicts: pd.DataFrame
    truth: pd.DataFrame


def leaving(spec: Leaving, seed: int) -> World:
    """The world of ``spec`` drawn with ``seed``."""
    rng = np.random.default_rng(seed)
    n, k = spec.customers, _CONTACTS
    loyalty = rng.normal(size=n)
    joined = np.where(rng.random(n) < 0.7, -rng.uniform(0, 1200, n), rng.uniform(0, spec.days * 0.8, n))
    begin = np.maximum(joined, 0.0)
    times = begin[:, None] + np.cumsum(spec.gap_least + rng.exponential(spec.gap_days, (n, k)), axis=1)
    true = _parts(spec, loyalty, rng)
    counts = true | {"empathy": true["empathy"] * true["opportunity"]}
    pull = sum(spec.effects.get(name, 0.0) * counts[name] for name in PARTS) + np.zeros((n, k))
    pull = pull + spec.exceeded * (true["expected"] > 0) + spec.unmet * (true["expected"] < 0)
    pull = pull + spec.forgiveness * (1 - true["solved"]) * (loyalty > 0)[:, None]
    notice = _notices(spec, begin, times, pull, spec.hazard_loyalty * loyalty, rng)
    seen = (times < np.minimum(notice, spec.days)[:, None]).nonzero()
    table = _contacts(spec, times, {name: value[seen] for name, value in true.items()}, seen, rng)
    sour = np.flatnonzero((rng.random(n) < spec.decided) & (notice < spec.days))
    table = pd.concat([table, _sour(table, sour, notice[sour], begin[sour], rng)], ignore_index=True)
    table["interaction_id"] = [f"c-{i:06d}" for i in range(len(table))]
    told = {"customer": n, "joined": joined, "notice": notice, "loyalty": loyalty}
    facts = pd.concat([_records(spec, told, rng), _purchases(spec, table, notice, loyalty, rng)], ignore_index=True)
    gone = notice < spec.days
    customers = pd.DataFrame(
        {"on_record": True, "left": gone, "notice_at": _moment(spec, np.where(gone, notice, np.nan)), "segment": None}
    ).set_index(pd.Index([_key(i) for i in range(n)], name="customer_key"))
    table["loyal"] = loyalty[table["customer"]] > 0
    return World(spec, _as_seen(spec, table), customers, facts, _verdicts(spec, table, rng), table)


def _parts(spec: Leaving, loyalty: Floats, rng: np.random.Generator) -> dict[str, Floats]:
    shape = (len(loyalty), _CONTACTS)

    def draw() -> Floats:
        return rng.normal(size=shape)

    agent = rng.integers(0, spec.agents, shape)
    skill = rng.normal(size=spec.agents)[agent]
    coloured = spec.colours * loyalty[:, None]
    scale = np.sqrt(1 + spec.colours**2)
    empathy = np.sqrt(0.1) * skill + np.sqrt(0.9) * draw()
    tied = spec.empathy_takes_time
    start = (coloured + draw()) / scale
    effort = (-coloured - 0.4 * start + np.sqrt(1 - 0.16) * draw()) / scale
    mood = (coloured + 0.3 * start + draw()) / np.sqrt(1.09 + spec.colours**2)
    solved = (mood > -0.4).astype(float)
    prior = rng.poisson(0.4, shape).astype(float)
    return {
        "empathy": empathy,
        "effort": effort,
        "solved": solved,
        "resolved": (solved - solved.mean()) / solved.std(),
        "handle_s": tied * empathy + np.sqrt(1 - tied**2) * draw(),
        "wait_s": draw(),
        "prior": prior,
        "prior_contacts": (np.log1p(prior) - np.log1p(prior).mean()) / np.log1p(prior).std(),
        "start": start,
        "mood": mood,
        "agent": agent.astype(float),
        "opportunity": (rng.random(shape) < spec.opportunity).astype(float),
        "expected": rng.choice([1.0, -1.0, 0.0], shape, p=[0.15, 0.2, 0.65]),
    }


def _notices(
    spec: Leaving, begin: Floats, times: Floats, pull: Floats, lasting: Floats, rng: np.random.Generator
) -> Floats:
    """When each customer gives notice: where the cumulated hazard passes a standard exponential."""
    n, k = times.shape
    ends = np.minimum(times + HORIZON, np.column_stack([times[:, 1:], np.full(n, np.inf)]))
    edges = np.empty((n, 2 * k + 1))
    edges[:, 0], edges[:, 1::2], edges[:, 2::2] = begin, times, ends
    log_rates = np.zeros((n, 2 * k))
    log_rates[:, 1::2] = pull
    rates: Floats = np.asarray(spec.yearly / 365 * np.exp(log_rates + lasting[:, None]))
    passed = np.concatenate([np.zeros((n, 1)), np.cumsum(rates * np.diff(edges, axis=1), axis=1)], axis=1)
    target = rng.exponential(size=n)
    place = np.minimum((passed <= target[:, None]).sum(axis=1) - 1, 2 * k - 1)
    row = np.arange(n)
    return np.asarray(edges[row, place] + (target - passed[row, place]) / rates[row, place])


def _contacts(
    spec: Leaving, times: Floats, true: dict[str, Floats], seen: tuple[NDArray[np.intp], ...], rng: np.random.Generator
) -> pd.DataFrame:
    table = pd.DataFrame(true).assign(customer=seen[0], at=times[seen])
    n, loud = len(table), spec.noise
    language, channel = rng.random(n) < 0.6, rng.random(n) < 0.5
    style = (rng.normal(size=spec.agents)[table["agent"].astype(int)]) * 0.3 * loud
    table["empathy_true"] = 3 + 0.7 * table["empathy"]
    table["effort_true"] = 3 + 0.7 * table["effort"]

    def read(part: str, slope: float, noise: float, bias: Floats) -> Floats:
        slope = 1 - (1 - slope) * min(loud, 1.0)
        return np.asarray(3 + 0.7 * (slope * table[part] + noise * loud * rng.normal(size=n)) + bias * loud)

    table["empathy_read"] = read("empathy", 0.65, 0.6, style - 0.15 * language - 0.15 * channel)
    table["effort_read"] = read("effort", 0.7, 0.6, 0.1 * language + 0.1 * channel)
    table["start_read"] = np.tanh(0.4 * table["start"] + 0.15 * loud * rng.normal(size=n))
    score = 2.2 * table["solved"] - 0.6 + loud * (rng.normal(size=n) + 0.3 * channel)
    table["resolved_read"] = np.where(loud > 0, 1 / (1 + np.exp(-2.0 * (score - 0.5))), table["solved"])
    table["satisfaction_read"] = 3 + 0.7 * (table["mood"] + 0.6 * loud * rng.normal(size=n))
    heard = rng.random(n) < np.where(table["expected"] != 0, 0.85, 0.02)
    sign = np.where(table["expected"] != 0, table["expected"], rng.choice([-1.0, 1.0], n))
    table["expectation_read"] = np.where(heard, sign * rng.uniform(0.9, 1.0, n), np.nan)
    table["reason"] = rng.choice(["billing", "fault", "order"], n, p=[0.5, 0.3, 0.2])
    return table


def _sour(
    table: pd.DataFrame, who: NDArray[np.intp], notice: Floats, begin: Floats, rng: np.random.Generator
) -> pd.DataFrame:
    """Calls of those who have made up their mind, within five days before the notice: nothing goes well in them."""
    at = notice - rng.uniform(0.5, 5, len(who))
    keep = at > begin
    rows = table.iloc[rng.integers(0, len(table), int(keep.sum()))].copy()
    rows["customer"], rows["at"] = who[keep], at[keep]
    for part in ("empathy_read", "empathy_true", "effort_read", "effort_true"):
        rows[part] = rows[part] + (1.0 if part.startswith("effort") else -1.0)
    return rows


def _records(spec: Leaving, told: dict[str, Floats], rng: np.random.Generator) -> pd.DataFrame:
    """Tenure at the end, and a recommendation answered once in each half year."""
    n, joined, notice, loyalty = int(told["customer"]), told["joined"], told["notice"], told["loyalty"]
    keys = np.array([_key(i) for i in range(n)])
    tenure = pd.DataFrame({"customer_key": keys, "day": spec.days, "fact": "tenure_months"})
    tenure["number"] = np.floor((spec.days - joined) / 30.4375)
    parts = [tenure]
    for half in range(int(spec.days // 180)):
        day = half * 180 + rng.uniform(0, 180, n)
        asked = (day > joined) & (day < notice)
        nps = np.clip(np.round(7 + 1.5 * loyalty + 1.5 * rng.normal(size=n)), 0, 10)
        parts.append(pd.DataFrame({"customer_key": keys, "day": day, "fact": "nps", "number": nps})[asked])
    return _facts(spec, pd.concat(parts, ignore_index=True))


def _purchases(
    spec: Leaving, table: pd.DataFrame, notice: Floats, loyalty: Floats, rng: np.random.Generator
) -> pd.DataFrame:
    """A purchase within the horizon after a contact or none, and one before the first day of some."""
    if not spec.buys and spec.buy_loyalty == 0:
        return _facts(spec, pd.DataFrame({"customer_key": [], "day": [], "fact": [], "number": []}))
    pull = np.asarray(spec.buy_loyalty * loyalty[table["customer"]])
    for name, effect in spec.buys.items():
        pull = pull + effect * np.asarray(table[name])
    buys = table[rng.random(len(table)) < 1 / (1 + np.exp(0.6 - pull))]
    after = pd.DataFrame({"customer": buys["customer"], "day": buys["at"] + rng.uniform(1, HORIZON - 1, len(buys))})
    early = pd.DataFrame({"customer": np.arange(len(notice)), "day": -rng.uniform(0, 900, len(notice))})
    early = early[rng.random(len(early)) < 1 / (1 + np.exp(0.6 - spec.buy_loyalty * loyalty))]
    both = pd.concat([after, early], ignore_index=True)
    both = both[both["day"] < spec.days].reset_index(drop=True)
    both["customer_key"] = [_key(int(i)) for i in both["customer"]]
    return _facts(spec, both.assign(fact="purchased_at", number=np.nan))


def _verdicts(spec: Leaving, table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    drawn = table.iloc[np.sort(rng.choice(len(table), min(spec.audits, len(table)), replace=False))]
    found = {
        "empathy": drawn["empathy_true"].round(2).astype(str),
        "effort": drawn["effort_true"].round(2).astype(str),
        "resolution": np.where(drawn["solved"] > 0, "resolved", "unresolved"),
    }
    parts = [
        pd.DataFrame({"interaction_id": drawn["interaction_id"], "finding": finding, "answer": answer})
        for finding, answer in found.items()
    ]
    rows = pd.concat(parts, ignore_index=True)
    rows["verdict_id"] = [f"v-{i}" for i in range(len(rows))]
    rows["answered_at"], rows["blind"], rows["use"] = pd.Timestamp(AS_OF), True, "audit"
    return rows.assign(sampling_probability=min(1.0, spec.audits / len(table)), reviewer="r")


def _as_seen(spec: Leaving, table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "interaction_id": table["interaction_id"],
            "customer_key": [_key(int(i)) for i in table["customer"]],
            "known_at": _moment(spec, table["at"].to_numpy(dtype="float64")),
            "reason": table["reason"],
            "empathy": table["empathy_read"].where(table["opportunity"] > 0),
            "effort": table["effort_read"],
            "resolved_probability": table["resolved_read"],
            "satisfaction": table["satisfaction_read"],
            "handle_s": np.expm1(6 + 0.4 * table["handle_s"]),
            "wait_s": np.expm1(4 + table["wait_s"].clip(-3.5)),
            "prior_contacts": table["prior"],
            "sentiment_start": table["start_read"],
            "churn_talk_probability": np.nan,
            "experience_contact": np.nan,
            "empathic_opportunities": table["opportunity"],
            "expectation_balance": table["expectation_read"],
        }
    )


def _facts(spec: Leaving, rows: pd.DataFrame) -> pd.DataFrame:
    at = _moment(spec, rows["day"].to_numpy(dtype="float64"))
    facts = pd.DataFrame({"customer_key": rows["customer_key"], "as_of": at, "known_at": at, "fact": rows["fact"]})
    purchases = rows["fact"] == "purchased_at"
    return facts.assign(number=rows["number"], text=None, time=facts["as_of"].where(purchases), source_uri="f")


def _moment(spec: Leaving, day: Floats) -> pd.Series[pd.Timestamp]:
    return (pd.Timestamp(AS_OF) + pd.to_timedelta(pd.Series(day) - spec.days, unit="D")).astype("datetime64[us, UTC]")


def _key(customer: int) -> str:
    return f"k-{customer:05d}"
