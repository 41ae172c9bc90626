"""The lives of a world: who is there, every contact as it truly went, attitudes by wave; before anybody hears of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analyzer.simulate.attitude import Waves, live_through, wave_of
from analyzer.simulate.contacts import customers_needed, open_hours, take_contacts
from analyzer.simulate.draws import Draws, share_of
from analyzer.simulate.leaving import notices, without_leavers
from analyzer.simulate.outcomes import play
from analyzer.simulate.people import invent_agents, invent_customers, queue_of
from analyzer.simulate.rows import Rows, in_time, stacked
from analyzer.simulate.spec import CANCEL, RESOLUTIONS, WorldSpec

EXPERIENCE_BASE, EXPERIENCE_PER_SD = 50.0, 12.0  # true experience 0–100 = base + per sd · feeling, not cut off
_UPSET = -0.5  # feeling in a contact in which notice is given, from an ordinary one


@dataclass(frozen=True, slots=True)
class Lives:
    """``contacts`` are in order of time; customers and agents are named in them by place."""

    customers: Rows
    agents: Rows
    contacts: Rows
    waves: Waves


def live(spec: WorldSpec, draws: Draws) -> Lives:
    """All that happens in a world of at most ``spec.contacts`` contacts."""
    customers = invent_customers(spec, customers_needed(spec), draws.stream("customers"))
    agents = invent_agents(spec, draws.stream("agents"))
    contacts = take_contacts(spec, customers, agents, draws)
    waves, feeling = live_through(spec, customers, contacts, draws.stream("attitude"))
    contacts = contacts.adding(feeling=feeling)
    notice_at = open_hours(notices(spec, customers, contacts, waves, draws.stream("notice")))
    customers = customers.adding(notice_at=notice_at)
    stayed = without_leavers(contacts, notice_at, float(spec.days))
    farewells = _farewells(spec, customers, agents, waves, int(contacts["matter"].max(initial=-1)) + 1, draws)
    contacts = in_time(stacked([stayed, farewells]))
    attitude = waves.attitude[contacts["customer"], wave_of(spec, contacts["at"])]
    contacts = _judged(spec, contacts.adding(attitude=attitude), draws.stream("judged"))
    return _as_many_as_asked(spec, Lives(customers, agents, contacts, waves))


def _farewells(spec: WorldSpec, customers: Rows, agents: Rows, waves: Waves, matter: int, draws: Draws) -> Rows:
    """Contacts in which notice is given."""
    cancel = next((place for place, reason in enumerate(spec.reasons) if reason.name == CANCEL), None)
    rng = draws.stream("farewells")
    left = np.flatnonzero(~np.isnan(customers["notice_at"]))
    left = left[share_of(rng, spec.loyalty.notice_in_contact if cancel is not None else 0.0, len(left))]
    at, reason = customers["notice_at"][left], np.full(len(left), cancel or 0)
    bare = Rows(
        customer=left, at=at, reason=reason, attempt=np.zeros(len(left), dtype=np.int64),
        matter=matter + np.arange(len(left)), channel=customers["channel"][left], queue=queue_of(spec)[reason],
    )  # fmt: skip
    played = play(spec, bare, agents, rng)
    attitude = waves.attitude[left, wave_of(spec, at)]
    felt = played["feeling_case"] + played["feeling_own"] + spec.loyalty.attitude_to_feeling * attitude + _UPSET
    return played.adding(feeling=felt, promised=False, kept=False, due_at=np.nan, return_at=np.nan, left_first=False)


def _judged(spec: WorldSpec, contacts: Rows, rng: np.random.Generator) -> Rows:
    """What an attentive listener would say of each contact, in the codebook's scales."""
    feeling, n = contacts["feeling"], len(contacts)
    partial = rng.random(n) < spec.outcomes.partial
    failed = np.where(partial, RESOLUTIONS.index("partial"), RESOLUTIONS.index("unresolved"))
    failed = np.where(contacts["promised"], RESOLUTIONS.index("pending"), failed)
    churn = 1 / (1 + np.exp(3.4 + 0.9 * feeling))
    return contacts.adding(
        resolution=np.where(contacts["resolved"], RESOLUTIONS.index("resolved"), failed),
        return_days=contacts["return_at"] - contacts["at"],
        experience=EXPERIENCE_BASE + EXPERIENCE_PER_SD * feeling,
        satisfaction=np.clip(3.2 + 0.75 * feeling, 1, 5), empathy=np.clip(3.0 + 0.7 * contacts["empathy_latent"], 1, 5),
        sentiment_start=contacts["mood"], sentiment_end=np.clip(0.05 + 0.35 * feeling, -1, 1),
        churn_talk=rng.random(n) < churn,
    )  # fmt: skip


def _as_many_as_asked(spec: WorldSpec, lives: Lives) -> Lives:
    """The first customers who have no more contacts together than asked for; the others never were."""
    each = np.bincount(lives.contacts["customer"], minlength=len(lives.customers))
    kept = int(np.searchsorted(np.cumsum(each), spec.contacts, side="right"))
    contacts = lives.contacts.at(lives.contacts["customer"] < kept)
    waves = Waves(lives.waves.attitude[:kept], lives.waves.feeling[:kept], lives.waves.bought[:kept])
    contacts = contacts.adding(number=np.arange(len(contacts)))
    return replace(lives, customers=lives.customers.first(kept), contacts=contacts, waves=waves)
