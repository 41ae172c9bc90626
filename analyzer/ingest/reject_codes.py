"""Why a record was rejected: the stable codes, what each means and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final


@dataclass(frozen=True, slots=True)
class RejectCode:
    code: str
    meaning: str
    advice: str


REJECT_CODES: Final[Mapping[str, RejectCode]] = {
    code: RejectCode(code, meaning, advice)
    for code, meaning, advice in (
        # files
        ("unreadable_file", "The file cannot be opened or read.", "Check that it exists and may be read."),
        ("unknown_format", "The content is no known transcript format.", "`analyzer formats` lists what is read."),
        ("unsupported_format", "A known kind of file that is not read as it is.", "Unpack or convert it first."),
        ("truncated", "The file ends early.", "Fetch it again; what came before the break was read."),
        ("broken_archive", "The archive or compressed data is damaged.", "Fetch it again."),
        ("encrypted", "The archive member is encrypted.", "Decrypt it first."),
        ("nested_archive", "An archive within an archive.", "Unpack the outer archive first."),
        ("too_large", "Unpacks to more than ingest.max_member_bytes.", "Split it or raise the limit."),
        ("too_compressed", "Unpacks to more than ingest.max_ratio times its size.", "Look at its source: a bomb?"),
        ("too_many_members", "The archive holds more than ingest.max_members files.", "Split it or raise the limit."),
        ("encoding", "Neither UTF-8 nor ingest.encoding.", "Set ingest.encoding to what the source writes."),
        # records
        ("line_too_long", "A record is longer than ingest.max_line_bytes.", "Look at its source or raise the limit."),
        ("bad_json", "Not valid JSON.", "Look at the record in quarantine; perhaps it was cut off."),
        ("not_an_object", "JSON, but not an object.", "One conversation is one JSON object."),
        ("too_deep", "JSON nested too deeply.", "No transcript looks like this; look at its source."),
        ("missing_field", "A required field is missing.", "interaction_id, turns, speaker and text are."),
        ("wrong_type", "A field has the wrong type.", "Compare the field with the native format."),
        ("bad_csv", "The row cannot be read as CSV.", "Check quotes and delimiters."),
        ("bad_parquet", "The Parquet file cannot be read.", "Write it again."),
        ("column_count", "The row has more or fewer cells than the header.", "Check quotes and delimiters."),
        ("missing_column", "A column that is needed is missing.", "Name it in ingest.mapping or ingest.constants."),
        ("conflicting_rows", "Rows of one contact contradict each other.", "Check the ids and constants."),
        ("rows_scattered", "Too many contacts' rows are interleaved to hold them all.", "Sort by interaction_id."),
        ("bad_cues", "Not valid WebVTT or SRT.", "Look at the file in quarantine; perhaps it was cut off."),
        ("bad_reference", "An index points at no party or dialog.", "Write the file again."),
        ("given_up", "100,000 of its records in a row were rejected; the rest was not read.", "Mend it, run it again."),
        ("reader_failed", "The program itself failed on it.", "Report the place named here; it holds no words."),
        ("vcon_signed", "A signed vCon (JWS).", "Check its signature and unwrap the payload first."),
        ("vcon_encrypted", "An encrypted vCon (JWE).", "Decrypt it first."),
        ("vcon_critical", "The vCon relies on an extension unknown here.", "Ask its source for a plain one."),
        # content
        ("no_id", "interaction_id is empty.", "Every contact needs one."),
        ("bad_id", "An id holds control characters, none that can be seen, or over 1,000.", "Check the id columns."),
        ("no_turns", "No turn holds any text.", "An empty conversation cannot be read."),
        ("unknown_role", "A speaker is neither customer, agent, bot nor system.", "Name roles as one of these."),
        ("roles_unclear", "Who is the agent cannot be told.", "Name roles, or lower ingest.min_role_probability."),
        ("turn_times", "A turn's times are negative, reversed or out of range.", "They are ms from the start."),
        ("unreadable_time", "A time cannot be read.", "Write times as 2026-11-20T09:12:00+01:00."),
        ("implausible_time", "A time lies before 1990.", "Check the unit of the time."),
        ("future_time", "A time lies in the future.", "Check the clock and time zone of the source."),
        ("ends_before_start", "ended_at lies before started_at.", "Check both times and their zones."),
        ("unknown_channel", "The channel is unknown.", "One of voice, chat, email, messaging, social."),
        ("unknown_direction", "The direction is unknown.", "One of inbound, outbound, internal."),
        ("bad_number", "A number cannot be read or is out of range.", "Check the field's unit and decimals."),
        ("bad_boolean", "A yes/no field cannot be read.", "Write true or false."),
        ("csat_scale", "csat_scale is no range, or csat lies outside it.", "Write it as [1, 5]."),
        ("metadata_conflict", "--metadata holds contradictory rows for this contact.", "Keep one row a contact."),
        ("no_consent", "consent_recording is false.", "Nothing of it was kept; leave such contacts out of the dump."),
    )
}  # fmt: skip


class Refused(Exception):
    """Ends the reading of one record or stream; always becomes a Reject. ``detail`` never holds transcript text."""

    def __init__(self, code: str, detail: str = "", raw: bytes = b"") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.raw = raw


@lru_cache(maxsize=1024)
def reject_message(code: str, detail: str = "") -> str:
    """What is wrong and what to do, in two sentences."""
    entry = REJECT_CODES[code]
    return f"{entry.meaning} {detail + ' ' if detail else ''}{entry.advice}"
