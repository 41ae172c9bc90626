"""Who gives notice, and when: a hazard that is constant between changes of its causes, and one draw a customer.

A customer's hazard adds up over the stretches between joining, contacts, the end of a contact's effect, waves and the
end of lock-in; notice is given where the sum passes a standard exponential draw. That is exact for the stated hazard.
"""

from __future__ import annotations

import numpy as np

from analyzer.simulate.attitude import Waves, wave_of
from analyzer.simulate.draws import Floats, Ints
from analyzer.simulate.rows import Rows
from analyzer.simulate.spec import WorldSpec


def notices(spec: WorldSpec, customers: Rows, contacts: Rows, waves: Waves, rng: np.random.Generator) -> Floats:
    """When each customer gives notice, in days; NaN if not within the world."""
    n = len(customers)
    stretches = _stretches(spec, customers, contacts)
    customer, start = stretches["customer"], stretches["start"]
    stop = np.append(start[1:], 0.0)
    stop = np.where(np.append(customer[1:] != customer[:-1], True), float(spec.days), stop)
    rate = _rate(spec, customers, contacts, waves, stretches)
    summed = np.cumsum(rate * np.maximum(stop - start, 0.0))
    first = np.searchsorted(customer, np.arange(n))
    before = np.concatenate([[0.0], summed])[first]  # what other customers, earlier in the table, have added
    draw = rng.exponential(1.0, n)
    place = np.searchsorted(summed, before + draw, side="left")
    last = np.append(first[1:], len(customer)) - 1
    given = place <= last
    place = np.minimum(place, last)
    left_over = summed[place] - (before + draw)
    return np.where(given, stop[place] - left_over / np.maximum(rate[place], 1e-12), np.nan)


def contact_hazards(spec: WorldSpec, contacts: Rows) -> Floats:
    """What each contact adds to the log hazard while it holds, attitude's part in forgiveness left out."""
    of = spec.loyalty
    sd = 1 / np.sqrt(1 - spec.agents.icc)
    return np.asarray(
        of.hazard_empathy * contacts["empathy_latent"] / sd
        + of.hazard_handle * contacts["handle_latent"] / sd
        + of.hazard_resolved * contacts["resolved"]
        + of.hazard_repeat * contacts["attempt"]
        + of.hazard_broken * (contacts["promised"] & ~contacts["kept"])
    )


def _stretches(spec: WorldSpec, customers: Rows, contacts: Rows) -> Rows:
    """``customer``, ``start`` and ``contact`` (the place of the contact that began it, −1 else), in order."""
    n, waves = len(customers), spec.waves
    inside = np.flatnonzero(contacts["ends_at"] < spec.days)
    who, ends = contacts["customer"][inside], contacts["ends_at"][inside]
    everybody = np.arange(n)
    unlocked = customers["contract_end"] - spec.customers.locked_days
    opened = np.maximum(customers["joined"], 0.0)
    parts = [
        (everybody, opened, np.full(n, -1)),
        (everybody, np.where(unlocked > opened, unlocked, np.inf), np.full(n, -1)),
        (who, ends, inside),
        (who, ends + spec.loyalty.exposure_days, np.full(len(inside), -1)),
        *((everybody, np.full(n, float(wave * spec.loyalty.wave_days)), np.full(n, -1)) for wave in range(1, waves)),
    ]
    customer, start, contact = (np.concatenate(column) for column in zip(*parts, strict=True))
    kept = (start < spec.days) & (start >= opened[customer])
    # Everybody keeps a first stretch, however late they joined.
    kept[:n] = True
    customer, start, contact = customer[kept], np.minimum(start[kept], spec.days), contact[kept]
    order = np.lexsort((contact, start, customer))
    return Rows(customer=customer[order], start=start[order], contact=contact[order])


def _rate(spec: WorldSpec, customers: Rows, contacts: Rows, waves: Waves, stretches: Rows) -> Floats:
    of = spec.loyalty
    customer, start = stretches["customer"], stretches["start"]
    last = _last_contact(customer, stretches["contact"], start, of.exposure_days)
    attitude = waves.attitude[customer, wave_of(spec, start)]
    locked = customers["contract_end"][customer] - start > spec.customers.locked_days
    held = np.append(contact_hazards(spec, contacts), 0.0)[last]
    failed = np.append(~contacts["resolved"], False)[last]
    forgiven = of.forgiveness * failed * np.maximum(attitude, 0.0)
    log_hazard = of.hazard_attitude * attitude + of.hazard_locked * locked + held + forgiven
    return np.asarray(of.yearly / 365.0 * np.exp(log_hazard))


def _last_contact(customer: Ints, contact: Ints, start: Floats, exposure_days: float) -> Ints:
    """The contact whose effect holds in each stretch, −1 for none."""
    rows = np.arange(len(customer))
    latest = np.maximum.accumulate(np.where(contact >= 0, rows, -1))
    same = (latest >= 0) & (customer[latest] == customer)
    fresh = same & (start - start[latest] < exposure_days - 1e-9)
    return np.where(fresh, contact[latest], -1)


def without_leavers(contacts: Rows, notice_at: Floats, days: float) -> Rows:
    """Contacts that begin within the world and before the customer's notice.

    ``return_at`` of the last one kept is taken away where the customer had left by then: leaving competes with it.
    """
    left = notice_at[contacts["customer"]]
    back = contacts["return_at"]
    gone = back >= left
    contacts = contacts.adding(return_at=np.where(gone, np.nan, back), left_first=gone)
    return contacts.at((contacts["at"] < days) & ~(contacts["at"] >= left))
