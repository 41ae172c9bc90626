"""Scorecards: saving and taking back one's own on a contact, and the page that compares teams, agents and items."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final

import numpy as np
import pandas as pd
from fastapi import APIRouter, Depends
from numpy.typing import NDArray
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from analyzer.publish.agents import AgentPolicy
from analyzer.review.desk import AUDIT
from analyzer.review.pages.contact import open_contact, own_contact
from analyzer.review.reach import sealed
from analyzer.review.roles import User
from analyzer.review.scorecard import cards as kept
from analyzer.review.scorecard import summary
from analyzer.review.scorecard.agreement import FEWEST
from analyzer.review.scorecard.cards import Card, Judged
from analyzer.review.scorecard.form import Form
from analyzer.review.scorecard.scoring import score
from analyzer.review.scorecard.summary import Counted, Unit, counted
from analyzer.review.sessions import Session
from analyzer.review.state import State, check_token, language_of, note, page, signed_in, state_of, to

router: Final = APIRouter()
SPANS: Final[Mapping[str, int | None]] = {"30": 30, "90": 90, "all": None}
RECENT: Final = 20
_ITEM: Final = "item."


async def sent(request: Request) -> dict[str, str]:
    """The fields of a form whose names are not known beforehand."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


Sent = Annotated[dict[str, str], Depends(sent)]


@router.post("/scorecards/fill/{interaction_id:path}")
def fill(request: Request, interaction_id: str, fields: Sent) -> Response:
    """Saves a card at once, whole or in part, and shows the contact again."""
    session, state = signed_in(request, "decide"), state_of(request)
    check_token(session, fields.get("token", ""))
    contact = own_contact(state, session, interaction_id)
    form = state.cards.named(fields.get("form", ""))
    if form is None or form.version != fields.get("version") or not form.is_for(contact.facts):
        raise HTTPException(404)
    answers = kept.checked(
        form, {name.removeprefix(_ITEM): said for name, said in fields.items() if name.startswith(_ITEM)}
    )
    with state.database.write() as connection:
        hidden = open_contact(connection, contact, session).hidden
        audit = contact.audit
        judged = Judged(
            interaction_id, fields.get("content_hash", "")[:64],
            next((row["model_version"] for row in contact.findings), ""), hidden,
            float(audit["sampling_probability"]) if audit else 1.0,
        )  # fmt: skip
        kept.save(connection, form, judged, answers, session.user.name, state.clock())
        note(connection, request, session.user.name, "filled in a scorecard", f"{interaction_id} {form.id}")
    return to(f"/contacts/{interaction_id}#scorecard")


@router.post("/scorecards/undo/{card_id}")
def take_back(request: Request, card_id: str, fields: Sent) -> Response:
    """Takes back one's own card; the one before it stands again."""
    session, state = signed_in(request, "decide"), state_of(request)
    check_token(session, fields.get("token", ""))
    with state.database.write() as connection:
        contact = kept.undo(connection, card_id, session.user.name, state.clock())
        note(connection, request, session.user.name, "took a scorecard back", card_id)
    return to(f"/contacts/{contact}#scorecard")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, with what is not known left out."""

    form: Form
    span: str
    drawn: bool


@router.get("/scorecards")
def show(request: Request) -> Response:
    """Teams, agents and items by people's cards and by the program's."""
    session, state = signed_in(request, "read"), state_of(request)
    asked = _asked(request, state)
    with state.database.write() as connection:
        cards = kept.counting(connection)
        hidden = sealed(connection, state.desk.snapshot(), session.user)
        note(connection, request, session.user.name, "read the scorecards", asked.form.id)
    with state.desk.reading() as store:
        every = state.cards.of_state(store, store.vector)
    snapshot = state.desk.snapshot()
    drawn = set(snapshot.flags.loc[snapshot.flags["rule"] == AUDIT, "interaction_id"])
    wanted = _visible(every.facts, session.user) & _in_span(every.facts, asked.span)
    if asked.drawn:  # without those still to be judged blind: a mean of two or three would tell of each
        wanted &= every.facts.index.isin(list(drawn - hidden))
    told = counted(asked.form, cards, every, wanted)
    return page(
        request, "scorecards.html.j2", session=session, asked=asked, forms=state.cards.forms, spans=tuple(SPANS),
        told=told, units=_units(told, session, snapshot.policy), missed=summary.missed(told),
        agreements=[] if session.user.role == "agent" else summary.agreements(told),
        seen_first=summary.seen_first(told), fewest=FEWEST, text=language_of(request),
        recent=_recent(cards, told.facts, hidden, session.user),
    )  # fmt: skip


def _asked(request: Request, state: State) -> Asked:
    told = request.query_params
    form = state.cards.named(told.get("form")) or state.cards.forms[0]
    span = told.get("days", "90")
    return Asked(form, span if span in SPANS else "90", told.get("of") == "drawn")


def _visible(facts: pd.DataFrame, user: User) -> NDArray[np.bool_]:
    """Which contacts ``user`` may see; of an agent those that they held alone, which are theirs to answer for."""
    if user.role == "agent":
        return (facts["alone"] == user.agent_id).to_numpy(bool)
    return facts["team"].isin(list(user.teams)).to_numpy(bool) if user.teams else np.ones(len(facts), bool)


def _in_span(facts: pd.DataFrame, span: str) -> NDArray[np.bool_]:
    """Which contacts are of the last days that there are."""
    days = SPANS[span]
    if days is None or facts.empty:
        return np.ones(len(facts), bool)
    recent: NDArray[np.bool_] = (facts["day"] > facts["day"].max() - timedelta(days=days)).to_numpy(bool)
    return recent


def _units(told: Counted, session: Session, policy: AgentPolicy) -> list[tuple[str, list[tuple[str | None, Unit]]]]:
    """Tables by heading: teams for who sees several people, agents for leads, and for an agent their own row alone."""
    if session.user.role == "agent":
        return [("cards_own", [(None, unit) for unit in summary.agents(told)])]
    shown = [
        ("cards_teams", _named(summary.teams(told), {unit: policy.team(unit) for unit in _ids(told.facts["team"])}))
    ]
    if session.user.may("settle") and policy.mode in ("pseudonym", "named"):
        rows = summary.agents(told)
        shown.append(("cards_agents", _named(rows, {unit.unit_id: policy.label(unit.unit_id) for unit in rows})))
    return [(heading, rows) for heading, rows in shown if rows]


def _ids(column: pd.Series[str]) -> list[str]:
    return [str(each) for each in column.dropna().unique()]


def _named(units: Sequence[Unit], names: Mapping[str, str | None]) -> list[tuple[str | None, Unit]]:
    return [(names[unit.unit_id], unit) for unit in units if names.get(unit.unit_id) is not None]


def _recent(cards: Sequence[Card], facts: pd.DataFrame, hidden: Collection[str], user: User) -> list[dict[str, Any]]:
    """The cards filled in last; of ``hidden`` contacts, which ``user`` may yet have to judge, only their own."""
    shown = [
        card for card in cards
        if card.judged.interaction_id in facts.index
        and (card.reviewer == user.name or card.judged.interaction_id not in hidden)
    ]  # fmt: skip
    days = facts["day"]
    return [
        {"card": card, "score": score(card.form, "human", card.answers), "day": days[card.judged.interaction_id]}
        for card in reversed(shown[-RECENT:])
    ]
