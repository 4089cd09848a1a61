"""Who follows events and what is done regularly: every job of Bookonce, added here and nowhere else.

Each process that appends events or does jobs imports this module.
"""

from __future__ import annotations

from datetime import timedelta

from bookonce.accounts import purge as sign_ins
from bookonce.availability.installation import Installation
from bookonce.booking import jobs as booking_jobs
from bookonce.clients import jobs as client_jobs
from bookonce.events import followers
from bookonce.messages import jobs as message_jobs
from bookonce.payments import jobs as payment_jobs
from bookonce.queue.handlers import Registry
from bookonce.queue.purge import purge
from bookonce.webhooks import jobs as webhook_jobs


def registry() -> Registry[Installation]:
    """All jobs, with the events and times that lead to them."""
    found = Registry[Installation]()
    sign_ins.register(found)
    booking_jobs.register(found)
    client_jobs.register(found)
    payment_jobs.register(found)
    message_jobs.register(found)
    webhook_jobs.register(found)
    found.every(timedelta(days=1), "purge", purge, at=timedelta(hours=3, minutes=17), limit_s=3600)
    return found


followers.declare(registry().kinds())
