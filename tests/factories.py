"""The cast: businesses made for a test, and what visitors of them ask for."""

from __future__ import annotations

import base64
import io
import itertools
import os
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image

from bookonce.booking.client import Client
from bookonce.booking.request import BookingRequest
from bookonce.business import tree
from bookonce.business.document import Business
from bookonce.business.hours import WEEKDAYS

_numbers = itertools.count(1)

ALWAYS = {day: ["00:00-24:00"] for day in WEEKDAYS}
NINE_TO_FIVE = {day: ["09:00-17:00"] for day in WEEKDAYS}


def now() -> datetime:
    """This moment. Not a constant: what is held runs out, and a long run outlasts it."""
    return datetime.now(UTC)


def new_slug() -> str:
    """An address that nobody else in this run has."""
    return f"salon-{os.getpid()}-{next(_numbers)}"


def a_staff_member(key: str, **more: Any) -> dict[str, Any]:
    """Somebody who works round the clock unless told otherwise."""
    return {"key": key, "name": key.capitalize(), "hours": ALWAYS} | more


def a_service(key: str = "cut", **more: Any) -> dict[str, Any]:
    """Half an hour without buffers unless told otherwise."""
    return {"key": key, "name": key.capitalize(), "duration_min": 30} | more


def a_business(
    slug: str | None = None,
    *,
    timezone: str = "Europe/Berlin",
    location: list[dict[str, Any]] | None = None,
    staff: list[dict[str, Any]] | None = None,
    resource: list[dict[str, Any]] | None = None,
    service: list[dict[str, Any]] | None = None,
    category: list[dict[str, Any]] | None = None,
    question: list[dict[str, Any]] | None = None,
    policy: dict[str, Any] | None = None,
    page: dict[str, Any] | None = None,
    protection: dict[str, Any] | None = None,
    payments: dict[str, Any] | None = None,
    messages: dict[str, Any] | None = None,
    **profile: Any,
) -> Business:
    """A business with Ada, who cuts; no notice and no limit for cancelling."""
    return tree.from_tree(
        {
            "business": {"slug": slug or new_slug(), "name": "Lumen Hair", "timezone": timezone}
            | profile,
            "policy": {"notice_min": 0, "cancel_until_min": 0} | (policy or {}),
            "page": page or {},
            "protection": protection or {},
            "payments": payments or {},
            "messages": messages or {},
            "location": location or [],
            "staff": [a_staff_member("ada")] if staff is None else staff,
            "resource": resource or [],
            "category": category or [],
            "service": [a_service()] if service is None else service,
            "question": question or [],
        }
    )


def a_visitor(name: str = "Zoe", **more: Any) -> Client:
    """Somebody with a mail address of their own."""
    return Client(**{"name": name, "email": f"{name.lower()}@example.com", **more})


def a_booking(start: datetime, service: str = "cut", **more: Any) -> BookingRequest:
    """A visitor's wish."""
    wish: dict[str, Any] = {"service": service, "start": start, "client": a_visitor()}
    return BookingRequest(**wish | more)


def tomorrow_at(hour: int, minute: int = 0) -> datetime:
    """A time of day, UTC, at least 24 hours from now."""
    day = datetime.now(UTC) + timedelta(days=2)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


def a_picture(width_px: int = 320, height_px: int = 240, kind: str = "PNG", **how: Any) -> str:
    """A picture as a business file has it: stripes, in PNG unless told otherwise."""
    picture = Image.linear_gradient("L").resize((width_px, height_px)).convert("RGB")
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(out.getvalue()).decode()}"
