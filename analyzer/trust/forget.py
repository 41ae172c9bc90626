"""A person taken out of a store for good: everything of a customer, the name and figures of an agent.

A customer's contacts go whole, with what was heard in them and decided about them. An agent's contacts are the
customers' and stay: the agent is called ``unnamed`` in them, like all who were forgotten, so that nobody can tell them
apart, and no figure is made of that name. Every step can be killed and done again; readers see the former or the new
state. What was begun is ended by the next removal, whoever it is about.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from analyzer.config import Settings
from analyzer.errors import StoreError, UsageError
from analyzer.progress import Progress
from analyzer.store import folder
from analyzer.store.publication import sweep
from analyzer.store.store import Store, open_store
from analyzer.trust import leftovers, reviewed
from analyzer.trust.certificate import Certificate
from analyzer.trust.journal import Deed, Journal
from analyzer.trust.person import Kind, Person, find_person, mention, person_of
from analyzer.trust.removal import GONE, Removal, removed
from analyzer.trust.review_columns import tables_in
from analyzer.trust.search import LONG, search, search_files

ANEW: Final = ", forgotten"  # at the end of a fingerprint: the next run reads and computes again
GIVEN_OUT: Final = ("export", "report", "subject")


def forget(
    path: Path, kind: Kind, asked: str, settings: Settings, progress: Progress, *, db: str | None = None,
    dry_run: bool = False,
) -> Certificate:  # fmt: skip
    """The certificate, once nothing of the person is left; of a dry run what would be removed.

    Raises UsageError where nothing is held, StoreBusy while a run or a reader holds on, StoreError where the search
    still finds an id: then the removal stays begun, and the same command goes on.
    """
    if dry_run:
        with open_store(path, write=False) as store:
            person = _known(store, find_person(store, kind, asked, settings))
            return _Forgetting(store, person, progress, db).forecast()
    with open_store(path, write=True) as store:
        asked_for = find_person(store, kind, asked, settings)
        begun = [person_of(told) for told in _people(Journal(path)).values()]
        for person in begun:
            if not person.names & asked_for.names:
                _Forgetting(store, person, progress, db).run()
        person = _known(store, _joined([asked_for, *begun]))
        return _Forgetting(store, person, progress, db).run()


def _people(journal: Journal) -> dict[str, dict[str, Any]]:
    """Removals of people that were begun and not ended."""
    return {digest: told for digest, told in journal.pending().items() if told["kind"] in ("customer", "agent")}


def _joined(people: Sequence[Person]) -> Person:
    """The first, with what an unfinished removal of the same person knew before it deleted it."""
    first = people[0]
    same = [person for person in people if person.kind == first.kind and person.names & first.names]

    def all_of(name: str) -> frozenset[str]:
        return frozenset[str]().union(*(getattr(person, name) for person in same))

    return Person(first.kind, first.asked, all_of("names"), all_of("contacts"), all_of("sought"))


def _known(store: Store, person: Person) -> Person:
    """The person, if anything is held about them, or was until they were forgotten. Raises UsageError otherwise."""
    journal = Journal(store.path)
    gone = journal.suppressed()
    if person.contacts or any(journal.digest(person.kind, name) in gone for name in person.names):
        return person
    from analyzer.progress import Silent

    customers = person.names if person.kind == "customer" else frozenset[str]()
    removal = Removal(customers=customers, agents=person.names - customers)
    if removed(store, removal, Silent()).rows or leftovers.quarantined(
        store.path, mention(person.sought), unreadable=False
    ):
        return person
    raise UsageError(
        f"Nothing is held about this {person.kind}.",
        hint="Check the id: as the source system writes it, or the pseudonym that exports show.",
    )


class _Forgetting:
    """One removal, step by step; each step leaves things so that it can be done again."""

    def __init__(self, store: Store, person: Person, progress: Progress, db: str | None) -> None:
        self.store, self.person, self.progress = store, person, progress
        self.path = store.path
        self.journal = Journal(self.path)
        self.reviews = reviewed.reviews_of(self.path, db)
        self.digest = self.journal.digest(person.kind, min(person.names))
        is_customer = person.kind == "customer"
        self.contacts = person.contacts if is_customer else frozenset[str]()
        self.customers = person.names if is_customer else frozenset[str]()
        self.agents = frozenset[str]() if is_customer else person.names
        self.notes_of = frozenset[str]() if is_customer else person.contacts
        self.accounts: dict[str, str] = {}
        self.ids = mention(person.sought)
        self.certificate = Certificate(person.kind, self.digest[:12], datetime.now(UTC), len(person.contacts))

    @property
    def steps(self) -> tuple[Callable[[], None], ...]:
        return (
            self.remember, self.clear_quarantine, self.publish, self.clear_review, self.clear_files, self.prove,
            self.end,
        )  # fmt: skip

    def run(self) -> Certificate:
        for step in self.steps:
            step()
        return self.certificate

    def forecast(self) -> Certificate:
        """What would be removed; nothing is changed."""
        told = self.certificate
        told.dry_run = True
        places = {entry.place for entry in leftovers.quarantined(self.path, self.ids, unreadable=True)}
        told.rows.update(removed(self.store, self._removal(sorted(places)), self.progress).rows)
        told.quarantined = len(places)
        for review in self.reviews:
            with review.read() as connection:
                tables = tables_in(review, connection)
                found = reviewed.rows_about(connection, tables, self.contacts, self.customers | self.agents)
            told.review_rows.update({table: len(rows) for table, rows in found.items()})
        told.given_out = self._given_out()
        return told

    def remember(self) -> None:
        """The ids, until the end; and whom no later run may bring back."""
        begun = [told for told in _people(self.journal).values() if person_of(told).names & self.person.names]
        self.accounts = {old: new for told in begun for old, new in told["accounts"].items()} or self._accounts()
        self.journal.begin(self.digest, {**self.person.as_json(), "accounts": self.accounts})
        digests = [self.journal.digest(self.person.kind, name) for name in self.person.names]
        self.journal.suppress([*digests, *(self.journal.digest("contact", each) for each in self.contacts)])

    def clear_quarantine(self) -> None:
        entries = leftovers.quarantined(self.path, self.ids, unreadable=True)
        self._rejects = [entry.place for entry in entries]
        self.certificate.quarantined += leftovers.clear_quarantine(self.path, entries)

    def publish(self) -> None:
        """The tables without the person, all at once. Known contacts and counted rows go with them."""
        found = removed(self.store, self._removal(self._rejects), self.progress)
        self.certificate.rows.update(found.rows)
        known = self.store.ledger.identities(self.contacts)
        publish_without(self.store, found.changes, known)

    def clear_review(self) -> None:
        self.progress.begin("review database", None, "")
        everywhere = tuple(sorted(each for each in self.person.sought if len(each) >= LONG))
        going = reviewed.Going(self.contacts, self.customers, self.agents, self.notes_of, self.accounts, everywhere)
        for review in self.reviews:
            with review.write() as connection:
                done = reviewed.take_out(connection, tables_in(review, connection), going)
            reviewed.compact(review)
            self.certificate.review_rows.update(done)

    def clear_files(self) -> None:
        """Old versions of the tables, what killed runs left, working files, free pages of the ledger."""
        self.progress.begin("deleting old versions", None, "")
        self.certificate.working_files += clear_old_files(self.store)
        leftovers.clear_ledger(self.path, self.ids, self.agents)

    def prove(self) -> None:
        searched = search(self.path, self.person.sought, self.progress, without=(folder.TRUST,))
        if searched.found_in:
            listed = ", ".join(searched.found_in[:5])
            raise StoreError(
                f"An id is still in {len(searched.found_in)} files: {listed}.",
                hint="End what reads or writes the store and give the same command again; it goes on.",
            )
        self.certificate.searched = searched

    def end(self) -> None:
        told = self.certificate
        if self.ids is not None:
            self.journal.cut(self.ids, GONE)  # the name of a file that was written for them may hold their id
        told.given_out = self._given_out()
        counts = {name: value for name, value in told.as_json().items() if name not in ("given_out", "at", "dry_run")}
        self.journal.note("forget", **counts)
        for digest, begun in _people(self.journal).items():
            if person_of(begun).names & self.person.names:
                self.journal.end(digest)
        own = [path for path in self.path.iterdir() if path.name.startswith(folder.TRUST)]
        if search_files(self.path, own, self.person.sought, self.progress).found_in:
            raise StoreError(f"An id is still in {folder.TRUST}.", hint="Give the same command again.")

    def _removal(self, rejects: Sequence[tuple[str, int]]) -> Removal:
        return Removal(
            contacts=self.contacts, customers=self.customers, agents=self.agents, places=self.ids,
            rejects=frozenset(rejects), notes_of=self.notes_of, accounts=self.accounts,
        )  # fmt: skip

    def _accounts(self) -> dict[str, str]:
        """The accounts of a forgotten agent, and the name that is nobody's which each has from now on."""
        old: set[str] = set()
        for review in self.reviews:
            with review.read() as connection:
                old |= set(reviewed.accounts_of(connection, self.agents))
        return {name: f"{GONE}-{secrets.token_hex(4)}" for name in sorted(old)}

    def _given_out(self) -> list[Deed]:
        return [deed for deed in self.journal.deeds() if deed.action in GIVEN_OUT and deed.detail.get("to")]


def publish_without(store: Store, changes: list[Any], known: Any) -> None:
    """Publishes the changes and lets go of ``known`` contacts; the next run computes again what follows."""
    runs = store.ledger.runs()
    if not runs or not (changes or known):
        return
    fingerprint = (store.ledger.fingerprint() or "").removesuffix(ANEW) + ANEW
    store.publish(changes, run=runs[-1], fingerprint=fingerprint, forgotten=list(known))


def clear_old_files(store: Store) -> int:
    """How many working files went, beside every old version of a table. Readers of an old version must begin anew."""
    store.vacuum(0)
    sweep(store.path, older_than_hours=-1)
    return leftovers.clear_working(store.path)
