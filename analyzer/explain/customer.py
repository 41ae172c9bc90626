"""What stands behind the numbers of a customer: contacts and matters, promises, facts as of the day, and reasons."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.config import LoyaltySettings
from analyzer.loyalty.asof import records_frame
from analyzer.loyalty.contacts import contacts_as_of
from analyzer.loyalty.definition import on_scale
from analyzer.loyalty.satisfaction import satisfaction_readings, standing_readings
from analyzer.loyalty.survey_checks import sound_surveys
from analyzer.publish.agents import AgentPolicy
from analyzer.publish.reading import Tables, interactions

Row = dict[str, Any]
CONTACT_COLUMNS: Final = (
    "interaction_id", "started_at", "channel", "reason", "resolution", "resolved_probability", "fcr_status",
    "fcr_probability", "episode_id", "experience_score", "is_final", "sentiment_start", "sentiment_end", "agent_id",
)  # fmt: skip
FCR_COUNTED: Final = ("confirmed", "refuted", "open", "silent")


@dataclass(frozen=True, slots=True)
class CustomerExplained:
    """All rows of one customer as of the store's ``as_of``. ``facts`` are the newest known then, one a fact.

    A fact that the definition of loyalty counts has its ``side`` and its ``points`` on 0–100. ``readings`` are what
    satisfaction is the weighted mean of: what they answered, and what was read where they did not. ``state`` is the
    row of the table customers, None where the customer is on no record. ``first_contacts`` is the number of contacts
    that count for first-contact resolution, ``resolved`` the sum of their probabilities.
    """

    customer_key: str
    as_of: datetime | None
    halflife_days: float
    state: Row | None
    facts: tuple[Row, ...]
    readings: tuple[Row, ...]
    answers: tuple[Row, ...]
    contacts: tuple[Row, ...]
    first_contacts: int
    resolved: float
    episodes: tuple[Row, ...]
    promises: tuple[Row, ...]
    lists: tuple[Row, ...]
    initiatives: tuple[Row, ...]

    def as_json(self) -> Row:
        return {"explained": "customer", **asdict(self)}


def explain_customer(tables: Tables, key: str, policy: AgentPolicy, settings: LoyaltySettings) -> CustomerExplained:
    """Everything about ``key``, no words of theirs; facts and readings by the same rules as the assessment itself."""
    contacts = _contacts(tables, key, policy)
    state = max(_rows(tables, "customers", key), key=lambda row: row["as_of"], default=None)
    as_of = state["as_of"] if state else _as_of(tables)
    counted = [row for row in contacts if row["fcr_status"] in FCR_COUNTED and row["fcr_probability"] is not None]
    answers = [row for row in _rows(tables, "surveys", key) if row["answer"] is not None]
    return CustomerExplained(
        customer_key=key,
        as_of=as_of,
        halflife_days=settings.satisfaction_halflife_days,
        state=state,
        facts=tuple(_facts(tables, key, as_of, settings)),
        readings=tuple(_readings(tables, key, as_of, settings)),
        answers=tuple(sorted(answers, key=lambda row: (str(row["answered_at"] or ""), row["item"]))),
        contacts=tuple(contacts),
        first_contacts=len(counted),
        resolved=sum(row["fcr_probability"] for row in counted),
        episodes=tuple(sorted(_rows(tables, "episodes", key), key=lambda row: (row["started_at"], row["episode_id"]))),
        promises=tuple(_promises(tables, contacts)),
        lists=tuple(sorted(_rows(tables, "action_lists", key), key=lambda row: row["list"])),
        initiatives=tuple(sorted(_rows(tables, "initiatives", key), key=lambda row: row["done_at"])),
    )


def _rows(tables: Tables, name: str, key: str) -> list[Row]:
    table = tables.read(name)
    rows: list[Row] = table.filter(pc.equal(table["customer_key"], key)).to_pylist()
    return rows


def _contacts(tables: Tables, key: str, policy: AgentPolicy) -> list[Row]:
    facts = tables.read("interaction_facts", columns=["customer_key", "day"])
    days = sorted(set(facts.filter(pc.equal(facts["customer_key"], key))["day"].to_pylist()))
    if not days:
        return []
    table = interactions(tables, days)
    rows = policy.apply("interactions", table.filter(pc.equal(table["customer_key"], key))).to_pylist()
    kept = [{name: row[name] for name in ("day", *CONTACT_COLUMNS)} for row in rows]
    return sorted(kept, key=lambda row: (row["started_at"], row["interaction_id"]))


def _of_customer(tables: Tables, name: str, key: str) -> pa.Table:
    table = tables.read(name)
    return table.filter(pc.equal(table["customer_key"], key))


def _facts(tables: Tables, key: str, as_of: datetime | None, settings: LoyaltySettings) -> list[Row]:
    """Of each fact the newest that held and could be known by ``as_of``, answers that count as facts among them."""
    surveys = sound_surveys(_of_customer(tables, "surveys", key))
    frame = records_frame(_of_customer(tables, "loyalty_records", key), surveys, settings)
    if as_of is not None:
        frame = frame[(frame["as_of"] <= as_of) & (frame["known_at"] <= as_of)]
    newest = frame.drop_duplicates("fact", keep="last").sort_values("fact")
    plain = newest.astype("object").where(newest.notna(), None).to_dict("records")
    return [_fact({str(name): value for name, value in row.items()}, settings) for row in plain]


def _fact(row: Row, settings: LoyaltySettings) -> Row:
    fact, number = row["fact"], row["number"]
    sides = (("attitude", settings.attitudinal), ("behaviour", settings.behavioural))
    side = next((name for name, facts in sides if fact in facts), None)
    points = None
    if side is not None and number is not None and fact in settings.scale:
        points = float(on_scale(pd.Series([float(number)]), settings.scale[fact]).iloc[0])
    kept = {name: row[name] for name in ("fact", "number", "text", "as_of", "known_at", "source_uri")}
    moment = None if row["time"] is None else pd.Timestamp(row["time"]).to_pydatetime()
    return kept | {"time": moment, "side": side, "points": points}


def _readings(tables: Tables, key: str, as_of: datetime | None, settings: LoyaltySettings) -> list[Row]:
    """Each reading with its ``weight`` today: half as much with every half-life that has passed."""
    if as_of is None:
        return []
    nothing = pd.DataFrame({"interaction_id": []})
    contacts = contacts_as_of(_of_customer(tables, "interaction_facts", key).to_pandas(), nothing, nothing, as_of)
    surveys = sound_surveys(_of_customer(tables, "surveys", key))
    standing = standing_readings(satisfaction_readings(contacts, surveys), as_of)
    rows = []
    for row in standing.to_dict("records"):
        age_days = (pd.Timestamp(as_of) - row["at"]).total_seconds() / 86400
        weight = 0.5 ** (age_days / settings.satisfaction_halflife_days)
        contact = None if pd.isna(row["interaction_id"]) else row["interaction_id"]
        rows.append({"at": row["at"].to_pydatetime(), "interaction_id": contact, "told": bool(row["told"]),
                     "value": float(row["value"]), "weight": weight})  # fmt: skip
    return rows


def _promises(tables: Tables, contacts: list[Row]) -> list[Row]:
    """The customer's promises without their words."""
    ids = {row["interaction_id"] for row in contacts}
    if not ids:
        return []
    rows = tables.read("commitments", days=sorted({row["day"] for row in contacts})).to_pylist()
    mine = [
        {name: value for name, value in row.items() if name != "text"} for row in rows if row["interaction_id"] in ids
    ]
    return sorted(mine, key=lambda row: (row["day"], row["interaction_id"], row["turn"]))


def _as_of(tables: Tables) -> datetime | None:
    known = tables.read("outcomes", columns=["as_of"])["as_of"]
    latest: datetime | None = pc.max(known).as_py()
    return latest
