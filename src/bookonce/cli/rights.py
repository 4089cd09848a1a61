"""Whose rights the processes take that answer visitors and do jobs."""

from __future__ import annotations

import os
from pathlib import Path

from bookonce.cli.output import warn
from bookonce.platform.lesser_user import USER, ObstacleError, give, lesser_user
from bookonce.platform.settings import Settings


def tell_lesser_user(settings: Settings, url: str, *folders: Path) -> str | None:
    """Have the processes that are started from here on give up root's rights, and give them these
    folders. Whose rights they take; None if they keep those they have. `url` is their database.

    Raises ValidationError and EmbeddedPostgresError.
    """
    try:
        name = lesser_user(settings, url)
    except ObstacleError as obstacle:
        warn(f"requests and jobs run as root, because {obstacle}")
        return None
    if name is None:
        return None
    os.environ[USER] = name
    for folder in folders:
        give(folder, name)
    return name
