"""How agents appear outside the store: ``off | team | pseudonym | named``, the same in every table and picture.

off        agent columns are null, rows about agents are dropped
team       an agent is shown as the team, if it has ``team_min_agents``; rows about agents are dropped
pseudonym  "agent-" and 8 hex digits of a keyed hash, stable for the life of the store's secret
named      as given; people read the roster's name where one is known, tables keep the id as their key

Unless agents are named, estimates of teams smaller than ``team_min_agents`` are dropped too: they are estimates of
persons by another name.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.config import PublishSettings
from analyzer.publish.reading import Tables
from analyzer.records import UNNAMED

Mode = Literal["off", "team", "pseudonym", "named"]

SECRET_NAME: Final = "agents"
PSEUDONYM_HEX: Final = 8
ROWS_ABOUT_AGENTS: Final = frozenset({"interaction_agents"})
UNIT_TABLES: Final = frozenset(
    {"unit_scores", "control_chart_points", "counter_measures", "agent_scores", "channel_scores"}
)


@dataclass(frozen=True, slots=True)
class AgentPolicy:
    """``team_of`` maps an agent to the team of the last contact closed; ``shown_teams`` have enough agents.

    ``roster_names`` are what people call agents, each one's own; nobody's unless agents are named.
    """

    mode: Mode
    team_of: Mapping[str, str]
    shown_teams: frozenset[str]
    secret: bytes
    roster_names: Mapping[str, str] = field(default_factory=dict)

    def name(self, agent_id: str | None) -> str | None:
        """What an agent is called outside; None where the policy says that nothing is."""
        if agent_id is None or self.mode == "off":
            return None
        if agent_id == UNNAMED:
            return None if self.mode == "team" else UNNAMED  # forgotten: of no team, and behind no pseudonym
        if self.mode == "named":
            return agent_id
        if self.mode == "pseudonym":
            return pseudonym(self.secret, agent_id)
        return self.team(self.team_of.get(agent_id))

    def called(self, name: str | None) -> str | None:
        """What people read in place of what ``name`` told: the roster's name, where there is one to be shown."""
        return name if name is None else self.roster_names.get(name, name)

    def label(self, agent_id: str | None) -> str | None:
        """What people read of an agent; None where the policy says that nothing is."""
        return self.called(self.name(agent_id))

    def team(self, team: str | None) -> str | None:
        """The team, if it may be shown beside a contact: small ones only where agents are shown themselves."""
        return team if self.mode in ("pseudonym", "named") or team in self.shown_teams else None

    def apply(self, name: str, table: pa.Table) -> pa.Table:
        """``table`` as the policy lets it out; ``name`` is one of ``tables.EXPORTED``. Schema and types stay."""
        if self.mode == "named":
            return table
        if name in ROWS_ABOUT_AGENTS and self.mode in ("off", "team"):
            return table.slice(0, 0)
        if name in UNIT_TABLES:
            return self._units(table)
        if name == "staff_mood":  # none of its teams is small, but a company may want larger ones still
            large = _strings(self.shown_teams | {"all"})
            return table.filter(pc.is_in(table["team"], value_set=large))
        if name == "interactions":
            return self._interactions(table)
        if "agent_id" in table.column_names:
            return _with_column(table, "agent_id", _mapped(table["agent_id"], self.name))
        return table

    def shown(self, name: str, table: pa.Table) -> pa.Table:
        """The same for people to read: agents under the roster's names. Those are no keys to join by."""
        table = self.apply(name, table)
        if not self.roster_names:
            return table
        if name in UNIT_TABLES:
            is_agent = pc.equal(table["unit_kind"], "agent")
            called = pc.if_else(is_agent, _mapped(table["unit_id"], self.called), table["unit_id"])
            return _with_column(table, "unit_id", called)
        if "agent_ids" in table.column_names:
            called = [[self.called(agent) for agent in agents or ()] for agents in table["agent_ids"].to_pylist()]
            table = _with_column(table, "agent_ids", pa.array(called, table["agent_ids"].type))
        if "agent_id" in table.column_names:
            table = _with_column(table, "agent_id", _mapped(table["agent_id"], self.called))
        return table

    def _units(self, table: pa.Table) -> pa.Table:
        kinds, units = table["unit_kind"], table["unit_id"]
        small_team = pc.and_(pc.equal(kinds, "team"), pc.invert(pc.is_in(units, value_set=_strings(self.shown_teams))))
        table = table.filter(pc.invert(small_team))
        is_agent = pc.equal(table["unit_kind"], "agent")
        if self.mode != "pseudonym":
            return table.filter(pc.invert(is_agent))
        shown = pc.if_else(is_agent, _mapped(table["unit_id"], self.name), table["unit_id"])
        return _with_column(table, "unit_id", shown)

    def _interactions(self, table: pa.Table) -> pa.Table:
        if self.mode == "team":  # the contact's own team, not the agent's latest
            closed = pc.is_valid(table["agent_id"])
            agents = pc.if_else(closed, _mapped(table["team"], self.team), pa.scalar(None, pa.string()))
        else:
            agents = _mapped(table["agent_id"], self.name)
        table = _with_column(table, "agent_id", agents)
        table = _with_column(table, "agent_ids", self._lists(table["agent_ids"]))
        return _with_column(table, "team", _mapped(table["team"], self.team))

    def _lists(self, column: pa.ChunkedArray) -> pa.Array:
        named = [[self.name(agent) for agent in agents or ()] for agents in column.to_pylist()]
        distinct = [list(dict.fromkeys(name for name in names if name is not None)) for names in named]
        return pa.array(distinct, column.type)


def agent_policy(tables: Tables, settings: PublishSettings) -> AgentPolicy:
    """The policy in force, with what it must know of the store: who belongs to which team, and the secret."""
    if settings.agents == "named":
        return AgentPolicy("named", {}, frozenset(), b"", _roster_names(tables))
    closed = tables.read("interaction_facts", columns=["agent_id", "team", "started_at"])
    closed = closed.filter(pc.and_(pc.is_valid(closed["agent_id"]), pc.is_valid(closed["team"])))
    rows = closed.sort_by([("started_at", "ascending"), ("agent_id", "ascending")]).to_pydict()
    members: defaultdict[str, set[str]] = defaultdict(set)
    team_of: dict[str, str] = {}
    for agent, team in zip(rows["agent_id"], rows["team"], strict=True):
        if agent == UNNAMED:
            continue
        members[team].add(agent)
        team_of[agent] = team
    shown = frozenset(team for team, agents in members.items() if len(agents) >= settings.team_min_agents)
    secret = tables.secret(SECRET_NAME) if settings.agents == "pseudonym" else b""
    return AgentPolicy(settings.agents, team_of, shown, secret)


def _roster_names(tables: Tables) -> dict[str, str]:
    """By id; who shares a name with somebody is told apart by the id."""
    names = dict(zip(*(tables.read("agent_names")[column].to_pylist() for column in ("agent_id", "name")), strict=True))
    shared = Counter(names.values())
    return {agent: name if shared[name] == 1 else f"{name} ({agent})" for agent, name in names.items()}


def pseudonym(secret: bytes, agent_id: str) -> str:
    """ "agent-" and 8 hex digits of HMAC-SHA256: without the secret nobody can try names against it."""
    digest = hmac.new(secret, agent_id.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return f"agent-{digest.hexdigest()[:PSEUDONYM_HEX]}"


def _mapped(column: pa.ChunkedArray, name: Callable[[str | None], str | None]) -> pa.ChunkedArray:
    distinct = column.unique()
    names = pa.array([name(value) for value in distinct.to_pylist()], pa.string())
    return pa.chunked_array([names.take(pc.index_in(column, value_set=distinct).combine_chunks())], pa.string())


def _with_column(table: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    where = table.schema.get_field_index(name)
    return table.set_column(where, table.schema.field(where), values)


def _strings(values: frozenset[str]) -> pa.Array:
    return pa.array(sorted(values), pa.string())
