"""The first page of the review queue with 100,000 flags: ``python -m tests.bench.queue``.

An invented store is filled with flags of as many contacts, one in twenty drawn for the audit. In its review database
ten people have answered about 20,000 contacts, 5,000 are assigned, and 40 views are saved. A lead signs in and asks for
the queue, filtered and not, opens a saved view and what is assigned to them, and assigns the next ten of a list.
Milliseconds of whole requests, the median and the slowest of 20, and of processor time, which tells on a busy machine;
beside them what reading the flags and their contacts anew each time would take. The bar is 300 ms for the median.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from analyzer.config import load_settings
from analyzer.review import assignments, verdicts, views
from analyzer.review.accounts import add_user
from analyzer.review.app import create_app
from analyzer.review.database import Database, open_database
from analyzer.review.desk import _snapshot
from analyzer.review.roles import User
from analyzer.review.verdicts import Answer, Judged
from analyzer.store.entries import ContactIdentity
from analyzer.store.rows import Change
from analyzer.store.store import open_store
from analyzer.tables import STORED
from tests.publish.world import world

BAR_MS = 300.0
PASSWORD = "Ein Satz, den niemand rät"
HERE = {"origin": "https://review.example", "sec-fetch-site": "same-origin"}
RULES = ("churn_threat", "angry_end", "opportunity_unmet", "broken_promise", "escalation", "bot_failed")


def fill(store: Path, count: int) -> None:
    """A store with ``count`` contacts of 60 days, each with a flag."""
    draw = random.Random(11)
    fact, flag = (world().read(name).to_pylist()[0] for name in ("interaction_facts", "flags"))
    facts: list[dict[str, Any]] = []
    flags: list[dict[str, Any]] = []
    for number in range(count):
        at = datetime(2026, 9, 20, 8, tzinfo=UTC) + timedelta(days=number % 60, seconds=draw.randrange(36_000))
        agent = f"a-{draw.randrange(400):03}"
        own = {"interaction_id": f"c-{number:06}", "source_id": f"c-{number:06}", "day": at.date(), "started_at": at,
               "ended_at": at, "content_hash": f"{number:032x}", "agent_id": agent, "agent_ids": [agent],
               "team": f"team-{draw.randrange(30)}", "channel": draw.choice(("voice", "chat", "email")),
               "queue": f"queue-{draw.randrange(20)}"}  # fmt: skip
        facts.append({**fact, **own})
        flags.append({**flag, "flag_id": f"f-{number:06}", "interaction_id": own["interaction_id"], "day": own["day"],
                      "rule": "random_audit" if number % 20 == 7 else draw.choice(RULES), "polarity": "concern",
                      "severity": draw.choice((1, 1, 1, 2, 2, 3)),
                      "turn": None})  # fmt: skip
    run = world().read("runs").to_pylist()[0]
    identities = [
        ContactIdentity(f["interaction_id"], f["content_hash"], None, f["day"], f["source_uri"], run["run_id"])
        for f in facts
    ]
    with open_store(store, write=True) as opened:
        changes = [Change("interaction_facts", STORED["interaction_facts"].from_rows(facts)),
                   Change("flags", STORED["flags"].from_rows(flags)), Change("runs", world().read("runs"))]  # fmt: skip
        opened.publish(changes, run=run, fingerprint="f", identities=identities)


def work(database: Database, count: int) -> None:
    """Ten people's answers to a fifth of the contacts, assignments of a twentieth, and saved views."""
    now = datetime.now(UTC)
    names = [f"reviewer-{number}" for number in range(10)]
    for name in names:
        add_user(database, name, "reviewer", PASSWORD, now)
    with database.write() as connection:
        for number in range(count // 5):
            judged = Judged(f"c-{number * 3:06}", "h", "m", False, 1.0, None, "training")
            verdicts.add(connection, judged, Answer("no_issue", "yes"), names[number % 10], now - timedelta(days=1))
        for number, name in enumerate([*names, "dana"] * (count // 220)):
            assignments.assign(connection, [f"c-{number * 19 + 1:06}"], name, "dana", now, over=False)
        for number in range(40):
            owner = User(names[number % 10], "reviewer")
            views.save(connection, owner, f"View {number}", f"view=concern&team=team-{number}", now, shared=True)


def milliseconds(work: Callable[[], object], times: int, clock: Callable[[], float] = time.perf_counter) -> list[float]:
    took = []
    for _ in range(times):
        started = clock()
        work()
        took.append((clock() - started) * 1000)
    return took


def main() -> None:
    arguments = argparse.ArgumentParser(description="The review queue with many flags.")
    arguments.add_argument("--flags", type=int, default=100_000, help="flags in the store (100,000)")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        fill(store, chosen.flags)
        settings = load_settings().publish
        database = open_database(None, store)
        add_user(database, "dana", "lead", PASSWORD, datetime.now(UTC))
        work(database, chosen.flags)
        client = TestClient(create_app(store, database, settings, ["review.example"]), base_url=HERE["origin"])
        client.post("/sign-in", data={"name": "dana", "password": PASSWORD}, headers=HERE)

        def ask(path: str) -> None:
            assert client.get(path).status_code == 200

        (cold,) = milliseconds(lambda: ask("/queue"), 1)
        print(f"{chosen.flags:,} flags; the first request after a run reads them: {cold:.0f} ms")
        with open_store(store, write=False) as opened:
            base = statistics.median(milliseconds(lambda: _snapshot(opened, settings), 3))
        print(f"{'reading them anew each time':<34}{base:8.0f} ms")
        for name, path in {
            "first page": "/queue", "one rule and team": "/queue?rule=angry_end&team=team-3",
            "newest first": "/queue?order=newest", "by team": "/queue?order=team", "last page": "/queue?page=2000",
            "saved view": "/queue?view=concern&state=open&order=severity&team=team-3&since=2026-10-01&until=2026-10-31",
            "assigned to oneself": "/queue?view=mine", "random audit": "/queue?view=audit", "progress": "/progress",
        }.items():  # fmt: skip
            took = milliseconds(lambda path=path: ask(path), 20)  # type: ignore[misc]
            own = statistics.median(milliseconds(lambda path=path: ask(path), 5, time.process_time))  # type: ignore[misc]
            middle = statistics.median(took)
            met = "" if name != "first page" else f"   bar {BAR_MS:.0f} ms {'met' if middle <= BAR_MS else 'MISSED'}"
            print(f"{name:<34}{middle:8.0f} ms, slowest {max(took):.0f}, of processor time {own:.0f}{met}", flush=True)
        token = re.search(r'name="token" value="([^"]+)"', client.get("/queue").text)
        assert token

        def assign() -> None:
            fields = {"token": token[1], "do": "next", "count": "10", "person": "dana", "back": "view=concern"}
            assert client.post("/assignments", data=fields, headers=HERE, follow_redirects=False).status_code == 303

        took = milliseconds(assign, 20)
        print(f"{'assigning the next ten':<34}{statistics.median(took):8.0f} ms, slowest {max(took):.0f}")


if __name__ == "__main__":
    main()
