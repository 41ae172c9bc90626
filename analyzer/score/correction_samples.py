"""Each measure of all contacts beside what people judged of the audited ones, ready to be corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.score.contact import OWN_PARTS
from analyzer.score.correction import Sample
from analyzer.score.correction_strata import thirds
from analyzer.score.correction_verdicts import RESOLUTION, Judgements
from analyzer.score.frames import Bools, Floats, Ints, in_order, linked, texts, truths
from analyzer.score.measures import MEASURES, measure_values

_OPPORTUNITIES: Final = ("empathic_opportunities", "opportunities_met", "opportunities_hurt")
# measure → the findings that must be judged before people have said what it is
NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "resolved_rate": (RESOLUTION,),
    "fcr_rate": (RESOLUTION,),
    "sentiment_end": ("sentiment_end",),
    "sentiment_shift": ("sentiment_start", "sentiment_end"),
    "empathy": ("empathy",),
    "effort": ("effort",),
    "satisfaction": ("satisfaction",),
    "churn_talk_rate": ("loyal.churn",),
}
EXPERIENCE: Final = ("experience_contact", "experience_score")
_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "resolution": (RESOLUTION,),
    "feeling_end": ("sentiment_end",),
    "feeling_shift": ("sentiment_start", "sentiment_end"),
    "opportunities": _OPPORTUNITIES,
    "empathy": ("empathy",),
    "effort": ("effort",),
    "expectation": ("expectation_balance",),
}
CORRECTED: Final = (*NEEDS, *EXPERIENCE)
NOT_AUDITED: Final = "model only: people do not judge it"
RATES: Final = frozenset(measure.name for measure in MEASURES if (measure.lowest, measure.highest) == (0, 1))


@dataclass(frozen=True, slots=True)
class Scored:
    """Contacts with what journeys and scores made of them; all frames by contact."""

    facts: pd.DataFrame
    links: pd.DataFrame
    experience: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Audit:
    """``judged``: the audited contacts as people judged them, sent through the same journeys and scores.

    ``fcr``: their first-contact resolution as people heard it.
    """

    judgements: Judgements
    judged: Scored
    fcr: pa.Table


@dataclass(frozen=True, slots=True)
class Audited:
    """``sample`` of the contacts of which the measure was read; ``contact``: their places in the facts in order."""

    sample: Sample
    contact: Ints


def audited_measures(scored: Scored, audit: Audit) -> dict[str, Audited]:
    """Measure → its readings and verdicts; only measures that people can judge.

    First-contact resolution is corrected by contacts whose window is over; open ones are taken to be heard as well.
    """
    facts = in_order(scored.facts)
    readings = measure_values(facts, scored.links, scored.experience)
    verdicts = _verdicts(facts, scored, audit)
    ids = texts(audit.judgements.facts, "interaction_id")
    found = {}
    for measure in (m for m in MEASURES if m.name in verdicts):
        reading = readings[measure.name]
        judged = pd.Series(verdicts[measure.name], index=ids).reindex(pd.Index(texts(facts, "interaction_id")))
        at = np.flatnonzero(~np.isnan(reading))
        ends = (measure.lowest, measure.highest)
        verdict = np.asarray(judged.to_numpy(), dtype=np.float64)
        sample = sample_of(facts, reading, verdict, audit, ends, at, measure.name in RATES)
        found[measure.name] = Audited(sample, at)
    return found


def sample_of(
    facts: pd.DataFrame,
    reading: Floats,
    verdict: Floats,
    audit: Audit,
    ends: tuple[float, float],
    at: Ints,
    is_rate: bool = True,
) -> Sample:
    """Readings and verdicts of the contacts ``at``, with strata, clusters and sampling probabilities."""
    told = pd.Series(audit.judgements.sampling_probability, index=texts(audit.judgements.facts, "interaction_id"))
    all_shares = told.reindex(pd.Index(texts(facts, "interaction_id"))).fillna(1.0)
    share = np.asarray(all_shares.to_numpy(), dtype=np.float64)
    strata = (thirds(reading, *ends), _codes(texts(facts, "language")), _codes(texts(facts, "channel")))
    whole = Sample(reading, verdict, share, np.ones(len(facts)), strata, _customers(facts), *ends, is_rate)
    return taken(whole, at)


def taken(sample: Sample, at: Ints | Bools) -> Sample:
    """The sample of the contacts ``at``."""
    return replace(
        sample, reading=sample.reading[at], verdict=sample.verdict[at], weight=sample.weight[at],
        sampling_probability=sample.sampling_probability[at], strata=tuple(level[at] for level in sample.strata),
        cluster=sample.cluster[at],
    )  # fmt: skip


def _verdicts(facts: pd.DataFrame, scored: Scored, audit: Audit) -> dict[str, Floats]:
    """Measure → what people say of each audited contact, in the order of the judgements; NaN where they do not."""
    told = audit.judgements
    values = measure_values(told.facts, audit.judged.links, audit.judged.experience)
    enough = {name: told.of(findings) for name, findings in NEEDS.items()}
    enough["fcr_rate"] = enough["fcr_rate"] & truths(linked(audit.judged.links, told.facts), "is_final")
    whole = _all_parts(_rows(facts, told), told)
    enough |= dict.fromkeys(EXPERIENCE, whole)
    return {name: np.where(holds, values[name], np.nan) for name, holds in enough.items()}


def _rows(facts: pd.DataFrame, told: Judgements) -> pd.DataFrame:
    return facts.set_index("interaction_id").reindex(pd.Index(texts(told.facts, "interaction_id")))


def _all_parts(facts: pd.DataFrame, told: Judgements) -> Bools:
    """Whether every part that the machine observed was judged: a score half of people, half of readings is neither."""
    whole = np.ones(len(facts), dtype=np.bool_)
    for part, findings in _PARTS.items():
        whole &= told.of(findings) | np.isnan(OWN_PARTS[part](facts))
    return whole


def _codes(words: np.ndarray) -> Ints:
    codes, _ = pd.factorize(np.where(pd.isna(words), "", words), sort=True)
    return np.asarray(codes, dtype=np.int64)


def _customers(facts: pd.DataFrame) -> Ints:
    """The customer of each contact; one of their own where nobody is known."""
    codes = np.asarray(pd.factorize(texts(facts, "customer_key"))[0], dtype=np.int64)
    return np.where(codes < 0, codes.max(initial=0) + 1 + np.arange(len(codes)), codes)
