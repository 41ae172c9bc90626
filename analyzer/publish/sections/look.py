"""Contacts that need a person's look, and those that deserve praise, each with the words behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.publish.reading import Tables
from analyzer.publish.sections.glance import AUDIT_RULE
from analyzer.publish.sections.window import Window

CONCERNS_SHOWN, PRAISE_SHOWN = 12, 4
QUOTE_CHARS = 260
BROKEN_RULE, EMPATHY_RULE = "broken_promise", "outstanding_empathy"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reason:
    rule: str
    severity: int
    explanation: str


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of a quote; ``heard`` where a detector found a label in it."""

    text: str
    heard: bool


@dataclass(frozen=True, slots=True)
class Promised:
    """What was promised in a contact and not kept; ``text`` is empty where quotes are switched off."""

    text: str
    due: datetime | None
    evidence_interaction_id: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """One flagged contact; ``quote`` is empty where quotes are switched off."""

    interaction_id: str
    day: date
    channel: str
    reason: str | None
    agent: str | None
    severity: int
    reasons: tuple[Reason, ...]
    speaker: str | None
    quote: tuple[Words, ...]
    promised: Promised | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and on how many contacts it flagged something."""

    name: str
    polarity: str
    severity: int
    explanation: str
    contacts: int


@dataclass(frozen=True, slots=True)
class Look:
    """``rules``: the most frequent first; ``concerns`` and ``praise`` are the first of so many."""

    rules: tuple[Rule, ...]
    concerns: tuple[Card, ...]
    concern_count: int
    praise: tuple[Card, ...]
    praise_count: int

    @property
    def concern_rules(self) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.polarity == "concern")

    @property
    def praise_rules(self) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.polarity == "praise")


def look(tables: Tables, window: Window, quotes: bool) -> Look:
    whole = tables.read("flags", days=window.days)
    rows: list[Row] = whole.filter(pc.not_equal(whole["rule"], AUDIT_RULE)).to_pylist()
    rows.sort(key=lambda flag: (-flag["severity"], flag["rule"], flag["flag_id"]))
    concerns = _chosen([flag for flag in rows if flag["polarity"] == "concern"], CONCERNS_SHOWN)
    praise = _chosen([flag for flag in rows if flag["polarity"] == "praise"], PRAISE_SHOWN)
    cards = _cards([*concerns, *praise], tables, window, quotes)
    of = {
        polarity: len({f["interaction_id"] for f in rows if f["polarity"] == polarity})
        for polarity in ("concern", "praise")
    }
    return Look(
        rules=_rules(rows),
        concerns=tuple(cards[: len(concerns)]),
        concern_count=of["concern"],
        praise=tuple(cards[len(concerns) :]),
        praise_count=of["praise"],
    )


def _rules(flags: list[Row]) -> tuple[Rule, ...]:
    first = {flag["rule"]: flag for flag in reversed(flags)}
    counts = Counter(rule for rule, _ in {(flag["rule"], flag["interaction_id"]) for flag in flags})
    return tuple(
        Rule(name, first[name]["polarity"], int(first[name]["severity"]), first[name]["explanation"], n)
        for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def _chosen(flags: list[Row], most: int) -> list[list[Row]]:
    """Flags by contact: the most severe first, then those with more reasons, then the latest."""
    by_contact: dict[str, list[Row]] = {}
    for flag in flags:
        by_contact.setdefault(flag["interaction_id"], []).append(flag)
    latest_first = sorted(
        by_contact.values(), key=lambda some: (some[0]["day"], some[0]["interaction_id"]), reverse=True
    )
    return sorted(latest_first, key=lambda some: (-some[0]["severity"], -len(some)))[:most]


def _cards(chosen: Sequence[list[Row]], tables: Tables, window: Window, quotes: bool) -> list[Card]:
    turns = _by_contact(tables, "turns", chosen) if quotes else {}
    cues = _by_contact(tables, "cues", chosen) if quotes else {}
    promises = _by_contact(tables, "commitments", chosen)
    contacts = window.contacts.set_index("interaction_id")
    return [
        _card(
            flags, contacts, turns, cues, _promised(promises.get(flags[0]["interaction_id"], []), quotes)
        ) for flags in chosen
    ]  # fmt: skip


def _promised(promises: list[Row], quotes: bool) -> Promised | None:
    """The first promise that was broken."""
    broken = next((row for row in promises if row["status"] == "broken"), None)
    if broken is None:
        return None
    return Promised(broken["text"] if quotes else "", broken["promised_by"], broken["evidence_interaction_id"])


def _card(
    flags: list[Row],
    contacts: pd.DataFrame,
    turns: dict[str, list[Row]],
    cues: dict[str, list[Row]],
    promised: Promised | None,
) -> Card:
    key = flags[0]["interaction_id"]
    contact = contacts.loc[key]
    turn = _telling_turn(flags, turns.get(key, []), cues.get(key, []))
    return Card(
        interaction_id=key,
        day=flags[0]["day"],
        channel=str(contact["channel"]),
        reason=_text(contact["reason"]),
        agent=_text(contact["agent_id"]),
        severity=int(flags[0]["severity"]),
        reasons=tuple(Reason(flag["rule"], int(flag["severity"]), flag["explanation"]) for flag in flags),
        speaker=turn["speaker"] if turn else None,
        quote=_quote(turn, cues.get(key, [])) if turn else (),
        promised=promised if any(flag["rule"] == BROKEN_RULE for flag in flags) else None,
    )


def _telling_turn(flags: list[Row], turns: list[Row], cues: list[Row]) -> Row | None:
    """The turn that the most severe flag points to; else for empathy the words that carry most of it; else the
    customer's lowest (for praise: highest) moment."""
    pointed = next((int(flag["turn"]) for flag in flags if flag["turn"] is not None), None)
    if pointed is not None:
        return next((turn for turn in turns if turn["turn"] == pointed), None)
    warm = [cue for cue in cues if cue["found"] and cue["label"].startswith("emp.")]
    if flags[0]["rule"] == EMPATHY_RULE and warm:
        sums = _warmth(warm)
        warmest = max(sums, key=lambda turn: (sums[turn], -turn))
        return next((turn for turn in turns if turn["turn"] == warmest), None)
    felt = [turn for turn in turns if turn["sentiment"] is not None]
    extreme = max if flags[0]["polarity"] == "praise" else min
    return extreme(felt, key=lambda turn: turn["sentiment"]) if felt else None


def _warmth(cues: list[Row]) -> dict[int, float]:
    """The probabilities of each turn's labels summed: how many kinds of empathy it is expected to carry."""
    sums: dict[int, float] = {}
    for cue in cues:
        sums[cue["turn"]] = sums.get(cue["turn"], 0.0) + float(cue["probability"])
    return sums


def _quote(turn: Row, cues: Iterable[Row]) -> tuple[Words, ...]:
    """The turn's words, cut after QUOTE_CHARS, in pieces of heard and other words."""
    text: str = turn["text"]
    heard = [False] * len(text)
    for cue in cues:
        if cue["turn"] == turn["turn"] and cue["found"]:
            heard[cue["start_char"] : cue["end_char"]] = [True] * len(text[cue["start_char"] : cue["end_char"]])
    cut = len(text) if len(text) <= QUOTE_CHARS else text.rfind(" ", 0, QUOTE_CHARS) + 1 or QUOTE_CHARS
    starts = [0, *(i for i in range(1, cut) if heard[i] != heard[i - 1])]
    pieces = [Words(text[a:b], heard[a]) for a, b in zip(starts, [*starts[1:], cut], strict=True) if a < b]
    return (*pieces, Words("…", False)) if cut < len(text) else tuple(pieces)


def _by_contact(tables: Tables, name: str, chosen: Sequence[list[Row]]) -> dict[str, list[Row]]:
    days = sorted({flags[0]["day"] for flags in chosen})
    if not days:
        return {}
    ids = pa.array([flags[0]["interaction_id"] for flags in chosen], pa.string())
    table = tables.read(name, days=days)
    rows: dict[str, list[Row]] = {}
    for row in table.filter(pc.is_in(table["interaction_id"], value_set=ids)).to_pylist():
        rows.setdefault(row["interaction_id"], []).append(row)
    return {key: sorted(some, key=lambda row: row["turn"]) for key, some in rows.items()}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
