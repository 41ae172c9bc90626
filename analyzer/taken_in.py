"""What a run took in: the account of its records, the contacts told anew, and where their rows are staged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from analyzer.ingest.quarantine import Place
from analyzer.ingest.raw import ReadStats
from analyzer.records import Reject, Skipped
from analyzer.store.entries import ContactIdentity, FileSeen


@dataclass
class Account:
    """read = accepted + rejected + duplicate; replaced is part of accepted; skipped are files, outside of it.

    All count conversation records. A thread is one, however many contacts it holds: accepted if any of them is new or
    changed, replaced if any took the place of an earlier version, duplicate if all are known.
    """

    read: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicate: int = 0
    replaced: int = 0
    turned_away: int = 0  # of the duplicate: of people who were forgotten, or older than what is kept
    skipped: list[Skipped] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    stats: ReadStats = field(default_factory=ReadStats)
    files: list[FileSeen] = field(default_factory=list)

    def turn_away(self) -> None:
        """Counts a record that is known and must not come in again."""
        self.read += 1
        self.duplicate += 1
        self.turned_away += 1

    def reject(self, reject: Reject) -> None:
        """Counts a record that could not be taken in."""
        self.read += 1
        self.rejected += 1
        # The raw bytes are in quarantine now; held here they would grow with the input.
        self.rejects.append(
            Reject(reject.source_uri, reject.position, reject.source_format, reject.code, reject.message)
        )

    @property
    def reject_codes(self) -> Counter[str]:
        return Counter(reject.code for reject in self.rejects)


@dataclass
class Intake:
    """What a run took in: staged batch folders, the winning identity of each contact, and where old rows lie."""

    account: Account
    shards: list[Path]
    identities: dict[str, ContactIdentity]
    winner: dict[str, int]
    moved_from: set[date]
    gone: set[str]  # pieces of threads that the thread's new version does not have
    parts: dict[str, dict[str, str]]  # of contacts that a source writes as several records: each with its digest
    read_uris: set[str]
    mended: set[Place] | None  # records out of quarantine that are accepted now; None where whole files were read

    @property
    def outdated(self) -> set[str]:
        """Contacts of which nothing that the store holds may stay: told anew, or gone."""
        return self.identities.keys() | self.gone


def begun(read_uris: set[str]) -> Intake:
    """An intake that holds nothing yet."""
    return Intake(Account(), [], {}, {}, set(), set(), {}, read_uris, None)
