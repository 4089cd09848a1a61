"""The routes of the settings."""

from __future__ import annotations

from bookonce.web.office.settings import (
    forms,
    history,
    items,
    logo,
    opening,
    overview,
    steps,
)

HANDLERS = [
    *overview.HANDLERS,
    *history.HANDLERS,
    *forms.HANDLERS,
    *items.HANDLERS,
    *logo.HANDLERS,
    *opening.HANDLERS,
    *steps.HANDLERS,
]
