"""The contacts as a store holds them: what is known of each, and what the detectors made of it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from analyzer.simulate import columns as c
from analyzer.simulate.detector import Ears, hear_label, hear_number, hear_opportunities, hear_reason, unheard
from analyzer.simulate.draws import Bools, Draws, Floats, Ints, chosen, share_of
from analyzer.simulate.lives import Lives
from analyzer.simulate.rows import Rows
from analyzer.simulate.spec import CHANNELS, LANGUAGES, PRODUCT_LINES, RESOLUTIONS, SEGMENTS, WorldSpec

CONTACT_DIGITS, CUSTOMER_DIGITS, AGENT_DIGITS = 8, 7, 4
SOURCE_FORMAT = "simulated"


def contact_ids(contacts: Rows) -> pa.Array:
    return c.ids("c-", contacts["number"], CONTACT_DIGITS)


def customer_keys(customer: np.ndarray) -> pa.Array:
    return c.ids("k-", customer, CUSTOMER_DIGITS)


def agent_ids(agent: np.ndarray) -> pa.Array:
    return c.ids("a-", agent, AGENT_DIGITS)


def interaction_facts(spec: WorldSpec, lives: Lives, draws: Draws) -> pa.Table:
    """STORED["interaction_facts"] of the contacts, a row each, in their order."""
    columns = given(spec, lives, draws) | understood(spec, lives, draws)
    return c.stored("interaction_facts", columns, len(lives.contacts))


def given(spec: WorldSpec, lives: Lives, draws: Draws) -> dict[str, pa.Array]:
    """What the dump says of each contact."""
    contacts, customer = lives.contacts, lives.contacts["customer"]
    n = len(contacts)
    names, who = contact_ids(contacts), lives.customers.at(customer)
    unknown = share_of(draws.stream("unidentified"), spec.customers.unidentified, n)
    turns = [contacts[name] for name in ("customer_turns", "agent_turns")]
    return {
        "interaction_id": names, "source_id": names, "content_hash": names,
        "source_uri": c.constant(SOURCE_FORMAT, n), "source_format": c.constant(SOURCE_FORMAT, n),
        "day": c.days(spec.first_day, contacts["at"]),
        "channel": c.words(CHANNELS, contacts["channel"]),
        "direction": c.constant("inbound", n),
        "started_at": c.times(spec.first_day, spec.business_timezone, contacts["at"]),
        "ended_at": c.times(spec.first_day, spec.business_timezone, contacts["ends_at"]),
        "started_at_source": c.constant("record", n),
        "customer_key": customer_keys(np.where(unknown, -1, customer)),
        "agent_id": agent_ids(contacts["agent"]), "agent_ids": _agent_lists(contacts),
        "team": c.ids("t-", lives.agents["team"][contacts["agent"]], 2),
        "queue": c.words(spec.queues, contacts["queue"]),
        "product_line": c.words(PRODUCT_LINES, who["product_line"]),
        "segment": c.words(SEGMENTS, who["segment"]),
        "turn_count": c.counts(turns[0] + turns[1], pa.int32()), "customer_turns": c.counts(turns[0], pa.int32()),
        "agent_turns": c.counts(turns[1], pa.int32()),
        "transfers": c.counts(contacts["handed"], pa.int32()),
        **{name: c.numbers(contacts[name]) for name in ("handle_s", "wait_s", "hold_s")},
    }  # fmt: skip


def understood(spec: WorldSpec, lives: Lives, draws: Draws) -> dict[str, pa.Array]:
    """What the detectors say of each contact."""
    of, contacts, rng = spec.detector, lives.contacts, draws.stream("detector")
    n = len(contacts)
    ears = ears_of(lives)
    swapped, unreadable = unheard(spec, n, draws.stream("unheard"))
    void = swapped | unreadable
    heard = {
        name: hear_number(contacts[name], name, reading, ears, rng, perfect=of.perfect)
        for name, reading in of.numbers.items()
    }
    solved, probability = hear_label(contacts["resolved"], of.labels["resolution"], ears, rng,
                                     perfect=of.perfect)  # fmt: skip
    _, churn = hear_label(contacts["churn_talk"], of.labels["churn"], ears, rng, perfect=of.perfect)
    count, met, hurt = hear_opportunities(spec, contacts, ears, rng)
    reason = hear_reason(spec, contacts["reason"], rng)
    start, end = heard["sentiment_start"], heard["sentiment_end"]
    low = np.maximum(np.minimum(start, end) - 0.15 * rng.random(n), -1.0)
    return {
        "language": c.words((*LANGUAGES, "und"), np.where(unreadable, 2, ears.language)),
        "resolution": c.words(RESOLUTIONS, np.where(unreadable, -1, _as_heard(contacts, solved, draws))),
        "resolved_probability": c.numbers(probability, unreadable),
        "sentiment_start": c.numbers(start, void), "sentiment_end": c.numbers(end, void),
        "sentiment_mean": c.numbers((start + end) / 2, void), "sentiment_low": c.numbers(low, void),
        "sentiment_shift": c.numbers(end - start, void),
        "empathic_opportunities": c.counts(np.where(void, 0, count), pa.int32()),
        "opportunities_met": c.counts(np.where(void, 0, met), pa.int32()),
        "opportunities_hurt": c.counts(np.where(void, 0, hurt), pa.int32()),
        "opportunities_met_by_action": c.counts(np.zeros(n, dtype=np.int64), pa.int32()),
        "empathy": c.numbers(heard["empathy"], void), "effort": c.numbers(heard["effort"], unreadable),
        "satisfaction": c.numbers(heard["satisfaction"], unreadable),
        "expectation_balance": c.numbers(_expectation(heard["satisfaction"], rng), unreadable),
        "churn_talk_probability": c.numbers(churn, unreadable),
        "reason": c.words([r.name for r in spec.reasons], np.where(unreadable, -1, reason)),
        "role_confidence": c.numbers(np.where(swapped, 0.3 * rng.random(n), 0.9 + 0.1 * rng.random(n))),
    }  # fmt: skip


def ears_of(lives: Lives) -> Ears:
    """Where each contact is heard."""
    contacts = lives.contacts
    german = lives.customers["german"][contacts["customer"]]
    return Ears(np.where(german, 0, 1), contacts["channel"], lives.agents["style"][contacts["agent"]])


def interaction_agents(spec: WorldSpec, contacts: Rows) -> pa.Table:
    """STORED["interaction_agents"]: one row for who worked alone, two for who handed over and who closed."""
    handed = contacts["handed"]
    alone, both = contacts.at(~handed), contacts.at(handed)
    share, turns = both["opener_share"], both["agent_turns"]
    first = np.maximum(np.round(share * turns), 1).astype(np.int64)
    parts = [
        _part(spec, alone, alone["agent"], 0, "sole", np.ones(len(alone)), alone["agent_turns"]),
        _part(spec, both, both["opener"], 0, "opener", share, first),
        _part(spec, both, both["agent"], 1, "closer", 1 - share, np.maximum(turns - first, 1)),
    ]
    table = pa.concat_tables(parts)
    return table.sort_by([("interaction_id", "ascending"), ("leg", "ascending")])


def _part(
    spec: WorldSpec,
    contacts: Rows,
    agent: Ints,
    leg: int,
    role: str,
    share: Floats,
    turns: np.ndarray,
) -> pa.Table:
    n = len(contacts)
    before = (
        np.zeros(n, dtype=np.int64) if leg == 0 else contacts["customer_turns"] + contacts["agent_turns"] - 2 * turns
    )
    return c.stored("interaction_agents", {
        "interaction_id": contact_ids(contacts), "day": c.days(spec.first_day, contacts["at"]),
        "agent_id": agent_ids(agent), "leg": c.counts(np.full(n, leg), pa.int32()),
        "first_turn": c.counts(np.maximum(before, 0), pa.int32()),
        "last_turn": c.counts(np.maximum(before, 0) + 2 * turns - 1, pa.int32()),
        "agent_turns": c.counts(turns, pa.int32()), "seconds": c.numbers(share * contacts["handle_s"]),
        "role": c.constant(role, n), "share": c.numbers(share),
    }, n)  # fmt: skip


def _agent_lists(contacts: Rows) -> pa.Array:
    """All agents in order of appearance."""
    handed = contacts["handed"]
    length = 1 + handed.astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(length)])
    flat = np.repeat(contacts["agent"], length)
    flat[offsets[:-1][handed]] = contacts["opener"][handed]
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), agent_ids(flat))


def _as_heard(contacts: Rows, solved: Bools, draws: Draws) -> np.ndarray:
    """The class: what failed is heard as it was, a failure invented as one of those that happen here.

    Were all invented failures "unresolved", the other classes would be known for true, which no probability says.
    """
    truth = contacts["resolution"]
    classes = np.bincount(truth[truth > 0], minlength=len(RESOLUTIONS)).astype(np.float64)
    classes[RESOLUTIONS.index("unresolved")] += not classes.any()
    invented = chosen(draws.stream("invented failures"), classes, len(truth))
    return np.where(solved, 0, np.where(truth > 0, truth, invented))


def _expectation(satisfaction: Floats, rng: np.random.Generator) -> Floats:
    """Expectation is spoken of in a quarter of contacts, and then as it was felt."""
    spoken = rng.random(len(satisfaction)) < 0.25
    return np.where(spoken, np.tanh(0.8 * (satisfaction - 3.2) + 0.3 * rng.standard_normal(len(satisfaction))), np.nan)
