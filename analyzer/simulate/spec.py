"""What a world is made of: every number that the generator uses, stated. Standard library only.

Four outcomes of a contact are latent and standard normal within an agent: ``resolution`` (solved where latent and
case terms are above 0), ``empathy``, ``feeling`` and ``handle`` (log handle time). Agents' skills and what is left of
a contact share one correlation matrix (``Outcomes.correlation``), so each outcome, and every mix, has the same ICC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Literal

Assignment = Literal["random", "hard_to_good", "hard_to_weak"]
OUTCOMES: Final = ("resolution", "empathy", "feeling", "handle")
LANGUAGES: Final = ("de", "en")
CHANNELS: Final = ("voice", "chat", "email", "messaging")
SEGMENTS: Final = ("private", "business")
PRODUCT_LINES: Final = ("mobile", "broadband", "energy")
RESOLUTIONS: Final = ("resolved", "partial", "pending", "unresolved")
CANCEL: Final = "contract_cancel"
OUTAGE: Final = "outage"


@dataclass(frozen=True, slots=True)
class Reason:
    """``ease`` is added to the latent resolution (higher = solved more often), ``mood`` to the feeling at the start."""

    name: str
    queue: str
    share: float
    ease: float
    mood: float


REASONS: Final = (
    Reason("order_status", "orders", 0.15, 0.50, 0.00),
    Reason("delivery_late", "orders", 0.10, -0.10, -0.35),
    Reason("return_exchange", "orders", 0.06, 0.20, -0.05),
    Reason("billing_question", "billing", 0.12, 0.35, 0.05),
    Reason("billing_charge", "billing", 0.13, -0.05, -0.30),
    Reason("payment", "billing", 0.07, 0.15, -0.05),
    Reason("product_fault", "technical", 0.14, -0.35, -0.30),
    Reason("setup", "technical", 0.09, 0.00, -0.05),
    Reason("account_access", "technical", 0.05, 0.25, -0.10),
    Reason("claim", "claims", 0.05, -0.45, -0.20),
    Reason("refund", "claims", 0.04, -0.20, -0.25),
    Reason(OUTAGE, "technical", 0.0, -1.20, -0.45),  # only on days of an outage
    Reason(CANCEL, "billing", 0.0, 0.80, -0.40),  # only where a customer gives notice in a contact
)


@dataclass(frozen=True, slots=True)
class Outage:
    """From ``day`` (0 = the first) for ``days`` days, ``extra`` times a usual day's matters come on top of it."""

    day: int
    days: int = 2
    extra: float = 1.5


@dataclass(frozen=True, slots=True)
class Customers:
    contacts_each: float = 3.0  # mean number of contacts over the whole time, failures' returns included
    german: float = 0.6
    business: float = 0.2
    tenure_days: float = 900.0  # mean at the last day; who is younger than the world joins within it
    bound: float = 0.6  # share with a contract of 24 months
    locked_days: int = 90  # a contract that ends later than this locks in
    value_log_sd: float = 0.8  # of yearly revenue, lognormal around 300
    unidentified: float = 0.04  # share of contacts whose customer the dump does not know


@dataclass(frozen=True, slots=True)
class Agents:
    each: float = 250.0  # contacts per agent; decides how many agents there are unless ``count`` says it
    count: int = 0
    icc: float = 0.05  # share of each latent outcome's variance that lies between agents, at equal case mix
    assignment: Assignment = "random"
    sorting: float = 0.9  # correlation of skill with the order of assignment, where it is not random
    home_share: float = 0.75  # of an agent's contacts, from the home queue; the rest from all queues
    volume_log_sd: float = 0.4  # agents work different hours
    team_size: int = 9
    style_skill: float = 0.0  # correlation of style (what detectors mistake for empathy) with skill


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How a contact goes. Terms are added to latent outcomes, in standard deviations within an agent."""

    correlation: tuple[tuple[float, ...], ...] = (
        (1.0, 0.2, 0.5, 0.0),
        (0.2, 1.0, 0.4, 0.3),
        (0.5, 0.4, 1.0, 0.0),
        (0.0, 0.3, 0.0, 1.0),
    )
    solved: float = 0.55  # latent resolution of an ordinary first contact
    ease: float = 1.0  # scales the reasons' ease
    ease_feeling: float = 0.3  # per unit of ease
    mood_feeling: float = 0.4  # feeling per unit of the feeling at the start
    repeat_resolution: float = -0.25  # for each contact before in the matter
    repeat_feeling: float = -0.35
    wait_feeling: float = -0.15  # per sd of log waiting time
    ease_handle: float = -0.3  # log handle time, in its sds, per unit of ease
    transfers: float = 0.08  # share of contacts handed to a second agent
    promises: float = 0.35  # of failures, those that end in a promise (resolution pending)
    kept: float = 0.6  # of promises
    partial: float = 0.25  # of failures without a promise, those solved in part


@dataclass(frozen=True, slots=True)
class Returns:
    """Who comes back with the same matter, and when; impatience is a standard normal of the customer."""

    failed: float = 0.62  # after a failure without a promise, at average patience
    impatience: float = 0.5  # probit shift per sd
    failed_days: float = 3.0  # mean delay (gamma with shape 1.5)
    solved: float = 0.03
    solved_days: float = 12.0
    broken: float = 0.8  # after a broken promise, from its due time
    broken_days: float = 2.0
    chased: float = 0.1  # before the due time, of promises of any outcome
    outage: float = 0.85  # after a failure in an outage
    outage_days: float = 1.2
    sunday_waits: float = 0.7  # of returns that fall on a Sunday, until Monday
    most: int = 6  # contacts in one matter


@dataclass(frozen=True, slots=True)
class Loyalty:
    """Attitude, notice and repurchase, by wave. Hazards are log hazard ratios, repurchase log odds ratios.

    Hazard of notice = yearly / 365 · exp(Σ effect · value). What a contact does holds from its end until the next
    contact of the customer, at most ``exposure_days``; attitude is that of the wave; lock-in holds while the contract
    has more than ``Customers.locked_days`` to run.
    """

    wave_days: int = 90
    exposure_days: float = 90.0
    yearly: float = 0.15  # notices a customer and year where all values are 0
    attitude_sd: float = 1.0  # of the lasting part
    state_sd: float = 0.5  # of what comes new each wave
    carry: float = 0.5  # of a wave's state, what is left in the next
    satisfaction_to_attitude: float = 0.25  # next wave's state per unit of mean feeling in this wave
    attitude_to_feeling: float = 0.3  # feeling of a contact per unit of attitude: loyalty colours satisfaction
    hazard_empathy: float = -0.3  # per sd of the true empathy
    hazard_handle: float = 0.0  # per sd of the true log handle time
    hazard_resolved: float = -0.4  # solved against not
    hazard_repeat: float = 0.2  # per contact before in the matter
    hazard_broken: float = 0.5  # broken promise
    hazard_attitude: float = -0.4
    hazard_locked: float = -1.5
    buy: float = -0.4  # log odds of buying again in a wave where all values are 0
    buy_attitude: float = 0.5
    buy_feeling: float = 0.4  # per unit of mean feeling in the wave before
    nps_asked: float = 0.4  # of customers at each date of record
    nps_noise: float = 1.2
    notice_in_contact: float = 0.5  # of notices, given in a contact about cancelling
    forgiveness: float = (
        0.0  # added to the hazard effect of a failure per unit of attitude above 0 ("the loyal forgive")
    )


@dataclass(frozen=True, slots=True)
class Hearing:
    """Error of a yes/no label: rates by language and channel, on the label's own threshold (score above 0).

    The detector's score is normal with sd 1 around z(sensitivity) for true yes and −z(specificity) for true no, plus
    ``style`` per sd of the agent's style. Its probability is the posterior at the share of yes in the whole world.
    """

    sensitivity: float
    specificity: float
    style: float = 0.0
    by_language: Mapping[str, float] = field(default_factory=dict)  # added to both rates
    by_channel: Mapping[str, float] = field(default_factory=dict)

    def rates(self, language: str, channel: str) -> tuple[float, float]:
        """Sensitivity and specificity there."""
        shift = self.by_language.get(language, 0.0) + self.by_channel.get(channel, 0.0)
        return min(self.sensitivity + shift, 0.999), min(self.specificity + shift, 0.999)


@dataclass(frozen=True, slots=True)
class Reading:
    """Error of a number: heard = mean + slope · (true − mean) + bias + style · agent's + noise, within its scale."""

    slope: float
    noise: float
    style: float = 0.0
    by_language: Mapping[str, float] = field(default_factory=dict)  # added bias
    by_channel: Mapping[str, float] = field(default_factory=dict)

    def bias(self, language: str, channel: str) -> float:
        return self.by_language.get(language, 0.0) + self.by_channel.get(channel, 0.0)


def _labels() -> dict[str, Hearing]:
    return {
        "resolution": Hearing(0.92, 0.84, 0.10, {"de": -0.03}, {"voice": -0.04}),
        "churn": Hearing(0.75, 0.97, 0.0, {"de": -0.02}, {"voice": -0.03}),
        "opportunity_met": Hearing(0.82, 0.85, 0.30, {"de": -0.04}, {"email": -0.05}),
        # What is said in turns, and told of journeys.
        "effort.repeat_contact": Hearing(0.80, 0.97, 0.0, {"de": -0.02}, {"voice": -0.03}),
        "expect.unmet": Hearing(0.75, 0.93, 0.0, {"de": -0.02}, {"voice": -0.03}),
        "res.confirmed": Hearing(0.80, 0.93, 0.0, {}, {"voice": -0.03}),
        "res.denied": Hearing(0.75, 0.96, 0.0, {"de": -0.02}, {"voice": -0.03}),
        "svc.commit": Hearing(0.85, 0.93, 0.0, {}, {"voice": -0.03}),
    }


def _numbers() -> dict[str, Reading]:
    return {
        "sentiment_start": Reading(0.85, 0.18, 0.0, {"de": -0.03}, {"voice": -0.05}),
        "sentiment_end": Reading(0.85, 0.18, 0.03, {"de": -0.03}, {"voice": -0.05}),
        "satisfaction": Reading(0.75, 0.40, 0.06, {"de": -0.06}, {"email": 0.08}),
        "effort": Reading(0.70, 0.45, 0.0, {"de": 0.05}, {"voice": 0.06}),
        "empathy": Reading(0.65, 0.45, 0.20, {"de": -0.10}, {"email": -0.12}),
    }


@dataclass(frozen=True, slots=True)
class Detector:
    """The ears. ``none()`` gives findings that are the truth."""

    labels: Mapping[str, Hearing] = field(default_factory=_labels)
    numbers: Mapping[str, Reading] = field(default_factory=_numbers)
    reason_accuracy: float = 0.85
    opportunity_recall: float = 0.85
    swapped: float = 0.01  # speakers the wrong way round: feelings and empathy are null
    unreadable: float = 0.01  # another language: nothing can be said
    perfect: bool = False

    @classmethod
    def none(cls) -> Detector:
        return cls(reason_accuracy=1.0, opportunity_recall=1.0, swapped=0.0, unreadable=0.0, perfect=True)


@dataclass(frozen=True, slots=True)
class Surveys:
    invited: float = 0.3  # of inbound contacts, at random
    answered: float = 0.3  # of the invited, at a neutral feeling and attitude
    extreme: float = 0.35  # log odds of answering per unit of |feeling|
    attitude: float = 0.25  # … per unit of attitude
    noise: float = 0.45  # sd of an answer on 1–5 around the true satisfaction
    careless: float = 0.04  # of answers, the control item ticked without reading it


@dataclass(frozen=True, slots=True)
class WorldSpec:
    contacts: int = 10_000
    days: int = 120
    last_day: date = date(2026, 11, 1)  # a Sunday
    business_timezone: str = "Europe/Berlin"
    weekdays: tuple[float, ...] = (1.3, 1.15, 1.05, 1.0, 1.0, 0.5, 0.25)  # Monday first
    reasons: tuple[Reason, ...] = REASONS
    outages: tuple[Outage, ...] = ()
    customers: Customers = field(default_factory=Customers)
    agents: Agents = field(default_factory=Agents)
    outcomes: Outcomes = field(default_factory=Outcomes)
    returns: Returns = field(default_factory=Returns)
    loyalty: Loyalty = field(default_factory=Loyalty)
    detector: Detector = field(default_factory=Detector)
    surveys: Surveys = field(default_factory=Surveys)

    @property
    def first_day(self) -> date:
        return self.last_day - timedelta(days=self.days - 1)

    @property
    def queues(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(reason.queue for reason in self.reasons))

    @property
    def waves(self) -> int:
        return -(-self.days // self.loyalty.wave_days)
