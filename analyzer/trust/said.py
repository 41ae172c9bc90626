"""Certificates and lists as the terminal shows them, in German or English."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from analyzer.publish.wording import Wording
from analyzer.trust.audit import Event
from analyzer.trust.certificate import Certificate
from analyzer.trust.given_out import latest_copies
from analyzer.trust.retain import Retained

_WIDTH = 100


def certificate_lines(told: Certificate, w: Wording) -> list[str]:
    """What was removed and where, how much was searched, what stays, and where copies may lie."""
    lines = [w("forget.would") if told.dry_run else w(f"forget.done_{told.kind}")]
    if not told.dry_run:
        lines += _wrapped(w("forget.reference", reference=told.reference, at=f"{told.at:%Y-%m-%d %H:%M}"))
    lines += ["", *(f"  {line}" for line in _removed(told, w)), ""]
    if not told.dry_run:
        counts = {"files": told.searched.files, "bytes": told.searched.bytes, "unpacked": told.searched.unpacked}
        lines += _wrapped(w("forget.searched", **counts))
        lines += [*_wrapped(w("forget.returns")), *_wrapped(w("forget.stays"))]
    if told.given_out:
        lines += _wrapped(w("forget.given_out"))
        lines += [f"  {deed.at:%Y-%m-%d %H:%M}  {deed.detail.get('to', '')}" for deed in latest_copies(told.given_out)]
    lines += _wrapped(w("forget.backups"))
    return [*lines, w("forget.next")] if told.dry_run else lines


def _removed(told: Certificate, w: Wording) -> Iterator[str]:
    yield w(f"forget.contacts_{told.kind}", n=told.contacts)
    for name, n in told.rows.items():
        yield w("forget.row", n=n, table=w.name("table", name))
    for name, n in sorted(told.review_rows.items()):
        yield w("forget.review_row", n=n, table=w.name("table", name))
    if told.quarantined:
        yield from _wrapped(w("forget.quarantined", n=told.quarantined))
    if not told.dry_run:
        yield w("forget.working", n=told.working_files)


def retained_lines(told: Retained, w: Wording) -> list[str]:
    """What was too old, and what stays."""
    day, agents_day = w.day(told.contacts_from), w.day(told.agents_from)
    lines = [w("retain.would" if told.dry_run else "retain.done"), ""]
    items = [w("retain.contacts", n=told.contacts, day=day), w("retain.agents", day=agents_day)]
    if told.threads:
        items.append(w("retain.threads", n=told.threads))
    items += [w("forget.row", n=n, table=w.name("table", name)) for name, n in told.rows.items()]
    items += [w("forget.review_row", n=n, table=w.name("table", name)) for name, n in sorted(told.review_rows.items())]
    lines += [f"  {line}" for item in items for line in _wrapped(item)]
    lines += ["", *_wrapped(w("retain.stays"))]
    return [*lines, w("forget.next")] if told.dry_run else lines


def audit_lines(events: Sequence[Event], w: Wording) -> list[str]:
    """A line an event: when, where it is on record, who, what."""
    if not events:
        return [w("audit.nothing")]
    who = max(len(event.who or w("audit.program")) for event in events)
    kind = max(len(w.name("record", event.record)) for event in events)
    return [
        f"{event.at:%Y-%m-%d %H:%M:%S}  {w.name('record', event.record):<{kind}}  "
        f"{event.who or w('audit.program'):<{who}}  {w.name('action', event.action)}  {_what(event, w)}".rstrip()
        for event in events
    ]


def _what(event: Event, w: Wording) -> str:
    """The object and the facts of an event in a line; of lists how long they are, nothing of what is none."""
    told = [event.what] if event.what else []
    for name, value in event.detail.items():
        shown = sum(value.values()) if isinstance(value, dict) else value
        if shown in (None, "", 0, False):
            continue
        text = w.count(shown) if isinstance(shown, int) else w.name("detail", str(shown)) if name == "kind" else shown
        told.append(f"{w.name('detail', name)} {text}")
    return ", ".join(map(str, told))


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, break_on_hyphens=False)
