"""The journey's tables, written from contacts (one row a chain) back to legs (one row an interaction)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.journey.episodes import episode_id
from analyzer.journey.promises import Promise
from analyzer.tables import STORED

LINK_COLUMNS: Final = (
    "episode_id", "repeat_of", "next_contact_id", "fcr_status", "fcr_probability", "is_final", "prior_contacts",
    "repeat_probability", "promises_kept", "promises_broken",
)  # fmt: skip
# A contact that begins after as_of: known to the store, not yet to the journey.
_NOT_YET: Final[dict[str, Any]] = {
    "status": "open", "probability": None, "maturity": "open", "is_final": False, "returned_probability": None,
    "left_probability": None,
}  # fmt: skip
_NOT_YET_LINK: Final[tuple[Any, ...]] = (None, None, None, "open", np.nan, False, 0, np.nan, 0, 0)


def episodes_table(contacts: pd.DataFrame, matter: pd.DataFrame) -> pa.Table:
    """One row an episode, in time order; ``contacts`` counts interactions, legs included."""
    members: dict[int, list[int]] = {}
    for position, episode in enumerate(matter["episode"].tolist()):
        if episode >= 0:
            members.setdefault(episode, []).append(position)
    column = {str(name): contacts[name].tolist() for name in contacts} | {"link": matter["link"].tolist()}
    return STORED["episodes"].from_rows([_episode(column, members[episode]) for episode in sorted(members)])


def _episode(column: Mapping[str, list[Any]], members: Sequence[int]) -> dict[str, Any]:
    first, last = members[0], members[-1]
    links = [column["link"][at] for at in members if not np.isnan(column["link"][at])]
    return {
        "episode_id": episode_id(column["contact_id"][first]),
        "customer_key": column["customer_key"][first],
        "first_interaction_id": column["contact_id"][first],
        "last_interaction_id": column["last_leg"][last],
        "contacts": sum(len(column["legs"][at]) for at in members),
        "channels": list(dict.fromkeys(column["channel"][at] for at in members)),
        "started_at": _utc(column["start_us"][first]),
        "ended_at": _utc(max(column["end_us"][at] for at in members)),
        "reason": column["reason"][first],
        "link_probability": float(np.prod(links)),
    }


def commitments_table(promises: Sequence[Promise]) -> pa.Table:
    """One row a promise, by contact and turn."""
    rows = [
        {
            "interaction_id": promise.interaction_id,
            "day": promise.day,
            "turn": promise.turn,
            "text": promise.text,
            "promised_by": promise.promised_by,
            "status": promise.status,
            "evidence_interaction_id": promise.evidence,
            "probability": promise.probability,
        }
        for promise in promises
    ]
    return STORED["commitments"].from_rows(sorted(rows, key=lambda row: (row["interaction_id"], row["turn"])))


def fcr_table(
    contacts: pd.DataFrame,
    judged: Mapping[tuple[str, int], pd.DataFrame],
    later: Sequence[str],
    day_of: Mapping[str, Any],
    as_of: datetime,
) -> pa.Table:
    """One row a leg, kind of matter and window; ``later`` contacts are open."""
    rows = []
    for (kind, window), frame in judged.items():
        of_legs = _leg_rows(contacts, frame) | dict.fromkeys(later, _NOT_YET)
        rows += [
            {**row, "interaction_id": leg, "day": day_of[leg], "matter": kind, "window_days": window, "as_of": as_of}
            for leg, row in of_legs.items()
        ]
    rows.sort(key=lambda row: (row["interaction_id"], row["matter"] != "same", row["window_days"]))
    return STORED["fcr"].from_rows(rows)


def links_frame(
    contacts: pd.DataFrame,
    matter: pd.DataFrame,
    headline: pd.DataFrame,
    neighbours: pd.DataFrame,
    promises: Sequence[Promise],
    later: Sequence[str],
) -> pd.DataFrame:
    """LINK_COLUMNS by ``interaction_id``; ``neighbours`` holds prior (count), previous and next (positions, −1)."""
    names: list[str | None] = [*contacts["contact_id"], None]  # position −1 finds None
    ids = [None if at < 0 else episode_id(str(names[at])) for at in matter["episode"]]
    kept, broken = (
        Counter(promise.interaction_id for promise in promises if promise.status == status)
        for status in ("kept", "broken")
    )
    repeats, mature = _repeat_probability(headline, contacts), headline["mature"].tolist()
    prior, previous, following = (neighbours[name].tolist() for name in ("prior", "previous", "next"))
    row_of = _leg_rows(contacts, headline)
    rows: dict[str, tuple[Any, ...]] = dict.fromkeys(later, _NOT_YET_LINK)
    for at, legs in enumerate(contacts["legs"]):
        for leg in legs:
            status, probability = row_of[leg]["status"], row_of[leg]["probability"]
            links = (ids[at], names[previous[at]], names[following[at]])
            counts = (prior[at], repeats[at], kept[leg], broken[leg])
            rows[leg] = (*links, status, np.nan if probability is None else probability, mature[at], *counts)
    return _typed(rows)


def _typed(rows: Mapping[str, tuple[Any, ...]]) -> pd.DataFrame:
    index = pd.Index(sorted(rows), name="interaction_id", dtype=object)
    links = pd.DataFrame([rows[leg] for leg in index], index=index, columns=list(LINK_COLUMNS), dtype=object)
    counts = dict.fromkeys(("prior_contacts", "promises_kept", "promises_broken"), np.int64)
    return links.astype({**counts, "fcr_probability": float, "repeat_probability": float, "is_final": bool})


def _leg_rows(contacts: pd.DataFrame, judged: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """The row of each leg: the contact's own for the opening leg, ``not_first`` for the others."""
    told = ("probability", "returned_probability", "left_probability")
    columns = ["status", *told, "maturity", "is_final"]
    rows: dict[str, dict[str, Any]] = {}
    for legs, values in zip(contacts["legs"], judged[columns].itertuples(index=False, name=None), strict=True):
        row = dict(zip(columns, values, strict=True))
        row |= {name: None for name in told if np.isnan(row[name])}
        further = row if row["status"] == "not_applicable" else _further_leg(row)
        rows |= {legs[0]: row} | dict.fromkeys(legs[1:], further)
    return rows


def _further_leg(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**_NOT_YET, "status": "not_first", "maturity": row["maturity"], "is_final": True}


def _repeat_probability(headline: pd.DataFrame, contacts: pd.DataFrame) -> np.ndarray:
    seen = (headline["returned"] | headline["mature"]).to_numpy(dtype=bool)
    customer = (contacts["customer_key"].notna() & contacts["customer_began"]).to_numpy(dtype=bool)
    return np.where(seen & customer, 1.0 - headline["quiet"].to_numpy(dtype=float), np.nan)


def _utc(micros: int) -> datetime:
    return pd.Timestamp(micros, unit="us", tz="UTC").to_pydatetime()
