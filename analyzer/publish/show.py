"""One contact for the terminal: what was said, what was heard in which words, and why the score is what it is.

Everything read from the store is shown as text and never parsed as markup (see ``terminal``).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.compute as pc
from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from analyzer.config import PublishSettings
from analyzer.errors import UsageError
from analyzer.publish.agents import AgentPolicy, agent_policy
from analyzer.publish.blind import awaits_audit
from analyzer.publish.reading import Tables, interactions
from analyzer.publish.terminal import add_row, columns, feeling_bar, place, visible, words
from analyzer.publish.wording import Wording, wording

Row = dict[str, Any]

CLOSE_IDS = 3
SHOWN_FROM = 0.05
UNJUDGED = frozenset({"not_first", "not_applicable"})  # the same in every window
SEARCHED_IDS = 50_000
# of the contact itself, what the machine made of it
HEARD = ("reason", "resolution", "resolved_probability", "sentiment_start", "sentiment_end")
SPEAKER_STYLES = {"customer": "bold cyan", "agent": "bold", "bot": "dim", "system": "dim italic"}


@dataclass(frozen=True, slots=True)
class Shown:
    """All rows of one contact, agents as the policy shows them; ``called`` is what people read of one."""

    contact: Row
    rows: dict[str, list[Row]]
    others: list[Row]
    called: Callable[[str | None], str | None]


def render_interaction(
    tables: Tables, interaction_id: str, settings: PublishSettings, zone: ZoneInfo, *, reveal: bool = False
) -> Group:
    """The contact as rich renderables, top to bottom. Raises UsageError for an unknown id, naming close ones.

    Times are of ``zone``, which the second line names. Of a contact whose audit is awaited only what was said is shown,
    unless ``reveal`` is given.
    """
    w = wording(settings.report_language).told_in(zone)
    shown = gather(tables, interaction_id, agent_policy(tables, settings))
    if not reveal and awaits_audit(tables, interaction_id):
        return _blind(shown, w)
    parts: list[RenderableType] = [_header(shown, w)]
    for title, part in (
        ("flags", _flags(shown, w)),
        ("transcript", _transcript(shown, w)),
        ("findings", _findings(shown, w)),
        ("score", _contributions(shown, w)),
        ("fcr", _fcr(shown, w)),
        ("promises", _promises(shown, w)),
        ("others", _others(shown, w)),
    ):
        if part is not None:
            parts += [Text(), Rule(Text(w(f"show.{title}"), style="bold"), align="left", style="dim"), part]
    return Group(*parts)


def _blind(shown: Shown, w: Wording) -> Group:
    """What was said, and that the rest is hidden until the audit is answered."""
    unheard = Shown(
        shown.contact | dict.fromkeys(HEARD),
        shown.rows | {"cues": [], "turns": [turn | {"sentiment": None} for turn in shown.rows["turns"]]},
        [],
        shown.called,
    )
    rule = Rule(Text(w("show.transcript"), style="bold"), align="left", style="dim")
    note = Text(w("show.awaits_audit"), style="bold yellow")
    return Group(_header(unheard, w), Text(), note, Text(), rule, _transcript(unheard, w))


def gather(tables: Tables, interaction_id: str, policy: AgentPolicy) -> Shown:
    """The contact's rows of every table, read from its own day only, and the customer's other contacts."""
    day = _day_of(tables, interaction_id)
    contact = _mine(policy.apply("interactions", interactions(tables, [day])), interaction_id)[0]
    names = ("turns", "cues", "findings", "contributions", "fcr", "commitments", "flags")
    rows = {name: _mine(policy.apply(name, tables.read(name, days=[day])), interaction_id) for name in names}
    return Shown(contact, rows, _other_contacts(tables, contact), policy.called)


def _day_of(tables: Tables, interaction_id: str) -> date:
    known = tables.read("interaction_facts", columns=["interaction_id", "day"])
    found = known.filter(pc.equal(known["interaction_id"], interaction_id))
    if found.num_rows:
        day: date = found["day"][0].as_py()
        return day
    raise UsageError(f"No contact {visible(interaction_id)!r} in this store.", hint=_suggestion(interaction_id, known))


def _suggestion(interaction_id: str, known: Any) -> str:
    ids = known["interaction_id"].slice(0, SEARCHED_IDS).to_pylist()
    if close := difflib.get_close_matches(interaction_id, ids, n=CLOSE_IDS, cutoff=0.5):
        return f"Did you mean {', '.join(visible(one) for one in close)}?"
    return "`analyzer export` lists all ids in interactions." if ids else "The store holds no contacts yet."


def _mine(table: Any, interaction_id: str) -> list[Row]:
    rows: list[Row] = table.filter(pc.equal(table["interaction_id"], interaction_id)).to_pylist()
    return rows


def _other_contacts(tables: Tables, contact: Row) -> list[Row]:
    if contact["customer_key"] is None:
        return []
    columns = ["interaction_id", "customer_key", "channel", "started_at", "reason", "resolution"]
    known = tables.read("interaction_facts", columns=columns)
    theirs = known.filter(pc.equal(known["customer_key"], contact["customer_key"])).to_pylist()
    others = [row for row in theirs if row["interaction_id"] != contact["interaction_id"]]
    return sorted(others, key=lambda row: (row["started_at"], row["interaction_id"]))


def _header(shown: Shown, w: Wording) -> RenderableType:
    c = shown.contact
    title = Text(visible(c["interaction_id"]), style="bold")
    where = [w.name("channel", c["channel"]), w.name("language", c["language"]), w.time(c["started_at"])]
    if c["ended_at"] is not None:
        where.append(w("show.minutes", minutes=w.decimal((c["ended_at"] - c["started_at"]).total_seconds() / 60, 0)))
    where.append(w.times_in)
    called = [shown.called(agent) or "" for agent in c["agent_ids"]]
    agents = ", ".join(called) or shown.called(c["agent_id"]) or w("show.no_agent")
    facts = _grid()
    for key, value in (
        ("customer", c["customer_key"] or w("word.unknown")),
        ("agent", agents),
        ("reason", w.name("reason", c["reason"])),
        ("resolution", _resolution(c, w)),
        ("feeling", _path(c, w)),
    ):
        add_row(facts, Text(w(f"show.{key}"), style="dim"), Text(visible(value)))
    return Group(title, Text(" · ".join(where), style="dim"), facts)


def _resolution(c: Row, w: Wording) -> str:
    if c["resolution"] is None:
        return w("word.unknown")
    text = w.name("resolution", c["resolution"])
    known = c["resolved_probability"] is not None
    return w("show.resolved_with", what=text, p=w.value(c["resolved_probability"], "share")) if known else text


def _path(c: Row, w: Wording) -> str:
    if c["sentiment_start"] is None or c["sentiment_end"] is None:
        return w("word.unknown")
    return f"{w.value(c['sentiment_start'], 'feeling')} → {w.value(c['sentiment_end'], 'feeling')}"


def _transcript(shown: Shown, w: Wording) -> RenderableType:
    table = Table(box=None, padding=(0, 1), show_header=False, expand=True)
    for options in ({"justify": "right", "style": "dim"}, {"justify": "right", "style": "dim"}, {}, {"ratio": 1}, {}):
        table.add_column(**options, no_wrap="ratio" not in options)
    for turn in sorted(shown.rows["turns"], key=lambda row: row["turn"]):
        cues = [cue for cue in shown.rows["cues"] if cue["turn"] == turn["turn"] and cue["found"]]
        several = len(shown.contact["agent_ids"]) > 1 and turn["agent_id"] is not None
        name = shown.called(turn["agent_id"]) or "" if several else w.name("look", turn["speaker"])
        speaker = Text(visible(name), style=SPEAKER_STYLES[turn["speaker"]])
        bar = feeling_bar(turn["sentiment"], w)
        add_row(table, place(turn["turn"]), _clock(turn["start_ms"]), speaker, words(turn, cues, w), bar)
    return table


def _findings(shown: Shown, w: Wording) -> RenderableType | None:
    """Likeliest first; classes that are hardly possible are left out."""
    rows = [row for row in shown.rows["findings"] if row["probability"] is None or row["probability"] >= SHOWN_FROM]
    rows.sort(key=_likeliest)
    table = columns(w, "finding", "value", "interval", "certainty")
    for row in rows:
        value = visible(_value(row, w))
        value = f"{value} ({w('show.abstained')})" if row["abstained"] else value
        span = (
            w.interval(row["low"], row["high"], "number") if row["low"] is not None and row["high"] is not None else ""
        )
        certainty = "" if row["probability"] is None else w.value(row["probability"], "share")
        add_row(table, w.name("finding", row["name"]), Text(value, style=_dim_if(row["abstained"])), span, certainty)
    versions = sorted({visible(row["model_version"]) for row in shown.rows["findings"]})
    return Group(table, Text(f"{w('show.by')} {', '.join(versions)}", style="dim")) if rows else None


def _likeliest(row: Row) -> tuple[str, float, float, str]:
    """Opportunities, which have no probability, by the turn they stand in."""
    turn = row["number"] if row["name"] == "opportunity" and row["number"] is not None else 0.0
    return row["name"], -(row["probability"] or 0.0), turn, row["value"]


def _value(row: Row, w: Wording) -> str:
    """What a finding says, in words; an opportunity as it was met and in which turn."""
    if row["name"] == "opportunity" and row["number"] is not None:
        return w(
            "show.opportunity", what=w.name("opportunity", row["value"].split()[0]), turn=place(int(row["number"]))
        )
    if row["number"] is not None:
        return w.decimal(row["number"], 2)
    return w.name(row["name"], row["value"])


def _contributions(shown: Shown, w: Wording) -> RenderableType | None:
    """The parts of the score and their sum, which is the score."""
    places = {name.removeprefix("part."): place for place, name in enumerate(w.texts)}
    rows = sorted(
        shown.rows["contributions"], key=lambda row: (places.get(row["component"], len(places)), row["component"])
    )
    if not rows:
        return Text(w("show.no_score"), style="dim")
    table = columns(w, "part", "observed", "reference", "weight", "points")
    for row in rows:
        seen = row["observed"] and row["value"] is not None
        observed = w.decimal(row["value"], 2) if seen else w("show.not_observed")
        points = w.decimal(row["points"], 2, signed=row["component"] != "base")
        style = _dim_if(not seen)
        add_row(table, Text(w.name("part", row["component"]), style=style), Text(observed, style=style),
                      w.decimal(row["reference"], 2), w.decimal(row["weight"], 2), points)  # fmt: skip
    total = sum(row["points"] for row in rows)
    table.add_section()
    provisional = "" if shown.contact["is_final"] else f" ({w('show.provisional')})"
    add_row(table, Text(w("show.sum") + provisional, style="bold"), "", "", "", Text(w.decimal(total, 2), style="bold"))
    return table


def _fcr(shown: Shown, w: Wording) -> RenderableType | None:
    rows = sorted(shown.rows["fcr"], key=lambda row: (row["matter"] != "same", row["window_days"]))
    statuses = {row["status"] for row in rows}
    if len(statuses) == 1 and statuses <= UNJUDGED:
        return Text(w.name("fcr", statuses.pop()))
    table = columns(w, "matter", "window", "status", "certainty", "over")
    for row in rows:
        probability = "" if row["probability"] is None else w.value(row["probability"], "share")
        add_row(table, w(f"glance.{row['matter']}"), w("glance.days", n=row["window_days"]),
                      w.name("fcr", row["status"]), probability, w(f"show.{row['maturity']}"))  # fmt: skip
    return table if rows else None


def _promises(shown: Shown, w: Wording) -> RenderableType | None:
    table = columns(w, "turn", "promise", "due", "status", "evidence")
    for row in sorted(shown.rows["commitments"], key=lambda row: row["turn"]):
        due = "" if row["promised_by"] is None else w.on(row["promised_by"])
        evidence = visible(row["evidence_interaction_id"] or "")
        add_row(
            table, place(row["turn"]), Text(visible(row["text"])), due, w(f"promises.{row['status']}"), Text(evidence)
        )
    return table if table.row_count else None


def _flags(shown: Shown, w: Wording) -> RenderableType | None:
    table = columns(w, "severity", "rule", "turn", "explanation")
    for row in sorted(shown.rows["flags"], key=lambda row: (-row["severity"], row["rule"])):
        level = w("section.praise") if row["polarity"] == "praise" else w(f"severity.{row['severity']}")
        explanation = visible(w.explanation(row["rule"], row["explanation"]))
        add_row(table, level, Text(w.name("rule", row["rule"])), place(row["turn"]), Text(explanation))
    return table if table.row_count else None


def _others(shown: Shown, w: Wording) -> RenderableType | None:
    table = columns(w, "when", "contact", "channel", "reason", "resolution")
    c = shown.contact
    for row in shown.others:
        mark = "" if row["interaction_id"] != c["repeat_of"] else f" ← {w('show.same_matter')}"
        reason, resolution = w.name("reason", row["reason"]), w.name("resolution", row["resolution"])
        contact = visible(row["interaction_id"]) + mark
        add_row(table, w.time(row["started_at"]), contact, w.name("channel", row["channel"]), reason, resolution)
    return table if shown.others else None


def _grid() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column()
    return table


def _dim_if(condition: bool) -> str:
    return "dim" if condition else ""


def _clock(start_ms: int | None) -> str:
    return "" if start_ms is None else f"{start_ms // 60000}:{start_ms // 1000 % 60:02d}"
