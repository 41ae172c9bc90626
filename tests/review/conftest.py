"""A store of invented contacts, accounts of every role, and a browser's way of asking."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import Response
from starlette.testclient import TestClient

from analyzer.config import load_settings
from analyzer.review.accounts import add_user
from analyzer.review.app import create_app
from analyzer.review.database import Database, open_database
from analyzer.store.entries import ContactIdentity
from analyzer.store.rows import Change
from analyzer.store.store import open_store
from analyzer.tables import STORED
from tests.publish.world import world

PASSWORD = "Ein Satz, den niemand rät"
ORIGIN = "https://review.example"
HOST = "review.example"
FROM_HERE = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
ROSTER_NAME = {"agent_id": "a-01", "name": "Miriam Sander"}
BAD = '<script>alert(1)</script> "quoted" & [NAME_1]'
ODD = " \U0001f937\U0001f3fd\u200d\u2640\ufe0f \U0001d4b2hy\r\nnot? And \U0001f620 nobody calls."  # line ends of old


@dataclass
class Clock:
    """A clock that tests move on."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 23, 9, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def on(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(frozen=True)
class Site:
    """The app over a store of its own."""

    app: FastAPI
    store: Path
    database: Database
    clock: Clock

    def browser(self, name: str | None = None) -> TestClient:
        """A browser, signed in as ``name``; the app sees the requests a real one would send."""
        client = TestClient(self.app, base_url=ORIGIN, headers={"accept-language": "en"})
        if name is not None:
            entered = client.post("/sign-in", data={"name": name, "password": PASSWORD}, headers=FROM_HERE)
            assert entered.status_code == 200 and "/sign-in" not in str(entered.url)
        return client


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the invented world, in which one turn of c-001 holds markup and one letters beyond 16 bits."""
    folder = tmp_path_factory.mktemp("review") / "store"
    turns = world().read("turns").to_pylist()
    turns[0] |= {"text": BAD}
    turns[3] |= {"text": turns[3]["text"] + ODD}
    flags = world().read("flags").to_pylist()
    tables = world().having(turns=turns, flags=[*flags, *_drawn(flags)], agent_names=[ROSTER_NAME])
    run = tables.read("runs").to_pylist()[0]
    names = [name for name in STORED if name != "runs" and tables.read(name).num_rows]
    identities = [
        ContactIdentity(c["interaction_id"], c["content_hash"], None, c["day"], c["source_uri"], run["run_id"])
        for c in tables.read("interaction_facts").to_pylist()
    ]
    with open_store(folder, write=True) as store:
        changes = [*(Change(name, tables.read(name)) for name in names), Change("runs", tables.read("runs"))]
        store.publish(changes, run=run, fingerprint="f", identities=identities)
    return folder


def _drawn(flags: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Draws for the audit of two contacts that rules have met as well."""
    contacts = {flag["interaction_id"]: flag for flag in flags}
    draw = {"rule": "random_audit", "severity": 1, "polarity": "concern", "turn": None, "sampling_probability": 0.05}
    return [{**flag, **draw, "flag_id": f"drawn-{flag['interaction_id']}"} for flag in list(contacts.values())[:2]]


@pytest.fixture(scope="session")
def accounts(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A review database with an account of every role; a good hash takes its time, so they are made once."""
    path = tmp_path_factory.mktemp("accounts") / "review.sqlite"
    database, clock = open_database(f"sqlite:///{path}", filled), Clock()
    for role in ("viewer", "reviewer", "lead", "admin"):
        add_user(database, role, role, PASSWORD, clock())
    add_user(database, "second", "reviewer", PASSWORD, clock())
    add_user(database, "north", "lead", PASSWORD, clock(), teams=["north"])
    add_user(database, "agent", "agent", PASSWORD, clock(), agent_id="a-01")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def site(filled: Path, accounts: Path, tmp_path: Path) -> Site:
    path = Path(shutil.copy(accounts, tmp_path / "review.sqlite"))
    database, clock = open_database(f"sqlite:///{path}", filled), Clock()
    return Site(create_app(filled, database, load_settings().publish, [HOST], clock), filled, database, clock)


def contact_ids(page: Response | str) -> list[str]:
    text = page if isinstance(page, str) else page.text
    return re.findall(r'href="/contacts/([^"#]+)"', text)


def token(page: Response) -> dict[str, str]:
    """The hidden fields of a contact's forms."""
    found = {name: re.search(f'name="{name}" value="([^"]+)"', page.text) for name in ("token", "content_hash")}
    return {name: match[1] for name, match in found.items() if match}


def answer(client: TestClient, contact: str, finding: str, said: str, **more: Any) -> Response:
    fields = {**token(client.get(f"/contacts/{contact}")), "finding": finding, "answer": said, **more}
    return client.post(f"/answers/{contact}", data=fields, headers=FROM_HERE)
