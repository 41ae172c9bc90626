"""A small store built by hand: contacts in a few words, as the tables hold them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from analyzer.config import JourneySettings, load_settings
from analyzer.journey.linking import LinkModel
from analyzer.journey.trace import Journeys, trace_journeys
from analyzer.tables import FACT_COLUMNS, STORED

MODEL = LinkModel.load(Path(__file__).parents[2] / "models" / "linking.json")
SAYS = {
    "billing_charge": "Auf meiner Rechnung steht ein falscher Betrag.",
    "setup": "Das Modem blinkt nur, wie wird der Empfänger angeschlossen?",
}
DAY0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def at(days: float = 0, **more: float) -> datetime:
    return DAY0 + timedelta(days=days, **more)


def settings(**changed: Any) -> JourneySettings:
    return load_settings(assignments=[f"journey.{key}={value}" for key, value in changed.items()]).journey


@dataclass
class Store:
    facts: list[dict[str, Any]] = field(default_factory=list)
    cues: list[dict[str, Any]] = field(default_factory=list)
    turns: list[dict[str, Any]] = field(default_factory=list)

    def contact(
        self,
        name: str,
        start: datetime,
        *,
        cues: dict[str, float] | None = None,
        says: str | None = None,
        promise: str | None = None,
        minutes: float = 5,
        **facts: Any,
    ) -> Store:
        """One contact of two turns: the customer says ``says`` with ``cues``; the agent answers, perhaps promises."""
        fact = {
            "interaction_id": name, "day": start.date(), "channel": "voice", "direction": "inbound", "language": "de",
            "started_at": start, "ended_at": start + timedelta(minutes=minutes), "customer_key": "k-1",
            "agent_turns": 1,
            "resolution": "resolved", "resolved_probability": 0.9, "reason": "billing_charge",
        }  # fmt: skip
        self.facts.append({column.name: {**fact, **facts}.get(column.name) for column in FACT_COLUMNS})
        says = says or SAYS.get({**fact, **facts}["reason"], "Eine Frage bitte.")
        self._turn(name, 0, "customer", says)
        self._turn(name, 1, "agent", promise or "Gerne.")
        for label, probability in (cues or {}).items():
            self._cue(name, 0, label, probability, says)
        if promise:
            self._cue(name, 1, "svc.commit", 0.8, promise)
        return self

    def _turn(self, name: str, turn: int, speaker: str, text: str) -> None:
        row = dict.fromkeys(STORED["turns"].column_names)
        self.turns.append({**row, "interaction_id": name, "turn": turn, "speaker": speaker, "text": text})

    def _cue(self, name: str, turn: int, label: str, probability: float, text: str) -> None:
        row = dict.fromkeys(STORED["cues"].column_names)
        span = {"start_char": 0, "end_char": len(text), "found": probability >= 0.5}
        row |= {"interaction_id": name, "turn": turn, "label": label, "probability": probability, **span}
        self.cues.append(row)

    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        return (
            pd.DataFrame(self.facts, columns=[column.name for column in FACT_COLUMNS]),
            pd.DataFrame(self.cues, columns=list(STORED["cues"].column_names)),
            pd.DataFrame(self.turns, columns=list(STORED["turns"].column_names)),
        )

    def trace(self, as_of: datetime, zone: str = "Europe/Berlin", **changed: Any) -> Journeys:
        frames = self.frames()
        return trace_journeys(*frames, settings(**changed), as_of, business_timezone=zone, link_model=MODEL)


def row(journeys: Journeys, name: str, matter: str = "same", window: int = 7) -> dict[str, Any]:
    """The fcr row of a contact."""
    wanted = {"interaction_id": name, "matter": matter, "window_days": window}
    return next(r for r in journeys.fcr.to_pylist() if all(r[key] == value for key, value in wanted.items()))


def status(journeys: Journeys, name: str, matter: str = "same", window: int = 7) -> str:
    return str(row(journeys, name, matter, window)["status"])
