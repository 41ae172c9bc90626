"""A record as the store has it, for a run that brings a part of it or lacks its side files."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import msgspec

from analyzer.ingest.given import given_names, with_given
from analyzer.ingest.known import says_the_same, since, united
from analyzer.records import Interaction, Turn
from analyzer.store.entries import ContactIdentity

if TYPE_CHECKING:
    import pyarrow as pa

    from analyzer.store.store import Store

OF_TURN: Final = Turn.__struct_fields__
TURN_COLUMNS: Final = ("interaction_id", "turn", *OF_TURN)
FACT_NAMES: Final = tuple(
    name for name in Interaction.__struct_fields__ if name not in ("turns", "updated_at", "declared_language", "given")
)
_LAST_TOLD: Final = ("ended_at", "agent_id", "team", "handle_s", "hold_s", "transfers", "disposition", "csat")
SECRET: Final = "parts"
_DAYS_AT_HAND: Final = 6
_MOST_AT_HAND: Final = 1 << 25  # bytes of each


@dataclass
class Standing:
    """``analyzer.ingest.known.Known`` over a store. ``parts`` are those of every record that was read in this run."""

    store: Store | None
    default_channel: str
    parts: dict[str, dict[str, str]] = field(default_factory=dict)
    _days: dict[tuple[str, date], pa.Table] = field(default_factory=dict)

    def under_its_name(self, record: Interaction, keys: Sequence[str]) -> Interaction:
        """The record under another of its names where the store holds the very same by that; see ``Known``."""
        if self.store is None:
            return record
        known = self.store.ledger.identities([record.interaction_id, *keys])
        if record.interaction_id in known:
            return record
        for key, identity in known.items():
            renamed = msgspec.structs.replace(record, interaction_id=key)
            if with_given(renamed, identity.given, self.default_channel).content_hash == identity.content_hash:
                return renamed
        return record

    def completed(self, record: Interaction, parts: Mapping[str, bytes]) -> Interaction | tuple[Interaction, ...]:
        """The record with facts that side files told before and legs that came before; see ``Known``."""
        if self.store is None:
            return record
        key = record.interaction_id
        known = self.store.ledger.identities([key]).get(key)
        if known is not None:
            record = with_given(record, known.given, self.default_channel)
        if not parts:
            return record
        before = self.store.ledger.parts(key) if known is not None and known.content_hash else {}
        told = {part: self._digest(digest) for part, digest in parts.items()} if before or self.store.writable else {}
        if before.keys() <= told.keys():
            self.parts[key] = told
            return record
        return self._with_parts(record, told, before)

    def _with_parts(
        self, record: Interaction, told: Mapping[str, str], before: Mapping[str, str]
    ) -> Interaction | tuple[Interaction, ...]:
        """The record and what stands of the parts that it was not made of now."""
        self.parts[record.interaction_id] = dict(told)
        pieces = self._pieces(record)
        fresh = {part for part, digest in told.items() if before.get(part) != digest}
        if not pieces or (fresh and any(turn.part is None for piece in pieces for turn in piece.turns)):
            return record  # taken in by a version that did not tell whose turns they are
        stored = _thread(pieces)
        whole = united(record, stored, told.keys(), fresh)
        left = {turn.part for turn in whole.turns}
        self.parts[record.interaction_id] |= {p: d for p, d in before.items() if p in left and p not in told}
        return tuple(pieces) if not fresh and says_the_same(whole, stored) else whole

    def _digest(self, digest: bytes) -> str:
        """Keyed, so that short words cannot be guessed from it."""
        assert self.store is not None
        return hashlib.blake2b(digest, key=self.store.secret(SECRET), digest_size=16).hexdigest()

    def _pieces(self, record: Interaction) -> list[Interaction]:
        """The stored contacts of the record, in order."""
        assert self.store is not None
        ledger, key = self.store.ledger, record.interaction_id
        known = {key: ledger.identities([key])[key]} | {piece.interaction_id: piece for piece in ledger.pieces(key)}
        days = {identity.day for identity in known.values()}
        facts = [
            row
            for row in self._rows("interaction_facts", known, days)
            if row["source_id"] == record.source_id or row["interaction_id"] == key
        ]
        facts.sort(key=lambda row: row["started_at"])
        turns = turns_by_contact(self._rows("turns", known, days))
        return [contact_of(row, turns.get(row["interaction_id"], []), known[row["interaction_id"]]) for row in facts]

    def _rows(self, name: str, keys: Collection[str], days: Collection[date]) -> list[dict[str, Any]]:
        import pyarrow as pa
        import pyarrow.compute as pc

        wanted = pa.array(list(keys), pa.string())
        rows: list[dict[str, Any]] = []
        for day in days:
            table = self._day(name, day)
            rows += table.filter(pc.is_in(table["interaction_id"], wanted)).to_pylist()
        return rows

    def _day(self, name: str, day: date) -> pa.Table:
        """A day of a table, kept at hand: the legs of a night are mostly of calls of one or two days."""
        if (name, day) not in self._days:
            assert self.store is not None
            if len(self._days) >= _DAYS_AT_HAND:
                self._days.pop(next(iter(self._days)))
            table = self.store.read(name, list(TURN_COLUMNS if name == "turns" else FACT_NAMES), {day})
            if table.nbytes > _MOST_AT_HAND:
                return table
            self._days[name, day] = table
        return self._days[name, day]


def turns_by_contact(rows: Iterable[dict[str, Any]]) -> dict[str, list[Turn]]:
    """Stored rows of ``TURN_COLUMNS`` as the turns of each contact, in order."""
    turns: dict[str, list[Turn]] = {}
    for row in sorted(rows, key=lambda row: int(row["turn"])):
        row["is_supervisor"] = bool(row["is_supervisor"])  # null in rows older than the column
        turns.setdefault(row["interaction_id"], []).append(Turn(*(row[name] for name in OF_TURN)))
    return turns


def contact_of(row: Mapping[str, Any], turns: Sequence[Turn], identity: ContactIdentity) -> Interaction:
    """The contact as it was taken in, from its stored row of ``FACT_NAMES``, its turns and what is known of it."""
    told = {name: row[name] for name in FACT_NAMES}
    given = tuple(sorted(given_names(identity.given)))
    return Interaction(
        **{**told, "content_hash": identity.content_hash},
        turns=tuple(turns),
        updated_at=identity.updated_at,
        given=given,
    )


def _thread(pieces: Sequence[Interaction]) -> Interaction:
    """The pieces of a thread as the one record that they were."""
    first, last = pieces[0], pieces[-1]
    if first is last:
        return first
    turns = [turn for piece in pieces for turn in since(piece.turns, piece.started_at - first.started_at)]
    return msgspec.structs.replace(first, turns=tuple(turns), **{name: getattr(last, name) for name in _LAST_TOLD})
