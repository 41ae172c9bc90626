"""Pairs of contacts that teach which are one matter: invented histories, unrelated dialogues, simulated worlds.

    histories   customers' own, hard on purpose: same matter in other words, sound-alike matters
    unrelated   two dialogues of one industry and language, ``GAP_DAYS`` apart at most: what different matters of one
                customer look like where nobody tried to make them look alike
    worlds      findings of simulated customers without text: how soon people come back, with what, after which outcome,
                heard through detectors that err

Codebook labels stand in for cues at ``HEARD``, near what a detector says of them. Detectors miss labels and mistake
reasons, so each history is heard ``HEARINGS`` times: of the labels a share ``MISSED`` is lost, of the reasons a share
``MISTAKEN`` is another one or none. What was learned from faultless labels would trust them too far.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from analyzer.config import load_settings
from analyzer.journey.chains import chain_contacts
from analyzer.journey.linking import LinkModel, candidate_pairs, pair_features
from analyzer.journey.signals import company_openers, hear_signals
from analyzer.journey.stems import stems
from analyzer.learn.corpus import read_rows
from analyzer.simulate.named import world_spec
from analyzer.simulate.worlds import make
from analyzer.tables import STORED

HEARD: Final = 0.9
HEARINGS: Final = 16
MISSED: Final = 0.4
# As the shipped head hears the histories, which it has learned from. One that never saw their customers gets .76 wrong
# (.40 as none); lessons with anything from .36 to .76 mistaken give the same F1 within .003 for every way of hearing.
MISTAKEN: Final = 0.36
_NOT_TOLD: Final = 0.5  # of the mistaken reasons, those that are none
MIN_DOCUMENTS: Final = 3  # rarer stems count as unseen, which keeps the file small and nobody's own words in it
GAP_DAYS: Final = 60
WORLDS: Final = (("steady", 11), ("outage", 12))
WORLD_CONTACTS: Final = 4000
_GOLDEN: Final = 0.6180339887498949
_NEW_YEAR: Final = datetime(2026, 1, 1, 10, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lessons:
    """Pairs of contacts with their features, whether they are one matter, and the customer of each; and what was heard
    of them (``facts``, ``turns``, ``cues``, ``signals``)."""

    facts: pd.DataFrame
    turns: pd.DataFrame
    cues: pd.DataFrame
    signals: pd.DataFrame
    contacts: pd.DataFrame
    pairs: pd.DataFrame
    features: pd.DataFrame
    truth: np.ndarray
    customer: np.ndarray


def background(path: Path) -> tuple[int, dict[str, int]]:
    """How many dialogues there are, and in how many of them customers use each stem."""
    rows = read_rows(path)
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(set().union(*(stems(turn["text"]) for turn in row["turns"] if turn["speaker"] == "customer")))
    return len(rows), {stem: count for stem, count in counts.items() if count >= MIN_DOCUMENTS}


def histories(path: Path, model: LinkModel) -> list[Lessons]:
    """The pairs of customers' histories: as labelled, then as heard each time."""
    rows = read_rows(path)
    heard = [_misheard(rows, np.random.default_rng(hearing)) for hearing in range(HEARINGS)]
    return [_of_dialogues(told, model) for told in (rows, *heard)]


def _misheard(rows: list[dict[str, Any]], random: np.random.Generator) -> list[dict[str, Any]]:
    """The dialogues as detectors that err might hear them."""
    reasons = sorted({row["reason"] for row in rows})
    told = []
    for row in rows:
        turns = [{**turn, "labels": [label for label in turn["labels"] if random.random() >= MISSED]}
                 for turn in row["turns"]]  # fmt: skip
        other = None if random.random() < _NOT_TOLD else str(random.choice(reasons))
        told.append({**row, "turns": turns, "reason": other if random.random() < MISTAKEN else row["reason"]})
    return told


def unrelated(path: Path, model: LinkModel) -> Lessons:
    """Neighbours among the dialogues of an industry and language, as if one customer had had both matters."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in sorted(read_rows(path), key=lambda row: str(row["interaction_id"])):
        groups.setdefault((row["language"], row["industry"]), []).append(row)
    couples = [couple for rows in groups.values() for couple in zip(rows[::2], rows[1::2], strict=False)]
    placed = [_placed(row, number, place) for number, couple in enumerate(couples) for place, row in enumerate(couple)]
    return _of_dialogues(placed, model)


def _placed(row: dict[str, Any], number: int, place: int) -> dict[str, Any]:
    """The dialogue as the first (0) or second (1) contact of customer ``number``; gaps are spread evenly."""
    gap = timedelta(minutes=int(place * (1 + GAP_DAYS * 1440 * (number * _GOLDEN % 1.0))))
    name = f"{number}-{place}"
    started = (_NEW_YEAR + gap).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**row, "interaction_id": name, "customer_id": str(number), "episode": name, "started_at": started}


def worlds(model: LinkModel) -> list[Lessons]:
    """The pairs of simulated customers; nothing is told of their words."""
    return [_of_world(name, seed, model) for name, seed in WORLDS]


def _of_world(name: str, seed: int, model: LinkModel) -> Lessons:
    world = make(world_spec(name, contacts=WORLD_CONTACTS, days=90), seed)
    turns: pd.DataFrame = STORED["turns"].empty().to_pandas()
    matter = dict(zip(*(world.truth.contacts[column] for column in ("interaction_id", "matter")), strict=True))
    return _lessons(world.contacts, turns, world.cues.to_pandas(), matter, model)


def _of_dialogues(rows: list[dict[str, Any]], model: LinkModel) -> Lessons:
    matter = {row["interaction_id"]: row["episode"] for row in rows}
    return _lessons(_facts(rows), _turns(rows), _cues(rows), matter, model)


def _lessons(
    facts: pd.DataFrame, turns: pd.DataFrame, cues: pd.DataFrame, matter: dict[str, Any], model: LinkModel
) -> Lessons:
    settings = load_settings().journey
    contacts = chain_contacts(facts, company_openers(facts, turns), settings.redial_minutes)
    pairs = candidate_pairs(contacts, settings.horizon_days)
    signals = hear_signals(contacts, cues, turns)
    features = pair_features(pairs, contacts, signals, turns, model)
    matters = contacts["contact_id"].map(matter).to_numpy()
    truth = matters[pairs["earlier"]] == matters[pairs["later"]]
    customer = contacts["customer_key"].to_numpy()[pairs["later"]]
    return Lessons(facts, turns, cues, signals, contacts, pairs, features, truth.astype(float), customer)


def _facts(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)[["interaction_id", "channel", "resolution", "reason", "effort"]]
    started = pd.to_datetime([row["started_at"] for row in rows], utc=True)
    solved = frame["resolution"].map({"resolved": HEARD, "partial": 0.3, "pending": 0.2}).fillna(1 - HEARD)
    return frame.assign(
        customer_key=[row["customer_id"] for row in rows],
        day=started.date,
        started_at=started,
        ended_at=started + timedelta(minutes=5),
        agent_turns=[sum(turn["speaker"] == "agent" for turn in row["turns"]) for row in rows],
        resolved_probability=solved,
        chain_id=None, direction=None, product_line=None, disposition=None,
    )  # fmt: skip


def _turns(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "interaction_id": row["interaction_id"],
                "turn": at,
                "speaker": turn["speaker"],
                "text": turn["text"],
                "start_ms": None,
            }
            for row in rows
            for at, turn in enumerate(row["turns"])
        ]
    )


def _cues(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "interaction_id": row["interaction_id"],
                "turn": at,
                "label": label,
                "probability": HEARD,
                "found": True,
                "start_char": 0,
                "end_char": 0,
            }
            for row in rows
            for at, turn in enumerate(row["turns"])
            for label in turn["labels"]
        ]
    )
