"""What is true of a world, beside what is heard of it: contacts, agents, customers, pairs, effects, errors."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from scipy.special import ndtr

from analyzer.simulate.attitude import Waves
from analyzer.simulate.facts import RESOLUTIONS, agent_ids, contact_ids, customer_keys
from analyzer.simulate.people import SKILLS
from analyzer.simulate.spec import CHANNELS, LANGUAGES, SEGMENTS, WorldSpec

FCR_DAYS = (1, 7, 30)
EXPERIENCE_BASE, EXPERIENCE_PER_SD = 50.0, 12.0  # true experience 0–100 = base + per sd · feeling, not cut off
_OF_CONTACT = ("agent", "attempt", "resolved", "solved_latent", "skill_feeling", "empathy_latent", "handle_latent",
               "feeling", "experience", "satisfaction", "empathy", "effort", "sentiment_start", "sentiment_end",
               "churn_talk", "opportunities", "met", "hurt", "promised", "kept", "return_days",
               "left_first", "attitude")  # fmt: skip


@dataclass(frozen=True)
class Truth:
    """Frames. Latents are in standard deviations within an agent.

    ``contacts`` (by interaction_id, in the order of the facts): the true customer and agent, ``matter`` and
    ``attempt`` (0 = the matter's first contact), ``resolved``, ``feeling`` and what was made of it, ``skill_feeling``
    (the agents' part of the feeling), ``promised``, ``due_at``, ``kept``, ``return_days`` (days until the same matter
    comes back, also after the last day; NaN: never), ``left_first`` (gave notice before coming back) and ``fcr_1``,
    ``fcr_7``, ``fcr_30``: solved at the first contact, by TABLES.md, whenever the data end; NaN for later contacts.
    ``agents``: skills, style, home queue, ``experience_effect`` (0–100) and ``resolved_rate`` at everybody's case mix.
    ``customers``: trait, notice and contract. ``waves``: attitude, mean feeling, bought, by customer and wave.
    ``effects``: each number that moves an outcome, with its scale. ``detector``: stated rates, biases and noise.
    """

    contacts: pd.DataFrame
    agents: pd.DataFrame
    customers: pd.DataFrame
    waves: pd.DataFrame
    effects: pd.DataFrame
    detector: pd.DataFrame

    def same_matter_pairs(self) -> pd.DataFrame:
        """``earlier`` and ``later`` interaction_id of every two contacts of one matter."""
        of = self.contacts[["interaction_id", "matter", "attempt"]]
        pairs = of.merge(of, on="matter", suffixes=("_earlier", "_later"))
        pairs = pairs[pairs["attempt_earlier"] < pairs["attempt_later"]]
        return pairs[["interaction_id_earlier", "interaction_id_later"]].set_axis(["earlier", "later"], axis=1)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every frame by its name."""
        frames = {field.name: getattr(self, field.name) for field in fields(self)}
        return frames | {"same_matter_pairs": self.same_matter_pairs()}


def told(spec: WorldSpec, customers: pd.DataFrame, agents: pd.DataFrame, contacts: pd.DataFrame, waves: Waves) -> Truth:
    """The truth of a world, of the customers and contacts that are in it."""
    return Truth(
        _contacts(spec, contacts), _agents(spec, agents, contacts), _customers(customers), _waves(waves),
        effects(spec), detector(spec),
    )  # fmt: skip


def _contacts(spec: WorldSpec, contacts: pd.DataFrame) -> pd.DataFrame:
    frame = pd.DataFrame({"interaction_id": contact_ids(contacts).to_pandas()})
    frame["customer_key"] = customer_keys(contacts["customer"].to_numpy()).to_pandas()
    frame["agent_id"] = agent_ids(contacts["agent"].to_numpy()).to_pandas()
    frame["matter"] = contacts["matter"].to_numpy()
    frame["reason"] = np.array([reason.name for reason in spec.reasons])[contacts["reason"].to_numpy()]
    frame["queue"] = np.array(spec.queues)[contacts["queue"].to_numpy()]
    frame["resolution"] = np.array(RESOLUTIONS)[contacts["resolution"].to_numpy()]
    for name in _OF_CONTACT[1:]:
        frame[name] = contacts[name].to_numpy()
    frame["due_at"] = contacts["due_at"].to_numpy()
    frame["at"] = contacts["at"].to_numpy()
    for window in FCR_DAYS:
        frame[f"fcr_{window}"] = _first_contact_resolution(contacts, window)
    return frame


def _first_contact_resolution(contacts: pd.DataFrame, window_days: int) -> np.ndarray:
    """1 or 0 for a matter's first inbound contact, NaN else: solved or promised and kept, and not back in time."""
    back = contacts["return_days"].to_numpy() <= window_days
    chased = contacts["promised"].to_numpy() & ~np.isnan(contacts["return_days"].to_numpy())
    good = contacts["resolved"].to_numpy() | (contacts["kept"].to_numpy() & ~chased)
    first = (contacts["attempt"].to_numpy() == 0) & ~contacts["outbound"].to_numpy()
    return np.where(first, (good & ~back).astype(np.float64), np.nan)


def _agents(spec: WorldSpec, agents: pd.DataFrame, contacts: pd.DataFrame) -> pd.DataFrame:
    frame = agents[[*SKILLS, "style"]].copy()
    frame.insert(0, "agent_id", agent_ids(np.arange(len(agents))).to_pandas().to_numpy())
    frame["team"] = [f"t-{team:02d}" for team in agents["team"]]
    frame["home_queue"] = np.array(spec.queues)[agents["home"].to_numpy()]
    frame["experience_effect"] = EXPERIENCE_PER_SD * agents["skill_feeling"]
    skill = agents["skill_resolution"].to_numpy()
    sample = contacts["solved_case"].to_numpy()[:: max(len(contacts) // 2000, 1)]
    frame["resolved_rate"] = ndtr(sample[:, None] + skill[None, :]).mean(axis=0) if len(sample) else np.nan
    frame["contacts"] = np.bincount(contacts["agent"].to_numpy(), minlength=len(agents))
    return frame


def _customers(customers: pd.DataFrame) -> pd.DataFrame:
    frame = customers[["trait", "impatience", "joined", "contract_end", "revenue", "notice_at"]].reset_index(drop=True)
    frame.insert(0, "customer_key", customer_keys(np.arange(len(customers))).to_pandas().to_numpy())
    frame["segment"] = np.array(SEGMENTS)[customers["segment"].to_numpy()]
    return frame


def _waves(waves: Waves) -> pd.DataFrame:
    n, count = waves.attitude.shape
    return pd.DataFrame({
        "customer_key": np.repeat(customer_keys(np.arange(n)).to_pandas().to_numpy(), count),
        "wave": np.tile(np.arange(count), n), "attitude": waves.attitude.ravel(), "feeling": waves.feeling.ravel(),
        "bought": waves.bought.ravel(),
    })  # fmt: skip


def effects(spec: WorldSpec) -> pd.DataFrame:
    """``outcome``, ``cause``, ``scale`` and ``value`` of every stated effect."""
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


def detector(spec: WorldSpec) -> pd.DataFrame:
    """Stated error by ``label``, ``language`` and ``channel``: rates of labels, slope, bias and noise of numbers."""
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
