"""The routes of the settings."""

from __future__ import annotations

from bookonce.web.office.settings import forms, history, items, logo, overview

HANDLERS = [*overview.HANDLERS, *history.HANDLERS, *forms.HANDLERS, *items.HANDLERS, *logo.HANDLERS]
