"""What is older than agreed is gone and stays out; figures stay as they were; agents have days of their own."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from analyzer.errors import StoreBusy, UsageError
from analyzer.progress import Silent
from analyzer.records import UNNAMED
from analyzer.review.database import open_database
from analyzer.store.lock import writer_lock
from analyzer.store.verify import verify
from analyzer.trust import retain as retaining
from analyzer.trust.journal import Journal
from analyzer.trust.periods import days_of
from analyzer.trust.retain import Retained, retain
from tests.nights import Nights, counts
from tests.test_threads import thread

from .bytes_of import found
from .conftest import AGENT, WORDS, records

TODAY = date(2026, 11, 4)


def kept(nights: Nights, settings: Any, days: int = 1, agents: int | None = None, **more: Any) -> Retained:
    return retain(nights.store, days, agents, settings, Silent(), TODAY, **more)


def test_retain_drops_contacts_of_earlier_days_with_every_byte(nights: Nights, settings: Any) -> None:
    told = kept(nights, settings)
    assert told.contacts == 2 and told.contacts_from == date(2026, 11, 3)
    assert set(nights.rows("turns", "interaction_id")) == {"gespraech-zwetschge-2", "c-2", "d-1"}
    assert nights.rows("surveys") == []
    assert {name.split("/")[0] for name, _ in found(nights.store, [WORDS[0]])} <= {"quarantine"}
    assert found(nights.store, ["gespraech-zwetschge-1"]) == set()
    assert verify(nights.store) == [] and Journal(nights.store).pending() == {}


def test_retain_takes_verdicts_along_and_leaves_the_others(nights: Nights, settings: Any) -> None:
    kept(nights, settings)
    with open_database(None, nights.store).read() as connection:
        assert {row["interaction_id"] for row in connection.rows("SELECT * FROM verdicts")} == {"c-2"}


def test_old_dump_stays_out_after_retain(nights: Nights, settings: Any) -> None:
    kept(nights, settings)
    again = nights.run({"a.jsonl": records()})
    assert counts(again) == (5, 0, 5, 0) and again.read == 5
    assert set(nights.rows("interaction_facts", "interaction_id")) == {"gespraech-zwetschge-2", "c-2", "d-1"}


def test_figures_of_earlier_periods_stay_as_they_were(nights: Nights, settings: Any) -> None:
    def figures() -> list[tuple[Any, ...]]:
        rows = nights.rows("unit_scores", "period", "unit_kind", "unit_id", "measure", "n", "raw_mean")
        old = [row for row in rows if row["unit_kind"] != "agent" and days_of(row["period"])[0] < date(2026, 11, 3)]
        return sorted(tuple(map(str, row.values())) for row in old)

    before = figures()
    assert before
    kept(nights, settings)
    nights.run({"a.jsonl": records()})
    assert figures() == before


def test_agents_lose_their_names_after_days_of_their_own(nights: Nights, settings: Any) -> None:
    kept(nights, settings, 30, 1)
    named = {row["interaction_id"]: (row["agent_id"], row["agent_ids"]) for row in nights.rows("interaction_facts")}
    assert named["c-1"] == (UNNAMED, [UNNAMED]) and named["d-1"] == (AGENT, [AGENT])
    assert len(named) == 5
    days = {days_of(row["period"])[1] for row in nights.rows("unit_scores") if row["unit_kind"] == "agent"}
    assert min(days, default=TODAY) >= date(2026, 11, 3)


def test_retain_twice_changes_nothing_more(nights: Nights, settings: Any) -> None:
    kept(nights, settings)
    again = kept(nights, settings)
    assert (again.contacts, again.rows, again.review_rows) == (0, {}, {})


@pytest.mark.parametrize("killed_at", ["remember", "clear_review", "clear_files", "check"])
def test_retain_goes_on_after_a_kill(
    nights: Nights, settings: Any, killed_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(self: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(retaining._Retaining, killed_at, kill)
        with pytest.raises(KeyboardInterrupt):
            kept(nights, settings)
    kept(nights, settings)
    assert found(nights.store, ["gespraech-zwetschge-1"]) == set()
    with open_database(None, nights.store).read() as connection:
        assert {row["interaction_id"] for row in connection.rows("SELECT * FROM verdicts")} == {"c-2"}


def test_dry_run_counts_and_changes_nothing(nights: Nights, settings: Any) -> None:
    told = kept(nights, settings, dry_run=True)
    assert told.contacts == 2 and len(nights.rows("interaction_facts")) == 5
    assert Journal(nights.store).limit("contacts") is None
    assert kept(nights, settings).rows == told.rows


def test_retain_keeps_a_thread_that_goes_on(nights: Nights, settings: Any) -> None:
    files = {"l.jsonl": [thread((0, "One"), (40, "Two"), key="lang"), thread((0, "One"), (1, "Two"), key="kurz")]}
    nights.run(files)
    told = kept(nights, settings)
    ids = set(nights.rows("interaction_facts", "interaction_id"))
    assert told.threads == 1 and {"lang", "lang#2"} <= ids and "kurz" not in ids
    assert counts(nights.run(files)) == (2, 0, 2, 0)
    assert set(nights.rows("interaction_facts", "interaction_id")) == ids


def test_retain_refuses_days_that_are_none_and_a_store_that_is_written(nights: Nights, settings: Any) -> None:
    with pytest.raises(UsageError):
        kept(nights, settings, 0)
    with writer_lock(nights.store), pytest.raises(StoreBusy):
        kept(nights, settings)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [("2026-11-21", "2026-11-21", "2026-11-21"), ("2026-W47", "2026-11-16", "2026-11-22"),
     ("2026-12", "2026-12-01", "2026-12-31"), ("2028-02", "2028-02-01", "2028-02-29")],
)  # fmt: skip
def test_periods_have_a_first_and_a_last_day(period: str, first: str, last: str) -> None:
    assert days_of(period) == (date.fromisoformat(first), date.fromisoformat(last))
