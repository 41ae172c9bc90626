"""Seconds and memory that unit scores of a million findings-only contacts take, beside plain means by agent and day.

    python -m tests.bench.scores [--contacts N] [--days D] [--agents A]

Thirteen measures, six kinds of unit, days, weeks and months. Exit code 1 above 60 s of processor time or 3 GiB.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from analyzer.score.units import UnitInputs, score_units
from tests.score import worlds

MOST_SECONDS = 60.0
MOST_GIB = 3.0
SCALES = {
    "sentiment_end": (-1, 1), "sentiment_shift": (-2, 2), "empathy": (1, 5), "effort": (1, 5), "satisfaction": (1, 5),
    "resolved_probability": (0, 1), "churn_talk_probability": (0, 1), "handle_s": (30, 900),
}  # fmt: skip


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scores", description=__doc__.partition("\n")[0])
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--agents", type=int, default=500)
    asked = parser.parse_args(arguments)
    facts, agents, experience = contacts(asked.contacts, asked.days, asked.agents)
    links, settings = worlds.links(facts), worlds.score_settings()
    plain = _seconds(lambda: plain_means(facts))
    held = _gib()
    wall = time.monotonic()
    took = _seconds(
        lambda: print(
            score_units(
                UnitInputs(
                    facts, links, experience, agents, settings, datetime(2027, 6, 1, tzinfo=UTC), "Europe/Berlin"
                )
            ).num_rows,
            "estimates",
        )
    )
    wall = time.monotonic() - wall
    print(f"{asked.contacts:,} contacts, {asked.days} days, {asked.agents} agents")
    print(f"scores: {took:.1f} s of processor time ({wall:.1f} s passed), peak {_gib():.2f} GiB, before {held:.2f} GiB")
    print(
        f"plain means of {len(SCALES)} measures by the same units and periods: {plain:.1f} s, {took / plain:.0f} × less"
    )
    return int(took > MOST_SECONDS or _gib() > MOST_GIB)


def plain_means(facts: pd.DataFrame) -> None:
    """What a spreadsheet would show: no case mix, no interval."""
    day = pd.to_datetime(facts["day"])
    for period in (day, day.dt.strftime("%G-W%V"), day.dt.strftime("%Y-%m")):
        for unit in ("agent_id", "team", "channel", "queue", "product_line", "segment"):
            facts.groupby([period, facts[unit]])[list(SCALES)].mean()


def contacts(n: int, days: int, agents: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Facts, who worked on them (a tenth by two) and their experience; a twentieth of each measure not observed."""
    rng = np.random.default_rng(20)
    agent = rng.integers(0, agents, n)
    labels = {
        "channel": _words(("voice", "chat", "email", "messaging"), rng.integers(0, 4, n)),
        "language": _words(("de", "en"), rng.integers(0, 2, n)),
        "queue": _words([f"q{i:02d}" for i in range(12)], (agent % 6 + rng.integers(0, 6, n)) % 12),
        "team": _words([f"t{i:02d}" for i in range(-(-agents // 10))], agent // 10),
        "product_line": _words(("mobile", "broadband", "energy"), rng.integers(0, 3, n)),
        "segment": _words(("private", "business"), rng.integers(0, 2, n)),
        "agent_id": _words([f"a-{i:04d}" for i in range(agents)], agent),
        "customer_key": _words([f"k-{i:07d}" for i in range(n // 3 + 1)], rng.integers(0, n // 3 + 1, n)),
    }
    facts = pd.DataFrame({"interaction_id": _words([f"c-{i:09d}" for i in range(n)], np.arange(n))} | labels)
    facts["day"] = (np.datetime64("2026-01-05") + rng.integers(0, days, n)).astype(object)
    facts["sentiment_start"] = np.clip(rng.normal(0, 0.4, n), -1, 1)
    for column, (low, high) in SCALES.items():
        facts[column] = np.where(rng.random(n) < 0.05, np.nan, rng.uniform(low, high, n))
    facts["empathic_opportunities"] = rng.poisson(1, n)
    facts["opportunities_met"] = rng.binomial(facts["empathic_opportunities"], 0.5)
    facts["opportunities_hurt"] = rng.binomial(facts["empathic_opportunities"], 0.05)
    facts = facts.assign(wait_s=rng.exponential(60, n), agent_turns=5, role_confidence=1.0, reason=None, direction=None)
    return facts, _workers(facts, rng), worlds.experience(facts, np.clip(rng.normal(55, 15, n), 0, 100))


def _words(words: Sequence[str], codes: np.ndarray) -> np.ndarray:
    return np.array(words, dtype=object)[codes]


def _workers(facts: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    two = rng.random(len(facts)) < 0.1
    first = worlds.sole_agents(facts, facts["agent_id"]).assign(
        role=np.where(two, "opener", "sole"), share=np.where(two, 0.5, 1.0)
    )
    partner = np.roll(facts["agent_id"].to_numpy(), 7)[two]
    return pd.concat([first, first.loc[two].assign(agent_id=partner, leg=1, role="closer")], ignore_index=True)


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _gib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
