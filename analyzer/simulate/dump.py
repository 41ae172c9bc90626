"""A world as a dump on disk: native JSON lines a day, agents, loyalty facts and surveys as CSV, the truth beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analyzer.errors import UsageError
from analyzer.progress import Progress
from analyzer.simulate.draws import Draws
from analyzer.simulate.facts import agent_ids
from analyzer.simulate.spec import CHANNELS
from analyzer.simulate.stock import stock_of
from analyzer.simulate.talk import Turn, talks
from analyzer.simulate.worlds import World
from analyzer.weights import models_folder

CONTACTS, TRUTH = "contacts", "truth"
TRUTH_TABLES: Final = ("contacts", "agents", "customers", "waves", "effects", "detector", "same_matter_pairs")
_OF_CONTACT: Final = ("interaction_id", "channel", "direction", "language", "started_at", "ended_at", "customer_key",
                      "agent_id", "team", "queue", "product_line", "segment", "handle_s", "wait_s", "hold_s",
                      "transfers")  # fmt: skip
_NAMES: Final = {"customer_key": "customer_id"}
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_BATCH: Final = 500  # contacts between two signs of progress


def write_dump(world: World, to: Path, progress: Progress) -> None:
    """Writes everything that `analyzer run` reads, and the truth. Raises UsageError where ``to`` holds other things."""
    prepare(to)
    progress.begin("transcripts", world.interactions.num_rows, "contacts")
    _write_contacts(world, to / CONTACTS, progress)
    progress.begin("side files", None, "")
    agents = world.truth.agents
    roster = pd.DataFrame({"agent_id": agents["agent_id"], "name": "", "team": agents["team"]})
    roster.to_csv(to / "agents.csv", index=False)
    _wide_loyalty(world).to_csv(to / "loyalty.csv", index=False, date_format=_TIME)
    _wide_surveys(world).to_csv(to / "surveys.csv", index=False, date_format=_TIME)
    write_truth(world, to, progress)


def prepare(to: Path) -> None:
    """Makes the folder; what is already in it is never overwritten."""
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UsageError(f"{to} is not an empty folder.", hint="Give --to a new folder, or empty it.")
    to.mkdir(parents=True, exist_ok=True)


def write_truth(world: World, to: Path, progress: Progress) -> None:
    """``truth/``: each table as Parquet, and ``world.json`` with the seed and every number of the spec."""
    folder = to / TRUTH
    folder.mkdir()
    progress.begin("truth", len(TRUTH_TABLES), "tables")
    for name in TRUTH_TABLES:
        frame = getattr(replace(world).truth, name)  # a fresh one lets each frame go
        pq.write_table(
            pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(), folder / f"{name}.parquet"
        )
        progress.advance(1)
    stated = {"seed": world.seed, "spec": asdict(world.spec)}
    (folder / "world.json").write_text(json.dumps(stated, indent=1, default=str) + "\n", encoding="utf-8")


def _write_contacts(world: World, folder: Path, progress: Progress) -> None:
    folder.mkdir()
    day, lines = None, list[str]()
    for number, (of_day, line) in enumerate(_lines(world), 1):
        if of_day != day and lines:
            _write_day(folder, str(day), lines)
            lines = []
        day = of_day
        lines.append(line)
        if number % _BATCH == 0:
            progress.advance(_BATCH)
    if lines:
        _write_day(folder, str(day), lines)


def _write_day(folder: Path, day: str, lines: list[str]) -> None:
    (folder / f"{day}.jsonl").write_text("".join(lines), encoding="utf-8")


def _lines(world: World) -> Iterator[tuple[Any, str]]:
    """Day and JSON line of each contact."""
    draws, contacts = Draws(world.seed), world.lives.contacts
    talk = talks(world.spec, world.lives, draws, stock_of(models_folder() / "training"))
    opener = agent_ids(contacts["opener"]).to_pylist()
    columns = {name: world.interactions[name].to_pylist() for name in ("day", *_OF_CONTACT)}
    for place, turns in enumerate(talk):
        told = {_NAMES.get(name, name): columns[name][place] for name in _OF_CONTACT}
        told["started_at"], told["ended_at"] = (told[name].strftime(_TIME) for name in ("started_at", "ended_at"))
        told = {name: value for name, value in told.items() if value is not None}
        if told["language"] == "und":
            del told["language"]
        voice = CHANNELS[contacts["channel"][place]] == "voice"
        told["turns"] = _timed(turns, (told["agent_id"], opener[place]), told["handle_s"], voice)
        yield columns["day"][place], json.dumps(told, ensure_ascii=False) + "\n"


def _timed(turns: list[Turn], agents: tuple[str, str], handle_s: float, voice: bool) -> list[dict[str, Any]]:
    """The turns with their agents and times, spread over the handle time by their length."""
    lengths = np.array([len(text) + 20 for _, text, _ in turns], dtype=np.float64)
    ends = np.round(np.cumsum(lengths) / lengths.sum() * handle_s * 1000).astype(int)
    starts = np.concatenate([[0], ends[:-1]])
    timed = []
    for (speaker, text, by_opener), start, end in zip(turns, starts, ends, strict=True):
        turn: dict[str, Any] = {"speaker": speaker, "text": text, "start_ms": int(start)}
        if voice:
            turn["end_ms"] = int(end)
        if speaker == "agent":
            turn["agent_id"] = agents[int(by_opener)]
        timed.append(turn)
    return timed


def _wide_loyalty(world: World) -> pd.DataFrame:
    """A row a customer and date, a column a fact."""
    frame = world.loyalty_records.to_pandas().drop(columns="source_uri")
    frame["number"] = frame["number"].map(lambda number: f"{number:g}", na_action="ignore")
    frame["time"] = frame["time"].dt.strftime("%Y-%m-%d").where(frame["time"].notna(), None)
    exact = frame["fact"].isin(["cancel_received_at", "purchased_at"])
    frame.loc[exact, "time"] = frame.loc[exact, "as_of"].dt.strftime(_TIME)
    frame["value"] = (
        frame["number"].astype(object).fillna(frame["text"].astype(object)).fillna(frame["time"].astype(object))
    )
    wide: pd.DataFrame = frame.pivot(
        index=["customer_key", "as_of", "known_at"], columns="fact", values="value"
    ).reset_index()
    return wide.rename(columns={"customer_key": "customer_id"})


def _wide_surveys(world: World) -> pd.DataFrame:
    """A row an invitation, a column an item and its scale."""
    frame = world.surveys.to_pandas()
    items = [item for item in frame["item"].unique() if item != "invitation"]
    head = ["customer_key", "interaction_id", "invited_at", "answered_at"]
    wide: pd.DataFrame = frame.pivot(index=head, columns="item", values="answer").reset_index()
    wide = wide.reindex(columns=[*head, *items]).sort_values(["invited_at", "interaction_id"], kind="stable")
    scales = frame.drop_duplicates("item").set_index("item")
    for item in items:
        wide[f"{item}_scale_min"], wide[f"{item}_scale_max"] = scales.loc[item, ["scale_min", "scale_max"]]
    wide["ces_direction"] = "easy_high"
    return wide.rename(columns={"customer_key": "customer_id"})
