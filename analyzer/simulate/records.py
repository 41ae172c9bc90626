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

_SECOND = 1 / 86_400  # a date is the last second of its day
_MONTH_DAYS = 30.4375
KNOWN_AFTER_DAYS = 2.0
NOTICE_TO_END_DAYS = 30.0
EXIT_REASONS = ("service", "price", "moving")


def loyalty_records(spec: WorldSpec, lives: Lives, rng: np.random.Generator) -> pa.Table:
    """STORED["loyalty_records"]: three days before the first wave and before the end of each; notices when received.

    What does not change is told once, at a customer's first date, complaints when they change, the rest at each date
    while they are customers. Three days, so that what holds for a wave is known by its end.
    """
    customers = lives.customers
    parts = [_notices(spec, customers, rng), *_bought(spec, lives, rng)]
    before, written = np.zeros(len(customers), dtype=np.bool_), np.zeros(len(customers))
    for wave in range(-1, spec.waves):
        until = min((wave + 1) * spec.loyalty.wave_days, spec.days) - KNOWN_AFTER_DAYS - 1 - _SECOND
        there = customers["joined"] < until
        new = there & ~before
        parts += _lasting(spec, lives, until, new, rng)
        parts += _changing(spec, lives, wave, until, there, rng)
        complaints = _complaints(lives.contacts, until, len(customers))
        parts.append(_facts(spec, "complaints_12m", until, there & (new | (complaints != written)), number=complaints))
        written = complaints
        before = there
    return pa.concat_tables(parts)


def _lasting(spec: WorldSpec, lives: Lives, until: float, new: Bools, rng: np.random.Generator) -> list[pa.Table]:
    customers = lives.customers
    referrals = rng.poisson(np.exp(-1.6 + 0.5 * lives.waves.attitude[:, 0])).astype(np.float64)
    end = np.floor(customers["contract_end"])
    return [
        _facts(spec, "may_contact", until, new, number=customers["may_contact"].astype(np.float64)),
        _facts(spec, "referrals", until, new, number=referrals),
        _facts(spec, "segment", until, new, text=c.words(SEGMENTS, customers["segment"])),
        _facts(spec, "product_line", until, new, text=c.words(PRODUCT_LINES, customers["product_line"])),
        _facts(spec, "contract_end", until, new & ~np.isnan(end), time=end),
    ]


def _changing(
    spec: WorldSpec, lives: Lives, wave: int, until: float, there: Bools, rng: np.random.Generator
) -> list[pa.Table]:
    """The facts of a wave, just before its end; −1 is before the first."""
    customers, waves = lives.customers, lives.waves
    n, of = len(customers), spec.loyalty
    present = there & ~(customers["notice_at"] < until)
    attitude, tenure = waves.attitude[:, max(wave, 0)], (until - customers["joined"]) / _MONTH_DAYS
    nps = np.clip(np.round(7.0 + 1.6 * attitude + of.nps_noise * rng.standard_normal(n)), 0, 10)
    purchases = _purchases(waves, wave, tenure, rng)
    numbers: dict[str, tuple[Floats, Bools]] = {
        "tenure_months": (np.floor(tenure), there),
        "purchases_12m": (purchases, present),
        "revenue_12m": (np.round(customers["revenue"] * (0.6 + 0.1 * purchases), 2), present),
        "nps": (nps, present & (rng.random(n) < of.nps_asked)),
    }
    return [_facts(spec, name, until, who, number=values) for name, (values, who) in numbers.items()]


def _bought(spec: WorldSpec, lives: Lives, rng: np.random.Generator) -> list[pa.Table]:
    """``purchased_at`` of each wave in which a customer bought again, some day in it, known the day after."""
    customers, parts = lives.customers, []
    for wave in range(spec.waves):
        begins, ends = wave * spec.loyalty.wave_days, min((wave + 1) * spec.loyalty.wave_days, spec.days)
        last = max(ends - begins - KNOWN_AFTER_DAYS - 2, 0.0)  # the wave's own records count it
        at = np.floor(begins + last * rng.random(len(customers))) + 0.5
        theirs = (customers["joined"] < at) & ~(customers["notice_at"] < at)
        who = lives.waves.bought[:, wave] & theirs
        parts.append(_facts(spec, "purchased_at", at, who, time=at, known_after=1.0))
    return parts


def _complaints(contacts: Rows, until: float, n: int) -> Floats:
    """Failed contacts so far that upset the customer enough to write a complaint."""
    written = (contacts["at"] < until) & ~contacts["resolved"] & (contacts["feeling"] < -1.2)
    return np.bincount(contacts["customer"][written], minlength=n).astype(np.float64)


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
