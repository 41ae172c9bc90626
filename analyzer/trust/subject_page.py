"""What is held about a person as they can read it, in German or English. Every field is in the JSON beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from analyzer.publish.wording import Wording
from analyzer.trust.given_out import latest_copies
from analyzer.trust.subject import Row, Subject
from analyzer.trust.written import Lines, day_of, heading, indented, noted, printable, value_of

_YES_OR_NO: Final = ("may_contact", "churned", "locked_in")


def page(subject: Subject, w: Wording) -> list[str]:
    """The lines of the answer, without a word of anybody else's; times and days in the zone that ``w`` names."""
    sections = (_contacts, _figures, _facts, _surveys, _estimates, _reviewed, _quarantine, _given_out, _tables)
    lines = list(_head(subject, w))
    for section in sections:
        if told := list(section(subject, w)):
            lines += ["", *told]
    return [printable(part) for line in lines for part in line.splitlines() or [""]]


def _head(subject: Subject, w: Wording) -> Lines:
    title = w(f"subject.title_{subject.person.kind}")
    yield title
    yield "=" * len(title)
    yield f"{w('subject.asked')}: {subject.person.asked}"
    if others := sorted(subject.person.names - {subject.person.asked}):
        yield f"{w('subject.held_under')}: {', '.join(others)}"
    yield f"{w('subject.at')}: {w.time(subject.at)}"
    yield w.times_in
    yield ""
    yield w("subject.why")
    for name, key in (("contacts", "kept_from"), ("agents", "agents_kept_from")):
        if day := subject.limits.get(name):
            yield w(f"subject.{key}", day=w.day(day))
    if subject.is_suppressed:
        yield w("subject.suppressed")
    if subject.is_empty:
        yield w("subject.nothing")


def _contacts(subject: Subject, w: Wording) -> Lines:
    facts = sorted(subject.tables.get("interaction_facts", ()), key=lambda row: row["started_at"])
    if not facts:
        return
    of = {name: _by_contact(subject, name) for name in ("turns", "cues", "flags", "commitments", "outcomes")}
    parts = _by_contact(subject, "interaction_agents")
    yield from heading(w, "subject.contacts", len(facts))
    for fact in facts:
        key = fact["interaction_id"]
        where = [w.name("channel", fact["channel"])]
        where += [w("subject.queue", queue=fact["queue"])] if fact.get("queue") else []
        yield ""
        when = w.time(datetime.fromisoformat(fact["started_at"]))
        yield f"{when} · {' · '.join(where)} · {w('subject.contact', id=key)}"
        yield from _judged(fact, of["outcomes"][key], w)
        yield from indented(w("subject.said"), (_turn(row, w) for row in of["turns"][key]))
        yield from indented(w("subject.heard"), (_cue(row, w) for row in of["cues"][key] if row["found"]))
        yield from indented(w("subject.promised"), (row["text"] for row in of["commitments"][key]))
        yield from indented(w("subject.marked"), (_flag(row, w) for row in of["flags"][key]))
        if subject.person.kind == "agent":
            yield from indented("", (_part(row, w) for row in parts[key]))


def _judged(fact: Row, outcomes: Sequence[Row], w: Wording) -> Lines:
    told = []
    if fact.get("reason"):
        told.append(f"{w('subject.matter')}: {w.name('reason', fact['reason'])}")
    if fact.get("resolution"):
        told.append(f"{w.name('finding', 'resolution')}: {w.name('resolution', fact['resolution'])}")
    for name in ("satisfaction", "effort", "empathy"):
        if fact.get(name) is not None:
            told.append(f"{w.name('finding', name)}: {w.value(fact[name], 'grade')}")
    score = next((row["experience_score"] for row in outcomes if row.get("experience_score") is not None), None)
    if score is not None:
        told.append(w("subject.score", value=w.decimal(score, 0)))
    if told:
        yield f"  {w('subject.judged')}: {'; '.join(told)}"


def _turn(row: Row, w: Wording) -> str:
    return f"{w('subject.speaker_' + row['speaker'])}: {row['text']}"


def _cue(row: Row, w: Wording) -> str:
    return f"{w.name('label', row['label'])} ({w.value(row['probability'], 'share')}): {row['reason']}"


def _flag(row: Row, w: Wording) -> str:
    return f"{w.name('rule', row['rule'])}: {w.explanation(row['rule'], row['explanation'])}"


def _part(row: Row, w: Wording) -> str:
    role = w(f"subject.role_{row['role']}")
    return w("subject.parts", role=role, share=w.value(row["share"], "share"))


def _figures(subject: Subject, w: Wording) -> Lines:
    rows = [row for row in subject.tables.get("unit_scores", ()) if row.get("value") is not None]
    if rows:
        yield from heading(w, "subject.figures", len(rows))
        for row in sorted(rows, key=lambda row: (row["period"], row["measure"])):
            value = w.decimal(row["value"], 2)
            span = f" ({w.decimal(row['low'], 2)} – {w.decimal(row['high'], 2)})" if row["low"] is not None else ""
            standing = f" · {w.name('standing', row['standing'])}" if row.get("standing") else ""
            yield f"  {row['period']} · {w.name('measure', row['measure'])}: {value}{span}; n = {row['n']}{standing}"


def _facts(subject: Subject, w: Wording) -> Lines:
    rows = subject.tables.get("loyalty_records", ())
    if rows:
        yield from heading(w, "subject.facts", len(rows))
        for row in sorted(rows, key=lambda row: (row["as_of"], row["fact"])):
            yield f"  {day_of(row['as_of'], w)} · {w.name('fact', row['fact'])}: {_fact(row, w)}"


def _fact(row: Row, w: Wording) -> str:
    if row["fact"] in _YES_OR_NO and row["number"] is not None:
        return w("subject.yes" if row["number"] else "subject.no")
    if row["fact"] == "tier":
        return w.name("tier", row["text"])
    return value_of(next((row[name] for name in ("text", "time", "number") if row[name] is not None), ""), w)


def _surveys(subject: Subject, w: Wording) -> Lines:
    rows = subject.tables.get("surveys", ())
    if rows:
        yield from heading(w, "subject.surveys", len(rows))
        for row in rows:
            moment = row["answered_at"] or row["invited_at"]
            yield f"  {day_of(moment, w) if moment else ''} · {w.name('item', row['item'])}: {_answer(row, w)}"


def _answer(row: Row, w: Wording) -> str:
    told = []
    if row["answer"] is not None:
        scale = (
            f" ({value_of(row['scale_min'], w)}–{value_of(row['scale_max'], w)})"
            if row["scale_max"] is not None
            else ""
        )
        told.append(f"{value_of(row['answer'], w)}{scale}")
    if row["text"]:
        told.append(w("subject.quoted", text=row["text"]))
    return " · ".join(told)


def _estimates(subject: Subject, w: Wording) -> Lines:
    rows = subject.tables.get("customers", ())
    lists = subject.tables.get("action_lists", ())
    if not rows and not lists:
        return
    yield from heading(w, "subject.estimates", len(rows))
    for row in rows:
        told = []
        for name in ("loyalty", "satisfaction"):
            if row[f"{name}_index"] is not None:
                told.append(w(f"subject.{name}", value=w.decimal(row[f"{name}_index"], 0)))
        if row["at_risk_probability"] is not None:
            risk = w.value(row["at_risk_probability"], "share")
            told.append(w("subject.risk", days=row["horizon_days"], value=risk))
        yield f"  {day_of(row['as_of'], w)}: {'; '.join(told)}"
        yield from (f"    {w.customer_reason(reason)}" for reason in row["reasons"] or ())
    if lists:
        names = ", ".join(sorted({w.name("subject", f"list_{row['list']}") for row in lists}))
        yield f"  {w('subject.lists')}: {names}"


def _reviewed(subject: Subject, w: Wording) -> Lines:
    if not subject.review:
        return
    yield from heading(w, "subject.reviewed", sum(map(len, subject.review.values())))
    for table, rows in sorted(subject.review.items()):
        if table == "audit_log":
            yield f"  {w('subject.log', n=len(rows))}"
            continue
        yield f"  {w.name('table', table)}:"
        for row in rows:
            told = (value for name, value in row.items() if value not in (None, "") and not name.endswith("_hash"))
            yield f"    {' · '.join(noted(value, w) for value in told)}"


def _quarantine(subject: Subject, w: Wording) -> Lines:
    if subject.quarantine:
        yield from heading(w, "subject.quarantine", len(subject.quarantine))
        for row in subject.quarantine:
            yield "  " + w(
                "subject.quarantined", record=row["record"], bytes=row["bytes"], day=day_of(row["kept_until"], w)
            )


def _given_out(subject: Subject, w: Wording) -> Lines:
    if subject.given_out and not subject.is_empty:
        copies = latest_copies(subject.given_out)
        yield from heading(w, "subject.given_out", len(copies))
        for deed in copies:
            yield f"  {w.time(deed.at)} · {deed.detail.get('to', '')}"


def _tables(subject: Subject, w: Wording) -> Lines:
    if subject.is_empty:
        return
    yield from heading(w, "subject.tables", None)
    for name, rows in [
        *subject.tables.items(),
        *((n, r) for n, r in subject.review.items() if n not in subject.tables),
    ]:
        yield f"  {w.count(len(rows)):>7}  {w.name('table', name)}"
    yield w("subject.whole")


def _by_contact(subject: Subject, name: str) -> defaultdict[str, list[Row]]:
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    order: Callable[[Row], Any] = lambda row: row.get("turn") or 0  # noqa: E731
    for row in sorted(subject.tables.get(name, ()), key=order):
        rows[row["interaction_id"]].append(row)
    return rows
