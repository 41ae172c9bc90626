"""Why a customer may leave, and why one is loyal, in plain words with the figures they rest on.

Reasons are facts, not weights of a model: they stand also where no risk can be estimated. Each is one function in
RISKS or BONDS; its dates are those of the moments' zone. ``recent`` are the customer's contacts within the horizon, the
oldest first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

import pandas as pd

from analyzer.config import LoyaltySettings

Customer = Mapping[Hashable, Any]
Recent = list[dict[Hashable, Any]]

CHURN_TALK_FROM: Final = 0.35  # labels are rare: this much already is a found cue
BAD_MOOD_TO, CONTENT_FROM = -0.4, 2.5
SOON_DAYS: Final = 60
DETRACTOR_TO, PROMOTER_FROM = 6, 9
LONG_TENURE_MONTHS: Final = 36
_USED: Final = [
    "customer_key", "started_at", "churn_talk_probability", "promises_broken", "prior_contacts", "resolution",
    "sentiment_end", "satisfaction",
]  # fmt: skip


def _day(moment: Any) -> str:
    return str(pd.Timestamp(moment).date().isoformat())


def notice_given(customer: Customer, recent: Recent, as_of: datetime) -> str | None:
    if not customer["left"]:
        return None
    known = not pd.isna(customer["notice_at"])
    return f"gave notice on {_day(customer['notice_at'])}" if known else "has left"


def churn_talk(customer: Customer, recent: Recent, as_of: datetime) -> str | None:
    spoken = [c for c in recent if c["churn_talk_probability"] >= CHURN_TALK_FROM]
    return f"spoke of leaving on {_day(spoken[-1]['started_at'])}" if spoken else None


def broken_promise(customer: Customer, recent: Recent, as_of: datetime) -> str | None:
    broken = [c for c in recent if c["promises_broken"] >= 1]
    count = int(sum(c["promises_broken"] for c in broken))
    if not broken:
        return None
    words = "a promise was broken" if count == 1 else f"{count} promises were broken"
    return f"{words} (contact of {_day(broken[-1]['started_at'])})"


def repeated_contacts(customer: Customer, recent: Recent, as_of: datetime) -> str | None:
    repeats = [c for c in recent if c["prior_contacts"] >= 1]
    most = max((int(c["prior_contacts"]) for c in repeats), default=0)
    return f"had to come back about one matter: {most + 1} contacts" if repeats else None


def unresolved(customer: Customer, recent: Recent, as_of: datetime) -> str | None:
    if not recent or recent[-1]["resolution"] not in ("unresolved", "partial"):
        return None
    how = "not" if recent[-1]["resolution"] == "unresolved" else "only partly"
    return f"last matter was {how} resolved ({_day(recent[-1]['started_at'])})"


def bad_mood(customer: Customer, recent: Recent, as_of: datetime) -> str | None:
    """A bad end that the reading of the whole contact does not contradict."""
    bad = bool(recent) and recent[-1]["sentiment_end"] <= BAD_MOOD_TO and not recent[-1]["satisfaction"] >= CONTENT_FROM
    return f"left the last contact in a bad mood ({_day(recent[-1]['started_at'])})" if bad else None


def detractor(customer: Customer, recent: Recent, as_of: datetime) -> str | None:
    return f"would not recommend us (NPS {customer['nps']:g})" if customer["nps"] <= DETRACTOR_TO else None


def complaints(customer: Customer, recent: Recent, as_of: datetime) -> str | None:
    count = customer["complaints_12m"]
    return f"complained {count:g} times within 12 months" if count >= 2 else None


def contract_ends(customer: Customer, recent: Recent, as_of: datetime) -> str | None:
    end = customer["contract_end"]
    soon: bool = not pd.isna(end) and as_of <= end <= as_of + timedelta(days=SOON_DAYS)
    return f"contract ends on {_day(end)}" if soon else None


def long_tenure(customer: Customer, recent: Recent, as_of: datetime) -> str | None:
    months = customer["tenure_months"]
    return f"a customer for {int(months // 12)} years" if months >= LONG_TENURE_MONTHS else None


def promoter(customer: Customer, recent: Recent, as_of: datetime) -> str | None:
    if customer["nps"] >= PROMOTER_FROM:
        return f"recommends us (NPS {customer['nps']:g})"
    return "recommends us" if customer["recommend"] >= 0.5 else None


def referrals(customer: Customer, recent: Recent, as_of: datetime) -> str | None:
    count = customer["referrals"]
    return f"brought {count:g} new customer{'s' if count != 1 else ''}" if count >= 1 else None


def buys_again(customer: Customer, recent: Recent, as_of: datetime) -> str | None:
    count = customer["purchases_12m"]
    return f"bought {count:g} times within 12 months" if count >= 2 else None


Reason = Callable[[Customer, Recent, datetime], str | None]
RISKS: Final[tuple[Reason, ...]] = (
    notice_given, churn_talk, broken_promise, repeated_contacts, unresolved, bad_mood, detractor, complaints,
    contract_ends,
)  # fmt: skip
BONDS: Final[tuple[Reason, ...]] = (promoter, long_tenure, referrals, buys_again)


def customer_reasons(
    state: pd.DataFrame, contacts: pd.DataFrame, as_of: datetime, settings: LoyaltySettings, zone: tzinfo
) -> pd.DataFrame:
    """Lists ``risks`` and ``bonds`` of each customer, with days of ``zone``; empty where nothing speaks for either."""
    state = _in_zone(state, zone, "notice_at", "contract_end")
    recent = _in_zone(recent_contacts(contacts, as_of, settings.horizon_days), zone, "started_at")
    by_customer: dict[str, Recent] = defaultdict(list)
    for contact in recent[_USED].to_dict("records"):
        by_customer[contact["customer_key"]].append(contact)
    risks, bonds = [], []
    for key, customer in zip(state.index, state.to_dict("records"), strict=True):
        seen = by_customer.get(str(key), [])
        risks.append([words for reason in RISKS if (words := reason(customer, seen, as_of))])
        bonds.append([words for reason in BONDS if (words := reason(customer, seen, as_of))])
    return pd.DataFrame({"risks": pd.Series(risks, state.index, dtype="object"),
                         "bonds": pd.Series(bonds, state.index, dtype="object")})  # fmt: skip


def _in_zone(frame: pd.DataFrame, zone: tzinfo, *moments: str) -> pd.DataFrame:
    return frame.assign(**{name: pd.to_datetime(frame[name], utc=True).dt.tz_convert(zone) for name in moments})


def recent_contacts(contacts: pd.DataFrame, as_of: datetime, days: int) -> pd.DataFrame:
    """Contacts of identified customers that ended within ``days`` before ``as_of``, in order of time."""
    known = contacts[(contacts["known_at"] <= as_of) & contacts["customer_key"].notna()]
    return known[known["known_at"] > pd.Timestamp(as_of) - pd.Timedelta(days=days)]
