"""The page of a contact: its score part by part, first-contact resolution, what was heard, and whom it counts for."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import shorten
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from analyzer.explain.contact import SHOWN_CUES, ContactExplained
from analyzer.explain.parts import Page, facts_grid, listing, points_bar, signed
from analyzer.publish.terminal import heard_style, place, visible
from analyzer.publish.wording import Wording

Row = dict[str, Any]
SHOWN_WORDS: Final = 300  # characters of an opening
UNJUDGED: Final = frozenset({"not_first", "not_applicable"})


def contact_page(contact: ContactExplained, w: Wording) -> Page:
    return Page(
        _head(contact, w),
        (
            (w("show.score"), _score(contact, w)),
            (w("show.fcr"), _fcr(contact, w)),
            (w("explain.heard"), _heard(contact, w)),
            (w("show.promises"), _promises(contact, w)),
            (w("show.flags"), _flags(contact, w)),
            (w("explain.counts_for"), _counts_for(contact, w)),
            (w("explain.method"), _method(contact, w)),
        ),
    )


def _head(contact: ContactExplained, w: Wording) -> RenderableType:
    c = contact.contact
    title = Text(visible(c["interaction_id"]), style="bold")
    title.append(f"  {w('show.contact')}", style="dim")
    where = [w.name("channel", c["channel"]), w.name("language", c["language"]), w.time(c["started_at"]), w.times_in]
    facts = [
        (w("show.customer"), c["customer_key"] or w("word.unknown")),
        (w("show.agent"), ", ".join(_agents(contact)) or w("show.no_agent")),
        (w("show.reason"), w.name("reason", c["reason"])),
        (w("show.resolution"), _resolution(c, w)),
    ]
    if c["experience_score"] is not None:
        provisional = "" if c["is_final"] else f" ({w('show.provisional')})"
        facts.append((w("explain.score"), w.value(c["experience_score"], "points") + provisional))
    return Group(title, Text(" · ".join(where), style="dim"), facts_grid(facts))


def _agents(contact: ContactExplained) -> list[str]:
    c = contact.contact
    ids = c["agent_ids"] or ([] if c["agent_id"] is None else [c["agent_id"]])
    return [contact.called[agent] for agent in ids]


def _resolution(c: Row, w: Wording) -> str:
    text = w.name("resolution", c["resolution"])
    if c["resolved_probability"] is None:
        return text
    return w("show.resolved_with", what=text, p=w.value(c["resolved_probability"], "share"))


def _score(contact: ContactExplained, w: Wording) -> RenderableType:
    rows = contact.contributions
    if not rows:
        return Text(w("show.no_score"), style="dim")
    parts = [row for row in rows if row["component"] != "base"]
    most = max((abs(row["points"]) for row in parts), default=0.0)
    cells: list[tuple[str | Text, ...]] = []
    for row in rows:
        base, seen = row["component"] == "base", row["observed"] and row["value"] is not None
        style = "" if seen else "dim"
        way = "" if base else points_way(row, w) if seen else w("show.not_observed")
        points = w.decimal(row["points"], 2, signed=not base)
        bar = Text() if base else points_bar(row["points"], most)
        texts = (w.name("part", row["component"]), way, points)
        cells.append((*(Text(text, style=style) for text in texts), bar))
    total = w.decimal(sum(row["points"] for row in rows), 2)
    cells.append((Text(w("show.sum"), style="bold"), "", Text(total, style="bold"), ""))
    heads = [(w("show.part"), "left"), (w("explain.weighed"), "left"), (w("show.points"), "right"), ("", "left")]
    table = listing(heads, cells)
    return Group(Text(score_in_words(parts, w)), *([] if table is None else [table]))


def points_way(row: Row, w: Wording) -> str:
    """How observed value became points."""
    return f"{w.decimal(row['weight'], 1)} × ({w.decimal(row['value'], 2)} − {w.decimal(row['reference'], 1)})"


def score_in_words(parts: list[Row], w: Wording) -> str:
    """What speaks most for the contact and most against it, and what was not observed."""
    best = max(parts, key=lambda row: row["points"], default=None)
    worst = min(parts, key=lambda row: row["points"], default=None)
    said = []
    for row, key in ((best, "explain.most_for"), (worst, "explain.most_against")):
        if row is not None and (row["points"] > 0) == (row is best) and row["points"] != 0:
            said.append(w(key, part=w.name("part", row["component"]), points=signed(w, row["points"])))
    unseen = [w.name("part", row["component"]) for row in parts if not row["observed"]]
    if unseen:
        said.append(w("explain.unseen", parts=", ".join(unseen)))
    return " ".join(said)


def _fcr(contact: ContactExplained, w: Wording) -> RenderableType | None:
    if not contact.fcr:
        return None
    statuses = {row["status"] for row in contact.fcr}
    if len(statuses) == 1 and statuses <= UNJUDGED:
        return Text(w(f"explain.fcr_{statuses.pop()}"))
    rows = [
        (w(f"glance.{row['matter']}"), w("glance.days", n=row["window_days"]), w.name("fcr", row["status"]),
         "" if row["probability"] is None else w.value(row["probability"], "share"), w(f"show.{row['maturity']}"))
        for row in contact.fcr
    ]  # fmt: skip
    heads = [(w("show.matter"), "left"), (w("show.window"), "left"), (w("show.status"), "left"),
             (w("show.certainty"), "right"), (w("show.over"), "left")]  # fmt: skip
    said = [w(f"explain.fcr_{status}") for status in sorted(statuses - UNJUDGED)]
    following = contact.next_contact
    if following is not None:
        when = w.on(following["started_at"])
        said.append(w("explain.came_back", day=when, id=visible(following["interaction_id"])))
    table = listing(heads, rows)
    return Group(Text(" ".join(said)), *([] if table is None else [table]))


def _heard(contact: ContactExplained, w: Wording) -> RenderableType | None:
    rows = [
        (place(row["turn"]), Text(w.name("label", row["label"]), style="magenta"), w.value(row["probability"], "share"),
         Text.assemble((visible(row["reason"]).replace("\n", " "), heard_style(row["label"]))))
        for row in contact.heard[:SHOWN_CUES]
    ]  # fmt: skip
    heads = [(w("show.turn"), "right"), (w("explain.label"), "left"), (w("show.certainty"), "right"),
             (w("explain.words"), "left")]  # fmt: skip
    table = listing(heads, rows)
    more = len(contact.heard) - SHOWN_CUES
    if table is None or more <= 0:
        return table
    return Group(table, Text(w("explain.more_cues", n=more), style="dim"))


def _promises(contact: ContactExplained, w: Wording) -> RenderableType | None:
    rows = [
        (place(row["turn"]), row["text"], "" if row["promised_by"] is None else w.on(row["promised_by"]),
         w(f"promises.{row['status']}"), row["evidence_interaction_id"] or "")
        for row in contact.promises
    ]  # fmt: skip
    heads = [
        (w("show.turn"), "right"),
        *((w(f"show.{name}"), "left") for name in ("promise", "due", "status", "evidence")),
    ]
    table = listing(heads, rows)
    return None if table is None else Group(table, *_then_said(contact, w))


def _then_said(contact: ContactExplained, w: Wording) -> Iterator[RenderableType]:
    """The words behind each status. A promise of which a part is missing counts as kept or broken like any other."""
    for interaction_id, words in contact.openings.items():
        told = shorten(visible(words), SHOWN_WORDS, placeholder=" …")
        name = w("explain.then_said", id=visible(interaction_id))
        yield Text.assemble((f"{name} ", "dim"), (w("explain.quoted", words=told), "italic"))


def _flags(contact: ContactExplained, w: Wording) -> RenderableType | None:
    rows = [(w.name("rule", row["rule"]), w.explanation(row["rule"], row["explanation"])) for row in contact.flags]
    return listing([(w("show.rule"), "left"), (w("show.explanation"), "left")], rows)


def _counts_for(contact: ContactExplained, w: Wording) -> RenderableType | None:
    rows = [
        (w.name("unit_kind", row["kind"]), _unit(row, contact, w), w.value(row["share"], "share"))
        for row in contact.counts_for
    ]
    heads = [(w("word.unit"), "left"), ("", "left"), (w("explain.part_in"), "right")]
    return listing(heads, rows)


def _unit(row: Row, contact: ContactExplained, w: Wording) -> str:
    if row["kind"] == "channel":
        return w.name("channel", row["unit_id"])
    unit: str = row["unit_id"]
    return contact.called.get(unit, unit) if row["kind"] == "agent" else unit


def _method(contact: ContactExplained, w: Wording) -> RenderableType:
    versions = sorted({visible(row["model_version"]) for row in contact.findings})
    facts = [(w("show.by"), ", ".join(versions) or w("word.unknown")),
             (w("explain.step_basis"), w("explain.contact_basis"))]  # fmt: skip
    if contact.contact["as_of"] is not None:
        facts.append((w("explain.as_of"), w.time(contact.contact["as_of"])))
    return facts_grid(facts)
