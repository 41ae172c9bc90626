"""How a contact goes: agent, latents, solved or not, feeling without the customer's attitude, times and turns."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from analyzer.simulate.draws import Floats, share_of
from analyzer.simulate.people import SKILLS, assigned, correlated
from analyzer.simulate.rows import Rows
from analyzer.simulate.spec import CHANNELS, OUTCOMES, WorldSpec

_SOLVED, _EMPATHY, _FEELING, _HANDLE = range(len(OUTCOMES))
HANDLE_S = {"voice": 400.0, "chat": 600.0, "email": 500.0, "messaging": 650.0}
REPLY_H = {"voice": 0.0, "chat": 0.0, "email": 3.0, "messaging": 1.0}  # mean wait for an answer within the contact
HANDLE_LOG_SD = 0.5


def play(spec: WorldSpec, contacts: Rows, agents: Rows, rng: np.random.Generator) -> Rows:
    """The contacts with all that happens in them. Needs ``reason``, ``queue``, ``channel``, ``attempt`` and ``at``.

    A second agent, where a contact was handed over, closes it; the latents are the agents' shares of turns of each.
    """
    of, n = spec.outcomes, len(contacts)
    opener = assigned(spec, agents, contacts["queue"], rng)
    handed = share_of(rng, of.transfers, n)
    closer = np.where(handed, assigned(spec, agents, contacts["queue"], rng), opener)
    handed &= closer != opener
    share = np.where(handed, 0.2 + 0.4 * rng.random(n), 0.0)
    skills = np.column_stack([agents[name] for name in SKILLS])
    own = share[:, None] * skills[opener] + (1 - share[:, None]) * skills[closer]
    own[:, _SOLVED] = skills[closer, _SOLVED]  # who closes it solves it or not
    latent = own + correlated(spec, n, rng)
    ease = of.ease * np.array([reason.ease for reason in spec.reasons])[contacts["reason"]]
    attempt = contacts["attempt"]
    mood = _mood(spec, contacts, attempt, rng)
    wait = rng.standard_normal(n)
    solved = of.solved + ease + of.repeat_resolution * attempt + latent[:, _SOLVED]
    case = of.ease_feeling * ease + of.mood_feeling * mood + of.repeat_feeling * attempt + of.wait_feeling * wait
    handle = of.ease_handle * ease + latent[:, _HANDLE]
    return contacts.adding(
        agent=closer, opener=opener, opener_share=share, skill_feeling=own[:, _FEELING],
        solved_latent=solved, solved_own=latent[:, _SOLVED],
        resolved=solved > 0, empathy_latent=latent[:, _EMPATHY], handle_latent=handle,
        feeling_case=case, feeling_own=latent[:, _FEELING], mood=mood,
        **_effort(attempt, handed, wait, latent[:, _SOLVED], rng),
        **_opportunities(mood, latent[:, _EMPATHY], rng),
        **_times(contacts, handle, wait, handed, rng),
    )  # fmt: skip


def _mood(spec: WorldSpec, contacts: Rows, attempt: Floats, rng: np.random.Generator) -> Floats:
    """Feeling at the start, −1…1: it precedes the agent."""
    base = np.array([reason.mood for reason in spec.reasons])[contacts["reason"]]
    noise = 0.3 * rng.standard_normal(len(contacts))
    return np.asarray(np.clip(base - 0.15 * np.minimum(attempt, 3) + noise, -1, 1))


def _effort(
    attempt: Floats, handed: np.ndarray, wait: Floats, solved: Floats, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    noise = 0.6 * rng.standard_normal(len(attempt))
    return {"effort": np.clip(2.2 + 0.5 * attempt + 0.6 * handed + 0.25 * wait - 0.25 * solved + noise, 1, 5)}


def _opportunities(mood: Floats, empathy: Floats, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Feelings that the agent could answer, and of these how many were met or hurt."""
    count = rng.poisson(np.exp(-0.5 - 1.5 * mood))
    met = rng.binomial(count, ndtr(0.1 + empathy))
    return {"opportunities": count, "met": met, "hurt": rng.binomial(count - met, 0.12)}


def _times(
    contacts: Rows, handle: Floats, wait: Floats, handed: np.ndarray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    n, channel = len(contacts), contacts["channel"]
    usual = np.array([HANDLE_S[name] for name in CHANNELS])[channel]
    reply_h = np.array([REPLY_H[name] for name in CHANNELS])[channel] * rng.exponential(1.0, n)
    handle_s = np.round(usual * np.exp(HANDLE_LOG_SD * handle))
    turns = np.clip(np.round(handle_s / 25), 4, 60).astype(np.int64)
    return {
        "handle_s": handle_s,
        "wait_s": np.round(60 * np.exp(0.9 * wait)),
        "hold_s": np.round(np.where(rng.random(n) < 0.4, 0.1 * handle_s * rng.random(n), 0.0)),
        "wait_latent": wait,
        "handed": handed,
        "customer_turns": turns // 2,
        "agent_turns": turns - turns // 2,
        "ends_at": contacts["at"] + (handle_s / 3600 + np.minimum(reply_h, 12.0)) / 24,
    }
