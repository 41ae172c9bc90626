"""Promises by agents: what was promised, by when, and what later contacts say became of it.

    open      the due time and the grace after it have not passed
    broken    the customer was let down (signals.py): a contact of the same episode after the due time
    kept      a later contact opens by saying that the matter is settled, or closes what was due with a few words to
              name another (openings.py); it opens by telling that what was promised was done, even if it goes on to
              complain (fulfilment.py); one of the same episode, or one that wants nothing but to say so, went well
              when it was due; or the company called in time as it had promised
    unknown   past due and grace, and nobody spoke of it

A chase is charged to one promise, the one that fell due last before it: broken needs evidence, and one complaint is
evidence of one. A contact that wants nothing speaks of the customer's contact before it. Where the words name no date
``promised_by`` is null and ``promise_default_days`` serves as due time.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from analyzer.config import JourneySettings
from analyzer.journey.callbacks import is_callback
from analyzer.journey.chains import DAY_US
from analyzer.journey.due import due_time
from analyzer.journey.due_readers import NO_HOLIDAYS
from analyzer.journey.fulfilment import deeds, in_time, names_promise, somebody_came

EVIDENCE_FROM = 0.5
_HOUR_US = DAY_US // 24  # a promised hour is the customer's, whose clock may be another one than ours


@dataclass(frozen=True, slots=True)
class Promise:
    """``contact`` is the position of the contact it was made in; ``due_us`` is the effective due time."""

    interaction_id: str
    turn: int
    text: str
    day: date
    contact: int
    made_us: int
    promised_by: datetime | None
    due_us: int
    settled_us: int
    probability: float
    status: str = "open"
    evidence: str | None = None


def find_promises(
    facts: pd.DataFrame,
    cues: pd.DataFrame,
    turns: pd.DataFrame,
    contact_of: dict[str, int],
    settings: JourneySettings,
    zone: ZoneInfo,
    holidays: frozenset[date] = NO_HOLIDAYS,
) -> list[Promise]:
    """One open promise an agent turn with ``svc.commit`` ≥ ``promise_threshold``, ordered by when it was made.

    Where its words name a due date, ``promise_dated_threshold`` is enough.
    """
    least = min(settings.promise_threshold, settings.promise_dated_threshold)
    heard = cues[(cues["label"] == "svc.commit") & (cues["probability"] >= least)]
    heard = heard.sort_values(
        ["interaction_id", "turn", "probability", "start_char"], ascending=[True, True, False, True]
    )
    heard = heard.drop_duplicates(["interaction_id", "turn"])
    heard = heard[["interaction_id", "turn", "probability", "start_char", "end_char"]]
    spoken = turns.loc[turns["speaker"] == "agent", ["interaction_id", "turn", "text", "start_ms"]]
    rows = heard.merge(spoken, on=["interaction_id", "turn"]).merge(
        facts[["interaction_id", "day", "started_at"]], on="interaction_id"
    )
    found = (_promise(row, contact_of, settings, zone, holidays) for row in rows.to_dict("records"))
    # A future date in the agent's words is evidence of its own, so that little else is needed beside it.
    promises = [
        promise
        for promise in found
        if promise.probability >= (settings.promise_threshold if promise.promised_by is None else least)
    ]
    return sorted(promises, key=lambda promise: (promise.made_us, promise.interaction_id, promise.turn))


def _promise(
    row: Mapping[Hashable, Any],
    contact_of: dict[str, int],
    settings: JourneySettings,
    zone: ZoneInfo,
    holidays: frozenset[date],
) -> Promise:
    offset = 0 if pd.isna(row["start_ms"]) else int(row["start_ms"])
    made = pd.Timestamp(row["started_at"]).to_pydatetime() + timedelta(milliseconds=offset)
    words = sentence_around(row["text"], int(row["start_char"]), int(row["end_char"]))
    promised_by = due_time(words, made, zone, holidays) or due_time(row["text"], made, zone, holidays)
    due_us = _us(promised_by or made + timedelta(days=settings.promise_default_days))
    return Promise(
        interaction_id=row["interaction_id"],
        turn=int(row["turn"]),
        text=words,
        day=row["day"],
        contact=contact_of[row["interaction_id"]],
        made_us=_us(made),
        promised_by=promised_by,
        due_us=due_us,
        settled_us=due_us + settings.promise_grace_days * DAY_US,
        probability=float(row["probability"]),
    )


def sentence_around(text: str, start: int, end: int) -> str:
    """The sentence or sentences that hold ``text[start:end]``; the whole text where the span is empty or outside.

    A full stop after a digit ends none ("by 24.3. at yours").
    """
    if not 0 <= start < end <= len(text):
        return text
    begin = max((at + 1 for at in range(start) if _ends_sentence(text, at)), default=0)
    stop = next((at + 1 for at in range(end - 1, len(text)) if _ends_sentence(text, at)), len(text))
    return text[begin:stop].strip() or text


def _ends_sentence(text: str, at: int) -> bool:
    if text[at] == "\n":
        return True
    closes = text[at] in ".!?" and (at + 1 == len(text) or text[at + 1].isspace())
    return closes and not (text[at] == "." and at > 0 and text[at - 1].isdigit())


@dataclass(frozen=True, slots=True)
class _Witness:
    """A contact as evidence of what became of earlier promises to its customer."""

    position: int
    name: str
    start_us: int
    customer_began: bool
    has_request: bool
    settled: bool
    closed: bool
    went_well: bool
    let_down: bool
    opening: str


def judge_promises(
    promises: list[Promise], contacts: pd.DataFrame, signals: pd.DataFrame, openings: pd.Series[str],
    episode: list[int], as_of_us: int, zone: ZoneInfo,
) -> list[Promise]:  # fmt: skip
    """The promises with status and evidence as the later contacts show, in the order given.

    ``openings`` are customers' first words by ``contact_id`` (signals.opening_words), in the order of ``contacts``.
    ``zone``: whose days they and the promises name.
    """
    judged = dict(enumerate(promises))
    customers: list[str | None] = contacts["customer_key"].tolist()
    waiting: dict[str, list[int]] = {}
    for index, promise in enumerate(promises):
        customer = customers[promise.contact]
        if customer is not None:
            waiting.setdefault(customer, []).append(index)
    latest: dict[str | None, int] = {}
    for witness, customer in zip(_witnesses(contacts, signals, openings), customers, strict=True):
        mine = [i for i in waiting.get(customer or "", ()) if _awaited(judged[i], witness)]
        spoken_of = {episode[witness.position]}
        if not witness.has_request and customer in latest:
            spoken_of.add(episode[latest[customer]])
        same = [i for i in mine if episode[judged[i].contact] in spoken_of]
        for index in _kept(judged, mine, same, witness) or _done(judged, mine, same, witness, zone):
            judged[index] = replace(judged[index], status="kept", evidence=witness.name)
        if witness.customer_began and witness.let_down:
            _charge(judged, [i for i in same if judged[i].status == "open"], witness.name, witness.start_us)
        latest[customer] = witness.position
    return [_lapse(judged[index], as_of_us) for index in range(len(promises))]


def _witnesses(contacts: pd.DataFrame, signals: pd.DataFrame, openings: pd.Series[str]) -> list[_Witness]:
    settled = signals["settled_opening"] >= EVIDENCE_FROM
    columns = (
        contacts["contact_id"], contacts["start_us"], contacts["customer_began"], contacts["has_request"], settled,
        signals["closed"], signals["went_well"], signals["let_down"], openings,
    )  # fmt: skip
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [_Witness(position, *row) for position, row in enumerate(rows)]


def _awaited(promise: Promise, witness: _Witness) -> bool:
    return promise.status == "open" and promise.made_us < witness.start_us and promise.contact != witness.position


def _kept(judged: Mapping[int, Promise], mine: list[int], same: list[int], witness: _Witness) -> list[int]:
    if witness.settled:
        return mine
    if not witness.customer_began:
        return [i for i in same if is_callback(judged[i].text) and witness.start_us <= judged[i].due_us + _HOUR_US]
    due = _due(judged, mine if witness.closed else same, witness)
    if witness.went_well:
        return due
    # Whoever closes the old and complains speaks of all but one.
    return [] if not witness.closed else due[:-1] if witness.let_down else due


def _done(
    judged: Mapping[int, Promise], mine: list[int], same: list[int], witness: _Witness, zone: ZoneInfo
) -> list[int]:
    """The promises whose fulfilment the opening tells: those it names, or the only one due if somebody came."""
    due = _due(judged, mine, witness)
    if not due or not witness.customer_began:
        return []
    told, today = deeds(witness.opening), _day(witness.start_us, zone)
    timely = {index: in_time(told, _day(judged[index].due_us, zone), today) for index in due}
    named = [index for index in due if _names(timely[index], judged[index], zone)]
    alone = [index for index in due if index in same]
    return named or (alone if len(alone) == 1 and somebody_came(timely[alone[0]]) else [])


def _names(told: tuple[str, ...], promise: Promise, zone: ZoneInfo) -> bool:
    made, due, dated = _day(promise.made_us, zone), _day(promise.due_us, zone), promise.promised_by is not None
    return names_promise(told, promise.text, made, due, dated=dated)


def _day(us: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(us / 1e6, zone).date()


def _due(judged: Mapping[int, Promise], those: list[int], witness: _Witness) -> list[int]:
    """Those due by the day after the contact, the earliest first: a morning's report counts for the evening too."""
    due = (index for index in those if judged[index].due_us <= witness.start_us + DAY_US)
    return sorted(due, key=lambda index: judged[index].due_us)


def _charge(judged: dict[int, Promise], mine: list[int], name: str, start: int) -> None:
    due = [index for index in mine if judged[index].due_us <= start]
    if due:
        latest = max(due, key=lambda index: (judged[index].due_us, index))
        judged[latest] = replace(judged[latest], status="broken", evidence=name)


def _lapse(promise: Promise, as_of_us: int) -> Promise:
    if promise.status == "open" and promise.settled_us <= as_of_us:
        return replace(promise, status="unknown")
    return promise


def _us(moment: datetime) -> int:
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
