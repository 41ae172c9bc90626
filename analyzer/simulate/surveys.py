"""Surveys: who is invited, who answers (the very pleased, the very displeased, the attached), and what."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from scipy.special import expit, logit

from analyzer.simulate import columns as c
from analyzer.simulate.draws import Bools, Floats, Ints
from analyzer.simulate.facts import CONTACT_DIGITS, SOURCE_FORMAT, contact_ids, customer_keys
from analyzer.simulate.rows import Rows
from analyzer.simulate.spec import CANCEL, WorldSpec

# item: lowest, highest, whether high is good. ``csat_reversed`` is the control item: "I was dissatisfied", 1–5.
ITEMS = {
    "csat": (1.0, 5.0, True), "ces": (1.0, 7.0, True), "nps": (0.0, 10.0, True), "resolved": (0.0, 1.0, True),
    "csat_reversed": (1.0, 5.0, False), "speed_expected": (1.0, 5.0, True), "speed_perceived": (1.0, 5.0, True),
}  # fmt: skip


def answered_surveys(spec: WorldSpec, contacts: Rows, rng: np.random.Generator) -> pa.Table:
    """STORED["surveys"]: a row an answered item, and for who was invited and did not answer a row without an answer."""
    invited = _invited(spec, contacts, rng)
    asked = contacts.at(invited)
    answered = rng.random(len(asked)) < response_rate(spec, asked["feeling"], asked["attitude"])
    careless = rng.random(len(asked)) < spec.surveys.careless
    said = _answers(spec, asked, careless, rng)
    invited_at = asked["ends_at"] + 1 / 24
    answered_at = invited_at + (0.5 + rng.exponential(18.0, len(asked))) / 24
    parts = [
        _rows(spec, asked.at(answered), place, name, invited_at[answered], answered_at[answered], said[name][answered])
        for place, name in enumerate(ITEMS)
    ]
    silent = np.full(int((~answered).sum()), np.nan)
    parts.append(_rows(spec, asked.at(~answered), 0, "csat", invited_at[~answered], silent, silent))
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
    reversed_ = _on_scale(6 - felt + noise * rng.standard_normal(n), 1, 5)
    got = 3.3 - 0.5 * (asked["wait_latent"] + asked["handle_latent"]) / 1.4
    return {
        "csat": csat,
        "csat_reversed": np.where(careless, csat, reversed_),
        "ces": _on_scale(8.5 - 1.5 * asked["effort"] + noise * rng.standard_normal(n), 1, 7),
        "nps": _on_scale(6.8 + liking + rng.standard_normal(n), 0, 10),
        "resolved": (rng.random(n) < np.where(asked["resolved"], 0.95, 0.1)).astype(np.float64),
        "speed_expected": _on_scale(3.8 + 0.7 * rng.standard_normal(n), 1, 5),
        "speed_perceived": _on_scale(got + noise * rng.standard_normal(n), 1, 5),
    }


def _on_scale(values: Floats, low: int, high: int) -> Floats:
    return np.asarray(np.clip(np.round(values), low, high), dtype=np.float64)


def _rows(
    spec: WorldSpec, asked: Rows, place: int, item: str, invited_at: Floats, answered_at: Floats, answer: Floats
) -> pa.Table:
    low, high, high_is_good = ITEMS[item]
    good = (answer - low) / (high - low)
    zone, n = spec.business_timezone, len(asked)
    return c.stored("surveys", {
        "survey_id": _survey_ids(asked["number"], place),
        "customer_key": customer_keys(asked["customer"]), "interaction_id": contact_ids(asked),
        "invited_at": c.times(spec.first_day, zone, invited_at),
        "answered_at": c.times(spec.first_day, zone, answered_at),
        "item": c.constant(item, n), "answer": c.numbers(answer),
        "scale_min": c.numbers(np.full(n, low)), "scale_max": c.numbers(np.full(n, high)),
        "good": c.numbers(good if high_is_good else 1 - good), "source_uri": c.constant(SOURCE_FORMAT, n),
    }, n)  # fmt: skip


def _survey_ids(number: Ints, place: int) -> pa.Array:
    return c.ids(f"s{place}-", number, CONTACT_DIGITS)
