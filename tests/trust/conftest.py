"""Nights without models, and a store in which one customer's words and ids are like no other's."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer import batches, engine
from analyzer.config import load_settings
from analyzer.review.database import open_database
from analyzer.store.folder import REVIEW
from tests.dumps import contact
from tests.nights import Nights, nothing_understood

CUSTOMER, AGENT = "kundin-4711-unverwechselbar", "agent.paula.unverwechselbar"
WORDS = ("Zwetschgenknödelmanufaktur", "Hagebuttenteekessel")
NOTE = "Quittengeleegläschen"
PLANTED = (CUSTOMER, "gespraech-zwetschge", *WORDS, NOTE)


def records() -> list[dict[str, Any]]:
    """Five contacts of two days; two are of the customer, three name the agent."""
    return [
        contact("gespraech-zwetschge-1", customer_id=CUSTOMER, agent_id=AGENT, said=(WORDS[0], "Das sehe ich mir an.")),
        contact("gespraech-zwetschge-2", "2026-11-03", customer_id=CUSTOMER, said=(WORDS[1], "Gern.", "Danke.")),
        contact("c-1", agent_id=AGENT),
        contact("c-2", "2026-11-03"),
        contact("d-1", "2026-11-03", agent_id=AGENT),
    ]


def broken(raw: str) -> str:
    return '{"interaction_id": "zerbrochen", "customer_id": "' + CUSTOMER + '", "turns": [' + raw


@pytest.fixture(scope="module")
def unread() -> Iterator[None]:
    """Runs that understand nothing, for the tests of a file."""
    before = batches.understand_all
    batches.understand_all = nothing_understood
    yield
    batches.understand_all = before
    assert engine.understand_all is before


@pytest.fixture(scope="module")
def built(unread: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of two nights: facts, loyalty, surveys, quarantine, a review database with verdicts."""
    folder = tmp_path_factory.mktemp("trust")
    nights = Nights(folder)
    loyalty, surveys = folder / "loyalty.csv", folder / "surveys.csv"
    loyalty.write_text(f"customer_id,as_of,nps\n{CUSTOMER},2026-11-01,9\nk-d,2026-11-01,3\n", "utf-8")
    surveys.write_text(
        "customer_id,interaction_id,answered_at,csat,scale_min,scale_max,open_text\n"
        f"{CUSTOMER},gespraech-zwetschge-1,2026-11-02T12:00:00Z,4,1,5,Die {WORDS[0]} war gut.\n",
        "utf-8",
    )
    nights.run({"a.jsonl": records()[:3]}, loyalty=loyalty, surveys=surveys)
    nights.run({"a.jsonl": records(), f"{CUSTOMER}.jsonl": [records()[1]], "b.jsonl": broken(WORDS[0])})
    judge(nights.store)
    return folder


def judge(store: Path, url: str | None = None) -> None:
    """Verdicts, a note, looks and a log of three contacts."""
    with open_database(url, store).write() as connection:
        for number, key in enumerate(("gespraech-zwetschge-1", "c-1", "c-2")):
            for finding, answer in (("resolution", "resolved"), ("coaching", f"{NOTE} {number}")):
                connection.change(
                    "INSERT INTO verdicts (verdict_id, interaction_id, finding, answer, reviewer, answered_at, blind, "
                    "sampling_probability, content_hash, model_version, use_for) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                    f"v-{finding}-{key}", key, finding, answer, "dana", "2026-11-04T10:00:00.000000Z", 1, 1.0, "h", "m",
                    "audit",
                )  # fmt: skip
            connection.change(
                "INSERT INTO audit_log VALUES (?,?,?,?,?)",
                f"2026-11-04T10:00:0{number}.000000Z",
                "dana",
                "read",
                key,
                "",
            )
        connection.change(
            "INSERT INTO undone VALUES (?,?,?)", "v-resolution-gespraech-zwetschge-1", "2026-11-05", "dana"
        )


@pytest.fixture
def nights(built: Path, tmp_path: Path) -> Nights:
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    assert (tmp_path / "store" / REVIEW).is_file()
    return Nights(tmp_path)


@pytest.fixture(scope="session")
def settings() -> Any:
    return load_settings()
