"""Verdicts that lie in PostgreSQL: runs, exports and learning read them there, and say so where it does not answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest

from analyzer.config import load_settings
from analyzer.errors import ConfigError, RunAborted
from analyzer.learn.from_verdicts import _judged_contacts
from analyzer.review import verdicts
from analyzer.review.database import Database, open_database
from analyzer.review.published import tables_with_verdicts
from analyzer.review.scorecard import cards
from analyzer.review.scorecard.in_force import forms_in_force
from analyzer.review.verdicts import Answer, Judged
from analyzer.store.store import open_store

from ..conftest import call
from ..dumps import contact
from ..nights import Nights
from ..postgres import server

NOW = datetime(2026, 11, 20, tzinfo=UTC)
FILES = {"calls.jsonl": [contact("a1")]}
NOBODY = "postgresql:///reviews?host=/nowhere&user=bi"


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture
def url(cluster: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of its own."""
    name = f"d{abs(hash(request.node.name)) % 10**8}"
    with psycopg.connect(cluster, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield cluster.replace("///postgres", f"///{name}")


def said(database: Database, answer: str, content_hash: str = "h") -> str:
    about = Judged("a1", content_hash, "m", False, 1.0, None, "training")
    with database.write() as connection:
        return verdicts.add(connection, about, Answer("resolution", answer), "dana", NOW)


def taken_back(database: Database, verdict: str) -> None:
    with database.write() as connection:
        verdicts.undo(connection, verdict, "dana", NOW)


def test_run_takes_in_what_was_answered_on_the_server(nights: Nights, url: str) -> None:
    place = [f"review.database={url!r}"]
    nights.run(FILES, place)
    first = said(open_database(url, nights.store), "resolved")
    nights.run(FILES, place)
    assert nights.rows("verdicts", "verdict_id") == [first]
    assert nights.run(FILES, place).unchanged
    taken_back(open_database(url, nights.store), first)
    assert not nights.run(FILES, place).unchanged
    assert nights.rows("verdicts", "verdict_id") == []


def test_answers_of_the_file_and_of_the_server_stand_together(nights: Nights, url: str) -> None:
    place = [f"review.database={url!r}"]
    nights.run(FILES)
    before = said(open_database(None, nights.store), "partial")
    after = said(open_database(url, nights.store), "resolved")
    nights.run(FILES, place)
    assert set(nights.rows("verdicts", "verdict_id")) == {before, after}


def test_export_and_learning_read_the_server(nights: Nights, url: str, tmp_path: Path) -> None:
    nights.run(FILES)
    verdict = said(open_database(url, nights.store), "resolved", nights.rows("interaction_facts", "content_hash")[0])
    ended = call("export", "--store", nights.store, "--to", tmp_path / "out", "--set", f"review.database={url!r}")
    assert ended.code == 0, ended.err
    assert pq.read_table(tmp_path / "out" / "verdicts.parquet")["verdict_id"].to_pylist() == [verdict]
    with open_store(nights.store, write=False) as store:
        assert tables_with_verdicts(store).read("verdicts").num_rows == 0, "without the setting"
        assert [row["verdict_id"] for row in _judged_contacts(store, url)[1]] == [verdict]
        assert _judged_contacts(store, "")[1] == []


def test_export_holds_scorecards_of_the_file_and_of_the_server(nights: Nights, url: str) -> None:
    nights.run(FILES)
    settings = load_settings()
    forms = forms_in_force(settings.review, settings.understand.swap_below)
    item = forms.forms[0].items_of("human")[0]
    about = cards.Judged("a1", "h", "m", False, 1.0)
    saved = {}
    for place, database in (("file", open_database(None, nights.store)), ("server", open_database(url, nights.store))):
        with database.write() as connection:
            saved[place] = cards.save(connection, forms.forms[0], about, {item.id: item.choices[0]}, place, NOW)
    with open_store(nights.store, write=False) as store:
        rows = tables_with_verdicts(store, forms, url).read("scorecards", ["card_id", "filled_by"]).to_pylist()
    assert {row["card_id"] for row in rows if row["filled_by"] == "human"} == set(saved.values())


def test_run_and_export_stop_where_the_server_is_not_there(nights: Nights, tmp_path: Path) -> None:
    nights.run(FILES)
    before = nights.rows("runs", "run_id")
    with pytest.raises(RunAborted, match=r"Start the server, or check its URL \(review.database"):
        nights.run({"calls.jsonl": [contact("a1"), contact("a2")]}, [f"review.database={NOBODY!r}"])
    assert nights.rows("runs", "run_id") == before and nights.rows("interaction_facts", "interaction_id") == ["a1"]
    ended = call("export", "--store", nights.store, "--to", tmp_path / "out", "--set", f"review.database={NOBODY!r}")
    assert ended.code == 3 and "PGPASSWORD" in ended.err and not (tmp_path / "out").exists()


def test_who_may_only_read_is_enough_for_a_run(nights: Nights, url: str) -> None:
    verdict = said(open_database(url, nights.folder), "resolved")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS nightly")
        connection.execute("CREATE ROLE nightly LOGIN")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO nightly")
        nights.run(FILES, [f"review.database={url.replace('user=bi', 'user=nightly')!r}"])
        connection.execute("DROP OWNED BY nightly")
        connection.execute("DROP ROLE nightly")
    assert nights.rows("verdicts", "verdict_id") == [verdict]


def test_accounts_lie_where_the_setting_says(nights: Nights, url: str, tmp_path: Path) -> None:
    nights.run(FILES)
    (tmp_path / "ours.toml").write_text(f"[review]\ndatabase = {json.dumps(url)}\n", encoding="utf-8")
    with open_database(url, nights.store).write() as connection:
        connection.change("INSERT INTO users VALUES ('dana', 'lead', NULL, 'x', '2026-11-20', NULL)")
    ended = call("review", "users", "--store", nights.store, "--config", tmp_path / "ours.toml")
    assert ended.code == 0 and ended.out.strip() == "dana  lead"


@pytest.mark.parametrize(
    ("place", "why"),
    [("postgresql://bi:geheim@host/db", "holds a password"), ("postgresql://bi@host/db?password=geheim", "password"),
     ("mysql://host/db", "no database URL"), ("reviews", "no database URL"), ("postgresql://[x/db", "is no URL")],
)  # fmt: skip
def test_setting_refuses_what_is_no_place_and_passwords(place: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as refused:
        load_settings(assignments=[f"review.database={place!r}"])
    assert "geheim" not in str(refused.value)
