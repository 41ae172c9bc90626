"""Worlds of a company: customers who leave for what they met, and teams with a tone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyzer.config import LoyaltySettings, load_settings
from analyzer.loyalty.organisation import SIGNS
from tests.bench.honesty.gap_worlds import Contacts, Floats, cues, heard

AS_OF: Final = datetime(2026, 11, 1, tzinfo=UTC)
SETTINGS: Final[LoyaltySettings] = load_settings().loyalty
# sign: how often a contact shows it, how well it is heard, what it adds to the chance of notice
MET: Final = {"passed_on": (0.15, 2.5, 0.12), "brushed_off": (0.1, 2.0, 0.2), "kept_waiting": (0.25, 3.0, 0.0)}
BASE, FOR_COMING_BACK = 0.05, 0.1
WINDOWS: Final = 4


@dataclass(frozen=True, slots=True)
class Leaving:
    """``at_stake``: true notices per 100 customers of each sign; ``counted``: whether plain counting found it."""

    contacts: pd.DataFrame
    cues: pd.DataFrame
    customers: pd.DataFrame
    at_stake: dict[str, float]
    counted: list[bool]


def leaving_world(world: int, rng: np.random.Generator) -> Leaving:
    """Customers in touch in one or two of four horizons; notice follows what they met and that they came again."""
    count = int(rng.integers(250, 700))

    first = rng.integers(0, WINDOWS, count)
    met_in, left = _visit(rng, count)
    stays = np.flatnonzero((left == 0) & (first < WINDOWS - 1) & (rng.uniform(size=count) < 0.5))
    again, left_again = _visit(rng, len(stays))

    window = np.concatenate([first[met_in.customer], first[stays][again.customer] + 1])
    customer = np.concatenate([met_in.customer, stays[again.customer]])
    contacts = Contacts(customer, count)
    days = SETTINGS.horizon_days
    end = pd.Timestamp(AS_OF) - pd.to_timedelta((WINDOWS - window) * days, unit="D")
    frame = contacts.frame(world).assign(
        known_at=end - pd.to_timedelta(rng.uniform(1, days - 1, contacts.n), unit="D"), reason="other",
        sentiment_start=rng.uniform(-1, 1, contacts.n),
    )  # fmt: skip
    true = {sign: np.concatenate([met_in.true[sign], again.true[sign]]) for sign in MET}
    heard_cues = pd.concat(
        [cues(frame, SIGNS[sign][1], heard(rng, true[sign], rate, distance), 0.4, turn)
         for turn, (sign, (rate, distance, _)) in enumerate(MET.items())], ignore_index=True,
    )  # fmt: skip
    notice = np.full(count, np.datetime64("NaT"), dtype="datetime64[us]")
    for who, gone, at in ((np.arange(count), left, first), (stays, left_again, first[stays] + 1)):
        moment = pd.Timestamp(AS_OF) - pd.to_timedelta(
            (WINDOWS - at) * days - rng.uniform(1, days - 1, len(at)), unit="D"
        )
        notice[who[gone == 1]] = moment.tz_localize(None).to_numpy()[gone == 1]
    customers = pd.DataFrame(
        {"segment": str(world), "left": ~np.isnat(notice), "on_record": True,
         "notice_at": pd.Series(notice).dt.tz_localize("UTC").to_numpy()},
        index=pd.Index(np.char.add(f"{world}k", np.arange(count).astype(str)), name="customer_key"),
    )  # fmt: skip
    customers["notice_at"] = pd.to_datetime(customers["notice_at"], utc=True)
    truth = {sign: 100 * effect * _ever(rate) for sign, (rate, _, effect) in MET.items()}
    return Leaving(frame, heard_cues, customers, truth, _counted(frame, heard_cues, customers, truth, first))


@dataclass(frozen=True, slots=True)
class _Visit:
    customer: NDArray[np.int64]
    true: dict[str, NDArray[np.bool_]]


def _visit(rng: np.random.Generator, count: int) -> tuple[_Visit, Floats]:
    """The contacts of ``count`` customers within one horizon, and who gave notice in the next."""
    size = 1 + rng.poisson(1.0, count)
    customer = np.repeat(np.arange(count), size)
    true = {sign: rng.uniform(size=len(customer)) < rate for sign, (rate, _, _) in MET.items()}
    risk = BASE + FOR_COMING_BACK * (size >= 2)
    for sign, (_, _, effect) in MET.items():
        risk = risk + effect * (np.bincount(customer, weights=true[sign], minlength=count) > 0)
    return _Visit(customer, true), (rng.uniform(size=count) < risk).astype(np.float64)


def _ever(rate: float) -> float:
    """Chance to meet a sign in 1 + Poisson(1) contacts."""
    return float(1 - (1 - rate) * np.exp(-rate))


def _counted(
    contacts: pd.DataFrame, heard_cues: pd.DataFrame, customers: pd.DataFrame, truth: dict[str, float],
    first: NDArray[np.int64],
) -> list[bool]:  # fmt: skip
    """Found or not, left or not, in a two-by-two table of customers, as a report would do it."""
    hits = []
    y = customers["left"].to_numpy(dtype="float64")
    for sign, at_stake in truth.items():
        found = heard_cues.loc[heard_cues["found"] & (heard_cues["label"] == SIGNS[sign][1]), "interaction_id"]
        met = customers.index.isin(contacts.loc[contacts["interaction_id"].isin(found), "customer_key"])
        a, b = y[met], y[~met]
        error = np.sqrt(a.var() / max(len(a), 1) + b.var() / max(len(b), 1)) if len(a) else 0.0
        value = (a.mean() - b.mean() if len(a) else 0.0) * met.mean() * 100
        hits.append(bool(abs(value - at_stake) <= 1.96 * error * met.mean() * 100))
    return hits


@dataclass(frozen=True, slots=True)
class Staff:
    """One team's month; ``tone`` is the mean of all agents there could be."""

    facts: pd.DataFrame
    cues: pd.DataFrame
    tone: float
    of_contacts: Floats


def staff_world(world: int, rng: np.random.Generator) -> Staff:
    """Eight to thirty agents with six contacts to sixty, each agent with a tone of their own."""
    agents, turns = int(rng.integers(8, 31)), 8
    size = rng.integers(6, 60, agents)
    agent = np.repeat(np.arange(agents), size)
    tone = float(rng.uniform(0.05, 0.3))
    own = np.clip(tone + rng.normal(0, 0.04, agents), 0.0, 1.0)
    warm = rng.binomial(turns, own[agent])
    ids = np.char.add(f"{world}c", np.arange(len(agent)).astype(str))
    names = np.char.add(f"{world}a", agent.astype(str))
    facts = pd.DataFrame(
        {"interaction_id": ids, "agent_id": names, "team": str(world), "agent_turns": turns, "customer_key": None,
         "sentiment_end": rng.uniform(-1, 1, len(agent)), "day": "2026-10-05", "agent_ids": [[name] for name in names]}
    )  # fmt: skip
    heard_cues = pd.DataFrame(
        {"interaction_id": np.repeat(ids, warm), "turn": 0, "label": "emp.reassure", "probability": 1.0, "found": True}
    )
    return Staff(facts, heard_cues, tone, warm / turns)
