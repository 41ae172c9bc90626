"""The bias watch: intervals of differences between groups, and how often a report claims one where there is none."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from analyzer.config import load_settings
from analyzer.score.bias import bias_watch
from analyzer.score.clustered import Difference, difference, within
from analyzer.score.contact import score_contacts
from analyzer.simulate import worlds as simulation
from analyzer.simulate.spec import Agents, Detector, WorldSpec
from tests.bench.honesty.lines import Line, coverage, share, size
from tests.score.worlds import links as unlinked

AGENTS: Final = (6, 20, 60)
CONTACTS: Final = 25  # an agent
BETWEEN, WITHIN, WORK = 5.0, 12.0, 4.0  # sd of agents (ICC .15), of contacts, of kinds of work
GROUPS: Final = 8  # independent comparisons in a report
LEVEL: Final = 0.95
NO_TURNS: Final = pd.DataFrame({"interaction_id": [], "speaker": [], "text": []}).astype(str)


def bias(worlds: int, seed: int) -> list[Line]:
    """Groups drawn by contact (a language) and by agent (a style), then reports in which nothing differs."""
    rng = np.random.default_rng(seed)
    lines = [_covered(agents, by_agent, worlds, rng) for by_agent in (False, True) for agents in AGENTS]
    return [*lines, _claimed(max(worlds // 2, 1), rng), *simulated(max(worlds // 100, 1), seed)]


def simulated(worlds: int, seed: int) -> list[Line]:
    """Simulated centers whose detectors hear German and email worse, and some whose detectors do not err at all."""
    found, alike = [], []
    for i in range(worlds):
        erring = _report(WorldSpec(contacts=9_000, agents=Agents(count=25)), seed + i)
        said = erring[(erring["standing"] == "differs") & (erring["measure"] == "empathy") & (erring["difference"] < 0)]
        found.append({"de", "email"} <= set(said["group_id"]))
        perfect = _report(WorldSpec(contacts=9_000, agents=Agents(count=25), detector=Detector.none()), seed + i)
        told = perfect[(perfect["standing"] == "differs") & perfect["group_kind"].isin(("language", "channel"))]
        alike.append(len(told) > 0)
    low, high = share(sum(found), worlds)
    planted = Line("simulated reports that name both planted errors of empathy", float(np.mean(found)), low, high,
                   "≥ 80%", "", high >= 0.8, worlds)  # fmt: skip
    return [planted, size("simulated reports without error that claim one", alike, worlds=worlds)]


def _report(spec: WorldSpec, seed: int) -> pd.DataFrame:
    settings, world = load_settings(), simulation.make(spec, seed)
    scores = score_contacts(
        world.contacts, unlinked(world.contacts), settings.score, swap_below=settings.understand.swap_below
    )
    return bias_watch(world.contacts, NO_TURNS, scores.experience, settings.score, world.as_of).to_pandas()


def _covered(agents: int, by_agent: bool, worlds: int, rng: np.random.Generator) -> Line:
    held, usual = [], []
    for _ in range(worlds):
        found = _found(agents, by_agent, rng, truth=3.0)
        if found is not None:
            held.append(found[0].low <= 3.0 <= found[0].high)
            usual.append(found[1])
    drawn = "by agent" if by_agent else "by contact"
    beside = f"usual sandwich: {np.mean(usual):.3f}"
    return coverage(f"difference of groups drawn {drawn}, {agents} agents", held, baseline=beside, worlds=worlds)


def _found(agents: int, by_agent: bool, rng: np.random.Generator, *, truth: float) -> tuple[Difference, bool] | None:
    n = agents * CONTACTS
    agent = rng.choice(agents, n, p=rng.dirichlet(np.full(agents, 3.0)))
    work = rng.integers(0, 5, n)
    # Harder work comes with the group: within work only is the difference the truth.
    chance = 0.2 + 0.1 * (work > 2)
    member = agent < max(2, agents // 3) if by_agent else rng.random(n) < chance
    y = rng.normal(0, BETWEEN, agents)[agent] + rng.normal(0, WITHIN, n) - WORK * (work > 2) + truth * member
    found = difference(y, member, work, agent, LEVEL)
    return None if isinstance(found, str) else (found, _usual(y, member, work, agent, truth))


def _usual(y: np.ndarray, member: np.ndarray, work: np.ndarray, agent: np.ndarray, truth: float) -> bool:
    x = within(member.astype(np.float64), work)
    fit = sm.OLS(within(y, work), x[:, None]).fit(cov_type="cluster", cov_kwds={"groups": agent}, use_t=True)
    low, high = fit.conf_int(alpha=1 - LEVEL)[0]
    return bool(low <= truth <= high)


def _claimed(worlds: int, rng: np.random.Generator) -> Line:
    """Reports that say of any group that it differs."""
    any_said, unadjusted = [], []
    for _ in range(worlds):
        found = [_found(12, bool(i % 2), rng, truth=0.0) for i in range(GROUPS)]
        p = [one[0].p for one in found if one is not None]
        any_said.append(min(stats.false_discovery_control(p)) < 1 - LEVEL)
        unadjusted.append(min(p) < 1 - LEVEL)
    beside = f"without FDR: {np.mean(unadjusted):.2f}"
    return size(f"reports of {GROUPS} alike groups that claim a difference", any_said, baseline=beside, worlds=worlds)
