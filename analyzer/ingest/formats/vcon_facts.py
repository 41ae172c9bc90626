"""What a vCon says of its contact beside the words: who, when, over what, which way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from analyzer.ingest.formats.vcon_pieces import time_of
from analyzer.ingest.formats.vcon_records import Dialog, Party, PartyEvent, Vcon
from analyzer.ingest.formats.vcon_times import moment_of
from analyzer.ingest.raw import Facts, RawTurn, ReadContext, Value
from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.roles import role_of_label
from analyzer.ingest.values import CHANNEL_WORDS, DIRECTION_WORDS
from analyzer.records import Speaker

_ROLES: Final[Mapping[str, Speaker]] = {
    "customer": "customer", "agent": "agent", "supervisor": "agent", "sme": "agent", "ai": "bot", "bot": "bot",
    "thirdparty": "system", "other": "system",
}  # fmt: skip


def party_role(party: Party) -> Speaker | None:
    """Role by the contact center extension, by vcon-server's ``meta``, by type, or where the name says it."""
    told = party.role or _text(_get(party.meta, "role")) or ""
    role = _ROLES.get(told.strip().casefold()) or role_of_label(told)
    if role in (None, "agent") and (party.type or "").strip().casefold() == "bot":
        return "bot"
    return role or role_of_label(party.name or "")


def duration_of(dialog: Dialog, number: int) -> float | None:
    """Seconds that a dialog lasted, told as a number, a text or "PT21S"; raises ``bad_number`` for others."""
    try:
        seconds = time_of(dialog.duration, 1.0)
    except Refused as refusal:
        raise Refused("bad_number", f"Duration of dialog {number}.") from refusal
    if seconds is not None and not (isinstance(seconds, float) and 0 <= seconds < 1e8):
        raise Refused("bad_number", f"Duration of dialog {number}.")
    return seconds


def agent_key(party: Party) -> str | None:
    """What identifies an agent over contacts; a name alone does not."""
    return _bare(party.mailto) or _bare(party.sip) or _bare(party.uuid) or _bare(party.id) or _bare(party.tel)


def facts_of(
    vcon: Vcon, roles: Sequence[Speaker | None], turns: Sequence[RawTurn], started_at: datetime | None,
    language: str | None, context: ReadContext,
) -> Facts:  # fmt: skip
    customers = [party for party, role in zip(vcon.parties, roles, strict=True) if role == "customer"]
    agents = [party for party, role in zip(vcon.parties, roles, strict=True) if role == "agent"]
    transfers = sum(dialog.type == "transfer" for dialog in vcon.dialog)
    return Facts(
        updated_at=moment_of(vcon.updated_at, vcon, context, "updated_at"),
        started_at=started_at,
        ended_at=_ended_at(vcon, started_at, turns),
        channel=_channel(vcon),
        direction=_direction(vcon, roles),
        language=language,
        customer_id=_customer_key(customers[0]) if len(customers) == 1 else None,
        agent_id=agent_key(agents[0]) if len(agents) == 1 else None,
        queue=_first(vcon, lambda dialog: dialog.skill),
        chain_id=_first(vcon, lambda dialog: dialog.interaction_id),
        disposition=_first(vcon, _disposition),
        hold_s=_hold_s(vcon),
        transfers=transfers or None,
    )


def _customer_key(party: Party) -> str | None:
    return _bare(party.tel) or _bare(party.mailto) or _bare(party.sip) or _bare(party.did) or _bare(party.uuid)


def _channel(vcon: Vcon) -> Value:
    """Voice where anything was recorded or transcribed, else by the application or the kind of text."""
    spoken = any(dialog.type in ("recording", "recording-set") for dialog in vcon.dialog)
    written = [dialog for dialog in vcon.dialog if dialog.type == "text" and dialog.body]
    for dialog in vcon.dialog:
        for word in (dialog.interaction_type, dialog.application):
            if channel := CHANNEL_WORDS.get((word or "").strip().casefold().replace("-", "_")):
                return channel
    if spoken or not written:
        return "voice"
    return "email" if any(dialog.media.startswith(("message/", "multipart/")) for dialog in written) else "chat"


def _direction(vcon: Vcon, roles: Sequence[Speaker | None]) -> Value:
    """As vcon-server's ``meta`` says; else who began a call that names its originator."""
    for meta in (vcon.meta, *(dialog.meta for dialog in vcon.dialog)):
        word = _text(_get(meta, "direction"))
        if word and (direction := DIRECTION_WORDS.get(word.strip().casefold())):
            return direction
    for dialog in vcon.dialog:
        if dialog.type == "recording" and dialog.originator is not None:
            return {"customer": "inbound", "agent": "outbound"}.get(roles[dialog.originator] or "")
    return None


def _ended_at(vcon: Vcon, started_at: datetime | None, turns: Sequence[RawTurn]) -> Value:
    """The end of a single recording, where it does not contradict its turns."""
    told = [dialog for dialog in vcon.dialog if dialog.type != "transfer"]
    duration = duration_of(told[0], 0) if len(told) == 1 else None
    if started_at is None or not duration:
        return None
    last = max((turn.end_ms or turn.start_ms or 0 for turn in turns), default=0)
    return started_at + timedelta(seconds=max(duration, last / 1000))


def _hold_s(vcon: Vcon) -> float | None:
    """Seconds on hold by the history of the parties, ``None`` where it tells of none."""
    held = 0.0
    told = False
    for dialog in vcon.dialog:
        events: dict[int | None, list[PartyEvent]] = {}
        for event in dialog.party_history or ():
            if event.event in ("hold", "unhold"):
                events.setdefault(event.party, []).append(event)
        for of_party in events.values():
            for before, after in pairwise(of_party):
                began, ended = _parsed(before.time), _parsed(after.time)
                if (before.event, after.event) == ("hold", "unhold") and began and ended and ended >= began:
                    told, held = True, held + (ended - began).total_seconds()
    return held if told else None


def _parsed(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # of a pair, only their distance is used


def _disposition(dialog: Dialog) -> str | None:
    return dialog.disposition or _text(_get(dialog.meta, "disposition"))


def _first(vcon: Vcon, told: Any) -> str | None:
    return next((str(value) for dialog in vcon.dialog if (value := told(dialog))), None)


def _get(mapping: Any, key: str) -> Any:
    return mapping.get(key) if isinstance(mapping, Mapping) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _bare(value: str | int | None) -> str | None:
    """An address without its scheme."""
    text = "" if value is None else str(value).strip()
    for scheme in ("tel:", "mailto:", "sip:", "sips:", "urn:uuid:"):
        text = text.removeprefix(scheme)
    return text or None
