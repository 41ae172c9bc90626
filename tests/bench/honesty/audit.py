"""Corrected rates and means where the machine errs by language and channel: do their intervals hold, and at what width?

Beside each stand the audit alone (a Wilson or t interval of the audited contacts) and the machine alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from analyzer.score.correction import Corrected, Sample, correct, wilson
from analyzer.score.frames import Bools
from tests.bench.honesty.lines import Line, coverage
from tests.score.audit_worlds import Spec, make
from tests.score.audited_agents import AgentSpec
from tests.score.audited_agents import tell as tell_agents

KINDS: Final = ("common", "rare", "mean", "feeling", "grade")
SIZES: Final = (30, 100, 300)
# Everyday, a machine that guesses, few agents whose contacts are alike, an audit share that was raised.
VARIANTS: Final[tuple[dict[str, Any], ...]] = ({}, {"hearing": 0.0}, {"agents": 40}, {"two_shares": True})
WIDEST: Final = 1.02


@dataclass(frozen=True, slots=True)
class Told:
    """What a world said: whether each interval held the truth, and its width."""

    held: bool
    width: float
    alone_held: bool
    alone_width: float
    machine_held: bool
    machine_width: float


def audit(worlds: int, seed: int) -> list[Line]:
    """Coverage and width of each kind and size of audit, a quarter of the worlds of each variant."""
    lines = []
    for place, (kind, size) in enumerate((kind, size) for kind in KINDS for size in SIZES):
        told = [
            tell(Spec(kind, size, **variant), worlds // len(VARIANTS), seed + 100 * place + v)
            for v, variant in enumerate(VARIANTS)
        ]
        lines += _lines(f"{kind}, {size} audited", told)
    return lines


def tell(spec: Spec, worlds: int, seed: int) -> list[Told]:
    """What is published in each world; worlds whose draw was too small to correct anything say nothing."""
    rng = np.random.default_rng(seed)
    told = (_told(*make(spec, rng)) for _ in range(worlds))
    return [world for world in told if world is not None]


def _told(sample: Sample, truth: float) -> Told | None:
    corrected = correct(sample)
    if corrected.error_basis == "model_only":
        return None
    return Told(*_judged(_ends(corrected), truth), *_judged(classical(sample), truth), *_judged(naive(sample), truth))


def _ends(corrected: Corrected) -> tuple[float, float]:
    return corrected.low, corrected.high


def _judged(ends: tuple[float, float], truth: float) -> tuple[bool, float]:
    return ends[0] <= truth <= ends[1], ends[1] - ends[0]


def classical(sample: Sample) -> tuple[float, float]:
    """95 % of the audited contacts alone, by inverse sampling probability."""
    audited = ~np.isnan(sample.verdict)
    y, own = sample.verdict[audited], 1 / sample.sampling_probability[audited]
    own = own / own.sum()
    mean, n = float(own @ y), 1 / float(np.sum(own**2))
    if sample.is_rate:
        low, high = wilson(np.array([mean]), np.array([n]), float(stats.norm.ppf(0.975)))
        return float(low[0]), float(high[0])
    variance = float(own @ (y - mean) ** 2) / (1 - float(np.sum(own**2)))
    half = float(stats.t.ppf(0.975, n - 1)) * np.sqrt(variance / n)
    return mean - half, mean + half


def naive(sample: Sample) -> tuple[float, float]:
    """95 % of the machine's readings, believed."""
    half = 1.96 * float(sample.reading.std(ddof=1)) / np.sqrt(len(sample.reading))
    mean = float(sample.reading.mean())
    return mean - half, mean + half


def _lines(measure: str, told: list[list[Told]]) -> list[Line]:
    pooled = [world for variant in told for world in variant]
    beside = (
        f"audit alone {np.mean([w.alone_held for w in pooled]):.3f}, "
        f"machine alone {np.mean([w.machine_held for w in pooled]):.3f}"
    )
    ratios = [float(np.mean([w.width for w in v]) / np.mean([w.alone_width for w in v])) for v in told]
    widths = (
        f"everyday {ratios[0]:.2f}; width {np.mean([w.width for w in told[0]]):.3f}, "
        f"audit alone {np.mean([w.alone_width for w in told[0]]):.3f}, "
        f"machine alone {np.mean([w.machine_width for w in told[0]]):.3f}"
    )
    worst = max(ratios)
    return [
        coverage(f"coverage, {measure}", [world.held for world in pooled], baseline=beside),
        Line(f"width to audit alone, worst, {measure}", worst, None, None, f"≤ {WIDEST}", widths, worst <= WIDEST,
             len(pooled)),
    ]  # fmt: skip


AGENTS: Final = (AgentSpec(), AgentSpec(style=0.0), AgentSpec(share=0.02), AgentSpec(agents=60, contacts=60))
COSTLY: Final = 6  # a month of agents costs as much as so many cheap worlds


def audited_agents(worlds: int, seed: int) -> list[Line]:
    """Coverage of the published value of each agent, whose style the machine hears better or worse."""
    rng = np.random.default_rng(seed)
    n = max(worlds // COSTLY // len(AGENTS), 1)
    months = [tell_agents(spec, rng) for spec in AGENTS for _ in range(n)]
    held, machine_held = (
        np.concatenate([_held(getattr(month, kind), month.truth) for month in months])
        for kind in ("corrected", "machine")
    )
    widths = [float(np.mean([_width(getattr(m, kind)) for m in months])) for kind in ("corrected", "machine")]
    beside = f"machine alone {machine_held.mean():.3f}; width {widths[0]:.2f}, machine alone {widths[1]:.2f}"
    return [coverage("coverage, agents' resolved rates, 2–5 % audited", held, baseline=beside, worlds=len(months))]


def _held(rates: pd.DataFrame, truth: pd.Series[float]) -> Bools:
    return np.asarray((rates["low"] <= truth) & (truth <= rates["high"]), dtype=np.bool_)


def _width(rates: pd.DataFrame) -> float:
    return float((rates["high"] - rates["low"]).mean())
