"""Each record decided against the store and against this run: new, known already, or another version of what is known.

A thread is decided as a whole: pieces that its new version no longer has go, and what a later version has already
told is not taken back by an earlier one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from analyzer.batches import characters, is_heavy
from analyzer.ingest.given import given_of, with_given
from analyzer.ingest.identity import Decision, decide
from analyzer.ingest.sessions import is_earlier_version, is_later_part, piece_number
from analyzer.records import Interaction, Turn
from analyzer.store.entries import ContactIdentity
from analyzer.taken_in import Intake

if TYPE_CHECKING:
    import pyarrow as pa

    from analyzer.store.store import Store

_WEIGHTS: Final[dict[Decision, int]] = {"duplicate": 0, "stale": 0, "new": 1, "replacement": 2}
_HEARD = 10_000  # contacts whose words are kept for the comparison with a redacted twin; older ones are read again
_HEARD_CHARS: Final = 1 << 27
Said = Mapping[str, Sequence[Turn]]


@dataclass
class Decider:
    """Decides what comes in and notes it in ``intake``; ``store`` is ``None`` where there is none yet."""

    store: Store | None
    intake: Intake
    run_id: str
    default_channel: str
    _heard: OrderedDict[str, Sequence[Turn]] = field(default_factory=OrderedDict)
    _heard_chars: int = 0
    _pieces: dict[str, int] = field(default_factory=dict)  # of threads of this run, the most that a version had

    def accept(
        self, pending: Sequence[Interaction], batch: list[Interaction], size: int
    ) -> Iterator[list[Interaction]]:
        """Adds what is accepted of whole records to ``batch``; yields a copy and empties it whenever it is full."""
        chars = sum(map(characters, batch))
        ids = [contact.interaction_id for contact in pending]
        known = self.store.ledger.identities(ids) if self.store else {}
        said = self._stored_turns(pending, known)
        for record in _records(pending):
            for contact in self._accepted(record, known, said):
                at = [i for i, other in enumerate(batch) if other.interaction_id == contact.interaction_id]
                for place in at:  # the same contact again within one batch: the later one stands
                    batch.pop(place)
                batch.append(contact)
                chars += characters(contact)
                if len(batch) >= size or is_heavy(chars):
                    yield list(batch)
                    batch.clear()
                    chars = 0

    def _accepted(
        self, record: Sequence[Interaction], stored: Mapping[str, ContactIdentity], said: Said
    ) -> list[Interaction]:
        """The contacts of the record that are new or changed. Counts the record once, in the weightiest column."""
        record = [self._with_given(contact, stored.get(contact.interaction_id)) for contact in record]
        decisions = [self._decision(contact, stored, said) for contact in record]
        rest = self._rest(record) if max(_WEIGHTS[decision] for decision in decisions) else []
        if self._is_earlier(record, decisions, rest, said):
            decisions = ["stale"] * len(record)
        self._count(max(_WEIGHTS[decision] for decision in decisions))
        accepted = [contact for contact, what in zip(record, decisions, strict=True) if _WEIGHTS[what]]
        for contact in accepted:
            self._take(contact, stored.get(contact.interaction_id))
        if accepted:
            for piece in rest:
                self._drop(piece, record[0])
        return accepted

    def _with_given(self, contact: Interaction, stored: ContactIdentity | None) -> Interaction:
        known = self._known(contact.interaction_id, stored)
        return with_given(contact, known.given, self.default_channel) if known else contact

    def _decision(self, contact: Interaction, stored: Mapping[str, ContactIdentity], said: Said) -> Decision:
        key = contact.interaction_id
        known = self._known(key, stored.get(key))
        seen = (known.content_hash, known.updated_at) if known else None
        return decide(seen, contact, lambda: self._known_turns(key, said))

    def _known(self, key: str, stored: ContactIdentity | None) -> ContactIdentity | None:
        return None if key in self.intake.gone else self.intake.identities.get(key) or stored

    def _is_earlier(
        self, record: Sequence[Interaction], decisions: Sequence[Decision], rest: Sequence[ContactIdentity], said: Said
    ) -> bool:
        """Whether a thread comes as it was before; asked only where a clock of the source does not tell."""
        if record[0].updated_at is not None or "new" in decisions or "replacement" not in decisions:
            return False
        same = [contact.turns for contact in record]
        known = [
            contact.turns if what == "duplicate" else self._known_turns(contact.interaction_id, said)
            for contact, what in zip(record, decisions, strict=True)
        ]
        return is_earlier_version(record[0].channel, same, known, bool(rest))

    def _count(self, weight: int) -> None:
        account = self.intake.account
        account.read += 1
        account.duplicate += weight == 0
        account.accepted += weight > 0
        account.replaced += weight == 2

    def _take(self, contact: Interaction, stored: ContactIdentity | None) -> None:
        key = contact.interaction_id
        if stored is not None:
            self.intake.moved_from.add(stored.day)
        self._hear(contact)
        self.intake.gone.discard(key)
        self.intake.identities[key] = ContactIdentity(
            key, contact.content_hash, contact.updated_at, contact.day, contact.source_uri, self.run_id,
            given_of(contact),
        )  # fmt: skip
        if is_later_part(contact):
            thread, _, _ = key.rpartition("#")
            self._pieces[thread] = max(self._pieces.get(thread, 1), piece_number(key) or 1)

    # Pieces of a thread that its new version does not have

    def _rest(self, record: Sequence[Interaction]) -> list[ContactIdentity]:
        """What is known of the thread beyond the pieces of ``record``."""
        thread, count = record[0], len(record)
        ours = [
            f"{thread.interaction_id}#{n}" for n in range(count + 1, self._pieces.get(thread.interaction_id, 1) + 1)
        ]
        rest = {key: self.intake.identities[key] for key in ours if key in self.intake.identities}
        stored = self.store.ledger.pieces(thread.interaction_id) if self.store else []
        beyond = [piece for piece in stored if (piece_number(piece.interaction_id) or 0) > count]
        for piece in self._of_source(beyond, thread.source_id):
            if self._known(piece.interaction_id, piece):
                rest.setdefault(piece.interaction_id, piece)
        return list(rest.values())

    def _of_source(self, pieces: Sequence[ContactIdentity], source_id: str) -> Sequence[ContactIdentity]:
        """Without contacts whose own id in the source only looks like that of a piece."""
        if not pieces or self.store is None:
            return ()
        facts = self.store.read("interaction_facts", ["interaction_id", "source_id"], {piece.day for piece in pieces})
        source = dict(zip(facts["interaction_id"].to_pylist(), facts["source_id"].to_pylist(), strict=True))
        return [piece for piece in pieces if source.get(piece.interaction_id) == source_id]

    def _drop(self, piece: ContactIdentity, version: Interaction) -> None:
        """Lets go of a piece, unless a later version of the thread told it."""
        if piece.updated_at and version.updated_at and version.updated_at < piece.updated_at:
            return
        key = piece.interaction_id
        if self.intake.identities.pop(key, None) is None:
            self.intake.moved_from.add(piece.day)
        self._forget(key)
        self.intake.gone.add(key)

    # What was said in the known version

    def _hear(self, contact: Interaction) -> None:
        self._forget(contact.interaction_id)
        self._heard[contact.interaction_id] = contact.turns
        self._heard_chars += characters(contact)
        while len(self._heard) > _HEARD or (self._heard_chars > _HEARD_CHARS and len(self._heard) > 1):
            self._forget(next(iter(self._heard)))

    def _forget(self, key: str) -> None:
        if (turns := self._heard.pop(key, None)) is not None:
            self._heard_chars -= sum(len(turn.text) for turn in turns)

    def _known_turns(self, key: str, said: Said) -> Sequence[Turn] | None:
        return self._turns_of_this_run(key) or said.get(key)

    def _turns_of_this_run(self, key: str) -> Sequence[Turn] | None:
        """What was said in the version accepted in this run: as read, or as staged where that is long ago."""
        if key in self._heard or key not in self.intake.winner:
            return self._heard.get(key)
        import pyarrow.parquet as pq

        shard = self.intake.shards[self.intake.winner[key]]
        return _said(pq.read_table(shard / "turns.parquet", filters=[("interaction_id", "==", key)])).get(key)

    def _stored_turns(self, pending: Sequence[Interaction], known: Mapping[str, ContactIdentity]) -> Said:
        """What was said in the stored version of contacts that come again with other content: one read for all.

        A contact whose rows were lost is known without content; it is read again, whatever it says.
        """
        again = {
            i.interaction_id: known[i.interaction_id].day
            for i in pending
            if i.interaction_id in known and known[i.interaction_id].content_hash not in ("", i.content_hash)
        }
        if not again or self.store is None:
            return {}
        import pyarrow as pa
        import pyarrow.compute as pc

        rows = self.store.read("turns", ["interaction_id", "turn", "speaker", "text"], set(again.values()))
        return _said(rows.filter(pc.is_in(rows["interaction_id"], pa.array(list(again), pa.string()))))


def _records(pending: Sequence[Interaction]) -> Iterator[list[Interaction]]:
    """Contacts that come of one record of the source, in order."""
    record: list[Interaction] = []
    for contact in pending:
        if record and not is_later_part(contact):
            yield record
            record = []
        record.append(contact)
    if record:
        yield record


def _said(turns: pa.Table) -> dict[str, list[Turn]]:
    said: dict[str, list[Turn]] = {}
    for row in turns.sort_by([("interaction_id", "ascending"), ("turn", "ascending")]).to_pylist():
        said.setdefault(row["interaction_id"], []).append(Turn(row["speaker"], row["text"]))
    return said
