"""A customer's contacts become journeys: episodes, first-contact resolution, promises and how each contact went on.

    legs → contacts (chains) → pairs with probability (linking) → episodes → promises judged → FCR rows

Only what had begun by ``as_of`` is evidence. Contacts that begin later keep a row, open and without an episode, so that
every contact of the store has its outcome. All results follow from the set of rows given, never from their order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.config import JourneySettings
from analyzer.journey import fcr
from analyzer.journey.assemble import commitments_table, episodes_table, fcr_table, links_frame
from analyzer.journey.chains import DAY_US, chain_contacts, micros, with_ends
from analyzer.journey.episodes import join_episodes
from analyzer.journey.holidays import holidays
from analyzer.journey.linking import LinkModel, candidate_pairs, pair_features
from analyzer.journey.promises import EVIDENCE_FROM, Promise, find_promises, judge_promises
from analyzer.journey.rates import fcr_rates
from analyzer.journey.recalibrate import pending_share, recalibrated
from analyzer.journey.returns import (
    chasing_returns,
    claimed_returns,
    earlier_in_episode,
    next_contacts,
    same_matter_returns,
)
from analyzer.journey.rhythm import wall_us
from analyzer.journey.signals import company_openers, hear_signals, opening_words

UNTOLD: Final = "untold"  # a reason nobody could tell is a kind of its own


@dataclass(frozen=True, slots=True)
class Journeys:
    """``episodes``, ``fcr``, ``fcr_rates``, ``commitments`` as stored; ``links``: LINK_COLUMNS by ``interaction_id``.

    ``repeat_probability`` is the probability that the customer had to come back in the same matter within the headline
    window; NaN without a customer key, for the company's own contacts, and while the window runs without a return.
    ``prior_contacts`` counts the customer's earlier contacts in the matter; 1 where only their word tells of one.
    """

    episodes: pa.Table
    fcr: pa.Table
    fcr_rates: pa.Table
    commitments: pa.Table
    links: pd.DataFrame


def trace_journeys(
    facts: pd.DataFrame,
    cues: pd.DataFrame,
    turns: pd.DataFrame,
    settings: JourneySettings,
    as_of: datetime,
    *,
    business_timezone: str,
    link_model: LinkModel,
    left_at: pd.Series | None = None,
) -> Journeys:
    """The journeys of all contacts of the store as of ``as_of`` (aware).

    ``left_at``: when customers gave notice or left, as known by then; None where a company keeps no record of it.
    """
    now = pd.Timestamp(as_of).tz_convert(UTC)
    now_us = int(micros(pd.Series([now]))[0])
    begun = micros(facts["started_at"]) <= now_us
    seen, later = facts[begun], facts.loc[~begun, "interaction_id"].tolist()
    ids = set(seen["interaction_id"])
    cues = cues[cues["interaction_id"].isin(ids)]
    turns = turns[turns["interaction_id"].isin(ids)].sort_values(["interaction_id", "turn"])
    seen = with_ends(seen, turns, now_us)
    contacts = chain_contacts(seen, company_openers(seen, turns), settings.redial_minutes)
    signals = hear_signals(contacts, cues, turns)
    pairs = candidate_pairs(contacts, settings.horizon_days)
    pairs["probability"] = link_model.probability(pair_features(pairs, contacts, signals, turns, link_model))
    matter = join_episodes(pairs, contacts, settings.link_threshold)
    contact_of = {leg: position for position, legs in enumerate(contacts["legs"]) for leg in legs}
    # A promise of December may fall due in the year after.
    years = {year + ahead for year in set(pd.DatetimeIndex(seen["started_at"]).year) for ahead in (0, 1)}
    days_off = holidays(settings.holidays, years).union(settings.days_off)
    zone = ZoneInfo(business_timezone)
    promises = find_promises(seen, cues, turns, contact_of, settings, zone, days_off)
    openings = opening_words(turns, contacts)
    promises = judge_promises(promises, contacts, signals, openings, matter["episode"].tolist(), now_us, zone)
    traced = _judge(contacts, signals, pairs, matter, promises, settings, now_us, zone, _left_us(contacts, left_at))
    judged, neighbours = traced.judged, traced.neighbours
    headline = judged["same", settings.headline_window_days].rows
    day_of = dict(zip(facts["interaction_id"], facts["day"], strict=True))
    return Journeys(
        episodes=episodes_table(contacts, matter),
        fcr=fcr_table(contacts, {key: part.rows for key, part in judged.items()}, later, day_of, now.to_pydatetime()),
        fcr_rates=fcr_rates(
            judged,
            traced.standing.rated,
            traced.standing.identified,
            [day_of[name] for name in contacts["contact_id"]],
            settings.mature_share,
            now.to_pydatetime(),
        ),
        commitments=commitments_table(promises),
        links=links_frame(contacts, matter, headline, neighbours, promises, later),
    )


@dataclass(frozen=True, slots=True)
class _Traced:
    """FCR by kind of matter and window, what it rests on, and each contact's prior count, previous, next contact."""

    judged: dict[tuple[str, int], fcr.Judged]
    standing: fcr.Standing
    neighbours: pd.DataFrame


def _judge(
    contacts: pd.DataFrame,
    signals: pd.DataFrame,
    pairs: pd.DataFrame,
    matter: pd.DataFrame,
    promises: list[Promise],
    settings: JourneySettings,
    as_of_us: int,
    zone: ZoneInfo,
    left_us: np.ndarray | None,
) -> _Traced:
    counted = (contacts["customer_began"] & contacts["has_request"]).to_numpy(dtype=bool)
    prior, previous = earlier_in_episode(matter["episode"].to_numpy(), counted)
    claims = claimed_returns(pairs, signals, matter, counted, prior, EVIDENCE_FROM)
    # Whoever says "I called before" is not at the first contact, though the store knows no other.
    claiming = counted & (signals["claim"].to_numpy() >= EVIDENCE_FROM)
    prior = np.where(claiming & (prior == 0), 1, prior)
    same = same_matter_returns(contacts, pairs, matter, counted, claims)
    following = next_contacts(contacts)
    chases = chasing_returns(same, signals)
    standing = _standing(contacts, promises, counted, prior, zone, left_us)
    judged = {
        (kind, window): fcr.judge(standing, returns, chases, window, as_of_us)
        for kind, returns in (("same", same), ("any", following))
        for window in settings.window_days
    }
    next_ = np.full(len(contacts), -1, dtype=np.int64)
    next_[following["earlier"].to_numpy()] = following["later"].to_numpy()
    return _Traced(judged, standing, pd.DataFrame({"prior": prior, "previous": previous, "next": next_}))


def _left_us(contacts: pd.DataFrame, left_at: pd.Series | None) -> np.ndarray | None:
    """When the customer of each contact left, −1 where not, None where nobody keeps record."""
    # Not Series.map: it takes no times where nobody has left.
    return None if left_at is None else micros(left_at.reindex(contacts["customer_key"]))


def _standing(
    contacts: pd.DataFrame,
    promises: list[Promise],
    counted: np.ndarray,
    prior: np.ndarray,
    zone: ZoneInfo,
    left_us: np.ndarray | None,
) -> fcr.Standing:
    settled = np.full(len(contacts), -1, dtype=np.int64)
    promised = np.zeros(len(contacts))
    for promise in promises:
        at = promise.contact
        settled[at] = max(settled[at], promise.settled_us)
        promised[at] = max(promised[at], promise.probability)
    end_us, known = contacts["end_us"].to_numpy(dtype=np.int64), contacts["customer_key"].notna().to_numpy(dtype=bool)
    reason, p = contacts["reason"].fillna(UNTOLD).to_numpy(dtype=object), contacts["resolved_probability"].to_numpy()
    day, rated = wall_us(end_us, zone) // DAY_US, counted & known & (prior == 0)
    solved = contacts.assign(resolved_probability=recalibrated(p, rated, reason, day))
    pending = pending_share(contacts["resolution"].to_numpy(dtype=object), rated, day)
    return fcr.Standing(
        end_us=end_us,
        resolution=fcr.decisive_resolution(contacts),
        text_probability=fcr.text_probability(solved, promised, pending),
        applicable=counted,
        identified=known,
        first=prior == 0,
        settled_us=settled,
        reason=reason,
        channel=contacts["channel"].to_numpy(dtype=object),
        zone=zone,
        left_us=left_us,
    )
