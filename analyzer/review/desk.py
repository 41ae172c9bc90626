"""What the app shows of a store: flags with their contacts, and one contact whole; one published state at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow.dataset as ds
from numpy.typing import NDArray

from analyzer.config import PublishSettings
from analyzer.publish.agents import AgentPolicy, agent_policy
from analyzer.review.roles import User
from analyzer.store.store import Store, open_store
from analyzer.tables import STORED

AUDIT: Final = "random_audit"
_FACTS: Final = (
    "interaction_id", "day", "started_at", "channel", "queue", "team", "agent_id", "agent_ids", "language",
    "product_line", "customer_turns", "agent_turns",
)  # fmt: skip
_FLAGS: Final = (
    "flag_id",
    "interaction_id",
    "rule",
    "severity",
    "polarity",
    "turn",
    "explanation",
    "sampling_probability",
)
FILTERS: Final = ("rule", "severity", "channel", "team", "agent", "language", "product_line", "queue", "day")
OF_FLAGS: Final = ("rule", "severity")  # of which a contact may have several
Row = dict[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """One published state. ``flags`` has a row a flag with the facts of its contact, the most severe and latest first:
    filters as categories of text, ``agent`` and ``team`` as they may be shown, ``contact`` as a whole number, which
    ``number`` tells by id. ``draws``: the facts of each contact drawn for the audit, by id; ``roster``: by id, what
    decides who may see it, its team and the agents who spoke."""

    vector: Mapping[str, int]
    flags: pd.DataFrame
    policy: AgentPolicy
    number: Mapping[str, int]
    draws: Mapping[str, Row]
    roster: Mapping[str, tuple[str | None, frozenset[str]]]


@dataclass(frozen=True)
class Contact:
    """All that is published of one contact."""

    facts: Row
    outcome: Row
    turns: list[Row]
    cues: list[Row]
    findings: list[Row]
    contributions: list[Row]
    flags: list[Row]
    commitments: list[Row]
    others: list[Row]  # the customer's other contacts, latest first

    @property
    def audit(self) -> Row | None:
        """The random draw, if the contact was drawn."""
        return next((flag for flag in self.flags if flag["rule"] == AUDIT), None)


class Desk:
    """Reads ``store``; a state is read once and kept until another is published."""

    def __init__(self, store: Path, settings: PublishSettings) -> None:
        self._store = store
        self._settings = settings
        self._lock = Lock()
        self._kept: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        with open_store(self._store, write=False) as store, self._lock:
            if self._kept is None or self._kept.vector != store.vector:
                self._kept = _snapshot(store, self._settings)
            return self._kept

    def reading(self) -> AbstractContextManager[Store]:
        """The published state, for who reads more of it; a context that closes it."""
        return open_store(self._store, write=False)

    def contact(self, interaction_id: str) -> Contact | None:
        """The contact of that id; ``None`` if the store has none."""
        with open_store(self._store, write=False) as store:
            facts = rows_of(store, "interaction_facts", ds.field("interaction_id") == interaction_id)
            return _contact(store, facts[0]) if facts else None


def visible(flags: pd.DataFrame, user: User) -> pd.DataFrame:
    """The rows of contacts that ``user`` may see."""
    if user.role == "agent":
        return flags[[user.agent_id in spoken for spoken in flags["agent_ids"]]]
    return flags[flags["of_team"].isin(user.teams)] if user.teams else flags


def of_contacts(flags: pd.DataFrame, snapshot: Snapshot, ids: Iterable[str]) -> NDArray[np.bool_]:
    """Which rows are of the contacts ``ids``."""
    places = np.fromiter((snapshot.number.get(each, -1) for each in ids), dtype=np.int64)
    marked = np.zeros(len(snapshot.number), dtype=bool)
    marked[places[places >= 0]] = True
    found: NDArray[np.bool_] = marked[flags["contact"].to_numpy()]
    return found


def _snapshot(store: Store, settings: PublishSettings) -> Snapshot:
    policy = agent_policy(store, settings)
    flags = store.read("flags", _FLAGS).to_pandas()
    facts = store.read("interaction_facts", _FACTS).to_pandas()
    facts["agent"] = facts["agent_id"].map({a: policy.name(a) for a in facts["agent_id"].dropna().unique()})
    facts["of_team"] = facts["team"]  # decides who may see it; what is shown is as the policy has it
    facts["team"] = facts["team"].map({team: policy.team(team) for team in facts["team"].dropna().unique()})
    facts["agent_ids"] = [frozenset(spoken) for spoken in facts["agent_ids"]]
    joined = flags.merge(facts, on="interaction_id", how="inner", validate="many_to_one")
    joined["date"] = joined["day"]
    joined = joined.sort_values(
        ["severity", "started_at", "interaction_id"], ascending=[False, False, True], kind="stable", ignore_index=True
    )
    for name in FILTERS:
        joined[name] = joined[name].map(str, na_action="ignore").astype("category")
    joined["polarity"] = joined["polarity"].astype("category")
    joined["contact"], ids = pd.factorize(joined["interaction_id"])
    drawn = np.zeros(len(ids), dtype=bool)
    drawn[joined.loc[joined["rule"] == AUDIT, "contact"]] = True
    joined["drawn"] = drawn[joined["contact"].to_numpy()]
    draws = joined[joined["rule"] == AUDIT].drop_duplicates("contact").set_index("interaction_id")
    facts_of_draws = draws[["customer_turns", "agent_turns"]].to_dict("index")
    places = {each: place for place, each in enumerate(ids)}
    return Snapshot(store.vector, joined, policy, places, facts_of_draws, _roster(facts, places))


def _roster(facts: pd.DataFrame, flagged: Collection[str]) -> dict[str, tuple[str | None, frozenset[str]]]:
    teams = facts["of_team"].astype(object).where(facts["of_team"].notna(), None)
    rows = zip(facts["interaction_id"], teams, facts["agent_ids"], strict=True)
    return {contact: (team, agents) for contact, team, agents in rows if contact in flagged}


def _contact(store: Store, facts: Row) -> Contact:
    own = ds.field("interaction_id") == facts["interaction_id"]
    of_day = own & (ds.field("day") == facts["day"])
    outcomes = rows_of(store, "outcomes", of_day)
    return Contact(
        facts, outcomes[0] if outcomes else {}, sorted(rows_of(store, "turns", of_day), key=lambda row: row["turn"]),
        rows_of(store, "cues", of_day), rows_of(store, "findings", of_day), rows_of(store, "contributions", of_day),
        rows_of(store, "flags", of_day), rows_of(store, "commitments", of_day), _others(store, facts),
    )  # fmt: skip


def _others(store: Store, facts: Row) -> list[Row]:
    if facts["customer_key"] is None:
        return []
    wanted = ["interaction_id", "day", "started_at", "channel", "reason", "resolution", "sentiment_end"]
    found = rows_of(store, "interaction_facts", ds.field("customer_key") == facts["customer_key"], wanted)
    others = [row for row in found if row["interaction_id"] != facts["interaction_id"]]
    return sorted(others, key=lambda row: row["started_at"], reverse=True)


def rows_of(store: Store, name: str, where: ds.Expression, columns: Sequence[str] | None = None) -> list[Row]:
    """The rows of a table for which ``where`` holds, with all columns or those named."""
    table = store.dataset(name).to_table(columns=list(columns or STORED[name].column_names), filter=where)
    rows: list[Row] = table.to_pylist()
    return rows
