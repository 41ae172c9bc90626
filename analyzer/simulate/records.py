"""Loyalty facts as a company keeps them: a row a customer, date and fact, known some days after the date."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from analyzer.simulate import columns as c
from analyzer.simulate.attitude import Waves
from analyzer.simulate.draws import Bools, Floats
from analyzer.simulate.facts import SOURCE_FORMAT, customer_keys
from analyzer.simulate.lives import Lives
from analyzer.simulate.rows import Rows
from analyzer.simulate.spec import PRODUCT_LINES, SEGMENTS, WorldSpec

_SECOND = 1 / 86_400
KNOWN_AFTER_DAYS = 2.0
NOTICE_TO_END_DAYS = 30.0
EXIT_REASONS = ("service", "price", "moving")


def loyalty_records(spec: WorldSpec, lives: Lives, rng: np.random.Generator) -> pa.Table:
    """STORED["loyalty_records"]: every fact on the first day and at the end of each wave, notices when received."""
    customers = lives.customers
    parts = [_notices(spec, customers, rng)]
    for wave in range(-1, spec.waves):
        until = min((wave + 1) * spec.loyalty.wave_days, spec.days) - _SECOND
        there = customers["joined"] < until
        parts += _at(spec, lives, wave, until, there, rng)
    return pa.concat_tables(parts)


def _at(
    spec: WorldSpec, lives: Lives, wave: int, until: float, there: Bools, rng: np.random.Generator
) -> list[pa.Table]:  # fmt: skip
    """The facts at the end of a wave; −1 is the day before the first."""
    customers, contacts, waves = lives.customers, lives.contacts, lives.waves
    n = len(customers)
    present = there & ~(customers["notice_at"] < until)
    attitude, tenure = waves.attitude[:, max(wave, 0)], (until - customers["joined"]) / 30.4375
    nps = np.clip(np.round(7.0 + 1.6 * attitude + spec.loyalty.nps_noise * rng.standard_normal(n)), 0, 10)
    asked = present & (rng.random(n) < spec.loyalty.nps_asked)
    purchases = _purchases(waves, wave, tenure, rng)
    failed = contacts["at"] < until
    failed &= ~contacts["resolved"] & (contacts["feeling"] < -1.2)
    complaints = np.bincount(contacts["customer"][failed], minlength=n).astype(np.float64)
    numbers: dict[str, tuple[Floats, Bools]] = {
        "tenure_months": (np.floor(tenure), there),
        "purchases_12m": (purchases, there),
        "revenue_12m": (np.round(customers["revenue"] * (0.6 + 0.1 * purchases), 2), there),
        "referrals": (rng.poisson(np.exp(-1.6 + 0.5 * attitude)).astype(np.float64), there),
        "complaints_12m": (complaints, there),
        "nps": (nps, asked),
        "may_contact": (customers["may_contact"], there),
    }
    facts = [_facts(spec, name, until, who, number=values) for name, (values, who) in numbers.items()]
    for name, names in (("segment", SEGMENTS), ("product_line", PRODUCT_LINES)):
        facts.append(_facts(spec, name, until, there, text=c.words(names, customers[name])))
    end = np.floor(customers["contract_end"])
    facts.append(_facts(spec, "contract_end", until, there & ~np.isnan(end), time=end))
    return facts


def _purchases(waves: Waves, wave: int, tenure_months: Floats, rng: np.random.Generator) -> Floats:
    """Of the last twelve months: the waves' own purchases, and for time before the world what was usual."""
    inside = waves.bought[:, max(wave - 3, 0) : wave + 1].sum(axis=1)
    before = np.clip(tenure_months / 3 - wave - 1, 0, max(3 - wave, 0))
    usual = 1 / (1 + np.exp(0.4 - 0.5 * waves.attitude[:, 0]))
    return np.asarray(inside + rng.poisson(before * usual), dtype=np.float64)


def _notices(spec: WorldSpec, customers: Rows, rng: np.random.Generator) -> pa.Table:
    """``cancel_received_at``, ``churned_at`` and ``exit_reason``, known the day after."""
    at = customers["notice_at"]
    left = ~np.isnan(at)
    ends = np.fmax(at + NOTICE_TO_END_DAYS, np.floor(customers["contract_end"]))
    why = c.words(EXIT_REASONS, rng.choice(3, len(customers), p=[0.5, 0.3, 0.2]))
    told = [
        _facts(spec, "cancel_received_at", at, left, time=at, known_after=1.0),
        _facts(spec, "churned_at", at, left, time=ends, known_after=1.0),
        _facts(spec, "exit_reason", at, left, text=why, known_after=1.0),
    ]
    return pa.concat_tables(told)


def _facts(
    spec: WorldSpec, fact: str, as_of: float | Floats, who: Bools, *, number: Floats | None = None,
    text: pa.Array | None = None, time: Floats | None = None, known_after: float = KNOWN_AFTER_DAYS,
) -> pa.Table:  # fmt: skip
    """The rows of one fact, of those ``who`` have it."""
    at = np.broadcast_to(as_of, len(who))[who]
    n = int(who.sum())
    columns = {
        "customer_key": customer_keys(np.flatnonzero(who)),
        "as_of": c.times(spec.first_day, spec.business_timezone, at),
        "known_at": c.times(spec.first_day, spec.business_timezone, at + known_after),
        "fact": c.constant(fact, n),
        "source_uri": c.constant(SOURCE_FORMAT, n),
    }
    if number is not None:
        columns["number"] = c.numbers(number[who])
    if text is not None:
        columns["text"] = text.filter(pa.array(who))
    if time is not None:
        columns["time"] = c.times(spec.first_day, spec.business_timezone, time[who])
    return c.stored("loyalty_records", columns, n)
