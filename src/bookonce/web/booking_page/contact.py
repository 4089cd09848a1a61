"""How clients reach a business, as links."""

from __future__ import annotations

import re
from urllib.parse import quote

from bookonce.business.document import Profile


def contact(profile: Profile) -> list[tuple[str, str]]:
    """What the business tells of itself: a text and an address for each."""
    found = []
    if profile.phone:
        whole = profile.phone.replace(" ", "\u00a0")  # a number isn't broken between two lines
        found.append((whole, "tel:" + re.sub(r"[^+0-9]", "", profile.phone)))
    if profile.email:
        found.append((profile.email, "mailto:" + quote(profile.email, safe="@")))
    if profile.website:
        found.append((profile.website.partition("://")[2].rstrip("/"), profile.website))
    return found
