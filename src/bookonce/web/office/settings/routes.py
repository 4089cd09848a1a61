"""The routes of the settings."""

from __future__ import annotations

from bookonce.web.office.settings import (
    forms,
    history,
    items,
    opening,
    overview,
    pictures,
    steps,
)

HANDLERS = [
    *overview.HANDLERS,
    *history.HANDLERS,
    *forms.HANDLERS,
    *items.HANDLERS,
    *pictures.HANDLERS,
    *opening.HANDLERS,
    *steps.HANDLERS,
]
