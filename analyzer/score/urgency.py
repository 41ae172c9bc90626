"""What "urgent" may mean: rare enough that somebody looks at every one of them on the day.

1 notice: good to know, nobody has to act. 2 important: somebody should look within days; the customer waits for
something, or was treated badly. 3 urgent: something is about to be lost that can still be saved today. A rule may call
a contact urgent only within a share of all contacts of the last days; of more, the gravest stay urgent and the others
become important, for an alarm that rings all day is heard by nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import floor
from typing import Any, Final

URGENT, IMPORTANT = 3, 2
URGENT_DAYS: Final = 7  # the share holds over so many days, today being one

Flag = dict[str, Any]


def rare(flags: Sequence[Flag], contacts: Mapping[date, int], share: float, score: Mapping[str, float]) -> list[Flag]:
    """``flags`` with at most ``share`` of ``contacts`` (by day) of the last days urgent, but at least one contact.

    The gravest first: those with more concerns, then those with the lower ``score``. Only earlier days and the day
    itself count, so that days to come change nothing.
    """
    concerns = Counter(flag["interaction_id"] for flag in flags if flag["polarity"] == "concern")
    urgent = {(flag["day"], flag["interaction_id"]) for flag in flags if flag["severity"] == URGENT}
    by_day: dict[date, list[str]] = {}
    for day, contact in sorted(urgent):
        by_day.setdefault(day, []).append(contact)
    kept: dict[date, set[str]] = {}
    for day, candidates in by_day.items():
        candidates.sort(key=lambda contact: (-concerns[contact], score.get(contact, float("inf")), contact))
        kept[day] = set(candidates[: _left(day, contacts, share, kept)])
    return [_within(flag, kept) for flag in flags]


def _left(day: date, contacts: Mapping[date, int], share: float, kept: Mapping[date, set[str]]) -> int:
    lately = [day - timedelta(days=back) for back in range(URGENT_DAYS)]
    allowed = max(floor(share * sum(contacts.get(one, 0) for one in lately)), 1)
    return max(allowed - sum(len(kept.get(one, ())) for one in lately), 0)


def _within(flag: Flag, kept: Mapping[date, set[str]]) -> Flag:
    if flag["severity"] != URGENT or flag["interaction_id"] in kept[flag["day"]]:
        return flag
    return flag | {"severity": IMPORTANT}
