"""Invented contacts for the tests of this stage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

import msgspec

from analyzer.records import Interaction, Speaker, Turn

VOICES: Mapping[str, Speaker] = {"c": "customer", "a": "agent", "b": "bot", "s": "system"}
OTHER: Mapping[str, Speaker] = {"customer": "agent", "agent": "customer"}


def contact(*lines: str, language: str | None = None, name: str = "x") -> Interaction:
    """A contact of lines like "c:Hello" (c customer, a agent, b bot, s system)."""
    turns = tuple(Turn(VOICES[line[0]], line[2:]) for line in lines)
    return Interaction(
        interaction_id=name, source_id=name, source_uri="", source_format="native", content_hash="",
        day=date(2026, 11, 20), channel="chat", started_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
        started_at_source="record", turns=turns, declared_language=language,
    )  # fmt: skip


def swapped(interaction: Interaction) -> Interaction:
    """The contact with customer and agent interchanged."""
    turns = tuple(
        msgspec.structs.replace(turn, speaker=OTHER.get(turn.speaker, turn.speaker)) for turn in interaction.turns
    )
    return msgspec.structs.replace(interaction, turns=turns)


OPENING = {
    "de": (
        "c:Guten Tag, mein Internet geht seit gestern nicht mehr, ich bin ziemlich genervt.",
        "a:Das tut mir sehr leid, das ist wirklich ärgerlich. Nennen Sie mir bitte Ihre Kundennummer?",
        "c:Die Kundennummer ist [CUSTOMER_1], und erreichen kann man mich unter [PHONE_1].",
    ),
    "en": (
        "c:Hello, my internet has been down since yesterday and I am quite annoyed.",
        "a:I'm so sorry about that, that is really frustrating. Could you give me your customer number please?",
        "c:The customer number is [CUSTOMER_1], and you can reach me on [PHONE_1].",
    ),
}
HELPED = {
    "de": (
        "a:Danke für Ihre Geduld. Ich habe Ihren Anschluss zurückgesetzt. Funktioniert es jetzt?",
        "c:Ja, jetzt läuft alles wieder, super, vielen lieben Dank für die schnelle Hilfe!",
        "a:Sehr gern. Kann ich sonst noch etwas für Sie tun?",
        "c:Nein, das war alles. Sie haben mir wirklich sehr geholfen!",
    ),
    "en": (
        "a:Thank you for your patience. I have reset your connection. Does it work now?",
        "c:Yes, everything is working again, brilliant, thank you so much for the quick help!",
        "a:You're very welcome. Is there anything else I can do for you?",
        "c:No, that was all. You really helped me a lot!",
    ),
}
LEFT_ALONE = {
    "de": (
        "a:Ich kann an der Leitung leider keinen Fehler finden. Einen Techniker kann ich Ihnen nicht anbieten.",
        "c:Das darf nicht wahr sein, mein Internet geht immer noch nicht! Das ist der schlechteste Service überhaupt.",
        "a:Ich bedaure das sehr. Kann ich sonst noch etwas für Sie tun?",
        "c:Nein, das war es. Sie waren keine Hilfe.",
    ),
    "en": (
        "a:I'm afraid I cannot find any fault on your line. I am not able to send a technician.",
        "c:That cannot be true, my internet still does not work! This is the worst service I have ever had.",
        "a:I am very sorry. Is there anything else I can do for you?",
        "c:No, that was all. You were no help.",
    ),
}
SOLVED = {code: contact(*OPENING[code], *HELPED[code], name=f"{code}-solved") for code in ("de", "en")}
UNSOLVED = {code: contact(*OPENING[code], *LEFT_ALONE[code], name=f"{code}-unsolved") for code in ("de", "en")}

FRENCH = contact(
    "c:Bonjour, je n'ai toujours pas reçu ma commande et je suis très déçu de votre service.",
    "a:Je suis désolé, je regarde tout de suite votre dossier.",
    name="french",
)
BOT_ONLY = contact(
    "b:Willkommen, bitte drücken Sie die 1, wenn Sie Fragen zu Ihrer Rechnung haben.",
    "s:Die Verbindung wurde getrennt.",
    language="de",
    name="bot-only",
)
AGENT_ONLY = contact(
    "a:Guten Tag, wir haben Ihre Rechnung korrigiert und Ihnen den Betrag erstattet.",
    "a:Es tut uns leid, dass Sie so lange warten mussten.",
    name="agent-only",
)
CUSTOMER_ONLY = contact("c:Ich warte seit vier Wochen auf meine Bestellung, das ist eine Frechheit!", name="alone")
WITH_BOT = contact(
    "b:Hello, I am the virtual assistant, how can I help?",
    "c:I have been charged twice for my order, this is really annoying!",
    "s:An agent joined the chat.",
    "a:I'm very sorry about that. I have refunded the second payment for you.",
    "c:Great, thank you so much!",
    name="with-bot",
)
ODD = contact("c:…", "a:👍", "c:?!", "a:[PHONE_1] [PAD] [CLS]", "c:👨‍👩‍👧 😡😡", language="de", name="odd")
EVERY_KIND = (
    *SOLVED.values(), *UNSOLVED.values(), FRENCH, BOT_ONLY, AGENT_ONLY, CUSTOMER_ONLY, WITH_BOT, ODD,
    swapped(SOLVED["de"]), contact(name="empty"), contact("c:", "a: ", language="de", name="silent"),
)  # fmt: skip
