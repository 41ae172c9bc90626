"""Audited contacts as people judged them, sent through the same journeys and scores as the machine's readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.config import Settings
from analyzer.journey.linking import LinkModel
from analyzer.journey.trace import Journeys, trace_journeys
from analyzer.score.contact import score_contacts
from analyzer.score.correction_samples import Audit, Scored
from analyzer.score.correction_verdicts import Judgements, judgements
from analyzer.score.weights import Weighting


@dataclass(frozen=True, slots=True)
class Heard:
    """What journeys are traced from, and who heard it."""

    facts: pd.DataFrame
    cues: pd.DataFrame
    turns: pd.DataFrame
    model_versions: pd.Series  # of each contact, the weights that heard it


def audit_of(
    verdicts: pa.Table,
    reveals: pa.Table,
    heard: Heard,
    settings: Settings,
    as_of: datetime,
    links: LinkModel,
    weightings: Sequence[Weighting] = (),
) -> Audit | None:
    """The audit that ``verdicts`` make; None where there is no verdict at all."""
    if not _may_correct(verdicts):
        return None
    told = judgements(verdicts, heard.facts, reveals, heard.model_versions)
    journeys = _journeys(told, heard, settings, as_of, links)
    scores = score_contacts(
        told.facts, journeys.links, settings.score, swap_below=settings.understand.swap_below, weightings=weightings
    )
    return Audit(told, Scored(told.facts, journeys.links, scores.experience), journeys.fcr)


def _may_correct(verdicts: pa.Table) -> bool:
    return bool(pc.any(pc.equal(verdicts["use"], "audit")).as_py())


def _journeys(told: Judgements, heard: Heard, settings: Settings, as_of: datetime, links: LinkModel) -> Journeys:
    """The journeys of the customers of judged contacts, which decide every contact whose window is over."""
    judged = told.facts.set_index("interaction_id")
    of_customer = heard.facts["customer_key"].isin(set(judged["customer_key"].dropna()))
    theirs = heard.facts[of_customer | heard.facts["interaction_id"].isin(judged.index)].set_index("interaction_id")
    theirs = theirs.astype({"resolved_probability": float})
    for column in ("resolution", "resolved_probability"):
        theirs[column] = judged[column].reindex(theirs.index).combine_first(theirs[column])
    ids = theirs.index
    return trace_journeys(
        theirs.reset_index()[list(heard.facts.columns)],
        heard.cues[heard.cues["interaction_id"].isin(ids)],
        heard.turns[heard.turns["interaction_id"].isin(ids)],
        settings.journey, as_of, business_timezone=settings.ingest.business_timezone, link_model=links,
    )  # fmt: skip
