"""What the random audit says of the program's figures, of what it hears and of its flags; for leads."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from analyzer.review import coefficients, detector_rates
from analyzer.review.audit_says import audit_says
from analyzer.review.flag_precision import labels_of_rules
from analyzer.review.state import note, page, signed_in, state_of

router: Final = APIRouter()


@router.get("/audit")
def show(request: Request) -> Response:
    session, state = signed_in(request, "settle"), state_of(request)
    with state.database.write() as connection:
        note(connection, request, session.user.name, "read what the audit says", "")
    snapshot = state.desk.snapshot()
    with state.database.read() as connection, state.desk.reading() as store:
        says = audit_says(connection, store, snapshot, session.user, labels_of_rules(state.rules))
    return page(
        request, "audit.html.j2", session=session, says=says, least=coefficients.LEAST, every=detector_rates.EVERY,
        contacts=detector_rates.told_apart(says.contacts), passages=detector_rates.told_apart(says.passages),
    )  # fmt: skip
