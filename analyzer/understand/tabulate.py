"""Understood contacts as rows of the fact tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from analyzer.records import Interaction, Understood, stable_id
from analyzer.tables import FACT_TABLES, STORED

_COPIED: Final = (
    "interaction_id", "source_id", "source_uri", "source_format", "content_hash", "chain_id", "day", "channel",
    "direction", "started_at", "ended_at", "started_at_source", "customer_key", "agent_id", "team", "queue",
    "product_line", "segment", "handle_s", "wait_s", "hold_s", "transfers", "disposition", "csat",
)  # fmt: skip
_UNDERSTOOD: Final = (
    "language", "resolution", "resolved_probability", "sentiment_start", "sentiment_end", "sentiment_mean",
    "sentiment_low", "sentiment_shift", "empathic_opportunities", "opportunities_met", "opportunities_hurt",
    "opportunities_met_by_action", "empathy",
    "effort", "satisfaction", "expectation_balance", "churn_talk_probability", "reason", "role_confidence",
)  # fmt: skip


def tabulate(understood: Sequence[Understood]) -> dict[str, pa.Table]:
    """One Arrow table a name in FACT_TABLES, rows in the order of the contacts."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in FACT_TABLES}
    for contact in understood:
        rows["interaction_facts"].append(_facts(contact))
        rows["turns"].extend(_turns(contact))
        rows["cues"].extend(_cues(contact))
        rows["findings"].extend(_findings(contact))
        rows["interaction_agents"].extend(_agents(contact.interaction))
    return {name: STORED[name].from_rows(rows[name]) for name in FACT_TABLES}


def _facts(contact: Understood) -> dict[str, Any]:
    interaction = contact.interaction
    speakers = [turn.speaker for turn in interaction.turns]
    return {
        **{name: getattr(interaction, name) for name in _COPIED},
        **{name: getattr(contact, name) for name in _UNDERSTOOD},
        "agent_ids": agents_in_order(interaction),
        "turn_count": len(speakers),
        "customer_turns": speakers.count("customer"),
        "agent_turns": speakers.count("agent"),
    }


def agents_in_order(interaction: Interaction) -> list[str]:
    """Human agents by first appearance; the closing agent alone where turns name nobody."""
    named = [agent for agent in speaking_agents(interaction) if agent]
    if interaction.agent_id and not named:
        return [interaction.agent_id]
    return list(dict.fromkeys(named))


def speaking_agents(interaction: Interaction) -> list[str | None]:
    """Who speaks as agent in each turn, as far as that is known.

    Turns that name nobody are the closing agent's, unless others took part or the contact was transferred.
    """
    spoken = [turn for turn in interaction.turns if turn.speaker == "agent" and not turn.is_supervisor]
    alone = not interaction.transfers and {turn.agent_id for turn in spoken} <= {None, interaction.agent_id}
    other = interaction.agent_id if alone else None
    return [(turn.agent_id or other) if turn.speaker == "agent" else None for turn in interaction.turns]


def _turns(contact: Understood) -> Iterator[dict[str, Any]]:
    interaction = contact.interaction
    agents = speaking_agents(interaction)
    for index, turn in enumerate(interaction.turns):
        feeling = contact.feelings.get(index)
        yield {
            "interaction_id": interaction.interaction_id, "day": interaction.day, "turn": index,
            "speaker": turn.speaker, "agent_id": agents[index], "text": turn.text,
            "start_ms": turn.start_ms, "end_ms": turn.end_ms,
            "negative_probability": feeling.negative_probability if feeling else None,
            "neutral_probability": feeling.neutral_probability if feeling else None,
            "positive_probability": feeling.positive_probability if feeling else None,
            "sentiment": feeling.sentiment if feeling else None,
            "source_sentiment": turn.source_sentiment, "part": turn.part,
            "is_supervisor": turn.is_supervisor,
        }  # fmt: skip


def _cues(contact: Understood) -> Iterator[dict[str, Any]]:
    key = contact.interaction.interaction_id
    for cue in contact.cues:
        yield {
            "cue_id": stable_id(key, cue.label, str(cue.turn), str(cue.start_char), str(cue.end_char)),
            "interaction_id": key, "day": contact.interaction.day, "turn": cue.turn, "label": cue.label,
            "probability": cue.probability, "found": cue.found, "start_char": cue.start_char, "end_char": cue.end_char,
            "detector": cue.detector, "reason": cue.reason,
        }  # fmt: skip


def _findings(contact: Understood) -> Iterator[dict[str, Any]]:
    for finding in contact.findings:
        yield {
            "interaction_id": contact.interaction.interaction_id, "day": contact.interaction.day, "name": finding.name,
            "value": finding.value, "number": finding.number, "probability": finding.probability, "low": finding.low,
            "high": finding.high, "abstained": finding.abstained, "detector": finding.detector,
            "model_version": finding.model_version,
        }  # fmt: skip


@dataclass
class _Leg:
    agent_id: str
    first_turn: int
    last_turn: int
    turns: int


def _agents(interaction: Interaction) -> Iterator[dict[str, Any]]:
    legs = _legs(interaction)
    spoken = sum(leg.turns for leg in legs)
    for place, leg in enumerate(legs):
        yield {
            "interaction_id": interaction.interaction_id, "day": interaction.day, "agent_id": leg.agent_id,
            "leg": place, "first_turn": leg.first_turn, "last_turn": leg.last_turn, "agent_turns": leg.turns,
            "seconds": _seconds(interaction, leg, sole=len(legs) == 1), "role": _role(place, len(legs)),
            "share": leg.turns / spoken,
        }  # fmt: skip


def _legs(interaction: Interaction) -> list[_Leg]:
    """Each agent's stretches; a new leg begins when another agent speaks. Supervisors have none."""
    legs: list[_Leg] = []
    for index, agent in enumerate(speaking_agents(interaction)):
        if agent is None or interaction.turns[index].is_supervisor:
            continue
        if legs and legs[-1].agent_id == agent:
            legs[-1].last_turn = index
            legs[-1].turns += 1
        else:
            legs.append(_Leg(agent, index, index, 1))
    return legs


def _role(place: int, legs: int) -> str:
    if legs == 1:
        return "sole"
    return "opener" if place == 0 else "closer" if place == legs - 1 else "middle"


def _seconds(interaction: Interaction, leg: _Leg, *, sole: bool) -> float | None:
    """From the leg's first to the end of its last turn; the handle time where one agent did it all."""
    if sole and interaction.handle_s is not None:
        return interaction.handle_s
    first, last = interaction.turns[leg.first_turn], interaction.turns[leg.last_turn]
    end = last.end_ms if last.end_ms is not None else last.start_ms
    if first.start_ms is None or end is None or end < first.start_ms:
        return None
    return (end - first.start_ms) / 1000
