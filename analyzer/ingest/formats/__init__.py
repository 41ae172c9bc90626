"""The readers, one file each, in one visible table.

A format is a file with ``recognise`` and ``read`` and one line in ``FORMATS``. The most probable reader takes a file;
equal ones in this order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from analyzer.ingest.formats import (
    azure_conversations,
    azure_speech,
    bedrock_data_automation,
    contact_lens,
    convokit,
    freshdesk,
    genesys_cloud,
    google_ccai_export,
    google_ccai_ingest,
    google_speech,
    intercom,
    liveperson,
    native_jsonl,
    plain_text,
    post_call_analytics,
    qualtrics_csv,
    salesforce_entries,
    srt,
    table_csv,
    table_parquet,
    transcribe_call_analytics,
    twilio_intelligence,
    vcon,
    verint,
    webvtt,
    whisperx,
    zendesk_chat,
    zendesk_tickets,
)
from analyzer.ingest.formats.base import RECOGNISED_FROM, Format, Guess, Read

FORMATS: Final[Mapping[str, Format]] = {
    reader.name: reader
    for reader in (
        native_jsonl.FORMAT,
        genesys_cloud.FORMAT,
        contact_lens.FORMAT,
        transcribe_call_analytics.FORMAT,
        post_call_analytics.FORMAT,
        bedrock_data_automation.FORMAT,
        google_ccai_ingest.FORMAT,
        google_ccai_export.FORMAT,
        google_speech.FORMAT,
        table_parquet.FORMAT,
        table_csv.FORMAT,
        plain_text.FORMAT,
        webvtt.FORMAT,
        srt.FORMAT,
        vcon.FORMAT,
        whisperx.FORMAT,
        verint.FORMAT,
        convokit.FORMAT,
        qualtrics_csv.FORMAT,
        azure_conversations.FORMAT,
        azure_speech.FORMAT,
        freshdesk.FORMAT,
        intercom.FORMAT,
        liveperson.FORMAT,
        salesforce_entries.FORMAT,
        twilio_intelligence.FORMAT,
        zendesk_chat.FORMAT,
        zendesk_tickets.FORMAT,
    )
}

__all__ = ["FORMATS", "RECOGNISED_FROM", "Format", "Guess", "Read", "guesses"]


def guesses(head: bytes, name: str) -> list[tuple[Format, Guess]]:
    """Every format with how probable it is and why, most probable first."""
    told = [(format_, format_.recognise(head, name)) for format_ in FORMATS.values()]
    return sorted(told, key=lambda pair: -pair[1].probability)
