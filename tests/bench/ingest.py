"""Speed and memory of reading: ``python -m tests.bench.ingest --gb 0.2``.

Invented native JSON lines, about 2 kB a contact with 14 turns, German and English, are written to a scratch folder and
read by ``read_file`` alone: without masking, and with it. CPU seconds of one core. The last column divides by the time
that msgspec takes to decode the same bytes in the same run, as machines differ.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import msgspec

from analyzer.config import load_settings
from analyzer.ingest import turns
from analyzer.ingest.files import find_files
from analyzer.ingest.read import read_file
from analyzer.records import Interaction

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
CONTACTS = 4096  # different ones; a larger file repeats them under new ids
PHRASES = {
    "en": {
        "agent": (
            "Thanks for calling {firm}, you are speaking with the {team} desk, how can I help you today?",
            "I can see the {thing} in our system, give me a moment to check what happened there.",
            "I am sorry that the {thing} has caused you so much trouble, let me sort that out for you.",
            "We will credit {amount} euros to your account, and that should show within {few} working days.",
            "Could you tell me the number on the {thing}, please?",
            "Is there anything else I can do for you?",
            "Our technician can come {day} between {few} and {later} o'clock, would that suit you?",
        ),
        "customer": (
            "Hi, I ordered a {thing} {few} weeks ago and it still has not arrived.",
            "That is the third time I am asking about the {thing}, and nobody called me back.",
            "Okay, that works for me, thank you very much.",
            "My number is 0171 {long} and the order is {order}.",
            "No, {day} is not good, I am at work until {later}.",
            "Honestly, if the {thing} is not fixed by {day} I will look for somebody else.",
            "Yes.",
        ),
    },
    "de": {
        "agent": (
            "Guten Tag bei {firm}, Sie sprechen mit der Abteilung {team}, was kann ich für Sie tun?",
            "Ich sehe hier, dass Ihr Auftrag für das Gerät ({thing}) noch nicht verschickt wurde, das tut mir leid.",
            "Einen Moment bitte, ich prüfe das für Sie und bin gleich wieder da.",
            "Wir schreiben Ihnen {amount} Euro gut, das dauert höchstens {few} Werktage.",
            "Würde Ihnen ein Termin am {tag} zwischen {few} und {later} Uhr passen?",
            "Kann ich sonst noch etwas für Sie tun?",
            "Ich gebe das an die Kollegen weiter, Sie hören spätestens am {tag} von uns.",
        ),
        "customer": (
            "Hallo, ich warte seit {few} Wochen auf mein Gerät, und niemand sagt mir, wo es bleibt.",
            "Das ist jetzt schon das dritte Mal, dass ich wegen derselben Sache anrufe.",
            "Gut, dann machen wir das so, vielen Dank für die schnelle Hilfe.",
            "Meine Nummer ist die 0171 {long}, die Bestellung hat die Nummer {order}.",
            "Nein, am {tag} geht es leider nicht, da bin ich bis {later} Uhr in der Arbeit.",
            "Ehrlich gesagt überlege ich, den Vertrag zu kündigen, wenn das bis {tag} nicht läuft.",
            "Ja, genau.",
        ),
    },
}
SHORT = {
    "en": ("Okay.", "Mhm.", "Right, I see.", "One moment, please.", "Yes, exactly.", "Thank you, and bye for now."),
    "de": ("Okay.", "Mhm.", "Ja, genau.", "Einen Augenblick bitte.", "Ach so, verstehe.", "Danke, schönen Tag noch."),
}
WORDS = {
    "firm": ("Norvik Energy", "Halden Mobil", "the parcel service"),
    "team": ("billing", "delivery", "contract", "repair"),
    "thing": ("router", "heat pump", "invoice", "parcel", "meter", "phone", "credit note", "washing machine"),
    "day": ("Monday", "Thursday", "tomorrow", "the end of the week"),
    "tag": ("Montag", "Donnerstag", "Freitag", "nächsten Dienstag"),
}


def contact(chance: random.Random) -> dict[str, object]:
    """A contact with every field that an export usually has, without its id."""
    language = chance.choice(("en", "de"))
    started_at = NOW - timedelta(seconds=chance.randrange(60 * 24 * 3600))
    turns, clock = [], 0
    for place in range(chance.randint(9, 19)):
        speaker = "agent" if place % 2 == 0 else "customer"
        length = chance.randint(900, 9000)
        text = _sentence(language, speaker, chance) if chance.random() < 0.6 else chance.choice(SHORT[language])
        turns.append({"speaker": speaker, "text": text, "start_ms": clock, "end_ms": clock + length})
        clock += length + chance.randint(100, 900)
    return {
        "channel": chance.choice(("voice", "chat")), "language": language, "direction": "inbound",
        "started_at": started_at.isoformat(), "ended_at": (started_at + timedelta(milliseconds=clock)).isoformat(),
        "customer_id": f"k-{chance.randrange(10**6)}", "agent_id": f"a-{chance.randrange(400)}",
        "queue": chance.choice(("billing", "delivery", "Technik", "retention")), "team": f"Team {chance.randrange(20)}",
        "handle_s": clock / 1000, "wait_s": chance.randrange(400), "transfers": chance.choice((0, 0, 1)),
        "turns": turns,
    }  # fmt: skip


def _sentence(language: str, speaker: str, chance: random.Random) -> str:
    phrases = PHRASES[language][speaker]
    personal = [text for text in phrases if "0171" in text]  # told in one of ten sentences of the customer
    rare = personal and chance.random() < 0.1
    phrase = chance.choice(personal if rare else [text for text in phrases if text not in personal])
    return phrase.format(
        **{name: chance.choice(words) for name, words in WORDS.items()},
        amount=chance.randint(5, 300), few=chance.randint(2, 9), later=chance.randint(10, 19),
        long=chance.randrange(10**6, 10**7), order=f"B-{chance.randrange(10**8):08}",
    )  # fmt: skip


def write(path: Path, size: int) -> int:
    """Bytes written, at least ``size``."""
    chance = random.Random(7)
    bodies = [json.dumps(contact(chance), ensure_ascii=False)[1:].encode() for _ in range(CONTACTS)]
    number = written = 0
    with path.open("wb") as file:
        while written < size:
            written += file.write(b'{"interaction_id": "c-%09d", %s\n' % (number, bodies[number % CONTACTS]))
            number += 1
    return written


def decoded(path: Path) -> int:
    """Contacts in ``path``, decoded by msgspec and nothing else."""
    decoder = msgspec.json.Decoder()
    with path.open("rb") as file:
        return sum(bool(decoder.decode(line)) for line in file)


def taken(path: Path) -> int:
    """Contacts in ``path`` as ``read_file`` takes them; raises where one is not."""
    items = read_file(find_files([path])[0], load_settings().ingest, now=NOW)
    return sum(_accepted(item) for item in items)


def _accepted(item: object) -> int:
    if not isinstance(item, Interaction):
        raise AssertionError(f"not taken: {item!r}")
    return 1


def taken_unmasked(path: Path) -> int:
    with patch.object(turns, "needs_look", lambda text, masker=None: False):
        return taken(path)


def measure(name: str, work: Callable[[Path], int], path: Path, base: float | None) -> float:
    """CPU seconds of ``work``, which are told with the speed, the peak memory and the ratio to ``base``."""
    started = time.process_time()
    contacts = work(path)
    seconds = time.process_time() - started
    speed = path.stat().st_size / 1e6 / seconds
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ratio = "" if base is None else f", {seconds / base:.1f} times the decoding alone"
    print(f"{name}: {speed:.1f} MB/s, {contacts} contacts, peak {peak:.0f} MiB{ratio}")
    return seconds


def rounds(path: Path, count: int, masked: bool) -> Iterator[float]:
    for _ in range(count):
        base = measure("msgspec alone", decoded, path, None)
        yield measure("read without masking", taken_unmasked, path, base)
        if masked:
            yield measure("read with masking", taken, path, base)


def main() -> None:
    arguments = argparse.ArgumentParser(description="Speed and memory of reading native JSON lines.")
    arguments.add_argument("--gb", type=float, default=0.2, help="size of the file (0.2)")
    arguments.add_argument("--rounds", type=int, default=1, help="how often to measure (1)")
    arguments.add_argument("--without-masking", action="store_true", help="leave the masked run out")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "contacts.jsonl"
        print(f"{write(path, int(chosen.gb * 1e9)) / 1e9:.2f} GB")
        for _ in rounds(path, chosen.rounds, not chosen.without_masking):
            pass


if __name__ == "__main__":
    main()
