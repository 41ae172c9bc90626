"""The same of a review database that lies on a real PostgreSQL server."""

from __future__ import annotations

from typing import Any

from analyzer.progress import Silent
from analyzer.review.database import open_database
from analyzer.trust.forget import forget
from analyzer.trust.review_columns import tables_in
from analyzer.trust.reviewed import rows_about
from tests.nights import Nights
from tests.postgres import server

from .conftest import AGENT, CUSTOMER, judge


def test_forget_takes_people_out_of_postgres(nights: Nights, settings: Any) -> None:
    with server() as url:
        database = open_database(url, nights.store)
        judge(nights.store, url)
        with database.write() as connection:
            connection.change("INSERT INTO users VALUES (?,?,?,?,?,?)", "paula", "agent", AGENT, "hash", "2026", None)
        told = forget(nights.store, "customer", CUSTOMER, settings, Silent(), db=url)
        assert told.review_rows == {"verdicts": 4, "undone": 2, "audit_log": 2}  # the store's own file has the same
        forget(nights.store, "agent", AGENT, settings, Silent(), db=url)
        with database.read() as connection:
            tables = tables_in(database, connection)
            ids = {"gespraech-zwetschge-1", "gespraech-zwetschge-2"}
            assert rows_about(connection, tables, ids, {CUSTOMER, AGENT}) == {}
            assert {row["object"] for row in connection.rows("SELECT object FROM audit_log")} == {
                "forgotten", "c-1", "c-2",
            }  # fmt: skip
            (account,) = connection.rows("SELECT name, agent_id FROM users")
        assert account["name"].startswith("forgotten-") and account["agent_id"] is None
