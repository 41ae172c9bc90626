"""The whole picture of the store as a run is about to leave it: what stood, less what is replaced, plus what is new."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analyzer.config import Settings
from analyzer.ingest.identity import customer_keys
from analyzer.ingest.masking import Masker, mask
from analyzer.ingest.roster import load_roster
from analyzer.loyalty.initiatives import read_initiatives
from analyzer.loyalty.records import read_loyalty
from analyzer.loyalty.surveys import read_surveys
from analyzer.outlook import Known
from analyzer.review.published import with_reviewed
from analyzer.score.boilerplate import boilerplate_turns
from analyzer.tables import FACT_TABLES, STORED
from analyzer.taken_in import Intake
from analyzer.trust.suppression import given_admitted
from analyzer.trust.unnamed import without_unnamed
from analyzer.understand.recount import recount

if TYPE_CHECKING:
    from analyzer.loyalty.rows import Problem
    from analyzer.run_request import RunRequest
    from analyzer.store.store import Store

Tables = dict[str, pa.Table]
GIVEN = ("loyalty_records", "surveys", "initiatives")


def given_tables(request: RunRequest, settings: Settings, store: Store) -> tuple[Tables, dict[str, list[Problem]]]:
    """The GIVEN tables: what stood, replaced row by row by what was given now; and by file what was not readable."""
    keys = customer_keys(settings.ingest)
    problems: dict[str, list[Problem]] = {}
    tables = {name: store.read(name) for name in GIVEN}
    tables["agent_names"] = _agent_names(request, settings, store)
    tables["verdicts"] = with_reviewed(store.path, store.read("verdicts"), settings.review.database)
    if request.loyalty:
        records = read_loyalty(
            request.loyalty, settings.loyalty, customer_key=lambda key: keys.key(key) or key,
            timezone=settings.ingest.timezone,
        )  # fmt: skip
        tables["loyalty_records"] = _replaced("loyalty_records", tables["loyalty_records"], records.table)
        problems[request.loyalty.name] = records.problems
    if request.surveys:
        surveys = read_surveys(
            request.surveys, customer_key=lambda key: keys.key(key) or key, timezone=settings.ingest.timezone,
            mask=lambda text: mask(text, Masker(text)),
        )  # fmt: skip
        tables["surveys"] = _replaced("surveys", tables["surveys"], surveys.table)
        problems[request.surveys.name] = surveys.problems
    if request.initiatives:
        deeds = read_initiatives(
            request.initiatives, customer_key=lambda key: keys.key(key) or key, timezone=settings.ingest.timezone
        )
        tables["initiatives"] = _replaced("initiatives", tables["initiatives"], deeds.table)
        problems[request.initiatives.name] = deeds.problems
    return given_admitted(store.path, tables), {name: told for name, told in problems.items() if told}


def _agent_names(request: RunRequest, settings: Settings, store: Store) -> pa.Table:
    """What the roster of this run, else of one before, calls agents; nobody's name where agents are not to be named."""
    table = STORED["agent_names"]
    if settings.publish.agents != "named":
        return table.empty()
    known = store.read(table.name)
    if request.agents is None:
        return known
    names = load_roster(request.agents, settings.ingest).names
    new = table.from_rows([{"agent_id": agent, "name": name} for agent, name in names.items()])
    return _replaced(table.name, known, new)


def names_of_known(names: pa.Table, known: Known) -> pa.Table:
    """``names`` without those of agents whom no contact names: nobody who was forgotten, or has been gone too long."""
    return names.filter(
        pc.is_in(names["agent_id"], pa.array(sorted(set(known.interaction_agents["agent_id"].dropna())), pa.string()))
    )


def _replaced(name: str, old: pa.Table, new: pa.Table) -> pa.Table:
    """Rows of both, the new one where keys are equal."""
    kept = old.join(new.select(list(STORED[name].key)), list(STORED[name].key), join_type="left anti")
    schema = STORED[name].schema
    return pa.concat_tables([kept.select(schema.names).cast(schema), new.cast(schema)])


def known_after(store: Store, intake: Intake, given: Tables, settings: Settings) -> tuple[Known, Tables]:
    """All contacts as frames, and the new rows of the fact tables (each contact's last version of this run)."""
    winners = _winners(intake)
    new = {name: _staged(name, intake, winners) for name in FACT_TABLES}
    new = _without_templates(store, new, intake.outdated, settings)
    known = Known(
        facts=_frame(without_unnamed(_all("interaction_facts", store, new, intake))),
        turns=_frame(_all("turns", store, new, intake)),
        cues=_frame(_all("cues", store, new, intake)),
        interaction_agents=_frame(without_unnamed(_all("interaction_agents", store, new, intake))),
        loyalty_records=given["loyalty_records"],
        surveys=given["surveys"],
        initiatives=given["initiatives"],
        verdicts=given["verdicts"],
        score_weights=store.read("score_weights"),
        reveals=store.read("reveals"),
        model_versions=_model_versions(store, new, intake),
    )
    return known, new


def _winners(intake: Intake) -> list[pa.Array]:
    """For each staged batch, the contacts whose last version of this run it holds."""
    ids: list[list[str]] = [[] for _ in intake.shards]
    for key, place in intake.winner.items():
        ids[place].append(key)
    return [pa.array(own, pa.string()) for own in ids]


def _staged(name: str, intake: Intake, winners: list[pa.Array]) -> pa.Table:
    parts = []
    for shard, own in zip(intake.shards, winners, strict=True):
        table = pq.read_table(shard / f"{name}.parquet", schema=STORED[name].schema)
        parts.append(table.filter(pc.is_in(table["interaction_id"], own)))
    return pa.concat_tables(parts) if parts else STORED[name].empty()


def _all(name: str, store: Store, new: Tables, intake: Intake) -> pa.Table:
    return pa.concat_tables([_standing(name, store, intake.outdated), new[name]])


def _model_versions(store: Store, new: Tables, intake: Intake) -> pd.Series:
    """By interaction_id, the weights that heard it."""
    columns = ["interaction_id", "model_version"]
    stored = store.read("findings", columns)
    stored = stored.filter(
        pc.invert(pc.is_in(stored["interaction_id"], pa.array(sorted(intake.outdated), pa.string())))
    )
    heard = pa.concat_tables([stored, new["findings"].select(columns)])
    one = heard.group_by("interaction_id").aggregate([("model_version", "max")]).to_pandas()
    return pd.Series(one["model_version_max"].to_numpy(), index=pd.Index(one["interaction_id"]), name="model_version")


def _standing(name: str, store: Store, replaced: Collection[str]) -> pa.Table:
    table = store.read(name)
    if not replaced or not table.num_rows:
        return table
    return table.filter(pc.invert(pc.is_in(table["interaction_id"], pa.array(sorted(replaced), pa.string()))))


def _without_templates(store: Store, new: Tables, ids: Collection[str], settings: Settings) -> Tables:
    """New contacts with template empathy not counted as meeting; known contacts keep the count they were given."""
    if not new["turns"].num_rows:
        return new
    turns = pa.concat_tables([_agent_turns(_standing("turns", store, ids)), _agent_turns(new["turns"])])
    cues = pa.concat_tables([_empathy_cues(_standing("cues", store, ids)), _empathy_cues(new["cues"])])
    templates = boilerplate_turns(_frame(turns), _frame(cues), settings.understand)
    return recount(new, {place for place in templates if place[0] in ids}, settings.understand)


def _agent_turns(turns: pa.Table) -> pa.Table:
    return turns.filter(pc.equal(turns["speaker"], "agent"))


def _empathy_cues(cues: pa.Table) -> pa.Table:
    return cues.filter(pc.starts_with(cues["label"], "emp."))


def _frame(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas()
    return frame
