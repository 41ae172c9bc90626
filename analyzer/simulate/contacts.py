"""Matters and the contacts they take: when customers come, how each contact goes, and who comes back when.

Times here are days since the first day's midnight; contacts begin between 8 and 20 o'clock.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from analyzer.simulate.draws import Draws, Floats, Ints, chosen, share_of
from analyzer.simulate.outcomes import play
from analyzer.simulate.people import channel_of, queue_of
from analyzer.simulate.rows import Rows, in_time, stacked
from analyzer.simulate.spec import OUTAGE, WorldSpec

OPENS_H, OPEN_H = 8.0, 12.0
PROMISE_DAYS = (1, 2, 3, 5, 7, 14)
PROMISE_SHARES = (0.15, 0.2, 0.2, 0.2, 0.15, 0.1)
_ATTEMPTS_EACH = 1.28  # contacts a matter takes in a world of default returns, a little low on purpose


def customers_needed(spec: WorldSpec) -> int:
    """Customers who bring at least ``spec.contacts`` contacts; whole customers are left out later."""
    return int(1.2 * spec.contacts / spec.customers.contacts_each) + 20


def open_matters(spec: WorldSpec, customers: Rows, draws: Draws) -> Rows:
    """Each matter's ``customer``, ``reason`` and ``at`` (its first contact), outages' on top of the usual."""
    rng = draws.stream("matters")
    n = len(customers)
    each = spec.customers.contacts_each / _ATTEMPTS_EACH
    usual = np.repeat(np.arange(n), rng.poisson(each, n))
    shares = np.array([reason.share for reason in spec.reasons])
    weekday = (spec.first_day.weekday() + np.arange(spec.days)) % 7
    day = chosen(rng, np.asarray(spec.weekdays)[weekday], len(usual))
    parts = [(usual, chosen(rng, shares, len(usual)), day + rng.random(len(usual)))]
    outage = [place for place, reason in enumerate(spec.reasons) if reason.name == OUTAGE]
    for event in spec.outages if outage else ():
        extra = rng.poisson(event.extra * event.days * len(usual) / spec.days)
        when = event.day + event.days * rng.random(extra)
        parts.append((rng.integers(0, n, extra), np.full(extra, outage[0]), when))
    customer, reason, when = (np.concatenate(column) for column in zip(*parts, strict=True))
    matters = Rows(customer=customer, reason=reason, at=open_hours(when))
    joined = customers["joined"][customer]
    return matters.at((matters["at"] > joined) & (matters["at"] < spec.days))


def take_contacts(spec: WorldSpec, customers: Rows, agents: Rows, draws: Draws) -> Rows:
    """All contacts of all matters, also those due after the last day, in order of ``at``."""
    matters = open_matters(spec, customers, draws)
    now = matters.adding(matter=np.arange(len(matters)))
    taken = []
    for attempt in range(spec.returns.most):
        now = _contact(spec, now.adding(attempt=attempt), attempt, customers, agents, draws)
        taken.append(now)
        back = now.at(~np.isnan(now["return_at"]))
        now = Rows(**{name: back[name] for name in ("customer", "reason", "matter")}, at=back["return_at"])
    contacts = stacked(taken)
    last = contacts["attempt"] == spec.returns.most - 1
    # Nobody comes more often.
    return in_time(contacts.adding(return_at=np.where(last, np.nan, contacts["return_at"])))


def _contact(spec: WorldSpec, now: Rows, attempt: int, customers: Rows, agents: Rows, draws: Draws) -> Rows:
    customer = now["customer"]
    now = now.adding(
        queue=queue_of(spec)[now["reason"]],
        channel=channel_of(customers["channel"][customer], draws.stream(f"channel {attempt}")),
    )
    played = play(spec, now, agents, draws.stream(f"outcome {attempt}"))
    promised = _promises(spec, played, draws.stream(f"promise {attempt}"))
    impatience = customers["impatience"][customer]
    return promised.adding(return_at=_returns(spec, promised, impatience, draws.stream(f"return {attempt}")))


def _promises(spec: WorldSpec, contacts: Rows, rng: np.random.Generator) -> Rows:
    """``promised`` of failures, ``due_at`` and ``kept``; due at the end of a day."""
    n = len(contacts)
    promised = ~contacts["resolved"] & share_of(rng, spec.outcomes.promises, n)
    days = np.asarray(PROMISE_DAYS)[chosen(rng, PROMISE_SHARES, n)]
    due = np.floor(contacts["at"]) + days + (OPENS_H + OPEN_H) / 24
    kept = promised & share_of(rng, spec.outcomes.kept, n)
    return contacts.adding(promised=promised, due_at=np.where(promised, due, np.nan), kept=kept)


def _returns(spec: WorldSpec, contacts: Rows, impatience: Floats, rng: np.random.Generator) -> Floats:
    """When the customer comes back with the matter; NaN if never."""
    of, n = spec.returns, len(contacts)
    resolved, promised, kept = (contacts[name] for name in ("resolved", "promised", "kept"))
    outage = np.array([reason.name == OUTAGE for reason in spec.reasons])[contacts["reason"]]
    broken, early = promised & ~kept, promised & share_of(rng, of.chased, n)
    share = np.select(
        [resolved, early, broken, promised, outage], [of.solved, 1.0, of.broken, 0.0, of.outage], of.failed
    )
    shift = np.where(resolved | early, 0.0, of.impatience * impatience)
    back = rng.random(n) < _shifted(share, shift, of.impatience)
    mean = np.select(
        [resolved, broken & ~early, outage], [of.solved_days, of.broken_days, of.outage_days], of.failed_days
    )
    wait = 0.15 + mean * rng.gamma(1.5, 1 / 1.5, n)
    end, due = contacts["ends_at"], contacts["due_at"]
    start = np.where(broken & ~early, due, end)
    wait = np.where(early, np.maximum(rng.random(n) * (due - end), 0.15), wait)
    at = open_hours(start + wait)
    sunday = (spec.first_day.weekday() + np.floor(at)) % 7 == 6
    at = np.where(sunday & share_of(rng, of.sunday_waits, n), at + 1.0, at)
    return np.where(back, np.maximum(at, end + 0.02), np.nan)


def _shifted(share: Floats, shift: Floats, sd: float) -> Floats:
    """``share`` moved on the probit scale, so that its mean over a normal shift of that sd stays ``share``."""
    return np.asarray(ndtr(ndtri(np.clip(share, 0.0, 1.0)) * np.where(shift == 0, 1.0, np.sqrt(1 + sd**2)) + shift))


def open_hours(when: Floats) -> Floats:
    """The same day, the time of day brought into opening hours, order kept."""
    day = np.floor(when)
    return np.asarray(day + (OPENS_H + OPEN_H * (when - day)) / 24)


def days_of(at: Floats) -> Ints:
    """The day of each time, 0 the first."""
    return np.floor(at).astype(np.int64)
