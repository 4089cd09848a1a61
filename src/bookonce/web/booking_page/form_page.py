"""The step with the form: for one start, with what was typed and what is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from litestar import Response

from bookonce.availability.selection import Selection
from bookonce.booking.terms import Terms
from bookonce.web.booking_page.already import Already
from bookonce.web.booking_page.chosen import chosen, spoken
from bookonce.web.booking_page.form import SECOND, TRAP, Form
from bookonce.web.booking_page.limits import limit_before_booking
from bookonce.web.booking_page.questions import Questions
from bookonce.web.booking_page.visit import PartShown, Visit, When, when


def form_page(
    visit: Visit,
    selection: Selection,
    form: Form,
    *,
    status: int = 200,
    wrong: dict[str, str] | None = None,
    alternatives: list[When] | None = None,
    notice: str = "",
    is_unsure: bool = False,
    already: Already | None = None,
) -> Response[str]:
    """The form for the start that the address has chosen; `is_unsure`: with a proof of work to be
    sent again with; `already`: what the visitor has already, so that they say whether they mean it.
    """
    start = visit.address.start_at
    assert start is not None
    shown = when(visit, selection.place.zone, start)
    return visit.render(
        "form.html",
        status=status,
        form=form,
        trap=TRAP,
        questions=Questions.of(visit, form),
        second=SECOND,
        already=already,
        is_unsure=is_unsure,
        asks_for_proof=is_unsure or visit.directory.business.protection.proof_of_work,
        errors=wrong or {},
        alternatives=alternatives,
        notice=notice,
        when=shown,
        limit=limit_before_booking(
            Terms.of(visit.directory.business), shown.start, visit.language, now=datetime.now(UTC)
        ),
        **chosen(visit, selection),
        parts=_parts(visit, selection, start),
    )


def _parts(visit: Visit, selection: Selection, start: datetime) -> list[PartShown]:
    """The parts of a visit that begins then, if there is more than one."""
    zone = selection.place.zone
    if len(selection.parts) == 1:
        return []
    is_one_person = bool(selection.performers)
    first_day = start.astimezone(zone).date()
    found = []
    for part, service in zip(selection.parts, spoken(visit, selection), strict=True):
        begins = (start + timedelta(minutes=part.offset_min)).astimezone(zone)
        ends = (begins.astimezone(UTC) + timedelta(minutes=part.service.duration_min)).astimezone(
            zone
        )
        only = part.performers[0] if len(part.performers) == 1 and not is_one_person else ""
        found.append(
            PartShown(
                service.name,
                f"{visit.language.clock(begins, first_day)}–{visit.language.clock(ends, first_day)}",
                visit.directory.staff_name(only) if only else "",
                visit.price([part.service]),
            )
        )
    return found
