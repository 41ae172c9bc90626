"""Agents whose style the machine hears better or worse, with a random audit: what each would truly get is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.config import ScoreSettings
from analyzer.score.correction_samples import Audit, Scored
from analyzer.score.correction_scores import correct_unit_scores
from analyzer.score.correction_verdicts import judgements
from analyzer.score.units import UnitInputs, score_units
from analyzer.tables import STORED
from tests.score import worlds

NO_FCR = STORED["fcr"].empty()
ANSWERED = worlds.AS_OF


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """``style``: spread of the machine's error between agents, in logits; ``share`` of contacts audited."""

    agents: int = 20
    contacts: int = 150
    share: float = 0.05
    skill: float = 0.4
    style: float = 0.5


@dataclass(frozen=True, slots=True)
class AuditedAgents:
    """The agents' rates as the machine alone says and as corrected, indexed by agent; their true long-run rates."""

    machine: pd.DataFrame
    corrected: pd.DataFrame
    truth: pd.Series[float]


def tell(spec: AgentSpec, rng: np.random.Generator) -> AuditedAgents:
    """One month of ``spec``, published with and without its audit."""
    facts, solved, truth = _contacts(spec, rng)
    told = judgements(_verdicts(facts, solved, spec.share, rng), facts)
    links, experience = worlds.links(facts), worlds.experience(facts, np.full(len(facts), 50.0))
    scored, judged = Scored(facts, links, experience), Scored(told.facts, links, experience)
    settings = _monthly()
    agents, zone = worlds.sole_agents(facts, facts["agent_id"]), "Europe/Berlin"
    model = score_units(UnitInputs(facts, links, experience, agents, settings, worlds.AS_OF, zone))
    table = correct_unit_scores(
        model, scored, agents, Audit(told, judged, NO_FCR), settings, worlds.AS_OF, business_timezone=zone
    )
    return AuditedAgents(_rates(model), _rates(table), truth)


@lru_cache
def _monthly() -> ScoreSettings:
    return worlds.score_settings("score.daily=false", "score.weekly=false")


def _contacts(spec: AgentSpec, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray, pd.Series[float]]:
    n = spec.agents * spec.contacts
    agent = np.repeat(np.arange(spec.agents), spec.contacts)
    english = rng.random(n) < 0.3
    skill, style = rng.normal(0, spec.skill, spec.agents), rng.normal(0, spec.style, spec.agents)
    rate = 1 / (1 + np.exp(-(0.4 + skill)))
    solved = rng.random(n) < rate[agent]
    heard = 3 * (solved - 0.5) + style[agent] - 0.8 * english + rng.normal(0, 1.2, n)
    names = np.array([f"a-{a:03d}" for a in range(spec.agents)])
    facts = worlds.contacts(
        n,
        content_hash="h",
        resolved_probability=1 / (1 + np.exp(-heard)),
        agent_id=names[agent],
        language=np.where(english, "en", "de"),
    )
    return facts, solved, pd.Series(rate, index=names)


def _verdicts(facts: pd.DataFrame, solved: np.ndarray, share: float, rng: np.random.Generator) -> pa.Table:
    drawn = np.flatnonzero(rng.random(len(facts)) < share)
    ids = facts["interaction_id"].to_numpy()[drawn]
    frame = pd.DataFrame({
        "verdict_id": ids, "interaction_id": ids, "finding": "resolution",
        "answer": np.where(solved[drawn], "resolved", "unresolved"), "reviewer": "r", "answered_at": ANSWERED,
        "blind": True, "sampling_probability": share, "assigned_at": None, "content_hash": "h", "model_version": "m",
        "use": "audit",
    })  # fmt: skip
    schema = STORED["verdicts"].schema
    return pa.Table.from_pandas(frame.reindex(columns=schema.names), schema=schema, preserve_index=False)


def _rates(table: pa.Table) -> pd.DataFrame:
    frame = table.to_pandas()
    kept = (frame["unit_kind"] == "agent") & (frame["measure"] == "resolved_rate")
    return frame[kept].set_index("unit_id")
