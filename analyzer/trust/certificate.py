"""What a removal did and how it was proved, without an id of whom it was about."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from analyzer.trust.journal import Deed
from analyzer.trust.person import Kind
from analyzer.trust.search import Searched


@dataclass
class Certificate:
    """What was removed, where, and how much was searched afterwards. No id of the person stands in it."""

    kind: Kind
    reference: str  # the first digits of the keyed hash on the suppression list
    at: datetime
    contacts: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    review_rows: Counter[str] = field(default_factory=Counter)
    quarantined: int = 0
    working_files: int = 0
    searched: Searched = field(default_factory=Searched)
    given_out: list[Deed] = field(default_factory=list)
    dry_run: bool = False

    def as_json(self) -> dict[str, Any]:
        told = self.searched
        return {
            "kind": self.kind, "reference": self.reference, "at": self.at.isoformat(timespec="seconds"),
            "dry_run": self.dry_run, "contacts": self.contacts, "rows": dict(self.rows),
            "review_rows": dict(self.review_rows), "quarantined": self.quarantined,
            "working_files": self.working_files, "files_searched": told.files, "bytes_searched": told.bytes,
            "bytes_unpacked": told.unpacked, "found": len(told.found_in),
            "given_out": [{"at": d.at.isoformat(), "who": d.who, "action": d.action, **d.detail}
                          for d in self.given_out],
        }  # fmt: skip
