"""The routes of the office: its pages, and its API for programs."""

from __future__ import annotations

from litestar import Router
from litestar.config.compression import CompressionConfig
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware

from bookonce.platform.errors import BookonceError
from bookonce.web.office import (
    absence,
    account,
    appointment,
    calendar,
    front_door,
    links,
    live,
    new_appointment,
    passkey,
    places,
    proof,
    refusals,
    team,
    team_invitations,
    today,
)
from bookonce.web.office.api import absences, access, appointments, business, events, keys
from bookonce.web.office.api import clients as clients_api
from bookonce.web.office.api import messages as messages_api
from bookonce.web.office.api import webhooks as webhooks_api
from bookonce.web.office.changes import pages as changes
from bookonce.web.office.clients import importing, leaving, merge_pages
from bookonce.web.office.clients import pages as client_pages
from bookonce.web.office.cookie import Cookies
from bookonce.web.office.dependencies import PROVIDED
from bookonce.web.office.feeds import pages as feeds
from bookonce.web.office.guard import guard_api, guard_page
from bookonce.web.office.keys import pages as key_pages
from bookonce.web.office.messages import pages as messages
from bookonce.web.office.reports import pages as reports
from bookonce.web.office.settings import routes as settings
from bookonce.web.office.webhooks import pages as webhooks


def pages(compression: CompressionConfig) -> Router:
    """Everything below `/office`."""
    return Router(
        "/office",
        route_handlers=[
            front_door.front_door,
            front_door.sign_in_by_form,
            front_door.show_code_by_form,
            front_door.sign_out_by_form,
            links.link_page,
            links.use_link,
            links.invitation_page,
            links.accept,
            account.account_page,
            account.change_profile,
            account.password_page,
            account.change_password,
            account.second_factor_page,
            account.confirm_second_factor,
            account.turn_second_factor_off,
            account.renew_recovery_codes,
            account.end_session,
            proof.proof_page,
            proof.prove_by_form,
            passkey.passkey_page,
            passkey.challenge_to_add,
            passkey.add_passkey,
            passkey.remove_passkey,
            passkey.challenge_to_sign_in,
            passkey.sign_in_by_passkey,
            today.today,
            calendar.calendar,
            *new_appointment.HANDLERS,
            *appointment.HANDLERS,
            places.places,
            *absence.HANDLERS,
            *key_pages.HANDLERS,
            *webhooks.HANDLERS,
            live.changes,
            *messages.HANDLERS,
            *feeds.HANDLERS,
            *changes.HANDLERS,
            *client_pages.HANDLERS,
            *merge_pages.HANDLERS,
            *leaving.HANDLERS,
            *importing.HANDLERS,
            *reports.HANDLERS,
            team.team_page,
            team_invitations.invite_page,
            team_invitations.invite_by_form,
            team_invitations.withdraw_by_form,
            team.member_page,
            team.change_by_form,
            team.remove_by_form,
            team.leave_page,
            team.leave_by_form,
            *settings.HANDLERS,
        ],
        guards=[guard_page],
        dependencies=PROVIDED,
        exception_handlers={BookonceError: refusals.refused},
        middleware=[Cookies, DefineMiddleware(CompressionMiddleware, config=compression)],
    )


def office_api() -> Router:
    """Everything below `/api/v1/{slug}/office`."""
    return Router(
        "/api/v1/{slug:str}/office",
        route_handlers=[
            access.access,
            appointments.router,
            absences.router,
            clients_api.router,
            events.list_events,
            keys.router,
            messages_api.router,
            webhooks_api.router,
            business.router,
        ],
        guards=[guard_api],
        dependencies=PROVIDED,
        middleware=[Cookies],
        tags=["Office"],
    )
