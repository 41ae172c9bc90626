"""A publication over several tables, killed at random points: the former or the new state, never a mixture."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from analyzer.store import open_store
from analyzer.store.verify import verify

from .contacts import ALL, publish
from .publisher import marked

HOME = Path(__file__).parents[2]
KILLS = 20


def start(path: Path, run_id: str) -> subprocess.Popen[str]:
    """A publishing process that has loaded its libraries and begins now."""
    command = [sys.executable, "-m", "tests.store.publisher", str(path), run_id]
    process = subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def state(path: Path) -> str:
    """The one run that all tables and the ledger show."""
    with open_store(path, write=False) as store:
        contacts = store.read("interaction_facts", ["interaction_id", "content_hash"])
        known = store.ledger.identities(contacts["interaction_id"].to_pylist())
        shown = {
            *store.read("turns").to_pandas().query("speaker == 'customer'")["text"],
            *store.read("outcomes", ["run_id"])["run_id"].to_pylist(),
            *store.read("episodes", ["reason"])["reason"].to_pylist(),
            *(text.removeprefix("hash of ") for text in contacts["content_hash"].to_pylist()),
            *(identity.content_hash.removeprefix("hash of ") for identity in known.values()),
            (store.ledger.fingerprint() or "").removeprefix("fingerprint of "),
        }
        assert [store.read(name).num_rows for name in ALL] == [27, 27, 54, 27]
        assert len(known) == 27
    assert len(shown) == 1
    return shown.pop()


def test_kill_leaves_the_former_or_the_new_state(path: Path) -> None:
    with start(path, "r-first") as process:
        assert process.wait(60) == 0
    with start(path, "r-before") as process:
        assert process.stdout is not None
        duration = float(process.stdout.readline())
    spread = random.Random(2026)
    former, seen = "r-before", []
    for kill in range(KILLS):
        run_id = f"r-{kill}"
        with start(path, run_id) as process:
            time.sleep(duration * (kill + spread.random()) / KILLS)
            process.send_signal(signal.SIGKILL)
        found = state(path)
        assert found in (former, run_id)
        seen.append(found == run_id)
        if kill % 2:  # else the next process meets what this one left
            with open_store(path, write=True) as store:
                publish(store, marked(run_id), run_id)
            found = state(path)
            assert found == run_id
            assert verify(path) == []
        former = found
    assert not all(seen)
    with open_store(path, write=True) as store:
        publish(store, marked("r-last"), "r-last")
    assert state(path) == "r-last"
    assert verify(path) == []
