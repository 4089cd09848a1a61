"""The client's own name and number for an appointment, put right by themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.booking.correct import can_be_corrected, correct
from bookonce.business.answers import needs_phone
from bookonce.platform.actor import VISITOR
from bookonce.platform.errors import StatusConflictError, TryAgainError, ValidationError
from bookonce.web.booking_page.form import Form, wrong_fields
from bookonce.web.dependencies import Configured, Here
from bookonce.web.forms import form_fields
from bookonce.web.manage.manage_page import ManagePage
from bookonce.web.manage.payment import as_it_is


@get("/{slug:str}/a/{token:str}/details", include_in_schema=False, media_type=MediaType.HTML)
async def details_page(
    slug: str, token: str, request: Request[Any, Any, Any], installation: Here
) -> Response[str] | Redirect:
    """Asks for them."""
    own = await ManagePage.of(request, installation, slug, token, request.query_params, "")
    appointment = own.appointment
    if not can_be_corrected(appointment, datetime.now(UTC)):
        return Redirect(own.address(), status_code=303)
    return _page(own, appointment.client_name, appointment.client_phone or "")


@post(
    "/{slug:str}/a/{token:str}/details",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
)
async def correct_by_form(
    slug: str,
    token: str,
    request: Request[Any, Any, Any],
    installation: Here,
    settings: Configured,
) -> Response[str] | Redirect:
    """Writes them down, and shows the appointment again; sent twice, it is the same."""
    fields = await form_fields(request)
    own = await ManagePage.of(request, installation, slug, token, fields, "")
    form = Form.of(fields)
    try:
        await correct(
            installation,
            slug,
            own.appointment.id,
            form.name,
            form.phone or None,
            actor=VISITOR,
            now=datetime.now(UTC),
        )
    except ValidationError as error:
        wrong = wrong_fields(error.errors, own.visit.language.words)
        return _page(own, form.name, form.phone, status=422, wrong=wrong)
    except StatusConflictError:
        return as_it_is(own, settings, status=409)
    except TryAgainError:
        _ = own.visit.language.words.gettext
        notice = _("We couldn't reach our calendar. Nothing is lost: please try again.")
        return _page(own, form.name, form.phone, status=503, notice=notice)
    return Redirect(own.address(), status_code=303)


def _page(
    own: ManagePage,
    name: str,
    phone: str,
    *,
    status: int = 200,
    wrong: dict[str, str] | None = None,
    notice: str = "",
) -> Response[str]:
    return own.render(
        "details.html",
        status=status,
        typed_name=name,
        typed_phone=phone,
        needs_phone=needs_phone(own.held.directory.business, own.appointment.services),
        errors=wrong or {},
        notice=notice,
    )
