"""Worlds of customers with a true level of satisfaction and a true loyalty, drawn in arrays, and what a company sees.

The truth is that of the world, not of its customers: shares are integrals over many more customers than are drawn. What
a customer would say of a contact is their level that day and the moment, within 0–100; the level is the mean of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

from analyzer.tables import STORED
from tests.loyalty.worlds import AS_OF

Floats = NDArray[np.float64]
DAY: Final = np.timedelta64(86_400_000_000, "us")
NOW: Final = np.datetime64(AS_OF.replace(tzinfo=None), "us")
MOMENT: Final = 16.0
MANY: Final = 400_000


@dataclass(frozen=True, slots=True)
class LevelWorld:
    """``shape`` of latent satisfaction; ``detector``: language to (intercept, slope, noise sd) of our readings."""

    customers: int = 800
    shape: str = "hump"
    contacts: float = 4.0
    detector: Mapping[str, tuple[float, float, float]] | None = None
    answers: float = 0.25  # share of contacts rated, more of the satisfied
    drift: float = 0.0  # share of the variance of levels that fades
    fades: float = 60.0  # days after which half of that is gone
    fickle: bool = False  # loyalty goes along with today's level, not with the part that stays
    missing: float = 0.3  # share of loyalty facts not on record
    held: float = 0.3
    days: float = 365.0
    notice: str = ""  # how the chance of a notice within HORIZON hangs on the level; empty: nobody leaves
    late: float = 0.0  # share of customers who came onto the record only after the horizon began
    horizon: float = 90.0  # days; chances of notices and moves are those within them


HORIZON: Final = 90.0
MOVES: Final = 0.06  # chance to move away within HORIZON, were there no notices
PERFECT: Final = {"de": (0.0, 1.0, 0.0), "en": (0.0, 1.0, 0.0)}
FLAWED: Final = {"de": (18.0, 0.7, 9.0), "en": (8.0, 0.75, 14.0)}


def latent(shape: str, n: int, rng: np.random.Generator) -> Floats:
    """Where customers stand on the whole."""
    if shape == "hump":
        return np.asarray(rng.normal(64, 15, n), dtype=np.float64)
    if shape == "two humps":
        low = rng.uniform(size=n) < 0.3
        return np.asarray(np.where(low, rng.normal(38, 9, n), rng.normal(74, 9, n)), dtype=np.float64)
    return np.asarray(100 * rng.beta(4, 1.8, n), dtype=np.float64)  # skewed


def spoken(place: Floats, rng: np.random.Generator) -> Floats:
    """What is said of one contact by who stands at ``place``."""
    return np.clip(place + MOMENT * rng.normal(size=len(place)), 0, 100)


def level(place: Floats) -> Floats:
    """The mean of what is said."""
    low, high = (0 - place) / MOMENT, (100 - place) / MOMENT
    inside = norm.cdf(high) - norm.cdf(low)
    return np.asarray(
        place * inside + MOMENT * (norm.pdf(low) - norm.pdf(high)) + 100 * norm.sf(high), dtype=np.float64
    )


def facts_of(place: Floats, rng: np.random.Generator) -> pd.DataFrame:
    """Loyalty facts that go along with satisfaction."""
    bond = 0.5 * (place - 64) / 15 + np.sqrt(0.75) * rng.normal(size=len(place))
    return pd.DataFrame(
        {
            "nps": np.clip(6.8 + 1.6 * bond + 1.2 * rng.normal(size=len(place)), 0, 10),
            "recommend": np.clip(0.62 + 0.2 * bond + 0.15 * rng.normal(size=len(place)), 0, 1),
            "tenure_months": np.clip(34 + 14 * bond + 8 * rng.normal(size=len(place)), 0, 60),
            "purchases_12m": np.clip(5.5 + 2.5 * bond + 2 * rng.normal(size=len(place)), 0, 12),
        }
    )


SCALES: Final = {"nps": 10.0, "recommend": 1.0, "tenure_months": 60.0, "purchases_12m": 12.0}
DEFINITION: Final = {"attitudinal": ["nps", "recommend"], "behavioural": ["tenure_months", "purchases_12m"]}


def loyalty(facts: pd.DataFrame) -> Floats:
    """The index by definition, all facts known."""
    return np.asarray(100 * facts.div(pd.Series(SCALES)).mean(axis=1), dtype=np.float64)


def notice_chance(satisfied: Floats, kind: str) -> Floats:
    """The chance of a notice within HORIZON at each level, were there no moves."""
    if kind == "slope":
        return np.asarray(expit(-1.6 - (satisfied - 60) / 18), dtype=np.float64)
    if kind == "step":
        return np.where(satisfied >= 60, 0.06, 0.3)
    if kind == "even":
        return np.full(len(satisfied), 0.1)
    if kind == "rare":
        return np.asarray(expit(-3.6 - (satisfied - 60) / 18), dtype=np.float64)
    return np.asarray(np.clip(0.05 + 0.7 * ((satisfied - 65) / 50) ** 2, 0, 0.8), dtype=np.float64)  # both ends leave


def exits(
    satisfied: Floats, kind: str, rng: np.random.Generator, horizon: float = HORIZON
) -> tuple[Floats, NDArray[np.int64]]:
    """Days from the start of the horizon to the exit and its cause (1 notice, 2 move), 0 where there is none in it."""
    n = len(satisfied)
    if not kind:
        return np.full(n, horizon), np.zeros(n, dtype=np.int64)
    pace = -np.log1p(-notice_chance(satisfied, kind)) / horizon
    notice, move = rng.exponential(1 / pace), rng.exponential(horizon / -np.log1p(-MOVES), n)
    first = np.minimum(notice, move)
    cause = np.where(first >= horizon, 0, np.where(notice < move, 1, 2))
    return np.minimum(first, horizon), cause.astype(np.int64)


def truth(world: LevelWorld, seed: int = 999) -> dict[str, float]:
    """The shares of the world, of those who have not left; and of the satisfied and the others, who leaves."""
    rng = np.random.default_rng(seed)
    place = latent(world.shape, MANY, rng)
    nobody = np.empty(0, dtype=np.int64)
    now, _ = place_on(place, world, nobody, np.empty(0), rng)
    satisfied = level(now) >= 60
    loyal = loyalty(facts_of(now if world.fickle else place, rng)) >= 60
    held = rng.uniform(size=MANY) < world.held
    _, cause = exits(level(place), world.notice, rng, world.horizon)
    stays = cause == 0
    found = {
        "loyalist_share": (satisfied & loyal)[stays].mean(),
        "hostage_share": (~satisfied & (loyal | held))[stays].mean(),
        "mercenary_share": (satisfied & ~loyal)[stays].mean(),
        "defector_share": (~satisfied & ~loyal & ~held)[stays].mean(),
        "unhappy_given_loyal": (~satisfied & loyal & stays).sum() / (loyal & stays).sum(),
    }
    if world.notice:
        for what, of in (("leaves", 1), ("moves_on", 2)):
            for side, chosen in (("satisfied", satisfied), ("unhappy", ~satisfied)):
                found[f"{what}_given_{side}"] = (cause[chosen] == of).mean()
    return {name: float(share) for name, share in found.items()}


@dataclass(frozen=True, slots=True)
class Seen:
    """What the company sees of a world, and the truth of each customer drawn."""

    contacts: pd.DataFrame
    surveys: pa.Table
    records: pa.Table
    satisfied: NDArray[np.bool_]
    loyal: NDArray[np.bool_]
    held: NDArray[np.bool_]


def draw(world: LevelWorld, seed: int) -> Seen:
    """One draw of the world."""
    rng = np.random.default_rng(seed)
    n = world.customers
    place = latent(world.shape, n, rng)
    held = rng.uniform(size=n) < world.held
    facts = facts_of(place, rng)
    who, ago = contact_days(world, rng)
    now, then = place_on(place, world, who, ago, rng)
    if world.fickle:
        facts = facts_of(now, rng)
    contacts, answers = contacts_of(world, who, ago, then, rng)
    records = records_of(world, facts.mask(rng.uniform(size=facts.shape) < world.missing), held, level(place), rng)
    return Seen(contacts, answers, records, level(now) >= 60, loyalty(facts) >= 60, held)


def records_of(
    world: LevelWorld, facts: pd.DataFrame, held: NDArray[np.bool_], satisfied: Floats, rng: np.random.Generator
) -> pa.Table:
    """The register: facts and contracts as of today, exits, and since when customers are on it."""
    after, cause = exits(satisfied, world.notice, rng, world.horizon)
    late = rng.uniform(size=len(facts)) < world.late
    start = np.where(late, rng.uniform(0, world.horizon * 2 / 3, len(facts)), -30.0)
    there = (cause == 0) | (after > start)  # who had left before was never put on it
    none = np.full(len(facts), -np.inf)
    dates = {
        "contract_end": np.where(held, 200.0, -np.inf),
        "cancel_received_at": np.where(cause == 1, after - world.horizon, none),
        "churned_at": np.where(cause == 2, after - world.horizon, none),
    }
    reasons = pd.Series("move", index=facts.index, dtype="object").where(pd.Series(cause == 2), None)
    known = pd.concat([facts.astype("object"), reasons.rename("exit_reason")], axis=1)
    today = records_table(known[there], {name: days[there] for name, days in dates.items()})
    since = pd.DataFrame({"may_contact": np.ones(len(facts))}).astype("object")
    first = records_table(since[there], {}, days=world.horizon - start[there])
    return pa.concat_tables([first, today])


def contact_days(world: LevelWorld, rng: np.random.Generator) -> tuple[NDArray[np.int64], Floats]:
    """Whose contact, and how many days ago, in order of customers and time."""
    count = 1 + rng.poisson(world.contacts - 1, world.customers)
    who = np.repeat(np.arange(world.customers), count)
    ago = rng.uniform(0.1, world.days, len(who))
    order = np.lexsort((-ago, who))
    return who[order], ago[order]


def place_on(
    place: Floats, world: LevelWorld, who: NDArray[np.int64], ago: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Where each stands today and stood at each contact; a share of the variance fades."""
    if world.drift == 0:
        return place, place[who]
    middle, spread = float(place.mean()), float(place.std())
    fading = np.empty(len(who))
    now = rng.normal(size=len(place))
    before, last = now.copy(), np.zeros(len(place))
    for step in range(len(who) - 1, -1, -1):  # back in time from today
        one = who[step]
        keep = 0.5 ** ((ago[step] - last[one]) / world.fades)
        before[one] = keep * before[one] + np.sqrt(1 - keep**2) * rng.normal()
        last[one], fading[step] = ago[step], before[one]
    stays = middle + np.sqrt(1 - world.drift) * (place - middle)
    return stays + np.sqrt(world.drift) * spread * now, stays[who] + np.sqrt(world.drift) * spread * fading


def contacts_of(
    world: LevelWorld, who: NDArray[np.int64], ago: Floats, place: Floats, rng: np.random.Generator
) -> tuple[pd.DataFrame, pa.Table]:
    """Contacts as assess_loyalty takes them, read by the detector, and the answers to surveys about some of them."""
    said = spoken(place, rng)
    detector = world.detector or PERFECT
    language = np.where(np.isin(who % 3, [0, 1]), "de", "en")
    a, b, noise = (np.asarray([detector[name][k] for name in language]) for k in range(3))
    read = np.clip(a + b * said + noise * rng.normal(size=len(said)), 0, 100)
    ended = NOW - (ago * 86_400_000_000).astype("timedelta64[us]")
    ids = np.char.add("c-", np.arange(len(who)).astype(str))
    keys = np.char.add("k-", np.char.zfill(who.astype(str), 6))
    frame = contact_frame(ids, keys, ended, {"satisfaction": 1 + read / 25, "language": language})
    answered = rng.uniform(size=len(said)) < world.answers * (0.5 + said / 100)
    stars = np.round(said[answered] / 25) * 25
    return frame, survey_table(ids[answered], keys[answered], ended[answered], stars / 100)


EMPTY: Final = (
    "chain_id", "segment", "product_line", "reason", "csat", "resolution", "resolved_probability", "empathy", "effort",
    "handle_s", "wait_s", "sentiment_start", "sentiment_end", "churn_talk_probability", "empathic_opportunities",
    "expectation_balance", "queue", "channel",
)  # fmt: skip


def contact_frame(ids: Any, keys: Any, ended: Any, columns: Mapping[str, Any]) -> pd.DataFrame:
    """Facts of contacts; what ``columns`` do not say is not observed."""
    at = pd.DatetimeIndex(ended).tz_localize("UTC")
    plain = dict.fromkeys(EMPTY) | {"direction": "inbound", "language": "de"}
    return pd.DataFrame(
        {"interaction_id": ids, "customer_key": keys, "started_at": at - timedelta(minutes=5), "ended_at": at}
        | plain
        | dict(columns)
    )


def survey_table(ids: Any, keys: Any, at: Any, good: Any) -> pa.Table:
    """csat answers given an hour after the contact."""
    n = len(ids)
    frame = pd.DataFrame(
        {
            "survey_id": ids, "customer_key": keys, "interaction_id": ids, "invited_at": pd.NaT,
            "answered_at": pd.DatetimeIndex(at).tz_localize("UTC") + timedelta(hours=1), "item": "csat", "answer": good,
            "scale_min": 0.0, "scale_max": 1.0, "good": good, "text": None, "source_uri": "f",
        },
        index=range(n),
    )  # fmt: skip
    return as_table("surveys", frame)


def records_table(facts: pd.DataFrame, times: Mapping[str, Floats], *, days: Any = 0.0) -> pa.Table:
    """Facts of each customer (rows, by place) known ``days`` ago, and dates as days from now; -inf where none is."""
    keys = np.char.add("k-", np.char.zfill(facts.index.to_numpy().astype(str), 6))
    at = pd.DatetimeIndex(NOW - (np.broadcast_to(days, len(facts)) * 86_400_000_000).astype("timedelta64[us]"))
    plain = pd.DataFrame({"customer_key": keys, "as_of": at.tz_localize("UTC")})
    parts = []
    for name in facts:
        field = "text" if name == "exit_reason" else "number"
        told = plain.copy()
        told["fact"] = str(name)
        told[field] = facts[name].to_numpy()
        parts.append(told[told[field].notna()])
    for name, ahead in times.items():
        known = np.isfinite(ahead)
        moment = NOW + (np.where(known, ahead, 0) * 86_400_000_000).astype("timedelta64[us]")
        parts.append(plain.assign(fact=name, time=pd.DatetimeIndex(moment).tz_localize("UTC"))[known])
    frame = pd.concat([part for part in parts if len(part)], ignore_index=True)
    if "number" in frame:
        frame["number"] = frame["number"].astype("float64")
    return as_table("loyalty_records", frame.assign(known_at=frame["as_of"], source_uri="f"))


def as_table(name: str, frame: pd.DataFrame) -> pa.Table:
    """The frame in the stored schema; absent columns are null."""
    schema = STORED[name].schema
    absent = {field.name: pa.nulls(len(frame), field.type) for field in schema if field.name not in frame}
    told = {field.name: pa.array(frame[field.name], field.type) for field in schema if field.name in frame}
    return pa.table({field: (told | absent)[field] for field in schema.names}, schema=schema)


@dataclass(frozen=True, slots=True)
class RiskSeen:
    """What the company sees of a world where customers have been leaving for a year, and each one's true chance of a
    notice within the HORIZON to come."""

    contacts: pd.DataFrame
    surveys: pa.Table
    records: pa.Table
    chance: pd.Series[float]


def draw_risk(world: LevelWorld, seed: int) -> RiskSeen:
    """One draw: exits at a constant pace that hangs on the level, moves beside them; all exits on record today."""
    rng = np.random.default_rng(seed)
    n, past = world.customers, 4 * HORIZON
    place = latent(world.shape, n, rng)
    pace = -np.log1p(-notice_chance(level(place), world.notice)) / HORIZON
    moves = -np.log1p(-MOVES) / HORIZON
    notice, move = rng.exponential(1 / pace), rng.exponential(1 / moves, n)
    first = np.minimum(notice, move)
    gone = np.where(first < past, past - first, -1.0)  # days ago
    who, ago = contact_days(world, rng)
    there = ago > gone[who]
    contacts, answers = contacts_of(world, who[there], ago[there], place[who[there]], rng)
    none = np.full(n, -np.inf)
    dates = {
        "cancel_received_at": np.where((gone >= 0) & (notice < move), -gone, none),
        "churned_at": np.where((gone >= 0) & (move <= notice), -gone, none),
    }
    reasons = pd.Series("move", index=range(n), dtype="object").where(pd.Series((gone >= 0) & (move <= notice)), None)
    known = pd.DataFrame({"may_contact": np.ones(n), "exit_reason": reasons})
    chance = pace / (pace + moves) * (1 - np.exp(-(pace + moves) * HORIZON))
    keys = [f"k-{one:06d}" for one in range(n)]
    return RiskSeen(contacts, answers, records_table(known, dates), pd.Series(chance, keys))
