"""The experience of one contact on 0–100, and the parts that add up to it.

Each part gives points = weight × (value − reference); a part that was not observed gives 0. ``experience_contact`` is
base + the points of the contact's own parts and never changes; ``experience_score`` adds what the journey brings
(``repeat``, ``promise``). Weights are those that served on the contact's day. Where a sum would leave 0–100, a row
``bound`` (own parts) or ``bound_journey`` states the difference, so that base + Σ points is the published score in
every case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.config import ScoreSettings
from analyzer.errors import ConfigError
from analyzer.score.frames import Bools, Floats, Ints, Objects, days, linked, numbers, texts, to_table
from analyzer.score.weights import Weighting, configured, serving

LOWEST: Final = 0.0
HIGHEST: Final = 100.0

Part = Callable[[pd.DataFrame], Floats]


def opportunity_balance(facts: pd.DataFrame) -> Floats:
    """(met − hurt) / empathic opportunities, −1…1; NaN without an opportunity."""
    net = numbers(facts, "opportunities_met") - numbers(facts, "opportunities_hurt")
    return ratio(net, numbers(facts, "empathic_opportunities"))


def promise_balance(links: pd.DataFrame) -> Floats:
    """Mean outcome of the contact's promises, kept 1 and broken −1; NaN where none has an outcome."""
    kept = numbers(links, "promises_kept")
    broken = numbers(links, "promises_broken")
    return ratio(kept - broken, kept + broken)


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """numerator / denominator; NaN where the denominator is missing or not above 0."""
    result = np.full(len(numerator), np.nan)
    np.divide(numerator, denominator, out=result, where=denominator > 0)
    return result


def _column(name: str) -> Part:
    return lambda frame: numbers(frame, name)


OWN_PARTS: Final[Mapping[str, Part]] = {  # of the contact's facts
    "resolution": _column("resolved_probability"),
    "feeling_end": _column("sentiment_end"),
    "feeling_shift": _column("sentiment_shift"),
    "opportunities": opportunity_balance,
    "empathy": _column("empathy"),
    "effort": _column("effort"),
    "expectation": _column("expectation_balance"),
}
JOURNEY_PARTS: Final[Mapping[str, Part]] = {  # of its links to other contacts
    "repeat": _column("repeat_probability"),
    "promise": promise_balance,
}


@dataclass(frozen=True, slots=True)
class ContactScores:
    """``contributions`` as in TABLES.md; ``experience`` by interaction_id: experience_contact, experience_score."""

    contributions: pa.Table
    experience: pd.DataFrame


@dataclass(frozen=True, slots=True)
class _Component:
    """One part of every contact."""

    name: str
    value: Floats
    reference: Floats
    weight: Floats
    points: Floats


def score_contacts(
    facts: pd.DataFrame,
    links: pd.DataFrame,
    settings: ScoreSettings,
    *,
    swap_below: float,
    weightings: Sequence[Weighting] = (),
) -> ContactScores:
    """Contributions and experience of every contact of ``facts``; O(contacts × parts).

    ``weightings`` serve in their order, the first from the beginning; none: the configured weights alone.

    A contact whose speakers seem swapped (role_confidence under ``swap_below``) or with none of its own parts observed
    has a null experience and no contributions at all: a lone 50 would look like a measurement.
    """
    _check_parts(settings)
    served = weightings or (configured(settings),)
    of = serving(served, days(facts)) if len(facts) else np.zeros(0, dtype=np.int64)
    own = _components(OWN_PARTS, facts, served, of)
    journey = _components(JOURNEY_PARTS, linked(links, facts), served, of)
    scored = _scored(facts, own, swap_below)
    base = np.array([weighting.base for weighting in served])[of]
    contact, contact_bound = _bounded("bound", base, own)
    score, journey_bound = _bounded("bound_journey", contact, journey)
    components = [_plain("base", base, base), *own, contact_bound, *journey, journey_bound]
    ids = texts(facts, "interaction_id")
    experience = pd.DataFrame(
        {
            "experience_contact": np.where(scored, contact, np.nan),
            "experience_score": np.where(scored, score, np.nan),
        },
        index=pd.Index(ids, name="interaction_id", dtype=object),
    )
    return ContactScores(_contributions(facts, ids, components, scored), experience)


def _check_parts(settings: ScoreSettings) -> None:
    known = OWN_PARTS.keys() | JOURNEY_PARTS.keys()
    if unknown := sorted(settings.weights.keys() - known):
        raise ConfigError(
            f"score.weights names unknown parts: {', '.join(unknown)}.", hint=f"Known: {', '.join(sorted(known))}."
        )


def _components(
    parts: Mapping[str, Part], frame: pd.DataFrame, served: Sequence[Weighting], of: Ints
) -> list[_Component]:
    """The parts that are scored; ``of`` is the place of each contact's weighting in ``served``."""
    return [
        _component(
            name,
            part(frame),
            np.array([weighting.weights[name] for weighting in served])[of],
            np.array([weighting.references[name] for weighting in served])[of],
        )
        for name, part in parts.items()
        if name in served[0].weights
    ]


def _component(name: str, value: Floats, weight: Floats, reference: Floats) -> _Component:
    points = np.where(np.isnan(value), 0.0, weight * (value - reference))
    return _Component(name, value, reference, weight, points)


def _plain(name: str, value: Floats, points: Floats) -> _Component:
    """What is added as it is."""
    return _Component(name, value, np.zeros(len(value)), np.ones(len(value)), points)


def _scored(facts: pd.DataFrame, own: list[_Component], swap_below: float) -> Bools:
    observed = np.zeros(len(facts), dtype=bool)
    for component in own:
        observed |= ~np.isnan(component.value)
    return observed & ~(numbers(facts, "role_confidence") < swap_below)


def _bounded(name: str, start: Floats, components: list[_Component]) -> tuple[Floats, _Component]:
    """start + Σ points within 0–100, and the component that kept it there (NaN, so no row, where it had not to)."""
    total = start.copy()
    for component in components:
        total += component.points
    within = np.clip(total, LOWEST, HIGHEST)
    difference = within - total
    value = np.where(difference != 0, difference, np.nan)
    return within, _plain(name, value, difference)


def _contributions(facts: pd.DataFrame, ids: Objects, components: list[_Component], scored: Bools) -> pa.Table:
    order = np.argsort(ids.astype(str), kind="stable")
    order = order[scored[order]]
    values = np.stack([c.value for c in components], axis=1)[order]
    points = np.stack([c.points for c in components], axis=1)[order]
    observed = ~np.isnan(values)
    # Parts are listed even where nothing was observed; bounds only where they had to act.
    kept = (observed | [not c.name.startswith("bound") for c in components]).ravel()
    row, part = np.divmod(np.flatnonzero(kept), len(components))
    return to_table(
        "contributions",
        {
            "interaction_id": pa.array(ids[order], pa.string()).take(pa.array(row)),
            "day": days(facts)[order][row],
            "component": pa.array([c.name for c in components], pa.string()).take(pa.array(part)),
            "observed": observed.ravel()[kept],
            "value": values.ravel()[kept],
            "reference": np.stack([c.reference for c in components], axis=1)[order].ravel()[kept],
            "weight": np.stack([c.weight for c in components], axis=1)[order].ravel()[kept],
            "points": points.ravel()[kept],
        },
    )
