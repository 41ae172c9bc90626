"""Where a number comes from: what a name means in a store, and all that stands behind its numbers.

A name is a contact, a customer or a unit (team, channel, queue, product line, segment, and an agent as the policy
``publish.agents`` shows them). ``unit``, ``customer`` and ``contact`` gather, ``page`` puts it into words. No words of
a transcript are shown but those of a contact that is asked for, masked as they are stored, and with which the customer
began the contacts that its promises are judged by.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.config import LoyaltySettings, PublishSettings
from analyzer.errors import UsageError
from analyzer.explain.contact import ContactExplained, explain_contact
from analyzer.explain.customer import CustomerExplained, explain_customer
from analyzer.explain.unit import UnitExplained, explain_unit
from analyzer.publish.agents import AgentPolicy, agent_policy
from analyzer.publish.reading import Tables
from analyzer.publish.terminal import visible

Explained = UnitExplained | CustomerExplained | ContactExplained

UNIT_KINDS: Final = ("team", "channel", "queue", "product_line", "segment", "agent")
KINDS: Final = (*UNIT_KINDS, "customer", "contact")
CLOSE: Final = 4
SEARCHED: Final = 50_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user typed. ``kind``, ``measure`` and ``period`` choose where a name or a unit has several."""

    name: str
    kind: str | None = None
    measure: str | None = None
    period: str | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """Names in a store by kind, as they are called outside: agents by what people read of them, and by their ids where
    these are shown. ``agents`` is what the store calls them."""

    by_kind: dict[str, list[str]]
    agents: dict[str, str]


def explain(
    tables: Tables,
    asked: Asked,
    settings: PublishSettings,
    loyalty: LoyaltySettings,
    customer_key: Callable[[str], str] = str,
) -> Explained:
    """Everything behind the name. Raises UsageError for a name not known (with the nearest ones) or not clear.

    ``customer_key`` turns a clear customer number into its key where keys are hashed.
    """
    policy = agent_policy(tables, settings)
    names = known_names(tables, policy)
    found = [kind for kind in KINDS if asked.kind in (None, kind) and asked.name in names.by_kind.get(kind, ())]
    hashed = customer_key(asked.name)
    if not found and asked.kind in (None, "customer") and hashed in names.by_kind["customer"]:
        return explain_customer(tables, hashed, policy, loyalty)
    if not found:
        raise _unknown(asked, names, policy)
    if len(found) > 1:
        raise _ambiguous(asked, found)
    if found[0] == "contact":
        return explain_contact(tables, asked.name, policy, settings)
    if found[0] == "customer":
        return explain_customer(tables, asked.name, policy, loyalty)
    unit = names.agents[asked.name] if found[0] == "agent" else asked.name
    return explain_unit(tables, found[0], unit, asked.measure, asked.period, policy)


def known_names(tables: Tables, policy: AgentPolicy) -> Names:
    """All that can be asked for. Agents appear as the policy shows them; teams too small to be shown do not."""
    units = policy.apply("unit_scores", tables.read("unit_scores"))
    pairs = pa.table([units["unit_kind"], units["unit_id"]], ["kind", "unit"]).group_by(["kind", "unit"]).aggregate([])
    by_kind: dict[str, list[str]] = {}
    for kind, unit in zip(pairs["kind"].to_pylist(), pairs["unit"].to_pylist(), strict=True):
        by_kind.setdefault(kind, []).append(unit)
    agents = by_kind.get("agent", [])
    by_kind["agent"] = list(dict.fromkeys([*(policy.called(agent) or agent for agent in agents), *agents]))
    facts = tables.read("interaction_facts", columns=["interaction_id", "customer_key"])
    customers = {*pc.unique(facts["customer_key"]).to_pylist(), *tables.read("customers")["customer_key"].to_pylist()}
    by_kind["customer"] = sorted(key for key in customers if key is not None)
    by_kind["contact"] = facts["interaction_id"].to_pylist()
    return Names(by_kind, _agents(tables, policy))


def _agents(tables: Tables, policy: AgentPolicy) -> dict[str, str]:
    """What an agent is called outside → what the store calls them; nobody where agents are not shown themselves."""
    if policy.mode not in ("pseudonym", "named"):
        return {}
    raw = pc.unique(tables.read("interaction_agents", columns=["agent_id"])["agent_id"]).to_pylist()
    scores = tables.read("unit_scores", columns=["unit_kind", "unit_id"])
    raw += scores.filter(pc.equal(scores["unit_kind"], "agent"))["unit_id"].to_pylist()
    labels = {label: agent for agent in raw if (label := policy.label(agent)) is not None}
    return labels | {shown: agent for agent in raw if (shown := policy.name(agent)) is not None}


def _unknown(asked: Asked, names: Names, policy: AgentPolicy) -> UsageError:
    searched = {kind: asked.kind in (None, kind) for kind in KINDS}
    near = nearest(asked.name, (name for kind in KINDS if searched[kind] for name in names.by_kind.get(kind, ())))
    what = "contact, customer or unit" if asked.kind is None else asked.kind.replace("_", " ")
    hint = f"Did you mean {', '.join(visible(name) for name in near)}?" if near else _what_there_is(names)
    units = {name for kind in UNIT_KINDS for name in names.by_kind.get(kind, ())}
    if policy.mode != "named" and not units.intersection(near):  # perhaps an agent was meant
        shown = {"pseudonym": "by their pseudonyms", "team": "only as teams", "off": "not at all"}[policy.mode]
        hint += f" Agents are shown {shown} (publish.agents = {policy.mode})."
    return UsageError(f"No {what} {visible(asked.name)!r} in this store.", hint=hint)


def nearest(name: str, names: Iterable[str]) -> list[str]:
    """The names most like ``name``, the most alike first."""
    spelled: dict[str, str] = {}
    for known in names:
        if len(spelled) >= SEARCHED:
            break
        spelled.setdefault(known.lower(), known)
    close = difflib.get_close_matches(name.lower(), spelled, n=CLOSE, cutoff=0.6)
    return [spelled[one] for one in close]


def _what_there_is(names: Names) -> str:
    units = {kind: _some(names, kind) for kind in UNIT_KINDS if names.by_kind.get(kind)}
    if not units and not names.by_kind["contact"]:
        return "The store holds no contacts yet."
    listed = [f"{kind.replace('_', ' ')}: {', '.join(map(visible, some))}" for kind, some in units.items()]
    return f"Units are, for example, {'; '.join(listed)}." if listed else "No unit is scored in it yet."


def _some(names: Names, kind: str) -> list[str]:
    """A few, of agents those first that people call them by."""
    return sorted(names.by_kind[kind], key=lambda name: (kind == "agent" and names.agents.get(name) == name, name))[:5]


def _ambiguous(asked: Asked, found: list[str]) -> UsageError:
    return UsageError(
        f"{visible(asked.name)!r} is a {' and a '.join(kind.replace('_', ' ') for kind in found)}.",
        hint=f"Say which: --kind {found[0]}.",
    )
