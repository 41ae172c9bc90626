"""Every label and class a detector may give; meanings stand in the codebook of the models' card.

The names are a contract: training data, detectors, reviewers and exports all use them.
"""

from __future__ import annotations

from typing import Final

CUSTOMER_LABELS: Final = (
    "effort.repeat_contact", "effort.repeat_info", "effort.wait", "effort.handoff", "effort.hurdle",
    "expect.unmet", "expect.exceeded",
    "loyal.churn", "loyal.advocate", "loyal.return", "loyal.tenure",
    "res.confirmed", "res.denied", "res.escalate",
    "trust.doubt", "trust.data", "trust.credit",
    "comp.mention",
)  # fmt: skip
TOPIC_LABELS: Final = (
    "topic.time", "topic.price", "topic.product", "topic.information", "topic.conduct", "topic.access",
)  # fmt: skip
AGENT_LABELS: Final = (
    "emp.acknowledge", "emp.apology", "emp.validate", "emp.reassure", "emp.appreciate", "emp.explore", "emp.personal",
    "anti.dismiss", "anti.policy",
    "svc.solution", "svc.commit", "svc.check", "svc.goodwill", "svc.transfer", "svc.hold", "svc.decline",
)  # fmt: skip
LABELS: Final = CUSTOMER_LABELS + TOPIC_LABELS + AGENT_LABELS
EMPATHY_LABELS: Final = tuple(label for label in AGENT_LABELS if label.startswith("emp."))
ANTI_LABELS: Final = tuple(label for label in AGENT_LABELS if label.startswith("anti."))

RESOLUTIONS: Final = ("resolved", "partial", "pending", "unresolved", "unclear")
FEELINGS: Final = ("negative", "neutral", "positive")

REASONS: Final = (
    "billing_charge", "billing_question", "payment", "refund",
    "delivery_late", "delivery_missing", "delivery_wrong", "return_exchange", "order_change", "order_status",
    "product_fault", "outage", "setup", "account_access", "account_change",
    "contract_cancel", "contract_change", "appointment", "travel_booking", "travel_disruption",
    "claim", "coverage", "application", "fraud", "complaint_staff", "information", "feedback", "other",
)  # fmt: skip

COMPLAINT_LABELS: Final = (
    "expect.unmet", "loyal.churn", "effort.wait", "effort.handoff", "effort.repeat_contact",
)  # fmt: skip
