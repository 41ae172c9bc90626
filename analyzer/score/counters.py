"""Counter-measures: what would get worse if a measure were bought rather than earned.

A contact can be kept from coming back within seven days by a promise for the eighth, ended fast by passing the customer
on, and made to sound warm by a sentence that everybody hears. Beside each measure stands what shows that; neither is
to be read alone, and pay should hang on none of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.score.frames import Bools, Days, Floats, linked, numbers, texts
from analyzer.score.measures import Measure
from analyzer.score.units import UnitInputs, score_units
from analyzer.tables import STORED

COUNTERS: Final = (
    Measure("returns_8_14_rate", "0–1", False, 0, 1, "closer", understood=False, journey=True),
    Measure("transfer_out_rate", "0–1", False, 0, 1, "passed", understood=False),
    Measure("short_contact_rate", "0–1", False, 0, 1, "closer", understood=False),
    Measure("template_share", "0–1", False, 0, 1),
    Measure("next_feeling", "−1…1", True, -1, 1, "closer", understood=False, journey=True),
)
BESIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "experience_contact": ("next_feeling", "returns_8_14_rate"),
    "experience_score": ("next_feeling", "returns_8_14_rate"),
    "resolved_rate": ("returns_8_14_rate", "next_feeling"),
    "fcr_rate": ("returns_8_14_rate", "transfer_out_rate"),
    "sentiment_end": ("next_feeling",),
    "satisfaction": ("next_feeling",),
    "empathy": ("template_share",),
    "opportunities_met_rate": ("template_share",),
    "effort": ("transfer_out_rate",),
    "handle_s": ("short_contact_rate", "transfer_out_rate", "returns_8_14_rate"),
}
KINDS: Final = ("agent", "team", "channel", "queue")
QUIET_DAYS, LATE_DAYS, NEXT_DAYS = 7, 14, 60
SHORT: Final = 0.25  # of the median handle time of the same channel and reason
LEAST_ALIKE: Final = 20  # contacts from which a channel and reason have a median of their own

Place = tuple[str, int]  # interaction_id, turn


def counter_values(
    facts: pd.DataFrame, links: pd.DataFrame, cues: pd.DataFrame, templates: Collection[Place], as_of: datetime
) -> pd.DataFrame:
    """COUNTERS by interaction_id, NaN where not observed; ``templates`` are turns of nothing but template empathy."""
    columns = {
        "returns_8_14_rate": _late_returns(facts, links, as_of),
        "transfer_out_rate": (numbers(facts, "transfers") > 0).astype(np.float64),
        "short_contact_rate": _short(facts),
        "template_share": _template_share(facts, cues, templates),
        "next_feeling": _next_feeling(facts, links),
    }
    columns["transfer_out_rate"][np.isnan(numbers(facts, "transfers"))] = np.nan
    return pd.DataFrame(columns, index=pd.Index(texts(facts, "interaction_id"), name="interaction_id"))


def _late_returns(facts: pd.DataFrame, links: pd.DataFrame, as_of: datetime) -> Floats:
    """1 where the customer came back with the matter on days 8–14, 0 where not; of contacts quiet for seven days.

    Known once 14 days are over, for those that came back sooner than others would be counted first. Legs of one call
    are one contact; what the company itself began is no return.
    """
    ids = texts(facts, "interaction_id")
    chain = facts["chain_id"].where(facts["chain_id"].notna(), facts["interaction_id"]).astype(object)
    frame = pd.DataFrame({"episode": texts(linked(links, facts), "episode_id"), "chain": chain.to_numpy(),
                          "at": _starts(facts)}, index=ids)  # fmt: skip
    known = frame.loc[_came_by_themselves(facts) & frame["episode"].notna().to_numpy()]
    calls = known.groupby(["episode", "chain"], sort=False)["at"].min().reset_index().sort_values(["episode", "at"])
    calls["after"] = calls.groupby("episode")["at"].shift(-1) - calls["at"]
    later = known.reset_index(names="id").merge(calls, on=["episode", "chain"], suffixes=("", "_call")).set_index("id")
    days = later["after"].dt.total_seconds().to_numpy() / 86_400
    old = (_naive(as_of) - later["at_call"]).dt.total_seconds().to_numpy() / 86_400
    value = np.where(np.isnan(days) | (days > LATE_DAYS), 0.0, 1.0)
    value[(old < LATE_DAYS) | (days <= QUIET_DAYS)] = np.nan
    return np.asarray(pd.Series(value, index=later.index).reindex(ids), dtype=np.float64)


def _starts(facts: pd.DataFrame) -> Days:
    """Starts in UTC without a zone, which compares and subtracts fast."""
    return np.asarray(pd.to_datetime(facts["started_at"], utc=True).dt.tz_localize(None))


def _naive(moment: datetime) -> pd.Timestamp:
    return pd.Timestamp(moment).tz_convert("UTC").tz_localize(None)


def _came_by_themselves(facts: pd.DataFrame) -> Bools:
    inbound = ~facts["direction"].isin(("outbound", "internal"))
    return np.asarray(inbound & facts["customer_key"].notna(), dtype=np.bool_)


def _short(facts: pd.DataFrame) -> Floats:
    seconds = facts["handle_s"].astype(np.float64)
    alike = [facts["channel"], facts["reason"].astype(object).fillna("")]
    median = seconds.groupby(alike).transform("median")
    few = seconds.groupby(alike).transform("count") < LEAST_ALIKE
    usual = median.where(~few, seconds.groupby(facts["channel"]).transform("median"))
    return np.where(seconds.isna(), np.nan, (seconds < SHORT * usual).astype(np.float64))


def _template_share(facts: pd.DataFrame, cues: pd.DataFrame, templates: Collection[Place]) -> Floats:
    """Of the turns in which the agent was heard to meet the person, those that were a template."""
    warm = cues.loc[cues["found"].eq(True) & cues["label"].str.startswith("emp."), ["interaction_id", "turn"]]
    warm = warm.drop_duplicates()
    keys = list(zip(warm["interaction_id"], warm["turn"].astype(int), strict=True))
    share = pd.Series([float(key in templates) for key in keys], index=warm["interaction_id"].to_numpy(), dtype=float)
    return share.groupby(level=0).mean().reindex(texts(facts, "interaction_id")).to_numpy(dtype=np.float64)


def _next_feeling(facts: pd.DataFrame, links: pd.DataFrame) -> Floats:
    """How the customer felt as their next contact began, of whatever matter, within 60 days."""
    own = pd.DataFrame(
        {"feeling": numbers(facts, "sentiment_start"), "at": _starts(facts)},
        index=pd.Index(texts(facts, "interaction_id")),
    )
    following = own.reindex(pd.Index(texts(linked(links, facts), "next_contact_id")))
    days = (following["at"].to_numpy() - own["at"].to_numpy()) / np.timedelta64(1, "D")
    return np.where(days <= NEXT_DAYS, following["feeling"].to_numpy(dtype=np.float64), np.nan)


def counter_measures(unit_scores: pa.Table, values: pd.DataFrame, given: UnitInputs) -> pa.Table:
    """counter_measures: each published week and month of a unit's measure, and beside it each of its counter-measures.

    Counter-measures are estimated as measures are: same case mix, same shrinkage, same intervals.
    """
    longer = replace(given, settings=msgspec.structs.replace(given.settings, daily=False))
    counters = score_units(longer, kinds=KINDS, measures=COUNTERS, own_values=values).to_pandas()
    pairs = pd.DataFrame(
        [(measure, counter) for measure, beside in BESIDE.items() for counter in beside],
        columns=["measure", "counter_measure"],
    )
    measured = unit_scores.to_pandas().merge(pairs, on="measure")
    key = ["period", "unit_kind", "unit_id"]
    both = measured.merge(
        counters.rename(columns={"measure": "counter_measure"}), on=[*key, "counter_measure"], suffixes=("", "_counter")
    )
    both = both.loc[both["n"] > 0]
    columns = {
        name: both[name].to_numpy()
        for name in [*key, "measure", "counter_measure", "n", "value", "low", "high", "error_basis"]
    }
    columns |= {f"counter_{name}": both[f"{name}_counter"].to_numpy()
                for name in ("n", "value", "low", "high", "unit", "higher_is_better")}  # fmt: skip
    columns |= {"reading": _readings(both["standing"], both["standing_counter"]), "is_final": _final(both)}
    table = pd.DataFrame(columns).sort_values([*key, "measure", "counter_measure"])
    table["as_of"] = pd.Timestamp(given.as_of)
    schema = STORED["counter_measures"].schema
    return pa.Table.from_pandas(table[schema.names], schema=schema, preserve_index=False)


def _final(both: pd.DataFrame) -> Bools:
    return np.asarray(both["is_final"] & both["is_final_counter"], dtype=np.bool_)


def _readings(standing: pd.Series, counter: pd.Series) -> Floats:
    """``look closer`` where the measure is beyond doubt better than the others' and the counter-measure worse."""
    known = standing.isin(("better", "worse", "not distinguishable")) & counter.notna() & (counter != "not compared")
    closer = standing.eq("better") & counter.eq("worse")
    return np.where(closer, "look closer", np.where(known, "no sign", "not compared"))
