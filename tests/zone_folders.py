"""Versions of the zone database that never were: some zones with the rules of others."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

LATER = "2099a"
"""A version later than any."""


def zone_folder(parent: Path, version: str = LATER, **zones: str) -> Path:
    """A folder for BOOKONCE_ZONE_RULES in which `Africa__Lagos="UTC"` gives Lagos UTC's rules.

    Zones that aren't named are those that are packaged.
    """
    folder = parent / f"zones-{version}-{'-'.join(sorted([*zones, *zones.values()]))}".replace(
        "/", "_"
    )
    for name, like in zones.items():
        to = folder / name.replace("__", "/")
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(files("tzdata").joinpath("zoneinfo", *like.split("/")).read_bytes())
    (folder / "tzdata.zi").write_text(f"# version {version}\n", encoding="utf-8")
    return folder
