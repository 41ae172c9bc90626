"""A process that publishes and can be killed: python -m tests.store.publisher STORE RUN…

Every run replaces the same contacts; the run's name stands in all tables, so that a mixture of two states shows.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from analyzer.store import open_store

from .contacts import MONDAY, TUESDAY, WEDNESDAY, Contact, contacts, publish


def marked(run_id: str) -> list[Contact]:
    """The contacts of three days, whose words name the run."""
    days = (MONDAY, TUESDAY, WEDNESDAY)
    return [contact for n, day in enumerate(days) for contact in contacts(day, *range(n * 9, n * 9 + 9), words=run_id)]


def main(path: Path, run_ids: list[str]) -> None:
    print("ready", flush=True)
    began = time.perf_counter()
    for run_id in run_ids:
        with open_store(path, write=True) as store:
            publish(store, marked(run_id), run_id)
    print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
