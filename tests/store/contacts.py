"""Small invented days of a contact center, and publishing them the way a run does: merge, then one publication."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

import pyarrow as pa

from analyzer.store import Change, ContactIdentity, FileSeen, Store, open_store
from analyzer.tables import STORED

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 18)
AS_OF = datetime(2026, 11, 20, 18, tzinfo=UTC)
BY_CONTACT = ("interaction_facts", "outcomes", "turns")
ALL = (*BY_CONTACT, "episodes")


@dataclass(frozen=True)
class Contact:
    interaction_id: str
    day: date
    words: str = "Meine Rechnung stimmt nicht."
    customer: str = "k-77"


def contacts(day: date, *numbers: int, words: str = "Meine Rechnung stimmt nicht.") -> list[Contact]:
    return [Contact(f"c-{number}", day, words, f"k-{number % 5}") for number in numbers]


def rows(name: str, some: Iterable[Contact], run_id: str = "r-1") -> pa.Table:
    make = {"interaction_facts": _fact, "outcomes": _outcome, "episodes": _episode}
    if name == "turns":
        return STORED[name].from_rows([turn for contact in some for turn in _turns(contact)])
    return STORED[name].from_rows([make[name](contact, run_id) for contact in some])


def publish(store: Store, some: Sequence[Contact], run_id: str = "r-1") -> None:
    """Publishes contacts as new or replaced, with the rest of their days kept."""
    known = store.ledger.identities(contact.interaction_id for contact in some)
    days = frozenset({contact.day for contact in some} | {identity.day for identity in known.values()})
    ids = {contact.interaction_id for contact in some}
    changes = [Change(name, store.merge_days(name, rows(name, some, run_id), ids, days), days) for name in BY_CONTACT]
    changes.append(Change("episodes", rows("episodes", some, run_id)))
    store.publish(
        changes,
        run={"run_id": run_id, "finished_at": AS_OF, "accepted": len(some)},
        identities=[identity(contact, run_id) for contact in some],
        files=[file_seen(run_id, len(some))],
        fingerprint=f"fingerprint of {run_id}",
    )


def publish_at(path: Path, some: Sequence[Contact], run_id: str = "r-1") -> None:
    with open_store(path, write=True) as store:
        publish(store, some, run_id)


def content(path: Path) -> dict[str, pa.Table]:
    """Everything that is published, by table."""
    with open_store(path, write=False) as store:
        return {name: store.read(name) for name in ALL}


def identity(contact: Contact, run_id: str) -> ContactIdentity:
    return ContactIdentity(
        contact.interaction_id, f"hash of {contact.words}", AS_OF, contact.day, "monday.jsonl", run_id
    )


def file_seen(run_id: str, accepted: int) -> FileSeen:
    return FileSeen(f"sha of {run_id}", "monday.jsonl", 2048, accepted, accepted, 0, 0)


def _start(contact: Contact) -> datetime:
    return datetime.combine(contact.day, time(9, 12), UTC)


def _fact(contact: Contact, run_id: str) -> dict[str, object]:
    return {
        "interaction_id": contact.interaction_id, "source_id": contact.interaction_id, "source_uri": "monday.jsonl",
        "source_format": "native", "content_hash": f"hash of {contact.words}", "day": contact.day, "channel": "voice",
        "direction": "inbound", "language": "de", "started_at": _start(contact), "started_at_source": "record",
        "customer_key": contact.customer, "agent_id": "a-3", "agent_ids": ["a-3"], "turn_count": 2, "customer_turns": 1,
        "agent_turns": 1, "resolution": "resolved", "resolved_probability": 0.9, "sentiment_end": -0.25,
        "empathic_opportunities": 1, "opportunities_met": 1, "opportunities_hurt": 0, "opportunities_met_by_action": 0, "role_confidence": 0.99,
    }  # fmt: skip


def _outcome(contact: Contact, run_id: str) -> dict[str, object]:
    return {
        "interaction_id": contact.interaction_id, "day": contact.day, "fcr_status": "open", "fcr_probability": 0.7,
        "experience_score": 61.5, "is_final": False, "as_of": AS_OF, "run_id": run_id,
    }  # fmt: skip


def _episode(contact: Contact, run_id: str) -> dict[str, object]:
    return {
        "episode_id": f"e-{contact.interaction_id}", "customer_key": contact.customer,
        "first_interaction_id": contact.interaction_id, "last_interaction_id": contact.interaction_id, "contacts": 1,
        "channels": ["voice"], "started_at": _start(contact), "ended_at": _start(contact), "reason": run_id,
        "link_probability": 1.0,
    }  # fmt: skip


def _turns(contact: Contact) -> list[dict[str, object]]:
    both = {"interaction_id": contact.interaction_id, "day": contact.day}
    return [
        {**both, "turn": 0, "speaker": "customer", "text": contact.words, "start_ms": 0, "end_ms": 4000},
        {**both, "turn": 1, "speaker": "agent", "agent_id": "a-3", "text": "Das sehe ich mir an.", "start_ms": 4000},
    ]
