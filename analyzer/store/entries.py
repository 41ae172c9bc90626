"""What the ledger knows: contacts, files, published versions. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ContactIdentity:
    """What is known of a contact without reading it: enough to tell a duplicate from a replacement.

    ``given``: JSON of what side files told of it and the source did not; kept where a later run comes without them.
    """

    interaction_id: str
    content_hash: str
    updated_at: datetime | None
    day: date
    source_uri: str
    run_id: str
    given: str = ""


@dataclass(frozen=True, slots=True)
class FileSeen:
    """An input file, known by what it holds and not by its name, with the account of its records."""

    sha256: str
    name: str
    size: int
    read: int
    accepted: int
    rejected: int
    duplicate: int


@dataclass(frozen=True, slots=True)
class Published:
    """A version of a table that was made visible, and the days it rewrote (None: the whole table)."""

    name: str
    version: int
    days: frozenset[date] | None
