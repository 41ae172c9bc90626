"""What is measured of units, and which contacts count for which unit by how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from analyzer.score.contact import ratio
from analyzer.score.frames import Floats, Ints, linked, numbers, texts, truths

Sharing = Literal["share", "closer", "time", "passed"]
FCR_COUNTED: Final = ("confirmed", "refuted", "open", "silent")


@dataclass(frozen=True, slots=True)
class Measure:
    """``sharing`` says what an agent answers for in a shared contact: the share of agent turns (``share``), the outcome
    alone if they closed it (``closer``), their own part of the time (``time``), or whether they
    passed it on (``passed``)."""

    name: str
    unit: str
    higher_is_better: bool
    lowest: float = -np.inf
    highest: float = np.inf
    sharing: Sharing = "share"
    understood: bool = True  # taken from the models' reading, so void where speakers seem swapped
    journey: bool = False  # later contacts still move it; all else is settled with the contact

    @property
    def prior_spread(self) -> float | None:
        """A quarter of the scale: how much contacts of one unit are taken to differ before any was seen."""
        scale = self.highest - self.lowest
        return scale / 4 if np.isfinite(scale) else None


MEASURES: Final = (
    Measure("experience_contact", "0–100", True, 0, 100),
    Measure("experience_score", "0–100", True, 0, 100, journey=True),
    Measure("resolved_rate", "0–1", True, 0, 1, "closer"),
    Measure("fcr_rate", "0–1", True, 0, 1, "closer", understood=False, journey=True),
    Measure("sentiment_end", "−1…1", True, -1, 1),
    Measure("sentiment_shift", "−2…2", True, -2, 2),
    Measure("empathy", "1–5", True, 1, 5),
    Measure("effort", "1–5", False, 1, 5),
    Measure("satisfaction", "1–5", True, 1, 5),
    Measure("opportunities_met_rate", "0–1", True, 0, 1),
    Measure("opportunities_hurt_rate", "0–1", False, 0, 1),
    Measure("handle_s", "s", False, 0, sharing="time", understood=False),
    Measure("churn_talk_rate", "0–1", False, 0, 1),
)


def measure_values(facts: pd.DataFrame, links: pd.DataFrame, experience: pd.DataFrame) -> dict[str, Floats]:
    """Measure → one value a contact of ``facts``, NaN where it was not observed."""
    scores = linked(experience, facts)
    values = {
        "experience_contact": numbers(scores, "experience_contact"),
        "experience_score": numbers(scores, "experience_score"),
        "resolved_rate": numbers(facts, "resolved_probability"),
        "fcr_rate": fcr_values(linked(links, facts)),
        "opportunities_met_rate": _per_opportunity(facts, "opportunities_met"),
        "opportunities_hurt_rate": _per_opportunity(facts, "opportunities_hurt"),
        "churn_talk_rate": numbers(facts, "churn_talk_probability"),
    }
    values |= {m.name: numbers(facts, m.name) for m in MEASURES if m.name not in values}
    # Contacts without an experience are those whose speakers seem swapped: nothing heard in them counts for anybody.
    void = np.isnan(values["experience_contact"])
    return {m.name: np.where(void, np.nan, values[m.name]) if m.understood else values[m.name] for m in MEASURES}


def measure_weights(facts: pd.DataFrame) -> dict[str, Floats]:
    """Measure → weight of each contact where it is not 1: rates per opportunity count opportunities."""
    opportunities = np.maximum(np.nan_to_num(numbers(facts, "empathic_opportunities")), 0.0)
    return {"opportunities_met_rate": opportunities, "opportunities_hurt_rate": opportunities}


def fcr_values(links: pd.DataFrame) -> Floats:
    """``fcr_probability`` where the contact counts for the headline rate: a first contact of a known customer.

    Silent ones count with the probability of their text: dropping them once they stayed quiet, but not while they were
    open or had come back, would choose contacts by their outcome. Of unknown customers no return can be seen, so they
    stay apart; they are open for ever, and final.
    """
    status = links["fcr_status"]
    unidentified = (status == "open").to_numpy(dtype=np.bool_) & truths(links, "is_final")
    counted = status.isin(FCR_COUNTED).to_numpy(dtype=np.bool_) & ~unidentified
    return np.where(counted, numbers(links, "fcr_probability"), np.nan)


def _per_opportunity(facts: pd.DataFrame, column: str) -> Floats:
    return ratio(numbers(facts, column), numbers(facts, "empathic_opportunities"))


@dataclass(frozen=True, slots=True)
class Memberships:
    """Which contact belongs to which unit: one row a (contact, unit), in the order of contacts, then units.

    ``contact`` is a row of facts, ``unit`` an index of ``unit_ids`` (sorted). ``share``, ``time_share`` and ``closes``
    (1 or 0) are 1 but for agents.
    """

    unit_ids: tuple[str, ...]
    contact: Ints
    unit: Ints
    share: Floats
    time_share: Floats
    closes: Floats

    def weights(self, sharing: Sharing) -> Floats:
        """Weight of each row; 0 where the unit does not answer for this contact."""
        return {"share": self.share, "closer": self.closes, "time": np.ones(len(self.share)),
                "passed": np.ones(len(self.share))}[sharing]  # fmt: skip


def unit_memberships(facts: pd.DataFrame, interaction_agents: pd.DataFrame, kind: str) -> Memberships:
    """Memberships of ``kind``: agents by ``interaction_agents``, others by their column of ``facts``."""
    return _agent_memberships(facts, interaction_agents) if kind == "agent" else _column_memberships(facts, kind)


def _column_memberships(facts: pd.DataFrame, kind: str) -> Memberships:
    units = texts(facts, kind)
    contact = np.flatnonzero(~pd.isna(units))
    unit, unit_ids = _coded(units[contact])
    ones = np.ones(len(contact))
    return Memberships(unit_ids, contact, unit, ones, ones, ones)


def _agent_memberships(facts: pd.DataFrame, interaction_agents: pd.DataFrame) -> Memberships:
    legs = _legs(facts, interaction_agents)
    parts = legs.groupby(["contact", "agent_id"], sort=True, as_index=False).sum()
    closes = np.minimum(parts["closes"].to_numpy(dtype=np.float64), 1.0)
    unit, unit_ids = _coded(texts(parts, "agent_id"))
    # Seconds of legs are known of all legs of a contact or of none; turns stand in for time where they are not.
    time_share = np.where(parts["timed"] > 0, parts["time_share"], parts["share"])
    return Memberships(
        unit_ids, parts["contact"].to_numpy(dtype=np.int64), unit, numbers(parts, "share"), time_share, closes
    )


def _legs(facts: pd.DataFrame, interaction_agents: pd.DataFrame) -> pd.DataFrame:
    contacts = pd.Index(texts(facts, "interaction_id"))
    legs = pd.DataFrame(
        {
            "contact": contacts.get_indexer(pd.Index(texts(interaction_agents, "interaction_id"))),
            "leg": numbers(interaction_agents, "leg"),
            "agent_id": texts(interaction_agents, "agent_id"),
            "share": numbers(interaction_agents, "share"),
            "seconds": numbers(interaction_agents, "seconds"),
            "closes": interaction_agents["role"].isin(("closer", "sole")).to_numpy(dtype=np.float64),
        }
    )
    legs = legs.loc[(legs["contact"] >= 0) & legs["agent_id"].notna() & (legs["share"] > 0)]
    legs = legs.sort_values(["contact", "leg"])
    contact, seconds = legs["contact"].to_numpy(dtype=np.int64), numbers(legs, "seconds")
    # A leg of unknown length makes the whole contact's time unknown: NaN runs through the sum.
    total = np.bincount(contact, weights=seconds, minlength=len(contacts))[contact]
    timed = total > 0
    time_share = np.divide(seconds, total, out=np.zeros(len(legs)), where=timed)
    return legs.assign(time_share=time_share, timed=timed.astype(np.float64)).drop(columns=["seconds", "leg"])


def _coded(units: np.ndarray) -> tuple[Ints, tuple[str, ...]]:
    unit, unit_ids = pd.factorize(units, sort=True)
    return np.asarray(unit, dtype=np.int64), tuple(str(u) for u in unit_ids)
