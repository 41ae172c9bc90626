"""Invented labelled dialogues, as rows of the native format."""

from __future__ import annotations

from typing import Any

from analyzer.learn.corpus import Dialogue, to_dialogue

WORDS = {
    "de": {
        "opening": "Guten Tag, meine Bestellung ist schon wieder nicht gekommen. Ich bin wirklich enttäuscht.",
        "apology": "Das tut mir sehr leid. Nennen Sie mir bitte Ihre Mailadresse?",
        "answer": "Das ist anna@example.org.",
        "solution": "Ich habe das Paket gefunden, es kommt heute noch.",
        "thanks": "Super, vielen lieben Dank!",
        "threat": "Dann kündige ich und gehe zur Konkurrenz.",
    },
    "en": {
        "opening": "Hello, my order has not arrived yet again. I am really disappointed.",
        "apology": "I'm so sorry about that. Could you tell me your email address please?",
        "answer": "It is anna@example.org.",
        "solution": "I have found the parcel, it will come today.",
        "thanks": "Brilliant, thank you so much!",
        "threat": "Then I will cancel and go to your competitor.",
    },
}


def row(code: str, name: str, *, happy: bool = True, reason: str = "delivery_late") -> dict[str, Any]:
    """A dialogue of five turns that ends in thanks or in a threat."""
    words = WORDS[code]
    ending = ("thanks", ["res.confirmed"], 2) if happy else ("threat", ["loyal.churn"], -2)
    said = [
        ("customer", "opening", ["expect.unmet", "topic.time"], -1),
        ("agent", "apology", ["emp.apology"], None),
        ("customer", "answer", [], 0),
        ("agent", "solution", ["svc.solution"], None),
        ("customer", *ending),
    ]
    turns = [{"speaker": who, "text": words[part], "labels": labels, "sent": sent} for who, part, labels, sent in said]
    return {
        "interaction_id": name, "language": code, "channel": "chat", "turns": turns, "reason": reason,
        "resolution": "resolved" if happy else "unresolved", "satisfaction": 5 if happy else 1.5,
        "effort": 2 if happy else 4, "empathy": 4,
    }  # fmt: skip


def dialogues(count: int = 8) -> list[Dialogue]:
    """Half German, half English, by turns happy and unhappy, in sets of two."""
    codes = [("de", "en")[i % 2] for i in range(count)]
    rows = [row(code, f"{code}{i // 4}-{i}", happy=i % 4 < 2) for i, code in enumerate(codes)]
    return [to_dialogue(each) for each in rows]
