"""The parts of a vCon that are read, under their names of all versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

Indexes = int | str | list[Any] | None


class Party(msgspec.Struct, frozen=True):
    """Somebody who takes part, named by number, by address or not at all."""

    tel: str | int | None = None
    mailto: str | None = None
    sip: str | None = None
    did: str | None = None
    uuid: str | None = None
    id: str | int | None = None
    name: str | None = None
    type: str | None = None
    role: str | None = None  # of the contact center extension
    meta: Any = None  # of vcon-server: {"role": …}


class PartyEvent(msgspec.Struct, frozen=True):
    """What a party did, and when."""

    party: int | None = None
    time: str | None = None
    event: str | None = None


class Dialog(msgspec.Struct, frozen=True):
    """One recording, message or transfer. ``duration`` is in seconds."""

    type: str | None = None
    start: str | int | float | None = None
    duration: float | str | None = None
    parties: Indexes = None
    originator: int | None = None
    mediatype: str | None = None
    mimetype: str | None = None  # 0.0.1
    body: Any = None
    encoding: str | None = None
    url: str | None = None
    disposition: str | None = None
    party_history: list[PartyEvent] | None = None
    application: str | None = None
    campaign: str | None = None
    interaction_type: str | None = None
    interaction_id: str | int | None = None
    skill: str | None = None
    meta: Any = None

    @property
    def party_indexes(self) -> list[int]:
        return list(_flat(self.parties))

    @property
    def media(self) -> str:
        """Its media type without parameters, lower case."""
        return (self.mediatype or self.mimetype or "").partition(";")[0].strip().casefold()


class Analysis(msgspec.Struct, frozen=True):
    """What somebody made of one or several dialogs; the first transcripts of WTF were attachments."""

    type: str | None = None
    purpose: str | None = None  # of attachments
    dialog: Indexes = None
    vendor: str | None = None
    body: Any = None
    encoding: str | None = None

    @property
    def dialog_indexes(self) -> list[int]:
        return list(_flat(self.dialog))


class Vcon(msgspec.Struct, frozen=True):
    """A whole vCon. Lists may be null or missing; redacted ones hold empty objects."""

    uuid: str | None = None
    vcon: str | float | None = None
    created_at: str | int | float | None = None
    updated_at: str | int | float | None = None
    subject: str | None = None
    extensions: Any = None
    critical: Any = None
    must_support: Any = None
    redacted: Any = None
    amended: Any = None
    appended: Any = None
    group: Any = None
    meta: Any = None
    told_parties: list[Party] | None = msgspec.field(default=None, name="parties")
    told_dialog: list[Dialog] | None = msgspec.field(default=None, name="dialog")
    told_analysis: list[Analysis] | None = msgspec.field(default=None, name="analysis")
    attachments: Any = None

    @property
    def parties(self) -> list[Party]:
        return self.told_parties or []

    @property
    def dialog(self) -> list[Dialog]:
        return self.told_dialog or []

    @property
    def analysis(self) -> list[Analysis]:
        return self.told_analysis or []


def _flat(indexes: Any, depth: int = 3) -> Iterator[int]:
    """Numbers of a reference: one, a list, or a list a channel. What is no number points nowhere."""
    if isinstance(indexes, list) and depth:
        for index in indexes:
            yield from _flat(index, depth - 1)
    elif isinstance(indexes, str) and indexes.isdecimal() and len(indexes) < 6:
        yield int(indexes)
    elif indexes is not None:
        yield indexes if isinstance(indexes, int) and not isinstance(indexes, bool) else -1
