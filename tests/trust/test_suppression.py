"""The gate of a run: who is turned away, who loses a name, and that a store without limits has none."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from analyzer.records import UNNAMED, Interaction, Skipped, Turn
from analyzer.tables import STORED
from analyzer.trust.given import within
from analyzer.trust.journal import Journal
from analyzer.trust.suppression import admitted, gate_of, given_admitted


def contact(key: str, day: int = 2, **more: Any) -> Interaction:
    told = {
        "interaction_id": key, "source_id": key, "source_uri": "a.jsonl", "source_format": "native_jsonl",
        "content_hash": "h", "channel": "chat", "started_at": datetime(2026, 11, day, 9, tzinfo=UTC),
        "started_at_source": "record", "day": date(2026, 11, day), "customer_key": "k-1", "agent_id": "a-1",
        "turns": (Turn("customer", "Hallo."), Turn("agent", "Guten Tag.", "a-1"), Turn("agent", "Ja?", "a-2")),
    }  # fmt: skip
    return Interaction(**{**told, **more})


def passed(store: Path, *items: Interaction | Skipped) -> tuple[list[Any], int]:
    away: list[None] = []
    return list(admitted(items, gate_of(store), lambda: away.append(None))), len(away)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def test_store_without_limits_has_no_gate(journal: Journal) -> None:
    assert gate_of(journal.store) is None
    assert passed(journal.store, contact("c-1")) == ([contact("c-1")], 0)


def test_gate_turns_away_customers_and_contacts_that_were_forgotten(journal: Journal) -> None:
    journal.suppress([journal.digest("customer", "k-9"), journal.digest("contact", "c-2")])
    skipped = Skipped("x", "readme")
    items = [contact("c-1"), skipped, contact("c-2"), contact("c-3", customer_key="k-9"), contact("c-4")]
    kept, away = passed(journal.store, *items)
    assert kept == [items[0], skipped, items[4]] and away == 2


def test_thread_is_turned_away_as_one_record(journal: Journal) -> None:
    journal.suppress([journal.digest("customer", "k-1")])
    kept, away = passed(
        journal.store, contact("c-1"), contact("c-1#2", source_id="c-1"), contact("d-1", customer_key="k-2")
    )
    assert [item.interaction_id for item in kept] == ["d-1"] and away == 1


def test_thread_that_goes_on_comes_in_whole_though_it_began_too_early(journal: Journal) -> None:
    journal.put_limit("contacts", date(2026, 11, 3))
    thread = contact("c-1", 1), contact("c-1#2", 4, source_id="c-1")
    kept, away = passed(journal.store, *thread, contact("d-1", 1), contact("e-1", 3))
    assert [item.interaction_id for item in kept] == ["c-1", "c-1#2", "e-1"] and away == 1


def test_forgotten_agent_has_no_name_and_others_keep_theirs(journal: Journal) -> None:
    journal.suppress([journal.digest("agent", "a-1")])
    (told,), _ = passed(journal.store, contact("c-1"))
    assert told.agent_id == UNNAMED and [turn.agent_id for turn in told.turns] == [None, UNNAMED, "a-2"]
    assert told.content_hash == "h"


def test_all_agents_lose_their_names_where_their_time_is_over(journal: Journal) -> None:
    journal.put_limit("agents", date(2026, 11, 3))
    kept, _ = passed(journal.store, contact("c-1", 2), contact("c-2", 3))
    assert [[turn.agent_id for turn in told.turns] for told in kept] == [[None, UNNAMED, UNNAMED], [None, "a-1", "a-2"]]


def test_digest_needs_the_secret_of_the_store(journal: Journal, tmp_path: Path) -> None:
    other = Journal(tmp_path / "other")
    (tmp_path / "other").mkdir()
    assert journal.digest("customer", "k-1") != other.digest("customer", "k-1")
    assert journal.digest("customer", "k-1") != journal.digest("agent", "k-1")
    journal.suppress([journal.digest("customer", "k-1234567")])
    assert b"k-1234567" not in journal.path.read_bytes()
    assert journal.path.stat().st_mode & 0o077 == 0


def fact(key: str, day: int, number: float) -> dict[str, Any]:
    moment = datetime(2026, 11, day, tzinfo=UTC)
    told = {"customer_key": key, "as_of": moment, "known_at": moment, "fact": "nps"}
    return {**told, "number": number, "source_uri": "l.csv"}


def test_fact_that_still_held_on_the_first_kept_day_stays(journal: Journal) -> None:
    table = STORED["loyalty_records"].from_rows([fact("k-1", 1, 3), fact("k-1", 2, 5), fact("k-1", 9, 7)])
    kept = within("loyalty_records", table, date(2026, 11, 5))
    assert sorted(kept["number"].to_pylist()) == [5, 7]
    assert within("loyalty_records", kept, date(2026, 11, 5)).equals(kept)


def test_given_rows_of_people_forgotten_do_not_come_in(journal: Journal) -> None:
    table = STORED["loyalty_records"].from_rows([fact("k-1", 1, 3), fact("k-2", 1, 4)])
    journal.suppress([journal.digest("customer", "k-1")])
    kept: dict[str, pa.Table] = given_admitted(journal.store, {"loyalty_records": table})
    assert kept["loyalty_records"]["customer_key"].to_pylist() == ["k-2"]
