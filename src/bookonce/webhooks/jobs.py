"""How webhooks hear of events."""

from __future__ import annotations

from bookonce.availability.installation import Installation
from bookonce.queue.handlers import Registry
from bookonce.webhooks import delivery_rows
from bookonce.webhooks.payload import SENT_KINDS


def register(registry: Registry[Installation]) -> None:
    """Add them to the followers of an installation. Sending is not a job: `lane.py` does it."""
    registry.spread(SENT_KINDS, delivery_rows.spread)
