"""Invented talks, German and English: (speaker, words, feeling −1…1, {label: the words that carry it})."""

from __future__ import annotations

from dataclasses import dataclass, field

Line = tuple[str, str, float, dict[str, str]]


@dataclass(frozen=True)
class Scene:
    language: str
    reason: str
    resolution: str
    resolved: float
    satisfaction: float
    effort: float
    empathy: float
    lines: tuple[Line, ...]
    flags: tuple[tuple[str, int, str, int | None], ...] = ()
    promise: tuple[int, str] | None = None
    opportunities: tuple[int, int, int] = (0, 0, 0)
    extra: dict[str, float] = field(default_factory=dict)


SCENES = (
    Scene(
        "de",
        "appointment",
        "pending",
        0.31,
        2.6,
        4.1,
        4.6,
        (
            ("bot", "Willkommen bei Nordwelle. Dieses Gespräch kann aufgezeichnet werden.", 0, {}),
            ("agent", "Nordwelle Technik, was kann ich für Sie tun?", 0, {}),
            (
                "customer",
                "Ich warte seit acht Uhr auf den Techniker. Das ist jetzt das dritte Mal, dass keiner kommt!",
                -0.72,
                {
                    "expect.unmet": "das dritte Mal, dass keiner kommt",
                    "effort.repeat_contact": "das dritte Mal",
                    "topic.time": "seit acht Uhr",
                },
            ),
            (
                "agent",
                "Dreimal freigenommen und dreimal umsonst gewartet, das tut mir wirklich leid.",
                0,
                {
                    "emp.acknowledge": "Dreimal freigenommen und dreimal umsonst gewartet",
                    "emp.apology": "das tut mir wirklich leid",
                },
            ),
            (
                "customer",
                "Davon kann ich mir nichts kaufen.",
                -0.41,
                {"trust.doubt": "Davon kann ich mir nichts kaufen"},
            ),
            (
                "agent",
                "Ich trage Sie für Freitag acht bis zehn als Ersten ein und rufe Sie morgen selbst an.",
                0,
                {"svc.commit": "rufe Sie morgen selbst an", "svc.solution": "für Freitag acht bis zehn als Ersten"},
            ),
            ("customer", "Gut, dann bis morgen.", 0.08, {}),
        ),
        promise=(5, "rufe Sie morgen selbst an"),
        opportunities=(1, 1, 0),
    ),
    Scene(
        "de",
        "billing_charge",
        "unresolved",
        0.09,
        1.5,
        4.4,
        1.6,
        (
            ("agent", "Guten Tag, Kundenservice, Ihre Kundennummer bitte.", 0, {}),
            (
                "customer",
                "Die habe ich doch gerade schon eingegeben! Auf der Rechnung stehen 49 Euro zu viel.",
                -0.55,
                {
                    "effort.repeat_info": "gerade schon eingegeben",
                    "expect.unmet": "49 Euro zu viel",
                    "topic.price": "49 Euro zu viel",
                },
            ),
            (
                "agent",
                "Das steht so in den Bedingungen, da kann ich nichts machen.",
                0,
                {"anti.policy": "da kann ich nichts machen"},
            ),
            (
                "customer",
                "Dann kündige ich. So gehen Sie mit Leuten um, die seit zwölf Jahren hier sind?",
                -0.91,
                {
                    "loyal.churn": "Dann kündige ich",
                    "loyal.tenure": "seit zwölf Jahren",
                    "topic.conduct": "So gehen Sie mit Leuten um",
                },
            ),
            (
                "agent",
                "Die Kündigung müssten Sie schriftlich einreichen.",
                0,
                {"svc.decline": "müssten Sie schriftlich einreichen"},
            ),
            (
                "customer",
                "Unglaublich. Ich will Ihren Vorgesetzten sprechen.",
                -0.86,
                {"res.escalate": "Ich will Ihren Vorgesetzten sprechen"},
            ),
        ),
        flags=(
            ("churn_threat", 3, "concern", 3),
            ("angry_end", 3, "concern", None),
            ("opportunity_hurt", 2, "concern", 1),
        ),
        opportunities=(2, 0, 1),
    ),
    Scene(
        "de",
        "delivery_late",
        "resolved",
        0.84,
        4.1,
        2.4,
        4.2,
        (
            (
                "customer",
                "Hallo, mein Paket sollte Montag da sein und ist es leider immer noch nicht.",
                -0.44,
                {"expect.unmet": "sollte Montag da sein", "topic.time": "immer noch nicht"},
            ),
            (
                "agent",
                "Das ist ärgerlich, das verstehe ich gut. Ich schaue sofort nach.",
                0,
                {"emp.acknowledge": "Das ist ärgerlich"},
            ),
            (
                "agent",
                "Es liegt seit heute früh in der Filiale Lindenstraße, der Abholcode ist unterwegs zu Ihnen.",
                0,
                {"svc.solution": "liegt seit heute früh in der Filiale Lindenstraße"},
            ),
            (
                "customer",
                "Ach super, der Code ist da. Vielen herzlichen Dank für die schnelle Hilfe!",
                0.83,
                {"res.confirmed": "der Code ist da"},
            ),
            (
                "agent",
                "Sehr gern, einen schönen Abend mit der Familie!",
                0,
                {"emp.personal": "einen schönen Abend mit der Familie"},
            ),
        ),
        flags=(("outstanding_empathy", 1, "praise", 1),),
        opportunities=(1, 1, 0),
    ),
    Scene(
        "en",
        "refund",
        "pending",
        0.36,
        2.2,
        4.3,
        2.5,
        (
            ("bot", "Hi, I'm Bluey. What can I do for you?", 0, {}),
            ("customer", "human please", -0.1, {}),
            ("agent", "Hi there, how can I help?", 0, {}),
            (
                "customer",
                "I was promised my refund by Tuesday. It's Friday and there is nothing. I explained it twice.",
                -0.78,
                {
                    "expect.unmet": "promised my refund by Tuesday",
                    "effort.repeat_contact": "explained it twice",
                    "topic.time": "by Tuesday",
                },
            ),
            (
                "agent",
                "I can see the refund was not released. I'll have it sent today and you will get it within 3 days.",
                0,
                {"svc.commit": "you will get it within 3 days", "svc.solution": "the refund was not released"},
            ),
            ("customer", "I've heard that before, to be honest.", -0.52, {"trust.doubt": "I've heard that before"}),
        ),
        flags=(("broken_promise", 3, "concern", 3), ("opportunity_unmet", 1, "concern", 3)),
        promise=(4, "you will get it within 3 days"),
        opportunities=(2, 0, 0),
    ),
    Scene(
        "en",
        "setup",
        "resolved",
        0.91,
        4.5,
        1.8,
        3.6,
        (
            ("agent", "Thanks for calling Harbour Broadband, this is technical support.", 0, {}),
            (
                "customer",
                "Hi, I can't work out how to get the new router online, the app just keeps spinning.",
                -0.28,
                {"effort.hurdle": "the app just keeps spinning"},
            ),
            (
                "agent",
                "No problem. Hold the reset button for ten seconds, then join the network printed on the label.",
                0,
                {"svc.solution": "Hold the reset button for ten seconds"},
            ),
            ("customer", "Oh! It's green. It works now, brilliant.", 0.79, {"res.confirmed": "It works now"}),
            ("agent", "Lovely. Anything else I can help with?", 0, {"svc.check": "Anything else I can help with"}),
            (
                "customer",
                "No, that was quicker than I expected, thank you so much!",
                0.88,
                {"expect.exceeded": "quicker than I expected", "topic.time": "quicker"},
            ),
        ),
    ),
    Scene(
        "en",
        "contract_cancel",
        "resolved",
        0.72,
        3.9,
        2.6,
        4.7,
        (
            (
                "customer",
                "I'd like to cancel. Northlink offers the same for ten pounds less.",
                -0.35,
                {"loyal.churn": "I'd like to cancel", "comp.mention": "Northlink offers the same"},
            ),
            (
                "agent",
                "I'd be sorry to see you go after six years, thank you for being with us. May I ask what you need?",
                0,
                {"emp.appreciate": "thank you for being with us", "emp.explore": "May I ask what you need"},
            ),
            (
                "customer",
                "Honestly just a fair price, I was always happy with the line.",
                0.12,
                {"loyal.advocate": "always happy with the line"},
            ),
            (
                "agent",
                "I can put you on the new tariff today, eleven pounds less, same speed.",
                0,
                {"svc.solution": "put you on the new tariff today"},
            ),
            (
                "customer",
                "That's great, then I'll stay. Thank you, really kind of you!",
                0.81,
                {"loyal.return": "I'll stay"},
            ),
        ),
        flags=(("saved_customer", 1, "praise", 4),),
        opportunities=(1, 1, 0),
    ),
    Scene(
        "de",
        "information",
        "resolved",
        0.95,
        3.6,
        1.2,
        3.0,
        (
            ("customer", "Guten Tag, wie lange haben Sie am 24. Dezember geöffnet?", 0.02, {}),
            ("agent", "Am 24. sind wir von 8 bis 14 Uhr da.", 0, {"svc.solution": "von 8 bis 14 Uhr"}),
            ("customer", "Danke.", 0.1, {}),
        ),
    ),
    Scene(
        "en",
        "order_status",
        "resolved",
        0.88,
        3.7,
        1.6,
        3.1,
        (
            ("customer", "Could you tell me when order [ORDER_1] ships?", 0.0, {}),
            (
                "agent",
                "It left the warehouse this morning and arrives on Thursday.",
                0,
                {"svc.solution": "arrives on Thursday"},
            ),
            ("customer", "Perfect, thanks for looking.", 0.42, {}),
        ),
    ),
    Scene(
        "de",
        "account_access",
        "partial",
        0.48,
        2.9,
        3.5,
        2.8,
        (
            (
                "customer",
                "Ich komme seit gestern nicht mehr in mein Konto, der Code per SMS kommt einfach nicht.",
                -0.37,
                {"effort.hurdle": "der Code per SMS kommt einfach nicht"},
            ),
            (
                "agent",
                "Ich habe den Zugang zurückgesetzt. Bitte versuchen Sie es noch einmal.",
                0,
                {"svc.solution": "den Zugang zurückgesetzt"},
            ),
            (
                "customer",
                "Jetzt bin ich drin, aber meine Verträge fehlen alle.",
                -0.3,
                {"res.denied": "meine Verträge fehlen alle"},
            ),
            ("agent", "Die werden über Nacht neu geladen.", 0, {}),
            ("customer", "Hm. Na gut.", -0.12, {}),
        ),
    ),
    Scene(
        "de",
        "product_fault",
        "unresolved",
        0.15,
        1.9,
        4.0,
        2.0,
        (
            (
                "customer",
                "Zum dritten Mal: die Heizung läuft nicht, und im Chat wurde ich einfach weggedrückt.",
                -0.81,
                {"effort.repeat_contact": "Zum dritten Mal", "effort.handoff": "einfach weggedrückt"},
            ),
            ("agent", "Haben Sie das Handbuch gelesen?", 0, {"anti.dismiss": "Haben Sie das Handbuch gelesen"}),
            (
                "customer",
                "Das ist doch kein Zustand mit einem Säugling im Haus!",
                -0.88,
                {"expect.unmet": "kein Zustand", "topic.product": "kein Zustand"},
            ),
            ("agent", "Ich kann nur ein Ticket aufmachen.", 0, {"svc.decline": "nur ein Ticket aufmachen"}),
            ("customer", "Ticket, Ticket, Ticket. Mir reicht's.", -0.9, {"trust.doubt": "Ticket, Ticket, Ticket"}),
        ),
        flags=(
            ("angry_end", 3, "concern", None),
            ("repeat_unresolved", 2, "concern", None),
            ("opportunity_hurt", 2, "concern", 0),
        ),
        opportunities=(2, 0, 1),
    ),
    Scene(
        "en",
        "travel_disruption",
        "resolved",
        0.77,
        3.8,
        3.0,
        4.4,
        (
            (
                "customer",
                "My flight was cancelled and I'm stuck here with two kids, I'm quite desperate.",
                -0.83,
                {"expect.unmet": "My flight was cancelled", "topic.product": "cancelled"},
            ),
            (
                "agent",
                "Oh no, with two children, that must be exhausting. Don't worry, I'll find you something tonight.",
                0,
                {"emp.acknowledge": "that must be exhausting", "emp.reassure": "Don't worry"},
            ),
            (
                "agent",
                "Three seats at 20:40, and a hotel voucher in case it is late.",
                0,
                {"svc.solution": "Three seats at 20:40", "svc.goodwill": "a hotel voucher"},
            ),
            ("customer", "You are a lifesaver. Thank you!", 0.93, {"loyal.advocate": "You are a lifesaver"}),
        ),
        flags=(("outstanding_empathy", 1, "praise", 1),),
        opportunities=(1, 1, 0),
    ),
)
