"""The page of a customer: what was known on the day, contacts and matters, promises, and why they may leave or stay."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from analyzer.explain.customer import CustomerExplained
from analyzer.explain.parts import Page, facts_grid, listing
from analyzer.publish.terminal import place, visible
from analyzer.publish.wording import Wording

Row = dict[str, Any]


def customer_page(customer: CustomerExplained, w: Wording) -> Page:
    day = "" if customer.as_of is None else w.on(customer.as_of)
    return Page(
        _head(customer, w),
        (
            (w("explain.why"), _why(customer, w)),
            (w("explain.loyalty", day=day), _loyalty(customer, w)),
            (w("explain.facts", day=day), _facts(customer, w)),
            (w("explain.readings"), _readings(customer, w)),
            (w("explain.answers"), _answers(customer, w)),
            (w("explain.contacts_fcr"), _contacts(customer, w)),
            (w("explain.episodes"), _episodes(customer, w)),
            (w("show.promises"), _promises(customer, w)),
            (w("explain.lists"), _lists(customer, w)),
        ),
    )


def _head(customer: CustomerExplained, w: Wording) -> RenderableType:
    title = Text(visible(customer.customer_key), style="bold")
    title.append(f"  {w('explain.customer')}", style="dim")
    told = [row for row in customer.facts if row["fact"] in ("segment", "product_line")]
    where = [visible(row["text"]) for row in told if row["text"]]
    if customer.state and customer.state["value_tier"]:
        where.append(f"{w('customers.tier')}: {w.name('tier', customer.state['value_tier'])}")
    where.append(w("glance.n_contacts", n=len(customer.contacts)))
    if customer.as_of is not None:
        where.append(w("page.as_of", as_of=w.time(customer.as_of)))
    where.append(w.times_in)
    return Group(title, Text(" · ".join(where), style="dim"))


def _why(customer: CustomerExplained, w: Wording) -> RenderableType | None:
    reasons = customer.state["reasons"] if customer.state else []
    lines = [Text(f"• {visible(w.customer_reason(reason))}") for reason in reasons]
    return Group(*lines) if lines else None


def _loyalty(customer: CustomerExplained, w: Wording) -> RenderableType:
    state = customer.state
    if state is None:
        return Text(w("explain.no_record"), style="dim")
    facts: list[tuple[str, str]] = []
    for name in ("satisfaction_index", "attitudinal_index", "behavioural_index", "loyalty_index"):
        value = w("word.unknown") if state[name] is None else w.value(state[name], "points")
        facts.append((w(f"explain.{name}"), value))
    facts.append((w("explain.quadrant"), _quadrant(state, w)))
    held = state["locked_in"]
    facts.append((w("explain.locked_in"), w("word.unknown") if held is None else w("word.yes" if held else "word.no")))
    risk = state["at_risk_probability"]
    known = w("explain.no_risk") if risk is None else w.value(risk, "share")
    facts.append((w("explain.risk", n=state["horizon_days"]), known))
    return Group(
        facts_grid(facts), Text(w("explain.loyalty_note", definition=visible(state["definition"])), style="dim")
    )


def _quadrant(state: Row, w: Wording) -> str:
    if state["quadrant"] is not None:
        return w(f"explain.quadrant_{state['quadrant']}")
    both = state["satisfaction_index"] is not None and state["loyalty_index"] is not None
    return w("explain.quadrant_open" if both else "explain.quadrant_unknown")


def _facts(customer: CustomerExplained, w: Wording) -> RenderableType | None:
    rows = [
        (w.name("fact", row["fact"]), _value(row, w), "" if row["points"] is None else w.value(row["points"], "points"),
         "" if row["side"] is None else w(f"explain.{row['side']}"), w.on(row["as_of"]),
         w.on(row["known_at"]))
        for row in customer.facts
    ]  # fmt: skip
    heads = [(w("explain.fact"), "left"), (w("show.value"), "right"), ("0–100", "right"),
             *((w(f"explain.{name}"), "left") for name in ("counts_as", "holds_for", "known_since"))]  # fmt: skip
    return listing(heads, rows)


def _value(row: Row, w: Wording) -> str:
    if row["text"] is not None:
        return w.name("tier", row["text"]) if row["fact"] == "tier" else str(row["text"])
    if row["time"] is not None:
        return w.on(row["time"])
    if row["fact"] in ("may_contact", "churned", "locked_in"):
        return w("word.yes" if row["number"] >= 0.5 else "word.no")
    return w.decimal(row["number"], 0 if float(row["number"]).is_integer() else 2)


def _readings(customer: CustomerExplained, w: Wording) -> RenderableType | None:
    rows = [
        (w.on(row["at"]), row["interaction_id"] or "", w("explain.told" if row["told"] else "explain.read"),
         w.value(row["value"], "points"), w.decimal(row["weight"], 2))
        for row in customer.readings
    ]  # fmt: skip
    heads = [(w("show.when"), "left"), (w("show.contact"), "left"), (w("explain.source"), "left"),
             (w("explain.satisfaction_index"), "right"), (w("show.weight"), "right")]  # fmt: skip
    table = listing(heads, rows)
    note = w("explain.readings_note", days=w.decimal(customer.halflife_days, 0))
    return None if table is None else Group(Text(note, style="dim"), table)


def _answers(customer: CustomerExplained, w: Wording) -> RenderableType | None:
    rows = []
    for row in customer.answers:
        known = row["scale_min"] is not None and row["scale_max"] is not None
        scale = f"{_plain(row['scale_min'], w)}–{_plain(row['scale_max'], w)}" if known else w("explain.no_scale")
        good = w("explain.no_direction") if row["good"] is None else w.value(row["good"], "share")
        when = "" if row["answered_at"] is None else w.on(row["answered_at"])
        rows.append(
            (
                w.name("survey_item", row["item"]),
                _plain(row["answer"], w),
                scale,
                good,
                when,
                row["interaction_id"] or "",
            )
        )
    heads = [(w("explain.item"), "left"), (w("explain.answer"), "right"), (w("explain.scale"), "left"),
             (w("explain.good"), "right"), (w("show.when"), "left"), (w("show.contact"), "left")]  # fmt: skip
    return listing(heads, rows)


def _plain(number: float, w: Wording) -> str:
    return w.decimal(number, 0 if float(number).is_integer() else 1)


def _contacts(customer: CustomerExplained, w: Wording) -> RenderableType:
    if not customer.contacts:
        return Text(w("explain.no_contacts"), style="dim")
    rows = []
    for row in customer.contacts:
        probability = "" if row["fcr_probability"] is None else w.value(row["fcr_probability"], "share")
        score = "" if row["experience_score"] is None else w.value(row["experience_score"], "points")
        felt = "" if row["sentiment_end"] is None else w.value(row["sentiment_end"], "feeling")
        status = "" if row["fcr_status"] is None else w.name("fcr", row["fcr_status"])
        rows.append((w.day(row["day"]), row["interaction_id"], w.name("channel", row["channel"]),
                     w.name("reason", row["reason"]), w.name("resolution", row["resolution"]), status, probability,
                     f"{score}{'' if row['is_final'] else ' *'}", felt))  # fmt: skip
    heads = [*((w(f"show.{name}"), "left") for name in ("when", "contact", "channel", "reason", "resolution")),
             (w("explain.fcr"), "left"), (w("explain.solved"), "right"), (w("explain.score"), "right"),
             (w("show.feeling"), "right")]  # fmt: skip
    counted = customer.first_contacts
    said = (
        w(
            "explain.fcr_sum",
            n=counted,
            resolved=w.decimal(customer.resolved, 1),
            share=w.value(customer.resolved, "share"),
        )
        if counted
        else w("explain.fcr_none")
    )
    parts: list[RenderableType | None] = [Text(said), listing(heads, rows)]
    if any(not row["is_final"] for row in customer.contacts):
        parts.append(Text(w("explain.star"), style="dim"))
    return Group(*(part for part in parts if part is not None))


def _episodes(customer: CustomerExplained, w: Wording) -> RenderableType | None:
    rows = [
        (w.name("reason", row["reason"]), w.count(row["contacts"]),
         ", ".join(w.name("channel", channel) for channel in row["channels"]),
         f"{w.on(row['started_at'])} – {w.on(row['ended_at'])}",
         w.value(row["link_probability"], "share"), row["first_interaction_id"])
        for row in customer.episodes
    ]  # fmt: skip
    heads = [(w("show.reason"), "left"), (w("word.contacts"), "right"), (w("explain.channels"), "left"),
             (w("explain.span"), "left"), (w("explain.linked"), "right"), (w("explain.first"), "left")]  # fmt: skip
    return listing(heads, rows)


def _promises(customer: CustomerExplained, w: Wording) -> RenderableType | None:
    rows = [
        (w.day(row["day"]), row["interaction_id"], place(row["turn"]),
         "" if row["promised_by"] is None else w.on(row["promised_by"]), w(f"promises.{row['status']}"),
         row["evidence_interaction_id"] or "", w.value(row["probability"], "share"))
        for row in customer.promises
    ]  # fmt: skip
    heads = [(w("show.when"), "left"), (w("show.contact"), "left"), (w("show.turn"), "right"), (w("show.due"), "left"),
             (w("show.status"), "left"), (w("show.evidence"), "left"), (w("explain.is_promise"), "right")]  # fmt: skip
    return listing(heads, rows)


def _lists(customer: CustomerExplained, w: Wording) -> RenderableType:
    lines = []
    for row in customer.lists:
        lines.append(
            Text(f"• {w('explain.on_' + row['list']) if row['list'] in ('at_risk', 'thank') else row['list']}")
        )
        if row["held_out"]:
            lines.append(Text(f"  {w('explain.held_out')}", style="dim"))
    for row in customer.initiatives:
        what = w("explain.left_alone") if row["held_out"] else visible(row["kind"])
        lines.append(Text(f"• {w.on(row['done_at'])}: {what} ({visible(row['list'])})"))
    if not customer.lists:
        may = next((row["number"] for row in customer.facts if row["fact"] == "may_contact"), None)
        said = "may_not" if may is None else "on_no_list" if may >= 0.5 else "may_not_contact"
        lines.append(Text(w(f"explain.{said}"), style="dim"))
    return Group(*lines)
