"""Surveys: who is invited, who answers (the very pleased, the very displeased, the attached), and what."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from scipy.special import expit, logit

from analyzer.simulate import columns as c
from analyzer.simulate.draws import Bools, Floats
from analyzer.simulate.facts import CONTACT_DIGITS, SOURCE_FORMAT, contact_ids, customer_keys
from analyzer.simulate.rows import Rows
from analyzer.simulate.spec import CANCEL, WorldSpec

# item: lowest, highest, both as on the form; high is good in all of them.
ITEMS = {
    "csat": (1.0, 5.0), "ces": (1.0, 7.0), "nps": (0.0, 10.0), "resolved": (0.0, 1.0), "control_csat": (1.0, 5.0),
    "wanted_speed": (1.0, 5.0), "got_speed": (1.0, 5.0),
}  # fmt: skip
INVITATION = "invitation"
CONTROL = "control_csat"  # asks csat again; passed (good = 1) where both differ by at most half their scale
_MOST_APART = 0.5 * 4


def answered_surveys(spec: WorldSpec, contacts: Rows, rng: np.random.Generator) -> pa.Table:
    """STORED["surveys"]: a row an answered item, and a row ``invitation`` for who was invited and did not answer."""
    invited = _invited(spec, contacts, rng)
    asked = contacts.at(invited)
    answered = rng.random(len(asked)) < response_rate(spec, asked["feeling"], asked["attitude"])
    careless = rng.random(len(asked)) < spec.surveys.careless
    said = _answers(spec, asked, careless, rng)
    invited_at = asked["ends_at"] + 1 / 24
    answered_at = invited_at + (0.5 + rng.exponential(18.0, len(asked))) / 24
    parts = [
        _answered(
            spec,
            name,
            _head(spec, asked.at(answered), place, name, invited_at[answered]),
            answered_at[answered],
            said[name][answered],
            said["csat"][answered],
        )
        for place, name in enumerate(ITEMS)
    ]
    silent = asked.at(~answered)
    head = _head(spec, silent, len(ITEMS), INVITATION, invited_at[~answered])
    parts.append(c.stored("surveys", head, len(silent)))
    return pa.concat_tables(parts)


def response_rate(spec: WorldSpec, feeling: Floats, attitude: Floats) -> Floats:
    """The chance that an invited customer answers."""
    of = spec.surveys
    return np.asarray(expit(logit(of.answered) + of.extreme * np.abs(feeling) + of.attitude * attitude))


def _invited(spec: WorldSpec, contacts: Rows, rng: np.random.Generator) -> Bools:
    cancel = np.array([reason.name == CANCEL for reason in spec.reasons])[contacts["reason"]]
    drawn = rng.random(len(contacts)) < spec.surveys.invited
    return np.asarray(drawn & ~cancel, dtype=np.bool_)


def _answers(spec: WorldSpec, asked: Rows, careless: Bools, rng: np.random.Generator) -> dict[str, Floats]:
    n, noise = len(asked), spec.surveys.noise
    felt = asked["satisfaction"]
    liking = 1.6 * asked["attitude"] + 0.8 * asked["feeling"]
    csat = _on_scale(felt + noise * rng.standard_normal(n), 1, 5)
    again = _on_scale(felt + noise * rng.standard_normal(n), 1, 5)
    got = 3.3 - 0.5 * (asked["wait_latent"] + asked["handle_latent"]) / 1.4
    return {
        "csat": csat,
        CONTROL: np.where(careless, rng.integers(1, 6, n), again),
        "ces": _on_scale(8.5 - 1.5 * asked["effort"] + noise * rng.standard_normal(n), 1, 7),
        "nps": _on_scale(6.8 + liking + rng.standard_normal(n), 0, 10),
        "resolved": (rng.random(n) < np.where(asked["resolved"], 0.95, 0.1)).astype(np.float64),
        "wanted_speed": _on_scale(3.8 + 0.7 * rng.standard_normal(n), 1, 5),
        "got_speed": _on_scale(got + noise * rng.standard_normal(n), 1, 5),
    }


def _on_scale(values: Floats, low: int, high: int) -> Floats:
    return np.asarray(np.clip(np.round(values), low, high), dtype=np.float64)


def _head(spec: WorldSpec, asked: Rows, place: int, item: str, invited_at: Floats) -> dict[str, pa.Array]:
    n = len(asked)
    return {
        "survey_id": c.ids(f"s{place}-", asked["number"], CONTACT_DIGITS), "item": c.constant(item, n),
        "customer_key": customer_keys(asked["customer"]), "interaction_id": contact_ids(asked),
        "invited_at": c.times(spec.first_day, spec.business_timezone, invited_at),
        "source_uri": c.constant(SOURCE_FORMAT, n),
    }  # fmt: skip


def _answered(
    spec: WorldSpec, item: str, head: dict[str, pa.Array], answered_at: Floats, answer: Floats, csat: Floats
) -> pa.Table:
    n, (low, high) = len(answer), ITEMS[item]
    good = np.abs(answer - csat) <= _MOST_APART if item == CONTROL else (answer - low) / (high - low)
    return c.stored("surveys", head | {
        "answered_at": c.times(spec.first_day, spec.business_timezone, answered_at), "answer": c.numbers(answer),
        "scale_min": c.numbers(np.full(n, low)), "scale_max": c.numbers(np.full(n, high)),
        "good": c.numbers(good.astype(np.float64)),
    }, n)  # fmt: skip
