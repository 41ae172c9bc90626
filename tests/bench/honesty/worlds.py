"""Whether simulated worlds hold what they state: estimated back from their truth, where no detector stands between."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from analyzer.simulate.named import world_spec
from analyzer.simulate.worlds import World, make
from tests.bench.honesty.lines import Line, coverage
from tests.simulate.estimates import Estimate, bare_spec, confusion, dynamics, hazards, icc, odds

CONTACTS = 3000
ICCS = (0.02, 0.05, 0.10)
Z95, Z99 = 1.96, 2.576


def worlds(worlds: int, seed: int) -> list[Line]:
    """Every line of the part."""
    count = min(worlds, 300)
    leaving = world_spec(contacts=CONTACTS, days=85)
    leaving = replace(leaving, loyalty=replace(leaving.loyalty, yearly=2.0, hazard_handle=0.2))
    panel = world_spec(contacts=CONTACTS, days=360)
    plain = world_spec(contacts=CONTACTS)
    labels = {name: replace(hearing, style=0.0) for name, hearing in plain.detector.labels.items()}
    heard = replace(plain, detector=replace(plain.detector, labels=labels))
    seeds = range(seed * 1000, seed * 1000 + count)
    return [
        _held("notice: 95 % intervals of stated hazards", (hazards(make(leaving, s)) for s in seeds), count),
        _held("buying again: 95 % intervals of stated odds", (odds(make(panel, s)) for s in seeds), count),
        _held("attitude: 95 % intervals of stated dynamics", (dynamics(make(panel, s)) for s in seeds), count),
        _held("hearing: 95 % intervals of stated rates", (confusion(make(heard, s)) for s in seeds), count),
        *(_icc(asked, [make(bare_spec(CONTACTS, 60, asked), s) for s in seeds[:100]]) for asked in ICCS),
    ]


def _held(measure: str, found: Iterable[dict[str, Estimate]], count: int) -> Line:
    hits = [estimate.misses_by() <= Z95 for estimates in found for estimate in estimates.values()]
    return coverage(measure, hits, worlds=count)


def _icc(asked: float, made: list[World]) -> Line:
    """Mean of the feeling's ICC; met where its interval holds what was asked."""
    found = np.array([icc(world, "feeling") for world in made])
    half = Z99 * found.std(ddof=1) / np.sqrt(len(found))
    low, high = float(found.mean() - half), float(found.mean() + half)
    bar = f"holds {asked:.2f}"
    return Line(
        f"ICC of the feeling, {asked:.2f} asked",
        float(found.mean()),
        low,
        high,
        bar,
        "",
        low <= asked <= high,
        len(found),
    )
