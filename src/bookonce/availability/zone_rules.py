"""Whether this process and a business go by the same rules of its zones."""

from __future__ import annotations

from bookonce.business.directory import Directory
from bookonce.platform.errors import TryAgainError
from bookonce.platform.zone_database import RULES
from bookonce.platform.zones import fingerprint


def is_behind(directory: Directory) -> bool:
    """Whether a business's instants may not be what was promised by the rules of this process."""
    known = directory.zone_rules
    return known is None or known < RULES or (known == RULES and directory.has_shifted)


def require_as_new(directory: Directory) -> None:
    """Refuse to write by old rules where newer ones say otherwise. Raises TryAgainError."""
    known = directory.zone_rules
    if known is None or known <= RULES:
        return
    if directory.zone_fingerprint != fingerprint(directory.business.zones):
        raise TryAgainError(
            f"This server knows the time zone rules {RULES}, and others of this installation know "
            f"{known}, which differ for this business. Nothing was changed; update this server."
        )
