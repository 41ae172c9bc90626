"""Runs without models: everything of a night but understanding, so that many can be run in a test."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.config import load_settings
from analyzer.pipeline import run
from analyzer.records import Interaction, Understood
from analyzer.run_request import RunRequest
from analyzer.run_summary import RunSummary
from analyzer.store.verify import verify
from analyzer.tables import FACT_TABLES
from analyzer.understand.tabulate import tabulate

from .dumps import rows

_NULL = dict.fromkeys(
    ("resolution", "resolved_probability", "sentiment_start", "sentiment_end", "sentiment_mean", "sentiment_low",
     "empathy", "effort", "satisfaction", "expectation_balance", "churn_talk_probability", "reason")
)  # fmt: skip
_ZERO = dict.fromkeys(
    ("empathic_opportunities", "opportunities_met", "opportunities_hurt", "opportunities_met_by_action"), 0
)


def nothing_understood(batches: Iterator[list[Interaction]], *_settings: object) -> Iterator[dict[str, Any]]:
    """The fact tables of contacts of which no model says anything. Stands in for ``batches.understand_all``."""
    for batch in batches:
        yield tabulate([_unread(contact) for contact in batch])


def _unread(contact: Interaction) -> Understood:
    nothing: dict[str, Any] = {**_NULL, **_ZERO}
    return Understood(contact, "und", {}, (), (), role_confidence=1.0, **nothing)


@dataclass
class Nights:
    """A store and the runs into it; each checks that the store agrees with itself afterwards."""

    folder: Path

    @property
    def store(self) -> Path:
        return self.folder / "store"

    def run(self, files: dict[str, Any], settings: Sequence[str] = (), **request: Any) -> RunSummary:
        """One night: ``files`` by name; text as it is, a list as JSON lines, an object as a document."""
        dump = self.folder / "dump"
        shutil.rmtree(dump, ignore_errors=True)
        dump.mkdir()
        for name, content in files.items():
            (dump / name).write_text(_written(content), encoding="utf-8")
        summary = run(RunRequest([str(dump)], self.store, **request), load_settings(assignments=list(settings)))
        assert verify(self.store) == []
        assert summary.read == summary.accepted + summary.rejected + summary.duplicate
        return summary

    def rows(self, name: str, *columns: str) -> list[Any]:
        return rows(self.store, name, *columns)

    def said(self) -> dict[str, list[str]]:
        """The words of each contact, in order."""
        turns = sorted(self.rows("turns"), key=lambda row: (row["interaction_id"], row["turn"]))
        said: dict[str, list[str]] = {}
        for row in turns:
            said.setdefault(row["interaction_id"], []).append(row["text"])
        return said

    def ids_by_table(self) -> dict[str, set[str]]:
        """The contacts that each table with rows by contact speaks of."""
        names = (*FACT_TABLES, "outcomes", "contributions", "fcr", "flags", "commitments")
        return {name: set(self.rows(name, "interaction_id")) for name in names}


def counts(summary: RunSummary) -> tuple[int, int, int, int]:
    """read, accepted, duplicate, replaced."""
    return summary.read, summary.accepted, summary.duplicate, summary.replaced


def _written(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in content)
    return json.dumps(content, ensure_ascii=False)
