"""What simulate writes: the same bytes for the same seed, read without a loss, beside its truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from analyzer.config import load_settings
from analyzer.errors import UsageError
from analyzer.loyalty.records import read_loyalty
from analyzer.loyalty.surveys import read_surveys
from analyzer.simulate.dump import TRUTH_TABLES, write_dump
from analyzer.simulate.findings import write_findings
from analyzer.simulate.named import world_spec
from analyzer.simulate.stock import stock_of
from analyzer.simulate.worlds import World, make
from analyzer.store.store import open_store
from analyzer.store.verify import verify
from analyzer.weights import models_folder
from tests.conftest import call

SPEC = world_spec("outage", contacts=300, days=40)


class Steps:
    """Progress that is counted."""

    def __init__(self) -> None:
        self.phases: list[str] = []

    def begin(self, phase: str, total: int | None, unit: str) -> None:
        self.phases.append(phase)

    def advance(self, amount: int) -> None:
        assert amount > 0


@pytest.fixture(scope="module")
def world() -> World:
    return make(SPEC, seed=7)


@pytest.fixture(scope="module")
def dump(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("dump") / "world"
    write_dump(world, to, Steps())
    return to


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def contacts(dump: Path) -> Iterator[dict]:  # type: ignore[type-arg]
    for path in sorted((dump / "contacts").iterdir()):
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def test_same_seed_same_bytes(dump: Path, tmp_path: Path) -> None:
    write_dump(make(SPEC, seed=7), tmp_path / "again", Steps())
    assert files(dump) == files(tmp_path / "again")
    write_dump(make(SPEC, seed=8), tmp_path / "other", Steps())
    assert files(dump)["surveys.csv"] != files(tmp_path / "other")["surveys.csv"]


def test_dump_is_read_without_a_reject(dump: Path, world: World) -> None:
    side = ("--agents", dump / "agents.csv")
    ended = call("run", dump / "contacts", "--store", dump.parent / "none", *side, "--dry-run", "--json")
    told = json.loads(ended.out)
    assert ended.code == 0 and told["read"] == told["accepted"] == len(world.contacts)


def test_dump_tells_the_facts_and_the_truth_lies_beside(dump: Path, world: World) -> None:
    told = list(contacts(dump))
    assert [contact["interaction_id"] for contact in told] == world.contacts["interaction_id"].tolist()
    assert sum("customer_id" not in contact for contact in told) == world.contacts["customer_key"].isna().sum() > 0
    assert {path.stem for path in (dump / "truth").glob("*.parquet")} == set(TRUTH_TABLES)
    stated = json.loads((dump / "truth" / "world.json").read_text(encoding="utf-8"))
    assert stated["seed"] == 7 and stated["spec"]["outages"] and stated["spec"]["loyalty"]["hazard_empathy"] == -0.3


def test_talk_says_what_is_true(dump: Path, world: World) -> None:
    stock, truth = stock_of(models_folder() / "training"), world.truth.contacts.set_index("interaction_id")
    hurtful = {text for key, texts in stock.turns.items() if key[2] == "hurt" for text in texts}
    for contact in contacts(dump):
        is_hurt = any(turn["text"] in hurtful for turn in contact["turns"] if turn["speaker"] == "agent")
        true = truth.loc[contact["interaction_id"]]
        assert is_hurt == (true["hurt"] > 0 and true["met"] < 3) or true["opportunities"] > 3
        speakers = [turn["speaker"] for turn in contact["turns"]]
        assert "customer" in speakers and "agent" in speakers


def test_a_matter_opens_in_its_own_words(dump: Path, world: World) -> None:
    said = {contact["interaction_id"]: {t["text"] for t in contact["turns"] if t["speaker"] == "customer"}
            for contact in contacts(dump)}  # fmt: skip
    pairs = list(world.truth.same_matter_pairs.itertuples(index=False))
    assert len(pairs) > 20 and all(said[first] & said[later] for first, later in pairs)


def test_loyalty_file_says_what_the_world_says(dump: Path, world: World) -> None:
    settings = load_settings(None).loyalty
    read = read_loyalty(dump / "loyalty.csv", settings, customer_key=str, timezone="Europe/Berlin")
    key = ["customer_key", "as_of", "fact"]
    theirs, ours = (t.to_pandas().sort_values(key).reset_index(drop=True) for t in (read.table, world.loyalty_records))
    assert read.problems == [] and theirs[key].equals(ours[key])
    pd.testing.assert_series_equal(theirs["number"], ours["number"], rtol=1e-4)
    exact = ours["fact"].isin(["purchased_at", "cancel_received_at"])
    assert exact.sum() > 20 and theirs.loc[exact, "time"].equals(ours.loc[exact, "time"])


def test_survey_file_says_what_the_world_says(dump: Path, world: World) -> None:
    read = read_surveys(dump / "surveys.csv", customer_key=str, timezone="Europe/Berlin", mask=str)
    key = ["interaction_id", "item"]
    theirs, ours = (t.to_pandas().sort_values(key).reset_index(drop=True) for t in (read.table, world.surveys))
    compared = [*key, "customer_key", "invited_at", "answered_at", "answer", "scale_min", "scale_max"]
    answered = ours["item"] != "invitation"
    assert read.problems == []
    pd.testing.assert_frame_equal(theirs.loc[answered, compared], ours.loc[answered, compared])
    judged = answered & ~ours["item"].isin(["wanted_speed", "got_speed"])  # which end is good is not said of those
    pd.testing.assert_series_equal(theirs.loc[judged, "good"], ours.loc[judged, "good"])


def test_findings_are_a_whole_store(world: World, tmp_path: Path) -> None:
    steps = Steps()
    write_findings(world, tmp_path / "w", steps)
    assert verify(tmp_path / "w" / "store") == []
    assert {"loyalty_records", "interaction_facts", "truth"} <= set(steps.phases)
    with open_store(tmp_path / "w" / "store", write=False) as store:
        facts = store.read("interaction_facts").sort_by("interaction_id")
        assert facts.equals(world.interactions)
        for name in ("interaction_agents", "cues", "surveys", "loyalty_records"):
            assert store.read(name).num_rows == getattr(world, name).num_rows > 0
        assert store.read("runs")["accepted"].to_pylist() == [len(world.contacts)]


def test_what_is_not_known_yet_is_not_told(world: World) -> None:
    clock = datetime(2026, 10, 10, tzinfo=UTC)
    early = world.until(clock)
    assert 0 < len(early.contacts) < len(world.contacts) and early.as_of == clock
    assert early.contacts["ended_at"].max() <= clock
    assert early.loyalty_records.to_pandas()["known_at"].max() <= clock
    surveys = early.surveys.to_pandas()
    assert surveys["invited_at"].max() <= clock and surveys["answered_at"].max() <= clock
    assert set(early.cues["interaction_id"].to_pylist()) <= set(early.contacts["interaction_id"])
    assert early.contacts.equals(world.contacts[world.contacts["ended_at"] <= clock].reset_index(drop=True))


def test_command_writes_and_never_overwrites(tmp_path: Path) -> None:
    ended = call(
        "simulate", "--contacts", "60", "--days", "30", "--seed", "2", "--to", tmp_path / "w", "--findings-only"
    )
    assert ended.code == 0 and "contacts" in ended.out
    ended = call("simulate", "--contacts", "60", "--days", "30", "--to", tmp_path / "w")
    assert ended.code == 2 and "new folder" in ended.err


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [(["--world", "flat"], "steady"), (["--icc", "1"], "--icc 0.05"), (["--no-detector-error"], "--findings-only")],
)
def test_command_says_what_to_do(tmp_path: Path, arguments: list[str], advice: str) -> None:
    ended = call("simulate", "--to", tmp_path / "w", *arguments)
    assert ended.code == 2 and advice in ended.err
    assert not (tmp_path / "w").exists()


def test_command_says_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    ended = call("simulate", "--contacts", "20", "--to", tmp_path / "file" / "w")
    assert ended.code == 3 and "Check space and rights" in ended.err


def test_unknown_world_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no world"):
        world_spec("flat")
