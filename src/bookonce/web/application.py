"""The ASGI application: routes, and what stands around them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware
from litestar.types import ASGIApp

import bookonce.followers  # noqa: F401 - declares who follows events
from bookonce.availability.installation import Installation
from bookonce.payments.providers.configured import providers
from bookonce.platform.database import Database
from bookonce.platform.errors import BookonceError
from bookonce.platform.logs import configure_logs
from bookonce.platform.settings import Settings
from bookonce.web import assets, errors, operations
from bookonce.web.automation import STATE, Automation
from bookonce.web.booking_page import (
    book_by_form,
    brand,
    card,
    found,
    pictures,
    problem,
    steps,
    unsubscribe,
)
from bookonce.web.booking_page.bots import Bots
from bookonce.web.calendar_feed import calendar_feed
from bookonce.web.conditional import ConditionalGet
from bookonce.web.deadlines import Deadlines
from bookonce.web.dependencies import Configured, Here
from bookonce.web.drain import is_draining
from bookonce.web.inbound import payment_webhooks
from bookonce.web.last_answers import LastAnswers
from bookonce.web.manage import details, pages, payment
from bookonce.web.mcp.endpoint import mcp
from bookonce.web.metrics import ATTEMPTS
from bookonce.web.office import routes as office
from bookonce.web.openapi import complete, openapi_config
from bookonce.web.operator_listener import operator_listener
from bookonce.web.public import appointments, availability, bookings, catalog
from bookonce.web.rate_limit import RateLimit
from bookonce.web.readiness import Readiness
from bookonce.web.request_log import RequestLog
from bookonce.web.requests import BODY_BYTES_MAX

COMPRESSION = CompressionConfig(backend="gzip", gzip_compress_level=5, exclude_opt_key="is_stream")


def application() -> ASGIApp:
    """The application by the settings in the environment; what a server's worker calls."""
    settings = Settings.read()
    configure_logs(settings.log_level)
    return create_application(settings)


def create_application(settings: Settings) -> ASGIApp:
    """The whole application for one installation. `settings.database_url` must be set."""
    assert settings.database_url is not None
    installation = Installation(
        Database(
            settings.database_url,
            connections_max=settings.connections_max,
            on_attempt=ATTEMPTS.inc,
        ),
        settings.secret_key,
        providers(settings),
        limits_unpaid=settings.rate_limit is not None,
    )

    bots = Bots(settings)
    readiness = Readiness(installation.database, is_draining)

    # Each asks for the one before: those that don't are found side by side, in a task each, which
    # takes as long as a quarter of a booking.
    def find_settings(installation: Here) -> Settings:
        return settings

    def find_bots(settings: Configured) -> Bots:
        return bots

    @contextlib.asynccontextmanager
    async def with_database(_: Litestar) -> AsyncIterator[None]:
        await installation.database.open()
        try:
            async with operator_listener(installation, settings.operator_listen):
                yield
        finally:
            for provider in installation.providers.values():
                await provider.close()
            await installation.database.close()

    litestar = Litestar(
        route_handlers=[
            _public_api(),
            operations.healthz,
            operations.readyz,
            operations.metrics,
            payment_webhooks.webhook,
            _pages(),
            office.pages(COMPRESSION),
            office.office_api(),
            calendar_feed,
            mcp,
            brand.brand_sheet,
            brand.logo,
            pictures.picture,
            card.card,
            *assets.handlers(),
        ],
        dependencies={
            "installation": Provide(lambda: installation, sync_to_thread=False),
            "settings": Provide(find_settings, sync_to_thread=False),
            "bots": Provide(find_bots, sync_to_thread=False),
            "readiness": Provide(lambda: readiness, sync_to_thread=False),
        },
        exception_handlers={
            BookonceError: errors.refused,
            HTTPException: problem.refused_by_framework,
            Exception: problem.crashed,
        },
        # For guards, which run before anything is provided, and for what must be found at once.
        state=State(
            {
                "installation": installation,
                "settings": settings,
                STATE: Automation(settings, bots),
            }
        ),
        lifespan=[with_database],
        openapi_config=openapi_config(),
        request_max_body_size=BODY_BYTES_MAX,
        logging_config=None,
    )
    complete(litestar.openapi_schema)
    app: ASGIApp = ConditionalGet(litestar)
    if settings.rate_limit:
        app = RateLimit(app, settings.rate_limit, settings.read_limit, settings.trusted_proxies)
    counts_clients = settings.rate_limit is not None
    app = Deadlines(app, settings.trusted_proxies, counts_clients=counts_clients)
    return LastAnswers(
        RequestLog(app, settings.trusted_proxies, is_encrypted=settings.is_encrypted)
    )


def _public_api() -> Router:
    return Router(
        "/api/v1/{slug:str}",
        route_handlers=[
            catalog.router,
            availability.router,
            bookings.book_appointment,
            appointments.router,
        ],
        tags=["Public"],
    )


def _pages() -> Router:
    return Router(
        "/",
        route_handlers=[
            steps.booking_page,
            book_by_form.book_by_form,
            book_by_form.challenge,
            pages.manage_page,
            pages.cancel_page,
            pages.cancel_by_form,
            pages.move_page,
            pages.move_by_form,
            details.details_page,
            details.correct_by_form,
            payment.pay_by_form,
            unsubscribe.unsubscribe_page,
            unsubscribe.unsubscribe,
            found.robots,
            found.sitemap,
            found.sitemap_of_business,
            problem.front_page,
            problem.nothing_below,
        ],
        exception_handlers={BookonceError: problem.refused},
        # Nothing else: assets are built compressed, and a program's answer is small.
        middleware=[DefineMiddleware(CompressionMiddleware, config=COMPRESSION)],
    )
