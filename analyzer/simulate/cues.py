"""What is said in a contact that tells of its journey, and the cues that detectors hear of it."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from analyzer.simulate import columns as c
from analyzer.simulate.detector import hear_label, unheard
from analyzer.simulate.draws import Bools, Draws, Ints
from analyzer.simulate.facts import CONTACT_DIGITS, contact_ids, ears_of
from analyzer.simulate.lives import Lives
from analyzer.simulate.rows import Rows
from analyzer.simulate.spec import WorldSpec

# label: the place of its turn (0 the customer's first, −1 the agent's last, −2 the customer's last).
SAID: Final = {"effort.repeat_contact": 0, "expect.unmet": 0, "res.denied": 0, "svc.commit": -1, "res.confirmed": -2}
FLOOR: Final = 0.05
DETECTOR: Final = "simulated"


def said(lives: Lives, rng: np.random.Generator) -> dict[str, Bools]:
    """Whether each label is truly said in each contact."""
    contacts = lives.contacts
    n, attempt = len(contacts), contacts["attempt"]
    let_down = _let_down(contacts)
    return {
        "effort.repeat_contact": (attempt > 0) & (rng.random(n) < 0.7),
        "expect.unmet": rng.random(n) < np.where(let_down, 0.7, np.where(contacts["feeling"] < -1.0, 0.3, 0.05)),
        "res.denied": (attempt > 0) & (rng.random(n) < 0.5),
        "svc.commit": contacts["promised"],
        "res.confirmed": contacts["resolved"] & (rng.random(n) < 0.6),
    }


def cues(spec: WorldSpec, lives: Lives, draws: Draws) -> pa.Table:
    """STORED["cues"]: every label of ``SAID`` heard with a probability of at least 0.05."""
    ears, rng, n = ears_of(lives), draws.stream("cues"), len(lives.contacts)
    _, unreadable = unheard(spec, n, draws.stream("unheard"))
    parts = []
    for place, (label, truth) in enumerate(said(lives, draws.stream("said")).items()):
        found, probability = hear_label(truth, spec.detector.labels[label], ears, rng, perfect=spec.detector.perfect)
        kept = np.flatnonzero((probability >= FLOOR) & ~unreadable)
        parts.append(_rows(spec, lives.contacts.at(kept), place, label, found[kept], probability[kept]))
    return pa.concat_tables(parts)


def _rows(spec: WorldSpec, contacts: Rows, place: int, label: str, found: Bools, probability: np.ndarray) -> pa.Table:
    n = len(contacts)
    zero = c.counts(np.zeros(n, dtype=np.int64), pa.int32())
    return c.stored("cues", {
        "cue_id": c.ids(f"q{place}-", contacts["number"], CONTACT_DIGITS), "interaction_id": contact_ids(contacts),
        "day": c.days(spec.first_day, contacts["at"]), "turn": c.counts(_turn(contacts, SAID[label]), pa.int32()),
        "label": c.constant(label, n), "probability": c.numbers(probability), "found": pa.array(found),
        "start_char": zero, "end_char": zero, "detector": c.constant(DETECTOR, n), "reason": c.constant("", n),
    }, n)  # fmt: skip


def _turn(contacts: Rows, place: int) -> Ints:
    """The customer speaks first, then in turns; ``place`` as in ``SAID``."""
    turns = contacts["customer_turns"] + contacts["agent_turns"]
    last_agent = turns - 1 - (turns % 2)
    turn = {0: np.zeros(len(contacts), dtype=np.int64), -1: last_agent, -2: np.maximum(last_agent - 1, 0)}
    return np.asarray(turn[place], dtype=np.int64)


def _let_down(contacts: Rows) -> Bools:
    """Whether the contact before in the matter ended in a promise that was not kept."""
    broken = contacts["promised"] & ~contacts["kept"]
    order = np.lexsort((contacts["attempt"], contacts["matter"]))
    same = contacts["matter"][order][1:] == contacts["matter"][order][:-1]
    let_down = np.zeros(len(contacts), dtype=np.bool_)
    let_down[order[1:]] = same & broken[order][:-1]
    return let_down
