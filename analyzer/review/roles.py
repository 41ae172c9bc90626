"""Who may do what: rights by role, and which contacts a person may see at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

Role = Literal["viewer", "agent", "reviewer", "lead", "admin"]
Right = Literal["read", "decide", "settle", "see_log", "manage"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    "viewer": frozenset({"read"}),
    "agent": frozenset({"read"}),  # of their own contacts alone
    "reviewer": frozenset({"read", "decide"}),
    "lead": frozenset({"read", "decide", "settle", "see_log"}),
    "admin": frozenset({"read", "decide", "settle", "see_log", "manage"}),
}


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who signed in. ``teams`` empty: every team, but for an agent, who sees what ``agent_id`` spoke in."""

    name: str
    role: Role
    agent_id: str | None = None
    teams: frozenset[str] = frozenset()

    def may(self, right: Right) -> bool:
        return right in RIGHTS[self.role]

    def may_see(self, team: str | None, agent_ids: frozenset[str]) -> bool:
        """Whether a contact of ``team``, in which ``agent_ids`` spoke, is theirs to read."""
        if self.role == "agent":
            return self.agent_id is not None and self.agent_id in agent_ids
        return not self.teams or team in self.teams
