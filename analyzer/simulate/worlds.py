"""A world with its truth: ``make(spec, seed)``, the same to the last bit for the same spec and seed.

>>> from analyzer.simulate.named import world_spec
>>> world = make(world_spec("confounded", contacts=2000), seed=1)
>>> world.contacts["resolved_probability"].notna().mean() > 0.9
True
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.simulate import truth
from analyzer.simulate.attitude import Waves, live_through, wave_of
from analyzer.simulate.contacts import customers_needed, open_hours, take_contacts
from analyzer.simulate.draws import Draws, share_of
from analyzer.simulate.facts import RESOLUTIONS, interaction_agents, interaction_facts
from analyzer.simulate.leaving import notices, without_leavers
from analyzer.simulate.outcomes import play
from analyzer.simulate.people import invent_agents, invent_customers, queue_of
from analyzer.simulate.records import loyalty_records
from analyzer.simulate.spec import CANCEL, WorldSpec
from analyzer.simulate.surveys import answered_surveys
from analyzer.simulate.truth import EXPERIENCE_BASE, EXPERIENCE_PER_SD, Truth


@dataclass(frozen=True)
class World:
    """``interactions``, ``interaction_agents``, ``loyalty_records`` and ``surveys`` in the store's own shapes, and what
    is true of them."""

    spec: WorldSpec
    seed: int
    interactions: pa.Table
    interaction_agents: pa.Table
    loyalty_records: pa.Table
    surveys: pa.Table
    truth: Truth

    @cached_property
    def contacts(self) -> pd.DataFrame:
        """``interactions`` as a frame, as stages are given it."""
        frame: pd.DataFrame = self.interactions.to_pandas()
        return frame

    @property
    def as_of(self) -> datetime:
        """The end of the last day, UTC."""
        return datetime.combine(self.spec.last_day, datetime.max.time(), tzinfo=UTC).replace(microsecond=0)

    def until(self, moment: datetime) -> World:
        """The world as a store knew it at ``moment``: contacts ended, records known and surveys answered by then.

        The truth stays whole: it is what is estimated.
        """
        clock = pa.scalar(moment, pa.timestamp("us", tz="UTC"))
        facts = self.interactions.filter(pc.less_equal(self.interactions["ended_at"], clock))
        agents = self.interaction_agents
        return World(
            self.spec, self.seed, facts, agents.filter(pc.is_in(agents["interaction_id"], facts["interaction_id"])),
            self.loyalty_records.filter(pc.less_equal(self.loyalty_records["known_at"], clock)),
            self.surveys.filter(pc.less_equal(self.surveys["answered_at"], clock)), self.truth,
        )  # fmt: skip


def make(spec: WorldSpec, seed: int) -> World:
    """The world of ``spec``: at most ``spec.contacts`` contacts, and at least all but one customer's fewer."""
    draws = Draws(seed)
    customers = invent_customers(spec, customers_needed(spec), draws.stream("customers"))
    agents = invent_agents(spec, draws.stream("agents"))
    customers, contacts, waves = _lives(spec, customers, agents, draws)
    customers, contacts, waves = _as_many_as_asked(spec, customers, contacts, waves)
    return World(
        spec, seed,
        interactions=interaction_facts(spec, customers, agents, contacts, draws),
        interaction_agents=interaction_agents(spec, contacts),
        loyalty_records=loyalty_records(spec, customers, contacts, waves, draws.stream("records")),
        surveys=answered_surveys(spec, contacts, draws.stream("surveys")),
        truth=truth.told(spec, customers, agents, contacts, waves),
    )  # fmt: skip


def _lives(
    spec: WorldSpec, customers: pd.DataFrame, agents: pd.DataFrame, draws: Draws
) -> tuple[pd.DataFrame, pd.DataFrame, Waves]:
    """Customers with their notice, their contacts in order of time, and the waves."""
    contacts = take_contacts(spec, customers, agents, draws)
    waves, contacts["feeling"] = live_through(spec, customers, contacts, draws.stream("attitude"))
    notice_at = open_hours(notices(spec, customers, contacts, waves, draws.stream("notice")))
    customers = customers.assign(notice_at=notice_at)
    contacts = without_leavers(contacts, notice_at, float(spec.days))
    farewells = _farewells(spec, customers, agents, waves, contacts["matter"].max() + 1 if len(contacts) else 0, draws)
    contacts = pd.concat([contacts, farewells], ignore_index=True)
    contacts = contacts.sort_values(["at", "matter"], kind="stable").reset_index(drop=True)
    contacts["attitude"] = waves.attitude[contacts["customer"], wave_of(spec, contacts["at"].to_numpy())]
    return customers, _judged(spec, contacts, draws.stream("judged")), waves


def _farewells(
    spec: WorldSpec, customers: pd.DataFrame, agents: pd.DataFrame, waves: Waves, matter: int, draws: Draws
) -> pd.DataFrame:
    """Contacts in which notice is given."""
    cancel = next((place for place, reason in enumerate(spec.reasons) if reason.name == CANCEL), None)
    rng = draws.stream("farewells")
    left = np.flatnonzero(customers["notice_at"].notna())
    left = left[share_of(rng, spec.loyalty.notice_in_contact if cancel is not None else 0.0, len(left))]
    at = customers["notice_at"].to_numpy()[left]
    bare = pd.DataFrame({"customer": left, "at": at, "reason": np.full(len(left), cancel or 0), "attempt": 0})
    bare = bare.assign(
        matter=matter + np.arange(len(left)), channel=customers["channel"].to_numpy()[left],
        queue=queue_of(spec)[bare["reason"].to_numpy()],
    )  # fmt: skip
    played = play(spec, bare, agents, rng)
    attitude = waves.attitude[left, wave_of(spec, at)]
    felt = played["feeling_case"] + played["feeling_own"] + spec.loyalty.attitude_to_feeling * attitude - 0.5
    return played.assign(
        feeling=felt, promised=False, kept=False, due_at=np.nan, return_at=np.nan, left_first=False
    )  # fmt: skip


def _judged(spec: WorldSpec, contacts: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """What an attentive listener would say of each contact, in the codebook's scales."""
    feeling, n = contacts["feeling"].to_numpy(), len(contacts)
    failed = np.where(
        rng.random(n) < spec.outcomes.partial, RESOLUTIONS.index("partial"), RESOLUTIONS.index("unresolved")
    )
    failed = np.where(contacts["promised"], RESOLUTIONS.index("pending"), failed)
    churn = 1 / (1 + np.exp(3.4 + 0.9 * feeling))
    return contacts.assign(
        number=np.arange(n), outbound=False, turns=contacts["customer_turns"] + contacts["agent_turns"],
        resolution=np.where(contacts["resolved"], 0, failed),
        solved_case=contacts["solved_latent"] - contacts["solved_own"],
        return_days=contacts["return_at"] - contacts["at"],
        experience=EXPERIENCE_BASE + EXPERIENCE_PER_SD * feeling,
        satisfaction=np.clip(3.2 + 0.75 * feeling, 1, 5), empathy=np.clip(3.0 + 0.7 * contacts["empathy_latent"], 1, 5),
        sentiment_start=contacts["mood"], sentiment_end=np.clip(0.05 + 0.35 * feeling, -1, 1),
        churn_talk=rng.random(n) < churn,
    )  # fmt: skip


def _as_many_as_asked(
    spec: WorldSpec, customers: pd.DataFrame, contacts: pd.DataFrame, waves: Waves
) -> tuple[pd.DataFrame, pd.DataFrame, Waves]:
    """The first customers who have no more contacts together than asked for; the others never were."""
    each = np.bincount(contacts["customer"].to_numpy(), minlength=len(customers))
    kept = int(np.searchsorted(np.cumsum(each), spec.contacts, side="right"))
    contacts = contacts[contacts["customer"] < kept].reset_index(drop=True)
    contacts = contacts.assign(number=np.arange(len(contacts)))
    waves = Waves(waves.attitude[:kept], waves.feeling[:kept], waves.bought[:kept])
    return customers.iloc[:kept], contacts, waves
