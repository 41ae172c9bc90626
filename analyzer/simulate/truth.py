"""What is true of a world, beside what is heard of it: contacts, agents, customers, pairs, effects, errors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import ndtr

from analyzer.simulate import columns as c
from analyzer.simulate.attitude import Waves
from analyzer.simulate.facts import agent_ids, contact_ids, customer_keys
from analyzer.simulate.lives import EXPERIENCE_PER_SD, Lives
from analyzer.simulate.people import SKILLS
from analyzer.simulate.rows import Rows
from analyzer.simulate.spec import CHANNELS, LANGUAGES, RESOLUTIONS, SEGMENTS, WorldSpec

FCR_DAYS = (1, 7, 30)
_OF_CONTACT = (
    "matter",
    "attempt",
    "resolved",
    "solved_latent",
    "skill_feeling",
    "empathy_latent",
    "handle_latent",
    "feeling",
    "experience",
    "satisfaction",
    "empathy",
    "effort",
    "sentiment_start",
    "sentiment_end",
    "churn_talk",
    "opportunities",
    "met",
    "hurt",
    "promised",
    "kept",
    "return_days",
    "left_first",
    "attitude",
    "due_at",
    "at",
)
_OF_CUSTOMER = ("trait", "impatience", "joined", "contract_end", "revenue", "notice_at")  # fmt: skip


@dataclass(frozen=True)
class Truth:
    """Frames, each made when first asked for. Latents are in standard deviations within an agent."""

    spec: WorldSpec
    lives: Lives

    @cached_property
    def contacts(self) -> pd.DataFrame:
        """A row a contact, in the order of the facts.

        The true customer and agent, ``matter`` and ``attempt`` (0 = the matter's first contact), ``resolved``,
        ``feeling`` and what was made of it, ``skill_feeling`` (the agents' part of the feeling), ``promised``,
        ``due_at``, ``kept``, ``return_days`` (days until the same matter comes back, also after the last day; NaN:
        never), ``left_first`` (gave notice before coming back) and ``fcr_1``, ``fcr_7``, ``fcr_30``: solved at first
        contact by TABLES.md, whenever the data end; NaN for later contacts. Times are days since the first midnight.
        """
        return _contacts(self.spec, self.lives.contacts)

    @cached_property
    def agents(self) -> pd.DataFrame:
        """Skills, style, home queue, ``experience_effect`` (0–100) and ``resolved_rate`` at everybody's case mix."""
        return _agents(self.spec, self.lives)

    @cached_property
    def customers(self) -> pd.DataFrame:
        """Trait, impatience, contract, value and notice."""
        return _customers(self.lives.customers)

    @cached_property
    def waves(self) -> pd.DataFrame:
        """Attitude at the start, mean feeling and buying again, by customer and wave."""
        return _waves(self.lives.waves)

    @cached_property
    def effects(self) -> pd.DataFrame:
        """``outcome``, ``cause``, ``scale`` and ``value`` of every stated effect."""
        return _effects(self.spec)

    @cached_property
    def detector(self) -> pd.DataFrame:
        """Stated error by ``label``, ``language`` and ``channel``: rates of labels; slope, bias, noise of numbers."""
        return _detector(self.spec)

    @cached_property
    def same_matter_pairs(self) -> pd.DataFrame:
        """``earlier`` and ``later`` interaction_id of every two contacts of one matter."""
        of = self.contacts[["interaction_id", "matter", "attempt"]]
        pairs = of.merge(of, on="matter", suffixes=("_earlier", "_later"))
        pairs = pairs[pairs["attempt_earlier"] < pairs["attempt_later"]]
        return pairs[["interaction_id_earlier", "interaction_id_later"]].set_axis(["earlier", "later"], axis=1)


def _contacts(spec: WorldSpec, contacts: Rows) -> pd.DataFrame:
    columns = {
        "interaction_id": contact_ids(contacts).to_pandas(),
        "customer_key": customer_keys(contacts["customer"]).to_pandas(),
        "agent_id": agent_ids(contacts["agent"]).to_pandas(),
        "reason": c.words([reason.name for reason in spec.reasons], contacts["reason"]).to_pandas(),
        "queue": c.words(spec.queues, contacts["queue"]).to_pandas(),
        "resolution": c.words(RESOLUTIONS, contacts["resolution"]).to_pandas(),
    }
    columns |= {name: contacts[name] for name in _OF_CONTACT}
    columns |= {f"fcr_{window}": _first_contact_resolution(contacts, window) for window in FCR_DAYS}
    return pd.DataFrame(columns)


def _first_contact_resolution(contacts: Rows, window_days: int) -> np.ndarray:
    """1 or 0 for a matter's first inbound contact, NaN else: solved or promised and kept, and not back in time."""
    back = contacts["return_days"] <= window_days
    chased = contacts["promised"] & ~np.isnan(contacts["return_days"])
    good = contacts["resolved"] | (contacts["kept"] & ~chased)
    first = contacts["attempt"] == 0
    return np.where(first, (good & ~back).astype(np.float64), np.nan)


def _agents(spec: WorldSpec, lives: Lives) -> pd.DataFrame:
    agents, contacts = lives.agents, lives.contacts
    skill = agents["skill_resolution"]
    # At most a few thousand contacts stand for the case mix of all.
    case = (contacts["solved_latent"] - contacts["solved_own"])[:: max(len(contacts) // 2000, 1)]
    return pd.DataFrame({
        "agent_id": agent_ids(np.arange(len(agents))).to_pandas(),
        "team": c.ids("t-", agents["team"], 2).to_pandas(),
        "home_queue": c.words(spec.queues, agents["home"]).to_pandas(),
        **{name: agents[name] for name in (*SKILLS, "style")},
        "experience_effect": EXPERIENCE_PER_SD * agents["skill_feeling"],
        "resolved_rate": ndtr(case[:, None] + skill[None, :]).mean(axis=0) if len(case) else np.nan,
        "contacts": np.bincount(contacts["agent"], minlength=len(agents)),
    })  # fmt: skip


def _customers(customers: Rows) -> pd.DataFrame:
    return pd.DataFrame({
        "customer_key": customer_keys(np.arange(len(customers))).to_pandas(),
        "segment": c.words(SEGMENTS, customers["segment"]).to_pandas(),
        **{name: customers[name] for name in _OF_CUSTOMER},
    })  # fmt: skip


def _waves(waves: Waves) -> pd.DataFrame:
    n, count = waves.attitude.shape
    return pd.DataFrame({
        "customer_key": np.repeat(customer_keys(np.arange(n)).to_pandas().to_numpy(), count),
        "wave": np.tile(np.arange(count), n), "attitude": waves.attitude.ravel(), "feeling": waves.feeling.ravel(),
        "bought": waves.bought.ravel(),
    })  # fmt: skip


def _effects(spec: WorldSpec) -> pd.DataFrame:
    of = spec.loyalty
    rows = [
        ("notice", name.removeprefix("hazard_"), "log hazard ratio", getattr(of, name))
        for name in type(of).__slots__ if name.startswith("hazard_")
    ] + [
        ("notice", "forgiveness", "log hazard ratio of a failure per attitude above 0", of.forgiveness),
        ("notice", "yearly", "hazard a year", of.yearly),
        ("bought", "attitude", "log odds ratio", of.buy_attitude),
        ("bought", "feeling", "log odds ratio", of.buy_feeling),
        ("attitude", "feeling", "per unit, next wave", of.satisfaction_to_attitude),
        ("feeling", "attitude", "per unit, same contact", of.attitude_to_feeling),
        ("all outcomes", "agent", "ICC", spec.agents.icc),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["outcome", "cause", "scale", "value"])


def _detector(spec: WorldSpec) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    for language in LANGUAGES:
        for channel in CHANNELS:
            for label, hearing in spec.detector.labels.items():
                rates = (1.0, 1.0) if spec.detector.perfect else hearing.rates(language, channel)
                rows.append({"label": label, "language": language, "channel": channel, "sensitivity": rates[0],
                             "specificity": rates[1], "style": hearing.style})  # fmt: skip
            for label, reading in spec.detector.numbers.items():
                stated = {"slope": reading.slope, "bias": reading.bias(language, channel), "noise": reading.noise}
                stated = {"slope": 1.0, "bias": 0.0, "noise": 0.0} if spec.detector.perfect else stated
                here = {"label": label, "language": language, "channel": channel, "style": reading.style}
                rows.append({**here, **stated})
    return pd.DataFrame(rows)
