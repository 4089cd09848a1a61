"""What a webhook is sent: which kinds of events, and the bytes of each. Thin: ids, times and numbers,
no text that somebody wrote and nobody's particulars. Whoever needs more asks for it by the id.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from bookonce.events.catalogue import KINDS, AppointmentFacts

GROUPS = ("appointment", "time", "client", "business", "refund")
"""First words of the kinds that are sent. Who may act for the business, and by what, isn't."""
NOT_SENT = frozenset({"client.import_requested"})
"""What was asked for and hasn't happened yet."""
SENT_KINDS = tuple(
    name for name in KINDS if name.partition(".")[0] in GROUPS and name not in NOT_SENT
)
"""In the order of the catalogue."""
TOLD = ("start", "end", "location", "resource", "client", "other", "version", "webhook")
"""Fields of facts that are sent: keys, ids, times."""


def body(kind: str, event_id: UUID, at: datetime, appointment_id: UUID | None, facts: str) -> bytes:
    """The bytes, which are the same each time, since an event never changes."""
    known: dict[str, Any] = msgspec.json.decode(facts)
    data: dict[str, Any] = {"id": event_id}
    if appointment_id is not None:
        data["appointment"] = appointment_id
    if kind in KINDS and KINDS[kind].facts is AppointmentFacts:
        data["sequence"] = known.get("sequence", 0)
    data |= {name: known[name] for name in TOLD if known.get(name) not in (None, "")}
    return msgspec.json.encode({"type": kind, "timestamp": at, "data": data})
