"""Which version of the IANA zone database this process reads: the newest at hand."""

from __future__ import annotations

import os
import re
import zoneinfo
from pathlib import Path

try:
    import tzdata  # type: ignore[import-untyped]
except ImportError:  # `platform/readiness.py` tells it, and what to do
    PACKAGED_RULES = ""
else:
    PACKAGED_RULES = str(tzdata.IANA_VERSION)

_VERSION = re.compile(r"\d{4}[a-z]{1,2}")


def _version_in(folder: Path) -> str:
    """The version of a compiled zone database; empty if it doesn't say."""
    for name in ("tzdata.zi", "+VERSION"):
        try:
            with (folder / name).open(encoding="utf-8", errors="replace") as text:
                found = _VERSION.search(text.readline())
        except OSError:
            continue
        if found:
            return found[0]
    return ""


def _choose_rules() -> str:
    """Read zones from the newest rules at hand, and return their version, such as "2026b".

    A folder that BOOKONCE_ZONE_RULES names is taken as it is. Else those of the operating system
    (and of PYTHONTZPATH) if they are newer than the packaged ones: a distribution is often quicker.
    """
    if named := os.environ.get("BOOKONCE_ZONE_RULES"):
        if not (version := _version_in(Path(named))):
            raise SystemExit(
                f"BOOKONCE_ZONE_RULES: there is no zone database in {named}; expected a folder of "
                "compiled zones with a file tzdata.zi or +VERSION."
            )
        zoneinfo.reset_tzpath(to=(named,))
        return version
    choices = [(_version_in(Path(each)), each) for each in zoneinfo.TZPATH]
    version, folder = max(choices, default=("", ""))
    is_newer = version > PACKAGED_RULES
    zoneinfo.reset_tzpath(to=(folder,) if is_newer else ())
    return version if is_newer else PACKAGED_RULES


RULES = _choose_rules()
"""The version of the zone database that this process goes by. Versions sort by time."""
